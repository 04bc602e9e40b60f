/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/verdict_text.h"

#include "base/buf.h"
#include "decide/live.h"

#include <string.h>

enum { TEXT_MAX_BYTES = 24576, NAMES_TOLD = 3 };

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

/* Up to three names of the metrics flagged with this severity, worst first. */
static void names(const hb_decision *d, hb_severity severity, hb_buf *out)
{
    size_t told = 0;
    size_t all = severity == HB_SEVERITY_FAIL ? d->n_fail_metrics : d->n_drift_metrics;
    const char *seen[NAMES_TOLD];
    for (size_t i = 0; i < d->n_findings && told < NAMES_TOLD; i++) {
        const hb_finding *f = &d->findings[i];
        bool again = f->severity != severity || !*f->metric;
        for (size_t k = 0; k < told && !again; k++) {
            again = strcmp(seen[k], f->metric) == 0;
        }
        if (!again) {
            hb_buf_fmt(out, "%s%s", told ? ", " : "", f->metric);
            seen[told++] = f->metric;
        }
    }
    if (all > told) {
        hb_buf_fmt(out, " and %zu more", all - told);
    }
}

static const hb_finding *first_of(const hb_decision *d, hb_severity severity)
{
    for (size_t i = 0; i < d->n_findings; i++) {
        if (d->findings[i].severity == severity) {
            return &d->findings[i];
        }
    }
    return NULL;
}

static const hb_finding *why_no_test(const hb_decision *d)
{
    for (size_t i = 0; i < d->n_findings; i++) {
        hb_rule rule = d->findings[i].rule;
        if (rule == HB_RULE_NO_BASELINE || rule == HB_RULE_NO_METRICS) {
            return &d->findings[i];
        }
    }
    return NULL;
}

/* What a live window was tested for; "no samples" never gets here. */
static void reason_live(const hb_live_statistics *s, hb_buf *out)
{
    hb_buf_fmt(out, "; %zu tested for a shock and %zu for slow drift, none found",
               s->n_shock_tested, s->n_drift_tested);
}

static void reason_pass(const hb_decision *d, size_t n_compared, hb_buf *out)
{
    hb_buf_fmt(out, "%zu metric%s compared with the baseline, none beyond a limit", n_compared,
               plural(n_compared));
    if (d->n_checked == 0) {
        hb_buf_c(out, "; but no limit is declared for any of them");
    }
    const hb_run_statistics *s = &d->statistics;
    if (s->ran) {
        hb_buf_fmt(out, "; %zu tested against %zu baseline runs, none differs%s", s->n_tested,
                   s->n_runs, s->n_rejected ? " by its min_effect or more" : "");
    }
    if (s->live) {
        reason_live(s->live, out);
    }
}

static void reason_flagged(const hb_decision *d, hb_severity severity, hb_buf *out)
{
    size_t n = severity == HB_SEVERITY_FAIL ? d->n_fail_metrics : d->n_drift_metrics;
    const hb_finding *worst = first_of(d, severity);
    if (n == 0) {
        hb_buf_c(out, worst ? worst->text : "");
        return;
    }
    bool suspected = severity == HB_SEVERITY_DRIFT && d->statistics.order &&
                     d->statistics.n_suspected == n && worst && worst->rule == HB_RULE_SUSPECTED;
    hb_buf_fmt(out, "%zu metric%s %s: ", n, plural(n),
               severity == HB_SEVERITY_FAIL ? "failed"
               : suspected                  ? "suspected of a change"
                                            : "drifted");
    names(d, severity, out);
    if (worst) {
        hb_buf_fmt(out, "; %s", worst->text);
    }
}

static void reason(const hb_decision *d, size_t n_compared, hb_buf *out)
{
    switch (d->verdict) {
    case HB_VERDICT_PASS:
        reason_pass(d, n_compared, out);
        break;
    case HB_VERDICT_PASS_WITH_DRIFT:
        reason_flagged(d, HB_SEVERITY_DRIFT, out);
        break;
    case HB_VERDICT_FAIL:
        reason_flagged(d, HB_SEVERITY_FAIL, out);
        break;
    case HB_VERDICT_NO_TEST:
    case HB_VERDICT_COUNT_: {
        const hb_finding *why = why_no_test(d);
        hb_buf_fmt(out, "nothing was tested: %s", why ? why->text : "nothing to compare");
        break;
    }
    }
}

