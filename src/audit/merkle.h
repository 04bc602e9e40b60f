/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 6962 (and RFC 9162, section 2.1) Merkle tree hashing and proofs over SHA-256. Pure.
 *
 * Leaf = SHA-256(0x00 || entry), node = SHA-256(0x01 || left || right), root of no entries =
 * SHA-256 of nothing. Sizes and indices count entries from 0. */
#ifndef HB_AUDIT_MERKLE_H
#define HB_AUDIT_MERKLE_H

#include "base/error.h"

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

HB_CHECKED hb_status hb_merkle_leaf(const void *entry, size_t n, hb_hash *ret, hb_error *err);
HB_CHECKED hb_status hb_merkle_node(const hb_hash *left, const hb_hash *right, hb_hash *ret,
                                    hb_error *err);
/* HB_E_EVIDENCE when the proof does not lead from the leaf to the root. */
HB_CHECKED hb_status hb_merkle_check_inclusion(const hb_hash *leaf, uint64_t index, uint64_t size,
                                               const hb_proof *proof, const hb_hash *root,
                                               hb_error *err);
/* HB_E_EVIDENCE when the tree of size `old_size` is not the beginning of that of `size`. */
HB_CHECKED hb_status hb_merkle_check_consistency(uint64_t old_size, const hb_hash *old_root,
                                                 uint64_t size, const hb_hash *root,
                                                 const hb_proof *proof, hb_error *err);

#endif
