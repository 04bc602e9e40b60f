/* SPDX-License-Identifier: Apache-2.0 */
/* Which run is the reference, and which runs are comparable. docs/baselines.md
 *
 * Only runs of the same program, subsystem and test are candidates; never the run itself; a context
 * in which not one of the fields that could be compared is equal is no baseline. A field can be
 * compared when the policy names it and the run under test has it.
 *
 * The statistics get a set of runs: those of a baseline version, else up to 30 newest in which
 * every field that could be compared is equal, whose verdict is not FAIL and about which no
 * suspicion is open or confirmed. They also get what is open about this very run's past
 * (telemetry/past.h). A run that is decided again finds the state it found the first time, as far
 * as nobody else changed it.
 */
#ifndef HB_BASELINE_SELECT_H
#define HB_BASELINE_SELECT_H

#include "store/store.h"
#include "telemetry/policy.h"
#include "telemetry/registry.h"

enum {
    HB_HISTORY_RUNS_MAX = 200, /* newest comparable runs before the run */
    HB_WITH_RUNS_MAX = 30
};

typedef struct hb_select_ask {
    const hb_run *run; /* need not be registered yet */
    const hb_policy *policy;
    const hb_registry
        *registry; /* metric registry in use, for units and for the tag's; may be NULL */
    /* run_id from the command line, overrides the strategy; NULL = by policy. Unknown is
     * HB_E_STORE, the run itself or one of another test HB_E_USAGE. */
    const char *baseline;
    /* Baseline version in place of the policy's choice (what a promotion would do); NULL = none. */
    const char *version;
    /* Runs to be judged together with it, of the same test and context (else HB_E_USAGE). They are
     * no candidates for the baseline or its set. */
    const char *const *with;
    size_t n_with;
    hb_time now; /* time of a run that is neither registered nor has a start */
} hb_select_ask;

typedef struct hb_selection {
    hb_arena arena;    /* strings of `reference`, and the structs it points at */
    hb_run *owned_run; /* what reference.run points at */
    hb_run_set **sets; /* all sets of `reference`, in the arena */
    size_t n_sets;
    size_t cap_sets;
    hb_reference reference;
} hb_selection;

/* Fills *ret_selection on success; reference.run = NULL with a reason when there is no baseline.
 * reference.warning then says in words why and what to do; with a baseline it says what to know
 * about it. The comparable set, `set`, `with` and `prior` are filled in both cases (`set` NULL when
 * no run is comparable). What `ask` points at must outlive the selection. */
HB_CHECKED hb_status hb_baseline_select(hb_store *s, const hb_select_ask *ask,
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
