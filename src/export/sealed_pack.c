/* SPDX-License-Identifier: Apache-2.0 */
#include "export/sealed_pack.h"

#include "base/mem.h"
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

/* A folder in memory that only this user has; `path` is a name in it that does not exist. Signals
 * that end the program wait until it is gone; what kill -9 leaves goes with the next one. */
typedef struct plain {
    char *folder;
    int lock; /* of the folder: it does not stay when this process is killed (os/fresh.h) */
    char *path;
    sigset_t before;
} plain;

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

static void plain_end(const hb_os *os, plain *p)
{
    HB_IGNORE(hb_dir_remove(os, p->folder, NULL)); /* memory; there is nobody to tell */
    os->close(p->lock);
    hb_let_signals(&p->before);
    hb_free(p->folder);
    hb_free(p->path);
}

static hb_status plain_begin(const hb_os *os, plain *ret, hb_error *err)
{
    plain p = {0};
    HB_TRY(in_memory(err));
    hb_hold_signals(&p.before);
    hb_status status = hb_fresh_folder(os, MEMORY "/hb", &p.folder, &p.lock, err);
    if (status != HB_OK) {
        hb_let_signals(&p.before);
        return status;
    }
    status = hb_path_join(p.folder, "pack", &p.path, err);
    if (status != HB_OK) {
        plain_end(os, &p);
        return status;
    }
    *ret = p;
    return HB_OK;
}

hb_status hb_seal_file(const hb_os *os, const char *path, hb_seal *seal, hb_error *err)
{
    int fd = os->open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);
    if (fd < 0) {
        return HB_FAIL(err, HB_E_INPUT, "cannot open '%s': %s", path, strerror(errno));
    }
    char *portion = hb_alloc(PORTION);
    hb_status status = portion ? HB_OK : HB_NOMEM(err);
    while (status == HB_OK) {
        ssize_t n = os->read(fd, portion, PORTION);
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
    os->close(fd);
    return status == HB_OK ? hb_seal_finish(seal, err) : status;
}

hb_status hb_export_sealed(const hb_export_ask *ask, hb_seal *seal, hb_arena *arena,
                           hb_exported *ret, hb_error *err)
{
    hb_export_ask inside = *ask;
    plain p;
    HB_TRY(plain_begin(ask->os, &p, err));
    inside.target = p.path;
    hb_status status = hb_export_pack(&inside, arena, ret, err);
    status = status == HB_OK ? hb_seal_file(ask->os, p.path, seal, err) : status;
    plain_end(ask->os, &p);
    return status;
}
