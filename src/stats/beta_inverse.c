/* SPDX-License-Identifier: Apache-2.0 */
/* Both tails of the beta law are log-concave in w = log(x / y), and dp/dw is the weight that comes
 * with each value, so Halley's iteration on the logarithm of the smaller tail converges from
 * anywhere; a bracket guards it against rounding and underflow. */
#include "stats/special.h"

#include "stats/fmath.h"
#include "stats/special_internal.h"

#include <math.h>
#include <stdbool.h>

enum { MOST_STEPS = 300 };

/* x where the first term a^-1 x^a / B of I_x(a, b) is p. */
static double first_term_x(double a, hb_dd log_beta, double p)
{
    hb_dd v = hb_dd_add(hb_dd_log(hb_dd_product(p, a)), log_beta);
    return hb_dd_exp(hb_dd_div(v, hb_dd_of(a)));
}

static double guess(const hb_beta_law *l, double p, double q)
{
    double mean = l->a / l->b;
    if (l->a >= 1 && l->b >= 1) {
        double z = p < q ? hb_normal_quantile(p) : -hb_normal_quantile(q);
        double w = z * sqrt(1 / l->a + 1 / l->b);
        return mean * hb_exp(w < -30 ? -30 : w > 30 ? 30 : w);
    }
    double x = p < q ? first_term_x(l->a, l->log_beta, p) : 1;
    double y = p < q ? 1 : first_term_x(l->b, l->log_beta, q);
    return x < mean ? x : 1 / y > mean ? 1 / y : mean;
}

/* From r = x / y: the smaller of x and y is rounded, the other is what it leaves. */
static void split(double r, hb_dd *ret_x, hb_dd *ret_y)
{
    if (r <= 1) {
        *ret_x = hb_dd_of(r / (1 + r));
        *ret_y = hb_dd_sum(1, -ret_x->hi);
    } else {
        *ret_y = hb_dd_of(1 / (1 + r));
        *ret_x = hb_dd_sum(1, -ret_y->hi);
    }
}

/* f: log of the tail over what it should be. lambda: slope of the log of the weight. */
static double halley_step(const hb_beta_value *v, double lambda, bool lower, double f)
{
    double slope = lower ? v->weight / v->p : -v->weight / v->q;
    double newton = -f / slope;
    double bend = 1 + newton * (lambda - slope) / 2;
    return newton / (bend < 0.5 ? 0.5 : bend > 2 ? 2 : bend);
}

/* The root's r = x / y, between 1e-290 and 1e290. */
static double solve(const hb_beta_law *l, double p, double q, double r)
{
    bool lower = p <= q;
    double low = 1e-300;
    double high = 1e300;
    for (int i = 0; i < MOST_STEPS; i++) {
        hb_dd x = {0};
        hb_dd y = {0};
        split(r, &x, &y);
        hb_beta_value v = hb_beta_at(l, x, y);
        double got = lower ? v.p : v.q;
        double want = lower ? p : q;
        double f = got > 0 ? hb_log(got / want) : -INFINITY;
        if (isinf(got / want)) {
            f = INFINITY;
        }
        if ((f < 0) == lower) {
            low = r;
        } else {
            high = r;
        }
        double next = 0;
        if (isfinite(f) && v.weight > 0) {
            double step = halley_step(&v, l->a * y.hi - l->b * x.hi, lower, f);
            next = r * hb_exp(step);
            if (fabs(f) < 1e-6) {
                return next;
            }
        }
        r = next > low && next < high ? next : sqrt(low) * sqrt(high);
        if (!(high > low * (1 + 4e-16))) {
            break;
        }
    }
    return r;
}

void hb_beta_inverse(const hb_beta_law *l, double p, double q, double start, double *ret_x,
                     double *ret_y)
{
    double x = first_term_x(l->a, l->log_beta, p);
    double y = first_term_x(l->b, l->log_beta, q);
    if (x < 1e-280) {
        *ret_x = x;
        *ret_y = 1;
        return;
    }
    if (y < 1e-280) {
        *ret_x = 1;
        *ret_y = y;
        return;
    }
    double r = solve(l, p, q, start > 1e-290 && start < 1e290 ? start : guess(l, p, q));
    hb_dd exact_x = {0};
    hb_dd exact_y = {0};
    split(r, &exact_x, &exact_y);
    *ret_x = exact_x.hi;
    *ret_y = exact_y.hi;
}

double hb_beta_inc_inv(double a, double b, double p)
{
    if (!(a > 0) || !(b > 0) || !(p >= 0) || p > 1 || isinf(a) || isinf(b)) {
        return NAN;
    }
    if (p == 0 || p == 1) {
        return p;
    }
    hb_beta_law l = hb_beta_law_of(a, b);
    double x = 0;
    double y = 0;
    hb_beta_inverse(&l, p, 1 - p, 0, &x, &y);
    return x;
}

double hb_binomial_cdf(uint64_t k, uint64_t n, double p)
{
    if (!(p >= 0) || p > 1) {
        return NAN;
    }
    if (k >= n || p == 0) {
        return 1;
    }
    if (p == 1) {
        return 0;
    }
    if (p < 1e-290) {
        return 1;
    }
    hb_beta_law l = hb_beta_law_of((double)k + 1, (double)(n - k));
    return hb_beta_at(&l, hb_dd_of(p), hb_dd_sum(1, -p)).q;
}

void hb_binomial_limits(uint64_t k, uint64_t n, double confidence, double *ret_low,
                        double *ret_high)
{
    if (!(confidence > 0) || !(confidence < 1) || k > n) {
        *ret_low = NAN;
        *ret_high = NAN;
        return;
    }
    double half = (1 - confidence) / 2;
    double other = 0;
    *ret_low = 0;
    *ret_high = 1;
    if (k > 0) {
        hb_beta_law l = hb_beta_law_of((double)k, (double)(n - k) + 1);
        hb_beta_inverse(&l, half, 1 - half, 0, ret_low, &other);
    }
    if (k < n) {
        hb_beta_law l = hb_beta_law_of((double)k + 1, (double)(n - k));
        hb_beta_inverse(&l, 1 - half, half, 0, ret_high, &other);
    }
}
