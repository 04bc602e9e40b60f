/* SPDX-License-Identifier: Apache-2.0 */
/* The schema as the steps that lead to it; docs/formats/registry.md explains every table. A step
 * that was released is never changed: a file of any age is brought up by the same road.
 *
 * Doubles stand in ANY columns: STRICT leaves such a value as it was bound, where a REAL column
 * turns -0 into 0. */
#include "store/schema_kept.h"
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

static const char baseline_versions[] =
    "CREATE TABLE baseline_versions("
    " id INTEGER PRIMARY KEY,"
    " version TEXT NOT NULL UNIQUE CHECK(length(version) BETWEEN 12 AND 64),"
    " digest TEXT NOT NULL UNIQUE CHECK(length(digest) = 64),"
    " program TEXT NOT NULL, subsystem TEXT NOT NULL, test_name TEXT NOT NULL,"
    " parent INTEGER REFERENCES baseline_versions(id),"
    " n_runs INTEGER NOT NULL CHECK(n_runs >= 1),"
    " json TEXT NOT NULL,"
    " name TEXT NOT NULL, note TEXT NOT NULL,"
    " created_by TEXT NOT NULL, created_ns INTEGER NOT NULL,"
    " CHECK(version = substr(digest, 1, length(version)))) STRICT";

static const char suspicions[] =
    "CREATE TABLE suspicions("
    " id INTEGER PRIMARY KEY,"
    " decision INTEGER NOT NULL REFERENCES decisions(id),"
    " run INTEGER NOT NULL REFERENCES runs(id),"
    " metric TEXT NOT NULL, direction INTEGER NOT NULL CHECK(direction IN (-1, 1)),"
    " raised_ns INTEGER NOT NULL, until_ns INTEGER NOT NULL CHECK(until_ns >= raised_ns),"
    " step ANY CHECK(typeof(step) IN ('real', 'null')),"
    " logarithm INTEGER NOT NULL CHECK(logarithm IN (0, 1)),"
    " n_set INTEGER NOT NULL CHECK(n_set >= 1)) STRICT";

