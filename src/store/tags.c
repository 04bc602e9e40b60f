/* SPDX-License-Identifier: Apache-2.0 */
#include "store/audit_internal.h"
#include "store/sql.h"

#include <string.h>

enum { TAG_MAX_CHARS = 64 };

typedef struct tagged { /* the run a tag shall point at */
    int64_t id;
    int64_t version; /* 0 = the run alone */
    const char *program;
    const char *subsystem;
    const char *test_name;
} tagged;

static bool agrees(const char *given, const char *is)
{
    return !given || strcmp(given, is) == 0;
}

static hb_status check_test(const hb_tag_row *row, const tagged *t, const char *what,
                            const char *name, hb_error *err)
{
    if (!agrees(row->program, t->program) || !agrees(row->subsystem, t->subsystem) ||
        !agrees(row->test_name, t->test_name)) {
        return HB_FAIL(err, HB_E_STORE,
                       "%s '%s' belongs to program '%s', subsystem '%s', test '%s', not to the "
                       "test the tag '%s' is set for",
                       what, name, t->program, t->subsystem, t->test_name, row->tag);
    }
    return HB_OK;
}

static hb_status find_version(hb_store *s, const hb_tag_row *row, hb_arena *arena, tagged *ret,
                              hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool found = false;
    HB_TRY(hb_sql_open(s,
                       "SELECT v.id, x.run, v.program, v.subsystem, v.test_name,"
                       " (SELECT count(*) FROM baseline_retirements t WHERE t.version = v.id)"
                       " FROM baseline_versions v JOIN baseline_version_runs x ON x.version = v.id"
                       " WHERE v.version = ? ORDER BY x.pos DESC LIMIT 1",
                       &q, err));
    hb_sql_text(&q, row->version);
    HB_TRY(hb_sql_row(&q, &found, err));
    if (!found) {
        return HB_FAIL(err, HB_E_STORE,
                       "registry '%s' has no baseline version '%s' for tag '%s'; see 'hb baseline "
                       "versions'",
                       s->path, row->version, row->tag);
    }
    tagged t = {.version = hb_sql_get_i64(&q)};
    t.id = hb_sql_get_i64(&q);
    t.program = hb_sql_get_text(&q, arena);
    t.subsystem = hb_sql_get_text(&q, arena);
    t.test_name = hb_sql_get_text(&q, arena);
    bool retired = hb_sql_get_i64(&q) != 0;
    HB_TRY(hb_sql_check(&q, err));
    if (retired) {
        return HB_FAIL(err, HB_E_STORE,
                       "baseline version '%s' is retired; see why with 'hb baseline show %s', and "
                       "choose another with 'hb baseline versions'",
                       row->version, row->version);
    }
    HB_TRY(check_test(row, &t, "baseline version", row->version, err));
    *ret = t;
    return HB_OK;
}

static hb_status find_run(hb_store *s, const hb_tag_row *row, hb_arena *arena, tagged *ret,
                          hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool found = false;
    HB_TRY(hb_sql_open(s, "SELECT id, program, subsystem, test_name FROM runs WHERE run_id = ?", &q,
                       err));
    hb_sql_text(&q, row->run_id);
    HB_TRY(hb_sql_row(&q, &found, err));
    if (!found) {
        return HB_FAIL(err, HB_E_STORE,
                       "registry '%s' has no run '%s' for tag '%s'; see 'hb runs list'", s->path,
                       row->run_id, row->tag);
    }
    tagged t = {.id = hb_sql_get_i64(&q)};
    t.program = hb_sql_get_text(&q, arena);
    t.subsystem = hb_sql_get_text(&q, arena);
    t.test_name = hb_sql_get_text(&q, arena);
    HB_TRY(hb_sql_check(&q, err));
    HB_TRY(check_test(row, &t, "run", row->run_id, err));
    *ret = t;
    return HB_OK;
}

static hb_status write_tag(hb_store *s, const char *sql, const hb_tag_row *row, const tagged *t,
                           hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s, sql, &q, err));
    hb_sql_text(&q, t->program);
    hb_sql_text(&q, t->subsystem);
    hb_sql_text(&q, t->test_name);
    hb_sql_text(&q, row->tag);
    hb_sql_i64(&q, t->id);
    hb_sql_i64(&q, t->version);
    hb_sql_text(&q, row->registry_digest);
    hb_sql_text(&q, row->set_by);
    hb_sql_text(&q, row->note);
    hb_sql_i64(&q, row->set_at);
    return hb_sql_exec(&q, err);
}

static hb_status set_tag(hb_store *s, const hb_tag_row *row, hb_arena *arena, hb_error *err)
{
    tagged t = {0};
    HB_TRY(row->version && *row->version ? find_version(s, row, arena, &t, err)
                                         : find_run(s, row, arena, &t, err));
    HB_TRY(write_tag(s,
                     "INSERT INTO tags(program, subsystem, test_name, tag, run, version,"
                     " registry_digest, set_by, note, set_ns)"
                     " VALUES (?,?,?,?,?,nullif(?, 0),?,?,?,?)"
                     " ON CONFLICT(program, subsystem, test_name, tag) DO UPDATE SET"
                     " run = excluded.run, version = excluded.version, registry_digest = "
                     "excluded.registry_digest,"
                     " set_by = excluded.set_by, note = excluded.note, set_ns = excluded.set_ns",
                     row, &t, err));
    HB_TRY(hb_store_log_tag(s, row, t.program, t.subsystem, t.test_name, err));
    return write_tag(s,
                     "INSERT INTO tag_log(program, subsystem, test_name, tag, run, version,"
                     " registry_digest, set_by, note, set_ns)"
                     " VALUES (?,?,?,?,?,nullif(?, 0),?,?,?,?)",
                     row, &t, err);
}

