/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/early.h"
#include "stats/predict.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { RECENT_RUNS = 10, RECENT_MIN = 3, TEXT_BYTES = 400 };

#define DAY_NS 86400e9

static hb_time time_of(const hb_run *r)
{
    return r->meta.start != HB_TIME_NONE ? r->meta.start : r->t_first;
}

/* The newest run the baseline is made of. */
static hb_time baseline_time(const hb_reference *r)
{
    hb_time newest = HB_TIME_NONE;
    const hb_run_set *s = r->set;
    bool whole = s && strcmp(s->kind, "version") == 0;
    for (size_t i = 0; s && i < s->n_runs; i++) {
        bool in = whole;
        for (size_t k = 0; k < r->n_run_ids && !in; k++) {
            in = strcmp(r->run_ids[k], s->runs[i].run_id) == 0;
        }
        newest = in && s->runs[i].start > newest ? s->runs[i].start : newest;
    }
    return newest != HB_TIME_NONE ? newest : time_of(r->run);
}

/* Mean of the newest values but the run's own; false with fewer than RECENT_MIN. */
static bool recent_mean(const hb_decision *d, const hb_past_metric *m, double *ret)
{
    const hb_run_set *history = d->reference->prior->history;
    double sum = 0;
    size_t n = 0;
    for (size_t i = history->n_runs; i-- > 0 && n < RECENT_RUNS;) {
        if (isfinite(m->values[i]) && strcmp(history->runs[i].run_id, d->run->meta.run_id) != 0) {
            sum += m->values[i] / RECENT_RUNS;
            n++;
        }
    }
    *ret = sum * RECENT_RUNS / (double)(n ? n : 1);
    return n >= RECENT_MIN;
}

/* The metric whose newest runs lie furthest from the baseline's, in its standard deviations. */
static double furthest(const hb_decision *d, const char **ret_metric, size_t *ret_over,
                       size_t *ret_looked)
{
    const hb_run_set *set = d->reference->set;
    const hb_run_set *history = d->reference->prior ? d->reference->prior->history : NULL;
    double most = 0;
    for (size_t i = 0; set && history && i < set->n_metrics; i++) {
        const hb_past_metric *m = &set->metrics[i];
        const hb_past_metric *h = hb_run_set_metric(history, m->name);
        double recent = 0;
        hb_predict p;
        if (!h || m->n < d->policy->n_min || strcmp(m->unit, h->unit) != 0 ||
            !recent_mean(d, h, &recent)) {
            continue;
        }
        hb_predict_input in = {.values = m->values, .n_values = set->n_runs, .step = m->step};
        if (!hb_predict_fit(&in, &p)) {
            continue;
        }
        double off = fabs(recent - p.mean) / p.sd;
        ++*ret_looked;
        *ret_over += off > d->policy->baseline_max_shift.v;
        *ret_metric = off > most || !*ret_metric ? m->name : *ret_metric;
        most = fmax(most, off);
    }
    return most;
}

static hb_finding aged(const hb_decision *d)
{
    return (hb_finding){.metric = "",
                        .rule = HB_RULE_BASELINE_AGED,
                        .severity = d->policy->on_baseline_aged == HB_AGED_DRIFT ? HB_SEVERITY_DRIFT
                                                                                 : HB_SEVERITY_WARN,
                        .sustained_index = UINT64_MAX,
                        .onset_time = HB_TIME_NONE};
}

static void look_at_age(const hb_decision *d, hb_finding *f, char *text)
{
    double limit = d->policy->baseline_max_age_days.v;
    hb_time run = time_of(d->run);
    hb_time base = baseline_time(d->reference);
    if (run == HB_TIME_NONE || base == HB_TIME_NONE) {
        snprintf(text, TEXT_BYTES,
                 "the age of the baseline cannot be told, because %s has no time; at most %.6g "
                 "days are allowed",
                 run == HB_TIME_NONE ? "this run" : "it", limit);
        return;
    }
    double days = ((double)run - (double)base) / DAY_NS;
    if (days > limit) {
        f->limit = hb_some(limit);
        f->observed = hb_some(days);
        f->excess = limit > 0 ? days / limit : 1;
        snprintf(text, TEXT_BYTES,
                 "the baseline is %.4g days older than this run, at most %.6g "
                 "are allowed",
                 days, limit);
    }
}

static void look_at_shift(const hb_decision *d, hb_finding *f, char *text)
{
    const char *metric = NULL;
    size_t over = 0;
    size_t looked = 0;
    double limit = d->policy->baseline_max_shift.v;
    double most = furthest(d, &metric, &over, &looked);
    if (looked == 0) {
        snprintf(text, TEXT_BYTES,
                 "how far the newest runs are from the baseline cannot be told: no metric has %u "
                 "baseline runs and %d newer ones",
                 d->policy->n_min, RECENT_MIN);
        return;
    }
    if (over) {
        bool first = !f->observed.set;
        f->limit = first ? hb_some(limit) : f->limit;
        f->observed = first ? hb_some(most) : f->observed;
        f->excess = fmax(f->excess, limit > 0 ? most / limit : 1);
        snprintf(text, TEXT_BYTES,
                 "the newest runs have left the baseline in %zu of %zu metrics: '%.100s' by %.3g "
                 "standard deviations, at most %.6g allowed",
                 over, looked, metric, most, limit);
    }
}

hb_status hb_baseline_age(const hb_decision *d, hb_findings *out, hb_error *err)
{
    char age[TEXT_BYTES] = "";
    char shift[TEXT_BYTES] = "";
    hb_finding f = aged(d);
    if (!d->reference->run) {
        return HB_OK;
    }
    if (d->policy->baseline_max_age_days.set) {
        look_at_age(d, &f, age);
    }
    if (d->policy->baseline_max_shift.set) {
        look_at_shift(d, &f, shift);
    }
    if (!*age && !*shift) {
        return HB_OK;
    }
    return hb_findings_add(out, f, err, "%s%s%s", age, *age && *shift ? "; and " : "", shift);
}
