/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/signing.h"

#include "base/mem.h"
#include "crypto/keyring.h"

#include <string.h>

static bool is_elsewhere(const char *key)
{
    return strncmp(key, "agent:", 6) == 0 || strncmp(key, "pkcs11:", 7) == 0;
}

static hb_status default_key(const hb_keyring *ring, const char **ret_name, hb_error *err)
{
    if (!*ring->default_name) {
        return HB_FAIL(err, HB_E_USAGE,
                       "there is no key to sign with: give --key KEY, or make one with hb keys "
                       "generate NAME");
    }
    if (!hb_keyring_by_name(ring, ring->default_name)) {
        return HB_FAIL(err, HB_E_CONFIG, "'%s/default' names '%.80s', which is no key there",
                       ring->dir, ring->default_name);
    }
    *ret_name = ring->default_name;
    return HB_OK;
}

/* What --key means: a name in keys/ before a file. In the application's arena. */
static hb_status find(hb_app *app, const hb_signing_opts *o, const hb_keyring *ring,
                      const char **ret_key, hb_error *err)
{
    const char *name = o->key;
    if (!name) {
        HB_TRY(default_key(ring, &name, err));
    } else if (is_elsewhere(name) || !hb_keyring_by_name(ring, name)) {
        if (!is_elsewhere(name) && !hb_path_exists(app->os, name)) {
            return HB_FAIL(err, HB_E_USAGE,
                           "there is no key '%.80s' in '%s' and no such file; see hb keys list",
                           name, ring->dir);
        }
        *ret_key = name;
        return HB_OK;
    }
    const hb_ring_key *k = hb_keyring_by_name(ring, name);
    if (!k->has_private) {
        return HB_FAIL(err, HB_E_USAGE,
                       "of key '%s' only the public half is in '%s': say where it signs with --key",
                       name, ring->dir);
    }
    return hb_keyring_path(&app->arena, ring->dir, name, ".pem", ret_key, err);
}

/* Signing with it would be noticed when somebody verifies; better now. */
static hb_status check_state(const hb_keyring *ring, const hb_pubkey *key, hb_error *err)
{
    char at[HB_TIME_TEXT];
    const hb_ring_key *k = hb_keyring_by_id(ring, hb_pubkey_id(key));
    if (!k || k->state == HB_KEY_ACTIVE) {
        return HB_OK;
    }
    if (k->state == HB_KEY_UNCLEAR) {
        return HB_FAIL(err, HB_E_EVIDENCE, "key '%s' is not used: %s", k->name, k->wrong);
    }
    hb_time_print(k->since, at);
    if (k->state == HB_KEY_REVOKED) {
        return HB_FAIL(err, HB_E_DENIED, "key '%s' was revoked on %s: %s", k->name, at,
                       *k->reason ? k->reason : "no reason given");
    }
    const hb_ring_key *next = hb_keyring_by_id(ring, k->successor);
    return HB_FAIL(err, HB_E_DENIED, "key '%s' was handed over to '%s' on %s: use that one",
                   k->name, next ? next->name : k->successor, at);
}

static hb_status open_signer(hb_app *app, const hb_signing_opts *o, const hb_keyring *ring,
                             hb_signer **ret_signer, hb_error *err)
{
    /* As long as the signer: a token's key may ask again for each signature. */
    hb_passphrase_source *source = hb_arena_alloc(&app->arena, sizeof *source);
    hb_signer *s = NULL;
    if (!source) {
        return HB_NOMEM(err);
    }
    *source = (hb_passphrase_source){.os = app->os, .file = o->passphrase_file};
    hb_signer_ask ask = {.os = app->os, .passphrase = hb_passphrase_from(source)};
    HB_TRY(find(app, o, ring, &ask.key, err));
    HB_TRY(hb_signer_open(&ask, &s, err));
    hb_status status = check_state(ring, hb_signer_public(s), err);
    if (status != HB_OK) {
        hb_signer_free(s);
        return status;
    }
    *ret_signer = s;
    return HB_OK;
}

static hb_status load_ring(hb_app *app, hb_keyring *ret, hb_error *err)
{
    const char *dir = NULL;
    HB_TRY(hb_app_path(app, NULL, "keys", &dir, err));
    return hb_keyring_load(app->os, dir, ret, err);
}

hb_status hb_app_signer(hb_app *app, const hb_signing_opts *o, hb_signer **ret_signer,
                        hb_error *err)
{
    hb_keyring ring;
    HB_TRY(load_ring(app, &ring, err));
    hb_status status = open_signer(app, o, &ring, ret_signer, err);
    hb_keyring_release(&ring);
    return status;
}

bool hb_app_has_signer(hb_app *app, const hb_signing_opts *o)
{
    const char *path = NULL;
    return o->key || (hb_app_path(app, NULL, "keys/default", &path, NULL) == HB_OK &&
                      hb_path_exists(app->os, path));
}
