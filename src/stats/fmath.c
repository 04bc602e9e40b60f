/* SPDX-License-Identifier: Apache-2.0 */
/* Plain IEEE operations in a fixed order; -ffp-contract=off keeps them so. ln 2 is split in a high
 * part of 32 bits, whose product with any exponent is exact, and a low part. */
#include "stats/fmath.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static const double ln2_high = 0x1.62e42feep-1;
static const double ln2_low = 0x1.a39ef35793c76p-33;
static const double inv_ln2 = 0x1.71547652b82fep+0;

/* 2^k for -1022 <= k <= 1023. */
static double power_of_two(int k)
{
    uint64_t bits = (uint64_t)(k + 1023) << 52;
    double v = 0;
    memcpy(&v, &bits, sizeof v);
    return v;
}

double hb_exp(double x)
{
    if (isnan(x)) {
        return x;
    }
    if (x > 709.79) {
        return INFINITY;
    }
    if (x < -745.14) {
        return 0;
    }
    int k = (int)(x * inv_ln2 + (x < 0 ? -0.5 : 0.5));
    double r = (x - k * ln2_high) - k * ln2_low;
    /* 1 + r + r²/2! + … + r¹³/13!; |r| <= 0.35, so the rest is below 2^-57. */
    static const double inv_factorial[] = {
        0.5,           1.0 / 6,        1.0 / 24,        1.0 / 120,
        1.0 / 720,     1.0 / 5040,     1.0 / 40320,     1.0 / 362880,
        1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800.0,
    };
    double p = inv_factorial[11];
    for (int i = 10; i >= 0; i--) {
        p = p * r + inv_factorial[i];
    }
    double y = 1 + (r + r * r * p);
    /* In two steps, so that neither factor leaves the normal range. */
    int half = k / 2;
    return y * power_of_two(half) * power_of_two(k - half);
}

double hb_log(double x)
{
    if (isnan(x) || x < 0) {
        return NAN;
    }
    if (x == 0) {
        return -INFINITY;
    }
    if (isinf(x)) {
        return x;
    }
    int e = 0;
    if (x < 0x1p-1022) {
        x *= 0x1p54;
        e = -54;
    }
    uint64_t bits = 0;
    memcpy(&bits, &x, sizeof bits);
    e += (int)(bits >> 52) - 1023;
    bits = (bits & 0x000fffffffffffffu) | UINT64_C(1023) << 52;
    double m = 0;
    memcpy(&m, &bits, sizeof m);
    if (m > 1.4142135623730951) {
        m *= 0.5;
        e++;
    }
    /* log m = f - s (f - R), s = f / (2 + f), R = 2 (s²/3 + s⁴/5 + …); |s| <= 0.172. */
    double f = m - 1;
    double s = f / (2 + f);
    double z = s * s;
    double r = 0;
    for (int i = 23; i >= 3; i -= 2) {
        r = r * z + 2.0 / i;
    }
    r *= z;
    return e * ln2_high + (f - (s * (f - r) - e * ln2_low));
}
