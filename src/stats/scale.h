/* SPDX-License-Identifier: Apache-2.0 */
/* Values near the ends of the number range, brought to the middle by a power of two: squares
 * neither overflow nor vanish, and no bit of a value changes. Inside stats/. */
#ifndef HB_STATS_SCALE_H
#define HB_STATS_SCALE_H

#include <math.h>
#include <stddef.h>

/* Exponent for ldexp so that the largest finite |v| lies in [0.5, 1); 0 when all are 0. */
static inline int hb_scale_shift(const double *v, size_t n)
{
    double most = 0;
    int exponent = 0;
    for (size_t i = 0; i < n; i++) {
        most = isfinite(v[i]) ? fmax(most, fabs(v[i])) : most;
    }
    frexp(most, &exponent);
    return -exponent;
}

/* Neumaier's compensated sum: the total is *sum + *low. */
static inline void hb_scale_sum(double *sum, double *low, double x)
{
    double next = *sum + x;
    *low += fabs(*sum) >= fabs(x) ? (*sum - next) + x : (x - next) + *sum;
    *sum = next;
}

#endif
