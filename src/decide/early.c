/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/early.h"

#include "base/mem.h"
#include "decide/power.h"
#include "decide/ramp.h"
#include "decide/run_test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct early {
    bool tested;
    bool rejected; /* by the rolling set, and not below min_effect */
    hb_fit fit;
    double p;
} early;

typedef struct work {
    hb_decision *d;
    const hb_run_set *set; /* rolling; NULL = not asked */
    early *tests;          /* one a comparison; owned */
    hb_ramp *ramps;        /* one a comparison; owned */
    double *room;
    bool *left_out;
    double level_at_cut;
} work;

double hb_bh_level(const hb_decision *d)
{
    const hb_prior *prior = d->reference->prior;
    double share = prior && prior->early ? HB_BH_SHARE / 2 : HB_BH_SHARE; /* halves: two sets */
    return share * d->policy->false_alarm_budget;
}

static bool under_judgement(const hb_decision *d, const char *run_id)
{
    const hb_run_set *with = d->reference->with;
    bool found = strcmp(d->run->meta.run_id, run_id) == 0;
    for (size_t i = 0; with && i < with->n_runs && !found; i++) {
        found = strcmp(with->runs[i].run_id, run_id) == 0;
    }
    return found && *run_id;
}

static void test_one(work *w, size_t i)
{
    const hb_comparison *c = &w->d->comparisons[i];
    const hb_past_metric *past = hb_run_set_metric(w->set, c->name);
    hb_judged judged = {.def = c->def, .run = c->run, .with = w->d->reference->with};
    if (!past) {
        return;
    }
    hb_yardstick yard = {.unit = past->unit,
                         .values = past->values,
                         .n_values = w->set->n_runs,
                         .left_out = w->left_out,
                         .step = past->step,
                         .log = past->log || (c->def && c->def->transform == HB_TRANSFORM_LOG)};
    early *t = &w->tests[i];
    t->tested =
        hb_fit_make(&judged, &yard, w->d->policy->n_min, w->room, &t->fit) == HB_UNTESTED_NO;
    if (t->tested) {
        double ignored = 0;
        t->p = hb_fit_p(&t->fit, &ignored);
    }
}

static hb_status against_rolling(work *w, hb_error *err)
{
    size_t all = w->d->n_comparisons;
    double *p = hb_alloc_zero(all * sizeof *p);
    double *q = hb_alloc_zero(all * sizeof *q);
    size_t *order = hb_alloc_zero(all * sizeof *order);
    size_t n = 0;
    size_t rejected = 0;
    hb_status status = p && q && order ? HB_OK : HB_NOMEM(err);
    for (size_t i = 0; i < all && status == HB_OK; i++) {
        test_one(w, i);
        if (w->tests[i].tested) {
            p[n++] = w->tests[i].p;
        }
    }
    if (status == HB_OK && n) {
        double level = hb_bh_level(w->d);
        (void)hb_bh(p, n, level, order, q); /* the adjusted values say it, for p = 0 too */
        size_t k = 0;
        for (size_t i = 0; i < all; i++) {
            early *t = &w->tests[i];
            const hb_metric_def *def = w->d->comparisons[i].def;
            if (t->tested && q[k++] <= level) {
                bool small =
                    def && def->min_effect.set && hb_fit_moved(&t->fit) < def->min_effect.v;
                t->rejected = !small;
                rejected++;
            }
        }
        w->level_at_cut = level * (double)(rejected ? rejected : 1) / (double)n;
    }
    hb_free(p);
    hb_free(q);
    hb_free(order);
    return status;
}

/* Does the reference move with the runs, so that small steps never add up against it? */
static bool moves(const hb_decision *d)
{
    const char *reason = d->reference->reason;
    return strcmp(reason, "last_pass") == 0 || strcmp(reason, "rolling") == 0 ||
           strcmp(reason, "fallback_latest") == 0;
}

static void ramp_text(const hb_decision *d, const hb_comparison *c, const hb_ramp *r, bool over,
                      char *out, size_t size)
{
    char from[HB_FIGURE_TEXT];
    char to[HB_FIGURE_TEXT];
    char step[HB_FIGURE_TEXT];
    char limit[HB_FIGURE_TEXT];
    snprintf(out, size,
             "a slow ramp: over %zu runs, since '%.128s', it %s from %s to %s, %s a run (p = "
             "%.2g)%s%s%s",
             r->n, r->since, r->per_run > 0 ? "rose" : "fell", hb_figure(r->from, c->unit, from),
             hb_figure(r->to, c->unit, to), hb_figure(fabs(r->per_run), c->unit, step), r->p,
             over ? "; together more than its limit of " : "",
             over ? hb_figure(c->change_limit.v, c->unit, limit) : "",
             over && moves(d) ? ", which no single step crossed because the reference moves along"
                              : "");
}

