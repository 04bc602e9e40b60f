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

/* From samples in any order (copied, sorted, ties joined). */
HB_CHECKED hb_status hb_ecdf_from_samples(const double *v, size_t n, hb_ecdf *ret_ecdf,
                                          hb_error *err);
void hb_ecdf_release(hb_ecdf *e);
/* F(x): share of samples <= x; 0 when empty. */
double hb_ecdf_at(const hb_ecdf *e, double x);
/* Type-7 quantile as hb_sketch_quantile; NaN when empty. */
double hb_ecdf_quantile(const hb_ecdf *e, double q);

#endif
