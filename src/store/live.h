/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon keeps in the registry: checkpoints, the windows it judged, alerts and what is to
 * be sent. docs/formats/registry.md (schema step 3)
 *
 * One transaction per cycle:
 *
 *     hb_live_begin(s, err)
 *     hb_live_put_window, hb_alert_put …, hb_outbox_add …, hb_live_put_checkpoint
 *     status = hb_live_end(s, status, err)        commits HB_OK, rolls everything else back
 *
 * So after a crash either all of a cycle is there or nothing. Other processes read and (alerts)
 * write in between; waits are bounded as for every write (store.h). */
#ifndef HB_STORE_LIVE_H
#define HB_STORE_LIVE_H

#include "store/store.h"

enum {
    HB_LIVE_STREAM_MAX = 64, /* bytes of a stream's name: the daemon's */
    HB_LIVE_STATE_MAX = 1 << 30
};

HB_CHECKED hb_status hb_live_begin(hb_store *s, hb_error *err);
HB_CHECKED hb_status hb_live_end(hb_store *s, hb_status status, hb_error *err);

/* Two positions: everything before `decided` has been judged and its outcome is in the registry;
 * `state` is the engine's whole state as of `snapshot` (<= decided). A restart loads the state,
 * reads the journal again from `snapshot` to `decided` without writing anything, and goes on from
 * there. `state` is written only when it is not NULL. */
typedef struct hb_live_checkpoint {
    const char *stream;
    uint64_t decided;
    uint64_t snapshot;
    const void *state; /* stored compressed */
    size_t state_len;
    const char
        *damaged; /* on reading: why the state cannot be used (state is NULL then); "" = it can */
    const char *config_digest; /* what state depends on; another one on loading is told, not used */
    const char *engine_version;
    hb_time at;
} hb_live_checkpoint;

HB_CHECKED hb_status hb_live_put_checkpoint(hb_store *s, const hb_live_checkpoint *c,
                                            hb_error *err);
/* Strings and state in the arena. */
HB_CHECKED hb_status hb_live_get_checkpoint(hb_store *s, const char *stream, hb_arena *arena,
                                            hb_live_checkpoint *ret, bool *ret_found,
                                            hb_error *err);

typedef struct hb_live_window_row {
    const char *stream;
    const char *id; /* 64 hex */
    uint32_t revision;
    const char *name; /* window definition */
    hb_time start;
    hb_time end;
    const char *verdict;
    const char *run_id;
    const char *digest; /* SHA-256 of the decision */
    const char
        *json; /* canonical decision, stored compressed; NULL on reading when it was pruned */
    size_t json_len;
    uint64_t from; /* journal positions its records lie between */
    uint64_t to;
    uint64_t samples;
    uint32_t n_findings; /* of weight: drift or fail */
    hb_time decided_at;
    const char *report; /* path of its report; "" = none */
    /* What it was decided by, for the log; "" or NULL = not said. Not filled on reading. */
    const char *registry_digest;
    const char *policy_digest;
} hb_live_window_row;

/* The same (stream, id, revision) with the same digest is fine and changes nothing
 * (*ret_existed = true); with another digest HB_E_EVIDENCE: the same records gave another decision.
 */
HB_CHECKED hb_status hb_live_put_window(hb_store *s, const hb_live_window_row *row,
                                        bool *ret_existed, hb_error *err);

/* The same question without writing: *ret_found = it is there with this digest. */
HB_CHECKED hb_status hb_live_check_window(hb_store *s, const hb_live_window_row *row,
                                          bool *ret_found, hb_error *err);

typedef struct hb_live_window_query { /* NULL, 0 = any */
    const char *stream;
    const char *name;
    const char *verdict;
    const char *id; /* of the window, or its run_id */
    hb_time from;   /* end > from; HB_TIME_NONE = any */
    hb_time to;     /* start < to */
    bool with_json;
    bool as_run;  /* the first revision only: no other becomes a run */
    size_t limit; /* 0 = 1000 */
} hb_live_window_query;

/* Newest end first. */
HB_CHECKED hb_status hb_live_list_windows(hb_store *s, const hb_live_window_query *q,
                                          hb_arena *arena, hb_live_window_row **ret_rows,
                                          size_t *ret_n, hb_error *err);
/* Counts by verdict, in the order PASS, PASS_WITH_DRIFT, FAIL, NO_TEST. */
HB_CHECKED hb_status hb_live_count_windows(hb_store *s, const char *stream, uint64_t ret[4],
                                           hb_error *err);

/* --- restored from a backup, which has no journal --- */

/* In a registry just restored: where each stream was judged up to. */
HB_CHECKED hb_status hb_live_restored(hb_store *s, hb_error *err);
/* *ret_found: the stream was restored and nothing was judged since, so its journal may be a new one
 * that begins at *ret_position. */
HB_CHECKED hb_status hb_live_begins_at(hb_store *s, const char *stream, uint64_t *ret_position,
                                       bool *ret_found, hb_error *err);

/* --- stored decisions beyond their time --- */

typedef struct hb_live_prune_told {
    uint64_t n;     /* windows */
    uint64_t bytes; /* of their decisions, as stored */
    hb_time first_end;
    hb_time last_end; /* not by hb_live_prune_look */
    uint64_t held;    /* hb_live_prune_look: would go, and are kept: on hold … */
    uint64_t golden;  /* … of a baseline */
} hb_live_prune_told;

typedef struct hb_live_prune_ask {
    const char *stream;
    hb_time before; /* windows that ended before it */
    bool light;     /* PASS and NO_TEST alone, which the journal gives again or which are of no
                     * weight */
    size_t most;
    /* Called in the transaction when any went: writes the entry of the lab's log. NULL = none. */
    hb_status (*tell)(void *ctx, const hb_live_prune_told *told, hb_error *err);
    void *ctx;
} hb_live_prune_ask;

/* Takes the decisions' JSON of the oldest; row, verdict and digest stay. Never of windows that are
 * on hold (store/custody.h), that a tag points at or that are in a baseline version. */
HB_CHECKED hb_status hb_live_prune(hb_store *s, const hb_live_prune_ask *ask,
                                   hb_live_prune_told *ret, hb_error *err);
/* How many would go; nothing is changed, `most` is not asked. */
HB_CHECKED hb_status hb_live_prune_look(hb_store *s, const hb_live_prune_ask *ask,
                                        hb_live_prune_told *ret, hb_error *err);
/* Streams that have windows, by name. */
HB_CHECKED hb_status hb_live_streams(hb_store *s, hb_arena *arena, const char ***ret, size_t *ret_n,
                                     hb_error *err);

#endif
