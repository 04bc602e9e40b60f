/* SPDX-License-Identifier: Apache-2.0 */
/* Order: every metric's tests, then what follows of them, then what only the window knows: samples
 * beyond limits, silence, coverage. Reads the detector, changes nothing. */
#include "decide/live_judge.h"

#include "decide/change.h"
#include "decide/layer2.h"
#include "decide/live_state.h"

#include <math.h>
#include <string.h>

const hb_live *hb_live_of(const hb_decision *d)
{
    const hb_prior *prior = d->reference->prior;
    return prior && prior->live && prior->live->window ? prior->live : NULL;
}

bool hb_live_silent(const hb_window *w, const char *metric)
{
    size_t low = 0;
    size_t high = w->n_silent;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(w->silent[mid].metric, metric);
        if (order == 0) {
            return true;
        }
        low = order < 0 ? mid + 1 : low;
        high = order < 0 ? high : mid;
    }
    return false;
}

/* Layers 2 and 3 are for runs; their fields say so instead of nothing. */
static void leave_out_the_others(hb_decision *d)
{
    hb_run_statistics *s = &d->statistics;
    s->budget = d->policy->false_alarm_budget;
    s->n_min = d->policy->n_min;
    s->n_runs = d->reference->run && d->reference->set ? d->reference->set->n_runs : 0;
    s->power_text = "";
    s->relation.why_not = "relations between metrics are looked at in runs, not in live windows";
    s->relation.note = "";
    for (size_t i = 0; i < d->n_comparisons; i++) {
        d->comparisons[i].test = (hb_run_test){.untested = HB_UNTESTED_LIVE, .tost_p = NAN};
    }
}

static hb_status begin(hb_decision *d, const hb_live *live, hb_live_statistics **ret, hb_error *err)
{
    hb_live_statistics *s = hb_arena_array(&d->arena, 1, sizeof *s);
    size_t n = d->n_comparisons ? d->n_comparisons : 1;
    hb_live_test *tests = hb_arena_array(&d->arena, n, sizeof *tests);
    if (!s || !tests) {
        return HB_NOMEM(err);
    }
    const hb_detector *det = live->detector;
    *s = (hb_live_statistics){.window = live->window, .tests = tests};
    if (det) {
        s->alarms_per_month = det->options.alarms_per_month;
        s->n_metrics = det->options.n_metrics;
        s->n_defs = det->options.n_defs;
        s->shock_level = det->shock_level;
        s->h = det->h;
        s->arl0 = det->arl0;
        s->seed = det->options.seed;
        s->keep = det->options.keep;
        s->min_coverage = det->options.min_coverage;
        memcpy(s->detector_digest, det->digest, sizeof s->detector_digest);
    }
    *ret = s;
    return HB_OK;
}

static void count(hb_live_statistics *s, const hb_live_test *t)
{
    s->n_shock_tested += !*t->why_no_shock;
    s->n_drift_tested += !*t->why_no_drift;
    s->n_shocks += t->shock;
    s->n_drifts += t->drift;
    s->n_correlated += t->correlated;
}

static hb_status test_all(hb_decision *d, const hb_live *live, hb_live_statistics *s,
                          hb_findings *out, hb_error *err)
{
    hb_looker l;
    /* A set is the reference with its like; without a reference there is nothing it belongs to. */
    const hb_run_set *set = d->reference->run ? d->reference->set : NULL;
    if (!live->detector) {
        return HB_OK;
    }
    HB_TRY(hb_looker_make(live->detector, live->window, set, &l, err));
    l.telling = !d->reference->weight_only;
    hb_status status = HB_OK;
    for (size_t i = 0; i < d->n_comparisons && status == HB_OK; i++) {
        const hb_comparison *c = &d->comparisons[i];
        hb_looked looked;
        hb_look(&l, c->name, c->run, c->def, &looked);
        s->tests[s->n_tests++] = looked.test;
        count(s, &looked.test);
        status = hb_told_live_test(c, &looked.test, live->window, out, err);
    }
    hb_looker_release(&l);
    s->ran = s->n_shock_tested + s->n_drift_tested > 0;
    return status;
}

static hb_status tell_limits(hb_decision *d, const hb_window *w, hb_findings *out, hb_error *err)
{
    for (size_t i = 0; i < w->n_limits;) {
        size_t n = 1;
        while (i + n < w->n_limits && strcmp(w->limits[i + n].metric, w->limits[i].metric) == 0) {
            n++;
        }
        HB_TRY(hb_told_sample_limits(d, &w->limits[i], n, out, err));
        i += n;
    }
    for (size_t i = 0; i < w->n_silent; i++) {
        HB_TRY(hb_told_silent(d, &w->silent[i], out, err));
    }
    return HB_OK;
}

/* Findings weigh on the metric they are about. */
static void raise(hb_decision *d, const hb_findings *findings, size_t first)
{
    for (size_t i = first; i < findings->n; i++) {
        const hb_finding *f = &findings->list[i];
        const hb_comparison *found = hb_compared(d, f->metric);
        if (!found) {
            continue;
        }
        hb_comparison *c = &d->comparisons[found - d->comparisons];
        c->worst = f->severity > c->worst ? f->severity : c->worst;
        c->flagged = c->worst >= HB_SEVERITY_DRIFT;
    }
}

/* Where something is flagged, how the distribution moved. */
static hb_status explain(hb_decision *d, hb_findings *findings, hb_error *err)
{
    for (size_t i = 0; i < d->n_comparisons; i++) {
        HB_TRY(hb_change_flagged(&d->comparisons[i], findings, err));
    }
    return HB_OK;
}

hb_status hb_live_judge(hb_decision *d, hb_findings *findings, hb_error *err)
{
    const hb_live *live = hb_live_of(d);
    hb_live_statistics *s = NULL;
    size_t first = findings->n;
    leave_out_the_others(d);
    HB_TRY(begin(d, live, &s, err));
    d->statistics.live = s;
    HB_TRY(test_all(d, live, s, findings, err));
    HB_TRY(tell_limits(d, live->window, findings, err));
    d->statistics.insufficient = s->n_shock_tested == 0;
    HB_TRY(hb_told_of_window(d, s, findings, err));
    raise(d, findings, first);
    return d->reference->weight_only ? HB_OK : explain(d, findings, err);
}
