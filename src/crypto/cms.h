/* SPDX-License-Identifier: Apache-2.0 */
/* Encryption to people's certificates: CMS AuthEnvelopedData (RFC 5083, RFC 5084, RFC 5652) with
 * AES-256-GCM, in DER as `openssl cms -decrypt -inform DER` reads it. RSA recipients by OAEP with
 * SHA-256 (RFC 8017), EC recipients by ephemeral ECDH with SHA-256 and AES-256 key wrap
 * (RFC 5753). docs/formats/encryption.md */
#ifndef HB_CRYPTO_CMS_H
#define HB_CRYPTO_CMS_H

#include "crypto/sealed.h"

enum { HB_CMS_RECIPIENTS_MAX = 16 };
/* What one key and nonce of AES-GCM may encrypt: 2^39 - 256 bits (NIST SP 800-38D, 5.2.1.1). */
#define HB_CMS_MAX (((uint64_t)1 << 36) - 32)

typedef struct hb_cms hb_cms;

/* Certificates must be valid now, RSA of 2048 bits or more or EC, and allow this use. HB_E_INPUT
 * names the one that does not. */
HB_CHECKED hb_status hb_cms_seal_new(const hb_os *os, const hb_str *certificates,
                                     const char *const *names, size_t n, hb_sink sink, hb_cms **ret,
                                     hb_error *err);
void hb_cms_free(hb_cms *c);
HB_CHECKED hb_status hb_cms_add(hb_cms *c, const void *p, size_t n, hb_error *err);
HB_CHECKED hb_status hb_cms_end(hb_cms *c, hb_error *err);

/* Where a message is read from: `n` bytes at `at`, all of them, which lie below `size`. */
typedef struct hb_cms_source {
    hb_status (*read)(void *ctx, uint64_t at, void *p, size_t n, hb_error *err);
    void *ctx;
    uint64_t size;
} hb_cms_source;

/* Of bytes in memory; both borrowed for as long as it is used. */
hb_cms_source hb_cms_of_bytes(const hb_str *der);

/* `key` is a PKCS#8 file. Takes the same little memory for a message of any size, which is read
 * twice. The sink gets bytes before the tag over all of them was checked: it keeps them back until
 * HB_OK. HB_E_EVIDENCE names the recipients. */
HB_CHECKED hb_status hb_cms_open(const hb_os *os, const hb_cms_source *source, const char *key,
                                 const hb_passphrase *passphrase, hb_sink sink, hb_error *err);

#endif
