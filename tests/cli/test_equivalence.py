# SPDX-License-Identifier: Apache-2.0
"""A run of one make against a baseline of another, and the files that say how they go together."""
import json
import unittest

from hbtest import Case

ORIGINAL = """# as the original ships it
version: "1.0"

# Optional: source_platform / target_platform to apply only for that pair.
mappings:
  # - source_name: temp_c
  #   target_name: temperature_celsius
"""

QUALITY = """version: "1.0"
require_quality_gate: false
acceptance_criteria:
  min_sample_size: 10       # minimum runs in baseline window
  min_time_in_state_sec: 3600
  stability:
    max_coefficient_of_variation: 0.5
    exclude_metrics: []
  no_unresolved_alerts: true
  min_environment_match_score: 0.7
confidence_weights:
  sample_size: 0.2
  stability: 0.3
  no_alerts: 0.3
  environment_match: 0.2
"""

REGISTRY = """version: "1"
metrics:
  temp_f: {unit: degF, drift_threshold: 2, invariant_max: 212}
  temp_c: {unit: degC, drift_threshold: 1}
"""


def series(values):
    return "time,temp_X\n" + "".join(f"2026-03-01T00:00:{i:02}Z,{v}\n" for i, v in enumerate(values))


class Equivalence(Case):
    def setUp(self):
        super().setUp()
        self.write("metric_registry.yaml", REGISTRY)
        self.write("baseline_policy.yaml", "baseline_policy: {strategy: last_pass, fallback: latest}\n")

    def run_one(self, name, column, values, more=""):
        self.write(name + ".csv", series(values).replace("temp_X", column))
        self.write(name + ".json", '{"run_id": "%s", "program": "P", "test_name": "T", "environment": "lab"%s}' % (name, more))
        return self.hb_json("run", name + ".csv", "--run-meta", name + ".json")

    def mapping(self, **more):
        entry = {"source_name": "temp_c", "target_name": "temp_f", "scale": 1.8, "offset": 32,
                 "source_platform": "vendor_a", "target_platform": "vendor_b", "provenance": "cal 2026-02, K. Meier"}
        entry.update(more)
        self.write("equivalence_mapping.yaml", json.dumps({"version": "1.0", "mappings": [entry]}))

    @staticmethod
    def told(out):
        return [f for f in out["findings"] if f["rule"] == "equivalence"]

    celsius = [20 + i % 5 for i in range(40)]

    def test_without_a_mapping_nothing_is_in_common(self):
        self.run_one("a", "temp_c", self.celsius)
        out = self.run_one("b", "temp_f", [1.8 * v + 32 for v in self.celsius])
        self.assertEqual(out["status"], "NO_TEST")

    def test_the_baseline_is_converted_and_the_decision_says_so(self):
        self.mapping()
        self.run_one("a", "temp_c", self.celsius)
        out = self.run_one("b", "temp_f", [1.8 * v + 32 for v in self.celsius])
        self.assertEqual(out["status"], "PASS", out)
        text = self.told(out)[0]["text"]
        for words in ("'temp_c' of vendor_a", "1.8 times plus 32", "cal 2026-02, K. Meier"):
            self.assertIn(words, text)
        with open(self.path("reports/b/decision.json"), encoding="utf-8") as f:
            got = {c["metric"]: c for c in json.load(f)["comparisons"]}
        self.assertEqual(got["temp_f"]["baseline"], 1.8 * 22 + 32)
        self.assertEqual(got["temp_f"]["ks_d"], 0)  # the samples went along
        self.assertNotIn("temp_c", got)
        # Its own limits hold for the run: 2 degF.
        out = self.run_one("c", "temp_f", [1.8 * v + 35 for v in self.celsius])
        self.assertEqual(out["status"], "PASS_WITH_DRIFT")

    def test_the_other_way_round(self):
        self.mapping()
        self.run_one("a", "temp_f", [1.8 * v + 32 for v in self.celsius])
        out = self.run_one("b", "temp_c", [v + 1.5 for v in self.celsius])
        self.assertEqual(out["status"], "PASS_WITH_DRIFT")
        self.assertIn("'temp_f' of vendor_b", self.told(out)[0]["text"])

    def test_platforms_that_are_stated_must_fit(self):
        self.mapping()
        self.run_one("a", "temp_c", self.celsius, ', "factors": {"platform": "vendor_z"}')
        out = self.run_one("b", "temp_f", [1.8 * v + 32 for v in self.celsius])
        self.assertEqual(out["status"], "NO_TEST")
        self.assertEqual(self.told(out), [])

    def test_compare_converts_too(self):
        self.mapping()
        self.write("a.csv", series(self.celsius).replace("temp_X", "temp_c"))
        self.write("b.csv", series([1.8 * v + 32 for v in self.celsius]).replace("temp_X", "temp_f"))
        out = self.hb_json("compare", "--baseline", "a.csv", "--run", "b.csv")
        self.assertEqual(out["status"], "PASS", out)
        self.assertEqual(len(self.told(out)), 1)

    def test_files_of_the_original_are_accepted(self):
        self.write("equivalence_mapping.yaml", ORIGINAL)
        self.write("baseline_quality_policy.yaml", QUALITY)
        out = self.hb("config", "check")
        self.assertIn("ok (equivalence-mapping)", out)
        self.assertIn("ok (baseline-quality-policy)", out)
        self.assertIn("require_quality_gate false, min_sample_size 10", self.hb("config", "show"))
        shown = self.hb_json("config", "show")
        self.assertEqual(len(shown["baseline_quality_policy_sha256"]), 64)

    def test_what_cannot_be_meant_is_refused(self):
        rows = [({"scale": 0}, "'mappings.0.scale' must not be 0"),
                ({"slope": 2}, "unknown key"),
                ({"target_name": "temp_c"}, "maps 'temp_c' to itself"),
                ({"source_name": ""}, "needs a source_name")]
        for more, words in rows:
            self.mapping(**more)
            self.hb_error("config", "check", "equivalence_mapping.yaml", code=3, has=words)
        chain = [("a", "b"), ("b", "c")]
        twice = [("a", "b"), ("a", "c")]
        for pairs, words in [(chain, "chains are not followed"), (twice, "is a source twice")]:
            self.write("equivalence_mapping.yaml",
                       json.dumps({"mappings": [{"source_name": s, "target_name": t} for s, t in pairs]}))
            self.hb_error("config", "check", "equivalence_mapping.yaml", code=3, has=words)

    def test_quality_policies_that_cannot_be_meant_are_refused(self):
        rows = [("acceptance_criteria: {min_sample_sise: 3}\n", "did you mean 'min_sample_size'"),
                ("acceptance_criteria: {min_sample_size: 0}\n", "min_sample_size"),
                ("criteria: {outliers: sometimes}\n", "must be one of required, blocking, told, off"),
                ("confidence_weights: {sample_size: 0, stability: 0, no_alerts: 0, environment_match: 0}\n", "all 0"),
                ("require_quality_gate: perhaps\n", "require_quality_gate")]
        for text, words in rows:
            self.write("baseline_quality_policy.yaml", text)
            self.hb_error("config", "check", "baseline_quality_policy.yaml", code=3, has=words)

    def test_schema_and_reference_know_both(self):
        for name in ("equivalence-mapping", "baseline-quality-policy"):
            self.assertEqual(json.loads(self.hb("config", "schema", name))["title"], name)
            self.write("ref.yaml", self.hb("config", "schema", name, "--reference"))
        self.assertIn("baseline-quality-policy", self.run_hb("config", "schema", "nothing").stderr.decode())


if __name__ == "__main__":
    unittest.main()
