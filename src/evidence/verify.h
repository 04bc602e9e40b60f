/* SPDX-License-Identifier: Apache-2.0 */
/* Is a pack what it says, and does its decision follow from it? Offline, nothing written, nothing
 * believed. Each question is one line or more of the answer, in a fixed order, whatever was found
 * before; what a pack that is damaged cannot be asked is told as not checked.
 * docs/formats/verify.md lists the questions.
 *
 *     hb_verify_ask ask = {.os = os, .path = path, .trusted = keys, .n_trusted = n};
 *     HB_TRY(hb_verify(&ask, &v, err));       v.holds, v.lines
 *     hb_verified_release(&v);
 *
 * Which key is whose is the auditor's to know. A key that came in the pack proves that the pack is
 * whole, not who made it: without a key brought along nothing holds. */
#ifndef HB_EVIDENCE_VERIFY_H
#define HB_EVIDENCE_VERIFY_H

#include "crypto/key.h"
#include "evidence/inputs.h"

typedef enum hb_answer_state {
    HB_HOLDS,
    HB_FAILS,
    HB_NOT_CHECKED, /* it should have been, and could not be: not a pass */
    HB_NOT_IN_PACK, /* the pack does not claim it: told, and no fault */
    HB_NOT_ASKED,   /* this program cannot ask it, and another can: told, and no fault */
    HB_ANSWER_COUNT_
} hb_answer_state;

/* "holds", "fails", "not_checked", "not_in_pack", "not_asked" */
const char *hb_verify_state_name(hb_answer_state s);

typedef struct hb_verify_line {
    const char *question; /* stable, of docs/formats/verify.md */
    hb_answer_state state;
    const char *text; /* one sentence: what was found, of which file */
} hb_verify_line;

typedef struct hb_verify_ask {
    const hb_os *os;
    const char *path;
    hb_pubkey *const *trusted; /* keys that may sign packs, which the auditor brought along */
    size_t n_trusted;
    /* Keys of the lab's log (or of its witnesses, whose checkpoint was seen elsewhere). Not the
     * same list: the log signs unattended, so its key must not make a pack. None: a log's key is
     * believed because the signed manifest has it, and that is said. */
    hb_pubkey *const *trusted_logs;
    size_t n_trusted_logs;
    /* Certificates, of authorities that the auditor brought along; PEM, n = 0: none. An authority
     * says whose a key is, not that it may sign packs: that is trust_name, the subject as it is
     * told in the answers (RFC 2253). */
    hb_str trust_ca;
    const char *trust_name; /* NULL = none was named */
    hb_str trust_tsa;       /* of time; another list, since its people do not sign packs */
    hb_str disclosure;      /* texts of hidden fields (disclosure.h); n = 0: none were given */
    hb_str crl;             /* revocation lists; n = 0: not asked, else of all of these */
    /* Reads the raw files of the pack again, as hb does, into a run; NULL where there is no reader
     * (hb-verify). *ret_run = NULL when the pack has none that can be read. */
    hb_status (*read_raw)(void *ctx, hb_pack_reader *r, const hb_inputs *in, hb_run **ret_run,
                          hb_error *err);
    void *read_raw_ctx;
    /* Draws the report of a decision again; NULL where there is no such room. decided_at as in the
     * pack's report. */
    hb_status (*draw)(void *ctx, const hb_decision *d, const char *decision_sha256,
                      hb_time decided_at, hb_buf *html, hb_buf *json, hb_error *err);
    void *draw_ctx;
    const char *sbom_sha256; /* of the program that asks (base/sbom.h); NULL = it has none */
} hb_verify_ask;

typedef struct hb_verified {
    hb_arena arena;
    hb_verify_line *lines; /* in the order they were asked */
    size_t n_lines;
    bool holds; /* no line fails or was not checked */
    const char *case_id;
    const char *verdict;      /* of the decision in the pack, whatever it is worth; "" = unknown */
    bool is_redacted;         /* it says so itself … */
    size_t n_taken_out;       /* … and how many files are not here any more … */
    size_t n_hidden;          /* … and how many texts */
    const char *decided_from; /* "raw", "profiles", "" = it was not decided again, or otherwise */
    bool break_glass; /* the baseline was set without approval, for a while, on the record */
} hb_verified;

/* HB_OK also when nothing holds; other statuses mean that it could not be looked at at all (no such
 * file, out of memory). */
HB_CHECKED hb_status hb_verify(const hb_verify_ask *ask, hb_verified *ret, hb_error *err);
void hb_verified_release(hb_verified *v);

/* VERIFY.md, the text that goes into every pack: how to check it without this program. */
hb_str hb_verify_instructions(void);

#endif
