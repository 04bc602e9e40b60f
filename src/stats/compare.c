/* SPDX-License-Identifier: Apache-2.0 */
#include "stats/compare.h"

#include "stats/fmath.h"

#include <math.h>
#include <stdbool.h>

/* Up to here the exact distribution is cheap (some 10 µs); beyond it the limit law is close. */
enum { EXACT_PRODUCT = 10000, EXACT_SIDE = 10000, EXACT_SMALL = 100 };

typedef struct merged {
    const hb_ecdf *a;
    const hb_ecdf *b;
    size_t i;
    size_t j;
    double fa; /* F of each side at and right of `x` */
    double fb;
    double x;
} merged;

/* Steps to the next value of either side; equal values are stepped over together. */
static bool step(merged *m)
{
    bool more_a = m->i < m->a->n_points;
    bool more_b = m->j < m->b->n_points;
    if (!more_a && !more_b) {
        return false;
    }
    double xa = more_a ? m->a->values[m->i] : INFINITY;
    double xb = more_b ? m->b->values[m->j] : INFINITY;
    m->x = xa < xb ? xa : xb;
    if (more_a && xa <= m->x) {
        m->fa = (double)m->a->upto[m->i++] / (double)m->a->n;
    }
    if (more_b && xb <= m->x) {
        m->fb = (double)m->b->upto[m->j++] / (double)m->b->n;
    }
    return true;
}

hb_ks hb_ks_two_sample(const hb_ecdf *a, const hb_ecdf *b)
{
    hb_ks ks = {.d = 0, .p = 1, .at = NAN};
    if (!a->n || !b->n) {
        return ks;
    }
    merged m = {.a = a, .b = b};
    while (step(&m)) {
        double d = fabs(m.fa - m.fb);
        if (d > ks.d || isnan(ks.at)) {
            ks.d = d;
            ks.at = m.x;
        }
    }
    ks.p = hb_ks_p(ks.d, a->n, b->n);
    ks.d_error = a->rank_error + b->rank_error;
    return ks;
}

/* P(D >= d) by counting lattice paths from (0,0) to (n,m) that stay strictly inside |i/n - j/m| <
 * d. Each cell holds the share of paths to it that stay inside, so nothing overflows. Half a step
 * of the lattice is taken off d, so that rounding cannot turn "equal" into "inside". */
static double exact_p(double d, uint64_t n, uint64_t m)
{
    double inside[EXACT_SMALL + 1]; /* m is the smaller: m² <= EXACT_PRODUCT */
    double nm = (double)n * (double)m;
    double limit = (floor(d * nm - 1e-7) + 0.5) / nm;
    for (uint64_t j = 0; j <= m; j++) {
        inside[j] = (double)j / (double)m > limit ? 0 : 1;
    }
    for (uint64_t i = 1; i <= n; i++) {
        double x = (double)i / (double)n;
        inside[0] = x > limit ? 0 : inside[0];
        for (uint64_t j = 1; j <= m; j++) {
            double share =
                (double)i / (double)(i + j); /* of the paths to (i,j), these come from below */
            double v = share * inside[j] + (1 - share) * inside[j - 1];
            inside[j] = fabs(x - (double)j / (double)m) > limit ? 0 : v;
        }
    }
    double p = 1 - inside[m];
    return p < 0 ? 0 : p > 1 ? 1 : p;
}

/* Kolmogorov's limit law 2 Σ (-1)^(k-1) exp(-2 k² λ²) with Stephens' correction for finite samples,
 * λ = (√e + 0.12 + 0.11/√e) d, e = n·m/(n+m) (M. A. Stephens 1970, J. R. Stat. Soc. B 32). */
static double limit_p(double d, uint64_t n, uint64_t m)
{
    double e = (double)n * ((double)m / ((double)n + (double)m));
    double root = sqrt(e);
    double lambda = (root + 0.12 + 0.11 / root) * d;
    if (lambda < 0.18) {
        return 1; /* the series does not converge there, and 1 - p is below 1e-16 */
    }
    double p = 0;
    double sign = 2;
    for (int k = 1; k <= 100; k++) {
        double term = hb_exp(-2.0 * k * k * lambda * lambda);
        p += sign * term;
        sign = -sign;
        if (term < 1e-18) {
            break;
        }
    }
    return p < 0 ? 0 : p > 1 ? 1 : p;
}

double hb_ks_p(double d, uint64_t n, uint64_t m)
{
    if (!n || !m || !(d > 0)) {
        return 1;
    }
    uint64_t small = n < m ? n : m;
    uint64_t large = n < m ? m : n;
    bool exact = large <= EXACT_SIDE && small * large <= EXACT_PRODUCT;
    return exact ? exact_p(d, large, small) : limit_p(d, n, m);
}

double hb_wasserstein(const hb_ecdf *a, const hb_ecdf *b)
{
    if (!a->n || !b->n) {
        return NAN;
    }
    merged m = {.a = a, .b = b};
    double area = 0;
    double low = 0;
    double last = 0;
    double height = 0; /* |Fa - Fb| right of the last value: 0 before the first */
    while (step(&m)) {
        if (height > 0) {
            double y = (m.x - last) * height - low;
            double sum = area + y;
            low = (sum - area) - y;
            area = sum;
        }
        last = m.x;
        height = fabs(m.fa - m.fb);
    }
    return area;
}
