# SPDX-License-Identifier: Apache-2.0
"""hb import: a registry as the original's own statements make it (its schema, from its documents)."""
import json
import os
import sqlite3
import unittest

from hbtest import Case

SCHEMA = """
CREATE TABLE runs(run_id TEXT PRIMARY KEY, program TEXT, subsystem TEXT, test_name TEXT, environment TEXT,
 operating_mode TEXT, scenario_id TEXT, sensor_config_id TEXT, input_data_version TEXT,
 environment_fingerprint TEXT, build_sha TEXT, build_id TEXT, start_utc TEXT, end_utc TEXT,
 source_system TEXT, registry_hash TEXT, status TEXT, baseline_run_id TEXT, created_at TEXT);
CREATE TABLE metrics(run_id TEXT, metric TEXT, value REAL, unit TEXT, tags TEXT);
CREATE TABLE baseline_tags(tag TEXT PRIMARY KEY, run_id TEXT, registry_hash TEXT, created_at TEXT);
CREATE TABLE baseline_approvals(approval_id TEXT PRIMARY KEY, run_id TEXT, tag TEXT, approved_by TEXT,
 reason TEXT, approved_at TEXT, request_id TEXT);
CREATE TABLE baseline_versions(version_id TEXT PRIMARY KEY, baseline_run_id TEXT, source_run_ids TEXT,
 created_at TEXT, signature TEXT);
"""


class Import(Case):
    def original(self, name="old.db", runs=3):
        db = sqlite3.connect(self.path(name))
        db.executescript(SCHEMA)
        for i in range(runs):
            run = (f"r{i}", "apollo", "gnc", "boot", "lab", "nominal", "", "", "", "", "abc", f"b{i}",
                   f"2025-01-0{i + 1}T10:00:00Z", f"2025-01-0{i + 1}T11:00:00+00:00", "pba_excel", "h", "PASS",
                   "", f"2025-01-0{i + 1}T12:00:00.5+00:00")
            db.execute(f"INSERT INTO runs VALUES({','.join('?' * len(run))})", run)
            samples = [9 + 0.5 * k + i for k in range(5)]
            db.execute("INSERT INTO metrics VALUES(?,?,?,?,?)",
                       (f"r{i}", "avg_latency_ms", 10 + i, "ms", json.dumps({"samples": samples + ["x"]})))
            db.execute("INSERT INTO metrics VALUES(?,?,?,?,?)", (f"r{i}", "reset_count", None, "", ""))
        db.execute("INSERT INTO baseline_tags VALUES('golden','r1','h','2025-01-05T00:00:00Z')")
        db.commit()
        return db

    def bytes(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def test_runs_metrics_tags(self):
        self.original()
        before = self.bytes("old.db")
        told = self.hb_json("import", "old.db")
        self.assertEqual((told["runs"], told["metrics"], told["tags"], told["left_out"]), (3, 6, 1, []))
        shown = self.hb_json("runs", "show", "r1")
        self.assertEqual((shown["program"], shown["environment"], shown["operating_mode"]),
                         ("apollo", "lab", "nominal"))
        metric = [m for m in shown["metrics"] if m["name"] == "avg_latency_ms"][0]
        self.assertEqual((metric["value"], metric["n"], metric["unit"]), (11, 5, "ms"))
        tags = self.hb_json("baseline", "list")["tags"]
        self.assertIn("r1", json.dumps(tags))
        again = self.hb_json("import", "old.db")
        self.assertEqual((again["runs"], again["runs_existed"]), (0, 3))
        self.assertEqual(self.bytes("old.db"), before)
        # An imported run is judged like any other.
        self.hb("init")
        out = self.run_hb("analyze", "r2", "--baseline", "r0", "--json")
        self.assertIn(out.returncode, (0, 10, 11), out.stderr)
        self.assertEqual(json.loads(out.stdout)["baseline_run_id"], "r0")

    def test_dry_run_writes_nothing(self):
        self.original()
        told = self.hb_json("import", "old.db", "--dry-run")
        self.assertEqual((told["dry_run"], told["runs"]), (True, 3))
        self.assertFalse(os.path.exists(self.path("runs.db")))

    def test_what_cannot_be_taken_is_told(self):
        db = self.original()
        db.execute("INSERT INTO runs(run_id, status, created_at) VALUES('../../x', 'PASS', '2025-02-01')")
        db.execute("INSERT INTO runs(run_id, status, created_at) VALUES('baseline_v_1', 'PASS', '2025-02-02')")
        db.execute("INSERT INTO baseline_versions VALUES('v1', 'baseline_v_1', 'r0,r1', '2025-02-02', NULL)")
        db.execute("INSERT INTO baseline_tags VALUES('gone','nobody','h','')")
        db.execute("INSERT INTO baseline_approvals VALUES('a','r1','golden','bob','','','')")
        db.execute("INSERT INTO metrics VALUES('r0','avg_latency_ms',5,'furlong','')")
        db.commit()
        told = self.hb_json("import", "old.db")
        self.assertEqual(told["not_taken"]["baseline_approvals"], 1)
        out = {n["what"]: n["why"] for n in told["left_out"]}
        self.assertIn("../../x", out)
        self.assertIn("baseline create", out["v1"])
        self.assertIn("gone", out)
        ids = json.dumps(self.hb_json("runs", "list")["runs"])
        self.assertNotIn("baseline_v_1", ids)

    def test_refusals(self):
        self.write("text.db", "no database at all, but long enough to be looked at" * 40)
        self.hb_error("import", "text.db", code=2, has="text.db")
        self.hb_error("import", "nowhere.db", code=2, has="nowhere.db")
        sqlite3.connect(self.path("other.db")).executescript("CREATE TABLE t(a); INSERT INTO t VALUES(1);")
        self.hb_error("import", "other.db", code=2, has="no column runs.run_id")
        self.original()
        self.hb("import", "old.db")
        self.hb_error("import", "runs.db", code=2, has="already")


if __name__ == "__main__":
    unittest.main()
