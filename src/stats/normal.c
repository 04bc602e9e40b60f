/* SPDX-License-Identifier: Apache-2.0 */
/* Normal law: rational approximations of Cody (1969) for the integral and of Wichura (1988, AS 241)
 * for the quantile, both to about 1e-16. */
#include "stats/special.h"

#include "stats/fmath.h"

#include <math.h>

/* e^(-y²/2); y² is split so that its rounding does not come into the exponent. */
static double gauss(double y)
{
    double near = floor(y * 16) / 16;
    double rest = (y - near) * (y + near);
    return hb_exp(-0.5 * near * near) * hb_exp(-0.5 * rest);
}

/* Φ(z) - 1/2 for |z| <= 0.66. */
static double middle(double z)
{
    static const double a[] = {0.065682337918207449113, 2.2352520354606839287,
                               161.02823106855587881, 1067.6894854603709582, 18154.981253343561249};
    static const double b[] = {47.20258190468824187, 976.09855173777669322, 10260.932208618978205,
                               45507.789335026729956};
    double s = z * z;
    double num = a[0] * s;
    double den = s;
    for (int i = 0; i < 3; i++) {
        num = (num + a[i + 1]) * s;
        den = (den + b[i]) * s;
    }
    return z * (num + a[4]) / (den + b[3]);
}

/* 1 - Φ(y) for 0.66 <= y <= 5.6. */
static double near_tail(double y)
{
    static const double c[] = {
        1.0765576773720192317e-8, 0.39894151208813466764, 8.8831497943883759412,
        93.506656132177855979,    597.27027639480026226,  2494.5375852903726711,
        6848.1904505362823326,    11602.651437647350124,  9842.7148383839780218};
    static const double d[] = {22.266688044328115691, 235.38790178262499861, 1519.377599407554805,
                               6485.558298266760755,  18615.571640885098091, 34900.952721145977266,
                               38912.003286093271411, 19685.429676859990727};
    double num = c[0] * y;
    double den = y;
    for (int i = 0; i < 7; i++) {
        num = (num + c[i + 1]) * y;
        den = (den + d[i]) * y;
    }
    return gauss(y) * (num + c[8]) / (den + d[7]);
}

/* 1 - Φ(y) for y >= 5.6. */
static double far_tail(double y)
{
    static const double p[] = {0.02307344176494017303,  0.21589853405795699,
                               0.1274011611602473639,   0.022235277870649807,
                               0.001421619193227893466, 2.9112874951168792e-5};
    static const double q[] = {1.28426009614491121, 0.468238212480865118, 0.0659881378689285515,
                               0.00378239633202758244, 7.29751555083966205e-5};
    static const double inv_root_2pi = 0.39894228040143267794;
    double s = 1 / (y * y);
    double num = p[0] * s;
    double den = s;
    for (int i = 0; i < 4; i++) {
        num = (num + p[i + 1]) * s;
        den = (den + q[i]) * s;
    }
    double r = s * (num + p[5]) / (den + q[4]);
    return gauss(y) * (inv_root_2pi - r) / y;
}

static double upper_tail(double y)
{
    if (y > 38.6) {
        return 0;
    }
    return y <= 0.67448975 ? 0.5 - middle(y) : y <= 5.6568542494923802 ? near_tail(y) : far_tail(y);
}

double hb_normal_sf(double z)
{
    if (isnan(z)) {
        return z;
    }
    return z >= 0 ? upper_tail(z) : z >= -0.67448975 ? 0.5 - middle(z) : 1 - upper_tail(-z);
}

double hb_normal_cdf(double z)
{
    return hb_normal_sf(-z);
}

static double ratio(const double *num, const double *den, double r)
{
    double n = num[7];
    double d = den[7];
    for (int i = 6; i >= 0; i--) {
        n = n * r + num[i];
        d = d * r + den[i];
    }
    return n / d;
}

double hb_normal_quantile(double p)
{
    static const double a[] = {3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427,
                               13731.693765509461125, 45921.953931549871457, 67265.770927008700853,
                               33430.575583588128105, 2509.0809287301226727};
    static const double b[] = {1,
                               42.313330701600911252,
                               687.18700749205790830,
                               5394.1960214247511077,
                               21213.794301586595867,
                               39307.895800092710610,
                               28729.085735721942674,
                               5226.4952788528545610};
    static const double c[] = {1.42343711074968357734,    4.63033784615654529590,
                               5.76949722146069140550,    3.64784832476320460504,
                               1.27045825245236838258,    2.41780725177450611770e-1,
                               2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static const double d[] = {1,
                               2.05319162663775882187,
                               1.67638483018380384940,
                               6.89767334985100004550e-1,
                               1.48103976427480074590e-1,
                               1.51986665636164571966e-2,
                               5.47593808499534494600e-4,
                               1.05075007164441684324e-9};
    static const double e[] = {6.65790464350110377720,    5.46378491116411436990,
                               1.78482653991729133580,    2.96560571828504891230e-1,
                               2.65321895265761230930e-2, 1.24266094738807843860e-3,
                               2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[] = {1,
                               5.99832206555887937690e-1,
                               1.36929880922735805310e-1,
                               1.48753612908506148525e-2,
                               7.86869131145613259100e-4,
                               1.84631831751005468180e-5,
                               1.42151175831644588870e-7,
                               2.04426310338993978564e-15};
    if (!(p >= 0) || p > 1) {
        return NAN;
    }
    if (p == 0 || p == 1) {
        return p == 0 ? -INFINITY : INFINITY;
    }
    double q = p - 0.5;
    if (fabs(q) <= 0.425) {
        return q * ratio(a, b, 0.180625 - q * q);
    }
    double r = sqrt(-hb_log(q < 0 ? p : 1 - p));
    double z = r <= 5 ? ratio(c, d, r - 1.6) : ratio(e, f, r - 5);
    return q < 0 ? -z : z;
}
