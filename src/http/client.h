/* SPDX-License-Identifier: Apache-2.0 */
/* One GET to a server of ours: HTTP/1.0, no redirects, no encodings. For asking a running daemon.
 */
#ifndef HB_HTTP_CLIENT_H
#define HB_HTTP_CLIENT_H

#include "base/buf.h"

/* address as in os/address.h. token: NULL = none; it is wiped from what was sent. The body is added
 * to `body`, whose limit bounds the answer. Nobody there, no answer within timeout_ms at any step,
 * or what is no HTTP: HB_E_IO. */
HB_CHECKED hb_status hb_http_get(const char *address, const char *path, const char *accept,
                                 const char *token, unsigned timeout_ms, int *ret_status,
                                 hb_buf *body, hb_error *err);

#endif
