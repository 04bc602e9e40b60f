/* SPDX-License-Identifier: Apache-2.0 */
/* One new run (or the mean of m) against n0 earlier ones: Student's prediction limit (Hahn, Meeker
 * 1991; EPA Unified Guidance 2009, ch. 18), with a governed scale and a term for resolution.
 *
 *   s² = ((n0-1)·s_runs² + nu·sigma_ref²) / (n0-1+nu) + u²/12,  dof = n0-1+nu
 *   t  = (x - mean) / (s · sqrt(1/m + 1/n0))
 *
 * All figures in the unit of the values. Deterministic: compensated sums in the order given. */
#ifndef HB_STATS_PREDICT_H
#define HB_STATS_PREDICT_H

#include "stats/special.h"

#include <stddef.h>
#include <stdint.h>

typedef struct hb_predict_input {
    const double *values; /* of the n0 runs; NaN entries are left out */
    size_t n_values;
    double sigma_ref; /* > 0 with nu > 0: governed; 0 = none */
    double nu;        /* inf: sigma_ref is known exactly */
    double step;      /* resolution u, 0 = none */
} hb_predict_input;

typedef struct hb_predict {
    size_t n0;
    double mean;
    double sd_runs; /* of the values, 0 when n0 < 2 */
    double sd;      /* s above */
    double dof;
} hb_predict;

/* False when nothing can be said: fewer than 2 values and no sigma_ref, or s not finite or 0 (a
 * constant without a resolution); *ret is then untouched. Values up to 1e300 and down to 1e-300 are
 * scaled, not lost. A value that is infinite: false. */
int hb_predict_fit(const hb_predict_input *in, hb_predict *ret);
/* x: value of the run, or the mean of m. */
double hb_predict_t(const hb_predict *p, double x, size_t m);
/* side: 0 two-sided; +1 only x above the mean counts; -1 only below. */
double hb_predict_p(const hb_predict *p, double t, int side);
/* The same; for many metrics of as many values, which share the law. */
double hb_predict_p_kept(const hb_predict *p, double t, int side, hb_t_law *io_law);
/* How far from the mean x may lie at level alpha (two-sided when side is 0): half width, unit. */
double hb_predict_width(const hb_predict *p, size_t m, double alpha, int side);

/* Power of that test at level alpha against a shift of `shift` (unit), taking p->sd as the true
 * standard deviation (noncentral t), to an absolute 1e-9. Only the size of a shift counts; with a
 * side it is one in that direction. The same below. */
double hb_predict_power(const hb_predict *p, size_t m, double alpha, int side, double shift);
/* The smallest shift found with `power` (0.8), unit, to a relative 1e-8; inf when none is. */
double hb_predict_detectable(const hb_predict *p, size_t m, double alpha, int side, double power);
/* Runs of a set that give `power` at `shift` with m new runs and the same sd; governed degrees nu
 * are kept (then from 1 run, else from 2). 0 = over 1,000, also when no number would do. */
uint32_t hb_predict_runs_needed(double sd, double nu, size_t m, double alpha, int side,
                                double shift, double power);
/* Two one-sided tests (Schuirmann 1987): p that the true difference is not within ±margin. */
double hb_predict_tost(const hb_predict *p, double x, size_t m, double margin);
/* Power of that TOST at level alpha (below 0.5) when the true difference is 0 (Owen 1965). */
double hb_predict_tost_power(const hb_predict *p, size_t m, double margin, double alpha);

/* Benjamini, Hochberg 1995. p: n values; order: room for n; q: room for n adjusted values, in the
 * order of p (may be NULL). Returns the largest rejected p at `level`, 0 when none is: rejected are
 * exactly the p <= that. Equal p are rejected together, so the order of the metrics does not
 * matter; in `order` (ascending p) ties are by index. NaN is no test: it does not count in n, its q
 * is NaN, and it comes last. */
double hb_bh(const double *p, size_t n, double level, size_t *order, double *q);

#endif
