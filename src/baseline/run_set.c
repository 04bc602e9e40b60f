/* SPDX-License-Identifier: Apache-2.0 */
/* Runs are read newest first, so that the newest settles the unit of a metric that neither registry
 * nor run know; they stand oldest first. */
#include "baseline/run_set.h"

#include "base/map.h"
#include "base/mem.h"

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

typedef struct loader {
    const hb_run_set_ask *ask;
    hb_run_set set;
    column *columns;
    size_t cap;
    hb_map by_name;
    size_t n_left_out;
    char example[400];
} loader;

static hb_status new_column(loader *l, hb_str name, size_t *ret, hb_error *err)
{
    size_t n = l->set.n_metrics;
    size_t runs = l->set.n_runs;
    hb_arena *arena = &l->set.arena;
    HB_TRY(HB_GROW(l->columns, l->cap, n + 1, HB_RUN_MAX_METRICS, "metrics of a set of runs", err));
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
    const hb_metric_def *def = l->ask->registry ? hb_registry_find(l->ask->registry, name) : NULL;
    const hb_metric *own = l->ask->run ? hb_run_metric(l->ask->run, name) : NULL;
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
    HB_TRY(hb_map_put(&l->by_name, hb_str_of(c.m.name), n, err));
    l->columns[n] = c;
    l->set.n_metrics = n + 1;
    *ret = n;
    return c.m.unit ? HB_OK : HB_NOMEM(err);
}

static void leave_out(loader *l, const char *run_id, const char *why, hb_str is, const char *wanted,
                      const char *metric)
{
    if (l->n_left_out++ == 0) {
        hb_buf text;
        hb_buf_init(&text, sizeof l->example);
        hb_buf_fmt(&text, "metric '%.80s' of run '%.80s' %s '%.*s', not '%.40s'", metric, run_id,
                   why, (int)(is.n < 40 ? is.n : 40), is.p ? is.p : "", wanted);
        if (hb_buf_check(&text, NULL) == HB_OK) {
            memcpy(l->example, text.p, text.n + 1);
        }
        hb_buf_release(&text);
    }
}

/* False when the value cannot stand beside the others. */
static bool fits(loader *l, column *c, const hb_figure *x, const char *run_id, hb_error *err,
                 hb_status *ret_status)
{
    *ret_status = HB_OK;
    if (x->unit.n && !*c->m.unit) {
        c->m.unit = hb_arena_str(&l->set.arena, x->unit);
        *ret_status = c->m.unit ? HB_OK : HB_NOMEM(err);
        return c->m.unit != NULL;
    }
    if (x->unit.n && !hb_str_eq_c(x->unit, c->m.unit)) {
        leave_out(l, run_id, "is in", x->unit, c->m.unit, c->m.name);
        c->other_unit = c->other_unit ? c->other_unit : hb_arena_str(&l->set.arena, x->unit);
        *ret_status = c->other_unit ? HB_OK : HB_NOMEM(err);
        return false;
    }
    if (!x->stated && !c->reduce_set) {
        c->reduce = x->reduce;
        c->reduce_set = true;
    }
    if (!x->stated && x->reduce != c->reduce) {
        leave_out(l, run_id, "was reduced by", hb_str_of(hb_reduce_name(x->reduce)),
                  hb_reduce_name(c->reduce), c->m.name);
        return false;
    }
    return true;
}

static hb_status put(loader *l, size_t run, const hb_figure *x, hb_error *err)
{
    size_t index = 0;
    hb_status status = HB_OK;
    if (!hb_map_get(&l->by_name, x->name, &index)) {
        HB_TRY(new_column(l, x->name, &index, err));
    }
    column *c = &l->columns[index];
    if (!x->has_value || !isfinite(x->value) ||
        !fits(l, c, x, l->set.runs[run].run_id, err, &status)) {
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

static hb_status read_runs(loader *l, hb_figures *f, const char *const *run_ids, size_t n,
                           hb_error *err)
{
    for (size_t i = n; i-- > 0;) {
        bool more = false;
        hb_figure x = {0};
        HB_TRY(hb_figures_run(f, run_ids[i], &l->set.arena, &l->set.runs[i], err));
        HB_TRY(hb_figures_next(f, &x, &more, err));
        while (more) {
            HB_TRY(put(l, i, &x, err));
            HB_TRY(hb_figures_next(f, &x, &more, err));
        }
    }
    return HB_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const hb_past_metric *)a)->name, ((const hb_past_metric *)b)->name);
}

static hb_status finish(loader *l, hb_error *err)
{
    hb_run_set *set = &l->set;
    set->metrics =
        hb_arena_array(&set->arena, set->n_metrics ? set->n_metrics : 1, sizeof *set->metrics);
    if (!set->metrics) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < set->n_metrics; i++) {
        column *c = &l->columns[i];
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

static void tell(const loader *l, hb_buf *note)
{
    if (note && l->n_left_out && !l->ask->history) {
        hb_buf_fmt(note, "%s, and is left out of the set", l->example);
        if (l->n_left_out > 1) {
            hb_buf_fmt(note, ", as are %zu more values", l->n_left_out - 1);
        }
    }
}

static hb_status load(loader *l, hb_store *s, const char *const *run_ids, size_t n, hb_error *err)
{
    hb_run_set *set = &l->set;
    set->kind = l->ask->kind;
    set->version = hb_arena_str(&set->arena, hb_str_of(l->ask->version ? l->ask->version : ""));
    set->runs = hb_arena_array(&set->arena, n ? n : 1, sizeof *set->runs);
    if (!set->version || !set->runs) {
        return HB_NOMEM(err);
    }
    set->n_runs = n;
    hb_figures *f = NULL;
    HB_TRY(hb_figures_open(s, &f, err));
    hb_status status = read_runs(l, f, run_ids, n, err);
    hb_figures_close(f);
    return status == HB_OK ? finish(l, err) : status;
}

hb_status hb_run_set_load(hb_store *s, const hb_run_set_ask *ask, const char *const *run_ids,
                          size_t n, hb_run_set *ret_set, hb_buf *note, hb_error *err)
{
    if (n > HB_PAST_RUNS_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "a set of runs has at most %d, got %zu", HB_PAST_RUNS_MAX,
                       n);
    }
    loader l = {.ask = ask};
    hb_arena_init(&l.set.arena, SET_MAX_BYTES);
    hb_map_init(&l.by_name, HB_RUN_MAX_METRICS);
    hb_status status = load(&l, s, run_ids, n, err);
    hb_map_release(&l.by_name);
    hb_free(l.columns);
    if (status != HB_OK) {
        hb_run_set_release(&l.set);
        return status;
    }
    tell(&l, note);
    *ret_set = l.set;
    return HB_OK;
}
