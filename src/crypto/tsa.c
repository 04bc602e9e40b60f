/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/tsa.h"

#include "crypto/x509_store.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>
#include <string.h>

enum { TEXT = 160 };

static bool strong(const X509_ALGOR *algorithm)
{
    const ASN1_OBJECT *oid = NULL;
    X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
    int nid = OBJ_obj2nid(oid);
    return nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512;
}

static hb_status fill(TS_REQ *req, const unsigned char digest[32], hb_buf *out, hb_error *err)
{
    TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
    X509_ALGOR *algorithm = X509_ALGOR_new();
    unsigned char *der = NULL;
    unsigned char copy[32];
    memcpy(copy, digest, sizeof copy);
    int n = -1;
    if (imprint && algorithm &&
        X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1 &&
        TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1 &&
        TS_MSG_IMPRINT_set_msg(imprint, copy, sizeof copy) == 1 &&
        TS_REQ_set_version(req, 1) == 1 && TS_REQ_set_msg_imprint(req, imprint) == 1 &&
        TS_REQ_set_cert_req(req, 1) == 1) {
        n = i2d_TS_REQ(req, &der);
    }
    TS_MSG_IMPRINT_free(imprint);
    X509_ALGOR_free(algorithm);
    if (n <= 0) {
        return HB_NOMEM(err);
    }
    hb_buf_clear(out);
    hb_buf_add(out, der, (size_t)n);
    OPENSSL_free(der);
    return hb_buf_check(out, err);
}

hb_status hb_tsa_query(const void *p, size_t n, hb_buf *out, hb_error *err)
{
    unsigned char digest[32];
    if (EVP_Digest(p, n, digest, NULL, EVP_sha256(), NULL) != 1) {
        return HB_FAIL(err, HB_E_BUG, "SHA-256 is not available in this OpenSSL");
    }
    TS_REQ *req = TS_REQ_new();
    hb_status status = req ? fill(req, digest, out, err) : HB_NOMEM(err);
    TS_REQ_free(req);
    return status;
}

/* Text of the authority for a terminal. */
static void status_text(const TS_STATUS_INFO *info, char ret[TEXT])
{
    const STACK_OF(ASN1_UTF8STRING) *texts = TS_STATUS_INFO_get0_text(info);
    hb_buf shown;
    hb_buf_init(&shown, 4096);
    if (sk_ASN1_UTF8STRING_num(texts) > 0) {
        const ASN1_UTF8STRING *first = sk_ASN1_UTF8STRING_value(texts, 0);
        char copy[TEXT];
        size_t n = (size_t)ASN1_STRING_length(first);
        n = n < sizeof copy ? n : sizeof copy - 1;
        memcpy(copy, ASN1_STRING_get0_data(first), n);
        copy[n] = '\0';
        hb_buf_c(&shown, ": ");
        hb_buf_shown(&shown, copy);
    }
    hb_str_fit(shown.p, ret, TEXT);
    hb_buf_release(&shown);
}

static hb_status read_response(hb_str der, TS_RESP **ret, hb_error *err)
{
    const unsigned char *at = (const unsigned char *)der.p;
    if (der.n > HB_TSA_RESPONSE_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "the time token has %zu bytes, at most 1 MiB", der.n);
    }
    TS_RESP *resp = d2i_TS_RESP(NULL, &at, (long)der.n);
    bool whole = resp && at == (const unsigned char *)der.p + der.n;
    ERR_clear_error();
    if (!whole) {
        TS_RESP_free(resp);
        return HB_FAIL(err, HB_E_INPUT,
                       "this is no answer of a time stamping authority (TimeStampResp in DER)");
    }
    *ret = resp;
    return HB_OK;
}

static hb_status check_granted(TS_RESP *resp, hb_error *err)
{
    TS_STATUS_INFO *info = TS_RESP_get_status_info(resp);
    long granted = info ? ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(info)) : -1;
    if (granted != 0 && granted != 1) { /* granted, granted with changes */
        char text[TEXT] = "";
        status_text(info, text);
        return HB_FAIL(err, HB_E_EVIDENCE, "the authority refused the time token%s", text);
    }
    if (!TS_RESP_get_tst_info(resp)) {
        return HB_FAIL(err, HB_E_INPUT, "the answer of the authority has no time token");
    }
    return HB_OK;
}

static hb_status check_imprint(TS_RESP *resp, hb_str data, hb_error *err)
{
    TS_MSG_IMPRINT *imprint = TS_TST_INFO_get_msg_imprint(TS_RESP_get_tst_info(resp));
    X509_ALGOR *algorithm = TS_MSG_IMPRINT_get_algo(imprint);
    const ASN1_OCTET_STRING *said = TS_MSG_IMPRINT_get_msg(imprint);
    const ASN1_OBJECT *oid = NULL;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (!strong(algorithm)) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "the time token is over a digest that is not SHA-256, SHA-384 or SHA-512");
    }
    X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
    if (EVP_Digest(data.p, data.n, digest, &n, EVP_get_digestbyobj(oid), NULL) != 1) {
        return HB_FAIL(err, HB_E_BUG, "SHA-2 is not available in this OpenSSL");
    }
    if (ASN1_STRING_length(said) != (int)n ||
        CRYPTO_memcmp(ASN1_STRING_get0_data(said), digest, n) != 0) {
        return HB_FAIL(err, HB_E_EVIDENCE, "the time token is over other bytes than these");
    }
    return HB_OK;
}

