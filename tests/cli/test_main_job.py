# SPDX-License-Identifier: Apache-2.0
"""The main job as a user does it: workspace, runs, baselines, verdicts, reports."""
import glob
import json
import os
import shutil
import signal
import subprocess
import time
import unittest

from hbtest import HB, SOURCE, Case

CASES = os.path.join(SOURCE, "samples", "cases")


class SampleCases(Case):
    """The original's nine sample cases, with its registry and policy as they were."""

    def judge(self, name):
        for f in ("metric_registry.yaml", "baseline_policy.yaml", "run_meta.json"):
            shutil.copy(os.path.join(CASES, f), self.dir)
        folder = os.path.join(CASES, name)
        common = ["--source", "pba_excel", "--run-meta", "run_meta.json", "--fail-on", "none"]
        self.hb_json("run", os.path.join(folder, "baseline.csv"), "--run-id", "base", *common)
        summary = self.hb_json("run", os.path.join(folder, "current.csv"), "--run-id", "cur", *common)
        with open(os.path.join(folder, "expect.json"), encoding="utf-8") as f:
            return json.load(f), summary

    def test_all(self):
        names = sorted(os.path.basename(os.path.dirname(p)) for p in glob.glob(CASES + "/*/expect.json"))
        self.assertEqual(len(names), 9)
        for name in names:
            with self.subTest(name):
                self.setUp()
                expect, summary = self.judge(name)
                with open(self.path("reports/cur/drift_report.json"), encoding="utf-8") as f:
                    report = json.load(f)
                self.assertEqual(summary["status"], expect["status"], summary["reason"])
                self.assertEqual(sorted(d["metric"] for d in report["drift_metrics"]), sorted(expect["drift"]))
                self.assertEqual(report["fail_metrics"], expect["fail"])
                self.assertEqual([d["metric"] for d in report["distribution_drifts"]], expect.get("distribution", []))
                if "warning" in expect:
                    self.assertTrue(any(expect["warning"] in w for w in report["warnings"]), report["warnings"])
                if "baseline_reason" in expect:
                    self.assertEqual(summary["baseline_reason"], expect["baseline_reason"])
                if expect["status"] != "PASS":
                    self.assertTrue(summary["findings"])


