/* SPDX-License-Identifier: Apache-2.0 */
#include "stats/predict.h"

#include "stats/special.h"

#include <math.h>
#include <stdbool.h>

/* The power of two that brings |v| into [0.5, 1): what is divided by it loses no bit. */
static int exponent_of(double v)
{
    int e = 0;
    (void)frexp(v, &e);
    return e;
}

/* Neumaier's compensated sum. */
typedef struct compensated {
    double sum;
    double lost;
} compensated;

static void add(compensated *c, double v)
{
    double t = c->sum + v;
    c->lost += fabs(c->sum) >= fabs(v) ? (c->sum - t) + v : (v - t) + c->sum;
    c->sum = t;
}

static void mean_and_sd(const hb_predict_input *in, hb_predict *r)
{
    double largest = 0;
    for (size_t i = 0; i < in->n_values; i++) {
        if (!isnan(in->values[i])) {
            r->n0++;
            largest = fabs(in->values[i]) > largest ? fabs(in->values[i]) : largest;
        }
    }
    if (!r->n0 || isinf(largest)) {
        r->mean = NAN;
        r->sd_runs = NAN;
        return;
    }
    double n = (double)r->n0;
    int e = exponent_of(largest);
    compensated total = {0};
    for (size_t i = 0; i < in->n_values; i++) {
        if (!isnan(in->values[i])) {
            add(&total, ldexp(in->values[i], -e));
        }
    }
    double mean = (total.sum + total.lost) / n;
    double widest = 0;
    for (size_t i = 0; i < in->n_values; i++) {
        if (!isnan(in->values[i])) {
            double d = fabs(ldexp(in->values[i], -e) - mean);
            widest = d > widest ? d : widest;
        }
    }
    /* Deviations have a scale of their own: 1e-200 around 1e-3 must not vanish when squared. */
    int f = exponent_of(widest);
    compensated squares = {0};
    compensated rest = {0};
    for (size_t i = 0; i < in->n_values; i++) {
        if (!isnan(in->values[i])) {
            double d = ldexp(ldexp(in->values[i], -e) - mean, -f);
            add(&squares, d * d);
            add(&rest, d);
        }
    }
    double off = rest.sum + rest.lost;
    double m2 = squares.sum + squares.lost - off * off / n;
    r->mean = ldexp(mean, e);
    r->sd_runs = r->n0 > 1 && m2 > 0 ? ldexp(ldexp(sqrt(m2 / (n - 1)), f), e) : 0;
}

int hb_predict_fit(const hb_predict_input *in, hb_predict *ret)
{
    hb_predict r = {0};
    mean_and_sd(in, &r);
    bool governed = in->sigma_ref > 0 && in->nu > 0;
    double nu = governed ? in->nu : 0;
    double sigma = governed ? in->sigma_ref : 0;
    double step = in->step > 0 ? in->step : 0;
    if (r.n0 < (governed ? 1 : 2) || !isfinite(r.mean)) {
        return 0;
    }
    double of_runs = (double)(r.n0 - 1);
    r.dof = of_runs + nu;
    double largest = fmax(fmax(r.sd_runs, sigma), step);
    int e = exponent_of(largest);
    double s = ldexp(r.sd_runs, -e);
    double g = ldexp(sigma, -e);
    double u = ldexp(step, -e);
    double share = isinf(nu) ? g * g : (of_runs * (s * s) + nu * (g * g)) / r.dof;
    r.sd = ldexp(sqrt(share + u * u / 12), e);
    if (!(r.sd > 0) || isinf(r.sd)) {
        return 0;
    }
    *ret = r;
    return 1;
}

/* sqrt(1/m + 1/n0) */
static double root_of(size_t n0, size_t m)
{
    return m ? sqrt(1 / (double)m + 1 / (double)n0) : NAN;
}

double hb_predict_t(const hb_predict *p, double x, size_t m)
{
    double root = root_of(p->n0, m);
    double d = x - p->mean;
    if (isinf(d) && isfinite(x)) {
        return ((x / 4 - p->mean / 4) / p->sd) / root * 4;
    }
    return (d / p->sd) / root;
}

double hb_predict_p_kept(const hb_predict *p, double t, int side, hb_t_law *io_law)
{
    return side == 0 ? hb_t_two_sided_kept(t, p->dof, io_law)
                     : hb_t_sf_kept(side > 0 ? t : -t, p->dof, io_law);
}

double hb_predict_p(const hb_predict *p, double t, int side)
{
    hb_t_law law = {.dof = 0};
    return hb_predict_p_kept(p, t, side, &law);
}
