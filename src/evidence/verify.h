/* SPDX-License-Identifier: Apache-2.0 */
/* Is a pack what it says, and does its decision follow from it? Offline, nothing written, nothing
 * believed. Each question is one line of the answer: holds, does not hold, or was not asked and
 * why. docs/formats/evidence_pack.md, docs/evidence.md */
#ifndef HB_EVIDENCE_VERIFY_H
#define HB_EVIDENCE_VERIFY_H

#include "crypto/key.h"
#include "evidence/inputs.h"

typedef enum hb_answer_state {
    HB_HOLDS,
    HB_FAILS,
    HB_NOT_CHECKED, /* it should have been, and could not be: not a pass */
    HB_NOT_IN_PACK, /* the pack does not claim it: told, and no fault */
} hb_answer_state;

typedef struct hb_verify_line {
    const char *question; /* stable: "structure", "manifest", "signature", "trust", "statement",
                             "operators", "approvals", "log", "checkpoint", "raw", "decision" … */
    hb_answer_state state;
    const char *text; /* one sentence: what was found, of which file */
} hb_verify_line;

typedef struct hb_verify_ask {
    const hb_os *os;
    const char *path;
    hb_pubkey *const *trusted; /* keys of the lab that the auditor brought along */
    size_t n_trusted;
    /* Reads the raw files of the pack again, as hb does, into a run; NULL where there is no reader
     * (hb-verify). *ret_run = NULL when the pack has none. */
    hb_status (*read_raw)(void *ctx, hb_pack_reader *r, const hb_inputs *in, hb_run **ret_run,
                          hb_error *err);
    void *read_raw_ctx;
} hb_verify_ask;

typedef struct hb_verified {
    hb_arena arena;
    hb_verify_line *lines; /* in the order they were asked */
    size_t n_lines;
    bool holds; /* no line fails or was not checked */
    const char *case_id;
    const char *verdict;      /* of the decision in the pack, whatever it is worth; "" = unknown */
    const char *decided_from; /* "raw", "profiles", "" */
} hb_verified;

/* HB_OK also when nothing holds; other statuses mean that it could not be looked at at all (no such
 * file, out of memory). */
HB_CHECKED hb_status hb_verify(const hb_verify_ask *ask, hb_verified *ret, hb_error *err);
void hb_verified_release(hb_verified *v);

#endif
