/* SPDX-License-Identifier: Apache-2.0 */
/* Maximum normed residual (Stefansky 1972; CMH-17-1G 8.3.3): is the value furthest from the mean
 * further than the furthest of n values of one normal distribution would be?
 *
 *   MNR = max |v - mean| / s,  C = (n-1)/sqrt(n) · sqrt(t² / (n-2+t²)),  t = t(1 - alpha/2n; n-2)
 *
 * Values are on a scale of step u: s² gets u²/12, so that one step beside equal values is no
 * outlier. Deterministic; values up to 1e300 are scaled, not lost. */
#ifndef HB_STATS_OUTLIER_H
#define HB_STATS_OUTLIER_H

#include <stdbool.h>
#include <stddef.h>

typedef struct hb_mnr {
    size_t n;     /* finite values */
    size_t index; /* of the furthest, first of equals */
    double mnr;
    double critical; /* at alpha; mnr over it = outlier */
    double p;        /* n · two-sided t tail, at most 1: the alpha at which critical = mnr */
    double mean;
    double sd; /* u²/12 added */
} hb_mnr;

/* False when nothing can be said: fewer than 3 finite values, or no spread. `left_out` (may be
 * NULL) marks values that are not looked at. */
bool hb_mnr_test(const double *v, const bool *left_out, size_t n, double step, double alpha,
                 hb_mnr *ret);
/* One after another as CMH-17 does: the furthest is left out and the rest judged anew, until none
 * is beyond at alpha. Marks them in `outlier` (n of them) and returns how many. */
size_t hb_mnr_screen(const double *v, size_t n, double step, double alpha, bool *outlier);
double hb_mnr_critical(size_t n, double alpha); /* n >= 3; NaN below */

#endif
