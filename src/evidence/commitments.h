/* SPDX-License-Identifier: Apache-2.0 */
/* What a pack commits to, so that single fields of it can be hidden later and the rest still be
 * shown to be what was signed. docs/formats/commitments.md
 *
 * Every text of the documents a decision follows from, and every other file's path and digest, has
 * a commitment with a salt of its own (crypto/commit.h). The signed list holds one root a document,
 * and the digest of its skeleton: the document with every text emptied. The salts follow from the
 * pack's secret, which is in the pack as long as nothing is hidden.
 *
 *     hb_commitment_of(c, text, &secret, path, &commitment, err)       when a pack is made
 *     hb_commitment_hide(c, text, &secret, &opened, arena, err)        when fields are hidden
 *     hb_commitment_check(c, &commitment, text, &opened, err)          when it is looked at */
#ifndef HB_EVIDENCE_COMMITMENTS_H
#define HB_EVIDENCE_COMMITMENTS_H

#include "crypto/commit.h"
#include "evidence/pack.h"

#define HB_PACK_COMMITMENTS "commitments.dsse.json"
#define HB_PACK_SECRET "commitments.secret"
#define HB_COMMITMENTS_TYPE "application/vnd.harmony-bridge.commitments+json"
/* Not a file of the pack: the list of its other files, as a document of three texts a file: folder
 * at the top with its slash, the rest of the path, SHA-256. So a name can be hidden, and still be
 * seen to be one of a raw file. */
#define HB_COMMITTED_FILES "files"

enum {
    HB_COMMITTED_PARTS = 3,
    HB_COMMITTED_MAX = 5,
    HB_COMMITMENTS_MAX = 64 << 10,
    HB_COMMITTED_TEXT_MAX = 2000 << 20
};

typedef struct hb_commitment {
    const char *path;
    size_t leaves;
    char root[65];
    char skeleton[65];
} hb_commitment;

typedef struct hb_commitments {
    const char *case_id;
    const char *logged_at; /* of the decision's entry in the lab's log, RFC 3339; "" = none */
    hb_commitment documents[HB_COMMITTED_MAX]; /* ascending by path */
    size_t n_documents;
} hb_commitments;

typedef enum hb_hide_action {
    HB_HIDE_REDACT,
    HB_HIDE_HASH,
    HB_HIDE_TRUNCATE,
    HB_HIDE_FOLLOWS, /* a text that follows from hidden ones, or could be guessed them by */
    HB_HIDE_COUNT_
} hb_hide_action;

/* "redact", "hash", "truncate", "follows" */
const char *hb_hide_action_name(hb_hide_action a);

typedef struct hb_hidden {
    size_t index;        /* of the leaf */
    const char *pointer; /* JSON pointer */
    hb_hide_action action;
    hb_commit32 leaf;
} hb_hidden;

/* What is hidden of a document, and what opens the rest. */
typedef struct hb_opened {
    const char *path;
    hb_hidden *hidden; /* ascending by index */
    size_t n_hidden;
    const hb_commit32 *seeds;
    size_t n_seeds;
} hb_opened;

/* Is it one of the documents, in which single texts can be hidden? */
bool hb_is_committed_document(const char *path);
/* The files that are committed to by their digest alone: all of the manifest but the documents and
 * what says it. The text of HB_COMMITTED_FILES, added to out. */
void hb_committed_files(const hb_pack_file *files, size_t n, hb_buf *out);

HB_CHECKED hb_status hb_commitment_of(hb_committer *c, hb_str text, const hb_commit32 *secret,
                                      const char *path, hb_commitment *ret, hb_error *err);
/* Fills o->hidden[].leaf and the seeds; index is set by the caller. Arrays in the arena. */
HB_CHECKED hb_status hb_commitment_hide(hb_committer *c, hb_str text, const hb_commit32 *secret,
                                        hb_opened *o, hb_arena *arena, hb_error *err);
/* HB_E_EVIDENCE, naming the document and what of it is otherwise. `text` has anything in place of
 * what is hidden. */
HB_CHECKED hb_status hb_commitment_check(hb_committer *c, const hb_commitment *is, hb_str text,
                                         const hb_opened *o, hb_error *err);

const hb_commitment *hb_commitments_find(const hb_commitments *c, const char *path);
/* Canonical JSON; replaces what is in out. */
HB_CHECKED hb_status hb_commitments_json(const hb_commitments *c, hb_buf *out, hb_error *err);
/* Strictly, one spelling: HB_E_EVIDENCE. Strings in the arena. */
HB_CHECKED hb_status hb_commitments_read(hb_str text, hb_arena *arena, hb_commitments *ret,
                                         hb_error *err);

/* 64 hex digits; HB_E_EVIDENCE. */
HB_CHECKED hb_status hb_commit_secret_read(hb_str text, hb_commit32 *ret, hb_error *err);

#endif
