/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of the qualifier. Inside qualify/. */
#ifndef HB_QUALIFY_INTERNAL_H
#define HB_QUALIFY_INTERNAL_H

#include "qualify/qualify.h"

/* One row while it grows: what the run in hand adds is dropped when it is stopped. */
typedef struct hb_qualify_row {
    hb_qualified r;
    uint64_t *rules; /* one a trial: bit of each rule that was new */
    uint32_t *first; /* one a trial: the number of its ladder, for the first size found */
    size_t cap_trials;
    size_t cap_rules;
    size_t cap_first;
    hb_qualified before; /* as it was when the run in hand began */
} hb_qualify_row;

struct hb_qualifier {
    hb_qualify_ask ask;
    hb_arena arena;
    hb_qualify_row *rows;
    size_t n_rows;
    hb_qualified *out; /* of finish */
    hb_qualified_run runs[HB_QUALIFY_RUNS_MAX];
    size_t n_runs;
    uint32_t ladders;
    uint64_t n_decisions;
    double share; /* of the run in hand that is done */
    bool stopped;
};

/* held.c: one held-back run whose other metrics are there by their value alone, which is all that a
 * decision about one metric takes from the others, and saves nearly all the work. */
typedef struct hb_held {
    const hb_qualify_ask *ask;
    hb_arena arena;
    hb_run run;
    hb_run base;
    hb_metric *whole_run; /* with their samples, reduced as declared */
    hb_metric *whole_base;
    hb_prior prior;
    hb_reference full; /* nothing taken away but the past */
    hb_reference light;
    uint64_t n_decisions;
} hb_held;

HB_CHECKED hb_status hb_held_make(const hb_qualify_ask *ask, const hb_run *run,
                                  const hb_reference *reference, hb_held *ret, hb_error *err);
void hb_held_release(hb_held *h);
/* Which rules find something of weight on metric i (index into the run) when it is `as`; bits. */
HB_CHECKED hb_status hb_held_judge(hb_held *h, size_t i, const hb_metric *as, uint64_t *ret_rules,
                                   hb_error *err);
/* Rules of weight about one metric of a decision. */
uint64_t hb_held_rules(const hb_decision *d, const char *metric);

#endif
