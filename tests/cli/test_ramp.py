# SPDX-License-Identifier: Apache-2.0
"""The slow ramp that a moving reference never sees, and the dual baseline, end to end."""
import json
import unittest

from hbtest import Case

REGISTRY = """version: "1"
metrics:
  avg_latency_ms: {unit: ms, drift_threshold: 1.0, drift_percent: 10}
  max_latency_ms: {unit: ms, drift_threshold: 5, drift_percent: 15}
  reset_count: {critical: true, fail_threshold: 0, invariant_eq: 0}
"""


class Ramp(Case):
    def run_one(self, i, avg, extra=(), code=None):
        table = f"Metric,Value,Unit\navg_latency_ms,{avg},ms\nmax_latency_ms,{20 + i % 3},ms\nreset_count,0,\n"
        self.write(f"r{i:02}.csv", table)
        self.write(f"r{i:02}.json", '{"run_id": "r%02d", "program": "P", "test_name": "T", "environment": "lab",'
                   ' "timestamps": {"start_utc": "2026-03-%02dT08:00:00Z"}}' % (i, i + 1))
        return self.hb_json("run", f"r{i:02}.csv", "--run-meta", f"r{i:02}.json", *extra)

    def workspace(self, policy):
        self.write("metric_registry.yaml", REGISTRY)
        self.write("baseline_policy.yaml", policy)

    @staticmethod
    def warned(out):
        return [f for f in out["findings"] if f["rule"] == "early_warning"]

    def test_d7_is_named_under_last_pass(self):
        self.workspace("baseline_policy: {strategy: last_pass, fallback: latest}\n")
        named = None
        for i in range(27):
            out = self.run_one(i, round(10 + 22.5 * i / 26, 4))
            if named is None and self.warned(out):
                named = i + 1
                self.assertEqual(out["status"], "PASS_WITH_DRIFT")
                self.assertIn("a slow ramp: over", self.warned(out)[0]["text"])
                self.assertIn("avg_latency_ms", self.warned(out)[0]["text"])
            elif named is None:
                self.assertIn(out["status"], ("PASS", "NO_TEST"), f"run {i + 1}")
            else:
                self.assertEqual(out["status"], "PASS_WITH_DRIFT", f"run {i + 1}")
        self.assertEqual(named, 6)

    def test_a_level_history_is_no_ramp(self):
        self.workspace("baseline_policy: {strategy: last_pass, fallback: latest}\n")
        for i in range(15):
            out = self.run_one(i, 10 + [0.1, 0.3, 0.2, 0.05, 0.25, 0.15, 0.0][i % 7])
            self.assertEqual(self.warned(out), [])

    def test_dual_golden_decides_and_rolling_warns(self):
        self.workspace("baseline_policy:\n  strategy: last_pass\n  fallback: latest\n  rolling_runs: 10\n"
                       "  dual_baseline: {use_golden_for_hard_gates: true, use_rolling_for_early_warning: true}\n")
        out = self.run_one(0, 10)
        self.assertEqual(out["status"], "NO_TEST")
        self.assertIn("--tag golden", json.dumps(out))
        self.hb("baseline", "set", "r00", "--tag", "golden")
        for i in range(1, 9):
            out = self.run_one(i, 10 + [0.02, 0.01, 0.03][i % 3])
            self.assertEqual(out["baseline_reason"], "tag")
        out = self.run_one(9, 10.6)  # within the golden's 1 ms, far from the newest runs
        self.assertEqual([f["metric"] for f in self.warned(out)], ["avg_latency_ms"])
        self.assertEqual(out["status"], "PASS_WITH_DRIFT")


if __name__ == "__main__":
    unittest.main()
