/* SPDX-License-Identifier: Apache-2.0 */
#include "input/stream_internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static hb_status hold_in_memory(hb_stream *s, hb_error *err)
{
    hb_buf b;
    char chunk[16384];
    size_t got = 0;
    hb_buf_init(&b, HB_STREAM_MAX_HELD);
    hb_status status = HB_OK;
    do {
        status = hb_stream_read(s, chunk, sizeof chunk, &got, err);
        hb_buf_add(&b, chunk, status == HB_OK ? got : 0);
        if (status == HB_OK && hb_buf_check(&b, err) != HB_OK) {
            status = b.failed == HB_E_LIMIT
                         ? HB_FAIL(err, HB_E_LIMIT,
                                   "'%s' is read by place, and as %s it must be held in memory, "
                                   "which is limited to %d MiB; unpack it into a file first",
                                   s->path, *s->compression ? s->compression : "standard input",
                                   HB_STREAM_MAX_HELD >> 20)
                         : HB_NOMEM(err);
        }
    } while (status == HB_OK && got);
    if (status == HB_OK) {
        status = hb_buf_finish(&b, &s->held, &s->held_n, err);
    }
    hb_buf_release(&b);
    return status;
}

hb_status hb_stream_hold(hb_stream *s, uint64_t *ret_size, hb_error *err)
{
    if (!s->placed && !s->held) {
        s->placed = !s->below && !*s->codec->name && s->fd != STDIN_FILENO &&
                    s->os->fstat(s->fd, &s->as_it_was) == 0 && S_ISREG(s->as_it_was.st_mode);
    }
    if (!s->placed && !s->held) {
        HB_TRY(hold_in_memory(s, err));
    }
    *ret_size = s->placed ? (uint64_t)s->as_it_was.st_size : s->held_n;
    return HB_OK;
}

static hb_status read_placed(hb_stream *s, uint64_t at, char *p, size_t n, size_t *ret_n,
                             hb_error *err)
{
    size_t have = 0;
    while (have < n) {
        ssize_t got = s->os->pread(s->fd, p + have, n - have, (off_t)(at + have));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return HB_FAIL(err, HB_E_INPUT, "cannot read '%s': %s", s->path, strerror(errno));
        }
        if (got == 0) {
            break;
        }
        have += (size_t)got;
    }
    s->farthest = at + have > s->farthest ? at + have : s->farthest;
    *ret_n = have;
    return HB_OK;
}

hb_status hb_stream_read_at(hb_stream *s, uint64_t at, void *p, size_t n, size_t *ret_n,
                            hb_error *err)
{
    uint64_t size = s->placed ? (uint64_t)s->as_it_was.st_size : s->held_n;
    uint64_t left = at < size ? size - at : 0;
    n = left < n ? (size_t)left : n;
    if (s->placed) {
        return read_placed(s, at, p, n, ret_n, err);
    }
    if (n) {
        memcpy(p, s->held + at, n);
    }
    *ret_n = n;
    return HB_OK;
}
