/* SPDX-License-Identifier: Apache-2.0 */
#include "store/versions.h"

#include "store/audit_internal.h"
#include "store/sql.h"

#include <string.h>

static hb_status row_id(hb_store *s, const char *sql, const char *text, int64_t *ret_id,
                        bool *ret_found, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s, sql, &q, err));
    hb_sql_text(&q, text);
    HB_TRY(hb_sql_row(&q, ret_found, err));
    if (*ret_found) {
        *ret_id = hb_sql_get_i64(&q);
    }
    return HB_OK;
}

#define VERSION_ID "SELECT id FROM baseline_versions WHERE version = ?"

static hb_status known_version(hb_store *s, const char *version, int64_t *ret_id, hb_error *err)
{
    bool found = false;
    HB_TRY(row_id(s, VERSION_ID, version, ret_id, &found, err));
    return found ? HB_OK
                 : HB_FAIL(err, HB_E_STORE,
                           "registry '%s' has no baseline version '%s'; see 'hb baseline versions'",
                           s->path, version);
}

/* --- adding --- */

/* The shortest beginning of the digest that no version has yet. */
static hb_status free_name(hb_store *s, const char *digest, char ret[65], hb_error *err)
{
    for (size_t n = HB_VERSION_NAME_MIN; n <= 64; n++) {
        char name[65] = "";
        int64_t id = 0;
        bool taken = false;
        memcpy(name, digest, n);
        HB_TRY(row_id(s, VERSION_ID, name, &id, &taken, err));
        if (!taken) {
            memcpy(ret, name, sizeof name);
            return HB_OK;
        }
    }
    return HB_FAIL(err, HB_E_BUG, "a digest is taken that was not found");
}

static hb_status insert_runs(hb_store *s, const hb_version_row *row, int64_t version, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s, "INSERT INTO baseline_version_runs(version, pos, run) VALUES (?,?,?)", &q,
                       err));
    for (size_t i = 0; i < row->n_runs; i++) {
        int64_t run = 0;
        bool found = false;
        HB_TRY(
            row_id(s, "SELECT id FROM runs WHERE run_id = ?", row->run_ids[i], &run, &found, err));
        if (!found) {
            return HB_FAIL(err, HB_E_STORE, "registry '%s' has no run '%s' for a baseline version",
                           s->path, row->run_ids[i]);
        }
        hb_sql_i64(&q, version);
        hb_sql_u64(&q, i);
        hb_sql_i64(&q, run);
        HB_TRY(hb_sql_exec(&q, err));
    }
    return HB_OK;
}

static hb_status insert(hb_store *s, const hb_version_row *row, const char *name, hb_error *err)
{
    int64_t parent = 0;
    if (row->parent && *row->parent) {
        HB_TRY(known_version(s, row->parent, &parent, err));
    }
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "INSERT INTO baseline_versions(version, digest, program, subsystem,"
                       " test_name, parent, n_runs, json, name, note, created_by, created_ns)"
                       " VALUES (?,?,?,?,?,nullif(?, 0),?,CAST(? AS TEXT),?,?,?,?)",
                       &q, err));
    hb_sql_text(&q, name);
    hb_sql_text(&q, row->digest);
    hb_sql_text(&q, row->program);
    hb_sql_text(&q, row->subsystem);
    hb_sql_text(&q, row->test_name);
    hb_sql_i64(&q, parent);
    hb_sql_u64(&q, row->n_runs);
    hb_sql_blob(&q, row->json, row->json_len);
    hb_sql_text(&q, row->name);
    hb_sql_text(&q, row->note);
    hb_sql_text(&q, row->created_by);
    hb_sql_i64(&q, row->created_at);
    HB_TRY(hb_sql_exec(&q, err));
    return insert_runs(s, row, sqlite3_last_insert_rowid(s->db), err);
}

