/* SPDX-License-Identifier: Apache-2.0 */
/* Passphrases from a file, systemd or the terminal. Never from the command line, where every user
 * of the machine reads it, nor from a variable, which children inherit. */
#include "cli/prompt.h"
#include "cli/signing.h"

#include "base/mem.h"
#include "crypto/secret.h"

#include <openssl/crypto.h>
#include <string.h>

#define WHAT "passphrase file"

/* *ret_path = NULL when systemd gives none. */
static hb_status credential(const hb_os *os, char **ret_path, hb_error *err)
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    char *path = NULL;
    *ret_path = NULL;
    if (!dir || !*dir) {
        return HB_OK;
    }
    HB_TRY(hb_path_join(dir, "hb-passphrase", &path, err));
    if (hb_path_exists(os, path)) {
        *ret_path = path;
    } else {
        hb_free(path);
    }
    return HB_OK;
}

static hb_status from_somewhere(const hb_passphrase_source *s, char *ret, bool *ret_found,
                                hb_error *err)
{
    char *path = NULL;
    *ret_found = true;
    if (s->file) {
        return hb_secret_line(s->os, WHAT, s->file, ret, HB_PASSPHRASE_MAX, err);
    }
    HB_TRY(credential(s->os, &path, err));
    *ret_found = path != NULL;
    hb_status status =
        path ? hb_secret_line(s->os, WHAT, path, ret, HB_PASSPHRASE_MAX, err) : HB_OK;
    hb_free(path);
    return status;
}

static hb_status ask(const char *words, const char *what, char *ret, size_t room, hb_error *err)
{
    char question[300];
    snprintf(question, sizeof question, "%s for %.200s", words, what);
    return hb_prompt_secret(question, ret, room, err);
}

/* What a token asks for is named already. */
static bool is_pin(const char *what)
{
    return strncmp(what, "PIN ", 4) == 0;
}

static hb_status get(void *ctx, const char *what, char *ret, size_t room, hb_error *err)
{
    const hb_passphrase_source *s = ctx;
    bool found = false;
    HB_TRY(from_somewhere(s, ret, &found, err));
    if (found) {
        return HB_OK;
    }
    if (is_pin(what)) {
        return hb_prompt_can()
                   ? hb_prompt_secret(what, ret, room, err)
                   : HB_FAIL(err, HB_E_USAGE,
                             "the %.150s is wanted and there is no terminal to ask on: use "
                             "--passphrase-file FILE, pin-source in the key's URI, or systemd's "
                             "credential hb-passphrase",
                             what);
    }
    if (!hb_prompt_can()) {
        return HB_FAIL(err, HB_E_USAGE,
                       "'%s' wants a passphrase and there is no terminal to ask on: use "
                       "--passphrase-file FILE, or systemd's credential hb-passphrase",
                       what);
    }
    return ask("Passphrase", what, ret, room, err);
}

hb_passphrase hb_passphrase_from(const hb_passphrase_source *source)
{
    return (hb_passphrase){.get = get, .ctx = (void *)(uintptr_t)source};
}

hb_status hb_passphrase_new(const hb_passphrase_source *source, const char *what,
                            char ret[HB_PASSPHRASE_MAX], bool *ret_given, hb_error *err)
{
    char again[HB_PASSPHRASE_MAX];
    bool found = false;
    HB_TRY(from_somewhere(source, ret, &found, err));
    if (found) {
        *ret_given = true;
        return HB_OK;
    }
    if (!hb_prompt_can()) {
        return HB_FAIL(err, HB_E_USAGE,
                       "there is no terminal to ask for %s's passphrase on: use %s", what,
                       source->must ? "--passphrase-file FILE or --encrypt-to CERT.pem"
                                    : "--passphrase-file FILE, or --no-passphrase");
    }
    HB_TRY(ask(source->must ? "New passphrase" : "New passphrase (empty: none)", what, ret,
               HB_PASSPHRASE_MAX, err));
    if (!*ret) {
        *ret_given = false;
        return HB_OK;
    }
    hb_status status = ask("The same again", what, again, sizeof again, err);
    if (status == HB_OK && strcmp(again, ret) != 0) {
        status = HB_FAIL(err, HB_E_USAGE, "the two passphrases differ");
    }
    OPENSSL_cleanse(again, sizeof again);
    if (status != HB_OK) {
        OPENSSL_cleanse(ret, HB_PASSPHRASE_MAX);
        return status;
    }
    *ret_given = true;
    return HB_OK;
}
