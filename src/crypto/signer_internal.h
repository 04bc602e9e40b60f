/* SPDX-License-Identifier: Apache-2.0 */
/* Where private keys can be: one class each, a row of the table in signer.c, chosen by the
 * beginning of what was asked for. A class never gives a private key out. */
#ifndef HB_CRYPTO_SIGNER_INTERNAL_H
#define HB_CRYPTO_SIGNER_INTERNAL_H

#include "crypto/key.h"

typedef struct hb_signer_class {
    const char *prefix; /* "agent:"; "" = everything else, the last row */
    /* Fills in *ret_signer, whose memory is its own, the signer first in it. */
    hb_status (*open)(const hb_signer_ask *ask, hb_signer **ret_signer, hb_error *err);
    /* Adds the signature to `sig`, which is empty. */
    hb_status (*sign)(hb_signer *s, const void *p, size_t n, hb_buf *sig, hb_error *err);
    /* Frees everything, the signer itself too, but its public key. */
    void (*free)(hb_signer *s);
} hb_signer_class;

struct hb_signer {
    const hb_signer_class *class;
    hb_pubkey *key; /* freed by hb_signer_free */
};

extern const hb_signer_class hb_signer_agent;
extern const hb_signer_class hb_signer_pkcs11;
extern const hb_signer_class hb_signer_file;

/* The passphrase for `what`, to at least HB_PASSPHRASE_MAX bytes. HB_E_USAGE with advice when there
 * is none to be had. The caller wipes it. */
HB_CHECKED hb_status hb_passphrase_get(const hb_passphrase *from, const char *what,
                                       char ret[HB_PASSPHRASE_MAX], hb_error *err);

#endif
