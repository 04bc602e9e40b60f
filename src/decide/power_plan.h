/* SPDX-License-Identifier: Apache-2.0 */
/* What runs to come would find against a set of runs, and how many it takes: the figures behind
 * `hb power`. Pure as decide(): the same statistic, scale and level as the run test of a decision,
 * but nothing is judged. Method: docs/verdict.md, "What a PASS could have missed". */
#ifndef HB_DECIDE_POWER_PLAN_H
#define HB_DECIDE_POWER_PLAN_H

#include "base/error.h"
#include "decide/statistics.h"
#include "stats/predict.h"
#include "telemetry/policy.h"
#include "telemetry/registry.h"

enum { HB_POWER_NEW_RUNS_MAX = 100 };

typedef struct hb_power_ask {
    const hb_run_set *set;
    const hb_run *run; /* a run of the test, for unit, reduce and resolution; NULL = none */
    const hb_registry *registry;
    const hb_policy *policy;
    bool dual;        /* dual baseline: half of the budget is the rolling set's */
    size_t m;         /* new runs judged together, at least 1 */
    hb_opt_f64 shift; /* the target, unit of the metric, > 0; else min_effect, else 2 sd */
    double power;     /* wanted at the target, 0 < power < 1 */
} hb_power_ask;

typedef enum hb_power_target {
    HB_TARGET_SHIFT,
    HB_TARGET_MIN_EFFECT,
    HB_TARGET_TWO_SD
} hb_power_target;

const char *hb_power_target_name(hb_power_target t); /* "shift", "min_effect", "two_sd" */

/* One metric of the set. Figures in its unit unless said otherwise; with `log`, sd and sd_runs are
 * of the logarithms. Where it cannot be tested only name, unit, untested and n0 are set. */
typedef struct hb_planned {
    const char *name;
    const char *unit;
    hb_untested untested;
    size_t n0;
    double mean;
    double sd;
    double sd_runs;
    double dof;
    bool governed;
    bool log;
    hb_direction bad;
    double detectable; /* smallest shift found with the power wanted; inf = none */
    double detectable_sigma;
    hb_power_target target_is;
    double target;
    double power;             /* of finding a shift of the target */
    uint32_t runs_needed;     /* of the set, for the power wanted with m; 0 = over 1,000 */
    uint32_t new_runs_needed; /* with this set; 0 = over HB_POWER_NEW_RUNS_MAX */
    hb_opt_f64 min_effect;
    hb_opt_f64 tost_power; /* of showing equivalence within min_effect when nothing moved */
    hb_predict fit;        /* on the scale of the test */
    int side;
} hb_planned;

typedef struct hb_power_plan {
    hb_arena arena;
    const hb_run_set *set; /* borrowed */
    hb_planned *metrics;   /* by name */
    size_t n_metrics;
    size_t n_testable;
    size_t m;
    uint32_t n_min;
    double budget;
    double level; /* first cut of Benjamini and Hochberg: 0.8 budget / n_testable, half of it when
                     dual */
    double wanted;
} hb_power_plan;

HB_CHECKED hb_status hb_power_plan_make(const hb_power_ask *ask, hb_power_plan *ret_plan,
                                        hb_error *err);
void hb_power_plan_release(hb_power_plan *p);

/* Power against a shift of `sigmas` sd had the set n0 runs (at least 2) and m were judged. */
double hb_planned_power(const hb_power_plan *p, const hb_planned *metric, double sigmas, size_t n0,
                        size_t m);

#endif
