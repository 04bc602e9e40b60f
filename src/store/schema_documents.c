/* SPDX-License-Identifier: Apache-2.0 */
/* Step 3 to 4, what decisions were made with: docs/formats/registry.md. */
#include "store/store_internal.h"

/* Nothing of it is changed or taken away later; a reading goes with its run. */
#define STAYS(table, words)                                                                       \
    "CREATE TRIGGER " table "_stays BEFORE UPDATE ON " table " BEGIN SELECT raise(ABORT, '" words \
    "'); END"
#define IS_KEPT(table, words)                                  \
    "CREATE TRIGGER " table "_is_kept BEFORE DELETE ON " table \
    " BEGIN SELECT raise(ABORT, '" words "'); END"

static const char *const statements[] = {
    "CREATE TABLE documents("
    " id INTEGER PRIMARY KEY,"
    " sha256 TEXT NOT NULL UNIQUE CHECK(length(sha256) = 64),"
    " kind TEXT NOT NULL CHECK(length(kind) BETWEEN 1 AND 64),"
    " bytes INTEGER NOT NULL CHECK(bytes >= 0), body BLOB NOT NULL) STRICT",
    STAYS("documents", "documents are kept as they were used"),
    IS_KEPT("documents", "documents are kept"),
    "CREATE TABLE readings("
    " run INTEGER PRIMARY KEY REFERENCES runs(id) ON DELETE CASCADE, body BLOB NOT NULL) STRICT",
    STAYS("readings", "how a run was read is kept as it was written"),
    /* In pieces, so that the state of a detector of thousands of metrics has room. */
    "CREATE TABLE decision_basis("
    " decision INTEGER NOT NULL REFERENCES decisions(id),"
    " pos INTEGER NOT NULL CHECK(pos >= 0), piece BLOB NOT NULL,"
    " PRIMARY KEY(decision, pos)) STRICT",
    STAYS("decision_basis", "what a decision was made from is kept as it was written"),
    IS_KEPT("decision_basis", "what a decision was made from is kept"),
};

const hb_migration hb_store_step_3_documents = {
    .from = 3, .statements = statements, .n_statements = sizeof statements / sizeof *statements};
