# SPDX-License-Identifier: Apache-2.0
"""The documents we write: valid by their schemas, canonical, and the same bytes whatever compiler, locale or time."""
import glob
import json
import os
import shutil
import sys
import unittest

from hbtest import HB, SOURCE, Case

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
    def check_folder(self, folder):
        for name in ("drift_report", "decision"):
            with open(os.path.join(folder, name + ".json"), "rb") as f:
                raw = f.read()
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
