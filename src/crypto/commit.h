/* SPDX-License-Identifier: Apache-2.0 */
/* Commitments to a row of texts of which some may be shown later and some not.
 *
 * Each text has a salt of its own, so that who does not know the salt cannot try out texts. The
 * salts come from one seed by a tree of one-way steps (Goldreich, Goldwasser, Micali, "How to
 * construct random functions", 1986): the seed of a part opens the salts of that part and of no
 * other, so all but a few texts are opened by a few seeds. The commitments are the leaves of a
 * Merkle tree; both trees are split as in RFC 6962, section 2.1: n texts into the largest power of
 * two below n and the rest.
 *
 *     leaf   SHA-256(0x00 ‖ salt ‖ text)          node    SHA-256(0x01 ‖ left ‖ right)
 *     seed of the left part SHA-256(0x02 ‖ seed), of the right one SHA-256(0x03 ‖ seed); the seed
 *     of a part of one text is its salt. No text: SHA-256 of nothing.
 *
 * docs/formats/commitments.md */
#ifndef HB_CRYPTO_COMMIT_H
#define HB_CRYPTO_COMMIT_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum { HB_COMMIT_BYTES = 32, HB_COMMIT_TEXTS_MAX = 1 << 26 };

typedef struct hb_commit32 {
    uint8_t b[HB_COMMIT_BYTES];
} hb_commit32;

typedef struct hb_committer hb_committer;

HB_CHECKED hb_status hb_committer_new(hb_committer **ret, hb_error *err);
void hb_committer_free(hb_committer *c);

/* Salts of n texts. */
HB_CHECKED hb_status hb_commit_salts(hb_committer *c, const hb_commit32 *seed, size_t n,
                                     hb_commit32 *ret, hb_error *err);
HB_CHECKED hb_status hb_commit_leaf(hb_committer *c, const hb_commit32 *salt, const void *p,
                                    size_t n, hb_commit32 *ret, hb_error *err);
HB_CHECKED hb_status hb_commit_root(hb_committer *c, const hb_commit32 *leaves, size_t n,
                                    hb_commit32 *ret, hb_error *err);

/* The seeds that open all texts but the hidden ones (places below n, ascending), left to right. At
 * most `room` are written (HB_E_LIMIT). */
HB_CHECKED hb_status hb_commit_cover(hb_committer *c, const hb_commit32 *seed, size_t n,
                                     const size_t *hidden, size_t n_hidden, hb_commit32 *ret,
                                     size_t room, size_t *ret_n, hb_error *err);
/* Salts of all texts but the hidden ones, whose places in ret stay as they were. HB_E_EVIDENCE when
 * the number of seeds is another than these hidden places need. */
HB_CHECKED hb_status hb_commit_open(hb_committer *c, size_t n, const size_t *hidden,
                                    size_t n_hidden, const hb_commit32 *seeds, size_t n_seeds,
                                    hb_commit32 *ret, hb_error *err);

/* 64 lower-case hex digits and back; false for anything else. */
void hb_commit_hex(const hb_commit32 *v, char ret[65]);
bool hb_commit_from_hex(const char *text, hb_commit32 *ret);
/* For seeds and salts that are not needed any more. */
void hb_commit_wipe(void *p, size_t n);
/* HMAC-SHA256 (RFC 2104). */
HB_CHECKED hb_status hb_commit_hmac(const hb_commit32 *key, const void *p, size_t n,
                                    hb_commit32 *ret, hb_error *err);

#endif
