/* SPDX-License-Identifier: Apache-2.0 */
/* Sums run in eight independent lanes (value i goes to lane i mod 8) and are combined in a fixed
 * tree, so the compiler may keep them in vector registers without changing a bit. Each lane is
 * compensated (Knuth's two-sum, branch-free, so that it vectorises). A block whose sums overflow is
 * scaled by 2^-600 first; the mean then comes out right and only a variance beyond the largest
 * double is inf. */
#include "stats/moments.h"

#include <math.h>
#include <string.h>

enum { LANES = 8 };

typedef struct lanes {
    double sum[LANES];
    double low[LANES];
} lanes;

static void two_sum(double *sum, double *low, double x)
{
    double s = *sum + x;
    double bb = s - *sum;
    *low += (*sum - (s - bb)) + (x - bb);
    *sum = s;
}

/* High part returned, low part through *low. */
static double combine(const lanes *l, double *low)
{
    double sum = 0;
    double rest = 0;
    for (int i = 0; i < LANES; i++) {
        two_sum(&sum, &rest, l->sum[i]);
    }
    for (int i = 0; i < LANES; i++) {
        rest += l->low[i];
    }
    double high = sum + rest;
    *low = rest - (high - sum);
    return high;
}

static double sum_of(const double *v, size_t n, double *low)
{
    lanes l = {0};
    size_t whole = n - n % LANES;
    for (size_t i = 0; i < whole; i += LANES) {
        for (int k = 0; k < LANES; k++) {
            two_sum(&l.sum[k], &l.low[k], v[i + (size_t)k]);
        }
    }
    for (size_t i = whole; i < n; i++) {
        two_sum(&l.sum[i - whole], &l.low[i - whole], v[i]);
    }
    return combine(&l, low);
}

/* Sum of squared deviations from c, corrected for c not being the mean to the last bit. */
static double squares_about(const double *v, size_t n, double c)
{
    lanes square = {0};
    double plain[LANES] = {0};
    size_t whole = n - n % LANES;
    for (size_t i = 0; i < whole; i += LANES) {
        for (int k = 0; k < LANES; k++) {
            double d = v[i + (size_t)k] - c;
            plain[k] += d;
            two_sum(&square.sum[k], &square.low[k], d * d);
        }
    }
    for (size_t i = whole; i < n; i++) {
        double d = v[i] - c;
        plain[i - whole] += d;
        two_sum(&square.sum[i - whole], &square.low[i - whole], d * d);
    }
    double off = ((plain[0] + plain[1]) + (plain[2] + plain[3])) +
                 ((plain[4] + plain[5]) + (plain[6] + plain[7]));
    double low = 0;
    double m2 = combine(&square, &low) - off * off / (double)n;
    return m2 > 0 ? m2 : 0;
}

static void extremes(hb_moments *m, const double *v, size_t n)
{
    double least[LANES];
    double most[LANES];
    for (int k = 0; k < LANES; k++) {
        least[k] = v[0];
        most[k] = v[0];
    }
    size_t whole = n - n % LANES;
    for (size_t i = 0; i < whole; i += LANES) {
        for (int k = 0; k < LANES; k++) {
            double x = v[i + (size_t)k];
            least[k] = x < least[k] ? x : least[k];
            most[k] = x > most[k] ? x : most[k];
        }
    }
    for (size_t i = whole; i < n; i++) {
        least[0] = v[i] < least[0] ? v[i] : least[0];
        most[0] = v[i] > most[0] ? v[i] : most[0];
    }
    for (int k = 1; k < LANES; k++) {
        least[0] = least[k] < least[0] ? least[k] : least[0];
        most[0] = most[k] > most[0] ? most[k] : most[0];
    }
    m->min = least[0];
    m->max = most[0];
}

