/* SPDX-License-Identifier: Apache-2.0 */
#include "store/audit.h"

#include "base/mem.h"
#include "store/sql.h"

#include <stdio.h>
#include <string.h>

/* --- writing --- */

static hb_status next_entry(hb_store *s, char registry[HB_STORE_REGISTRY_ID], int64_t *ret_seq,
                            hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool found = false;
    HB_TRY(hb_sql_open(s,
                       "SELECT registry, (SELECT coalesce(max(id), 0) + 1 FROM audit_queue)"
                       " FROM audit_state",
                       &q, err));
    HB_TRY(hb_sql_row(&q, &found, err));
    hb_str name = found ? hb_sql_get_blob(&q) : HB_STR("");
    if (name.n != HB_STORE_REGISTRY_ID - 1) {
        return HB_FAIL(err, HB_E_STORE,
                       "registry '%s' is damaged: it has lost its name in the log; restore a "
                       "backup",
                       s->path);
    }
    memcpy(registry, name.p, name.n);
    registry[name.n] = '\0';
    *ret_seq = hb_sql_get_i64(&q);
    return hb_sql_check(&q, err);
}

static hb_status insert(hb_store *s, int64_t seq, const char *type, const char *subject, hb_time at,
                        hb_str entry, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "INSERT INTO audit_queue(id, type, subject, at_ns, entry)"
                       " VALUES (?,?,?,?,CAST(? AS TEXT))",
                       &q, err));
    hb_sql_i64(&q, seq);
    hb_sql_text(&q, type);
    hb_sql_text(&q, subject);
    hb_sql_i64(&q, at);
    hb_sql_blob(&q, entry.p, entry.n);
    return hb_sql_exec(&q, err);
}

