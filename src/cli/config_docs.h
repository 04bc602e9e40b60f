/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration documents `hb config` knows: their names, how one is told from another, how it
 * is checked, its keys. */
#ifndef HB_CLI_CONFIG_DOCS_H
#define HB_CLI_CONFIG_DOCS_H

#include "cli/app.h"

typedef enum hb_doc_kind {
    HB_DOC_REGISTRY,
    HB_DOC_POLICY,
    HB_DOC_RUN_META,
    HB_DOC_PROFILE,
    HB_DOC_QUALITY,
    HB_DOC_EQUIVALENCE,
    HB_DOC_TELEMETRY,
    HB_DOC_DAEMON,
    HB_DOC_OPERATORS,
    HB_DOC_RETENTION,
    HB_DOC_REDACTION,
    HB_DOC_COUNT
} hb_doc_kind;

const char *hb_doc_name(hb_doc_kind k); /* "metric-registry" … */
const struct hb_field *hb_doc_fields(hb_doc_kind k);
/* Which document a text is, by its keys, and whether it is in order. Units must be open. `note`
 * gets what is accepted but without effect, "" when nothing is. */
enum { HB_DOC_NOTE = 200 };
HB_CHECKED hb_status hb_config_doc_check(hb_app *app, hb_str text, const char *path,
                                         hb_doc_kind *ret_kind, char note[HB_DOC_NOTE],
                                         hb_error *err);

#endif
