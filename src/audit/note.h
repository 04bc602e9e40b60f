/* SPDX-License-Identifier: Apache-2.0 */
/* Signed notes and checkpoints of the log (C2SP signed-note and tlog-checkpoint, c2sp.org).
 *
 *     origin LF size LF base64(root) LF [extension lines] LF  then signature lines
 *     "— name base64(4 bytes of key hash, signature)"
 *
 * Keys are Ed25519; the key hash is the first 4 bytes of SHA-256(name LF 0x01 key). A verifier key
 * as text is "name+hash+base64(0x01 key)". Signatures of other kinds are read and never count. */
#ifndef HB_AUDIT_NOTE_H
#define HB_AUDIT_NOTE_H

#include "audit/merkle.h"
#include "base/arena.h"
#include "crypto/key.h"

enum {
    HB_CHECKPOINT_MAX = 64 << 10,
    HB_ORIGIN_MAX = 128,
    HB_NOTE_SIGNATURES_MAX = 16,
    HB_CHECKPOINT_CODE = 24 /* with its NUL */
};

typedef struct hb_note_signature {
    const char *name;
    uint8_t hash[4];
    hb_str sig;
} hb_note_signature;

typedef struct hb_note { /* strings in the caller's arena */
    hb_str text;         /* what is signed: up to and with the last LF before the empty line */
    hb_note_signature signatures[HB_NOTE_SIGNATURES_MAX];
    size_t n_signatures; /* at least 1 */
} hb_note;

/* HB_E_INPUT for what is no signed note, with the reason; `name` is used in messages. */
HB_CHECKED hb_status hb_note_read(hb_str text, const char *name, hb_arena *arena, hb_note *ret,
                                  hb_error *err);
/* Appends a signature line of `signer_name` over signed_text. HB_E_USAGE for a name that can stand
 * in none (blanks, '+', empty) or a key that is not Ed25519. */
HB_CHECKED hb_status hb_note_sign(hb_str signed_text, const char *signer_name, hb_signer *signer,
                                  hb_buf *out, hb_error *err);
/* HB_E_EVIDENCE when no signature under this name is the key's, or one that should be is not. */
HB_CHECKED hb_status hb_note_verify(const hb_note *n, const char *signer_name, const hb_pubkey *key,
                                    hb_error *err);
/* "name+hash+base64(0x01 key)", for programs that read signed notes. */
HB_CHECKED hb_status hb_note_key_text(const char *signer_name, const hb_pubkey *key, hb_buf *out,
                                      hb_error *err);

typedef struct hb_checkpoint { /* strings in the caller's arena */
    const char *origin;
    uint64_t size;
    hb_hash root;
    hb_note note;
} hb_checkpoint;

/* HB_E_INPUT for what is no checkpoint; `name` is used in messages. */
HB_CHECKED hb_status hb_checkpoint_read(hb_str text, const char *name, hb_arena *arena,
                                        hb_checkpoint *ret, hb_error *err);
/* The lines a log signs: origin, size, root. */
void hb_checkpoint_text(const char *origin, uint64_t size, const hb_hash *root, hb_buf *out);
/* Replaces what is in out. */
HB_CHECKED hb_status hb_checkpoint_sign(const char *origin, uint64_t size, const hb_hash *root,
                                        hb_signer *signer, hb_buf *out, hb_error *err);
/* hb_note_verify of its note. */
HB_CHECKED hb_status hb_checkpoint_verify(const hb_checkpoint *c, const char *signer_name,
                                          const hb_pubkey *key, hb_error *err);
/* `text` with a further signature (a witness's, under its own name). Replaces what is in out. */
HB_CHECKED hb_status hb_checkpoint_cosign(hb_str text, const char *signer_name, hb_signer *signer,
                                          hb_buf *out, hb_error *err);
/* For paper: 4 groups of 5 characters, with '-' between (Crockford base32, no I L O U), of the
 * first 100 bits of SHA-256(signed text). */
HB_CHECKED hb_status hb_checkpoint_code(hb_str signed_text, char ret[HB_CHECKPOINT_CODE],
                                        hb_error *err);
/* As a person may write it: small letters, O for 0, I and L for 1, blanks or nothing for '-'.
 * HB_E_USAGE for what is no code. */
HB_CHECKED hb_status hb_checkpoint_code_read(const char *text, char ret[HB_CHECKPOINT_CODE],
                                             hb_error *err);

#endif
