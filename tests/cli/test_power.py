# SPDX-License-Identifier: Apache-2.0
"""hb power: the figures against scipy, the choices of baseline, the three ways it is shown."""
import json
import math
import os
import sys
import unittest

from hbtest import SOURCE, Case

try:
    import jsonschema
    import numpy as np
    from scipy import integrate, optimize, stats
except ImportError:
    print("skipped: no scipy or jsonschema")
    sys.exit(77)

REGISTRY = """metrics:
  plain: {unit: ms}
  effect: {unit: ms, min_effect: 3}
  up: {unit: ms, direction: up}
  governed: {unit: ms, sigma_ref: 1.5, sigma_dof: 20}
  logs: {unit: ms, transform: log, min_effect: 5}
  fine: {unit: ms, resolution: 2}
"""


def found(shift, sd, n0, m, dof, alpha, side):
    away = shift / (sd * math.sqrt(1 / m + 1 / n0))
    if side:
        return stats.nct.sf(stats.t.isf(alpha, dof), dof, away)
    cut = stats.t.isf(alpha / 2, dof)
    return stats.nct.sf(cut, dof, away) + stats.nct.cdf(-cut, dof, away)


def tost(margin, sd, n0, m, dof):
    """Power of two one-sided tests at 5 % when nothing moved, over the distribution of s."""
    half = margin / (sd * math.sqrt(1 / m + 1 / n0))
    cut = stats.t.isf(0.05, dof)
    density = stats.chi2(dof).pdf
    return integrate.quad(lambda c: density(c) * (2 * stats.norm.cdf(half - cut * math.sqrt(c / dof)) - 1), 0,
                          dof * (half / cut) ** 2, epsabs=1e-12, limit=400)[0]


def first(low, high, enough):
    """The smallest number that is enough, by bisection; 0 = none up to high."""
    if not enough(high):
        return 0
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low


