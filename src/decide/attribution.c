/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/attribution.h"

#include "base/mem.h"
#include "decide/findings.h"
#include "stats/variance_components.h"
#include "telemetry/factors.h"

#include <math.h>
#include <string.h>

enum { ATTRIBUTOR_MAX_BYTES = 16 << 20, TEXT_MAX_BYTES = 4000 };

/* A p under which a factor is said to go with the spread, and a part of the shift with it. */
#define SIGN 0.05

typedef struct factor {
    const char *name;
    uint16_t *levels; /* of each run looked at */
    const char **level_names;
    size_t n_levels;
    const char *last;    /* the last run's level; "" = not stated */
    uint16_t last_level; /* HB_DESIGN_UNSTATED = not among those of the set */
    uint16_t *chosen;    /* of the runs of the present design */
} factor;

struct hb_attributor {
    hb_arena arena;
    const hb_run_set *set;
    const hb_run_meta *last;
    size_t first; /* run of the set that is looked at first */
    size_t n_runs;
    factor factors[HB_DESIGN_FACTORS];
    size_t n_factors;
    hb_design *design; /* of the runs below */
    size_t *runs;      /* counted from `first` */
    size_t n_in_design;
    size_t *wanted;
    double *y;
};

static void take_name(hb_attributor *a, const char *name)
{
    size_t at = 0;
    while (at < a->n_factors && strcmp(a->factors[at].name, name) < 0) {
        at++;
    }
    bool known = at < a->n_factors && strcmp(a->factors[at].name, name) == 0;
    if (known || a->n_factors == HB_DESIGN_FACTORS) {
        return;
    }
    memmove(&a->factors[at + 1], &a->factors[at], (a->n_factors - at) * sizeof *a->factors);
    a->factors[at] = (factor){.name = name};
    a->n_factors++;
}

static void take_names(hb_attributor *a, const hb_run_meta *meta)
{
    for (size_t i = 0; i < meta->n_factors; i++) {
        take_name(a, meta->factors[i].name);
    }
}

static uint16_t level_of(factor *f, const char *text, bool add)
{
    for (size_t i = 0; i < f->n_levels; i++) {
        if (strcmp(f->level_names[i], text) == 0) {
            return (uint16_t)i;
        }
    }
    if (!add || !*text) {
        return HB_DESIGN_UNSTATED;
    }
    f->level_names[f->n_levels] = text;
    return (uint16_t)f->n_levels++;
}

static hb_status level_text(hb_attributor *a, const hb_run_meta *meta, hb_time start,
                            const char *name, const char **ret, hb_error *err)
{
    char day[HB_FACTOR_DAY_TEXT];
    const char *text = hb_factor_level(meta, start, name, day);
    *ret = text == day ? hb_arena_str(&a->arena, hb_str_of(day)) : text;
    return *ret ? HB_OK : HB_NOMEM(err);
}

static hb_status fill_factor(hb_attributor *a, factor *f, hb_time last_start, hb_error *err)
{
    size_t n = a->n_runs + 1;
    f->levels = hb_arena_array(&a->arena, n, sizeof *f->levels);
    f->chosen = hb_arena_array(&a->arena, n, sizeof *f->chosen);
    f->level_names = hb_arena_array(&a->arena, n, sizeof *f->level_names);
    if (!f->levels || !f->chosen || !f->level_names) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < a->n_runs; i++) {
        const hb_past_run *r = &a->set->runs[a->first + i];
        const char *text = "";
        HB_TRY(level_text(a, &r->meta, r->start, f->name, &text, err));
        f->levels[i] = level_of(f, text, true);
    }
    f->last = "";
    if (a->last) {
        HB_TRY(level_text(a, a->last, last_start, f->name, &f->last, err));
    }
    f->last_level = level_of(f, f->last, false);
    return HB_OK;
}

static bool stated(const factor *f)
{
    return f->n_levels || *f->last;
}

