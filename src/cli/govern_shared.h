/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands of governance share. docs/governance.md */
#ifndef HB_CLI_GOVERN_SHARED_H
#define HB_CLI_GOVERN_SHARED_H

#include "baseline/approved.h"
#include "cli/app.h"
#include "cli/signing.h"

#define HB_OPERATORS_FILE "operators.yaml"

/* The operators in force; NULL = none. HB_E_DENIED when the workspace's operators.yaml is another
 * text: somebody changed it, and nobody approved. Freed with the program's end by hb_app_governed.
 */
HB_CHECKED hb_status hb_app_operators(hb_app *app, hb_operators **ret, hb_error *err);
/* Before a baseline is chosen, set or retired: where the policy or the operators require approval,
 * is operators.yaml the one in force, and is the policy approved when that is required? */
HB_CHECKED hb_status hb_app_check_operators(hb_app *app, hb_error *err);

/* Is the configuration of this digest approved, when the operators in force require it? Asked at
 * every use that can change a verdict or remove something. digest "" = there is none. Without a
 * registry there are no operators. HB_E_DENIED with who could. */
HB_CHECKED hb_status hb_app_check_config(hb_app *app, hb_governed_doc d, const char *digest,
                                         hb_error *err);

/* --key where one was given or the workspace has one; *ret NULL when there is none. */
HB_CHECKED hb_status hb_app_signer_if(hb_app *app, const hb_signing_opts *o, hb_signer **ret,
                                      hb_error *err);

/* Path below governance/ of the workspace, which is made. In app->arena. */
HB_CHECKED hb_status hb_govern_path(hb_app *app, const char *name, const char **ret, hb_error *err);
/* Every envelope about a subject as a file of governance/ that is not there yet, for people and
 * backups; the registry has them too. */
HB_CHECKED hb_status hb_govern_files(hb_app *app, const char *subject_sha256, hb_error *err);
/* Signs, keeps, files. ret_digest (may be NULL): of the payload. */
HB_CHECKED hb_status hb_govern_publish(hb_app *app, const hb_statement *s, hb_signer *signer,
                                       char ret_digest[HB_DIGEST_HEX], hb_error *err);

/* A request by its digest or the beginning of it (8 characters or more). HB_E_STORE when there is
 * none or more than one. purpose: NULL = of a baseline ("set", "retire"), else that one. */
typedef struct hb_request {
    hb_statement s; /* what it claims; its signature is looked at by hb_request_look */
    hb_str *envelopes;
    size_t n;
} hb_request;

HB_CHECKED hb_status hb_govern_request(hb_app *app, const char *text, const char *purpose,
                                       hb_request *ret, hb_error *err);
/* Signs an answer to a request: "review", "approval", "rejection". */
HB_CHECKED hb_status hb_govern_answer(hb_app *app, const hb_request *r, const char *kind,
                                      const char *reason, const char *impact, hb_signer *signer,
                                      hb_error *err);
/* "4h", "2d" from now into a time, at most 7 days. HB_E_USAGE names the option. */
HB_CHECKED hb_status hb_govern_until(hb_app *app, const char *option, const char *text,
                                     hb_time *ret, hb_error *err);
/* HB_E_USAGE for a reason that is blank or too long. */
HB_CHECKED hb_status hb_govern_reason(const char *option, const char *text, hb_error *err);

#endif
