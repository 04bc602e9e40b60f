/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/relation.h"

#include "stats/relation.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NAMED = 3, TEXT_MAX_BYTES = 1000 };

typedef struct matrix {
    size_t *runs; /* of the set that are looked at */
    size_t n_runs;
    const hb_comparison **metrics;
    const hb_past_metric **past;
    size_t n;
    size_t left_out; /* no value in some run */
    double *values;
    double *now;
} matrix;

static const char *kept_text(hb_arena *arena, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static const char *kept_text(hb_arena *arena, const char *fmt, ...)
{
    char text[TEXT_MAX_BYTES];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return hb_arena_str(arena, hb_str_of(text));
}

static bool everywhere(const matrix *x, const hb_past_metric *m)
{
    for (size_t i = 0; i < x->n_runs; i++) {
        if (!isfinite(m->values[x->runs[i]])) {
            return false;
        }
    }
    return true;
}

static void collect(const hb_decision *d, matrix *x)
{
    const hb_run_set *set = d->reference->set;
    size_t first = set->n_runs > HB_RELATION_RUNS ? set->n_runs - HB_RELATION_RUNS : 0;
    for (size_t i = first; i < set->n_runs; i++) {
        if (strcmp(set->runs[i].run_id, d->run->meta.run_id) != 0 || !*d->run->meta.run_id) {
            x->runs[x->n_runs++] = i;
        }
    }
    for (size_t i = 0; i < d->n_comparisons; i++) {
        const hb_comparison *c = &d->comparisons[i];
        const hb_past_metric *m = hb_run_set_metric(set, c->name);
        if (!m || !c->run || strcmp(m->unit, c->run->unit) != 0) {
            continue;
        }
        if (!c->value_run.set || !isfinite(c->value_run.v) || !everywhere(x, m)) {
            x->left_out++;
            continue;
        }
        x->metrics[x->n] = c;
        x->past[x->n++] = m;
    }
}

static hb_status gather(hb_decision *d, matrix *x, hb_error *err)
{
    size_t most = d->n_comparisons + 1;
    x->runs = hb_arena_array(&d->arena, d->reference->set->n_runs + 1, sizeof *x->runs);
    x->metrics = hb_arena_array(&d->arena, most, sizeof *x->metrics);
    x->past = hb_arena_array(&d->arena, most, sizeof *x->past);
    if (!x->runs || !x->metrics || !x->past) {
        return HB_NOMEM(err);
    }
    collect(d, x);
    return HB_OK;
}

static hb_status fill(hb_decision *d, matrix *x, hb_error *err)
{
    x->values = hb_arena_array(&d->arena, x->n * x->n_runs + 1, sizeof *x->values);
    x->now = hb_arena_array(&d->arena, x->n + 1, sizeof *x->now);
    if (!x->values || !x->now) {
        return HB_NOMEM(err);
    }
    for (size_t m = 0; m < x->n; m++) {
        x->now[m] = x->metrics[m]->value_run.v;
        for (size_t i = 0; i < x->n_runs; i++) {
            x->values[m * x->n_runs + i] = x->past[m]->values[x->runs[i]];
        }
    }
    return HB_OK;
}

static const char *why_not(hb_decision *d, const matrix *x)
{
    if (x->n_runs < HB_RELATION_LEAST_RUNS) {
        return kept_text(&d->arena, "the set has %zu run%s, at least %d are needed", x->n_runs,
                         x->n_runs == 1 ? "" : "s", HB_RELATION_LEAST_RUNS);
    }
    if (x->n < 2) {
        return "fewer than two metrics have a value in this run and in every run of the set";
    }
    if (x->n > HB_RELATION_METRICS) {
        return kept_text(&d->arena, "there are %zu metrics, at most %d are looked at together",
                         x->n, HB_RELATION_METRICS);
    }
    return NULL;
}

static hb_status put_parts(hb_decision *d, const matrix *x, const hb_relation_fit *fit,
                           hb_error *err)
{
    hb_relation *r = &d->statistics.relation;
    r->parts = hb_arena_array(&d->arena, fit->n_parts + 1, sizeof *r->parts);
    if (!r->parts) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < fit->n_parts; i++) {
        r->parts[i] = (hb_relation_part){.metric = x->metrics[fit->parts[i].metric]->name,
                                         .share = fit->parts[i].share,
                                         .expected = fit->parts[i].expected};
    }
    r->n_parts = fit->n_parts;
    return HB_OK;
}

