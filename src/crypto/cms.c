/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cms.h"

#include "base/mem.h"
#include "crypto/bio_sink.h"
#include "crypto/cms_skim.h"
#include "crypto/key_internal.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>

enum { RSA_BITS_MIN = 2048, PORTION = 64 << 10 };

struct hb_cms {
    CMS_ContentInfo *info;
    hb_bio_sink out;
    BIO *in; /* the end that plaintext is written to; out.bio is the other end of the chain */
    uint64_t bytes;
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
                       "more than 64 GiB is not encrypted to certificates; use --passphrase-file");
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

static hb_status read_info(const hb_buf *around, CMS_ContentInfo **ret, hb_error *err)
{
    const unsigned char *at = (const unsigned char *)around->p;
    CMS_ContentInfo *info = d2i_CMS_ContentInfo(NULL, &at, (long)around->n);
    bool whole = info && at == (const unsigned char *)around->p + around->n;
    ERR_clear_error();
    if (!whole) {
        CMS_ContentInfo_free(info);
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "it is no whole CMS message: bytes were changed, cut off or added");
    }
    *ret = info;
    return HB_OK;
}

/* OpenSSL's reading end onto the content where it lies. */
typedef struct content_end {
    const hb_cms_source *source;
    hb_cms_content content;
    hb_status failed;
    hb_error err;
    BIO_METHOD *method;
    BIO *bio;
} content_end;

static int content_read(BIO *bio, char *p, size_t room, size_t *ret_n)
{
    content_end *c = BIO_get_data(bio);
    *ret_n = 0;
    if (c->failed == HB_OK) {
        c->failed = hb_cms_content_read(c->source, &c->content, p, room, ret_n, &c->err);
    }
    return c->failed == HB_OK && *ret_n > 0;
}

static long content_ctrl(BIO *bio, int command, long number, void *p)
{
    (void)bio;
    (void)command;
    (void)number;
    (void)p;
    return 0;
}

static void content_end_release(content_end *c)
{
    BIO_free(c->bio);
    BIO_meth_free(c->method);
}

static hb_status content_end_init(content_end *c, hb_error *err)
{
    c->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | 126, "content");
    if (!c->method || BIO_meth_set_read_ex(c->method, content_read) != 1 ||
        BIO_meth_set_ctrl(c->method, content_ctrl) != 1 || !(c->bio = BIO_new(c->method))) {
        return HB_NOMEM(err);
    }
    BIO_set_data(c->bio, c);
    BIO_set_init(c->bio, 1);
    return HB_OK;
}

/* What CMS_decrypt does, but for keeping all of the content in memory until the tag was checked:
 * here it is the sink that keeps it back. */
static hb_status copy_out(BIO *from, content_end *in, hb_sink sink, bool *ret_good, hb_error *err)
{
    unsigned char *portion = hb_alloc(PORTION);
    hb_status status = portion ? HB_OK : HB_NOMEM(err);
    int n = 1;
    while (status == HB_OK && (n = BIO_read(from, portion, PORTION)) > 0) {
        status = sink.write(sink.ctx, portion, (size_t)n, err);
    }
    if (status == HB_OK && in->failed != HB_OK) {
        status = HB_FAIL(err, in->failed, "%s", in->err.msg);
    }
    *ret_good = n == 0 && BIO_get_cipher_status(from) == 1;
    if (portion) {
        OPENSSL_cleanse(portion, PORTION);
    }
    hb_free(portion);
    return status;
}

static hb_status decrypt(CMS_ContentInfo *info, EVP_PKEY *pkey, content_end *in, hb_sink sink,
                         const char *key, hb_error *err)
{
    bool good = false;
    hb_status status = HB_OK;
    BIO *chain = CMS_decrypt_set1_pkey(info, pkey, NULL) == 1 ? CMS_dataInit(info, in->bio) : NULL;
    if (chain) {
        status = copy_out(chain, in, sink, &good, err);
    }
    while (chain && chain != in->bio) {
        BIO *next = BIO_pop(chain);
        BIO_free(chain);
        chain = next;
    }
    ERR_clear_error();
    return status != HB_OK || good ? status : not_for_this_key(info, key, err);
}

static hb_status bytes_read(void *ctx, uint64_t at, void *p, size_t n, hb_error *err)
{
    const hb_str *s = ctx;
    (void)err;
    memcpy(p, s->p + at, n);
    return HB_OK;
}

hb_cms_source hb_cms_of_bytes(const hb_str *der)
{
    return (hb_cms_source){.read = bytes_read, .ctx = (void *)(uintptr_t)der, .size = der->n};
}

hb_status hb_cms_open(const hb_os *os, const hb_cms_source *source, const char *key,
                      const hb_passphrase *passphrase, hb_sink sink, hb_error *err)
{
    HB_CLEANUP(hb_buf_release) hb_buf around;
    CMS_ContentInfo *info = NULL;
    EVP_PKEY *pkey = NULL;
    content_end in = {.source = source};
    hb_signer_ask ask = {.os = os, .key = key};
    if (passphrase) {
        ask.passphrase = *passphrase;
    }
    hb_buf_init(&around, HB_CMS_AROUND_MAX + 64); /* and the containers' own bytes */
    HB_TRY(hb_cms_skim(source, &around, &in.content, err));
    HB_TRY(read_info(&around, &info, err));
    hb_status status = hb_private_read(&ask, &pkey, err);
    status = status == HB_OK ? content_end_init(&in, err) : status;
    status = status == HB_OK ? decrypt(info, pkey, &in, sink, key, err) : status;
    content_end_release(&in);
    EVP_PKEY_free(pkey);
    CMS_ContentInfo_free(info);
    return status;
}
