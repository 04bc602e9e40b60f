# SPDX-License-Identifier: Apache-2.0
"""hb history, factors on the command line, and what a decision says of history and attribution."""
import json
import os
import random
import sys
import unittest

from hbtest import SOURCE, Case

try:
    import jsonschema
except ImportError:
    print("skipped: no jsonschema")
    sys.exit(77)


def noise(i, salt):
    return random.Random(f"{i} {salt}").gauss(0, 0.1)


class History(Case):
    def ingest(self, i, command="ingest", **more):
        """temp rises by 1 with build b2 (run 15 on), load is 0.6 higher on rig C (odd runs)."""
        self.write("f.csv", "metric,value,unit\n"
                   f"temp,{20 + noise(i, 'temp') + (i >= 15):.3f},K\nload,{5 + noise(i, 'load') + 0.6 * (i % 2):.3f},\n")
        self.write("m.json", json.dumps({
            "timestamps": {"start_utc": f"2026-01-{i:02d}T10:00:00Z"}, "build": {"build_id": "b1" if i < 15 else "b2"},
            "factors": {"operator": "kim" if i % 3 else "lee"}, **more}))
        return self.hb(command, "f.csv", "--run-id", f"run-{i}", "--program", "p", "--test-name", "t", "--run-meta",
                       "m.json", "--factor", f"rig={'C' if i % 2 else 'A'}", "--quiet")

    def many(self, n=24):
        for i in range(1, n + 1):
            self.ingest(i)

    def test_json(self):
        self.many()
        with open(os.path.join(SOURCE, "schemas", "history.schema.json"), encoding="utf-8") as f:
            schema = json.load(f)
        for args in (("--all",), ("temp",), ("load", "temp")):
            d = self.hb_json("history", *args)
            jsonschema.validate(d, schema)
            self.assertEqual([r["run_id"] for r in d["runs"]], [f"run-{i}" for i in range(1, 25)])
            self.assertEqual(d["runs"][0]["factors"], {"operator": "kim", "rig": "C"})
            temp = next(m for m in d["metrics"] if m["metric"] == "temp")
            self.assertEqual([c["run_id"] for c in temp["changes"]], ["run-15"])
            change = temp["changes"][0]
            self.assertAlmostEqual(change["before"], sum(temp["values"][:14]) / 14)
            self.assertAlmostEqual(change["after"], sum(temp["values"][14:]) / 10)
            self.assertIn("build b2 (was b1)", change["with"])
            self.assertFalse(change["ramp"])
            self.assertEqual({a["factor"] for a in temp["attributions"]}, {"build", "day", "operator", "rig"})
        load = next(m for m in self.hb_json("history", "load")["metrics"])
        self.assertEqual(load["changes"], [])
        rig = next(a for a in load["attributions"] if a["factor"] == "rig")
        self.assertTrue(rig["told"] and rig["variance_share"] > 0.8 and rig["p"] < 1e-4)
        day = next(a for a in load["attributions"] if a["factor"] == "day")
        self.assertFalse(day["told"])
        self.assertIn("24 different in 24 runs", day["text"])

    def test_text(self):
        self.many()
        text = self.hb("history", "temp")
        self.assertIn("temp in K, 24 of 24 runs have a value", text)
        self.assertIn("change: temp is higher by", text)
        self.assertIn("since run run-15 (2026-01-15)", text)
        self.assertLessEqual(max(map(len, text.splitlines())), 80)
        self.assertEqual(text.count("*"), 24)
        all_ = self.hb("history", "--all")
        self.assertIn("run-15", next(row for row in all_.splitlines() if row.startswith("temp")))
        few = self.hb("history", "temp", "--limit", "5")
        self.assertIn("not looked for, it takes 10 runs", few)

    def test_slips(self):
        self.hb_error("history", "--all", code=4, has="")
        self.ingest(1)
        self.hb_error("history", code=2, has="name a metric, or --all")
        self.hb_error("history", "temp", "--all", code=2, has="--all shows every metric")
        self.hb_error("history", "tmep", code=2, has="'tmep'")
        self.hb_error("history", "temp", "--program", "nosuch", code=4, has="no run is registered")
        for bad, words in (("rig", "NAME=VALUE"), ("Rig=A", "'Rig'"), ("rig=A,rig=B", "given twice")):
            self.hb_error("ingest", "f.csv", "--factor", bad, code=2, has=words)
        self.write("bad.json", '{"factors": {"a b": 1}}')
        self.hb_error("ingest", "f.csv", "--run-meta", "bad.json", code=2, has="bad.json:1:14: 'a b' cannot name a factor")

    def test_other_contexts_are_left_out(self):
        for i in range(1, 6):
            self.ingest(i, environment="bench" if i % 2 else "chamber")
        self.assertEqual([r["run_id"] for r in self.hb_json("history", "--all")["runs"]], ["run-1", "run-3", "run-5"])

    def test_decision(self):
        self.many(23)
        self.ingest(24, command="run")
        with open(self.path("reports/run-24/decision.json"), encoding="utf-8") as f:
            d = json.load(f)
        changes = d["statistics"]["changes"]
        self.assertEqual([(c["metric"], c["run_id"]) for c in changes], [("temp", "run-15")])
        self.assertIn("change_point", [f["rule"] for f in d["findings"]])


if __name__ == "__main__":
    unittest.main()