static hb_status fill(hb_attributor *a, hb_time last_start, hb_error *err)
{
    take_name(a, "build");
    take_name(a, "day");
    for (size_t i = 0; i < a->n_runs; i++) {
        take_names(a, &a->set->runs[a->first + i].meta);
    }
    if (a->last) {
        take_names(a, a->last);
    }
    size_t n = 0;
    for (size_t i = 0; i < a->n_factors; i++) {
        HB_TRY(fill_factor(a, &a->factors[i], last_start, err));
        if (stated(&a->factors[i])) {
            a->factors[n++] = a->factors[i];
        }
    }
    a->n_factors = n;
    a->runs = hb_arena_array(&a->arena, a->n_runs + 1, sizeof *a->runs);
    a->wanted = hb_arena_array(&a->arena, a->n_runs + 1, sizeof *a->wanted);
    a->y = hb_arena_array(&a->arena, a->n_runs + 1, sizeof *a->y);
    return a->runs && a->wanted && a->y ? HB_OK : HB_NOMEM(err);
}

hb_status hb_attributor_new(const hb_run_set *set, const hb_run_meta *last, hb_time last_start,
                            hb_attributor **ret, hb_error *err)
{
    hb_attributor *a = hb_alloc_zero(sizeof *a);
    if (!a) {
        return HB_NOMEM(err);
    }
    hb_arena_init(&a->arena, ATTRIBUTOR_MAX_BYTES);
    a->set = set;
    a->last = last;
    a->first = set->n_runs > HB_DESIGN_RUNS ? set->n_runs - HB_DESIGN_RUNS : 0;
    a->n_runs = set->n_runs - a->first;
    hb_status status = fill(a, last_start, err);
    if (status != HB_OK) {
        hb_attributor_free(a);
        return status;
    }
    *ret = a;
    return HB_OK;
}

void hb_attributor_free(hb_attributor *a)
{
    if (a) {
        hb_design_free(a->design);
        hb_arena_release(&a->arena);
        hb_free(a);
    }
}

/* The design of the runs that have a value, made anew only when these are others. */
static hb_status prepare(hb_attributor *a, const hb_past_metric *m, hb_error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < a->n_runs; i++) {
        double v = m->values[a->first + i];
        if (isfinite(v)) {
            a->wanted[n] = i;
            a->y[n++] = v;
        }
    }
    if (a->design && n == a->n_in_design && memcmp(a->wanted, a->runs, n * sizeof *a->runs) == 0) {
        return HB_OK;
    }
    hb_design_factor factors[HB_DESIGN_FACTORS];
    for (size_t f = 0; f < a->n_factors; f++) {
        for (size_t i = 0; i < n; i++) {
            a->factors[f].chosen[i] = a->factors[f].levels[a->wanted[i]];
        }
        factors[f] = (hb_design_factor){a->factors[f].chosen, a->factors[f].n_levels};
    }
    hb_design_free(a->design);
    a->design = NULL;
    memcpy(a->runs, a->wanted, n * sizeof *a->runs);
    a->n_in_design = n;
    return hb_design_new(factors, a->n_factors, n, &a->design, err);
}

static size_t levels_seen(const hb_attributor *a, const factor *f)
{
    size_t n = 0;
    for (size_t level = 0; level < f->n_levels; level++) {
        for (size_t i = 0; i < a->n_in_design; i++) {
            if (f->chosen[i] == level) {
                n++;
                break;
            }
        }
    }
    return n;
}

static bool seen(const hb_attributor *a, const factor *f)
{
    for (size_t i = 0; i < a->n_in_design && f->last_level != HB_DESIGN_UNSTATED; i++) {
        if (f->chosen[i] == f->last_level) {
            return true;
        }
    }
    return false;
}

static void put_confounders(const hb_attributor *a, size_t of, hb_buf *out)
{
    for (size_t g = 0; g < a->n_factors; g++) {
        if (hb_design_confounds(a->design, of, g)) {
            hb_buf_fmt(out, "%s%s", out->n ? ", " : "", a->factors[g].name);
        }
    }
}

typedef struct telling {
    const hb_attributor *a;
    const hb_past_metric *metric;
    const hb_components *c;
    size_t f;
    hb_opt_f64 value;
    bool seen; /* the last run's level */
} telling;

