/* SPDX-License-Identifier: Apache-2.0 */
/* Distribution functions of our own, so that a decision has the same bits on every machine. Every
 * function is within a relative 1e-12 of the true value (40 digits and more, tests/data/stats),
 * tails down to 1e-300 included, for degrees of freedom from 0.5 to 1e6, a and b from 1e-2 to 1e6;
 * typically within 1e-15. Where a result is 1 less a probability it is the difference of doubles.
 * An argument outside its domain gives NaN, never an error; infinite dof of a t is the normal law.
 *
 * Cost: normal 50 ns, a t probability or quantile 1 to 2 µs, a noncentral t 3 to 10 µs; gamma and
 * beta grow with the square root of their parameters (30 µs at 1e6). */
#ifndef HB_STATS_SPECIAL_H
#define HB_STATS_SPECIAL_H

#include <stdint.h>

double hb_log1p(double x); /* x >= -1 */
double hb_expm1(double x);
double hb_lgamma(double x);                       /* x > 0 */
double hb_beta_inc(double a, double b, double x); /* regularised I_x(a, b); a, b > 0, 0 <= x <= 1 */
double hb_beta_inc_inv(double a, double b, double p); /* x with I_x(a, b) = p */
double hb_gamma_p(double a, double x);                /* regularised lower; a > 0, x >= 0 */
double hb_gamma_q(double a, double x);

double hb_normal_cdf(double z);
double hb_normal_sf(double z); /* 1 - cdf, exact in the tail */
double hb_normal_quantile(double p);

/* Student's t; dof > 0, not necessarily whole. */
double hb_t_cdf(double t, double dof);
double hb_t_sf(double t, double dof);
double hb_t_two_sided(double t, double dof); /* P(|T| >= |t|) */
/* The same bits, with what depends on dof alone, most of the work, kept from one call to the next.
 * Zeros before the first. */
typedef struct hb_t_law {
    double dof;
    double log_beta[2];
} hb_t_law;
double hb_t_sf_kept(double t, double dof, hb_t_law *io_law);
double hb_t_two_sided_kept(double t, double dof, hb_t_law *io_law);
double hb_t_quantile(double p, double dof);
/* Noncentral t: P(T <= t), noncentrality ncp, by quadrature; 1e-12 for |ncp| up to 37 and dof from
 * 1, whatever the sign of t. Further out it is right too, but takes longer. */
double hb_nct_cdf(double t, double dof, double ncp);

double hb_chi2_sf(double x, double dof);
double hb_f_sf(double f, double dof1, double dof2);
/* P(X <= k), X binomial; exact by the incomplete beta function. n below 2^53. */
double hb_binomial_cdf(uint64_t k, uint64_t n, double p);
/* Two-sided exact (Clopper, Pearson 1934) confidence limits of a share k of n. */
void hb_binomial_limits(uint64_t k, uint64_t n, double confidence, double *ret_low,
                        double *ret_high);

#endif
