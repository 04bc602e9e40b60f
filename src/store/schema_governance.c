/* SPDX-License-Identifier: Apache-2.0 */
/* Step 3 to 4: what people signed, and the operators in force. Statements may come from other
 * machines: a digest that is a request's need not be there yet, so nothing here refers to other
 * tables. */
#include "store/schema_kept.h"
#include "store/store_internal.h"

static const char *const statements[] = {
    "CREATE TABLE statements("
    " id INTEGER PRIMARY KEY,"
    " sha256 TEXT NOT NULL UNIQUE CHECK(length(sha256) = 64),"
    " kind TEXT NOT NULL, subject_name TEXT NOT NULL,"
    " subject_sha256 TEXT NOT NULL CHECK(length(subject_sha256) = 64),"
    " purpose TEXT NOT NULL, program TEXT NOT NULL, subsystem TEXT NOT NULL,"
    " test_name TEXT NOT NULL, tag TEXT NOT NULL, request TEXT NOT NULL, keyid TEXT NOT NULL,"
    " at_ns INTEGER NOT NULL, envelope BLOB NOT NULL) STRICT",
    "CREATE INDEX statements_by_tag ON statements(program, subsystem, test_name, tag)",
    "CREATE INDEX statements_by_subject ON statements(subject_sha256)",
    "CREATE INDEX statements_by_request ON statements(request)",
    KEPT("statements", "what was signed is kept as it was signed"),
    "CREATE TABLE operators("
    " id INTEGER PRIMARY KEY,"
    " sha256 TEXT NOT NULL CHECK(length(sha256) = 64),"
    " text BLOB NOT NULL,"
    " statement TEXT NOT NULL CHECK(length(statement) = 64),"
    " applied_ns INTEGER NOT NULL) STRICT",
    KEPT("operators", "operators are kept as they were applied"),
};

const hb_migration hb_store_step_3_governance = {
    .from = 3, .statements = statements, .n_statements = sizeof statements / sizeof *statements};