static hb_status look(TS_RESP *resp, hb_str data, hb_time *ret_at, hb_error *err)
{
    HB_TRY(check_granted(resp, err));
    HB_TRY(check_imprint(resp, data, err));
    const ASN1_GENERALIZEDTIME *time = TS_TST_INFO_get_time(TS_RESP_get_tst_info(resp));
    return hb_time_of_asn1(time, ret_at)
               ? HB_OK
               : HB_FAIL(err, HB_E_INPUT, "the time token has no time that can be read");
}

hb_status hb_tsa_look(hb_str response, hb_str data, hb_time *ret_at, hb_error *err)
{
    TS_RESP *resp = NULL;
    HB_TRY(read_response(response, &resp, err));
    hb_status status = look(resp, data, ret_at, err);
    TS_RESP_free(resp);
    ERR_clear_error();
    return status;
}

static hb_status why_not(hb_error *err)
{
    const char *data = NULL;
    int flags = 0;
    unsigned long why = ERR_peek_last_error_all(NULL, NULL, NULL, &data, &flags);
    const char *reason = ERR_reason_error_string(why);
    hb_status status = HB_FAIL(err, HB_E_EVIDENCE, "the time token does not hold: %.100s%s%.150s",
                               reason ? reason : "OpenSSL does not say why",
                               flags & ERR_TXT_STRING && data && *data ? ": " : "",
                               flags & ERR_TXT_STRING && data ? data : "");
    ERR_clear_error();
    return status;
}

static hb_status verify_with(TS_RESP *resp, X509_STORE *store, hb_str data, hb_error *err)
{
    TS_VERIFY_CTX *ctx = TS_VERIFY_CTX_new();
    BIO *bio = BIO_new_mem_buf(data.p, (int)data.n);
    if (!ctx || !bio) {
        TS_VERIFY_CTX_free(ctx);
        BIO_free(bio);
        return HB_NOMEM(err);
    }
    X509_STORE_up_ref(store); /* the context takes one */
    TS_VERIFY_CTX_set_store(ctx, store);
    TS_VERIFY_CTX_set_data(ctx, bio);
    TS_VERIFY_CTX_set_flags(ctx, TS_VFY_VERSION | TS_VFY_SIGNATURE | TS_VFY_DATA);
    int good = TS_RESP_verify_response(ctx, resp);
    TS_VERIFY_CTX_free(ctx);
    return good == 1 ? HB_OK : why_not(err);
}

/* One signer, with a strong digest; OpenSSL looks at the rest. */
static hb_status signer_of(TS_RESP *resp, char ret[HB_SUBJECT_MAX], hb_error *err)
{
    PKCS7 *token = TS_RESP_get_token(resp);
    STACK_OF(PKCS7_SIGNER_INFO) *infos = PKCS7_get_signer_info(token);
    if (sk_PKCS7_SIGNER_INFO_num(infos) != 1) {
        return HB_FAIL(err, HB_E_EVIDENCE, "the time token does not have one signer");
    }
    X509_ALGOR *digest = NULL;
    PKCS7_SIGNER_INFO_get0_algs(sk_PKCS7_SIGNER_INFO_value(infos, 0), NULL, &digest, NULL);
    if (!strong(digest)) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "the time token is signed over a digest that is not SHA-256, SHA-384 or "
                       "SHA-512");
    }
    STACK_OF(X509) *signers = PKCS7_get0_signers(token, NULL, 0);
    ret[0] = '\0';
    if (sk_X509_num(signers) == 1) {
        hb_certificate_subject(sk_X509_value(signers, 0), ret);
    }
    sk_X509_free(signers);
    ERR_clear_error();
    return HB_OK;
}

hb_status hb_tsa_verify(hb_str response, hb_str data, const hb_tsa_ask *ask, hb_tsa_found *ret,
                        hb_error *err)
{
    TS_RESP *resp = NULL;
    X509_STORE *store = NULL;
    hb_tsa_found found = {0};
    HB_TRY(read_response(response, &resp, err));
    hb_status status = look(resp, data, &found.at, err);
    const hb_chain_ask chain = {
        .trust_pem = ask->trust_pem, .crl_pem = ask->crl_pem, .at = found.at};
    hb_judgement j = {.ask = &chain};
    status = status == HB_OK ? signer_of(resp, found.authority, err) : status;
    status = status == HB_OK ? hb_trust_store(&chain, &store, err) : status;
    status = status == HB_OK ? hb_judgement_set(store, &j, err) : status;
    status = status == HB_OK ? verify_with(resp, store, data, err) : status;
    X509_STORE_free(store);
    TS_RESP_free(resp);
    ERR_clear_error();
    if (status == HB_OK) {
        *ret = found;
    }
    return status;
}
