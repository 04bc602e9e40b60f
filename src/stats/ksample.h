/* SPDX-License-Identifier: Apache-2.0 */
/* k-sample Anderson-Darling: do several groups come from one distribution, so that they may be
 * pooled? Statistic of Scholz, Stephens 1987 (JASA 82:918), the version for ties (their equation
 * 7, midranks), and as CMH-17-1G 8.3.2.2 states it (divided by k - 1) with its critical value. The
 * asymptotic value is made for groups of at least 5; for smaller ones only the permutation p keeps
 * its promise, so a judgement takes that. */
#ifndef HB_STATS_KSAMPLE_H
#define HB_STATS_KSAMPLE_H

#include "base/error.h"

#include <stdbool.h>

enum {
    HB_KSAMPLE_MAX = 10000, /* values */
    HB_KSAMPLE_GROUPS_MAX = 5000
};

typedef struct hb_ksample {
    size_t n;      /* values that took part: finite ones in groups with at least one other */
    size_t k;      /* groups that took part */
    double a2;     /* Scholz and Stephens' statistic; about k - 1 when nothing differs */
    double sigma;  /* its standard deviation when nothing differs, without ties */
    double adk;    /* CMH-17: a2 / (k - 1) */
    double adc;    /* CMH-17 critical value of adk at 0.025; adk over it = not poolable */
    double p;      /* by permutation of the values over the groups */
    double p_min;  /* the smallest p these group sizes can give: 1 / arrangements that differ */
    uint64_t seed; /* of the permutations */
    uint32_t permutations; /* made; stops early once p is settled as large (Besag, Clifford 1991) */
} hb_ksample;

/* group[i] in [0, n_groups) is where v[i] belongs. NaN and infinite values are left out, so is a
 * group with fewer than 2 values. *ret_known = false when fewer than 2 groups are left or all
 * values are equal: nothing can be said. At most `permutations` are made. */
HB_CHECKED hb_status hb_ksample_test(const double *v, const uint32_t *group, size_t n,
                                     size_t n_groups, uint64_t seed, uint32_t permutations,
                                     hb_ksample *ret, bool *ret_known, hb_error *err);

/* Critical value of CMH-17's ADK for k groups of standard deviation sigma (of a2); alpha 0.25,
 * 0.10, 0.05, 0.025 or 0.01 (Scholz and Stephens' table 2), else NaN. */
double hb_ksample_critical(double sigma, size_t k, double alpha);

#endif
