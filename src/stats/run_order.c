/* SPDX-License-Identifier: Apache-2.0 */
#include "stats/run_order.h"

#include "stats/random.h"
#include "stats/scale.h"
#include "stats/sort.h"
#include "stats/special.h"

enum { ENOUGH_EXCEED = 50, PAIRS_EXACT = HB_ORDER_EXACT * (HB_ORDER_EXACT - 1) / 2 };

static size_t keep_finite(const double *v, size_t n, double *out)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (isfinite(v[i])) {
            out[kept++] = v[i];
        }
    }
    return kept;
}

static double two_over_factorial(size_t n)
{
    double p = 2;
    for (size_t i = 2; i <= n; i++) {
        p /= (double)i;
    }
    return p;
}

/* Deviations from the mean in place; the sum of their squares. */
static double centre(double *x, size_t n)
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
        x[i] -= mean;
        hb_scale_sum(&squares, &low, x[i] * x[i]);
    }
    return squares + low;
}

static double products(const double *x, size_t n)
{
    double sum = 0;
    double low = 0;
    for (size_t i = 1; i < n; i++) {
        hb_scale_sum(&sum, &low, x[i - 1] * x[i]);
    }
    return sum + low;
}

bool hb_lag1_test(const double *v, size_t n, double *scratch, uint64_t seed, uint32_t permutations,
                  hb_lag1 *ret)
{
    if (n > HB_ORDER_MAX) {
        return false;
    }
    size_t kept = keep_finite(v, n, scratch);
    if (kept < 4) {
        return false;
    }
    bool same = true;
    for (size_t i = 1; i < kept; i++) {
        same = same && scratch[i] == scratch[0];
    }
    double squares = same ? 0 : centre(scratch, kept);
    if (!(squares > 0)) {
        return false;
    }
    double observed = products(scratch, kept);
    double least = observed - 1e-12 * squares; /* sums in another order are the same statistic */
    hb_random random = hb_random_of(seed, 1);
    uint32_t made = 0;
    uint32_t exceed = 0;
    while (made < permutations && exceed < ENOUGH_EXCEED) {
        hb_random_shuffle(&random, scratch, kept);
        made++;
        exceed += products(scratch, kept) >= least;
    }
    double p = exceed >= ENOUGH_EXCEED ? (double)exceed / (double)made
                                       : (double)(exceed + 1) / (double)(made + 1);
    *ret = (hb_lag1){.n = kept,
                     .r = observed / squares,
                     .p = fmin(1, p),
                     .p_min = two_over_factorial(kept),
                     .seed = seed,
                     .permutations = made};
    return true;
}

/* Orders of i+1 values from orders of i: the new largest value stands behind 0 … i of them, each
 * equally likely, and makes as many inversions. share[k] = P(k inversions). */
double hb_kendall_exact(size_t n, int64_t s)
{
    double share[PAIRS_EXACT + 1] = {1};
    double next[PAIRS_EXACT + 1];
    int64_t pairs = (int64_t)n * ((int64_t)n - 1) / 2;
    for (size_t i = 1; i < n; i++) {
        size_t most = i * (i + 1) / 2;
        for (size_t k = 0; k <= most; k++) {
            double sum = 0;
            for (size_t j = k > i ? k - i : 0; j <= k && j <= most - i; j++) {
                sum += share[j];
            }
            next[k] = sum / (double)(i + 1);
        }
        for (size_t k = 0; k <= most; k++) {
            share[k] = next[k];
        }
    }
    int64_t away = s < 0 ? -s : s;
    if (away == 0) {
        return 1;
    }
    int64_t few = (pairs - away) / 2; /* inversions of the more extreme half */
    double tail = 0;
    for (int64_t k = 0; k <= few; k++) {
        tail += share[k];
    }
    return fmin(1, 2 * tail);
}

static double p_of(const double *x, size_t n, int64_t s, double *sorted, double *scratch)
{
    double count = (double)n;
    double ties = 0;
    for (size_t i = 0; i < n; i++) {
        sorted[i] = x[i] == 0 ? 0 : x[i];
    }
    hb_sort_f64(sorted, n, scratch);
    for (size_t i = 0; i < n;) {
        size_t end = i;
        while (end < n && sorted[end] == sorted[i]) {
            end++;
        }
        double t = (double)(end - i);
        ties += t * (t - 1) * (2 * t + 5);
        i = end;
    }
    if (ties == 0 && n <= HB_ORDER_EXACT) {
        return hb_kendall_exact(n, s);
    }
    double variance = (count * (count - 1) * (2 * count + 5) - ties) / 18;
    if (s == 0 || !(variance > 0)) {
        return 1;
    }
    double z = (fabs((double)s) - 1) / sqrt(variance);
    return fmin(1, 2 * hb_normal_sf(z));
}

static double median(double *v, size_t n, double *scratch)
{
    hb_sort_f64(v, n, scratch);
    return n % 2 ? v[n / 2] : v[n / 2 - 1] / 2 + v[n / 2] / 2;
}

/* Squares left by the least-squares line against those left by the best split into two levels. */
static bool line_fits(const double *v, size_t n, double *x)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = v[i];
    }
    double total = centre(x, n);
    double count = (double)n;
    double along = 0;
    double low = 0;
    for (size_t i = 0; i < n; i++) {
        hb_scale_sum(&along, &low, x[i] * ((double)i - (count - 1) / 2));
    }
    along += low;
    double by_line = along * along / (count * (count * count - 1) / 12);
    double sum = 0;
    double by_step = 0;
    for (size_t i = 1; i < n; i++) {
        sum += x[i - 1];
        by_step = fmax(by_step, sum * sum * count / ((double)i * (count - (double)i)));
    }
    return total > 0 && by_line >= by_step;
}

bool hb_trend_test(const double *v, size_t n, double *scratch, hb_trend *ret)
{
    if (n > HB_TREND_MAX) {
        return false;
    }
    double x[HB_TREND_MAX];
    double room[HB_TREND_MAX];
    size_t kept = keep_finite(v, n, x);
    if (kept < 4) {
        return false;
    }
    hb_trend t = {.n = kept, .p_min = two_over_factorial(kept)};
    size_t pairs = kept * (kept - 1) / 2;
    size_t at = 0;
    for (size_t i = 0; i < kept; i++) {
        for (size_t j = i + 1; j < kept; j++) {
            double apart = (double)(j - i);
            double slope = x[j] / apart - x[i] / apart; /* x[j] - x[i] may overflow */
            t.s += (x[j] > x[i]) - (x[j] < x[i]);
            scratch[at++] = slope == 0 ? 0 : slope;
        }
    }
    t.tau = (double)t.s / (double)pairs;
    t.p = p_of(x, kept, t.s, room, scratch + pairs);
    t.slope = median(scratch, pairs, scratch + pairs);
    for (size_t i = 0; i < kept; i++) {
        room[i] = x[i] - t.slope * (double)i;
    }
    t.level = median(room, kept, scratch);
    t.line = line_fits(x, kept, room);
    *ret = t;
    return true;
}
