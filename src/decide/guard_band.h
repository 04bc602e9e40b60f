/* SPDX-License-Identifier: Apache-2.0 */
/* A value so near to a hard limit that its measurement uncertainty leaves the question open. Inside
 * decide/.
 *
 * ILAC-G8:09/2019, 4.2: the guard band is as wide as the expanded uncertainty, w = U (k = 2), so
 * values from invariant_min + U to invariant_max - U are accepted, and a true value beyond the
 * limit is accepted with a probability of at most 2.5 %. Between acceptance limit and hard limit
 * the result is conditional; beyond the hard limit it fails, as without an uncertainty. A band
 * wider than the limits are apart leaves nothing to accept, and says so. */
#ifndef HB_DECIDE_GUARD_BAND_H
#define HB_DECIDE_GUARD_BAND_H

#include "decide/findings.h"

/* Adds `finding` (rule, severity and metric are the caller's; the rest is filled in here) when x is
 * conditional. unit: as shown. */
HB_CHECKED hb_status hb_guard_band_check(const hb_metric_def *limits, double x, const char *unit,
                                         hb_finding finding, hb_findings *out, hb_error *err);

#endif
