/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/notify.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { STATUS_MAX = 1024 };

struct hb_notify {
    const hb_os *os;
    int fd; /* -1 = no service manager */
    struct sockaddr_un to;
    socklen_t to_len;
    uint64_t watchdog_us;
};

static hb_status set_address(hb_notify *n, const char *name, hb_error *err)
{
    size_t len = strlen(name);
    if ((name[0] != '/' && name[0] != '@') || len < 2 || len >= sizeof n->to.sun_path) {
        return HB_FAIL(err, HB_E_CONFIG,
                       "NOTIFY_SOCKET is '%.120s', expected the path of a unix socket or '@' and a "
                       "name, at most %zu bytes",
                       name, sizeof n->to.sun_path - 1);
    }
    n->to.sun_family = AF_UNIX;
    memcpy(n->to.sun_path, name, len);
    n->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    if (name[0] == '@') {
        n->to.sun_path[0] = '\0'; /* abstract: the length ends the name */
    } else {
        n->to_len++;
    }
    return HB_OK;
}

static hb_status set_watchdog(hb_notify *n, const char *usec, const char *pid, hb_error *err)
{
    uint64_t us = 0;
    uint64_t whose = (uint64_t)getpid();
    if (!usec || !*usec) {
        return HB_OK;
    }
    if (!hb_num_parse_u64(usec, strlen(usec), &us) || us == 0 || us > INT64_MAX) {
        return HB_FAIL(err, HB_E_CONFIG, "WATCHDOG_USEC is '%.40s', expected microseconds", usec);
    }
    if (pid && *pid && !hb_num_parse_u64(pid, strlen(pid), &whose)) {
        return HB_FAIL(err, HB_E_CONFIG, "WATCHDOG_PID is '%.40s', expected a process id", pid);
    }
    n->watchdog_us = whose == (uint64_t)getpid() ? us : 0;
    return HB_OK;
}

static hb_status prepare(hb_notify *n, const char *socket_name, const char *usec, const char *pid,
                         hb_error *err)
{
    if (!socket_name || !*socket_name) {
        return HB_OK;
    }
    HB_TRY(set_address(n, socket_name, err));
    HB_TRY(set_watchdog(n, usec, pid, err));
    n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return n->fd >= 0
               ? HB_OK
               : HB_FAIL(err, HB_E_IO, "no socket for the service manager: %s", strerror(errno));
}

hb_status hb_notify_new(const hb_os *os, const char *socket, const char *watchdog_usec,
                        const char *watchdog_pid, hb_notify **ret_notify, hb_error *err)
{
    hb_notify *n = hb_alloc_zero(sizeof *n);
    if (!n) {
        return HB_NOMEM(err);
    }
    n->os = os;
    n->fd = -1;
    hb_status status = prepare(n, socket, watchdog_usec, watchdog_pid, err);
    if (status != HB_OK) {
        hb_notify_free(n);
        return status;
    }
    *ret_notify = n;
    return HB_OK;
}

void hb_notify_free(hb_notify *n)
{
    if (n && n->fd >= 0) {
        close(n->fd);
    }
    hb_free(n);
}

bool hb_notify_active(const hb_notify *n)
{
    return n->fd >= 0;
}

uint32_t hb_notify_watchdog_ms(const hb_notify *n)
{
    uint64_t ms = n->watchdog_us / 2000;
    if (n->watchdog_us == 0) {
        return 0;
    }
    return ms == 0 ? 1 : ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

static hb_status tell(hb_notify *n, const char *lines, const char *status, hb_error *err)
{
    if (n->fd < 0) {
        return HB_OK;
    }
    hb_buf b;
    hb_buf_init(&b, 4 * STATUS_MAX);
    hb_buf_c(&b, lines);
    if (status) {
        char text[STATUS_MAX];
        hb_str_fit(status, text, sizeof text);
        hb_buf_c(&b, "STATUS=");
        hb_buf_shown(&b, text); /* a line end would begin another key */
        hb_buf_ch(&b, '\n');
    }
    hb_status result = hb_buf_check(&b, err);
    if (result == HB_OK && sendto(n->fd, b.p, b.n, MSG_NOSIGNAL | MSG_DONTWAIT,
                                  (const struct sockaddr *)&n->to, n->to_len) != (ssize_t)b.n) {
        result =
            HB_FAIL(err, HB_E_IO, "the service manager's socket took nothing: %s", strerror(errno));
    }
    hb_buf_release(&b);
    return result;
}

hb_status hb_notify_ready(hb_notify *n, const char *status, hb_error *err)
{
    return tell(n, "READY=1\n", status, err);
}

hb_status hb_notify_status(hb_notify *n, const char *status, hb_error *err)
{
    return tell(n, "", status, err);
}

hb_status hb_notify_reloading(hb_notify *n, hb_error *err)
{
    /* Type=notify-reload wants to know when, by the clock the manager reads as well. */
    char lines[80];
    snprintf(lines, sizeof lines, "RELOADING=1\nMONOTONIC_USEC=%lld\n",
             (long long)(n->os->monotonic_ns() / 1000));
    return tell(n, lines, NULL, err);
}

hb_status hb_notify_stopping(hb_notify *n, const char *status, hb_error *err)
{
    return tell(n, "STOPPING=1\n", status, err);
}

hb_status hb_notify_watchdog(hb_notify *n, hb_error *err)
{
    return tell(n, "WATCHDOG=1\n", NULL, err);
}
