/* SPDX-License-Identifier: Apache-2.0 */
/* A statement in two steps: what it claims, and who proves it. Shared by the files of govern/. */
#ifndef HB_GOVERN_STATEMENT_INTERNAL_H
#define HB_GOVERN_STATEMENT_INTERNAL_H

#include "govern/statement.h"

/* Clocks of machines differ: so far ahead a time may be. */
#define HB_STATEMENT_AHEAD (INT64_C(300) * 1000000000)

HB_CHECKED hb_status hb_statement_open(hb_str envelope, const char *name, hb_arena *arena,
                                       hb_dsse *ret_dsse, hb_statement *ret, hb_error *err);
/* Sets s->by and s->keyid. HB_OK also for a key that does not count at the statement's time:
 * *ret_why then says so. HB_E_EVIDENCE when it is signed by nobody. */
HB_CHECKED hb_status hb_statement_prove(const hb_dsse *d, const char *name, const hb_operators *o,
                                        hb_statement *s, const char **ret_why, hb_error *err);
/* hb_statement_same_matter whatever the subject. */
bool hb_statement_same_tag(const hb_statement *a, const hb_statement *b);

/* Statements about one tag that somebody proved to have made. */
typedef struct hb_proved {
    hb_statement s;
    const char *why; /* why its key does not count at its own time; "" = it does */
} hb_proved;

typedef struct hb_proofs {
    const hb_operators *o;
    const hb_approval_rule *rule;
    hb_time now;
    hb_proved *list;
    size_t n;
    size_t cap;
} hb_proofs;

/* Of the envelopes those about `wanted`, or (any_subject) about its tag. */
HB_CHECKED hb_status hb_proofs_collect(const hb_statement *wanted, bool any_subject,
                                       const hb_str *envelopes, size_t n, hb_arena *arena,
                                       hb_proofs *p, hb_error *err);
/* How many people approved the request with approvals made after `after` and before `before`
 * (HB_TIME_NONE = any). names (may be NULL) gets who. */
size_t hb_proofs_count(const hb_proofs *p, const hb_statement *request, hb_time after,
                       hb_time before, hb_buf *names);
/* Is it a request by somebody who may ask? */
bool hb_proofs_is_request(const hb_proved *p);

#endif
