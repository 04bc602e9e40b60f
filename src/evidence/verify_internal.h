/* SPDX-License-Identifier: Apache-2.0 */
/* The questions of hb_verify and what they leave for the ones after them. Inside evidence/. */
#ifndef HB_EVIDENCE_VERIFY_INTERNAL_H
#define HB_EVIDENCE_VERIFY_INTERNAL_H

#include "audit/inclusion.h"
#include "crypto/dsse.h"
#include "evidence/commitments.h"
#include "evidence/object.h"
#include "evidence/raw_list.h"
#include "evidence/redaction.h"
#include "evidence/verify.h"
#include "govern/operators.h"

enum {
    HB_VERIFY_KEYS_MAX = 64, /* files in keys/ that are looked at */
    HB_VERIFY_DECISION_MAX = 256 << 20,
    HB_VERIFY_REPORT_MAX = 256 << 20,
    HB_VERIFY_SMALL_MAX = 16 << 20, /* configuration, statements, versions */
    HB_VERIFY_STATEMENTS_MAX = 10000,
};

#define HB_PACK_VERSION "baseline/version.json"
#define HB_PACK_EQUIVALENCE "policy/equivalence_mapping.yaml"
#define HB_PACK_REPORT_HTML "report/drift_report.html"
#define HB_PACK_REPORT_JSON "report/drift_report.json"
#define HB_PACK_OPERATORS "governance/operators.yaml"
#define HB_PACK_STATEMENTS "governance/statements/"
#define HB_PACK_KEYS "keys/"
#define HB_PACK_ENTRY "log/entry.json"
#define HB_PACK_INCLUSION "log/inclusion.json"
#define HB_PACK_CHECKPOINT "log/checkpoint"
#define HB_PACK_PROGRAM "program.json"
#define HB_PACK_INSTRUCTIONS "VERIFY.md"

typedef struct hb_check_key {
    const char *path;
    hb_pubkey *key;
} hb_check_key;

typedef struct hb_check {
    const hb_verify_ask *ask;
    hb_verified *out;
    size_t cap;
    hb_pack_reader *pack; /* NULL = it could not be opened */
    hb_manifest manifest;
    bool has_manifest;
    hb_check_key keys[HB_VERIFY_KEYS_MAX]; /* of keys/, those that could be read */
    size_t n_keys;
    hb_dsse envelope;
    bool has_envelope;
    bool is_trusted; /* a key that was brought along signed it */
    const hb_pubkey *signed_by[HB_DSSE_SIGNATURES_MAX];
    size_t n_signed_by;
    bool has_time; /* a time token that holds: it was signed before then */
    hb_time time;
    const char *vouched_for; /* subject of the certificate of a key that signed; NULL = none */
    char *decision_text;
    size_t decision_n;
    json_t *decision;            /* NULL = it could not be read … */
    const char *why_no_decision; /* … and why */
    char decision_sha256[HB_DIGEST_HEX];
    hb_commitments commitments;
    bool has_commitments;
    bool has_hidden; /* fields are hidden, and the rest is what was committed to */
    hb_operators *operators;
    bool has_included;
    hb_included included; /* the proof holds, whoever signed the checkpoint */
    hb_inputs inputs;
    bool has_inputs;
    const char *why_not_read; /* by the pack: why the run cannot be read again; "" = it can */
    hb_run *raw_run;          /* what the raw files give, when that is run.json's run */
    hb_decision *decided;     /* from the profiles, when it is the pack's; borrows inputs */
    hb_decision *decided_raw; /* the same from raw_run */
} hb_check;

/* --- saying --- */

