# SPDX-License-Identifier: Apache-2.0
"""Whatever a decision was made from, it is made again from what was kept with it, years later: after promotions, retirements,
new runs, other verdicts of the runs it rests on, and other configuration files. tests/cli/rebuild_all.c does it, also through a pack."""
import json
import os
import random
import shutil
import sqlite3
import unittest

from hbtest import SOURCE, Case
from livecase import CONFIG, LiveCase, telemetry

REGISTRY = """version: "1"
metrics:
  temp: {unit: degC, drift_threshold: 4, invariant_max: 200}
  volt: {unit: V, min_effect: 0.01}
  count: {drift_percent: 20}
programs:
  P: {metrics: {temp: {drift_threshold: 3}}}
mode_overrides:
  cold: {metrics: {temp: {drift_threshold: 9}}}
"""


class Rebuild(Case):
    def setUp(self):
        super().setUp()
        self.rng = random.Random(7)
        self.write("metric_registry.yaml", REGISTRY)
        self.write("baseline_quality_policy.yaml", "require_quality_gate: false\n")
        self.policy("last_pass")

    def policy(self, strategy, more=""):
        self.write("baseline_policy.yaml", f"strategy: {strategy}\nfallback: latest\n{more}\n")

    def table(self, name, day, temp=20.0, volt=3.3, names=("temp [degC]", "volt [V]", "count"), meta="", samples=120):
        rows = [",".join(("time",) + names)]
        for i in range(samples):
            rows.append(f"2026-03-{day:02}T00:{i // 60:02}:{i % 60:02}Z,{temp + self.rng.gauss(0, 0.5):.3f},"
                        f"{volt + self.rng.gauss(0, 0.01):.5f},{5 + i % 3}")
        self.write(name + ".csv", "\n".join(rows) + "\n")
        self.write(name + ".json", '{"run_id": "%s", "program": "P", "test_name": "T", "environment": "lab", "build": {"build_id": "b%d"}%s}'
                   % (name, day // 4, meta))

    def judge(self, name, day, *args, code=0, **kw):
        self.table(name, day, **kw)
        return self.hb_json("run", name + ".csv", "--run-meta", name + ".json", "--fail-on", "none", *args, code=code)

    def kept(self, at_least):
        got = self.rebuild()
        self.assertEqual(got["not_kept"], 0)
        self.assertGreaterEqual(got["same"], at_least)
        return got["same"]

    def later(self):
        """Everything that may change does."""
        for i in range(3):
            self.judge(f"later-{i}", 25 + i, temp=24)
        for run in ("r1", "r3"):  # runs of the sets get another verdict
            self.write("metric_registry.yaml", REGISTRY.replace("invariant_max: 200", "invariant_max: 1"))
            self.hb("analyze", run, "--fail-on", "none")
        self.hb("baseline", "set", "r5", "--tag", "golden")
        self.write("metric_registry.yaml", 'version: "9"\nmetrics: {temp: {unit: K}}\n')
        self.policy("explicit", "baseline_run: r0")

    def test_every_strategy_and_what_happens_later(self):
        for i in range(4):
            self.judge(f"r{i}", 1 + i, meta=', "operating_mode": "cold"' if i == 3 else ', "factors": {"rig": "A%d"}' % (i % 2))
        n = self.kept(4)
        self.policy("rolling", "rolling_runs: 3")
        for i in range(4, 8):
            self.judge(f"r{i}", 1 + i, volt=3.3 + (0.2 if i == 7 else 0))
        self.judge("retest", 9, volt=3.5)
        self.judge("retest-2", 10, "--with", "r7", volt=3.5)
        self.judge("unlike", 11, names=("temp [K]", "volt [mV]", "other"))
        self.policy("tag", "tag: golden\ndual_baseline: {use_golden_for_hard_gates: true, use_rolling_for_early_warning: true}")
        self.hb("baseline", "set", "r2", "--tag", "golden")
        for i in range(12, 15):
            self.judge(f"r{i}", i, temp=20 + (i - 11) * 0.4)
        self.hb("analyze", "r1", "--baseline", "r0", "--fail-on", "none")
        self.judge("by-hand", 15, "--baseline", "r0")
        before = self.kept(n + 12)
        self.later()
        self.assertGreater(self.kept(before), before)
        for other in ("release", "release-clang", "asan", "dev"):  # another compiler's program, where it is built
            tool = os.path.join(SOURCE, "build", other, "tests", "cli", "rebuild_all")
            if os.path.exists(tool):
                self.assertEqual(self.rebuild(tool=tool)["not_kept"], 0)

    def test_versions_and_their_retirement(self):
        for i in range(10):
            self.judge(f"r{i}", 1 + i)
        self.hb("baseline", "create", "--runs", *[f"r{i}" for i in range(9)])
        version = self.hb_json("baseline", "versions")["versions"][0]["version"]
        self.hb("baseline", "promote", "--version", version, "--tag", "golden", "--yes")
        self.policy("golden")
        self.judge("of-version", 12, temp=21)
        self.judge("r10", 13)
        before = self.kept(12)
        self.hb("baseline", "retire", version, "--reason", "a test")
        self.later()
        self.kept(before)

    def test_equivalences(self):
        self.judge("r0", 1)
        self.judge("r1", 2)
        self.write("equivalence_mapping.yaml", json.dumps({"version": "1.0", "mappings": [
            {"source_name": "temp", "target_name": "t_f", "scale": 1.8, "offset": 32, "provenance": "by hand"},
            {"source_name": "count", "target_name": "n_f", "scale": -1}]}))
        self.judge("r2", 3, names=("t_f [degF]", "volt [V]", "n_f"), temp=68)
        for i in range(3, 6):
            self.judge(f"r{i}", 1 + i)
        before = self.kept(6)
        os.remove(self.path("equivalence_mapping.yaml"))
        self.later()
        self.kept(before)

    def test_without_any_file(self):
        for name in ("metric_registry.yaml", "baseline_policy.yaml"):
            os.remove(self.path(name))
        for i in range(6):
            self.judge(f"r{i}", 1 + i, temp=20 + i)
        before = self.kept(6)
        self.later()
        self.kept(before)

    def test_a_decision_of_an_older_program_is_told(self):
        self.judge("r0", 1)
        with sqlite3.connect(self.path("runs.db")) as db:
            db.execute("DROP TRIGGER decision_basis_is_kept")
            db.execute("DELETE FROM decision_basis")
        self.assertEqual(self.rebuild(), {"same": 0, "not_kept": 1})
        self.hb("analyze", "r0", "--fail-on", "none")
        self.assertEqual(self.rebuild(), {"same": 1, "not_kept": 0})

    def test_how_files_were_read_is_kept(self):
        self.judge("r0", 1, "--columns", "temp*", "--where", "temp > 0", "--day-first")
        os.makedirs(self.path("profiles"))
        with sqlite3.connect(self.path("runs.db")) as db:
            self.assertEqual(db.execute("SELECT count(*) FROM readings").fetchone(), (1,))
            kinds = [k for k, in db.execute("SELECT kind FROM documents ORDER BY kind")]
        self.assertEqual(kinds, ["baseline_policy", "metric_registry", "run_meta"])

    def test_what_it_costs_in_space(self):
        for i in range(40):
            self.judge(f"r{i}", 1 + i % 28, samples=20)
        with sqlite3.connect(self.path("runs.db")) as db:
            most, = db.execute("SELECT max(length(piece)) FROM decision_basis").fetchone()
            json_bytes, = db.execute("SELECT max(length(json)) FROM decisions").fetchone()
        self.assertLess(most, json_bytes)


class Live(LiveCase):
    def test_windows_that_became_runs(self):
        self.workspace(telemetry())
        self.hb("daemon", "--once")
        got = self.rebuild()
        self.assertGreater(got["same"], 20)
        self.assertEqual(got["not_kept"], 0)
        shutil.rmtree(self.path("journal"), ignore_errors=True)
        self.write("metric_registry.yaml", 'version: "9"\nmetrics: {temp: {unit: K}}\n')
        tag = self.hb_json("baseline", "list")["tags"][0]
        self.hb("baseline", "retire", tag["version"], "--reason", "a test")
        self.assertEqual(self.rebuild(), got)


if __name__ == "__main__":
    unittest.main()
