/* SPDX-License-Identifier: Apache-2.0 */
#include "store/ledger.h"

#include "store/sql.h"

#include <string.h>

static const char *const mark_names[HB_MARK_COUNT_] = {
    [HB_MARK_CORRECT] = "correct",
    [HB_MARK_TOO_SENSITIVE] = "too_sensitive",
    [HB_MARK_MISSED] = "missed",
};

const char *hb_mark_name(hb_mark m)
{
    return (unsigned)m < HB_MARK_COUNT_ ? mark_names[m] : "?";
}

bool hb_mark_from_name(const char *name, hb_mark *ret)
{
    for (unsigned i = 0; i < HB_MARK_COUNT_; i++) {
        if (strcmp(mark_names[i], name) == 0) {
            *ret = (hb_mark)i;
            return true;
        }
    }
    return false;
}

/* --- marks --- */

static hb_status find_decision(hb_store *s, const hb_feedback_row *row, int64_t *ret_id,
                               hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool found = false;
    HB_TRY(hb_sql_open(s,
                       "SELECT d.id FROM decisions d JOIN runs r ON r.id = d.run"
                       " WHERE r.run_id = ? AND d.digest = ?",
                       &q, err));
    hb_sql_text(&q, row->run_id);
    hb_sql_text(&q, row->decision);
    HB_TRY(hb_sql_row(&q, &found, err));
    if (!found) {
        return HB_FAIL(err, HB_E_STORE, "registry '%s' has no decision %.64s of run '%.128s'",
                       s->path, row->decision, row->run_id);
    }
    *ret_id = hb_sql_get_i64(&q);
    return hb_sql_check(&q, err);
}

static hb_status add_feedback(hb_store *s, const hb_feedback_row *row, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    int64_t decision = 0;
    HB_TRY(find_decision(s, row, &decision, err));
    HB_TRY(hb_sql_open(s,
                       "INSERT INTO feedback(decision, metric, rule, mark, given_by, note,"
                       " given_ns) VALUES (?,?,?,?,?,?,?)",
                       &q, err));
    hb_sql_i64(&q, decision);
    hb_sql_text(&q, row->metric);
    hb_sql_text(&q, row->rule);
    hb_sql_text(&q, hb_mark_name(row->mark));
    hb_sql_text(&q, row->given_by);
    hb_sql_text(&q, row->note);
    hb_sql_time(&q, row->given_at);
    return hb_sql_exec(&q, err);
}

hb_status hb_store_add_feedback(hb_store *s, const hb_feedback_row *row, hb_error *err)
{
    HB_TRY(hb_store_begin(s, err));
    return hb_store_end(s, add_feedback(s, row, err), err);
}

#define SELECTED                                                                 \
    " WHERE (?1 IS NULL OR r.program = ?1) AND (?2 IS NULL OR r.subsystem = ?2)" \
    " AND (?3 IS NULL OR r.test_name = ?3) AND (?4 IS NULL OR r.run_id = ?4)"    \
    " AND (?5 IS NULL OR r.order_ns >= ?5)"

static hb_status open_query(hb_store *s, const char *text, const hb_ledger_query *q, hb_sql *ret,
                            hb_error *err)
{
    HB_TRY(hb_sql_open(s, text, ret, err));
    hb_sql_any(ret, q->program);
    hb_sql_any(ret, q->subsystem);
    hb_sql_any(ret, q->test_name);
    hb_sql_any(ret, q->run_id);
    hb_sql_time(ret, q->since);
    return HB_OK;
}

static void get_feedback(hb_sql *q, hb_arena *arena, hb_feedback_row *row)
{
    row->run_id = hb_sql_get_text(q, arena);
    row->decision = hb_sql_get_text(q, arena);
    row->metric = hb_sql_get_text(q, arena);
    row->rule = hb_sql_get_text(q, arena);
    const char *mark = hb_sql_get_text(q, arena);
    HB_IGNORE(hb_mark_from_name(mark, &row->mark)); /* the column allows these three only */
    row->given_by = hb_sql_get_text(q, arena);
    row->note = hb_sql_get_text(q, arena);
    row->given_at = hb_sql_get_time(q);
    row->program = hb_sql_get_text(q, arena);
    row->subsystem = hb_sql_get_text(q, arena);
    row->test_name = hb_sql_get_text(q, arena);
    row->superseded = hb_sql_get_i64(q) != 0;
}

