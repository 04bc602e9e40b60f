/* SPDX-License-Identifier: Apache-2.0 */
/* Keys on the command line: who signs, and whose signatures are believed. docs/keys.md
 *
 *     typedef struct x_opts { hb_signing_opts signing; hb_list trust; … } x_opts;
 *     static const hb_opt table[] = {HB_SIGN_OPTS(x_opts, signing), HB_TRUST_OPT(x_opts, trust), …
 *
 *     hb_app_signer(app, &o->signing, &signer, err)      … hb_signer_free(signer)
 *     hb_trust_add(&trust, app->os, o->trust.v[i], err)   evidence/verify_keys.h
 */
#ifndef HB_CLI_SIGNING_H
#define HB_CLI_SIGNING_H

#include "cli/app.h"
#include "crypto/key.h"

typedef struct hb_signing_opts {
    const char *key;
    const char *passphrase_file;
} hb_signing_opts;

#define HB_PASSPHRASE_OPT(type, member)                                                       \
    {                                                                                         \
        .name = "passphrase-file", .kind = HB_OPT_STRING, .offset = offsetof(type, member),   \
        .arg = "FILE",                                                                        \
        .help = "the key's passphrase or the token's PIN; default: asked for on the terminal" \
    }

#define HB_SIGN_OPTS(type, member)                                                          \
    {.name = "key",                                                                         \
     .kind = HB_OPT_STRING,                                                                 \
     .offset = offsetof(type, member.key),                                                  \
     .arg = "KEY",                                                                          \
     .env = "HB_KEY",                                                                       \
     .help = "signs: a name in keys/, a file, agent:… or pkcs11:…; default: keys/default"}, \
        HB_PASSPHRASE_OPT(type, member.passphrase_file)

#define HB_TRUST_OPT(type, member)                                                             \
    {                                                                                          \
        .name = "trust", .kind = HB_OPT_LIST, .offset = offsetof(type, member), .arg = "FILE", \
        .one_each = true, .help = "public keys (.pub) whose signatures are believed"           \
    }

/* The key that signs: --key, else $HB_KEY, else the workspace's keys/default. A key that the
 * workspace knows as rotated or revoked is HB_E_DENIED. What is asked for on the terminal is asked
 * here. The caller frees it. */
HB_CHECKED hb_status hb_app_signer(hb_app *app, const hb_signing_opts *o, hb_signer **ret_signer,
                                   hb_error *err);
/* Is there a key to sign with, were one asked for? For what is signed when it can be. */
bool hb_app_has_signer(hb_app *app, const hb_signing_opts *o);

/* Where a passphrase comes from: the file (NULL = none given; refused when others may read it),
 * else the credential hb-passphrase of systemd
 * ($CREDENTIALS_DIRECTORY), else a terminal, without echo. One line, its end not part of it. */
typedef struct hb_passphrase_source {
    const hb_os *os;
    const char *file;
    bool must; /* there is no going without one, as when a file is encrypted */
} hb_passphrase_source;

hb_passphrase hb_passphrase_from(const hb_passphrase_source *source);
/* For a key that is made: asked twice on a terminal. *ret_given = false: an empty answer, no
 * passphrase wanted. HB_E_USAGE when there is nowhere to get one from. The caller wipes ret. */
HB_CHECKED hb_status hb_passphrase_new(const hb_passphrase_source *source, const char *what,
                                       char ret[HB_PASSPHRASE_MAX], bool *ret_given, hb_error *err);

#endif
