/* SPDX-License-Identifier: Apache-2.0 */
/* UDP and unix datagrams: each is a message. What the kernel threw away because its buffer was full
 * it counts itself (SO_RXQ_OVFL) and tells with the next datagram. */
#include "source/syslog/listeners.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

enum { AT_ONCE = 256 };

void hb_syslog_peer(const struct sockaddr *at, char out[HB_SYSLOG_PEER_TEXT])
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    hb_str_fit("unix", out, HB_SYSLOG_PEER_TEXT);
    if (at->sa_family == AF_INET) {
        memcpy(&v4, at, sizeof v4);
        inet_ntop(AF_INET, &v4.sin_addr, out, HB_SYSLOG_PEER_TEXT);
    } else if (at->sa_family == AF_INET6) {
        memcpy(&v6, at, sizeof v6);
        inet_ntop(AF_INET6, &v6.sin6_addr, out, HB_SYSLOG_PEER_TEXT);
    }
}

hb_status hb_syslog_put(hb_syslog_out *out, hb_record_kind kind, hb_str payload, hb_error *err)
{
    hb_error why = {0};
    hb_record record = {
        .kind = kind, .topic = hb_str_of(out->peer), .payload = payload, .event = HB_TIME_NONE};
    hb_status status = out->sink->put(out->sink->ctx, &record, &why);
    if (status == HB_E_LIMIT) {
        out->ending = true;
        return HB_OK;
    }
    if (status != HB_OK && err) {
        *err = why;
    }
    return status;
}

static void count_lost(hb_syslog_listener *l, struct msghdr *h, uint64_t *io_lost)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
        uint32_t now = 0;
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
            memcpy(&now, CMSG_DATA(c), sizeof now);
            *io_lost += now - l->kernel_lost; /* it may turn over */
            l->kernel_lost = now;
        }
    }
}

/* One; *ret_n = 0: none is waiting. */
static hb_status receive(hb_syslog_listener *l, hb_syslog_out *out, uint64_t *io_lost,
                         size_t *ret_n, char peer[HB_SYSLOG_PEER_TEXT], bool *ret_cut,
                         hb_error *err)
{
    struct sockaddr_storage from = {0};
    char control[CMSG_SPACE(sizeof(uint32_t)) + 64];
    struct iovec part = {.iov_base = out->piece, .iov_len = out->piece_size};
    struct msghdr h = {.msg_name = &from,
                       .msg_namelen = sizeof from,
                       .msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = control,
                       .msg_controllen = sizeof control};
    ssize_t n = recvmsg(l->fd, &h, MSG_DONTWAIT);
    *ret_n = 0;
    if (n < 0) {
        /* ICMP errors of others' answers show here and mean nothing. */
        return errno == EAGAIN || errno == EINTR || errno == ECONNREFUSED
                   ? HB_OK
                   : HB_FAIL(err, HB_E_IO, "receiving on '%s': %s", l->address.text,
                             strerror(errno));
    }
    count_lost(l, &h, io_lost);
    hb_syslog_peer((const struct sockaddr *)&from, peer);
    *ret_cut = (h.msg_flags & MSG_TRUNC) != 0;
    *ret_n = (size_t)n;
    return HB_OK;
}

hb_status hb_syslog_datagrams(hb_syslog_listener *l, hb_syslog_out *out, uint64_t *io_lost,
                              hb_error *err)
{
    for (int i = 0; i < AT_ONCE && !out->ending; i++) {
        char peer[HB_SYSLOG_PEER_TEXT];
        size_t n = 0;
        bool cut = false;
        HB_TRY(receive(l, out, io_lost, &n, peer, &cut, err));
        if (n == 0) {
            return HB_OK;
        }
        if (cut || n > out->max_message) {
            out->sink->lost(out->sink->ctx, "too_large", 1);
            continue;
        }
        out->peer = peer;
        HB_TRY(hb_syslog_put(out, HB_RECORD_MESSAGE, (hb_str){out->piece, n}, err));
    }
    return HB_OK;
}
