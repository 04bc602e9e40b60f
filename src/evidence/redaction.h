/* SPDX-License-Identifier: Apache-2.0 */
/* redaction.json: what was taken out of a pack, and of which pack. docs/formats/evidence_pack.md
 *
 * A redacted pack holds the manifest and attestation of the pack it was made of. Every file of that
 * manifest is here with the same bytes, or listed as taken out; its digests in the manifest remain
 * as the commitment to what is not here. So whoever has the file can still prove that it is the
 * one. */
#ifndef HB_EVIDENCE_REDACTION_H
#define HB_EVIDENCE_REDACTION_H

#include "evidence/pack.h"

#define HB_PACK_REDACTION "redaction.json"
#define HB_PACK_ORIGINAL_MANIFEST "original/manifest.json"
#define HB_PACK_ORIGINAL_ATTESTATION "original/attestation.dsse.json"
#define HB_PACK_ORIGINAL_TOKEN "original/attestation.tsr"

typedef struct hb_redaction {
    const char *original_sha256; /* of its manifest.json */
    const char *reason;
    const char *const *dropped; /* paths, ascending */
    size_t n_dropped;
} hb_redaction;

/* May it be taken out and the rest be decided from? Raw files, and the certificates of who signed
 * the original. */
bool hb_redaction_may_drop(const char *path);

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