/* What is known of the last run's level when the design says nothing of the factor. */
static void put_last_level(const telling *t, hb_buf *out)
{
    const factor *f = &t->a->factors[t->f];
    if (!t->value.set || !*f->last) {
        return;
    }
    hb_buf_fmt(out,
               t->seen ? "; this run's %s was among them" : "; this run's %s was not among them",
               f->last);
}

static void put_why_not(const telling *t, const hb_attribution *row, hb_buf *out)
{
    const hb_attributor *a = t->a;
    const factor *f = &a->factors[t->f];
    size_t n = a->n_in_design;
    hb_buf_fmt(out, "%s: ", f->name);
    switch (t->c->factor[t->f].why) {
    case HB_FACTOR_TOLD:
    case HB_FACTOR_WHY_COUNT_:
        break;
    case HB_FACTOR_UNSTATED:
        hb_buf_fmt(out, "not stated by every one of the %zu runs, so it was not looked at", n);
        break;
    case HB_FACTOR_ONE_LEVEL:
        hb_buf_fmt(out, "%s in all %zu runs, so what goes with it cannot be told",
                   n && f->chosen[0] < f->n_levels ? f->level_names[f->chosen[0]] : "the same", n);
        put_last_level(t, out);
        break;
    case HB_FACTOR_UNREPEATED:
        hb_buf_fmt(out, "%zu different in %zu runs, so it cannot be told from chance", row->levels,
                   n);
        break;
    case HB_FACTOR_CONFOUNDED:
        hb_buf_fmt(out, "cannot be told from %s in these %zu runs", row->confounded, n);
        {
            const hb_component *both = &t->c->factor[hb_design_group(a->design, t->f)];
            if (both->dof > 0) {
                hb_buf_fmt(out, "; together %.3g %% of the spread of %s goes with them (p = %.2g)",
                           100 * both->share, t->metric->name, both->p);
            }
        }
        put_last_level(t, out);
        break;
    case HB_FACTOR_FEW_RUNS:
        hb_buf_fmt(out, "%zu runs are too few to tell the stated factors from chance", n);
        break;
    case HB_FACTOR_CONSTANT:
        hb_buf_fmt(out, "%s is the same in all %zu runs", t->metric->name, n);
        break;
    }
}

static void put_told(const telling *t, const hb_attribution *row, hb_buf *out)
{
    const factor *f = &t->a->factors[t->f];
    char part[HB_FIGURE_TEXT];
    char whole[HB_FIGURE_TEXT];
    size_t n = t->a->n_in_design;
    if (row->p < SIGN) {
        hb_buf_fmt(out, "%s: %.3g %% of the spread of %s between %zu runs goes with it (p = %.2g)",
                   f->name, 100 * row->variance_share, t->metric->name, n, row->p);
    } else {
        hb_buf_fmt(out, "%s: no sign that %s goes with it (%zu levels in %zu runs, p = %.2g)",
                   f->name, t->metric->name, row->levels, n, row->p);
    }
    if (row->p < SIGN && hb_design_in_order(t->a->design, t->f)) {
        hb_buf_c(out, "; its levels follow one another, so a drift with time looks the same");
    }
    if (row->shift.set) {
        hb_figure(fabs(row->shift.v), t->metric->unit, part);
        hb_figure(fabs(t->value.v - t->c->mean), t->metric->unit, whole);
        hb_buf_fmt(out, "; runs with %s are %s %s the mean, this run %s %s", f->last, part,
                   row->shift.v < 0 ? "below" : "above", whole,
                   t->value.v < t->c->mean ? "below" : "above");
    } else if (t->value.set && *f->last && !t->seen) {
        hb_buf_fmt(out,
                   "; %s is new with this run, so whether the shift comes with it cannot be told",
                   f->last);
    }
}

static hb_status keep(hb_buf *b, hb_arena *arena, const char **ret, hb_error *err)
{
    *ret = hb_arena_strndup(arena, b->p, hb_utf8_valid_prefix((hb_str){b->p, b->n}));
    hb_buf_clear(b);
    return *ret ? HB_OK : HB_NOMEM(err);
}

