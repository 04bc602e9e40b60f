/* SPDX-License-Identifier: Apache-2.0 */
/* The decision as canonical JSON (RFC 8785): docs/formats/decision.md, schemas/decision.json. */
#ifndef HB_DECIDE_DECISION_JSON_H
#define HB_DECIDE_DECISION_JSON_H

#include "base/buf.h"
#include "decide/decision.h"

HB_CHECKED hb_status hb_decision_json(const hb_decision *d, hb_buf *out, hb_error *err);

#endif