static hb_status write_entry(hb_store *s, const char *type, const char *subject, hb_time at,
                             const char *by, void (*members)(void *ctx, hb_json *j), void *ctx,
                             hb_error *err)
{
    HB_CLEANUP(hb_buf_release) hb_buf text;
    char registry[HB_STORE_REGISTRY_ID];
    int64_t seq = 0;
    hb_json j;
    hb_buf_init(&text, HB_STORE_LOG_ENTRY_MAX);
    HB_TRY(next_entry(s, registry, &seq, err));
    hb_json_init(&j, &text, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    hb_json_kt(&j, "at", at);
    hb_json_kc(&j, "by", by ? by : "");
    hb_json_key(&j, "data");
    hb_json_obj(&j);
    if (members) {
        members(ctx, &j);
    }
    hb_json_end(&j);
    hb_json_kc(&j, "format", "hb-log-entry/1");
    hb_json_kc(&j, "registry", registry);
    hb_json_ki(&j, "seq", seq);
    hb_json_kc(&j, "subject", subject);
    hb_json_kc(&j, "type", type);
    hb_json_end(&j);
    hb_error why = {0};
    hb_status status = hb_json_done(&j, &why);
    if (status == HB_E_LIMIT) {
        return HB_FAIL(err, HB_E_LIMIT,
                       "what is to be logged of '%s' has more than %d bytes; give a shorter reason "
                       "or note",
                       type, HB_STORE_LOG_ENTRY_MAX);
    }
    if (status != HB_OK) {
        return HB_FAIL(err, status, "%s", why.msg);
    }
    return insert(s, seq, type, subject, at, (hb_str){text.p, text.n}, err);
}

hb_status hb_store_log(hb_store *s, const char *type, const char *subject, hb_time at,
                       const char *by, void (*members)(void *ctx, hb_json *j), void *ctx,
                       hb_error *err)
{
    hb_time when = at == HB_TIME_NONE ? s->os->now() : at;
    HB_TRY(hb_store_begin(s, err));
    return hb_store_end(s, write_entry(s, type, subject, when, by, members, ctx, err), err);
}

static hb_status place(hb_store *s, const int64_t *ids, size_t n, uint64_t first, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(
        hb_sql_open(s, "UPDATE audit_queue SET leaf = ? WHERE id = ? AND leaf IS NULL", &q, err));
    for (size_t i = 0; i < n; i++) {
        hb_sql_u64(&q, first + i);
        hb_sql_i64(&q, ids[i]);
        HB_TRY(hb_sql_exec(&q, err));
    }
    return HB_OK;
}

hb_status hb_store_log_placed(hb_store *s, const int64_t *ids, size_t n, uint64_t first,
                              hb_error *err)
{
    HB_TRY(hb_store_begin(s, err));
    return hb_store_end(s, place(s, ids, n, first, err), err);
}

/* --- reading --- */

static void get_row(hb_sql *q, hb_arena *arena, hb_audit_row *r)
{
    r->id = hb_sql_get_i64(q);
    r->type = hb_sql_get_text(q, arena);
    r->subject = hb_sql_get_text(q, arena);
    r->at = hb_sql_get_i64(q);
    r->entry = hb_str_of(hb_sql_get_text(q, arena));
    r->leaf = hb_sql_get_i64(q);
}

hb_status hb_store_list_log(hb_store *s, const hb_audit_query *q, hb_arena *arena,
                            hb_audit_row **ret_rows, size_t *ret_n, hb_error *err)
{
#define LOG_COLUMNS                                                               \
    "SELECT id, type, subject, at_ns, entry, coalesce(leaf, -1) FROM audit_queue" \
    " WHERE (?1 IS NULL OR type = ?1) AND (?2 IS NULL OR subject = ?2) AND id > ?4"
    static const char *const texts[2][3] = {
        {LOG_COLUMNS " ORDER BY id LIMIT ?3", LOG_COLUMNS " AND leaf IS NULL ORDER BY id LIMIT ?3",
         LOG_COLUMNS " AND leaf IS NOT NULL ORDER BY id LIMIT ?3"},
        {LOG_COLUMNS " ORDER BY id DESC LIMIT ?3",
         LOG_COLUMNS " AND leaf IS NULL ORDER BY id DESC LIMIT ?3",
         LOG_COLUMNS " AND leaf IS NOT NULL ORDER BY id DESC LIMIT ?3"}};
    enum { DEFAULT_LIMIT = 1000 };
    HB_CLEANUP(hb_sql_close) hb_sql stmt = {0};
    hb_audit_row *rows = NULL;
    size_t n = 0;
    size_t cap = 0;
    bool more = false;
    HB_TRY(hb_sql_open(s, texts[q->newest_first][q->waiting ? 1 : q->placed ? 2 : 0], &stmt, err));
    hb_sql_any(&stmt, q->type);
    hb_sql_any(&stmt, q->subject);
    hb_sql_u64(&stmt, q->limit ? q->limit : DEFAULT_LIMIT);
    hb_sql_i64(&stmt, q->after_id);
    HB_TRY(hb_sql_row(&stmt, &more, err));
    while (more) {
        HB_TRY(HB_ARENA_GROW(arena, rows, n, cap, err));
        get_row(&stmt, arena, &rows[n++]);
        HB_TRY(hb_sql_row(&stmt, &more, err));
    }
    *ret_rows = rows;
    *ret_n = n;
    return HB_OK;
}

hb_status hb_store_log_state(hb_store *s, hb_audit_queue *ret, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    hb_audit_queue state = {.last_leaf = -1};
    int64_t seq = 0;
    bool found = false;
    HB_TRY(next_entry(s, state.registry, &seq, err));
    HB_TRY(hb_sql_open(s,
                       "SELECT (SELECT count(*) FROM audit_queue WHERE leaf IS NULL),"
                       " (SELECT coalesce(max(leaf), -1) FROM audit_queue WHERE leaf IS NOT NULL)",
                       &q, err));
    HB_TRY(hb_sql_row(&q, &found, err));
    state.waiting = hb_sql_get_u64(&q);
    state.last_leaf = hb_sql_get_i64(&q);
    HB_TRY(hb_sql_check(&q, err));
    state.placed = (uint64_t)(seq - 1) - state.waiting;
    *ret = state;
    return HB_OK;
}

static hb_status one_entry(hb_store *s, const char *sql, int64_t key, hb_arena *arena, hb_str *ret,
                           hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool found = false;
    *ret = (hb_str){0};
    HB_TRY(hb_sql_open(s, sql, &q, err));
    hb_sql_i64(&q, key);
    HB_TRY(hb_sql_row(&q, &found, err));
    if (found) {
        *ret = hb_str_of(hb_sql_get_text(&q, arena));
    }
    return hb_sql_check(&q, err);
}

hb_status hb_store_placed_entry(hb_store *s, uint64_t leaf, hb_arena *arena, hb_str *ret_entry,
                                hb_error *err)
{
    hb_str entry = {0};
    HB_TRY(one_entry(s, "SELECT entry FROM audit_queue WHERE leaf = ?", (int64_t)leaf, arena,
                     &entry, err));
    if (!entry.p) {
        return HB_FAIL(err, HB_E_STORE, "registry '%s' has no entry at place %llu of the log",
                       s->path, (unsigned long long)leaf);
    }
    *ret_entry = entry;
    return HB_OK;
}

hb_status hb_store_waiting_entry(hb_store *s, int64_t id, hb_arena *arena, hb_str *ret_entry,
                                 hb_error *err)
{
    hb_str entry = {0};
    HB_TRY(one_entry(s, "SELECT entry FROM audit_queue WHERE id = ? AND leaf IS NULL", id, arena,
                     &entry, err));
    *ret_entry = entry;
    return HB_OK;
}

struct hb_audit_walk {
    hb_sql q;
};

hb_status hb_store_walk_log(hb_store *s, hb_audit_walk **ret_walk, hb_error *err)
{
    hb_audit_walk *w = hb_alloc_zero(sizeof *w);
    if (!w) {
        return HB_NOMEM(err);
    }
    hb_status status = hb_sql_open(
        s, "SELECT leaf, entry FROM audit_queue WHERE leaf IS NOT NULL ORDER BY leaf", &w->q, err);
    if (status != HB_OK) {
        hb_audit_walk_close(w);
        return status;
    }
    *ret_walk = w;
    return HB_OK;
}

hb_status hb_audit_walk_next(hb_audit_walk *w, int64_t *ret_leaf, hb_str *ret_entry, bool *ret_more,
                             hb_error *err)
{
    bool more = false;
    HB_TRY(hb_sql_row(&w->q, &more, err));
    if (more) {
        *ret_leaf = hb_sql_get_i64(&w->q);
        *ret_entry = hb_sql_get_blob(&w->q);
        HB_TRY(hb_sql_check(&w->q, err));
    }
    *ret_more = more;
    return HB_OK;
}

void hb_audit_walk_close(hb_audit_walk *w)
{
    if (w) {
        hb_sql_close(&w->q);
        hb_free(w);
    }
}
