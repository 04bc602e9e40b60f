/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 of RFC 4648, section 4: the standard alphabet, padded. Reading is strict, so that bytes
 * have one text only: no blanks, no line ends, padding required, unused bits zero. */
#ifndef HB_CRYPTO_BASE64_H
#define HB_CRYPTO_BASE64_H

#include "base/buf.h"

/* Bytes that the text of n bytes takes, and at most the bytes of a text of n. */
#define HB_BASE64_TEXT(n) (((n) + 2) / 3 * 4)
#define HB_BASE64_BYTES(n) ((n) / 4 * 3)

void hb_base64_put(hb_buf *out, const void *p, size_t n);
/* At most `room` bytes to ret; *ret_n = how many. HB_E_INPUT with `what` for what is no base64,
 * HB_E_LIMIT for what has no room (ret is not written to then). */
HB_CHECKED hb_status hb_base64_read(hb_str text, const char *what, void *ret, size_t room,
                                    size_t *ret_n, hb_error *err);

#endif
