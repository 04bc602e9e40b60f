/* SPDX-License-Identifier: Apache-2.0 */
/* Least and greatest of n >= 1 values, none of them NaN. Of -0 and 0, which are equal, one of those
 * that come first in eight interleaved lanes, the same on every processor. */
#ifndef HB_BASE_EXTREMES_H
#define HB_BASE_EXTREMES_H

#include <stddef.h>

void hb_extremes(const double *v, size_t n, double *ret_least, double *ret_most);

#endif
