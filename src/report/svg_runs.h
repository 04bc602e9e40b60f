/* SPDX-License-Identifier: Apache-2.0 */
/* Plots of layers 2 and 3, as inline SVG. Marks differ in shape as well as colour. Inside report/.
 */
#ifndef HB_REPORT_SVG_RUNS_H
#define HB_REPORT_SVG_RUNS_H

#include "base/buf.h"
#include "decide/decision.h"

/* One value a run: the set's as dots in the order of time, earlier runs of the history as small
 * rings before and between them, this run (and those judged with it) as diamonds, the values that
 * would not have been rejected as a band, a change of the history as a line. For a metric that was
 * tested; nothing when fewer than two runs have it. */
HB_CHECKED hb_status hb_svg_runs(const hb_decision *d, const hb_comparison *c, hb_buf *out,
                                 hb_error *err);
/* The shares of the distance as bars from a zero line, largest first, at most `most`. */
void hb_svg_parts(const hb_relation *r, size_t most, hb_buf *out);
/* How far each quantile of the run's samples lies from the baseline's: a flat line is a plain
 * shift, a slope a change of spread. Nothing without samples on both sides. */
void hb_svg_shift(const hb_comparison *c, hb_buf *out);

#endif
