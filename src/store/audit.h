/* SPDX-License-Identifier: Apache-2.0 */
/* The queue of the lab's log (audit/log.h): entries are written in the transaction they tell of,
 * and stand here, with their place in the log once they are in it. docs/formats/audit_log.md
 *
 * Written by the store itself: decisions (with the configuration they are the first to use), tags,
 * baseline versions, retirements, overridden quality checks. Others call hb_store_log. */
#ifndef HB_STORE_AUDIT_H
#define HB_STORE_AUDIT_H

#include "base/arena.h"
#include "base/json_write.h"
#include "store/store.h"

enum { HB_STORE_LOG_ENTRY_MAX = 65535, HB_STORE_REGISTRY_ID = 17 };

typedef struct hb_audit_row {
    int64_t id;          /* order of writing, from 1 without gaps: "seq" of the entry */
    const char *type;    /* "decision", "tag", "approval" … docs/formats/audit_log.md */
    const char *subject; /* what it can be found by: a digest, a case, a key id */
    hb_time at;
    hb_str entry; /* canonical JSON */
    int64_t leaf; /* index in the log; -1 = waits */
} hb_audit_row;

/* `members` writes the members of the entry's "data", in ascending order of their names (NULL =
 * none); the rest is written round it ("by" = key id of who signed, or ""). Within the caller's
 * transaction, or one of its own. at HB_TIME_NONE = now. HB_E_LIMIT when it is too long. */
HB_CHECKED hb_status hb_store_log(hb_store *s, const char *type, const char *subject, hb_time at,
                                  const char *by, void (*members)(void *ctx, hb_json *j), void *ctx,
                                  hb_error *err);

typedef struct hb_audit_query { /* NULL, false = any */
    const char *type;
    const char *subject;
    bool waiting; /* not in the log yet */
    bool placed;  /* in the log */
    bool newest_first;
    int64_t after_id; /* 0 = from the first */
    size_t limit;     /* 0 = 1000 */
} hb_audit_query;

/* By id. */
HB_CHECKED hb_status hb_store_list_log(hb_store *s, const hb_audit_query *q, hb_arena *arena,
                                       hb_audit_row **ret_rows, size_t *ret_n, hb_error *err);
/* They stand in the log from `first` on. */
HB_CHECKED hb_status hb_store_log_placed(hb_store *s, const int64_t *ids, size_t n, uint64_t first,
                                         hb_error *err);

typedef struct hb_audit_queue {
    char registry[HB_STORE_REGISTRY_ID]; /* "registry" of its entries */
    uint64_t placed;
    uint64_t waiting;
    int64_t last_leaf; /* the highest index in the log; -1 = none */
} hb_audit_queue;

HB_CHECKED hb_status hb_store_log_state(hb_store *s, hb_audit_queue *ret, hb_error *err);

/* The entry at a place of the log; HB_E_STORE when none was placed there. */
HB_CHECKED hb_status hb_store_placed_entry(hb_store *s, uint64_t leaf, hb_arena *arena,
                                           hb_str *ret_entry, hb_error *err);
/* The entry of this id when it waits; ret_entry->p = NULL when not. */
HB_CHECKED hb_status hb_store_waiting_entry(hb_store *s, int64_t id, hb_arena *arena,
                                            hb_str *ret_entry, hb_error *err);

/* Are the rows there that its entries tell of, as they were: signed statements, operators, baseline
 * versions and retirements, decisions of runs? HB_E_EVIDENCE names the first that is not. */
HB_CHECKED hb_status hb_store_log_held(hb_store *s, hb_error *err);

/* All that are placed, by their place. */
typedef struct hb_audit_walk hb_audit_walk;
HB_CHECKED hb_status hb_store_walk_log(hb_store *s, hb_audit_walk **ret_walk, hb_error *err);
/* *ret_more = false at the end; the entry is valid until the next call. */
HB_CHECKED hb_status hb_audit_walk_next(hb_audit_walk *w, int64_t *ret_leaf, hb_str *ret_entry,
                                        bool *ret_more, hb_error *err);
void hb_audit_walk_close(hb_audit_walk *w);

/* --- the daemon's PASS and NO_TEST windows, logged many at a time --- */

typedef struct hb_audit_windows {
    int64_t first_key; /* of live_windows */
    int64_t last_key;
    const char **digests; /* of the decisions, by key */
    size_t n;
} hb_audit_windows;

/* Those after the last batch, at most `most`, in the arena. */
HB_CHECKED hb_status hb_store_windows_to_log(hb_store *s, size_t most, hb_arena *arena,
                                             hb_audit_windows *ret, hb_error *err);
/* PASS and NO_TEST windows of a batch's keys. */
HB_CHECKED hb_status hb_store_windows_of(hb_store *s, int64_t first_key, int64_t last_key,
                                         hb_arena *arena, hb_audit_windows *ret, hb_error *err);
/* The batch as one entry with this root (64 hex), and the next begins after it; nothing when
 * another process logged it meanwhile. */
HB_CHECKED hb_status hb_store_log_windows(hb_store *s, const hb_audit_windows *w, const char *root,
                                          hb_time at, hb_error *err);
/* The batch a decision of such a window is in: its keys and its place in the log (-1 = waits). */
HB_CHECKED hb_status hb_store_find_batch(hb_store *s, const char *decision_sha256,
                                         int64_t *ret_first, int64_t *ret_last, int64_t *ret_leaf,
                                         bool *ret_found, hb_error *err);

#endif
