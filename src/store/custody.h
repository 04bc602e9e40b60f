/* SPDX-License-Identifier: Apache-2.0 */
/* Who had a case in hands, and what must not be taken away: read from the entries of the lab's log
 * (store/audit.h), which are the only place where it stands. docs/custody.md
 *
 * Entries of a case: type "custody" (data.event says which), "export" (shown as "exported") and
 * "retention" (shown as "removed"). Writing: hb_store_log. */
#ifndef HB_STORE_CUSTODY_H
#define HB_STORE_CUSTODY_H

#include "base/arena.h"
#include "store/store.h"

typedef struct hb_custody_event { /* texts in the caller's arena, "" = it has none */
    int64_t seq;                  /* order of writing */
    int64_t leaf;                 /* index in the log; -1 = waits */
    hb_time at;
    const char *case_id;
    const char *event;
    const char *by;      /* key id of who signed; "" = nobody */
    const char *by_name; /* as it was known then; without a signature a claim */
    const char *reason;
    const char *run_id;
    const char *manifest_sha256;  /* of the pack it is about */
    const char *statement_sha256; /* what was signed (store/governance.h) */
} hb_custody_event;

/* Newest first, at most `limit`. */
HB_CHECKED hb_status hb_custody_events(hb_store *s, const char *case_id, size_t limit,
                                       hb_arena *arena, hb_custody_event **ret, size_t *ret_n,
                                       hb_error *err);

typedef struct hb_custody_case {
    const char *case_id;
    uint64_t events;
    bool held;
    hb_time last_at;
    const char *last; /* event */
} hb_custody_case;

/* Cases with an entry of type "custody" or "export", the one that something happened to last first.
 */
HB_CHECKED hb_status hb_custody_cases(hb_store *s, size_t limit, hb_arena *arena,
                                      hb_custody_case **ret, size_t *ret_n, hb_error *err);

/* Cases whose last "hold" or "release" is a hold, and the runs that entries of these cases name,
 * in byte order: nothing called so may be taken away. */
typedef struct hb_custody_holds {
    const char **names;
    size_t n;
} hb_custody_holds;

/* Where the records of windows lie that are called so: stretches of the stream's journal. */
typedef struct hb_custody_slice {
    uint64_t from; /* positions */
    uint64_t to;
} hb_custody_slice;

/* By `from`. */
HB_CHECKED hb_status hb_custody_held_slices(hb_store *s, const char *stream, hb_arena *arena,
                                            hb_custody_slice **ret, size_t *ret_n, hb_error *err);
/* Does the log tell that this was taken away (type "retention", data.path)? What was told of and
 * is still there is what a crash left. */
HB_CHECKED hb_status hb_custody_removal_told(hb_store *s, const char *subject, const char *path,
                                             bool *ret, hb_error *err);

HB_CHECKED hb_status hb_custody_held(hb_store *s, hb_arena *arena, hb_custody_holds *ret,
                                     hb_error *err);
/* The cases alone. */
HB_CHECKED hb_status hb_custody_held_cases(hb_store *s, hb_arena *arena, hb_custody_holds *ret,
                                           hb_error *err);
bool hb_custody_is_held(const hb_custody_holds *h, const char *case_or_run);
/* Both at once, for the transaction of a removal: a hold that came meanwhile is seen, and one that
 * comes later waits. */
HB_CHECKED hb_status hb_custody_held_now(hb_store *s, const char *case_or_run, bool *ret,
                                         hb_error *err);

#endif
