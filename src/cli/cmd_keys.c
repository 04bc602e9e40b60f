/* SPDX-License-Identifier: Apache-2.0 */
/* hb keys generate, list, public: keys that sign. Taking them back: cmd_keys_end.c. */
#include "cli/commands.h"
#include "cli/keys_shared.h"
#include "cli/signing.h"

#include <openssl/crypto.h>
#include <string.h>

const char *const hb_keys_algorithms[] = {
    [HB_ALGORITHM_ED25519] = "ed25519", [HB_ALGORITHM_ECDSA_P384] = "ecdsa-p384", NULL};

/* --- generate --- */

typedef struct generate_opts {
    const char *passphrase_file;
    int algorithm;
    bool no_passphrase;
    bool is_default;
} generate_opts;

static hb_status give(void *ctx, const char *what, char *ret, size_t room, hb_error *err)
{
    (void)what;
    (void)err;
    hb_str_fit(ctx, ret, room);
    return HB_OK;
}

/* Written, and read again, which shows that it can be. */
static hb_status make(hb_app *app, const char *path, const hb_keys_new *how, hb_signer **ret_signer,
                      hb_error *err)
{
    char passphrase[HB_PASSPHRASE_MAX] = "";
    bool given = false;
    const hb_passphrase_source source = {.os = app->os, .file = how->passphrase_file};
    const hb_signer_ask ask = {.os = app->os, .key = path, .passphrase = {give, passphrase}};
    if (!how->no_passphrase) {
        HB_TRY(hb_passphrase_new(&source, path, passphrase, &given, err));
    }
    hb_status status =
        hb_key_generate(app->os, how->algorithm, path, given ? passphrase : NULL, err);
    status = status == HB_OK ? hb_signer_open(&ask, ret_signer, err) : status;
    OPENSSL_cleanse(passphrase, sizeof passphrase);
    return status;
}

hb_status hb_keys_make(hb_app *app, const char *dir, const char *name, const hb_keys_new *how,
                       hb_signer **ret_signer, hb_error *err)
{
    const char *path = NULL;
    HB_TRY(hb_key_name_check(name, err));
    if (how->no_passphrase && how->passphrase_file) {
        return HB_FAIL(err, HB_E_USAGE, "a passphrase is given, and --no-passphrase");
    }
    HB_TRY(hb_keyring_path(&app->arena, dir, name, ".pem", &path, err));
    if (hb_path_exists(app->os, path)) { /* before anybody thinks of a passphrase */
        return HB_FAIL(err, HB_E_USAGE, "key '%s' exists already: '%s'", name, path);
    }
    HB_TRY(hb_dir_make(app->os, dir, err));
    return make(app, path, how, ret_signer, err);
}

static hb_status make_default(hb_app *app, const char *dir, const char *name, bool wanted,
                              hb_error *err)
{
    hb_keyring ring;
    HB_TRY(hb_keyring_load(app->os, dir, &ring, err));
    bool first = !*ring.default_name;
    hb_keyring_release(&ring);
    return wanted || first ? hb_keyring_set_default(app->os, dir, name, err) : HB_OK;
}

static hb_status tell_made(hb_app *app, const char *dir, const char *id, hb_error *err)
{
    hb_keyring ring;
    HB_TRY(hb_keyring_load(app->os, dir, &ring, err));
    hb_status status = hb_keys_log(app, &ring, id, err);
    status = status == HB_OK ? hb_view_keys(app, &ring, &id, 1, err) : status;
    hb_keyring_release(&ring);
    return status;
}

