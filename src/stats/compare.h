/* SPDX-License-Identifier: Apache-2.0 */
/* Two-sample comparison of distributions. Ties are handled: equal values in both samples are
 * stepped over together, so identical samples give D = 0, p = 1. The points are those of ranks.h:
 * the samples themselves up to HB_SKETCH_EXACT of them, and D and the area exact; thinned beyond,
 * with the bound on D stated beside it. */
#ifndef HB_STATS_COMPARE_H
#define HB_STATS_COMPARE_H

#include "stats/ranks.h"

typedef struct hb_ks {
    double d;       /* Kolmogorov–Smirnov statistic, 0 … 1 */
    double p;       /* two-sided p-value, see hb_ks_p */
    double at;      /* the value where the two curves are furthest apart */
    double d_error; /* bound on the error of d from sketched input, the sum of both rank errors; 0
                       when exact. p is that of d less the bound: the largest that d allows */
} hb_ks;

/* P(D >= d) when both samples come from one continuous distribution.
 *  - n·m <= 10^7 and neither over 100,000: exact, to a relative 1e-10. Equal sizes by the sum of
 *    Gnedenko and Korolyuk (1951), some µs; others counting lattice paths (Hodges 1958), at most
 *    some 10 ms, usually below 1.
 *  - else, the smaller under 300: exact as if the larger had 10^7 / smaller (at most 100,000)
 *    values, d scaled to the true effective size n·m/(n+m). Within 0.2 % for p > 1e-6.
 *  - else Kolmogorov's limit law with effective size n·m/(n+m) and Hodges' correction for overshoot
 *    and lattice; within 2 % of the exact value for p > 0.01, 3 % for p > 0.001, 7 % for p > 1e-6.
 * Under 1e-303 it is 0. With ties the true probability is smaller: p is conservative, so a set
 * level is kept. Samples must be independent for p to mean what it says; those of a time series
 * seldom are (p is then too small). */
double hb_ks_p(double d, uint64_t n, uint64_t m);

/* wasserstein: first Wasserstein distance, in the unit of the values, the area between the two
 * curves; inf when beyond the largest double. Of sketched input it is off by at most d_error times
 * the range of the values. */
typedef struct hb_distance {
    hb_ks ks;
    double wasserstein;
} hb_distance;

/* Both must have at least one sample; else d = 0, p = 1, at and the area NaN. About 2 ns a point.
 */
hb_distance hb_distance_two_sample(const hb_ranks *a, const hb_ranks *b);
/* The same without p, NaN: the exact law of samples of unlike number takes some hundred times as
 * long as all the rest, and where D says nothing nobody asks for it. */
hb_distance hb_distance_apart(const hb_ranks *a, const hb_ranks *b);

#endif
