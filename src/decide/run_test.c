/* SPDX-License-Identifier: Apache-2.0 */
/* A logarithm turns an absolute figure into a relative one, so what is declared in the metric's
 * unit (resolution, sigma_ref) is divided by the geometric mean of the set (delta method). */
#include "decide/run_test.h"

#include "base/num.h"
#include "stats/fmath.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Where the last digit of the shortest text of v stands: 12.5 → 0.1, 1200 → 1, 1.5e-7 → 1e-8. */
static double last_digit(double v)
{
    char text[HB_NUM_TEXT];
    size_t n = hb_num_print(v, text);
    const char *point = memchr(text, '.', n);
    const char *e = memchr(text, 'e', n);
    int64_t exponent = 0;
    if (e) {
        const char *digits = e[1] == '+' ? e + 2 : e + 1;
        if (!hb_num_parse_i64(digits, n - (size_t)(digits - text), &exponent)) {
            return 0;
        }
    }
    const char *end = e ? e : text + n;
    exponent -= point ? end - point - 1 : 0;
    char unit[HB_NUM_TEXT];
    int len = snprintf(unit, sizeof unit, "1e%lld", (long long)exponent);
    double step = 0;
    bool got = len > 0 && hb_num_parse(unit, (size_t)len, &step) == HB_NUM_FINITE;
    return got ? step : 0;
}

static double lesser_step(double a, double b)
{
    return !(a > 0) ? b : !(b > 0) ? a : a < b ? a : b;
}

/* Steps between samples are in the unit of the value only where reduce keeps that unit. */
static double seen_step(const hb_judged *j, const hb_yardstick *y)
{
    switch (j->run->reduce) {
    case HB_REDUCE_COUNT:
        return 1;
    case HB_REDUCE_RATE:
        return 0;
    case HB_REDUCE_MEDIAN:
    case HB_REDUCE_MEAN:
    case HB_REDUCE_MAX:
    case HB_REDUCE_MIN:
    case HB_REDUCE_LAST:
    case HB_REDUCE_P95:
    case HB_REDUCE_P99:
    case HB_REDUCE_RANGE:
    case HB_REDUCE_STD:
    case HB_REDUCE_COUNT_:
        break;
    }
    return lesser_step(y->step, j->run->step);
}

/* kept: the values of the set that take part. */
static double resolution(const hb_judged *j, const hb_yardstick *y, const double *kept, size_t n)
{
    if (j->def && j->def->resolution.set) {
        return j->def->resolution.v;
    }
    double step = seen_step(j, y);
    if (step > 0) {
        return step;
    }
    step = last_digit(j->run->value);
    for (size_t i = 0; i < n; i++) {
        step = lesser_step(step, last_digit(kept[i]));
    }
    return step;
}

static size_t keep(const hb_yardstick *y, double *room)
{
    size_t n = 0;
    for (size_t i = 0; i < y->n_values; i++) {
        if (isfinite(y->values[i]) && !(y->left_out && y->left_out[i])) {
            room[n++] = y->values[i];
        }
    }
    return n;
}

static bool units_differ(const char *a, const char *b)
{
    return *a && *b && strcmp(a, b) != 0;
}

/* The run's value, or the mean of it and those of the named runs that have one. */
static hb_untested value_judged(const hb_judged *j, hb_fit *f)
{
    if (!j->run || !j->run->has_value || !isfinite(j->run->value)) {
        return HB_UNTESTED_NO_VALUE;
    }
    const hb_past_metric *with = hb_run_set_metric(j->with, j->run->name);
    if (with && units_differ(with->unit, j->run->unit)) {
        return HB_UNTESTED_UNIT;
    }
    size_t all = with ? j->with->n_runs + 1 : 1;
    f->m = 0;
    f->x = 0;
    for (size_t i = 0; i < all; i++) {
        double v = i == 0 ? j->run->value : with->values[i - 1];
        if (!isfinite(v)) {
            continue;
        }
        if (f->log && !(v > 0)) {
            f->run_not_positive = true;
            return HB_UNTESTED_NOT_POSITIVE;
        }
        f->m++;
        f->x += ((f->log ? hb_log(v) : v) - f->x) / (double)f->m;
    }
    return HB_UNTESTED_NO;
}

static double mean_of(const double *v, size_t n)
{
    double mean = 0;
    for (size_t i = 0; i < n; i++) {
        mean += (v[i] - mean) / (double)(i + 1);
    }
    return mean;
}

static bool to_logs(double *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!(v[i] > 0)) {
            return false;
        }
        v[i] = hb_log(v[i]);
    }
    return true;
}

hb_untested hb_fit_make(const hb_judged *judged, const hb_yardstick *yard, size_t n_min,
                        double *room, hb_fit *ret)
{
    const hb_metric_def *def = judged->def;
    hb_fit f = {
        .m = 1,
        .log = yard->log,
        .side = !def || def->direction == HB_BAD_BOTH ? 0
                : def->direction == HB_BAD_UP         ? 1
                                                      : -1,
        .governed = def && def->sigma_ref.set && def->sigma_dof.set,
    };
    f.n0 = keep(yard, room);
    *ret = f;
    if (f.n0 < n_min) {
        return HB_UNTESTED_FEW;
    }
    hb_untested why = value_judged(judged, &f);
    if (why != HB_UNTESTED_NO) {
        *ret = f;
        return why;
    }
    if (units_differ(yard->unit, judged->run->unit)) {
        return HB_UNTESTED_UNIT;
    }
    f.step = resolution(judged, yard, room, f.n0);
    double scale = 1;
    if (f.log) {
        if (!to_logs(room, f.n0)) {
            return HB_UNTESTED_NOT_POSITIVE;
        }
        scale = hb_exp(mean_of(room, f.n0));
        f.step /= scale;
    }
    hb_predict_input in = {
        .values = room,
        .n_values = f.n0,
        .sigma_ref = f.governed ? def->sigma_ref.v / scale : 0,
        .nu = f.governed ? def->sigma_dof.v : 0,
        .step = f.step,
    };
    bool fits = hb_predict_fit(&in, &f.p) && !isnan(hb_predict_t(&f.p, f.x, f.m));
    *ret = f;
    return fits ? HB_UNTESTED_NO : HB_UNTESTED_NO_SCALE;
}

double hb_fit_p(const hb_fit *f, double *ret_t)
{
    hb_t_law law = {.dof = 0};
    return hb_fit_p_kept(f, &law, ret_t);
}

double hb_fit_p_kept(const hb_fit *f, hb_t_law *io_law, double *ret_t)
{
    double t = hb_predict_t(&f->p, f->x, f->m);
    /* 1e300 against a constant of 1e-300 is beyond every double; what is kept must be a number. */
    *ret_t = isinf(t) ? copysign(DBL_MAX, t) : t;
    return hb_predict_p_kept(&f->p, *ret_t, f->side, io_law);
}

double hb_fit_unit(const hb_fit *f, double v)
{
    return f->log ? hb_exp(v) : v;
}

double hb_fit_moved(const hb_fit *f)
{
    return fabs(hb_fit_unit(f, f->x) - hb_fit_unit(f, f->p.mean));
}

hb_direction hb_fit_direction(const hb_fit *f)
{
    return f->x > f->p.mean   ? HB_DIRECTION_UP
           : f->x < f->p.mean ? HB_DIRECTION_DOWN
                              : HB_DIRECTION_NONE;
}
