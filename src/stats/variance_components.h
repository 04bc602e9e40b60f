/* SPDX-License-Identifier: Apache-2.0 */
/* How much of the spread between runs goes with each of several factors (rig, unit, operator …).
 *
 * Random-effects model y = mean + Σ factors' effects + rest. Each factor is judged by its
 * unconfounded part, R(f | all others), Henderson's method III (1953; Searle, Casella, McCulloch
 * 1992, ch. 5.5): what the factor explains after all other factors, so that nothing another factor
 * could have done is counted for it.
 *
 *   sigma²_rest = RSS / dof_rest
 *   sigma²_f    = (R(f | others) - dof_f · sigma²_rest) / tr(Z' P Z),  not under 0
 *
 * With one factor this is the usual one-way analysis of variance. A factor is left out, and the
 * reason said, when the runs cannot tell it (hb_factor_why). Nested and equal factors have no part
 * of their own: both or the coarser one are then HB_FACTOR_CONFOUNDED.
 *
 * A design is made once for a set of runs and serves every metric that has a value in all of
 * them. Not for sharing between threads while fitting. Deterministic. */
#ifndef HB_STATS_VARIANCE_COMPONENTS_H
#define HB_STATS_VARIANCE_COMPONENTS_H

#include "base/error.h"

#include <stdbool.h>

enum {
    HB_DESIGN_FACTORS = 34,
    HB_DESIGN_RUNS = 200,
    HB_DESIGN_REST = 2,              /* least degrees of freedom of the rest */
    HB_DESIGN_UNSTATED = UINT16_MAX, /* level of a run that does not state the factor */
};

typedef enum hb_factor_why {
    HB_FACTOR_TOLD,
    HB_FACTOR_UNSTATED,   /* not every run states it */
    HB_FACTOR_ONE_LEVEL,  /* the same in all runs */
    HB_FACTOR_UNREPEATED, /* more levels than half the runs: its effect is the rest's */
    HB_FACTOR_CONFOUNDED, /* no part that other factors could not have done as well */
    HB_FACTOR_FEW_RUNS,   /* all factors together leave fewer than HB_DESIGN_REST */
    HB_FACTOR_CONSTANT,   /* of a fit: there is no spread */
    HB_FACTOR_WHY_COUNT_
} hb_factor_why;

/* One factor as it is given: a level 0 … n_levels - 1 for each run. */
typedef struct hb_design_factor {
    const uint16_t *levels;
    size_t n_levels;
} hb_design_factor;

typedef struct hb_design hb_design;

/* HB_E_LIMIT beyond the limits above. levels are borrowed for the life of the design. */
HB_CHECKED hb_status hb_design_new(const hb_design_factor *factors, size_t n_factors, size_t n_runs,
                                   hb_design **ret_design, hb_error *err);
void hb_design_free(hb_design *d);
hb_factor_why hb_design_why(const hb_design *d, size_t factor);
/* Of a confounded factor: is `other` one of those that cannot be told from it? Factors with equal
 * levels, else those that determine it (nested in it), else all that were looked at. */
bool hb_design_confounds(const hb_design *d, size_t factor, size_t other);
/* Do the runs of each level follow one another without a gap, as those of builds do? A drift with
 * time then looks the same. */
bool hb_design_in_order(const hb_design *d, size_t factor);
/* Of factors that are equal and, together, told: the place in the fit of their common part;
 * otherwise the factor itself. */
size_t hb_design_group(const hb_design *d, size_t factor);

typedef struct hb_component {
    hb_factor_why why; /* TOLD, or why there is nothing below */
    double variance;   /* squared unit, not under 0 */
    double share;      /* of all components and the rest, 0 … 1 */
    double f;          /* F statistic of no effect … */
    double dof;
    double p; /* … and its probability */
} hb_component;

typedef struct hb_components {
    hb_component factor[HB_DESIGN_FACTORS];
    double rest; /* variance */
    double rest_share;
    double dof_rest;
    double mean; /* of the values */
} hb_components;

/* y: one finite value a run. Values up to 1e150 and down to 1e-150 have variances; beyond, shares
 * are right and variances overflow or vanish. */
void hb_design_fit(hb_design *d, const double *y, hb_components *ret);
/* After hb_design_fit with the same y: what a level of a factor that is told adds to the mean, best
 * linear unbiased prediction (Henderson 1975): the level's deviation, less what few runs of it may
 * owe to chance. Unit of y. */
double hb_design_effect(hb_design *d, const hb_components *c, size_t factor, size_t level);

#endif
