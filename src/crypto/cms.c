/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cms.h"

#include "base/mem.h"
#include "crypto/bio_sink.h"
#include "crypto/key_internal.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>

enum { RSA_BITS_MIN = 2048 };

struct hb_cms {
    CMS_ContentInfo *info;
    hb_bio_sink out;
    BIO *in; /* the end that plaintext is written to; out.bio is the other end of the chain */
    size_t bytes;
};

static hb_status read_certificate(hb_str pem, const char *name, X509 **ret, hb_error *err)
{
    if (pem.n > HB_PEM_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "certificate '%s' is larger than 64 KiB", name);
    }
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    X509 *found = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    X509 *more = found ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    ERR_clear_error();
    if (!found || more) {
        X509_free(found);
        X509_free(more);
        return HB_FAIL(err, HB_E_INPUT, "'%s' has %s certificate in PEM, expected one", name,
                       more ? "more than one" : "no");
    }
    *ret = found;
    return HB_OK;
}

/* May this be encrypted to, and is it still somebody's? */
static hb_status check_recipient(X509 *x, const char *name, hb_time now, hb_error *err)
{
    time_t at = (time_t)(now / 1000000000);
    const EVP_PKEY *key = X509_get0_pubkey(x);
    int type = key ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE;
    uint32_t needs = type == EVP_PKEY_RSA ? KU_KEY_ENCIPHERMENT : KU_KEY_AGREEMENT;
    if (type != EVP_PKEY_RSA && type != EVP_PKEY_EC) {
        return HB_FAIL(err, HB_E_INPUT,
                       "certificate '%s' has a key that CMS does not encrypt to; there are RSA and "
                       "EC",
                       name);
    }
    if (type == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) < RSA_BITS_MIN) {
        return HB_FAIL(err, HB_E_INPUT, "certificate '%s' has an RSA key of %d bits, at least %d",
                       name, EVP_PKEY_get_bits(key), RSA_BITS_MIN);
    }
    if (X509_cmp_time(X509_get0_notBefore(x), &at) >= 0 ||
        X509_cmp_time(X509_get0_notAfter(x), &at) <= 0) {
        return HB_FAIL(err, HB_E_INPUT, "certificate '%s' is not valid now", name);
    }
    if (!(X509_get_key_usage(x) & needs)) {
        return HB_FAIL(err, HB_E_INPUT, "certificate '%s' does not allow %s", name,
                       needs == KU_KEY_AGREEMENT ? "keyAgreement" : "keyEncipherment");
    }
    return HB_OK;
}

static hb_status add_recipient(hb_cms *c, X509 *x, const char *name, hb_error *err)
{
    CMS_RecipientInfo *r = CMS_add1_recipient_cert(c->info, x, CMS_KEY_PARAM);
    EVP_PKEY_CTX *p = r ? CMS_RecipientInfo_get0_pkey_ctx(r) : NULL;
    bool rsa = EVP_PKEY_get_base_id(X509_get0_pubkey(x)) == EVP_PKEY_RSA;
    bool good = p && (rsa ? EVP_PKEY_CTX_set_rsa_padding(p, RSA_PKCS1_OAEP_PADDING) == 1 &&
                                EVP_PKEY_CTX_set_rsa_oaep_md(p, EVP_sha256()) == 1 &&
                                EVP_PKEY_CTX_set_rsa_mgf1_md(p, EVP_sha256()) == 1
                          : EVP_PKEY_CTX_set_ecdh_kdf_md(p, EVP_sha256()) == 1);
    ERR_clear_error();
    return good ? HB_OK
                : HB_FAIL(err, HB_E_INPUT, "OpenSSL does not encrypt to certificate '%s'", name);
}

static hb_status add_recipients(hb_cms *c, const hb_os *os, const hb_str *certificates,
                                const char *const *names, size_t n, hb_error *err)
{
    for (size_t i = 0; i < n; i++) {
        X509 *x = NULL;
        HB_TRY(read_certificate(certificates[i], names[i], &x, err));
        hb_status status = check_recipient(x, names[i], os->now(), err);
        status = status == HB_OK ? add_recipient(c, x, names[i], err) : status;
        X509_free(x);
        HB_TRY(status);
    }
    return HB_OK;
}

