/* SPDX-License-Identifier: Apache-2.0 */
/* Listing runs: the statement is put together from the fields the query sets, so that SQLite can
 * use the index of each. */
#include "base/buf.h"
#include "store/sql.h"

#include <string.h>

enum { SQL_MAX_BYTES = 8192, DEFAULT_LIMIT = 1000, MAX_TERMS = 16 };

static const char *const context_columns[HB_CONTEXT_COUNT] = {
    [HB_CONTEXT_OPERATING_MODE] = "operating_mode",
    [HB_CONTEXT_SCENARIO_ID] = "scenario_id",
    [HB_CONTEXT_SENSOR_CONFIG_ID] = "sensor_config_id",
    [HB_CONTEXT_INPUT_DATA_VERSION] = "input_data_version",
    [HB_CONTEXT_ENVIRONMENT_FINGERPRINT] = "environment_fingerprint",
    [HB_CONTEXT_ENVIRONMENT] = "environment",
};

typedef struct term {
    const char *sql;
    size_t offset; /* of the value in hb_run_query */
} term;

static const term terms[] = {
    {"r.program = ?", offsetof(hb_run_query, program)},
    {"r.subsystem = ?", offsetof(hb_run_query, subsystem)},
    {"r.test_name = ?", offsetof(hb_run_query, test_name)},
    {"r.run_id = ?", offsetof(hb_run_query, run_id)},
    {"coalesce(d.status, '') = ?", offsetof(hb_run_query, status)},
    {"r.run_id <> ?", offsetof(hb_run_query, except_run_id)},
    {"coalesce(d.status, '') <> ?", offsetof(hb_run_query, except_status)},
    {"r.digest <> ?", offsetof(hb_run_query, except_digest)},
};

static const char *value_at(const hb_run_query *q, size_t offset)
{
    const char *value = NULL;
    memcpy(&value, (const char *)q + offset, sizeof value);
    return value;
}

/* Parameters in the order they stand in the statement. */
typedef struct params {
    const char *values[HB_CONTEXT_COUNT + MAX_TERMS];
    size_t n;
} params;

static void write_score(const hb_run_query *q, hb_buf *sql, params *p)
{
    hb_buf_c(sql, "(0");
    for (size_t i = 0; i < HB_CONTEXT_COUNT; i++) {
        if (q->context[i]) {
            hb_buf_fmt(sql, " + (r.%s = ?)", context_columns[i]);
            p->values[p->n++] = q->context[i];
        }
    }
    hb_buf_c(sql, ") AS score");
}

static hb_status write_query(const hb_run_query *q, hb_buf *sql, params *p, hb_error *err)
{
    hb_buf_c(sql, "SELECT r.run_id, r.program, r.subsystem, r.test_name, r.operating_mode,"
                  " r.scenario_id, r.sensor_config_id, r.input_data_version,"
                  " r.environment_fingerprint, r.environment, r.source_system,"
                  " coalesce(d.status, ''), coalesce(d.baseline_run_id, ''), r.digest,"
                  " r.start_ns, r.created_ns, r.order_ns, r.n_metrics, ");
    write_score(q, sql, p);
    hb_buf_c(sql, " FROM runs r LEFT JOIN decisions d ON d.id = r.latest_decision WHERE 1");
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        const char *value = value_at(q, terms[i].offset);
        if (value) {
            hb_buf_fmt(sql, " AND %s", terms[i].sql);
            p->values[p->n++] = value;
        }
    }
    if (q->before_run_id) {
        hb_buf_fmt(sql, " AND (r.order_ns, r.run_id) < (%lld, ?)", (long long)q->before);
        p->values[p->n++] = q->before_run_id;
    }
    if (q->min_score) {
        hb_buf_fmt(sql, " AND score >= %u", q->min_score);
    }
    hb_buf_fmt(sql, " ORDER BY %sr.order_ns DESC, r.run_id DESC LIMIT ?",
               q->best_score_first ? "score DESC, " : "");
    return hb_buf_check(sql, err);
}

static void get_row(hb_sql *q, hb_arena *arena, hb_run_row *row)
{
    *row = (hb_run_row){0};
    row->run_id = hb_sql_get_text(q, arena);
    row->program = hb_sql_get_text(q, arena);
    row->subsystem = hb_sql_get_text(q, arena);
    row->test_name = hb_sql_get_text(q, arena);
    for (size_t i = 0; i < HB_CONTEXT_COUNT; i++) {
        row->context[i] = hb_sql_get_text(q, arena);
    }
    row->source_system = hb_sql_get_text(q, arena);
    row->status = hb_sql_get_text(q, arena);
    row->baseline = hb_sql_get_text(q, arena);
    row->digest = hb_sql_get_text(q, arena);
    row->start = hb_sql_get_time(q);
    row->created = hb_sql_get_time(q);
    row->order = hb_sql_get_i64(q);
    row->n_metrics = hb_sql_get_u64(q);
    row->score = (unsigned)hb_sql_get_u64(q);
}

static hb_status get_rows(hb_sql *q, hb_arena *arena, hb_run_row **ret_rows, size_t *ret_n,
                          hb_error *err)
{
    hb_run_row *rows = NULL;
    size_t n = 0;
    size_t cap = 0;
    bool more = false;
    HB_TRY(hb_sql_row(q, &more, err));
    while (more) {
        HB_TRY(HB_ARENA_GROW(arena, rows, n, cap, err));
        get_row(q, arena, &rows[n++]);
        HB_TRY(hb_sql_row(q, &more, err));
    }
    *ret_rows = rows;
    *ret_n = n;
    return HB_OK;
}

static hb_status run_query(hb_store *s, const hb_run_query *q, hb_buf *sql, hb_arena *arena,
                           hb_run_row **ret_rows, size_t *ret_n, hb_error *err)
{
    params p = {.n = 0};
    HB_TRY(write_query(q, sql, &p, err));
    HB_CLEANUP(hb_sql_close) hb_sql stmt = {0};
    HB_TRY(hb_sql_open(s, sql->p, &stmt, err));
    for (size_t i = 0; i < p.n; i++) {
        hb_sql_text(&stmt, p.values[i]);
    }
    hb_sql_u64(&stmt, q->limit ? q->limit : DEFAULT_LIMIT);
    return get_rows(&stmt, arena, ret_rows, ret_n, err);
}

hb_status hb_store_list_runs(hb_store *s, const hb_run_query *q, hb_arena *arena,
                             hb_run_row **ret_rows, size_t *ret_n, hb_error *err)
{
    static const hb_run_query everything = {0};
    hb_buf sql;
    hb_buf_init(&sql, SQL_MAX_BYTES);
    hb_status status = run_query(s, q ? q : &everything, &sql, arena, ret_rows, ret_n, err);
    hb_buf_release(&sql);
    return status;
}
