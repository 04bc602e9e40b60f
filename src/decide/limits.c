/* SPDX-License-Identifier: Apache-2.0 */
/* The order of the rules is the order a reader of the report needs: can the value be used at all,
 * is it within hard limits, did it change. A rule that is declared but cannot be evaluated is never
 * silent. */
#include "decide/limits.h"

#include "decide/change.h"
#include "decide/guard_band.h"
#include "decide/live_judge.h"

#include <math.h>
#include <string.h>

/* One metric under judgement. */
typedef struct subject {
    const hb_limits_input *in;
    hb_comparison *c;
    hb_findings *out;
    hb_metric_def limits; /* declared ones, open places filled from the defaults */
    bool critical;
    const char *unit;
} subject;

static bool has_value(const hb_metric *m)
{
    return m && m->has_value;
}

static hb_finding base_finding(const subject *s, hb_rule rule, hb_severity severity)
{
    return (hb_finding){
        .metric = s->c->name,
        .rule = rule,
        .severity = severity,
        .baseline = s->c->value_baseline,
        .current = s->c->value_run,
        .sustained_index = UINT64_MAX,
        .onset_time = HB_TIME_NONE,
    };
}

/* A check that could not run weighs as much as a drift, on a critical metric as a failure. */
static hb_severity could_not_check(const subject *s)
{
    return s->critical ? HB_SEVERITY_FAIL : HB_SEVERITY_DRIFT;
}

static hb_status missing(const subject *s, hb_error *err)
{
    if (!has_value(s->in->baseline)) {
        return HB_OK;
    }
    /* In a live window what is missing is silent, which is judged by its own time. */
    bool watched = s->in->window && (hb_live_silent(s->in->window, s->c->name) ||
                                     (s->in->def && s->in->def->stale_after_s.set));
    if (watched) {
        return HB_OK;
    }
    hb_severity severity = s->critical ? HB_SEVERITY_FAIL
                           : s->in->policy->missing_metric == HB_MISSING_METRIC_DRIFT
                               ? HB_SEVERITY_DRIFT
                               : HB_SEVERITY_WARN;
    hb_finding f = base_finding(s, HB_RULE_MISSING_METRIC, severity);
    f.excess = 1;
    char was[HB_FIGURE_TEXT];
    hb_figure(s->c->value_baseline.v, s->unit, was);
    return hb_findings_add(s->out, f, err, "%s is missing in this run; the baseline had %s%s",
                           s->c->name, was, s->critical ? ", and the metric is critical" : "");
}

static double share(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : 0;
}

/* Lines that may have been events of the metric: the count may be too low. */
static hb_status uncounted(const subject *s, hb_error *err)
{
    uint64_t now = s->in->run->profile.n_rejected;
    uint64_t before = s->in->baseline ? s->in->baseline->profile.n_rejected : 0;
    hb_finding f =
        base_finding(s, HB_RULE_UNREADABLE, now > before ? could_not_check(s) : HB_SEVERITY_WARN);
    f.limit = hb_some((double)before);
    f.observed = hb_some((double)now);
    f.excess = 1;
    const char *example = s->in->run->n_reject_examples ? s->in->run->rejects[0].text : "";
    return hb_findings_add(s->out, f, err,
                           "%s: %llu lines of the events file cannot be read, so the count may be "
                           "too low; the first '%.60s'",
                           s->c->name, (unsigned long long)now, example);
}

static hb_status unreadable(const subject *s, hb_error *err)
{
    const hb_profile *p = &s->in->run->profile;
    if (!p->n_rejected) {
        return HB_OK;
    }
    if (s->in->run->flags & HB_METRIC_FROM_EVENTS) {
        return uncounted(s, err);
    }
    uint64_t total = hb_profile_total(p);
    double now = share(p->n_rejected, total);
    double before = 0;
    if (s->in->baseline) {
        before =
            share(s->in->baseline->profile.n_rejected, hb_profile_total(&s->in->baseline->profile));
    }
    bool grew = now > before + HB_UNREADABLE_SHARE || !s->in->run->has_value;
    hb_finding f =
        base_finding(s, HB_RULE_UNREADABLE, grew ? could_not_check(s) : HB_SEVERITY_WARN);
    f.limit = hb_some(before + HB_UNREADABLE_SHARE);
    f.observed = hb_some(now);
    f.excess = now / f.limit.v;
    const char *example = s->in->run->n_reject_examples ? s->in->run->rejects[0].text : "";
    return hb_findings_add(s->out, f, err,
                           "%s: %llu of %llu cells are neither number nor missing%s%.60s%s",
                           s->c->name, (unsigned long long)p->n_rejected, (unsigned long long)total,
                           *example ? ", the first '" : "", example, *example ? "'" : "");
}

