/* SPDX-License-Identifier: Apache-2.0 */
/* The queue of the lab's log (audit/log.h): entries are written in the transaction they tell of,
 * and stand here, with their place in the log once they are in it. docs/formats/audit_log.md */
#ifndef HB_STORE_AUDIT_H
#define HB_STORE_AUDIT_H

#include "base/arena.h"
#include "base/json_write.h"
#include "store/store.h"

typedef struct hb_audit_row {
    int64_t id;          /* order of writing */
    const char *type;    /* "decision", "tag", "approval" … docs/formats/audit_log.md */
    const char *subject; /* what it can be found by: a digest, a case, a key id */
    hb_time at;
    hb_str entry; /* canonical JSON */
    int64_t leaf; /* index in the log; -1 = waits */
} hb_audit_row;

/* `members` writes the entry's own members; format, type, subject, at and by are written before
 * them ("by" = key id of who signed, or ""). Within the caller's transaction, or one of its own. */
HB_CHECKED hb_status hb_store_log(hb_store *s, const char *type, const char *subject, hb_time at,
                                  const char *by, void (*members)(void *ctx, hb_json *j), void *ctx,
                                  hb_error *err);

typedef struct hb_audit_query { /* NULL, false = any */
    const char *type;
    const char *subject;
    bool waiting; /* not in the log yet */
    size_t limit; /* 0 = 1000 */
} hb_audit_query;

/* By id. */
HB_CHECKED hb_status hb_store_list_log(hb_store *s, const hb_audit_query *q, hb_arena *arena,
                                       hb_audit_row **ret_rows, size_t *ret_n, hb_error *err);
/* They stand in the log from `first` on. */
HB_CHECKED hb_status hb_store_log_placed(hb_store *s, const int64_t *ids, size_t n, uint64_t first,
                                         hb_error *err);

#endif
