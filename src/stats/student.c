/* SPDX-License-Identifier: Apache-2.0 */
/* Laws that are beta or gamma in disguise: Student's t, F, chi-square. */
#include "stats/special.h"

#include "stats/fmath.h"
#include "stats/special_internal.h"

#include <math.h>

static const double half_pi = 1.5707963267948966;
/* Above these degrees of freedom the normal law of a transformed t is closer than rounding. */
static const double endless = 1e10;

/* Wallace (1959): relative error of order 1/dof² here. */
static double wallace(double t, double dof)
{
    if (isinf(dof)) {
        return t;
    }
    double shrink = 1 - 2 / (8 * dof + 3);
    double r = t / sqrt(dof);
    return r < 1e150 ? shrink * sqrt(dof * hb_log1p(r * r)) : INFINITY;
}

/* I_x(a, b) for x so small that the first term of its series is all: x^a / (a B). */
static double first_term(const hb_beta_law *l, hb_dd log_x)
{
    return hb_dd_exp(hb_dd_sub(hb_dd_mul(hb_dd_of(l->a), log_x), l->log_beta)) / l->a;
}

static hb_beta_law law_of(double dof, hb_t_law *io)
{
    if (io->dof != dof) {
        hb_beta_law l = hb_beta_law_of(dof / 2, 0.5);
        *io = (hb_t_law){.dof = dof, .log_beta = {l.log_beta.hi, l.log_beta.lo}};
    }
    return (hb_beta_law){
        .a = dof / 2, .b = 0.5, .log_beta = {.hi = io->log_beta[0], .lo = io->log_beta[1]}};
}

/* P(|T| >= t) in p and P(|T| < t) in q, t >= 0, by I_x(dof/2, 1/2) at x = dof / (dof + t²). */
static hb_beta_value two_tails(double t, double dof, hb_t_law *io_law)
{
    if (t < 1e-100) {
        return (hb_beta_value){.p = 1, .q = 0};
    }
    if (dof > endless) {
        double tail = 2 * hb_normal_sf(wallace(t, dof));
        return (hb_beta_value){.p = tail, .q = 1 - tail};
    }
    if (isinf(t)) {
        return (hb_beta_value){.p = 0, .q = 1};
    }
    hb_beta_law l = law_of(dof, io_law);
    if (t > 1e100) { /* x is below what its square root can hold */
        hb_dd log_x = hb_dd_log(hb_dd_of(dof));
        log_x = hb_dd_sub(log_x, hb_dd_mul(hb_dd_of(2), hb_dd_log(hb_dd_of(t))));
        double tail = first_term(&l, log_x);
        return (hb_beta_value){.p = tail, .q = 1 - tail};
    }
    hb_dd square = hb_dd_product(t, t);
    hb_dd both = hb_dd_add(square, hb_dd_of(dof));
    return hb_beta_at(&l, hb_dd_div(hb_dd_of(dof), both), hb_dd_div(square, both));
}

double hb_t_two_sided_kept(double t, double dof, hb_t_law *io_law)
{
    if (isnan(t) || !(dof > 0)) {
        return NAN;
    }
    return two_tails(fabs(t), dof, io_law).p;
}

double hb_t_sf_kept(double t, double dof, hb_t_law *io_law)
{
    if (isnan(t) || !(dof > 0)) {
        return NAN;
    }
    hb_beta_value v = two_tails(fabs(t), dof, io_law);
    return t >= 0 ? 0.5 * v.p : 0.5 + 0.5 * v.q;
}

double hb_t_two_sided(double t, double dof)
{
    hb_t_law law = {.dof = 0};
    return hb_t_two_sided_kept(t, dof, &law);
}

double hb_t_sf(double t, double dof)
{
    hb_t_law law = {.dof = 0};
    return hb_t_sf_kept(t, dof, &law);
}

double hb_t_cdf(double t, double dof)
{
    return hb_t_sf(-t, dof);
}

