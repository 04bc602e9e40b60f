#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the oracle cases of a baseline's quality (ksample, shape, trend, lag1) with scipy and full
enumeration:

    cd tests/data/stats && /usr/bin/python3 make_quality_cases.py

Format: make_cases.py. Published examples stand in tests/unit/test_quality_stats.c."""
import itertools
import math
import warnings

import numpy as np
from scipy import stats

warnings.simplefilter("ignore")
rng = np.random.default_rng(20261126)


def line(key, values):
    return key + " " + " ".join(repr(float(x)) for x in values) + "\n"


def groups_of():
    yield "normal 5 5", [rng.normal(0, 1, 5), rng.normal(0, 1, 5)]
    yield "shifted 8 8 8", [rng.normal(i, 1, 8) for i in range(3)]
    yield "spread 12 9", [rng.normal(0, 1, 12), rng.normal(0, 5, 9)]
    yield "ties", [rng.integers(0, 4, n).astype(float) for n in (6, 7, 8, 5)]
    yield "two values", [np.array([0, 0, 1.0]), np.array([1, 1, 0.0, 1])]
    yield "near 1e300", [1e300 * rng.normal(1, 0.2, 6), 1e300 * rng.normal(1, 0.2, 7)]
    yield "ten pairs", [rng.normal(0, 1, 2) for _ in range(10)]
    yield "large", [rng.normal(0, 1, 200), rng.normal(0.2, 1, 150)]


def write_ksample():
    with open("ksample.case", "w") as out:
        for name, groups in groups_of():
            r = stats.anderson_ksamp([list(g) for g in groups], midrank=True)
            label = [i for i, g in enumerate(groups) for _ in g]
            out.write(f"case {name}\n" + line("v", np.concatenate(groups)))
            out.write(line("group", label))
            out.write(line("want", [len(groups), r.statistic, r.critical_values[3]]))


def write_shape():
    with open("shape.case", "w") as out:
        for name, v in [("normal", rng.normal(5, 2, 20)), ("lognormal", rng.lognormal(0, 1, 30)),
                        ("uniform", rng.uniform(0, 1, 12)), ("eight", rng.normal(0, 1, 8)),
                        ("offset 1e9", 1e9 + rng.normal(0, 1, 25)),
                        ("near 1e300", 1e300 * rng.normal(1, 0.1, 15)),
                        ("near 1e-300", 1e-300 * rng.normal(1, 0.1, 15)),
                        ("integers", rng.integers(0, 6, 40).astype(float))]:
            scaled = v / np.abs(v).max() if abs(v).max() > 1e100 or abs(v).max() < 1e-100 else v
            a2 = stats.anderson(scaled).statistic
            n = len(v)
            star = (1 + 4 / n - 25 / n ** 2) * a2
            osl = 1 / (1 + math.exp(-0.48 + 0.78 * math.log(star) + 4.58 * star))
            out.write(f"case {name}\n" + line("v", v) + line("want", [a2, osl]))


def write_trend():
    with open("trend.case", "w") as out:
        for name, v in [("normal", rng.normal(0, 1, 12)), ("ramp", np.arange(8) * 0.5),
                        ("noisy ramp", np.arange(20) * 0.3 + rng.normal(0, 1, 20)),
                        ("falling", -np.arange(15) ** 1.5 + rng.normal(0, 1, 15)),
                        ("forty", rng.normal(0, 1, 40)), ("sixty", rng.normal(0, 1, 60)),
                        ("four", np.array([1.0, 3, 2, 4])),
                        ("ties", rng.integers(0, 4, 25).astype(float)),
                        ("mostly one value", np.array([1.0] * 9 + [2.0]))]:
            n = len(v)
            s = sum(int(np.sign(v[j] - v[i])) for i in range(n) for j in range(i + 1, n))
            _, ties = np.unique(v, return_counts=True)
            if (ties > 1).any() or n > 40:
                var = (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18
                p = 1.0 if s == 0 else 2 * stats.norm.sf((abs(s) - 1) / math.sqrt(var))
            else:
                p = stats.kendalltau(np.arange(n), v, method="exact").pvalue
            slope = stats.theilslopes(v, np.arange(n)).slope
            level = np.median(v - slope * np.arange(n))
            out.write(f"case {name}\n" + line("v", v) + line("want", [s, min(1, p), slope, level]))


def write_lag1():
    with open("lag1.case", "w") as out:
        for name, v in [("six", rng.normal(0, 1, 6)), ("seven", np.cumsum(rng.normal(0, 1, 7))),
                        ("eight ramp", np.arange(8.0)), ("ties", np.array([1, 1, 1, 2, 2, 1, 2.0])),
                        ("alternating", np.array([1, -1, 1, -1, 1, -1.0]))]:
            d = v - v.mean()
            m2 = (d * d).sum()
            r = (d[:-1] * d[1:]).sum() / m2
            orders = np.array(list(itertools.permutations(d)))
            all_r = (orders[:, :-1] * orders[:, 1:]).sum(axis=1) / m2
            out.write(f"case {name}\n" + line("v", v) + line("want", [r, (all_r >= r - 1e-12).mean()]))


write_ksample()
write_shape()
write_trend()
write_lag1()
