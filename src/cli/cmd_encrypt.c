/* SPDX-License-Identifier: Apache-2.0 */
/* hb encrypt and hb decrypt: files for those who may read them. */
#include "cli/app.h"
#include "cli/commands.h"
#include "cli/sealing.h"
#include "cli/signing.h"

#include "base/json_write.h"
#include "export/sealed_pack.h"

#include <openssl/crypto.h>

typedef struct encrypt_opts {
    const char *out;
    hb_list encrypt_to;
    const char *passphrase_file;
} encrypt_opts;

typedef struct decrypt_opts {
    const char *out;
    const char *key;
    const char *passphrase_file;
} decrypt_opts;

static void tell(hb_app *app, const char *what, const char *in, const char *out, hb_sealed kind)
{
    const char *by = kind == HB_SEALED_CMS ? "cms" : "passphrase";
    if (app->common.json) {
        hb_json j;
        hb_json_init(&j, &app->out, HB_JSON_PRETTY);
        hb_json_obj(&j);
        hb_json_kc(&j, "format", "hb-encrypt/1");
        hb_json_kc(&j, "done", what);
        hb_json_kc(&j, "by", by);
        hb_json_kc(&j, "input", in);
        hb_json_kc(&j, "output", out);
        hb_json_end(&j);
        hb_buf_ch(&app->out, '\n');
    } else {
        hb_buf_c(&app->out, what);
        hb_buf_c(&app->out, ": ");
        hb_buf_shown(&app->out, out);
        hb_buf_ch(&app->out, '\n');
    }
}

static hb_status run_encrypt(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                             hb_error *err)
{
    const encrypt_opts *o = opts;
    hb_seal *seal = NULL;
    (void)ret_exit;
    if (!hb_path_exists(app->os, args.v[0])) { /* before a passphrase is asked for */
        return HB_FAIL(err, HB_E_INPUT, "cannot open '%s': there is no such file", args.v[0]);
    }
    hb_status status = hb_app_seal(app, o->encrypt_to, o->passphrase_file, o->out, &seal, err);
    status = status == HB_OK ? hb_seal_file(app->os, args.v[0], seal, err) : status;
    hb_seal_free(seal);
    if (status == HB_OK) {
        tell(app, "encrypted", args.v[0], o->out,
             o->encrypt_to.n ? HB_SEALED_CMS : HB_SEALED_PASSPHRASE);
    }
    return status;
}

static hb_status decrypt_by_passphrase(hb_app *app, const char *from, const decrypt_opts *o,
                                       const hb_passphrase *source, hb_error *err)
{
    char passphrase[HB_PASSPHRASE_MAX];
    HB_TRY(source->get(source->ctx, from, passphrase, sizeof passphrase, err));
    const hb_unseal_ask ask = {.passphrase = passphrase};
    hb_status status = hb_unseal_file(app->os, from, o->out, &ask, err);
    OPENSSL_cleanse(passphrase, sizeof passphrase);
    return status;
}

static hb_status run_decrypt(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                             hb_error *err)
{
    const decrypt_opts *o = opts;
    const char *from = args.v[0];
    const hb_passphrase_source source = {.os = app->os, .file = o->passphrase_file};
    const hb_passphrase passphrase = hb_passphrase_from(&source);
    hb_sealed kind = HB_SEALED_NOT;
    (void)ret_exit;
    HB_TRY(hb_sealed_kind_of_file(app->os, from, &kind, err));
    if (kind == HB_SEALED_PASSPHRASE) {
        HB_TRY(decrypt_by_passphrase(app, from, o, &passphrase, err));
    } else {
        const hb_unseal_ask ask = {.key = o->key, .key_passphrase = passphrase};
        HB_TRY(hb_unseal_file(app->os, from, o->out, &ask, err));
    }
    tell(app, "decrypted", from, o->out, kind);
    return HB_OK;
}

static const hb_opt encrypt_table[] = {
    {.name = "out",
     .letter = 'o',
     .kind = HB_OPT_STRING,
     .offset = offsetof(encrypt_opts, out),
     .arg = "FILE",
     .required = true,
     .help = "the encrypted file; must not exist"},
    HB_ENCRYPT_TO_OPT(encrypt_opts, encrypt_to),
    {.name = "passphrase-file",
     .kind = HB_OPT_STRING,
     .offset = offsetof(encrypt_opts, passphrase_file),
     .arg = "FILE",
     .help = "encrypts by this passphrase instead; neither given: asked for on the terminal"},
    {0},
};

static const hb_opt decrypt_table[] = {
    {.name = "out",
     .letter = 'o',
     .kind = HB_OPT_STRING,
     .offset = offsetof(decrypt_opts, out),
     .arg = "FILE",
     .required = true,
     .help = "what was encrypted; must not exist"},
    {.name = "key",
     .kind = HB_OPT_STRING,
     .offset = offsetof(decrypt_opts, key),
     .arg = "FILE",
     .help = "private key (PKCS#8) of one of the certificates it was encrypted to"},
    {.name = "passphrase-file",
     .kind = HB_OPT_STRING,
     .offset = offsetof(decrypt_opts, passphrase_file),
     .arg = "FILE",
     .help = "the file's passphrase, or the key's; default: asked for on the terminal"},
    {0},
};

const hb_cmd hb_cmd_encrypt = {
    .name = "encrypt",
    .group = "Evidence",
    .summary = "encrypt a file to certificates or by a passphrase",
    .opts = encrypt_table,
    .opts_size = sizeof(encrypt_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "FILE",
    .details = "To certificates: CMS with AES-256-GCM, which openssl cms -decrypt reads as\n"
               "well; at most 64 GiB. By a passphrase: AES-256-GCM in pieces under a key from\n"
               "scrypt, of any size. Either way a changed, cut or reordered byte shows when\n"
               "it is decrypted. The file that was encrypted stays as it is.\n"
               "\n"
               "Certificates are taken as they are given: whether they are the right\n"
               "people's is for you to know. Formats: docs/formats/encryption.md",
    .alone = true,
    .example = "hb encrypt monday.csv --passphrase-file pass.txt --out monday.csv.hbs",
    .run = run_encrypt,
};

const hb_cmd hb_cmd_decrypt = {
    .name = "decrypt",
    .group = "Evidence",
    .summary = "decrypt what hb encrypted",
    .opts = decrypt_table,
    .opts_size = sizeof(decrypt_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "FILE",
    .details = "What it needs follows from the file: the key of a certificate or a\n"
               "passphrase. Nothing is written unless every byte is as it was when it was\n"
               "encrypted; a wrong key or passphrase and a changed file are exit 12.",
    .alone = true,
    .example = "hb decrypt tuesday.csv.hbs --passphrase-file pass.txt --out again.csv",
    .run = run_decrypt,
};
