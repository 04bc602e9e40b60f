/* SPDX-License-Identifier: Apache-2.0 */
/* Anderson-Darling for a normal distribution whose mean and standard deviation are taken from the
 * values, with the observed significance level CMH-17-1G 8.3.6.5.1.2 states (Lawless 1982):
 *
 *   A*² = (1 + 4/n - 25/n²) A²,  osl = 1 / (1 + exp(-0.48 + 0.78 ln A*² + 4.58 A*²))
 *
 * CMH-17 calls the shape acceptable from an osl of 0.05 on. */
#ifndef HB_STATS_SHAPE_H
#define HB_STATS_SHAPE_H

#include "base/error.h"

#include <stdbool.h>

enum { HB_SHAPE_MIN = 8, HB_SHAPE_MAX = 10000 }; /* values; below 8 the correction is off */

typedef struct hb_shape {
    size_t n; /* finite values */
    double a2;
    double osl;
} hb_shape;

/* *ret_known = false with fewer than HB_SHAPE_MIN finite values or no spread. */
HB_CHECKED hb_status hb_shape_normal(const double *v, size_t n, hb_shape *ret, bool *ret_known,
                                     hb_error *err);

#endif
