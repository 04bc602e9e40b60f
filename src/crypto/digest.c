/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/digest.h"

#include "base/mem.h"

#include <openssl/evp.h>

struct hb_digest {
    EVP_MD_CTX *ctx;
};

static hb_status failed(hb_error *err)
{
    return HB_FAIL(err, HB_E_BUG, "SHA-256 is not available in this OpenSSL");
}

hb_status hb_digest_new(hb_digest **ret_digest, hb_error *err)
{
    hb_digest *d = hb_alloc_zero(sizeof *d);
    if (!d) {
        return HB_NOMEM(err);
    }
    d->ctx = EVP_MD_CTX_new();
    if (!d->ctx || EVP_DigestInit_ex(d->ctx, EVP_sha256(), NULL) != 1) {
        hb_digest_free(d);
        return failed(err);
    }
    *ret_digest = d;
    return HB_OK;
}

void hb_digest_free(hb_digest *d)
{
    if (d) {
        EVP_MD_CTX_free(d->ctx);
        hb_free(d);
    }
}

hb_status hb_digest_add(hb_digest *d, const void *p, size_t n, hb_error *err)
{
    return EVP_DigestUpdate(d->ctx, p, n) == 1 ? HB_OK : failed(err);
}

hb_status hb_digest_hex(hb_digest *d, char ret_hex[HB_DIGEST_HEX], hb_error *err)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (EVP_DigestFinal_ex(d->ctx, raw, &n) != 1 || n != 32) {
        return failed(err);
    }
    for (unsigned i = 0; i < n; i++) {
        ret_hex[2 * i] = hex[raw[i] >> 4];
        ret_hex[2 * i + 1] = hex[raw[i] & 15];
    }
    ret_hex[2 * n] = '\0';
    return HB_OK;
}

hb_status hb_digest_of(const void *p, size_t n, char ret_hex[HB_DIGEST_HEX], hb_error *err)
{
    hb_digest *d = NULL;
    HB_TRY(hb_digest_new(&d, err));
    hb_status status = hb_digest_add(d, p, n, err);
    if (status == HB_OK) {
        status = hb_digest_hex(d, ret_hex, err);
    }
    hb_digest_free(d);
    return status;
}
