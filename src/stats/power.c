/* SPDX-License-Identifier: Apache-2.0 */
/* What a test of predict.h finds and what it misses. */
#include "stats/predict.h"

#include "stats/fmath.h"
#include "stats/special.h"
#include "stats/special_internal.h"

#include <math.h>
#include <stdbool.h>

enum { MOST_RUNS = 1000 };

static double root_of(double n0, size_t m)
{
    return m ? sqrt(1 / (double)m + 1 / n0) : NAN;
}

/* What |t| has to exceed. */
static double critical(double dof, double alpha, int side)
{
    return alpha > 0 && alpha < 1 ? -hb_t_quantile(side == 0 ? alpha / 2 : alpha, dof) : NAN;
}

/* The share that is not found at a noncentrality `away` >= 0 in the direction that counts. */
static double missed(double cut, double dof, int side, double away)
{
    return side == 0 ? hb_nct_inside(cut, dof, away) : hb_nct_cdf(cut, dof, away);
}

double hb_predict_width(const hb_predict *p, size_t m, double alpha, int side)
{
    return critical(p->dof, alpha, side) * p->sd * root_of((double)p->n0, m);
}

double hb_predict_power(const hb_predict *p, size_t m, double alpha, int side, double shift)
{
    double away = fabs(shift) / p->sd / root_of((double)p->n0, m);
    if (isnan(away) || !(alpha > 0) || !(alpha < 1)) {
        return NAN;
    }
    return isinf(away) ? 1 : 1 - missed(critical(p->dof, alpha, side), p->dof, side, away);
}

/* Johnson, Welch 1940: the noncentrality found with a power of Φ(z), to some per cent. */
static double rough_away(double cut, double dof, double z)
{
    return cut * (1 - 1 / (4 * dof)) + z * sqrt(1 + cut * cut / (2 * dof));
}

/* By secants on the normal scale, where power is nearly a straight line of the noncentrality; a
 * bracket guards them. To a relative 1e-8. */
static double away_found(double cut, double dof, int side, double power)
{
    double z = hb_normal_quantile(power);
    double slope = 1 / sqrt(1 + cut * cut / (2 * dof));
    double away = fmax(rough_away(cut, dof, z), 0.05 * cut);
    double low = 0;
    double high = INFINITY;
    double last_away = 0;
    double last_off = 0;
    for (int i = 0; i < 100; i++) {
        double miss = missed(cut, dof, side, away);
        double off = miss > 0 ? -hb_normal_quantile(miss) - z : INFINITY;
        if (off < 0) {
            low = away;
        } else {
            high = away;
        }
        if (i > 0 && isfinite(off) && (off - last_off) * (away - last_away) > 0) {
            slope = (off - last_off) / (away - last_away);
        }
        last_away = away;
        last_off = off;
        double next = away - off / slope;
        if (fabs(next - away) <= 1e-6 * away) {
            return next;
        }
        if (!(next > low && next < high)) {
            next = isinf(high) ? 2 * away : low + (high - low) / 2;
        }
        away = next;
    }
    return away;
}

double hb_predict_detectable(const hb_predict *p, size_t m, double alpha, int side, double power)
{
    if (!(alpha > 0) || !(alpha < 1) || !(power < 1) || !m) {
        return INFINITY;
    }
    if (power <= alpha) {
        return 0;
    }
    double cut = critical(p->dof, alpha, side);
    return away_found(cut, p->dof, side, power) * (p->sd * root_of((double)p->n0, m));
}

typedef struct question {
    double shift; /* in units of sd */
    double nu;
    double alpha;
    double power;
    size_t m;
    int side;
} question;

static bool runs_suffice(const question *q, uint32_t n)
{
    double dof = n - 1 + q->nu;
    double cut = critical(dof, q->alpha, q->side);
    return missed(cut, dof, q->side, q->shift / root_of(n, q->m)) <= 1 - q->power;
}

/* As above without an integral: Cornish and Fisher's expansion for the limit, z of the normal. */
static bool roughly_suffice(const question *q, uint32_t n, double z, double z_power)
{
    double dof = n - 1 + q->nu;
    double z3 = z * z * z;
    double z5 = z3 * z * z;
    double cut = z + (z3 + z) / (4 * dof) + (5 * z5 + 16 * z3 + 3 * z) / (96 * dof * dof);
    return rough_away(cut, dof, z_power) <= q->shift / root_of(n, q->m);
}

