/* SPDX-License-Identifier: Apache-2.0 */
/* PEM (RFC 7468) of one object, read strictly: nothing but blanks before and behind it, no headers,
 * base64 in lines. */
#ifndef HB_CRYPTO_PEM_H
#define HB_CRYPTO_PEM_H

#include "base/buf.h"

enum { HB_PEM_LABEL_MAX = 64 };

/* *ret_label = the text between "-----BEGIN " and "-----". At most `room` bytes to ret_der. What
 * the text says is wiped from memory of our own afterwards, as it may be a private key. `name` is
 * used in messages. HB_E_INPUT. */
HB_CHECKED hb_status hb_pem_read(hb_str text, const char *name, char ret_label[HB_PEM_LABEL_MAX],
                                 void *ret_der, size_t room, size_t *ret_n, hb_error *err);
/* Not for private keys: the buffer leaves copies behind as it grows. */
void hb_pem_put(hb_buf *out, const char *label, const void *der, size_t n);

#endif
