/* SPDX-License-Identifier: Apache-2.0 */
/* What the journal's files share. Nobody else includes this.
 *
 * One mutex (`lock`) guards everything but `end`, `begin` and a segment's `end`, which readers load
 * without it. Order of publication: the bytes of a record, then its first word, then `end`; a
 * segment's `end` before the journal's `end` moves past it. Nothing that waits for the disk is done
 * under `lock`, except making a new segment. */
#ifndef HB_JOURNAL_INTERNAL_H
#define HB_JOURNAL_INTERNAL_H

#include "journal/format.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    HB_JOURNAL_DIR_MAX = 3800, /* bytes of the folder's path */
    HB_JOURNAL_PATH = 4096,
    HB_JOURNAL_SOURCES = 256, /* whose last record is remembered */
    HB_JOURNAL_HOLDS = 4096,
    HB_JOURNAL_SEGMENTS = 1 << 20,
    HB_JOURNAL_MENDED = 100000, /* damaged stretches of one segment */
    HB_REPAIR_TEXT = 300,
    HB_JOURNAL_MODE = 0640
};
#define HB_POSITION_OPEN UINT64_MAX

typedef struct hb_segment {
    uint64_t start;
    _Atomic uint64_t end; /* HB_POSITION_OPEN while it is the last */
    uint64_t file_bytes;
    bool known; /* `seal` is right; of a damaged segment only the end is known */
    hb_segment_seal seal;
    hb_time made;
    unsigned char *map; /* while refs > 0 */
    size_t map_bytes;   /* what may be looked at */
    unsigned refs;      /* readers, and one of the journal for the last segment */
    bool dropped;       /* from the journal's list; freed by the last reader */
} hb_segment;

typedef struct hb_source_last {
    char name[HB_RECORD_SOURCE_MAX];
    size_t n; /* 0 = free */
    uint64_t position;
} hb_source_last;

typedef struct hb_hold {
    char name[65]; /* "" = a gap */
    uint64_t from;
    uint64_t to;
} hb_hold;

struct hb_journal {
    const hb_os *os;
    char *dir;
    hb_journal_options options;
    int lock_fd;
    pthread_mutex_t lock;
    pthread_cond_t grown;    /* records came, or wake */
    pthread_cond_t room;     /* something may be dropped, or wake */
    pthread_cond_t sync_end; /* `syncing` or `retaining` fell */
    pthread_cond_t sync_now; /* the sync thread's pause ends */
    pthread_t sync_thread;
    bool has_sync_thread;
    bool closing;
    unsigned waiting;     /* in hb_journal_wait */
    unsigned wakes;       /* calls of hb_journal_wake */
    unsigned room_events; /* something may be dropped */

    hb_segment **segments; /* ascending; the last is written to */
    size_t n_segments;
    size_t cap_segments;
    hb_segment *active; /* the last, with a reference; NULL before the first */
    _Atomic uint64_t end;
    _Atomic uint64_t begin;
    uint64_t limit; /* positions of the active segment: records may reach up to here */

    bool syncing;
    uint64_t synced;
    bool dir_dirty; /* a segment's name may not be on the disk */
    bool redirty;   /* the last attempt failed: the system takes the pages for written */
    hb_status sync_failed;

    bool retaining;         /* the guard is asked, without `lock` */
    uint32_t kept_segments; /* would have gone, and the guard kept them */
    uint64_t kept_bytes;
    uint64_t released;
    hb_hold *holds; /* and gaps */
    size_t n_holds;
    size_t cap_holds;

    hb_source_last sources[HB_JOURNAL_SOURCES];
    size_t n_sources;
    hb_source_last *last_source;
    uint64_t scanned_from; /* sources of records at or after it are in the table */

    uint64_t records;
    uint64_t dropped_records;
    uint64_t dropped_bytes;
    uint64_t cut_bytes;
    uint64_t cut_records;
    uint64_t mended_bytes;
    char (*mended)[HB_REPAIR_TEXT]; /* what was done, as in repairs.log */
    size_t n_mended;
    size_t cap_mended;
    uint64_t refused;
};

struct hb_journal_reader {
    hb_journal *j;
    hb_segment *segment; /* with a reference; NULL = to be found */
    uint64_t position;
};

/* --- segment.c --- */
void hb_journal_path(const hb_journal *j, const char *name, char path[HB_JOURNAL_PATH]);
void hb_segment_path(const hb_journal *j, const hb_segment *s, char path[HB_JOURNAL_PATH]);
/* E_LIMIT with ENOSPC when the disk is full, else E_IO; names what was tried. */
hb_status hb_journal_system(hb_error *err, const char *what, const char *path);
/* Only ENOENT is absence: what cannot be looked at is an error. */
HB_CHECKED hb_status hb_journal_there(hb_journal *j, const char *path, bool *ret, hb_error *err);
/* Maps it when nobody has; under `lock`. The reference is given back with hb_segment_unref. */
HB_CHECKED hb_status hb_segment_ref(hb_journal *j, hb_segment *s, bool writable, hb_error *err);
void hb_segment_unref(hb_journal *j, hb_segment *s);
void hb_segment_free(hb_journal *j, hb_segment *s);
HB_CHECKED hb_status hb_segments_push(hb_journal *j, hb_segment *s, hb_error *err);
/* The kept segment a position is in; NULL when it is not kept. Under `lock`. */
hb_segment *hb_segments_find(const hb_journal *j, uint64_t position);
/* Reads records from the start to `until` or to the first that is none; *ret_why (may be NULL) is
 * NULL when it is not damaged there. `note` may be NULL. */
