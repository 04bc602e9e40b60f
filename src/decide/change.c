/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/change.h"

#include "decide/limits.h"
#include "decide/onset.h"
#include "stats/compare.h"

#include <math.h>
#include <string.h>

/* A declared change limit turned into the metric's unit. */
typedef struct bound {
    hb_rule rule;
    double allowed;  /* |delta| beyond it is a change, canonical unit */
    double declared; /* as in the registry: ms, %, multiples */
    double observed; /* in the unit of `declared` */
    bool beyond;     /* strictly over the declared figure */
} bound;

enum { MAX_BOUNDS = 3 };

typedef struct state {
    const hb_change *in;
    hb_comparison *c;
    hb_findings *out;
    double delta;
    double change; /* |delta| */
    bound bounds[MAX_BOUNDS];
    size_t n_bounds;
    double sd_run; /* NaN when it says too little */
    double sd_baseline;
} state;

/* Spread is a yardstick for values in the samples' own unit that do not grow with the run. */
static bool in_sample_unit(hb_reduce how)
{
    return how != HB_REDUCE_RATE && how != HB_REDUCE_COUNT && how != HB_REDUCE_RANGE &&
           how != HB_REDUCE_STD;
}

static double usable_sd(const hb_metric *m)
{
    bool enough = m->profile.moments.n >= HB_SPREAD_MIN_N && in_sample_unit(m->reduce);
    return enough ? hb_moments_sd(&m->profile.moments) : NAN;
}

static bool units_differ(const hb_metric *a, const hb_metric *b)
{
    return strcmp(a->unit, b->unit) != 0;
}

static hb_finding finding_of(const state *s, hb_rule rule, hb_severity severity)
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

static void add_bound(state *s, hb_rule rule, double allowed, double declared, double observed)
{
    s->bounds[s->n_bounds++] = (bound){rule, allowed, declared, observed, observed > declared};
}

/* Percent of zero does not exist: any change is beyond it, unless the metric says otherwise. */
static void percent_bound(state *s)
{
    double limit = s->in->limits->drift_percent.v;
    double b = fabs(s->in->baseline->value);
    if (b > 0) {
        add_bound(s, HB_RULE_DRIFT_PERCENT, b * limit / 100, limit, 100 * s->change / b);
    } else if (s->in->limits->zero_baseline == HB_ZERO_ANY_CHANGE) {
        add_bound(s, HB_RULE_DRIFT_PERCENT, 0, limit, s->change > 0 ? INFINITY : -1);
    }
}

static void collect_bounds(state *s)
{
    const hb_metric_def *l = s->in->limits;
    if (l->drift_threshold.set) {
        add_bound(s, HB_RULE_DRIFT_THRESHOLD, l->drift_threshold.v, l->drift_threshold.v,
                  s->change);
    }
    bool spread = l->drift_spread.set && s->sd_baseline > 0;
    if (spread) {
        add_bound(s, HB_RULE_DRIFT_SPREAD, l->drift_spread.v * s->sd_baseline, l->drift_spread.v,
                  s->change / s->sd_baseline);
    }
    if (l->drift_percent.set && !(s->in->percent_is_fallback && spread)) {
        percent_bound(s);
    }
}

/* The change at which the first declared limit is crossed; min_effect lifts it. NaN = no limit. */
static double tightest(const state *s)
{
    double least = NAN;
    for (size_t i = 0; i < s->n_bounds; i++) {
        if (isnan(least) || s->bounds[i].allowed < least) {
            least = s->bounds[i].allowed;
        }
    }
    hb_opt_f64 floor = s->in->limits->min_effect;
    return !isnan(least) && floor.set && floor.v > least ? floor.v : least;
}

static bool cancelled(const state *s)
{
    return s->in->limits->min_effect.set && s->change < s->in->limits->min_effect.v;
}

/* Persistence is asked of a series; a stated value has no order in time. */
static bool persistence_applies(const state *s)
{
    return s->in->limits->drift_persistence && !s->in->run->stated &&
           s->in->run->profile.persist_known;
}

