/* SPDX-License-Identifier: Apache-2.0 */
/* What commands that make evidence packs share. */
#ifndef HB_CLI_PACKS_SHARED_H
#define HB_CLI_PACKS_SHARED_H

#include "cli/app.h"
#include "crypto/key.h"

/* evidence/ of the workspace. In the arena. */
HB_CHECKED hb_status hb_app_evidence_dir(hb_app *app, const char **ret_dir, hb_error *err);

/* Makes the packs that commands wanted (not the daemon's) and that are not made yet, this one's and
 * those of commands that were killed in between. *ret_path: that of `run_id`, NULL = none was
 * wanted. In the arena. The first that cannot be made ends it with its error; it stays wanted. */
HB_CHECKED hb_status hb_packs_make(hb_app *app, hb_signer *signer, const char *run_id,
                                   const char **ret_path, hb_error *err);

#endif
