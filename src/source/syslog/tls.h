/* SPDX-License-Identifier: Apache-2.0 */
/* The server's side of TLS (1.2 and later, OpenSSL) over sockets that do not block. */
#ifndef HB_SOURCE_SYSLOG_TLS_H
#define HB_SOURCE_SYSLOG_TLS_H

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

typedef struct hb_syslog_tls hb_syslog_tls;
typedef struct hb_syslog_tls_peer hb_syslog_tls_peer;

typedef enum hb_syslog_tls_wants {
    HB_SYSLOG_TLS_NOTHING,
    HB_SYSLOG_TLS_READ,
    HB_SYSLOG_TLS_WRITE,
} hb_syslog_tls_wants;

/* client_ca NULL: anybody is heard. HB_E_CONFIG names the file that cannot be used. */
HB_CHECKED hb_status hb_syslog_tls_new(const char *cert, const char *key, const char *client_ca,
                                       hb_syslog_tls **ret_server, hb_error *err);
void hb_syslog_tls_free(hb_syslog_tls *s);

HB_CHECKED hb_status hb_syslog_tls_accept(hb_syslog_tls *s, int fd, hb_syslog_tls_peer **ret_peer,
                                          hb_error *err);
/* Bytes; 0 = the peer has closed; -1 = *ret_wants says what to wait for; -2 = the connection is
 * over. Does the handshake first. */
ssize_t hb_syslog_tls_read(hb_syslog_tls_peer *p, void *out, size_t n,
                           hb_syslog_tls_wants *ret_wants);
bool hb_syslog_tls_is_secure(const hb_syslog_tls_peer *p);
void hb_syslog_tls_peer_free(
    hb_syslog_tls_peer *p); /* says goodbye when it can; the fd stays open */

#endif
