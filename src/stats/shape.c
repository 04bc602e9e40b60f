/* SPDX-License-Identifier: Apache-2.0 */
#include "stats/shape.h"

#include "base/mem.h"
#include "stats/fmath.h"
#include "stats/scale.h"
#include "stats/sort.h"
#include "stats/special.h"

static double squared(const double *x, size_t n, double mean, double sd)
{
    double count = (double)n;
    double sum = 0;
    double low = 0;
    for (size_t i = 0; i < n; i++) {
        double below = hb_normal_cdf((x[i] - mean) / sd);
        double above = hb_normal_sf((x[n - 1 - i] - mean) / sd);
        double term = (2 * (double)i + 1) / count * (hb_log(below) + hb_log(above));
        hb_scale_sum(&sum, &low, term);
    }
    return -count - (sum + low);
}

static double osl_of(double a2, size_t n)
{
    double count = (double)n;
    double star = (1 + 4 / count - 25 / (count * count)) * a2;
    return 1 / (1 + hb_exp(-0.48 + 0.78 * hb_log(star) + 4.58 * star));
}

static bool measure(double *x, size_t n, hb_shape *ret)
{
    int shift = hb_scale_shift(x, n);
    double sum = 0;
    double low = 0;
    for (size_t i = 0; i < n; i++) {
        x[i] = ldexp(x[i], shift);
        hb_scale_sum(&sum, &low, x[i]);
    }
    double mean = (sum + low) / (double)n;
    double squares = 0;
    low = 0;
    for (size_t i = 0; i < n; i++) {
        hb_scale_sum(&squares, &low, (x[i] - mean) * (x[i] - mean));
    }
    double sd = sqrt((squares + low) / (double)(n - 1));
    if (x[0] == x[n - 1] || !(sd > 0)) {
        return false;
    }
    double a2 = squared(x, n, mean, sd);
    *ret = (hb_shape){.n = n, .a2 = a2, .osl = isfinite(a2) ? osl_of(a2, n) : 0};
    return true;
}

hb_status hb_shape_normal(const double *v, size_t n, hb_shape *ret, bool *ret_known, hb_error *err)
{
    if (n > HB_SHAPE_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "%zu values, at most %d have their shape judged", n,
                       HB_SHAPE_MAX);
    }
    *ret_known = false;
    if (n < HB_SHAPE_MIN) {
        return HB_OK;
    }
    double *x = hb_alloc_zero(2 * n * sizeof *x);
    if (!x) {
        return HB_NOMEM(err);
    }
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (isfinite(v[i])) {
            x[kept++] = v[i] == 0 ? 0 : v[i];
        }
    }
    hb_sort_f64(x, kept, x + n);
    *ret_known = kept >= HB_SHAPE_MIN && measure(x, kept, ret);
    hb_free(x);
    return HB_OK;
}
