/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the context's factors (rig, unit, build, operator, day …) a metric's spread between runs
 * goes with, and how much of this run's shift its levels had before. Explains; decides nothing.
 * Method: stats/variance_components.h; words: docs/verdict.md.
 *
 *     hb_attributor_new(set, &run->meta, start, &a, err);
 *     hb_attributor_metric(a, metric, value, arena, &rows, &n, err);     for each metric asked
 *     hb_attributor_free(a);
 *
 * Metrics that have values in the same runs share one design, so that 200 take little more than
 * one. At most HB_DESIGN_RUNS newest runs of the set are looked at. */
#ifndef HB_DECIDE_ATTRIBUTION_H
#define HB_DECIDE_ATTRIBUTION_H

#include "decide/decision.h"

typedef struct hb_attributor hb_attributor;

/* set is borrowed for the life of the attributor. last: the run whose shift is told; NULL = only
 * the spread of the set. */
HB_CHECKED hb_status hb_attributor_new(const hb_run_set *set, const hb_run_meta *last,
                                       hb_time last_start, hb_attributor **ret, hb_error *err);
void hb_attributor_free(hb_attributor *a);
/* One row a factor that any of the runs states, in the order of names. value: the last run's, unset
 * = no shift is told. Rows and their texts are in the arena. */
HB_CHECKED hb_status hb_attributor_metric(hb_attributor *a, const hb_past_metric *metric,
                                          hb_opt_f64 value, hb_arena *arena,
                                          hb_attribution **ret_rows, size_t *ret_n, hb_error *err);

/* Fills d->statistics.attributions for metrics that are suspected, confirmed or beyond a limit. */
HB_CHECKED hb_status hb_attribution_explain(hb_decision *d, hb_error *err);

#endif
