/* SPDX-License-Identifier: Apache-2.0 */
#include "stats/predict.h"

#include <math.h>
#include <stdbool.h>

/* NaN last, then by p, then by index. */
static bool after(const double *p, size_t i, size_t j)
{
    bool i_none = isnan(p[i]);
    bool j_none = isnan(p[j]);
    if (i_none != j_none) {
        return i_none;
    }
    return p[i] > p[j] || (!(p[i] < p[j]) && i > j);
}

static void sink(const double *p, size_t *order, size_t at, size_t n)
{
    size_t child = 2 * at + 1;
    while (child < n) {
        child += child + 1 < n && after(p, order[child + 1], order[child]);
        if (!after(p, order[child], order[at])) {
            return;
        }
        size_t t = order[at];
        order[at] = order[child];
        order[child] = t;
        at = child;
        child = 2 * at + 1;
    }
}

static void sort_by_p(const double *p, size_t *order, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        order[i] = i;
    }
    for (size_t i = n / 2; i-- > 0;) {
        sink(p, order, i, n);
    }
    for (size_t last = n; last-- > 1;) {
        size_t t = order[0];
        order[0] = order[last];
        order[last] = t;
        sink(p, order, 0, last);
    }
}

double hb_bh(const double *p, size_t n, double level, size_t *order, double *q)
{
    sort_by_p(p, order, n);
    size_t tested = n;
    while (tested > 0 && isnan(p[order[tested - 1]])) {
        tested--;
        if (q) {
            q[order[tested]] = NAN;
        }
    }
    double cut = 0;
    double least = 1;
    for (size_t k = tested; k > 0; k--) {
        double v = p[order[k - 1]];
        if (cut == 0 && v <= level * (double)k / (double)tested) {
            cut = v;
        }
        double adjusted = v * (double)tested / (double)k;
        least = adjusted < least ? adjusted : least;
        if (q) {
            q[order[k - 1]] = least;
        }
    }
    return cut;
}
