/* SPDX-License-Identifier: Apache-2.0 */
/* The descriptor is non-blocking from the start; every wait is a poll of at most STEP_MS, so that
 * the end of the program is noticed. SIGPIPE: plain sockets write with MSG_NOSIGNAL; OpenSSL writes
 * by itself, so the caller's thread has to have the signal blocked. */
#include "source/mqtt/link.h"

#include "base/mem.h"
#include "source/mqtt/link_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STEP_MS = 100, NS_PER_MS = 1000000 };

typedef struct waiting {
    const hb_os *os;
    int64_t until_ns;
    bool (*stopping)(void *ctx);
    void *ctx;
} waiting;

/* Milliseconds of the next step; 0 = no more. */
static int next_step(const waiting *p)
{
    int64_t left = (p->until_ns - p->os->monotonic_ns()) / NS_PER_MS;
    if (p->stopping(p->ctx) || left <= 0) {
        return 0;
    }
    return left < STEP_MS ? (int)left + 1 : STEP_MS;
}

static hb_status no_patience(const waiting *p, const char *doing, hb_error *err)
{
    return p->stopping(p->ctx) ? HB_FAIL(err, HB_E_IO, "the program is ending")
                               : HB_FAIL(err, HB_E_IO, "timeout while %s", doing);
}

/* The request of an asynchronous look-up, which may outlive us. */
typedef struct lookup {
    struct gaicb cb;
    struct addrinfo hints;
    char host[256];
    char port[8];
} lookup;