static const char *const step_1[] = {
    "ALTER TABLE runs ADD COLUMN n_factors INTEGER NOT NULL DEFAULT 0 CHECK(n_factors >= 0)",
    "CREATE TABLE run_factors("
    " run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,"
    " name TEXT NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY(run, name)) STRICT, WITHOUT ROWID",
    "ALTER TABLE run_metrics ADD COLUMN step ANY CHECK(typeof(step) IN ('real', 'null'))",
    /* All that a set of runs takes of a metric: a table row's last columns stand behind its
     * blobs, and thirty runs shall load in milliseconds. */
    "CREATE INDEX run_metrics_figures ON run_metrics("
    "run, name, unit, stated, reduce, has_value, value, n, m2, step)",

    baseline_versions,
    "CREATE INDEX baseline_versions_by_test ON baseline_versions(program, subsystem, test_name)",
    "CREATE TABLE baseline_version_runs("
    " version INTEGER NOT NULL REFERENCES baseline_versions(id), pos INTEGER NOT NULL,"
    " run INTEGER NOT NULL REFERENCES runs(id),"
    " PRIMARY KEY(version, pos), UNIQUE(version, run)) STRICT, WITHOUT ROWID",
    "CREATE INDEX baseline_version_runs_by_run ON baseline_version_runs(run)",
    "CREATE TRIGGER baseline_version_runs_are_all BEFORE INSERT ON baseline_version_runs"
    " WHEN new.pos < 0 OR new.pos >= (SELECT n_runs FROM baseline_versions WHERE id = new.version)"
    " BEGIN SELECT raise(ABORT, 'a baseline version has the runs it was made of'); END",
    KEPT("baseline_versions", "baseline versions are kept as they were made"),
    KEPT("baseline_version_runs", "baseline versions are kept as they were made"),
    "CREATE TABLE baseline_retirements("
    " version INTEGER PRIMARY KEY REFERENCES baseline_versions(id),"
    " reason TEXT NOT NULL CHECK(length(reason) > 0),"
    " retired_by TEXT NOT NULL, retired_ns INTEGER NOT NULL) STRICT",
    KEPT("baseline_retirements", "retirements are kept as they were written"),
    "CREATE TABLE baseline_quality("
    " id INTEGER PRIMARY KEY,"
    " version INTEGER NOT NULL REFERENCES baseline_versions(id),"
    " purpose TEXT NOT NULL CHECK(purpose IN ('create', 'promote')),"
    " passed INTEGER NOT NULL CHECK(passed IN (0, 1)),"
    " json TEXT NOT NULL, override_reason TEXT NOT NULL,"
    " checked_by TEXT NOT NULL, checked_ns INTEGER NOT NULL) STRICT",
    "CREATE INDEX baseline_quality_by_version ON baseline_quality(version)",
    KEPT("baseline_quality", "results of quality checks are kept as they were written"),

    /* A tag on a version also names the version's newest run, so that what reads tags for runs
     * alone still finds one. */
    "ALTER TABLE tags ADD COLUMN version INTEGER REFERENCES baseline_versions(id)",
    "ALTER TABLE tag_log ADD COLUMN version INTEGER REFERENCES baseline_versions(id)",
    "CREATE INDEX tags_by_version ON tags(version)",
    "CREATE INDEX tag_log_by_version ON tag_log(version)",

    "ALTER TABLE decisions ADD COLUMN version INTEGER REFERENCES baseline_versions(id)",
    "CREATE INDEX decisions_by_version ON decisions(version)",
    "CREATE TABLE lineage_2("
    " decision INTEGER NOT NULL REFERENCES decisions(id),"
    " role TEXT NOT NULL CHECK(role IN ('reference', 'comparable', 'set', 'with')),"
    " pos INTEGER NOT NULL, run INTEGER NOT NULL REFERENCES runs(id),"
    " PRIMARY KEY(decision, role, pos)) STRICT, WITHOUT ROWID",
    "INSERT INTO lineage_2 SELECT decision, role, pos, run FROM lineage",
    "DROP TABLE lineage",
    "ALTER TABLE lineage_2 RENAME TO lineage",
    "CREATE INDEX lineage_by_run ON lineage(run)",

    suspicions,
    "CREATE INDEX suspicions_by_run ON suspicions(run)",
    "CREATE INDEX suspicions_by_decision ON suspicions(decision)",
    "CREATE TABLE suspicion_runs("
    " suspicion INTEGER NOT NULL REFERENCES suspicions(id), pos INTEGER NOT NULL,"
    " run INTEGER NOT NULL REFERENCES runs(id),"
    " PRIMARY KEY(suspicion, pos)) STRICT, WITHOUT ROWID",
    "CREATE INDEX suspicion_runs_by_run ON suspicion_runs(run)",
    "CREATE TABLE suspicion_log("
    " id INTEGER PRIMARY KEY,"
    " suspicion INTEGER NOT NULL REFERENCES suspicions(id),"
    " event TEXT NOT NULL"
    " CHECK(event IN ('confirmed', 'cleared', 'opposite', 'reopened', 'withdrawn')),"
    " run INTEGER NOT NULL REFERENCES runs(id),"
    " decision INTEGER NOT NULL REFERENCES decisions(id),"
    " at_ns INTEGER NOT NULL) STRICT",
    "CREATE INDEX suspicion_log_by_suspicion ON suspicion_log(suspicion)",
    "CREATE INDEX suspicion_log_by_run ON suspicion_log(run)",
    KEPT("suspicions", "suspicions are kept as they were raised"),
    KEPT("suspicion_runs", "suspicions are kept as they were raised"),
    KEPT("suspicion_log", "the log of suspicions is kept as it was written"),

    "CREATE TABLE feedback("
    " id INTEGER PRIMARY KEY,"
    " decision INTEGER NOT NULL REFERENCES decisions(id),"
    " metric TEXT NOT NULL, rule TEXT NOT NULL,"
    " mark TEXT NOT NULL CHECK(mark IN ('correct', 'too_sensitive', 'missed')),"
    " given_by TEXT NOT NULL, note TEXT NOT NULL, given_ns INTEGER NOT NULL) STRICT",
    "CREATE INDEX feedback_by_decision ON feedback(decision)",
    KEPT("feedback", "feedback is kept as it was given"),
};

