/* SPDX-License-Identifier: Apache-2.0 */
#include "stats/compare.h"

#include <math.h>
#include <stdbool.h>

typedef struct merged {
    const hb_ecdf *a;
    const hb_ecdf *b;
    size_t i;
    size_t j;
    double fa; /* F of each side at and right of `x` */
    double fb;
    double x;
} merged;

/* Steps to the next value of either side; equal values are stepped over together. */
static bool step(merged *m)
{
    bool more_a = m->i < m->a->n_points;
    bool more_b = m->j < m->b->n_points;
    if (!more_a && !more_b) {
        return false;
    }
    double xa = more_a ? m->a->values[m->i] : INFINITY;
    double xb = more_b ? m->b->values[m->j] : INFINITY;
    m->x = xa < xb ? xa : xb;
    if (more_a && xa <= m->x) {
        m->fa = (double)m->a->upto[m->i++] / (double)m->a->n;
    }
    if (more_b && xb <= m->x) {
        m->fb = (double)m->b->upto[m->j++] / (double)m->b->n;
    }
    return true;
}

hb_ks hb_ks_two_sample(const hb_ecdf *a, const hb_ecdf *b)
{
    hb_ks ks = {.d = 0, .p = 1, .at = NAN};
    if (!a->n || !b->n) {
        return ks;
    }
    merged m = {.a = a, .b = b};
    while (step(&m)) {
        double d = fabs(m.fa - m.fb);
        if (d > ks.d || isnan(ks.at)) {
            ks.d = d;
            ks.at = m.x;
        }
    }
    ks.p = hb_ks_p(ks.d, a->n, b->n);
    ks.d_error = a->rank_error + b->rank_error;
    return ks;
}

/* The area in units of 1/scale, compensated (Kahan). */
static double area_between(const hb_ecdf *a, const hb_ecdf *b, double scale)
{
    merged m = {.a = a, .b = b};
    double area = 0;
    double low = 0;
    double last = 0;
    double height = 0; /* |Fa - Fb| right of the last value: 0 before the first */
    while (step(&m)) {
        double x = m.x * scale;
        if (height > 0) {
            double y = (x - last) * height - low;
            double sum = area + y;
            low = (sum - area) - y;
            area = sum;
        }
        last = x;
        height = fabs(m.fa - m.fb);
    }
    return area;
}

double hb_wasserstein(const hb_ecdf *a, const hb_ecdf *b)
{
    if (!a->n || !b->n) {
        return NAN;
    }
    double area = area_between(a, b, 1);
    /* A difference of two values may overflow where the area does not. */
    return isfinite(area) ? area : area_between(a, b, 0.25) * 4;
}
