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
    size_t limit; /* 0 = 1000 */
} hb_live_window_query;

/* Newest end first. */
HB_CHECKED hb_status hb_live_list_windows(hb_store *s, const hb_live_window_query *q,
                                          hb_arena *arena, hb_live_window_row **ret_rows,
                                          size_t *ret_n, hb_error *err);
/* Counts by verdict, in the order PASS, PASS_WITH_DRIFT, FAIL, NO_TEST. */
HB_CHECKED hb_status hb_live_count_windows(hb_store *s, const char *stream, uint64_t ret[4],
                                           hb_error *err);
/* Takes the JSON of PASS and NO_TEST windows that ended before `before` (they can be decided again
 * from the journal, or are of no weight); the row stays. *ret_n = how many. */
HB_CHECKED hb_status hb_live_prune(hb_store *s, const char *stream, hb_time before, size_t most,
                                   uint64_t *ret_n, hb_error *err);

#endif
