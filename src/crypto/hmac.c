/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hmac.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

hb_status hb_hmac_sha256(const void *key, size_t key_len, const void *p, size_t n,
                         char ret_hex[HB_DIGEST_HEX], hb_error *err)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (key_len > INT_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "a key of %zu bytes is too long", key_len);
    }
    if (!HMAC(EVP_sha256(), key, (int)key_len, p, n, mac, &len) || len != 32) {
        return HB_NOMEM(err);
    }
    for (unsigned i = 0; i < len; i++) {
        ret_hex[2 * i] = digits[mac[i] >> 4];
        ret_hex[2 * i + 1] = digits[mac[i] & 15];
    }
    ret_hex[64] = '\0';
    OPENSSL_cleanse(mac, sizeof mac); /* may be a key in turn */
    return HB_OK;
}