static void lags(hb_moments *m, const double *v, size_t n)
{
    double c = m->mean;
    double xy[LANES] = {0};
    double x[LANES] = {0};
    size_t pairs = n - 1;
    size_t whole = pairs - pairs % LANES;
    for (size_t i = 0; i < whole; i += LANES) {
        for (int k = 0; k < LANES; k++) {
            double a = v[i + (size_t)k] - c;
            double b = v[i + (size_t)k + 1] - c;
            xy[k] += a * b;
            x[k] += a;
        }
    }
    for (size_t i = whole; i < pairs; i++) {
        double a = v[i] - c;
        xy[i - whole] += a * (v[i + 1] - c);
        x[i - whole] += a;
    }
    m->shift = c;
    m->lag_xy = ((xy[0] + xy[1]) + (xy[2] + xy[3])) + ((xy[4] + xy[5]) + (xy[6] + xy[7]));
    m->lag_x = ((x[0] + x[1]) + (x[2] + x[3])) + ((x[4] + x[5]) + (x[6] + x[7]));
    /* Same terms but the first, plus the last. */
    m->lag_y = m->lag_x - (v[0] - c) + (v[n - 1] - c);
}

/* 2^-600: the squares of any double scaled by it stay finite, and its multiples are exact. */
static const double tiny = 0x1p-600;

static hb_moments scaled_block(const double *v, size_t n)
{
    hb_moments total = {0};
    double part[256];
    double extreme[2] = {v[0], v[0]};
    for (size_t i = 0; i < n; i += sizeof part / sizeof *part) {
        size_t k = n - i < sizeof part / sizeof *part ? n - i : sizeof part / sizeof *part;
        for (size_t j = 0; j < k; j++) {
            part[j] = v[i + j] * tiny;
            extreme[0] = v[i + j] < extreme[0] ? v[i + j] : extreme[0];
            extreme[1] = v[i + j] > extreme[1] ? v[i + j] : extreme[1];
        }
        hb_moments m = hb_moments_block(part, k);
        hb_moments_merge(&total, &m);
    }
    total.mean /= tiny;
    total.mean_low /= tiny;
    total.m2 = total.m2 / tiny / tiny;
    total.shift /= tiny;
    total.lag_xy = total.lag_xy / tiny / tiny;
    total.lag_x /= tiny;
    total.lag_y /= tiny;
    total.min = extreme[0];
    total.max = extreme[1];
    total.first = v[0];
    total.last = v[n - 1];
    return total;
}

hb_moments hb_moments_block(const double *v, size_t n)
{
    hb_moments m = {.n = n};
    if (n == 0) {
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
    m.m2 = squares_about(v, n, m.mean);
    if (!isfinite(m.m2)) {
        return scaled_block(v, n);
    }
    m.first = v[0];
    m.last = v[n - 1];
    extremes(&m, v, n);
    lags(&m, v, n);
    return m;
}

/* Moves the three lag sums from their shift to another one, to + low. */
static void reshift(hb_moments *m, double to, double low)
{
    double pairs = m->n ? (double)(m->n - 1) : 0;
    double d = (m->shift - to) - low;
    m->lag_xy += d * (m->lag_x + m->lag_y) + pairs * d * d;
    m->lag_x += pairs * d;
    m->lag_y += pairs * d;
    m->shift = to;
}

static void merge_lags(hb_moments *into, const hb_moments *next)
{
    hb_moments b = *next;
    reshift(&b, into->shift, 0);
    double x = into->last - into->shift;
    double y = next->first - into->shift;
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
    merge_lags(into, next);
    double na = (double)into->n;
    double nb = (double)next->n;
    double n = na + nb;
    double delta = (next->mean - into->mean) + (next->mean_low - into->mean_low);
    double mean = into->mean;
    double low = into->mean_low + delta * (nb / n);
    double sum = mean + low;
    into->mean_low = low - (sum - mean);
    into->mean = sum;
    into->m2 += next->m2 + delta * delta * (na * (nb / n));
    into->n += next->n;
    into->min = next->min < into->min ? next->min : into->min;
    into->max = next->max > into->max ? next->max : into->max;
    into->last = next->last;
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
    if (m->n < 3 || !(m->m2 > 0)) {
        return NAN;
    }
    hb_moments about = *m;
    reshift(&about, m->mean, m->mean_low);
    double r = about.lag_xy / m->m2;
    return r > 1 ? 1 : r < -1 ? -1 : r;
}
