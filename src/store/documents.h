/* SPDX-License-Identifier: Apache-2.0 */
/* What a decision was made with, kept so that it can be made again years later: documents by their
 * digest (metric registry, policy, equivalence mapping, reading profile), how a run's files were
 * read, and the basis of a decision. docs/formats/registry.md (schema step 4) */
#ifndef HB_STORE_DOCUMENTS_H
#define HB_STORE_DOCUMENTS_H

#include "base/arena.h"
#include "store/store.h"

enum { HB_DOCUMENT_MAX = 16 << 20 };

/* Keeps the bytes under their SHA-256 (ret_sha256, may be NULL); what is there already is left
 * alone. kind: "metric_registry", "baseline_policy", "equivalence_mapping", "profile", "run_meta".
 * A transaction of its own where none is open. */
HB_CHECKED hb_status hb_store_put_document(hb_store *s, const char *kind, hb_str text,
                                           char ret_sha256[65], hb_error *err);
/* In the arena, NUL after the end; checked against its digest (HB_E_EVIDENCE). */
HB_CHECKED hb_status hb_store_get_document(hb_store *s, const char *sha256, hb_arena *arena,
                                           hb_str *ret_text, bool *ret_found, hb_error *err);

/* How the files of a run were read: canonical JSON (docs/formats/reading.md). What is there already
 * is left alone; a run that is not registered gets none (hb_store_add_run_read does both at once).
 */
HB_CHECKED hb_status hb_store_put_reading(hb_store *s, const char *run_id, hb_str json,
                                          hb_error *err);
HB_CHECKED hb_status hb_store_get_reading(hb_store *s, const char *run_id, hb_arena *arena,
                                          hb_str *ret_json, bool *ret_found, hb_error *err);

/* The basis of a decision (evidence/basis.h): canonical JSON, stored compressed in the transaction
 * of the decision (hb_decision_row.basis). */
HB_CHECKED hb_status hb_store_get_basis(hb_store *s, const char *run_id,
                                        const char *decision_sha256, hb_arena *arena,
                                        hb_str *ret_json, bool *ret_found, hb_error *err);

#endif
