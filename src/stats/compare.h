/* SPDX-License-Identifier: Apache-2.0 */
/* Two-sample comparison of distributions. Ties are handled: equal values in both samples are
 * stepped over together, so identical samples give D = 0, p = 1. */
#ifndef HB_STATS_COMPARE_H
#define HB_STATS_COMPARE_H

#include "stats/ecdf.h"

typedef struct hb_ks {
    double d;       /* Kolmogorov–Smirnov statistic, 0 … 1 */
    double p;       /* two-sided p-value, see hb_ks_p */
    double at;      /* the value where the two curves are furthest apart */
    double d_error; /* bound on the error of d from sketched input, 0 when exact */
} hb_ks;

/* Both must have at least one sample; else d = 0, p = 1, at = NaN. */
hb_ks hb_ks_two_sample(const hb_ecdf *a, const hb_ecdf *b);
/* P(D >= d): exact by counting lattice paths (Hodges 1958) where n·m <= 10,000 (conservative with
 * ties), else the limit law with Stephens' (1970) correction, within some percent of the exact
 * value's own size where p > 1e-4. */
double hb_ks_p(double d, uint64_t n, uint64_t m);

/* First Wasserstein distance, in the unit of the values: the area between the two curves. NaN when
 * one is empty. */
double hb_wasserstein(const hb_ecdf *a, const hb_ecdf *b);

#endif
