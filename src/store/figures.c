/* SPDX-License-Identifier: Apache-2.0 */
/* The covering index run_metrics_figures answers the figures' query alone: rows with their sketches
 * and traces are never touched. */
#include "store/past.h"
#include "store/sql.h"

#include "base/mem.h"

#include <string.h>

struct hb_figures {
    hb_store *s;
    bool own; /* its transaction */
    hb_sql head;
    hb_sql factors;
    hb_sql rows;
    const char *run_id; /* of the run being read, in the caller's arena */
    uint64_t left;      /* metrics it must still have */
};

static hb_status damaged(const hb_figures *f, const char *what, hb_error *err)
{
    return HB_FAIL(err, HB_E_STORE,
                   "registry '%s' is damaged: run '%s' has %s; restore a backup or ingest the run "
                   "again into a new registry",
                   f->s->path, f->run_id, what);
}

static hb_status prepare(hb_figures *f, hb_error *err)
{
    HB_TRY(hb_sql_open(
        f->s,
        "SELECT r.id, r.run_id, r.program, r.subsystem, r.test_name, r.operating_mode,"
        " r.scenario_id, r.sensor_config_id, r.input_data_version, r.environment_fingerprint,"
        " r.environment, r.git_sha, r.build_id, r.source_system, r.schema_version,"
        " r.correlation_id, r.start_ns, r.end_ns, r.order_ns, r.digest, coalesce(d.status, ''),"
        " r.n_metrics, r.n_factors FROM runs r LEFT JOIN decisions d ON d.id = r.latest_decision"
        " WHERE r.run_id = ?",
        &f->head, err));
    HB_TRY(hb_sql_open(f->s, "SELECT name, value FROM run_factors WHERE run = ? ORDER BY name",
                       &f->factors, err));
    return hb_sql_open(f->s,
                       "SELECT name, unit, stated, reduce, has_value, value, n, m2, step FROM"
                       " run_metrics INDEXED BY run_metrics_figures WHERE run = ? ORDER BY name",
                       &f->rows, err);
}

hb_status hb_figures_open(hb_store *s, hb_figures **ret_figures, hb_error *err)
{
    hb_figures *f = hb_alloc_zero(sizeof *f);
    if (!f) {
        return HB_NOMEM(err);
    }
    f->s = s;
    f->run_id = "";
    hb_status status = hb_store_look(s, &f->own, err);
    if (status != HB_OK) {
        hb_free(f);
        return status;
    }
    status = prepare(f, err);
    if (status != HB_OK) {
        hb_figures_close(f);
        return status;
    }
    *ret_figures = f;
    return HB_OK;
}

void hb_figures_close(hb_figures *f)
{
    if (f) {
        hb_sql_close(&f->head);
        hb_sql_close(&f->factors);
        hb_sql_close(&f->rows);
        hb_store_looked(f->s, f->own);
        hb_free(f);
    }
}

static void restart(hb_sql *q)
{
    sqlite3_reset(q->stmt);
    q->param = 0;
}

static hb_status read_factors(hb_figures *f, int64_t id, uint64_t n, hb_arena *arena,
                              hb_run_meta *m, hb_error *err)
{
    if (n > HB_FACTORS_MAX) {
        return damaged(f, "an impossible number of factors", err);
    }
    hb_factor *list = n ? hb_arena_array(arena, (size_t)n, sizeof *list) : NULL;
    if (n && !list) {
        return HB_NOMEM(err);
    }
    restart(&f->factors);
    hb_sql_i64(&f->factors, id);
    for (uint64_t i = 0; i <= n; i++) {
        bool more = false;
        HB_TRY(hb_sql_row(&f->factors, &more, err));
        if (more != (i < n)) {
            return damaged(f, "another number of factors than it was stored with", err);
        }
        if (more) {
            list[i].name = hb_sql_get_text(&f->factors, arena);
            list[i].value = hb_sql_get_text(&f->factors, arena);
        }
    }
    m->factors = list;
    m->n_factors = (size_t)n;
    return hb_sql_check(&f->factors, err);
}

