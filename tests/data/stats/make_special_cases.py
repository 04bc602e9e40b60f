#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes special.case and predict.case, the oracle cases of stats/special.h and stats/predict.h:

    cd tests/data/stats && /usr/bin/python3 make_special_cases.py     (two minutes; needs mpmath)

The truth is mpmath with 40 to 700 digits, by methods other than the program's: plain power series of
positive terms for beta and gamma, the Poisson mixture (AS 243) for the noncentral t, Newton on those for
quantiles. scipy is asked for the same and must agree to 1e-7 where it can: it loses some tails, and the centre
of the t quantile."""
import math
import random

import mpmath as mp
import numpy as np
from mpmath import mpf
from scipy import integrate, special, stats

R = random.Random(20261126)
mp.mp.dps = 420


def log_uniform(low, high):
    return 10 ** R.uniform(math.log10(low), math.log10(high))


def log_beta(a, b):
    return mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)


def beta_series(a, b, x, y, most):
    """I_x(a, b) = x^a y^b / (a B(a, b)) sum (a+b)_n / (a+1)_n x^n; None over `most` terms."""
    total = term = mpf(1)
    for n in range(most):
        term *= (a + b + n) / (a + 1 + n) * x
        total += term
        if term < total * mpf(10) ** -mp.mp.dps:
            return mp.exp(a * mp.log(x) + b * mp.log(y) - log_beta(a, b)) / a * total
    return None


def beta_tails(a, b, x, y):
    """I_x(a, b) and 1 less it; 420 digits, so that both are right down to 1e-320."""
    a, b, x, y = mpf(a), mpf(b), mpf(x), mpf(y)
    for most in (20000, 100000, 3000000):
        p = beta_series(a, b, x, y, most)
        if p is not None:
            return p, 1 - p
        q = beta_series(b, a, y, x, most)
        if q is not None:
            return 1 - q, q
    raise ArithmeticError((a, b, x))


def t_tails(t, dof):
    """P(|T| >= |t|) and P(|T| < |t|)."""
    t, dof = mpf(t), mpf(dof)
    both = t * t + dof
    return beta_tails(dof / 2, mpf(0.5), dof / both, t * t / both)


def t_sf(t, dof):
    out, within = t_tails(t, dof)
    return out / 2 if t >= 0 else (1 + within) / 2


def t_quantile(p, dof):
    with mp.workdps(60 - int(math.log10(min(p, 1 - p)))):
        return t_quantile_here(p, dof)


def t_quantile_here(p, dof):
    """Newton on the logarithm of the smaller of P(|T| >= t), P(|T| < t) by that of t."""
    p, dof = mpf(p), mpf(dof)
    tail, centre = 2 * min(p, 1 - p), 2 * abs(p - mpf(0.5))
    t = mpf(abs(stats.t.isf(float(tail / 2), float(dof)))) if centre > 1e-6 else mpf(float(centre))
    if not mp.isfinite(t):
        return None
    for _ in range(60):
        out, within = t_tails(t, dof)
        density = 2 * mp.exp(-(dof + 1) / 2 * mp.log(1 + t * t / dof) - log_beta(dof / 2, mpf(0.5))) / mp.sqrt(dof)
        step = (mp.log(out / tail) * out if tail < centre else -mp.log(within / centre) * within) / density
        move = max(min(step / t, mpf(200)), mpf(-200))
        t *= mp.exp(move)
        if abs(move) < 1e-20:
            return -t if p < 0.5 else t
    raise ArithmeticError((p, dof))


def gamma_p(a, x):
    a, x = mpf(a), mpf(x)
    total = term = 1 / a
    n = 0
    while term > total * mpf(10) ** -mp.mp.dps:
        n += 1
        term *= x / (a + n)
        total += term
    return mp.exp(a * mp.log(x) - x - mp.loggamma(a)) * total


def normal_sf(z):
    return mp.erfc(mpf(z) / mp.sqrt(2)) / 2


def normal_quantile(p):
    p = mpf(p)
    z = mpf(special.ndtri(float(p)))
    for _ in range(20):
        step = (p - normal_sf(-z)) / (mp.exp(-z * z / 2) / mp.sqrt(2 * mp.pi)) if abs(p - 0.5) < 0.49 else \
            -mp.log(normal_sf(-z) / p) * normal_sf(-z) / (mp.exp(-z * z / 2) / mp.sqrt(2 * mp.pi))
        z += step
        if abs(step) < abs(z) * mpf(10) ** -30:
            return z
    raise ArithmeticError(p)


def noncentral_t(t, dof, ncp):
    """AS 243 (Lenth 1989) with 700 digits, which its differences need for t < 0."""
    with mp.workdps(700):
        t, dof, ncp = mpf(t), mpf(dof), mpf(ncp)
        if t < 0:
            return 1 - noncentral_t(-t, dof, -ncp)
        x, y, b, half = t * t / (t * t + dof), dof / (t * t + dof), dof / 2, ncp * ncp / 2
        odd, even = beta_tails(mpf(0.5), b, x, y)[0], beta_tails(mpf(1), b, x, y)[0]

        def weight(a):
            return mp.exp(a * mp.log(x) + b * mp.log(y) - log_beta(a, b)) / a

        odd_w, even_w = weight(mpf(0.5)), weight(mpf(1))
        poisson = mp.exp(-half)
        other = ncp * mp.exp(-half) / (mp.sqrt(2) * mp.gamma(mpf(1.5)))
        total, j = mpf(0), 0
        while j < half or abs(poisson) + abs(other) > mpf(10) ** -380:
            total += poisson * odd + other * even
            odd, even = odd - odd_w, even - even_w
            odd_w *= x * (j + 0.5 + b) / (j + 1.5)
            even_w *= x * (j + 1 + b) / (j + 2)
            j += 1
            poisson *= half / j
            other *= half / (j + mpf(0.5))
        return normal_sf(ncp) + total / 2


def tost_power(n0, dof, m, margin, alpha):
    """P(both one-sided tests reject) at difference 0, sd 1, by scipy's quadrature over s."""
    away = margin / math.sqrt(1 / m + 1 / n0)
    cut = float(t_quantile(mpf(1) - mpf(alpha), dof))  # scipy's is off by 1e-9
    density = lambda s: stats.chi.pdf(s * math.sqrt(dof), dof) * math.sqrt(dof)
    top = min(away / cut, 1 + 12 / math.sqrt(dof))
    cuts = np.linspace(max(0, 1 - 12 / math.sqrt(2 * dof)), top, 9)
    if cuts[0] >= top:
        return 0.0
    return sum(integrate.quad(lambda s: (2 * stats.norm.cdf(away - cut * s) - 1) * density(s), a, b,
                              epsabs=1e-14, epsrel=1e-12)[0] for a, b in zip(cuts, cuts[1:]))