hb_status hb_store_list_feedback(hb_store *s, const hb_ledger_query *q, hb_arena *arena,
                                 hb_feedback_row **ret_rows, size_t *ret_n, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql stmt = {0};
    hb_feedback_row *rows = NULL;
    size_t n = 0;
    size_t cap = 0;
    bool more = false;
    HB_TRY(open_query(s,
                      "SELECT r.run_id, d.digest, f.metric, f.rule, f.mark, f.given_by, f.note,"
                      " f.given_ns, r.program, r.subsystem, r.test_name,"
                      " row_number() OVER (PARTITION BY r.id, f.metric, f.rule"
                      " ORDER BY f.id DESC) > 1"
                      " FROM feedback f JOIN decisions d ON d.id = f.decision"
                      " JOIN runs r ON r.id = d.run" SELECTED " ORDER BY f.id",
                      q, &stmt, err));
    HB_TRY(hb_sql_row(&stmt, &more, err));
    while (more) {
        if (n == HB_FEEDBACK_MAX) {
            return HB_FAIL(err, HB_E_LIMIT,
                           "registry '%s' has more than %d marks that match; narrow what is asked "
                           "for (--program, --test-name, --since)",
                           s->path, HB_FEEDBACK_MAX);
        }
        HB_TRY(HB_ARENA_GROW(arena, rows, n, cap, err));
        get_feedback(&stmt, arena, &rows[n++]);
        HB_TRY(hb_sql_row(&stmt, &more, err));
    }
    *ret_rows = rows;
    *ret_n = n;
    return HB_OK;
}

/* --- decisions --- */

hb_status hb_store_list_judged(hb_store *s, const hb_ledger_query *q, hb_arena *arena,
                               hb_judged_row **ret_rows, size_t *ret_n, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql stmt = {0};
    hb_judged_row *rows = NULL;
    size_t n = 0;
    size_t cap = 0;
    bool more = false;
    HB_TRY(open_query(s,
                      "SELECT r.run_id, r.program, r.subsystem, r.test_name,"
                      " r.latest_decision IS NOT NULL,"
                      " coalesce((SELECT group_concat(run_id, char(10)) FROM (SELECT o.run_id"
                      " FROM lineage l JOIN runs o ON o.id = l.run"
                      " WHERE l.decision = r.latest_decision AND l.role = 'with'"
                      " ORDER BY l.pos)), '') FROM runs r" SELECTED
                      " ORDER BY r.latest_decision DESC, r.id DESC",
                      q, &stmt, err));
    HB_TRY(hb_sql_row(&stmt, &more, err));
    while (more) {
        if (n == HB_LEDGER_RUNS_MAX) {
            return HB_FAIL(err, HB_E_LIMIT,
                           "registry '%s' has more than %d runs that match; narrow what is asked "
                           "for (--program, --test-name, --since)",
                           s->path, HB_LEDGER_RUNS_MAX);
        }
        HB_TRY(HB_ARENA_GROW(arena, rows, n, cap, err));
        hb_judged_row *row = &rows[n++];
        row->run_id = hb_sql_get_text(&stmt, arena);
        row->program = hb_sql_get_text(&stmt, arena);
        row->subsystem = hb_sql_get_text(&stmt, arena);
        row->test_name = hb_sql_get_text(&stmt, arena);
        row->decided = hb_sql_get_i64(&stmt) != 0;
        row->with = hb_sql_get_text(&stmt, arena);
        HB_TRY(hb_sql_row(&stmt, &more, err));
    }
    *ret_rows = rows;
    *ret_n = n;
    return HB_OK;
}

hb_status hb_store_walk_decisions(hb_store *s, const hb_ledger_query *q, hb_decision_visit visit,
                                  void *ctx, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql stmt = {0};
    bool more = false;
    hb_arena arena; /* ids of runs: small beside what is visited */
    hb_arena_init(&arena, 1 << 30);
    hb_status status = open_query(s,
                                  "SELECT r.run_id, d.json FROM runs r JOIN decisions d"
                                  " ON d.id = r.latest_decision" SELECTED " ORDER BY d.id DESC",
                                  q, &stmt, err);
    if (status == HB_OK) {
        status = hb_sql_row(&stmt, &more, err);
    }
    while (status == HB_OK && more) {
        const char *run_id = hb_sql_get_text(&stmt, &arena);
        hb_str json = hb_sql_get_blob(&stmt);
        status = hb_sql_check(&stmt, err);
        if (status == HB_OK) {
            status = visit(ctx, run_id, json, err);
        }
        if (status == HB_OK) {
            status = hb_sql_row(&stmt, &more, err);
        }
    }
    hb_arena_release(&arena);
    return status;
}
