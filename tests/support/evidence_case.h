/* SPDX-License-Identifier: Apache-2.0 */
/* An evidence pack made by hand: all its files in memory, to be changed one by one, and then signed
 * and written. Its run has a verdict of FAIL against a tagged baseline that two of three people
 * approved; the decision is entry 1 of 3 of a log.
 *
 *     evidence_case_begin(&c);
 *     evidence_case_put(&c, "decision.json", text, n);     as an attacker would
 *     const char *path = evidence_case_write(&c, c.lab);   manifest, Statement, signature, zip
 *     evidence_case_end(&c);
 *
 * Digests, Statement and signature are made when it is written, so a changed file is one that
 * somebody with the key changed and repaired everything. What only the attacker without the key can
 * do is done to the written pack. Failures of the case itself fail the test. */
#ifndef HB_TESTS_SUPPORT_EVIDENCE_CASE_H
#define HB_TESTS_SUPPORT_EVIDENCE_CASE_H

#include "evidence/verify.h"
#include "support/case.h"

/* program.json of a version; the digest of its bill of materials. */
#define EVIDENCE_CASE_SBOM "7777777777777777777777777777777777777777777777777777777777777777"
#define EVIDENCE_CASE_PROGRAM(version)                                      \
    "{\"compiler\":\"cc\",\"executable_sha256\":"                           \
    "\"6666666666666666666666666666666666666666666666666666666666666666\"," \
    "\"format\":\"hb-program/1\",\"sbom_sha256\":\"" EVIDENCE_CASE_SBOM     \
    "\",\"version\":\"" version "\"}"

enum { EVIDENCE_FILES = 64, EVIDENCE_PEOPLE = 3 };

typedef struct evidence_file {
    char *path;
    char *p;
    size_t n;
} evidence_file;

typedef struct evidence_case {
    hb_os os; /* the real one, without waiting for the disk */
    evidence_file files[EVIDENCE_FILES];
    size_t n_files;
    hb_signer *lab;
    hb_signer *other; /* a second slot: ECDSA P-384 */
    hb_signer *stranger;
    hb_signer *log;
    hb_signer *people[EVIDENCE_PEOPLE];
    hb_pubkey *lab_key; /* as an auditor has it */
    hb_pubkey *log_key;
    hb_pubkey *stranger_key;
    const char *case_id;
    bool keep_statement; /* sign what was signed at the last write, whatever the files are now */
    hb_buf statement;
    unsigned written;
} evidence_case;

#define EVIDENCE_RAW "name,value\ntemp,21.5\nresets,3\n"

void evidence_case_begin(evidence_case *c);
void evidence_case_end(evidence_case *c);

/* Adds or replaces. */
void evidence_case_put(evidence_case *c, const char *path, const void *p, size_t n);
void evidence_case_puts(evidence_case *c, const char *path, const char *text);
void evidence_case_drop(evidence_case *c, const char *path);
const evidence_file *evidence_case_get(const evidence_case *c, const char *path);
/* In a file, the first `from` becomes `to`. */
void evidence_case_edit(evidence_case *c, const char *path, const char *from, const char *to);
/* The decision, report and log of whatever the inputs in the files are now. */
void evidence_case_decide(evidence_case *c);

/* signer NULL = unsigned. The text is valid until the next but three. */
const char *evidence_case_write(evidence_case *c, hb_signer *signer);
const char *evidence_case_write_as(evidence_case *c, hb_signer *const *signers, size_t n,
                                   hb_pack_form form);

/* Verified with the lab's key, and drawn again; fails the test when it cannot be looked at. */
void evidence_case_verify(evidence_case *c, const char *path, hb_verified *ret);
/* The worst answer to a question, and a text of such; HB_ANSWER_COUNT_ = it was not asked. */
hb_answer_state evidence_answer(const hb_verified *v, const char *question, const char **ret_text);

hb_status evidence_draw(void *ctx, const hb_decision *d, const char *decision_sha256,
                        hb_time decided_at, hb_buf *html, hb_buf *json, hb_error *err);

#endif