static hb_status existing(hb_store *s, const hb_version_row *row, char ret_version[65],
                          bool *ret_found, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "SELECT version, json = CAST(?2 AS TEXT) FROM baseline_versions"
                       " WHERE digest = ?1",
                       &q, err));
    hb_sql_text(&q, row->digest);
    hb_sql_blob(&q, row->json, row->json_len);
    HB_TRY(hb_sql_row(&q, ret_found, err));
    if (*ret_found) {
        hb_str name = hb_sql_get_blob(&q);
        size_t n = name.n < 64 ? name.n : 64;
        memcpy(ret_version, name.p, n);
        ret_version[n] = '\0';
        if (!hb_sql_get_i64(&q)) {
            return HB_FAIL(err, HB_E_STORE,
                           "baseline version '%s' was changed after it was made: its content does "
                           "not fit its digest; restore a backup of the registry",
                           ret_version);
        }
    }
    return HB_OK;
}

/* A name is looked up beside the beginnings of digests, so it must mean one version. */
static hb_status name_is_free(hb_store *s, const char *name, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool taken = false;
    if (!name || !*name) {
        return HB_OK;
    }
    HB_TRY(hb_sql_open(s, "SELECT version FROM baseline_versions WHERE name = ?", &q, err));
    hb_sql_text(&q, name);
    HB_TRY(hb_sql_row(&q, &taken, err));
    if (taken) {
        hb_str version = hb_sql_get_blob(&q);
        return HB_FAIL(err, HB_E_STORE,
                       "name '%s' is that of baseline version '%.*s'; choose another", name,
                       (int)(version.n < 64 ? version.n : 64), version.p);
    }
    return HB_OK;
}

static hb_status add(hb_store *s, const hb_version_row *row, char ret_version[65],
                     bool *ret_existed, hb_error *err)
{
    HB_TRY(existing(s, row, ret_version, ret_existed, err));
    if (*ret_existed) {
        return HB_OK;
    }
    HB_TRY(name_is_free(s, row->name, err));
    HB_TRY(free_name(s, row->digest, ret_version, err));
    HB_TRY(insert(s, row, ret_version, err));
    return hb_store_log_version(s, row, ret_version, err);
}

hb_status hb_store_add_version(hb_store *s, const hb_version_row *row, char ret_version[65],
                               bool *ret_existed, hb_error *err)
{
    char name[65] = "";
    bool existed = false;
    if (row->n_runs == 0 || row->n_runs > HB_VERSION_RUNS_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "a baseline version has 1 to %d runs, got %zu",
                       HB_VERSION_RUNS_MAX, row->n_runs);
    }
    HB_TRY(hb_store_begin(s, err));
    HB_TRY(hb_store_end(s, add(s, row, name, &existed, err), err));
    memcpy(ret_version, name, sizeof name);
    *ret_existed = existed;
    return HB_OK;
}

/* --- reading --- */

#define VERSION_COLUMNS                                                                          \
    "SELECT v.id, v.version, v.digest, v.program, v.subsystem, v.test_name,"                     \
    " coalesce(p.version, ''), v.n_runs, v.json, v.name, v.note, v.created_by, v.created_ns,"    \
    " coalesce(t.reason, ''), coalesce(t.retired_by, ''), t.retired_ns FROM baseline_versions v" \
    " LEFT JOIN baseline_versions p ON p.id = v.parent"                                          \
    " LEFT JOIN baseline_retirements t ON t.version = v.id "

static int64_t get_row(hb_sql *q, hb_arena *arena, hb_version_row *row)
{
    *row = (hb_version_row){0};
    int64_t id = hb_sql_get_i64(q);
    row->version = hb_sql_get_text(q, arena);
    row->digest = hb_sql_get_text(q, arena);
    row->program = hb_sql_get_text(q, arena);
    row->subsystem = hb_sql_get_text(q, arena);
    row->test_name = hb_sql_get_text(q, arena);
    row->parent = hb_sql_get_text(q, arena);
    row->n_runs = (size_t)hb_sql_get_u64(q);
    row->json = hb_sql_get_text(q, arena);
    row->json_len = strlen(row->json);
    row->name = hb_sql_get_text(q, arena);
    row->note = hb_sql_get_text(q, arena);
    row->created_by = hb_sql_get_text(q, arena);
    row->created_at = hb_sql_get_i64(q);
    row->retired_reason = hb_sql_get_text(q, arena);
    row->retired_by = hb_sql_get_text(q, arena);
    row->retired_at = hb_sql_get_time(q);
    return id;
}

