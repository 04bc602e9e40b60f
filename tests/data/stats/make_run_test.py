#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the oracle cases of layer 2 with numpy and scipy:

    cd tests/data/stats && /usr/bin/python3 make_run_test.py

run_test.case: one metric judged at level 0.08 (the default budget's 0.8 q, one metric).
    v     values of the set
    x     values of the run and of further runs judged with it
    in    side, log, sigma_ref, sigma_dof, resolution, min_effect (0 = not declared)
    want  n0 m x mean sd sd_runs dof t p low high detectable_sigma detectable power runs tost_p
many.case: many metrics at once, 0.8 q = 0.08.
    v     values of the set, run by run for each metric
    x     values of the run
    in    n0
    want  p of each metric, then adjusted p of each, then 1 where rejected"""
import math
from fractions import Fraction

import numpy as np
from scipy import optimize, stats

rng = np.random.default_rng(20261126)
LEVEL = 0.8 * 0.1


def line(key, values):
    return key + " " + " ".join(repr(float(x)) for x in values) + "\n"


def t_isf(p, dof):
    """scipy 1.10's own isf is off by up to 1e-9; its sf is not."""
    return optimize.brentq(lambda t: stats.t.sf(t, dof) - p, 0, 1e4, xtol=1e-15, rtol=1e-15)


def power(shift_sd, n0, m, dof, level, side):
    ncp = shift_sd / math.sqrt(1 / m + 1 / n0)
    if side:
        return stats.nct.sf(t_isf(level, dof), dof, ncp)
    c = t_isf(level / 2, dof)
    return stats.nct.sf(c, dof, ncp) + stats.nct.cdf(-c, dof, ncp)


def runs_needed(shift_sd, m, nu, level, side):
    for n in range(2, 1001):
        if power(shift_sd, n, m, n - 1 + nu, level, side) >= 0.8:
            return n
    return 0


def exact_mean_sd(v):
    """Exact rational arithmetic: numpy loses digits where values stand far from 0."""
    f = [Fraction(float(x)) for x in v]
    mean = sum(f) / len(f)
    return float(mean), math.sqrt(sum((x - mean) ** 2 for x in f) / (len(f) - 1))


def single(v, x, side=0, log=0, sigma=0, nu=0, step=0, effect=0, unit=1.0):
    """unit: v, x and step times it are what is written; for figures whose squares overflow."""
    v, x = np.asarray(v, float), np.asarray(x, float)
    w, y = (np.log(v), np.log(x)) if log else (v, x)
    back = np.exp if log else (lambda z: z)
    n0, m = len(v), len(x)
    scale = math.exp(w.mean()) if log else 1
    center, sd_runs = exact_mean_sd(w)
    dof = n0 - 1 + nu
    var = ((n0 - 1) * sd_runs**2 + nu * (sigma / scale) ** 2) / dof + (step / scale) ** 2 / 12
    sd = math.sqrt(var)
    root = math.sqrt(1 / m + 1 / n0)
    t = (y.mean() - center) / (sd * root)
    p = 2 * stats.t.sf(abs(t), dof) if side == 0 else stats.t.sf(side * t, dof)
    width = t_isf(LEVEL if side else LEVEL / 2, dof) * sd * root
    low = -math.inf if side > 0 else back(center - width)
    high = math.inf if side < 0 else back(center + width)
    top = 1.0
    while power(top, n0, m, dof, LEVEL, side) < 0.8:
        top *= 1.5
    found = optimize.brentq(lambda s: power(s, n0, m, dof, LEVEL, side) - 0.8, 0.5, top, xtol=1e-13)
    shift = found * sd
    mean = back(center)
    if log:
        shift = mean * (1 - math.exp(-shift)) if side < 0 else mean * math.expm1(shift)
    at, needed, tost = math.nan, runs_needed(2, m, nu, LEVEL, side), math.nan
    if effect:
        s = effect
        if log:
            s = math.log1p(effect / mean) if side >= 0 else -math.log1p(-effect / mean)
        at = power(s / sd, n0, m, dof, LEVEL, side)
        needed = runs_needed(s / sd, m, nu, LEVEL, side)
        margin = math.log1p(effect / mean) if log else effect
        d = y.mean() - center
        tost = max(stats.t.sf((d + margin) / (sd * root), dof), stats.t.sf((margin - d) / (sd * root), dof))
    figures = [f * unit for f in (back(y.mean()), mean, sd, sd_runs)]
    want = [n0, m, *figures, dof, t, p, low * unit, high * unit, found, shift * unit, at, needed, tost]
    given = line("v", v * unit) + line("x", x * unit) + line("in", [side, log, sigma, nu, step * unit, effect])
    return given + line("want", want)


def singles():
    v5 = [10.1, 9.8, 10.3, 10.0, 9.9]
    yield "two-sided", single(v5, [10.9], step=1e-6)
    yield "no difference", single(v5, [10.02], step=1e-6)
    yield "bad upwards", single(v5, [10.9], side=1, step=1e-6)
    yield "bad upwards, fell", single(v5, [9.1], side=1, step=1e-6)
    yield "bad downwards", single(v5, [9.1], side=-1, step=1e-6)
    yield "three runs together", single(v5, [10.6, 10.7, 10.5], step=1e-6)
    yield "governed, three runs", single(v5[:3], [10.9], sigma=0.25, nu=20, step=1e-6)
    yield "governed, not whole", single(v5, [10.9], sigma=0.25, nu=7.5, step=1e-6)
    yield "coarse", single([10, 10, 10, 10], [11], step=1)
    yield "coarse and scattering", single([10, 11, 10, 12, 10], [14], step=1)
    yield "min_effect, shown equivalent", single(v5, [10.02], step=0.01, effect=2)
    yield "min_effect, not shown", single(v5, [10.02], step=0.01, effect=0.3)
    yield "min_effect, upwards", single(v5, [10.02], side=1, step=0.01, effect=0.8)
    yield "logarithms", single([1.0, 2.0, 1.5, 3.0, 1.2, 2.2], [9.0], log=1, step=1e-6)
    yield "logarithms, coarse, min_effect", single([10, 20, 15, 30, 12], [40], log=1, step=1, effect=25)
    yield "logarithms, downwards, min_effect", single([10, 20, 15, 30, 12], [4], log=1, side=-1, step=1, effect=9)
    yield "logarithms, governed", single([10, 20, 15, 30, 12], [40, 44], log=1, step=1, sigma=6, nu=12)
    yield "large", single(1 + 0.01 * np.array(v5), [1.2], step=1e-9, unit=1e300)
    yield "small", single(1 + 0.01 * np.array(v5), [1.2], step=1e-6, unit=1e-300)
    yield "offset", single(1e9 + np.array(v5), [1e9 + 11], step=1e-3)
    for n0 in (3, 4, 8, 15, 30):
        v = rng.normal(50, 4, n0)
        yield f"{n0} runs", single(v, rng.normal(55, 4, 1), step=1e-6)
        yield f"{n0} runs, two new", single(v, rng.normal(45, 4, 2), side=-1, step=1e-6, effect=6)


def many(n0, n, shifted, shift, ties=False):
    v = rng.normal(0, 1, (n, n0))
    x = rng.normal(0, 1, n)
    x[:shifted] += shift
    if ties:
        v[n // 2 :] = v[n // 2]
        x[n // 2 :] = x[n // 2]
    step = 1e-6
    sd = np.sqrt(v.var(axis=1, ddof=1) + step**2 / 12)
    p = 2 * stats.t.sf(np.abs(x - v.mean(axis=1)) / (sd * math.sqrt(1 + 1 / n0)), n0 - 1)
    adjusted = stats.false_discovery_control(p, method="bh") if hasattr(stats, "false_discovery_control") else by_hand(p)
    k = max((i + 1 for i, q in enumerate(np.sort(p)) if q <= LEVEL * (i + 1) / n), default=0)
    rejected = p <= np.sort(p)[k - 1] if k else np.zeros(n, bool)
    want = np.concatenate([p, adjusted, rejected])
    return line("v", v.ravel()) + line("x", x) + line("in", [n0]) + line("want", want)


def by_hand(p):
    order = np.argsort(p, kind="stable")
    n = len(p)
    q = np.minimum.accumulate((p[order] * n / np.arange(1, n + 1))[::-1])[::-1]
    out = np.empty(n)
    out[order] = np.minimum(q, 1)
    return out


def main():
    with open("run_test.case", "w") as out:
        for name, text in singles():
            out.write(f"case {name}\n" + text)
    with open("many.case", "w") as out:
        for n0, n, shifted, shift in ((3, 2, 1, 30), (5, 50, 5, 6), (10, 50, 5, 4), (20, 80, 8, 5), (30, 12, 0, 0)):
            out.write(f"case {n} metrics {n0} runs\n" + many(n0, n, shifted, shift))
        out.write("case ties\n" + many(8, 20, 4, 6, ties=True))


main()
