/* SPDX-License-Identifier: Apache-2.0 */
/* Did it change? The declared change limits, spread, persistence and distribution of one metric
 * that has a value on both sides. Inside decide/. */
#ifndef HB_DECIDE_CHANGE_H
#define HB_DECIDE_CHANGE_H

#include "decide/findings.h"

/* Onset search without a declared persistence: the original's figure. */
enum { HB_ONSET_PERSISTENCE = 5 };

typedef struct hb_change {
    const hb_metric_def *limits; /* effective: defaults filled in */
    bool percent_is_fallback;    /* drift_percent applies only where drift_spread cannot */
    const hb_metric *run;
    const hb_metric *baseline;
    const char *unit;
    bool critical;
    bool distribution_enabled;
    bool weight_only; /* as in hb_reference */
    bool live;        /* a live window: distributions where a limit is declared, p where it is
                       * passed; the others by hb_change_distribution */
} hb_change;

HB_CHECKED hb_status hb_change_check(const hb_change *change, hb_comparison *c, hb_findings *out,
                                     hb_error *err);

/* The distribution of a metric of a live window that something else has flagged and whose
 * distribution nobody has looked at; nothing where the two sides cannot be compared. */
HB_CHECKED hb_status hb_change_flagged(hb_comparison *c, hb_findings *out, hb_error *err);

#endif