/* Hill (1970), algorithm 396: t² / dof for the two-sided p, to some six digits for dof >= 1. */
static double hill(double p, double dof)
{
    double a = 1 / (dof - 0.5);
    double b = 48 / (a * a);
    double c = ((20700 * a / b - 98) * a - 16) * a + 96.36;
    double d = ((94.5 / (b + c) - 3) / b + 1) * sqrt(a * half_pi) * dof;
    double y = hb_exp(hb_log(d * p) * 2 / dof);
    if (y > 0.05 + a) {
        double x = hb_normal_quantile(0.5 * p);
        y = x * x;
        if (dof < 5) {
            c += 0.3 * (dof - 4.5) * (x + 0.6);
        }
        c += (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b;
        y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x;
        return hb_expm1(a * y * y);
    }
    return ((1 / (((dof + 6) / (dof * y) - 0.089 * d - 0.822) * (dof + 2) * 3) + 0.5 / (dof + 4)) *
                y -
            1) *
               (dof + 1) / (dof + 2) +
           1 / y;
}

/* t > 0 with P(|T| >= t) = p and P(|T| < t) = q. */
static double two_sided_quantile(double p, double q, double dof)
{
    hb_beta_law l = hb_beta_law_of(dof / 2, 0.5);
    hb_dd log_x = hb_dd_add(hb_dd_log(hb_dd_product(p, l.a)), l.log_beta);
    log_x = hb_dd_div(log_x, hb_dd_of(l.a));
    if (log_x.hi < -400) { /* the first term again */
        hb_dd v = hb_dd_sub(hb_dd_log(hb_dd_of(dof)), log_x);
        return hb_dd_exp(hb_dd_mul(hb_dd_of(0.5), v));
    }
    double x = 0;
    double y = 0;
    hb_beta_inverse(&l, p, q, dof < 1 ? 0 : 1 / hill(p, dof), &x, &y);
    return sqrt(dof * (y / x));
}

double hb_t_quantile(double p, double dof)
{
    if (!(p >= 0) || p > 1 || !(dof > 0)) {
        return NAN;
    }
    if (p == 0 || p == 1) {
        return p == 0 ? -INFINITY : INFINITY;
    }
    double centre = p - 0.5;
    if (centre == 0) {
        return 0;
    }
    double tail = centre < 0 ? p : 1 - p;
    double t = 0;
    if (dof > endless) {
        double z = -hb_normal_quantile(tail);
        double w = z / (1 - 2 / (8 * dof + 3));
        t = isinf(dof) ? z : sqrt(dof * hb_expm1(w * (w / dof)));
    } else {
        t = two_sided_quantile(2 * tail, 2 * fabs(centre), dof);
    }
    return centre < 0 ? -t : t;
}

double hb_chi2_sf(double x, double dof)
{
    return x < 0 ? (dof > 0 ? 1 : NAN) : hb_gamma_q(dof / 2, x / 2);
}

double hb_f_sf(double f, double dof1, double dof2)
{
    if (isnan(f) || !(dof1 > 0) || !(dof2 > 0) || isinf(dof1) || isinf(dof2)) {
        return NAN;
    }
    if (f < 1e-250) {
        return 1;
    }
    if (isinf(f)) {
        return 0;
    }
    hb_beta_law l = hb_beta_law_of(dof2 / 2, dof1 / 2);
    if (f > 1e250) {
        hb_dd log_x = hb_dd_sub(hb_dd_log(hb_dd_of(dof2)), hb_dd_log(hb_dd_of(dof1)));
        return first_term(&l, hb_dd_sub(log_x, hb_dd_log(hb_dd_of(f))));
    }
    hb_dd scaled = hb_dd_product(f, dof1);
    hb_dd both = hb_dd_add(scaled, hb_dd_of(dof2));
    return hb_beta_at(&l, hb_dd_div(hb_dd_of(dof2), both), hb_dd_div(scaled, both)).p;
}
