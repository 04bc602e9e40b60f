/* SPDX-License-Identifier: Apache-2.0 */
/* The schema as the steps that lead to it; docs/formats/registry.md explains every table. A step
 * that was released is never changed: a file of any age is brought up by the same road.
 *
 * Doubles stand in ANY columns: STRICT leaves such a value as it was bound, where a REAL column
 * turns -0 into 0. */
#include "store/store_internal.h"

static const char runs[] =
    "CREATE TABLE runs("
    " id INTEGER PRIMARY KEY,"
    " run_id TEXT NOT NULL UNIQUE CHECK(length(run_id) BETWEEN 1 AND 128),"
    " program TEXT NOT NULL, subsystem TEXT NOT NULL, test_name TEXT NOT NULL,"
    " operating_mode TEXT NOT NULL, scenario_id TEXT NOT NULL, sensor_config_id TEXT NOT NULL,"
    " input_data_version TEXT NOT NULL, environment_fingerprint TEXT NOT NULL,"
    " environment TEXT NOT NULL,"
    " git_sha TEXT NOT NULL, build_id TEXT NOT NULL, source_system TEXT NOT NULL,"
    " schema_version TEXT NOT NULL, correlation_id TEXT NOT NULL,"
    " start_ns INTEGER, end_ns INTEGER, first_sample_ns INTEGER, last_sample_ns INTEGER,"
    " created_ns INTEGER NOT NULL,"
    " order_ns INTEGER NOT NULL GENERATED ALWAYS AS (coalesce(start_ns, created_ns)) STORED,"
    " n_metrics INTEGER NOT NULL CHECK(n_metrics >= 0),"
    " n_inputs INTEGER NOT NULL CHECK(n_inputs >= 0),"
    " n_warnings INTEGER NOT NULL CHECK(n_warnings >= 0),"
    " digest TEXT NOT NULL CHECK(length(digest) = 64),"
    " latest_decision INTEGER REFERENCES decisions(id)"
    ") STRICT";

static const char run_metrics[] =
    "CREATE TABLE run_metrics("
    " run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,"
    " name TEXT NOT NULL, raw_name TEXT NOT NULL, unit TEXT NOT NULL, raw_unit TEXT NOT NULL,"
    " declared INTEGER NOT NULL CHECK(declared IN (0, 1)),"
    " stated INTEGER NOT NULL CHECK(stated IN (0, 1)),"
    " reduce TEXT NOT NULL,"
    " has_value INTEGER NOT NULL CHECK(has_value IN (0, 1)),"
    " value ANY CHECK(typeof(value) IN ('real', 'null')),"
    " flags INTEGER NOT NULL CHECK(flags >= 0),"
    " n INTEGER NOT NULL CHECK(n >= 0), n_missing INTEGER NOT NULL, n_nan INTEGER NOT NULL,"
    " n_inf INTEGER NOT NULL, n_rejected INTEGER NOT NULL,"
    " mean ANY, mean_low ANY, m2 ANY, min ANY, max ANY, first ANY, last ANY,"
    " shift ANY, lag_xy ANY, lag_x ANY, lag_y ANY,"
    " first_ns INTEGER, last_ns INTEGER,"
    " persist_n INTEGER NOT NULL, persist_known INTEGER NOT NULL CHECK(persist_known IN (0, 1)),"
    " sustained_high ANY, sustained_low ANY,"
    " sustained_high_at INTEGER NOT NULL, sustained_low_at INTEGER NOT NULL,"
    " n_reject_examples INTEGER NOT NULL CHECK(n_reject_examples >= 0),"
    " sketch BLOB, trace BLOB,"
    " PRIMARY KEY(run, name)"
    ") STRICT";