static bool sustained_beyond(const state *s, double limit)
{
    const hb_profile *p = &s->in->run->profile;
    double b = s->in->baseline->value;
    return p->sustained_high > b + limit || p->sustained_low < b - limit;
}

static void mark_onset(const state *s, double limit, hb_finding *f)
{
    if (isnan(limit) || !in_sample_unit(s->in->run->reduce)) {
        return;
    }
    uint64_t persistence =
        s->in->limits->drift_persistence ? s->in->limits->drift_persistence : HB_ONSET_PERSISTENCE;
    double b = s->in->baseline->value;
    hb_onset_find(&s->in->run->profile.trace, b - limit, b + limit, persistence, f);
}

static hb_status told_change(const state *s, hb_finding f, const bound *b, const char *tail,
                             hb_error *err)
{
    char was[HB_FIGURE_TEXT];
    char is[HB_FIGURE_TEXT];
    char by[HB_FIGURE_TEXT];
    char limit[HB_FIGURE_TEXT];
    char percent[48] = "";
    if (s->c->percent.set) {
        snprintf(percent, sizeof percent, ", %+.4g %%", s->c->percent.v);
    }
    static const char *const limit_words[HB_RULE_COUNT_] = {
        [HB_RULE_DRIFT_THRESHOLD] = "",
        [HB_RULE_DRIFT_PERCENT] = "%",
        [HB_RULE_DRIFT_SPREAD] = "× the baseline's standard deviation",
    };
    hb_figure(b->declared, b->rule == HB_RULE_DRIFT_THRESHOLD ? s->in->unit : limit_words[b->rule],
              limit);
    return hb_findings_add(s->out, f, err, "%s %s from %s to %s (by %s%s); the limit is %s%s",
                           s->c->name, s->delta > 0 ? "rose" : "fell",
                           hb_figure(s->in->baseline->value, s->in->unit, was),
                           hb_figure(s->in->run->value, s->in->unit, is),
                           hb_figure(s->change, s->in->unit, by), percent, limit, tail);
}

static hb_status value_limits(state *s, hb_error *err)
{
    double limit = tightest(s);
    bool fleeting = persistence_applies(s) && !sustained_beyond(s, limit);
    char tail[96] = "";
    if (fleeting) {
        snprintf(tail, sizeof tail, "; not sustained for %u consecutive samples, so told only",
                 s->in->limits->drift_persistence);
    }
    for (size_t i = 0; i < s->n_bounds; i++) {
        const bound *b = &s->bounds[i];
        s->c->n_checks++;
        if (cancelled(s) || !b->beyond) {
            continue;
        }
        hb_finding f = finding_of(s, b->rule, fleeting ? HB_SEVERITY_WARN : HB_SEVERITY_DRIFT);
        f.limit = hb_some(b->declared);
        if (isfinite(b->observed)) {
            f.observed = hb_some(b->observed);
        }
        f.excess = b->allowed > 0 ? s->change / b->allowed : 1e6;
        mark_onset(s, limit, &f);
        HB_TRY(told_change(s, f, b, tail, err));
    }
    return HB_OK;
}

/* A stretch beyond the limit that the one value of the series hides. */
static hb_status hidden_stretch(state *s, hb_error *err)
{
    double limit = tightest(s);
    if (isnan(limit) || !persistence_applies(s)) {
        return HB_OK;
    }
    s->c->n_checks++;
    bool value_beyond = s->change > limit && !cancelled(s);
    if (value_beyond || !sustained_beyond(s, limit)) {
        return HB_OK;
    }
    const hb_profile *p = &s->in->run->profile;
    double b = s->in->baseline->value;
    double up = p->sustained_high - b;
    double down = b - p->sustained_low;
    double reached = up > down ? up : down;
    hb_finding f = finding_of(s, HB_RULE_PERSISTENCE, HB_SEVERITY_DRIFT);
    f.limit = hb_some(limit);
    f.observed = hb_some(reached);
    f.excess = limit > 0 ? reached / limit : 1e6;
    mark_onset(s, limit, &f);
    char by[HB_FIGURE_TEXT];
    char allowed[HB_FIGURE_TEXT];
    return hb_findings_add(s->out, f, err,
                           "%s stayed %s %s the baseline for at least %u consecutive samples; the "
                           "limit is %s",
                           s->c->name, hb_figure(reached, s->in->unit, by),
                           up > down ? "above" : "below", s->in->limits->drift_persistence,
                           hb_figure(limit, s->in->unit, allowed));
}