static hb_status get_runs(hb_store *s, int64_t version, hb_arena *arena, hb_version_row *row,
                          hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool impossible = row->n_runs == 0 || row->n_runs > HB_VERSION_RUNS_MAX;
    row->run_ids = hb_arena_array(arena, impossible ? 1 : row->n_runs, sizeof *row->run_ids);
    if (!row->run_ids) {
        return HB_NOMEM(err);
    }
    HB_TRY(hb_sql_open(s,
                       "SELECT r.run_id FROM baseline_version_runs x JOIN runs r ON r.id = x.run"
                       " WHERE x.version = ? ORDER BY x.pos",
                       &q, err));
    hb_sql_i64(&q, version);
    for (size_t i = 0; i <= row->n_runs; i++) {
        bool more = false;
        HB_TRY(hb_sql_row(&q, &more, err));
        if (impossible || more != (i < row->n_runs)) {
            return HB_FAIL(err, HB_E_STORE,
                           "registry '%s' is damaged: baseline version '%s' has another number of "
                           "runs than it was made of; restore a backup",
                           s->path, row->version);
        }
        if (more) {
            row->run_ids[i] = hb_sql_get_text(&q, arena);
        }
    }
    return hb_sql_check(&q, err);
}

/* A name given to several versions, or the beginning of several, is not one. */
static hb_status find(hb_store *s, const char *text, hb_arena *arena, int64_t *ret_id,
                      hb_version_row *ret, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool more = false;
    HB_TRY(hb_sql_open(s,
                       VERSION_COLUMNS "WHERE v.version = ?1 OR v.digest = ?1 OR"
                                       " (v.name = ?1 AND ?1 <> '') OR"
                                       " (length(?1) >= ?2 AND substr(v.digest, 1, length(?1)) ="
                                       " ?1) ORDER BY v.version = ?1 DESC, v.id LIMIT 2",
                       &q, err));
    hb_sql_text(&q, text);
    hb_sql_i64(&q, HB_VERSION_BEGINNING);
    HB_TRY(hb_sql_row(&q, &more, err));
    if (!more) {
        return HB_FAIL(err, HB_E_STORE,
                       "registry '%s' has no baseline version '%s'; see 'hb baseline versions'",
                       s->path, text);
    }
    hb_version_row first = {0};
    *ret_id = get_row(&q, arena, &first);
    HB_TRY(hb_sql_row(&q, &more, err));
    if (more && strcmp(first.version, text) != 0) {
        return HB_FAIL(err, HB_E_STORE,
                       "'%s' means more than one baseline version; give its digits, or more of "
                       "them (see 'hb baseline versions')",
                       text);
    }
    *ret = first;
    return hb_sql_check(&q, err);
}

hb_status hb_store_get_version(hb_store *s, const char *text, hb_arena *arena,
                               hb_version_row *ret_row, hb_error *err)
{
    int64_t id = 0;
    hb_version_row row = {0};
    HB_TRY(find(s, text, arena, &id, &row, err));
    HB_TRY(get_runs(s, id, arena, &row, err));
    *ret_row = row;
    return HB_OK;
}

