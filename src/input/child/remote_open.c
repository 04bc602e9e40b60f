/* SPDX-License-Identifier: Apache-2.0 */
/* The child needs a file it can seek in, with an offset of its own: the stream goes on reading the
 * same file for its digest. */
#include "base/mem.h"
#include "input/child/remote.h"
#include "input/child/serve.h"
#include "os/child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static hb_status read_child(void *ctx, void *p, size_t n, size_t *ret_n, hb_error *err)
{
    return hb_child_read(ctx, p, n, ret_n, err);
}

static void close_child(void *ctx)
{
    hb_child_close(ctx);
}

static hb_status put(int fd, const char *p, size_t n, hb_error *err)
{
    while (n) {
        ssize_t got = write(fd, p, n);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return HB_FAIL(err, HB_E_IO, "cannot write to memory: %s", strerror(errno));
        }
        p += got;
        n -= (size_t)got;
    }
    return HB_OK;
}

static hb_status copy(hb_stream *stream, int fd, hb_error *err)
{
    enum { CHUNK = 1 << 16 };
    char chunk[CHUNK];
    size_t total = 0;
    for (;;) {
        size_t n = 0;
        HB_TRY(hb_stream_read(stream, chunk, sizeof chunk, &n, err));
        if (n == 0) {
            return HB_OK;
        }
        total += n;
        if (total > HB_REMOTE_MAX_COPY) {
            return HB_FAIL(err, HB_E_LIMIT,
                           "'%s' is not read in place and has more than %d MiB; store it as a "
                           "plain, uncompressed file first",
                           hb_stream_path(stream), HB_REMOTE_MAX_COPY >> 20);
        }
        HB_TRY(put(fd, chunk, n, err));
    }
}

/* The stream's own file once more, by what it has open and not by its name, which may be another
 * file by now. */
static int open_again(int fd)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static hb_status seekable(hb_stream *stream, int *ret, hb_error *err)
{
    int own = hb_stream_file(stream);
    int fd = own >= 0 ? open_again(own) : -1;
    if (fd < 0) {
        fd = memfd_create("hb-input", MFD_CLOEXEC);
        if (fd < 0) {
            return HB_FAIL(err, HB_E_IO, "cannot make a file in memory: %s", strerror(errno));
        }
        hb_status status = copy(stream, fd, err);
        if (status != HB_OK || lseek(fd, 0, SEEK_SET) != 0) {
            close(fd);
            return status != HB_OK ? status : HB_FAIL(err, HB_E_IO, "%s", strerror(errno));
        }
    }
    *ret = fd;
    return HB_OK;
}

hb_status hb_remote_open(const hb_os *os, hb_stream *stream, const char *format, const char *reader,
                         const hb_remote_options *options, hb_table **ret_table, hb_error *err)
{
    int fd = -1;
    hb_child *child = NULL;
    const char *name = hb_stream_path(stream);
    const char *variable = options->variable ? options->variable : "";
    if (!options->program) {
        return HB_FAIL(err, HB_E_INPUT,
                       "'%s' is read by a program of its own, and none is named here", name);
    }
    HB_TRY(seekable(stream, &fd, err));
    const char *const argv[] = {"hb", "--read-child", reader, variable, NULL};
    hb_child_options o = {.program = options->program,
                          .argv = argv,
                          .input_fd = fd,
                          .wait_ms = (int64_t)HB_CHILD_WAIT_S * 1000};
    hb_status status = hb_child_start(os, &o, &child, err);
    close(fd);
    HB_TRY(status);
    hb_remote_source source = {.read = read_child, .close = close_child, .ctx = child};
    return hb_remote_table(format, name, options->units, source, ret_table, err);
}
