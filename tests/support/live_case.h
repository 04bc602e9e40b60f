/* SPDX-License-Identifier: Apache-2.0 */
/* A stream of windows against a set of runs, one stated value a metric and window.
 *
 *     live_begin(&l, registry_yaml, &options, names, n, n_runs);      names in order
 *     live_past(&l, "a")[i] = …;  live_ready(&l);                     the set; NaN until set
 *     live_next(&l, values);                                          NaN = not in the window
 *     l.window.coverage = …; whatever else shall differ
 *     live_decide(&l); … l.decision …
 *     live_absorb(&l);
 *     live_end(&l); */
#ifndef HB_TESTS_SUPPORT_LIVE_CASE_H
#define HB_TESTS_SUPPORT_LIVE_CASE_H

#include "decide/decision.h"
#include "decide/live.h"
#include "support/check.h"

#include <math.h>

enum { LIVE_METRICS = 50 };

/* 2026-11-23T20:55:00Z; start of the first window. */
#define LIVE_START INT64_C(1795467300000000000)
#define LIVE_MINUTE INT64_C(60000000000)

typedef struct live_case {
    hb_registry *registry;
    hb_policy policy;
    hb_detector *detector;
    hb_run reference_run;
    hb_run_set *set;
    hb_reference reference;
    hb_prior prior;
    hb_live live;
    hb_run run;
    hb_metric metrics[LIVE_METRICS];
    hb_metric reference_metrics[LIVE_METRICS];
    const char *names[LIVE_METRICS];
    size_t n;
    hb_window window;
    char id[HB_WINDOW_ID_TEXT];
    char run_id[32];
    uint64_t count; /* windows made so far */
    hb_decision *decision;
} live_case;

/* 1 alarm a month, 1 definition, n metrics, a minute each. */
hb_detector_options live_options(size_t n_metrics);
void live_begin(live_case *l, const char *registry_yaml, const hb_detector_options *options,
                const char *const *names, size_t n, size_t n_runs);
double *live_past(live_case *l, const char *name);
/* Fills what is still NaN with mean + sd · (a score of its place), and counts. */
void live_ready(live_case *l, double mean, double sd);
void live_next(live_case *l, const double *values);
void live_decide(live_case *l);
void live_absorb(live_case *l);
/* Decides, absorbs. */
void live_step(live_case *l, const double *values);
const hb_live_test *live_test(const live_case *l, const char *metric);
const hb_finding *live_finding(const live_case *l, const char *metric, hb_rule rule);
void live_end(live_case *l);

#endif
