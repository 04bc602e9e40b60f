/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of baseline/: the state of one selection, and its first step. */
#ifndef HB_BASELINE_PICK_H
#define HB_BASELINE_PICK_H

#include "base/buf.h"
#include "baseline/select.h"
#include "store/past.h"
#include "store/versions.h"

typedef struct hb_picker {
    hb_store *s;
    const hb_select_ask *ask;
    const hb_run *run;
    const hb_policy *policy;
    hb_selection *sel;
    hb_buf warning;
    const char *context[HB_CONTEXT_COUNT]; /* what is compared; NULL = not */
    unsigned possible;
    hb_time order;                /* the run's place among the others, with its run_id */
    hb_suspicion_row *suspicions; /* of this test, open or confirmed, as this run sees them */
    size_t n_suspicions;
    hb_suspect *suspects; /* runs that such a suspicion is about, by run */
    size_t n_suspects;
    bool trusted_only; /* hb_pick_list leaves these out */
} hb_picker;

/* What a strategy found; with the reason "context_mismatch" rows[0] is the run that would have done
 * but for its context. */
typedef struct hb_choice {
    hb_run_row rows[HB_COMPARABLE_MAX]; /* newest first; of a version only the first */
    size_t n;                           /* 0 = none */
    const char *reason;
    const hb_version_row *version; /* the rows are of this baseline version; NULL = none */
    const char **run_ids;          /* its runs but this one, oldest first */
    size_t n_run_ids;
} hb_choice;

/* Asks the strategy; sets reference.strategy and reference.tag. */
HB_CHECKED hb_status hb_pick(hb_picker *p, hb_choice *ret_choice, hb_error *err);
/* Runs of the same test but this one, scored by the context. */
hb_run_query hb_pick_others(const hb_picker *p);
/* Up to `max` rows, none of --with; of several with one digest only the first. */
HB_CHECKED hb_status hb_pick_list(hb_picker *p, hb_run_query q, size_t max, hb_choice *ret,
                                  hb_error *err);
/* The digest under which another run is this one under another name; NULL = only the run_id tells.
 */
const char *hb_pick_own_digest(const hb_picker *p);
bool hb_pick_is_self(const hb_picker *p, const hb_run_row *row);
bool hb_pick_same_test(const hb_picker *p, const hb_run_row *row);
/* Is a suspicion about the run open or confirmed, as the run under test sees it? */
bool hb_pick_is_suspect(const hb_picker *p, const char *run_id);
/* The row of a run, scored; ret->n = 0 when it is not registered. */
HB_CHECKED hb_status hb_pick_by_id(hb_picker *p, const char *run_id, hb_choice *ret, hb_error *err);
/* Starts the next sentence of the warning. */
void hb_pick_warn(hb_picker *p);

/* The run's place in time and what is suspected of earlier runs; before hb_pick. */
HB_CHECKED hb_status hb_past_look(hb_picker *p, hb_error *err);
/* reference.set, .with and .prior; after the comparable set. */
HB_CHECKED hb_status hb_past_fill(hb_picker *p, const hb_choice *c, hb_error *err);

#endif
