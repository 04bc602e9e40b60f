/* SPDX-License-Identifier: Apache-2.0 */
/* exp and log of our own, so that a decision has the same bits on every machine (libm differs
 * between builds). Less than 1 unit in the last place from the true value over the normal range
 * (0.97 and 0.96 are the worst of 2·10^7 random arguments); results below 2^-1022 are within one
 * step of the subnormal grid. */
#ifndef HB_STATS_FMATH_H
#define HB_STATS_FMATH_H

double hb_exp(double x); /* overflow gives inf, underflow 0, NaN NaN */
double hb_log(double x); /* x > 0; 0 gives -inf, negative NaN */

#endif
