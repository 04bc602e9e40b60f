/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 and SHA-512 (FIPS 180-4) by OpenSSL, incremental and at once. Digests are lower-case hex
 * text. Nothing may be added after hex was asked for. */
#ifndef HB_CRYPTO_DIGEST_H
#define HB_CRYPTO_DIGEST_H

#include "base/error.h"

enum { HB_DIGEST_HEX = 65, HB_DIGEST512_HEX = 129 };

typedef struct hb_digest hb_digest;

HB_CHECKED hb_status hb_digest_new(hb_digest **ret_digest, hb_error *err);
void hb_digest_free(hb_digest *d);
HB_CHECKED hb_status hb_digest_add(hb_digest *d, const void *p, size_t n, hb_error *err);
HB_CHECKED hb_status hb_digest_hex(hb_digest *d, char ret_hex[HB_DIGEST_HEX], hb_error *err);
HB_CHECKED hb_status hb_digest_of(const void *p, size_t n, char ret_hex[HB_DIGEST_HEX],
                                  hb_error *err);

/* Both in one pass over the bytes. */
typedef struct hb_digest2 hb_digest2;

HB_CHECKED hb_status hb_digest2_new(hb_digest2 **ret_digest, hb_error *err);
void hb_digest2_free(hb_digest2 *d);
HB_CHECKED hb_status hb_digest2_add(hb_digest2 *d, const void *p, size_t n, hb_error *err);
HB_CHECKED hb_status hb_digest2_hex(hb_digest2 *d, char ret_sha256[HB_DIGEST_HEX],
                                    char ret_sha512[HB_DIGEST512_HEX], hb_error *err);
HB_CHECKED hb_status hb_digest2_of(const void *p, size_t n, char ret_sha256[HB_DIGEST_HEX],
                                   char ret_sha512[HB_DIGEST512_HEX], hb_error *err);

#endif
