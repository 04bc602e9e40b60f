/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sealing.h"

#include "base/mem.h"
#include "cli/signing.h"
#include "crypto/cms.h"
#include "os/file.h"
#include "os/fresh.h"
#include "os/writing.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/statfs.h>

#define MEMORY "/dev/shm"

enum { PORTION = 256 << 10, TMPFS = 0x01021994 };

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
    const hb_passphrase_source source = {.os = app->os, .file = passphrase_file, .must = true};
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

static hb_status in_memory(hb_error *err)
{
    struct statfs fs;
    if (statfs(MEMORY, &fs) != 0 || fs.f_type != TMPFS) {
        return HB_FAIL(err, HB_E_IO,
                       "encrypting needs " MEMORY " in memory, so that nothing readable comes onto "
                       "a disk; export without encryption and use hb encrypt where that is no "
                       "matter");
    }
    return HB_OK;
}

hb_status hb_app_plain_begin(hb_app *app, hb_plain *ret, hb_error *err)
{
    hb_plain p = {0};
    HB_TRY(in_memory(err));
    hb_hold_signals(&p.before);
    hb_status status = hb_fresh_folder(app->os, MEMORY "/hb", &p.folder, &p.lock, err);
    if (status != HB_OK) {
        hb_let_signals(&p.before);
        return status;
    }
    status = hb_path_join(p.folder, "pack", &p.path, err);
    if (status != HB_OK) {
        hb_app_plain_end(app, &p);
        return status;
    }
    *ret = p;
    return HB_OK;
}

void hb_app_plain_end(hb_app *app, hb_plain *p)
{
    HB_IGNORE(hb_dir_remove(app->os, p->folder, NULL)); /* memory; there is nobody to tell */
    app->os->close(p->lock);
    hb_let_signals(&p->before);
    hb_free(p->folder);
    hb_free(p->path);
}

hb_status hb_app_seal_file(hb_app *app, const char *path, hb_seal *seal, hb_error *err)
{
    int fd = app->os->open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);
    if (fd < 0) {
        return HB_FAIL(err, HB_E_INPUT, "cannot open '%s': %s", path, strerror(errno));
    }
    char *portion = hb_alloc(PORTION);
    hb_status status = portion ? HB_OK : HB_NOMEM(err);
    while (status == HB_OK) {
        ssize_t n = app->os->read(fd, portion, PORTION);
        if (n > 0) {
            status = hb_seal_add(seal, portion, (size_t)n, err);
        } else if (n == 0) {
            break;
        } else if (errno != EINTR) {
            status = HB_FAIL(err, HB_E_INPUT, "cannot read '%s': %s", path, strerror(errno));
        }
    }
    if (portion) {
        OPENSSL_cleanse(portion, PORTION);
    }
    hb_free(portion);
    app->os->close(fd);
    return status == HB_OK ? hb_seal_finish(seal, err) : status;
}
