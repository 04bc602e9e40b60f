/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/set_maker.h"

#include "base/map.h"
#include "base/mem.h"
#include "telemetry/run_builder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SET_MAX_BYTES = 1 << 30 };

typedef struct column { /* one metric while the set is read */
    hb_past_metric m;
    double *values;
    double *spreads;
    uint64_t *counts;
    const char *other_unit; /* of values left out; NULL = none */
    bool reduce_set;
    hb_reduce reduce;
} column;

struct hb_set_maker {
    const hb_run_set_ask *ask;
    hb_run_set set;
    column *columns;
    size_t cap;
    hb_map by_name;
    size_t n_left_out;
    char example[400];
};

static hb_status new_column(hb_set_maker *m, hb_str name, size_t *ret, hb_error *err)
{
    size_t n = m->set.n_metrics;
    size_t runs = m->set.n_runs;
    hb_arena *arena = &m->set.arena;
    HB_TRY(HB_GROW(m->columns, m->cap, n + 1, HB_RUN_MAX_METRICS, "metrics of a set of runs", err));
    column c = {.m = {.name = hb_arena_str(arena, name), .unit = ""},
                .values = hb_arena_array(arena, runs, sizeof *c.values),
                .spreads = hb_arena_array(arena, runs, sizeof *c.spreads),
                .counts = hb_arena_array(arena, runs, sizeof *c.counts)};
    if (!c.m.name || !c.values || !c.spreads || !c.counts) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < runs; i++) {
        c.values[i] = NAN;
        c.spreads[i] = NAN;
    }
    const hb_metric_def *def = m->ask->registry ? hb_registry_find(m->ask->registry, name) : NULL;
    const hb_metric *own = m->ask->run ? hb_run_metric(m->ask->run, name) : NULL;
    const char *unit = def && *def->unit ? def->unit : own ? own->unit : "";
    if (*unit) {
        c.m.unit = hb_arena_str(arena, hb_str_of(unit));
    }
    if (def && def->reduce_set) {
        c.reduce = def->reduce;
        c.reduce_set = true;
    } else if (own && !own->stated) {
        c.reduce = own->reduce;
        c.reduce_set = true;
    }
    HB_TRY(hb_map_put(&m->by_name, hb_str_of(c.m.name), n, err));
    m->columns[n] = c;
    m->set.n_metrics = n + 1;
    *ret = n;
    return c.m.unit ? HB_OK : HB_NOMEM(err);
}

static void leave_out(hb_set_maker *m, const char *run_id, const char *why, hb_str is,
                      const char *wanted, const char *metric)
{
    if (m->n_left_out++ == 0) {
        hb_buf text;
        hb_buf_init(&text, sizeof m->example);
        hb_buf_fmt(&text, "metric '%.80s' of run '%.80s' %s '%.*s', not '%.40s'", metric, run_id,
                   why, (int)(is.n < 40 ? is.n : 40), is.p ? is.p : "", wanted);
        if (hb_buf_check(&text, NULL) == HB_OK) {
            memcpy(m->example, text.p, text.n + 1);
        }
        hb_buf_release(&text);
    }
}

/* False when the value cannot stand beside the others. */
static bool fits(hb_set_maker *m, column *c, const hb_past_figure *x, const char *run_id,
                 hb_error *err, hb_status *ret_status)
{
    *ret_status = HB_OK;
    if (x->unit.n && !*c->m.unit) {
        c->m.unit = hb_arena_str(&m->set.arena, x->unit);
        *ret_status = c->m.unit ? HB_OK : HB_NOMEM(err);
        return c->m.unit != NULL;
    }
    if (x->unit.n && !hb_str_eq_c(x->unit, c->m.unit)) {
        leave_out(m, run_id, "is in", x->unit, c->m.unit, c->m.name);
        c->other_unit = c->other_unit ? c->other_unit : hb_arena_str(&m->set.arena, x->unit);
        *ret_status = c->other_unit ? HB_OK : HB_NOMEM(err);
        return false;
    }
    if (!x->stated && !c->reduce_set) {
        c->reduce = x->reduce;
        c->reduce_set = true;
    }
    if (!x->stated && x->reduce != c->reduce) {
        leave_out(m, run_id, "was reduced by", hb_str_of(hb_reduce_name(x->reduce)),
                  hb_reduce_name(c->reduce), c->m.name);
        return false;
    }
    return true;
}

