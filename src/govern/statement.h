/* SPDX-License-Identifier: Apache-2.0 */
/* What people sign: in-toto Statements in DSSE envelopes (crypto/dsse.h) whose subject is the
 * SHA-256 of what they speak of. docs/formats/governance.md
 *
 * Predicate types (https://harmony-bridge.dev/…/v1 are names, nothing is fetched):
 *   request, review, approval, rejection, override, break-glass, operators, custody. */
#ifndef HB_GOVERN_STATEMENT_H
#define HB_GOVERN_STATEMENT_H

#include "crypto/dsse.h"
#include "govern/operators.h"

#define HB_STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define HB_PREDICATE_BASE "https://harmony-bridge.dev/attestation/"

enum { HB_STATEMENT_TEXT_MAX = 4096, HB_STATEMENT_BYTES_MAX = 64 << 10 };

typedef struct hb_statement {   /* NULL text is "" */
    const char *kind;           /* "request", "approval", "break-glass" … */
    const char *subject_name;   /* "baseline-version", "run", "operators", "baseline-policy" … */
    const char *subject_sha256; /* content address of what is spoken of */
    const char *purpose;        /* what shall be done with it: "set", "retire", "apply" … */
    const char *program;        /* "*" = the whole lab */
    const char *subsystem;
    const char *test_name;
    const char *tag;     /* "" = not about one */
    const char *request; /* sha256 of the request's payload; "" = this is the request */
    const char *reason;
    const char *overrides;     /* why the quality that refuses it shall not; "" = it does not */
    const char *impact_sha256; /* of the impact preview the signer was shown; "" = none */
    const char *previous;      /* sha256 of what the subject takes the place of; "" = nothing */
    hb_time at;
    hb_time expires; /* HB_TIME_NONE = never */
    /* on reading */
    const char *digest; /* sha256 of the payload: what approvals call a request by */
    const char *keyid;  /* of the signature that verified */
    const hb_operator *by;
} hb_statement;

/* HB_E_USAGE for what could not be read again (a text too long, no digest). */
HB_CHECKED hb_status hb_statement_sign(const hb_statement *s, hb_signer *signer, hb_buf *out,
                                       hb_error *err);
/* Who signed it is looked up among the operators and verified; their key must count at the
 * statement's own time. HB_E_EVIDENCE: no operator's signature, or one that does not count then.
 * HB_E_INPUT: no statement, one member more or less than the format has, not canonical. */
HB_CHECKED hb_status hb_statement_read(hb_str envelope, const char *name, const hb_operators *o,
                                       hb_arena *arena, hb_statement *ret, hb_error *err);
/* The same without a look at the signatures: what it claims. keyid is that of the first signature,
 * `by` NULL. For lists; nothing may be allowed by it. */
HB_CHECKED hb_status hb_statement_claims(hb_str envelope, const char *name, hb_arena *arena,
                                         hb_statement *ret, hb_error *err);
/* Are both about the same: subject, purpose, previous, program, subsystem, test, tag? */
bool hb_statement_same_matter(const hb_statement *a, const hb_statement *b);

typedef struct hb_approval_rule {
    unsigned needed;              /* n of … */
    const char *const *approvers; /* names; n_approvers = 0: every approver of the program */
    size_t n_approvers;
    bool own_counts; /* the requester's own approval does: a lab with one admin */
} hb_approval_rule;

/* Do these envelopes approve `wanted` (its subject, purpose, program, subsystem, test and tag)?
 * The approvals are those of one request; its requester never counts, each person once, only keys
 * that count when they signed and now (`now`; HB_TIME_NONE = only then), none that an approver
 * rejected later. wanted.overrides not empty: only requests that asked to override the quality.
 * Envelopes that are about something else or do not verify count for nothing. *ret_names (may be
 * NULL) = who counted. HB_E_DENIED: how many of how many, and who could. */
HB_CHECKED hb_status hb_approvals_check(const hb_operators *o, const hb_approval_rule *rule,
                                        const hb_statement *wanted, const hb_str *envelopes,
                                        size_t n, hb_time now, hb_arena *arena,
                                        const char **ret_names, hb_error *err);

/* How far a request has come; texts in the arena. */
typedef struct hb_request_state {
    const char *by;          /* who asked; "" = nobody who may, the request counts for nothing */
    const char *approved_by; /* names */
    size_t n_approved;
    unsigned needed;
    const char *rejected_by; /* the last approver who did, and nobody approved since; "" = none */
    const char *could;       /* who could approve it */
} hb_request_state;

HB_CHECKED hb_status hb_request_look(const hb_operators *o, const hb_approval_rule *rule,
                                     const hb_statement *request, const hb_str *envelopes, size_t n,
                                     hb_time now, hb_arena *arena, hb_request_state *ret,
                                     hb_error *err);
/* May this person approve the request now? HB_E_DENIED with why not and who could. */
HB_CHECKED hb_status hb_approval_allowed(const hb_operators *o, const hb_approval_rule *rule,
                                         const hb_statement *request, const char *keyid,
                                         const hb_str *envelopes, size_t n, hb_time now,
                                         hb_arena *arena, hb_error *err);
/* What a change of operators.yaml needs, by the one in force. */
hb_approval_rule hb_operators_rule(const hb_operators *in_force, hb_time now);

/* May `subject` (SHA-256 of an operators.yaml) take the place of the one in force? By as many of
 * its admins as it says, who asked not among them; where there is one admin alone, by that one.
 * `now` as above. */
HB_CHECKED hb_status hb_operators_change_check(const hb_operators *in_force, const char *subject,
                                               const hb_str *envelopes, size_t n, hb_time now,
                                               hb_arena *arena, const char **ret_names,
                                               hb_error *err);
/* The same for a metric registry or a baseline policy. */
hb_approval_rule hb_config_rule(const hb_operators *in_force, hb_time now);
/* The statement that such a change is about: subject, purpose, previous, program. */
hb_statement hb_operators_change(const hb_operators *in_force, const char *subject);

#endif
