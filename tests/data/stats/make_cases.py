#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the oracle cases of the statistics tests with numpy, scipy and Python's exact arithmetic:

    cd tests/data/stats && /usr/bin/python3 make_cases.py

A case is a line `case NAME`, then lines `KEY number number …` (tests/support/stats_case.h)."""
import math
from decimal import Decimal, getcontext
from fractions import Fraction

import numpy as np
from scipy import stats

rng = np.random.default_rng(20261123)
QUANTILES = [0, 0.001, 0.01, 0.05, 0.25, 1 / 3, 0.5, 0.6, 0.75, 0.9, 0.95, 0.99, 0.999, 1]


def line(key, values):
    return key + " " + " ".join(repr(float(x)) for x in values) + "\n"


def series():
    yield "normal", rng.normal(0, 1, 50)
    yield "offset 1e9 noise 1e-3", 1e9 + rng.normal(0, 1e-3, 200)
    yield "offset 1e9 noise 1e-6", 1e9 + rng.normal(0, 1e-6, 200)
    yield "offset -1e15 integers", -1e15 + rng.integers(0, 8, 200).astype(float)
    yield "near 1e150", 1e150 * rng.normal(1, 0.5, 60)
    yield "near 1e-140", 1e-140 * rng.normal(1, 0.5, 60)
    yield "alternating", np.tile([1.0, -1.0], 33)
    yield "alternating at an offset", np.tile([1e6 + 1, 1e6 - 1], 20)
    yield "integers", rng.integers(0, 5, 90).astype(float)
    yield "heavy tail", rng.standard_t(1.5, 80)
    yield "lognormal", np.exp(rng.normal(0, 3, 64))
    yield "random walk", np.cumsum(rng.normal(0, 1, 120))
    yield "ramp", np.arange(100) * 0.1
    yield "step", np.concatenate([np.full(40, 20.0), np.full(31, 20.5)])
    yield "one spike", np.concatenate([np.zeros(99), [1e6]])
    yield "two values", np.array([3.0, 5.0])
    yield "three values", np.array([0.1, 0.2, 0.4])
    for n in range(4, 20):
        yield f"length {n}", rng.normal(5, 1, n)
    yield "one value", np.array([0.1])
    yield "constant 0.1", np.full(77, 0.1)


def exact_moments(v):
    """Exact rational arithmetic; correctly rounded at the end."""
    f = [Fraction(float(x)) for x in v]
    n = len(f)
    mean = sum(f) / n
    m2 = sum((x - mean) ** 2 for x in f)
    var = float(m2 / (n - 1)) if n > 1 else math.nan
    lag = math.nan
    if n > 2 and m2 > 0:
        lag = float(sum((f[i] - mean) * (f[i + 1] - mean) for i in range(n - 1)) / m2)
    return float(mean), var, lag


def write_moments():
    with open("moments.case", "w") as out:
        for name, v in series():
            mean, var, lag = exact_moments(v)
            if 2 < len(v) and "offset" not in name:  # exact arithmetic and numpy must agree
                assert math.isclose(var, np.var(v, ddof=1), rel_tol=1e-9, abs_tol=1e-25), name
            out.write(f"case {name}\n" + line("v", v) + line("want", [mean, var, lag]))


def write_quantiles():
    with open("quantile.case", "w") as out:
        for name, v in series():
            out.write(f"case {name}\n" + line("v", v) + line("q", QUANTILES))
            out.write(line("want", np.quantile(v, QUANTILES)))


def pairs():
    yield "normal", rng.normal(0, 1, 50), rng.normal(0.3, 1, 60)
    yield "ties", np.array([9.0, 10, 10, 11, 9, 10, 10, 11]), np.array([9.0, 10, 10, 11, 9, 10, 10, 12])
    yield "identical constant", np.full(8, 10.0), np.full(8, 10.0)
    yield "constant and another", np.full(8, 10.0), np.full(5, 10.5)
    yield "identical", *(2 * [rng.normal(0, 1, 40)])
    yield "one twice the other", *(lambda x: (x, np.concatenate([x, x])))(rng.normal(0, 1, 33))
    yield "integers", rng.integers(0, 5, 90).astype(float), rng.integers(0, 6, 100).astype(float)
    yield "heavy tail", rng.standard_t(2, 40), rng.standard_t(2, 45) * 2
    yield "cauchy", rng.standard_cauchy(150), rng.standard_cauchy(150)
    yield "far apart", rng.normal(0, 1, 30), rng.normal(100, 1, 30)
    yield "one each", np.array([1.0]), np.array([2.0])
    yield "one and many", np.array([0.5]), rng.normal(0, 1, 70)
    yield "lognormal", np.exp(rng.normal(0, 2, 64)), np.exp(rng.normal(0.5, 2, 64))
    yield "large offset", 1e9 + rng.normal(0, 1e-3, 70), 1e9 + rng.normal(0, 1e-3, 70)
    yield "autocorrelated", np.cumsum(rng.normal(0, 1, 80)), np.cumsum(rng.normal(0, 1, 90))
    yield "tiny", rng.normal(0, 1, 20) * 1e-150, rng.normal(0, 1, 20) * 1e-150
    yield "alternating", np.tile([1.0, -1.0], 32), np.tile([1.0, -1.0, 0.0], 20)


def write_compare():
    with open("compare.case", "w") as out:
        for name, a, b in pairs():
            ks = stats.ks_2samp(a, b, method="exact")
            w = stats.wasserstein_distance(a, b)
            out.write(f"case {name}\n" + line("a", a) + line("b", b))
            out.write(line("want", [ks.statistic, ks.pvalue, w]))


def exact_p(n, m, d):
    """By counting lattice paths in whole numbers; d in units of 1/(n·m)."""
    paths = [0] * (m + 1)
    for i in range(n + 1):
        for j in range(m + 1):
            if abs(i * m - j * n) >= d:
                paths[j] = 0
            elif i == 0:
                paths[j] = 1 if j == 0 else paths[j - 1]
            elif j:
                paths[j] += paths[j - 1]
    return 1 - Fraction(paths[m], math.comb(n + m, n))


def write_ks_p():
    """Rows n m d p. `exact`: whole numbers; `scipy`: ks_2samp's own exact method for larger samples;
    `one sided by far`: one sample so large that scipy's one-sample law holds; `limit`: an
    independent exact value where ours is the limit law (n = m: 2 Σ ± C(2n, n+kh) / C(2n, n))."""
    from scipy.stats._stats_py import _attempt_exact_2kssamp

    with open("ks_p.case", "w") as out:
        out.write("case exact\n")
        for n, m in [(1, 1), (1, 9), (3, 4), (7, 7), (10, 30), (20, 50), (33, 47), (60, 60)]:
            step = max(1, n * m // 12)
            for d in range(step, n * m + 1, step):
                out.write(line("row", [n, m, d / (n * m), float(exact_p(n, m, d))]))
        out.write("case scipy\n")
        for n, m in [(100, 100), (200, 300), (1000, 1000), (700, 1100), (2000, 1500), (3000, 3001)]:
            for x in [0.6, 1.0, 1.36, 1.9]:
                lcm = math.lcm(n, m)
                d = math.ceil(x / math.sqrt(n * m / (n + m)) * lcm) / lcm
                ok, d, p = _attempt_exact_2kssamp(n, m, math.gcd(n, m), d, "two-sided")
                assert ok
                out.write(line("row", [n, m, d, p]))
        out.write("case one sided by far\n")
        for n, m in [(5, 10**6), (5, 10**9), (20, 3 * 10**6), (150, 10**7), (299, 10**8)]:
            for x in [0.7, 1.0, 1.36, 1.9]:
                root = math.sqrt(n * m / (n + m))
                p = stats.kstwo.sf(x / math.sqrt(n), n)
                out.write(line("row", [n, m, x / root, p]))
        out.write("case limit\n")
        for n in [4000, 20000, 100000]:
            for x in [0.6, 1.0, 1.36, 1.9, 2.5]:
                h = math.ceil(x / math.sqrt(n / 2) * n)
                k = np.arange(1, n // h + 1, dtype=float)
                from scipy.special import gammaln
                terms = np.exp(2 * gammaln(n + 1) - gammaln(n - k * h + 1) - gammaln(n + k * h + 1))
                p = 2 * np.sum(terms * (-1.0) ** (k - 1))
                out.write(line("row", [n, n, h / n, p]))


def write_fmath():
    """Correctly rounded values from decimal arithmetic with 60 digits."""
    getcontext().prec = 60
    xs = np.concatenate([rng.uniform(-700, 700, 150), rng.uniform(-1, 1, 100),
                         rng.normal(0, 1, 40) * 10.0 ** rng.uniform(-12, 2, 40),
                         [0.5, 1, -1, 2, 10, 0.34657, 0.34658, 709.7, -708.3, 1e-300, -1e-17]])
    ys = np.concatenate([10.0 ** rng.uniform(-300, 300, 150), rng.uniform(0.5, 2, 100),
                         1 + rng.normal(0, 1, 50) * 10.0 ** rng.uniform(-15, -2, 50),
                         [2, 10, math.sqrt(2), 1.4142135623730951, 1.414213562373095, 0.7071, 5e-324, 1e-310,
                          1.7976931348623157e308, 2.2250738585072014e-308]])
    with open("fmath.case", "w") as out:
        out.write("case exp\n")
        for x in xs:
            out.write(line("row", [x, float(Decimal(float(x)).exp())]))
        out.write("case log\n")
        for y in ys:
            out.write(line("row", [y, float(Decimal(float(y)).ln())]))

def relation_groups(z):
    """Connected metrics by Spearman's correlation over the threshold of stats/relation.h."""
    n, p = z.shape
    rank = np.apply_along_axis(stats.rankdata, 0, z)
    r = np.corrcoef(rank.T)
    level = stats.norm.isf(0.001 / (p * (p - 1) / 2) / 2)
    least = np.tanh(np.arctanh(0.5) + level * np.sqrt(1.06 / (n - 3)))
    group = list(range(p))
    for a in range(p):
        for b in range(a + 1, p):
            if abs(r[a, b]) >= least:
                group = [group[a] if g == group[b] else g for g in group]
    sets = [[k for k in range(p) if group[k] == g] for g in sorted(set(group))]
    return [s for s in sets if len(s) > 1]


