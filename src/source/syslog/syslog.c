/* SPDX-License-Identifier: Apache-2.0 */
/* One thread, one poll over everything. While the journal is full, put() waits, and with it all
 * reading: TCP senders are held back, UDP is lost by the kernel, which counts it. */
#include "source/syslog/syslog.h"

#include "base/mem.h"
#include "os/file.h"
#include "source/syslog/listeners.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { POLL_MS = 200, RECEIVE_BUFFER = 4 << 20, ACCEPT_AT_ONCE = 64 };

static const int64_t handshake_ns = INT64_C(10000000000);
static const int64_t tell_every_ns = INT64_C(1000000000);

struct hb_source {
    const hb_os *os;
    hb_syslog_tls *tls;
    hb_syslog_listener listeners[HB_SYSLOG_LISTENERS_MAX];
    size_t n_listeners;
    hb_syslog_connection **connections;
    size_t n_connections;
    size_t max_connections;
    size_t max_message;
    struct pollfd *polled; /* listeners, then connections */
    char *piece;
    size_t piece_size;
    uint64_t lost; /* by the kernel, not yet told */
    int64_t told_ns;
};

static void format(const void *config, hb_decode_options *ret)
{
    (void)config;
    *ret = (hb_decode_options){.payload = HB_PAYLOAD_SYSLOG};
}

static void close_source(hb_source *s)
{
    if (!s) {
        return;
    }
    for (size_t i = 0; i < s->n_connections; i++) {
        hb_syslog_connection_free(s->connections[i]);
    }
    for (size_t i = 0; i < s->n_listeners; i++) {
        hb_address_close(&s->listeners[i].address, s->listeners[i].fd);
    }
    hb_syslog_tls_free(s->tls);
    hb_free(s->connections);
    hb_free(s->polled);
    hb_free(s->piece);
    hb_free(s);
}

static hb_status open_listener(hb_source *s, const char *text, mode_t mode, hb_error *err)
{
    hb_syslog_listener *l = &s->listeners[s->n_listeners];
    int yes = 1;
    int buffer = RECEIVE_BUFFER;
    HB_TRY(hb_syslog_listen_parse(text, &l->transport, &l->address, err));
    bool datagrams = l->transport == HB_SYSLOG_UDP || l->transport == HB_SYSLOG_UNIX;
    HB_TRY(hb_address_listen(&l->address, datagrams ? SOCK_DGRAM : SOCK_STREAM, mode, &l->fd, err));
    s->n_listeners++;
    if (datagrams) {
        /* As large as the system allows, and counted where it can be: both only help. */
        HB_IGNORE(setsockopt(l->fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer));
        HB_IGNORE(setsockopt(l->fd, SOL_SOCKET, SO_RXQ_OVFL, &yes, sizeof yes));
    }
    return HB_OK;
}

static hb_status open_tls(hb_source *s, const hb_source_env *env, const hb_syslog_config *c,
                          hb_error *err)
{
    const char *given[] = {c->tls_cert, c->tls_key, c->tls_client_ca};
    char *paths[3] = {NULL, NULL, NULL};
    hb_status status = HB_OK;
    for (int i = 0; i < 3 && status == HB_OK; i++) {
        status = given[i] ? hb_path_join(env->base_dir, given[i], &paths[i], err) : HB_OK;
    }
    if (status == HB_OK) {
        status = hb_syslog_tls_new(paths[0], paths[1], paths[2], &s->tls, err);
    }
    for (int i = 0; i < 3; i++) {
        hb_free(paths[i]);
    }
    return status;
}

static hb_status prepare(hb_source *s, const hb_source_env *env, const hb_syslog_config *c,
                         hb_error *err)
{
    mode_t mode = 0;
    bool needs_tls = false;
    HB_TRY(hb_syslog_check(c, err));
    hb_syslog_mode_parse(c->socket_mode, &mode);
    s->os = env->os;
    s->max_connections = c->max_connections;
    s->max_message = c->max_message;
    s->piece_size = c->max_message + 1 > HB_SYSLOG_PIECE ? c->max_message + 1 : HB_SYSLOG_PIECE;
    s->piece = hb_alloc(s->piece_size);
    s->connections = hb_alloc_array(s->max_connections, sizeof *s->connections);
    s->polled = hb_alloc_array(s->max_connections + HB_SYSLOG_LISTENERS_MAX, sizeof *s->polled);
    if (!s->piece || !s->connections || !s->polled) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < c->n_listen; i++) {
        needs_tls = needs_tls || strncmp(c->listen[i], "tls:", 4) == 0;
    }
    if (needs_tls) {
        HB_TRY(open_tls(s, env, c, err));
    }
    for (size_t i = 0; i < c->n_listen; i++) {
        HB_TRY(open_listener(s, c->listen[i], mode, err));
    }
    return HB_OK;
}

