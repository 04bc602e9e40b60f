/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of baseline/: the state of one selection, and its first step. */
#ifndef HB_BASELINE_PICK_H
#define HB_BASELINE_PICK_H

#include "base/buf.h"
#include "baseline/select.h"

typedef struct hb_picker {
    hb_store *s;
    const hb_run *run;
    const hb_policy *policy;
    const char *explicit_run;    /* NULL = by policy */
    const char *registry_digest; /* never NULL */
    hb_selection *sel;
    hb_buf warning;
    const char *context[HB_CONTEXT_COUNT]; /* what is compared; NULL = not */
    unsigned possible;
} hb_picker;

/* What a strategy found; with the reason "context_mismatch" rows[0] is the run that would have done
 * but for its context. */
typedef struct hb_choice {
    hb_run_row rows[HB_COMPARABLE_MAX]; /* newest first */
    size_t n;                           /* 0 = none */
    const char *reason;
} hb_choice;

/* Asks the strategy; sets reference.strategy and reference.tag. */
HB_CHECKED hb_status hb_pick(hb_picker *p, hb_choice *ret_choice, hb_error *err);
/* Runs of the same test but this one, scored by the context. */
hb_run_query hb_pick_others(const hb_picker *p);
/* Up to `max` rows; of several with one digest only the first. */
HB_CHECKED hb_status hb_pick_list(hb_picker *p, hb_run_query q, size_t max, hb_choice *ret,
                                  hb_error *err);
/* Starts the next sentence of the warning. */
void hb_pick_warn(hb_picker *p);

#endif
