/* SPDX-License-Identifier: Apache-2.0 */
/* Under the null hypothesis the merged order of two samples of s and l values is a random lattice
 * path from (0,0) to (s,l), every path equally likely (Hodges 1958). Before step t the path stands
 * at (i, t-i), and steps along i with probability (s-i)/(s+l-t). The recursion carries the
 * probability of being in each cell without having left the band |i/s - j/l| < d, and adds up what
 * leaves it: sums of positive terms only, so that small p-values keep their relative accuracy (the
 * usual count of paths inside gives 1 - p, which loses them). One diagonal is the width of the
 * band, so a call costs about 2·d·s·l cells of a nanosecond.
 *
 * Limit law. Measured against the recursion, Kolmogorov's 2 Σ (-1)^(k-1) e^(-2 k² λ²) at λ = √e·d,
 * e = s·l/(s+l), is up to 6 % off at p = 0.01, s = 1000, and Stephens' (1970) correction, made for
 * one sample, is off in both directions. A path leaves the band by more than it must; Hodges gives
 * that overshoot as (l + 2s)/(6·s·l), less half a step of the lattice of possible d, 1/lcm(s, l),
 * because d is a point of that lattice. With both the error is below 0.7 % at p > 0.01, or 1.5 %
 * where l is a multiple of s but for 1 (a lattice far from even). */
#include "stats/compare.h"

#include "stats/fmath.h"

#include <math.h>
#include <stdbool.h>

enum {
    EXACT_CELLS = 10000000,
    EXACT_SIDE = 3163,   /* the smaller of two whose product is at most EXACT_CELLS */
    EXACT_LONG = 100000, /* every diagonal costs something, however narrow */
    LIMIT_SIDE = 300     /* samples in the smaller from which the limit law is close */
};

typedef struct band {
    int64_t s; /* samples in the smaller */
    int64_t l;
    int64_t d; /* in units of 1/(s·l) */
    double room[2][EXACT_SIDE + 3];
} band;

/* From diagonal t, cells low to high of `from`, to the next one. from[low-1] and from[high+1] are
 * 0.
 */
static void advance(const band *b, int64_t t, int64_t low, int64_t high, const double *from,
                    double *to)
{
    double rest = 1.0 / (double)(b->s + b->l - t);
    double stay = (double)(b->l - t);
    double move = (double)(b->s + 1);
    for (int64_t i = low; i <= high; i++) {
        double k = (double)i;
        to[i] = (from[i] * (stay + k) + from[i - 1] * (move - k)) * rest;
    }
}

static double exact_p(uint64_t s, uint64_t l, double d)
{
    band b = {.s = (int64_t)s, .l = (int64_t)l};
    /* A point of the lattice, but for rounding. */
    b.d = (int64_t)ceil(d * (double)s * (double)l - 1e-3);
    if (b.d <= 0) {
        return 1;
    }
    double *from = b.room[0] + 1;
    double *to = b.room[1] + 1;
    int64_t steps = b.s + b.l;
    int64_t low = 0;
    int64_t high = 0;
    double left = 0;
    from[0] = 1;
    for (int64_t t = 0; t < steps && low <= high; t++) {
        int64_t next_high = high < b.s ? high + 1 : high;
        from[low - 1] = 0;
        from[high + 1] = 0;
        advance(&b, t, low, next_high, from, to);
        high = next_high;
        for (; low <= high && (t + 1) * b.s - low * steps >= b.d; low++) {
            left += to[low];
        }
        for (; low <= high && high * steps - (t + 1) * b.s >= b.d; high--) {
            left += to[high];
        }
        double *other = from;
        from = to;
        to = other;
    }
    return left < 1 ? left : 1;
}

/* Equal sizes n: by reflection, P(D >= c/n) = 2 Σ (-1)^(k-1) C(2n, n-kc) / C(2n, n) over k >= 1
 * (Gnedenko and Korolyuk 1951), and C(2n, n-m) / C(2n, n) is the product of (n-j+1) / (n+j) for j
 * up to m. Small p are the first term; near 1 the terms cancel against nothing larger than 2. */
static double exact_p_equal(uint64_t n, double d)
{
    uint64_t c = (uint64_t)ceil(d * (double)n - 1e-3 / (double)n); /* as exact_p rounds */
    if (c == 0) {
        return 1;
    }
    double size = (double)n;
    double ratio = 1;
    double p = 0;
    double sign = 2;
    for (uint64_t m = c; m <= n; m += c) {
        for (uint64_t j = m - c + 1; j <= m; j++) {
            ratio *= (size - (double)j + 1) / (size + (double)j);
        }
        p += sign * ratio;
        sign = -sign;
        if (ratio < 1e-18 * p) {
            break;
        }
    }
    return p < 1 ? p : 1;
}

static uint64_t gcd(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

static double limit_p(uint64_t s, uint64_t l, double root, double d)
{
    double a = (double)s;
    double b = (double)l;
    double overshoot = (b + 2 * a) / (6 * a) / b - 0.5 * (double)gcd(s, l) / a / b;
    double lambda = root * (d + overshoot);
    if (lambda < 0.18) {
        return 1; /* the series does not converge there, and 1 - p is below 1e-15 */
    }
    double p = 0;
    double sign = 2;
    for (int k = 1; k <= 100; k++) {
        double term = hb_exp(-2.0 * k * k * lambda * lambda);
        p += sign * term;
        sign = -sign;
        if (term < 1e-18 * p) {
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
    d = d > 1 ? 1 : d;
    uint64_t s = n < m ? n : m;
    uint64_t l = n < m ? m : n;
    double e = (double)s * ((double)l / ((double)s + (double)l));
    if (e * d * d > 350) {
        return 0; /* p is at most 2 / e^(2 e d²) (Wei and Dudley 2012), below 1e-303 */
    }
    if (l <= EXACT_LONG && s * l <= EXACT_CELLS) {
        return s == l ? exact_p_equal(s, d) : exact_p(s, l, d);
    }
    if (s >= LIMIT_SIDE) {
        return limit_p(s, l, sqrt(e), d);
    }
    /* So many in the larger sample that a smaller number makes no difference but through e. */
    uint64_t fewer = EXACT_CELLS / s < EXACT_LONG ? EXACT_CELLS / s : EXACT_LONG;
    double fewer_e = (double)s * ((double)fewer / ((double)s + (double)fewer));
    d *= sqrt(e / fewer_e);
    return exact_p(s, fewer, d < 1 ? d : 1);
}
