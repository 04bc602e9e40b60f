/* SPDX-License-Identifier: Apache-2.0 */
/* What people signed, and the operators in force. docs/formats/registry.md (schema step 4)
 *
 * The columns are for finding envelopes; what they say is read again from the envelope each time
 * (govern/statement.h). Nothing here is ever changed or removed. */
#ifndef HB_STORE_GOVERNANCE_H
#define HB_STORE_GOVERNANCE_H

#include "base/arena.h"
#include "store/store.h"

enum { HB_STATEMENTS_MAX = 10000 };

typedef struct hb_statement_row { /* strings in the caller's arena */
    int64_t id;                   /* order of writing */
    const char *sha256;           /* of the payload; one envelope a payload */
    const char *kind;
    const char *subject_name;
    const char *subject_sha256;
    const char *purpose;
    const char *program;
    const char *subsystem;
    const char *test_name;
    const char *tag;
    const char *request; /* "" = it is one */
    const char *keyid;
    hb_time at;
    hb_str envelope; /* DSSE, NUL after the end */
} hb_statement_row;

/* What is there already is left alone (*ret_existed, may be NULL). Within the caller's transaction,
 * or one of its own. */
HB_CHECKED hb_status hb_store_add_statement(hb_store *s, const hb_statement_row *row,
                                            bool *ret_existed, hb_error *err);

typedef struct hb_statement_query { /* NULL = any */
    const char *kind;
    const char *sha256;         /* or the beginning of it, 8 characters or more */
    const char *subject_sha256; /* digest of a baseline version, or of a run's content */
    const char *purpose;
    const char *program;
    const char *subsystem;
    const char *test_name;
    const char *tag;
    const char *request;
} hb_statement_query;

/* Oldest first; HB_E_LIMIT beyond HB_STATEMENTS_MAX. */
HB_CHECKED hb_status hb_store_list_statements(hb_store *s, const hb_statement_query *q,
                                              hb_arena *arena, hb_statement_row **ret_rows,
                                              size_t *ret_n, hb_error *err);

typedef struct hb_operators_row {
    const char *sha256;
    hb_str text;           /* operators.yaml, NUL after the end */
    const char *statement; /* sha256 of the payload that asked for it: init or request */
    hb_time applied_at;
} hb_operators_row;

HB_CHECKED hb_status hb_store_apply_operators(hb_store *s, const hb_operators_row *row,
                                              hb_error *err);
/* Those in force; *ret_found = false when none ever were. */
HB_CHECKED hb_status hb_store_operators(hb_store *s, hb_arena *arena, hb_operators_row *ret_row,
                                        bool *ret_found, hb_error *err);
/* SHA-256 of those that the log's newest entry about operators tells of, arena; "" = it tells of
 * none. Of the registry's queue of the log: neither the log's files nor its hashes are looked at.
 */
HB_CHECKED hb_status hb_store_operators_told(hb_store *s, hb_arena *arena, const char **ret_sha256,
                                             hb_error *err);
/* Those that were in force at a time, for packs of older decisions. */
HB_CHECKED hb_status hb_store_operators_at(hb_store *s, hb_time at, hb_arena *arena,
                                           hb_operators_row *ret_row, bool *ret_found,
                                           hb_error *err);
/* All that ever were, oldest first. */
HB_CHECKED hb_status hb_store_list_operators(hb_store *s, hb_arena *arena,
                                             hb_operators_row **ret_rows, size_t *ret_n,
                                             hb_error *err);

#endif