static hb_status resolve_name(const hb_link_options *o, const waiting *patience,
                              struct addrinfo **ret, hb_error *err)
{
    lookup *l = hb_alloc_zero(sizeof *l);
    if (!l) {
        return HB_NOMEM(err);
    }
    hb_str_fit(o->host, l->host, sizeof l->host);
    hb_str_fit(o->port, l->port, sizeof l->port);
    l->hints = (struct addrinfo){.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    l->cb = (struct gaicb){.ar_name = l->host, .ar_service = l->port, .ar_request = &l->hints};
    struct gaicb *list[1] = {&l->cb};
    int code = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
    bool late = false;
    while (code == 0 && gai_error(&l->cb) == EAI_INPROGRESS && !late) {
        int step = next_step(patience);
        const struct timespec t = {.tv_nsec = (long)step * NS_PER_MS};
        late = step == 0;
        if (!late) {
            gai_suspend((const struct gaicb *const *)list, 1, &t);
        }
    }
    if (late && gai_cancel(&l->cb) == EAI_NOTCANCELED && gai_error(&l->cb) == EAI_INPROGRESS) {
        /* The resolver's thread still writes here: the memory is left to it. */
        return no_patience(patience, "looking up the host name", err);
    }
    code = code ? code : gai_error(&l->cb);
    struct addrinfo *found = l->cb.ar_result;
    hb_free(l);
    if (late) {
        if (found) {
            freeaddrinfo(found);
        }
        return no_patience(patience, "looking up the host name", err);
    }
    if (code || !found) {
        return HB_FAIL(err, HB_E_IO, "the host name '%.100s' is not known: %s", o->host,
                       gai_strerror(code));
    }
    *ret = found;
    return HB_OK;
}

static hb_status resolve(const hb_link_options *o, const waiting *patience, struct addrinfo **ret,
                         hb_error *err)
{
    const struct addrinfo numeric = {.ai_family = AF_UNSPEC,
                                     .ai_socktype = SOCK_STREAM,
                                     .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    return getaddrinfo(o->host, o->port, &numeric, ret) == 0 ? HB_OK
                                                             : resolve_name(o, patience, ret, err);
}

static const char *net_reason(int code)
{
    switch (code) {
    case ECONNREFUSED:
        return "connection refused";
    case ECONNRESET:
    case EPIPE:
        return "connection reset by the broker";
    case EHOSTUNREACH:
        return "no route to the host";
    case ENETUNREACH:
        return "network unreachable";
    case ETIMEDOUT:
        return "connection timed out";
    default:
        return strerror(code);
    }
}

static hb_status connect_one(const struct addrinfo *a, const waiting *patience, int *ret_fd,
                             hb_error *err)
{
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return HB_FAIL(err, HB_E_IO, "%s", strerror(errno));
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    int code = connect(fd, a->ai_addr, a->ai_addrlen) == 0 ? 0 : errno;
    while (code == EINPROGRESS) {
        int step = next_step(patience);
        if (step == 0) {
            close(fd);
            return no_patience(patience, "connecting", err);
        }
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        if (poll(&p, 1, step) > 0) {
            socklen_t n = sizeof code;
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &n);
        }
    }
    if (code) {
        close(fd);
        return HB_FAIL(err, HB_E_IO, "%s", net_reason(code));
    }
    *ret_fd = fd;
    return HB_OK;
}

static hb_status connect_any(const hb_link_options *o, const waiting *patience, int *ret_fd,
                             hb_error *err)
{
    struct addrinfo *all = NULL;
    HB_TRY(resolve(o, patience, &all, err));
    hb_status status = HB_E_IO;
    for (const struct addrinfo *a = all; a && status != HB_OK; a = a->ai_next) {
        status = connect_one(a, patience, ret_fd, err);
    }
    freeaddrinfo(all);
    return status;
}

static hb_status shake_hands(hb_link *l, const hb_link_options *o, const waiting *patience,
                             hb_error *err)
{
    HB_TRY(hb_tls_new(o, l->fd, &l->tls, err));
    for (;;) {
        bool done = false;
        HB_TRY(hb_tls_shake(l->tls, &done, &l->wants_write, err));
        if (done) {
            return HB_OK;
        }
        int step = next_step(patience);
        if (step == 0) {
            return no_patience(patience, "shaking hands (TLS)", err);
        }
        hb_link_wait(l, l->wants_write, step);
    }
}

hb_status hb_link_open(const hb_os *os, const hb_link_options *options, bool (*stopping)(void *ctx),
                       void *ctx, hb_link **ret_link, hb_error *err)
{
    const waiting patience = {os, os->monotonic_ns() + (int64_t)options->timeout_ms * NS_PER_MS,
                              stopping, ctx};
    hb_link *l = hb_alloc_zero(sizeof *l);
    if (!l) {
        return HB_NOMEM(err);
    }
    l->fd = -1;
    hb_status status = connect_any(options, &patience, &l->fd, err);
    if (status == HB_OK && options->tls) {
        status = shake_hands(l, options, &patience, err);
    }
    if (status != HB_OK) {
        hb_link_close(l);
        return status;
    }
    *ret_link = l;
    return HB_OK;
}

static bool never(void *ctx)
{
    (void)ctx;
    return false;
}

void hb_link_finish(hb_link *l, const hb_os *os, uint32_t timeout_ms)
{
    const waiting patience = {os, os->monotonic_ns() + (int64_t)timeout_ms * NS_PER_MS, never,
                              NULL};
    char rest[16384];
    hb_tls_finish(l->tls);
    shutdown(l->fd, SHUT_WR);
    int step = next_step(&patience);
    while (step > 0) {
        struct pollfd p = {.fd = l->fd, .events = POLLIN};
        ssize_t n = poll(&p, 1, step) > 0 ? recv(l->fd, rest, sizeof rest, 0) : -1;
        bool ended = n == 0 || (n < 0 && p.revents && errno != EAGAIN && errno != EINTR);
        step = ended ? 0 : next_step(&patience);
    }
}

void hb_link_close(hb_link *l)
{
    if (!l) {
        return;
    }
    hb_tls_free(l->tls);
    if (l->fd >= 0) {
        close(l->fd);
    }
    hb_free(l);
}

hb_status hb_link_read(hb_link *l, void *p, size_t n, size_t *ret_n, hb_error *err)
{
    if (l->tls) {
        return hb_tls_read(l->tls, p, n, ret_n, &l->wants_write, err);
    }
    ssize_t got = recv(l->fd, p, n, 0);
    if (got == 0) {
        return HB_FAIL(err, HB_E_IO, "the broker closed the connection");
    }
    if (got < 0 && errno != EAGAIN && errno != EINTR) {
        return HB_FAIL(err, HB_E_IO, "%s", net_reason(errno));
    }
    *ret_n = got > 0 ? (size_t)got : 0;
    return HB_OK;
}

hb_status hb_link_write(hb_link *l, const void *p, size_t n, size_t *ret_n, hb_error *err)
{
    if (l->tls) {
        return hb_tls_write(l->tls, p, n, ret_n, err);
    }
    ssize_t put = send(l->fd, p, n, MSG_NOSIGNAL);
    if (put < 0 && errno != EAGAIN && errno != EINTR) {
        return HB_FAIL(err, HB_E_IO, "%s", net_reason(errno));
    }
    *ret_n = put > 0 ? (size_t)put : 0;
    return HB_OK;
}

void hb_link_wait(hb_link *l, bool to_write, int timeout_ms)
{
    if (l->tls && hb_tls_pending(l->tls)) {
        return;
    }
    short events = (short)(POLLIN | (to_write || l->wants_write ? POLLOUT : 0));
    struct pollfd p = {.fd = l->fd, .events = events};
    poll(&p, 1, timeout_ms);
}
