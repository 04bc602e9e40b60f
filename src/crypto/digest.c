/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/digest.h"

#include "base/mem.h"

#include <openssl/evp.h>

struct hb_digest {
    EVP_MD_CTX *ctx;
};

struct hb_digest2 {
    EVP_MD_CTX *sha256;
    EVP_MD_CTX *sha512;
};

static hb_status failed(hb_error *err)
{
    return HB_FAIL(err, HB_E_BUG, "SHA-2 is not available in this OpenSSL");
}

static hb_status begin(EVP_MD_CTX **ret, const EVP_MD *md, hb_error *err)
{
    *ret = EVP_MD_CTX_new();
    if (!*ret) {
        return HB_NOMEM(err);
    }
    return EVP_DigestInit_ex(*ret, md, NULL) == 1 ? HB_OK : failed(err);
}

/* To 2·bytes + 1 characters. */
static hb_status finish(EVP_MD_CTX *ctx, unsigned bytes, char *ret_hex, hb_error *err)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (EVP_DigestFinal_ex(ctx, raw, &n) != 1 || n != bytes) {
        return failed(err);
    }
    for (unsigned i = 0; i < n; i++) {
        ret_hex[2 * i] = hex[raw[i] >> 4];
        ret_hex[2 * i + 1] = hex[raw[i] & 15];
    }
    ret_hex[2 * n] = '\0';
    return HB_OK;
}

hb_status hb_digest_new(hb_digest **ret_digest, hb_error *err)
{
    hb_digest *d = hb_alloc_zero(sizeof *d);
    if (!d) {
        return HB_NOMEM(err);
    }
    hb_status status = begin(&d->ctx, EVP_sha256(), err);
    if (status != HB_OK) {
        hb_digest_free(d);
        return status;
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
    return finish(d->ctx, 32, ret_hex, err);
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

hb_status hb_digest2_new(hb_digest2 **ret_digest, hb_error *err)
{
    hb_digest2 *d = hb_alloc_zero(sizeof *d);
    if (!d) {
        return HB_NOMEM(err);
    }
    hb_status status = begin(&d->sha256, EVP_sha256(), err);
    status = status == HB_OK ? begin(&d->sha512, EVP_sha512(), err) : status;
    if (status != HB_OK) {
        hb_digest2_free(d);
        return status;
    }
    *ret_digest = d;
    return HB_OK;
}

void hb_digest2_free(hb_digest2 *d)
{
    if (d) {
        EVP_MD_CTX_free(d->sha256);
        EVP_MD_CTX_free(d->sha512);
        hb_free(d);
    }
}

hb_status hb_digest2_add(hb_digest2 *d, const void *p, size_t n, hb_error *err)
{
    /* In pieces that stay in the cache, or the second digest would fetch them all again. */
    enum { PIECE = 16 << 10 };
    for (const unsigned char *at = p; n;) {
        size_t piece = n < PIECE ? n : PIECE;
        if (EVP_DigestUpdate(d->sha256, at, piece) != 1 ||
            EVP_DigestUpdate(d->sha512, at, piece) != 1) {
            return failed(err);
        }
        at += piece;
        n -= piece;
    }
    return HB_OK;
}

hb_status hb_digest2_hex(hb_digest2 *d, char ret_sha256[HB_DIGEST_HEX],
                         char ret_sha512[HB_DIGEST512_HEX], hb_error *err)
{
    HB_TRY(finish(d->sha256, 32, ret_sha256, err));
    return finish(d->sha512, 64, ret_sha512, err);
}

hb_status hb_digest2_of(const void *p, size_t n, char ret_sha256[HB_DIGEST_HEX],
                        char ret_sha512[HB_DIGEST512_HEX], hb_error *err)
{
    hb_digest2 *d = NULL;
    HB_TRY(hb_digest2_new(&d, err));
    hb_status status = hb_digest2_add(d, p, n, err);
    if (status == HB_OK) {
        status = hb_digest2_hex(d, ret_sha256, ret_sha512, err);
    }
    hb_digest2_free(d);
    return status;
}
