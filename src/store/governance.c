/* SPDX-License-Identifier: Apache-2.0 */
#include "store/governance.h"

#include "store/sql.h"

#include <string.h>

enum { BEGINNING_MIN = 8 };

static hb_status add(hb_store *s, const hb_statement_row *row, bool *ret_existed, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "INSERT INTO statements(sha256, kind, subject_name, subject_sha256, purpose,"
                       " program, subsystem, test_name, tag, request, keyid, at_ns, envelope)"
                       " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(sha256) DO NOTHING",
                       &q, err));
    hb_sql_text(&q, row->sha256);
    hb_sql_text(&q, row->kind);
    hb_sql_text(&q, row->subject_name);
    hb_sql_text(&q, row->subject_sha256);
    hb_sql_text(&q, row->purpose);
    hb_sql_text(&q, row->program);
    hb_sql_text(&q, row->subsystem);
    hb_sql_text(&q, row->test_name);
    hb_sql_text(&q, row->tag);
    hb_sql_text(&q, row->request);
    hb_sql_text(&q, row->keyid);
    hb_sql_i64(&q, row->at);
    hb_sql_blob(&q, row->envelope.p, row->envelope.n);
    HB_TRY(hb_sql_exec(&q, err));
    if (ret_existed) {
        *ret_existed = sqlite3_changes(s->db) == 0;
    }
    return HB_OK;
}

hb_status hb_store_add_statement(hb_store *s, const hb_statement_row *row, bool *ret_existed,
                                 hb_error *err)
{
    HB_TRY(hb_store_begin(s, err));
    return hb_store_end(s, add(s, row, ret_existed, err), err);
}

/* A copy with a NUL after its end. */
static hb_str kept(hb_sql *q, hb_arena *arena)
{
    hb_str blob = hb_sql_get_blob(q);
    const char *copy = hb_arena_strndup(arena, blob.p ? blob.p : "", blob.n);
    return (hb_str){copy, copy ? blob.n : 0};
}

static hb_status get_statement(hb_sql *q, hb_arena *arena, hb_statement_row *row, hb_error *err)
{
    row->id = hb_sql_get_i64(q);
    row->sha256 = hb_sql_get_text(q, arena);
    row->kind = hb_sql_get_text(q, arena);
    row->subject_name = hb_sql_get_text(q, arena);
    row->subject_sha256 = hb_sql_get_text(q, arena);
    row->purpose = hb_sql_get_text(q, arena);
    row->program = hb_sql_get_text(q, arena);
    row->subsystem = hb_sql_get_text(q, arena);
    row->test_name = hb_sql_get_text(q, arena);
    row->tag = hb_sql_get_text(q, arena);
    row->request = hb_sql_get_text(q, arena);
    row->keyid = hb_sql_get_text(q, arena);
    row->at = hb_sql_get_i64(q);
    row->envelope = kept(q, arena);
    HB_TRY(hb_sql_check(q, err));
    return row->envelope.p ? HB_OK : HB_NOMEM(err);
}

static const char list_sql[] =
    "SELECT id, sha256, kind, subject_name, subject_sha256, purpose, program, subsystem, test_name,"
    " tag, request, keyid, at_ns, envelope FROM statements"
    " WHERE (?1 IS NULL OR kind = ?1) AND (?2 IS NULL OR substr(sha256, 1, length(?2)) = ?2)"
    " AND (?3 IS NULL OR subject_sha256 = ?3) AND (?4 IS NULL OR purpose = ?4)"
    " AND (?5 IS NULL OR program = ?5) AND (?6 IS NULL OR subsystem = ?6)"
    " AND (?7 IS NULL OR test_name = ?7) AND (?8 IS NULL OR tag = ?8)"
    " AND (?9 IS NULL OR request = ?9) ORDER BY id LIMIT ?10";

/* The same for one tag, by its index. */
static const char tag_sql[] =
    "SELECT id, sha256, kind, subject_name, subject_sha256, purpose, program, subsystem, test_name,"
    " tag, request, keyid, at_ns, envelope FROM statements"
    " WHERE program = ?5 AND subsystem = ?6 AND test_name = ?7 AND tag = ?8"
    " AND (?1 IS NULL OR kind = ?1) AND (?2 IS NULL OR substr(sha256, 1, length(?2)) = ?2)"
    " AND (?3 IS NULL OR subject_sha256 = ?3) AND (?4 IS NULL OR purpose = ?4)"
    " AND (?9 IS NULL OR request = ?9) ORDER BY id LIMIT ?10";

