/* SPDX-License-Identifier: Apache-2.0 */
/* One metric of one window against the set (shock) and against the windows kept (slow drift). */
#include "decide/live_state.h"

#include "base/mem.h"
#include "decide/run_test.h"
#include "stats/random.h"

#include <math.h>
#include <string.h>

/* Summaries that follow their forerunner more than this make a CUSUM alarm too often … */
#define LAG1_LIMIT 0.3
/* … told when it is this many standard errors of a lag-1 autocorrelation away from nothing. */
#define LAG1_SURE 3.5

static hb_window_use use_of(const hb_detector *d, const hb_window *w)
{
    hb_window_use u = {.why_no_shock = "", .why_no_drift = "", .newer = true};
    if (d->before[0] != HB_TIME_NONE && w->start <= d->before[0]) {
        u = (hb_window_use){.why_no_shock = "reopened", .why_no_drift = "reopened"};
    } else if (!(w->coverage >= d->options.min_coverage)) {
        u.why_no_shock = "low_coverage";
        u.why_no_drift = "low_coverage";
    } else if (d->ranked_end != HB_TIME_NONE && w->start < d->ranked_end) {
        u.why_no_drift = "overlaps";
    }
    return u;
}

hb_status hb_looker_make(const hb_detector *d, const hb_window *window, const hb_run_set *set,
                         hb_looker *ret, hb_error *err)
{
    hb_looker l = {.detector = d, .window = window, .set = set, .use = use_of(d, window)};
    size_t n = set ? set->n_runs : 0;
    size_t ranked = 2 * ((size_t)d->options.keep + 1);
    l.left_out = hb_alloc_zero((n + 1) * sizeof *l.left_out);
    l.room = hb_alloc_array(n > ranked ? n : ranked, sizeof *l.room);
    if (!l.left_out || !l.room) {
        hb_looker_release(&l);
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        l.left_out[i] = strcmp(set->runs[i].run_id, window->run->meta.run_id) == 0;
    }
    l.id_hash = hb_random_seed(window->id, strlen(window->id));
    *ret = l;
    return HB_OK;
}

void hb_looker_release(hb_looker *l)
{
    hb_free(l->left_out);
    hb_free(l->room);
    l->left_out = NULL;
    l->room = NULL;
}

static void nothing(const hb_looker *l, const char *name, hb_live_test *t)
{
    *t = (hb_live_test){.metric = name,
                        .why_no_shock = l->use.why_no_shock,
                        .why_no_drift = l->use.why_no_drift,
                        .x = NAN,
                        .mean = NAN,
                        .low = NAN,
                        .high = NAN,
                        .t = NAN,
                        .p = NAN,
                        .level = l->detector->shock_level,
                        .needed_of_3 = 2,
                        .beyond_since = HB_TIME_NONE,
                        .score = NAN,
                        .h = l->detector->h,
                        .drift_since = HB_TIME_NONE,
                        .before = NAN,
                        .after = NAN,
                        .lag1 = NAN};
}

/* A quantile of t at such a level costs more than all else of a metric, and most share it. */
static double width_of(hb_looker *l, const hb_fit *f, double level)
{
    hb_live_width *w = &l->width;
    if (w->n0 != f->n0 || w->dof != f->p.dof || w->side != f->side) {
        hb_predict unit = f->p;
        unit.sd = 1;
        *w = (hb_live_width){.n0 = f->n0,
                             .dof = f->p.dof,
                             .side = f->side,
                             .per_sd = hb_predict_width(&unit, f->m, level, f->side)};
    }
    return w->per_sd * f->p.sd;
}

static void limits_of(hb_looker *l, const hb_fit *f, hb_live_test *t)
{
    double width = width_of(l, f, t->level);
    t->low = f->side > 0 ? -INFINITY : hb_fit_unit(f, f->p.mean - width);
    t->high = f->side < 0 ? INFINITY : hb_fit_unit(f, f->p.mean + width);
}

static bool kept_beyond(const hb_live_metric *m, size_t i, const hb_live_test *t, double min_effect)
{
    double x = hb_rank_ring_at(&m->kept, i);
    bool far = fabs(x - t->mean) >= min_effect;
    return far && (t->beyond == HB_DIRECTION_UP ? x > t->high : x < t->low);
}

/* Kept windows beyond the limit the same way whose neighbours on both sides, two each, are not: a
 * shock comes in company, heavy tails do not. The two newest are the present company. */
