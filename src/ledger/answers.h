/* SPDX-License-Identifier: Apache-2.0 */
/* Inside ledger/: what is known about an alarm, from marks and retests. */
#ifndef HB_LEDGER_ANSWERS_H
#define HB_LEDGER_ANSWERS_H

#include "base/map.h"
#include "ledger/ledger.h"
#include "store/past.h"

typedef struct hb_answers {
    hb_feedback_row *marks;
    size_t n_marks;
    hb_map by_finding; /* run, metric, rule → the mark that stands */
    hb_suspicion_row *suspicions;
    size_t n_suspicions;
    hb_map by_metric; /* run, metric → its suspicion */
    hb_arena *arena;  /* of the keys */
} hb_answers;

/* Release with hb_answers_release, also after a failure. */
HB_CHECKED hb_status hb_answers_load(hb_store *s, const hb_ledger_query *q, hb_arena *arena,
                                     hb_answers *a, hb_error *err);
void hb_answers_release(hb_answers *a);

/* *ret_because: "mark", "retest" or "". */
HB_CHECKED hb_status hb_answers_find(const hb_answers *a, const char *run_id,
                                     const hb_ledger_finding *f, hb_answer *ret,
                                     const char **ret_because, hb_error *err);
/* Something in this metric was missed, says the mark that stands. */
HB_CHECKED hb_status hb_answers_missed(const hb_answers *a, const char *run_id, const char *metric,
                                       bool *ret, hb_error *err);

#endif
