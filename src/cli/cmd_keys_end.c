/* SPDX-License-Identifier: Apache-2.0 */
/* hb keys rotate, revoke: keys that sign no more. */
#include "cli/commands.h"
#include "cli/keys_shared.h"
#include "cli/signing.h"

#include "base/num.h"

#include <string.h>

/* One of the folder's own, whatever became of it. */
static hb_status open_own(hb_app *app, const hb_keyring *ring, const hb_ring_key *k,
                          const char *passphrase_file, hb_signer **ret, hb_error *err)
{
    const hb_passphrase_source source = {.os = app->os, .file = passphrase_file};
    hb_signer_ask ask = {.os = app->os, .passphrase = hb_passphrase_from(&source)};
    HB_TRY(hb_keyring_path(&app->arena, ring->dir, k->name, ".pem", &ask.key, err));
    HB_TRY(hb_signer_open(&ask, ret, err));
    if (strcmp(hb_pubkey_id(hb_signer_public(*ret)), k->id) != 0) {
        hb_signer_free(*ret);
        *ret = NULL;
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' and '%s.pub' are halves of different keys",
                       ask.key, k->name);
    }
    return HB_OK;
}

/* What became of them, from the folder as it is now: into the log, and shown. */
static hb_status tell(hb_app *app, const char *dir, const char *const *ids, size_t n, hb_error *err)
{
    hb_keyring ring;
    HB_TRY(hb_keyring_load(app->os, dir, &ring, err));
    hb_status status = HB_OK;
    for (size_t i = n; i > 0 && status == HB_OK; i--) { /* a successor before it takes over */
        status = hb_keys_log(app, &ring, ids[i - 1], err);
    }
    status = status == HB_OK ? hb_view_keys(app, &ring, ids, n, err) : status;
    hb_keyring_release(&ring);
    return status;
}

/* --- rotate --- */

typedef struct rotate_opts {
    const char *to;
    const char *reason;
    const char *passphrase_file;
    const char *new_passphrase_file;
    int algorithm;
    bool no_passphrase;
} rotate_opts;

/* "ada", "ada-2", "ada-3" …: the first behind `name` that is free. */
static hb_status next_name(hb_app *app, const hb_keyring *ring, const char *name,
                           const char **ret_name, hb_error *err)
{
    char next[HB_KEY_NAME_MAX + 16];
    size_t stem = strlen(name);
    int64_t number = 1;
    const char *dash = strrchr(name, '-');
    if (dash && dash[1] != '0' && strlen(dash) < 6 &&
        hb_num_parse_i64(dash + 1, strlen(dash + 1), &number)) {
        stem = (size_t)(dash - name);
    } else {
        number = 1;
    }
    do {
        number++;
        snprintf(next, sizeof next, "%.*s-%lld", (int)stem, name, (long long)number);
    } while (hb_keyring_by_name(ring, next));
    *ret_name = hb_arena_str(&app->arena, hb_str_of(next));
    return *ret_name ? hb_key_name_check(next, err) : HB_NOMEM(err);
}

static hb_status check_can_rotate(const hb_keyring *ring, const hb_ring_key *k, hb_error *err)
{
    if (k->state != HB_KEY_ACTIVE) {
        return HB_FAIL(err, HB_E_DENIED, "key '%s' is %s%s%s and hands over to nobody", k->name,
                       hb_key_state_name(k->state), *k->wrong ? ": " : "", k->wrong);
    }
    return k->has_private ? HB_OK
                          : HB_FAIL(err, HB_E_USAGE,
                                    "of key '%s' only the public half is in '%s': make a new one "
                                    "and revoke this",
                                    k->name, ring->dir);
}

/* The old key signs before the new one is told of anywhere: whatever ends the program in between
 * leaves a key nobody knows yet, never one that cannot be used any more without a successor. */