hb_status hb_store_set_tag(hb_store *s, const hb_tag_row *row, hb_error *err)
{
    size_t n = strlen(row->tag);
    if (n == 0 || n > TAG_MAX_CHARS) {
        return HB_FAIL(err, HB_E_USAGE, "a tag has 1 to %d characters, got %zu", TAG_MAX_CHARS, n);
    }
    hb_arena arena;
    hb_arena_init(&arena, SIZE_MAX);
    hb_status status = hb_store_begin(s, err);
    if (status == HB_OK) {
        status = hb_store_end(s, set_tag(s, row, &arena, err), err);
    }
    hb_arena_release(&arena);
    return status;
}

/* NULL parameters match everything. Both tables have these columns. */
#define TAG_COLUMNS                                                                         \
    "SELECT t.tag, t.program, t.subsystem, t.test_name, r.run_id, coalesce(v.version, '')," \
    " t.registry_digest, t.set_by, t.note, t.set_ns FROM "
#define TAG_WHERE                                                                                 \
    " t JOIN runs r ON r.id = t.run LEFT JOIN baseline_versions v ON v.id = t.version WHERE (?1 " \
    "IS NULL OR t.tag = ?1)"                                                                      \
    " AND (?2 IS NULL OR t.program = ?2) AND (?3 IS NULL OR t.subsystem = ?3)"                    \
    " AND (?4 IS NULL OR t.test_name = ?4) ORDER BY "

static void get_tag(hb_sql *q, hb_arena *arena, hb_tag_row *row)
{
    row->tag = hb_sql_get_text(q, arena);
    row->program = hb_sql_get_text(q, arena);
    row->subsystem = hb_sql_get_text(q, arena);
    row->test_name = hb_sql_get_text(q, arena);
    row->run_id = hb_sql_get_text(q, arena);
    row->version = hb_sql_get_text(q, arena);
    row->registry_digest = hb_sql_get_text(q, arena);
    row->set_by = hb_sql_get_text(q, arena);
    row->note = hb_sql_get_text(q, arena);
    row->set_at = hb_sql_get_i64(q);
}

static hb_status list(hb_store *s, const char *sql, const hb_tag_query *q, hb_arena *arena,
                      hb_tag_row **ret_rows, size_t *ret_n, hb_error *err)
{
    static const hb_tag_query everything = {0};
    const hb_tag_query *asked = q ? q : &everything;
    HB_CLEANUP(hb_sql_close) hb_sql stmt = {0};
    HB_TRY(hb_sql_open(s, sql, &stmt, err));
    hb_sql_any(&stmt, asked->tag);
    hb_sql_any(&stmt, asked->program);
    hb_sql_any(&stmt, asked->subsystem);
    hb_sql_any(&stmt, asked->test_name);
    hb_tag_row *rows = NULL;
    size_t n = 0;
    size_t cap = 0;
    bool more = false;
    HB_TRY(hb_sql_row(&stmt, &more, err));
    while (more) {
        HB_TRY(HB_ARENA_GROW(arena, rows, n, cap, err));
        get_tag(&stmt, arena, &rows[n++]);
        HB_TRY(hb_sql_row(&stmt, &more, err));
    }
    *ret_rows = rows;
    *ret_n = n;
    return HB_OK;
}

hb_status hb_store_list_tags(hb_store *s, const hb_tag_query *q, hb_arena *arena,
                             hb_tag_row **ret_rows, size_t *ret_n, hb_error *err)
{
    return list(s, TAG_COLUMNS "tags" TAG_WHERE "t.program, t.subsystem, t.test_name, t.tag", q,
                arena, ret_rows, ret_n, err);
}

hb_status hb_store_tag_history(hb_store *s, const hb_tag_query *q, hb_arena *arena,
                               hb_tag_row **ret_rows, size_t *ret_n, hb_error *err)
{
    return list(s, TAG_COLUMNS "tag_log" TAG_WHERE "t.id DESC", q, arena, ret_rows, ret_n, err);
}

hb_status hb_store_get_tag(hb_store *s, const char *tag, const char *program, const char *subsystem,
                           const char *test_name, hb_arena *arena, hb_tag_row *ret_row,
                           bool *ret_found, hb_error *err)
{
    const hb_tag_query q = {
        .tag = tag, .program = program, .subsystem = subsystem, .test_name = test_name};
    hb_tag_row *rows = NULL;
    size_t n = 0;
    HB_TRY(hb_store_list_tags(s, &q, arena, &rows, &n, err));
    if (n) {
        *ret_row = rows[0];
    }
    *ret_found = n > 0;
    return HB_OK;
}