static size_t alone_beyond(const hb_live_metric *m, const hb_live_test *t, double min_effect)
{
    size_t alone = 0;
    size_t n = m->kept.n;
    size_t quiet = HB_LIVE_BEFORE; /* windows within the limit in a row */
    size_t last = SIZE_MAX;        /* beyond, and alone as far as is known */
    for (size_t i = 0; i < n; i++) {
        bool beyond = kept_beyond(m, i, t, min_effect);
        alone += last != SIZE_MAX && i == last + HB_LIVE_BEFORE && !beyond;
        if (last != SIZE_MAX && (beyond || i == last + HB_LIVE_BEFORE)) {
            last = SIZE_MAX;
        }
        if (beyond) {
            last = quiet >= HB_LIVE_BEFORE ? i : SIZE_MAX;
            quiet = 0;
        } else {
            quiet++;
        }
    }
    return alone;
}

/* Where windows lie beyond the limit one by one out of habit, its values are no normal ones and two
 * in company happen by chance: 2 π² of the windows. Then it takes three. */
static void habit_of(const hb_looker *l, const hb_live_metric *m, const hb_metric *run,
                     const hb_metric_def *def, hb_live_test *t)
{
    enum { HABIT = 2 };
    if (!m || strcmp(m->unit, run->unit) != 0 || m->kept.n < HB_RANK_KEEP_MIN) {
        return;
    }
    t->n_alone = alone_beyond(m, t, def && def->min_effect.set ? def->min_effect.v : 0);
    double share = (double)t->n_alone / (double)m->kept.n;
    if (t->n_alone >= HABIT && 2 * share * share > l->detector->shock_level) {
        t->needed_of_3 = 3;
    }
}

/* Where the windows before lay counts only in this one's direction. */
static void company_of(const hb_looker *l, const hb_live_metric *m, hb_live_test *t)
{
    t->beyond_of_3 = 1;
    t->beyond_since = l->window->start;
    for (size_t i = 0; m && i < HB_LIVE_BEFORE; i++) {
        if (m->before[i] == t->beyond) {
            t->beyond_of_3++;
            t->beyond_since = l->detector->before[i];
        }
    }
}

static void look_for_shock(hb_looker *l, const hb_live_metric *m, const hb_metric *run,
                           const hb_metric_def *def, hb_live_test *t)
{
    const hb_past_metric *past = hb_run_set_metric(l->set, t->metric);
    if (*t->why_no_shock) {
        return;
    }
    t->why_no_shock = hb_untested_name(l->set ? HB_UNTESTED_FEW : HB_UNTESTED_NO_SET);
    if (!past) {
        return;
    }
    hb_judged judged = {.def = def, .run = run};
    hb_yardstick yard = {.unit = past->unit,
                         .values = past->values,
                         .n_values = l->set->n_runs,
                         .left_out = l->left_out,
                         .step = past->step,
                         .log = past->log || (def && def->transform == HB_TRANSFORM_LOG)};
    hb_fit f;
    hb_untested why = hb_fit_make(&judged, &yard, l->detector->options.n_min, l->room, &f);
    t->n0 = f.n0;
    t->why_no_shock = hb_untested_name(why);
    if (why != HB_UNTESTED_NO) {
        return;
    }
    t->mean = hb_fit_unit(&f, f.p.mean);
    t->p = hb_fit_p_kept(&f, &l->law, &t->t);
    bool small = def && def->min_effect.set && hb_fit_moved(&f) < def->min_effect.v;
    t->beyond = t->p <= t->level && !small ? hb_fit_direction(&f) : HB_DIRECTION_NONE;
    if (t->beyond != HB_DIRECTION_NONE) {
        company_of(l, m, t);
    }
    if (l->telling || t->beyond_of_3 > 1) {
        limits_of(l, &f, t);
    }
    if (t->beyond_of_3 > 1) {
        habit_of(l, m, run, def, t);
    }
    t->shock = t->beyond_of_3 >= t->needed_of_3;
}

/* In (0, 1), the same for ever for this metric of this window. */
static double tie_breaker(const hb_looker *l, const char *name)
{
    hb_random of_metric =
        hb_random_of(l->detector->options.seed, hb_random_seed(name, strlen(name)));
    hb_random r = hb_random_of(hb_random_u64(&of_metric), l->id_hash);
    return hb_random_unit(&r);
}

