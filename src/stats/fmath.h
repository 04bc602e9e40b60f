/* SPDX-License-Identifier: Apache-2.0 */
/* exp and log of our own, so that a decision has the same bits on every machine (libm differs
 * between builds). Within 2 units in the last place of the true value over the normal range. */
#ifndef HB_STATS_FMATH_H
#define HB_STATS_FMATH_H

double hb_exp(double x);
double hb_log(double x); /* x > 0; 0 gives -inf, negative NaN */

#endif
