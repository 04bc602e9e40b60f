/* SPDX-License-Identifier: Apache-2.0 */
#include "stats/compare.h"

#include <math.h>
#include <stdbool.h>

/* Points of either side at or below x, where one of them or both step. The walk has no branch that
 * depends on which: two samples of the same thing interleave at random, and a branch would be
 * guessed wrong every other time. */
typedef struct walk {
    size_t i;
    size_t j;
    double x;
} walk;

static inline bool step(walk *w, const hb_ecdf *a, const hb_ecdf *b)
{
    bool more_a = w->i < a->n_points;
    bool more_b = w->j < b->n_points;
    if (more_a && more_b) {
        double xa = a->values[w->i];
        double xb = b->values[w->j];
        w->x = xa < xb ? xa : xb;
        w->i += xa <= xb;
        w->j += xb <= xa;
    } else if (more_a) {
        w->x = a->values[w->i++];
    } else if (more_b) {
        w->x = b->values[w->j++];
    }
    return more_a || more_b;
}

static inline double share(const hb_ecdf *e, size_t points, double n)
{
    return points ? (double)e->upto[points - 1] / n : 0;
}

/* The area is in units of 1/scale, compensated (Kahan). */
static hb_distance distance(const hb_ecdf *a, const hb_ecdf *b, double scale)
{
    walk w = {0};
    hb_distance out = {.ks = {.d = -1, .p = 1, .at = NAN}};
    double na = (double)a->n;
    double nb = (double)b->n;
    double area = 0;
    double low = 0;
    double last = 0;
    double height = 0; /* |Fa - Fb| right of the last value: 0 before the first */
    while (step(&w, a, b)) {
        double x = w.x * scale;
        if (height > 0) {
            double y = (x - last) * height - low;
            double sum = area + y;
            low = (sum - area) - y;
            area = sum;
        }
        last = x;
        height = fabs(share(a, w.i, na) - share(b, w.j, nb));
        if (height > out.ks.d) {
            out.ks.d = height;
            out.ks.at = w.x;
        }
    }
    out.wasserstein = area;
    return out;
}

hb_distance hb_distance_two_sample(const hb_ecdf *a, const hb_ecdf *b)
{
    if (!a->n || !b->n) {
        return (hb_distance){.ks = {.d = 0, .p = 1, .at = NAN}, .wasserstein = NAN};
    }
    hb_distance out = distance(a, b, 1);
    out.ks.p = hb_ks_p(out.ks.d, a->n, b->n);
    out.ks.d_error = a->rank_error + b->rank_error;
    if (!isfinite(out.wasserstein)) {
        /* A difference of two values may overflow where the area does not. */
        out.wasserstein = distance(a, b, 0.25).wasserstein * 4;
    }
    return out;
}

hb_ks hb_ks_two_sample(const hb_ecdf *a, const hb_ecdf *b)
{
    return hb_distance_two_sample(a, b).ks;
}

double hb_wasserstein(const hb_ecdf *a, const hb_ecdf *b)
{
    return hb_distance_two_sample(a, b).wasserstein;
}
