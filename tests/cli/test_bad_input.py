# SPDX-License-Identifier: Apache-2.0
"""Bad input: a clear error, the right exit code, and nothing written or half-written."""
import gzip
import json
import os
import sqlite3
import unittest

from hbtest import SOURCE, Case


class BadFiles(Case):
    def refuse(self, name, content, has, *args, code=2):
        self.write(name, content)
        self.hb_error("run", name, *args, code=code, has=has)
        self.hb_error("compare", "--baseline", name, "--run", name, "--out", "out", *args, code=code, has=has)
        self.assertFalse(os.path.exists(self.path("reports")), "a refused file leaves no report")
        self.assertFalse(os.path.exists(self.path("out")))
        if os.path.exists(self.path("runs.db")):
            self.assertEqual(self.hb_json("runs", "list")["runs"], [])

    def test_empty(self):
        self.refuse("e.csv", b"", "'e.csv' is empty")
        self.refuse("b.csv", b"\n\n  \n", "is empty")

    def test_header_only(self):
        self.refuse("h.csv", b"time,temp\n", "no data rows")

    def test_binary(self):
        self.refuse("b.csv", bytes(range(1, 32)) * 50, "binary")
        self.refuse("elf.csv", b"\x7fELF" + bytes(100), "NUL byte")

    def test_nul_bytes(self):
        self.refuse("n.csv", b"a,b\n1,2\n" * 100 + b"3,\x004\n", "NUL byte at offset 802")
        self.refuse("late.csv", b"a,b\n" + b"1,2\n" * 500000 + b"3,\x004\n", "NUL byte at offset 2000006")

    def test_utf16_that_is_damaged(self):
        text = ("a,b\n" + "1,2\n" * 200).encode("utf-16")
        self.refuse("u.csv", text[:402] + b"\0\0" * 8 + text[402:], "NUL byte at offset 402")
        self.refuse("u32.csv", "a,b\n1,2\n".encode("utf-32"), ["UTF-32", "iconv"])

    def test_one_long_line(self):
        self.refuse("one.csv", b"0.25," * 1_000_000, ["no line end in its first 1048576 bytes"])

    def test_truncated_gzip(self):
        data = gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (i, i * i) for i in range(5000)))
        self.refuse("t.csv.gz", data[: len(data) // 2], "cut off")
        self.refuse("d.csv.gz", data[:200] + b"XXXX" + data[204:], ["damaged gzip"])
        self.refuse("g.csv.gz", data + b"garbage", "damaged gzip")

    def test_gzip_bomb(self):
        self.refuse("bomb.csv.gz", b"".join([gzip.compress(b"a,b\n" + b"0,0\n" * 5_000_000)] * 4),
                    "expands to more than 250 times")

    def test_open_quote(self):
        self.refuse("q.csv", b'a,b\n1,"2\n3,4\n', "never closed")

    def test_endless_line(self):
        self.refuse("l.csv", b"a,b\n" + b'"' + b"x" * (17 << 20), ["a record is longer than"])

    def test_too_many_columns(self):
        self.refuse("c.csv", (",".join(f"c{i}" for i in range(20001)) + "\n" + ",".join(["1"] * 20001) + "\n").encode(),
                    "at most 20000", )

    def test_missing_folder_unreadable(self):
        self.hb_error("run", "none.csv", code=2, has=["none.csv", "No such file"])
        os.mkdir(self.path("dir"))
        self.hb_error("run", "dir", code=2, has="metrics.csv")
        path = self.write("secret.csv", "a\n1\n")
        os.chmod(path, 0)
        if os.geteuid() != 0:
            self.hb_error("run", "secret.csv", code=2, has="Permission denied")
        self.hb_error("run", "/proc/self/mem", code=2, has="/proc/self/mem")

    def test_wrong_selection(self):
        self.write("a.csv", "x,y\n1,2\n3,4\n")
        self.hb_error("run", "a.csv", "--unit", "1-2", code=2, has="no unit column")
        self.hb_error("run", "a.csv", "--cycles", "5-1", code=2, has="--cycles must be like")
        self.hb_error("run", "a.csv", "--source", "nothing", code=2, has=["unknown source 'nothing'", "cmapss_fd001"])
        self.hb_error("run", "a.csv", "--source", "cmapss_fd001", code=2, has=["expects 26"])

    def test_units_that_cannot_be(self):
        self.write("metric_registry.yaml", "metrics: {lat: {unit: ms}}\n")
        self.refuse("kg.csv", b"metric,value,unit\nlat,1,kg\n", ["kg.csv:2:1", "cannot be converted to 'ms'"])
        self.refuse("what.csv", b"metric,value,unit\nlat,1,bananas\n", ["what.csv:2:1", "unknown unit 'bananas'"])
        self.refuse("c.csv", b"metric,value,unit\nlat,1,C\n", ["ambiguous unit 'C'"])

    def test_one_metric_under_two_names(self):
        self.write("metric_registry.yaml", "metrics: {lat: {aliases: [latency]}}\n")
        self.refuse("two.csv", b"metric,value\nlat,1\nlatency,2\n", ["two.csv:3", "both mean metric 'lat'"])

    def test_names_that_are_html_or_paths_stay_names(self):
        for name in ("<script>alert(1)</script>", "../../x", "a'b\"c&d", "=cmd|'x'"):
            quoted = '"' + name.replace('"', '""') + '"'
            self.write("a.csv", f"metric,value\n{quoted},1\n")
            self.write("b.csv", f"metric,value\n{quoted},9\n")
            s = self.hb_json("compare", "--baseline", "a.csv", "--run", "b.csv", "--out", "out")
            self.assertEqual(s["findings"][0]["metric"], name)
            with open(self.path("out/drift_report.html"), encoding="utf-8") as f:
                page = f.read()
            self.assertNotIn("<script", page)
            self.assertIn("&lt;script&gt;" if "<" in name else "<bdi>", page)
            self.assertEqual(sorted(os.listdir(self.path("."))), ["a.csv", "b.csv", "out"])

    def test_a_column_that_turned_to_garbage_is_a_finding(self):
        good = "".join(f"{i},{20 + i % 3},{5 + i % 2}\n" for i in range(200))
        bad = "".join(f"{i},ERR{i},{5 + i % 2}\n" for i in range(200))
        self.write("good.csv", "time,temp,volt\n" + good)
        self.write("bad.csv", "time,temp,volt\n" + bad)
        for source in ("auto", "custom_tabular"):
            s = self.hb_json("compare", "--baseline", "good.csv", "--run", "bad.csv", "--source", source,
                             "--fail-on", "none")
            rules = {(f["metric"], f["rule"]) for f in s["findings"]}
            self.assertTrue({("temp", "missing_metric"), ("temp", "unreadable")} & rules, rules)
            self.assertNotEqual(s["status"], "PASS" if source == "x" else "NO_TEST")
        half = "".join(f"{i},{'ERR' if i % 4 == 0 else 20 + i % 3},{5 + i % 2}\n" for i in range(200))
        self.write("half.csv", "time,temp,volt\n" + half)
        s = self.hb_json("compare", "--baseline", "good.csv", "--run", "half.csv")
        self.assertIn(("temp", "unreadable", "drift"), {(f["metric"], f["rule"], f["severity"]) for f in s["findings"]})
        self.assertIn("'ERR'", next(f["text"] for f in s["findings"] if f["rule"] == "unreadable"))

    def test_nan_and_infinity_are_findings(self):
        self.write("a.csv", "metric,value\nx,1\ny,1\n")
        for value in ("nan", "inf", "-Infinity"):
            self.write("b.csv", f"metric,value\nx,{value}\ny,1\n")
            s = self.hb_json("compare", "--baseline", "a.csv", "--run", "b.csv", "--out", "out")
            self.assertEqual(s["status"], "PASS_WITH_DRIFT")
            self.assertEqual(s["findings"][0]["rule"], "not_finite")
            with open(self.path("out/decision.json"), encoding="utf-8") as f:
                json.load(f)


class BadRunMeta(Case):
    def meta(self, text, has):
        self.write("a.csv", "metric,value\nx,1\n")
        self.write("m.json", text)
        self.hb_error("run", "a.csv", "--run-meta", "m.json", code=2, has=has)
        self.assertFalse(os.path.exists(self.path("reports")))

    def test_all(self):
        self.meta('{"run_id": "../../x"}', ["m.json:1:12", "cannot name a folder"])
        self.meta('{"run_id": "/etc/x"}', "cannot name a folder")
        self.meta('{"run_id": ""}{', "m.json")
        self.meta('{"program": 1, "program": 2}', ["m.json:1:16", "stands twice"])
        self.meta('{"progam": "x"}', ["m.json:1:2", "unknown key 'progam'", "did you mean 'program'"])
        self.meta('{"timestamps": {"start_utc": "yesterday"}}', ["m.json:1:", "must be a time"])
        self.meta('{"build": ["x"]}', ["'build' must be a map, got a list"])
        self.meta("", "empty")
        self.write("a.csv", "metric,value\nx,1\n")
        for bad in ("../x", ".hidden", "-x", "a/b", "a b", "x" * 129, "ü"):
            self.hb_error("run", "a.csv", "--run-id=" + bad, code=2, has="cannot name a folder")

    def test_json_with_tabs_is_json(self):
        self.write("a.csv", "metric,value\nx,1\n")
        self.write("m.json", '{\n\t"run_id":\t"tabbed",\n\t"program": "a\\tb"\n}\n')
        self.assertEqual(self.hb_json("ingest", "a.csv", "--run-meta", "m.json")["run_id"], "tabbed")


class BadConfiguration(Case):
    def refuse(self, text, has, name="metric_registry.yaml"):
        self.write(name, text)
        self.hb_error("config", "check", name, code=3, has=has)
        self.write("a.csv", "metric,value\nx,1\n")
        option = "--metric-registry" if name.startswith("metric") else "--baseline-policy"
        self.hb_error("compare", "--baseline", "a.csv", "--run", "a.csv", option, name, code=3, has=has)

    def test_registry(self):
        r = self.refuse
        r("metrics:\n  x: {drfit_percent: 5}\n", ["metric_registry.yaml:2:7", "unknown key 'drfit_percent'", "did you mean 'drift_percent'"])
        r("metrics:\n  x: {drift_threshold: banana}\n", ["2:24", "must be a finite number, got 'banana'"])
        r("metrics:\n  x: {drift_threshold: -1}\n", ["2:24", "at least 0"])
        r("metrics:\n  x: {drift_threshold: true}\n", "must be a finite number")
        r("metrics:\n  x: {drift_threshold: '5'}\n", "leave the quotes out")
        r("metrics:\n  x: {drift_threshold: .nan}\n", "finite number")
        r("metrics:\n  x: {critical: true}\n", ["2:3", "has no hard limit"])
        r("metrics:\n  x: {critical: maybe}\n", "true or false")
        r("metrics:\n  x: {unit: bananas}\n", ["2:13", "unknown unit 'bananas'"])
        r("metrics:\n  x: {aliases: [lat]}\n  y: {aliases: [LAT]}\n", ["3:17", "claimed by metric 'y' and by 'x' (line 2, column 17)"])
        r("metrics:\n  x: {distribution_drift: {ks_treshold: 0.1}}\n", "did you mean 'ks_threshold'")
        r("metrics:\n  x: {distribution_drift: {ks_threshold: 2}}\n", "between 0 and 1")
        r("metrics:\n  x: {reduce: average}\n", "one of median, mean")
        r("metrics:\n  x: {reduce: rate, drift_persistence: 3}\n", "no meaning")
        r("metrics:\n  x: {zero_baseline: ignore}\n", "without another change limit")
        r("metrics:\n  x: {invariant_min: 5, invariant_max: 1}\n", "above invariant_max")
        r("metrics:\n  x: {uncertainty: 1, fail_threshold: 3}\n", ["2:3", "only guards invariant_min"])
        r("metrics:\n  x: {invariant_min: 5, uncertainty: -1}\n", ["2:38", "at least 0"])
        r("metrics: {}\n", "'metrics' is missing or empty")
        r("metrics: [x]\n", "must be a map, got a list")
        r("version: '1'\n", "'metrics' is missing")
        r("metrics:\n  x: {}\nprograms:\n  p:\n    metrics:\n      y: {drift_percent: 1}\n", ["6:7", "does not declare"])
        r("metrics:\n  x: {}\nprograms:\n  p:\n    metrics:\n      x: {drift_percent: -1}\n", "6:26")
        r("metrics:\n  x: {drift_percent: 1}\n  x: {drift_percent: 2}\n", ["3:3", "stands twice, first in line 2"])
        r("metrics:\n\tx: {drift_percent: 1}\n", ["2:1", "tab"])
        r("metrics:\n  x: {drift_percent: 1\n", "not valid YAML")
        r("a: &a [1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n"
          "d: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e]\n", "aliases")
        r("metrics:\n  x: !!python/object:os.system {}\n", "tag ")
        r("metrics: {x: {}}\n---\nmetrics: {y: {}}\n", "second document")
        r("", "empty")
        r("\x00", "byte 0x00")
        r(b"metrics: {\xff: {}}\n", "byte 0xff")
        r("[" * 100 + "]" * 100, "nested deeper")
        r("metrics:\n  <<: {x: {}}\n", "merge keys")

    def test_policy(self):
        def r(text, has):
            self.refuse(text, has, name="baseline_policy.yaml")
        r("strategy: gold\n", ["1:11", "one of last_pass, tag, golden"])
        r("baseline_policy: {strategy: tag}\n", "needs the key 'tag'")
        r("context_match: []\n", "at least one")
        r("context_match: [weather]\n", ["1:17", "is no context field"])
        r("rolling_runs: 31\n", "between 1 and 30")
        r("rolling_runs: 1.5\n", "whole number")
        r("dual_baseline: {use_golden_for_hard_gates: 1}\n", "must be true or false")
        for q in ("0", "0.0", "1"):
            r(f"statistics:\n  n_min: 4\n  false_alarm_budget: {q}\n", ["3:23", "must be at least 1e-06 and below 1"])
        r("statistics: {false_alarm_budget: 1.5}\n", ["1:34", "between 0 and 1"])
        r("baseline_policy:\n  statistics: {false_alarm_budget: -0.1}\n", ["2:36", "between 0 and 1"])
        r("baseline_policy:\n  statistics: {false_alarm_budget: 0}\n", ["2:36", "finds nothing, ever"])
        r("statistics: {false_alarm_budget: 10%}\n", "must be a finite number")
        r("statistics: {n_min: 2}\n", "between 3 and 30")
        r("statistics: {retest: maybe}\n", "must be true or false")
        r("statistics: {retest_days: 0}\n", "between 1 and 3650")
        r("statistics: {budget: 0.1}\n", "unknown key 'budget'")
        r("baseline_policy: {}\nstrategy: golden\n", "unknown key 'strategy'")
        r("missing_data: {min_coverage: 2}\n", "between 0 and 1")
        r("governance: {require_approval: true, approvals_required: 3, approvers: [a]}\n", "only 1 approvers")

    def test_alias_within_reason_is_fine(self):
        self.write("m.yaml", "metrics:\n  x: &d {drift_percent: 5}\n  y: *d\n")
        self.assertIn("ok", self.hb("config", "check", "m.yaml"))

    def test_missing_named_configuration(self):
        self.write("a.csv", "metric,value\nx,1\n")
        self.hb_error("compare", "--baseline", "a.csv", "--run", "a.csv", "--metric-registry", "no.yaml", code=3, has="no.yaml")
        self.hb_error("config", "check", "no.yaml", code=3, has="no.yaml")


class BadRegistry(Case):
    def test_duplicate_run_id_with_other_content(self):
        self.write("a.csv", "metric,value\nx,1\n")
        self.write("b.csv", "metric,value\nx,2\n")
        self.hb("run", "a.csv", "--run-id", "same")
        with open(self.path("reports/same/decision.json"), "rb") as f:
            before = f.read()
        self.hb_error("run", "b.csv", "--run-id", "same", code=4, has="same")
        with open(self.path("reports/same/decision.json"), "rb") as f:
            self.assertEqual(f.read(), before)

    def test_newer_version(self):
        self.write("a.csv", "metric,value\nx,1\n")
        self.hb("ingest", "a.csv", "--run-id", "a")
        db = sqlite3.connect(self.path("runs.db"))
        db.execute("PRAGMA user_version=99")
        db.close()
        self.hb_error("run", "a.csv", "--run-id", "b", code=4, has=["runs.db", "newer"])
        self.assertFalse(os.path.exists(self.path("reports")))

    def test_not_a_registry(self):
        self.write("runs.db", "hello, this is no database at all, only text" * 10)
        self.hb_error("runs", "list", code=4, has="runs.db")
        self.hb_error("runs", "list", "--db", "nowhere.db", code=4, has="nowhere.db")
        self.assertFalse(os.path.exists(self.path("nowhere.db")))

    def test_locked(self):
        self.write("a.csv", "metric,value\nx,1\n")
        self.hb("ingest", "a.csv", "--run-id", "a")
        db = sqlite3.connect(self.path("runs.db"), isolation_level=None)
        db.execute("BEGIN EXCLUSIVE")
        self.hb_error("ingest", "a.csv", "--run-id", "b", code=4, has="locked")
        db.execute("ROLLBACK")
        self.hb("ingest", "a.csv", "--run-id", "b")

    def test_approval_required(self):
        self.write("a.csv", "metric,value\nx,1\n")
        self.write("baseline_policy.yaml", "governance: {require_approval: true}\n")
        self.hb("ingest", "a.csv", "--run-id", "a")
        self.hb_error("baseline", "set", "a", code=5, has="approv")
        self.hb_error("baseline", "set", "a", "--force", code=5, has="approv")

    def test_unknown_run(self):
        self.hb("init", ".")
        self.hb_error("analyze", "nobody", code=4, has="nobody")
        self.hb_error("runs", "show", "nobody", code=4, has="nobody")
        self.hb_error("baseline", "set", "nobody", code=4, has="nobody")
        self.hb_error("baseline", "show", "golden", code=4, has="golden")


if __name__ == "__main__":
    unittest.main()
