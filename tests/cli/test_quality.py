# SPDX-License-Identifier: Apache-2.0
"""The quality of a baseline where baselines are made: told, gated, overridden with a reason."""
import json
import os
import random
import unittest

import jsonschema

from hbtest import SOURCE, Case

with open(os.path.join(SOURCE, "schemas", "baseline_quality.schema.json"), encoding="utf-8") as _f:
    SCHEMA = json.load(_f)


class Quality(Case):
    def setUp(self):
        super().setUp()
        self.write("metric_registry.yaml", "version: '1'\nmetrics: {a: {unit: ms, drift_percent: 50}, b: {unit: V, drift_percent: 50}}\n")
        self.write("baseline_policy.yaml", "baseline_policy: {strategy: golden}\n")
        self.random = random.Random(7)

    def ingest(self, i, a=None, b=None, build="b1", environment="lab", minutes=None):
        a = self.random.gauss(10, 0.1) if a is None else a
        b = self.random.gauss(5, 0.05) if b is None else b
        minutes = i * 480 if minutes is None else minutes
        start = f"2026-03-{1 + minutes // 1440:02}T{minutes % 1440 // 60:02}:{minutes % 60:02}:00Z"
        self.write(f"r{i:02}.csv", f"Metric,Value,Unit\na,{a:.4f},ms\nb,{b:.4f},V\n")
        self.write(f"r{i:02}.json", json.dumps({
            "run_id": f"r{i:02}", "program": "P", "test_name": "T", "environment": environment,
            "build": {"build_id": build}, "timestamps": {"start_utc": start}}))
        self.hb("ingest", f"r{i:02}.csv", "--run-meta", f"r{i:02}.json")
        return f"r{i:02}"

    def create(self, runs, name):
        return self.hb_json("baseline", "create", "--runs", ",".join(runs), "--name", name)

    def of(self, quality, criterion):
        jsonschema.validate(quality, SCHEMA)
        return next(c for c in quality["criteria"] if c["criterion"] == criterion)

    def test_a_good_baseline_goes_through(self):
        runs = [self.ingest(i) for i in range(12)]
        made = self.create(runs, "good")
        self.assertEqual(len(made["quality"]["criteria"]), 9)
        self.assertEqual(self.of(made["quality"], "sample_size")["outcome"], "pass")
        self.assertFalse(made["quality"]["blocks"])
        self.hb("baseline", "promote", "--version", "good", "--tag", "golden", "--yes")
        checked = self.hb_json("baseline", "check", "--tag", "golden", "--gate")
        self.assertEqual(checked["set_sha256"], made["quality"]["set_sha256"])
        self.assertEqual(checked["criteria"], made["quality"]["criteria"])
        # Never analysed: nobody knows what is open about them.
        self.assertEqual(self.of(checked, "open_findings")["outcome"], "cannot_tell")
        text = self.hb("baseline", "check", "good")
        self.assertIn("sample_size", text)
        self.assertIn("12 runs, at least 5 required", text)

    def test_too_few_runs_are_no_golden_without_a_reason(self):
        runs = [self.ingest(i) for i in range(3)]
        self.create(runs, "few")
        common = ["baseline", "promote", "--version", "few", "--tag"]
        self.hb_error(*common, "golden", "--yes", code=5, has=["3 runs, at least 5 required", "--override-quality"])
        self.hb_error(*common, "golden", "--yes", "--override-quality", "  ", code=5, has="3 runs")
        self.assertNotIn("golden", self.hb("baseline", "list"))
        self.hb(*common, "silver", "--yes")  # only golden is gated unless the policy says more
        self.hb(*common, "golden", "--yes", "--override-quality", "pilot, more runs on Monday")
        self.assertIn("pilot, more runs on Monday", self.hb("baseline", "show", "few"))
        self.hb("baseline", "check", "few", "--gate", code=5)
        self.hb("baseline", "check", "few")

    def test_the_policy_of_the_workspace_counts(self):
        runs = [self.ingest(i) for i in range(3)]
        self.create(runs, "few")
        common = ["baseline", "promote", "--version", "few", "--tag"]
        self.write("baseline_quality_policy.yaml", "gated_tags: [silver]\n")
        self.hb_error(*common, "silver", "--yes", code=5, has="tag 'silver'")
        self.hb(*common, "golden", "--yes")
        self.write("baseline_quality_policy.yaml", "require_quality_gate: false\n")
        self.hb(*common, "silver", "--yes")
        self.assertEqual(self.hb_json("baseline", "check", "few")["overall"], "fail")
        self.write("baseline_quality_policy.yaml", "acceptance_criteria: {min_sample_size: 3}\ngated_tags: [gold]\n")
        self.hb(*common, "gold", "--yes")

    def test_what_is_wrong_is_named(self):
        runs = [self.ingest(i, a=10 + (5 if i % 2 else 0) + self.random.gauss(0, 0.1), build=f"b{i % 2}") for i in range(12)]
        quality = self.create(runs, "two-builds")["quality"]
        self.assertEqual(self.of(quality, "poolability")["outcome"], "fail")
        self.assertIn("'a' differs by build", self.of(quality, "poolability")["text"])
        self.assertTrue(quality["blocks"])
        self.assertEqual([f["metric"] for f in quality["flags"] if f["criterion"] == "poolability"], ["a"])

        late = [self.ingest(20 + i, b=5 + 0.5 * i) for i in range(10)]
        quality = self.create(late, "ramp")["quality"]
        self.assertIn("'b' rises over the runs", self.of(quality, "stability")["text"])

        odd = [self.ingest(40 + i, a=30 if i == 4 else None) for i in range(10)]
        quality = self.create(odd, "outlier")["quality"]
        self.assertIn("'a' of run 'r44'", self.of(quality, "outliers")["text"])

        quick = [self.ingest(60 + i, minutes=30000 + i) for i in range(8)]
        quality = self.create(quick, "quick")["quality"]
        self.assertEqual(self.of(quality, "time_span")["figure"], 7 * 60)
        self.assertEqual(self.of(quality, "time_span")["outcome"], "fail")

    def test_a_single_run_can_be_looked_at(self):
        self.ingest(0)
        self.hb("baseline", "set", "r00", "--tag", "golden")
        quality = self.hb_json("baseline", "check", "--tag", "golden")
        self.assertEqual(quality["runs"], 1)
        self.assertEqual(self.of(quality, "sample_size")["outcome"], "fail")
        self.hb_error("baseline", "check", code=2, has="name a baseline version")
        self.hb_error("baseline", "check", "--tag", "nothing", code=4, has="no baseline is tagged 'nothing'")


if __name__ == "__main__":
    unittest.main()