static void rolling_text(const work *w, const hb_comparison *c, const early *t, char *out,
                         size_t size)
{
    char x[HB_FIGURE_TEXT];
    char mean[HB_FIGURE_TEXT];
    snprintf(out, size, "%s differs from the newest %zu runs, which lead to expect %s (p = %.2g)",
             hb_figure(hb_fit_unit(&t->fit, t->fit.x), c->unit, x), t->fit.n0,
             hb_figure(hb_fit_unit(&t->fit, t->fit.p.mean), c->unit, mean), t->p);
    (void)w;
}

static hb_status tell(work *w, size_t i, hb_findings *out, hb_error *err)
{
    hb_comparison *c = &w->d->comparisons[i];
    const early *t = &w->tests[i];
    const hb_ramp *r = &w->ramps[i];
    char ramp[700] = "";
    char rolling[500] = "";
    hb_finding f = {.metric = c->name,
                    .rule = HB_RULE_EARLY_WARNING,
                    .severity = HB_SEVERITY_WARN,
                    .current = c->value_run,
                    .excess = 1,
                    .sustained_index = UINT64_MAX,
                    .onset_time = HB_TIME_NONE};
    if (r->found) {
        double moved = fabs(r->to - r->from);
        bool over = c->change_limit.set && moved > c->change_limit.v;
        ramp_text(w->d, c, r, over, ramp, sizeof ramp);
        f.severity = over && moves(w->d) ? HB_SEVERITY_DRIFT : f.severity;
        f.baseline = hb_some(r->from);
        f.observed = hb_some(moved);
        f.p_value = hb_some(r->p);
        f.limit = over ? c->change_limit : (hb_opt_f64){0};
        f.excess = over && c->change_limit.v > 0 ? moved / c->change_limit.v : 1;
    }
    if (t->rejected) {
        rolling_text(w, c, t, rolling, sizeof rolling);
        f.severity = HB_SEVERITY_DRIFT;
    }
    if (t->rejected && !r->found) {
        f.baseline = hb_some(hb_fit_unit(&t->fit, t->fit.p.mean));
        f.observed = hb_some(hb_fit_moved(&t->fit));
        f.p_value = hb_some(t->p);
    }
    c->worst = f.severity > c->worst ? f.severity : c->worst;
    c->flagged = c->worst >= HB_SEVERITY_DRIFT;
    return hb_findings_add(out, f, err, "%s: %s%s%s", c->name, rolling,
                           *rolling && *ramp ? "; and " : "", ramp);
}

hb_status hb_early_warnings(hb_decision *d, hb_findings *out, hb_error *err)
{
    size_t n = d->n_comparisons;
    const hb_prior *prior = d->reference->prior;
    if (!prior || n == 0) {
        return HB_OK;
    }
    work w = {.d = d, .set = prior->early};
    size_t runs = w.set ? w.set->n_runs : 0;
    w.tests = hb_alloc_zero(n * sizeof *w.tests);
    w.ramps = hb_alloc_zero(n * sizeof *w.ramps);
    w.room = hb_alloc_zero((runs + 1) * sizeof *w.room);
    w.left_out = hb_alloc_zero((runs + 1) * sizeof *w.left_out);
    hb_status status = w.tests && w.ramps && w.room && w.left_out ? HB_OK : HB_NOMEM(err);
    for (size_t i = 0; i < runs && status == HB_OK; i++) {
        w.left_out[i] = under_judgement(d, w.set->runs[i].run_id);
    }
    if (status == HB_OK && w.set) {
        status = against_rolling(&w, err);
    }
    if (status == HB_OK) {
        status = hb_ramps(d, w.ramps, err);
    }
    for (size_t i = 0; i < n && status == HB_OK; i++) {
        if (w.tests[i].rejected || w.ramps[i].found) {
            status = tell(&w, i, out, err);
        }
    }
    hb_free(w.tests);
    hb_free(w.ramps);
    hb_free(w.room);
    hb_free(w.left_out);
    return status;
}