static hb_status fill_row(hb_attributor *a, telling *t, hb_buf *b, hb_arena *arena,
                          hb_attribution *row, hb_error *err)
{
    const factor *f = &a->factors[t->f];
    const hb_component *c = &t->c->factor[t->f];
    t->seen = seen(a, f);
    *row = (hb_attribution){.metric = t->metric->name,
                            .factor = f->name,
                            .levels = levels_seen(a, f),
                            .told = c->why == HB_FACTOR_TOLD,
                            .p = 1};
    row->level = hb_arena_str(arena, hb_str_of(f->last)); /* a day's text is the attributor's */
    if (!row->level) {
        return HB_NOMEM(err);
    }
    if (row->told) {
        row->variance_share = c->share;
        row->p = c->p;
    }
    if (row->told && row->p < SIGN && t->value.set && t->seen) {
        row->shift = (hb_opt_f64){true, hb_design_effect(a->design, t->c, t->f, f->last_level)};
    }
    row->level = hb_arena_str(arena, hb_str_of(f->last)); /* a day's text is the attributor's */
    if (!row->level) {
        return HB_NOMEM(err);
    }
    put_confounders(a, t->f, b);
    HB_TRY(keep(b, arena, &row->confounded, err));
    if (row->told) {
        put_told(t, row, b);
    } else {
        put_why_not(t, row, b);
    }
    return keep(b, arena, &row->text, err);
}

hb_status hb_attributor_metric(hb_attributor *a, const hb_past_metric *metric, hb_opt_f64 value,
                               hb_arena *arena, hb_attribution **ret_rows, size_t *ret_n,
                               hb_error *err)
{
    HB_TRY(prepare(a, metric, err));
    hb_attribution *rows = hb_arena_array(arena, a->n_factors + 1, sizeof *rows);
    if (!rows) {
        return HB_NOMEM(err);
    }
    hb_components c;
    hb_design_fit(a->design, a->y, &c);
    telling t = {.a = a, .metric = metric, .c = &c, .value = value};
    hb_buf b;
    hb_buf_init(&b, TEXT_MAX_BYTES);
    hb_status status = HB_OK;
    for (; status == HB_OK && t.f < a->n_factors; t.f++) {
        status = fill_row(a, &t, &b, arena, &rows[t.f], err);
    }
    hb_buf_release(&b);
    *ret_rows = status == HB_OK ? rows : *ret_rows;
    *ret_n = status == HB_OK ? a->n_factors : *ret_n;
    return status;
}

static bool wanted(const hb_comparison *c)
{
    return c->value_run.set &&
           (c->flagged || c->worst == HB_SEVERITY_FAIL || c->test.suspected || c->test.confirmed);
}

static hb_status explain(hb_decision *d, hb_attributor *a, hb_error *err)
{
    size_t metrics = 0;
    for (size_t i = 0; i < d->n_comparisons; i++) {
        metrics += wanted(&d->comparisons[i]);
    }
    hb_run_statistics *s = &d->statistics;
    size_t room = metrics * a->n_factors;
    hb_attribution *all = hb_arena_array(&d->arena, room + 1, sizeof *all);
    size_t n = 0;
    if (!all) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < d->n_comparisons; i++) {
        const hb_comparison *c = &d->comparisons[i];
        const hb_past_metric *m = hb_run_set_metric(d->reference->set, c->name);
        if (!wanted(c) || !m || strcmp(m->unit, c->run->unit) != 0) {
            continue;
        }
        hb_attribution *rows = NULL;
        size_t n_rows = 0;
        HB_TRY(hb_attributor_metric(a, m, c->value_run, &d->arena, &rows, &n_rows, err));
        memcpy(all + n, rows, n_rows * sizeof *rows);
        n += n_rows;
    }
    s->attributions = all;
    s->n_attributions = n;
    return HB_OK;
}

hb_status hb_attribution_explain(hb_decision *d, hb_error *err)
{
    hb_attributor *a = NULL;
    bool any = false;
    for (size_t i = 0; i < d->n_comparisons && !any; i++) {
        any = wanted(&d->comparisons[i]);
    }
    if (!any || !d->reference->set || d->reference->set->n_runs < 2) {
        return HB_OK;
    }
    HB_TRY(hb_attributor_new(d->reference->set, &d->run->meta, d->run->meta.start, &a, err));
    hb_status status = explain(d, a, err);
    hb_attributor_free(a);
    return status;
}
