/* SPDX-License-Identifier: Apache-2.0 */
/* That an entry stands in the lab's log, checked from three texts alone, without the log and
 * without a registry: the entry, the proof (inclusion.json) and a signed checkpoint.
 * docs/formats/audit_log.md
 *
 *     hb_inclusion_check(&texts, key, decision_sha256, &arena, &found, err)
 */
#ifndef HB_AUDIT_INCLUSION_H
#define HB_AUDIT_INCLUSION_H

#include "audit/note.h"

enum { HB_INCLUSION_MAX = 64 << 10 }; /* bytes of inclusion.json */

/* An entry of the log, read; strings in the caller's arena. */
typedef struct hb_log_entry {
    const char *type;
    const char *subject;
    const char *at; /* RFC 3339 */
    const char *by; /* key id of who signed what it tells of; "" = nobody did */
    const char *registry;
    int64_t seq; /* of the registry's queue */
} hb_log_entry;

/* Strict: exactly the members of the format; what is in data is not looked at. HB_E_INPUT; `name`
 * is used in messages. */
HB_CHECKED hb_status hb_log_entry_read(hb_str text, const char *name, hb_arena *arena,
                                       hb_log_entry *ret, hb_error *err);

typedef struct hb_inclusion {
    uint64_t index;
    uint64_t size; /* of the tree the proof is for: the checkpoint's */
    hb_hash leaf;
    hb_proof proof;
    bool has_batch; /* the place of a decision in an entry that stands for many (type "windows") */
    uint64_t batch_index;
    uint64_t batch_size;
    hb_proof batch;
} hb_inclusion;

HB_CHECKED hb_status hb_inclusion_read(hb_str json, hb_inclusion *ret, hb_error *err);
HB_CHECKED hb_status hb_inclusion_write(const hb_inclusion *in, hb_buf *out, hb_error *err);

typedef struct hb_inclusion_texts {
    hb_str entry;
    hb_str inclusion;
    hb_str checkpoint;
} hb_inclusion_texts;

typedef struct hb_included { /* strings in the arena */
    hb_log_entry entry;
    hb_checkpoint checkpoint;
    hb_inclusion inclusion;
} hb_included;

/* HB_OK: the checkpoint is signed by `key` under its own origin, the entry is at its index in the
 * tree of that checkpoint, and (decision_sha256 not NULL) the entry is about that decision: its
 * subject, or one of its batch. HB_E_EVIDENCE names what does not hold, HB_E_INPUT what is no such
 * text. key NULL: the signature is not looked at. */
HB_CHECKED hb_status hb_inclusion_check(const hb_inclusion_texts *texts, const hb_pubkey *key,
                                        const char *decision_sha256, hb_arena *arena,
                                        hb_included *ret, hb_error *err);

#endif