hb_status hb_set_maker_add(hb_set_maker *m, size_t run, const hb_past_figure *x, hb_error *err)
{
    size_t index = 0;
    hb_status status = HB_OK;
    if (!hb_map_get(&m->by_name, x->name, &index)) {
        HB_TRY(new_column(m, x->name, &index, err));
    }
    column *c = &m->columns[index];
    if (!x->has_value || !isfinite(x->value) ||
        !fits(m, c, x, m->set.runs[run].run_id, err, &status)) {
        return status;
    }
    c->values[run] = x->value;
    c->m.n++;
    c->counts[run] = x->stated ? 0 : x->n;
    if (!x->stated && x->n >= 2 && x->m2 >= 0) {
        c->spreads[run] = sqrt(x->m2 / (double)(x->n - 1));
    }
    c->m.step = x->step > 0 && (c->m.step == 0 || x->step < c->m.step) ? x->step : c->m.step;
    return HB_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const hb_past_metric *)a)->name, ((const hb_past_metric *)b)->name);
}

static hb_status finish(hb_set_maker *m, hb_error *err)
{
    hb_run_set *set = &m->set;
    set->metrics =
        hb_arena_array(&set->arena, set->n_metrics ? set->n_metrics : 1, sizeof *set->metrics);
    if (!set->metrics) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < set->n_metrics; i++) {
        column *c = &m->columns[i];
        c->m.values = c->values;
        c->m.spreads = c->spreads;
        c->m.counts = c->counts;
        if (c->m.n == 0 && c->other_unit) {
            c->m.unit = c->other_unit;
        }
        set->metrics[i] = c->m;
    }
    qsort(set->metrics, set->n_metrics, sizeof *set->metrics, by_name);
    return hb_run_set_digest_of(set, set->digest, err);
}

static void tell(const hb_set_maker *m, hb_buf *note)
{
    if (note && m->n_left_out && !m->ask->history) {
        hb_buf_fmt(note, "%s, and is left out of the set", m->example);
        if (m->n_left_out > 1) {
            hb_buf_fmt(note, ", as are %zu more values", m->n_left_out - 1);
        }
    }
}

hb_status hb_set_maker_new(const hb_run_set_ask *ask, size_t n_runs, hb_set_maker **ret_maker,
                           hb_error *err)
{
    if (n_runs > HB_PAST_RUNS_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "a set of runs has at most %d, got %zu", HB_PAST_RUNS_MAX,
                       n_runs);
    }
    hb_set_maker *m = hb_alloc_zero(sizeof *m);
    if (!m) {
        return HB_NOMEM(err);
    }
    m->ask = ask;
    hb_run_set *set = &m->set;
    hb_arena_init(&set->arena, SET_MAX_BYTES);
    hb_map_init(&m->by_name, HB_RUN_MAX_METRICS);
    set->kind = ask->kind;
    set->version = hb_arena_str(&set->arena, hb_str_of(ask->version ? ask->version : ""));
    set->runs = hb_arena_array(&set->arena, n_runs ? n_runs : 1, sizeof *set->runs);
    set->n_runs = n_runs;
    if (!set->version || !set->runs) {
        hb_set_maker_free(m);
        return HB_NOMEM(err);
    }
    *ret_maker = m;
    return HB_OK;
}

void hb_set_maker_free(hb_set_maker *m)
{
    if (m) {
        hb_map_release(&m->by_name);
        hb_free(m->columns);
        hb_run_set_release(&m->set);
        hb_free(m);
    }
}

hb_arena *hb_set_maker_arena(hb_set_maker *m)
{
    return &m->set.arena;
}

void hb_set_maker_run(hb_set_maker *m, size_t i, const hb_past_run *run)
{
    m->set.runs[i] = *run;
}

hb_status hb_set_maker_finish(hb_set_maker *m, hb_run_set *ret_set, hb_buf *note, hb_error *err)
{
    HB_TRY(finish(m, err));
    tell(m, note);
    *ret_set = m->set;
    m->set = (hb_run_set){0};
    return HB_OK;
}

hb_past_figure hb_past_figure_of(const hb_metric *m)
{
    return (hb_past_figure){.name = hb_str_of(m->name),
                            .unit = hb_str_of(m->unit),
                            .stated = m->stated,
                            .reduce = m->reduce,
                            .has_value = m->has_value,
                            .value = m->value,
                            .n = m->profile.moments.n,
                            .m2 = m->profile.moments.m2,
                            .step = m->step > 0 ? m->step : 0};
}
