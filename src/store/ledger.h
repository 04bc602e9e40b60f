/* SPDX-License-Identifier: Apache-2.0 */
/* What the noise ledger is made of: marks on findings, and the newest decision of every run.
 * Strings of rows belong to the caller's arena unless said otherwise. docs/trust.md */
#ifndef HB_STORE_LEDGER_H
#define HB_STORE_LEDGER_H

#include "store/store.h"

typedef enum hb_mark {
    HB_MARK_CORRECT,
    HB_MARK_TOO_SENSITIVE,
    HB_MARK_MISSED,
    HB_MARK_COUNT_
} hb_mark;

const char *hb_mark_name(hb_mark m); /* "correct", "too_sensitive", "missed" */
bool hb_mark_from_name(const char *name, hb_mark *ret);

typedef struct hb_feedback_row {
    const char *run_id;
    const char *decision; /* digest of the decision it was given on */
    const char *metric;   /* "" = the run as a whole */
    const char *rule;     /* "" = about a finding that is not there */
    hb_mark mark;
    const char *given_by;
    const char *note;
    hb_time given_at;
    const char *program; /* from here on filled on reading */
    const char *subsystem;
    const char *test_name;
    bool superseded; /* a later mark speaks of the same run, metric and rule */
} hb_feedback_row;

/* Adds a mark; nothing is ever replaced. HB_E_STORE when the run has no such decision. */
HB_CHECKED hb_status hb_store_add_feedback(hb_store *s, const hb_feedback_row *row, hb_error *err);

typedef struct hb_ledger_query { /* NULL, HB_TIME_NONE = any */
    const char *program;
    const char *subsystem;
    const char *test_name;
    const char *run_id;
    hb_time since; /* runs of this time or later (start, else registration) */
} hb_ledger_query;

enum { HB_FEEDBACK_MAX = 1000000, HB_LEDGER_RUNS_MAX = 1000000 };

/* Oldest first. HB_E_LIMIT when there are more than HB_FEEDBACK_MAX. */
HB_CHECKED hb_status hb_store_list_feedback(hb_store *s, const hb_ledger_query *q, hb_arena *arena,
                                            hb_feedback_row **ret_rows, size_t *ret_n,
                                            hb_error *err);

typedef struct hb_judged_row {
    const char *run_id;
    const char *program;
    const char *subsystem;
    const char *test_name;
    bool decided;
    const char *with; /* runs judged together with it, one per line; "" = none */
} hb_judged_row;

/* Every run of the query by its newest decision, the newest decision first, then the runs that have
 * none. HB_E_LIMIT when there are more than HB_LEDGER_RUNS_MAX. */
HB_CHECKED hb_status hb_store_list_judged(hb_store *s, const hb_ledger_query *q, hb_arena *arena,
                                          hb_judged_row **ret_rows, size_t *ret_n, hb_error *err);

/* Is given the decision's canonical JSON, which is valid until it returns; its failure ends the
 * walk. */
typedef hb_status (*hb_decision_visit)(void *ctx, const char *run_id, hb_str json, hb_error *err);

/* The newest decision of every run of the query, newest first, one at a time in memory. */
HB_CHECKED hb_status hb_store_walk_decisions(hb_store *s, const hb_ledger_query *q,
                                             hb_decision_visit visit, void *ctx, hb_error *err);

#endif
