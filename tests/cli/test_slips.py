# SPDX-License-Identifier: Apache-2.0
"""Slips of the user that must not change a verdict, a registry or a report in silence."""
import os
import unittest

from hbtest import Case


class Slips(Case):
    def setUp(self):
        super().setUp()
        self.write("a.csv", "metric,value\nx,10\n")
        self.write("b.csv", "metric,value\nx,10.2\n")

    def test_a_workspace_that_is_not_there(self):
        for args in (("compare", "--baseline", "a.csv", "--run", "b.csv"), ("run", "a.csv"), ("inspect", "a.csv"), ("runs", "list"),
                     ("analyze", "r"), ("report", "r"), ("baseline", "list"), ("config", "check")):
            self.hb_error(*args, "--workspace", "w33", code=3, has=["'w33'", "hb init w33"])
            self.hb_error(*args, env={"HB_WORKSPACE": "w33"}, code=3, has="'w33'")
        self.assertFalse(os.path.exists(self.path("w33")))

    def test_an_empty_run_id(self):
        self.hb_error("run", "a.csv", "--run-id", "", code=2, has="--run-id is empty")

    def test_a_baseline_that_is_not_there_registers_nothing(self):
        self.hb("run", "a.csv", "--run-id", "a")
        self.hb_error("run", "b.csv", "--run-id", "oops", "--baseline", "typo", code=4, has="typo")
        self.assertEqual([r["run_id"] for r in self.hb_json("runs", "list")["runs"]], ["a"])

    def test_a_status_that_is_none(self):
        self.hb("run", "a.csv")
        self.hb_error("runs", "list", "--status", "passs", code=2, has="PASS_WITH_DRIFT")
        self.assertEqual(len(self.hb_json("runs", "list", "--status", "NO_TEST")["runs"]), 1)

    def test_a_report_is_drawn_again_or_not_at_all(self):
        self.write("baseline_policy.yaml", "strategy: golden\n")
        self.hb("run", "a.csv", "--run-id", "a")
        self.hb("baseline", "set", "a")
        self.hb("run", "b.csv", "--run-id", "b")
        with open(self.path("reports/b/decision.json"), encoding="utf-8") as f:
            decision = f.read()
        for name in ("decision.json", "drift_report.html", "drift_report.json"):
            os.remove(self.path(f"reports/b/{name}"))
        self.hb("report", "b")
        with open(self.path("reports/b/decision.json"), encoding="utf-8") as f:
            self.assertEqual(f.read(), decision)
        self.write("reports/b/drift_report.html", "")
        self.hb("report", "b")
        self.assertGreater(os.path.getsize(self.path("reports/b/drift_report.html")), 1000)
        before = self.hb("runs", "list")
        os.remove(self.path("reports/b/drift_report.html"))
        self.write("metric_registry.yaml", "metrics: {x: {invariant_max: 5}}\n")
        self.hb_error("report", "b", code=4, has=["cannot be drawn again", "hb analyze b"])
        self.assertEqual(self.hb("runs", "list"), before)
        self.assertFalse(os.path.exists(self.path("reports/b/drift_report.html")))

    def test_a_report_of_a_baseline_named_by_hand(self):
        self.hb("run", "a.csv", "--run-id", "a")
        self.hb("run", "b.csv", "--run-id", "b", "--baseline", "a")
        os.remove(self.path("reports/b/drift_report.html"))
        self.hb("report", "b")
        self.assertTrue(os.path.exists(self.path("reports/b/drift_report.html")))

    def test_a_recording_that_could_not_be_written_is_not_begun(self):
        self.hb_error("record", "--seconds", "5", "--out", "nowhere/x.csv", code=1, has="nowhere/x.csv")

    def test_json_is_refused_where_there_is_none(self):
        for args in (("init", "w"), ("config", "check"), ("record", "--seconds", "1", "--out", "x.csv")):
            self.hb_error(*args, "--json", code=2, has="no JSON form")


if __name__ == "__main__":
    unittest.main()
