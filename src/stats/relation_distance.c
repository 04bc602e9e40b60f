/* SPDX-License-Identifier: Apache-2.0 */
/* How far a run is from the others in one group of metrics. The group's matrices are made in the
 * smaller of two spaces: metrics by metrics, or, with more metrics than runs, runs by runs, where
 * with B = c·X'X + λI and κ = λ/c
 *
 *     x'B⁻¹x = (x'x - g'(XX' + κI)⁻¹g) / λ,   g = Xx.
 *
 * XX' of centred rows has the eigenvector 1 with eigenvalue 0, which would spoil (XX' + κI)⁻¹; it
 * is given the mean eigenvalue instead, and taken out again. */
#include "stats/cholesky.h"
#include "stats/relation_internal.h"
#include "stats/sort.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* How far from its median a group's distance may be, in its own spread, before it counts as far as
 * another group's: only weighs groups of different size against each other. */
#define SPREAD_WEIGHT 3

/* Least weight where a group has more metrics than runs, so that nothing is singular. */
#define LEAST_SHRINKAGE 1e-6

/* Schäfer, Strimmer 2005: sum of the correlations' variances over that of their squares; the
 * variance of r is (1 - r²)²/(n - 1), Fisher's. (Their own estimate takes the variances of the
 * metrics as known, and so shrinks the strong relations most that are known best.) */
static double shrinkage(hb_relation_work *w, size_t m)
{
    double dof = (double)(w->n - 1);
    double variance = 0;
    double square = 0;
    for (size_t c = 0; c + 1 < m; c++) {
        hb_relation_products(w->x, w->n, m, c, m, w->sums);
        for (size_t k = c + 1; k < m; k++) {
            double r = w->sums[k] / dof;
            variance += (1 - r * r) * (1 - r * r) / dof;
            square += r * r;
        }
    }
    return variance < square ? variance / square : 1;
}

/* matrix = c·X'X + λI, or XX' + (λ/c)I with the eigenvector 1 lifted; its Cholesky factor. */
static void factor_matrix(hb_relation_work *w, size_t m, double c, double lambda, bool by_runs)
{
    size_t n = w->n;
    size_t side = by_runs ? n : m;
    double trace = 0;
    memset(w->matrix, 0, side * side * sizeof *w->matrix);
    if (by_runs) {
        for (size_t i = 0; i < n; i++) {
            for (size_t k = 0; k <= i; k++) {
                w->matrix[i * n + k] = hb_dot(w->x + i * m, w->x + k * m, m);
            }
            trace += w->matrix[i * n + i];
        }
        double lift = trace / (double)n / (double)n;
        for (size_t i = 0; i < n; i++) {
            for (size_t k = 0; k <= i; k++) {
                w->matrix[i * n + k] += lift + (i == k ? lambda / c : 0);
            }
        }
    } else {
        for (size_t i = 0; i < n; i++) {
            const double *row = w->x + i * m;
            for (size_t a = 0; a < m; a++) {
                for (size_t b = 0; b <= a; b++) {
                    w->matrix[a * m + b] += c * row[a] * row[b];
                }
            }
        }
        for (size_t a = 0; a < m; a++) {
            w->matrix[a * m + a] += lambda;
        }
    }
    hb_cholesky(w->matrix, side);
}

/* Squared distance of every run from the others' mean by the others' covariance. */
static void leave_one_out(hb_relation_work *w, size_t m, double lambda, bool by_runs)
{
    size_t n = w->n;
    double c = (1 - lambda) / (double)(n - 2);
    double ratio = (double)n / (double)(n - 1);
    double kappa = lambda / c;
    double lift = 0;
    factor_matrix(w, m, c, lambda, by_runs);
    for (size_t i = 0; i < n && by_runs; i++) {
        lift += hb_dot(w->x + i * m, w->x + i * m, m) / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        if (by_runs) {
            double whole = hb_cholesky_inverse_diagonal(w->matrix, n, i, w->g);
            double part = whole - 1 / ((double)n * (kappa + lift));
            part = part > 1e-300 ? part : 1e-300;
            double q = (1 - 1 / (double)n - kappa * part) / c;
            w->loo[i] = ratio * q / (kappa * part);
        } else {
            memcpy(w->g, w->x + i * m, m * sizeof *w->g);
            hb_cholesky_forward(w->matrix, m, w->g);
            double q = hb_dot(w->g, w->g, m);
            double left = 1 - c * ratio * q;
            w->loo[i] = ratio * ratio * q / (left > 1e-12 ? left : 1e-12);
        }
        w->loo[i] /= 1 + 1 / (double)(n - 1);
    }
}

