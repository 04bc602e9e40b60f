/* SPDX-License-Identifier: Apache-2.0 */
/* What x509 and tsa share: certificates and authorities as OpenSSL has them. */
#ifndef HB_CRYPTO_X509_STORE_H
#define HB_CRYPTO_X509_STORE_H

#include "crypto/x509.h"

#include <openssl/x509_vfy.h>

/* All certificates of a PEM text, at most `max`, at least one. Free with sk_X509_pop_free.
 */
HB_CHECKED hb_status hb_certificates_read(hb_str pem, size_t max, const char *name,
                                          STACK_OF(X509) * *ret, hb_error *err);
/* The authorities of trust_pem, and lists of crl_pem, with the checks of hb_chain_verify at that
 * time. Free with X509_STORE_free. */
HB_CHECKED hb_status hb_trust_store(const hb_chain_ask *ask, X509_STORE **ret, hb_error *err);
enum { HB_SUBJECT_MAX = 256 };

/* "CN=Release,O=Lab" (RFC 2253), control characters escaped, cut to fit. */
void hb_certificate_subject(X509 *x, char ret[HB_SUBJECT_MAX]);
/* hb_time from OpenSSL's; false for a time out of range. */
bool hb_time_of_asn1(const ASN1_TIME *t, hb_time *ret);

/* Judges OpenSSL's findings about revocation by the times in the ask. Must live as long as the
 * store is used. */
typedef struct hb_judgement {
    const hb_chain_ask *ask;
    hb_buf *notes; /* NULL = none wanted */
} hb_judgement;

HB_CHECKED hb_status hb_judgement_set(X509_STORE *store, hb_judgement *j, hb_error *err);

#endif
