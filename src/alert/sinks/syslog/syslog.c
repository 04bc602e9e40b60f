/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 5424 messages by a unix datagram socket, UDP (RFC 5426) or TCP (RFC 6587, octet counting).
 *
 *     <PRI>1 TIME HOST hb PID TYPE [hb@32473 id="…" severity="…" subject="…"] BOM{json}
 *
 * Delivered = the unix socket took it; UDP: it was sent, nobody can know more; TCP: the receiver
 * read to the end of the connection and closed it, or at least its system has every byte. One
 * connection an event: alerts are few, and an old connection is where a message gets lost. */
#include "alert/sinks/all.h"
#include "base/buf.h"
#include "base/mem.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/sockios.h>

enum { MESSAGE_BYTES = 1 << 20, SLICE_MS = 100, NS_PER_MS = 1000000, ENTERPRISE = 32473 };

typedef enum transport { BY_UNIX, BY_UDP, BY_TCP } transport;

static const char *const transport_names[] = {"unix", "udp", "tcp", NULL};

/* RFC 5424 table 1. */
static const char *const facility_names[] = {
    "kern",   "user",     "mail",   "daemon", "auth",   "syslog", "lpr",   "news",   "uucp",
    "cron",   "authpriv", "ftp",    "ntp",    "audit",  "alert",  "clock", "local0", "local1",
    "local2", "local3",   "local4", "local5", "local6", "local7", NULL};

typedef struct syslog_config {
    transport by;
    const char *path;
    const char *host;
    const char *port;
    int facility;
    uint32_t timeout_ms;
} syslog_config;

struct hb_sink {
    const hb_sink_env *env;
    const syslog_config *config;
    char host[256];
};

static const hb_field fields[] = {
    {.key = "transport",
     .kind = HB_FIELD_ENUM,
     .offset = offsetof(syslog_config, by),
     .names = transport_names,
     .def = "unix",
     .doc = "how the messages go; udp may lose them, and nobody is told"},
    {.key = "path",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(syslog_config, path),
     .max = 107,
     .def = "/dev/log",
     .doc = "unix: the socket"},
    {.key = "host",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(syslog_config, host),
     .max = 255,
     .doc = "udp and tcp: the receiver"},
    {.key = "port",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(syslog_config, port),
     .max = 5,
     .def = "514",
     .doc = "udp and tcp: its port"},
    {.key = "facility",
     .kind = HB_FIELD_ENUM,
     .offset = offsetof(syslog_config, facility),
     .names = facility_names,
     .def = "daemon",
     .doc = "facility of RFC 5424"},
    {.key = "timeout_ms",
     .kind = HB_FIELD_UINT,
     .offset = offsetof(syslog_config, timeout_ms),
     .min = 100,
     .max = 120000,
     .def = "5000",
     .doc = "for one message"},
    {0},
};

static void defaults(void *config)
{
    *(syslog_config *)config = (syslog_config){
        .by = BY_UNIX, .path = "/dev/log", .port = "514", .facility = 3, .timeout_ms = 5000};
}

static hb_status check(const void *config, hb_error *err)
{
    const syslog_config *c = config;
    if (c->by != BY_UNIX && !c->host) {
        return HB_FAIL(err, HB_E_CONFIG, "transport %s needs a host", transport_names[c->by]);
    }
    if (c->by == BY_UNIX && c->host) {
        return HB_FAIL(err, HB_E_CONFIG,
                       "a host is given, but transport is unix; write transport: "
                       "udp or tcp");
    }
    size_t n = strlen(c->port);
    if (n == 0 || strspn(c->port, "0123456789") != n) {
        return HB_FAIL(err, HB_E_CONFIG, "port must be a number, got '%s'", c->port);
    }
    return HB_OK;
}

static void close_it(hb_sink *s)
{
    hb_free(s);
}

