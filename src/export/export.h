/* SPDX-License-Identifier: Apache-2.0 */
/* Making an evidence pack of a decision in the registry. docs/evidence.md
 *
 * The reference is rebuilt from the decision's basis and the runs, the decision is made again from
 * it and must have the digest it has in the registry (HB_E_EVIDENCE else): a pack that would not
 * verify is never written.
 *
 *     hb_export_pack(&ask, &arena, &exported, err)
 *
 * What is put in is a function of the registry, the raw files and the log: exporting twice gives
 * equal bytes, except log/inclusion.json and log/checkpoint where the log has grown meanwhile, and
 * with them manifest and attestation. The export is an entry of the log, written before the pack
 * gets its name. */
#ifndef HB_EXPORT_EXPORT_H
#define HB_EXPORT_EXPORT_H

#include "crypto/sealed.h"
#include "evidence/inputs.h"
#include "journal/journal.h"
#include "store/store.h"

enum { HB_EXPORT_SIGNERS_MAX = 2 };

/* Where a window's records are; docs/live.md */
typedef struct hb_export_journal {
    hb_journal *journal; /* the daemon's own, else NULL */
    const char *dir;     /* … then this folder is read, as another process writes it */
} hb_export_journal;

typedef struct hb_export_ask {
    const hb_os *os;
    hb_store *store;       /* open for writing */
    const char *audit_dir; /* of the lab's log; NULL = none, and the pack has no proof of it */
    const char *run_id;    /* whose … */
    const char *decision;  /* … decision of this digest; NULL = the latest */
    const char *case_id;   /* NULL = the run_id */
    const char *target;    /* must not exist */
    hb_pack_form form;
    hb_signer *const *signers; /* none = unsigned */
    size_t n_signers;
    hb_str chain_pem; /* certificates of one of the signers' keys, his own first; n = 0: none */
    const hb_seal_ask *seal; /* of automatic packs (export/automatic.h): encrypted so; NULL = not */
    bool no_raw;
    bool no_baseline_runs; /* without baseline/runs/: nobody can make the reference again */
    hb_time slice_from;    /* only the records, or rows of text files, from here … */
    hb_time slice_to;      /* … to here; HB_TIME_NONE = all */
    const char *tmp;       /* folder for temporary files; NULL = /tmp */
    hb_export_journal journal;
    hb_units *units;         /* NULL = none are needed */
    bool automatic;          /* told in the log */
    const char *reason;      /* in the log; NULL = none was given */
    const char *sbom_sha256; /* of this program (base/sbom.h) */
    hb_time now;             /* of the export; in the log, not in the pack */
} hb_export_ask;

typedef struct hb_exported { /* strings in the arena */
    const char *case_id;
    const char *verdict;
    const char *decision; /* SHA-256 */
    char manifest_sha256[HB_DIGEST_HEX];
    uint64_t bytes; /* of all files, before they are packed */
    size_t n_files;
    size_t raw_files;        /* put in */
    const char *raw_missing; /* why it cannot be decided again from raw files; "" = it can */
    const char *log_missing; /* why there is no proof of the log; "" = there is one */
} hb_exported;

HB_CHECKED hb_status hb_export_pack(const hb_export_ask *ask, hb_arena *arena, hb_exported *ret,
                                    hb_error *err);

/* A case is part of file names: 1 to 128 of A-Z a-z 0-9 . _ -, not beginning with a dot. HB_E_USAGE
 */
HB_CHECKED hb_status hb_case_id_check(const char *case_id, hb_error *err);

#endif