static hb_status hand_over(hb_app *app, const hb_keyring *ring, const hb_ring_key *old,
                           const char *name, const rotate_opts *o, const char **ret_new_id,
                           hb_error *err)
{
    const hb_keys_new how = {.algorithm = (hb_algorithm)o->algorithm,
                             .passphrase_file = o->new_passphrase_file,
                             .no_passphrase = o->no_passphrase};
    hb_signer *from = NULL;
    hb_signer *to = NULL;
    HB_TRY(open_own(app, ring, old, o->passphrase_file, &from, err));
    hb_status status = hb_keys_make(app, ring->dir, name, &how, &to, err);
    if (status == HB_OK) {
        status = hb_key_hand_over(app->os, ring->dir, from, to, name, o->reason ? o->reason : "",
                                  app->os->now(), err);
    }
    if (status == HB_OK && old->is_default) {
        status = hb_keyring_set_default(app->os, ring->dir, name, err);
    }
    if (status == HB_OK) {
        *ret_new_id = hb_arena_str(&app->arena, hb_str_of(hb_pubkey_id(hb_signer_public(to))));
        status = *ret_new_id ? HB_OK : HB_NOMEM(err);
    }
    hb_signer_free(from);
    hb_signer_free(to);
    return status;
}

static hb_status run_rotate(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const rotate_opts *o = opts;
    const char *dir = NULL;
    const char *name = o->to;
    const char *ids[2] = {NULL, NULL};
    const hb_ring_key *old = NULL;
    hb_keyring ring;
    (void)ret_exit;
    HB_TRY(hb_keys_dir(app, &dir, err));
    HB_TRY(hb_keys_registry(app, err));
    HB_TRY(hb_keyring_load(app->os, dir, &ring, err));
    hb_status status = hb_keyring_find(&ring, args.v[0], &old, err);
    status = status == HB_OK ? check_can_rotate(&ring, old, err) : status;
    if (status == HB_OK && !name) {
        status = next_name(app, &ring, old->name, &name, err);
    }
    if (status == HB_OK) {
        ids[0] = hb_arena_str(&app->arena, hb_str_of(old->id));
        status = ids[0] ? hand_over(app, &ring, old, name, o, &ids[1], err) : HB_NOMEM(err);
    }
    if (status == HB_OK) {
        hb_say(app, "%s hands over to %s; give away %s/%s.pub and %s%s", old->name, name, dir, name,
               ids[0], ".handover.dsse.json");
    }
    hb_keyring_release(&ring);
    HB_TRY(status);
    return tell(app, dir, ids, 2, err);
}

static const hb_opt rotate_table[] = {
    {.name = "to",
     .kind = HB_OPT_STRING,
     .offset = offsetof(rotate_opts, to),
     .arg = "NAME",
     .help = "name of the new key; default: the old one's with -2, -3 …"},
    {.name = "reason",
     .kind = HB_OPT_STRING,
     .offset = offsetof(rotate_opts, reason),
     .arg = "TEXT",
     .help = "why, kept with the statement"},
    {.name = "algorithm",
     .kind = HB_OPT_ENUM,
     .offset = offsetof(rotate_opts, algorithm),
     .values = hb_keys_algorithms,
     .help = "of the new key"},
    HB_PASSPHRASE_OPT(rotate_opts, passphrase_file),
    {.name = "new-passphrase-file",
     .kind = HB_OPT_STRING,
     .offset = offsetof(rotate_opts, new_passphrase_file),
     .arg = "FILE",
     .help = "passphrase of the new key"},
    {.name = "no-passphrase",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(rotate_opts, no_passphrase),
     .help = "keep the new key in the clear"},
    {0},
};

