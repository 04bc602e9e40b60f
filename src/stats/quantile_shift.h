/* SPDX-License-Identifier: Apache-2.0 */
/* Where in its range a distribution moved: the differences of quantiles between two samples (the
 * shift function of Doksum 1974), and one word for its shape. */
#ifndef HB_STATS_QUANTILE_SHIFT_H
#define HB_STATS_QUANTILE_SHIFT_H

#include "stats/ranks.h"

#include <stdbool.h>

enum { HB_QUANTILES = 99 }; /* 0.01, 0.02 … 0.99: entry i is of (i + 1)/100 */

typedef enum hb_moved_part {
    HB_MOVED_NOT,      /* all differences are 0 */
    HB_MOVED_WHOLE,    /* both tails and the middle the same way */
    HB_MOVED_WIDER,    /* tails apart … */
    HB_MOVED_NARROWER, /* … or together, more than the middle moved */
    HB_MOVED_UPPER,    /* the upper tail alone */
    HB_MOVED_LOWER,    /* the lower tail alone */
    HB_MOVED_MIDDLE,   /* the middle more than both tails */
    HB_MOVED_MIXED,    /* none of these */
    HB_MOVED_COUNT_
} hb_moved_part;

const char *hb_moved_part_name(hb_moved_part p); /* "not", "whole", "wider" … */

typedef struct hb_quantile_shift {
    double baseline[HB_QUANTILES]; /* its quantiles (type 7 over the points, ranks.h) */
    double shift[HB_QUANTILES];    /* run's minus baseline's, unit of the values */
    double lower;                  /* mean shift of quantiles 0.01 … 0.10 */
    double middle;                 /* 0.25 … 0.75 */
    double upper;                  /* 0.90 … 0.99 */
    hb_moved_part part;
} hb_quantile_shift;

/* Both with at least one sample; else part is HB_MOVED_NOT and every figure 0. A shift beyond the
 * largest double is infinite and the part HB_MOVED_MIXED. Half the largest of the three means
 * decides what counts as moving along. */
void hb_quantile_shift_of(const hb_ranks *run, const hb_ranks *baseline, hb_quantile_shift *ret);

#endif
