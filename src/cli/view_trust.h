/* SPDX-License-Identifier: Apache-2.0 */
/* The noise ledger for people, 80 columns, and as JSON (schemas/trust.schema.json). */
#ifndef HB_CLI_VIEW_TRUST_H
#define HB_CLI_VIEW_TRUST_H

#include "base/buf.h"
#include "cli/cmd.h"
#include "ledger/ledger.h"

typedef struct hb_trust_view {
    const hb_ledger *ledger;
    const hb_ledger_query *query;
    hb_list metrics; /* only these; none = all */
} hb_trust_view;

bool hb_trust_shows(const hb_trust_view *v, const char *metric);
HB_CHECKED hb_status hb_view_trust_text(const hb_trust_view *v, hb_buf *out, hb_error *err);
HB_CHECKED hb_status hb_view_trust_json(const hb_trust_view *v, hb_buf *out, hb_error *err);

#endif
