/* SPDX-License-Identifier: Apache-2.0 */
/* Making an evidence pack of a decision in the registry. docs/evidence.md
 *
 * The reference is rebuilt from the decision's basis and the runs, the decision is made again from
 * it and must have the digest it has in the registry (HB_E_EVIDENCE else): a pack that would not
 * verify is never written. */
#ifndef HB_EXPORT_EXPORT_H
#define HB_EXPORT_EXPORT_H

#include "audit/log.h"
#include "evidence/inputs.h"
#include "store/store.h"

typedef struct hb_export_ask {
    const hb_os *os;
    hb_store *store;
    hb_audit_log *log; /* NULL = none: no inclusion proof in the pack, and verify says so */
    const char *run_id;
    const char *case_id; /* NULL = the run_id */
    const char *target;
    hb_pack_form form;
    hb_signer *const *signers; /* up to two; none = unsigned */
    size_t n_signers;
    const char *operators_path; /* operators.yaml; NULL = none */
    const char *equivalence_path;
    bool no_raw;
    hb_units *units;
    hb_time now; /* of the export; in the log, not in the pack */
} hb_export_ask;

typedef struct hb_exported {
    char manifest_sha256[HB_DIGEST_HEX];
    uint64_t bytes;
    size_t n_files;
    size_t raw_files;        /* put in */
    const char *raw_missing; /* why the raw files are not in it; "" = they are */
} hb_exported;

HB_CHECKED hb_status hb_export_pack(const hb_export_ask *ask, hb_arena *arena, hb_exported *ret,
                                    hb_error *err);

#endif
