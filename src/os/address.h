/* SPDX-License-Identifier: Apache-2.0 */
/* Where to listen and whom to ask: one text form for TCP, UDP and unix sockets.
 *
 *     "127.0.0.1:9090"   "[::1]:9090"   "localhost:9090" (127.0.0.1)   "unix:/run/hb/http.sock"
 *
 * Names are not looked up: what is listened on does not depend on a name server. Port 0 lets the
 * system choose; hb_address_port tells which. Sockets are close-on-exec and do not block. */
#ifndef HB_OS_ADDRESS_H
#define HB_OS_ADDRESS_H

#include "base/error.h"

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>

typedef struct hb_address {
    struct sockaddr_storage at;
    socklen_t len;
    char text[128]; /* as given, for messages */
    bool local;     /* a unix socket, or an address of the loopback network: this machine alone */
} hb_address;

/* A text that is none of the forms: HB_E_CONFIG says what is expected. */
HB_CHECKED hb_status hb_address_parse(const char *text, hb_address *ret, hb_error *err);
/* Refuses (HB_E_CONFIG) what others than this machine can reach, unless `exposed` was asked for. */
HB_CHECKED hb_status hb_address_check(const char *text, bool exposed, hb_error *err);

/* A bound socket; type SOCK_STREAM listens as well. A unix socket gets `mode` and is never open to
 * more than that. One that lies there already is replaced only when nobody listens on it; anything
 * else at that path, and an address in use, is HB_E_IO. */
HB_CHECKED hb_status hb_address_listen(const hb_address *a, int type, mode_t mode, int *ret_fd,
                                       hb_error *err);
/* Closes; removes the unix socket if it is still the one this fd was bound to. */
void hb_address_close(const hb_address *a, int fd);
/* Port a socket is bound to; 0 for a unix socket. */
unsigned hb_address_port(int fd);
/* Connects a stream socket that blocks no longer than timeout_ms in any call. Nobody there: HB_E_IO
 * with the system's reason. */
HB_CHECKED hb_status hb_address_connect(const hb_address *a, unsigned timeout_ms, int *ret_fd,
                                        hb_error *err);
/* Whether a peer (of accept, getpeername) is on this machine. */
bool hb_address_is_local(const struct sockaddr *peer);

#endif