static hb_status run_generate(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                              hb_error *err)
{
    const generate_opts *o = opts;
    const hb_keys_new how = {.algorithm = (hb_algorithm)o->algorithm,
                             .passphrase_file = o->passphrase_file,
                             .no_passphrase = o->no_passphrase};
    const char *dir = NULL;
    const char *name = args.v[0];
    hb_signer *made = NULL;
    (void)ret_exit;
    HB_TRY(hb_keys_dir(app, &dir, err));
    HB_TRY(hb_keys_registry(app, err));
    HB_TRY(hb_keys_make(app, dir, name, &how, &made, err));
    hb_status status = make_default(app, dir, name, o->is_default, err);
    if (status == HB_OK) {
        hb_say(app, "made %s/%s.pem; give away %s.pub beside it, and nothing else", dir, name,
               name);
        status = tell_made(app, dir, hb_pubkey_id(hb_signer_public(made)), err);
    }
    hb_signer_free(made);
    return status;
}

static const hb_opt generate_table[] = {
    {.name = "algorithm",
     .kind = HB_OPT_ENUM,
     .offset = offsetof(generate_opts, algorithm),
     .values = hb_keys_algorithms,
     .help = "of the key; ed25519 unless your rules ask for NIST curves"},
    HB_PASSPHRASE_OPT(generate_opts, passphrase_file),
    {.name = "no-passphrase",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(generate_opts, no_passphrase),
     .help = "keep the key in the clear: for services that sign unattended"},
    {.name = "default",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(generate_opts, is_default),
     .help = "sign with it unless --key says otherwise, as with the first key"},
    {0},
};

const hb_cmd hb_cmd_keys_generate = {
    .name = "keys generate",
    .group = HB_KEYS_GROUP,
    .summary = "make a key to sign with",
    .opts = generate_table,
    .opts_size = sizeof(generate_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "NAME",
    .details = "Makes keys/NAME.pem, the private half (PKCS#8, mode 0600; encrypted with AES-256\n"
               "when there is a passphrase, which is asked for on the terminal), and\n"
               "keys/NAME.pub, the public half, for those who verify. openssl reads both.\n"
               "\n"
               "A key is called by its id, the SHA-256 of its public half; the name is yours\n"
               "alone. Who a key belongs to is said in operators.yaml, not here.",
    .example = "hb keys generate ada --no-passphrase",
    .run = run_generate,
};

/* --- list --- */

static hb_status run_list(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    const char *dir = NULL;
    hb_keyring ring;
    (void)opts;
    (void)args;
    (void)ret_exit;
    HB_TRY(hb_keys_dir(app, &dir, err));
    HB_TRY(hb_keyring_load(app->os, dir, &ring, err));
    if (!ring.n) {
        hb_say(app, "no keys yet; hb keys generate NAME makes one");
    }
    hb_status status = hb_view_keys(app, &ring, NULL, 0, err);
    hb_keyring_release(&ring);
    return status;
}

const hb_cmd hb_cmd_keys_list = {
    .name = "keys list",
    .group = HB_KEYS_GROUP,
    .summary = "the keys of the workspace, and what became of them",
    .details = "A key is active, rotated (it handed over to its successor), revoked, or\n"
               "unclear: something is said about it that does not verify, and it is not used\n"
               "to sign with until that is settled.",
    .example = "hb keys list",
    .run = run_list,
};

/* --- public --- */

typedef struct public_opts {
    hb_signing_opts signing;
} public_opts;

static hb_status run_public(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const public_opts *o = opts;
    hb_signer *s = NULL;
    (void)args;
    (void)ret_exit;
    HB_TRY(hb_app_signer(app, &o->signing, &s, err));
    hb_pubkey_pem(hb_signer_public(s), &app->out);
    hb_signer_free(s);
    return HB_OK;
}

static const hb_opt public_table[] = {
    HB_SIGN_OPTS(public_opts, signing),
    {0},
};

const hb_cmd hb_cmd_keys_public = {
    .name = "keys public",
    .group = HB_KEYS_GROUP,
    .summary = "the public half of the key that would sign",
    .opts = public_table,
    .opts_size = sizeof(public_opts),
    .text_only = true,
    .details = "PEM, as operators.yaml and --trust take it: for keys in ssh-agent and on\n"
               "tokens, which have no .pub file.",
    .example = "hb keys public",
    .run = run_public,
};
