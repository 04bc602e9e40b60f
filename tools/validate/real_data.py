# SPDX-License-Identifier: Apache-2.0
"""Verdicts on labelled recordings, beside simpler rules: the tables of docs/verdict-quality.md.

    real_data.py --hb build/release/hb [--data DIR] [--set NAME]...

Every stream gets a workspace of its own with the built-in policy but for `strategy: golden`, and the built-in limits.
Its 20 trusted windows become a baseline version tagged golden; then every window is judged in the order of time by
`hb run`, so that suspicions meet their retests. Nothing is tuned to a set."""
import argparse
import collections
import datetime
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

import numpy as np

import real_sets

START = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)
LAYER2 = {"suspected", "confirmed", "relation"}


class Workspace:
    def __init__(self, hb):
        self.hb = hb
        self.dir = tempfile.mkdtemp(prefix="hb-real-")
        self.n = 0
        with open(os.path.join(self.dir, "baseline_policy.yaml"), "w", encoding="ascii") as f:
            f.write("baseline_policy: {strategy: golden}\n")

    def call(self, *args):
        done = subprocess.run([self.hb, *args, "--workspace", self.dir, "--json", "--quiet"], capture_output=True,
                              text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{' '.join(args)}: {done.stderr}")
        return json.loads(done.stdout)

    def write(self, metrics, window):
        run_id = f"w{self.n:05d}"
        begin = START + datetime.timedelta(hours=self.n)
        self.n += 1
        path = os.path.join(self.dir, run_id + ".csv")
        with open(path, "w", encoding="ascii") as f:
            f.write("time," + ",".join(metrics) + "\n")
            for i, row in enumerate(window.values):
                at = begin + datetime.timedelta(seconds=i)
                f.write(at.strftime("%Y-%m-%dT%H:%M:%SZ,") + ",".join(repr(float(v)) for v in row) + "\n")
        meta = os.path.join(self.dir, "meta.json")
        with open(meta, "w", encoding="ascii") as f:
            json.dump({"run_id": run_id, "program": "real", "subsystem": "set", "test_name": "stream",
                       "timestamps": {"start_utc": begin.isoformat()}}, f)
        return run_id, [path, "--run-meta", meta]

    def close(self):
        shutil.rmtree(self.dir)


def baseline(space, stream):
    ids = []
    for w in stream.baseline:
        run_id, args = space.write(stream.metrics, w)
        space.call("ingest", *args)
        ids.append(run_id)
    made = space.call("baseline", "create", "--runs", ",".join(ids))
    space.call("baseline", "promote", "--version", made["version"], "--tag", "golden", "--yes", "--override-quality",
               "windows of one recording, as they are")


def by_hb(hb, stream):
    """For each window: verdict is no PASS; layer 2 found something; it was confirmed; the metrics named first."""
    space = Workspace(hb)
    baseline(space, stream)
    out = []
    for w in stream.judged:
        _, args = space.write(stream.metrics, w)
        d = space.call("run", *args, "--fail-on", "none")
        rules = collections.defaultdict(list)
        for f in d["findings"]:
            rules[f["rule"]].append(f["metric"])
        found = LAYER2 & set(rules)
        named = rules["confirmed"] + rules["suspected"]
        out.append((d["status"] != "PASS", bool(found), bool(rules["confirmed"]), named))
    space.close()
    return out


def medians(windows):
    return np.array([np.median(w.values, axis=0) for w in windows])


def three_sigma(stream):
    base = medians(stream.baseline)
    mean, sd = base.mean(axis=0), base.std(axis=0, ddof=1)
    return [bool((abs(x - mean) > 3 * sd).any()) for x in medians(stream.judged)]


def original(stream):
    """Any mean more than 10 % from that of the newest window that passed (the original's last_pass and its usual
    percent limit)."""
    last = np.mean(stream.baseline[-1].values, axis=0)
    out = []
    for w in stream.judged:
        x = np.mean(w.values, axis=0)
        drift = bool((abs(x - last) > 0.1 * abs(last))[last != 0].any())
        last = last if drift else x
        out.append(drift)
    return out


def tally(windows, flags):
    """(healthy flagged, healthy, faulty flagged, faulty)"""
    healthy = [f for w, f in zip(windows, flags) if w.faulty == 0]
    faulty = [f for w, f in zip(windows, flags) if w.faulty >= real_sets.FAULTY]
    return np.array([sum(healthy), len(healthy), sum(faulty), len(faulty)])


def judge_set(hb, data, name):
    load, arg = real_sets.SETS[name]
    rows = collections.defaultdict(lambda: np.zeros(4, int))
    causes = [0, 0]
    rng = random.Random(1)
    for stream in load(data, arg):
        got = by_hb(hb, stream)
        w = stream.judged
        rows["hb, any rule"] += tally(w, [g[0] for g in got])
        rows["hb, run against baseline"] += tally(w, [g[1] for g in got])
        rows["hb, confirmed"] += tally(w, [g[2] for g in got])
        rows["3 sigma"] += tally(w, three_sigma(stream))
        rows["the original's rule"] += tally(w, original(stream))
        rows["never"] += tally(w, [False] * len(w))
        rows["always"] += tally(w, [True] * len(w))
        rows["random, one in ten"] += tally(w, [rng.random() < 0.1 for _ in w])
        for window, g in zip(w, got):
            if window.carriers and g[3] and window.faulty >= real_sets.FAULTY:
                causes[0] += g[3][0] in window.carriers
                causes[1] += 1
        print(f"\r{name}: {stream.name}          ", end="", file=sys.stderr)
    print("\r", end="", file=sys.stderr)
    return rows, causes


def share(k, n):
    return f"{100 * k / n:.1f} % ({k} of {n})" if n else "-"


def main():
    ask = argparse.ArgumentParser()
    ask.add_argument("--hb", default="build/release/hb")
    ask.add_argument("--data", default=os.environ.get("HB_DATA", "../shared/data"))
    ask.add_argument("--set", action="append", choices=real_sets.SETS)
    o = ask.parse_args()
    print("| set | rule | healthy windows flagged | faulty windows flagged |\n|---|---|---|---|")
    for name in o.set or real_sets.SETS:
        rows, causes = judge_set(os.path.abspath(o.hb), o.data, name)
        for rule, (false, healthy, found, faulty) in rows.items():
            print(f"| {name} | {rule} | {share(false, healthy)} | {share(found, faulty)} |")
        if causes[1]:
            print(f"| {name} | first metric named is one that carries the fault | | {share(*causes)} |")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
