/* SPDX-License-Identifier: Apache-2.0 */
/* A run as text or JSON: what `runs show` and `inspect` print. */
#ifndef HB_CLI_VIEW_RUN_H
#define HB_CLI_VIEW_RUN_H

#include "base/buf.h"
#include "base/json_write.h"
#include "telemetry/run.h"

HB_CHECKED hb_status hb_view_run_text(const hb_run *run, hb_buf *out, hb_error *err);
/* judged: member "judged" of the document; NULL = none. */
struct hb_judged;
HB_CHECKED hb_status hb_view_run_json(const hb_run *run, const struct hb_judged *judged,
                                      hb_buf *out, hb_error *err);

/* Parts of the above for documents that hold more: the members before the metrics, and those of one
 * metric, into an open object. */
void hb_view_run_members(const hb_run *run, hb_json *j);
void hb_view_metric_members(const hb_metric *m, hb_json *j);
/* Who the run is, what could not be used and what a person should know, as text; what was
 * guessed only of files that are not among the paths `shown`. */
void hb_view_run_brief(const hb_run *run, const char *const *shown, size_t n_shown, hb_buf *out);

#endif
