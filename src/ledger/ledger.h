/* SPDX-License-Identifier: Apache-2.0 */
/* The noise ledger: promised against observed false alarms. docs/trust.md has the rules.
 *
 * Every run counts once, by its newest decision; a run that was judged together with another
 * (--with) is part of that run's decision and does not count again. An alarm is a finding that made
 * the verdict at least PASS_WITH_DRIFT. It is known to be true or false by the last mark it was
 * given, else by its retest; all others are unknown and stay so. */
#ifndef HB_LEDGER_LEDGER_H
#define HB_LEDGER_LEDGER_H

#include "ledger/promise.h"
#include "ledger/read.h"
#include "store/ledger.h"

#define HB_LEDGER_CONFIDENCE 0.95

enum { HB_LEDGER_ALARMS_MAX = 1000000, HB_LEDGER_METRICS_MAX = 1000000 };

typedef enum hb_answer {
    HB_ANSWER_UNKNOWN,
    HB_ANSWER_FALSE,
    HB_ANSWER_TRUE,
    HB_ANSWER_COUNT_
} hb_answer;

const char *hb_answer_name(hb_answer a); /* "unknown", "false", "true" */

typedef struct hb_ledger_alarm {
    const char *run_id;
    const char *program;
    const char *metric;
    const char *rule;
    bool limit; /* of a declared limit */
    hb_answer answer;
    const char *because; /* "mark", "retest"; "" = unknown */
} hb_ledger_alarm;

typedef struct hb_ledger_line {
    const char *program; /* "" = all */
    const char *name;    /* metric or rule; "" = runs */
    hb_alarm_count count;
    uint64_t flagged;    /* trials with an alarm, whatever its answer */
    double promised_sum; /* over the trials */
    hb_promise_held held;
} hb_ledger_line;

typedef struct hb_ledger_budget {
    double budget;
    uint64_t runs;
} hb_ledger_budget;

typedef struct hb_ledger {    /* everything in the caller's arena */
    uint64_t runs;            /* that match */
    uint64_t not_judged;      /* … without a decision */
    uint64_t together;        /* … part of another run's decision */
    uint64_t untested;        /* … judged by declared limits alone */
    hb_ledger_line all;       /* layer 2, by runs */
    hb_ledger_line *programs; /* by name */
    size_t n_programs;
    hb_ledger_budget *budgets; /* ascending */
    size_t n_budgets;
    hb_ledger_line *metrics; /* most false alarms first, then most unknown, then by name; bands of
                                all of them together hold with HB_LEDGER_CONFIDENCE */
    size_t n_metrics;
    hb_ledger_line limits; /* declared limits, by runs; promise nothing */
    hb_ledger_line *rules; /* … by rule, most alarms first */
    size_t n_rules;
    hb_ledger_alarm *alarms; /* newest decision first */
    size_t n_alarms;
    uint64_t marks;  /* that stand */
    uint64_t missed; /* metrics of runs marked as missed and not found by a newer decision either */
} hb_ledger;

HB_CHECKED hb_status hb_ledger_make(hb_store *s, const hb_ledger_query *q, hb_arena *arena,
                                    hb_ledger *ret, hb_error *err);

#endif