static hb_status least_step(const hb_metric *m, double *ret, hb_error *err)
{
    hb_ecdf e = {0};
    HB_TRY(hb_sketch_ecdf(m->profile.sketch, &e, err));
    double least = INFINITY;
    for (size_t i = 1; i < e.n_points; i++) {
        double step = e.values[i] - e.values[i - 1];
        least = step < least ? step : least;
    }
    hb_ecdf_release(&e);
    *ret = least;
    return HB_OK;
}

/* The smallest step between values, as a sign of how finely the channel resolves; 0 when unknown.
 * Where the baseline stood still only the run has steps: one that would be a drift in itself is a
 * jump and not the channel's resolution. */
static hb_status resolution(const state *s, double *ret, hb_error *err)
{
    double run = INFINITY;
    double base = INFINITY;
    HB_TRY(least_step(s->in->run, &run, err));
    HB_TRY(least_step(s->in->baseline, &base, err));
    double least = run < base ? run : base;
    *ret = isfinite(least) ? least : 0;
    if (!isfinite(base) && isfinite(run)) {
        double limit = tightest(s);
        double most = isnan(limit) ? fabs(s->in->baseline->value) / 100 : limit;
        *ret = run <= most ? run : 0;
    }
    return HB_OK;
}

/* A coarse channel that stays within one step has a spread all the same: u²/12, the variance of
 * rounding (JCGM 100, F.2.2.1). Without it a channel that shows 21.60 and 21.61 by turns would
 * alarm. */
static double with_resolution(double sd, double u)
{
    return sqrt(sd * sd + u * u / 12);
}

/* The same variance added on both sides brings the ratio nearer to 1, so a spread clearly below the
 * limit without it is below it with it; and looking for the resolution is most of the work. */
static bool clearly_not_grown(const state *s, double ratio)
{
    return s->sd_run > 0 && ratio >= 1 && s->sd_run < s->sd_baseline * ratio * 0.999;
}

static hb_status spread(state *s, hb_error *err)
{
    hb_opt_f64 ratio = s->in->limits->spread_ratio;
    if (!ratio.set || isnan(s->sd_run) || isnan(s->sd_baseline)) {
        return HB_OK;
    }
    s->c->n_checks++;
    if (clearly_not_grown(s, ratio.v)) {
        return HB_OK;
    }
    double u = 0;
    HB_TRY(resolution(s, &u, err));
    double was_sd = with_resolution(s->sd_baseline, u);
    double is_sd = with_resolution(s->sd_run, u);
    /* Of a channel that moves by a step or two, standing still says nothing. */
    bool stuck = s->sd_run == 0 && s->sd_baseline > 2 * u;
    bool grew = is_sd > was_sd * ratio.v;
    bool tiny = s->in->limits->min_effect.set && is_sd < s->in->limits->min_effect.v &&
                was_sd < s->in->limits->min_effect.v;
    if (tiny || (!stuck && !grew)) {
        return HB_OK;
    }
    hb_finding f = finding_of(s, HB_RULE_SPREAD_RATIO, HB_SEVERITY_DRIFT);
    f.limit = ratio;
    f.excess = stuck ? 1 : was_sd > 0 ? is_sd / was_sd / ratio.v : 1e6;
    if (grew && was_sd > 0) {
        f.observed = hb_some(is_sd / was_sd);
    }
    char was[HB_FIGURE_TEXT];
    char is[HB_FIGURE_TEXT];
    hb_figure(s->sd_baseline, s->in->unit, was);
    if (stuck) {
        return hb_findings_add(
            s->out, f, err,
            "%s is stuck: all its samples are equal, where the baseline's have a "
            "standard deviation of %s",
            s->c->name, was);
    }
    return hb_findings_add(
        s->out, f, err, "%s: its standard deviation grew from %s to %s; the limit is a factor %.5g",
        s->c->name, was, hb_figure(s->sd_run, s->in->unit, is), ratio.v);
}

