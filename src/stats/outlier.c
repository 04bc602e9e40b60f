/* SPDX-License-Identifier: Apache-2.0 */
#include "stats/outlier.h"

#include "stats/scale.h"
#include "stats/special.h"

#include <math.h>

double hb_mnr_critical(size_t n, double alpha)
{
    if (n < 3) {
        return NAN;
    }
    double m = (double)n;
    double t = hb_t_quantile(1 - alpha / (2 * m), m - 2);
    return (m - 1) / sqrt(m) * sqrt(t * t / (m - 2 + t * t));
}

/* The t of the furthest against the others, which the critical value turns around. */
static double p_of(double mnr, size_t n)
{
    double m = (double)n;
    double share = mnr * mnr * m / ((m - 1) * (m - 1)); /* 1 = as far as n values allow */
    if (share >= 1) {
        return 0;
    }
    double t = sqrt((m - 2) * share / (1 - share));
    return fmin(1, m * hb_t_two_sided(t, m - 2));
}

static bool usable(const double *v, const bool *left_out, size_t i)
{
    return isfinite(v[i]) && !(left_out && left_out[i]);
}

bool hb_mnr_test(const double *v, const bool *left_out, size_t n, double step, double alpha,
                 hb_mnr *ret)
{
    hb_mnr m = {0};
    int shift = hb_scale_shift(v, n);
    double sum = 0;
    double low = 0;
    for (size_t i = 0; i < n; i++) {
        if (usable(v, left_out, i)) {
            hb_scale_sum(&sum, &low, ldexp(v[i], shift));
            m.n++;
        }
    }
    if (m.n < 3) {
        return false;
    }
    double mean = (sum + low) / (double)m.n;
    double squares = 0;
    double furthest = -1;
    low = 0;
    for (size_t i = 0; i < n; i++) {
        if (usable(v, left_out, i)) {
            double off = fabs(ldexp(v[i], shift) - mean);
            hb_scale_sum(&squares, &low, off * off);
            m.index = off > furthest ? i : m.index;
            furthest = fmax(furthest, off);
        }
    }
    double u = ldexp(step, shift);
    double variance = (squares + low) / (double)(m.n - 1) + u * u / 12;
    if (!(furthest > 0) || !(variance > 0) || !isfinite(variance)) {
        return false;
    }
    m.mnr = furthest / sqrt(variance);
    m.critical = hb_mnr_critical(m.n, alpha);
    m.p = p_of(m.mnr, m.n);
    m.mean = ldexp(mean, -shift);
    m.sd = ldexp(sqrt(variance), -shift);
    *ret = m;
    return true;
}

size_t hb_mnr_screen(const double *v, size_t n, double step, double alpha, bool *outlier)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        outlier[i] = false;
    }
    hb_mnr m;
    while (hb_mnr_test(v, outlier, n, step, alpha, &m) && m.mnr > m.critical) {
        outlier[m.index] = true;
        found++;
    }
    return found;
}
