/* SPDX-License-Identifier: Apache-2.0 */
/* Signed notes and checkpoints of the log (C2SP signed-note and tlog-checkpoint, c2sp.org).
 *
 *     origin LF size LF base64(root) LF [extension lines] LF  then signature lines
 *     "— name base64(4 bytes of key hash, signature)"
 *
 * Keys are Ed25519; the key hash is the first 4 bytes of SHA-256(name LF 0x01 key). A verifier key
 * as text is "name+hash+base64(0x01 key)". */
#ifndef HB_AUDIT_NOTE_H
#define HB_AUDIT_NOTE_H

#include "audit/merkle.h"
#include "base/arena.h"
#include "crypto/key.h"

enum { HB_CHECKPOINT_MAX = 64 << 10, HB_ORIGIN_MAX = 128, HB_NOTE_SIGNATURES_MAX = 16 };

typedef struct hb_note_signature {
    const char *name;
    uint8_t hash[4];
    hb_str sig;
} hb_note_signature;

typedef struct hb_checkpoint { /* strings in the caller's arena */
    const char *origin;
    uint64_t size;
    hb_hash root;
    hb_str signed_text; /* up to and with the last LF before the empty line */
    hb_note_signature signatures[HB_NOTE_SIGNATURES_MAX];
    size_t n_signatures;
} hb_checkpoint;

/* HB_E_INPUT for what is no checkpoint; `name` is used in messages. */
HB_CHECKED hb_status hb_checkpoint_read(hb_str text, const char *name, hb_arena *arena,
                                        hb_checkpoint *ret, hb_error *err);
HB_CHECKED hb_status hb_checkpoint_sign(const char *origin, uint64_t size, const hb_hash *root,
                                        hb_signer *signer, hb_buf *out, hb_error *err);
/* HB_E_EVIDENCE when no signature under this name is the key's. */
HB_CHECKED hb_status hb_checkpoint_verify(const hb_checkpoint *c, const char *signer_name,
                                          const hb_pubkey *key, hb_error *err);
/* Adds a signature (a witness's, under its own name) to a checkpoint's text. */
HB_CHECKED hb_status hb_checkpoint_cosign(hb_str text, const char *signer_name, hb_signer *signer,
                                          hb_buf *out, hb_error *err);
/* For paper: 4 words of 5 characters (Crockford base32, no I L O U) of SHA-256(signed_text). */
HB_CHECKED hb_status hb_checkpoint_code(const hb_checkpoint *c, char ret[24], hb_error *err);

#endif
