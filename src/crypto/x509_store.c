/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/x509_store.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

enum { STRENGTH = 2, DEPTH_MAX = 8, AUTHORITIES_MAX = 64, LISTS_MAX = 64 };

static hb_status check_text(hb_str pem, const char *name, hb_error *err)
{
    /* An accident that must not be carried on, as a pack is given away. */
    if (memmem(pem.p, pem.n, "PRIVATE KEY", 11)) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' holds a private key; only certificates may be in it",
                       name);
    }
    if (memchr(pem.p, 0, pem.n)) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is no PEM", name);
    }
    return HB_OK;
}

/* true: no more PEM in the text; false: what comes next is not what was expected. */
static bool at_end(void)
{
    unsigned long why = ERR_peek_last_error();
    bool end = ERR_GET_LIB(why) == ERR_LIB_PEM && ERR_GET_REASON(why) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    return end;
}

/* OpenSSL passes over PEM of other kinds; a file with such is not what it seems. */
static bool count_is(hb_str pem, int n)
{
    static const char begin[] = "-----BEGIN ";
    int found = 0;
    const char *end = pem.p + pem.n;
    const char *at = pem.p;
    while ((at = memmem(at, (size_t)(end - at), begin, sizeof begin - 1)) != NULL) {
        at += sizeof begin - 1;
        found++;
    }
    return found == n;
}

hb_status hb_certificates_read(hb_str pem, size_t max, const char *name, STACK_OF(X509) * *ret,
                               hb_error *err)
{
    HB_TRY(check_text(pem, name, err));
    if (pem.n > HB_CA_FILE_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "'%s' is larger than 1 MiB of certificates", name);
    }
    BIO *bio = BIO_new_mem_buf(pem.n ? pem.p : "", (int)pem.n);
    STACK_OF(X509) *all = sk_X509_new_null();
    X509 *x = NULL;
    hb_status status = bio && all ? HB_OK : HB_NOMEM(err);
    while (status == HB_OK && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        if ((size_t)sk_X509_num(all) >= max) {
            status = HB_FAIL(err, HB_E_LIMIT, "'%s' holds more than %zu certificates", name, max);
            X509_free(x);
        } else if (!sk_X509_push(all, x)) {
            X509_free(x);
            status = HB_NOMEM(err);
        }
    }
    if (status == HB_OK && (!at_end() || !sk_X509_num(all) || !count_is(pem, sk_X509_num(all)))) {
        status = HB_FAIL(err, HB_E_INPUT, "'%s' is no file of certificates in PEM", name);
    }
    BIO_free(bio);
    if (status != HB_OK) {
        sk_X509_pop_free(all, X509_free);
        return status;
    }
    *ret = all;
    return HB_OK;
}

static hb_status add_lists(X509_STORE *store, hb_str pem, hb_error *err)
{
    if (pem.n > HB_CRL_FILE_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "the revocation lists are larger than 16 MiB");
    }
    HB_TRY(check_text(pem, "the revocation lists", err));
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    X509_CRL *list = NULL;
    int n = 0;
    hb_status status = bio ? HB_OK : HB_NOMEM(err);
    while (status == HB_OK && n < LISTS_MAX &&
           (list = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL)) != NULL) {
        n++;
        if (X509_STORE_add_crl(store, list) != 1) {
            status = HB_NOMEM(err);
        }
        X509_CRL_free(list);
    }
    if (status == HB_OK && (!at_end() || !n || !count_is(pem, n))) {
        status = HB_FAIL(err, HB_E_INPUT, "the revocation lists are no PEM of X509 CRL");
    }
    BIO_free(bio);
    return status;
}

hb_status hb_trust_store(const hb_chain_ask *ask, X509_STORE **ret, hb_error *err)
{
    STACK_OF(X509) *authorities = NULL;
    HB_TRY(hb_certificates_read(ask->trust_pem, AUTHORITIES_MAX, "the file of authorities",
                                &authorities, err));
    X509_STORE *store = X509_STORE_new();
    X509_VERIFY_PARAM *param = store ? X509_STORE_get0_param(store) : NULL;
    hb_status status = param ? HB_OK : HB_NOMEM(err);
    for (int i = 0; status == HB_OK && i < sk_X509_num(authorities); i++) {
        if (X509_STORE_add_cert(store, sk_X509_value(authorities, i)) != 1) {
            status = HB_NOMEM(err);
        }
    }
    if (status == HB_OK && ask->crl_pem.n) {
        status = add_lists(store, ask->crl_pem, err);
    }
    if (status == HB_OK) {
        unsigned long flags =
            X509_V_FLAG_X509_STRICT | X509_V_FLAG_POLICY_CHECK | X509_V_FLAG_CHECK_SS_SIGNATURE;
        if (ask->crl_pem.n) {
            flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
        }
        X509_VERIFY_PARAM_set_flags(param, flags);
        X509_VERIFY_PARAM_set_auth_level(param, STRENGTH);
        X509_VERIFY_PARAM_set_depth(param, DEPTH_MAX);
        X509_VERIFY_PARAM_set_time(param, (time_t)(ask->at / 1000000000));
    }
    sk_X509_pop_free(authorities, X509_free);
    ERR_clear_error();
    if (status != HB_OK) {
        X509_STORE_free(store);
        return status;
    }
    *ret = store;
    return HB_OK;
}

