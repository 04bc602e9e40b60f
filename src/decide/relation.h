/* SPDX-License-Identifier: Apache-2.0 */
/* The multivariate check: do metrics that go together in the baseline runs still do so in this one,
 * though each may look fine? Judged at 0.2 q, so that it and the metrics one by one (0.8 q) share
 * the false-alarm budget. A broken relation is at most PASS_WITH_DRIFT, and needs no retest.
 * Method: stats/relation.h; words: docs/verdict.md. */
#ifndef HB_DECIDE_RELATION_H
#define HB_DECIDE_RELATION_H

#include "decide/findings.h"

#define HB_RELATION_BUDGET_SHARE 0.2

/* Fills d->statistics.relation and adds the finding. */
HB_CHECKED hb_status hb_relation_judge(hb_decision *d, hb_findings *findings, hb_error *err);

#endif