/* Only of what is told. */
static hb_status find_shift(state *s, const hb_ranks *run, const hb_ranks *base, hb_error *err)
{
    hb_quantile_shift *shift = hb_arena_array(s->out->arena, 1, sizeof *shift);
    if (!shift) {
        return HB_NOMEM(err);
    }
    hb_quantile_shift_of(run, base, shift);
    s->c->quantile_shift = shift;
    return HB_OK;
}

/* Where in the range it moved, in words; "" when the three parts say nothing simple. */
static void moved_words(const state *s, const hb_quantile_shift *q, char *out, size_t size)
{
    static const char *const words[HB_MOVED_COUNT_] = {
        [HB_MOVED_WHOLE] = "the whole range moved",
        [HB_MOVED_WIDER] = "it became wider",
        [HB_MOVED_NARROWER] = "it became narrower",
        [HB_MOVED_UPPER] = "mostly the upper tail moved",
        [HB_MOVED_LOWER] = "mostly the lower tail moved",
        [HB_MOVED_MIDDLE] = "mostly the middle moved",
        [HB_MOVED_MIXED] = "no part of the range moved alone",
    };
    char low[HB_FIGURE_TEXT];
    char middle[HB_FIGURE_TEXT];
    char high[HB_FIGURE_TEXT];
    *out = '\0';
    if (words[q->part]) {
        snprintf(out, size, "; %s: by %s at the 5 %% quantile, %s at the median, %s at 95 %%",
                 words[q->part], hb_figure(q->shift[4], s->in->unit, low),
                 hb_figure(q->shift[49], s->in->unit, middle),
                 hb_figure(q->shift[94], s->in->unit, high));
    }
}

static hb_status told_distribution(state *s, const hb_ks *ks, const hb_ranks *run,
                                   const hb_ranks *base, hb_error *err)
{
    hb_opt_f64 limit = s->in->limits->ks_threshold;
    bool declared = limit.set && s->in->distribution_enabled;
    s->c->n_checks += declared;
    bool beyond = declared ? ks->d > limit.v : ks->d >= HB_KS_TOLD;
    if (!beyond || ks->p >= HB_KS_P) {
        return HB_OK;
    }
    hb_finding f = finding_of(s, declared ? HB_RULE_KS_THRESHOLD : HB_RULE_DISTRIBUTION,
                              declared ? HB_SEVERITY_DRIFT : HB_SEVERITY_INFO);
    f.observed = hb_some(ks->d);
    f.p_value = hb_some(ks->p);
    f.limit = declared ? limit : (hb_opt_f64){0};
    f.excess = !declared ? 0 : limit.v > 0 ? ks->d / limit.v : 1e6;
    HB_TRY(find_shift(s, run, base, err));
    char where[4 * HB_FIGURE_TEXT];
    moved_words(s, s->c->quantile_shift, where, sizeof where);
    char at[HB_FIGURE_TEXT];
    char moved[HB_FIGURE_TEXT];
    char limit_text[64] = "no limit is declared for it";
    if (declared) {
        snprintf(limit_text, sizeof limit_text, "the limit is %.4g", limit.v);
    }
    return hb_findings_add(
        s->out, f, err,
        "%s: the distribution moved (KS D = %.4g at %s, Wasserstein distance %s); %s%s", s->c->name,
        ks->d, hb_figure(ks->at, s->in->unit, at),
        hb_figure(s->c->wasserstein.v, s->in->unit, moved), limit_text, where);
}

static void samples(const hb_metric *m, hb_ranks *ret)
{
    hb_ranks_of(m->profile.moments.n ? m->profile.sketch : NULL, ret);
}

