/* SPDX-License-Identifier: Apache-2.0 */
/* Ascending sort of finite doubles, by the order-preserving image of their bits: -0 sorts before 0.
 * Least-significant-digit radix with passes skipped where all keys share the digit; insertion sort
 * for short arrays. */
#ifndef HB_STATS_SORT_H
#define HB_STATS_SORT_H

#include <stddef.h>

/* scratch: room for n doubles. */
void hb_sort_f64(double *v, size_t n, double *scratch);

#endif
