/* SPDX-License-Identifier: Apache-2.0 */
/* Elementary functions, gamma and beta. Prefactors (x^a y^b / B, x^a e^-x / Γ) are computed from
 * logarithms in pairs of doubles and are right to the last bit or two whatever the parameters; what
 * they multiply is a sum of positive terms or a continued fraction. */
#include "stats/special.h"

#include "stats/fmath.h"
#include "stats/special_internal.h"

#include <math.h>
#include <stdbool.h>

enum { MOST_TERMS = 200000 };

static const double tiny = 1e-300;
static const double enough = 1e-17;

double hb_log1p(double x)
{
    if (!(x > -1)) {
        return x == -1 ? -INFINITY : NAN;
    }
    double u = 1 + x;
    if (isinf(u) || u == 1) {
        return x;
    }
    /* What rounding 1 + x has lost, to first order. */
    return hb_log(u) + (x - (u - 1)) / u;
}

double hb_expm1(double x)
{
    if (!(fabs(x) < 0.35)) {
        return hb_exp(x) - 1;
    }
    double p = 0;
    for (int i = 15; i >= 2; i--) {
        p = (p + 1) * x / i;
    }
    return x + x * p;
}

/* log Γ around its zeros at 1 and 2, where Stirling's absolute accuracy is not enough. */
static double lgamma_near_zero(double d, double slope, const double *zeta)
{
    double s = 0;
    for (int k = 9; k >= 2; k--) {
        s = zeta[k - 2] / k - s * d;
    }
    return d * (slope + s * d);
}

double hb_lgamma(double x)
{
    /* ζ(k) - 1 for k = 2 … 9. */
    static const double zeta_less_1[] = {
        0.6449340668482264,   0.2020569031595943,   0.08232323371113819,  0.03692775514336993,
        0.017343061984449138, 0.008349277381922827, 0.004077356197944339, 0.0020083928260822143,
    };
    static const double euler = 0.5772156649015329;
    if (!(x > 0)) {
        return NAN;
    }
    if (x > 1e290) {
        return isinf(x) ? x : x * (hb_log(x) - 1);
    }
    if (x < 1e-290) {
        return -hb_log(x);
    }
    if (fabs(x - 2) < 0x1p-7) {
        return lgamma_near_zero(x - 2, 1 - euler, zeta_less_1);
    }
    if (fabs(x - 1) < 0x1p-7) {
        double zeta[8];
        for (int i = 0; i < 8; i++) {
            zeta[i] = 1 + zeta_less_1[i];
        }
        return lgamma_near_zero(x - 1, -euler, zeta);
    }
    return hb_dd_lgamma(hb_dd_of(x)).hi;
}

/* P by its series (x < a + 1), all terms positive: x^a e^-x / Γ(a+1) Σ x^n / ((a+1) … (a+n)). */
static double gamma_series(double a, double x)
{
    double sum = 1;
    double term = 1;
    for (int n = 1; n < MOST_TERMS && term > enough * sum; n++) {
        term *= x / (a + n);
        sum += term;
    }
    return sum / a;
}

/* Q by Legendre's continued fraction (x >= a + 1), evaluated by modified Lentz. */
static double gamma_fraction(double a, double x)
{
    double b = x + 1 - a;
    double c = 1 / tiny;
    double d = 1 / b;
    double f = d;
    for (int i = 1; i < MOST_TERMS; i++) {
        double an = -i * (i - a);
        b += 2;
        d = an * d + b;
        c = b + an / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        double step = c * d;
        f *= step;
        if (fabs(step - 1) < 2e-16) {
            break;
        }
    }
    return f;
}

/* The one of P, Q that is computed directly; *ret_lower says which. False outside the domain. */
static bool gamma_part(double a, double x, double *ret, bool *ret_lower)
{
    if (!(a > 0) || !(x >= 0) || isinf(a)) {
        return false;
    }
    if (x < 1e-290 || isinf(x)) {
        *ret = 0;
        *ret_lower = x < 1;
        return true;
    }
    if (x > 1e290) {
        *ret = 0;
        *ret_lower = a > x;
        return true;
    }
    hb_dd log_weight = hb_dd_mul(hb_dd_of(a), hb_dd_log(hb_dd_of(x)));
    log_weight = hb_dd_sub(log_weight, hb_dd_of(x));
    log_weight = hb_dd_sub(log_weight, hb_dd_lgamma(hb_dd_of(a)));
    double weight = hb_dd_exp(log_weight);
    *ret_lower = x < a + 1;
    *ret = weight == 0 ? 0 : weight * (*ret_lower ? gamma_series(a, x) : gamma_fraction(a, x));
    *ret = *ret < 1 ? *ret : 1;
    return true;
}

