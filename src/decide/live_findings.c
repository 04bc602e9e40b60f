/* SPDX-License-Identifier: Apache-2.0 */
/* What layer 4 found, each in one sentence with figures and since when. */
#include "decide/layer2.h"
#include "decide/live_judge.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PHRASE = 480, SPAN = 48, FIRST_TOLD = 3 };

static hb_finding finding_of(const char *metric, hb_rule rule, hb_severity severity)
{
    return (hb_finding){.metric = metric,
                        .rule = rule,
                        .severity = severity,
                        .sustained_index = UINT64_MAX,
                        .onset_time = HB_TIME_NONE};
}

static const char *shown(hb_time t, char out[HB_TIME_TEXT])
{
    hb_time_print(t, out);
    return out;
}

/* "90 s", "1.5 min", "8 h", "3 days" */
static const char *span(double seconds, char out[SPAN])
{
    static const struct {
        double from;
        double unit;
        const char *name;
    } rows[] = {{172800, 86400, "days"}, {7200, 3600, "h"}, {120, 60, "min"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (seconds >= rows[i].from) {
            snprintf(out, SPAN, "%.4g %s", seconds / rows[i].unit, rows[i].name);
            return out;
        }
    }
    snprintf(out, SPAN, "%.4g s", seconds);
    return out;
}

static const char *went(hb_direction d)
{
    return d == HB_DIRECTION_UP ? "up" : "down";
}

static bool is_critical(const hb_metric_def *def)
{
    return def && def->critical;
}

static void accepted(const hb_comparison *c, const hb_live_test *t, char out[PHRASE])
{
    char low[HB_FIGURE_TEXT];
    char high[HB_FIGURE_TEXT];
    hb_figure(t->low, c->unit, low);
    hb_figure(t->high, c->unit, high);
    if (isnan(t->low) || isnan(t->high)) {
        *out = '\0';
    } else if (isinf(t->low)) {
        snprintf(out, PHRASE, "; up to %s would have passed", high);
    } else if (isinf(t->high)) {
        snprintf(out, PHRASE, "; %s or more would have passed", low);
    } else {
        snprintf(out, PHRASE, "; %s to %s would have passed", low, high);
    }
}

static hb_status told_shock(const hb_comparison *c, const hb_live_test *t, hb_findings *out,
                            hb_error *err)
{
    hb_finding f = finding_of(c->name, HB_RULE_SHOCK,
                              is_critical(c->def) ? HB_SEVERITY_FAIL : HB_SEVERITY_DRIFT);
    double width = t->beyond == HB_DIRECTION_UP ? t->high - t->mean : t->mean - t->low;
    double by = fabs(t->x - t->mean);
    f.baseline = hb_some(t->mean);
    f.current = hb_some(t->x);
    f.observed = hb_some(by);
    f.p_value = hb_some(t->p);
    f.onset_time = t->beyond_since;
    f.excess = width > 0 ? by / width : 1e6;
    if (isfinite(width)) {
        f.limit = hb_some(width);
    }
    char is[HB_FIGURE_TEXT];
    char was[HB_FIGURE_TEXT];
    char since[HB_TIME_TEXT];
    char pass[PHRASE];
    accepted(c, t, pass);
    return hb_findings_add(
        out, f, err,
        "%s jumped %s since %s: %s in this window, and %u of the last 3 windows lie beyond what "
        "%zu baseline runs lead to expect, %s on average (p = %.2g, at most %.2g allowed)%s",
        c->name, went(t->beyond), shown(t->beyond_since, since), hb_figure(t->x, c->unit, is),
        t->beyond_of_3, t->n0, hb_figure(t->mean, c->unit, was), t->p, t->level, pass);
}

static hb_status told_drift(const hb_comparison *c, const hb_live_test *t, hb_findings *out,
                            hb_error *err)
{
    hb_finding f = finding_of(c->name, HB_RULE_SLOW_DRIFT, HB_SEVERITY_DRIFT);
    double s = t->drift_direction == HB_DIRECTION_UP ? t->up : t->down;
    f.baseline = hb_some(t->before);
    f.current = hb_some(t->after);
    f.limit = hb_some(t->h);
    f.observed = hb_some(s);
    f.onset_time = t->drift_since;
    f.excess = t->h > 0 ? s / t->h : 1e6;
    char is[HB_FIGURE_TEXT];
    char was[HB_FIGURE_TEXT];
    char since[HB_TIME_TEXT];
    return hb_findings_add(
        out, f, err,
        "%s has drifted %s since %s: the %zu windows since have a median of %s, those before %s "
        "(CUSUM of ranks among %zu windows at %.3g, over %.3g)%s",
        c->name, went(t->drift_direction), shown(t->drift_since, since), t->n_since,
        hb_figure(t->after, c->unit, is), hb_figure(t->before, c->unit, was), t->n_reference, s,
        t->h,
        t->correlated ? "; its windows resemble their neighbours, so false alarms are more likely "
                        "than budgeted"
                      : "");
}

hb_status hb_told_live_test(const hb_comparison *c, const hb_live_test *t, const hb_window *w,
                            hb_findings *out, hb_error *err)
{
    (void)w;
    if (t->shock) {
        HB_TRY(told_shock(c, t, out, err));
    }
    return t->drift ? told_drift(c, t, out, err) : HB_OK;
}

static const char *unit_of(const hb_decision *d, const char *metric)
{
    const hb_comparison *c = hb_compared(d, metric);
    const hb_metric_def *def = hb_registry_find(d->registry, hb_str_of(metric));
    return c ? c->unit : def ? def->unit : "";
}

static double excess_of(const hb_window_limit *l)
{
    double scale = fabs(l->limit) > 0 ? fabs(l->limit) : 1;
    return 1 + fabs(l->worst - l->limit) / scale;
}

static bool value_is_beyond(const hb_comparison *c, const hb_window_limit *l)
{
    double x = c && c->value_run.set ? c->value_run.v : NAN;
    return l->which == HB_LIMIT_MIN   ? x < l->limit
           : l->which == HB_LIMIT_MAX ? x > l->limit
                                      : c && c->value_run.set && x != l->limit;
}

/* "37 samples above the hard limit 80 °C from 10:00:03 on, 97.2 °C the furthest; the first 81.5 °C
 * at 10:00:03, …" */
static void limit_words(const hb_window_limit *l, const char *unit, hb_buf *out)
{
    static const char *const words[] = {"below the hard limit", "above the hard limit",
                                        "other than the required"};
    char figure[HB_FIGURE_TEXT];
    char time[HB_TIME_TEXT];
    hb_buf_fmt(out, "%llu sample%s %s %s", (unsigned long long)l->n, l->n == 1 ? "" : "s",
               words[l->which], hb_figure(l->limit, unit, figure));
    if (l->n_first) {
        hb_buf_fmt(out, " from %s on", shown(l->first[0].t, time));
    }
    hb_buf_fmt(out, ", %s the furthest", hb_figure(l->worst, unit, figure));
    for (uint32_t i = 0; l->n > 1 && i < l->n_first && i < FIRST_TOLD; i++) {
        hb_buf_fmt(out, "%s%s at %s", i ? ", " : ", the first ",
                   hb_figure(l->first[i].value, unit, figure), shown(l->first[i].t, time));
    }
}

static hb_finding limit_finding(const hb_window_limit *worst, const hb_comparison *c)
{
    hb_finding f = finding_of(worst->metric, HB_RULE_SAMPLE_LIMIT, HB_SEVERITY_FAIL);
    f.current = c ? c->value_run : (hb_opt_f64){0};
    f.limit = hb_some(worst->limit);
    f.observed = hb_some(worst->worst);
    f.excess = excess_of(worst);
    return f;
}

hb_status hb_told_sample_limits(const hb_decision *d, const hb_window_limit *limits, size_t n,
                                hb_findings *out, hb_error *err)
{
    enum { WORDS_BYTES = 8192 };
    const hb_comparison *c = hb_compared(d, limits->metric);
    const char *unit = unit_of(d, limits->metric);
    const hb_window_limit *worst = limits;
    hb_time onset = HB_TIME_NONE;
    bool beyond = false;
    hb_buf words;
    hb_buf_init(&words, WORDS_BYTES);
    for (size_t i = 0; i < n; i++) {
        const hb_window_limit *l = &limits[i];
        hb_buf_c(&words, i ? "; " : "");
        limit_words(l, unit, &words);
        worst = excess_of(l) > excess_of(worst) ? l : worst;
        beyond = beyond || value_is_beyond(c, l);
        if (l->n_first && (onset == HB_TIME_NONE || l->first[0].t < onset)) {
            onset = l->first[0].t;
        }
    }
    char value[HB_FIGURE_TEXT];
    bool hidden = c && c->value_run.set && !beyond;
    hb_finding f = limit_finding(worst, c);
    f.onset_time = onset;
    hb_status status = hb_buf_check(&words, err);
    if (status == HB_OK) {
        status = hb_findings_add(out, f, err, "%s: %s%s%s", limits->metric, words.p,
                                 hidden ? "; the window's value hides it: " : "",
                                 hidden ? hb_figure(c->value_run.v, unit, value) : "");
    }
    hb_buf_release(&words);
    return status;
}

hb_status hb_told_silent(const hb_decision *d, const hb_window_silent *s, hb_findings *out,
                         hb_error *err)
{
    const hb_metric_def *def = hb_registry_find(d->registry, hb_str_of(s->metric));
    bool critical = is_critical(def);
    hb_finding f =
        finding_of(s->metric, HB_RULE_SILENT, critical ? HB_SEVERITY_FAIL : HB_SEVERITY_DRIFT);
    char for_long[SPAN];
    char allowed[SPAN];
    char last[HB_TIME_TEXT];
    const char *weight = critical ? ", and the metric is critical" : "";
    f.limit = hb_some(s->allowed_s);
    span(s->allowed_s, allowed);
    if (s->last == HB_TIME_NONE) {
        f.excess = 1;
        return hb_findings_add(out, f, err,
                               "%s has never been heard of, at most %s without a sample are "
                               "allowed%s",
                               s->metric, allowed, weight);
    }
    f.observed = hb_some(s->silent_s);
    f.onset_time = s->last;
    f.excess = s->allowed_s > 0 ? s->silent_s / s->allowed_s : 1e6;
    return hb_findings_add(out, f, err,
                           "%s has been silent for %s, since its sample of %s, at most %s are "
                           "allowed%s",
                           s->metric, span(s->silent_s, for_long), shown(s->last, last), allowed,
                           weight);
}

static hb_status told_coverage(const hb_live_statistics *s, hb_findings *out, hb_error *err)
{
    const hb_window *w = s->window;
    if (w->coverage >= s->min_coverage) {
        return HB_OK;
    }
    hb_finding f = finding_of("", HB_RULE_WINDOW_COVERAGE, HB_SEVERITY_DRIFT);
    f.limit = hb_some(s->min_coverage);
    f.observed = hb_some(w->coverage);
    f.excess = w->coverage > 0 ? s->min_coverage / w->coverage : 1e6;
    return hb_findings_add(out, f, err,
                           "only %.3g %% of the samples expected in this window came, at least "
                           "%.3g %% required: neither shock nor slow drift could be tested",
                           w->coverage * 100, s->min_coverage * 100);
}

/* One sentence for all metrics: what to do is done to the window, not to a metric. */
static hb_status told_likeness(const hb_live_statistics *s, hb_findings *out, hb_error *err)
{
    const hb_live_test *most = NULL;
    const hb_live_test *widest = NULL;
    for (size_t i = 0; i < s->n_tests; i++) {
        const hb_live_test *t = &s->tests[i];
        if (t->correlated) {
            most = !most || t->lag1 > most->lag1 ? t : most;
            bool wider = !widest || t->widen > widest->widen ||
                         (t->widen == widest->widen && t->widen_more && !widest->widen_more);
            widest = wider ? t : widest;
        }
    }
    if (!most) {
        return HB_OK;
    }
    double size = (double)(s->window->end - s->window->start) / 1e9;
    hb_finding f = finding_of("", HB_RULE_CORRELATED, HB_SEVERITY_INFO);
    f.observed = hb_some(most->lag1);
    f.limit = hb_some(0.3);
    char now[SPAN];
    char then[SPAN];
    return hb_findings_add(
        out, f, err,
        "windows of %zu of %zu metrics resemble their neighbours (lag-1 autocorrelation over 0.3, "
        "%.2f for %s), so slow drift may alarm more often than budgeted: widen the windows from "
        "%s to %s%s",
        s->n_correlated, s->n_tests, most->lag1, most->metric, span(size, now),
        span(size * widest->widen, then), widest->widen_more ? " or more" : "");
}

static hb_status told_insufficient(const hb_decision *d, const hb_live_statistics *s,
                                   hb_findings *out, hb_error *err)
{
    if (s->n_shock_tested || s->n_tests == 0 || !d->reference->run ||
        s->window->coverage < s->min_coverage || s->window->revision) {
        return HB_OK;
    }
    size_t most = 0;
    for (size_t i = 0; i < s->n_tests; i++) {
        most = s->tests[i].n0 > most ? s->tests[i].n0 : most;
    }
    hb_finding f = finding_of("", HB_RULE_INSUFFICIENT_BASELINE, HB_SEVERITY_INFO);
    f.limit = hb_some(d->policy->n_min);
    f.observed = hb_some((double)most);
    return hb_findings_add(
        out, f, err,
        "no metric could be tested for a shock, because that takes %u baseline runs and there %s "
        "%zu; slow drift is tested from the windows themselves, %zu metrics in this one",
        d->policy->n_min, most == 1 ? "is" : "are", most, s->n_drift_tested);
}

hb_status hb_told_of_window(const hb_decision *d, const hb_live_statistics *s, hb_findings *out,
                            hb_error *err)
{
    HB_TRY(told_coverage(s, out, err));
    HB_TRY(told_likeness(s, out, err));
    return told_insufficient(d, s, out, err);
}