/* The new run's; w->u = inverse covariance times its row, and the factor stays in w->matrix. */
static double new_distance(hb_relation_work *w, size_t m, double lambda, bool by_runs)
{
    size_t n = w->n;
    const double *y = w->x + n * m;
    factor_matrix(w, m, (1 - lambda) / (double)(n - 1), lambda, by_runs);
    if (!by_runs) {
        memcpy(w->u, y, m * sizeof *w->u);
        hb_cholesky_forward(w->matrix, m, w->u);
        hb_cholesky_backward(w->matrix, m, w->u);
        return hb_dot(w->u, y, m);
    }
    for (size_t i = 0; i < n; i++) {
        w->g[i] = hb_dot(w->x + i * m, y, m);
    }
    hb_cholesky_forward(w->matrix, n, w->g);
    hb_cholesky_backward(w->matrix, n, w->g);
    memcpy(w->u, y, m * sizeof *w->u);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < m; k++) {
            w->u[k] -= w->g[i] * w->x[i * m + k];
        }
    }
    for (size_t k = 0; k < m; k++) {
        w->u[k] /= lambda;
    }
    return hb_dot(w->u, y, m);
}

/* The left-out distances' median; their mean where more than half of the runs are exactly at the
 * centre, so that it is never 0. */
static double usual_distance(hb_relation_work *w)
{
    size_t n = w->n;
    double sum = 0;
    memcpy(w->sorted, w->loo, n * sizeof *w->sorted);
    hb_sort_f64(w->sorted, n, w->g);
    double median = n % 2 ? w->sorted[n / 2] : (w->sorted[n / 2 - 1] + w->sorted[n / 2]) / 2;
    for (size_t i = 0; i < n && !(median > 0); i++) {
        sum += w->sorted[i];
    }
    return median > 0 ? median : sum / (double)n;
}

static double precision_diagonal(hb_relation_work *w, size_t m, double lambda, bool by_runs,
                                 size_t k)
{
    if (!by_runs) {
        return hb_cholesky_inverse_diagonal(w->matrix, m, k, w->g);
    }
    for (size_t i = 0; i < w->n; i++) {
        w->g[i] = w->x[i * m + k];
    }
    hb_cholesky_forward(w->matrix, w->n, w->g);
    return (1 - hb_dot(w->g, w->g, w->n)) / lambda;
}

static int by_share(const void *pa, const void *pb)
{
    const hb_relation_share *a = pa;
    const hb_relation_share *b = pb;
    return a->share != b->share    ? (a->share > b->share ? -1 : 1)
           : a->metric < b->metric ? -1
                                   : a->metric > b->metric;
}

static void put_parts(hb_relation_work *w, const size_t *columns, size_t m, double lambda,
                      bool by_runs, double squared, hb_relation_share *parts)
{
    const double *y = w->x + w->n * m;
    for (size_t k = 0; k < m; k++) {
        size_t c = columns[k];
        double precision = precision_diagonal(w, m, lambda, by_runs, k);
        parts[k] = (hb_relation_share){
            .metric = w->metric[c],
            .share = squared > 0 ? y[k] * w->u[k] / squared : 0,
            .expected = w->mean[c] + w->sd[c] * (y[k] - w->u[k] / precision),
        };
    }
    qsort(parts, m, sizeof *parts, by_share);
}

void hb_relation_look(hb_relation_work *w, const size_t *columns, size_t m, double *io_most,
                      hb_relation_fit *ret)
{
    size_t n = w->n;
    for (size_t i = 0; i <= n; i++) {
        for (size_t k = 0; k < m; k++) {
            w->x[i * m + k] = w->z[i * w->p + columns[k]];
        }
    }
    bool by_runs = m > n;
    double lambda = shrinkage(w, m);
    lambda = by_runs && lambda < LEAST_SHRINKAGE ? LEAST_SHRINKAGE : lambda;
    /* With all weight on the identity nothing is left of the relation. */
    lambda = lambda < 0.999 ? lambda : 0.999;
    leave_one_out(w, m, lambda, by_runs);
    double dof = (double)(m < n - 1 ? m : n - 1);
    double weight = 1 / (usual_distance(w) * (1 + SPREAD_WEIGHT * sqrt(2 / dof)));
    for (size_t i = 0; i < n; i++) {
        double far = w->loo[i] * weight;
        w->far[i] = far > w->far[i] ? far : w->far[i];
    }
    double squared = new_distance(w, m, lambda, by_runs);
    double far = squared / (1 + 1 / (double)n) * weight;
    if (far > *io_most) {
        *io_most = far;
        ret->distance = sqrt(squared);
        ret->shrinkage = lambda;
        ret->n_parts = m;
        put_parts(w, columns, m, lambda, by_runs, squared, ret->parts);
    }
}