void hb_certificate_subject(X509 *x, char ret[HB_SUBJECT_MAX])
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    size_t fits = 0;
    if (bio && X509_NAME_print_ex(bio, X509_get_subject_name(x), 0,
                                  XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0) {
        long n = BIO_get_mem_data(bio, &text);
        fits = n < HB_SUBJECT_MAX ? (size_t)n : HB_SUBJECT_MAX - 1;
        fits = hb_utf8_valid_prefix((hb_str){text, fits});
    }
    memcpy(ret, fits ? text : "", fits);
    ret[fits] = '\0';
    BIO_free(bio);
}

bool hb_time_of_asn1(const ASN1_TIME *t, hb_time *ret)
{
    struct tm tm;
    return t && ASN1_TIME_to_tm(t, &tm) == 1 &&
           hb_time_from_civil(tm.tm_year + 1900, (unsigned)tm.tm_mon + 1, (unsigned)tm.tm_mday,
                              (unsigned)tm.tm_hour, (unsigned)tm.tm_min, (unsigned)tm.tm_sec, 0, 0,
                              ret);
}

/* --- judging --- */

/* Was it revoked after the proven time, by all lists that say so at all? (OpenSSL does not always
 * tell which list it is about.) */
static bool revoked_later(X509_STORE_CTX *ctx, const hb_chain_ask *ask, hb_time *ret_when)
{
    X509 *x = X509_STORE_CTX_get_current_cert(ctx);
    STACK_OF(X509_OBJECT) *all = X509_STORE_get0_objects(X509_STORE_CTX_get0_store(ctx));
    bool later = false;
    for (int i = 0; ask->at_proven && x && i < sk_X509_OBJECT_num(all); i++) {
        X509_CRL *list = X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(all, i));
        X509_REVOKED *entry = NULL;
        hb_time when = 0;
        if (!list || X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_issuer_name(x)) != 0 ||
            X509_CRL_get0_by_cert(list, &entry, x) < 1) {
            continue;
        }
        if (!hb_time_of_asn1(X509_REVOKED_get0_revocationDate(entry), &when) || when <= ask->at) {
            return false;
        }
        *ret_when = later && *ret_when < when ? *ret_when : when;
        later = true;
    }
    return later;
}

/* A list from after the signature knows more than one from before. */
static bool issued_later(X509_STORE_CTX *ctx, const hb_chain_ask *ask)
{
    X509_CRL *list = X509_STORE_CTX_get0_current_crl(ctx);
    hb_time issued = 0;
    return list && hb_time_of_asn1(X509_CRL_get0_lastUpdate(list), &issued) && issued > ask->at;
}

/* Set on the store, because a time token is verified in a context of OpenSSL's own. */
static int judge(int ok, X509_STORE_CTX *ctx)
{
    const hb_judgement *j = X509_STORE_get_ex_data(X509_STORE_CTX_get0_store(ctx), 0);
    int error = X509_STORE_CTX_get_error(ctx);
    hb_time when = 0;
    char text[HB_TIME_TEXT];
    if (ok || !j) {
        return ok;
    }
    if (error == X509_V_ERR_CERT_REVOKED && revoked_later(ctx, j->ask, &when)) {
        if (j->notes) {
            hb_time_print(when, text);
            hb_buf_fmt(j->notes, "revoked on %s, after the proven time of the signature", text);
        }
        ok = 1;
    } else if (error == X509_V_ERR_CRL_NOT_YET_VALID) {
        ok = issued_later(ctx, j->ask);
    }
    if (ok) {
        X509_STORE_CTX_set_error(ctx, X509_V_OK);
    }
    return ok;
}

hb_status hb_judgement_set(X509_STORE *store, hb_judgement *j, hb_error *err)
{
    X509_STORE_set_verify_cb(store, judge);
    return X509_STORE_set_ex_data(store, 0, j) == 1 ? HB_OK : HB_NOMEM(err); /* 0: the user's */
}
