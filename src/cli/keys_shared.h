/* SPDX-License-Identifier: Apache-2.0 */
/* What the hb keys commands share. */
#ifndef HB_CLI_KEYS_SHARED_H
#define HB_CLI_KEYS_SHARED_H

#include "cli/app.h"
#include "crypto/keyring.h"

#define HB_KEYS_GROUP "Keys"

/* keys/ of the workspace. */
HB_CHECKED hb_status hb_keys_dir(hb_app *app, const char **ret_dir, hb_error *err);
/* These keys of the ring, by id, in this order, as text or --json. n = 0: all of them. */
HB_CHECKED hb_status hb_view_keys(hb_app *app, const hb_keyring *ring, const char *const *ids,
                                  size_t n, hb_error *err);

extern const char *const hb_keys_algorithms[]; /* for an option: by hb_algorithm */

typedef struct hb_keys_new {
    hb_algorithm algorithm;
    const char *passphrase_file; /* NULL: systemd's credential, else asked for */
    bool no_passphrase;
} hb_keys_new;

/* A new pair called `name`, opened. The caller frees the signer. */
HB_CHECKED hb_status hb_keys_make(hb_app *app, const char *dir, const char *name,
                                  const hb_keys_new *how, hb_signer **ret_signer, hb_error *err);

/* app->store for writing where the workspace has a registry, else NULL. Before anything is done. */
HB_CHECKED hb_status hb_keys_registry(hb_app *app, hb_error *err);
/* What the ring says of the key now, into the log's queue; nothing without a registry. */
HB_CHECKED hb_status hb_keys_log(hb_app *app, const hb_keyring *ring, const char *id,
                                 hb_error *err);
/* A key revokes itself, people their own keys, admins all; without operators every key of the
 * workspace. HB_E_DENIED. */
HB_CHECKED hb_status hb_keys_may_revoke(hb_app *app, const char *id, const char *by, hb_error *err);

#endif
