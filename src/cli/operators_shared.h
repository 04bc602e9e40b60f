/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands about operators.yaml share. */
#ifndef HB_CLI_OPERATORS_SHARED_H
#define HB_CLI_OPERATORS_SHARED_H

#include "base/json_write.h"
#include "cli/govern_shared.h"

/* A text that may come into force: every key is in it. */
typedef struct hb_operators_text {
    hb_str text;             /* in app->arena */
    hb_operators *operators; /* of exactly this text; the caller's */
    const char *digest;      /* of it; belongs to operators */
} hb_operators_text;

/* Reads FILE; keys that stand in files (relative to it) are put into the text. */
HB_CHECKED hb_status hb_operators_text_read(hb_app *app, const char *path, hb_operators_text *ret,
                                            hb_error *err);
/* The text of a digest as it was proposed, from governance/. HB_E_EVIDENCE when it is another. */
HB_CHECKED hb_status hb_operators_text_proposed(hb_app *app, const char *digest,
                                                hb_operators_text *ret, hb_error *err);
/* Writes it there. */
HB_CHECKED hb_status hb_operators_text_keep(hb_app *app, const hb_operators_text *t, hb_error *err);
/* Into the registry, the log, and operators.yaml of the workspace. */
HB_CHECKED hb_status hb_operators_put_in_force(hb_app *app, const hb_operators_text *t,
                                               const char *statement, const char *keyid,
                                               hb_error *err);
/* Did an admin in the first file sign that it begins? */
HB_CHECKED hb_status hb_operators_init_check(hb_app *app, const hb_operators_row *row,
                                             const hb_str *envelopes, size_t n,
                                             const char **ret_names, hb_error *err);

/* Changes that were asked for and are not in force: member "requests", or lines. o may be NULL for
 * JSON. */
HB_CHECKED hb_status hb_operators_requests_json(hb_app *app, const hb_operators *o, hb_json *j,
                                                hb_error *err);
HB_CHECKED hb_status hb_operators_requests_text(hb_app *app, const hb_operators *o, hb_error *err);
/* What a change would change, a line each. */
void hb_operators_differences(const hb_operators *before, const hb_operators *after, hb_buf *out);

#endif
