/* SPDX-License-Identifier: Apache-2.0 */
/* Where in the run a change began. Inside decide/. */
#ifndef HB_DECIDE_ONSET_H
#define HB_DECIDE_ONSET_H

#include "decide/decision.h"

/* First sample outside [low, high] and the start of the first stretch of `persistence` consecutive
 * samples outside, from the trace; fills the onset fields of the finding when there is one. Exact
 * while the trace holds one sample a bucket; else to the bucket, and a stretch counts only where
 * whole buckets lie outside. */
void hb_onset_find(const hb_trace *trace, double low, double high, uint64_t persistence,
                   hb_finding *finding);

#endif
