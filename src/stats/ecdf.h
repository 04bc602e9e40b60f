/* SPDX-License-Identifier: Apache-2.0 */
/* An empirical distribution function: ascending values with cumulated counts. */
#ifndef HB_STATS_ECDF_H
#define HB_STATS_ECDF_H

#include "base/error.h"

typedef struct hb_ecdf {
    double *values; /* strictly ascending */
    uint64_t *upto; /* upto[i] = number of samples <= values[i]; upto[n_points-1] = n */
    size_t n_points;
    uint64_t n;
    double rank_error; /* proven bound on F, 0 when exact */
} hb_ecdf;

/* From finite samples in any order (copied, sorted, ties joined; -0 equals 0). */
HB_CHECKED hb_status hb_ecdf_from_samples(const double *v, size_t n, hb_ecdf *ret_ecdf,
                                          hb_error *err);
void hb_ecdf_release(hb_ecdf *e);
/* F(x): share of samples <= x; 0 when empty or x is NaN. */
double hb_ecdf_at(const hb_ecdf *e, double x);
/* Type-7 quantile as hb_sketch_quantile; NaN when empty. */
double hb_ecdf_quantile(const hb_ecdf *e, double q);

/* Type 7 of Hyndman and Fan (1996): the quantile lies between the order statistics of ranks k and
 * k + 1 (from 0), a share of the way, found and interpolated with the very operations of numpy, so
 * that both give the same bits. q outside [0, 1] is taken as 0 or 1; n >= 1. */
typedef struct hb_rank7 {
    uint64_t k;
    double share; /* 0 … 1; 0 when k is the last */
} hb_rank7;

hb_rank7 hb_rank7_of(double q, uint64_t n);
double hb_rank7_between(double a, double b, double share);

#endif
