/* SPDX-License-Identifier: Apache-2.0 */
/* Is there something in the order of runs? Values are one a run, oldest first; NaN and infinite
 * ones are left out, so the others move together. */
#ifndef HB_STATS_RUN_ORDER_H
#define HB_STATS_RUN_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HB_ORDER_MAX = 10000, HB_ORDER_EXACT = 40 };

/* Lag-1 autocorrelation of run values (Box, Jenkins 1970) and the share of all orders that give as
 * much: one-sided, because runs that resemble their neighbours make a spread look smaller than it
 * is. By permutation, stopped once p is settled as large (Besag, Clifford 1991). */
typedef struct hb_lag1 {
    size_t n;
    double r; /* about -1/n when the order says nothing */
    double p;
    double p_min; /* the smallest p that n values can give: 2/n! */
    uint64_t seed;
    uint32_t permutations;
} hb_lag1;

/* scratch: room for n. False with fewer than 4 finite values, over HB_ORDER_MAX, or no spread. */
bool hb_lag1_test(const double *v, size_t n, double *scratch, uint64_t seed, uint32_t permutations,
                  hb_lag1 *ret);

/* Trend: Mann 1945, Kendall 1975. p two-sided: exact to HB_ORDER_EXACT values without ties (the
 * distribution of inversions), else normal with the variance for ties and continuity correction. */
typedef struct hb_trend {
    size_t n;
    int64_t s;  /* pairs that rise minus pairs that fall */
    double tau; /* s / pairs */
    double p;
    double p_min; /* the smallest p that n values without ties can give: 2/n! */
    double slope; /* median of all pairwise slopes a run (Theil 1950, Sen 1968) */
    double level; /* of the line at the first value: median of v[i] - slope·i */
    bool line;    /* the line leaves no more squares than the best single step does */
} hb_trend;

enum { HB_TREND_MAX = 200 };
/* scratch: room for n·(n-1) values. False with fewer than 4 finite values or n over HB_TREND_MAX.
 * Equal values: s = 0, p = 1. */
bool hb_trend_test(const double *v, size_t n, double *scratch, hb_trend *ret);

/* P(|S| >= |s|) over all orders of n different values, 2 <= n <= HB_ORDER_EXACT. */
double hb_kendall_exact(size_t n, int64_t s);

#endif
