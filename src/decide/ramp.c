/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/ramp.h"

#include "base/mem.h"
#include "stats/predict.h"
#include "stats/run_order.h"

#include <math.h>
#include <string.h>

typedef struct window {
    double values[HB_RAMP_LONG];
    size_t run[HB_RAMP_LONG]; /* index in the history; the last is this run */
    size_t n;
} window;

/* The newest values of the metric, oldest first, this run's at the end. */
static bool fill(const hb_comparison *c, const hb_run_set *history, const char *run_id, window *w)
{
    const hb_past_metric *m = hb_run_set_metric(history, c->name);
    bool same_unit = m && (!*m->unit || !*c->unit || strcmp(m->unit, c->unit) == 0);
    w->n = 0;
    if (!m || !same_unit || !c->value_run.set || !isfinite(c->value_run.v)) {
        return false;
    }
    size_t at = HB_RAMP_LONG;
    w->values[--at] = c->value_run.v;
    w->run[at] = history->n_runs;
    for (size_t i = history->n_runs; i-- > 0 && at > 0;) {
        if (isfinite(m->values[i]) && strcmp(history->runs[i].run_id, run_id) != 0) {
            w->values[--at] = m->values[i];
            w->run[at] = i;
        }
    }
    w->n = HB_RAMP_LONG - at;
    memmove(w->values, w->values + at, w->n * sizeof *w->values);
    memmove(w->run, w->run + at, w->n * sizeof *w->run);
    return w->n >= HB_RAMP_MIN_RUNS;
}

static bool wanted(const hb_comparison *c, const hb_past_metric *m, const hb_trend *t)
{
    double moved = fabs(t->slope) * (double)(t->n - 1);
    const hb_metric_def *def = c->def;
    bool good = def && ((def->direction == HB_BAD_UP && t->slope < 0) ||
                        (def->direction == HB_BAD_DOWN && t->slope > 0));
    bool small = (def && def->min_effect.set && moved < def->min_effect.v) || moved <= m->step;
    return t->line && !good && !small && t->slope != 0;
}

/* The clearest of both windows. False when nothing can be said of the metric. */
static bool look(const hb_comparison *c, const hb_run_set *history, const char *run_id,
                 double *scratch, hb_ramp *ret, bool *ret_wanted)
{
    window w;
    if (!fill(c, history, run_id, &w)) {
        return false;
    }
    const hb_past_metric *m = hb_run_set_metric(history, c->name);
    const size_t sizes[] = {w.n, HB_RAMP_SHORT};
    size_t looked = w.n > HB_RAMP_SHORT ? 2 : 1;
    hb_ramp best = {.p = 2};
    bool any = false;
    for (size_t i = 0; i < looked; i++) {
        size_t from = w.n - sizes[i];
        hb_trend t;
        if (!hb_trend_test(w.values + from, sizes[i], scratch, &t)) {
            continue;
        }
        bool varies = false;
        for (size_t k = from + 1; k < w.n; k++) {
            varies = varies || w.values[k] != w.values[from];
        }
        any = any || varies;
        double p = fmin(1, t.p * (double)looked);
        if (varies && p < best.p) {
            best = (hb_ramp){.n = t.n,
                             .since = history->runs[w.run[from]].run_id,
                             .from = t.level,
                             .to = t.level + t.slope * (double)(t.n - 1),
                             .per_run = t.slope,
                             .p = p};
            *ret_wanted = wanted(c, m, &t);
        }
    }
    *ret = best;
    return any;
}

hb_status hb_ramps(const hb_decision *d, hb_ramp *ret, hb_error *err)
{
    const hb_run_set *history = d->reference->prior ? d->reference->prior->history : NULL;
    if (!history || d->n_comparisons == 0) {
        return HB_OK;
    }
    size_t room = d->n_comparisons;
    double *p = hb_alloc_zero(room * sizeof *p);
    size_t *order = hb_alloc_zero(room * sizeof *order);
    bool *want = hb_alloc_zero(room * sizeof *want);
    double *scratch = hb_alloc_zero((size_t)HB_RAMP_LONG * HB_RAMP_LONG * sizeof *scratch);
    hb_status status = p && order && want && scratch ? HB_OK : HB_NOMEM(err);
    if (status == HB_OK) {
        size_t n = 0;
        for (size_t i = 0; i < d->n_comparisons; i++) {
            ret[i] = (hb_ramp){.p = NAN};
            if (look(&d->comparisons[i], history, d->run->meta.run_id, scratch, &ret[i],
                     &want[i])) {
                p[n++] = ret[i].p;
            } else {
                ret[i].p = NAN;
            }
        }
        double level = HB_RAMP_SHARE * d->policy->false_alarm_budget;
        double cut = n ? hb_bh(p, n, level, order, NULL) : 0;
        for (size_t i = 0; i < d->n_comparisons; i++) {
            ret[i].found = want[i] && ret[i].p <= cut;
        }
    }
    hb_free(p);
    hb_free(order);
    hb_free(want);
    hb_free(scratch);
    return status;
}
