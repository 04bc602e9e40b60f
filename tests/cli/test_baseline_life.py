# SPDX-License-Identifier: Apache-2.0
"""The life of a baseline, end to end: made, looked at, promoted after its impact, used, retired; a suspicion and its retest."""
import datetime
import hashlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
import unittest

from hbtest import HB, SOURCE, Case

try:
    import jsonschema
    from scipy import stats
except ImportError:
    print("skipped: no jsonschema or scipy")
    sys.exit(77)

with open(os.path.join(SOURCE, "schemas", "baseline.schema.json"), encoding="utf-8") as f:
    SCHEMA = json.load(f)

REGISTRY = "version: '1'\nmetrics:\n  temp: {unit: degC}\n  volt: {unit: V}\n"
POLICY = "baseline_policy:\n  strategy: %s\n  fallback: none\n  governance: {require_approval: %s}\n"


class Life(Case):
    def setUp(self):
        super().setUp()
        self.hb("init", ".")
        self.write("metric_registry.yaml", REGISTRY)
        self.policy("golden")

    def policy(self, strategy, approval="false"):
        self.write("baseline_policy.yaml", POLICY % (strategy, approval))

    def make(self, day, shift=0.0, mode="cruise", test="warm", name=None, build="b1", factors=None):
        """Run r<day>, one day after the one before; temp differs from run to run by 0.1."""
        r = random.Random(1000 + day)
        name = name or f"r{day}"
        t0 = datetime.datetime(2026, 10, 1) + datetime.timedelta(days=day)
        temp, volt = 20 + r.gauss(0, 0.1) + shift, 3.3 + r.gauss(0, 0.02)
        rows = "".join(f"{(t0 + datetime.timedelta(seconds=k)).isoformat()}Z,{temp + r.gauss(0, 0.3):.2f},{volt + r.gauss(0, 0.01):.3f}\n" for k in range(60))
        self.write(name + ".csv", "time,temp (degC),volt (V)\n" + rows)
        meta = {"run_id": name, "program": "apollo", "subsystem": "cooling", "test_name": test, "operating_mode": mode, "build": {"build_id": build},
                "timestamps": {"start_utc": t0.isoformat() + "Z"}}
        if factors:
            meta["factors"] = factors
        self.write(name + ".json", json.dumps(meta))
        return name

    def ingest(self, *args, **kw):
        name = self.make(*args, **kw)
        self.hb("ingest", name + ".csv", "--run-meta", name + ".json")
        return name

    def judge(self, *args, **kw):
        name = self.make(*args, **kw)
        return self.hb_json("run", name + ".csv", "--run-meta", name + ".json", "--fail-on", "none")

    def ask(self, what, *args, code=0):
        """hb baseline <what> --json, valid by its schema."""
        d = self.hb_json("baseline", what, *args, code=code)
        validator = jsonschema.Draft202012Validator({"$ref": "#/$defs/" + what, "$defs": SCHEMA["$defs"]})
        self.assertEqual([f"{e.json_path}: {e.message}" for e in validator.iter_errors(d)], [])
        return d

    def sql(self, text, *args):
        db = sqlite3.connect(self.path("runs.db"))
        try:
            return db.execute(text, args).fetchall()
        finally:
            db.close()

    def load(self, name):
        with open(self.path(name), encoding="utf-8") as f:
            return json.load(f)

    def ids(self, d):
        return [r["run_id"] for r in d["runs"]]

    # --- create ---

    def test_a_version_is_named_by_its_content(self):
        for day in range(3):
            self.ingest(day)
        a = self.ask("create", "--runs", "r0,r1", "r2", "--name", "autumn")
        self.assertEqual(self.ids(a), ["r0", "r1", "r2"])
        self.assertFalse(a["existed"])
        content = self.sql("SELECT json FROM baseline_versions")[0][0]
        self.assertEqual(hashlib.sha256(content.encode()).hexdigest(), a["digest"])
        self.assertEqual(a["version"], a["digest"][:12])
        document = json.loads(content)
        jsonschema.validate(document, {"$ref": "#/$defs/content", "$defs": SCHEMA["$defs"]})
        self.assertEqual(content, json.dumps(document, sort_keys=True, separators=(",", ":")))
        self.assertEqual(document["run_sha256"], [r["digest"] for r in a["runs"]])
        again = self.ask("create", "--runs", "r2", "r0", "r1")
        self.assertTrue(again["existed"])
        self.assertEqual(again["version"], a["version"])
        other = self.ask("create", "--runs", "r0", "r1")
        self.assertEqual(other["parent"], a["version"])
        self.assertTrue(self.ask("create", "--runs", "r0,r1,r2")["existed"])
        self.assertEqual(self.ask("create", "--runs", "r1,r2", "--dry-run")["version"], None)
        self.assertEqual([v["name"] for v in self.ask("versions")["versions"]], ["", "autumn"])

    def test_every_run_left_out_has_its_reason(self):
        for day in range(4):
            self.ingest(day)
        self.ingest(4, mode="idle")
        self.ingest(5, test="cold")
        self.write("copy.json", json.dumps({**self.load("r1.json"), "run_id": "copy"}))
        self.hb("ingest", "r1.csv", "--run-meta", "copy.json")
        with sqlite3.connect(self.path("runs.db")) as db:
            db.execute("INSERT INTO decisions(run, status, baseline_run_id, baseline_reason, match_level, match_score, match_possible, registry_digest,"
                       " policy_digest, engine_version, json, digest, decided_ns) SELECT id, 'FAIL', '', 'x', 'NONE', 0, 0, '', '', '', '{}', ?, 1 FROM runs WHERE run_id = 'r0'", ("f" * 64,))
            db.execute("UPDATE runs SET latest_decision = (SELECT max(id) FROM decisions) WHERE run_id = 'r0'")
        d = self.ask("create", "--runs", "r0,r1,r2,r3,r4,r5,copy", "--like", "r3")
        self.assertEqual({x["run_id"]: x["reason"] for x in d["excluded"]}, {"r0": "fail", "r4": "other_context", "r5": "other_test", "copy": "copy"} if "copy" not in self.ids(d)
                         else {"r0": "fail", "r4": "other_context", "r5": "other_test", "r1": "copy"})
        self.assertEqual(len(d["runs"]), 3)
        text = self.hb("baseline", "create", "--runs", "r0,r1,r4,r5", "--like", "r1")
        for words in ("its verdict is FAIL", "operating_mode is 'idle', not 'cruise' as in run 'r1'", "belongs to program 'apollo', subsystem 'cooling', test 'cold'"):
            self.assertIn(words, text)
        self.hb_error("baseline", "create", "--runs", "r0", code=4, has="none of the 1 runs asked for may be part of a baseline: run 'r0' its verdict is FAIL")
        self.hb_error("baseline", "create", "--runs", "r0,rr1", code=4, has=["no run 'rr1'", "nearest: 'r1'"])

    def test_runs_are_found_by_a_query(self):
        for day in range(6):
            self.ingest(day, build="b7" if day > 2 else "b1", factors={"rig": "A" if day % 2 else "B"})
        self.assertEqual(self.ids(self.ask("create", "--from-query", "build_id = 'b7' and start >= '2026-10-05'")), ["r4", "r5"])
        self.assertEqual(self.ids(self.ask("create", "--from-query", "rig = 'A' and not (run_id in ('r1'))", "--program", "apollo")), ["r3", "r5"])
        self.assertEqual(self.ids(self.ask("create", "--from-query", "status is missing and end is missing and operating_mode = 'cruise'"))[0], "r0")
        for query, words in (("bild_id = 'b7'", "there is no 'bild_id'; there are run_id, program"), ("build_id > 'b7'", "'build_id' is text; compare it with 'text' by =, != or in"),
                             ("start > 5", "'start' is a time; compare it with one in single quotes"), ("start > 'Monday'", "'start' is a time, compare it with one such as"),
                             ("build_id = ", "--from-query, character 12: expected a figure or a text"), ("build_id = 'x'", "no registered run is meant by these options")):
            self.hb_error("baseline", "create", "--from-query", query, code=4 if "no registered" in words else 2, has=words)
        self.hb_error("baseline", "create", "--from-query", "'; DROP TABLE runs; --' = 'x'", code=2, has="character 1")
        self.hb_error("baseline", "create", code=2, has="which runs?")
        self.hb_error("baseline", "create", "--runs", "r1", "--window", "7d", code=2, has="give one")
        self.hb_error("baseline", "create", "--window", "soon", code=2, has="24h or 7d, got 'soon'")

    def test_a_window_is_of_the_last_hours(self):
        self.ingest(0)
        self.hb_error("baseline", "create", "--window", "24h", code=4, has="none is of a time since")
        meta = self.load("r0.json")
        now = datetime.datetime.now(datetime.timezone.utc)
        for hours in (1, 30, 60):
            name = f"h{hours}"
            meta.update(run_id=name, timestamps={"start_utc": (now - datetime.timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")})
            self.write(name + ".json", json.dumps(meta))
            self.hb("ingest", "r0.csv", "--run-meta", name + ".json")
        self.assertEqual(self.ids(self.ask("create", "--window", "24h")), ["h1"])
        self.assertEqual(self.ids(self.ask("create", "--window", "2d")), ["h30", "h1"])

    def test_a_version_has_at_most_a_hundred_runs(self):
        self.make(0)
        meta = self.load("r0.json")
        for i in range(103):
            meta.update(run_id=f"n{i:03}", timestamps={"start_utc": f"2026-10-01T{i // 60:02}:{i % 60:02}:00Z"})
            self.write("m.json", json.dumps(meta))
            self.hb("ingest", "r0.csv", "--run-meta", "m.json")
        d = self.ask("create", "--from-query", "run_id != 'x'")
        self.assertEqual((len(d["runs"]), self.ids(d)[0]), (100, "n003"))
        self.assertEqual([(x["run_id"], x["reason"]) for x in d["excluded"]], [("n002", "too_many"), ("n001", "too_many"), ("n000", "too_many")])

    # --- show, diff ---

    def test_figures_of_a_version_are_those_of_its_runs(self):
        values = {}
        for day in range(7):
            self.ingest(day)
            m = {x["name"]: x for x in self.hb_json("runs", "show", f"r{day}")["metrics"]}
            values[day] = m["temp"]["value"]
        self.ask("create", "--runs", "r0,r1,r2,r3", "--name", "a")
        self.ask("create", "--runs", "r3,r4,r5,r6", "--name", "b")
        a, b = [values[d] for d in range(4)], [values[d] for d in range(3, 7)]
        shown = {m["metric"]: m for m in self.ask("show", "a")["metrics"]}["temp"]
        self.assertEqual((shown["n"], shown["unit"], shown["step"], shown["transform"]), (4, "degC", 0.01, "none"))
        self.assertAlmostEqual(shown["mean"], sum(a) / 4, places=12)
        self.assertAlmostEqual(shown["sd"], stats.tstd(a), places=12)
        d = self.ask("diff", "a", "b")
        self.assertEqual((d["only_a"], d["only_b"], d["both"]), (["r0", "r1", "r2"], ["r4", "r5", "r6"], ["r3"]))
        test = {m["metric"]: m for m in d["metrics"]}["temp"]["test"]
        welch = stats.ttest_ind(b, a, equal_var=False)
        f = stats.tvar(b) / stats.tvar(a)
        self.assertAlmostEqual(test["t"], welch.statistic, places=10)
        self.assertAlmostEqual(test["t_p"], welch.pvalue, places=12)
        self.assertAlmostEqual(test["f"], f, places=10)
        self.assertAlmostEqual(test["f_p"], 2 * min(stats.f.sf(f, 3, 3), stats.f.cdf(f, 3, 3)), places=12)
        text = self.hb("baseline", "diff", "a", "b")
        self.assertIn("- r0", text)
        self.assertIn("+ r6", text)
        self.hb_error("baseline", "show", "nothing", code=4, has="no baseline is tagged 'nothing' and no baseline version")
        self.hb_error("baseline", "diff", "a", "0000", code=4, has="no baseline version '0000'")

    def test_logarithms_are_stored_where_they_fit_better(self):
        r = random.Random(5)
        logs = []
        for day in range(12):
            v = 2.718281828 ** r.gauss(0, 1.5)
            logs.append(v)
            self.write("t.csv", f"metric,value,unit\nskew,{v:.6f},V\nplain,{5 + r.gauss(0, 0.1):.4f},V\nzero,0,\n")
            self.write("m.json", json.dumps({"run_id": f"r{day}", "program": "p", "timestamps": {"start_utc": f"2026-10-{day + 1:02}T00:00:00Z"}}))
            self.hb("ingest", "t.csv", "--run-meta", "m.json")
        d = self.ask("create", "--from-query", "program = 'p'", "--name", "all")
        self.assertEqual({m["metric"]: m["transform"] for m in d["metrics"]}, {"skew": "log", "plain": "none", "zero": "none"})
        seven = self.ask("create", "--runs", *[f"r{i}" for i in range(7)])
        self.assertEqual({m["transform"] for m in seven["metrics"]}, {"none"})
        self.ask("promote", "--version", "all", "--tag", "golden", "--yes", "--override-quality", "a test")
        self.write("t.csv", "metric,value,unit\nskew,1.5,V\nplain,5.01,V\nzero,0,\n")
        self.write("m.json", json.dumps({"run_id": "now", "program": "p", "timestamps": {"start_utc": "2026-10-20T00:00:00Z"}}))
        self.hb("run", "t.csv", "--run-meta", "m.json", "--fail-on", "none")
        tests = {c["metric"]: c["test"] for c in self.load("reports/now/decision.json")["comparisons"]}
        self.assertTrue(tests["skew"]["log"])
        self.assertFalse(tests["plain"]["log"])

    # --- promote ---

    def test_a_promotion_shows_its_impact_and_waits_for_yes(self):
        for day in range(6):
            self.ingest(day)
        self.hb("baseline", "set", "r0")
        good = self.judge(6)
        self.assertEqual(good["status"], "PASS")
        bad = self.judge(7, shift=3)
        self.ask("create", "--runs", "r1,r2,r3,r4,r5", "--name", "five")
        decisions = self.sql("SELECT count(*) FROM decisions")
        d = self.ask("promote", "--version", "five", "--impact", "3", code=5)
        self.assertEqual((d["promoted"], d["policy_uses_tag"], d["previous_run_id"], d["previous_version"], d["runs_decided_again"]), (False, True, "r0", None, 3))
        self.assertEqual([r["run_id"] for r in d["impact"]], ["r7", "r6", "r5"])
        self.assertEqual([r["in_version"] for r in d["impact"]], [False, False, True])
        self.assertEqual(d["impact"][0]["recorded"], bad["status"])
        self.assertEqual(d["impact"][0]["with_version"], "PASS_WITH_DRIFT")
        self.assertEqual(d["verdicts_that_flip"], sum(r["flips"] for r in d["impact"]))
        self.assertEqual(self.ask("list")["tags"][0]["version"], None)
        r = self.run_hb("baseline", "promote", "--version", "five")
        self.assertEqual(r.returncode, 5)
        self.assertIn(b"nothing was changed; repeat with --yes", r.stderr)
        self.assertIn(b"verdicts would flip", r.stdout)
        self.assertTrue(self.ask("promote", "--version", "five", "--yes", "--note", "after service", "--by", "ann", "--override-quality", "few runs")["promoted"])
        self.assertEqual(self.sql("SELECT count(*) FROM decisions"), decisions)
        tag = self.ask("list")["tags"][0]
        self.assertEqual((tag["note"], tag["set_by"], tag["run_id"]), ("after service", "ann", "r5"))
        self.assertEqual(tag["version"], self.ask("show", "five")["version"])
        self.assertEqual(self.ask("show", "golden")["tags"], ["golden"])
        self.assertEqual(len(self.hb_json("baseline", "list", "--history")["tags"]), 2)
        run = self.judge(8)
        self.assertEqual(run["baseline_reason"], "version")
        self.assertEqual(self.sql("SELECT count(*) FROM lineage l JOIN decisions d ON d.id = l.decision JOIN runs r ON r.id = d.run WHERE r.run_id = 'r8' AND role = 'set'"), [(5,)])

    def test_governance_and_quality_refuse(self):
        for day in range(3):
            self.ingest(day)
        self.ask("create", "--runs", "r0,r1,r2", "--name", "v")
        self.hb_error("baseline", "promote", "--version", "v", "--tag", "a b", code=2, has="tag 'a b' is not usable")
        r = self.run_hb("baseline", "promote", "--version", "v", "--yes")
        self.assertEqual(r.returncode, 5)
        self.assertIn(b"the quality of this baseline does not allow tag 'golden'", r.stderr)
        self.assertEqual(self.ask("list")["tags"], [])
        self.ask("promote", "--version", "v", "--yes", "--override-quality", "the first of this rig")
        kept = self.ask("show", "v")["quality"]
        self.assertEqual([(q["purpose"], q["override_reason"]) for q in kept], [("promote", "the first of this rig"), ("create", "")])
        self.policy("golden", approval="true")
        self.hb_error("baseline", "promote", "--version", "v", "--yes", "--override-quality", "x", code=5, has="requires approval")

    def test_a_retired_version_is_used_no_more(self):
        for day in range(5):
            self.ingest(day)
        v = self.ask("create", "--runs", "r0,r1,r2,r3,r4", "--name", "v")["version"]
        self.ask("promote", "--version", "v", "--yes", "--override-quality", "a test")
        self.assertEqual(self.judge(5)["baseline_reason"], "version")
        self.hb_error("baseline", "retire", "v", code=2, has="needs the option --reason")
        d = self.ask("retire", "v", "--reason", "sensor was loose")
        self.assertEqual(d["tags"], ["golden"])
        run = self.judge(6)
        self.assertEqual((run["status"], run["baseline_reason"]), ("NO_TEST", "version_retired"))
        self.hb_error("baseline", "promote", "--version", v[:6], "--yes", code=4, has=["is retired", "sensor was loose"])
        self.hb_error("baseline", "retire", "v", "--reason", "again", code=4, has="retired already")
        self.assertEqual(self.ask("show", "v")["retired"]["reason"], "sensor was loose")
        self.assertTrue(self.ask("create", "--runs", "r0,r1,r2,r3,r4")["existed"])

    # --- suspicion and retest ---

    def prepare_golden(self):
        for day in range(7):
            self.ingest(day)
        self.ask("create", "--runs", *[f"r{d}" for d in range(7)], "--name", "golden-7")
        self.ask("promote", "--version", "golden-7", "--yes", "--override-quality", "a test")

    def rules(self, d):
        return {f["rule"] for f in d["findings"] if f["metric"] == "temp"}

    def state(self):
        return self.sql("SELECT r.run_id, s.metric, s.direction, s.n_set FROM suspicions s JOIN runs r ON r.id = s.run ORDER BY s.id"), \
            self.sql("SELECT r.run_id, l.event FROM suspicion_log l JOIN runs r ON r.id = l.run ORDER BY l.id")

    def test_a_shift_is_suspected_and_confirmed_by_the_next_run(self):
        self.prepare_golden()
        self.assertIn("suspected", self.rules(self.judge(7, shift=2)))
        self.assertEqual(self.state(), ([("r7", "temp", 1, 7)], []))
        again = self.hb_json("analyze", "r7", "--fail-on", "none")
        self.assertIn("suspected", self.rules(again))
        self.assertEqual(self.state(), ([("r7", "temp", 1, 7)], []))
        first = self.judge(8, shift=2)
        self.assertIn("confirmed", self.rules(first))
        self.assertEqual(self.state(), ([("r7", "temp", 1, 7)], [("r8", "confirmed")]))
        again = self.hb_json("analyze", "r8", "--fail-on", "none")
        self.assertEqual(again["decision_sha256"], first["decision_sha256"])
        self.assertEqual(self.state(), ([("r7", "temp", 1, 7)], [("r8", "confirmed")]))
        d = self.ask("create", "--runs", "r6,r7,r8")
        self.assertEqual({x["run_id"]: x["reason"] for x in d["excluded"]}, {"r7": "suspected", "r8": "suspected"})

    def test_a_shift_that_goes_is_cleared(self):
        self.prepare_golden()
        self.judge(7, shift=2)
        self.assertNotIn("confirmed", self.rules(self.judge(8)))
        self.assertEqual(self.state()[1], [("r8", "cleared")])
        self.assertEqual(self.ask("create", "--runs", "r6,r7,r8")["excluded"], [])
        self.judge(9)
        self.assertEqual(len(self.state()[1]), 1)

    def test_runs_named_with_it_are_judged_together(self):
        self.prepare_golden()
        self.ingest(7, shift=0.15)
        self.ingest(8, shift=0.15)
        d = self.hb_json("analyze", "r8", "--with", "r7", "--fail-on", "none")
        test = {c["metric"]: c["test"] for c in self.load("reports/r8/decision.json")["comparisons"]}["temp"]
        self.assertEqual((test["m"], test["n0"]), (2, 7))
        self.assertEqual(self.sql("SELECT r.run_id FROM lineage l JOIN runs r ON r.id = l.run WHERE role = 'with'"), [("r7",)])
        self.assertTrue(d["status"])
        os.remove(self.path("reports/r8/drift_report.html"))
        self.hb("report", "r8")  # drawn again with the same runs
        self.hb_error("analyze", "r8", "--with", "r3", code=2, has="part of the baseline")
        self.hb_error("analyze", "r8", "--with", "r8", code=2, has="the run itself")
        self.hb_error("analyze", "r8", "--with", "r99", code=4, has="no run 'r99'")

    def test_runs_judged_together_are_no_retest_of_each_other(self):
        self.prepare_golden()
        self.ingest(7, shift=2)
        self.ingest(8, shift=2)
        self.hb("analyze", "r7", "--with", "r8", "--fail-on", "none")
        self.assertEqual(self.state()[0], [("r7", "temp", 1, 7)])
        self.hb("analyze", "r8", "--fail-on", "none")
        self.assertEqual(self.state(), ([("r7", "temp", 1, 7), ("r8", "temp", 1, 7)], []))

    # --- crashes ---

    def test_a_promotion_that_is_killed_is_done_or_not(self):
        for day in range(4):
            self.ingest(day)
        names = [self.ask("create", "--runs", *runs)["version"] for runs in (("r0", "r1"), ("r2", "r3"))]
        started = time.monotonic()
        self.hb("baseline", "promote", "--version", names[0], "--yes", "--override-quality", "a test")
        whole = time.monotonic() - started
        for i in range(25):
            p = subprocess.Popen([HB, "baseline", "promote", "--version", names[(i + 1) % 2], "--yes", "--override-quality", "a test"], cwd=self.dir,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if i < 24:  # the last one comes to its end, however busy the machine is
                time.sleep(whole * i / 24)
                p.send_signal(signal.SIGKILL)
            p.wait()
            tags = self.ask("list")["tags"]
            log = self.hb_json("baseline", "list", "--history")["tags"]
            self.assertEqual(len(tags), 1)
            self.assertEqual(tags[0]["version"], log[0]["version"])  # tag and log move together
            self.assertIn(tags[0]["version"], names)
            self.assertEqual(self.sql("PRAGMA integrity_check"), [("ok",)])
        self.assertEqual((p.returncode, tags[0]["version"]), (0, names[1]))
        self.assertGreater(len(log), 1)


if __name__ == "__main__":
    unittest.main()
