/* SPDX-License-Identifier: Apache-2.0 */
#include "stats/dd.h"

#include "stats/fmath.h"

#include <math.h>

static const hb_dd ln2 = {0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};
static const hb_dd half_ln_2pi = {0x1.d67f1c864beb5p-1, -0x1.65b5a1b7ff5dfp-55};
static const hb_dd half_ln_pi = {0x1.250d048e7a1bdp-1, 0x1.7abf2ad8d5088p-58};

hb_dd hb_dd_log(hb_dd a)
{
    int e = 0;
    double m = frexp(a.hi, &e);
    if (m < 0.70710678118654752) {
        m *= 2;
        e--;
    }
    double low = ldexp(a.lo, -e);
    /* log m = 2s (1 + s²/3 + s⁴/5 + …), s = (m - 1) / (m + 1), |s| <= 0.172: the first terms in
     * pairs, what is below 1e-7 of the sum in doubles. m - 1 is exact. */
    hb_dd s = hb_dd_div(hb_dd_sum(m - 1, low), hb_dd_add(hb_dd_sum(m, 1), hb_dd_of(low)));
    hb_dd z = hb_dd_mul(s, s);
    double tail = 0;
    for (int i = 29; i >= 9; i -= 2) {
        tail = tail * z.hi + 2.0 / i;
    }
    hb_dd r = hb_dd_of(tail);
    static const hb_dd first[] = {
        {0x1.2492492492492p-2, 0x1.2492492492492p-56},  /* 2/7 */
        {0x1.999999999999ap-2, -0x1.999999999999ap-56}, /* 2/5 */
        {0x1.5555555555555p-1, 0x1.5555555555555p-55},  /* 2/3 */
        {2, 0},
    };
    for (int i = 0; i < 4; i++) {
        r = hb_dd_add(first[i], hb_dd_mul(z, r));
    }
    return hb_dd_add(hb_dd_mul(hb_dd_of(e), ln2), hb_dd_mul(s, r));
}

double hb_dd_exp(hb_dd a)
{
    double v = hb_exp(a.hi);
    return isfinite(v) ? v + v * a.lo : v;
}

hb_dd hb_dd_lgamma(hb_dd a)
{
    if (a.hi == 0.5 && a.lo == 0) { /* of every t law */
        return half_ln_pi;
    }
    /* Upwards by Γ(a+1) = a Γ(a) to where Stirling's series has its terms below 1e-17. */
    hb_dd shift = hb_dd_of(1);
    while (a.hi < 11) {
        shift = hb_dd_mul(shift, a);
        a = hb_dd_add(a, hb_dd_of(1));
    }
    static const double series[] = {
        /* B(2k) / (2k (2k-1)), k = 9 … 2 */
        43867.0 / 244188, -3617.0 / 122400, 1.0 / 156,  -691.0 / 360360,
        1.0 / 1188,       -1.0 / 1680,      1.0 / 1260, -1.0 / 360,
    };
    double z = 1 / (a.hi * a.hi);
    double rest = 0;
    for (int i = 0; i < 8; i++) {
        rest = rest * z + series[i];
    }
    hb_dd twelfth = hb_dd_div(hb_dd_of(1), hb_dd_mul(hb_dd_of(12), a));
    hb_dd v = hb_dd_mul(hb_dd_sub(a, hb_dd_of(0.5)), hb_dd_log(a));
    v = hb_dd_add(hb_dd_sub(v, a), half_ln_2pi);
    v = hb_dd_add(v, hb_dd_add(twelfth, hb_dd_of(rest * z / a.hi)));
    return hb_dd_sub(v, hb_dd_log(shift));
}
