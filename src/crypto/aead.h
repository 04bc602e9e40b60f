/* SPDX-License-Identifier: Apache-2.0 */
/* A stream under a passphrase: scrypt (RFC 7914) and AES-256-GCM over pieces of 64 KiB, each with
 * its number and whether it is the last in its nonce, so that cutting, reordering, repeating and
 * joining show (STREAM: Hoang, Reyhanitabar, Rogaway, Vizár, CRYPTO 2015; the framing of
 * age-encryption.org/v1). docs/formats/encryption.md
 *
 * Both directions take bytes in any portions and hand on to a sink. */
#ifndef HB_CRYPTO_AEAD_H
#define HB_CRYPTO_AEAD_H

#include "crypto/sealed.h"

#define HB_AEAD_MAGIC "hbseal1\n"

enum {
    HB_AEAD_HEAD = 48,
    HB_AEAD_PIECE = 64 << 10,
    HB_AEAD_TAG = 16,
    HB_AEAD_LOG2N = 17, /* 128 MiB and about half a second */
    HB_AEAD_LOG2N_MIN = 10,
    HB_AEAD_LOG2N_MAX = 20, /* 1 GiB: more is not believed */
    HB_AEAD_PASSPHRASE_MIN = 8,
};

typedef struct hb_aead hb_aead;

/* Writes the head to the sink. HB_E_USAGE for a passphrase that is too short. */
HB_CHECKED hb_status hb_aead_seal_new(const hb_os *os, const char *passphrase, unsigned log2n,
                                      hb_sink sink, hb_aead **ret, hb_error *err);
/* Takes from the head on; no more work than log2n_max is done for a file that asks for it. */
HB_CHECKED hb_status hb_aead_open_new(const char *passphrase, unsigned log2n_max, hb_sink sink,
                                      hb_aead **ret, hb_error *err);
void hb_aead_free(hb_aead *a);
HB_CHECKED hb_status hb_aead_add(hb_aead *a, const void *p, size_t n, hb_error *err);
/* HB_E_EVIDENCE when what was opened is not all of it. */
HB_CHECKED hb_status hb_aead_end(hb_aead *a, hb_error *err);

#endif