hb_status hb_cms_seal_new(const hb_os *os, const hb_str *certificates, const char *const *names,
                          size_t n, hb_sink sink, hb_cms **ret, hb_error *err)
{
    if (n < 1 || n > HB_CMS_RECIPIENTS_MAX) {
        return HB_FAIL(err, HB_E_USAGE, "%zu recipients, 1 to %d", n, HB_CMS_RECIPIENTS_MAX);
    }
    hb_cms *c = hb_alloc_zero(sizeof *c);
    if (!c) {
        return HB_NOMEM(err);
    }
    hb_status status = hb_bio_sink_init(&c->out, sink, err);
    if (status == HB_OK) {
        c->info = CMS_encrypt(NULL, NULL, EVP_aes_256_gcm(), CMS_STREAM | CMS_PARTIAL | CMS_BINARY);
        status = c->info ? add_recipients(c, os, certificates, names, n, err) : HB_NOMEM(err);
    }
    if (status == HB_OK && !(c->in = BIO_new_CMS(c->out.bio, c->info))) {
        ERR_clear_error();
        status = HB_FAIL(err, HB_E_INPUT, "OpenSSL does not encrypt to these certificates");
    }
    if (status != HB_OK) {
        hb_cms_free(c);
        return status;
    }
    *ret = c;
    return HB_OK;
}

void hb_cms_free(hb_cms *c)
{
    if (!c) {
        return;
    }
    while (c->in && c->in != c->out.bio) {
        BIO *next = BIO_pop(c->in);
        BIO_free(c->in);
        c->in = next;
    }
    hb_bio_sink_release(&c->out);
    CMS_ContentInfo_free(c->info);
    hb_free(c);
}

static hb_status of_sink(const hb_bio_sink *s, hb_error *err)
{
    if (s->failed != HB_OK && err) {
        *err = s->err;
    }
    ERR_clear_error();
    return s->failed != HB_OK ? s->failed : HB_FAIL(err, HB_E_IO, "OpenSSL could not encrypt");
}

hb_status hb_cms_add(hb_cms *c, const void *p, size_t n, hb_error *err)
{
    const char *at = p;
    if (n > HB_CMS_MAX - c->bytes) {
        return HB_FAIL(err, HB_E_LIMIT,
                       "more than 1 GiB is not encrypted to certificates; use --passphrase-file");
    }
    c->bytes += n;
    while (n) {
        size_t put = 0;
        if (BIO_write_ex(c->in, at, n, &put) != 1 || !put) {
            return of_sink(&c->out, err);
        }
        at += put;
        n -= put;
    }
    return HB_OK;
}

hb_status hb_cms_end(hb_cms *c, hb_error *err)
{
    return BIO_flush(c->in) == 1 && c->out.failed == HB_OK ? HB_OK : of_sink(&c->out, err);
}

/* --- reading --- */

static void tell_id(const X509_NAME *issuer, const ASN1_INTEGER *serial, hb_buf *out)
{
    BIGNUM *number = serial ? ASN1_INTEGER_to_BN(serial, NULL) : NULL;
    char *hex = number ? BN_bn2hex(number) : NULL;
    char *name = issuer ? X509_NAME_oneline(issuer, NULL, 0) : NULL;
    hb_buf_c(out, out->n ? ", " : "");
    hb_buf_shown(out, name ? name : "a key identifier");
    hb_buf_fmt(out, " %.40s", hex ? hex : "");
    OPENSSL_free(name);
    OPENSSL_free(hex);
    BN_free(number);
}

