# SPDX-License-Identifier: Apache-2.0
"""The noise ledger: every count again from the stored decisions, every band by scipy."""
import collections
import json
import os
import random
import sqlite3
import sys
import unittest

from hbtest import SOURCE, Case

try:
    import jsonschema
    import numpy as np
    from scipy import stats
except ImportError:
    print("skipped: no scipy or jsonschema")
    sys.exit(77)

METRICS = [f"m{i}" for i in range(8)]
REGISTRY = "metrics:\n" + "".join(f"  {m}: {{unit: ms}}\n" for m in METRICS) + "  capped: {unit: ms, invariant_max: 60}\n"
POLICY = "baseline_policy: {strategy: golden, fallback: none, statistics: {false_alarm_budget: %s}}\n"


def band(k, n, confidence):
    if n == 0:
        return 0, 1
    b = stats.binomtest(k, n, 0.5).proportion_ci(confidence, "exact")
    return b.low, b.high


def verdict(f, u, clean, q, confidence):
    """From the limits themselves: within, above, or neither, whatever the unknown are."""
    if clean and band(f + u, clean, confidence)[1] <= q:
        return "within"
    if clean - u and band(f, clean - u, confidence)[0] > q:
        return "above"
    return "cannot_tell"


class Trust(Case):
    def setUp(self):
        super().setUp()
        self.hb("init", ".")
        self.write("metric_registry.yaml", REGISTRY)
        self.write("baseline_policy.yaml", POLICY % 0.3)
        self.rng = random.Random(11)
        self.day = 0

    def make(self, run_id, shift=None, program="rig", capped=50):
        values = {m: self.rng.gauss(50, 1) + (shift or {}).get(m, 0) for m in METRICS}
        values["capped"] = capped + self.rng.gauss(0, 1)
        self.write("run.csv", "metric,value,unit\n" + "".join(f"{m},{v:.3f},ms\n" for m, v in values.items()))
        self.write("meta.json", json.dumps({"program": program, "test_name": "soak", "timestamps": {
            "start_utc": f"2026-{1 + self.day // 28:02d}-{1 + self.day % 28:02d}T03:00:00Z"}}))
        self.day += 1
        self.hb("ingest", "run.csv", "--run-id", run_id, "--run-meta", "meta.json")

    def baseline(self, program="rig", n=6):
        names = [f"{program}-b{i}" for i in range(n)]
        for name in names:
            self.make(name, program=program)
        v = self.hb_json("baseline", "create", "--runs", *names)["version"]
        self.hb("baseline", "promote", "--version", v, "--tag", "golden", "--yes", "--override-quality", "a test")

    def judge(self, run_id, *args, **kw):
        self.make(run_id, **kw)
        return self.hb_json("analyze", run_id, "--fail-on", "none", *args)

    def trust(self, *args):
        d = self.hb_json("trust", *args)
        with open(os.path.join(SOURCE, "schemas", "trust.schema.json"), encoding="utf-8") as f:
            schema = json.load(f)
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.validate(d, schema, jsonschema.Draft202012Validator)
        for line in [d["all"], *d["programs"], *d["metrics"]]:
            self.check_line(line)
        return d

    def check_line(self, x):
        clean = x["runs"] - x["true"] - x["missed"]
        f, u, q, confidence = x["false"], x["unknown"], x["promised"], x["confidence"]
        for key, k, n in (("if_unknown_true", f, clean - u), ("if_unknown_false", f + u, clean)):
            s = x[key]
            self.assertEqual((s["false_alarms"], s["clean"]), (k, n))
            low, high = band(k, n, confidence)
            self.assertAlmostEqual(s["low"], low, 11)
            self.assertAlmostEqual(s["high"], high, 11)
            self.assertEqual(s.get("share"), k / n if n else None)
        self.assertEqual(x["verdict"], verdict(f, u, clean, q, confidence))
        if x["verdict"] == "within":
            self.assertEqual((x["clean_needed_at_best"], x["clean_needed_as_it_is"]), (0, 0))
        else:
            n = x["clean_needed_at_best"]
            self.assertEqual(n > 0, q > 0)
            self.assertTrue(n == 0 or band(f + u, n, confidence)[1] <= q)
            self.assertTrue(n <= max(clean, 1) or band(f + u, n - 1, confidence)[1] > q)
        if x["verdict"] == "cannot_tell" and clean:
            n, k, tail = np.arange(clean + 1, 10001), f + u, (1 - confidence) / 2
            told = (stats.binom.cdf(-(-k * n // clean), n, q) <= tail) | (stats.binom.sf(k * n // clean - 1, n, q) < tail)
            self.assertEqual(x["clean_needed_as_it_is"], n[told][0] if told.any() else 0)

    def again(self, d, covered=()):
        """The ledger from the registry's own tables."""
        db = sqlite3.connect(self.path("runs.db"))
        marks = {}
        for run, metric, rule, mark in db.execute("SELECT r.run_id, f.metric, f.rule, f.mark FROM feedback f JOIN decisions d ON d.id = f.decision"
                                                  " JOIN runs r ON r.id = d.run ORDER BY f.id"):
            marks[run, metric, rule] = mark
        state = {(run, metric): (event, by) for run, metric, event, by in db.execute(
            "SELECT r.run_id, s.metric, l.event, c.run_id FROM suspicions s JOIN runs r ON r.id = s.run JOIN suspicion_log l ON l.suspicion = s.id"
            " JOIN runs c ON c.id = l.run ORDER BY l.id")}

        def answer(run, metric, rule):
            mark = marks.get((run, metric, rule))
            if mark:
                return "false" if mark == "too_sensitive" else "true"
            if rule == "confirmed":
                return "true"
            event, by = state.get((run, metric), ("open", "")) if rule == "suspected" else ("open", "")
            if event == "confirmed":
                return "false" if marks.get((by, metric, "confirmed")) == "too_sensitive" else "true"
            return "false" if event == "cleared" else "unknown"

        def outcome(answers, missed):
            return "true" if "true" in answers else "missed" if missed else "unknown" if "unknown" in answers else "false" if answers else ""

        total, flagged, limits = collections.Counter(), 0, collections.Counter()
        per, shares = collections.defaultdict(collections.Counter), collections.defaultdict(list)
        alarms = set()
        for run, text in db.execute("SELECT r.run_id, d.json FROM runs r JOIN decisions d ON d.id = r.latest_decision"):
            j = json.loads(text)
            if run in covered:
                continue
            heavy = [(f["metric"], f["rule"]) for f in j["findings"] if f["severity"] in ("drift", "fail")]
            tests = [f for f in heavy if f[1] in ("suspected", "confirmed", "relation")]
            capped = [f for f in heavy if f[1] == "invariant_max"]
            self.assertEqual(len(heavy), len(tests) + len(capped))
            alarms |= {(run, m, r, answer(run, m, r)) for m, r in heavy}
            if j["verdict"] != "NO_TEST":
                limits["runs"] += 1
                limits["flagged"] += bool(capped)
            s = j["statistics"]
            if not s["ran"]:
                continue
            missed = {c["metric"] for c in j["comparisons"] if marks.get((run, c["metric"], "")) == "missed"
                      and c["metric"] not in {m for m, _ in heavy}}
            total["runs"] += 1
            flagged += bool(tests)
            total[outcome([answer(run, m, r) for m, r in tests], missed)] += 1
            for c in j["comparisons"]:
                name = c["metric"]
                mine = [answer(run, m, r) for m, r in tests if m == name]
                if "test" in c or mine:
                    per[name]["runs"] += 1
                    per[name][outcome(mine, name in missed)] += 1
                    if "test" in c:
                        shares[name].append(s["bh_level"] * (s["n_rejected"] + (not c["test"]["rejected"])) / s["n_tested"])
        keys = ("runs", "false", "true", "unknown", "missed")
        self.assertEqual([d["all"][k] for k in keys], [total[k] for k in keys])
        self.assertEqual(d["all"]["flagged"], flagged)
        self.assertEqual({m["metric"]: [m[k] for k in keys] for m in d["metrics"]}, {m: [c[k] for k in keys] for m, c in per.items()})
        for m in d["metrics"]:
            self.assertAlmostEqual(m["promised"], sum(shares[m["metric"]]) / m["runs"], 12)
            self.assertAlmostEqual(m["confidence"], 1 - 0.05 / len(per), 14)
        self.assertEqual((d["limits"]["runs"], d["limits"]["flagged"]), (limits["runs"], limits["flagged"]))
        self.assertEqual({(a["run_id"], a["metric"], a["rule"], a["answer"]) for a in d["alarms"]}, alarms)
        rank = [(-m["false"], -m["unknown"], m["program"], m["metric"]) for m in d["metrics"]]
        self.assertEqual(rank, sorted(rank))

    def test_forty_clean_runs_some_drifted_marks_and_retests(self):
        self.baseline()
        for i in range(40):
            self.judge(f"clean-{i}")
        d = self.trust()
        self.again(d)
        self.assertEqual((d["all"]["runs"], d["runs"]["not_judged"]), (40, 6))
        self.assertGreater(d["all"]["flagged"], 2)  # a budget of 0.3: there is something to count
        self.judge("bad-1", shift={"m3": 40})
        self.judge("bad-2", shift={"m3": 40})  # confirms it
        self.judge("bad-3", shift={"m4": -30})
        self.judge("good", capped=70)          # clears it
        self.judge("slip")
        d = self.trust()
        self.again(d)
        by = {(a["run_id"], a["metric"], a["rule"]): (a["answer"], a["because"]) for a in d["alarms"]}
        self.assertEqual(by["bad-1", "m3", "suspected"], ("true", "retest"))
        self.assertEqual(by["bad-2", "m3", "confirmed"], ("true", "retest"))
        self.assertEqual(by["bad-3", "m4", "suspected"], ("false", "retest"))
        self.assertEqual(by["good", "capped", "invariant_max"], ("unknown", ""))

        # marks: one against the retest, one on an unknown flag, one on what nobody found
        self.hb("feedback", "bad-3", "--metric", "m4", "--rule", "suspected", "--mark", "correct", "--by", "ann", "--note", "the valve stuck")
        self.hb("feedback", "good", "--metric", "capped", "--rule", "invariant_max", "--mark", "too_sensitive")
        quiet = next(m for m in METRICS if ("slip", m, "suspected") not in by and ("slip", m, "confirmed") not in by)
        self.hb("feedback", "slip", "--metric", quiet, "--mark", "missed")
        d = self.trust()
        self.again(d)
        self.assertEqual((d["marks"], d["missed"]), (3, 1))
        by = {(a["run_id"], a["metric"], a["rule"]): (a["answer"], a["because"]) for a in d["alarms"]}
        self.assertEqual(by["bad-3", "m4", "suspected"], ("true", "mark"))
        self.assertEqual(by["good", "capped", "invariant_max"], ("false", "mark"))
        # the mark on what confirms speaks for what was confirmed
        self.hb("feedback", "bad-2", "--metric", "m3", "--rule", "confirmed", "--mark", "too_sensitive")
        d = self.trust()
        self.again(d)
        by = {(a["run_id"], a["metric"], a["rule"]): a["answer"] for a in d["alarms"]}
        self.assertEqual((by["bad-1", "m3", "suspected"], by["bad-2", "m3", "confirmed"]), ("false", "false"))
        # a later mark counts, both are kept, and what was missed can be taken back
        self.hb("feedback", "bad-2", "--metric", "m3", "--rule", "confirmed", "--mark", "correct")
        self.hb("feedback", "slip", "--metric", quiet, "--mark", "correct")
        d = self.trust()
        self.again(d)
        self.assertEqual((d["marks"], d["missed"]), (4, 0))
        marks = self.marks("--list")
        self.assertEqual([m["superseded"] for m in marks], [False, False, True, True, False, False])
        self.assertEqual((marks[0]["by"], marks[0]["note"], marks[0]["program"]), ("ann", "the valve stuck", "rig"))
        self.assertEqual(len(self.marks("--list", "--program", "rig")), 6)
        self.assertEqual(self.marks("--list", "--program", "nosuch"), [])
        self.assertEqual([m["mark"] for m in self.marks("slip", "--list")], ["missed", "correct"])
        self.shown(d, quiet)
        self.another_budget(quiet)

    def marks(self, *args):
        d = self.hb_json("feedback", *args)
        with open(os.path.join(SOURCE, "schemas", "feedback.schema.json"), encoding="utf-8") as f:
            jsonschema.validate(d, json.load(f), jsonschema.Draft202012Validator)
        return d["marks"]

    def shown(self, d, quiet):
        text = self.hb("trust")
        self.assertLessEqual(max(map(len, text.splitlines())), 80, text)
        a = d["all"]
        for words in (f"{a['runs']} runs judged against their baseline runs (besides 6 not judged)", "at most 30 % of clean runs flagged",
                      f"{a['false']} known false, {a['true']} known true, {a['unknown']} unknown",
                      f"{a['false']} of {a['if_unknown_true']['clean']} clean runs", "declared limits (no rate is promised): 1 of 45 runs flagged", "invariant_max"):
            self.assertIn(words, text)
        one = self.trust("--metric", quiet)
        self.assertEqual([m["metric"] for m in one["metrics"]], [quiet])
        self.assertEqual(one["all"], a)
        self.assertIn(quiet, self.hb("trust", "--metric", quiet))
        # 6 baseline runs in January, clean runs from day 6 on
        late = self.trust("--since", "2026-02-01")
        self.assertEqual((late["runs"]["matching"], late["since"]), (51 - 28, "2026-02-01T00:00:00Z"))
        self.assertEqual(self.trust("--test-name", "soak")["all"], a)

    def another_budget(self, quiet):
        self.write("baseline_policy.yaml", POLICY % 0.1)
        for i in range(3):
            self.judge(f"late-{i}")
        self.baseline("other")
        self.judge("other-1", program="other")
        d = self.trust()
        self.assertEqual(d["budgets"], [{"budget": 0.1, "runs": 4}, {"budget": 0.3, "runs": 45}])
        self.assertAlmostEqual(d["all"]["promised"], (0.1 * 4 + 0.3 * 45) / 49, 14)
        self.assertEqual([(p["program"], p["runs"]) for p in d["programs"]], [("other", 1), ("rig", 48)])
        text = self.hb("trust")
        self.assertLessEqual(max(map(len, text.splitlines())), 80, text)
        for words in ("it changed:", "30 % for 45 runs", "program rig"):
            self.assertIn(words, text)
        self.assertEqual(self.trust("--program", "other")["all"]["runs"], 1)
        # a run judged again counts once, by its latest decision, and keeps its marks
        self.hb("analyze", "bad-3", "--fail-on", "none")
        again = self.trust("--program", "rig")
        self.assertEqual(again["all"]["runs"], 48)
        self.assertEqual({(x["metric"], x["answer"], x["because"]) for x in again["alarms"] if x["run_id"] == "bad-3" and x["metric"] == "m4"}, {("m4", "true", "mark")})

    def test_runs_judged_together_count_once(self):
        self.baseline()
        for name in ("a", "b", "c"):
            self.judge(name)
        self.assertEqual(self.trust()["all"]["runs"], 3)
        self.hb("analyze", "c", "--with", "a", "b", "--fail-on", "none")
        d = self.trust()
        self.again(d, covered=("a", "b"))
        self.assertEqual((d["all"]["runs"], d["runs"]["together"], d["runs"]["not_judged"]), (1, 2, 6))
        # judged the other way round: the newer decision covers the older
        self.hb("analyze", "a", "--with", "c", "--fail-on", "none")
        d = self.trust()
        self.again(d, covered=("c",))
        self.assertEqual((d["all"]["runs"], d["runs"]["together"]), (2, 1))

    def test_what_is_refused(self):
        self.hb_error("trust", code=4, has="no run is registered")
        self.baseline()
        self.hb_error("feedback", "nosuch", "--mark", "correct", code=4, has="nosuch")
        self.hb_error("feedback", "rig-b0", "--mark", "correct", code=2, has="was not judged yet; hb analyze rig-b0")
        self.judge("bad", shift={"m1": 50, "m2": 50})
        self.judge("fine", "--baseline", "rig-b0")
        self.hb_error("feedback", code=2, has="hb feedback RUN --metric")
        self.hb_error("feedback", "bad", code=2, has="--mark")
        self.hb_error("feedback", "bad", "--mark", "wrong", code=2, has="correct, too_sensitive or missed, got 'wrong'")
        self.hb_error("feedback", "bad", "--mark", "correct", code=2, has=["say which with --metric and --rule", "m1 suspected", "m2 suspected"])
        self.hb_error("feedback", "bad", "--mark", "correct", "--metric", "m9", code=2, has=["no such finding; it has", "m1 suspected"])
        self.hb_error("feedback", "bad", "--mark", "correct", "--metric", "m1", "--rule", "stale", code=2, has="m1 suspected")
        self.hb_error("feedback", "bad", "--mark", "missed", "--metric", "m1", code=2, has="was not missed in run 'bad': its latest decision has the finding suspected")
        self.hb_error("feedback", "bad", "--mark", "missed", code=2, has="name the metric")
        self.hb_error("feedback", "bad", "--mark", "missed", "--metric", "m4", "--rule", "suspected", code=2, has="no --rule")
        self.hb_error("feedback", "bad", "--mark", "missed", "--metric", "m99", code=2, has="did not look at a metric 'm99'")
        self.hb_error("feedback", "bad", "--list", "--mark", "missed", code=2, has="--list shows marks")
        self.hb_error("feedback", "bad", "--mark", "missed", "--program", "rig", code=2, has="belong to --list")
        self.hb_error("trust", "--since", "soon", code=2, has="--since must be a time")
        self.hb_error("trust", "--metric", "m99", code=2, has="'m99'")
        self.hb_error("trust", "--program", "nosuch", code=4, has="no run is registered that matches")
        self.assertEqual(self.marks("--list"), [])
        with sqlite3.connect(self.path("runs.db")) as db:
            self.assertEqual(db.execute("SELECT count(*) FROM feedback").fetchone(), (0,))
        # "fine" was compared with one run: by limits alone
        self.assertEqual(self.trust()["runs"]["limits_only"] + self.trust()["all"]["runs"], 2)

    def test_nothing_can_be_told_of_nothing(self):
        self.make("one")
        self.make("two")
        self.hb("analyze", "two", "--baseline", "one")
        d = self.trust()
        self.assertEqual((d["all"]["runs"], d["all"]["verdict"]), (0, "cannot_tell"))
        self.assertIn("cannot tell yet", self.hb("trust"))


if __name__ == "__main__":
    unittest.main()