static const char *const step_0[] = {
    "PRAGMA application_id = 1212314215", /* HB_STORE_APPLICATION_ID */
    "CREATE TABLE schema_info(version INTEGER PRIMARY KEY, applied_ns INTEGER NOT NULL,"
    " hb_version TEXT NOT NULL) STRICT",
    runs,
    "CREATE INDEX runs_by_test ON runs(program, subsystem, test_name, order_ns DESC, run_id DESC)",
    "CREATE INDEX runs_by_time ON runs(order_ns DESC, run_id DESC)",
    "CREATE TABLE run_warnings("
    " run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE, pos INTEGER NOT NULL,"
    " text TEXT NOT NULL, PRIMARY KEY(run, pos)) STRICT, WITHOUT ROWID",
    "CREATE TABLE run_inputs("
    " run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE, pos INTEGER NOT NULL,"
    " path TEXT NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL,"
    " format TEXT NOT NULL, layout TEXT NOT NULL, n_rows INTEGER NOT NULL,"
    " n_guesses INTEGER NOT NULL CHECK(n_guesses >= 0),"
    " n_rejects INTEGER NOT NULL CHECK(n_rejects >= 0),"
    " PRIMARY KEY(run, pos)) STRICT, WITHOUT ROWID",
    "CREATE TABLE run_input_guesses("
    " run INTEGER NOT NULL, input INTEGER NOT NULL, pos INTEGER NOT NULL,"
    " what TEXT NOT NULL, value TEXT NOT NULL, why TEXT NOT NULL,"
    " PRIMARY KEY(run, input, pos),"
    " FOREIGN KEY(run, input) REFERENCES run_inputs(run, pos) ON DELETE CASCADE"
    ") STRICT, WITHOUT ROWID",
    "CREATE TABLE run_input_rejects("
    " run INTEGER NOT NULL, input INTEGER NOT NULL, pos INTEGER NOT NULL,"
    " reason TEXT NOT NULL, n INTEGER NOT NULL CHECK(n >= 0),"
    " PRIMARY KEY(run, input, pos),"
    " FOREIGN KEY(run, input) REFERENCES run_inputs(run, pos) ON DELETE CASCADE"
    ") STRICT, WITHOUT ROWID",
    run_metrics,
    "CREATE TABLE run_metric_rejects("
    " run INTEGER NOT NULL, name TEXT NOT NULL, pos INTEGER NOT NULL,"
    " text TEXT NOT NULL, reason TEXT NOT NULL, line INTEGER NOT NULL,"
    " PRIMARY KEY(run, name, pos),"
    " FOREIGN KEY(run, name) REFERENCES run_metrics(run, name) ON DELETE CASCADE"
    ") STRICT, WITHOUT ROWID",
    "CREATE TABLE tags("
    " program TEXT NOT NULL, subsystem TEXT NOT NULL, test_name TEXT NOT NULL,"
    " tag TEXT NOT NULL CHECK(length(tag) BETWEEN 1 AND 64),"
    " run INTEGER NOT NULL REFERENCES runs(id), registry_digest TEXT NOT NULL,"
    " set_by TEXT NOT NULL, note TEXT NOT NULL, set_ns INTEGER NOT NULL,"
    " PRIMARY KEY(program, subsystem, test_name, tag)) STRICT, WITHOUT ROWID",
    "CREATE INDEX tags_by_run ON tags(run)",
    "CREATE TABLE tag_log("
    " id INTEGER PRIMARY KEY,"
    " program TEXT NOT NULL, subsystem TEXT NOT NULL, test_name TEXT NOT NULL,"
    " tag TEXT NOT NULL, run INTEGER NOT NULL REFERENCES runs(id),"
    " registry_digest TEXT NOT NULL, set_by TEXT NOT NULL, note TEXT NOT NULL,"
    " set_ns INTEGER NOT NULL) STRICT",
    "CREATE INDEX tag_log_by_tag ON tag_log(program, subsystem, test_name, tag)",
    "CREATE INDEX tag_log_by_run ON tag_log(run)",
    "CREATE TABLE decisions("
    " id INTEGER PRIMARY KEY,"
    " run INTEGER NOT NULL REFERENCES runs(id),"
    " status TEXT NOT NULL CHECK(status IN ('PASS', 'PASS_WITH_DRIFT', 'FAIL', 'NO_TEST')),"
    " baseline_run_id TEXT NOT NULL, baseline_reason TEXT NOT NULL, match_level TEXT NOT NULL,"
    " match_score INTEGER NOT NULL CHECK(match_score >= 0),"
    " match_possible INTEGER NOT NULL CHECK(match_possible >= match_score),"
    " registry_digest TEXT NOT NULL, policy_digest TEXT NOT NULL, engine_version TEXT NOT NULL,"
    " json TEXT NOT NULL, digest TEXT NOT NULL CHECK(length(digest) = 64),"
    " decided_ns INTEGER NOT NULL,"
    " UNIQUE(run, digest)) STRICT",
    "CREATE TABLE lineage("
    " decision INTEGER NOT NULL REFERENCES decisions(id),"
    " role TEXT NOT NULL CHECK(role IN ('reference', 'comparable')),"
    " pos INTEGER NOT NULL, run INTEGER NOT NULL REFERENCES runs(id),"
    " PRIMARY KEY(decision, role, pos)) STRICT, WITHOUT ROWID",
    "CREATE INDEX lineage_by_run ON lineage(run)",
    "CREATE TRIGGER decisions_stay BEFORE UPDATE ON decisions BEGIN"
    " SELECT raise(ABORT, 'decisions are kept as they were made'); END",
    "CREATE TRIGGER decisions_are_kept BEFORE DELETE ON decisions BEGIN"
    " SELECT raise(ABORT, 'decisions are kept'); END",
    "CREATE TRIGGER tag_log_stays BEFORE UPDATE ON tag_log BEGIN"
    " SELECT raise(ABORT, 'the log of tags is kept as it was written'); END",
    "CREATE TRIGGER tag_log_is_kept BEFORE DELETE ON tag_log BEGIN"
    " SELECT raise(ABORT, 'the log of tags is kept'); END",
};

const hb_migration hb_store_migrations[] = {
    {.from = 0, .statements = step_0, .n_statements = sizeof step_0 / sizeof *step_0},
};
const size_t hb_store_migration_count = sizeof hb_store_migrations / sizeof *hb_store_migrations;

_Static_assert(sizeof hb_store_migrations / sizeof *hb_store_migrations == HB_STORE_SCHEMA,
               "one step for each schema version");
_Static_assert(HB_STORE_APPLICATION_ID == 1212314215, "the pragma above writes the same number");
