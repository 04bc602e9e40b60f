/* SPDX-License-Identifier: Apache-2.0 */
/* Steps within each level, not of the merged curve: quantised samples show their step there as
 * well, at a fraction of the cost. What levels cannot show alone, a channel that stood still on
 * each, shows between their ends. */
#include "stats/sketch_internal.h"
#include "stats/sort.h"

#include <float.h>
#include <math.h>

enum { NOISE_ULP = 4 };

typedef struct least {
    double step; /* infinity = none yet */
    double ends[2 * HB_SKETCH_LEVELS];
    size_t n_ends;
} least;

static bool is_step(double below, double above)
{
    return hb_order_image(above) - hb_order_image(below + 0.0) > NOISE_ULP;
}

/* Pair by pair, for values so close that rounding may be all there is between them. */
static double exact_step(const double *v, size_t n)
{
    double step = INFINITY;
    for (size_t i = 1; i < n; i++) {
        double gap = v[i] - v[i - 1];
        if (gap > 0 && gap < step && is_step(v[i - 1], v[i])) {
            step = gap;
        }
    }
    return step;
}

/* Ascending. */
static double step_of(const double *v, size_t n)
{
    double step = INFINITY;
    for (size_t i = 1; i < n; i++) {
        double gap = v[i] - v[i - 1];
        step = gap > 0 && gap < step ? gap : step;
    }
    double most = fmax(fabs(v[0]), fabs(v[n - 1]));
    return step > NOISE_ULP * DBL_EPSILON * most ? step : exact_step(v, n);
}

static void look_at(least *l, const double *v, size_t n)
{
    l->step = fmin(l->step, step_of(v, n));
    l->ends[l->n_ends++] = v[0];
    l->ends[l->n_ends++] = v[n - 1];
}

double hb_sketch_step(const hb_sketch *s)
{
    double v[HB_SKETCH_K];
    least l = {.step = INFINITY};
    if (s->n_buffer) {
        double scratch[HB_SKETCH_K];
        memcpy(v, s->buffer, s->n_buffer * sizeof *v);
        hb_sort_f64(v, s->n_buffer, scratch);
        look_at(&l, v, s->n_buffer);
    }
    for (size_t h = 1; h < HB_SKETCH_LEVELS; h++) {
        if (hb_sketch_holds(s, h)) {
            for (size_t i = 0; i < HB_SKETCH_HALF; i++) {
                v[i] = hb_order_preimage(hb_sketch_run(s, h)[i]);
            }
            look_at(&l, v, HB_SKETCH_HALF);
        }
    }
    if (l.n_ends > 2) {
        double scratch[2 * HB_SKETCH_LEVELS];
        hb_sort_f64(l.ends, l.n_ends, scratch);
        l.step = fmin(l.step, step_of(l.ends, l.n_ends));
    }
    return isfinite(l.step) ? l.step : 0;
}
