/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pkcs11_key.h"

#include <openssl/ec.h>
#include <string.h>

enum { P384_POINT = 97, ED25519_POINT = 32 };

/* SubjectPublicKeyInfo of the two algorithms up to the point (RFC 5480, RFC 8410). */
static const unsigned char p384_head[] = {0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86,
                                          0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b,
                                          0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00};
static const unsigned char p384_params[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
/* PKCS #11 3.0 has both forms, and SoftHSM the printed one. */
static const unsigned char ed25519_oid[] = {0x06, 0x03, 0x2b, 0x65, 0x70};
static const unsigned char ed25519_name[] = {0x13, 0x0c, 'e', 'd', 'w', 'a', 'r',
                                             'd',  's',  '2', '5', '5', '1', '9'};

static bool same(hb_str s, const void *p, size_t n)
{
    return s.n == n && memcmp(s.p, p, n) == 0;
}

/* The point without its OCTET STRING, which some tokens leave out. */
static hb_str bare(hb_str point, size_t want)
{
    if (point.n == want + 2 && point.p[0] == 0x04 && (unsigned char)point.p[1] == want) {
        return (hb_str){point.p + 2, want};
    }
    return point;
}

static hb_status p384_public(hb_str point, hb_pubkey **ret_key, hb_error *err)
{
    unsigned char der[sizeof p384_head + P384_POINT];
    hb_str xy = bare(point, P384_POINT);
    if (xy.n != P384_POINT || xy.p[0] != 0x04) {
        return HB_FAIL(err, HB_E_INPUT, "the token's public key is no uncompressed point of P-384");
    }
    memcpy(der, p384_head, sizeof p384_head);
    memcpy(der + sizeof p384_head, xy.p, P384_POINT);
    return hb_pubkey_from_spki(der, sizeof der, "the token's public key", ret_key, err);
}

hb_status hb_pkcs11_key_public(bool edwards, hb_str params, hb_str point, hb_pubkey **ret_key,
                               hb_error *err)
{
    uint8_t raw[ED25519_POINT];
    if (!edwards && same(params, p384_params, sizeof p384_params)) {
        return p384_public(point, ret_key, err);
    }
    if (edwards && (same(params, ed25519_oid, sizeof ed25519_oid) ||
                    same(params, ed25519_name, sizeof ed25519_name))) {
        hb_str y = bare(point, ED25519_POINT);
        if (y.n != ED25519_POINT) {
            return HB_FAIL(err, HB_E_INPUT, "the token's public key has %zu bytes, expected %d",
                           point.n, ED25519_POINT);
        }
        memcpy(raw, y.p, sizeof raw);
        return hb_pubkey_from_raw(raw, ret_key, err);
    }
    return HB_FAIL(err, HB_E_INPUT,
                   "the token's key is on a curve hb does not sign with; there are P-384 and "
                   "Ed25519");
}

hb_status hb_pkcs11_key_der(const uint8_t raw[96], hb_buf *sig, hb_error *err)
{
    unsigned char *der = NULL;
    BIGNUM *r = BN_bin2bn(raw, 48, NULL);
    BIGNUM *s = BN_bin2bn(raw + 48, 48, NULL);
    ECDSA_SIG *both = ECDSA_SIG_new();
    if (!r || !s || !both || ECDSA_SIG_set0(both, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(both);
        return HB_NOMEM(err);
    }
    int n = i2d_ECDSA_SIG(both, &der);
    ECDSA_SIG_free(both);
    if (n <= 0) {
        return HB_NOMEM(err);
    }
    hb_buf_clear(sig);
    hb_buf_add(sig, der, (size_t)n);
    OPENSSL_free(der);
    return hb_buf_check(sig, err);
}