/* Medians before and since the crossing side left 0; at most half of what is kept is "since". */
static void sizes_of(const hb_looker *l, const hb_live_metric *m, size_t n_since, hb_live_test *t)
{
    size_t since = n_since - 1;
    since = since < m->kept.n / 2 ? since : m->kept.n / 2;
    size_t cut = m->kept.n - since;
    t->before = hb_rank_ring_median(&m->kept, 0, cut, NAN, l->room);
    t->after = hb_rank_ring_median(&m->kept, cut, m->kept.n, t->x, l->room);
}

static void drift_of(const hb_looker *l, const hb_live_metric *m, const hb_metric_def *def,
                     const hb_looked *looked, hb_live_test *t)
{
    bool up = looked->up.s >= looked->down.s;
    const hb_cusum *side = up ? &looked->up : &looked->down;
    t->drift_since = side->since;
    t->n_since = side->n;
    t->drift_direction = !(side->s > 0) ? HB_DIRECTION_NONE
                         : up           ? HB_DIRECTION_UP
                                        : HB_DIRECTION_DOWN;
    if (!(side->s > t->h)) {
        return;
    }
    sizes_of(l, m, side->n, t);
    double moved = up ? t->after - t->before : t->before - t->after;
    t->below_min_effect = def && def->min_effect.set && moved < def->min_effect.v;
    t->drift = !t->below_min_effect;
}

static void look_for_drift(const hb_looker *l, const hb_live_metric *m, const hb_metric_def *def,
                           hb_looked *looked)
{
    hb_live_test *t = &looked->test;
    t->n_reference = m->kept.n;
    if (m->kept.n < HB_RANK_KEEP_MIN) {
        t->why_no_drift = "few_windows";
        return;
    }
    t->score = hb_rank_ring_score(&m->kept, t->x, tie_breaker(l, t->metric));
    looked->ranked = true;
    if (!def || def->direction != HB_BAD_DOWN) {
        hb_cusum_add(&looked->up, t->score, l->window->start);
    }
    if (!def || def->direction != HB_BAD_UP) {
        hb_cusum_add(&looked->down, -t->score, l->window->start);
    }
    drift_of(l, m, def, looked, t);
}

/* How much wider windows would have to be for their neighbours to be strangers. */
static void look_for_likeness(const hb_live_metric *m, hb_live_test *t)
{
    t->lag1 = hb_rank_ring_lag1(&m->kept, 1);
    t->correlated = t->lag1 > LAG1_LIMIT && t->lag1 * sqrt((double)m->kept.n) > LAG1_SURE;
    if (!t->correlated) {
        return;
    }
    for (t->widen = 2; !t->widen_more; t->widen *= 2) {
        double lag1 = hb_rank_ring_lag1(&m->kept, t->widen);
        if (lag1 <= LAG1_LIMIT) {
            return;
        }
        t->widen_more = isnan(lag1);
    }
    t->widen /= 2;
}

void hb_look(hb_looker *l, const char *name, const hb_metric *run, const hb_metric_def *def,
             hb_looked *ret)
{
    hb_live_metric *m = hb_detector_metric(l->detector, name);
    bool has_value = run && run->has_value && isfinite(run->value);
    hb_live_test *t = &ret->test;
    memset(ret, 0, sizeof *ret);
    nothing(l, name, t);
    t->x = has_value ? run->value : NAN;
    look_for_shock(l, m, run, def, t);
    hb_cusum_reset(&ret->up);
    hb_cusum_reset(&ret->down);
    if (m) {
        ret->up = m->up;
        ret->down = m->down;
        t->n_reference = m->kept.n;
    }
    if (m && l->telling) {
        look_for_likeness(m, t);
    }
    bool another = m && has_value && strcmp(m->unit, run->unit) != 0;
    ret->goes_in = has_value && !*l->use.why_no_drift;
    ret->other_unit = another && ret->goes_in;
    if (*t->why_no_drift) {
        /* said already */
    } else if (!has_value) {
        t->why_no_drift = "no_value";
    } else if (another) {
        t->why_no_drift = "unit";
    } else if (!m) {
        t->why_no_drift = "few_windows";
    } else {
        look_for_drift(l, m, def, ret);
    }
    t->up = ret->up.s;
    t->down = ret->down.s;
}
