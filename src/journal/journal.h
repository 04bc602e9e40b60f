/* SPDX-License-Identifier: Apache-2.0 */
/* The journal: what live sources received, as received, before they acknowledge it.
 *
 * A folder of append-only, memory-mapped segments (docs/formats/journal.md). A record that
 * hb_journal_append returned HB_OK for survives the death of the process at once; a power cut loses
 * at most what was written since the last sync (HB_JOURNAL_SYNC_MS by default, told by
 * hb_journal_state). Records are never changed. Everything that is decided live is a function of
 * the records in their order, so a restart, a replay and an audit find the same.
 *
 *     hb_journal_open(os, dir, &options, &j, err)     recovers: a torn or corrupt tail is cut off,
 *                                                     kept beside the segment, and counted
 *     hb_journal_append(j, &record, &position, err)   from any thread
 *     hb_journal_reader_open(j, position, &r, err)    hb_journal_next … from one thread each
 *     hb_journal_release_before(j, position)          judged: may be dropped by the retention
 *     hb_journal_close(j)                             syncs
 *
 * One process writes to a journal at a time (a lock file; HB_E_IO names the holder). Reading what
 * another process writes, or a copy: hb_journal_open with read_only.
 *
 * Positions count bytes since the journal's first record and grow for ever; a record's position is
 * where it begins. `position` of the end is where the next record will begin. Whoever keeps a
 * position elsewhere calls hb_journal_sync (or waits for state.synced) first: what was not on the
 * disk at a power cut is gone, and its positions are given out again. */
#ifndef HB_JOURNAL_JOURNAL_H
#define HB_JOURNAL_JOURNAL_H

#include "base/buf.h"
#include "base/time.h"
#include "os/os.h"

typedef struct hb_journal hb_journal;
typedef struct hb_journal_reader hb_journal_reader;

typedef enum hb_record_kind {
    HB_RECORD_MESSAGE = 1, /* bytes as a source received them */
    HB_RECORD_TICK = 2, /* nothing came for a while: `arrival` says what time it was. Written by the
                         * daemon, so that even silence is decided from the journal alone */
    HB_RECORD_LOSS = 3, /* the source knows that it lost something; payload says what, as text */
} hb_record_kind;

enum {
    HB_RECORD_SOURCE_MAX = 64,       /* bytes of a source's name */
    HB_RECORD_TOPIC_MAX = 4096,      /* bytes */
    HB_RECORD_PAYLOAD_MAX = 4 << 20, /* bytes */
    HB_JOURNAL_SYNC_MS = 200
};

typedef struct hb_record {
    hb_record_kind kind;
    hb_str source;  /* name of the configured source, [a-z0-9_-] */
    hb_str topic;   /* MQTT topic, sender, or where in a file: what resuming needs */
    hb_str payload; /* as received */
    hb_time event;  /* HB_TIME_NONE: in the payload, or unknown */
    hb_time arrival;
    uint64_t position; /* set on reading */
    uint64_t next;     /* set on reading: the position after it */
} hb_record;

/* A segment that the retention could drop: released, and not held here. */
typedef struct hb_journal_piece {
    uint64_t from; /* positions */
    uint64_t to;
    uint64_t bytes;
    uint64_t records;
    bool old;  /* beyond max_age_s */
    bool held; /* set by the guard: it stays */
    bool go;   /* set by hb_journal_choose */
} hb_journal_piece;

/* Sets `go` of what the rules want: all that is old, and the oldest until `over` bytes are gone;
 * nothing that is held. */
void hb_journal_choose(hb_journal_piece *pieces, size_t n, uint64_t over);

/* Asked before anything is dropped, oldest piece first: marks what is held, calls
 * hb_journal_choose, and writes down what goes; after HB_OK that is removed, after a failure
 * nothing is. Called without the journal's lock, one call at a time, from the thread that appends
 * or calls hb_journal_retain. It must not append. */
typedef hb_status (*hb_journal_guard)(void *ctx, hb_journal_piece *pieces, size_t n, uint64_t over,
                                      hb_error *err);

typedef struct hb_journal_options {
    uint64_t segment_bytes; /* 1 MiB … 1 GiB; 0 = 64 MiB, or a quarter of max_bytes */
    uint64_t max_bytes;     /* of all segments together, at least two; 0 = no limit */
    int64_t max_age_s; /* segments whose records are all older than this, by arrival and against
                        * the latest arrival in the journal, may go; 0 = no limit */
    uint64_t known_to; /* what is before it was on the disk (decisions rest on it): damage there is
                        * no power cut's. Loss records take its place, as in a repair, when whole
                        * records follow; 0 = nothing is known */
    uint64_t first; /* position of the first record of a journal that has no segment yet: where one
                     * that is not there any more ended */
    uint32_t sync_ms; /* 0 = HB_JOURNAL_SYNC_MS */
    bool read_only;   /* nothing is written, locked or cut; follows what another process writes */
    bool no_sync_thread;    /* tests and tools: hb_journal_sync is called by hand */
    hb_journal_guard guard; /* NULL = nobody is asked, and age is looked at with each sync; else
                             * hb_journal_retain is to be called now and then */
    void *guard_ctx;
} hb_journal_options;

