/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "store/audit_internal.h"
#include "store/sql.h"
#include "store/suspicions.h"

#include <string.h>

enum { MAX_LINEAGE = 1000 };

static hb_status find_id(hb_store *s, const char *sql, int64_t run, hb_str text, int64_t *ret_id,
                         bool *ret_found, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s, sql, &q, err));
    if (run) {
        hb_sql_i64(&q, run);
    }
    int rc = sqlite3_bind_text64(q.stmt, ++q.param, text.p, text.n, SQLITE_STATIC, SQLITE_UTF8);
    q.failed = q.failed == SQLITE_OK ? rc : q.failed;
    HB_TRY(hb_sql_row(&q, ret_found, err));
    if (*ret_found) {
        *ret_id = hb_sql_get_i64(&q);
    }
    return HB_OK;
}

static hb_status run_number(hb_store *s, hb_str run_id, const char *role, int64_t *ret_id,
                            hb_error *err)
{
    bool found = false;
    HB_TRY(find_id(s, "SELECT id FROM runs WHERE run_id = ?", 0, run_id, ret_id, &found, err));
    if (!found) {
        return HB_FAIL(err, HB_E_STORE, "a decision names %s '%.*s', which registry '%s' lacks",
                       role, (int)run_id.n, run_id.p, s->path);
    }
    return HB_OK;
}

static hb_status insert_lineage(hb_store *s, int64_t decision, const char *role, const char *lines,
                                hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(
        hb_sql_open(s, "INSERT INTO lineage(decision, role, pos, run) VALUES (?,?,?,?)", &q, err));
    hb_str rest = hb_str_of(lines);
    for (uint64_t pos = 0; rest.n; pos++) {
        size_t end = hb_str_find_ch(rest, '\n');
        int64_t run = 0;
        if (pos == MAX_LINEAGE) {
            return HB_FAIL(err, HB_E_LIMIT, "a decision names more than %d %s runs", MAX_LINEAGE,
                           role);
        }
        HB_TRY(run_number(s, (hb_str){rest.p, end}, role, &run, err));
        hb_sql_i64(&q, decision);
        hb_sql_text(&q, role);
        hb_sql_u64(&q, pos);
        hb_sql_i64(&q, run);
        HB_TRY(hb_sql_exec(&q, err));
        rest = end < rest.n ? (hb_str){rest.p + end + 1, rest.n - end - 1} : HB_STR("");
    }
    return HB_OK;
}

/* 0 = none. */
static hb_status version_number(hb_store *s, const char *version, int64_t *ret_id, hb_error *err)
{
    bool found = true;
    *ret_id = 0;
    if (version && *version) {
        HB_TRY(find_id(s, "SELECT id FROM baseline_versions WHERE version = ?", 0,
                       hb_str_of(version), ret_id, &found, err));
    }
    return found ? HB_OK
                 : HB_FAIL(err, HB_E_STORE,
                           "a decision names baseline version '%s', which registry '%s' lacks",
                           version, s->path);
}

static hb_status insert_lines(hb_store *s, const hb_decision_row *row, int64_t decision,
                              hb_error *err)
{
    const struct {
        const char *role;
        const char *lines;
    } roles[] = {{"reference", row->reference},
                 {"comparable", row->comparable},
                 {"set", row->set},
                 {"with", row->with}};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        if (roles[i].lines) {
            HB_TRY(insert_lineage(s, decision, roles[i].role, roles[i].lines, err));
        }
    }
    return HB_OK;
}

static hb_status insert_decision(hb_store *s, const hb_decision_row *row, int64_t run,
                                 int64_t *ret_id, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    int64_t version = 0;
    HB_TRY(version_number(s, row->version, &version, err));
    HB_TRY(hb_sql_open(s,
                       "INSERT INTO decisions(run, status, baseline_run_id, baseline_reason,"
                       " match_level, match_score, match_possible, registry_digest,"
                       " policy_digest, engine_version, json, digest, decided_ns, version)"
                       " VALUES (?,?,?,?,?,?,?,?,?,?,CAST(? AS TEXT),?,?,nullif(?, 0))",
                       &q, err));
    hb_sql_i64(&q, run);
    hb_sql_text(&q, row->status);
    hb_sql_text(&q, row->baseline_run_id);
    hb_sql_text(&q, row->baseline_reason);
    hb_sql_text(&q, row->match_level);
    hb_sql_u64(&q, row->match_score);
    hb_sql_u64(&q, row->match_possible);
    hb_sql_text(&q, row->registry_digest);
    hb_sql_text(&q, row->policy_digest);
    hb_sql_text(&q, row->engine_version);
    hb_sql_blob(&q, row->json, row->json_len);
    hb_sql_text(&q, row->digest);
    hb_sql_i64(&q, row->decided_at);
    hb_sql_i64(&q, version);
    HB_TRY(hb_sql_exec(&q, err));
    *ret_id = sqlite3_last_insert_rowid(s->db);
    return insert_lines(s, row, *ret_id, err);
}