static hb_status open_it(const hb_sink_env *env, const void *config, hb_sink **ret_sink,
                         hb_error *err)
{
    hb_sink *s = hb_alloc_zero(sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    s->env = env;
    s->config = config;
    if (gethostname(s->host, sizeof s->host - 1) != 0 || !*s->host) {
        snprintf(s->host, sizeof s->host, "-");
    }
    *ret_sink = s;
    return HB_OK;
}

/* --- the message --- */

static unsigned level_of(const char *severity)
{
    static const struct {
        const char *severity;
        unsigned level;
    } levels[] = {{"CRITICAL", 2}, {"FAIL", 3}, {"WARN", 4}, {"INFO", 6}};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (strcmp(levels[i].severity, severity) == 0) {
            return levels[i].level;
        }
    }
    return 5;
}

static void put_param(const char *name, const char *value, hb_buf *out)
{
    hb_buf_fmt(out, " %s=\"", name);
    for (const char *p = value; *p; p++) {
        if (*p == '"' || *p == '\\' || *p == ']') {
            hb_buf_ch(out, '\\');
        }
        hb_buf_ch(out, *p);
    }
    hb_buf_ch(out, '"');
}

/* TIME has at most six digits of a second. */
static void put_time(hb_time t, hb_buf *out)
{
    char text[HB_TIME_TEXT];
    hb_time_print(t - t % 1000, text);
    hb_buf_c(out, text);
}

static void put_message(const hb_sink *s, const hb_alert_event *event, hb_buf *out)
{
    hb_buf_fmt(out, "<%u>1 ", (unsigned)s->config->facility * 8 + level_of(event->severity));
    put_time(event->at, out);
    hb_buf_fmt(out, " %s hb %ld %s [hb@%d", s->host, (long)getpid(), event->type, ENTERPRISE);
    put_param("id", event->id, out);
    put_param("severity", event->severity, out);
    put_param("subject", event->subject, out);
    hb_buf_c(out, "] \xEF\xBB\xBF");
    hb_buf_add(out, event->json, event->json_len);
}

/* --- the way --- */

static hb_status lost(const char *what, hb_error *err)
{
    return HB_FAIL(err, HB_E_IO, "%s: %s", what, strerror(errno));
}

/* Until fd is ready for `events`; the end of the time or of the program is an error. */
static hb_status wait_for(const hb_sink *s, int fd, short events, int64_t due, hb_error *err)
{
    struct pollfd p = {.fd = fd, .events = events};
    while (s->env->os->monotonic_ns() < due) {
        if (s->env->ending && s->env->ending(s->env->ending_ctx)) {
            break;
        }
        if (poll(&p, 1, SLICE_MS) > 0) {
            return HB_OK;
        }
    }
    return HB_FAIL(err, HB_E_IO, "the receiver did not answer within %u ms", s->config->timeout_ms);
}

static hb_status write_all(const hb_sink *s, int fd, const hb_buf *b, int64_t due, hb_error *err)
{
    size_t done = 0;
    while (done < b->n) {
        ssize_t got = send(fd, b->p + done, b->n - done, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)) {
            HB_TRY(wait_for(s, fd, POLLOUT, due, err));
        } else if (got < 0 && errno != EINTR) {
            return lost("cannot send", err);
        }
        done += got > 0 ? (size_t)got : 0;
    }
    return HB_OK;
}

/* The receiver has read it when it closes its side after ours. One that never does is believed when
 * its system has taken every byte. */
static hb_status await_close(const hb_sink *s, int fd, int64_t due, hb_error *err)
{
    char answer[512];
    if (shutdown(fd, SHUT_WR) != 0) {
        return lost("the receiver broke off", err);
    }
    for (;;) {
        hb_status status = wait_for(s, fd, POLLIN, due, err);
        if (status != HB_OK) {
            int unsent = 1;
            return ioctl(fd, SIOCOUTQ, &unsent) == 0 && unsent == 0 ? HB_OK : status;
        }
        ssize_t got = recv(fd, answer, sizeof answer, MSG_DONTWAIT);
        if (got == 0) {
            return HB_OK;
        }
        if (got < 0 && errno != EAGAIN && errno != EINTR) {
            return lost("the receiver broke off", err);
        }
    }
}

