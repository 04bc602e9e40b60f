/* SPDX-License-Identifier: Apache-2.0 */
/* Tells which metrics of the reference were converted from another make (equivalence.h), or could
 * not be. Inside decide/. */
#ifndef HB_DECIDE_EQUIVALENT_H
#define HB_DECIDE_EQUIVALENT_H

#include "decide/findings.h"

HB_CHECKED hb_status hb_equivalences_told(const hb_decision *d, hb_findings *out, hb_error *err);

#endif
