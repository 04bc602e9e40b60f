/* SPDX-License-Identifier: Apache-2.0 */
/* Who may ask a server: by the tokens of the workspace and the one table of permissions
 * (govern/permission.h). docs/tokens.md
 *
 *     hb_http_gate_open(os, "tokens.json", program, &gate, err)
 *     hb_http_start(…, gate, …)                       one server a gate
 *     hb_http_stop(h); hb_http_gate_close(gate)
 *
 * The file is read for each request that brings a token, so that what is made and revoked counts at
 * once; a file that cannot be read lets nobody in. */
#ifndef HB_HTTP_GATE_H
#define HB_HTTP_GATE_H

#include "govern/permission.h"
#include "os/os.h"

#include <sys/socket.h>

typedef struct hb_http_gate hb_http_gate;

/* program: what a token must be for ("" = one for all programs). A file that is there and cannot be
 * read: its error. */
HB_CHECKED hb_status hb_http_gate_open(const hb_os *os, const char *tokens, const char *program,
                                       hb_http_gate **ret, hb_error *err);
void hb_http_gate_close(hb_http_gate *g); /* NULL is fine */

/* 0 = may; else the status: 401 no token or none that counts, 403 another role or program, 429 too
 * many failures (*ret_wait_s for Retry-After), 503 the file cannot be read. authorization: the
 * header, NULL = none; "Bearer TOKEN" (RFC 6750) or "Token TOKEN" (as InfluxDB 2). */
int hb_http_gate_admit(hb_http_gate *g, const struct sockaddr *peer, const char *authorization,
                       hb_action a, unsigned *ret_wait_s);

#endif
