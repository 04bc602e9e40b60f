/* SPDX-License-Identifier: Apache-2.0 */
/* A SubjectPublicKeyInfo of either algorithm has one length and one beginning, so that reading is a
 * comparison, a key has one encoding only, and its id with it. */
#include "crypto/key_internal.h"

#include "base/mem.h"
#include "crypto/pem.h"
#include "crypto/small_order.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <string.h>

enum { SPKI_MAX = 120, RAW_BYTES = 32 };

static const struct kind {
    const char *name;
    size_t head_n;
    size_t spki_n;
    uint8_t head[24];
} kinds[HB_ALGORITHM_COUNT_] = {
    /* RFC 8410, section 4 */
    [HB_ALGORITHM_ED25519] = {"ed25519",
                              12,
                              44,
                              {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21,
                               0x00}},
    /* RFC 5480, section 2: id-ecPublicKey, secp384r1, an uncompressed point */
    [HB_ALGORITHM_ECDSA_P384] = {"ecdsa-p384", 24, 120, {0x30, 0x76, 0x30, 0x10, 0x06, 0x07,
                                                         0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
                                                         0x01, 0x06, 0x05, 0x2b, 0x81, 0x04,
                                                         0x00, 0x22, 0x03, 0x62, 0x00, 0x04}},
};

struct hb_pubkey {
    hb_algorithm algorithm;
    char id[HB_DIGEST_HEX];
    uint8_t spki[SPKI_MAX];
    size_t spki_n;
    EVP_PKEY *pkey;
};

const char *hb_algorithm_name(hb_algorithm a)
{
    return kinds[a].name;
}

bool hb_algorithm_from_name(const char *name, hb_algorithm *ret)
{
    for (unsigned a = 0; a < HB_ALGORITHM_COUNT_; a++) {
        if (strcmp(kinds[a].name, name) == 0) {
            *ret = (hb_algorithm)a;
            return true;
        }
    }
    return false;
}

const EVP_MD *hb_algorithm_md(hb_algorithm a)
{
    return a == HB_ALGORITHM_ECDSA_P384 ? EVP_sha384() : NULL;
}

static bool of_curve(const hb_pubkey *k)
{
    return k->pkey && (k->algorithm != HB_ALGORITHM_ED25519 ||
                       !hb_ed25519_unfit(k->spki + kinds[HB_ALGORITHM_ED25519].head_n));
}

static hb_status make(hb_algorithm a, const uint8_t *spki, const char *name, hb_pubkey **ret_key,
                      hb_error *err)
{
    hb_pubkey *k = hb_alloc_zero(sizeof *k);
    if (!k) {
        return HB_NOMEM(err);
    }
    const unsigned char *at = spki;
    k->algorithm = a;
    k->spki_n = kinds[a].spki_n;
    memcpy(k->spki, spki, k->spki_n);
    k->pkey = d2i_PUBKEY(NULL, &at, (long)k->spki_n);
    ERR_clear_error();
    hb_status status =
        of_curve(k) ? hb_digest_of(k->spki, k->spki_n, k->id, err)
                    : HB_FAIL(err, HB_E_INPUT,
                              "'%s' is no %s key: what it holds is no point of the curve that may "
                              "be one",
                              name, kinds[a].name);
    if (status != HB_OK) {
        hb_pubkey_free(k);
        return status;
    }
    *ret_key = k;
    return HB_OK;
}

hb_status hb_pubkey_from_spki(const void *der, size_t n, const char *name, hb_pubkey **ret_key,
                              hb_error *err)
{
    for (unsigned a = 0; a < HB_ALGORITHM_COUNT_; a++) {
        if (n >= kinds[a].head_n && memcmp(der, kinds[a].head, kinds[a].head_n) == 0) {
            if (n != kinds[a].spki_n) {
                return HB_FAIL(err, HB_E_INPUT, "'%s' is no %s key: %zu bytes, expected %zu", name,
                               kinds[a].name, n, kinds[a].spki_n);
            }
            return make((hb_algorithm)a, der, name, ret_key, err);
        }
    }
    return HB_FAIL(err, HB_E_INPUT,
                   "'%s' is of no algorithm that is known: expected ed25519, or ecdsa-p384 with an "
                   "uncompressed point",
                   name);
}

