# SPDX-License-Identifier: Apache-2.0
"""hb qualify: the same bytes again, what --metric leaves alone, the schema, Ctrl-C, errors that help."""
import json
import os
import pty
import signal
import subprocess
import sys
import unittest

from hbtest import HB, SOURCE, Case

try:
    import jsonschema
    import numpy as np
except ImportError:
    print("skipped: no numpy or jsonschema")
    sys.exit(77)


class Qualify(Case):
    def make(self, runs=7, samples=60, metrics=("flow", "temp")):
        rng = np.random.default_rng(5)
        self.hb("init", ".")
        self.write("baseline_policy.yaml", "baseline_policy: {strategy: last_pass, fallback: latest}\n")
        self.write("metric_registry.yaml", "metrics: {flow: {unit: ms, direction: up}}\n")
        for k in range(runs):
            level = {m: 50 + rng.normal() for m in metrics}
            lines = ["time_s," + ",".join(metrics)]
            for i in range(samples):
                lines.append(f"{i}," + ",".join(f"{level[m] + rng.normal() * 0.5:.4f}" for m in metrics))
            self.write("run.csv", "\n".join(lines) + "\n")
            self.write("meta.json", json.dumps({"program": "rig", "test_name": "soak", "timestamps": {"start_utc": f"2026-01-{k + 1:02d}T03:00:00Z"}}))
            self.hb("ingest", "run.csv", "--run-id", f"run-{k}", "--run-meta", "meta.json")

    def validate(self, document):
        with open(os.path.join(SOURCE, "schemas", "qualify.schema.json"), encoding="utf-8") as f:
            schema = json.load(f)
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.validate(document, schema, jsonschema.Draft202012Validator)

    def test_the_same_seed_gives_the_same_bytes(self):
        self.make()
        first = self.hb("qualify", "--json")
        self.assertEqual(self.hb("qualify", "--json"), first)
        d = json.loads(first)
        self.validate(d)
        self.assertFalse(d["partial"])
        self.assertEqual([r["run_id"] for r in d["runs"]], [f"run-{k}" for k in range(6)])
        self.assertEqual(d["set"]["run_ids"], [f"run-{k}" for k in range(6)])
        self.assertEqual(len(d["results"]), 14)
        self.assertEqual({r["size_unit"] for r in d["results"]}, {"sd", "ratio", "share"})
        shift = next(r for r in d["results"] if (r["metric"], r["fault"]) == ("flow", "shift"))
        self.assertEqual(shift["sizes"][-1]["found"], shift["sizes"][-1]["tried"])
        self.assertEqual(set(shift["found_by"]), {"suspected"})
        one = self.hb_json("qualify", "--metric", "flow", "--fault", "shift", "stuck")
        self.assertEqual(one["results"], [r for r in d["results"] if r["metric"] == "flow" and r["fault"] in ("shift", "stuck")])
        self.assertEqual(one["runs"], d["runs"])
        self.hb_error("qualify", "--metric", "none", code=2, has="hb runs show")
        other = self.hb_json("qualify", "--seed", "2", "--trials", "1")
        self.validate(other)
        self.assertEqual((other["seed"], other["trials"]), (2, 1))

    def test_what_is_shown_and_written(self):
        self.make()
        text = self.hb("qualify", "--out", "q")
        self.assertLessEqual(max(map(len, text.splitlines())), 120)
        for words in ("6 of 6 baseline runs held back", "promised: at most 10 % of clean runs", "METRIC", "DROPOUT", "flow"):
            self.assertIn(words, text)
        with open(self.path("q/qualify.json"), encoding="utf-8") as f:
            self.assertEqual(f.read(), self.hb("qualify", "--json"))
        with open(self.path("q/qualify.html"), encoding="utf-8") as f:
            page = f.read()
        self.assertEqual(page.count("<svg"), 14)
        for words in ("a90/95", "default-src 'none'", "run-to-run standard deviations"):
            self.assertIn(words, page)
        self.assertNotIn("<script", page)

    def test_a_version_holds_back_all_its_runs(self):
        self.make()
        self.hb("baseline", "create", "--runs", *[f"run-{k}" for k in range(2, 7)], "--name", "five")
        d = self.hb_json("qualify", "--version", "five", "--fault", "shift", "--trials", "1")
        self.validate(d)
        self.assertEqual([(r["run_id"], r["n0"]) for r in d["runs"]], [(f"run-{k}", 4) for k in range(2, 7)])
        self.assertEqual(d["set"]["kind"], "version")

    def test_stated_values_are_shifted_and_spread_only(self):
        self.hb("init", ".")
        self.write("baseline_policy.yaml", "baseline_policy: {strategy: last_pass, fallback: latest}\n")
        for k in range(7):
            self.write("run.csv", f"metric,value,unit\nflow,{50 + (k * 37 % 11) / 10},ms\n")
            self.write("meta.json", json.dumps({"program": "rig", "test_name": "soak", "timestamps": {"start_utc": f"2026-01-{k + 1:02d}T03:00:00Z"}}))
            self.hb("ingest", "run.csv", "--run-id", f"run-{k}", "--run-meta", "meta.json")
        d = self.hb_json("qualify")
        self.validate(d)
        for r in d["results"]:
            if r["fault"] in ("shift", "spread"):
                self.assertGreater(r["runs"], 0)
            else:
                self.assertEqual((r["answer"], r["not_applicable"]), ("none", "a stated value has no series"))
        self.assertIn("lag not tried on 1 metric: a stated value has no series", self.hb("qualify"))

    def test_ctrl_c_keeps_the_runs_that_are_done(self):
        self.make()
        whole = self.hb_json("qualify", "--trials", "100", "--metric", "flow", "--fault", "shift", "ramp")
        self.assertFalse(whole["partial"])
        primary, secondary = pty.openpty()
        env = {k: v for k, v in os.environ.items() if not k.startswith("HB_")} | {"LC_ALL": "C.UTF-8", "TERM": "xterm"}
        args = [HB, "qualify", "--json", "--trials", "100", "--metric", "flow", "--fault", "shift", "ramp"]
        with subprocess.Popen(args, cwd=self.dir, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=secondary) as p:
            seen = b""
            while b"run 1 of 6" not in seen:  # drawn once the first trial is done, long before the last
                seen += os.read(primary, 4096)
            p.send_signal(signal.SIGINT)
            out, _ = p.communicate(timeout=120)
        os.close(primary)
        os.close(secondary)
        self.assertEqual(p.returncode, 130)
        d = json.loads(out)
        self.validate(d)
        self.assertTrue(d["partial"])
        self.assertLess(len(d["runs"]), 6)
        self.assertEqual(d["runs"], whole["runs"][:len(d["runs"])])

    def test_errors_say_what_to_do(self):
        self.make(runs=4)
        self.hb_error("qualify", code=4, has=["has 3 runs", "it takes 4", "register and judge more runs"])
        self.hb_error("qualify", "--fault", "drift", code=2, has="there are shift, ramp, spread")
        self.hb_error("qualify", "--tag", "a", "--version", "b", code=2, has="exclude each other")
        self.hb_error("qualify", "--test-name", "none", code=4, has="hb runs list")


if __name__ == "__main__":
    unittest.main()