/* What a person does about the worst finding of each rule. */
static const char *const advice[HB_RULE_COUNT_] = {
    [HB_RULE_INVARIANT_MIN] = "stop using this unit until the cause is known",
    [HB_RULE_INVARIANT_MAX] = "stop using this unit until the cause is known",
    [HB_RULE_INVARIANT_EQ] = "stop using this unit until the cause is known",
    [HB_RULE_FAIL_THRESHOLD] = "stop using this unit until the cause is known",
    [HB_RULE_CRITICAL_NONZERO] = "stop using this unit until the cause is known",
    [HB_RULE_CONDITIONAL] = "measure again with a smaller uncertainty, or agree with whoever set "
                            "the limit on what a result this near to it means",
    [HB_RULE_MISSING_METRIC] = "check that the channel is still recorded and named as before",
    [HB_RULE_NOT_FINITE] = "check the channel and its export; no limit could be applied to it",
    [HB_RULE_UNREADABLE] = "look at the cells quoted in the report and repair the export",
    [HB_RULE_DUPLICATE] = "repair the export so that the metric is stated once",
    [HB_RULE_COVERAGE] = "find out why samples are missing, then repeat the run",
    [HB_RULE_STALE] = "check whether the channel stopped updating during the run",
    [HB_RULE_UNIT_MISMATCH] = "declare the metric's unit in the registry",
    [HB_RULE_DRIFT_THRESHOLD] = "repeat the run under the same context; if the change stays, it is "
                                "real: find what changed since the baseline",
    [HB_RULE_DRIFT_PERCENT] = "repeat the run under the same context; if the change stays, it is "
                              "real: find what changed since the baseline",
    [HB_RULE_DRIFT_SPREAD] = "repeat the run under the same context; if the change stays, it is "
                             "real: find what changed since the baseline",
    [HB_RULE_SPREAD_RATIO] = "compare the traces: noise, a loose contact or a stuck value changes "
                             "the spread",
    [HB_RULE_PERSISTENCE] = "look at the trace around the onset: the value of the whole run hides "
                            "this stretch",
    [HB_RULE_KS_THRESHOLD] = "compare the two distribution curves in the report",
    [HB_RULE_CONFIRMED] =
        "the change is real: find what changed since the baseline runs; when it is "
        "meant to stay, make a baseline of runs that have it",
    [HB_RULE_SUSPECTED] = "find what changed since the baseline runs",
    [HB_RULE_UNTESTED] = "look at its value: what is tested by its logarithms is never 0 or below",
    [HB_RULE_EARLY_WARNING] = "look at its history; when it goes on it will cross a limit: find "
                              "what wears, drifts or fills up",
    [HB_RULE_BASELINE_AGED] = "make a baseline of newer runs ('hb baseline create'), or record "
                              "one under the old conditions to see whether the bench moved",
    [HB_RULE_METRIC_COVERAGE] = "check that the export is complete",
    [HB_RULE_NO_METRICS] = "check the file, its layout and `hb inspect FILE`",
    [HB_RULE_SAMPLE_LIMIT] = "stop using this unit until the cause is known",
    [HB_RULE_SHOCK] = "look at what happened then; when the new level is meant to stay, make a "
                      "baseline of windows that have it",
    [HB_RULE_SLOW_DRIFT] = "look at its history; find what wears, drifts or fills up",
    [HB_RULE_SILENT] = "check the sensor, its cable and its sender",
    [HB_RULE_WINDOW_COVERAGE] = "find out where samples get lost: sender, network or broker",
};

static void todo_no_baseline(const hb_decision *d, hb_buf *out)
{
    const char *run = d->run->meta.run_id;
    hb_strategy s = d->policy->strategy;
    if (s == HB_STRATEGY_GOLDEN || s == HB_STRATEGY_TAG || d->policy->golden_for_hard_gates) {
        if (d->policy->require_approval) {
            hb_buf_fmt(out,
                       "when this run is trusted, ask for it to be the baseline: hb baseline "
                       "request %s --tag %s --reason TEXT; or compare it with a trusted run by "
                       "name: hb analyze %s --baseline RUN",
                       run, *d->policy->tag ? d->policy->tag : "golden", run);
            return;
        }
        hb_buf_fmt(out,
                   "when this run is trusted, make it the baseline: hb baseline set %s --tag %s; "
                   "or compare it with a trusted run by name: hb analyze %s --baseline RUN",
                   run, *d->policy->tag ? d->policy->tag : "golden", run);
        return;
    }
    hb_buf_fmt(
        out,
        "compare it with a trusted run by name: hb analyze %s --baseline RUN; from the first "
        "PASS on, strategy %s finds its own baseline (with strategy golden: hb baseline set %s "
        "--tag golden)",
        run, hb_strategy_name(s), run);
}

static const hb_finding *of_rule(const hb_decision *d, hb_rule rule)
{
    for (size_t i = 0; i < d->n_findings; i++) {
        if (d->findings[i].rule == rule) {
            return &d->findings[i];
        }
    }
    return NULL;
}

