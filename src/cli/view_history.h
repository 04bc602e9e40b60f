/* SPDX-License-Identifier: Apache-2.0 */
/* The run values of a test over time, as text with plots, or JSON (schemas/history.schema.json). */
#ifndef HB_CLI_VIEW_HISTORY_H
#define HB_CLI_VIEW_HISTORY_H

#include "base/buf.h"
#include "decide/statistics.h"
#include "telemetry/registry.h"

typedef struct hb_history_metric {
    const hb_past_metric *metric;
    const hb_metric_def *def; /* NULL = not declared */
    const hb_change_point *changes;
    size_t n_changes;
    const hb_attribution *attributions; /* of the spread of all runs shown */
    size_t n_attributions;
} hb_history_metric;

typedef struct hb_history_view {
    const hb_run *newest; /* names test and context */
    const hb_run_set *set;
    const hb_history_metric *metrics; /* by name */
    size_t n_metrics;
    bool all;     /* one line a metric; else each with its plot */
    double level; /* at which changes are told */
    bool ascii;
} hb_history_view;

HB_CHECKED hb_status hb_view_history_text(const hb_history_view *v, hb_buf *out, hb_error *err);
HB_CHECKED hb_status hb_view_history_json(const hb_history_view *v, hb_buf *out, hb_error *err);

#endif
