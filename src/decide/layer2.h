/* SPDX-License-Identifier: Apache-2.0 */
/* Layer 2: the run against the set of comparable runs, many metrics at once, and what it says to
 * earlier suspicions. Inside decide/; docs/verdict.md is the method in words.
 *
 * hb_layer2() is called once, after layer 1 has filled the comparisons: it fills every
 * comparison's test and the statistics of the decision, raises severities and adds findings. */
#ifndef HB_DECIDE_LAYER2_H
#define HB_DECIDE_LAYER2_H

#include "decide/findings.h"
#include "decide/run_test.h"

/* The level of a retest. */
#define HB_RETEST_LEVEL 0.05

HB_CHECKED hb_status hb_layer2(hb_decision *d, hb_findings *findings, hb_error *err);

/* What the retests of one metric came to; the strongest of each kind, NULL = none. */
typedef struct hb_retested {
    const hb_retest *confirmed;
    const hb_retest *cleared;
    const hb_retest *opposite;
    const hb_retest *no_value;
    double opposite_moved;  /* |x - mean| against that suspicion's set, unit */
    double confirmed_width; /* half width at HB_RETEST_LEVEL, unit */
    double opposite_width;
} hb_retested;

/* NULL when neither run nor reference has it. */
const hb_comparison *hb_compared(const hb_decision *d, const char *metric);

/* retest.c: answers d->reference->prior's suspicions, in their order, into d->statistics.retests;
 * ret holds one entry a comparison. */
HB_CHECKED hb_status hb_retests_answer(hb_decision *d, hb_retested **ret, hb_error *err);

/* layer2_findings.c: `width` is the half width of what was accepted, in the unit. */
HB_CHECKED hb_status hb_told_test(const hb_decision *d, hb_comparison *c, double width,
                                  hb_findings *out, hb_error *err);
HB_CHECKED hb_status hb_told_retests(const hb_decision *d, hb_comparison *c,
                                     const hb_retested *retested, hb_findings *out, hb_error *err);
HB_CHECKED hb_status hb_told_untested(const hb_decision *d, hb_comparison *c, bool run_not_positive,
                                      hb_findings *out, hb_error *err);
/* Suspicions of metrics that are in neither run nor reference, too few runs, metrics of the set
 * that nobody looked at. */
HB_CHECKED hb_status hb_told_of_run(const hb_decision *d, hb_findings *out, hb_error *err);

/* retest_order.c: d->statistics.order, NULL when nothing was suspected or the policy asks no
 * retest. */
HB_CHECKED hb_status hb_retest_order_make(hb_decision *d, hb_error *err);

#endif
