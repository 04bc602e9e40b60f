/* SPDX-License-Identifier: Apache-2.0 */
/* Layer 1: what is declared about a metric, held against one run and its reference. Inside decide/.
 *
 * hb_limits_check() fills one comparison and adds its findings; docs/verdict.md states every rule
 * in words and tests/unit/test_decide.c one case for each. */
#ifndef HB_DECIDE_LIMITS_H
#define HB_DECIDE_LIMITS_H

#include "decide/findings.h"

/* Below this many samples a standard deviation says too little to be a limit's yardstick. */
enum { HB_SPREAD_MIN_N = 20 };

/* Cells that are neither number nor missing: a finding of weight once their share grew by this. */
#define HB_UNREADABLE_SHARE 0.05

/* A distribution change is told as information from this D on (with p < HB_KS_P). */
#define HB_KS_TOLD 0.2
#define HB_KS_P 0.01

typedef struct hb_limits_input {
    const hb_metric_def *def;       /* declared; NULL = not in the registry */
    const hb_metric_def *defaults;  /* fills what `def` leaves open */
    const hb_metric *run;           /* NULL = missing */
    const hb_metric *baseline;      /* NULL = missing */
    bool weight_only;               /* as in hb_reference */
    bool has_reference;             /* there is a reference run at all */
    hb_time run_end;                /* last sample of any metric, HB_TIME_NONE unknown */
    const struct hb_window *window; /* the run is this live window; NULL = it is not */
    const hb_policy *policy;
} hb_limits_input;

HB_CHECKED hb_status hb_limits_check(const hb_limits_input *in, hb_comparison *ret_comparison,
                                     hb_findings *findings, hb_error *err);

#endif