static hb_status read_head(hb_figures *f, hb_arena *arena, int64_t *ret_id, uint64_t *ret_factors,
                           hb_past_run *ret, hb_error *err)
{
    hb_sql *q = &f->head;
    hb_past_run run = {0};
    hb_run_meta *m = &run.meta;
    *ret_id = hb_sql_get_i64(q);
    const char **texts[] = {&m->run_id, &m->program, &m->subsystem, &m->test_name};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        *texts[i] = hb_sql_get_text(q, arena);
    }
    for (size_t i = 0; i < HB_CONTEXT_COUNT; i++) {
        m->context[i] = hb_sql_get_text(q, arena);
    }
    const char **more[] = {&m->git_sha, &m->build_id, &m->source_system, &m->schema_version,
                           &m->correlation_id};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        *more[i] = hb_sql_get_text(q, arena);
    }
    m->start = hb_sql_get_time(q);
    m->end = hb_sql_get_time(q);
    run.start = hb_sql_get_time(q);
    run.digest = hb_sql_get_text(q, arena);
    run.status = hb_sql_get_text(q, arena);
    run.run_id = m->run_id;
    f->left = hb_sql_get_u64(q);
    *ret_factors = hb_sql_get_u64(q);
    f->run_id = run.run_id;
    *ret = run;
    return hb_sql_check(q, err);
}

hb_status hb_figures_run(hb_figures *f, const char *run_id, hb_arena *arena, hb_past_run *ret_run,
                         hb_error *err)
{
    bool found = false;
    restart(&f->head);
    restart(&f->rows);
    hb_sql_text(&f->head, run_id);
    HB_TRY(hb_sql_row(&f->head, &found, err));
    if (!found) {
        return HB_FAIL(err, HB_E_STORE, "registry '%s' has no run '%s'; see 'hb runs list'",
                       f->s->path, run_id);
    }
    int64_t id = 0;
    uint64_t n_factors = 0;
    hb_past_run run = {0};
    HB_TRY(read_head(f, arena, &id, &n_factors, &run, err));
    HB_TRY(read_factors(f, id, n_factors, arena, &run.meta, err));
    hb_sql_i64(&f->rows, id);
    *ret_run = run;
    return HB_OK;
}

hb_status hb_figures_next(hb_figures *f, hb_past_figure *ret_figure, bool *ret_more, hb_error *err)
{
    hb_sql *q = &f->rows;
    HB_TRY(hb_sql_row(q, ret_more, err));
    if (*ret_more != (f->left > 0)) {
        return damaged(f, "another number of metrics than it was stored with", err);
    }
    if (!*ret_more) {
        return HB_OK;
    }
    f->left--;
    hb_past_figure x = {0};
    x.name = hb_sql_get_blob(q);
    x.unit = hb_sql_get_blob(q);
    x.stated = hb_sql_get_i64(q) != 0;
    char reduce[32] = "";
    hb_str word = hb_sql_get_blob(q);
    if (word.n < sizeof reduce && word.n) {
        memcpy(reduce, word.p, word.n);
    }
    x.has_value = hb_sql_get_i64(q) != 0;
    x.value = hb_sql_get_f64(q);
    x.n = hb_sql_get_u64(q);
    x.m2 = hb_sql_get_f64(q);
    x.step = hb_sql_get_step(q);
    HB_TRY(hb_sql_check(q, err));
    if (!hb_reduce_from_name(reduce, &x.reduce)) {
        return damaged(f, "a metric that cannot be read", err);
    }
    *ret_figure = x;
    return HB_OK;
}

hb_status hb_store_factor_names(hb_store *s, hb_arena *arena, const char ***ret_names,
                                size_t *ret_n, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    const char **names = NULL;
    size_t n = 0;
    size_t cap = 0;
    bool more = false;
    HB_TRY(
        hb_sql_open(s, "SELECT DISTINCT name FROM run_factors ORDER BY name LIMIT 1000", &q, err));
    HB_TRY(hb_sql_row(&q, &more, err));
    while (more) {
        HB_TRY(HB_ARENA_GROW(arena, names, n, cap, err));
        names[n++] = hb_sql_get_text(&q, arena);
        HB_TRY(hb_sql_row(&q, &more, err));
    }
    *ret_names = names;
    *ret_n = n;
    return HB_OK;
}
