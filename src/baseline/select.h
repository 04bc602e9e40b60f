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

/* explicit_run: run_id from the command line, overrides the strategy; NULL = by policy. A run named
 * there that is unknown is HB_E_STORE, one that is the run itself or of another test HB_E_USAGE.
 * registry_digest: of the metric registry in use, compared with the one a tag was set under; NULL
 * or "" = not compared.
 *
 * Fills *ret_selection on success; reference.run = NULL with a reason when there is no baseline.
 * reference.warning then says in words why and what to do; with a baseline it says what to know
 * about it. The comparable set is filled in both cases. `run` and `policy` must outlive the
 * selection. */
HB_CHECKED hb_status hb_baseline_select(hb_store *s, const hb_run *run, const hb_policy *policy,
                                        const char *explicit_run, const char *registry_digest,
                                        hb_selection *ret_selection, hb_error *err);
void hb_selection_release(hb_selection *sel);

/* Every reason a selection can give, for documents and tests. */
typedef struct hb_baseline_reason {
    const char *name;    /* stable: reference.reason */
    bool has_baseline;   /* false: why there is none */
    const char *meaning; /* one sentence */
    const char *next;    /* what to do; "" when nothing needs doing */
} hb_baseline_reason;

const hb_baseline_reason *hb_baseline_reasons(size_t *ret_n);
/* NULL when there is no such reason. */
const hb_baseline_reason *hb_baseline_reason_find(const char *name);

#endif
