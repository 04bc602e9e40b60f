/* SPDX-License-Identifier: Apache-2.0 */
/* Passphrases from a file, systemd or the terminal. Never from the command line, where every user
 * of the machine reads it, nor from a variable, which children inherit. */
#include "cli/prompt.h"
#include "cli/signing.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>

/* Up to and with one line end, which goes; what comes behind it is an error. */
static hb_status one_line(const char *path, char *p, size_t n, hb_error *err)
{
    char *end = memchr(p, '\n', n);
    size_t line = end ? (size_t)(end - p) : n;
    if (end && line + 1 != n) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' holds more than one line, expected a passphrase",
                       path);
    }
    if (line && p[line - 1] == '\r') {
        line--;
    }
    if (line == 0 || line >= HB_PASSPHRASE_MAX || memchr(p, '\0', line)) {
        return HB_FAIL(err, HB_E_INPUT,
                       "'%s' holds no passphrase: expected a line of 1 to %d bytes", path,
                       HB_PASSPHRASE_MAX - 1);
    }
    p[line] = '\0';
    return HB_OK;
}

static hb_status look(const hb_os *os, int fd, const char *path, hb_error *err)
{
    struct stat st;
    if (os->fstat(fd, &st) != 0) {
        return HB_FAIL(err, HB_E_INPUT, "cannot look at '%s': %s", path, strerror(errno));
    }
    unsigned closed = st.st_uid == 0 && st.st_gid == 0 ? 037u : 077u; /* as signer_file.c */
    if (S_ISREG(st.st_mode) && (st.st_mode & closed)) {
        return HB_FAIL(err, HB_E_INPUT,
                       "'%s' can be read or written by others (mode %04o): chmod 600 it", path,
                       (unsigned)(st.st_mode & 07777));
    }
    return HB_OK;
}

static hb_status from_file(const hb_os *os, const char *path, char *ret, hb_error *err)
{
    char text[HB_PASSPHRASE_MAX + 2];
    size_t n = 0;
    int fd = os->open(path, O_RDONLY | O_NOCTTY, 0);
    if (fd < 0) {
        return HB_FAIL(err, HB_E_INPUT, "cannot open the passphrase's file '%s': %s", path,
                       strerror(errno));
    }
    hb_status status = look(os, fd, path, err);
    while (status == HB_OK && n < sizeof text) {
        ssize_t got = os->read(fd, text + n, sizeof text - n);
        if (got == 0) {
            break;
        }
        if (got > 0) {
            n += (size_t)got;
        } else if (errno != EINTR) {
            status = HB_FAIL(err, HB_E_INPUT, "cannot read '%s': %s", path, strerror(errno));
        }
    }
    os->close(fd);
    if (status == HB_OK && n == sizeof text) {
        status = HB_FAIL(err, HB_E_INPUT, "'%s' holds more than a passphrase of %d bytes", path,
                         HB_PASSPHRASE_MAX - 1);
    }
    status = status == HB_OK ? one_line(path, text, n, err) : status;
    if (status == HB_OK) {
        memcpy(ret, text, strlen(text) + 1);
    }
    OPENSSL_cleanse(text, sizeof text);
    return status;
}

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
        return from_file(s->os, s->file, ret, err);
    }
    HB_TRY(credential(s->os, &path, err));
    *ret_found = path != NULL;
    hb_status status = path ? from_file(s->os, path, ret, err) : HB_OK;
    hb_free(path);
    return status;
}

static hb_status ask(const char *words, const char *what, char *ret, size_t room, hb_error *err)
{
    char question[300];
    snprintf(question, sizeof question, "%s for %.200s", words, what);
    return hb_prompt_secret(question, ret, room, err);
}

static hb_status get(void *ctx, const char *what, char *ret, size_t room, hb_error *err)
{
    const hb_passphrase_source *s = ctx;
    bool found = false;
    HB_TRY(from_somewhere(s, ret, &found, err));
    if (found) {
        return HB_OK;
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
                       "there is no terminal to ask for %s's passphrase on: use --passphrase-file "
                       "FILE, or --no-passphrase",
                       what);
    }
    HB_TRY(ask("New passphrase (empty: none)", what, ret, HB_PASSPHRASE_MAX, err));
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
