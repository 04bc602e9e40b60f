/* SPDX-License-Identifier: Apache-2.0 */
/* What the source syslog has open: sockets for datagrams, sockets that take connections, and the
 * connections. All private to source/syslog; one thread. */
#ifndef HB_SOURCE_SYSLOG_LISTENERS_H
#define HB_SOURCE_SYSLOG_LISTENERS_H

#include "os/os.h"
#include "source/source.h"
#include "source/syslog/config.h"
#include "source/syslog/frames.h"
#include "source/syslog/tls.h"

enum { HB_SYSLOG_PEER_TEXT = 64, HB_SYSLOG_PIECE = 64 << 10 };

typedef struct hb_syslog_listener {
    hb_syslog_transport transport;
    hb_address address;
    int fd;
    uint32_t kernel_lost; /* as the kernel counts, since the socket is open */
} hb_syslog_listener;

typedef struct hb_syslog_connection {
    int fd;
    hb_syslog_tls_peer *tls; /* NULL = plain */
    bool secure;             /* the handshake is done */
    bool wants_write;
    bool more;        /* OpenSSL may hold bytes that poll does not know of */
    int64_t since_ns; /* monotonic */
    hb_syslog_frames frames;
    char peer[HB_SYSLOG_PEER_TEXT];
} hb_syslog_connection;

/* What is read goes where. */
typedef struct hb_syslog_out {
    const hb_source_sink *sink;
    const char *peer;
    char *piece;
    size_t piece_size; /* more than max_message */
    size_t max_message;
    bool ending; /* the program is: what was read last is not in the journal */
} hb_syslog_out;

/* "192.0.2.1", "2001:db8::1", "unix". */
void hb_syslog_peer(const struct sockaddr *at, char out[HB_SYSLOG_PEER_TEXT]);
/* Into the journal. HB_E_LIMIT becomes out->ending and HB_OK. */
HB_CHECKED hb_status hb_syslog_put(hb_syslog_out *out, hb_record_kind kind, hb_str payload,
                                   hb_error *err);

/* Up to a bounded number of waiting datagrams. *io_lost gets what the kernel threw away. */
HB_CHECKED hb_status hb_syslog_datagrams(hb_syslog_listener *l, hb_syslog_out *out,
                                         uint64_t *io_lost, hb_error *err);

/* NULL and HB_OK when nobody waits any more. HB_E_LIMIT: the system has no room for another
 * connection now. */
HB_CHECKED hb_status hb_syslog_accept(const hb_syslog_listener *l, hb_syslog_tls *tls,
                                      const hb_os *os, size_t max_message,
                                      hb_syslog_connection **ret_connection, hb_error *err);
void hb_syslog_connection_free(hb_syslog_connection *c);
/* Reads what is there, a bounded amount. *ret_over: the connection has ended. */
HB_CHECKED hb_status hb_syslog_connection_read(hb_syslog_connection *c, hb_syslog_out *out,
                                               bool *ret_over, hb_error *err);

#endif
