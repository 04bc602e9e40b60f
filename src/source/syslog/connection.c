/* SPDX-License-Identifier: Apache-2.0 */
/* TCP and TLS. What is not read stays in the sender's and the kernel's buffers: when the journal is
 * full nothing is read, and the sender waits. Connections may be silent for days; keep-alive finds
 * those whose other end is gone. */
#include "source/syslog/listeners.h"

#include "base/mem.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

enum { PIECES_AT_ONCE = 4, ALIVE_AFTER_S = 60, ALIVE_EACH_S = 20, ALIVE_TRIES = 4 };

static void keep_alive(int fd)
{
    int yes = 1;
    int after = ALIVE_AFTER_S;
    int each = ALIVE_EACH_S;
    int tries = ALIVE_TRIES;
    /* Without it a dead connection holds its place longer, no more. */
    HB_IGNORE(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes));
    HB_IGNORE(setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &after, sizeof after));
    HB_IGNORE(setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &each, sizeof each));
    HB_IGNORE(setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &tries, sizeof tries));
}

static bool nobody(int failed)
{
    return failed == EAGAIN || failed == EINTR || failed == ECONNABORTED || failed == EPROTO ||
           failed == EPERM;
}

hb_status hb_syslog_accept(const hb_syslog_listener *l, hb_syslog_tls *tls, const hb_os *os,
                           size_t max_message, hb_syslog_connection **ret_connection, hb_error *err)
{
    struct sockaddr_storage from = {0};
    socklen_t n = sizeof from;
    *ret_connection = NULL;
    int fd = accept4(l->fd, (struct sockaddr *)&from, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        int failed = errno;
        bool full = failed == EMFILE || failed == ENFILE || failed == ENOBUFS || failed == ENOMEM;
        return nobody(failed) ? HB_OK
                              : HB_FAIL(err, full ? HB_E_LIMIT : HB_E_IO, "accepting on '%s': %s",
                                        l->address.text, strerror(failed));
    }
    hb_syslog_connection *c = hb_alloc_zero(sizeof *c);
    if (!c) {
        close(fd);
        return HB_NOMEM(err);
    }
    c->fd = fd;
    c->since_ns = os->monotonic_ns();
    hb_syslog_frames_init(&c->frames, max_message);
    hb_syslog_peer((const struct sockaddr *)&from, c->peer);
    keep_alive(fd);
    hb_status status =
        l->transport == HB_SYSLOG_TLS ? hb_syslog_tls_accept(tls, fd, &c->tls, err) : HB_OK;
    if (status != HB_OK) {
        hb_syslog_connection_free(c);
        return status;
    }
    c->secure = !c->tls;
    *ret_connection = c;
    return HB_OK;
}

void hb_syslog_connection_free(hb_syslog_connection *c)
{
    if (c) {
        hb_syslog_tls_peer_free(c->tls);
        close(c->fd);
        hb_syslog_frames_release(&c->frames);
        hb_free(c);
    }
}

static hb_status put_frame(void *ctx, hb_str frame, hb_error *err)
{
    hb_syslog_out *out = ctx;
    return out->ending ? HB_OK : hb_syslog_put(out, HB_RECORD_MESSAGE, frame, err);
}

/* Bytes, 0 at the end, -1 nothing now, -2 broken. */
static ssize_t read_some(hb_syslog_connection *c, hb_syslog_out *out)
{
    if (c->tls) {
        hb_syslog_tls_wants wants = HB_SYSLOG_TLS_NOTHING;
        ssize_t n = hb_syslog_tls_read(c->tls, out->piece, out->piece_size, &wants);
        c->wants_write = wants == HB_SYSLOG_TLS_WRITE;
        if (!c->secure && n == -2) {
            out->sink->lost(out->sink->ctx, "tls_refused", 1);
        }
        c->secure = c->secure || hb_syslog_tls_is_secure(c->tls);
        return n;
    }
    ssize_t n = recv(c->fd, out->piece, out->piece_size, MSG_DONTWAIT);
    return n >= 0 ? n : errno == EAGAIN || errno == EINTR ? -1 : -2;
}

/* Closed in order, an unfinished line is a message; broken off, nobody knows. */
static hb_status ended(hb_syslog_connection *c, hb_syslog_out *out, bool broken, hb_error *err)
{
    bool torn = broken && c->frames.held.n > 0;
    if (!broken) {
        HB_TRY(hb_syslog_frames_end(&c->frames, put_frame, out, &torn, err));
    }
    if (torn) {
        out->sink->lost(out->sink->ctx, "truncated", 1);
    }
    return HB_OK;
}

static void tell_frames(hb_syslog_frames *f, const hb_source_sink *sink)
{
    if (f->larger) {
        sink->lost(sink->ctx, "too_large", f->larger);
        f->larger = 0;
    }
    if (f->broken) {
        sink->lost(sink->ctx, "bad_frame", 1);
    }
}

hb_status hb_syslog_connection_read(hb_syslog_connection *c, hb_syslog_out *out, bool *ret_over,
                                    hb_error *err)
{
    *ret_over = false;
    c->more = false;
    out->peer = c->peer;
    for (int i = 0; i < PIECES_AT_ONCE; i++) {
        ssize_t n = read_some(c, out);
        if (n == -1) {
            return HB_OK;
        }
        if (n <= 0) {
            *ret_over = true;
            return ended(c, out, n < 0, err);
        }
        HB_TRY(hb_syslog_frames_feed(&c->frames, out->piece, (size_t)n, put_frame, out, err));
        tell_frames(&c->frames, out->sink);
        if (c->frames.broken || out->ending) {
            *ret_over = true;
            return HB_OK;
        }
    }
    c->more = c->tls != NULL;
    return HB_OK;
}