HB_CHECKED hb_status hb_check_say(hb_check *c, const char *question, hb_answer_state state,
                                  hb_error *err, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* The line of a call that failed: `e` becomes the text. Running out of memory ends it all. */
HB_CHECKED hb_status hb_check_fault(hb_check *c, const char *question, const hb_error *e,
                                    hb_error *err);

/* --- the pack --- */

bool hb_check_has(const hb_check *c, const char *path);
/* A file of the pack in the arena; NUL after the end. */
HB_CHECKED hb_status hb_check_read(hb_check *c, const char *path, size_t max, hb_str *ret,
                                   hb_error *err);
/* What the manifest says of it; NULL = nothing. */
const hb_pack_file *hb_check_listed(const hb_check *c, const char *path);
/* "" when the decision has no such text. */
const char *hb_check_decision_text(const hb_check *c, const char *object, const char *key);

/* The first metric of which value or moments differ; "" = none. */
const char *hb_check_other_metric(const hb_run *a, const hb_run *b);

/* --- the questions, one file a subject --- */

HB_CHECKED hb_status hb_ask_structure(hb_check *c, hb_error *err);
HB_CHECKED hb_status hb_ask_manifest(hb_check *c, hb_error *err);
HB_CHECKED hb_status hb_ask_files(hb_check *c, hb_error *err);
HB_CHECKED hb_status hb_ask_instructions(hb_check *c, hb_error *err);

HB_CHECKED hb_status hb_ask_keys(hb_check *c, hb_error *err);
HB_CHECKED hb_status hb_ask_attestation(hb_check *c, hb_error *err);
HB_CHECKED hb_status hb_ask_signature(hb_check *c, hb_error *err);
HB_CHECKED hb_status hb_ask_time(hb_check *c, hb_error *err);
HB_CHECKED hb_status hb_ask_chain(hb_check *c, hb_error *err);
HB_CHECKED hb_status hb_ask_trust(hb_check *c, hb_error *err);
HB_CHECKED hb_status hb_ask_statement(hb_check *c, hb_error *err);

HB_CHECKED hb_status hb_ask_commitments(hb_check *c, hb_error *err);
HB_CHECKED hb_status hb_ask_redaction(hb_check *c, hb_error *err);
/* Its answer where single fields are hidden. */
HB_CHECKED hb_status hb_check_hidden(hb_check *c, const hb_redaction *r, hb_error *err);

HB_CHECKED hb_status hb_ask_log(hb_check *c, hb_error *err);
HB_CHECKED hb_status hb_ask_checkpoint(hb_check *c, hb_error *err);

HB_CHECKED hb_status hb_ask_operators(hb_check *c, hb_error *err);
HB_CHECKED hb_status hb_ask_approvals(hb_check *c, hb_error *err);
HB_CHECKED hb_status hb_ask_governed(hb_check *c, hb_error *err);
/* Everything signed that the pack has, as envelopes. */
HB_CHECKED hb_status hb_check_statements(hb_check *c, hb_str **ret, size_t *ret_n, hb_error *err);
/* When the decision was made, by the log; where its entry was taken out with hidden fields, by what
 * the original committed to. HB_TIME_NONE = it is not known. */
hb_time hb_check_decided_at(const hb_check *c);

HB_CHECKED hb_status hb_ask_program(hb_check *c, hb_error *err);
HB_CHECKED hb_status hb_ask_configuration(hb_check *c, hb_error *err);
HB_CHECKED hb_status hb_ask_inputs(hb_check *c, hb_error *err);
HB_CHECKED hb_status hb_ask_baseline(hb_check *c, hb_error *err);
HB_CHECKED hb_status hb_ask_reference(hb_check *c, hb_error *err);
HB_CHECKED hb_status hb_ask_selection(hb_check *c, hb_error *err);
HB_CHECKED hb_status hb_ask_raw(hb_check *c, hb_error *err);
HB_CHECKED hb_status hb_ask_reading(hb_check *c, hb_error *err);
HB_CHECKED hb_status hb_ask_decision(hb_check *c, hb_error *err);
HB_CHECKED hb_status hb_ask_report(hb_check *c, hb_error *err);

#endif