static hb_status not_finite(const subject *s, hb_error *err)
{
    const hb_profile *p = &s->in->run->profile;
    bool stated = s->in->run->flags & HB_METRIC_NOT_FINITE;
    bool no_value = stated || (!s->in->run->has_value && (p->n_nan || p->n_inf));
    if (!no_value && !p->n_nan && !p->n_inf) {
        return HB_OK;
    }
    if (no_value) {
        hb_finding f = base_finding(s, HB_RULE_NOT_FINITE, could_not_check(s));
        f.excess = 1;
        return hb_findings_add(s->out, f, err,
                               "%s has no finite value (NaN or infinity), so no limit could be "
                               "checked",
                               s->c->name);
    }
    uint64_t before = s->in->baseline ? s->in->baseline->profile.n_inf : 0;
    bool new_inf = p->n_inf && !before && s->in->baseline;
    hb_finding f =
        base_finding(s, HB_RULE_NOT_FINITE, new_inf ? could_not_check(s) : HB_SEVERITY_WARN);
    f.excess = new_inf ? 1 : 0;
    return hb_findings_add(s->out, f, err, "%s: %llu samples are NaN and %llu infinite; %s",
                           s->c->name, (unsigned long long)p->n_nan, (unsigned long long)p->n_inf,
                           new_inf ? "the baseline had no infinite ones" : "they were left out");
}

static hb_status old_unit(const subject *s, hb_error *err)
{
    const hb_metric *r = s->in->run;
    const hb_metric *b = s->in->baseline;
    const hb_metric *old = r && r->flags & HB_METRIC_UNIT_OLD   ? r
                           : b && b->flags & HB_METRIC_UNIT_OLD ? b
                                                                : NULL;
    if (!old) {
        return HB_OK;
    }
    hb_finding f = base_finding(s, HB_RULE_UNIT_MISMATCH, could_not_check(s));
    f.excess = 1;
    return hb_findings_add(
        s->out, f, err,
        "%s was registered in '%s' (%s) and the registry now says '%s'; register "
        "its files again",
        s->c->name, old->unit, old == r ? "the run" : "the baseline", s->in->def->unit);
}

static hb_status duplicate(const subject *s, hb_error *err)
{
    if (!(s->in->run->flags & HB_METRIC_DUPLICATE)) {
        return HB_OK;
    }
    hb_finding f = base_finding(s, HB_RULE_DUPLICATE, could_not_check(s));
    f.excess = 1;
    char kept[HB_FIGURE_TEXT];
    return hb_findings_add(s->out, f, err,
                           "%s is stated more than once with different values; the last, %s, was "
                           "used",
                           s->c->name, hb_figure(s->in->run->value, s->unit, kept));
}

/* No limit is declared, but the baseline had clearly more of its samples. */
static hb_status thinner(subject *s, double got, hb_error *err)
{
    double before = s->in->baseline ? hb_profile_coverage(&s->in->baseline->profile) : NAN;
    if (isnan(before) || got >= before - HB_UNREADABLE_SHARE) {
        return HB_OK;
    }
    hb_finding f = base_finding(s, HB_RULE_COVERAGE, HB_SEVERITY_WARN);
    f.observed = hb_some(got);
    return hb_findings_add(s->out, f, err,
                           "%s: only %.3g %% of its samples are usable, %.3g %% were in the "
                           "baseline; min_coverage would make it a finding",
                           s->c->name, got * 100, before * 100);
}

static hb_status coverage(subject *s, hb_error *err)
{
    double got = hb_profile_coverage(&s->in->run->profile);
    if (isnan(got)) {
        return HB_OK;
    }
    if (!s->limits.min_coverage.set) {
        return thinner(s, got, err);
    }
    s->c->n_checks++;
    if (got >= s->limits.min_coverage.v) {
        return HB_OK;
    }
    hb_finding f = base_finding(s, HB_RULE_COVERAGE, could_not_check(s));
    f.limit = s->limits.min_coverage;
    f.observed = hb_some(got);
    f.excess = got > 0 ? f.limit.v / got : 1e6;
    return hb_findings_add(s->out, f, err,
                           "%s: only %.3g %% of its samples are usable, at least %.3g %% required",
                           s->c->name, got * 100, f.limit.v * 100);
}