/* Live windows and checkpoints: what the daemon knows. */
static const char *const step_2_live[] = {
    "CREATE TABLE live_checkpoints("
    " stream TEXT PRIMARY KEY CHECK(length(stream) BETWEEN 1 AND 64),"
    " decided INTEGER NOT NULL, snapshot INTEGER NOT NULL CHECK(snapshot <= decided),"
    " state_bytes INTEGER NOT NULL CHECK(state_bytes >= 0),"
    " config_digest TEXT NOT NULL, engine_version TEXT NOT NULL, at_ns INTEGER) STRICT",
    "CREATE TABLE live_states("
    " stream TEXT NOT NULL, pos INTEGER NOT NULL, piece BLOB NOT NULL,"
    " PRIMARY KEY(stream, pos)) STRICT",
    "CREATE TABLE live_windows("
    " key INTEGER PRIMARY KEY,"
    " stream TEXT NOT NULL, id TEXT NOT NULL CHECK(length(id) = 64),"
    " revision INTEGER NOT NULL CHECK(revision >= 0), name TEXT NOT NULL,"
    " start_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL CHECK(end_ns > start_ns),"
    " verdict TEXT NOT NULL"
    " CHECK(verdict IN ('PASS', 'PASS_WITH_DRIFT', 'FAIL', 'NO_TEST')),"
    " run_id TEXT NOT NULL, digest TEXT NOT NULL CHECK(length(digest) = 64),"
    " json BLOB, from_position INTEGER NOT NULL, to_position INTEGER NOT NULL,"
    " samples INTEGER NOT NULL, n_findings INTEGER NOT NULL, decided_ns INTEGER NOT NULL,"
    " report TEXT NOT NULL, UNIQUE(stream, id, revision)) STRICT",
    "CREATE INDEX live_windows_by_end ON live_windows(end_ns DESC, name)",
    "CREATE INDEX live_windows_by_run ON live_windows(run_id)",
    "CREATE INDEX live_windows_by_verdict ON live_windows(stream, verdict)",
    "CREATE INDEX live_windows_to_prune ON live_windows(stream, end_ns)"
    " WHERE json IS NOT NULL AND verdict IN ('PASS', 'NO_TEST')",
    "CREATE TRIGGER live_windows_stay BEFORE UPDATE ON live_windows"
    " WHEN new.json IS NOT NULL OR new.digest <> old.digest OR new.verdict <> old.verdict"
    " OR new.id <> old.id OR new.stream <> old.stream OR new.revision <> old.revision"
    " BEGIN SELECT raise(ABORT, 'judged windows are kept as they were judged'); END",
};

static const char alerts[] =
    "CREATE TABLE alerts("
    " id INTEGER PRIMARY KEY,"
    " stream TEXT NOT NULL CHECK(length(stream) BETWEEN 1 AND 64), subject TEXT NOT NULL,"
    " metric TEXT NOT NULL, rule TEXT NOT NULL, definition TEXT NOT NULL,"
    " state TEXT NOT NULL"
    " CHECK(state IN ('quiet', 'unacknowledged', 'acknowledged', 'returned')),"
    " severity TEXT NOT NULL CHECK(severity IN ('INFO', 'WARN', 'FAIL', 'CRITICAL')),"
    " alert_id TEXT NOT NULL CHECK(length(alert_id) IN (0, 64)),"
    " seen INTEGER NOT NULL CHECK(seen >= 0), gone INTEGER NOT NULL CHECK(gone >= 0),"
    " windows INTEGER NOT NULL CHECK(windows >= 0),"
    " occurrences INTEGER NOT NULL CHECK(occurrences >= 0),"
    " told TEXT NOT NULL CHECK(told IN ('nothing', 'active', 'returned')),"
    " flapping INTEGER NOT NULL CHECK(flapping IN (0, 1)), raises TEXT NOT NULL,"
    " held INTEGER NOT NULL CHECK(held >= 0), inhibited_by TEXT NOT NULL,"
    " group_ns INTEGER, onset_ns INTEGER, raised_ns INTEGER, returned_ns INTEGER,"
    " changed_ns INTEGER,"
    " ack_by TEXT NOT NULL, ack_note TEXT NOT NULL, ack_ns INTEGER,"
    " shelf_by TEXT NOT NULL, shelf_reason TEXT NOT NULL, shelf_until_ns INTEGER,"
    " text TEXT NOT NULL, verdict TEXT NOT NULL, run_id TEXT NOT NULL, report TEXT NOT NULL,"
    " window_id TEXT NOT NULL, revision INTEGER NOT NULL, window_start_ns INTEGER,"
    " window_end_ns INTEGER, digest TEXT NOT NULL, detail TEXT NOT NULL,"
    " UNIQUE(stream, subject)) STRICT";

