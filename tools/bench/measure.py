# SPDX-License-Identifier: Apache-2.0
"""Whole processes side by side: time from start to end, processor time and peak memory of each (wait4), run by turns so
that what disturbs the machine disturbs both, and compared turn by turn."""
import json
import os
import statistics
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
DIR = os.path.join(ROOT, "build", "bench")
HB = os.path.join(ROOT, "build", "release", "hb")
TOOLS = os.path.join(ROOT, "build", "release", "tools", "bench")
PYTHON = "/usr/bin/python3"


class Failed(Exception):
    pass


class Command:
    """One program with its arguments. `threads` 1 pins it to one processor, whatever it would start."""

    def __init__(self, name, argv, threads=1, env=None, ok=(0,)):
        self.name, self.threads, self.ok = name, threads, ok
        self.argv = argv
        self.env = {**os.environ, "NO_COLOR": "1", "LC_ALL": "C.UTF-8", **(env or {})}
        self.env = {k: v for k, v in self.env.items() if not k.startswith("HB_")}
        self.runs = []
        self.output = b""

    def run(self):
        path = os.path.join(DIR, "stdout")
        with open(path, "wb") as out, open(path + ".err", "wb") as err:
            told = subprocess.run(["sh", "-c", 'exec "$@" 3>"$0"', path + ".run", os.path.join(TOOLS, "bench_run"),
                                   str(self.threads), *self.argv], cwd=DIR, env=self.env, stdout=out, stderr=err, check=False)
        with open(path, "rb") as f:
            self.output = f.read()
        with open(path + ".err", "rb") as f:
            errors = f.read().decode(errors="replace").strip().splitlines()
        if told.returncode != 0:
            raise Failed(f"{self.name}: {''.join(errors[-1:])}")
        with open(path + ".run", encoding="ascii") as f:
            run = json.load(f)
        if run.pop("exit") not in self.ok:
            raise Failed(f"{self.name}: {''.join(errors[-1:]) or 'ended by a signal'}")
        self.runs.append(run)
        return run

    def median(self, what):
        return statistics.median(r[what] for r in self.runs)

    def peak_mb(self):
        return max(r["rss_mb"] for r in self.runs)

    def figures(self):
        return {"name": self.name, "threads": self.threads, "argv": self.argv, "runs": len(self.runs),
                "wall_s": self.median("wall"), "cpu_s": self.median("cpu"), "peak_mb": self.peak_mb()}


def by_turns(ours, peer, turns):
    """ours, peer, ours, peer … after one run of each that warms the file cache. How many times as long the peer took, turn
    by turn: the median, of the time that passed and of processor time."""
    wall, cpu = [], []
    ours.run()
    peer.run()
    if turns > 1:
        ours.runs.pop()
        peer.runs.pop()
    for _ in range(turns):
        a, b = ours.run(), peer.run()
        wall.append(b["wall"] / a["wall"])
        cpu.append(b["cpu"] / max(a["cpu"], 1e-4))
    return {"wall": statistics.median(wall), "cpu": statistics.median(cpu), "wall_turns": wall}