static hb_status stale(subject *s, hb_error *err)
{
    if (!s->limits.stale_after_s.set) {
        return HB_OK;
    }
    hb_time last = s->in->run->profile.t_last;
    if (last == HB_TIME_NONE || s->in->run_end == HB_TIME_NONE) {
        hb_finding f = base_finding(s, HB_RULE_STALE, could_not_check(s));
        f.limit = s->limits.stale_after_s;
        f.excess = 1;
        return hb_findings_add(
            s->out, f, err, "%s has no sample times, so its age could not be checked", s->c->name);
    }
    s->c->n_checks++;
    double age_s = (double)(s->in->run_end - last) / 1e9;
    bool told_as_silent = s->in->window && hb_live_silent(s->in->window, s->c->name);
    if (age_s <= s->limits.stale_after_s.v || told_as_silent) {
        return HB_OK;
    }
    hb_finding f = base_finding(s, HB_RULE_STALE, could_not_check(s));
    f.limit = s->limits.stale_after_s;
    f.observed = hb_some(age_s);
    f.excess = f.limit.v > 0 ? age_s / f.limit.v : 1e6;
    return hb_findings_add(
        s->out, f, err,
        "%s: its last sample is %.5g s older than the run's last, at most %.5g s "
        "allowed",
        s->c->name, age_s, f.limit.v);
}

/* One scale for "how far beyond" a hard limit: 1 + distance over the limit's own size. */
static double hard_excess(const subject *s, double distance, double limit)
{
    double scale = fabs(limit);
    if (scale == 0) {
        scale = s->limits.drift_threshold.set && s->limits.drift_threshold.v > 0
                    ? s->limits.drift_threshold.v
                    : 1;
    }
    return 1 + distance / scale;
}

static hb_status invariants(subject *s, hb_error *err)
{
    static const struct {
        hb_rule rule;
        size_t offset;
        const char *words;
    } rows[] = {
        {HB_RULE_INVARIANT_MIN, offsetof(hb_metric_def, invariant_min), "below the hard limit"},
        {HB_RULE_INVARIANT_MAX, offsetof(hb_metric_def, invariant_max), "above the hard limit"},
        {HB_RULE_INVARIANT_EQ, offsetof(hb_metric_def, invariant_eq), "not the required"},
    };
    double x = s->in->run->value;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hb_opt_f64 limit;
        memcpy(&limit, (const char *)&s->limits + rows[i].offset, sizeof limit);
        if (!limit.set) {
            continue;
        }
        s->c->n_checks++;
        bool broken = rows[i].rule == HB_RULE_INVARIANT_MIN   ? x < limit.v
                      : rows[i].rule == HB_RULE_INVARIANT_MAX ? x > limit.v
                                                              : x != limit.v;
        if (!broken) {
            continue;
        }
        hb_finding f = base_finding(s, rows[i].rule, HB_SEVERITY_FAIL);
        f.limit = limit;
        f.observed = hb_some(x);
        f.excess = hard_excess(s, fabs(x - limit.v), limit.v);
        char is[HB_FIGURE_TEXT];
        char must[HB_FIGURE_TEXT];
        HB_TRY(hb_findings_add(s->out, f, err, "%s is %s, %s %s", s->c->name,
                               hb_figure(x, s->unit, is), rows[i].words,
                               hb_figure(limit.v, s->unit, must)));
    }
    return HB_OK;
}

/* The original looks at fail_threshold only on critical metrics. Elsewhere crossing it is told, not
 * judged, so that a registry moved over keeps its verdicts and nobody believes it guards. */
static hb_status fail_threshold(subject *s, hb_error *err)
{
    double x = s->in->run->value;
    hb_opt_f64 limit = s->limits.fail_threshold;
    char is[HB_FIGURE_TEXT];
    char must[HB_FIGURE_TEXT];
    if (s->critical && !limit.set) {
        s->c->n_checks++;
        if (x <= 0) {
            return HB_OK;
        }
        hb_finding f = base_finding(s, HB_RULE_CRITICAL_NONZERO, HB_SEVERITY_FAIL);
        f.limit = hb_some(0);
        f.observed = hb_some(x);
        f.excess = hard_excess(s, x, 0);
        return hb_findings_add(s->out, f, err,
                               "%s is %s; a critical metric without fail_threshold must not be "
                               "above zero",
                               s->c->name, hb_figure(x, s->unit, is));
    }
    if (!limit.set) {
        return HB_OK;
    }
    s->c->n_checks += s->critical;
    if (x <= limit.v) {
        return HB_OK;
    }
    hb_finding f =
        base_finding(s, HB_RULE_FAIL_THRESHOLD, s->critical ? HB_SEVERITY_FAIL : HB_SEVERITY_WARN);
    f.limit = limit;
    f.observed = hb_some(x);
    f.excess = hard_excess(s, x - limit.v, limit.v);
    return hb_findings_add(s->out, f, err, "%s is %s, over its fail threshold %s%s", s->c->name,
                           hb_figure(x, s->unit, is), hb_figure(limit.v, s->unit, must),
                           s->critical ? ""
                                       : ", but is not declared critical, so this does not fail");
}

