/* SPDX-License-Identifier: Apache-2.0 */
/* What a measured value says about the true one when its uncertainty is known (JCGM 106:2012). */
#ifndef HB_STATS_CONFORMANCE_H
#define HB_STATS_CONFORMANCE_H

/* Probability that the true value lies in [low, high], given a value x of standard uncertainty u
 * and nothing else known about it (normal law; JCGM 106, 7.3 and 7.4). A side without a limit is
 * -inf or +inf. u = 0: 1 inside, 0 outside. NaN when u is negative or anything is NaN. */
double hb_conformance(double x, double u, double low, double high);

#endif
