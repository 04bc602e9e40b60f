/* SPDX-License-Identifier: Apache-2.0 */
/* Inside ledger/: what decisions say, added up by run, program, metric and rule.
 *
 *     per decision: hb_seen_begin, hb_seen_alarm, hb_seen_missed, hb_tally_add
 *     at the end:   hb_tally_end */
#ifndef HB_LEDGER_TALLY_H
#define HB_LEDGER_TALLY_H

#include "base/map.h"
#include "ledger/ledger.h"

/* What is known about the alarms of one trial. */
typedef struct hb_trial {
    bool is_false;
    bool is_true;
    bool unknown;
    bool missed;
} hb_trial;

typedef struct hb_seen { /* one decision */
    hb_arena *arena;     /* as long as the decision */
    const hb_ledger_decision *d;
    hb_trial run;      /* alarms of layer 2 */
    hb_trial limits;   /* of declared limits */
    hb_trial *metrics; /* alarms of layer 2, one a metric of the decision */
    hb_trial *rules;   /* one a finding; all of a rule stand at its first */
} hb_seen;

HB_CHECKED hb_status hb_seen_begin(hb_seen *s, const hb_ledger_decision *d, hb_error *err);
void hb_seen_alarm(hb_seen *s, const hb_ledger_finding *f, hb_answer answer);
void hb_seen_missed(hb_seen *s, size_t metric);

typedef struct hb_lines { /* found by program and name */
    hb_ledger_line *v;
    size_t n;
    size_t cap;
    hb_map index;
} hb_lines;

typedef struct hb_tally {
    hb_arena *arena;
    hb_ledger_line all;
    hb_ledger_line limits;
    hb_lines programs;
    hb_lines metrics;
    hb_lines rules;
    hb_ledger_budget *budgets;
    size_t n_budgets;
    size_t budgets_cap;
} hb_tally;

void hb_tally_begin(hb_tally *t, hb_arena *arena);
HB_CHECKED hb_status hb_tally_add(hb_tally *t, const char *program, const hb_seen *s,
                                  hb_error *err);
/* Holds every line against its promise and hands all over to `out`. */
void hb_tally_end(hb_tally *t, hb_ledger *out);
void hb_tally_release(hb_tally *t);

#endif
