/* SPDX-License-Identifier: Apache-2.0 */
/* Step 3 to 4: evidence packs that are to be made, and were. */
#include "store/store_internal.h"

static const char *const statements[] = {
    "CREATE TABLE evidence_packs("
    " id INTEGER PRIMARY KEY,"
    " run INTEGER NOT NULL REFERENCES runs(id),"
    " decision TEXT NOT NULL CHECK(length(decision) = 64),"
    " stream TEXT NOT NULL CHECK(length(stream) <= 64),"
    " state TEXT NOT NULL CHECK(state IN ('wanted', 'made', 'gone')),"
    " attempts INTEGER NOT NULL CHECK(attempts >= 0), error TEXT NOT NULL,"
    " path TEXT NOT NULL, manifest TEXT NOT NULL CHECK(length(manifest) IN (0, 64)),"
    " bytes INTEGER NOT NULL CHECK(bytes >= 0),"
    " wanted_ns INTEGER NOT NULL, next_ns INTEGER NOT NULL, made_ns INTEGER,"
    " UNIQUE(run, decision)) STRICT",
    "CREATE TABLE pack_secret("
    " one INTEGER PRIMARY KEY CHECK(one = 1),"
    " secret BLOB NOT NULL CHECK(length(secret) = 32)) STRICT",
    "CREATE INDEX evidence_packs_by_state ON evidence_packs(state, stream, next_ns)",
};

const hb_migration hb_store_step_3_packs = {
    .from = 3, .statements = statements, .n_statements = sizeof statements / sizeof *statements};
