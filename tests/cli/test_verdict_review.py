# SPDX-License-Identifier: Apache-2.0
"""The statistical verdict worked out a second time, with numpy and scipy, from what docs/verdict.md
says; and what must stay out of a set of runs."""
import json
import math
import random
import sqlite3
import unittest
from datetime import datetime, timedelta, timezone

import numpy as np
from scipy import stats

from hbtest import Case

POLICY = "strategy: last_pass\nfallback: latest\n"
KINDS = ("normal", "constant", "whole", "coarse", "skewed", "large", "tiny", "negative", "zeros", "far")


def draw(rng, kind):
    return {"normal": lambda: f"{rng.gauss(100, 1):.4f}", "constant": lambda: "7.5", "whole": lambda: str(int(rng.gauss(50, 5))),
            "coarse": lambda: f"{round(rng.gauss(5, .3) * 2) / 2:.1f}", "skewed": lambda: f"{math.exp(rng.gauss(1, .8)):.5g}",
            "large": lambda: f"{1e36 * (1 + rng.gauss(0, .1)):.6e}", "tiny": lambda: f"{1e-300 * (1 + rng.gauss(0, .1)):.6e}",
            "negative": lambda: f"{-abs(rng.gauss(50, 2)):.4f}", "zeros": lambda: rng.choice(("0", "0", "0", "1")),
            "far": lambda: f"{1e6 + rng.gauss(0, .01):.6f}"}[kind]()


def last_digit(text):
    figure, _, exponent = text.partition("e")
    return float(f"1e{int(exponent or 0) - len(figure.partition('.')[2])}")


def run_test(texts, now, declared, n_min=3):
    """(t, dof, p, moved, direction); None where the metric cannot be tested."""
    v, x = np.array([float(a) for a in texts]), float(now)
    if len(v) < n_min:
        return None
    u = declared.get("resolution") or min(last_digit(a) for a in (*texts, now))
    sigma, nu = declared.get("sigma_ref", 0.0), declared.get("sigma_dof", 0.0)
    unit = 10.0 ** math.floor(math.log10(max(abs(x), *abs(v), u)))  # so that no square is lost
    if declared.get("transform") == "log":
        if x <= 0 or min(v) <= 0:
            return None
        was = math.exp(np.log(v).mean())
        u, sigma, unit, moved = u / was, sigma / was, 1.0, abs(x - was)
        v, x = np.log(v), math.log(x)
    else:
        moved = abs(x - math.fsum(v) / len(v))
    v, x, u, sigma = v / unit, x / unit, u / unit, sigma / unit
    mean = math.fsum(v) / len(v)
    dof = len(v) - 1 + nu
    s = math.sqrt((((v - mean) ** 2).sum() + nu * sigma ** 2) / dof + u ** 2 / 12)
    t = (x - mean) / (s * math.sqrt(1 + 1 / len(v)))
    p = {"up": stats.t.sf(t, dof), "down": stats.t.cdf(t, dof)}.get(declared.get("direction"), 2 * stats.t.sf(abs(t), dof))
    return t, dof, p, moved, (t > 0) - (t < 0)


def step_up(p, level):
    order = np.argsort(p)
    passed = [k for k, i in enumerate(order, 1) if p[i] <= level * k / len(p)]
    return set(order[:passed[-1]] if passed else [])


