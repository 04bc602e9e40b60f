/* SPDX-License-Identifier: Apache-2.0 */
/* Runs, registries and decisions from a few words, by the real builder and parsers. Everything made
 * here is freed by case_end(). */
#ifndef HB_TESTS_SUPPORT_CASE_H
#define HB_TESTS_SUPPORT_CASE_H

#include "decide/decision.h"
#include "support/check.h"
#include "telemetry/run_builder.h"

typedef struct test_case {
    hb_units *units;
    hb_registry *registry;
    hb_policy policy;
    hb_run *run;
    hb_run *baseline;
    hb_reference reference;
    hb_decision *decision;
} test_case;

/* YAML of the registry (NULL = built-in) and of the policy (NULL = built-in). */
void case_begin(test_case *c, const char *registry_yaml, const char *policy_yaml);
void case_end(test_case *c);

typedef struct test_metric {
    const char *name;
    const char *unit;
    double value;          /* stated, unless `series` */
    const double *samples; /* fed to the profile, may be NULL */
    size_t n;
    bool series;   /* the value comes from the samples */
    bool no_value; /* an empty cell: missing */
} test_metric;

hb_run *case_run(test_case *c, const char *run_id, const test_metric *metrics, size_t n);
/* Decides c->run against c->baseline (may be NULL) and keeps the decision in c. */
void case_decide(test_case *c);
/* NULL when there is no such finding. */
const hb_finding *case_finding(const test_case *c, const char *metric, hb_rule rule);

#endif