static hb_status open_source(const hb_source_env *env, const void *config, hb_source **ret_source,
                             hb_error *err)
{
    hb_source *s = hb_alloc_zero(sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    hb_status status = prepare(s, env, config, err);
    if (status != HB_OK) {
        close_source(s);
        return status;
    }
    *ret_source = s;
    return HB_OK;
}

unsigned hb_syslog_port(const hb_source *s, size_t at)
{
    return hb_address_port(s->listeners[at].fd);
}

static bool takes_connections(const hb_syslog_listener *l)
{
    return l->transport == HB_SYSLOG_TCP || l->transport == HB_SYSLOG_TLS;
}

static hb_status accept_all(hb_source *s, const hb_syslog_listener *l, hb_syslog_out *out,
                            hb_error *err)
{
    for (int i = 0; i < ACCEPT_AT_ONCE && s->n_connections < s->max_connections; i++) {
        hb_syslog_connection *c = NULL;
        hb_status status = hb_syslog_accept(l, s->tls, s->os, s->max_message, &c, err);
        if (status == HB_E_LIMIT) { /* poll would say at once that somebody waits */
            out->ending = !out->sink->sleep_ms(out->sink->ctx, POLL_MS);
            return HB_OK;
        }
        HB_TRY(status);
        if (!c) {
            break;
        }
        s->connections[s->n_connections++] = c;
    }
    return HB_OK;
}

/* The kernel's losses, at most once a second: as a count, and into the journal, where they explain
 * a gap. */
static hb_status tell_lost(hb_source *s, hb_syslog_out *out, hb_error *err)
{
    char text[100];
    int64_t now = s->os->monotonic_ns();
    if (s->lost == 0 || now - s->told_ns < tell_every_ns) {
        return HB_OK;
    }
    int n = snprintf(text, sizeof text, "the kernel dropped %llu datagrams: its buffer was full",
                     (unsigned long long)s->lost);
    out->sink->lost(out->sink->ctx, "kernel_buffer", s->lost);
    out->peer = "";
    s->lost = 0;
    s->told_ns = now;
    return hb_syslog_put(out, HB_RECORD_LOSS, (hb_str){text, (size_t)n}, err);
}

/* Fills the table; returns its length. A full house listens to no newcomers: they wait. */
static nfds_t fill_polled(hb_source *s)
{
    bool full = s->n_connections == s->max_connections;
    for (size_t i = 0; i < s->n_listeners; i++) {
        const hb_syslog_listener *l = &s->listeners[i];
        s->polled[i] =
            (struct pollfd){.fd = full && takes_connections(l) ? -1 : l->fd, .events = POLLIN};
    }
    for (size_t i = 0; i < s->n_connections; i++) {
        const hb_syslog_connection *c = s->connections[i];
        s->polled[s->n_listeners + i] =
            (struct pollfd){.fd = c->fd, .events = (short)(c->wants_write ? POLLOUT : POLLIN)};
    }
    return s->n_listeners + s->n_connections;
}

static hb_status serve_listeners(hb_source *s, hb_syslog_out *out, hb_error *err)
{
    for (size_t i = 0; i < s->n_listeners && !out->ending; i++) {
        hb_syslog_listener *l = &s->listeners[i];
        if (s->polled[i].fd < 0 || !(s->polled[i].revents & (POLLIN | POLLERR))) {
            continue;
        }
        HB_TRY(takes_connections(l) ? accept_all(s, l, out, err)
                                    : hb_syslog_datagrams(l, out, &s->lost, err));
    }
    return HB_OK;
}

/* Goes backwards, so that the last one can take the place of one that ended; `n` of them were
 * polled. */
static hb_status serve_connections(hb_source *s, size_t n, hb_syslog_out *out, hb_error *err)
{
    int64_t now = s->os->monotonic_ns();
    for (size_t i = n; i-- > 0 && !out->ending;) {
        hb_syslog_connection *c = s->connections[i];
        bool over = false;
        if (c->more || s->polled[s->n_listeners + i].revents) {
            HB_TRY(hb_syslog_connection_read(c, out, &over, err));
        }
        if (!c->secure && now - c->since_ns > handshake_ns) {
            over = true;
        }
        if (over) {
            hb_syslog_connection_free(c);
            s->connections[i] = s->connections[--s->n_connections];
        }
    }
    return HB_OK;
}

static int patience(const hb_source *s)
{
    for (size_t i = 0; i < s->n_connections; i++) {
        if (s->connections[i]->more) {
            return 0;
        }
    }
    return POLL_MS;
}

static hb_status turn(hb_source *s, hb_syslog_out *out, hb_error *err)
{
    size_t n = s->n_connections;
    if (poll(s->polled, fill_polled(s), patience(s)) < 0) {
        return errno == EINTR ? HB_OK : HB_FAIL(err, HB_E_IO, "poll: %s", strerror(errno));
    }
    HB_TRY(serve_connections(s, n, out, err));
    HB_TRY(serve_listeners(s, out, err));
    return tell_lost(s, out, err);
}

static hb_status run(hb_source *s, const hb_source_sink *sink, hb_error *err)
{
    hb_syslog_out out = {.sink = sink,
                         .peer = "",
                         .piece = s->piece,
                         .piece_size = s->piece_size,
                         .max_message = s->max_message};
    hb_status status = HB_OK;
    sigset_t pipe;
    sigset_t before;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE); /* OpenSSL writes with write() */
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    sink->state(sink->ctx, HB_SOURCE_RUNNING, "");
    while (status == HB_OK && !out.ending && !sink->stopping(sink->ctx)) {
        status = turn(s, &out, err);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}

const hb_source_ops hb_source_syslog = {
    .name = "syslog",
    .summary = "messages of programs and devices: UDP, TCP, TLS, unix socket",
    .fields = hb_syslog_fields,
    .config_size = sizeof(hb_syslog_config),
    .defaults = hb_syslog_defaults,
    .check = hb_syslog_check,
    .format = format,
    .open = open_source,
    .run = run,
    .close = close_source,
};