HB_CHECKED hb_status hb_journal_open(const hb_os *os, const char *dir,
                                     const hb_journal_options *options, hb_journal **ret_journal,
                                     hb_error *err);
/* Syncs what is not yet on the disk. NULL is fine. */
void hb_journal_close(hb_journal *j);

/* Any thread. HB_E_LIMIT when max_bytes is reached and nothing may be dropped, or the disk is full
 * (sys_errno ENOSPC): nothing was written, try again later; hb_journal_wait_room waits for it.
 * HB_E_IO when the disk does not take what was written before and a new segment is needed: nothing
 * was written, try again later. HB_E_INPUT: too long a name, topic or payload, never to be stored.
 * When a segment is full it is synced before the next is made, which may take as long as the disk
 * needs. */
HB_CHECKED hb_status hb_journal_append(hb_journal *j, const hb_record *record,
                                       uint64_t *ret_position, hb_error *err);
/* Returns when there may be room again, or after timeout_ms. */
void hb_journal_wait_room(hb_journal *j, uint32_t timeout_ms);
/* To the disk, now. */
HB_CHECKED hb_status hb_journal_sync(hb_journal *j, hb_error *err);
/* The journal is whole from `begin` to `end`, where the next record will be written. Slices before
 * `begin` that are held can be read as well. */
uint64_t hb_journal_begin(const hb_journal *j);
uint64_t hb_journal_end(const hb_journal *j);
/* The last record of a source that is in the journal; strings belong to the caller's buffer, which
 * is cleared first. *ret_found = false when there is none. What a source resumes from. */
HB_CHECKED hb_status hb_journal_last_of(hb_journal *j, const char *source, hb_buf *text,
                                        hb_record *ret_record, bool *ret_found, hb_error *err);

/* From `position` on; HB_E_INPUT when that is not kept, after the end, or no record begins there.
 * Close it before the journal. */
HB_CHECKED hb_status hb_journal_reader_open(hb_journal *j, uint64_t position,
                                            hb_journal_reader **ret_reader, hb_error *err);
void hb_journal_reader_close(hb_journal_reader *r);
/* Strings are valid until the next call or the reader's end. *ret_more = false at the end as it is
 * now; more may come later. A damaged record is HB_E_INPUT with its place. */
HB_CHECKED hb_status hb_journal_next(hb_journal_reader *r, hb_record *ret_record, bool *ret_more,
                                     hb_error *err);
/* Waits until a record at or after `position` is there; false after timeout_ms. */
bool hb_journal_wait(hb_journal *j, uint64_t position, uint32_t timeout_ms);
/* Wakes everybody who waits now, for records or for room (the program is to end). */
void hb_journal_wake(hb_journal *j);

/* Everything before `position` has been judged and checkpointed. Nothing after it is ever dropped.
 */
void hb_journal_release_before(hb_journal *j, uint64_t position);
/* Drops what the retention wants dropped now, by size and age. Anybody's failure to ask the guard
 * or to remove is told, and what could not go is tried again by the next call. */
HB_CHECKED hb_status hb_journal_retain(hb_journal *j, hb_error *err);
/* Keeps [from, to) whatever the retention says, under a name [A-Za-z0-9._-], 1 to 64 bytes;
 * survives a restart. The same name again gives it another range. HB_E_INPUT when some of it is
 * gone. */
HB_CHECKED hb_status hb_journal_hold(hb_journal *j, const char *name, uint64_t from, uint64_t to,
                                     hb_error *err);
HB_CHECKED hb_status hb_journal_unhold(hb_journal *j, const char *name, hb_error *err);

typedef struct hb_journal_state {
    uint64_t begin;
    uint64_t end;
    uint64_t synced;   /* records before it survive a power cut */
    uint64_t released; /* as told by hb_journal_release_before */
    uint64_t bytes;    /* on the disk */
    uint64_t max_bytes;
    uint64_t records;         /* appended since it was opened */
    uint64_t dropped_records; /* by retention, since it was opened */
    uint64_t dropped_bytes;
    uint64_t cut_bytes;     /* of a torn or corrupt tail, on opening */
    uint64_t cut_records;   /* whole records among them that could not be used */
    uint64_t mended_bytes;  /* damaged, of the last segment; loss records stand there (known_to) */
    uint64_t refused;       /* appends that met HB_E_LIMIT */
    uint64_t kept_bytes;    /* would have gone the last time, and the guard kept it … */
    uint32_t kept_segments; /* … so many segments */
    uint32_t segments;
    uint32_t sync_ms;
    hb_time oldest;        /* arrival of the record at `begin`; HB_TIME_NONE without records */
    hb_status sync_failed; /* HB_OK, or what the last sync met */
} hb_journal_state;

void hb_journal_get_state(hb_journal *j, hb_journal_state *ret);

#endif
