/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/secret.h"

#include "os/undumped.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>

/* systemd gives credentials to services as root's files that root's group may read (the group bits
 * are the mask of an access list there): that is nobody who could not read them anyway. */
static bool others_may_read(const struct stat *st)
{
    bool of_root = st->st_uid == 0 && st->st_gid == 0;
    return (st->st_mode & (of_root ? 037u : 077u)) != 0;
}

static hb_status look(const hb_os *os, int fd, const char *what, const char *path, hb_error *err)
{
    struct stat st;
    if (os->fstat(fd, &st) != 0) {
        return HB_FAIL(err, HB_E_INPUT, "cannot look at %s '%s': %s", what, path, strerror(errno));
    }
    if (!S_ISREG(st.st_mode)) {
        return HB_FAIL(err, HB_E_INPUT, "%s '%s' is no plain file", what, path);
    }
    if (others_may_read(&st)) {
        return HB_FAIL(err, HB_E_INPUT,
                       "%s '%s' can be read or written by others (mode %04o) and may be known to "
                       "them: chmod 600 it, and think of a new one",
                       what, path, (unsigned)(st.st_mode & 07777));
    }
    return HB_OK;
}

/* Not hb_file_read: what it reads grows through memory that is not wiped. */
hb_status hb_secret_read(const hb_os *os, const char *what, const char *path, char *ret,
                         size_t room, size_t *ret_n, hb_error *err)
{
    hb_hold_secrets();
    int fd = os->open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0) {
        return HB_FAIL(err, HB_E_INPUT, "cannot open %s '%s': %s", what, path, strerror(errno));
    }
    size_t n = 0;
    hb_status status = look(os, fd, what, path, err);
    while (status == HB_OK) {
        ssize_t got = os->read(fd, ret + n, room - n);
        if (got > 0) {
            n += (size_t)got;
            if (n == room) {
                status = HB_FAIL(err, HB_E_INPUT, "%s '%s' is longer than one is", what, path);
            }
        } else if (got == 0) {
            break;
        } else if (errno != EINTR) {
            status =
                HB_FAIL(err, HB_E_INPUT, "cannot read %s '%s': %s", what, path, strerror(errno));
        }
    }
    os->close(fd);
    *ret_n = n;
    return status;
}

hb_status hb_secret_line(const hb_os *os, const char *what, const char *path, char *ret,
                         size_t room, hb_error *err)
{
    size_t n = 0;
    hb_status status = hb_secret_read(os, what, path, ret, room, &n, err);
    while (status == HB_OK && n && (ret[n - 1] == '\n' || ret[n - 1] == '\r')) {
        n--;
    }
    if (status == HB_OK && (!n || memchr(ret, '\0', n) || memchr(ret, '\n', n))) {
        status = HB_FAIL(err, HB_E_INPUT, "%s '%s' holds %s, expected one line of text", what, path,
                         n ? "more than that" : "nothing");
    }
    if (status != HB_OK) {
        OPENSSL_cleanse(ret, room);
        return status;
    }
    ret[n] = '\0';
    return HB_OK;
}

bool hb_secret_equal(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}
