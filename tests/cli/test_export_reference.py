# SPDX-License-Identifier: Apache-2.0
"""The runs of the baseline in a pack: they are those the version names, and what Python makes of them is what was compared with."""
import contextlib
import json
import os
import random
import sqlite3
import statistics
import subprocess
import unittest

import hbtest
import packs

VERIFY = os.path.join(os.environ["HB_BUILD_DIR"], "hb-verify")
RUNS = 6


class Reference(hbtest.Case):
    def setUp(self):
        super().setUp()
        self.rng = random.Random(20261127)
        self.write("metric_registry.yaml", "version: '1'\nmetrics:\n  temp: {unit: degC, drift_threshold: 5}\n  volt: {unit: V}\n")
        self.write("baseline_quality_policy.yaml", "require_quality_gate: false\n")
        self.policy("golden")
        self.hb("keys", "generate", "lab", "--no-passphrase")
        for i in range(RUNS):
            self.judge(f"r{i}", i)

    def policy(self, strategy, more=""):
        self.write("baseline_policy.yaml", f"baseline_policy: {{strategy: {strategy}, fallback: none{more}}}\n")

    def judge(self, name, day):
        rows = "".join(f"2026-03-{day + 1:02}T00:{k // 60:02}:{k % 60:02}Z,{20 + self.rng.gauss(0, 0.5):.3f},{3.3 + self.rng.gauss(0, 0.01):.4f}\n"
                       for k in range(90))
        self.write(f"{name}.csv", "time,temp [degC],volt [V]\n" + rows)
        self.hb("run", f"{name}.csv", "--run-id", name, "--program", "P", "--test-name", "T", "--fail-on", "none")

    def versioned(self):
        self.hb("baseline", "create", "--runs", *[f"r{i}" for i in range(5)])
        version = self.hb_json("baseline", "versions")["versions"][0]["version"]
        self.hb("baseline", "promote", "--version", version, "--tag", "golden", "--yes")
        self.hb("analyze", "r5", "--fail-on", "none")
        return self.export("r5")

    def export(self, run, *args, name="pack.zip"):
        self.hb("export", "evidence-pack", "--case", run, "--out", name, *args)
        with open(self.path(name), "rb") as f:
            return packs.read_zip(f.read())

    def answers(self, question, pack="pack.zip", code=0, program=None):
        argv = [hbtest.HB, "verify"] if program is None else [program]
        r = subprocess.run([*argv, "--trust", "keys/lab.pub", "--json", pack], cwd=self.dir, capture_output=True, timeout=60, check=False)
        self.assertEqual(r.returncode, code, r.stdout.decode() + r.stderr.decode())
        return [(a["answer"], a["text"]) for a in json.loads(r.stdout)["answers"] if a["question"] == question]

    def test_the_runs_are_those_the_version_names_and_give_what_was_compared_with(self):
        files = self.versioned()
        version = json.loads(files["baseline/version.json"])
        runs = [json.loads(files[f"baseline/runs/{i + 1}.json"]) for i in range(5)]
        self.assertEqual([r["content_sha256"] for r in runs], version["run_sha256"])
        self.assertEqual([r["meta"]["run_id"] for r in runs], [f"r{i}" for i in range(5)])
        pool, reference = json.loads(files["baseline/run.json"]), json.loads(files["reference.json"])
        for k, metric in enumerate(("temp", "volt")):
            of = [r["metrics"][k] for r in runs]
            self.assertEqual([m["name"] for m in of], [metric] * 5)
            self.assertEqual(pool["metrics"][k]["value"], statistics.median(m["value"] for m in of))
            self.assertEqual(pool["metrics"][k]["profile"]["moments"]["n"], 5 * 90)
            column = reference["set"]["metrics"][k]
            self.assertEqual(column["values"], [m["value"] for m in of])
            self.assertEqual(column["counts"], [90] * 5)
            for spread, m in zip(column["spreads"], of):
                self.assertAlmostEqual(spread, (m["profile"]["moments"]["m2"] / 89) ** 0.5, places=15)
        for program in (None, VERIFY):
            said = self.answers("reference", program=program)
            self.assertEqual([a for a, _ in said], ["holds", "holds"])
            self.assertIn("the 5 runs that version.json names", said[0][1])
        again = self.export("r5", name="again.zip")
        self.assertEqual({n: d for n, d in again.items() if n.startswith("baseline/")}, {n: d for n, d in files.items() if n.startswith("baseline/")})

    def test_every_strategy(self):
        for strategy, more, says in (("rolling", ", rolling_runs: 3", "the 3 runs of the baseline"), ("last_pass", "", "is run 'r4' as it was registered"),
                                     ("explicit", ", baseline_run: r1", "is run 'r1' as it was registered")):
            for i in range(1, 5):
                self.hb("analyze", f"r{i}", "--baseline", "r0", "--fail-on", "none")
            self.policy(strategy, more)
            self.hb("analyze", "r5", "--fail-on", "none")
            self.export("r5", name=f"{strategy}.zip")
            said = self.answers("reference", f"{strategy}.zip")
            self.assertIn(says, said[0][1])
            self.assertEqual(self.answers("selection", f"{strategy}.zip")[0][0], "holds")

    def test_left_out_on_request(self):
        self.versioned()
        files = self.export("r5", "--no-baseline-runs", name="small.zip")
        self.assertFalse([n for n in files if n.startswith("baseline/runs/")])
        (answer, text), = self.answers("reference", "small.zip")
        self.assertEqual(answer, "not_in_pack")
        self.assertIn("as the signer says", text)

    def test_a_run_whose_figures_were_changed_in_the_registry(self):
        """One of the history alone: the decision follows, and no pack is made of it all the same."""
        self.versioned()
        self.judge("r6", 6)
        with contextlib.closing(sqlite3.connect(self.path("runs.db"))) as db, db:
            for name, in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                db.execute(f"DROP TRIGGER {name}")
            db.execute("UPDATE run_metrics SET value = value + 0.001 WHERE name = 'volt' AND run = (SELECT id FROM runs WHERE run_id = 'r5')")
        self.hb("analyze", "r6", "--fail-on", "none")
        self.hb_error("export", "evidence-pack", "--case", "r6", "--out", "no.zip", code=12, has="figures of run 'r5'")
        self.assertFalse(os.path.exists(self.path("no.zip")))


if __name__ == "__main__":
    unittest.main()
