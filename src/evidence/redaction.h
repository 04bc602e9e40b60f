/* SPDX-License-Identifier: Apache-2.0 */
/* redaction.json: what was taken out of a pack, and of which pack. docs/formats/evidence_pack.md
 *
 * A redacted pack holds the manifest and attestation of the pack it was made of. Every file of that
 * manifest is here with the same bytes, or listed as taken out; its digests in the manifest remain
 * as the commitment to what is not here. So whoever has the file can still prove that it is the
 * one.
 *
 * Of a pack with hidden fields (`documents`) that would give the fields away: who guesses one could
 * put it in and compare digests. Such a pack holds what the original committed to instead
 * (commitments.h), signed as the original was, and nothing that a digest of a hidden text went
 * into: no manifest and no attestation of the original, no entry of the log, no raw files. */
#ifndef HB_EVIDENCE_REDACTION_H
#define HB_EVIDENCE_REDACTION_H

#include "base/json_write.h"
#include "evidence/commitments.h"
#include "evidence/object.h"

#define HB_PACK_REDACTION "redaction.json"
#define HB_PACK_ORIGINAL_MANIFEST "original/manifest.json"
#define HB_PACK_ORIGINAL_ATTESTATION "original/attestation.dsse.json"
#define HB_PACK_ORIGINAL_TOKEN "original/attestation.tsr"

typedef struct hb_redaction {
    const char *original_sha256; /* of its manifest.json */
    const char *reason;
    const char *const *dropped; /* paths, ascending; of hidden fields none: names may be hidden */
    size_t n_dropped;
    const hb_opened *documents; /* as the commitments have them; n = 0: no field is hidden */
    size_t n_documents;
    hb_str files; /* the document HB_COMMITTED_FILES with "" for what is not shown */
} hb_redaction;

/* May it be taken out and the rest be decided from? Raw files, and the certificates of who signed
 * the original. */
bool hb_redaction_may_drop(const char *path);

/* Where fields are hidden: may a file that was of this folder and name be taken out or replaced?
 * Raw files, runs of the baseline, the log's, reports, certificates. rest NULL = its name is
 * hidden. */
bool hb_redaction_may_replace(hb_str top, const hb_str *rest);
/* Of texts at JSON pointers of run.json, baseline/run.json, reference.json, decision.json: may it
 * be hidden by this action? Never what the verdict is: rules, severities, metrics, names of runs.
 */
bool hb_redaction_may_hide(const char *path, const char *pointer, hb_hide_action action);
/* Does a text say of itself that something is hidden by this action? HB_HIDE_FOLLOWS always does.
 */
bool hb_redaction_is_token(hb_str text, hb_hide_action action);
/* Is this document what the original committed to, but for what is listed as hidden, and may that
 * be? `text` is the document as it is here. HB_E_EVIDENCE. */
HB_CHECKED hb_status hb_redaction_check_document(hb_committer *by, const hb_commitment *is,
                                                 const hb_opened *o, hb_str text, hb_error *err);
/* The same of the other files: each that is listed is in `now`, and what is not is allowed. */
HB_CHECKED hb_status hb_redaction_check_files(hb_committer *by, const hb_commitment *is,
                                              const hb_opened *o, hb_str text,
                                              const hb_manifest *now, hb_error *err);

/* Members `documents` and `files`, for redaction.c. */
void hb_redaction_fields_json(const hb_redaction *r, hb_json *j, bool files);
HB_CHECKED hb_status hb_redaction_fields_read(hb_object *o, hb_arena *arena, hb_redaction *r,
                                              hb_error *err);

/* Canonical JSON; replaces what is in out. */
HB_CHECKED hb_status hb_redaction_json(const hb_redaction *r, hb_buf *out, hb_error *err);
/* Strictly: HB_E_EVIDENCE. Borrows nothing from the text. */
HB_CHECKED hb_status hb_redaction_read(hb_str text, hb_arena *arena, hb_redaction *ret,
                                       hb_error *err);
/* Is `now` the original without exactly what is listed, and with nothing new but what redaction
 * adds? raw/reading.json may differ, since it says which raw files are here. HB_E_EVIDENCE names
 * the first file that is otherwise. */
HB_CHECKED hb_status hb_redaction_check(const hb_redaction *r, const hb_manifest *original,
                                        const hb_manifest *now, hb_error *err);

#endif