hb_status hb_store_list_statements(hb_store *s, const hb_statement_query *asked, hb_arena *arena,
                                   hb_statement_row **ret_rows, size_t *ret_n, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool one_tag = asked->program && asked->subsystem && asked->test_name && asked->tag;
    if (asked->sha256 && strlen(asked->sha256) < BEGINNING_MIN) {
        return HB_FAIL(err, HB_E_USAGE, "'%s' is too short; %d characters or more name a request",
                       asked->sha256, BEGINNING_MIN);
    }
    HB_TRY(hb_sql_open(s, one_tag ? tag_sql : list_sql, &q, err));
    hb_sql_any(&q, asked->kind);
    hb_sql_any(&q, asked->sha256);
    hb_sql_any(&q, asked->subject_sha256);
    hb_sql_any(&q, asked->purpose);
    hb_sql_any(&q, asked->program);
    hb_sql_any(&q, asked->subsystem);
    hb_sql_any(&q, asked->test_name);
    hb_sql_any(&q, asked->tag);
    hb_sql_any(&q, asked->request);
    hb_sql_i64(&q, HB_STATEMENTS_MAX + 1);
    hb_statement_row *rows = NULL;
    size_t n = 0;
    size_t cap = 0;
    bool more = false;
    HB_TRY(hb_sql_row(&q, &more, err));
    while (more) {
        HB_TRY(HB_ARENA_GROW(arena, rows, n, cap, err));
        HB_TRY(get_statement(&q, arena, &rows[n++], err));
        HB_TRY(hb_sql_row(&q, &more, err));
    }
    if (n > HB_STATEMENTS_MAX) {
        return HB_FAIL(err, HB_E_LIMIT,
                       "registry '%s' has over %d signed statements that match; narrow by "
                       "--program, --test-name or --tag",
                       hb_store_path(s), HB_STATEMENTS_MAX);
    }
    *ret_rows = rows;
    *ret_n = n;
    return HB_OK;
}

/* --- operators --- */

static hb_status apply(hb_store *s, const hb_operators_row *row, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(
        s, "INSERT INTO operators(sha256, text, statement, applied_ns) VALUES (?,?,?,?)", &q, err));
    hb_sql_text(&q, row->sha256);
    hb_sql_blob(&q, row->text.p, row->text.n);
    hb_sql_text(&q, row->statement);
    hb_sql_i64(&q, row->applied_at);
    return hb_sql_exec(&q, err);
}

hb_status hb_store_apply_operators(hb_store *s, const hb_operators_row *row, hb_error *err)
{
    HB_TRY(hb_store_begin(s, err));
    return hb_store_end(s, apply(s, row, err), err);
}

static hb_status list_operators(hb_store *s, const char *sql, hb_time at, hb_arena *arena,
                                hb_operators_row **ret_rows, size_t *ret_n, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s, sql, &q, err));
    hb_sql_i64(&q, at);
    hb_operators_row *rows = NULL;
    size_t n = 0;
    size_t cap = 0;
    bool more = false;
    HB_TRY(hb_sql_row(&q, &more, err));
    while (more) {
        HB_TRY(HB_ARENA_GROW(arena, rows, n, cap, err));
        hb_operators_row *row = &rows[n++];
        row->sha256 = hb_sql_get_text(&q, arena);
        row->text = kept(&q, arena);
        row->statement = hb_sql_get_text(&q, arena);
        row->applied_at = hb_sql_get_i64(&q);
        HB_TRY(hb_sql_check(&q, err));
        if (!row->text.p) {
            return HB_NOMEM(err);
        }
        HB_TRY(hb_sql_row(&q, &more, err));
    }
    *ret_rows = rows;
    *ret_n = n;
    return HB_OK;
}

#define OPERATORS_COLUMNS "SELECT sha256, text, statement, applied_ns FROM operators "

hb_status hb_store_operators_at(hb_store *s, hb_time at, hb_arena *arena, hb_operators_row *ret_row,
                                bool *ret_found, hb_error *err)
{
    hb_operators_row *rows = NULL;
    size_t n = 0;
    HB_TRY(list_operators(s, OPERATORS_COLUMNS "WHERE applied_ns <= ? ORDER BY id DESC LIMIT 1", at,
                          arena, &rows, &n, err));
    if (n) {
        *ret_row = rows[0];
    }
    *ret_found = n > 0;
    return HB_OK;
}

/* By the order of writing, not by a time: a clock set back must not bring old operators back. */
hb_status hb_store_operators(hb_store *s, hb_arena *arena, hb_operators_row *ret_row,
                             bool *ret_found, hb_error *err)
{
    hb_operators_row *rows = NULL;
    size_t n = 0;
    HB_TRY(list_operators(s, OPERATORS_COLUMNS "WHERE ? IS NOT NULL ORDER BY id DESC LIMIT 1", 0,
                          arena, &rows, &n, err));
    if (n) {
        *ret_row = rows[0];
    }
    *ret_found = n > 0;
    return HB_OK;
}

/* Entries about requests to change them have the same type, and no text of operators. */
hb_status hb_store_operators_told(hb_store *s, hb_arena *arena, const char **ret_sha256,
                                  hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool found = false;
    HB_TRY(hb_sql_open(s,
                       "SELECT subject FROM audit_queue WHERE type = 'operators'"
                       " AND json_extract(entry, '$.data.sha256') = subject"
                       " ORDER BY id DESC LIMIT 1",
                       &q, err));
    HB_TRY(hb_sql_row(&q, &found, err));
    *ret_sha256 = found ? hb_sql_get_text(&q, arena) : "";
    return hb_sql_check(&q, err);
}

hb_status hb_store_list_operators(hb_store *s, hb_arena *arena, hb_operators_row **ret_rows,
                                  size_t *ret_n, hb_error *err)
{
    return list_operators(s, OPERATORS_COLUMNS "WHERE ? IS NOT NULL ORDER BY id", 0, arena,
                          ret_rows, ret_n, err);
}
