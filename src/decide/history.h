/* SPDX-License-Identifier: Apache-2.0 */
/* Layer 3: since when a metric is at another level. Looks at run values over the history of
 * comparable runs; explains, decides nothing. Method: stats/change_point.h, docs/verdict.md. */
#ifndef HB_DECIDE_HISTORY_H
#define HB_DECIDE_HISTORY_H

#include "decide/decision.h"

struct hb_findings; /* decide/findings.h, which a reader of the store cannot include */

enum { HB_HISTORY_RUNS = 200 }; /* newest runs that are looked at */

typedef struct hb_history_input {
    const hb_run_set *past;  /* oldest first */
    const hb_run_meta *last; /* of the run after them; NULL = the set alone */
    hb_time last_start;
    const char *last_digest;   /* "" without last */
    const double *last_values; /* one a metric of `past`, NaN = none and then the metric is not
                                * looked at; NULL without last */
    double level;              /* of Benjamini-Hochberg over the metrics */
} hb_history_input;

/* One row a metric whose change survives, smallest p first, then by name. Texts in the arena. */
HB_CHECKED hb_status hb_history_changes(const hb_history_input *in, hb_arena *arena,
                                        hb_change_point **ret, size_t *ret_n, hb_error *err);

/* All changes of one metric of the set, in the order of time, each at p <= in->level by itself
 * (hb_change_segments): before and after are then those of the stretch between its neighbours. */
HB_CHECKED hb_status hb_history_of_metric(const hb_history_input *in, size_t metric,
                                          hb_arena *arena, hb_change_point **ret, size_t *ret_n,
                                          hb_error *err);

/* Fills d->statistics.changes from d->reference->prior->history and adds a finding for each. */
HB_CHECKED hb_status hb_history_explain(hb_decision *d, struct hb_findings *findings,
                                        hb_error *err);

#endif
