/* SPDX-License-Identifier: Apache-2.0 */
/* Names of files given with * ? or [ ], as shells that do not expand them leave them (and as quotes
 * protect them from one that does). */
#ifndef HB_CLI_GLOBS_H
#define HB_CLI_GLOBS_H

#include "cli/app.h"

/* A name that is a file stays; a pattern becomes the names that match, in byte order; one that
 * matches nothing is HB_E_USAGE. Texts are in app->arena. */
HB_CHECKED hb_status hb_globs_expand(hb_app *app, hb_list names, hb_list *ret, hb_error *err);

#endif