static void tell_recipients(CMS_ContentInfo *info, hb_buf *out)
{
    STACK_OF(CMS_RecipientInfo) *all = CMS_get0_RecipientInfos(info);
    for (int i = 0; i < sk_CMS_RecipientInfo_num(all); i++) {
        CMS_RecipientInfo *r = sk_CMS_RecipientInfo_value(all, i);
        ASN1_OCTET_STRING *id = NULL;
        X509_NAME *issuer = NULL;
        ASN1_INTEGER *serial = NULL;
        if (CMS_RecipientInfo_type(r) == CMS_RECIPINFO_TRANS &&
            CMS_RecipientInfo_ktri_get0_signer_id(r, &id, &issuer, &serial) == 1) {
            tell_id(issuer, serial, out);
        } else if (CMS_RecipientInfo_type(r) == CMS_RECIPINFO_AGREE) {
            STACK_OF(CMS_RecipientEncryptedKey) *keys = CMS_RecipientInfo_kari_get0_reks(r);
            for (int k = 0; k < sk_CMS_RecipientEncryptedKey_num(keys); k++) {
                ASN1_GENERALIZEDTIME *when = NULL;
                CMS_OtherKeyAttribute *other = NULL;
                if (CMS_RecipientEncryptedKey_get0_id(sk_CMS_RecipientEncryptedKey_value(keys, k),
                                                      &id, &when, &other, &issuer, &serial) == 1) {
                    tell_id(issuer, serial, out);
                }
            }
        }
    }
}

static hb_status not_for_this_key(CMS_ContentInfo *info, const char *key, hb_error *err)
{
    hb_buf who;
    hb_buf_init(&who, 4096);
    tell_recipients(info, &who);
    hb_status status =
        HB_FAIL(err, HB_E_EVIDENCE,
                "it does not decrypt with '%.100s': that is not the key of one it was encrypted "
                "to, or bytes were changed; it was encrypted to (issuer, serial): %.240s",
                key, who.p);
    hb_buf_release(&who);
    return status;
}

static hb_status read_info(hb_str der, CMS_ContentInfo **ret, hb_error *err)
{
    const unsigned char *at = (const unsigned char *)der.p;
    if (der.n > HB_CMS_MAX + HB_CMS_MAX / 8) {
        return HB_FAIL(err, HB_E_LIMIT, "it is larger than the 1 GiB that hb decrypts of CMS");
    }
    CMS_ContentInfo *info = d2i_CMS_ContentInfo(NULL, &at, (long)der.n);
    bool whole = info && at == (const unsigned char *)der.p + der.n;
    ERR_clear_error();
    if (!whole) {
        CMS_ContentInfo_free(info);
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "it is no whole CMS message: bytes were changed, cut off or added");
    }
    /* Without authentication changes would not show. */
    if (OBJ_obj2nid(CMS_get0_type(info)) != NID_id_smime_ct_authEnvelopedData) {
        CMS_ContentInfo_free(info);
        return HB_FAIL(err, HB_E_EVIDENCE, "it is CMS of another kind than AuthEnvelopedData");
    }
    *ret = info;
    return HB_OK;
}

hb_status hb_cms_open(const hb_os *os, hb_str der, const char *key, const hb_passphrase *passphrase,
                      hb_sink sink, hb_error *err)
{
    CMS_ContentInfo *info = NULL;
    EVP_PKEY *pkey = NULL;
    hb_bio_sink out = {0};
    hb_signer_ask ask = {.os = os, .key = key};
    if (passphrase) {
        ask.passphrase = *passphrase;
    }
    HB_TRY(read_info(der, &info, err));
    hb_status status = hb_private_read(&ask, &pkey, err);
    status = status == HB_OK ? hb_bio_sink_init(&out, sink, err) : status;
    if (status == HB_OK) {
        int good = CMS_decrypt(info, pkey, NULL, NULL, out.bio, CMS_BINARY);
        ERR_clear_error();
        if (out.failed != HB_OK) {
            status = of_sink(&out, err);
        } else if (good != 1) {
            status = not_for_this_key(info, key, err);
        }
    }
    hb_bio_sink_release(&out);
    EVP_PKEY_free(pkey);
    CMS_ContentInfo_free(info);
    return status;
}
