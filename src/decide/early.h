/* SPDX-License-Identifier: Apache-2.0 */
/* What a look at the newest runs adds to the reference: the rolling set of a dual baseline, a slow
 * ramp over the history, and the age of the baseline. It makes a PASS at most a PASS_WITH_DRIFT.
 * Inside decide/; docs/verdict.md has it in words.
 *
 * Called once, after layer 2 has filled the comparisons' tests. */
#ifndef HB_DECIDE_EARLY_H
#define HB_DECIDE_EARLY_H

#include "decide/findings.h"

/* Level of the Benjamini-Hochberg tests of the run against its set: 0.8 of the budget. With a dual
 * baseline the golden and the rolling set have half of it each, so that the budget is kept. */
double hb_bh_level(const hb_decision *d);

HB_CHECKED hb_status hb_early_warnings(hb_decision *d, hb_findings *out, hb_error *err);

/* age.c: one finding when the baseline is older than the policy allows, further from the newest
 * runs, or when that cannot be told. Only times of runs count, no clock. */
HB_CHECKED hb_status hb_baseline_age(const hb_decision *d, hb_findings *out, hb_error *err);

#endif