static hb_status no_baseline_value(const subject *s, hb_error *err)
{
    if (!s->in->has_reference) {
        return HB_OK; /* said once for the whole run */
    }
    hb_finding f =
        base_finding(s, HB_RULE_MISSING_BASELINE, s->in->def ? HB_SEVERITY_WARN : HB_SEVERITY_INFO);
    return hb_findings_add(s->out, f, err,
                           "%s has no value in the baseline, so its change is not "
                           "known",
                           s->c->name);
}

static bool open_places(const hb_metric_def *d)
{
    return !d->drift_threshold.set && !d->drift_percent.set && !d->drift_spread.set;
}

static void fill(hb_opt_f64 *place, hb_opt_f64 with)
{
    if (!place->set) {
        *place = with;
    }
}

/* The limits that apply, and whether the percent one is only a stand-in for a missing spread. */
static hb_metric_def effective(const hb_limits_input *in, bool *ret_percent_is_fallback)
{
    hb_metric_def d = in->def ? *in->def : (hb_metric_def){.name = ""};
    *ret_percent_is_fallback = false;
    if (!in->defaults) {
        return d;
    }
    if (open_places(&d)) {
        d.drift_threshold = in->defaults->drift_threshold;
        d.drift_percent = in->defaults->drift_percent;
        d.drift_spread = in->defaults->drift_spread;
        *ret_percent_is_fallback = d.drift_spread.set;
    }
    fill(&d.spread_ratio, in->defaults->spread_ratio);
    fill(&d.ks_threshold, in->defaults->ks_threshold);
    fill(&d.min_coverage, in->defaults->min_coverage);
    return d;
}

static hb_status judge_value(subject *s, bool percent_is_fallback, hb_error *err)
{
    HB_TRY(invariants(s, err));
    HB_TRY(hb_guard_band_check(&s->limits, s->in->run->value, s->unit,
                               base_finding(s, HB_RULE_CONDITIONAL, could_not_check(s)), s->out,
                               err));
    HB_TRY(fail_threshold(s, err));
    if (!has_value(s->in->baseline)) {
        return no_baseline_value(s, err);
    }
    hb_change change = {
        .limits = &s->limits,
        .percent_is_fallback = percent_is_fallback,
        .run = s->in->run,
        .baseline = s->in->baseline,
        .unit = s->unit,
        .critical = s->critical,
        .distribution_enabled = s->in->policy->distribution_drift_enabled,
        .weight_only = s->in->weight_only,
        .live = s->in->window != NULL,
    };
    return hb_change_check(&change, s->c, s->out, err);
}

hb_status hb_limits_check(const hb_limits_input *in, hb_comparison *ret_comparison,
                          hb_findings *findings, hb_error *err)
{
    const hb_metric *any = in->run ? in->run : in->baseline;
    bool percent_is_fallback = false;
    subject s = {
        .in = in,
        .c = ret_comparison,
        .out = findings,
        .limits = effective(in, &percent_is_fallback),
        .critical = in->def && in->def->critical,
        .unit = any->unit,
    };
    *ret_comparison = (hb_comparison){
        .name = any->name,
        .unit = any->unit,
        .def = in->def,
        .run = in->run,
        .baseline = in->baseline,
    };
    if (has_value(in->run)) {
        ret_comparison->value_run = hb_some(in->run->value);
    }
    if (has_value(in->baseline)) {
        ret_comparison->value_baseline = hb_some(in->baseline->value);
    }
    size_t first = findings->n;
    hb_status status = HB_OK;
    if (in->run) {
        HB_TRY(old_unit(&s, err));
        HB_TRY(duplicate(&s, err));
        HB_TRY(unreadable(&s, err));
        HB_TRY(not_finite(&s, err));
        HB_TRY(coverage(&s, err));
        HB_TRY(stale(&s, err));
    }
    bool said_why = findings->n > first && !has_value(in->run);
    if (has_value(in->run)) {
        status = judge_value(&s, percent_is_fallback, err);
    } else if (!said_why) {
        status = missing(&s, err);
    }
    for (size_t i = first; i < findings->n; i++) {
        if (findings->list[i].severity > ret_comparison->worst) {
            ret_comparison->worst = findings->list[i].severity;
        }
    }
    ret_comparison->flagged = ret_comparison->worst >= HB_SEVERITY_DRIFT;
    return status;
}