class Workspace(Case):
    def test_init_is_commented_valid_and_kept(self):
        out = self.hb("init", "lab")
        self.assertIn("created  lab/metric_registry.yaml", out)
        self.assertEqual(os.stat(self.path("lab/runs.db")).st_mode & 0o777, 0o600)
        self.assertIn("ok (metric-registry)", self.hb("-w", "lab", "config", "check"))
        mine = "# mine\nversion: '2'\ndefaults: {drift_percent: 5}\n"
        self.write("lab/metric_registry.yaml", mine)
        self.assertIn("kept     lab/metric_registry.yaml", self.hb("init", "lab"))
        with open(self.path("lab/metric_registry.yaml"), encoding="utf-8") as f:
            self.assertEqual(f.read(), mine)

    def test_the_road_from_first_run_to_verdicts(self):
        self.hb("init", "lab")
        self.write("lab/metric_registry.yaml", "metrics:\n"
                   "  avg_latency_ms: {aliases: [avg latency], unit: ms, drift_percent: 10}\n"
                   "  reset_count: {unit: count, critical: true, fail_threshold: 0, invariant_eq: 0}\n"
                   "defaults: {drift_spread: 3, drift_percent: 10}\n")
        ws = ["-w", "lab"]
        csv = "metric,value,unit\nreset_count,{r},count\navg latency,{a},ms\nsomething_else,{s},V\n"
        for name, r, a, s in (("mon", 0, 10, 5), ("tue", 0, 10.2, 5.1), ("wed", 0, 14, 5), ("thu", 1, 10, 5)):
            self.write(f"{name}.csv", csv.format(r=r, a=a, s=s))
        first = self.hb_json(*ws, "run", "mon.csv", "--run-id", "mon")
        self.assertEqual(first["status"], "NO_TEST")
        self.assertIsNone(first["baseline_run_id"])
        self.assertIn("hb baseline set mon", first["what_to_do_next"])
        self.assertIn("golden", self.hb(*ws, "baseline", "set", "mon", "--note", "accepted"))
        verdicts = {}
        for name, code in (("tue", 0), ("wed", 0), ("thu", 10)):
            s = self.hb_json(*ws, "run", f"{name}.csv", "--run-id", name, code=code)
            verdicts[name] = s["status"]
            self.assertEqual(s["baseline_run_id"], "mon")
            self.assertEqual(s["baseline_reason"], "tag")
            self.assertTrue(os.path.exists(self.path(s["report"])))
            for key in ("status", "run_id", "baseline_run_id", "baseline_reason", "findings", "report"):
                self.assertIn(key, s)
            for f in s["findings"]:
                self.assertTrue({"metric", "rule", "severity"} <= set(f))
        self.assertEqual(verdicts, {"tue": "PASS", "wed": "PASS_WITH_DRIFT", "thu": "FAIL"})
        rows = self.hb_json(*ws, "runs", "list")["runs"]
        self.assertEqual([r["run_id"] for r in rows], ["thu", "wed", "tue", "mon"])
        self.assertEqual(rows[0]["status"], "FAIL")
        shown = self.hb_json(*ws, "runs", "show", "wed")
        latency = next(m for m in shown["metrics"] if m["name"] == "avg_latency_ms")
        self.assertEqual((latency["value"], latency["unit"], latency["raw_name"]), (14, "ms", "avg latency"))
        self.assertEqual(self.hb_json(*ws, "baseline", "list")["tags"][0]["run_id"], "mon")
        self.assertEqual(self.hb_json(*ws, "baseline", "show", "golden")["run_id"], "mon")

    def test_fail_on(self):
        self.write("a.csv", "metric,value\nx,10\n")
        self.write("b.csv", "metric,value\nx,20\n")
        args = ["compare", "--baseline", "a.csv", "--run", "b.csv"]
        self.hb(*args, code=0)
        self.hb(*args, "--fail-on", "drift", code=11)
        self.hb(*args, "--fail-on", "none", code=0)
        self.write("reg.yaml", "metrics: {x: {invariant_max: 15}}\n")
        self.hb(*args, "--metric-registry", "reg.yaml", code=10)
        self.hb(*args, "--metric-registry", "reg.yaml", "--fail-on", "drift", code=10)
        self.hb(*args, "--metric-registry", "reg.yaml", "--fail-on", "none", code=0)
        self.hb("run", "a.csv", "--fail-on", "drift", code=11)  # NO_TEST

    def test_a_run_is_never_its_own_baseline(self):
        self.write("a.csv", "metric,value\nx,10\n")
        self.write("baseline_policy.yaml", "strategy: last_pass\nfallback: latest\n")
        self.hb("run", "a.csv", "--run-id", "a")
        again = self.hb_json("analyze", "a")
        self.assertEqual(again["status"], "NO_TEST")
        self.assertEqual(self.hb_json("run", "a.csv", "--run-id", "b")["baseline_run_id"], "a", "a table may repeat")
        self.write("r.csv", "time,y\n" + "".join(f"{i},{i % 7}\n" for i in range(50)))
        self.hb("run", "r.csv", "--run-id", "r", "--test-name", "t")
        copy = self.hb_json("run", "r.csv", "--run-id", "copy-of-r", "--test-name", "t")
        self.assertEqual(copy["status"], "NO_TEST", "a copy of a recording proves nothing")
        self.hb_error("analyze", "a", "--baseline", "a", code=2, has="own baseline")

    def test_runs_without_id_are_named_by_content(self):
        self.write("a.csv", "metric,value\nx,10\n")
        one = self.hb_json("ingest", "a.csv")
        two = self.hb_json("ingest", "a.csv")
        self.assertEqual(one["run_id"], two["run_id"])
        self.assertEqual(len(self.hb_json("runs", "list")["runs"]), 1)

    def test_compare_needs_no_registry_and_pools_baselines(self):
        for i in range(5):
            self.write(f"b{i}.csv", f"metric,value,unit\nx,{10 + i * 0.1},ms\n")
        self.write("run.csv", "metric,value,unit\nx,12000,us\n")
        s = self.hb_json("compare", "--baseline", *[f"b{i}.csv" for i in range(5)], "--run", "run.csv", "--out", "out")
        f = next(f for f in s["findings"] if f["rule"] == "drift_percent")
        self.assertEqual((f["baseline"], f["current"]), (10.2, 12.0))
        self.assertEqual(sorted(os.listdir(self.path("out"))), ["decision.json", "drift_report.html", "drift_report.json"])
        self.assertFalse(os.path.exists(self.path("runs.db")))

    def test_standard_input_and_compression(self):
        import gzip
        text = "".join(f"{i},{20 + i % 3}\n" for i in range(100))
        self.write("a.csv.gz", gzip.compress(("time,temp\n" + text).encode()))
        s = self.hb_json("compare", "--baseline", "a.csv.gz", "--run", "-", stdin=("time,temp\n" + text).encode())
        self.assertEqual(s["status"], "PASS")

    def test_report_is_found_and_made_again(self):
        self.write("a.csv", "metric,value\nx,10\n")
        self.write("b.csv", "metric,value\nx,10.1\n")
        self.hb("run", "a.csv", "--run-id", "a")
        self.hb("baseline", "set", "a")
        self.hb("run", "b.csv", "--run-id", "b", "--quiet", env={})
        page = self.hb("report", "b").strip()
        self.assertTrue(os.path.exists(self.path(page)))
        shutil.rmtree(self.path("reports"))
        self.assertEqual(self.hb("report", "b").strip(), page)
        self.assertTrue(os.path.exists(self.path(page)))
        self.hb_error("report", "../b", code=2, has="cannot name a folder")
        self.hb_error("report", "nobody", code=4, has="nobody")

    def test_several_files_are_one_run(self):
        self.write("a.csv", "metric,value\nx,10\n")
        self.write("b.csv", "metric,value\ny,3\n")
        s = self.hb_json("ingest", "a.csv", "b.csv", "--run-id", "both")
        self.assertEqual(s["metrics"], 2)

    def test_artifact_folder(self):
        self.write("art/metrics.csv", "metric,value\nx,10\n")
        self.write("art/run_meta.json", json.dumps({"run_id": "from-meta", "program": "p", "test_name": "t"}))
        self.assertEqual(self.hb_json("ingest", "art")["run_id"], "from-meta")

    def test_record_gives_a_run_file(self):
        self.hb("record", "--seconds", "0.3", "--out", "here.csv")
        names = {m["name"] for m in self.hb_json("inspect", "here.csv")["metrics"]}
        self.assertTrue({"memory_available", "wakeup_delay"} <= names)

    def test_record_stopped_early_keeps_what_there_is(self):
        p = subprocess.Popen([HB, "record", "--seconds", "600", "--interval", "0.02", "--out", "cut.csv"], cwd=self.dir)
        time.sleep(1)
        p.send_signal(signal.SIGINT)
        self.assertEqual(p.wait(60), 130)
        self.assertGreater(self.hb_json("inspect", "cut.csv")["metrics"][0]["n"], 5)

    def test_demo(self):
        out = self.hb("demo", "--seconds", "0.5", "--out", "demo")
        self.assertEqual(out.count("report: demo/reports/"), 2)
        self.hb("demo", "--seconds", "0.5", "--out", "demo")  # twice in a row
        self.write("precious/file", "x")
        self.hb_error("demo", "--out", "precious", code=2, has="not a demonstration")
        self.assertTrue(os.path.exists(self.path("precious/file")))


if __name__ == "__main__":
    unittest.main()