static hb_status by_unix(const hb_sink *s, const hb_buf *message, int64_t due, hb_error *err)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return lost("cannot make a socket", err);
    }
    hb_str_fit(s->config->path, to.sun_path, sizeof to.sun_path);
    hb_status status =
        connect(fd, (const struct sockaddr *)&to, sizeof to) == 0
            ? write_all(s, fd, message, due, err)
            : HB_FAIL(err, HB_E_IO, "cannot reach '%s': %s", s->config->path, strerror(errno));
    close(fd);
    return status;
}

static hb_status connected(const hb_sink *s, int fd, int64_t due, hb_error *err)
{
    int code = 0;
    socklen_t n = sizeof code;
    HB_TRY(wait_for(s, fd, POLLOUT, due, err));
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &n) == 0 && code == 0) {
        return HB_OK;
    }
    errno = code;
    return lost("cannot connect", err);
}

static hb_status to_address(const hb_sink *s, const struct addrinfo *a, const hb_buf *message,
                            int64_t due, hb_error *err)
{
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
    if (fd < 0) {
        return lost("cannot make a socket", err);
    }
    hb_status status = HB_OK;
    if (connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
        status = errno == EINPROGRESS ? connected(s, fd, due, err) : lost("cannot connect", err);
    }
    if (status == HB_OK) {
        status = write_all(s, fd, message, due, err);
    }
    if (status == HB_OK && s->config->by == BY_TCP) {
        status = await_close(s, fd, due, err);
    }
    close(fd);
    return status;
}

static hb_status by_net(const hb_sink *s, const hb_buf *message, int64_t due, hb_error *err)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = s->config->by == BY_UDP ? SOCK_DGRAM : SOCK_STREAM};
    struct addrinfo *list = NULL;
    int rc = getaddrinfo(s->config->host, s->config->port, &hints, &list);
    if (rc != 0) {
        return HB_FAIL(err, HB_E_IO, "host '%s' cannot be found: %s", s->config->host,
                       gai_strerror(rc));
    }
    hb_status status = HB_E_IO;
    for (const struct addrinfo *a = list; a && status != HB_OK; a = a->ai_next) {
        status = to_address(s, a, message, due, err);
    }
    freeaddrinfo(list);
    return status == HB_OK ? HB_OK
                           : hb_error_prefix(err, "%s:%s", s->config->host, s->config->port);
}

static hb_status send_it(hb_sink *s, const hb_alert_event *event, hb_error *err)
{
    hb_buf message;
    hb_buf framed;
    int64_t due = s->env->os->monotonic_ns() + (int64_t)s->config->timeout_ms * NS_PER_MS;
    hb_buf_init(&message, MESSAGE_BYTES);
    hb_buf_init(&framed, MESSAGE_BYTES + 32);
    put_message(s, event, &message);
    if (s->config->by == BY_TCP) {
        hb_buf_fmt(&framed, "%zu ", message.n);
    }
    hb_buf_add(&framed, message.p, message.n);
    hb_status status = hb_buf_check(&message, err);
    if (status == HB_OK) {
        status = hb_buf_check(&framed, err);
    }
    if (status == HB_OK) {
        status =
            s->config->by == BY_UNIX ? by_unix(s, &framed, due, err) : by_net(s, &framed, due, err);
    }
    hb_buf_release(&message);
    hb_buf_release(&framed);
    return status;
}

const hb_sink_ops hb_sink_syslog = {
    .name = "syslog",
    .summary = "RFC 5424 messages to a unix socket, by UDP or TCP",
    .fields = fields,
    .config_size = sizeof(syslog_config),
    .defaults = defaults,
    .check = check,
    .open = open_it,
    .send = send_it,
    .close = close_it,
};
