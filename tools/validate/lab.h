/* SPDX-License-Identifier: Apache-2.0 */
/* A lab that never was: every metric of every run is one number out of a normal distribution, and
 * hb_decide() judges the runs as it judges any other. Nothing of the statistics is done here.
 *
 *     lab_open → (lab_baseline → lab_run → lab_decide [→ lab_suspicions → lab_run → lab_decide])* →
 *     lab_close */
#ifndef HB_TOOLS_VALIDATE_LAB_H
#define HB_TOOLS_VALIDATE_LAB_H

#include "decide/decision.h"
#include "stats/random.h"

enum { LAB_METRICS_MAX = 200, LAB_RUNS_MAX = 30 };

typedef struct lab_plan {
    size_t n0;
    size_t n_metrics;
    double budget;
    unsigned sigma_dof; /* governed: every metric's sigma_ref is found from this many + 1 runs of
                         * its own; 0 = not governed */
    uint64_t sigma_seed;
} lab_plan;

typedef struct lab {
    lab_plan plan;
    hb_registry *registry;
    hb_policy policy;
    hb_run run;
    hb_run reference_run;
    hb_run_set set;
    hb_reference reference;
    hb_prior prior;
    hb_metric metrics[LAB_METRICS_MAX];
    hb_metric reference_metrics[LAB_METRICS_MAX];
    hb_past_metric past[LAB_METRICS_MAX];
    hb_past_run runs[LAB_RUNS_MAX];
    hb_suspicion suspicions[LAB_METRICS_MAX];
    double values[LAB_METRICS_MAX][LAB_RUNS_MAX];
    char names[LAB_METRICS_MAX][8];
    char run_ids[LAB_RUNS_MAX][8];
} lab;

HB_CHECKED hb_status lab_open(const lab_plan *plan, lab *l, hb_error *err);
void lab_close(lab *l);
/* A new set of runs; forgets the suspicions. */
void lab_baseline(lab *l, hb_random *r);
/* A new run, its first n_shifted metrics moved by `shift` standard deviations. */
void lab_run(lab *l, size_t n_shifted, double shift, hb_random *r);
HB_CHECKED hb_status lab_decide(const lab *l, hb_decision **ret, hb_error *err);
/* What the decision suspected waits for the next run, against the set as it is. */
void lab_suspicions(lab *l, const hb_decision *d);

#endif
