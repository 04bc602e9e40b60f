/* SPDX-License-Identifier: Apache-2.0 */
/* The table of permissions (govern/permission.h) asked by commands. Where no operators are in force
 * everything is allowed and nobody is known. */
#ifndef HB_CLI_PERMITTED_H
#define HB_CLI_PERMITTED_H

#include "cli/signing.h"
#include "govern/permission.h"

/* May the key ("" = nobody signs) do this in the program? *ret_name (may be NULL): the operator's,
 * in app->arena; "" = there are no operators. HB_E_DENIED with who could. */
HB_CHECKED hb_status hb_app_permit_key(hb_app *app, hb_action a, const char *program,
                                       const char *keyid, const char **ret_name, hb_error *err);
/* The same by the command's key, which is opened only where there are operators. */
HB_CHECKED hb_status hb_app_permit(hb_app *app, hb_action a, const char *program,
                                   const hb_signing_opts *o, const char **ret_name, hb_error *err);

/* Program of a registered run, and of the newest window of a stream; "" = it is not known, so that
 * what is granted for all programs counts alone (or for runs that state none). In app->arena. */
HB_CHECKED hb_status hb_program_of_run(hb_app *app, const char *run_id, const char **ret,
                                       hb_error *err);
HB_CHECKED hb_status hb_program_of_stream(hb_app *app, const char *stream, const char **ret,
                                          hb_error *err);

#endif
