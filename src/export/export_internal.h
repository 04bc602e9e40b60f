/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of an export: export.c is the order, export_runs.c the runs of the baseline,
 * export_raw.c the raw files, export_journal.c a window's records, export_commit.c the commitments,
 * export_told.c what is said about them by others: governance, log, keys, program. */
#ifndef HB_EXPORT_EXPORT_INTERNAL_H
#define HB_EXPORT_EXPORT_INTERNAL_H

#include "evidence/commitments.h"
#include "evidence/raw_list.h"
#include "export/export.h"
#include "export/rebuild.h"

/* Why a file that is there is not in the pack, when only a stretch of it was asked for. */
#define HB_EXPORT_ONLY_SLICE "only a stretch of time was asked for"

typedef struct hb_export_job {
    const hb_export_ask *ask;
    hb_arena *arena;
    hb_rebuilt from;
    hb_pack_writer *w;
    const char *daemon_sha256; /* of the daemon.yaml a window was cut by; NULL = none is known */
    const char *window_why;    /* why a window cannot be made again from its records; "" = it can */
    const char *version;       /* SHA-256 of the baseline version; NULL = it is none */
    const char *logged_at;     /* of the decision's entry in the log; NULL = it is in none */
    hb_committer *committer;   /* NULL = nobody signs, so nothing is committed to */
    hb_commit32 secret;
    hb_commitments commitments;
    hb_exported told;
} hb_export_job;

/* All that x->from was made from, and the decision. */
HB_CHECKED hb_status hb_export_inputs(hb_export_job *x, hb_error *err);
/* HB_E_EVIDENCE when a run's figures have not the digest it was registered with. */
HB_CHECKED hb_status hb_export_check_figures(const hb_export_job *x, const hb_run *run,
                                             hb_error *err);
/* baseline/runs/ */
HB_CHECKED hb_status hb_export_runs(hb_export_job *x, hb_error *err);

/* raw/: files with the digest they had, and raw/reading.json. */
HB_CHECKED hb_status hb_export_raw(hb_export_job *x, hb_error *err);
/* raw/journal/ of a window into x->w; *ret stays NULL when the run is none. */
HB_CHECKED hb_status hb_export_records(hb_export_job *x, const hb_raw_journal **ret, hb_error *err);

/* raw/slice/: lines of text files in the stretch of time that was asked for; fills l->cuts. */
HB_CHECKED hb_status hb_export_cuts(hb_export_job *x, hb_raw_list *l, hb_error *err);
/* Where file i of the list stands in the pack, below `folder` ("raw", "raw/slice"). */
HB_CHECKED hb_status hb_export_member(hb_export_job *x, const hb_raw_list *l, size_t i,
                                      const char *folder, const char **ret, hb_error *err);

HB_CHECKED hb_status hb_export_governance(hb_export_job *x, hb_error *err);
HB_CHECKED hb_status hb_export_log(hb_export_job *x, hb_error *err);
HB_CHECKED hb_status hb_export_keys(hb_export_job *x, hb_error *err);
HB_CHECKED hb_status hb_export_chain(hb_export_job *x, hb_error *err);
HB_CHECKED hb_status hb_export_program(hb_export_job *x, hb_error *err);

/* Between begin and end: to a document as it was put in (an hb_inputs_seen), at last to all other
 * files; then the signed list and the secret are put in. */
HB_CHECKED hb_status hb_export_commit_begin(hb_export_job *x, hb_error *err);
HB_CHECKED hb_status hb_export_commit_to(void *ctx, const char *path, hb_str text, hb_error *err);
HB_CHECKED hb_status hb_export_commit(hb_export_job *x, hb_error *err);
void hb_export_commit_end(hb_export_job *x);

/* A text of printf's in the arena. */
HB_CHECKED hb_status hb_export_text(hb_arena *arena, const char **ret, hb_error *err,
                                    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* SHA-256 of a file, and its size. */
HB_CHECKED hb_status hb_export_digest(const hb_os *os, const char *path, char ret[HB_DIGEST_HEX],
                                      uint64_t *ret_bytes, hb_error *err);

#endif
