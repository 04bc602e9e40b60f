/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 6962 (and RFC 9162, section 2.1) Merkle tree hashing and proofs over SHA-256. Pure.
 *
 * Leaf = SHA-256(0x00 || entry), node = SHA-256(0x01 || left || right), root of no entries =
 * SHA-256 of nothing. Sizes and indices count entries from 0.
 *
 *     hb_merkle_new(&m, err)             for many hashes
 *     hb_merkle_leaf(m, entry, n, &h, err), hb_merkle_node(m, &a, &b, &h, err)
 *     hb_merkle_root(m, leaves, n, &root, err)
 *     hb_merkle_free(m) */
#ifndef HB_AUDIT_MERKLE_H
#define HB_AUDIT_MERKLE_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct hb_hash {
    uint8_t v[32];
} hb_hash;

enum { HB_PROOF_MAX = 64 };

typedef struct hb_proof {
    hb_hash path[HB_PROOF_MAX];
    size_t n;
} hb_proof;

typedef struct hb_merkle hb_merkle;

HB_CHECKED hb_status hb_merkle_new(hb_merkle **ret_m, hb_error *err);
void hb_merkle_free(hb_merkle *m);

HB_CHECKED hb_status hb_merkle_leaf(hb_merkle *m, const void *entry, size_t n, hb_hash *ret,
                                    hb_error *err);
HB_CHECKED hb_status hb_merkle_node(hb_merkle *m, const hb_hash *left, const hb_hash *right,
                                    hb_hash *ret, hb_error *err);
/* The root over n leaf hashes. */
HB_CHECKED hb_status hb_merkle_root(hb_merkle *m, const hb_hash *leaves, size_t n, hb_hash *ret,
                                    hb_error *err);
/* From the hashes of the whole subtrees a tree's size is made of, largest first: its root. n > 0.
 */
HB_CHECKED hb_status hb_merkle_fold(hb_merkle *m, const hb_hash *peaks, size_t n, hb_hash *ret,
                                    hb_error *err);
/* The largest power of two below n; n > 1. */
uint64_t hb_merkle_split(uint64_t n);

/* Where the hash of the entries [begin, end) comes from; begin is a multiple of the largest power
 * of two that is not above end - begin. */
typedef struct hb_merkle_ranges {
    hb_status (*hash)(void *ctx, uint64_t begin, uint64_t end, hb_hash *ret, hb_error *err);
    void *ctx;
} hb_merkle_ranges;

/* HB_E_USAGE unless index < size. */
HB_CHECKED hb_status hb_merkle_prove(const hb_merkle_ranges *from, uint64_t index, uint64_t size,
                                     hb_proof *ret, hb_error *err);
/* HB_E_USAGE unless old_size <= size. Empty for 0 and for the same size. */
HB_CHECKED hb_status hb_merkle_prove_consistency(const hb_merkle_ranges *from, uint64_t old_size,
                                                 uint64_t size, hb_proof *ret, hb_error *err);
/* Inclusion among n leaf hashes in memory. */
HB_CHECKED hb_status hb_merkle_prove_among(hb_merkle *m, const hb_hash *leaves, size_t n,
                                           size_t index, hb_proof *ret, hb_error *err);

/* HB_E_EVIDENCE when the proof does not lead from the leaf to the root. */
HB_CHECKED hb_status hb_merkle_check_inclusion(const hb_hash *leaf, uint64_t index, uint64_t size,
                                               const hb_proof *proof, const hb_hash *root,
                                               hb_error *err);
/* HB_E_EVIDENCE when the tree of size `old_size` is not the beginning of that of `size`. */
HB_CHECKED hb_status hb_merkle_check_consistency(uint64_t old_size, const hb_hash *old_root,
                                                 uint64_t size, const hb_hash *root,
                                                 const hb_proof *proof, hb_error *err);

bool hb_hash_eq(const hb_hash *a, const hb_hash *b);
/* 64 lower-case hexadecimal digits and NUL. */
void hb_hash_hex(const hb_hash *h, char ret[65]);
bool hb_hash_from_hex(hb_str text, hb_hash *ret);

#endif
