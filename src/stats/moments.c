/* SPDX-License-Identifier: Apache-2.0 */
/* Sums run in eight independent lanes (value i goes to lane i mod 8, the last lanes of the last
 * step are filled up with what adds 0) and are joined in a fixed order, so vector registers of any
 * width give the same bits. Each lane is compensated by Knuth's two-sum, which has no branch.
 *
 * Overflow. A block whose sum or squares overflow is done again on values scaled by 2^-600: its
 * mean is right, and m2 is +inf when the true one is beyond the largest double. From then on m2 is
 * +inf, the lag sums are 0, the variance is +inf and the lag-1 figure NaN.
 * Underflow. Deviations below 1e-154 have squares that are not doubles: m2 counts them as 0.
 * The relative errors in moments.h hold for deviations between 1e-140 and 1e150. */
#include "stats/moments.h"

#include "base/cpu.h"
#include "base/extremes.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { LANES = 8 };

typedef double half __attribute__((vector_size(LANES / 2 * sizeof(double))));

typedef half loose_half __attribute__((aligned(8), may_alias)); /* where the values lie */

typedef struct total {
    half sum[2];
    half low[2];
} total;

/* The last k <= LANES values, the other lanes holding `rest`. */
static inline void load_tail(half to[2], const double *v, size_t k, double rest)
{
    double x[LANES];
    for (size_t i = 0; i < LANES; i++) {
        x[i] = i < k ? v[i] : rest;
    }
    memcpy(to, x, sizeof x);
}

/* High part returned, low part through *low. */
static double join(const total *t, double *low)
{
    double sums[LANES];
    double lows[LANES];
    double sum = 0;
    double rest = 0;
    memcpy(sums, t->sum, sizeof sums);
    memcpy(lows, t->low, sizeof lows);
    for (int i = 0; i < LANES; i++) {
        double s = sum + sums[i];
        double bb = s - sum;
        rest += (sum - (s - bb)) + (sums[i] - bb);
        sum = s;
    }
    for (int i = 0; i < LANES; i++) {
        rest += lows[i];
    }
    double high = sum + rest;
    *low = rest - (high - sum);
    return high;
}

#define LANES_NAME(name) name##_portable
#define LANES_TARGET
#include "stats/moments_lanes.h"
#define LANES_NAME(name) name##_avx2
#define LANES_TARGET HB_AVX2
#include "stats/moments_lanes.h"

static double sum_of(const double *v, size_t n, double *low)
{
    total t;
    if (hb_cpu_avx2()) {
        sum_up_avx2(v, n, &t);
    } else {
        sum_up_portable(v, n, &t);
    }
    return join(&t, low);
}

/* m2 and the lag sums about m->mean. The deviations from it add up to n·mean_low, so neither the
 * squares nor lag_x and lag_y need a sum of their own. */
static void deviations(hb_moments *m, const double *v, size_t n)
{
    double c = m->mean;
    total square;
    total product;
    if (hb_cpu_avx2()) {
        deviate_avx2(v, n, c, &square, &product);
    } else {
        deviate_portable(v, n, c, &square, &product);
    }
    double rest = (double)n * m->mean_low;
    double low = 0;
    double m2 = join(&square, &low) - rest * m->mean_low;
    m->m2 = m2 > 0 ? m2 : isnan(m2) ? INFINITY : 0;
    m->shift = c;
    m->lag_xy = join(&product, &low);
    m->lag_x = rest - (v[n - 1] - c);
    m->lag_y = rest - (v[0] - c);
}

static void overflowed(hb_moments *m)
{
    m->m2 = INFINITY;
    m->shift = m->mean;
    m->lag_xy = 0;
    m->lag_x = 0;
    m->lag_y = 0;
}

/* 2^-600: squares of any double scaled by it stay finite, and scaling back is exact. */
static const double scale = 0x1p-600;