uint32_t hb_predict_runs_needed(double sd, double nu, size_t m, double alpha, int side,
                                double shift, double power)
{
    question q = {.shift = fabs(shift) / sd,
                  .nu = nu > 0 ? nu : 0,
                  .alpha = alpha,
                  .power = power,
                  .m = m,
                  .side = side};
    if (!(q.shift >= 0) || !(alpha > 0) || !(alpha < 1) || !(power < 1) || !m) {
        return 0;
    }
    double z = -hb_normal_quantile(side == 0 ? alpha / 2 : alpha);
    double z_power = hb_normal_quantile(power);
    uint32_t least = q.nu > 0 ? 1 : 2;
    uint32_t low = least - 1; /* does not suffice, or is not allowed */
    uint32_t high = MOST_RUNS + 1;
    while (high - low > 1) {
        uint32_t n = low + (high - low) / 2;
        if (roughly_suffice(&q, n, z, z_power)) {
            high = n;
        } else {
            low = n;
        }
    }
    /* From there in growing steps to where the answer changes, then by halves. */
    uint32_t n = high;
    low = least - 1;
    high = MOST_RUNS + 1;
    uint32_t step = 1;
    n = n > MOST_RUNS ? MOST_RUNS : n;
    while (high - low > 1) {
        bool suffices = runs_suffice(&q, n);
        if (suffices) {
            high = n;
        } else {
            low = n;
        }
        if (low >= least && high <= MOST_RUNS) {
            n = low + (high - low) / 2;
        } else if (suffices) {
            n = n > least + step ? n - step : least;
            step *= 2;
        } else {
            n = n + step < MOST_RUNS ? n + step : MOST_RUNS;
            step *= 2;
        }
    }
    return high > MOST_RUNS ? 0 : high;
}

double hb_predict_tost(const hb_predict *p, double x, size_t m, double margin)
{
    if (!(margin >= 0)) {
        return NAN;
    }
    double above = hb_t_sf(hb_predict_t(p, x + margin, m), p->dof);
    double below = hb_t_cdf(hb_predict_t(p, x - margin, m), p->dof);
    return isnan(above) || isnan(below) ? NAN : fmax(above, below);
}

/* Density of S = chi / sqrt(dof) at s, over its value at 1, times 2 Φ(away - cut s) - 1: both
 * limits are rejected when the mean is off by less than away - cut s. */
static double both_rejected(double away, double cut, double dof, double s)
{
    double density = hb_exp(dof * (hb_log(s) - 0.5 * (s * s - 1))) / s;
    return density * (1 - 2 * hb_normal_sf(away - cut * s));
}

/* Owen 1965, from low to high by Gauss and Legendre's rule with 40 nodes, to about 1e-12; s is the
 * square of the variable, because of the pole of the density at 0 when dof < 1. */
static double both_rejected_within(double away, double cut, double dof, double low, double high)
{
    static const double rule[][2] = {
        {0.03877241750605082, 0.0775059479784248},  {0.11608407067525521, 0.07703981816424797},
        {0.1926975807013711, 0.07611036190062624},  {0.2681521850072537, 0.07472316905796826},
        {0.3419940908257585, 0.07288658239580406},  {0.413779204371605, 0.07061164739128678},
        {0.4830758016861787, 0.0679120458152339},   {0.5494671250951282, 0.06480401345660104},
        {0.6125538896679802, 0.06130624249292894},  {0.6719566846141796, 0.05743976909939155},
        {0.7273182551899271, 0.05322784698393682},  {0.7783056514265194, 0.04869580763507223},
        {0.8246122308333117, 0.04387090818567327},  {0.8659595032122595, 0.038782167974472016},
        {0.9020988069688743, 0.033460195282547844}, {0.9328128082786765, 0.0279370069800234},
        {0.9579168192137917, 0.02224584919416696},  {0.9772599499837743, 0.01642105838190789},
        {0.990726238699457, 0.010498284531152813},  {0.9982377097105593, 0.004521277098533191},
    };
    double middle = 0.5 * (sqrt(low) + sqrt(high));
    double half = 0.5 * (sqrt(high) - sqrt(low));
    double sum = 0;
    for (size_t i = 0; i < sizeof rule / sizeof *rule; i++) {
        for (int side = -1; side <= 1; side += 2) {
            double v = middle + side * half * rule[i][0];
            sum += rule[i][1] * v * both_rejected(away, cut, dof, v * v);
        }
    }
    return sum * 2 * half * hb_chi_density_at_1(dof);
}

double hb_predict_tost_power(const hb_predict *p, size_t m, double margin, double alpha)
{
    double away = margin / p->sd / root_of((double)p->n0, m);
    if (!(away >= 0) || !(alpha > 0) || !(alpha < 0.5)) {
        return NAN;
    }
    double cut = critical(p->dof, alpha, 1);
    if (isinf(away) || p->dof > 1e10) {
        return isinf(away) ? 1 : away > cut ? 1 - 2 * hb_normal_sf(away - cut) : 0;
    }
    /* Outside these the density has less than e^-32 of its height. */
    double reach = sqrt(32 / p->dof);
    double low = fmax(0, 1 - reach);
    double high = fmin(away / cut, 1 + reach * (1 + reach / 4));
    if (!(high > low)) {
        return 0;
    }
    return fmin(1, both_rejected_within(away, cut, p->dof, low, high));
}
