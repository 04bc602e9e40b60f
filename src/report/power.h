/* SPDX-License-Identifier: Apache-2.0 */
/* hb power as a page: the table and, for the metrics that need most runs, power against the size of
 * a shift and against the number of baseline runs. One file, no script, everything foreign escaped
 * (decision 0070). */
#ifndef HB_REPORT_POWER_H
#define HB_REPORT_POWER_H

#include "base/buf.h"
#include "decide/power_plan.h"

HB_CHECKED hb_status hb_report_power(const hb_power_plan *plan, const char *version, hb_buf *out,
                                     hb_error *err);

/* Power of `m` new runs against a shift of 0 to `sigmas` sd, set as it is. Inside report/. */
void hb_svg_power_shift(const hb_power_plan *plan, const hb_planned *metric, hb_buf *out);
/* Power at the target against runs of the set. Inside report/. */
void hb_svg_power_runs(const hb_power_plan *plan, const hb_planned *metric, hb_buf *out);

/* How many new runs judged together are shown beside the number asked for. */
size_t hb_power_other_m(size_t m);
/* The metrics that can be tested, least power at their target first, then by name; at most `most`.
 */
size_t hb_power_worst(const hb_power_plan *plan, const hb_planned **ret, size_t most);

#endif
