# SPDX-License-Identifier: Apache-2.0
"""C-MAPSS FD001 and FD003 (Saxena et al. 2008): runs of turbofan engines to failure. Baseline: cycles 1 to 50 of
engines 1 to 20. Other engines' first 50 cycles must not fail and seldom drift; the last 30 cycles before failure must
drift, naming sensors known to degrade. One default configuration for both sets.

    python3 test_cmapss.py --table    prints the table of docs/real-data.md"""
import collections
import os
import sys
import unittest

from hbtest import DATA, Case

# Sensors whose trend towards failure is described in the literature on FD001 (HPC degradation).
DEGRADING = {"s2_T24", "s3_T30", "s4_T50", "s7_P30", "s8_Nf", "s9_Nc", "s11_Ps30", "s12_phi", "s13_NRf", "s14_NRc",
             "s15_BPR", "s17_htBleed", "s20_W31", "s21_W32"}
ENGINES = range(21, 101)


def lengths(path):
    last = collections.Counter()
    with open(path, encoding="ascii") as f:
        for line in f:
            unit, cycle = line.split()[:2]
            last[int(unit)] = max(last[int(unit)], int(cycle))
    return last


class Cmapss(Case):
    def judge(self, name):
        path = os.path.join(DATA, "cmapss", f"train_{name}.txt")
        if not os.path.exists(path):
            self.skipTest(f"no {path} (set HB_DATA)")
        last = lengths(path)
        source = ["--source", "cmapss_" + name.lower(), "--test-name", name, "--quiet"]
        self.hb("ingest", path, *source, "--unit", "1-20", "--cycles", "1-50", "--run-id", "golden")
        result = {}
        for phase, cycles in (("first 50 cycles", lambda u: "1-50"),
                              ("last 30 cycles", lambda u: f"{last[u] - 29}-{last[u]}")):
            verdicts, metrics = collections.Counter(), collections.Counter()
            for u in ENGINES:
                run = f"engine{u}-{phase.split()[0]}"
                self.hb("ingest", path, *source, "--unit", u, "--cycles", cycles(u), "--run-id", run)
                s = self.hb_json("analyze", run, "--baseline", "golden", "--fail-on", "none", "--quiet")
                verdicts[s["status"]] += 1
                metrics.update({f["metric"] for f in s["findings"] if f["severity"] in ("drift", "fail")})
            result[phase] = (verdicts, metrics)
        return result

    def check(self, name):
        r = self.judge(name)
        early, _ = r["first 50 cycles"]
        late, metrics = r["last 30 cycles"]
        n = len(ENGINES)
        self.assertEqual(early["FAIL"] + early["NO_TEST"], 0)
        self.assertLessEqual(early["PASS_WITH_DRIFT"], n // 10, early)
        self.assertEqual(late["FAIL"], 0)
        self.assertGreaterEqual(late["PASS_WITH_DRIFT"], n * 95 // 100, late)
        return metrics

    def test_fd001(self):
        metrics = self.check("FD001")
        self.assertGreaterEqual(len(DEGRADING & set(m for m, k in metrics.items() if k >= 5)), 8, metrics)

    def test_fd003(self):
        self.check("FD003")


def table():
    case = Cmapss()
    print("| set | cycles | PASS | PASS_WITH_DRIFT | FAIL | flagged most (engines) |\n|---|---|---|---|---|---|")
    for name in ("FD001", "FD003"):
        case.setUp()
        for phase, (v, m) in case.judge(name).items():
            top = ", ".join(f"{k} {n}" for k, n in m.most_common(6)) or "none"
            print(f"| {name} | {phase} | {v['PASS']} | {v['PASS_WITH_DRIFT']} | {v['FAIL']} | {top} |")
        case.doCleanups()


if __name__ == "__main__":
    if "--table" in sys.argv:
        table()
    else:
        unittest.main()
