/* SPDX-License-Identifier: Apache-2.0 */
/* What layer 2 found, in words with figures. */
#include "decide/layer2.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAMES_TOLD = 3, NAMES_BYTES = 800, PHRASE = 400, TIME_WORDS = 64 };

static hb_finding finding_of(const hb_comparison *c, hb_rule rule, hb_severity severity)
{
    return (hb_finding){.metric = c ? c->name : "",
                        .rule = rule,
                        .severity = severity,
                        .current = c ? c->value_run : (hb_opt_f64){0},
                        .sustained_index = UINT64_MAX,
                        .onset_time = HB_TIME_NONE};
}

static bool is_critical(const hb_comparison *c)
{
    return c->def && c->def->critical;
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

static const char *went(hb_direction d)
{
    return d == HB_DIRECTION_UP ? "rose" : d == HB_DIRECTION_DOWN ? "fell" : "differed";
}

/* What would have been accepted, on the sides that are tested. */
static void accepted(const hb_comparison *c, char out[PHRASE])
{
    char low[HB_FIGURE_TEXT];
    char high[HB_FIGURE_TEXT];
    hb_figure(c->test.low, c->unit, low);
    hb_figure(c->test.high, c->unit, high);
    switch (c->test.bad) {
    case HB_DIRECTION_UP:
        snprintf(out, PHRASE, "up to %s", high);
        break;
    case HB_DIRECTION_DOWN:
        snprintf(out, PHRASE, "%s or more", low);
        break;
    case HB_DIRECTION_NONE:
        snprintf(out, PHRASE, "%s to %s", low, high);
        break;
    }
}

static void several(size_t m, char out[TIME_WORDS])
{
    *out = '\0';
    if (m > 1) {
        snprintf(out, TIME_WORDS, " (mean of %zu runs)", m);
    }
}

hb_status hb_told_test(const hb_decision *d, hb_comparison *c, double width, hb_findings *out,
                       hb_error *err)
{
    const hb_run_test *t = &c->test;
    hb_finding f = finding_of(c, HB_RULE_SUSPECTED, HB_SEVERITY_DRIFT);
    double by = fabs(t->x - t->mean);
    f.baseline = hb_some(t->mean);
    f.current = hb_some(t->x);
    f.limit = hb_some(width);
    f.observed = hb_some(by);
    f.p_value = hb_some(t->p);
    f.excess = width > 0 ? by / width : 1e6;
    char was[HB_FIGURE_TEXT];
    char is[HB_FIGURE_TEXT];
    char change[HB_FIGURE_TEXT];
    char pass[PHRASE];
    char runs[TIME_WORDS];
    accepted(c, pass);
    several(t->m, runs);
    return hb_findings_add(
        out, f, err,
        "%s %s from %s, the %s of %zu baseline runs, to %s%s (by %s, t = %.4g with %.4g degrees of "
        "freedom, p = %.2g); %s would have passed; %s",
        c->name, went(t->moved), hb_figure(t->mean, c->unit, was),
        t->log ? "geometric mean" : "mean", t->n0, hb_figure(t->x, c->unit, is), runs,
        hb_figure(by, c->unit, change), t->t, t->dof, t->p, pass,
        d->policy->retest ? "suspected, the next comparable run decides"
                          : "the policy asks for no retest, so this is a drift at once");
}

static hb_finding of_retest(const hb_comparison *c, hb_rule rule, hb_severity severity,
                            const hb_retest *r)
{
    hb_finding f = finding_of(c, rule, severity);
    f.baseline = hb_some(r->mean);
    f.current = hb_some(r->x);
    f.observed = hb_some(fabs(r->x - r->mean));
    f.p_value = hb_some(r->p);
    return f;
}

static hb_status told_confirmed(const hb_comparison *c, const hb_retested *all, hb_findings *out,
                                hb_error *err)
{
    const hb_retest *r = all->confirmed;
    hb_finding f =
        of_retest(c, HB_RULE_CONFIRMED, is_critical(c) ? HB_SEVERITY_FAIL : HB_SEVERITY_DRIFT, r);
    f.limit = hb_some(all->confirmed_width);
    f.excess = all->confirmed_width > 0 ? f.observed.v / all->confirmed_width : 1e6;
    char was[HB_FIGURE_TEXT];
    char is[HB_FIGURE_TEXT];
    char runs[TIME_WORDS];
    several(r->m, runs);
    return hb_findings_add(
        out, f, err,
        "%s %s again: %s%s against %s, the mean of the %zu runs that run '%.128s' was suspected "
        "against (t = %.4g with %.4g degrees of freedom, p = %.2g, under 0.05); confirmed%s",
        c->name, went(r->of->direction), hb_figure(r->x, c->unit, is), runs,
        hb_figure(r->mean, c->unit, was), r->n0, r->of->run_id, r->t, r->dof, r->p,
        is_critical(c) ? ", and the metric is critical" : "");
}

static hb_status told_cleared(const hb_comparison *c, const hb_retest *r, hb_findings *out,
                              hb_error *err)
{
    hb_finding f = of_retest(c, HB_RULE_RETEST_CLEARED, HB_SEVERITY_INFO, r);
    char was[HB_FIGURE_TEXT];
    char is[HB_FIGURE_TEXT];
    bool other_way = r->outcome == HB_RETEST_OPPOSITE;
    return hb_findings_add(
        out, f, err,
        "%s: run '%.128s' was suspected because it %s; this retest is at %s against a mean of %s "
        "(p = %.2g, %s), so that suspicion is closed",
        c->name, r->of->run_id, went(r->of->direction), hb_figure(r->x, c->unit, is),
        hb_figure(r->mean, c->unit, was), r->p, other_way ? "the other way" : "not under 0.05");
}

/* The retest went the other way far enough to be suspected itself. */
static hb_status told_opposite(const hb_decision *d, const hb_comparison *c, const hb_retested *all,
                               hb_findings *out, hb_error *err)
{
    const hb_retest *r = all->opposite;
    hb_finding f = of_retest(c, HB_RULE_SUSPECTED, HB_SEVERITY_DRIFT, r);
    f.limit = hb_some(all->opposite_width);
    f.excess = all->opposite_width > 0 ? all->opposite_moved / all->opposite_width : 1e6;
    char was[HB_FIGURE_TEXT];
    char is[HB_FIGURE_TEXT];
    return hb_findings_add(
        out, f, err,
        "%s %s from %s, the mean of the %zu runs that run '%.128s' was suspected against, to %s "
        "(t = %.4g with %.4g degrees of freedom, p = %.2g), the opposite direction; %s",
        c->name, went(c->test.moved), hb_figure(r->mean, c->unit, was), r->n0, r->of->run_id,
        hb_figure(r->x, c->unit, is), r->t, r->dof, r->p,
        d->policy->retest ? "suspected anew, the next comparable run decides"
                          : "the policy asks for no retest, so this is a drift at once");
}

/* c: NULL where neither run nor reference has the metric. */
static hb_status told_open(const hb_comparison *c, const hb_suspicion *s, hb_findings *out,
                           hb_error *err)
{
    hb_finding f = finding_of(c, HB_RULE_RETEST_OPEN, HB_SEVERITY_WARN);
    f.metric = s->metric;
    char until[TIME_WORDS] = "";
    char when[HB_TIME_TEXT];
    if (s->until != HB_TIME_NONE) {
        hb_time_print(s->until, when);
        snprintf(until, sizeof until, " until %s", when);
    }
    return hb_findings_add(out, f, err,
                           "%s: this run has no usable value to retest the suspicion of run "
                           "'%.128s' with, so it stays open%s",
                           s->metric, s->run_id, until);
}

hb_status hb_told_retests(const hb_decision *d, hb_comparison *c, const hb_retested *r,
                          hb_findings *out, hb_error *err)
{
    if (r->confirmed) {
        HB_TRY(told_confirmed(c, r, out, err));
    } else if (c->test.suspected && !c->test.rejected) {
        HB_TRY(told_opposite(d, c, r, out, err));
    }
    if (r->cleared || r->opposite) {
        HB_TRY(told_cleared(c, r->cleared ? r->cleared : r->opposite, out, err));
    }
    return r->no_value ? told_open(c, r->no_value->of, out, err) : HB_OK;
}

/* Too few runs and no value are told once for the run or by layer 1; what is left is a test that
 * was asked for and could not be made. */
hb_status hb_told_untested(const hb_decision *d, hb_comparison *c, bool run_not_positive,
                           hb_findings *out, hb_error *err)
{
    static const char *const why[HB_UNTESTED_COUNT_] = {
        [HB_UNTESTED_UNIT] = "their unit is another",
        [HB_UNTESTED_NO_SCALE] = "no standard deviation can be made of their values",
    };
    const hb_run_test *t = &c->test;
    if (t->untested == HB_UNTESTED_NOT_POSITIVE) {
        hb_severity weight = !run_not_positive ? HB_SEVERITY_WARN
                             : is_critical(c)  ? HB_SEVERITY_FAIL
                                               : HB_SEVERITY_DRIFT;
        hb_finding f = finding_of(c, HB_RULE_UNTESTED, weight);
        f.excess = run_not_positive ? 1 : 0;
        return hb_findings_add(
            out, f, err,
            "%s is tested by its logarithms and %s 0 or below, so it could not be tested against "
            "the %zu baseline runs",
            c->name, run_not_positive ? "its value is" : "one of the baseline runs' values is",
            t->n0);
    }
    if (!why[t->untested]) {
        return HB_OK;
    }
    hb_finding f = finding_of(c, HB_RULE_UNTESTED, HB_SEVERITY_WARN);
    return hb_findings_add(out, f, err,
                           "%s could not be tested against the %zu baseline runs of %s: %s",
                           c->name, t->n0, d->run->meta.test_name, why[t->untested]);
}

static hb_status open_of_absent(const hb_decision *d, hb_findings *out, hb_error *err)
{
    const char *last = "";
    for (size_t i = 0; i < d->statistics.n_retests; i++) {
        const hb_suspicion *s = d->statistics.retests[i].of;
        if (!hb_compared(d, s->metric) && strcmp(last, s->metric) != 0) {
            HB_TRY(told_open(NULL, s, out, err));
            last = s->metric;
        }
    }
    return HB_OK;
}

/* A metric that most runs of the set have and nobody compared would go unnoticed. */
static hb_status not_looked_at(const hb_decision *d, hb_findings *out, hb_error *err)
{
    const hb_run_set *set = d->reference->run ? d->reference->set : NULL;
    size_t n = 0;
    char names[NAMES_BYTES] = "";
    for (size_t i = 0; set && i < set->n_metrics; i++) {
        const hb_past_metric *m = &set->metrics[i];
        if (m->n < d->policy->n_min || 2 * m->n < set->n_runs || hb_compared(d, m->name)) {
            continue;
        }
        if (n++ < NAMES_TOLD) {
            size_t len = strlen(names);
            snprintf(names + len, sizeof names - len, "%s%s", len ? ", " : "", m->name);
        }
    }
    if (n == 0) {
        return HB_OK;
    }
    return hb_findings_add(out, finding_of(NULL, HB_RULE_UNTESTED, HB_SEVERITY_WARN), err,
                           "%zu metric%s that at least half of the %zu baseline runs have %s "
                           "neither in this run nor in its reference: %s%s",
                           n, plural(n), set->n_runs, n == 1 ? "is" : "are", names,
                           n > NAMES_TOLD ? " …" : "");
}

static hb_status insufficient(const hb_decision *d, hb_findings *out, hb_error *err)
{
    const hb_run_statistics *s = &d->statistics;
    hb_finding f = finding_of(NULL, HB_RULE_INSUFFICIENT_BASELINE, HB_SEVERITY_INFO);
    if (!d->reference->run) {
        return hb_findings_add(out, f, err,
                               "without a baseline there is no statistical test either: only "
                               "declared limits were checked");
    }
    /* Without a set the reference is a run all the same: files, or a run named. */
    size_t n = s->n_runs ? s->n_runs : 1;
    f.limit = hb_some(s->n_min);
    f.observed = hb_some((double)n);
    if (s->n_runs >= s->n_min) {
        size_t most = 0;
        for (size_t i = 0; i < d->n_comparisons; i++) {
            most = d->comparisons[i].test.n0 > most ? d->comparisons[i].test.n0 : most;
        }
        f.observed = hb_some((double)most);
        return hb_findings_add(
            out, f, err,
            "of the %zu baseline runs no more than %zu have a metric of this run, "
            "a statistical test needs %u: only declared limits were checked; use "
            "the same metric names in all runs",
            s->n_runs, most, s->n_min);
    }
    return hb_findings_add(
        out, f, err,
        "a statistical test needs %u comparable baseline runs and there %s %zu: only declared "
        "limits were checked; record %zu more under the same context",
        s->n_min, n == 1 ? "is" : "are", n, s->n_min - n);
}

hb_status hb_told_of_run(const hb_decision *d, hb_findings *out, hb_error *err)
{
    HB_TRY(open_of_absent(d, out, err));
    if (d->statistics.insufficient) {
        HB_TRY(insufficient(d, out, err));
    }
    return not_looked_at(d, out, err);
}
