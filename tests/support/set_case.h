/* SPDX-License-Identifier: Apache-2.0 */
/* A run judged against a set of earlier runs, from a few words.
 *
 *     set_begin(&s, registry_yaml, policy_yaml, n_runs);
 *     set_metric(&s, "a", "ms", values, step);      in the order of names; n_runs values each
 *     set_suspicion(&s, "a", HB_DIRECTION_UP);      against the values given above
 *     set_with(&s, "a", values, n);                 further runs judged together with it
 *     set_judge(&s, metrics, n);                    the run; its reference is the newest of the set
 *     … s.c.decision …
 *     set_again(&s, metrics, n);                    another run under the same set
 *     set_end(&s); */
#ifndef HB_TESTS_SUPPORT_SET_CASE_H
#define HB_TESTS_SUPPORT_SET_CASE_H

#include "support/case.h"

enum { SET_METRICS = 100, SET_RUNS = 40, SET_SUSPICIONS = 8 };

typedef struct set_case {
    test_case c;
    hb_run_set set;
    hb_run_set with;
    hb_prior prior;
    hb_past_run runs[SET_RUNS];
    hb_past_run with_runs[SET_RUNS];
    char ids[SET_RUNS][16];
    char with_ids[SET_RUNS][16];
    hb_past_metric metrics[SET_METRICS];
    hb_past_metric with_metrics[1];
    double values[SET_METRICS][SET_RUNS];
    double with_values[SET_RUNS];
    hb_suspicion suspicions[SET_SUSPICIONS];
} set_case;

void set_begin(set_case *s, const char *registry_yaml, const char *policy_yaml, size_t n_runs);
void set_metric(set_case *s, const char *name, const char *unit, const double *values, double step);
hb_suspicion *set_suspicion(set_case *s, const char *name, hb_direction direction);
void set_with(set_case *s, const char *name, const double *values, size_t n);
void set_judge(set_case *s, const test_metric *metrics, size_t n);
void set_again(set_case *s, const test_metric *metrics, size_t n);
void set_end(set_case *s);

const hb_run_test *set_test(const set_case *s, const char *name);

#endif
