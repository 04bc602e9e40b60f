/* SPDX-License-Identifier: Apache-2.0 */
/* A number as the unevaluated sum of two doubles (Dekker 1971; Shewchuk 1997), for the logarithms
 * of prefactors: x^a with a of a million loses six digits in plain doubles. Products are split, not
 * fused, so that every machine gives the same bits; arguments stay below 2^990. */
#ifndef HB_STATS_DD_H
#define HB_STATS_DD_H

typedef struct hb_dd {
    double hi;
    double lo;
} hb_dd;

static inline hb_dd hb_dd_of(double x)
{
    return (hb_dd){x, 0};
}

/* |a| >= |b|, or a is 0. */
static inline hb_dd hb_dd_quick(double a, double b)
{
    double s = a + b;
    return (hb_dd){s, b - (s - a)};
}

static inline hb_dd hb_dd_sum(double a, double b)
{
    double s = a + b;
    double t = s - a;
    return (hb_dd){s, (a - (s - t)) + (b - t)};
}

static inline hb_dd hb_dd_product(double a, double b)
{
    double p = a * b;
    double c = 134217729.0 * a;
    double a1 = c - (c - a);
    double a2 = a - a1;
    c = 134217729.0 * b;
    double b1 = c - (c - b);
    double b2 = b - b1;
    return (hb_dd){p, ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2};
}

static inline hb_dd hb_dd_add(hb_dd a, hb_dd b)
{
    hb_dd s = hb_dd_sum(a.hi, b.hi);
    hb_dd t = hb_dd_sum(a.lo, b.lo);
    s = hb_dd_quick(s.hi, s.lo + t.hi);
    return hb_dd_quick(s.hi, s.lo + t.lo);
}

static inline hb_dd hb_dd_neg(hb_dd a)
{
    return (hb_dd){-a.hi, -a.lo};
}

static inline hb_dd hb_dd_sub(hb_dd a, hb_dd b)
{
    return hb_dd_add(a, hb_dd_neg(b));
}

static inline hb_dd hb_dd_mul(hb_dd a, hb_dd b)
{
    hb_dd p = hb_dd_product(a.hi, b.hi);
    return hb_dd_quick(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

static inline hb_dd hb_dd_div(hb_dd a, hb_dd b)
{
    double q = a.hi / b.hi;
    hb_dd r = hb_dd_sub(a, hb_dd_mul(hb_dd_of(q), b));
    return hb_dd_quick(q, r.hi / b.hi);
}

/* a > 0 and normal; relative error below 1e-23. */
hb_dd hb_dd_log(hb_dd a);
/* e to the a, rounded to one double; relative error below 4e-16. */
double hb_dd_exp(hb_dd a);
/* log Γ(a), a > 0; absolute error below 1e-17 + 1e-22 of its value. */
hb_dd hb_dd_lgamma(hb_dd a);

#endif