static hb_status add_finding(hb_decision *d, const matrix *x, const hb_relation_fit *fit,
                             hb_findings *findings, hb_error *err)
{
    const hb_relation *r = &d->statistics.relation;
    hb_finding f = {
        .metric = "",
        .rule = HB_RULE_RELATION,
        .severity = HB_SEVERITY_DRIFT,
        .limit = hb_some(r->level),
        .observed = hb_some(r->p),
        .p_value = hb_some(r->p),
        .excess = r->p > 0 ? r->level / r->p : 1e6,
        .sustained_index = UINT64_MAX,
        .onset_time = HB_TIME_NONE,
    };
    hb_buf b;
    hb_buf_init(&b, 1 << 16);
    for (size_t i = 0; i < fit->n_parts && i < NAMED && (i < 2 || fit->parts[i].share > 0.1); i++) {
        char is[HB_FIGURE_TEXT];
        char expected[HB_FIGURE_TEXT];
        const hb_relation_share *part = &fit->parts[i];
        const hb_comparison *c = x->metrics[part->metric];
        hb_buf_fmt(&b, "%s%.100s is %s where the others lead to expect %s", i ? ", " : "", c->name,
                   hb_figure(x->now[part->metric], c->run->unit, is),
                   hb_figure(part->expected, c->run->unit, expected));
    }
    hb_status status = hb_buf_check(&b, err);
    if (status == HB_OK) {
        status = hb_findings_add(
            findings, f, err,
            "metrics no longer go together as in %zu baseline runs (p = %.2g, called broken at "
            "%.2g or less): %s",
            r->n0, r->p, r->level, b.p);
    }
    hb_buf_release(&b);
    return status;
}

static hb_status judged(hb_decision *d, const matrix *x, const hb_relation_fit *fit,
                        hb_findings *findings, hb_error *err)
{
    hb_relation *r = &d->statistics.relation;
    r->n_related = fit->n_related;
    if (fit->n_groups == 0) {
        r->why_not =
            kept_text(&d->arena, "no two of %zu metrics go together clearly enough in %zu runs",
                      x->n, x->n_runs);
        return r->why_not ? HB_OK : HB_NOMEM(err);
    }
    r->ran = true;
    r->distance = fit->distance;
    r->shrinkage = fit->shrinkage;
    r->p = fit->p;
    r->rejected = fit->p <= r->level;
    HB_TRY(put_parts(d, x, fit, err));
    return r->rejected ? add_finding(d, x, fit, findings, err) : HB_OK;
}

hb_status hb_relation_judge(hb_decision *d, hb_findings *findings, hb_error *err)
{
    hb_relation *r = &d->statistics.relation;
    matrix x = {0};
    *r = (hb_relation){.why_not = "there is no set of baseline runs",
                       .note = "",
                       .p = 1,
                       .level = HB_RELATION_BUDGET_SHARE * d->policy->false_alarm_budget};
    if (!d->reference->run || !d->reference->set) {
        return HB_OK;
    }
    HB_TRY(gather(d, &x, err));
    r->n0 = x.n_runs;
    r->n_metrics = x.n;
    r->why_not = "";
    if (x.left_out) {
        r->note = kept_text(&d->arena, "%zu metric%s left out: no value in some of the runs.",
                            x.left_out, x.left_out == 1 ? " is" : "s are");
    }
    const char *why = why_not(d, &x);
    if (why || !r->note) {
        r->why_not = why ? why : "";
        return r->note ? HB_OK : HB_NOMEM(err);
    }
    HB_TRY(fill(d, &x, err));
    hb_relation_fit fit;
    HB_TRY(hb_relation_check(x.values, x.n_runs, x.now, x.n, &fit, err));
    hb_status status = judged(d, &x, &fit, findings, err);
    hb_relation_fit_release(&fit);
    return status;
}
