/* SPDX-License-Identifier: Apache-2.0 */
/* What is done to keys stands in the log, where the workspace has a registry to bring it there. */
#include "cli/govern_shared.h"
#include "cli/keys_shared.h"

#include "base/mem.h"
#include "store/audit.h"

#include <string.h>

hb_status hb_keys_registry(hb_app *app, hb_error *err)
{
    const char *path = NULL;
    HB_TRY(hb_app_db_path(app, &path, err));
    return !app->store && hb_path_exists(app->os, path)
               ? hb_app_open_store(app, HB_STORE_WRITE, err)
               : HB_OK;
}

typedef struct said {
    const char *action;
    const hb_ring_key *key;
    const char *public_key;       /* PEM; "" = not here */
    const char *statement_sha256; /* of the envelope's file; "" = none */
} said;

/* In ascending order. */
static void members(void *ctx, hb_json *j)
{
    const said *s = ctx;
    hb_json_kc(j, "action", s->action);
    hb_json_kc(j, "algorithm",
               s->key->key ? hb_algorithm_name(hb_pubkey_algorithm(s->key->key)) : "");
    hb_json_kc(j, "name", s->key->name);
    hb_json_kc(j, "public_key", s->public_key);
    hb_json_kc(j, "reason", s->key->reason);
    hb_json_kc(j, "statement_sha256", s->statement_sha256);
    hb_json_kc(j, "successor", s->key->successor);
}

static hb_status digest_of_file(hb_app *app, const char *dir, const char *id, const char *ending,
                                char ret[HB_DIGEST_HEX], hb_error *err)
{
    const char *path = NULL;
    char *text = NULL;
    size_t n = 0;
    HB_TRY(hb_keyring_path(&app->arena, dir, id, ending, &path, err));
    HB_TRY(hb_file_read(app->os, path, 1 << 20, &text, &n, err));
    hb_status status = hb_digest_of(text, n, ret, err);
    hb_free(text);
    return status;
}

static hb_status put(hb_app *app, const hb_keyring *ring, const hb_ring_key *k, said *s,
                     hb_error *err)
{
    char digest[HB_DIGEST_HEX] = "";
    hb_buf pem;
    if (k->state == HB_KEY_ROTATED || k->state == HB_KEY_REVOKED) {
        HB_TRY(digest_of_file(app, ring->dir, k->id,
                              k->state == HB_KEY_ROTATED ? HB_KEY_HANDOVER_ENDING
                                                         : HB_KEY_REVOCATION_ENDING,
                              digest, err));
    }
    hb_buf_init(&pem, HB_PEM_MAX);
    if (k->key) {
        hb_pubkey_pem(k->key, &pem);
    }
    s->public_key = pem.p;
    s->statement_sha256 = digest;
    hb_status status = hb_buf_check(&pem, err);
    if (status == HB_OK) {
        status = hb_store_log(app->store, "key", k->id,
                              k->since == HB_TIME_NONE ? app->os->now() : k->since, k->by, members,
                              s, err);
    }
    hb_buf_release(&pem);
    return status;
}

hb_status hb_keys_log(hb_app *app, const hb_keyring *ring, const char *id, hb_error *err)
{
    static const char *const actions[HB_KEY_STATE_COUNT_] = {[HB_KEY_ACTIVE] = "made",
                                                             [HB_KEY_ROTATED] = "rotated",
                                                             [HB_KEY_REVOKED] = "revoked",
                                                             [HB_KEY_UNCLEAR] = ""};
    const hb_ring_key *k = hb_keyring_by_id(ring, id);
    if (!k || k->state == HB_KEY_UNCLEAR) {
        return HB_FAIL(err, HB_E_EVIDENCE, "key %.16s is not as it was just made: %s", id,
                       k ? k->wrong : "it is not there");
    }
    said s = {.action = actions[k->state], .key = k};
    if (!app->store) {
        return HB_OK;
    }
    hb_status status = put(app, ring, k, &s, err);
    return status == HB_OK ? HB_OK
                           : hb_error_prefix(err, "key %.16s is %s, but not logged", id, s.action);
}

/* --- who may --- */

hb_status hb_keys_may_revoke(hb_app *app, const char *id, const char *by, hb_error *err)
{
    hb_operators *o = NULL;
    const char *why = "";
    if (!app->store || strcmp(id, by) == 0) {
        return HB_OK;
    }
    HB_TRY(hb_app_operators(app, &o, err));
    if (!o) {
        return HB_OK;
    }
    hb_time now = app->os->now();
    const hb_operator *owner = hb_operators_by_key(o, id, now, &why);
    const hb_operator *signer = hb_operators_by_key(o, by, now, &why);
    bool own = owner && owner == signer && !*why;
    hb_status status = own ? HB_OK : hb_permit(o, HB_ACTION_KEYS, "*", by, now, NULL, err);
    hb_operators_free(o);
    return status;
}
