/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/reference.h"

#include "base/map.h"
#include "base/mem.h"
#include "telemetry/run_digest.h"

#include <stdlib.h>
#include <string.h>

enum { POOL_MAX_BYTES = 1 << 30, POOL_MAX_METRICS = 1000000 };

static const char *const match_names[HB_MATCH_COUNT_] = {
    [HB_MATCH_NONE] = "NONE", [HB_MATCH_LOW] = "LOW", [HB_MATCH_MED] = "MED",
    [HB_MATCH_HIGH] = "HIGH", [HB_MATCH_TAG] = "TAG", [HB_MATCH_FILES] = "FILES",
};

const char *hb_match_name(hb_match_level m)
{
    return (unsigned)m < HB_MATCH_COUNT_ ? match_names[m] : "?";
}

/* Every text of the pool is copied: the runs it is made from may be freed before it. */
static hb_status keep(hb_run *pool, const char **text, hb_error *err)
{
    *text = hb_arena_str(&pool->arena, hb_str_of(*text));
    return *text ? HB_OK : HB_NOMEM(err);
}

static hb_status keep_meta(hb_run *pool, const hb_run *from, hb_error *err)
{
    hb_run_meta *m = &pool->meta;
    *m = from->meta;
    m->run_id = "pool";
    const char **texts[] = {&m->run_id,        &m->program,        &m->subsystem,
                            &m->test_name,     &m->git_sha,        &m->build_id,
                            &m->source_system, &m->schema_version, &m->correlation_id};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        HB_TRY(keep(pool, texts[i], err));
    }
    for (size_t i = 0; i < HB_CONTEXT_COUNT; i++) {
        HB_TRY(keep(pool, &m->context[i], err));
    }
    hb_factor *factors = hb_arena_array(&pool->arena, m->n_factors + 1, sizeof *factors);
    if (!factors) {
        return HB_NOMEM(err);
    }
    m->factors = factors;
    for (size_t i = 0; i < m->n_factors; i++) {
        factors[i] = from->meta.factors[i];
        HB_TRY(keep(pool, &factors[i].name, err));
        HB_TRY(keep(pool, &factors[i].value, err));
    }
    return HB_OK;
}

static hb_status keep_input(hb_run *pool, hb_input_file f, hb_error *err)
{
    HB_TRY(keep(pool, &f.path, err));
    HB_TRY(keep(pool, &f.name, err));
    HB_TRY(keep(pool, &f.format, err));
    HB_TRY(keep(pool, &f.layout, err));
    f.guesses = NULL;
    f.n_guesses = 0;
    f.rejects = NULL;
    f.n_rejects = 0;
    pool->inputs[pool->n_inputs++] = f;
    return HB_OK;
}

static hb_status keep_inputs(hb_run *pool, const hb_run *const *runs, size_t n, hb_error *err)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++) {
        total += runs[i]->n_inputs;
    }
    pool->inputs = hb_arena_array(&pool->arena, total + 1, sizeof *pool->inputs);
    if (!pool->inputs) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < runs[i]->n_inputs; k++) {
            HB_TRY(keep_input(pool, runs[i]->inputs[k], err));
        }
    }
    return HB_OK;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
    qsort(v, n, sizeof *v, by_value);
    double low = v[(n - 1) / 2];
    double high = v[n / 2];
    return n % 2 ? high : low + (high - low) / 2;
}

