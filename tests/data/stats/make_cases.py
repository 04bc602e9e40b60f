#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the oracle cases of test_stats.c with numpy and scipy: python3 make_cases.py > stats.case

A case is three lines: `name`, then the samples of a, then of b; then `=` and the expected figures:
mean_a var_a lag1_a p50_a p95_a p99_a  d p wasserstein (repr, or nan)."""
import sys

import numpy as np
from scipy import stats

rng = np.random.default_rng(20261123)


def samples():
    yield "normal", rng.normal(0, 1, 50), rng.normal(0.3, 1, 60)
    yield "ties", np.array([9.0, 10, 10, 11, 9, 10, 10, 11]), np.array([9.0, 10, 10, 11, 9, 10, 10, 12])
    yield "identical constant", np.full(8, 10.0), np.full(8, 10.0)
    yield "integers", rng.integers(0, 5, 90).astype(float), rng.integers(0, 6, 100).astype(float)
    yield "heavy tail", rng.standard_t(2, 40), rng.standard_t(2, 45) * 2
    yield "far apart", rng.normal(0, 1, 30), rng.normal(100, 1, 30)
    yield "one each", np.array([1.0]), np.array([2.0])
    yield "lognormal", np.exp(rng.normal(0, 2, 64)), np.exp(rng.normal(0.5, 2, 64))
    yield "large offset", 1e9 + rng.normal(0, 1e-3, 70), 1e9 + rng.normal(0, 1e-3, 70)
    yield "autocorrelated", np.cumsum(rng.normal(0, 1, 80)), np.cumsum(rng.normal(0, 1, 90))
    yield "tiny", rng.normal(0, 1, 20) * 1e-150, rng.normal(0, 1, 20) * 1e-150
    yield "alternating", np.tile([1.0, -1.0], 32), np.tile([1.0, -1.0, 0.0], 20)


def main():
    for name, a, b in samples():
        exact = np.array(a, dtype=np.longdouble)
        mean = exact.mean()
        m2 = ((exact - mean) ** 2).sum()
        var = m2 / (len(a) - 1) if len(a) > 1 else np.nan
        lag = ((exact[1:] - mean) * (exact[:-1] - mean)).sum() / m2 if m2 > 0 and len(a) > 2 else np.nan
        ks = stats.ks_2samp(a, b, method="exact")
        w = stats.wasserstein_distance(a, b)
        figures = [mean, var, lag, *np.percentile(a, [50, 95, 99]), ks.statistic, ks.pvalue, w]
        print(name)
        print(" ".join(repr(float(x)) for x in a))
        print(" ".join(repr(float(x)) for x in b))
        print("= " + " ".join(repr(float(x)) for x in figures))


if __name__ == "__main__":
    sys.exit(main())