static const char *const step_2_alerts[] = {
    /* What people did to alerts is counted, so that a daemon sees that its copy is old. */
    "CREATE TABLE alert_streams("
    " stream TEXT PRIMARY KEY, acts INTEGER NOT NULL CHECK(acts >= 0)) STRICT",
    "CREATE TABLE alert_sinks("
    " stream TEXT NOT NULL, sink TEXT NOT NULL CHECK(length(sink) BETWEEN 1 AND 64),"
    " PRIMARY KEY(stream, sink)) STRICT, WITHOUT ROWID",
    alerts,
    "CREATE INDEX alerts_by_id ON alerts(alert_id)",
    "CREATE TABLE alert_log("
    " id INTEGER PRIMARY KEY,"
    " event_id TEXT NOT NULL UNIQUE CHECK(length(event_id) = 64),"
    " stream TEXT NOT NULL, subject TEXT NOT NULL, alert_id TEXT NOT NULL,"
    " type TEXT NOT NULL, severity TEXT NOT NULL, at_ns INTEGER NOT NULL,"
    " json TEXT NOT NULL) STRICT",
    "CREATE INDEX alert_log_by_alert ON alert_log(alert_id)",
    KEPT("alert_log", "the log of alerts is kept as it was written"),
    /* AUTOINCREMENT: a number is never used again, so numbers are the order. */
    "CREATE TABLE outbox("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " event INTEGER NOT NULL REFERENCES alert_log(id),"
    " stream TEXT NOT NULL, sink TEXT NOT NULL,"
    " attempts INTEGER NOT NULL CHECK(attempts >= 0), next_ns INTEGER NOT NULL,"
    " error TEXT NOT NULL) STRICT",
    "CREATE INDEX outbox_by_sink ON outbox(stream, sink, next_ns)",
    "CREATE INDEX outbox_by_event ON outbox(event)",
    "CREATE TABLE outbox_subjects("
    " stream TEXT NOT NULL, sink TEXT NOT NULL, subject TEXT NOT NULL,"
    " outbox INTEGER NOT NULL REFERENCES outbox(id) ON DELETE CASCADE,"
    " PRIMARY KEY(stream, sink, subject, outbox)) STRICT, WITHOUT ROWID",
    "CREATE INDEX outbox_subjects_by_outbox ON outbox_subjects(outbox)",
    "CREATE TABLE dead_letters("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " event INTEGER NOT NULL REFERENCES alert_log(id),"
    " stream TEXT NOT NULL, sink TEXT NOT NULL, attempts INTEGER NOT NULL, error TEXT NOT NULL,"
    " died_ns INTEGER NOT NULL) STRICT",
    "CREATE INDEX dead_letters_by_event ON dead_letters(event)",
};

static const hb_migration alert_tables = {.from = 2,
                                          .statements = step_2_alerts,
                                          .n_statements =
                                              sizeof step_2_alerts / sizeof *step_2_alerts};
static const hb_migration *const step_2_parts[] = {&alert_tables, NULL};
static const hb_migration *const step_3_parts[] = {
    &hb_store_step_3_governance, &hb_store_step_3_audit,    &hb_store_step_3_packs,
    &hb_store_step_3_documents,  &hb_store_step_3_restored, NULL};

const hb_migration hb_store_migrations[] = {
    {.from = 0, .statements = step_0, .n_statements = sizeof step_0 / sizeof *step_0},
    {.from = 1, .statements = step_1, .n_statements = sizeof step_1 / sizeof *step_1},
    {.from = 2,
     .statements = step_2_live,
     .n_statements = sizeof step_2_live / sizeof *step_2_live,
     .parts = step_2_parts},
    {.from = 3, .parts = step_3_parts},
};
const size_t hb_store_migration_count = sizeof hb_store_migrations / sizeof *hb_store_migrations;

_Static_assert(sizeof hb_store_migrations / sizeof *hb_store_migrations == HB_STORE_SCHEMA,
               "one step for each schema version");
_Static_assert(HB_STORE_APPLICATION_ID == 1212314215, "the pragma above writes the same number");
