/* SPDX-License-Identifier: Apache-2.0 */
#include "os/address.h"

#include "base/num.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 128 };

static hb_status not_an_address(const char *text, hb_error *err)
{
    return HB_FAIL(err, HB_E_CONFIG,
                   "'%.120s' is no address; expected ADDRESS:PORT such as 127.0.0.1:9090 or "
                   "[::1]:9090, or unix:/absolute/path",
                   text);
}

static hb_status parse_unix(const char *path, hb_address *ret, hb_error *err)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    size_t n = strlen(path);
    if (path[0] != '/') {
        return HB_FAIL(err, HB_E_CONFIG, "'unix:%.120s': the path of a socket must be absolute",
                       path);
    }
    if (n >= sizeof un.sun_path) {
        return HB_FAIL(err, HB_E_CONFIG,
                       "'unix:%.120s': the path of a socket has at most %zu bytes, this has %zu",
                       path, sizeof un.sun_path - 1, n);
    }
    memcpy(un.sun_path, path, n + 1);
    memcpy(&ret->at, &un, sizeof un);
    ret->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + 1);
    return HB_OK;
}

static bool parse_host(const char *host, uint16_t port, hb_address *ret)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    size_t n = strlen(host);
    if (strcmp(host, "localhost") == 0) {
        host = "127.0.0.1";
    }
    if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
        memcpy(&ret->at, &v4, sizeof v4);
        ret->len = sizeof v4;
        return true;
    }
    char inner[64] = "";
    if (n < 4 || n >= sizeof inner || host[0] != '[' || host[n - 1] != ']') {
        return false;
    }
    memcpy(inner, host + 1, n - 2);
    if (inet_pton(AF_INET6, inner, &v6.sin6_addr) != 1) {
        return false;
    }
    memcpy(&ret->at, &v6, sizeof v6);
    ret->len = sizeof v6;
    return true;
}

hb_status hb_address_parse(const char *text, hb_address *ret, hb_error *err)
{
    hb_address a = {0};
    char host[80];
    hb_str_fit(text, a.text, sizeof a.text);
    uint64_t port = 0;
    if (strncmp(text, "unix:", 5) == 0) {
        HB_TRY(parse_unix(text + 5, &a, err));
        a.local = true;
        *ret = a;
        return HB_OK;
    }
    const char *colon = strrchr(text, ':');
    size_t n = colon ? (size_t)(colon - text) : 0;
    if (!colon || n >= sizeof host || !hb_num_parse_u64(colon + 1, strlen(colon + 1), &port) ||
        port > UINT16_MAX) {
        return not_an_address(text, err);
    }
    memcpy(host, text, n);
    host[n] = '\0';
    if (!parse_host(host, (uint16_t)port, &a)) {
        return not_an_address(text, err);
    }
    a.local = hb_address_is_local((const struct sockaddr *)&a.at);
    *ret = a;
    return HB_OK;
}

hb_status hb_address_check(const char *text, bool exposed, hb_error *err)
{
    hb_address a;
    HB_TRY(hb_address_parse(text, &a, err));
    if (!a.local && !exposed) {
        return HB_FAIL(err, HB_E_CONFIG,
                       "'%.120s' can be reached from other machines, and without "
                       "encryption; listen on 127.0.0.1, [::1] or unix:PATH, or say `expose: true`",
                       text);
    }
    return HB_OK;
}

bool hb_address_is_local(const struct sockaddr *peer)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    switch (peer->sa_family) {
    case AF_UNIX:
        return true;
    case AF_INET:
        memcpy(&v4, peer, sizeof v4);
        return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
    case AF_INET6:
        memcpy(&v6, peer, sizeof v6);
        return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) ||
               (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) && v6.sin6_addr.s6_addr[12] == 127);
    default:
        return false;
    }
}

static const char *unix_path(const hb_address *a)
{
    return a->at.ss_family == AF_UNIX ? ((const struct sockaddr_un *)&a->at)->sun_path : NULL;
}

