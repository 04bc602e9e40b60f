# SPDX-License-Identifier: Apache-2.0
"""events.jsonl beside a run: read whole and counted into metrics by rule."""
import gzip
import json
import random
import shutil
import unittest

from hbtest import Case

REGISTRY = """metrics:
  lat: {drift_percent: 10}
  resets: {events: {type: reset, cause.code: 3}, drift_threshold: 0.5}
  doors: {events: {type: door, open: "true"}}
  limits: {events: {level: high}, invariant_max: 1, critical: true}
"""


class Events(Case):
    def setUp(self):
        super().setUp()
        self.write("registry.yaml", REGISTRY)

    def folder(self, name, lines, file="events.jsonl", squeeze=bytes):
        shutil.rmtree(self.path(name), ignore_errors=True)
        self.write(f"{name}/metrics.csv", "metric,value\nlat,5\n")
        text = "".join((x if isinstance(x, str) else json.dumps(x)) + "\n" for x in lines)
        self.write(f"{name}/{file}", squeeze(text.encode()))
        return name

    def values(self, *files):
        d = self.hb_json("inspect", *files, "--metric-registry", "registry.yaml")
        return {m["name"]: m["value"] for m in d["metrics"]}, d

    def test_every_line_is_counted_against_a_second_implementation(self):
        rng = random.Random(7)
        lines = [{"type": rng.choice(["reset", "door", "x"]), "cause": {"code": rng.choice([3, 3.0, "3", 4, None])},
                  "open": rng.choice([True, False, "true"]), "level": rng.choice(["high", "low"])} for _ in range(20000)]
        want = {
            "resets": sum(e["type"] == "reset" and e["cause"]["code"] in (3, "3") for e in lines),
            "doors": sum(e["type"] == "door" and e["open"] in (True, "true") for e in lines),
            "limits": sum(e["level"] == "high" for e in lines), "lat": 5}
        for file, squeeze in (("events.jsonl", bytes), ("events.jsonl.gz", gzip.compress)):
            got, d = self.values(self.folder("run", lines, file, squeeze))
            self.assertEqual(got, want)
            self.assertEqual([(f["path"].split("/")[-1], f["rows"]) for f in d["files"]], [("metrics.csv", 1), (file, 20000)])
            self.assertEqual({m["name"]: m["value_from"] for m in d["metrics"]}["resets"], "events")

    def test_beside_a_file_and_once_for_two_files(self):
        self.folder("a", [{"type": "reset", "cause": {"code": 3}}])
        self.write("a/more.csv", "metric,value\nother,1\n")
        self.assertEqual(self.values("a/metrics.csv")[0]["resets"], 1)
        got, d = self.values("a/metrics.csv", "a/more.csv")
        self.assertEqual(got["resets"], 1)
        self.assertEqual(len(d["files"]), 3)

    def test_a_literal_key_with_dots(self):
        got, _ = self.values(self.folder("a", [{"type": "reset", "cause.code": 3}, {"type": "reset", "cause": 3}]))
        self.assertEqual(got["resets"], 1)

    def test_none_is_zero_and_no_file_is_missing(self):
        got, _ = self.values(self.folder("none", []))
        self.assertEqual((got["resets"], got["limits"]), (0, 0))
        self.write("without/metrics.csv", "metric,value\nlat,5\n")
        self.assertNotIn("resets", self.values("without")[0])
        d = self.hb_json("compare", "--baseline", "none", "--run", "without", "--out", "o",
                         "--metric-registry", "registry.yaml", code=10)
        self.assertEqual(d["status"], "FAIL")  # a critical metric is missing
        self.assertIn(("resets", "missing_metric"), [(f["metric"], f["rule"]) for f in d["findings"]])

    def test_counts_are_judged(self):
        base = self.folder("base", [{"type": "reset", "cause": {"code": 3}}])
        run = self.folder("run", [{"type": "reset", "cause": {"code": 3}}] * 3)
        d = self.hb_json("compare", "--baseline", base, "--run", run, "--out", "o", "--metric-registry", "registry.yaml")
        self.assertEqual((d["status"], d["findings"][0]["metric"]), ("PASS_WITH_DRIFT", "resets"))
        run = self.folder("bad", [{"level": "high"}] * 2)
        d = self.hb_json("compare", "--baseline", base, "--run", run, "--out", "o", "--metric-registry", "registry.yaml", code=10)
        self.assertEqual((d["status"], d["findings"][0]["metric"]), ("FAIL", "limits"))

    def test_a_line_nobody_can_read_is_no_pass(self):
        base = self.folder("base", [{"type": "door"}])
        run = self.folder("run", [{"type": "door"}, '{"type": "res', "[1]"])
        d = self.hb_json("compare", "--baseline", base, "--run", run, "--out", "o", "--metric-registry", "registry.yaml",
                         code=10)
        self.assertEqual(d["status"], "FAIL")  # it may have been an event of the critical metric
        shown = self.hb("inspect", run, "--metric-registry", "registry.yaml")
        self.assertIn("1 × event that is no JSON", shown)
        self.assertIn("1 × event that is no object", shown)
        self.assertIn("line 2", shown)

    def test_a_value_stated_and_counted_is_a_finding(self):
        self.folder("run", [{"level": "high"}])
        self.write("run/metrics.csv", "metric,value\nlat,5\nlimits,0\n")
        d = self.hb_json("compare", "--baseline", "run", "--run", "run", "--out", "o", "--metric-registry", "registry.yaml",
                         code=10)
        self.assertIn(("limits", "duplicate"), [(f["metric"], f["rule"]) for f in d["findings"]])

    def test_without_a_rule_it_is_shown(self):
        out = self.hb("inspect", self.folder("run", [{"type": "door"}]))
        self.assertIn("no metric of the registry declares events", out)


if __name__ == "__main__":
    unittest.main()