static hb_moments scaled_block(const double *v, size_t n)
{
    enum { PART = 256 };
    hb_moments all = {0};
    double part[PART];
    for (size_t i = 0; i < n; i += PART) {
        size_t k = n - i < PART ? n - i : PART;
        for (size_t j = 0; j < k; j++) {
            part[j] = v[i + j] * scale;
        }
        hb_moments m = hb_moments_block(part, k);
        hb_moments_merge(&all, &m);
    }
    all.mean /= scale;
    all.mean_low /= scale;
    all.shift /= scale;
    all.m2 = all.m2 / scale / scale;
    all.lag_xy = all.lag_xy / scale / scale;
    all.lag_x /= scale;
    all.lag_y /= scale;
    if (!isfinite(all.m2)) {
        overflowed(&all);
    }
    hb_extremes(v, n, &all.min, &all.max);
    all.first = v[0];
    all.last = v[n - 1];
    return all;
}

hb_moments hb_moments_block(const double *v, size_t n)
{
    hb_moments m = {.n = n};
    if (n == 0) {
        return m;
    }
    m.first = v[0];
    m.last = v[n - 1];
    hb_extremes(v, n, &m.min, &m.max);
    if (m.min == m.max) { /* a constant has variance 0, whatever its sum rounds to */
        m.mean = m.min;
        m.shift = m.min;
        return m;
    }
    double low = 0;
    double sum = sum_of(v, n, &low);
    m.mean = sum / (double)n;
    if (!isfinite(m.mean)) {
        return scaled_block(v, n);
    }
    /* fma: the remainder of the division, exact. */
    m.mean_low = (fma(-m.mean, (double)n, sum) + low) / (double)n;
    deviations(&m, v, n);
    return isfinite(m.m2) ? m : scaled_block(v, n);
}

/* Moves the three lag sums from their shift to another one, to + low. */
static void reshift(hb_moments *m, double to, double low)
{
    double pairs = (double)(m->n - 1);
    double d = (m->shift - to) - low;
    m->lag_xy += d * (m->lag_x + m->lag_y) + pairs * d * d;
    m->lag_x += pairs * d;
    m->lag_y += pairs * d;
    m->shift = to;
}

/* About the mean of both: the sums stay of the size of m2 however far the series wanders. */
static void merge_lags(hb_moments *into, const hb_moments *next, double mean)
{
    hb_moments b = *next;
    reshift(into, mean, 0);
    reshift(&b, mean, 0);
    double x = into->last - mean;
    double y = next->first - mean;
    into->lag_xy += x * y + b.lag_xy;
    into->lag_x += x + b.lag_x;
    into->lag_y += y + b.lag_y;
}

void hb_moments_merge(hb_moments *into, const hb_moments *next)
{
    if (next->n == 0) {
        return;
    }
    if (into->n == 0) {
        *into = *next;
        return;
    }
    double na = (double)into->n;
    double nb = (double)next->n;
    double n = na + nb;
    double delta = (next->mean - into->mean) + (next->mean_low - into->mean_low);
    double m2 = into->m2 + next->m2 + delta * delta * (na * (nb / n));
    double mean = into->mean;
    double low = into->mean_low + delta * (nb / n);
    if (!isfinite(delta)) {
        mean = into->mean * (na / n);
        low = next->mean * (nb / n);
    }
    double sum = mean + low;
    if (isfinite(m2)) {
        merge_lags(into, next, sum);
    }
    double bb = sum - mean;
    into->mean_low = (mean - (sum - bb)) + (low - bb);
    into->mean = sum;
    into->n += next->n;
    into->m2 = m2;
    into->min = next->min < into->min ? next->min : into->min;
    into->max = next->max > into->max ? next->max : into->max;
    into->last = next->last;
    if (!isfinite(m2)) {
        overflowed(into);
    }
}

double hb_moments_mean(const hb_moments *m)
{
    return m->n ? m->mean + m->mean_low : NAN;
}

double hb_moments_variance(const hb_moments *m)
{
    return m->n < 2 ? NAN : m->m2 / (double)(m->n - 1);
}

double hb_moments_sd(const hb_moments *m)
{
    return sqrt(hb_moments_variance(m));
}

double hb_moments_lag1(const hb_moments *m)
{
    if (m->n < 3 || !(m->m2 > 0) || !isfinite(m->m2)) {
        return NAN;
    }
    hb_moments about = *m;
    reshift(&about, m->mean, m->mean_low);
    double r = about.lag_xy / m->m2;
    return r > 1 ? 1 : r < -1 ? -1 : r;
}
