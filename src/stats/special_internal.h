/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of special.h share. The beta law takes its arguments as pairs: near x = 1 a
 * rounded x would lose what the power a of a million needs. */
#ifndef HB_STATS_SPECIAL_INTERNAL_H
#define HB_STATS_SPECIAL_INTERNAL_H

#include "stats/dd.h"

typedef struct hb_beta_law {
    double a;
    double b;
    hb_dd log_beta;
} hb_beta_law;

typedef struct hb_beta_value {
    double p;      /* I_x(a, b) */
    double q;      /* 1 - p; the smaller of both has the full accuracy */
    double weight; /* x^a y^b / B(a, b), dp by the logit of x */
} hb_beta_value;

/* a, b > 0 and finite. */
hb_beta_law hb_beta_law_of(double a, double b);
/* x + y = 1, both > 0 and normal. */
hb_beta_value hb_beta_at(const hb_beta_law *l, hb_dd x, hb_dd y);
/* The x and y = 1 - x with I_x = p; p + q = 1, both > 0. start: first guess of x / y, or 0. */
void hb_beta_inverse(const hb_beta_law *l, double p, double q, double start, double *ret_x,
                     double *ret_y);

/* P(|T| <= t) of the noncentral t, t >= 0: what a two-sided test misses. */
double hb_nct_inside(double t, double dof, double ncp);
/* Density of chi / sqrt(dof) at 1. */
double hb_chi_density_at_1(double dof);

#endif