static hb_status add_decision(hb_store *s, const hb_decision_row *row, hb_error *err)
{
    int64_t run = 0;
    int64_t decision = 0;
    bool found = false;
    HB_TRY(run_number(s, hb_str_of(row->run_id), "run", &run, err));
    HB_TRY(find_id(s, "SELECT id FROM decisions WHERE run = ? AND digest = ?", run,
                   hb_str_of(row->digest), &decision, &found, err));
    if (!found) {
        HB_TRY(insert_decision(s, row, run, &decision, err));
    }
    if (row->basis) {
        HB_TRY(hb_store_write_basis(s, decision, (hb_str){row->basis, row->basis_len}, err));
    }
    HB_TRY(hb_store_write_suspicions(s, row, decision, run, err));
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "UPDATE runs SET latest_decision = ?1 WHERE id = ?2"
                       " AND latest_decision IS NOT ?1",
                       &q, err));
    hb_sql_i64(&q, decision);
    hb_sql_i64(&q, run);
    HB_TRY(hb_sql_exec(&q, err));
    return sqlite3_changes(s->db) ? hb_store_log_decision(s, row, run, found, err) : HB_OK;
}

hb_status hb_store_add_decision(hb_store *s, const hb_decision_row *row, hb_error *err)
{
    HB_TRY(hb_store_begin(s, err));
    return hb_store_end(s, add_decision(s, row, err), err);
}

static void get_decision(hb_sql *q, hb_arena *arena, hb_decision_row *row)
{
    row->run_id = hb_sql_get_text(q, arena);
    row->status = hb_sql_get_text(q, arena);
    row->baseline_run_id = hb_sql_get_text(q, arena);
    row->baseline_reason = hb_sql_get_text(q, arena);
    row->match_level = hb_sql_get_text(q, arena);
    row->match_score = (unsigned)hb_sql_get_u64(q);
    row->match_possible = (unsigned)hb_sql_get_u64(q);
    row->registry_digest = hb_sql_get_text(q, arena);
    row->policy_digest = hb_sql_get_text(q, arena);
    row->engine_version = hb_sql_get_text(q, arena);
    row->json_len = hb_sql_get_blob(q).n;
    q->column--; /* the same column again, now copied */
    row->json = hb_sql_get_text(q, arena);
    row->digest = hb_sql_get_text(q, arena);
    row->decided_at = hb_sql_get_i64(q);
    row->reference = hb_sql_get_text(q, arena);
    row->comparable = hb_sql_get_text(q, arena);
    row->set = hb_sql_get_text(q, arena);
    row->with = hb_sql_get_text(q, arena);
    row->version = hb_sql_get_text(q, arena);
}

#define LINEAGE(role)                                                                           \
    "coalesce((SELECT group_concat(run_id, char(10)) FROM (SELECT o.run_id FROM lineage l JOIN" \
    " runs o ON o.id = l.run WHERE l.decision = d.id AND l.role = '" role                       \
    "' ORDER BY l.pos)), '')"

#define DECISION(of, which)                                                                      \
    "SELECT r.run_id, d.status, d.baseline_run_id, d.baseline_reason,"                           \
    " d.match_level, d.match_score, d.match_possible, d.registry_digest,"                        \
    " d.policy_digest, d.engine_version, d.json, d.digest, d.decided_ns,"                        \
    " " LINEAGE("reference") ", " LINEAGE("comparable") ", " LINEAGE("set") ", " LINEAGE(        \
        "with") ", "                                                                             \
                "coalesce((SELECT version FROM baseline_versions v WHERE v.id = d.version), '')" \
                " FROM runs r JOIN decisions d ON " of " WHERE r.run_id = ?" which

static hb_status one_decision(hb_sql *q, hb_arena *arena, hb_decision_row *ret_row, bool *ret_found,
                              hb_error *err)
{
    bool found = false;
    HB_TRY(hb_sql_row(q, &found, err));
    if (found) {
        hb_decision_row row = {0};
        get_decision(q, arena, &row);
        HB_TRY(hb_sql_check(q, err));
        *ret_row = row;
    }
    *ret_found = found;
    return HB_OK;
}

hb_status hb_store_latest_decision(hb_store *s, const char *run_id, hb_arena *arena,
                                   hb_decision_row *ret_row, bool *ret_found, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s, DECISION("d.id = r.latest_decision", ""), &q, err));
    hb_sql_text(&q, run_id);
    return one_decision(&q, arena, ret_row, ret_found, err);
}

hb_status hb_store_get_decision(hb_store *s, const char *run_id, const char *digest,
                                hb_arena *arena, hb_decision_row *ret_row, bool *ret_found,
                                hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s, DECISION("d.run = r.id", " AND d.digest = ?"), &q, err));
    hb_sql_text(&q, run_id);
    hb_sql_text(&q, digest);
    return one_decision(&q, arena, ret_row, ret_found, err);
}