hb_status hb_store_list_versions(hb_store *s, const hb_version_query *q, hb_arena *arena,
                                 hb_version_row **ret_rows, size_t *ret_n, hb_error *err)
{
    static const hb_version_query everything = {0};
    const hb_version_query *asked = q ? q : &everything;
    HB_CLEANUP(hb_sql_close) hb_sql stmt = {0};
    HB_TRY(hb_sql_open(s,
                       VERSION_COLUMNS "WHERE (?1 IS NULL OR v.program = ?1)"
                                       " AND (?2 IS NULL OR v.subsystem = ?2)"
                                       " AND (?3 IS NULL OR v.test_name = ?3)"
                                       " ORDER BY v.id DESC LIMIT ?4",
                       &stmt, err));
    hb_sql_any(&stmt, asked->program);
    hb_sql_any(&stmt, asked->subsystem);
    hb_sql_any(&stmt, asked->test_name);
    hb_sql_i64(&stmt, HB_VERSIONS_MAX);
    hb_version_row *rows = NULL;
    size_t n = 0;
    size_t cap = 0;
    bool more = false;
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

/* --- retiring and quality --- */

static hb_status retire(hb_store *s, const char *version, const char *reason, const char *by,
                        hb_time now, hb_error *err)
{
    int64_t id = 0;
    int64_t retired = 0;
    bool found = false;
    HB_TRY(known_version(s, version, &id, err));
    HB_TRY(row_id(s,
                  "SELECT version FROM baseline_retirements WHERE version ="
                  " (" VERSION_ID ")",
                  version, &retired, &found, err));
    if (found) {
        return HB_FAIL(err, HB_E_STORE, "baseline version '%s' is retired already", version);
    }
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "INSERT INTO baseline_retirements(version, reason, retired_by, retired_ns)"
                       " VALUES (?,?,?,?)",
                       &q, err));
    hb_sql_i64(&q, id);
    hb_sql_text(&q, reason);
    hb_sql_text(&q, by);
    hb_sql_i64(&q, now);
    HB_TRY(hb_sql_exec(&q, err));
    return hb_store_log_retire(s, version, reason, by, now, err);
}

hb_status hb_store_retire_version(hb_store *s, const char *version, const char *reason,
                                  const char *by, hb_time now, hb_error *err)
{
    if (!reason || reason[strspn(reason, " \t\n")] == '\0') {
        return HB_FAIL(err, HB_E_USAGE, "a baseline version is retired for a reason; give one");
    }
    HB_TRY(hb_store_begin(s, err));
    return hb_store_end(s, retire(s, version, reason, by, now, err), err);
}

static hb_status add_quality(hb_store *s, const hb_quality_row *row, hb_error *err)
{
    int64_t id = 0;
    HB_TRY(known_version(s, row->version, &id, err));
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "INSERT INTO baseline_quality(version, purpose, passed, json,"
                       " override_reason, checked_by, checked_ns) VALUES (?,?,?,?,?,?,?)",
                       &q, err));
    hb_sql_i64(&q, id);
    hb_sql_text(&q, row->purpose);
    hb_sql_i64(&q, row->passed);
    hb_sql_text(&q, row->json);
    hb_sql_text(&q, row->override_reason);
    hb_sql_text(&q, row->checked_by);
    hb_sql_i64(&q, row->checked_at);
    HB_TRY(hb_sql_exec(&q, err));
    return hb_store_log_quality(s, row, err);
}

hb_status hb_store_add_quality(hb_store *s, const hb_quality_row *row, hb_error *err)
{
    HB_TRY(hb_store_begin(s, err));
    return hb_store_end(s, add_quality(s, row, err), err);
}

hb_status hb_store_list_quality(hb_store *s, const char *version, hb_arena *arena,
                                hb_quality_row **ret_rows, size_t *ret_n, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "SELECT v.version, b.purpose, b.passed, b.json, b.override_reason,"
                       " b.checked_by, b.checked_ns FROM baseline_quality b"
                       " JOIN baseline_versions v ON v.id = b.version WHERE v.version = ?"
                       " ORDER BY b.id DESC",
                       &q, err));
    hb_sql_text(&q, version);
    hb_quality_row *rows = NULL;
    size_t n = 0;
    size_t cap = 0;
    bool more = false;
    HB_TRY(hb_sql_row(&q, &more, err));
    while (more) {
        HB_TRY(HB_ARENA_GROW(arena, rows, n, cap, err));
        hb_quality_row *row = &rows[n++];
        row->version = hb_sql_get_text(&q, arena);
        row->purpose = hb_sql_get_text(&q, arena);
        row->passed = hb_sql_get_i64(&q) != 0;
        row->json = hb_sql_get_text(&q, arena);
        row->override_reason = hb_sql_get_text(&q, arena);
        row->checked_by = hb_sql_get_text(&q, arena);
        row->checked_at = hb_sql_get_i64(&q);
        HB_TRY(hb_sql_row(&q, &more, err));
    }
    *ret_rows = rows;
    *ret_n = n;
    return HB_OK;
}
