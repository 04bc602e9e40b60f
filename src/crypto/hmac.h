/* SPDX-License-Identifier: Apache-2.0 */
/* HMAC-SHA256 (RFC 2104, FIPS 198-1) by OpenSSL, as lower-case hex. */
#ifndef HB_CRYPTO_HMAC_H
#define HB_CRYPTO_HMAC_H

#include "crypto/digest.h"

HB_CHECKED hb_status hb_hmac_sha256(const void *key, size_t key_len, const void *p, size_t n,
                                    char ret_hex[HB_DIGEST_HEX], hb_error *err);

#endif
