#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes steps.case: sequences of times and what statistics.median says of their steps:

    cd tests/data/time && /usr/bin/python3 make_steps.py

One line a case: first last parsed unparsed equal backward median gaps : time … (- = no time)."""
import random
import statistics
from fractions import Fraction

rng = random.Random(20261123)


def line(times):
    seen = [t for t in times if t is not None]
    steps = [min(b - a, 2**63 - 1) for a, b in zip(seen, seen[1:])]
    up = [s for s in steps if s > 0]
    median = int(statistics.median([Fraction(s) for s in up])) if up else 0
    gaps = sum(1 for s in up if 2 * s > 3 * median)
    head = [seen[0] if seen else "-", seen[-1] if seen else "-", len(seen), times.count(None),
            sum(s == 0 for s in steps), sum(s < 0 for s in steps), median, gaps]
    return " ".join(map(str, head)) + " : " + " ".join("-" if t is None else str(t) for t in times)


def walk(n, choices, start=1710753164 * 10**9, holes=0.0):
    t, out = start, []
    for _ in range(n):
        out.append(None if rng.random() < holes else t)
        t += rng.choice(choices)
    return out


cases = [[], [None], [5], [5, None, None], [5, 5, 5], [9, 5, 1], [0, 1], [0, 1, 3], [0, 2, 5], [0, 10, 20, 35],
         [0, 10, 20, 36], [-3, -1, 4], [0, 1, 2, 4], [-(2**63) + 1, 2**63 - 1], [2**63 - 1, -(2**63) + 1],
         [1, 2, None, 3, 4], [0, 3, 6, 11, 16]]
cases += [walk(40, [1000]), walk(41, [1000, 1001]), walk(60, [5, 5, 5, 8, 7]), walk(200, [10**9, 10**9, 0, -10**9]),
          walk(300, [rng.randrange(1, 10**6) for _ in range(50)], holes=0.1), walk(400, [1, 2, 3, -1, 0]),
          walk(500, [10**6 + d for d in range(-40, 41)])]
with open("steps.case", "w", encoding="utf-8") as f:
    f.write("# Written by make_steps.py.\n" + "\n".join(line(c) for c in cases) + "\n")
