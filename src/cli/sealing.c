/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sealing.h"

#include "base/mem.h"
#include "cli/signing.h"
#include "crypto/cms.h"

#include <openssl/crypto.h>

static hb_status to_certificates(hb_app *app, hb_list paths, const char *target, hb_seal **ret_seal,
                                 hb_error *err)
{
    hb_str texts[HB_CMS_RECIPIENTS_MAX];
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
    const hb_seal_ask ask = {.certificates = texts, .names = paths.v, .n_certificates = paths.n};
    return hb_seal_create(app->os, target, &ask, ret_seal, err);
}

static hb_status by_passphrase(hb_app *app, const char *passphrase_file, const char *target,
                               hb_seal **ret_seal, hb_error *err)
{
    char passphrase[HB_PASSPHRASE_MAX];
    bool given = false;
    const hb_passphrase_source source = {.os = app->os, .file = passphrase_file};
    HB_TRY(hb_passphrase_new(&source, target, passphrase, &given, err));
    const hb_seal_ask ask = {.passphrase = given ? passphrase : ""};
    hb_status status = hb_seal_create(app->os, target, &ask, ret_seal, err);
    OPENSSL_cleanse(passphrase, sizeof passphrase);
    return status;
}

hb_status hb_app_seal(hb_app *app, hb_list encrypt_to, const char *passphrase_file,
                      const char *target, hb_seal **ret_seal, hb_error *err)
{
    if (encrypt_to.n && passphrase_file) {
        return HB_FAIL(err, HB_E_USAGE,
                       "encrypted either to certificates (--encrypt-to) or by a passphrase, not by "
                       "both");
    }
    return encrypt_to.n ? to_certificates(app, encrypt_to, target, ret_seal, err)
                        : by_passphrase(app, passphrase_file, target, ret_seal, err);
}
