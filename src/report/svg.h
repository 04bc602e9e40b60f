/* SPDX-License-Identifier: Apache-2.0 */
/* The two small plots of a flagged metric, as inline SVG: distribution curves laid over each other,
 * and the run's trace over the baseline's band. Lines differ in style as well as colour. Inside
 * report/. */
#ifndef HB_REPORT_SVG_H
#define HB_REPORT_SVG_H

#include "base/buf.h"
#include "decide/decision.h"

/* Nothing is written when one side has fewer than two distinct samples to show. */
HB_CHECKED hb_status hb_svg_curves(const hb_comparison *c, hb_buf *out, hb_error *err);
/* f: the finding whose onset is marked, may be NULL. Nothing when the run has no series. */
HB_CHECKED hb_status hb_svg_trace(const hb_comparison *c, const hb_finding *f, hb_buf *out,
                                  hb_error *err);

#endif