typedef void (*hb_segment_note)(void *ctx, const hb_record *r);
void hb_segment_scan(const hb_segment *s, uint64_t until, hb_segment_note note, void *ctx,
                     hb_segment_seal *ret, const char **ret_why);
/* The whole of [start, until), whatever is in it: `damage` (may be NULL) is told every stretch that
 * no whole record covers, at least HB_RECORD_MIN long (a record beside it counts as damaged when it
 * must), with the latest arrival before it. */
typedef struct hb_damage {
    uint64_t from;
    uint64_t to;
    hb_time arrival; /* HB_TIME_NONE: nothing before it in this segment */
    const char *why;
} hb_damage;
typedef void (*hb_segment_damage)(void *ctx, const hb_damage *d);
void hb_segment_walk(const hb_segment *s, uint64_t until, hb_segment_damage damage, void *ctx,
                     hb_segment_seal *ret);
/* Allocates and maps next.tmp, header written and synced. */
HB_CHECKED hb_status hb_segment_make(hb_journal *j, uint64_t start, uint64_t bytes,
                                     hb_segment **ret, hb_error *err);
/* Blocks for [0, bytes) of a file open for appending that has `had`; -1 with errno. */
int hb_segment_allocate(const hb_os *os, int fd, uint64_t had, uint64_t bytes);
HB_CHECKED hb_status hb_journal_sync_dir(hb_journal *j, hb_error *err);

/* --- recover.c --- */
/* Fills the list of segments; repairs the tail unless read_only. */
HB_CHECKED hb_status hb_journal_recover(hb_journal *j, hb_error *err);
/* What another process has written meanwhile (read_only); under `lock`. */
void hb_journal_refresh(hb_journal *j);
void hb_journal_refresh_begin(hb_journal *j);
/* Writes bytes beside the segment they are of, under a name of their own. `name` (may be NULL) is
 * given that name. */
HB_CHECKED hb_status hb_journal_cut_file(hb_journal *j, uint64_t start, uint64_t position,
                                         const void *p, size_t n, char name[64], hb_error *err);

/* --- mend.c --- */
/* Loss records that cover a stretch to the byte: each is filled up with blanks. `room` has
 * HB_RECORD_PAYLOAD_MAX bytes. */
void hb_losses_write(unsigned char *data, uint64_t start, const hb_damage *d, hb_str why,
                     char *room);
/* Copies one stretch to a .cut file; `text` is then what its loss record says. */
HB_CHECKED hb_status hb_damage_aside(hb_journal *j, const hb_segment *s, const hb_damage *d,
                                     uint64_t *io_moved, char text[HB_REPAIR_TEXT], hb_error *err);
/* A line of repairs.log. */
HB_CHECKED hb_status hb_repair_log(hb_journal *j, const char *line, hb_error *err);
/* Damage before options.known_to that whole records follow, where the first that could not be read
 * is at `scanned`. */
HB_CHECKED hb_status hb_journal_mend_last(hb_journal *j, hb_segment *s, uint64_t scanned,
                                          hb_error *err);

/* --- roll.c; under `lock` --- */
HB_CHECKED hb_status hb_journal_make_room(hb_journal *j, size_t record_bytes, hb_error *err);
HB_CHECKED hb_status hb_segment_sync(hb_journal *j, hb_segment *s, uint64_t from, uint64_t to,
                                     hb_error *err);

/* --- drop.c; under `lock` --- */
/* Drops segments until `bytes` more fit below max_bytes. *ret_unlocked: `lock` was let go
 * meanwhile, so what was known before may be another. */
HB_CHECKED hb_status hb_journal_drop_for(hb_journal *j, uint64_t bytes, bool *ret_unlocked,
                                         hb_error *err);
/* Those that are too old; what fails is tried again later. */
void hb_journal_drop_old(hb_journal *j);
void hb_journal_find_begin(hb_journal *j);

/* --- retention.c; under `lock` --- */
bool hb_holds_keep(const hb_journal *j, const hb_segment *s);
HB_CHECKED hb_status hb_holds_load(hb_journal *j, hb_error *err);
HB_CHECKED hb_status hb_holds_note_gap(hb_journal *j, uint64_t from, uint64_t to, hb_error *err);
bool hb_holds_gap(const hb_journal *j, uint64_t from, uint64_t to); /* noted as dropped */

/* --- sources.c; under `lock` --- */
void hb_sources_note(hb_journal *j, hb_str source, uint64_t position);

/* Until `deadline_ns` of the monotonic clock. */
void hb_journal_pause(hb_journal *j, pthread_cond_t *cond, int64_t deadline_ns);
int64_t hb_journal_now_ns(void);

#endif