def elementary():
    for x in [log_uniform(1e-300, 1e6) for _ in range(25)] + [R.uniform(0.1, 30) for _ in range(25)] + \
            [c + s * log_uniform(1e-15, 0.1) for c in (1, 2) for s in (1, -1) for _ in range(8)] + \
            [0.5, 1.5, 3, 1e15, 1e100, 1e300]:
        yield "lgamma", [x], mp.loggamma(mpf(x)), special.gammaln(x) if min(abs(x - 1), abs(x - 2)) > 0.01 else None
    for x in [s * log_uniform(1e-300, 0.9) for s in (1, -1) for _ in range(20)] + \
            [log_uniform(1, 1e300) for _ in range(10)] + [-1 + log_uniform(1e-15, 0.5) for _ in range(10)]:
        yield "log1p", [x], mp.log1p(mpf(x)), math.log1p(x)
    for x in [s * log_uniform(1e-300, 700) for s in (1, -1) for _ in range(20)] + \
            [s * log_uniform(1e-3, 3) for s in (1, -1) for _ in range(15)]:
        yield "expm1", [x], mp.expm1(mpf(x)), math.expm1(x)


def normal():
    for z in [R.uniform(-37, 8) for _ in range(60)] + [0, 0.67448975, -0.67448975, 5.65, 5.66, -0.66, 37]:
        yield "normal_cdf", [z], normal_sf(-z), special.ndtr(z)
        yield "normal_sf", [-z], normal_sf(-z), special.ndtr(z)
    for p in [log_uniform(1e-300, 0.5) for _ in range(30)] + [R.uniform(0, 1) for _ in range(20)] + \
            [0.5 + s * log_uniform(1e-15, 0.1) for s in (1, -1) for _ in range(10)] + [1e-300, 0.025, 0.975]:
        yield "normal_quantile", [p], normal_quantile(p), special.ndtri(p)