class Power(Case):
    def make(self, n=8, **more):
        rng = np.random.default_rng(5)
        self.hb("init", ".")
        self.write("metric_registry.yaml", REGISTRY)
        self.write("baseline_policy.yaml", "baseline_policy: {strategy: last_pass, fallback: latest}\n")
        values = {}
        for k in range(n):
            text = "metric,value,unit\n"
            for i, name in enumerate(["plain", "effect", "up", "governed", "logs", "fine"]):
                v = round(50 + 10 * i + float(rng.normal()), 3)
                values.setdefault(name, []).append(v)
                text += f"{name},{v},ms\n"
            if k < 2:
                text += "rare,1,\n"
            self.ingest(f"run-{k}", text, k, **more)
        return values

    def ingest(self, run_id, text, day, test="soak"):
        self.write("run.csv", text)
        self.write("meta.json", json.dumps({"program": "rig", "test_name": test, "timestamps": {"start_utc": f"2026-01-{day + 1:02d}T03:00:00Z"}}))
        self.hb("ingest", "run.csv", "--run-id", run_id, "--run-meta", "meta.json")

    def test_the_figures_are_scipys(self):
        values = self.make()
        with open(os.path.join(SOURCE, "schemas", "power.schema.json"), encoding="utf-8") as f:
            schema = json.load(f)
        jsonschema.Draft202012Validator.check_schema(schema)
        for args in ((), ("--runs", "3"), ("--shift", "2.5", "--target-power", "0.9")):
            d = self.hb_json("power", *args)
            jsonschema.validate(d, schema, jsonschema.Draft202012Validator)
            self.assertEqual(d["set"]["run_ids"], [f"run-{k}" for k in range(7)])  # the newest is the run under test
            self.assertEqual((d["metrics_testable"], d["false_alarm_budget"]), (6, 0.1))
            alpha = 0.08 / 6
            self.assertAlmostEqual(d["level"], alpha, 15)
            by = {x["metric"]: x for x in d["metrics"]}
            self.assertEqual(by["rare"], {"metric": "rare", "unit": "", "n0": 2, "untested": "too_few_runs"})
            m, wanted = d["new_runs"], d["power_wanted"]
            for name, series in values.items():
                with self.subTest(name=name, args=args):
                    self.check(by[name], name, np.array(series[:7]), m, alpha, wanted, 2.5 if "--shift" in args else None)

    def check(self, x, name, v, m, alpha, wanted, shift):
        near = lambda a, b, rel=1e-6: self.assertLess(abs(a - b), rel * abs(b) + 1e-9, f"{name}: {a} {b}")
        n0, log, side = len(v), name == "logs", name == "up"
        scale = math.exp(np.log(v).mean()) if log else 1
        w = np.log(v) if log else v
        nu, ref = (20, 1.5) if name == "governed" else (0, 0)
        step = (2 if name == "fine" else 0.001) / scale
        dof = n0 - 1 + nu
        sd = math.sqrt(((n0 - 1) * w.var(ddof=1) + nu * ref * ref) / dof + step * step / 12)
        self.assertEqual((x["n0"], x["dof"], x["log"], x["bad"]), (n0, dof, log, "up" if side else "both"))
        near(x["sd"], sd)
        near(x["mean"], scale if log else v.mean())
        unit = lambda s: scale * math.expm1(s) if log else s
        on_scale = lambda e: math.log1p(e / scale) if log else e
        detectable = optimize.brentq(lambda s: found(s * sd, sd, n0, m, dof, alpha, side) - wanted, 0.01, 100, xtol=1e-13)
        near(x["detectable_sigma"], detectable)
        near(x["detectable"], unit(detectable * sd))
        effect = {"effect": 3, "logs": 5}.get(name)
        target = shift or effect or unit(2 * sd)
        near(x["target"], target)
        self.assertEqual(x["target_is"], "shift" if shift else "min_effect" if effect else "two_sd")
        near(x["power"], found(on_scale(target), sd, n0, m, dof, alpha, side))
        enough = first(2, 1000, lambda n: found(on_scale(target), sd, n, m, n - 1 + nu, alpha, side) >= wanted)
        self.assertEqual(x["runs_needed"], enough)
        self.assertEqual(x["new_runs_needed"], first(1, 100, lambda k: found(on_scale(target), sd, n0, k, dof, alpha, side) >= wanted))
        if effect:
            near(x["tost_power"], tost(on_scale(effect), sd, n0, m, dof), 1e-5)
        else:
            self.assertNotIn("tost_power", x)
        for point in x["curve"]:
            near(point["power"], found(point["sigmas"] * sd, sd, n0, m, dof, alpha, side), 1e-6)

    def test_a_decision_says_the_same_of_what_it_could_have_missed(self):
        self.make()
        judged = {t["metric"]: t["test"] for t in self.hb_json("analyze", "run-7", "--fail-on", "none")["tests"] if "test" in t}
        planned = {x["metric"]: x for x in self.hb_json("power")["metrics"] if "sd" in x}
        self.assertEqual(set(judged), set(planned))
        for name, t in judged.items():
            for key in ("n0", "mean", "sd", "dof", "detectable", "target", "runs_needed"):
                self.assertAlmostEqual(t[key], planned[name][key], delta=1e-7 * abs(t[key]), msg=f"{name} {key}")

    def test_what_is_shown(self):
        self.make()
        text = self.hb("power")
        self.assertLessEqual(max(map(len, text.splitlines())), 110)
        for words in ("7 baseline runs (as for run run-7), 1 new run", "6 of 7 metrics can be tested", "not testable: rare (too few runs: 2 of 3)",
                      "effect [ms]", "* 1 new run, + 3, o today", "baseline runs, at the target"):
            self.assertIn(words, text)
        text = self.hb("power", "--metric", "effect", "--html", "page.html", "--runs", "3")
        self.assertIn("power for effect: * 3 new runs, + 1", text)
        self.assertNotIn("plain", text)
        with open(self.path("page.html"), encoding="utf-8") as f:
            page = f.read()
        self.assertEqual(page.count("<svg"), 12)
        self.assertNotIn("<script", page)
        self.assertIn("cannot be tested: too few runs", page)

    def test_choices_and_errors(self):
        self.make()
        self.ingest("other-1", "metric,value\nx,1\n", 20, test="other")
        # the newest run is of the other test, which has no baseline runs yet, and then too few
        self.hb_error("power", code=4, has="there is no baseline for the test of run 'other-1'")
        self.ingest("other-2", "metric,value\nx,2\n", 21, test="other")
        self.assertIn("nothing can be tested yet: a metric needs 3 runs", self.hb("power"))
        self.assertEqual(self.hb_json("power", "--test-name", "soak")["newest_run"], "run-7")
        self.hb("baseline", "set", "run-3", "--tag", "trusted")
        tagged = self.hb_json("power", "--test-name", "soak", "--tag", "trusted")
        self.assertIn("run-3", tagged["set"]["run_ids"])
        self.hb_error("power", "--test-name", "soak", "--tag", "nosuch", code=4, has="there is no baseline")
        self.hb_error("power", "--test-name", "soak", "--version", "nosuch", code=4, has="nosuch")
        self.hb_error("power", "--tag", "a", "--version", "b", code=2, has="exclude each other")
        self.hb_error("power", "--target-power", "1", code=2, has="share below 1")
        self.hb_error("power", "--test-name", "soak", "--metric", "plane", code=2, has="'plane'")
        self.hb_error("power", "--test-name", "nosuch", code=4, has="no run is registered")
        self.hb_error("power", "--runs", "101", code=2, has="100")


if __name__ == "__main__":
    unittest.main()
