/* SPDX-License-Identifier: Apache-2.0 */
/* PASS and NO_TEST windows in the queue of the log, many as one entry. */
#include "store/audit.h"
#include "store/live.h"
#include "store/sql.h"

#include <string.h>

#define QUIET "verdict IN ('PASS', 'NO_TEST')"

static hb_status take(hb_sql *q, hb_arena *arena, hb_audit_windows *ret, hb_error *err)
{
    hb_audit_windows w = {.n = 0};
    size_t cap = 0;
    bool more = false;
    HB_TRY(hb_sql_row(q, &more, err));
    while (more) {
        HB_TRY(HB_ARENA_GROW(arena, w.digests, w.n, cap, err));
        w.last_key = hb_sql_get_i64(q);
        w.first_key = w.n ? w.first_key : w.last_key;
        w.digests[w.n++] = hb_sql_get_text(q, arena);
        HB_TRY(hb_sql_row(q, &more, err));
    }
    *ret = w;
    return HB_OK;
}

hb_status hb_store_windows_to_log(hb_store *s, size_t most, hb_arena *arena, hb_audit_windows *ret,
                                  hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "SELECT key, digest FROM live_windows WHERE key >"
                       " (SELECT windows_key FROM audit_state) AND " QUIET " ORDER BY key LIMIT ?",
                       &q, err));
    hb_sql_u64(&q, most);
    return take(&q, arena, ret, err);
}

hb_status hb_store_windows_of(hb_store *s, int64_t first_key, int64_t last_key, hb_arena *arena,
                              hb_audit_windows *ret, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "SELECT key, digest FROM live_windows WHERE key BETWEEN ? AND ? AND " QUIET
                       " ORDER BY key",
                       &q, err));
    hb_sql_i64(&q, first_key);
    hb_sql_i64(&q, last_key);
    return take(&q, arena, ret, err);
}

typedef struct batch {
    const hb_audit_windows *w;
    const char *root;
} batch;

static void batch_members(void *ctx, hb_json *j)
{
    const batch *b = ctx;
    hb_json_ku(j, "count", b->w->n);
    hb_json_ki(j, "first_key", b->w->first_key);
    hb_json_ki(j, "last_key", b->w->last_key);
    hb_json_kc(j, "root", b->root);
}

static hb_status log_windows(hb_store *s, const batch *b, hb_time at, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(
        hb_sql_open(s, "UPDATE audit_state SET windows_key = ?1 WHERE windows_key < ?2", &q, err));
    hb_sql_i64(&q, b->w->last_key);
    hb_sql_i64(&q, b->w->first_key);
    HB_TRY(hb_sql_exec(&q, err));
    if (sqlite3_changes(s->db) != 1) {
        return HB_OK;
    }
    return hb_store_log(s, "windows", b->root, at, "", batch_members, (void *)(uintptr_t)b, err);
}

hb_status hb_store_log_windows(hb_store *s, const hb_audit_windows *w, const char *root, hb_time at,
                               hb_error *err)
{
    const batch b = {.w = w, .root = root};
    if (w->n == 0) {
        return HB_OK;
    }
    HB_TRY(hb_store_begin(s, err));
    return hb_store_end(s, log_windows(s, &b, at, err), err);
}

hb_status hb_store_find_batch(hb_store *s, const char *decision_sha256, int64_t *ret_first,
                              int64_t *ret_last, int64_t *ret_leaf, bool *ret_found, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool found = false;
    HB_TRY(hb_sql_open(s,
                       "SELECT json_extract(a.entry, '$.data.first_key') AS low,"
                       " json_extract(a.entry, '$.data.last_key') AS high,"
                       " coalesce(a.leaf, -1)"
                       " FROM live_windows w JOIN audit_queue a ON a.type = 'windows'"
                       " WHERE w.digest = ? AND w." QUIET
                       " AND w.key BETWEEN low AND high ORDER BY a.id LIMIT 1",
                       &q, err));
    hb_sql_text(&q, decision_sha256);
    HB_TRY(hb_sql_row(&q, &found, err));
    if (found) {
        int64_t first = hb_sql_get_i64(&q);
        int64_t last = hb_sql_get_i64(&q);
        int64_t leaf = hb_sql_get_i64(&q);
        HB_TRY(hb_sql_check(&q, err));
        *ret_first = first;
        *ret_last = last;
        *ret_leaf = leaf;
    }
    *ret_found = found;
    return HB_OK;
}
