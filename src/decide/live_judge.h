/* SPDX-License-Identifier: Apache-2.0 */
/* Layer 4 within hb_decide(), in place of layer 2. Inside decide/; live.h is for callers,
 * docs/verdict.md the method in words. */
#ifndef HB_DECIDE_LIVE_JUDGE_H
#define HB_DECIDE_LIVE_JUDGE_H

#include "decide/findings.h"
#include "decide/live.h"

/* NULL = the run is no window of a stream. */
const hb_live *hb_live_of(const hb_decision *d);
/* Is the metric among those that should have been heard of in this window? */
bool hb_live_silent(const hb_window *w, const char *metric);

/* After layer 1 has filled the comparisons: fills statistics.live, adds findings and raises
 * severities. */
HB_CHECKED hb_status hb_live_judge(hb_decision *d, hb_findings *findings, hb_error *err);

/* live_findings.c: what the tests of one metric came to; c is its comparison. */
HB_CHECKED hb_status hb_told_live_test(const hb_comparison *c, const hb_live_test *t,
                                       const hb_window *w, hb_findings *out, hb_error *err);
/* Samples beyond hard limits: those of one metric, n of them from `limits` on. */
HB_CHECKED hb_status hb_told_sample_limits(const hb_decision *d, const hb_window_limit *limits,
                                           size_t n, hb_findings *out, hb_error *err);
HB_CHECKED hb_status hb_told_silent(const hb_decision *d, const hb_window_silent *s,
                                    hb_findings *out, hb_error *err);
/* Coverage, likeness of neighbours, too few runs. */
HB_CHECKED hb_status hb_told_of_window(const hb_decision *d, const hb_live_statistics *s,
                                       hb_findings *out, hb_error *err);

#endif