static hb_status pool_metric(hb_run *pool, hb_metric *to, const char *name,
                             const hb_run *const *runs, size_t n, double *values, hb_error *err)
{
    size_t n_values = 0;
    bool first = true;
    hb_profile_init(&to->profile, 0);
    for (size_t i = 0; i < n; i++) {
        const hb_metric *m = hb_run_metric(runs[i], hb_str_of(name));
        if (!m) {
            continue;
        }
        if (first) {
            hb_profile empty = to->profile;
            *to = *m;
            to->profile = empty;
            to->n_reject_examples = 0;
            to->rejects = NULL;
            HB_TRY(keep(pool, &to->name, err));
            HB_TRY(keep(pool, &to->raw_name, err));
            HB_TRY(keep(pool, &to->unit, err));
            HB_TRY(keep(pool, &to->raw_unit, err));
            first = false;
        } else if (!*to->unit) { /* a run that states none is taken to mean the others' */
            to->unit = m->unit;
            HB_TRY(keep(pool, &to->unit, err));
        } else if (*m->unit && strcmp(to->unit, m->unit) != 0) {
            return HB_FAIL(
                err, HB_E_INPUT,
                "metric '%s' is in '%.60s' in one baseline run and in '%.60s' in another", name,
                to->unit, m->unit);
        }
        to->stated = to->stated && m->stated;
        to->step = m->step > 0 && (to->step == 0 || m->step < to->step) ? m->step : to->step;
        if (m->has_value) {
            values[n_values++] = m->value;
        }
        HB_TRY(hb_profile_merge(&to->profile, &m->profile, err));
    }
    to->has_value = n_values > 0;
    to->value = n_values ? median(values, n_values) : 0;
    return HB_OK;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of all runs, sorted, each once. */
static hb_status all_names(const hb_run *const *runs, size_t n, const char ***ret, size_t *ret_n,
                           hb_error *err)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++) {
        total += runs[i]->n_metrics;
    }
    const char **names = hb_alloc_array(total ? total : 1, sizeof *names);
    if (!names) {
        return HB_NOMEM(err);
    }
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < runs[i]->n_metrics; k++) {
            names[at++] = runs[i]->metrics[k].name;
        }
    }
    qsort(names, at, sizeof *names, by_text);
    size_t kept = 0;
    for (size_t i = 0; i < at; i++) {
        if (!kept || strcmp(names[kept - 1], names[i]) != 0) {
            names[kept++] = names[i];
        }
    }
    *ret = names;
    *ret_n = kept;
    return HB_OK;
}

static hb_status fill_pool(hb_run *pool, const hb_run *const *runs, size_t n, const char **names,
                           size_t n_names, double *values, hb_error *err)
{
    HB_TRY(keep_meta(pool, runs[0], err));
    HB_TRY(keep_inputs(pool, runs, n, err));
    pool->metrics = hb_arena_array(&pool->arena, n_names ? n_names : 1, sizeof *pool->metrics);
    if (!pool->metrics) {
        return HB_NOMEM(err);
    }
    pool->t_first = HB_TIME_NONE;
    pool->t_last = HB_TIME_NONE;
    for (size_t i = 0; i < n; i++) {
        bool earlier = runs[i]->t_first != HB_TIME_NONE &&
                       (pool->t_first == HB_TIME_NONE || runs[i]->t_first < pool->t_first);
        pool->t_first = earlier ? runs[i]->t_first : pool->t_first;
        pool->t_last = runs[i]->t_last > pool->t_last ? runs[i]->t_last : pool->t_last;
    }
    for (size_t i = 0; i < n_names; i++) {
        pool->n_metrics = i + 1; /* so that a failure frees what was begun */
        HB_TRY(pool_metric(pool, &pool->metrics[i], names[i], runs, n, values, err));
    }
    return hb_run_set_digest(pool, err);
}

hb_status hb_run_pool(const hb_run *const *runs, size_t n, hb_run **ret_run, hb_error *err)
{
    if (n == 0) {
        return HB_FAIL(err, HB_E_BUG, "a pool of no runs");
    }
    hb_run *pool = hb_alloc_zero(sizeof *pool);
    double *values = hb_alloc_array(n, sizeof *values);
    const char **names = NULL;
    size_t n_names = 0;
    hb_status status = pool && values ? all_names(runs, n, &names, &n_names, err) : HB_NOMEM(err);
    if (status == HB_OK) {
        hb_arena_init(&pool->arena, POOL_MAX_BYTES);
        status = fill_pool(pool, runs, n, names, n_names, values, err);
    }
    hb_free(values);
    hb_free(names);
    if (status != HB_OK) {
        hb_run_free(pool);
        return status;
    }
    *ret_run = pool;
    return HB_OK;
}