def relation_case(x, now):
    """Distances by inverting every covariance matrix, each run left out in turn."""
    n, p = x.shape
    mean, sd = x.mean(0), x.std(0, ddof=1)
    z, y = (x - mean) / sd, (now - mean) / sd
    groups = relation_groups(z)
    left, far, best = np.zeros(n), -1, None
    for g in groups:
        zg, yg, m = z[:, g], y[g], len(g)
        r = np.corrcoef(zg.T)
        off = ~np.eye(m, dtype=bool)
        lam = min(1, (((1 - r[off] ** 2) ** 2) / (n - 1)).sum() / (r[off] ** 2).sum())
        loo = []
        for i in range(n):
            rest = np.delete(zg, i, 0)
            s = (1 - lam) * np.cov(rest.T) + lam * np.eye(m)
            d = zg[i] - rest.mean(0)
            loo.append(d @ np.linalg.solve(s, d) / (1 + 1 / (n - 1)))
        weight = 1 / (np.median(loo) * (1 + 3 * np.sqrt(2 / min(m, n - 1))))
        left = np.maximum(left, np.array(loo) * weight)
        inverse = np.linalg.inv((1 - lam) * r + lam * np.eye(m))
        u = inverse @ yg
        d2 = yg @ u
        if d2 / (1 + 1 / n) * weight > far:
            far = d2 / (1 + 1 / n) * weight
            share = yg * u / d2
            expected = mean[g] + sd[g] * (yg - u / np.diag(inverse))
            k = int(np.argmax(share))
            best = [lam, np.sqrt(d2), g[k], share[k], expected[k]]
    above = (left >= far).sum()
    half = np.sort(left)[n - n // 2 - 1:]
    fall = min(4, max(1, 0.5 / np.log(half[1:] / half[0]).mean()))
    prob = (1 + above) / (n + 1) if above else 1 / (1 + 0.75 * n * (far / left.max()) ** fall)
    return [len(groups), sum(map(len, groups))] + best + [prob]


def write_relation():
    mine = np.random.default_rng(4)

    def common(n, p, r):
        return np.sqrt(r) * mine.normal(size=(n, 1)) + np.sqrt(1 - r) * mine.normal(size=(n, p))

    cases = {
        "a pair apart": (np.hstack([common(20, 2, 0.97) * 3 + 50, mine.normal(size=(20, 3))]), [52, 49, 0, 1, -1]),
        "a pair together": (np.hstack([common(20, 2, 0.97) * 3 + 50, mine.normal(size=(20, 3))]), [53, 53, 0, 1, -1]),
        "two groups": (np.hstack([common(25, 4, 0.95), 1e9 + common(25, 3, 0.95), mine.normal(size=(25, 3))]),
                       [0.5, 0.4, 0.6, 0.5, 1e9 - 1, 1e9 + 1, 1e9, 0, 0, 0]),
        "more metrics than runs": (common(15, 40, 0.97), list(np.linspace(-0.3, 0.3, 40))),
        "near 1e-300": (5 + common(14, 3, 0.99), [5, 5.5, 4.5]),
    }
    with open("relation.case", "w") as out:
        for title, (x, now) in cases.items():
            want = relation_case(x, np.array(now, float))
            scale = 1e-300 if "1e-300" in title else 1
            want[6] *= scale
            out.write(f"case {title}\n" + line("shape", x.shape) + line("values", scale * x.T.ravel()) +
                      line("now", scale * np.array(now)) + line("want", want))


if __name__ == "__main__":
    write_moments()
    write_quantiles()
    write_compare()
    write_ks_p()
    write_fmath()
    write_relation()