class VerdictReview(Case):
    def setUp(self):
        super().setUp()
        self.rng = random.Random(4)
        self.write("baseline_policy.yaml", POLICY)

    def hand_in(self, command, run_id, day, values, *args, code=0, **meta):
        start = datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(days=day)
        self.write(f"{run_id}.csv", "metric,value\n" + "".join(f"{k},{v}\n" for k, v in values.items()))
        self.write(f"{run_id}.json", json.dumps({"run_id": run_id, "program": "p", "test_name": "t", **meta,
                                                 "timestamps": {"start_utc": start.strftime("%Y-%m-%dT%H:%M:%SZ")}}))
        return self.hb(command, f"{run_id}.csv", "--run-meta", f"{run_id}.json", *args, code=code)

    def decision(self, run_id):
        with open(self.path(f"reports/{run_id}/decision.json"), encoding="utf-8") as f:
            return json.loads(f.read(), parse_constant=self.fail)

    def judge(self, run_id, day, values, *args, code=0):
        self.hand_in("run", run_id, day, values, *args, code=code)
        return self.decision(run_id)

    def judge_again(self, run_id, *args):
        self.hb("analyze", run_id, *args)
        return self.decision(run_id)

    def baseline(self, n):
        for i in range(n):
            self.hand_in("ingest", f"b{i}", i, {"x": f"{self.rng.gauss(10, .1):.3f}", "y": f"{self.rng.gauss(5, .1):.3f}"})

    @staticmethod
    def set_of(d):
        return d["statistics"]["set"]["run_ids"]

    @staticmethod
    def found(d, *rules):
        return {(f["metric"], f["rule"]) for f in d["findings"] if f["rule"] in rules}

    # --- the arithmetic ---

    def declare(self, rng):
        d = {}
        if rng.random() < .3:
            d["direction"] = rng.choice(("up", "down"))
        if rng.random() < .2:
            d["transform"] = "log"
        if rng.random() < .3:
            d.update(sigma_ref=rng.choice((.5, 2.5)), sigma_dof=rng.choice((4, 12.5, 100)))
        if rng.random() < .2:
            d["resolution"] = rng.choice((.01, .5))
        if rng.random() < .3:
            d["min_effect"] = rng.choice((.1, 3, 20))
        return {**d, "drift_threshold": 1e300}

    def compare(self, d, history, now, declared, q):
        tests = {}
        for c in d["comparisons"]:
            name = c["metric"]
            texts = [r[name] for r in history if name in r]
            want = run_test(texts, now[name], declared[name]) if name in now else None
            self.assertEqual("test" in c, want is not None, (name, c.get("untested"), texts))
            if want:
                tests[name] = (c["test"], want)
        names = sorted(tests)
        rejected = {names[i] for i in step_up([tests[n][1][2] for n in names], .8 * q)} if names else set()
        for name in names:
            got, (t, dof, p, moved, direction) = tests[name]
            lost = 1e-15 * abs(float(now[name])) / got["sd"] if not got["log"] else 1e-14 / got["sd"]
            self.assertEqual(got["dof"], dof, name)
            self.assertLessEqual(abs(got["t"] - t), 1e-9 * abs(t) + 4 * lost, name)
            self.assertLessEqual(abs(got["p"] - p), 1e-7 * p * (1 + abs(t) + dof * lost) + 4 * lost * p * (1 + abs(t)) + 1e-300, name)
            self.assertEqual(got["rejected"], name in rejected, name)
            small = moved < declared[name].get("min_effect", 0)
            self.assertEqual(got["suspected"], name in rejected and not small, name)
            if name in rejected:
                self.assertEqual(got["moved"], {1: "up", -1: "down"}[direction], name)
        return {n: t[1][4] for n, t in tests.items() if t[0]["suspected"]}

    def test_the_test_worked_out_again(self):
        for seed in range(6):
            rng = random.Random(seed)
            where = f"w{seed}"
            n0, q = rng.choice((3, 5, 9)), rng.choice((.05, .1, .5))
            kinds = {f"{kind}_{i}": kind for i, kind in enumerate(rng.sample(KINDS, 8))}
            declared = {name: self.declare(rng) for name in kinds}
            self.write(f"{where}/metric_registry.yaml", "metrics: " + json.dumps(declared).replace("1e+300", "1.0e+300") + "\n")
            self.write(f"{where}/baseline_policy.yaml", POLICY + f"statistics: {{false_alarm_budget: {q}}}\n")
            runs = [{n: draw(rng, k) for n, k in kinds.items() if rng.random() < .9} for _ in range(n0 + 1)]
            for i, values in enumerate(runs):
                self.hand_in("ingest" if i < n0 else "run", f"r{i}", i, values, "--workspace", where)
            with open(self.path(f"{where}/reports/r{n0}/decision.json"), encoding="utf-8") as f:
                d = json.loads(f.read(), parse_constant=self.fail)
            self.assertEqual(self.set_of(d), [f"r{i}" for i in range(n0)])
            self.compare(d, runs[:n0], runs[n0], declared, q)

    # --- what stays out of a set ---

    def test_a_confirmed_run_decided_again_stays_confirmed(self):
        self.baseline(8)
        self.assertEqual(self.found(self.judge("s1", 10, {"x": 11.5, "y": 5}), "suspected"), {("x", "suspected")})
        self.assertEqual(self.found(self.judge("s2", 11, {"x": 11.4, "y": 5}), "confirmed"), {("x", "confirmed")})
        self.judge("s3", 12, {"x": 10, "y": 5})
        d = self.judge_again("s1")
        # Its own retest, which confirmed it, is no part of the runs it is compared with.
        self.assertEqual(self.set_of(d), [f"b{i}" for i in range(8)] + ["s3"])
        self.assertEqual(self.found(d, "suspected"), {("x", "suspected")})
        self.assertEqual(self.found(self.judge_again("s2"), "confirmed"), {("x", "confirmed")})
        self.assertEqual(self.set_of(self.judge_again("b3")), [f"b{i}" for i in range(8) if i != 3] + ["s3"])

    def test_runs_whose_mean_is_suspected_are_suspect(self):
        self.baseline(8)
        clean = [f"b{i}" for i in range(8)]
        for i in (1, 2):
            self.hand_in("ingest", f"p{i}", 9 + i, {"x": 11.4 + i / 10, "y": 5})
        d = self.judge("s", 12, {"x": 11.5, "y": 5}, "--with", "p1", "--with", "p2")
        self.assertEqual((self.set_of(d), self.found(d, "suspected")), (clean, {("x", "suspected")}))
        self.assertEqual(self.set_of(self.judge_again("p1")), clean)  # nor is s in the set of its partner
        self.assertIn("suspected", self.hb("baseline", "create", "--runs", "p2,b0,b1,b2"))
        self.hand_in("ingest", "q", 13, {"x": 11.5, "y": 5})
        d = self.judge("t", 14, {"x": 11.4, "y": 5}, "--with", "q")
        self.assertEqual((self.set_of(d), self.found(d, "confirmed")), (clean, {("x", "confirmed")}))
        self.assertEqual(self.set_of(self.judge("u", 15, {"x": 10, "y": 5})), clean)

    def test_a_table_handed_in_again_under_another_name_confirms_nothing(self):
        self.baseline(8)
        self.judge("s", 10, {"x": 11.5, "y": 5})
        with open(self.path("s.json"), encoding="utf-8") as f:
            meta = json.load(f)
        self.write("again.json", json.dumps({**meta, "run_id": "t"}))
        self.hb("run", "s.csv", "--run-meta", "again.json")
        d = self.decision("t")
        self.assertEqual((d["statistics"]["retests"], self.found(d, "confirmed", "suspected")), ([], {("x", "suspected")}))
        # Without a time nothing tells a repeated table from a copy: the next one is the retest.
        for name in ("u", "v"):
            self.hb("run", "s.csv", "--run-id", name, "--program", "p", "--test-name", "t")
        self.assertEqual(self.found(self.decision("v"), "confirmed"), {("x", "confirmed")})

    def test_more_suspicions_than_can_be_looked_at_are_an_error(self):
        self.baseline(8)
        self.judge("s", 10, {"x": 11.5, "y": 5})
        with sqlite3.connect(self.path("runs.db")) as db:  # a list cut short would let suspect runs into sets
            columns = "decision, run, metric, direction, raised_ns, until_ns, step, logarithm, n_set"
            db.execute(f"WITH RECURSIVE k(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM k WHERE i < 100000) "
                       f"INSERT INTO suspicions({columns}) SELECT {columns} FROM suspicions, k")
        db.close()
        self.hand_in("ingest", "t", 11, {"x": 10, "y": 5})
        self.hb_error("analyze", "t", code=2, has="100000 suspicions or more")

    # --- since when, and with what ---

    def test_a_factor_that_goes_to_and_fro_is_not_named(self):
        for i in range(20):
            x = self.rng.gauss(10, .1) + (2 if i >= 14 else 0)
            self.hand_in("ingest" if i < 19 else "run", f"r{i:02}", i, {"x": f"{x:.3f}"},
                         build={"build_id": "AB"[i >= 14]}, factors={"rig": "PQ"[i % 2], "unit": "u1" if 9 <= i < 14 else "u0"})
        change, = self.decision("r19")["statistics"]["changes"]
        self.assertEqual((change["metric"], change["run_id"]), ("x", "r14"))
        # The rig alternates; u1 was left for good when the change came.
        self.assertEqual(change["with"], "build B (was A), unit u0 (was u1)")


if __name__ == "__main__":
    unittest.main()
