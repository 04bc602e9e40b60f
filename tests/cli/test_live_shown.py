# SPDX-License-Identifier: Apache-2.0
"""A live window as people and programs see it: terminal, decision, drift report."""
import json
import os
import re
import subprocess
import unittest

from hbtest import Case

SOURCE = os.environ["HB_SOURCE_DIR"]
PRINT_LIVE = os.path.join(os.environ["HB_BUILD_DIR"], "tests", "e2e", "print_live")


def shown(*args):
    return subprocess.run([PRINT_LIVE, *args], capture_output=True, check=True).stdout.decode()


class LiveShown(Case):
    def test_the_terminal(self):
        text = shown("text")
        self.assertLessEqual(max(map(len, text.splitlines())), 80, text)
        flat = re.sub(r"\s+", " ", text)
        for words in ("temp: 37 samples above the hard limit 80 from 2026-11-24T03:34:03.500Z on", "pressure jumped up since 2026-11-24T03:33:00Z",
                      "battery has been silent for 60 s", "flow has drifted up since 2026-11-24T03:29:00Z",
                      "window 1m, 2026-11-24T03:34:00Z to 2026-11-24T03:35:00Z: 6 samples, 97 % of those expected",
                      "[####################] 104 % up DRIFT"):
            self.assertIn(words, flat)
        quiet = shown("text", "quiet")
        self.assertIn("[ok] PASS", quiet)
        self.assertIn("6 tested for a shock and 6 for slow drift, none found", re.sub(r"\s+", " ", quiet))

    def test_documents_satisfy_their_schemas(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("no jsonschema")
        for what, schema in (("decision", "decision"), ("json", "drift_report")):
            with open(os.path.join(SOURCE, "schemas", schema + ".schema.json"), encoding="utf-8") as f:
                validator = jsonschema.Draft202012Validator(json.load(f))
            for args in ((), ("quiet",)):
                document = json.loads(shown(what, *args))
                self.assertEqual([f"{e.json_path}: {e.message}" for e in validator.iter_errors(document)], [])

    def test_the_figures_of_a_decision(self):
        d = json.loads(shown("decision"))
        self.assertEqual(d["layers"], ["declared_limits", "live"])
        live = d["statistics"]["live"]
        # half of one alarm a month over 6 metrics, 43,200 windows
        self.assertAlmostEqual(live["shock_level"], 0.5 / (6 * 43200), 12)
        self.assertAlmostEqual(live["arl0"], 6 * 43200 / 0.5, 6)
        tests = {t["metric"]: t for t in live["tests"]}
        try:
            from scipy import stats
        except ImportError:
            self.skipTest("no scipy")
        shock = tests["pressure"]["shock"]
        self.assertAlmostEqual(shock["p"] / (2 * stats.t.sf(abs(shock["t"]), 19)), 1, 9)
        half = (shock["high"] - shock["low"]) / 2
        sd = (tests["pressure"]["x"] - shock["mean"]) / shock["t"]  # with the new run's share in it
        self.assertAlmostEqual(half / sd, stats.t.isf(live["shock_level"] / 2, 19), 6)
        self.assertEqual(live["window"]["start_ns"], "1795491240000000000")
        self.assertTrue(tests["noise"]["drift"]["correlated"])
        self.assertEqual(d["statistics"]["live"]["n_drifts"], 1)


if __name__ == "__main__":
    unittest.main()
