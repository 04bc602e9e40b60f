/* SPDX-License-Identifier: Apache-2.0 */
#include "base/num_decimal.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

enum {
    MANTISSA_BITS = 52,
    LEAST_EXPONENT = -1023,
    INFINITE_EXPONENT = 0x7ff,
    /* 10^q only lands on the middle between two doubles while 5^|q| is a factor of a 64-bit w or of
     * a 54-bit middle. */
    LEAST_TIE = -4,
    MOST_TIE = 23
};

const double hb_num_exact[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                               1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                               1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static double of_bits(uint64_t mantissa, uint64_t exponent)
{
    uint64_t bits = mantissa | exponent << MANTISSA_BITS;
    double v = 0;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* The leading 128 bits of w × 5^q; w normalised. */
static wide product(uint64_t w, int64_t q)
{
    const uint64_t *power = hb_num_powers[q - HB_NUM_LEAST_POWER];
    wide p = (wide)w * power[0];
    const uint64_t undecided = UINT64_MAX >> (MANTISSA_BITS + 3);
    if (((uint64_t)(p >> 64) & undecided) == undecided) {
        p += (uint64_t)((wide)w * power[1] >> 64);
    }
    return p;
}

double hb_num_decimal(uint64_t w, int64_t q)
{
    if (w == 0 || q < HB_NUM_LEAST_POWER) {
        return 0;
    }
    if (q > HB_NUM_MOST_POWER) {
        return INFINITY;
    }
    int zeros = __builtin_clzll(w);
    wide p = product(w << zeros, q);
    uint64_t high = (uint64_t)(p >> 64);
    uint64_t low = (uint64_t)p;
    int top = (int)(high >> 63);
    int shift = top + 64 - MANTISSA_BITS - 3;
    uint64_t mantissa = high >> shift;
    /* floor(q × log2(10)) + 63, exact for |q| below 400 */
    int exponent = (int)((217706 * q) >> 16) + 63 + top - zeros - LEAST_EXPONENT;
    if (exponent <= 0) { /* a subnormal, or nothing */
        if (exponent <= -63) {
            return 0;
        }
        mantissa >>= 1 - exponent;
        mantissa += mantissa & 1;
        mantissa >>= 1;
        return of_bits(mantissa, 0); /* a carry into bit 52 is the least normal double */
    }
    bool tie = low <= 1 && q >= LEAST_TIE && q <= MOST_TIE && (mantissa & 3) == 1 &&
               mantissa << shift == high;
    mantissa -= tie;
    mantissa += mantissa & 1;
    mantissa >>= 1;
    exponent += (int)(mantissa >> (MANTISSA_BITS + 1)); /* rounded up to the next power of two */
    if (exponent >= INFINITE_EXPONENT) {
        return INFINITY;
    }
    return of_bits(mantissa & ((UINT64_C(1) << MANTISSA_BITS) - 1), (uint64_t)exponent);
}
