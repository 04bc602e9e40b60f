/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict in one sentence, and what to do next. Inside decide/. */
#ifndef HB_DECIDE_VERDICT_TEXT_H
#define HB_DECIDE_VERDICT_TEXT_H

#include "decide/decision.h"

/* Fills d->reason and d->what_to_do from the ranked findings. */
HB_CHECKED hb_status hb_verdict_text(hb_decision *d, size_t n_compared, hb_error *err);

#endif
