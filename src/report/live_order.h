/* SPDX-License-Identifier: Apache-2.0 */
/* Which tests of a live window are worth a person's look, in the order in which to look. Inside
 * report/. */
#ifndef HB_REPORT_LIVE_ORDER_H
#define HB_REPORT_LIVE_ORDER_H

#include "decide/decision.h"
#include "decide/live.h"

/* The first `most`: shocks, drifts, then by how near the CUSUM is to its limit, then by name.
 * Returns how many. */
size_t hb_live_noteworthy(const hb_live_statistics *s, const hb_live_test **ret, size_t most);
/* How far the higher side of the CUSUM is: 0 … 1, over 1 = alarm; 0 without a limit. */
double hb_live_reached(const hb_live_test *t);

#endif
