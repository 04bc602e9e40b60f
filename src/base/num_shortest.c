/* SPDX-License-Identifier: Apache-2.0 */
/* Giulietti (2021), "The Schubfach way to render doubles": the interval of decimals that read back
 * as v, scaled by one multiplication with 128 bits of a power of ten so that 1 is the last digit a
 * shortest form can need; at most four candidates lie in it or beside it. Names as there. */
#include "base/num_decimal.h"

#include <stdbool.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

enum {
    MANTISSA_BITS = 52,
    BIAS = 1075,
    /* 10^q in 128 bits is exact here; hb_num_powers has it rounded up below 0 and down above. */
    EXACT_FROM = -27,
    EXACT_TO = 55
};

/* 10^q, leading 128 bits rounded up. */
static wide power_of_ten(int q)
{
    const uint64_t *power = hb_num_powers[q - HB_NUM_LEAST_POWER];
    wide g = (wide)power[0] << 64 | power[1];
    return q < EXACT_FROM || q > EXACT_TO ? g + 1 : g;
}

/* The leading bits of g × c; the last one is set when anything was cut off. */
static uint64_t round_to_odd(wide g, uint64_t c)
{
    wide low = (wide)(uint64_t)g * c;
    wide y = (wide)(uint64_t)(g >> 64) * c + (uint64_t)(low >> 64);
    return (uint64_t)(y >> 64) | ((uint64_t)y > 1);
}

typedef struct scaled {
    uint64_t lower; /* what reads back as v, × 4 */
    uint64_t v;
    uint64_t upper;
} scaled;

/* Which multiple of ten or of one is nearest, and its exponent in *io_k. */
static uint64_t choose(const scaled *x, int *io_k)
{
    uint64_t s = x->v / 4;
    uint64_t tens = s / 10;
    bool below = x->lower <= 40 * tens;
    bool above = 40 * tens + 40 <= x->upper;
    if (below != above) {
        ++*io_k;
        return tens + above;
    }
    below = x->lower <= 4 * s;
    above = 4 * s + 4 <= x->upper;
    if (below != above) {
        return s + above;
    }
    uint64_t middle = 4 * s + 2;
    return s + (x->v > middle || (x->v == middle && s & 1));
}

int hb_num_shortest(double v, char digits[24], int *ret_exponent)
{
    uint64_t bits = 0;
    memcpy(&bits, &v, sizeof bits);
    uint64_t mantissa = bits & ((UINT64_C(1) << MANTISSA_BITS) - 1);
    int exponent = (int)(bits >> MANTISSA_BITS);
    int q = exponent - BIAS;
    int k = (q * 1262611) >> 22; /* the floor of q times the decimal logarithm of 2 */
    if (mantissa == 0 || exponent == 0 || -k > HB_NUM_MOST_POWER) {
        return 0;
    }
    uint64_t c = mantissa | UINT64_C(1) << MANTISSA_BITS;
    unsigned odd = c & 1;
    int h = q + ((-k * 1741647) >> 19) + 1; /* and of -k times the binary logarithm of 10 */
    wide g = power_of_ten(-k);
    const scaled x = {.lower = round_to_odd(g, (4 * c - 2) << h) + odd,
                      .v = round_to_odd(g, (4 * c) << h),
                      .upper = round_to_odd(g, (4 * c + 2) << h) - odd};
    uint64_t d = choose(&x, &k);
    for (; d % 10 == 0; k++) {
        d /= 10;
    }
    char back[24];
    int n = 0;
    for (; d; d /= 10) {
        back[n++] = (char)('0' + d % 10);
    }
    for (int i = 0; i < n; i++) {
        digits[i] = back[n - 1 - i];
    }
    *ret_exponent = n + k;
    return n;
}
