/* SPDX-License-Identifier: Apache-2.0 */
/* Which metrics surely go together. */
#include "stats/fmath.h"
#include "stats/relation_internal.h"
#include "stats/special.h"

#include <math.h>
#include <string.h>

size_t hb_relation_root(size_t *group, size_t c)
{
    while (group[c] != c) {
        group[c] = group[group[c]];
        c = group[c];
    }
    return c;
}

void hb_relation_products(const double *x, size_t n, size_t stride, size_t c, size_t to,
                          double *sums)
{
    memset(sums, 0, to * sizeof *sums);
    for (size_t i = 0; i < n; i++) {
        const double *row = x + i * stride;
        double one = row[c];
        for (size_t k = c + 1; k < to; k++) {
            sums[k] += one * row[k];
        }
    }
}

/* Mean ranks of every column, standardised, into w->x. One outlier makes a correlation of values,
 * but not of ranks. */
static void fill_ranks(hb_relation_work *w)
{
    size_t n = w->n;
    for (size_t c = 0; c < w->p; c++) {
        double square = 0;
        for (size_t i = 0; i < n; i++) {
            w->sorted[i] = w->z[i * w->p + c];
        }
        for (size_t i = 0; i < n; i++) {
            size_t below = 0;
            size_t equal = 0;
            for (size_t k = 0; k < n; k++) {
                below += w->sorted[k] < w->z[i * w->p + c];
                equal += w->sorted[k] == w->z[i * w->p + c];
            }
            double rank = (double)below + ((double)equal - (double)n) / 2;
            w->x[i * w->p + c] = rank;
            square += rank * rank;
        }
        double by = square > 0 ? sqrt((double)(n - 1) / square) : 0;
        for (size_t i = 0; i < n; i++) {
            w->x[i * w->p + c] *= by;
        }
    }
}

/* Fisher's z with Fieller's variance for rank correlations, 1.06/(n - 3). */
static double least_r(const hb_relation_work *w)
{
    double pairs = (double)w->p * (double)(w->p - 1) / 2;
    double surely = hb_log((1 + HB_RELATION_LEAST_R) / (1 - HB_RELATION_LEAST_R)) / 2;
    double z = -hb_normal_quantile(HB_RELATION_EDGE_LEVEL / pairs / 2);
    double twice = 2 * (surely + z * sqrt(1.06 / (double)(w->n - 3)));
    double e = hb_exp(twice);
    return (e - 1) / (e + 1);
}

void hb_relation_groups(hb_relation_work *w, hb_relation_fit *ret)
{
    double least = least_r(w) * (double)(w->n - 1);
    fill_ranks(w);
    for (size_t c = 0; c < w->p; c++) {
        w->group[c] = c;
    }
    for (size_t c = 0; c + 1 < w->p; c++) {
        hb_relation_products(w->x, w->n, w->p, c, w->p, w->sums);
        for (size_t k = c + 1; k < w->p; k++) {
            if (fabs(w->sums[k]) < least) {
                continue;
            }
            size_t a = hb_relation_root(w->group, c);
            size_t b = hb_relation_root(w->group, k);
            w->group[a > b ? a : b] = a < b ? a : b;
        }
    }
    size_t at = 0;
    for (size_t c = 0; c < w->p; c++) {
        size_t before = at;
        if (hb_relation_root(w->group, c) != c) {
            continue;
        }
        for (size_t k = c; k < w->p; k++) {
            if (hb_relation_root(w->group, k) == c) {
                w->members[at++] = k;
            }
        }
        if (at - before < 2) {
            at = before;
        } else {
            ret->n_groups++;
        }
    }
    ret->n_related = at;
}
