/* SPDX-License-Identifier: Apache-2.0 */
/* DSSE envelopes (Dead Simple Signing Envelope v1.0.2, github.com/secure-systems-lab/dsse): a
 * payload with its type and one signature or more over both. Canonical JSON on writing; on reading
 * any JSON with exactly the members of the protocol and standard base64. */
#ifndef HB_CRYPTO_DSSE_H
#define HB_CRYPTO_DSSE_H

#include "base/arena.h"
#include "crypto/key.h"

#define HB_DSSE_INTOTO "application/vnd.in-toto+json"

enum {
    HB_DSSE_SIGNATURES_MAX = 16,
    HB_DSSE_TYPE_MAX = 1024,
    HB_DSSE_PAYLOAD_MAX = 16 << 20,
    HB_DSSE_TEXT_MAX = 24 << 20 /* of an envelope */
};

typedef struct hb_dsse_signature {
    const char *keyid; /* hb_pubkey_id; "" = not said */
    hb_str sig;
} hb_dsse_signature;

typedef struct hb_dsse { /* everything in the caller's arena */
    const char *type;
    hb_str payload;
    hb_dsse_signature signatures[HB_DSSE_SIGNATURES_MAX];
    size_t n_signatures;
} hb_dsse;

/* HB_E_INPUT for what is no envelope, with the reason; `name` is used in messages. */
HB_CHECKED hb_status hb_dsse_read(hb_str text, const char *name, hb_arena *arena, hb_dsse *ret,
                                  hb_error *err);
/* PAE, what is signed: "DSSEv1" SP len SP type SP len SP payload. */
void hb_dsse_pae(const char *type, hb_str payload, hb_buf *out);
/* An envelope signed by each of them, in order. Replaces what is in out. */
HB_CHECKED hb_status hb_dsse_sign(const char *type, hb_str payload, hb_signer *const *signers,
                                  size_t n, hb_buf *out, hb_error *err);
/* The canonical text of an envelope; replaces what is in out. One that was read and gives another
 * text than it was read from has another spelling. */
HB_CHECKED hb_status hb_dsse_write(const hb_dsse *d, hb_buf *out, hb_error *err);
/* HB_OK when one of the signatures is the key's; HB_E_EVIDENCE else, saying whether there was none
 * by that key or a false one. */
HB_CHECKED hb_status hb_dsse_verify(const hb_dsse *d, const hb_pubkey *key, hb_error *err);

#endif