/* A socket that a dead process left behind. */
static hb_status clear_path(const hb_address *a, int type, hb_error *err)
{
    const char *path = unix_path(a);
    struct stat st;
    if (lstat(path, &st)) {
        return errno == ENOENT ? HB_OK : HB_FAIL(err, HB_E_IO, "'%s': %s", path, strerror(errno));
    }
    if (!S_ISSOCK(st.st_mode)) {
        return HB_FAIL(err, HB_E_IO, "'%s' is there already and is no socket", path);
    }
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int failed = fd < 0 || connect(fd, (const struct sockaddr *)&a->at, a->len) ? errno : 0;
    if (fd >= 0) {
        close(fd);
    }
    if (failed != ECONNREFUSED) {
        return HB_FAIL(err, HB_E_IO, "'%s': %s", path,
                       failed ? strerror(failed) : "another program listens there");
    }
    return unlink(path) == 0 ? HB_OK : HB_FAIL(err, HB_E_IO, "'%s': %s", path, strerror(errno));
}

static hb_status bind_to(int fd, const hb_address *a, int type, mode_t mode, hb_error *err)
{
    const char *path = unix_path(a);
    int yes = 1;
    if (path) {
        HB_TRY(clear_path(a, type, err));
        /* Linux makes the file with the socket's own mode less the umask: never wider than it is
         * to be, and the full mode a moment later. */
        if (fchmod(fd, mode)) {
            return HB_FAIL(err, HB_E_IO, "'%s': %s", path, strerror(errno));
        }
    } else if (type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes)) {
        return HB_FAIL(err, HB_E_IO, "socket: %s", strerror(errno));
    }
    if (a->at.ss_family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes)) {
        return HB_FAIL(err, HB_E_IO, "socket: %s", strerror(errno));
    }
    if (bind(fd, (const struct sockaddr *)&a->at, a->len) || (path && chmod(path, mode)) ||
        (type == SOCK_STREAM && listen(fd, BACKLOG))) {
        int failed = errno;
        hb_status status =
            HB_FAIL(err, HB_E_IO, "cannot listen on '%s': %s", a->text, strerror(failed));
        if (err) {
            err->sys_errno = failed;
        }
        return status;
    }
    return HB_OK;
}

hb_status hb_address_listen(const hb_address *a, int type, mode_t mode, int *ret_fd, hb_error *err)
{
    int fd = socket(a->at.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return HB_FAIL(err, HB_E_IO, "socket: %s", strerror(errno));
    }
    hb_status status = bind_to(fd, a, type, mode, err);
    if (status != HB_OK) {
        close(fd);
        return status;
    }
    *ret_fd = fd;
    return HB_OK;
}

/* Whether the file at the path is the socket this fd was bound to: /proc/net/unix would tell, but
 * who answers a connection tells as well, and a socket that was replaced has another listener. So
 * the file is removed only when, this fd closed, nobody answers there. */
void hb_address_close(const hb_address *a, int fd)
{
    int type = SOCK_STREAM;
    socklen_t n = sizeof type;
    if (fd < 0) {
        return;
    }
    bool known = getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) == 0;
    close(fd);
    if (known && unix_path(a)) {
        HB_IGNORE(clear_path(a, type, NULL)); /* what is not ours stays */
    }
}

unsigned hb_address_port(int fd)
{
    struct sockaddr_storage at = {0};
    socklen_t n = sizeof at;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (getsockname(fd, (struct sockaddr *)&at, &n)) {
        return 0;
    }
    memcpy(&v4, &at, sizeof v4);
    memcpy(&v6, &at, sizeof v6);
    return at.ss_family == AF_INET    ? ntohs(v4.sin_port)
           : at.ss_family == AF_INET6 ? ntohs(v6.sin6_port)
                                      : 0;
}

hb_status hb_address_connect(const hb_address *a, unsigned timeout_ms, int *ret_fd, hb_error *err)
{
    struct timeval limit = {.tv_sec = timeout_ms / 1000,
                            .tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000};
    int fd = socket(a->at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return HB_FAIL(err, HB_E_IO, "socket: %s", strerror(errno));
    }
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) ||
        connect(fd, (const struct sockaddr *)&a->at, a->len)) {
        int failed = errno;
        close(fd);
        return HB_FAIL(err, HB_E_IO, "cannot connect to '%s': %s", a->text,
                       failed == EINPROGRESS ? "no answer in time" : strerror(failed));
    }
    *ret_fd = fd;
    return HB_OK;
}
