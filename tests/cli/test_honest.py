# SPDX-License-Identifier: Apache-2.0
"""What a run lost, or could not show, must not come out as a silent PASS."""
import json
import os
import random
import unittest

from hbtest import Case


class Honest(Case):
    def setUp(self):
        super().setUp()
        self.rng = random.Random(1)

    def compare(self, *args, base="base", run="run", code=0):
        d = self.hb_json("compare", "--baseline", base, "--run", run, "--out", "o", *args, code=code)
        found = {(f["metric"], f["rule"], f["severity"]) for f in d["findings"]}
        few = ("", "insufficient_baseline", "info")  # two files are no set of runs: said every time
        self.assertIn(few, found)
        return d["status"], found - {few}

    def wide(self, name, header, rows):
        self.write(name, header + "\n" + "".join(",".join(map(str, r)) + "\n" for r in rows))

    def test_lost_records(self):
        good = [json.dumps({"t": i, "x": self.rng.gauss(5, 1)}) for i in range(500)]
        self.write("base", "\n".join(good))
        self.write("run", "\n".join(g if i % 10 == 0 else g[:8] for i, g in enumerate(good)))
        self.assertEqual(self.compare(), ("PASS_WITH_DRIFT", {("", "lost_rows", "drift")}))
        self.write("run", "\n".join(good[:499] + [good[499][:8]]))
        self.assertEqual(self.compare(), ("PASS", {("", "lost_rows", "warn")}))

    def test_rows_without_a_time_are_left_out_and_told(self):
        self.wide("base", "time,x", [(i, i) for i in range(50)])
        self.wide("run", "time,x", [(i, i) for i in range(50)] + [("Average", 24.5), ("Max", 49)])
        m = self.hb_json("inspect", "run")["metrics"][0]
        self.assertEqual((m["n"], m["max"]), (50, 49))
        self.assertEqual(self.compare(), ("PASS", set()))
        self.assertIn("2 rows from line 52", self.hb("inspect", "run"))
        rows = [(i, i) for i in range(50)]
        self.wide("run", "time,x", rows[:25] + [("?", 7)] + rows[25:])
        self.assertEqual(self.compare(), ("PASS", {("", "lost_rows", "warn")}))

    def test_rows_that_go_back_in_time_are_told(self):
        self.wide("run", "time,x", [(i, i) for i in range(50, 0, -1)])
        self.assertIn("goes back in time at 49 rows", self.hb("inspect", "run"))
        self.write("run", "time,metric,value\n" + "".join(f"{i},x,{i}\n" for i in (1, 3, 2, 4)))
        self.assertIn("goes back in time at 1 rows", self.hb("inspect", "run"))

    def test_a_time_column_nobody_can_read(self):
        self.wide("run", "time,x", [("noon", 1), ("night", 2)])
        out = self.hb("inspect", "run")
        self.assertIn("cannot be read as time", out)
        self.assertNotIn("not used", out)

    def test_a_column_that_turned_to_text(self):
        self.wide("base", "t,speed,other,note", [(i, self.rng.gauss(100, 5), i % 7, "abc") for i in range(300)])
        for share in (40, 60, 100):
            self.wide("run", "t,speed,other,note",
                      [(i, "ERR" if i % 100 < share else self.rng.gauss(100, 5), i % 7, "abc") for i in range(300)])
            status, findings = self.compare()
            self.assertEqual(status, "PASS_WITH_DRIFT", share)
            self.assertIn(("speed", "unreadable", "drift"), findings)
            self.assertNotIn("note", {f[0] for f in findings})
        self.assertEqual([m["name"] for m in self.hb_json("inspect", "run")["metrics"]], ["other"])

    def test_a_text_column_in_a_stored_run(self):
        self.wide("base", "t,speed,other", [(i, self.rng.gauss(100, 5), i % 7) for i in range(300)])
        self.wide("run", "t,speed,other", [(i, "ERR", i % 7) for i in range(300)])
        self.hb("run", "base", "--run-id", "b")
        self.hb("run", "run", "--run-id", "r")
        d = self.hb_json("analyze", "r", "--baseline", "b")
        self.assertEqual((d["status"], d["findings"][0]["rule"]), ("PASS_WITH_DRIFT", "unreadable"))

    def test_a_flat_channel_that_jumps(self):
        self.wide("base", "t,flag,err,fine", [(i, 0, 10, 21.6) for i in range(300)])
        self.wide("run", "t,flag,err,fine", [(i, int(i % 5 < 2), 1e6 if i % 5 < 2 else 10, 21.6 + 0.01 * (i % 2)) for i in range(300)])
        status, findings = self.compare()
        self.assertEqual(status, "PASS_WITH_DRIFT")
        self.assertEqual({f for f in findings if f[2] == "drift"}, {("flag", "spread_ratio", "drift"), ("err", "spread_ratio", "drift")})

    def test_thinner_than_the_baseline(self):
        self.wide("base", "t,x", [(i, i % 7) for i in range(100)])
        self.write("run", "t,x\n" + "".join(f"{i},{i % 7}\n" if i % 10 == 0 else f"{i}\n" for i in range(100)))
        self.assertIn(("x", "coverage", "warn"), self.compare()[1])

    def test_channels_that_are_numbers(self):
        self.write("base", "channel,value\n1,10\n2,20\n")
        self.write("run", "channel,value\n1,20\n2,10\n")
        self.assertEqual({f[0] for f in self.compare()[1]}, {"1", "2"})

    def test_units_of_a_time_column(self):
        for header, last in (("time (ms)", 0.02), ("Time [h]", 72000), ("elapsed (min)", 1200), ("time_s", 20), ("t [µs]", 2e-5)):
            self.wide("run", header + ",v", [(0, 1), (10, 2), (20, 1)])
            d = self.hb_json("inspect", "run")
            self.assertEqual([m["name"] for m in d["metrics"]], ["v"], header)
            self.assertIn(f"{last:g} s after the start", self.hb("inspect", "run"))
        self.wide("run", "iteration,seconds", [(1, 0.5), (2, 0.51)])
        self.assertEqual([m["name"] for m in self.hb_json("inspect", "run")["metrics"]], ["iteration", "seconds"])

    def test_nan_among_the_samples_of_a_table(self):
        def table(mu, first):
            return 'metric,value,tags\nx,0,"{""samples"":[' + first + ",".join(str(self.rng.gauss(mu, 1)) for _ in range(200)) + ']}"\n'
        self.write("base", table(0, ""))
        self.write("run", table(5, "NaN,"))
        self.write("reg.yaml", "metrics: {x: {distribution_drift: {ks_threshold: 0.2}}}\n")
        self.assertEqual(self.compare("--metric-registry", "reg.yaml")[0], "PASS_WITH_DRIFT")

    def test_the_registry_of_today(self):
        self.hb("init", "w")
        self.write("w/metric_registry.yaml", "metrics: {x: {unit: ms, drift_threshold: 5}, y: {drift_threshold: 1}}\n")
        self.wide("a", "t,x [ms],y", [(i, 10, 10) for i in range(100)])
        self.write("w/baseline_policy.yaml", "strategy: last_pass\nfallback: latest\n")
        self.write("a.csv", "metric,value,unit\nx,10,ms\n")
        self.write("b.csv", "metric,value,unit\nx,10.5,ms\n")
        self.wide("s", "t,y", [(i, 10) for i in range(100)])
        self.wide("p", "t,y", [(i, 20 if 40 < i < 46 else 10) for i in range(100)])
        for name, file in (("a", "a.csv"), ("b", "b.csv")):
            self.hb("run", file, "--run-id", name, "--workspace", "w", "--test-name", "1")
        for name in ("s", "p"):
            self.hb("run", name, "--run-id", name, "--workspace", "w", "--test-name", "2")
        self.assertEqual(self.hb_json("analyze", "p", "--workspace", "w")["status"], "PASS")
        self.write("w/metric_registry.yaml", "metrics: {x: {unit: us, invariant_max: 1000}, y: {reduce: max, drift_threshold: 1}}\n")
        d = self.hb_json("analyze", "b", "--workspace", "w")
        self.assertIn("unit_mismatch", [f["rule"] for f in d["findings"]])
        self.assertNotEqual(d["status"], "PASS")
        self.assertEqual(self.hb_json("analyze", "p", "--workspace", "w")["status"], "PASS_WITH_DRIFT")

    def test_names_that_are_not_utf8(self):
        self.write("run", b"t,Temp\xe9,Temp\xe8\n0,1,2\n1,2,3\n")
        d = self.hb_json("inspect", "run")
        self.assertEqual({m["name"] for m in d["metrics"]}, {"Temp\u00e9", "Temp\u00e8"})
        self.assertIn("windows-1252", str(d))

    def test_one_file_twice_and_a_sheet_of_a_csv(self):
        self.write("a", "metric,value\nx,1\n")
        self.hb_error("inspect", "a", "a", code=2, has="given twice")
        self.hb_error("inspect", "a", "--sheet", "S", code=2, has="has no sheets")

    def test_notes_beside_a_report_stay(self):
        self.write("a.csv", "metric,value\nx,1\n")
        self.hb("run", "a.csv", "--run-id", "k")
        self.write("reports/k/notes.txt", "mine")
        self.hb("analyze", "k")
        self.assertTrue(os.path.exists(self.path("reports/k/notes.txt")))

    def test_a_rolling_pool_with_a_run_without_unit(self):
        self.write("baseline_policy.yaml", "strategy: rolling\nrolling_runs: 3\nfallback: latest\n")
        for i, unit in enumerate(("ms", "ms", "", "ms", "ms")):
            self.write("a.csv", f"metric,value,unit\nx,{10 + i / 10},{unit}\n")
            d = self.hb_json("run", "a.csv", "--run-id", f"r{i}")
        self.assertEqual(d["status"], "PASS")

    def test_five_hundred_drifting_recordings_stay_under_500_kb(self):
        names = [f"sensor_{i:03}" for i in range(500)]
        for name, mu in (("base", 10), ("run", 30)):
            self.wide(name, ",".join(["t"] + names), [[k] + [f"{self.rng.gauss(mu, 1):.3f}" for _ in names] for k in range(300)])
        self.assertEqual(self.compare()[0], "PASS_WITH_DRIFT")
        self.assertLessEqual(os.path.getsize(self.path("o/drift_report.html")), 500_000)


if __name__ == "__main__":
    unittest.main()
