/* SPDX-License-Identifier: Apache-2.0 */
/* w × 10^q to the nearest double. Inside base/.
 *
 * Method: Lemire (2021), "Number parsing at a gigabyte per second", after Eisel: one or two
 * multiplications by the leading 128 bits of 5^q. Mushtak, Lemire (2023), "Fast number parsing
 * without fallback", show that they always decide for w below 2^64, so nothing is left over. */
#ifndef HB_BASE_NUM_DECIMAL_H
#define HB_BASE_NUM_DECIMAL_H

#include <stdint.h>

enum {
    HB_NUM_LEAST_POWER = -342, /* below it, w × 10^q rounds to 0 */
    HB_NUM_MOST_POWER = 308,   /* above it, to infinity */
    HB_NUM_POWERS = HB_NUM_MOST_POWER - HB_NUM_LEAST_POWER + 1
};

extern const uint64_t hb_num_powers[HB_NUM_POWERS][2];

/* The powers of ten that are doubles. */
enum { HB_NUM_EXACT = 22 };
extern const double hb_num_exact[HB_NUM_EXACT + 1];

/* Rounded to nearest, ties to even; infinity when beyond the largest double. */
double hb_num_decimal(uint64_t w, int64_t q);

/* The digits of the shortest decimal that reads back as v > 0, the nearest to v of those, v = 0.ddd
 * × 10^*ret_exponent; how many. 0 = it cannot say: subnormals, powers of two, below 1e-292. */
int hb_num_shortest(double v, char digits[24], int *ret_exponent);

#endif
