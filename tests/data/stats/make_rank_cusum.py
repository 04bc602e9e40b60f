#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes rank_cusum.case, the oracle cases of stats/rank_cusum.h:

    cd tests/data/stats && /usr/bin/python3 make_rank_cusum.py

An independent implementation: ranks by counting, scipy's normal quantile, Siegmund's formula by scipy's root
finder, autocorrelation by numpy."""
import random

import numpy as np
from scipy import optimize, stats

R = random.Random(20261126)


def show(values):
    return " ".join(repr(float(v)) for v in values)


def streams():
    yield "smooth, ring of 20", 20, [R.gauss(0, 1) for _ in range(120)]
    yield "few values, many ties", 30, [float(R.randrange(4)) for _ in range(150)]
    yield "constant", 20, [5.0] * 60
    yield "rises", 25, [i / 10 + R.gauss(0, 1) for i in range(150)]
    yield "huge and tiny", 20, [R.choice([1e300, -1e300, 1e-300, 0.0, -0.0]) for _ in range(80)]
    yield "step after 60", 50, [R.gauss(3 if i >= 60 else 0, 1) for i in range(140)]


def run(keep, values, us):
    """Scores, and both sides after each value; the first 20 are only kept."""
    scores, ups, downs = [], [], []
    up = down = 0.0
    for i, (x, u) in enumerate(zip(values, us)):
        kept = values[max(0, i - keep):i]
        if len(kept) < 20:
            score = float("nan")
        else:
            less = sum(v < x for v in kept)
            equal = sum(v == x for v in kept)
            score = stats.norm.ppf((less + u * (equal + 1)) / (len(kept) + 1))
            up = max(0.0, up + score - 0.5)
            down = max(0.0, down - score - 0.5)
        scores.append(score)
        ups.append(up)
        downs.append(down)
    return scores, ups, downs


def lag1(values, block):
    n = len(values) // block
    if n < 20 or min(values) == max(values):
        return float("nan")
    v = np.array(values[len(values) - n * block:]).reshape(n, block)
    v = (v / max(abs(x) for x in values)).mean(axis=1)
    v = v - v.mean()
    return (v[1:] * v[:-1]).sum() / (v * v).sum()


with open("rank_cusum.case", "w", encoding="ascii") as out:
    for title, keep, values in streams():
        us = [R.uniform(1e-6, 1 - 1e-6) for _ in values]
        scores, ups, downs = run(keep, values, us)
        # what the reader knows: keep, then value, u, score, up, down of each window
        flat = [keep]
        for row in zip(values, us, scores, ups, downs):
            flat += row
        out.write(f"case {title}\nstream {show(flat)}\n")
        kept = values[-keep:]
        out.write("lag1 " + show(x for block in (1, 2, 4) for x in (block, lag1(kept, block))) + "\n")
        median = np.median(np.array(kept[5:15]))
        out.write(f"median {show([5, 15, median])}\n")
    for block_title, phi in (("autoregressive 0.8", 0.8), ("autoregressive 0", 0.0)):
        x, values = 0.0, []
        for _ in range(400):
            x = phi * x + R.gauss(0, 1)
            values.append(x + 100)
        scores, ups, downs = run(400, values, [0.5] * len(values))
        flat = [400]
        for row in zip(values, [0.5] * len(values), scores, ups, downs):
            flat += row
        out.write(f"case {block_title}\nstream {show(flat)}\n")
        out.write("lag1 " + show(x for block in (1, 2, 4, 8, 16) for x in (block, lag1(values, block))) + "\n")
        out.write(f"median {show([5, 15, np.median(np.array(values[5:15]))])}\n")
    out.write("case run lengths\narl0 ")
    rows = []
    for h in (0, 0.5, 1, 2, 4, 5, 8, 10, 12, 15.5, 20, 30):
        rows += [h, np.exp(h + 1.166) - (h + 1.166) - 1]
    out.write(show(rows) + "\nh ")
    rows = []
    for arl0 in (1.1, 2, 10, 100, 469, 5000, 86400, 1.728e7, 1e12):
        rows += [arl0, optimize.brentq(lambda h: np.exp(h + 1.166) - (h + 1.166) - 1 - arl0, -1, 60, xtol=1e-13)]
    out.write(show(rows) + "\n")
