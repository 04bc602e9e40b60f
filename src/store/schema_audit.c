/* SPDX-License-Identifier: Apache-2.0 */
/* Step 3 to 4: the queue of the lab's log. What was decided before it is not in the log; windows
 * judged before it neither. */
#include "store/store_internal.h"

static const char *const statements[] = {
    "CREATE TABLE audit_state("
    " id INTEGER PRIMARY KEY CHECK(id = 1),"
    " registry TEXT NOT NULL CHECK(length(registry) = 16),"
    " windows_key INTEGER NOT NULL) STRICT",
    "INSERT INTO audit_state SELECT 1, lower(hex(randomblob(8))),"
    " (SELECT coalesce(max(key), 0) FROM live_windows)",
    "CREATE TABLE audit_queue("
    " id INTEGER PRIMARY KEY CHECK(id >= 1),"
    " type TEXT NOT NULL CHECK(length(type) BETWEEN 1 AND 32), subject TEXT NOT NULL,"
    " at_ns INTEGER NOT NULL, entry TEXT NOT NULL,"
    " leaf INTEGER CHECK(leaf >= 0)) STRICT",
    "CREATE INDEX audit_queue_by_subject ON audit_queue(subject, type)",
    "CREATE INDEX audit_queue_custody ON audit_queue(id) WHERE type = 'custody'",
    "CREATE INDEX audit_queue_operators ON audit_queue(id) WHERE type = 'operators'",
    "CREATE INDEX audit_queue_waiting ON audit_queue(id) WHERE leaf IS NULL",
    "CREATE UNIQUE INDEX audit_queue_by_leaf ON audit_queue(leaf) WHERE leaf IS NOT NULL",
    "CREATE TRIGGER audit_queue_stays BEFORE UPDATE ON audit_queue"
    " WHEN old.leaf IS NOT NULL OR new.id <> old.id OR new.type <> old.type"
    " OR new.subject <> old.subject OR new.at_ns <> old.at_ns OR new.entry <> old.entry"
    " BEGIN SELECT raise(ABORT, 'entries of the log are kept as they were written'); END",
    "CREATE TRIGGER audit_queue_is_kept BEFORE DELETE ON audit_queue"
    " BEGIN SELECT raise(ABORT, 'entries of the log are kept'); END",
};

const hb_migration hb_store_step_3_audit = {
    .from = 3, .statements = statements, .n_statements = sizeof statements / sizeof *statements};
