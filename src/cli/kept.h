/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration files as they were read, kept in the registry with what rests on them
 * (store/documents.h), so that it can be decided again when they have changed.
 *
 *     hb_kept_remember(app, "metric_registry", text, digest, err)     whenever one is read
 *     hb_kept_put(app, app->store, digest, err)                       when it was used for
 * something
 */
#ifndef HB_CLI_KEPT_H
#define HB_CLI_KEPT_H

#include "cli/app.h"

struct hb_kept_document {
    const char *kind;
    hb_str text;
    char sha256[65];
};

/* Copies the text into app->arena unless it is there. kind: constant text. */
HB_CHECKED hb_status hb_kept_remember(hb_app *app, const char *kind, hb_str text,
                                      const char *sha256, hb_error *err);
/* Nothing for "", "built-in" and NULL. */
HB_CHECKED hb_status hb_kept_put(hb_app *app, hb_store *store, const char *sha256, hb_error *err);

#endif
