/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/claim.h"

#include "base/buf.h"
#include "crypto/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { PATH_BYTES = 8192 };

static hb_status taken(const hb_os *os, int fd, const char *db, const char *stream, hb_error *err)
{
    char text[24] = "";
    ssize_t n = os->pread(fd, text, sizeof text - 1, 0);
    size_t digits = n > 0 ? strspn(text, "0123456789") : 0;
    return HB_FAIL(err, HB_E_IO,
                   "stream '%s' of registry '%.200s' is judged by process %.*s already; end that "
                   "first, or give this one another 'name'",
                   stream, db, digits ? (int)digits : 1, digits ? text : "?");
}

static hb_status lock(const hb_os *os, const char *path, const char *db, const char *stream,
                      int *ret_fd, hb_error *err)
{
    int fd = os->open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return HB_FAIL(err, HB_E_IO, "cannot open '%.300s': %s", path, strerror(errno));
    }
    if (os->flock(fd, LOCK_EX | LOCK_NB) != 0) {
        hb_status status = errno == EWOULDBLOCK ? taken(os, fd, db, stream, err)
                                                : HB_FAIL(err, HB_E_IO, "cannot lock '%.300s': %s",
                                                          path, strerror(errno));
        os->close(fd);
        return status;
    }
    char text[24];
    int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (os->ftruncate(fd, 0) == 0) {
        HB_IGNORE(os->write(fd, text, (size_t)n)); /* only told to others; the lock is flock's */
    }
    *ret_fd = fd;
    return HB_OK;
}

/* A stream's name may be any text, so the file has its digest. */
hb_status hb_claim(const hb_os *os, const char *db, const char *stream, int *ret_fd, hb_error *err)
{
    char digest[HB_DIGEST_HEX];
    hb_buf path;
    hb_buf_init(&path, PATH_BYTES);
    hb_status status = hb_digest_of(stream, strlen(stream), digest, err);
    if (status == HB_OK) {
        hb_buf_fmt(&path, "%s-%.12s.lock", db, digest);
        status = hb_buf_check(&path, err);
    }
    if (status == HB_OK) {
        status = lock(os, path.p, db, stream, ret_fd, err);
    }
    hb_buf_release(&path);
    return status;
}
