/* SPDX-License-Identifier: Apache-2.0 */
#include "input/select/resample.h"

#include "base/num.h"
#include "base/str.h"

#include <math.h>

bool hb_duration_parse(const char *p, size_t n, int64_t *ret_ns)
{
    static const struct {
        const char *unit;
        double ns;
    } rows[] = {{"ns", 1},    {"us", 1e3},   {"µs", 1e3},   {"ms", 1e6},    {"s", 1e9},
                {"sec", 1e9}, {"min", 6e10}, {"h", 3.6e12}, {"d", 8.64e13}, {"", 1e9}};
    hb_str s = hb_str_trim((hb_str){p, n});
    size_t digits = 0;
    while (digits < s.n && ((s.p[digits] >= '0' && s.p[digits] <= '9') || s.p[digits] == '.')) {
        digits++;
    }
    hb_str unit = hb_str_trim((hb_str){s.p + digits, s.n - digits});
    double v = 0;
    if (hb_num_parse(s.p, digits, &v) != HB_NUM_FINITE) {
        return false;
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (hb_str_eq_c(unit, rows[i].unit)) {
            double ns = round(v * rows[i].ns);
            *ret_ns = ns >= 1 && ns < 9.2e18 ? (int64_t)ns : 0;
            return *ret_ns > 0;
        }
    }
    return false;
}

hb_status hb_resample_parse(const char *text, hb_resample_rule *ret, hb_error *err)
{
    static const char *const names[] = {[HB_RESAMPLE_MEAN] = "mean",
                                        [HB_RESAMPLE_MIN] = "min",
                                        [HB_RESAMPLE_MAX] = "max",
                                        [HB_RESAMPLE_FIRST] = "first",
                                        [HB_RESAMPLE_LAST] = "last"};
    hb_str s = hb_str_of(text);
    size_t colon = hb_str_find_ch(s, ':');
    hb_resample_rule rule = {.how = HB_RESAMPLE_MEAN};
    bool known = colon == s.n;
    for (unsigned i = 0; !known && i < HB_RESAMPLE_COUNT_; i++) {
        known = hb_str_eq_c((hb_str){s.p + colon + 1, s.n - colon - 1}, names[i]);
        rule.how = known ? (hb_resample_how)i : rule.how;
    }
    if (!known || !hb_duration_parse(s.p, colon, &rule.step_ns)) {
        return HB_FAIL(err, HB_E_USAGE,
                       "--resample must be a step and maybe how, like 1s, 250ms or 1min:max (mean, "
                       "min, max, first, last); got '%.60s'",
                       text);
    }
    *ret = rule;
    return HB_OK;
}

/* Rounded down, also before 1970. */
static hb_time step_of(hb_time t, int64_t step_ns)
{
    int64_t rest = t % step_ns;
    rest = rest < 0 ? rest + step_ns : rest;
    return t < INT64_MIN + 1 + rest ? INT64_MIN + 1 : t - rest;
}

static void begin(hb_resampler *r, hb_time step)
{
    *r = (hb_resampler){.step = step};
}

static void take(hb_resampler *r, hb_resample_how how, double v)
{
    bool first = r->n++ == 0;
    switch (how) {
    case HB_RESAMPLE_MEAN: {
        double s = r->v + v; /* Neumaier 1974 */
        r->low += fabs(r->v) >= fabs(v) ? (r->v - s) + v : (v - s) + r->v;
        r->v = s;
        break;
    }
    case HB_RESAMPLE_MIN:
        r->v = first || v < r->v ? v : r->v;
        break;
    case HB_RESAMPLE_MAX:
        r->v = first || v > r->v ? v : r->v;
        break;
    case HB_RESAMPLE_FIRST:
        r->v = first ? v : r->v;
        break;
    case HB_RESAMPLE_LAST:
        r->v = v;
        break;
    case HB_RESAMPLE_COUNT_:
        break;
    }
}

bool hb_resample_finish(hb_resampler *r, const hb_resample_rule *rule, double *ret_v,
                        hb_time *ret_t)
{
    if (r->n == 0) {
        return false;
    }
    *ret_v = rule->how == HB_RESAMPLE_MEAN ? (r->v + r->low) / (double)r->n : r->v;
    *ret_t = r->step;
    r->n = 0;
    return true;
}

hb_status hb_resample_add(hb_resampler *r, const hb_resample_rule *rule, const double *v,
                          const hb_time *t, size_t n, double *out_v, hb_time *out_t, size_t *ret_n,
                          uint64_t *io_untimed, hb_error *err)
{
    size_t out = 0;
    for (size_t i = 0; i < n; i++) {
        if (t[i] == HB_TIME_NONE) {
            (*io_untimed)++;
            continue;
        }
        hb_time step = step_of(t[i], rule->step_ns);
        if (r->n && step < r->step) {
            char at[HB_TIME_TEXT];
            hb_time_print(t[i], at);
            return HB_FAIL(err, HB_E_INPUT,
                           "cannot resample: time goes back to %s after a later step was begun",
                           at);
        }
        if (r->n && step != r->step) {
            out += hb_resample_finish(r, rule, &out_v[out], &out_t[out]);
        }
        if (r->n == 0) {
            begin(r, step);
        }
        take(r, rule->how, v[i]);
    }
    *ret_n = out;
    return HB_OK;
}