double hb_gamma_p(double a, double x)
{
    double v = 0;
    bool lower = false;
    if (!gamma_part(a, x, &v, &lower)) {
        return NAN;
    }
    return lower ? v : 1 - v;
}

double hb_gamma_q(double a, double x)
{
    double v = 0;
    bool lower = false;
    if (!gamma_part(a, x, &v, &lower)) {
        return NAN;
    }
    return lower ? 1 - v : v;
}

hb_beta_law hb_beta_law_of(double a, double b)
{
    hb_dd both = hb_dd_lgamma(hb_dd_sum(a, b));
    hb_dd v = hb_dd_add(hb_dd_lgamma(hb_dd_of(a)), hb_dd_lgamma(hb_dd_of(b)));
    return (hb_beta_law){.a = a, .b = b, .log_beta = hb_dd_sub(v, both)};
}

/* I_x(a, b) over the weight: 1/a Σ (a+b)_n / (a+1)_n x^n, all terms positive. */
static double beta_series(double a, double b, double x)
{
    double sum = 1;
    double term = 1;
    for (int n = 0; n < MOST_TERMS && term > enough * sum; n++) {
        term *= (a + b + n) / (a + 1 + n) * x;
        sum += term;
    }
    return sum / a;
}

/* I_x(a, b) over the weight for x below the mean, by the continued fraction of DiDonato and Morris
 * (1992, eq. 9), modified Lentz. lambda = a y - b x. */
static double beta_fraction(double a, double b, double x, double y, double lambda)
{
    double f = a * (lambda + 1) / (a + 1);
    double c = f;
    double d = 0;
    for (int i = 1; i < MOST_TERMS; i++) {
        double m = i;
        double odd = a + 2 * m - 1;
        double cross = m * (b - m) * x / odd;
        double an = cross * ((a + m - 1) * (a + b + m - 1) * x / odd);
        double bn = m + cross + (a + m) * (lambda + 1 + m * (1 + y)) / (a + 2 * m + 1);
        d = bn + an * d;
        c = bn + an / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        double step = c * d;
        f *= step;
        if (fabs(step - 1) < 2e-16) {
            break;
        }
    }
    return 1 / f;
}

hb_beta_value hb_beta_at(const hb_beta_law *l, hb_dd x, hb_dd y)
{
    double a = l->a;
    double b = l->b;
    hb_dd log_weight = hb_dd_mul(hb_dd_of(a), hb_dd_log(x));
    log_weight = hb_dd_add(log_weight, hb_dd_mul(hb_dd_of(b), hb_dd_log(y)));
    hb_beta_value v = {.weight = hb_dd_exp(hb_dd_sub(log_weight, l->log_beta))};
    hb_dd distance = hb_dd_sub(hb_dd_mul(hb_dd_of(a), y), hb_dd_mul(hb_dd_of(b), x));
    double lambda = distance.hi;
    /* Which of the two: the series where the ratio of its terms is small on that side (the other
     * side is then never so small that 1 - p would hurt), else the fraction on the side of the
     * mean where it converges. */
    bool lower = true;
    if (x.hi * (a + b) <= 0.6 * (a + 1)) {
        v.p = v.weight * beta_series(a, b, x.hi);
    } else if (y.hi * (a + b) <= 0.6 * (b + 1)) {
        lower = false;
        v.q = v.weight * beta_series(b, a, y.hi);
    } else if (lambda >= 0) {
        v.p = v.weight * beta_fraction(a, b, x.hi, y.hi, lambda);
    } else {
        lower = false;
        v.q = v.weight * beta_fraction(b, a, y.hi, x.hi, -lambda);
    }
    if (lower) {
        v.p = v.p < 1 ? v.p : 1;
        v.q = 1 - v.p;
    } else {
        v.q = v.q < 1 ? v.q : 1;
        v.p = 1 - v.q;
    }
    return v;
}

double hb_beta_inc(double a, double b, double x)
{
    if (!(a > 0) || !(b > 0) || !(x >= 0) || x > 1 || isinf(a) || isinf(b)) {
        return NAN;
    }
    if (x == 0 || x == 1) {
        return x;
    }
    hb_beta_law l = hb_beta_law_of(a, b);
    if (x < 0x1p-1000) { /* one term is all there is */
        double v = hb_exp(a * hb_log(x) - l.log_beta.hi) / a;
        return v < 1 ? v : 1;
    }
    return hb_beta_at(&l, hb_dd_of(x), hb_dd_sum(1, -x)).p;
}
