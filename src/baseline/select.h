/* SPDX-License-Identifier: Apache-2.0 */
/* Which run is the reference, and which runs are comparable. docs/baselines.md
 *
 * Only runs of the same program, subsystem and test are candidates; never the run itself; a context
 * in which not one of the fields that could be compared is equal is no baseline. A field can be
 * compared when the policy names it and the run under test has it. */
#ifndef HB_BASELINE_SELECT_H
#define HB_BASELINE_SELECT_H

#include "store/store.h"
#include "telemetry/policy.h"

typedef struct hb_selection {
    hb_arena arena;    /* strings of `reference` */
    hb_run *owned_run; /* what reference.run points at */
    hb_reference reference;
} hb_selection;

/* explicit_run: run_id from the command line, overrides the strategy; NULL = by policy. Always
 * fills *ret_selection on success; reference.run = NULL with a reason when there is no baseline. */
HB_CHECKED hb_status hb_baseline_select(hb_store *s, const hb_run *run, const hb_policy *policy,
                                        const char *explicit_run, hb_selection *ret_selection,
                                        hb_error *err);
void hb_selection_release(hb_selection *sel);

#endif