def beta_and_gamma():
    for _ in range(90):
        a, b, tail = log_uniform(1e-2, 1e6), log_uniform(1e-2, 1e6), log_uniform(1e-300, 1)
        x = special.btdtri(a, b, tail) if R.random() < 0.8 else R.random()
        if not 1e-290 < x < 1:
            continue
        with_y = mpf(1) - mpf(x)
        yield "beta_inc", [a, b, x], beta_tails(a, b, x, with_y)[0], special.betainc(a, b, x)
    for _ in range(60):
        a = log_uniform(0.01, 5e5)
        x = a * math.exp(R.gauss(0, 4) / math.sqrt(a)) if a > 1 else log_uniform(1e-5, 50)
        p = gamma_p(a, x)
        yield "gamma_p", [a, x], p, special.gammainc(a, x)
        yield "gamma_q", [a, x], 1 - p, special.gammaincc(a, x)
        yield "chi2_sf", [2 * x, 2 * a], 1 - p, special.gammaincc(a, x)
    for _ in range(40):
        d1, d2 = log_uniform(0.5, 1e5), log_uniform(0.5, 1e5)
        f = math.exp(R.gauss(0, 3) * math.sqrt(2 / d1 + 2 / d2))
        both = mpf(d2) + mpf(d1) * mpf(f)
        yield "f_sf", [f, d1, d2], beta_tails(mpf(d2) / 2, mpf(d1) / 2, d2 / both, mpf(d1) * mpf(f) / both)[0], \
            stats.f.sf(f, d1, d2)
    for n in (1, 7, 30, 1000, 10**6):
        for _ in range(6):
            p = R.random() ** 3
            k = min(n - 1, max(0, round(n * p + R.gauss(0, 4) * math.sqrt(n * p * (1 - p)))))
            yield "binomial_cdf", [k, n, p], beta_tails(k + 1, n - k, p, mpf(1) - mpf(p))[1], stats.binom.cdf(k, n, p)


def student():
    for _ in range(70):
        dof = log_uniform(0.5, 1e6)
        t = stats.t.isf(log_uniform(1e-300, 0.5), dof)
        if math.isfinite(t) and t < 1e140:
            yield "t_sf", [t, dof], t_sf(t, dof), stats.t.sf(t, dof)
            yield "t_cdf", [t, dof], 1 - t_sf(t, dof), stats.t.cdf(t, dof)
            yield "t_two_sided", [-t, dof], t_tails(t, dof)[0], 2 * stats.t.sf(t, dof)
    for t, dof in [(1e200, 1), (1e299, 1), (1e-50, 3), (37, 1e6), (3e140, 0.5), (1e120, 2.5)]:
        yield "t_sf", [t, dof], t_sf(t, dof), stats.t.sf(t, dof)
    for p in [log_uniform(1e-300, 0.5) for _ in range(35)] + [R.uniform(0, 1) for _ in range(20)] + \
            [0.5 + s * log_uniform(1e-15, 0.3) for s in (1, -1) for _ in range(7)]:
        dof = log_uniform(0.5, 1e6)
        want = t_quantile(p, dof)
        if want is not None and math.isfinite(float(want)):
            can = p > 1e-30 and abs(p - 0.5) > 0.01
            yield "t_quantile", [p, dof], want, stats.t.ppf(p, dof) if can else None
    for _ in range(90):
        dof, ncp = log_uniform(1, 3000), R.choice([R.uniform(-37, 37), R.uniform(-6, 6)])
        t = R.choice([R.uniform(-40, 40), ncp + R.gauss(0, 2), R.uniform(-5, 5)])
        want = noncentral_t(t, dof, ncp)
        if want > 1e-300:
            yield "nct_cdf", [t, dof, ncp], want, None
    for t, dof, ncp in [(25, 2, 30), (79, 2, 90), (4, 9, 4.5), (1e-3, 3, 2), (-1e-3, 3, 2), (3, 1e5, 3), (0, 5, 1)]:
        yield "nct_cdf", [t, dof, ncp], noncentral_t(t, dof, ncp) if t else normal_sf(ncp), None


