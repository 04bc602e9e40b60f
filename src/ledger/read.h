/* SPDX-License-Identifier: Apache-2.0 */
/* What the noise ledger takes of a stored decision (docs/formats/decision.md, any format). */
#ifndef HB_LEDGER_READ_H
#define HB_LEDGER_READ_H

#include "base/arena.h"
#include "decide/decision.h"

/* Who raised a finding: only the second has a false-alarm budget. */
typedef enum hb_ledger_layer {
    HB_LEDGER_LIMITS, /* declared limits and checks */
    HB_LEDGER_TESTS,  /* run against set: suspected, confirmed, relation, early warning of a dual
                       * baseline */
    HB_LEDGER_OTHER   /* history, ageing, notes */
} hb_ledger_layer;

typedef struct hb_ledger_finding { /* strings in the arena */
    const char *metric;            /* "" = the run as a whole */
    const char *rule;
    hb_severity severity;
    hb_ledger_layer layer;
} hb_ledger_finding;

typedef struct hb_ledger_metric {
    const char *name;
    bool tested;
    double share; /* of clean runs in which it may be called, given the others; 0 = not tested */
} hb_ledger_metric;

typedef struct hb_ledger_decision {
    const char *verdict;
    bool tested;   /* layer 2 looked at the run */
    double budget; /* q; 0 when not tested */
    hb_ledger_finding *findings;
    size_t n_findings;
    hb_ledger_metric *metrics;
    size_t n_metrics;
} hb_ledger_decision;

/* HB_E_STORE when it is no decision: the registry is damaged. */
HB_CHECKED hb_status hb_ledger_read(hb_str json, const char *run_id, hb_arena *arena,
                                    hb_ledger_decision *ret, hb_error *err);

#endif
