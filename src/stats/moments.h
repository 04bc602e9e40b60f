/* SPDX-License-Identifier: Apache-2.0 */
/* One-pass moments of an ordered series, mergeable block by block.
 *
 * Calling sequence: hb_moments_block() on each block of finite values, in order, and
 * hb_moments_merge() of each block into the total, in order. The bits of the result depend on the
 * block borders and on nothing else (not on threads, compiler or locale).
 *
 * Method: two passes inside a block with compensated sums (Neumaier 1974); blocks are merged by
 * Chan, Golub, LeVeque 1979. The lag-1 sums are kept around the mean and moved algebraically on
 * merging. All figures in the unit of the values.
 *
 * Accuracy, in one block or merged from any blocks: variance to a relative 1e-12, lag-1 to 1e-12,
 * mean to the last bit or 1e-14 of the spread. A constant has variance exactly 0.
 * Values whose squares overflow (deviations over 1e154): the mean is still right; variance and sd
 * are +inf and lag-1 is NaN, and so they stay whatever is merged. Deviations under 1e-154 count as
 * 0 in the variance. */
#ifndef HB_STATS_MOMENTS_H
#define HB_STATS_MOMENTS_H

#include <stddef.h>
#include <stdint.h>

typedef struct hb_moments {
    uint64_t n;
    double mean;
    double mean_low; /* compensation: the mean is mean + mean_low */
    double m2;       /* sum of squared deviations from the mean; inf when it overflowed */
    double min;
    double max;
    double first;
    double last;
    double shift;  /* the three lag sums are of (v - shift); all 0 when m2 is inf */
    double lag_xy; /* sum of v[i] * v[i+1] */
    double lag_x;  /* sum of v[0 .. n-2] */
    double lag_y;  /* sum of v[1 .. n-1] */
} hb_moments;

/* Of n finite values; n = 0 gives an empty total (fields 0). */
hb_moments hb_moments_block(const double *v, size_t n);
/* `next` follows `into` in the series; blocks of any size, empty ones included. */
void hb_moments_merge(hb_moments *into, const hb_moments *next);

double hb_moments_mean(const hb_moments *m);     /* NaN when n = 0 */
double hb_moments_variance(const hb_moments *m); /* sample, n - 1; NaN when n < 2 */
double hb_moments_sd(const hb_moments *m);
/* Lag-1 autocorrelation, sum (v[i]-mean)(v[i+1]-mean) / m2 (Box, Jenkins, Reinsel 2008, 2.1.5);
 * NaN when n < 3 or m2 is 0 or inf. */
double hb_moments_lag1(const hb_moments *m);

#endif