static hb_status compared(state *s, hb_distance between, const hb_ranks *run, const hb_ranks *base,
                          hb_error *err)
{
    s->c->ks_d = hb_some(between.ks.d);
    s->c->ks_p = isnan(between.ks.p) ? (hb_opt_f64){0} : hb_some(between.ks.p);
    s->c->wasserstein = hb_some(between.wasserstein);
    return told_distribution(s, &between.ks, run, base, err);
}

static hb_status distribution(state *s, hb_error *err)
{
    bool declared = s->in->limits->ks_threshold.set && s->in->distribution_enabled;
    if ((s->in->weight_only || s->in->live) && !declared) {
        return HB_OK;
    }
    hb_ranks run;
    hb_ranks base;
    samples(s->in->run, &run);
    samples(s->in->baseline, &base);
    if (!run.n || !base.n) {
        if (!declared) {
            return HB_OK;
        }
        hb_finding f = finding_of(s, HB_RULE_KS_THRESHOLD, HB_SEVERITY_WARN);
        f.limit = s->in->limits->ks_threshold;
        return hb_findings_add(s->out, f, err,
                               "%s: its declared distribution limit could not be checked, %s no "
                               "samples",
                               s->c->name, run.n ? "the baseline has" : "the run has");
    }
    if (!s->in->live) {
        return compared(s, hb_distance_two_sample(&run, &base), &run, &base, err);
    }
    hb_distance apart = hb_distance_apart(&run, &base);
    if (apart.ks.d > s->in->limits->ks_threshold.v) {
        apart = hb_distance_two_sample(&run, &base);
    }
    return compared(s, apart, &run, &base, err);
}

hb_status hb_change_flagged(hb_comparison *c, hb_findings *out, hb_error *err)
{
    static const hb_metric_def none = {.name = ""};
    bool comparable = c->flagged && c->delta.set && !c->ks_d.set;
    if (!comparable) {
        return HB_OK;
    }
    const hb_change change = {
        .limits = &none, .run = c->run, .baseline = c->baseline, .unit = c->unit};
    state s = {.in = &change, .c = c, .out = out};
    return distribution(&s, err);
}

static hb_status unit_mismatch(const state *s, hb_error *err)
{
    const hb_metric *r = s->in->run;
    const hb_metric *b = s->in->baseline;
    bool one_is_silent = !*r->unit || !*b->unit;
    hb_severity severity = one_is_silent     ? HB_SEVERITY_WARN
                           : s->in->critical ? HB_SEVERITY_FAIL
                                             : HB_SEVERITY_DRIFT;
    hb_finding f = finding_of(s, HB_RULE_UNIT_MISMATCH, severity);
    f.excess = one_is_silent ? 0 : 1;
    return hb_findings_add(
        s->out, f, err, "%s is in '%.40s' here and in '%.40s' in the baseline%s", s->c->name,
        *r->unit ? r->unit : "no stated unit", *b->unit ? b->unit : "no stated unit",
        one_is_silent ? "; the figures were compared as they are" : ", so they were not compared");
}

static hb_status judge(state *s, hb_error *err)
{
    HB_TRY(value_limits(s, err));
    HB_TRY(hidden_stretch(s, err));
    HB_TRY(spread(s, err));
    return distribution(s, err);
}

hb_status hb_change_check(const hb_change *change, hb_comparison *c, hb_findings *out,
                          hb_error *err)
{
    state s = {
        .in = change,
        .c = c,
        .out = out,
        .delta = change->run->value - change->baseline->value,
        .sd_run = usable_sd(change->run),
        .sd_baseline = usable_sd(change->baseline),
    };
    s.change = fabs(s.delta);
    if (units_differ(change->run, change->baseline)) {
        HB_TRY(unit_mismatch(&s, err));
        if (*change->run->unit && *change->baseline->unit) {
            return HB_OK;
        }
    }
    c->delta = hb_some(s.delta);
    if (change->baseline->value != 0) {
        c->percent = hb_some(s.delta / fabs(change->baseline->value) * 100);
    }
    collect_bounds(&s);
    double limit = tightest(&s);
    if (!isnan(limit)) {
        c->change_limit = hb_some(limit);
        c->margin = hb_some(limit - s.change);
    }
    return judge(&s, err);
}