def limits():
    for k, n, c in [(0, 10, 0.95), (10, 10, 0.95), (1, 10, 0.95), (3, 7, 0.9), (50, 1000, 0.99),
                    (999, 1000, 0.95), (1, 10**6, 0.95), (500000, 10**6, 0.999), (12, 24000, 0.95)]:
        half = (1 - c) / 2
        low = special.btdtri(k, n - k + 1, half) if k else 0.0
        high = special.btdtri(k + 1, n - k, 1 - half) if k < n else 1.0
        yield "limits", [k, n, c, low], high


def powers():
    for n0 in (2, 3, 5, 10, 20, 30):
        for m in (1, 3):
            for margin in (1, 2, 5):
                yield "tost_power", [n0, n0 - 1, m, margin, 0.05], tost_power(n0, n0 - 1, m, margin, 0.05)
    yield "tost_power", [3, 0.5, 1, 40, 0.05], tost_power(3, 0.5, 1, 40, 0.05)
    yield "tost_power", [10, 5000, 1, 3, 0.01], tost_power(10, 5000, 1, 3, 0.01)
    for n0, nu, m, alpha, side, shift in [(3, 0, 1, 0.01, 0, 4), (5, 0, 1, 0.0016, 0, 6), (10, 0, 1, 0.0016, 0, 4),
                                          (10, 0, 3, 0.05, 1, 1), (30, 0, 1, 0.01, -1, 3), (3, 20, 1, 0.01, 0, 4),
                                          (20, 0, 1, 0.01, 0, 0), (2, 0, 1, 0.05, 0, 15)]:
        dof = n0 - 1 + nu
        away = shift / math.sqrt(1 / m + 1 / n0)
        cut = t_quantile(mpf(1) - mpf(alpha) / (1 if side else 2), dof)
        found = 1 - noncentral_t(cut, dof, away)
        if side == 0:
            found += noncentral_t(-cut, dof, away)
        yield "power", [n0, dof, m, alpha, side, shift], found


def line(values):
    return "row " + " ".join(repr(float(v)) for v in values) + "\n"


def write(name, rows):
    rows = sorted(rows, key=lambda r: r[0])
    with open(name + ".case", "w") as out:
        title = None
        for row in rows:
            if row[0] != title:
                title = row[0]
                out.write(f"case {title}\n")
            out.write(line(list(row[1]) + [row[2]]))


def agreeing(rows):
    for title, x, want, scipy_says in rows:
        if scipy_says and 1e-290 < abs(want) < 1e90:
            assert abs(mpf(float(scipy_says)) / want - 1) < 1e-7, (title, x, float(want), scipy_says)
        if want == 0 or abs(want) > 1e-300:
            yield title, x, want


if __name__ == "__main__":
    write("special", agreeing(r for part in (elementary, normal, beta_and_gamma, student) for r in part()))
    write("predict", [r for part in (limits, powers) for r in part()])
