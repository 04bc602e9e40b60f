/* SPDX-License-Identifier: Apache-2.0 */
/* Encrypted files: to recipients (crypto/cms.h) or by a passphrase (crypto/aead.h), written and
 * read as streams, never whole beside each other. docs/formats/encryption.md
 *
 *     hb_seal_create(os, target, &ask, &seal, err)   a temporary beside the target
 *     hb_seal_add(seal, p, n, err)                   any number of times
 *     hb_seal_finish(seal, err)                      fsync, then it has its name
 *     hb_seal_free(seal)                             discards what was not finished
 *
 *     hb_unseal_file(os, from, target, &ask, err)    the plaintext, or nothing
 *
 * Plaintext is in memory only while sealing. Unsealing writes it to a temporary (0600) that gets
 * its name when every byte was authenticated, and is removed otherwise. */
#ifndef HB_CRYPTO_SEALED_H
#define HB_CRYPTO_SEALED_H

#include "crypto/key.h"

typedef enum hb_sealed {
    HB_SEALED_NOT, /* something else */
    HB_SEALED_PASSPHRASE,
    HB_SEALED_CMS,
} hb_sealed;

enum { HB_SEALED_HEAD = 64 };

/* From its first HB_SEALED_HEAD bytes (or all, when it has fewer). */
hb_sealed hb_sealed_kind(const void *head, size_t n);
/* Of a file; HB_E_INPUT when it cannot be read. A folder is HB_SEALED_NOT. */
HB_CHECKED hb_status hb_sealed_kind_of_file(const hb_os *os, const char *path, hb_sealed *ret,
                                            hb_error *err);
/* What to tell somebody who has such a file: what it is and how it is decrypted. One sentence. */
const char *hb_sealed_words(hb_sealed kind);

/* Where bytes go; what it was given counts only when the giver ends with HB_OK. */
typedef struct hb_sink {
    hb_status (*write)(void *ctx, const void *p, size_t n, hb_error *err);
    void *ctx;
} hb_sink;

typedef struct hb_seal_ask {
    const char *passphrase;     /* or NULL and: */
    const hb_str *certificates; /* PEM, one each; not checked against any authority */
    const char *const *names;   /* of their files, for messages */
    size_t n_certificates;
} hb_seal_ask;

typedef struct hb_seal hb_seal;

/* HB_E_USAGE when the target exists. */
HB_CHECKED hb_status hb_seal_create(const hb_os *os, const char *target, const hb_seal_ask *ask,
                                    hb_seal **ret_seal, hb_error *err);
void hb_seal_free(hb_seal *s);
HB_CHECKED hb_status hb_seal_add(hb_seal *s, const void *p, size_t n, hb_error *err);
HB_CHECKED hb_status hb_seal_finish(hb_seal *s, hb_error *err);

typedef struct hb_unseal_ask {
    const char *passphrase; /* for HB_SEALED_PASSPHRASE */
    const char *key;        /* for HB_SEALED_CMS: a PKCS#8 PEM file */
    hb_passphrase key_passphrase;
} hb_unseal_ask;

/* HB_E_EVIDENCE for a wrong key and for any change of the bytes; HB_E_USAGE when the target exists
 * or what the kind needs was not given. */
HB_CHECKED hb_status hb_unseal_file(const hb_os *os, const char *from, const char *target,
                                    const hb_unseal_ask *ask, hb_error *err);

#endif
