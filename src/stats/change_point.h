/* SPDX-License-Identifier: Apache-2.0 */
/* Where a history of run values changed its level: the split whose two sides differ most in rank.
 *
 * Statistic: the largest standardised Wilcoxon difference over all splits with at least
 * HB_CHANGE_SIDE values on each side (Hawkins, Deng 2010, "A nonparametric change-point control
 * chart"; Pettitt 1979 without the weights). Ranks are integers, so an outlier is one rank and
 * scale does not matter. Ties get their mean rank and no correction, which makes p conservative
 * with ties (at most 0.96 of the level in simulation, far less for coarse values), and gives every
 * series of n values the same null distribution: one stream of random orders, seeded, serves all
 * series of one length.
 *
 * p by permutation, each series stopped as soon as HB_CHANGE_HITS orders reached its statistic
 * (Besag, Clifford 1991: p = hits / orders then, else (hits + 1) / (orders + 1)). It presumes that
 * without a change the runs could have come in any order; slow wandering between runs makes it
 * too small.
 *
 * Calling sequence: hb_change_find for each series, hb_change_calibrate once for all, and
 * hb_change_shape for those that shall be told. Same values, same seed, same bits. */
#ifndef HB_STATS_CHANGE_POINT_H
#define HB_STATS_CHANGE_POINT_H

#include "base/error.h"

#include <stdbool.h>

enum {
    HB_CHANGE_MIN = 10,     /* values below which nothing is said */
    HB_CHANGE_SIDE = 2,     /* least values on each side of a split */
    HB_CHANGE_HITS = 10,    /* early stop */
    HB_CHANGE_MOST = 10000, /* values of one series */
};

typedef struct hb_change {
    size_t n;
    size_t at;             /* first value after the change; the earliest of equal splits */
    double score;          /* u²/(k(n-k)), what orders are compared by; 0 = constant */
    double z;              /* the same as a standard deviate, never negative */
    double p;              /* hb_change_calibrate; 1 before */
    uint32_t permutations; /* looked at for it */
} hb_change;

/* v: n finite values in order of time. HB_E_LIMIT beyond HB_CHANGE_MOST, HB_E_BUG below
 * HB_CHANGE_MIN. */
HB_CHECKED hb_status hb_change_find(const double *v, size_t n, hb_change *ret, hb_error *err);

/* Fills p of all. `most` orders at the most; p can then not be under 1/(most + 1). */
HB_CHECKED hb_status hb_change_calibrate(hb_change *changes, size_t n_changes, uint64_t seed,
                                         uint32_t most, hb_error *err);
/* Enough orders for one changed series among n to be told at `level` after Benjamini-Hochberg. */
uint32_t hb_change_permutations(size_t n, double level);

typedef struct hb_change_shape {
    double before;  /* mean of the values before `at` */
    double after;   /* and from there on */
    double per_run; /* slope of the least-squares line through all values */
    bool ramp;      /* the line fits better than two means: least n·ln(RSS/n) + c·ln(n), c = 3 for
                     * the step (Schwarz 1978; its place was fitted too) and 2 for the line */
} hb_change_shape;

/* Values up to 1e300 and down to 1e-300 are scaled, not lost. */
void hb_change_shape_of(const double *v, size_t n, size_t at, hb_change_shape *ret);

/* Several changes: the best split, then each side by itself, as long as p <= level and a side has
 * HB_CHANGE_MIN values (binary segmentation, Vostrikova 1981). A stretch that is a ramp is not
 * split further. ret: room for n / HB_CHANGE_SIDE; in the order of time; `from` and `to` of each
 * are the stretch it was found in. */
typedef struct hb_change_part {
    hb_change change; /* `at` counts from the beginning of v */
    hb_change_shape shape;
    size_t from;
    size_t to;
} hb_change_part;

HB_CHECKED hb_status hb_change_segments(const double *v, size_t n, double level, uint64_t seed,
                                        hb_change_part *ret, size_t *ret_n, hb_error *err);

#endif
