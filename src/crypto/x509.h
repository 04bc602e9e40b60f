/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates of an organisation's own authority (RFC 5280): does a key belong to whom the lab's
 * authority says it does? Validation is OpenSSL's, strict, over files only: nothing is fetched, and
 * the system's list of authorities is not used. docs/keys.md
 *
 *     hb_chain_read(pem, name, &chain, err)
 *     hb_chain_public(chain)                    the key its first certificate is for
 *     hb_chain_verify(chain, &ask, notes, err)  HB_OK, or HB_E_EVIDENCE with the reason
 */
#ifndef HB_CRYPTO_X509_H
#define HB_CRYPTO_X509_H

#include "base/buf.h"
#include "crypto/key.h"

enum { HB_CHAIN_MAX = 8, HB_CA_FILE_MAX = 1 << 20, HB_CRL_FILE_MAX = 16 << 20 };

typedef struct hb_chain hb_chain;

/* Certificates in PEM and nothing but text between them, the signer's first, each issued by the
 * next; at most HB_CHAIN_MAX. A private key among them is refused in words. HB_E_INPUT. */
HB_CHECKED hb_status hb_chain_read(hb_str pem, const char *name, hb_chain **ret_chain,
                                   hb_error *err);
void hb_chain_free(hb_chain *c);
const hb_pubkey *hb_chain_public(const hb_chain *c);
/* "CN=Release,O=Lab" (RFC 2253), control characters escaped. */
const char *hb_chain_subject(const hb_chain *c);

typedef struct hb_chain_ask {
    hb_str trust_pem; /* authorities the verifier brought along */
    hb_str crl_pem;   /* n = 0: revocation is not asked about. Else every authority of the chain
                         must have one here. */
    hb_time at;       /* when it was signed */
    bool at_proven;   /* by a time token; else it is somebody's word */
} hb_chain_ask;

/* The chain up to one of the authorities; validity at `at`; the signer's key usage must have
 * digitalSignature, and its extended key usage, where it has one, must be documents, code, mail or
 * any; name constraints, path lengths, critical extensions as in RFC 5280; keys and
 * digests of at least 112 bits. Revocation before `at` always counts, later one does not when `at`
 * is proven. A list is believed when it was not yet out of date at `at`, or was issued later.
 * `notes` (may be NULL) gets what a reader should know of a chain that holds. */
HB_CHECKED hb_status hb_chain_verify(const hb_chain *c, const hb_chain_ask *ask, hb_buf *notes,
                                     hb_error *err);

#endif
