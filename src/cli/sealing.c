/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sealing.h"

#include "base/mem.h"
#include "cli/signing.h"
#include "crypto/cms.h"

#include <openssl/crypto.h>
#include <string.h>

static hb_status to_certificates(hb_app *app, hb_list paths, hb_seal_ask *ret, hb_error *err)
{
    hb_str *texts = hb_arena_array(&app->arena, HB_CMS_RECIPIENTS_MAX, sizeof *texts);
    if (!texts) {
        return HB_NOMEM(err);
    }
    if (paths.n > HB_CMS_RECIPIENTS_MAX) {
        return HB_FAIL(err, HB_E_USAGE, "--encrypt-to: %zu certificates, at most %d", paths.n,
                       HB_CMS_RECIPIENTS_MAX);
    }
    for (size_t i = 0; i < paths.n; i++) {
        char *text = NULL;
        size_t n = 0;
        HB_TRY(hb_file_read(app->os, paths.v[i], HB_PEM_MAX, &text, &n, err));
        texts[i] = (hb_str){hb_arena_strndup(&app->arena, text, n), n};
        hb_free(text);
        if (!texts[i].p) {
            return HB_NOMEM(err);
        }
    }
    *ret = (hb_seal_ask){.certificates = texts, .names = paths.v, .n_certificates = paths.n};
    return HB_OK;
}

static hb_status by_passphrase(hb_app *app, const char *passphrase_file, const char *what,
                               char passphrase[HB_PASSPHRASE_MAX], hb_seal_ask *ret, hb_error *err)
{
    bool given = false;
    const hb_passphrase_source source = {.os = app->os, .file = passphrase_file, .must = true};
    HB_TRY(hb_passphrase_new(&source, what, passphrase, &given, err));
    *ret = (hb_seal_ask){.passphrase = given ? passphrase : ""};
    return HB_OK;
}

hb_status hb_app_seal_ask(hb_app *app, hb_list encrypt_to, const char *passphrase_file,
                          const char *what, char passphrase[HB_PASSPHRASE_MAX], hb_seal_ask *ret,
                          hb_error *err)
{
    if (encrypt_to.n && passphrase_file) {
        return HB_FAIL(err, HB_E_USAGE,
                       "encrypted either to certificates (--encrypt-to) or by a passphrase, not by "
                       "both");
    }
    return encrypt_to.n ? to_certificates(app, encrypt_to, ret, err)
                        : by_passphrase(app, passphrase_file, what, passphrase, ret, err);
}

hb_status hb_app_seal(hb_app *app, hb_list encrypt_to, const char *passphrase_file,
                      const char *target, hb_seal **ret_seal, hb_error *err)
{
    char passphrase[HB_PASSPHRASE_MAX];
    hb_seal_ask ask = {0};
    hb_status status =
        hb_app_seal_ask(app, encrypt_to, passphrase_file, target, passphrase, &ask, err);
    status = status == HB_OK ? hb_seal_create(app->os, target, &ask, ret_seal, err) : status;
    OPENSSL_cleanse(passphrase, sizeof passphrase);
    return status;
}
