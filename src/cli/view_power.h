/* SPDX-License-Identifier: Apache-2.0 */
/* A power plan (decide/power_plan.h) as text with a plot, or JSON (schemas/power.schema.json). */
#ifndef HB_CLI_VIEW_POWER_H
#define HB_CLI_VIEW_POWER_H

#include "base/buf.h"
#include "decide/power_plan.h"

typedef struct hb_power_view {
    const hb_power_plan *plan;
    const hb_run *run;        /* newest of the test */
    const char *set_is;       /* "the set of run monday-2", "baseline version 1a2b…" */
    const char *const *names; /* metrics to show; NULL = all */
    size_t n_names;
} hb_power_view;

/* Whether a metric is to be shown. */
bool hb_power_shows(const hb_power_view *v, const char *metric);
HB_CHECKED hb_status hb_view_power_text(const hb_power_view *v, hb_buf *out, hb_error *err);
HB_CHECKED hb_status hb_view_power_json(const hb_power_view *v, hb_buf *out, hb_error *err);

#endif
