/* SPDX-License-Identifier: Apache-2.0 */
/* Time tokens (RFC 3161, RFC 5816): an authority's word that bytes existed at a time.
 *
 *     hb_tsa_query(p, n, &out, err)             the request, to be carried to an authority
 *     hb_tsa_verify(response, data, &ask, &found, err)
 *
 * The request has no nonce: its answer comes by hand, any time later, and what counts is the digest
 * in it; a token given out again for the same bytes is as true as the first.
 * docs/formats/time_token.md
 */
#ifndef HB_CRYPTO_TSA_H
#define HB_CRYPTO_TSA_H

#include "crypto/x509.h"

enum { HB_TSA_RESPONSE_MAX = 1 << 20 };

/* TimeStampReq in DER for the SHA-256 of the bytes, asking for the authority's certificate.
 * Replaces what is in out. */
HB_CHECKED hb_status hb_tsa_query(const void *p, size_t n, hb_buf *out, hb_error *err);

typedef struct hb_tsa_ask {
    hb_str trust_pem; /* authorities the verifier brought along */
    hb_str crl_pem;   /* n = 0: revocation is not asked about */
} hb_tsa_ask;

typedef struct hb_tsa_found {
    hb_time at;          /* whole seconds */
    char authority[256]; /* subject of the certificate the token was signed with */
} hb_tsa_found;

/* Is it a granted TimeStampResp over these bytes? Nothing about who signed it, so `at` is not to be
 * relied on. HB_E_INPUT for what is none, HB_E_EVIDENCE for other bytes and what was not granted.
 * SHA-256, SHA-384 and SHA-512. */
HB_CHECKED hb_status hb_tsa_look(hb_str response, hb_str data, hb_time *ret_at, hb_error *err);

/* hb_tsa_look, then signature and chain of the authority, valid at the token's time, for time
 * stamping alone (RFC 3161 2.3). Revocation always counts, whenever it was: an authority's key that
 * somebody has can make any time. HB_E_EVIDENCE with the reason. */
HB_CHECKED hb_status hb_tsa_verify(hb_str response, hb_str data, const hb_tsa_ask *ask,
                                   hb_tsa_found *ret, hb_error *err);

#endif
