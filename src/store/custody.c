/* SPDX-License-Identifier: Apache-2.0 */
#include "store/custody.h"
#include "store/custody_sql.h"

#include "store/sql.h"

#include <string.h>

static void get_event(hb_sql *q, hb_arena *arena, hb_custody_event *e)
{
    e->seq = hb_sql_get_i64(q);
    e->leaf = hb_sql_get_i64(q);
    e->at = hb_sql_get_i64(q);
    e->case_id = hb_sql_get_text(q, arena);
    e->event = hb_sql_get_text(q, arena);
    e->by = hb_sql_get_text(q, arena);
    e->by_name = hb_sql_get_text(q, arena);
    e->reason = hb_sql_get_text(q, arena);
    e->run_id = hb_sql_get_text(q, arena);
    e->manifest_sha256 = hb_sql_get_text(q, arena);
    e->statement_sha256 = hb_sql_get_text(q, arena);
}

hb_status hb_custody_events(hb_store *s, const char *case_id, size_t limit, hb_arena *arena,
                            hb_custody_event **ret, size_t *ret_n, hb_error *err)
{
#define MEMBER(name) ", coalesce(json_extract(entry, '$." name "'), '')"
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    hb_custody_event *list = NULL;
    size_t n = 0;
    size_t cap = 0;
    bool more = false;
    HB_TRY(hb_sql_open(
        s,
        "SELECT id, coalesce(leaf, -1), at_ns, subject, CASE type WHEN 'export' THEN 'exported'"
        " WHEN 'retention' THEN 'removed' ELSE coalesce(json_extract(entry, '$.data.event'), '')"
        " END" MEMBER("by") MEMBER("data.by_name") MEMBER("data.reason") MEMBER("data.run_id")
            MEMBER("data.manifest_sha256")
                MEMBER("data.statement_sha256") " FROM audit_queue WHERE subject = ? AND type IN "
                                                "('custody', 'export', 'retention')"
                                                " ORDER BY id DESC LIMIT ?",
        &q, err));
    hb_sql_text(&q, case_id);
    hb_sql_u64(&q, limit);
    HB_TRY(hb_sql_row(&q, &more, err));
    while (more) {
        HB_TRY(HB_ARENA_GROW(arena, list, n, cap, err));
        get_event(&q, arena, &list[n++]);
        HB_TRY(hb_sql_row(&q, &more, err));
    }
    *ret = list;
    *ret_n = n;
    return HB_OK;
}

hb_status hb_custody_cases(hb_store *s, size_t limit, hb_arena *arena, hb_custody_case **ret,
                           size_t *ret_n, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    hb_custody_case *list = NULL;
    size_t n = 0;
    size_t cap = 0;
    bool more = false;
    HB_TRY(hb_sql_open(
        s,
        HB_SQL_HELD
        "SELECT subject, count(*), subject IN (SELECT c FROM held), at_ns, CASE type"
        " WHEN 'export' THEN 'exported' ELSE coalesce(json_extract(entry, '$.data.event'), '') END,"
        " max(id) AS last FROM audit_queue WHERE type IN ('custody', 'export')"
        " GROUP BY subject ORDER BY last DESC LIMIT ?",
        &q, err));
    hb_sql_u64(&q, limit);
    HB_TRY(hb_sql_row(&q, &more, err));
    while (more) {
        HB_TRY(HB_ARENA_GROW(arena, list, n, cap, err));
        hb_custody_case *c = &list[n++];
        c->case_id = hb_sql_get_text(&q, arena);
        c->events = hb_sql_get_u64(&q);
        c->held = hb_sql_get_i64(&q) != 0;
        c->last_at = hb_sql_get_i64(&q);
        c->last = hb_sql_get_text(&q, arena);
        HB_TRY(hb_sql_row(&q, &more, err));
    }
    *ret = list;
    *ret_n = n;
    return HB_OK;
}

static hb_status names_of(hb_store *s, const char *text, hb_arena *arena, hb_custody_holds *ret,
                          hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    hb_custody_holds h = {0};
    size_t cap = 0;
    bool more = false;
    HB_TRY(hb_sql_open(s, text, &q, err));
    HB_TRY(hb_sql_row(&q, &more, err));
    while (more) {
        HB_TRY(HB_ARENA_GROW(arena, h.names, h.n, cap, err));
        h.names[h.n++] = hb_sql_get_text(&q, arena);
        HB_TRY(hb_sql_row(&q, &more, err));
    }
    *ret = h;
    return HB_OK;
}

hb_status hb_custody_held_cases(hb_store *s, hb_arena *arena, hb_custody_holds *ret, hb_error *err)
{
    return names_of(s, HB_SQL_HELD "SELECT c FROM held ORDER BY 1", arena, ret, err);
}

hb_status hb_custody_held(hb_store *s, hb_arena *arena, hb_custody_holds *ret, hb_error *err)
{
    return names_of(s, HB_SQL_HELD HB_SQL_HELD_NAMES " ORDER BY 1", arena, ret, err);
}

hb_status hb_custody_held_slices(hb_store *s, const char *stream, hb_arena *arena,
                                 hb_custody_slice **ret, size_t *ret_n, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    hb_custody_slice *list = NULL;
    size_t n = 0;
    size_t cap = 0;
    bool more = false;
    HB_TRY(hb_sql_open(s,
                       HB_SQL_HELD ", names(x) AS (" HB_SQL_HELD_NAMES ")"
                                   " SELECT from_position, to_position FROM names"
                                   " JOIN live_windows ON run_id = x WHERE stream = ?"
                                   " ORDER BY from_position, to_position",
                       &q, err));
    hb_sql_text(&q, stream);
    HB_TRY(hb_sql_row(&q, &more, err));
    while (more) {
        HB_TRY(HB_ARENA_GROW(arena, list, n, cap, err));
        list[n].from = hb_sql_get_u64(&q);
        list[n++].to = hb_sql_get_u64(&q);
        HB_TRY(hb_sql_row(&q, &more, err));
    }
    *ret = list;
    *ret_n = n;
    return hb_sql_check(&q, err);
}

hb_status hb_custody_removal_told(hb_store *s, const char *subject, const char *path, bool *ret,
                                  hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "SELECT 1 FROM audit_queue WHERE subject = ? AND type = 'retention'"
                       " AND json_extract(entry, '$.data.path') = ? LIMIT 1",
                       &q, err));
    hb_sql_text(&q, subject);
    hb_sql_text(&q, path);
    return hb_sql_row(&q, ret, err);
}

bool hb_custody_is_held(const hb_custody_holds *h, const char *case_or_run)
{
    for (size_t i = 0; i < h->n; i++) {
        if (strcmp(h->names[i], case_or_run) == 0) {
            return true;
        }
    }
    return false;
}

hb_status hb_custody_held_now(hb_store *s, const char *case_or_run, bool *ret, hb_error *err)
{
    enum { ARENA_BYTES = 16 << 20 };
    hb_arena arena;
    hb_custody_holds held = {0};
    hb_arena_init(&arena, ARENA_BYTES);
    hb_status status = hb_custody_held(s, &arena, &held, err);
    if (status == HB_OK) {
        *ret = hb_custody_is_held(&held, case_or_run);
    }
    hb_arena_release(&arena);
    return status;
}
