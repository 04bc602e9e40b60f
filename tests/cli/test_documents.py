# SPDX-License-Identifier: Apache-2.0
"""The documents we write: valid by their schemas, canonical, and the same bytes whatever compiler, locale or time."""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

from hbtest import HB, SOURCE, Case

PRINT_REPORT = os.path.join(os.environ["HB_BUILD_DIR"], "tests", "e2e", "print_report")

try:
    import jsonschema
except ImportError:
    print("skipped: no jsonschema")
    sys.exit(77)

CASES = os.path.join(SOURCE, "samples", "cases")


def schema(name):
    with open(os.path.join(SOURCE, "schemas", name + ".schema.json"), encoding="utf-8") as f:
        s = json.load(f)
    jsonschema.Draft202012Validator.check_schema(s)
    return jsonschema.Draft202012Validator(s)


def no_constant(name):
    raise ValueError(name + " is no JSON")


class Documents(Case):
    def check(self, name, raw):
        document = json.loads(raw, parse_constant=no_constant)
        errors = [f"{e.json_path}: {e.message}" for e in schema(name).iter_errors(document)]
        self.assertEqual(errors, [])
        if name == "decision":
            # RFC 8785 for documents of ASCII keys and without exponents: sorted keys, no blanks
            again = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            self.assertEqual(json.loads(again), document)
            keys = []
            json.loads(raw, object_pairs_hook=lambda p: keys.append([k for k, _ in p]) or dict(p))
            for k in keys:
                self.assertEqual(k, sorted(k))
            self.assertNotIn(b"\n", raw)
        return document

    def check_folder(self, folder):
        for name in ("drift_report", "decision"):
            with open(os.path.join(folder, name + ".json"), "rb") as f:
                self.check(name, f.read())

    def test_what_layers_2_and_3_found_is_in_both_documents(self):
        raw = {what: subprocess.run([PRINT_REPORT, what], capture_output=True, check=True).stdout for what in ("decision", "json")}
        d = self.check("decision", raw["decision"])
        r = self.check("drift_report", raw["json"])
        self.assertEqual(d["statistics"], r["statistics"])
        self.assertEqual(d["layers"], ["declared_limits", "run_against_baseline", "history"])
        self.assertEqual(r["layers"], d["layers"])
        by_name = {c["metric"]: c for c in d["comparisons"]}
        self.assertEqual({c["metric"]: c.get("test", c.get("untested")) for c in r["comparisons"]},
                         {n: c.get("test", c.get("untested")) for n, c in by_name.items()})
        self.assertEqual(by_name["resets"]["untested"], "too_few_runs")
        one_sided = by_name["vibration_rms"]["test"]
        self.assertNotIn("low", one_sided)  # minus infinity
        self.assertNotIn("tost_p", one_sided)  # nothing declared
        self.assertEqual((one_sided["bad"], one_sided["moved"], one_sided["confirmed"], one_sided["n0"]), ("up", "up", True, 12))
        s = d["statistics"]
        self.assertEqual(s["set"]["run_ids"], [f"run-{i:02d}" for i in range(7, 19)])
        self.assertEqual((s["prior"]["history"]["first"], s["prior"]["history"]["last"], s["prior"]["history"]["runs"]), ("run-01", "run-18", 18))
        self.assertEqual([(x["metric"], x["run_id"], x["direction"]) for x in s["prior"]["suspicions"]],
                         [("battery", "run-18", "down"), ("vibration_rms", "run-18", "up")])
        self.assertEqual([x["outcome"] for x in s["retests"]], ["cleared", "confirmed"])
        self.assertEqual(s["order"]["until"], "2026-02-03T03:04:05Z")
        self.assertEqual(s["changes"][0]["seed"], "18364758544493064720")
        self.assertEqual(len(s["relation"]["parts"]), 5)
        for text in raw.values():
            self.assertNotRegex(text.decode(), r'"(NaN|-?Infinity)"')

    def test_the_schemas_know_every_rule(self):
        with open(os.path.join(SOURCE, "src", "decide", "decision.h"), encoding="utf-8") as f:
            rules = re.findall(r'\bX\([A-Z0-9_]+,\s*"(\w+)"', f.read())
        self.assertGreater(len(rules), 20)
        for name in ("decision", "drift_report"):
            s = schema(name).schema
            self.assertEqual(s["properties"]["findings"]["items"]["properties"]["rule"]["enum"], rules, name)

    def varied(self):
        """Runs that together reach every kind of finding a file can cause."""
        series = "".join(f"2026-01-05T10:{i // 60:02d}:{i % 60:02d}Z,{20 + i % 5},{i % 3},{i}\n" for i in range(300))
        worse = "".join(f"2026-01-05T10:{i // 60:02d}:{i % 60:02d}Z,{'ERR' if i % 3 == 0 else 29 + i % 5},{'inf' if i == 7 else 9 * (i % 3)},{i}\n"
                        for i in range(300))
        yield "time,a,b,c\n" + series, "time,a,b,c\n" + worse
        yield "metric,value,unit\nx,1,ms\ny,0,\nz,1,V\n", "metric,value,unit\nx,nan,ms\ny,3,\nz,1,kg\nw,1,\n"
        yield "metric,value\nx,1\n", "metric,value\ny,1\n"
        yield "metric,value\nx,1e308\ny,5\n", "metric,value\nx,-1e308\ny,5\ny,6\n"

    def test_reports_and_decisions_satisfy_their_schemas(self):
        for i, (base, run) in enumerate(self.varied()):
            self.write("base.csv", base)
            self.write("run.csv", run)
            self.hb("compare", "--baseline", "base.csv", "--run", "run.csv", "--out", f"out{i}", "--fail-on", "none")
            self.check_folder(self.path(f"out{i}"))
        for case in glob.glob(CASES + "/*/current.csv"):
            folder = os.path.dirname(case)
            self.hb("compare", "--baseline", folder + "/baseline.csv", "--run", case, "--out", "case", "--fail-on", "none",
                    "--metric-registry", CASES + "/metric_registry.yaml", "--run-meta", CASES + "/run_meta.json")
            self.check_folder(self.path("case"))
        self.write("a.csv", "metric,value\nx,1\n")
        self.hb("run", "a.csv", "--run-id", "first")
        self.check_folder(self.path("reports/first"))

    def decisions(self, binary, env):
        out = []
        for i, (base, run) in enumerate(self.varied()):
            self.write("base.csv", base)
            self.write("run.csv", run)
            r = self.run_hb("compare", "--baseline", "base.csv", "--run", "run.csv", "--out", f"o{i}", "--fail-on", "none",
                            env=env, binary=binary)
            self.assertEqual(r.returncode, 0, r.stderr)
            with open(self.path(f"o{i}/decision.json"), "rb") as f:
                out.append(f.read())
        return out

    def test_decision_is_the_same_bytes_in_any_locale_and_time_zone(self):
        plain = self.decisions(HB, {})
        self.assertEqual(plain, self.decisions(HB, {"LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8", "TZ": "Asia/Kathmandu"}))
        self.assertEqual(plain, self.decisions(HB, {"LC_ALL": "tr_TR.UTF-8", "TZ": "America/St_Johns"}))

    def test_decision_is_the_same_bytes_from_both_compilers(self):
        builds = [os.path.join(SOURCE, "build", p, "hb") for p in ("release", "release-clang", "asan", "dev")]
        newest = max(os.path.getmtime(p) for p in glob.glob(os.path.join(SOURCE, "src", "**", "*.[ch]"), recursive=True))
        builds = [b for b in builds if os.path.exists(b) and os.path.getmtime(b) >= newest]
        if len(builds) < 2:
            self.skipTest("fewer than two builds of the present sources")
        first = self.decisions(builds[0], {})
        for other in builds[1:]:
            self.assertEqual(first, self.decisions(other, {}), other)

    def test_equal_inputs_give_equal_pages_but_for_the_time(self):
        self.decisions(HB, {})
        pages = []
        for out in ("one", "two"):
            self.hb("compare", "--baseline", "base.csv", "--run", "run.csv", "--out", out, "--fail-on", "none")
            with open(self.path(out + "/drift_report.html"), encoding="utf-8") as f:
                pages.append(f.read().split("<footer>")[0])
        self.assertEqual(pages[0], pages[1])


if __name__ == "__main__":
    unittest.main()