hb_status hb_pubkey_of(const EVP_PKEY *pkey, const char *name, hb_pubkey **ret_key, hb_error *err)
{
    unsigned char *der = NULL;
    int n = i2d_PUBKEY(pkey, &der);
    ERR_clear_error();
    if (n <= 0) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' has no public key", name);
    }
    hb_status status = hb_pubkey_from_spki(der, (size_t)n, name, ret_key, err);
    OPENSSL_free(der);
    return status;
}

static hb_status other_pem(const char *label, const char *name, hb_error *err)
{
    if (strstr(label, "PRIVATE KEY")) {
        return HB_FAIL(err, HB_E_INPUT,
                       "'%s' holds a private key, expected the public one (its .pub file)", name);
    }
    return HB_FAIL(err, HB_E_INPUT, "'%s' holds a '%s', expected a 'PUBLIC KEY'", name, label);
}

hb_status hb_pubkey_read(hb_str pem, const char *name, hb_pubkey **ret_key, hb_error *err)
{
    char label[HB_PEM_LABEL_MAX];
    uint8_t der[4096]; /* of other things too, so that they are called by their name */
    size_t n = 0;
    if (pem.n > HB_PEM_MAX) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' has %zu bytes, at most %d", name, pem.n, HB_PEM_MAX);
    }
    hb_status status = hb_pem_read(pem, name, label, der, sizeof der, &n, err);
    if (status == HB_OK && strcmp(label, "PUBLIC KEY") != 0) {
        status = other_pem(label, name, err);
    }
    if (status == HB_OK) {
        status = hb_pubkey_from_spki(der, n, name, ret_key, err);
    }
    OPENSSL_cleanse(der, sizeof der);
    return status;
}

void hb_pubkey_free(hb_pubkey *k)
{
    if (k) {
        EVP_PKEY_free(k->pkey);
        hb_free(k);
    }
}

hb_algorithm hb_pubkey_algorithm(const hb_pubkey *k)
{
    return k->algorithm;
}

const char *hb_pubkey_id(const hb_pubkey *k)
{
    return k->id;
}

void hb_pubkey_pem(const hb_pubkey *k, hb_buf *out)
{
    hb_pem_put(out, "PUBLIC KEY", k->spki, k->spki_n);
}

hb_status hb_pubkey_raw(const hb_pubkey *k, uint8_t ret[32], hb_error *err)
{
    if (k->algorithm != HB_ALGORITHM_ED25519) {
        return HB_FAIL(err, HB_E_USAGE, "key %.16s… is %s, expected ed25519", k->id,
                       hb_algorithm_name(k->algorithm));
    }
    memcpy(ret, k->spki + kinds[HB_ALGORITHM_ED25519].head_n, RAW_BYTES);
    return HB_OK;
}

hb_status hb_pubkey_from_raw(const uint8_t raw[32], hb_pubkey **ret_key, hb_error *err)
{
    const struct kind *kind = &kinds[HB_ALGORITHM_ED25519];
    uint8_t spki[SPKI_MAX];
    memcpy(spki, kind->head, kind->head_n);
    memcpy(spki + kind->head_n, raw, RAW_BYTES);
    return make(HB_ALGORITHM_ED25519, spki, "raw key", ret_key, err);
}

hb_status hb_pubkey_verify(const hb_pubkey *k, const void *p, size_t n, const void *sig,
                           size_t sig_n, hb_error *err)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!ctx) {
        return HB_NOMEM(err);
    }
    bool good =
        EVP_DigestVerifyInit(ctx, NULL, hb_algorithm_md(k->algorithm), NULL, k->pkey) == 1 &&
        EVP_DigestVerify(ctx, sig, sig_n, p, n) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return good ? HB_OK
                : HB_FAIL(err, HB_E_EVIDENCE, "the signature is not one of key %.16s… over this",
                          k->id);
}