/* Simulated (docs/verdict-quality.md): with 200 windows kept and more, a lasting shift of two
 * standard deviations takes h / 1.2 windows in the middle; with few it may be taken for normal. */
static void todo_live_drift(const hb_live_statistics *s, hb_buf *out)
{
    enum { ENOUGH = 200 };
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < s->n_tests; i++) {
        const hb_live_test *t = &s->tests[i];
        least = !*t->why_no_drift && t->n_reference < least ? t->n_reference : least;
    }
    if (s->n_drift_tested == 0) {
        return;
    }
    if (least < ENOUGH) {
        hb_buf_fmt(out,
                   ". Slow drift is found for certain only once about %d windows are kept; the "
                   "least of a metric are %zu",
                   ENOUGH, least);
        return;
    }
    hb_buf_fmt(out,
               ". A lasting shift by two standard deviations of the windows shows as slow drift "
               "after about %.0f windows",
               s->h / 1.2 + 0.5);
}

static void todo_live_pass(const hb_live_statistics *s, const hb_finding *few, hb_buf *out)
{
    hb_buf_c(out, "nothing; a pass of one window says that no difference was found, not that there "
                  "is none");
    todo_live_drift(s, out);
    if (few) {
        hb_buf_fmt(out, ". %s", few->text);
    }
}

static void todo_pass(const hb_decision *d, hb_buf *out)
{
    const hb_finding *open = of_rule(d, HB_RULE_RETEST_OPEN);
    const hb_finding *few = of_rule(d, HB_RULE_INSUFFICIENT_BASELINE);
    if (d->statistics.live) {
        todo_live_pass(d->statistics.live, few, out);
    } else if (open) {
        hb_buf_fmt(out, "record %s again: %s", open->metric, open->text);
    } else if (d->statistics.ran) {
        hb_buf_fmt(out,
                   "nothing; a pass of one run says that no difference was found, not that there "
                   "is none. %s",
                   d->statistics.power_text);
    } else if (few) {
        hb_buf_fmt(out,
                   "%s; until then a pass says that no declared limit was crossed, not that "
                   "nothing changed",
                   few->text);
    } else {
        hb_buf_c(out, "nothing; a pass of one run says that no declared limit was crossed, not "
                      "that nothing changed");
    }
}

static bool nothing_selected(const hb_decision *d)
{
    return hb_run_none_selected(d->run) ||
           (d->reference->run && hb_run_none_selected(d->reference->run));
}

static void todo(const hb_decision *d, hb_buf *out)
{
    const hb_finding *f = d->verdict == HB_VERDICT_NO_TEST ? why_no_test(d)
                          : d->n_findings                  ? &d->findings[0]
                                                           : NULL;
    if (f && f->rule == HB_RULE_NO_BASELINE) {
        todo_no_baseline(d, out);
        return;
    }
    if (d->verdict == HB_VERDICT_PASS || !f) {
        todo_pass(d, out);
        return;
    }
    const hb_retest_order *order = d->statistics.order;
    if (f->rule == HB_RULE_SUSPECTED && order) {
        hb_buf_c(out, order->text);
        return;
    }
    if (f->rule == HB_RULE_NO_METRICS && d->statistics.live) {
        hb_buf_c(out, "check that the senders run and that their names are those of the baseline");
        return;
    }
    if (f->rule == HB_RULE_NO_METRICS && nothing_selected(d)) {
        hb_buf_c(out, "choose rows that are there: --where, --time-range, --unit and --cycles say "
                      "which are taken, `hb inspect FILE` without them shows what there is");
        return;
    }
    if (*f->metric) {
        hb_buf_fmt(out, "start with %s: ", f->metric);
    }
    hb_buf_c(out, advice[f->rule] ? advice[f->rule] : hb_rule_words(f->rule));
    if (order) {
        hb_buf_fmt(out, ". %s", order->text);
    }
}

static hb_status keep(hb_arena *arena, hb_buf *text, const char **ret, hb_error *err)
{
    hb_status status = hb_buf_check(text, err);
    if (status == HB_OK) {
        *ret = hb_arena_strndup(arena, text->p, text->n);
        status = *ret ? HB_OK : HB_NOMEM(err);
    }
    hb_buf_clear(text);
    return status;
}

hb_status hb_verdict_text(hb_decision *d, size_t n_compared, hb_error *err)
{
    hb_buf text;
    hb_buf_init(&text, TEXT_MAX_BYTES);
    reason(d, n_compared, &text);
    hb_status status = keep(&d->arena, &text, &d->reason, err);
    if (status == HB_OK) {
        todo(d, &text);
        status = keep(&d->arena, &text, &d->what_to_do, err);
    }
    hb_buf_release(&text);
    return status;
}
