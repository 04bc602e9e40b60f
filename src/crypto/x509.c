/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/x509.h"

#include "base/mem.h"
#include "crypto/key_internal.h"
#include "crypto/x509_store.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

struct hb_chain {
    STACK_OF(X509) * all;
    hb_pubkey *key;
    char subject[HB_SUBJECT_MAX];
};

static hb_status check_order(const hb_chain *c, const char *name, hb_error *err)
{
    for (int i = 0; i + 1 < sk_X509_num(c->all); i++) {
        if (X509_check_issued(sk_X509_value(c->all, i + 1), sk_X509_value(c->all, i)) !=
            X509_V_OK) {
            return HB_FAIL(err, HB_E_INPUT,
                           "'%s': certificate %d was not issued by the one after it; the signer's "
                           "comes first, then its issuer's, and so on",
                           name, i + 1);
        }
    }
    return HB_OK;
}

hb_status hb_chain_read(hb_str pem, const char *name, hb_chain **ret_chain, hb_error *err)
{
    hb_chain *c = hb_alloc_zero(sizeof *c);
    if (!c) {
        return HB_NOMEM(err);
    }
    hb_status status = hb_certificates_read(pem, HB_CHAIN_MAX, name, &c->all, err);
    status = status == HB_OK ? check_order(c, name, err) : status;
    if (status == HB_OK) {
        const EVP_PKEY *key = X509_get0_pubkey(sk_X509_value(c->all, 0));
        status =
            key ? hb_pubkey_of(key, name, &c->key, err)
                : HB_FAIL(err, HB_E_INPUT, "'%s' has a key of no algorithm that is known", name);
    }
    if (status == HB_OK) {
        hb_certificate_subject(sk_X509_value(c->all, 0), c->subject);
    }
    ERR_clear_error();
    if (status != HB_OK) {
        hb_chain_free(c);
        return status;
    }
    *ret_chain = c;
    return HB_OK;
}

void hb_chain_free(hb_chain *c)
{
    if (c) {
        sk_X509_pop_free(c->all, X509_free);
        hb_pubkey_free(c->key);
        hb_free(c);
    }
}

const hb_pubkey *hb_chain_public(const hb_chain *c)
{
    return c->key;
}

const char *hb_chain_subject(const hb_chain *c)
{
    return c->subject;
}

static hb_status why_not(const hb_chain *c, X509_STORE_CTX *ctx, const hb_chain_ask *ask,
                         hb_error *err)
{
    char at[HB_TIME_TEXT];
    hb_time_print(ask->at, at);
    return HB_FAIL(err, HB_E_EVIDENCE,
                   "the certificate of '%.120s' does not hold at %s: %s (certificate %d of the "
                   "chain)",
                   c->subject, at, X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)),
                   X509_STORE_CTX_get_error_depth(ctx) + 1);
}

/* Where a certificate says what its key is for, it is for nothing else (RFC 5280, 4.2.1.12): one of
 * a web server, or of a time authority, is not for packs. Documents, code, mail and anything are;
 * without the extension there is no limit. */
static bool may_sign(X509 *leaf)
{
    static const char *const purposes[] = {"1.3.6.1.5.5.7.3.36",      /* documents, RFC 9336 */
                                           "1.3.6.1.4.1.311.10.3.12", /* documents, Microsoft's */
                                           "1.3.6.1.5.5.7.3.3",       /* code */
                                           "1.3.6.1.5.5.7.3.4",       /* mail */
                                           "2.5.29.37.0"};            /* any */
    EXTENDED_KEY_USAGE *all = X509_get_ext_d2i(leaf, NID_ext_key_usage, NULL, NULL);
    bool may = !(X509_get_extension_flags(leaf) & EXFLAG_XKUSAGE);
    for (int i = 0; !may && i < sk_ASN1_OBJECT_num(all); i++) {
        char oid[64];
        OBJ_obj2txt(oid, sizeof oid, sk_ASN1_OBJECT_value(all, i), 1);
        for (size_t k = 0; k < sizeof purposes / sizeof *purposes; k++) {
            may = may || strcmp(oid, purposes[k]) == 0;
        }
    }
    sk_ASN1_OBJECT_pop_free(all, ASN1_OBJECT_free);
    return may;
}

hb_status hb_chain_verify(const hb_chain *c, const hb_chain_ask *ask, hb_buf *notes, hb_error *err)
{
    X509_STORE *store = NULL;
    X509 *leaf = sk_X509_value(c->all, 0);
    hb_judgement j = {.ask = ask, .notes = notes};
    /* Without the extension RFC 5280 lets a key do anything, authorities sign as well. */
    if (!(X509_get_extension_flags(leaf) & EXFLAG_KUSAGE) ||
        !(X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE)) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "the certificate of '%.120s' is not for signing: its key usage lacks "
                       "digitalSignature",
                       c->subject);
    }
    if (!may_sign(leaf)) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "the certificate of '%.120s' is for other purposes than signing documents: "
                       "its extended key usage says so",
                       c->subject);
    }
    HB_TRY(hb_trust_store(ask, &store, err));
    hb_status status = hb_judgement_set(store, &j, err); /* init copies what the store has */
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    if (status == HB_OK && (!ctx || X509_STORE_CTX_init(ctx, store, leaf, c->all) != 1)) {
        status = HB_NOMEM(err);
    }
    if (status == HB_OK && X509_verify_cert(ctx) != 1) {
        status = why_not(c, ctx, ask, err);
    }
    ERR_clear_error();
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return status;
}