const hb_cmd hb_cmd_keys_rotate = {
    .name = "keys rotate",
    .group = HB_KEYS_GROUP,
    .summary = "a new key takes over from an old one",
    .opts = rotate_table,
    .opts_size = sizeof(rotate_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "NAME",
    .details = "Makes a new key and a statement, signed by both, that it signs in the old one's\n"
               "place (keys/ID.handover.dsse.json). hb signs with the old key no more. What it\n"
               "signed before stays valid: who verifies trusts both keys, or follows the\n"
               "statement. Was the old key the default, the new one becomes it.\n"
               "\n"
               "A key that may be known to others is not rotated but revoked.",
    .example = "hb keys rotate kim --no-passphrase --reason yearly",
    .run = run_rotate,
};

/* --- revoke --- */

typedef struct revoke_opts {
    hb_signing_opts signing;
    const char *reason;
} revoke_opts;

/* A key that is not here is revoked by its whole id. */
static hb_status find_revoked(const hb_keyring *ring, const char *what, const hb_ring_key *absent,
                              const hb_ring_key **ret, hb_error *err)
{
    const bool is_id = strlen(what) == 64 && strspn(what, "0123456789abcdef") == 64;
    if (is_id && !hb_keyring_by_id(ring, what)) {
        *ret = absent;
        return HB_OK;
    }
    HB_TRY(hb_keyring_find(ring, what, ret, err));
    return (*ret)->state == HB_KEY_REVOKED
               ? HB_FAIL(err, HB_E_USAGE, "key '%s' is revoked already", what)
               : HB_OK;
}

/* By the key itself where it is here and no other was named. */
static hb_status open_revoker(hb_app *app, const hb_keyring *ring, const hb_ring_key *k,
                              const hb_signing_opts *o, hb_signer **ret, hb_error *err)
{
    return k->has_private && !o->key ? open_own(app, ring, k, o->passphrase_file, ret, err)
                                     : hb_app_signer(app, o, ret, err);
}

/* Whoever reads the folder must know the key that signed. */
static hb_status check_known(const hb_keyring *ring, const hb_signer *by, hb_error *err)
{
    const char *id = hb_pubkey_id(hb_signer_public(by));
    return hb_keyring_by_id(ring, id)
               ? HB_OK
               : HB_FAIL(err, HB_E_DENIED,
                         "key %.16s… is not of this workspace, and its word about others counts "
                         "for nothing here: put its public half into '%s' first",
                         id, ring->dir);
}

static hb_status run_revoke(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const revoke_opts *o = opts;
    const char *dir = NULL;
    const char *id = NULL;
    const hb_ring_key absent = {.name = "", .id = args.v[0]};
    const hb_ring_key *k = NULL;
    hb_signer *by = NULL;
    hb_keyring ring;
    (void)ret_exit;
    HB_TRY(hb_keys_dir(app, &dir, err));
    HB_TRY(hb_keys_registry(app, err));
    HB_TRY(hb_keyring_load(app->os, dir, &ring, err));
    hb_status status = *o->reason ? HB_OK : HB_FAIL(err, HB_E_USAGE, "--reason is empty");
    status = status == HB_OK ? find_revoked(&ring, args.v[0], &absent, &k, err) : status;
    status = status == HB_OK ? open_revoker(app, &ring, k, &o->signing, &by, err) : status;
    status = status == HB_OK ? check_known(&ring, by, err) : status;
    if (status == HB_OK) {
        status = hb_keys_may_revoke(app, k->id, hb_pubkey_id(hb_signer_public(by)), err);
    }
    if (status == HB_OK) {
        id = hb_arena_str(&app->arena, hb_str_of(k->id));
        status = id ? hb_key_revoke(app->os, dir, id, k->name, by, o->reason, app->os->now(), err)
                    : HB_NOMEM(err);
    }
    hb_signer_free(by);
    hb_keyring_release(&ring);
    HB_TRY(status);
    hb_say(app, "revoked; who trusts this key must be told: %s/%s.revocation.dsse.json", dir, id);
    return tell(app, dir, &id, 1, err);
}

static const hb_opt revoke_table[] = {
    {.name = "reason",
     .kind = HB_OPT_STRING,
     .offset = offsetof(revoke_opts, reason),
     .arg = "TEXT",
     .required = true,
     .help = "why"},
    HB_SIGN_OPTS(revoke_opts, signing),
    {0},
};

const hb_cmd hb_cmd_keys_revoke = {
    .name = "keys revoke",
    .group = HB_KEYS_GROUP,
    .summary = "say that a key is to be believed no more",
    .opts = revoke_table,
    .opts_size = sizeof(revoke_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "NAME|ID",
    .details = "Signed by the key itself, or by another of the workspace (--key) when it is\n"
               "lost. Kept as keys/ID.revocation.dsse.json. hb signs with the key no more. A\n"
               "revocation is not taken back.\n"
               "\n"
               "What others believe is theirs to say: the key's entry in operators.yaml needs\n"
               "its revocation too, and auditors who were given the public half are told.",
    .example = "hb keys revoke kim --reason \"laptop stolen\"",
    .run = run_revoke,
};
