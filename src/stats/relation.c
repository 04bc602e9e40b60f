/* SPDX-License-Identifier: Apache-2.0 */
/* Z: standardised values, a row a run and the new run's as the last, so that sums over runs go
 * along rows. A group's matrices are made in the smaller of two spaces: metrics by metrics, or,
 * with more metrics than runs, runs by runs, where with B = c·X'X + λI and κ = λ/c
 *
 *     x'B⁻¹x = (x'x - g'(XX' + κI)⁻¹g) / λ,   g = Xx.
 *
 * XX' of centred rows has the eigenvector 1 with eigenvalue 0, which would spoil (XX' + κI)⁻¹; it
 * is given the mean eigenvalue instead, and taken out again. */
#include "stats/relation.h"

#include "base/mem.h"
#include "stats/fmath.h"
#include "stats/special.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* How far from its median a group's distance may be, in its own spread, before it counts as far as
 * another group's: only weighs groups of different size against each other. */
#define SPREAD_WEIGHT 3

/* Share of the left-out runs that counts beyond the largest of them: the groups were chosen with
 * them, so they are a little nearer than a run that comes new. */
#define COUNTED 0.75

/* How fast the tail is taken to fall beyond the largest left-out distance: a share of what their
 * larger half shows, within these bounds. Few runs show it badly, hence a share. */
#define HILL_SHARE 0.5
#define FALL_LEAST 1
#define FALL_MOST 4

/* Least weight where a group has more metrics than runs, so that nothing is singular. */
#define LEAST_SHRINKAGE 1e-6

typedef struct work {
    size_t n; /* runs */
    size_t p; /* metrics that are not constant */
    size_t all;
    size_t *metric; /* index into the input, of each column */
    double *mean;   /* of each column */
    double *sd;
    double *z;       /* (n + 1) × p */
    double *sums;    /* p */
    size_t *group;   /* root of each column's group */
    size_t *members; /* columns, those of one group one after the other */
    double *x;       /* (n + 1) × m of a group */
    double *matrix;  /* side² of a group, side <= n + 1 */
    double *inverse;
    double *far; /* largest weighted distance of each run so far, n + 1 */
    double *loo; /* n + 1: of the group in hand */
    double *sorted;
    double *u; /* m: inverse covariance times the new run */
    double *g; /* n */
} work;

/* One block of memory, cut up. */
static hb_status get_work(size_t n, size_t all, work *w, char **ret_memory, hb_error *err)
{
    size_t side = n + 1;
    size_t doubles = (2 * side + 4) * all + 2 * side * side + 5 * side;
    size_t sizes = 3 * all;
    char *memory = hb_alloc_array(doubles + sizes, sizeof(double));
    if (!memory) {
        return HB_NOMEM(err);
    }
    double *d = (double *)(void *)memory;
    double **parts[] = {&w->z, &w->x, &w->mean, &w->sd, &w->sums, &w->u};
    size_t lengths[] = {side * all, side * all, all, all, all, all};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        *parts[i] = d;
        d += lengths[i];
    }
    double **small[] = {&w->matrix, &w->inverse, &w->far, &w->loo, &w->sorted, &w->g};
    for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
        *small[i] = d;
        d += i < 2 ? side * side : side;
    }
    w->metric = (size_t *)(void *)(d + side);
    w->group = w->metric + all;
    w->members = w->group + all;
    w->n = n;
    w->all = all;
    *ret_memory = memory;
    return HB_OK;
}

/* Mean and spread of one metric; false when it is constant. */
static bool standardise(const double *v, size_t n, double *ret_mean, double *ret_sd)
{
    double most = 0;
    double sum = 0;
    double square = 0;
    for (size_t i = 0; i < n; i++) {
        most = fabs(v[i]) > most ? fabs(v[i]) : most;
    }
    for (size_t i = 0; i < n && most > 0; i++) {
        sum += v[i] / most;
    }
    double mean = sum / (double)n;
    for (size_t i = 0; i < n && most > 0; i++) {
        double off = v[i] / most - mean;
        square += off * off;
    }
    double sd = sqrt(square / (double)(n - 1));
    *ret_mean = mean * most;
    *ret_sd = sd * most;
    /* Under what rounding leaves of equal values. */
    return sd > 1e-15 && *ret_sd > 0;
}

static void fill(work *w, const double *values, const double *now)
{
    size_t n = w->n;
    w->p = 0;
    for (size_t k = 0; k < w->all; k++) {
        size_t c = w->p;
        if (standardise(values + k * n, n, &w->mean[c], &w->sd[c])) {
            w->metric[w->p++] = k;
        }
    }
    for (size_t i = 0; i <= n; i++) {
        for (size_t c = 0; c < w->p; c++) {
            double v = i < n ? values[w->metric[c] * n + i] : now[w->metric[c]];
            /* Halves, since the difference of two finite values may not be finite. */
            w->z[i * w->p + c] = (v / 2 - w->mean[c] / 2) / w->sd[c] * 2;
        }
    }
}

/* --- groups --- */

static size_t root_of(size_t *group, size_t c)
{
    while (group[c] != c) {
        group[c] = group[group[c]];
        c = group[c];
    }
    return c;
}

/* Sums over runs of the products of column c with those after it. x has `stride` columns. */
static void products(const double *x, size_t n, size_t stride, size_t c, size_t to, double *sums)
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
static void fill_ranks(work *w)
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
static double least_r(const work *w)
{
    double pairs = (double)w->p * (double)(w->p - 1) / 2;
    double surely = hb_log((1 + HB_RELATION_LEAST_R) / (1 - HB_RELATION_LEAST_R)) / 2;
    double z = -hb_normal_quantile(HB_RELATION_EDGE_LEVEL / pairs / 2);
    double twice = 2 * (surely + z * sqrt(1.06 / (double)(w->n - 3)));
    double e = hb_exp(twice);
    return (e - 1) / (e + 1);
}

/* Columns of one group one after the other, groups by their first column. */
static void find_groups(work *w, hb_relation_fit *ret)
{
    double least = least_r(w) * (double)(w->n - 1);
    fill_ranks(w);
    for (size_t c = 0; c < w->p; c++) {
        w->group[c] = c;
    }
    for (size_t c = 0; c + 1 < w->p; c++) {
        products(w->x, w->n, w->p, c, w->p, w->sums);
        for (size_t k = c + 1; k < w->p; k++) {
            if (fabs(w->sums[k]) < least) {
                continue;
            }
            size_t a = root_of(w->group, c);
            size_t b = root_of(w->group, k);
            w->group[a > b ? a : b] = a < b ? a : b;
        }
    }
    size_t at = 0;
    for (size_t c = 0; c < w->p; c++) {
        size_t before = at;
        if (root_of(w->group, c) != c) {
            continue;
        }
        for (size_t k = c; k < w->p; k++) {
            if (root_of(w->group, k) == c) {
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

/* --- one group --- */

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* In place: the lower Cholesky factor of a symmetric positive matrix. */
static void cholesky(double *a, size_t side)
{
    for (size_t k = 0; k < side; k++) {
        double *row_k = a + k * side;
        double left = row_k[k] - dot(row_k, row_k, k);
        row_k[k] = sqrt(left > 1e-300 ? left : 1e-300);
        for (size_t i = k + 1; i < side; i++) {
            double *row_i = a + i * side;
            row_i[k] = (row_i[k] - dot(row_i, row_k, k)) / row_k[k];
        }
    }
}

/* L v = b in place. */
static void forward(const double *l, size_t side, double *v)
{
    for (size_t i = 0; i < side; i++) {
        v[i] = (v[i] - dot(l + i * side, v, i)) / l[i * side + i];
    }
}

static void backward(const double *l, size_t side, double *v)
{
    for (size_t i = side; i-- > 0;) {
        v[i] /= l[i * side + i];
        for (size_t k = 0; k < i; k++) {
            v[k] -= l[i * side + k] * v[i];
        }
    }
}

/* Row k of `inverse` is L⁻¹ e_k: squares of a row add up to an element of the inverse's diagonal.
 */
static double inverse_diagonal(const double *l, size_t side, size_t k, double *scratch)
{
    memset(scratch, 0, side * sizeof *scratch);
    scratch[k] = 1;
    for (size_t i = k; i < side; i++) {
        scratch[i] = (scratch[i] - dot(l + i * side + k, scratch + k, i - k)) / l[i * side + i];
    }
    return dot(scratch + k, scratch + k, side - k);
}

/* Schäfer, Strimmer 2005: sum of the correlations' variances over that of their squares; the
 * variance of r is (1 - r²)²/(n - 1), Fisher's. (Their own estimate takes the variances of the
 * metrics as known, and so shrinks the strong relations most that are known best.) */
static double shrinkage(work *w, size_t m)
{
    double dof = (double)(w->n - 1);
    double variance = 0;
    double square = 0;
    for (size_t c = 0; c + 1 < m; c++) {
        products(w->x, w->n, m, c, m, w->sums);
        for (size_t k = c + 1; k < m; k++) {
            double r = w->sums[k] / dof;
            variance += (1 - r * r) * (1 - r * r) / dof;
            square += r * r;
        }
    }
    return variance < square ? variance / square : 1;
}

/* matrix = c·X'X + λI, or XX' + (λ/c)I with the eigenvector 1 lifted; its Cholesky factor. */
static void factor_matrix(work *w, size_t m, double c, double lambda, bool by_runs)
{
    size_t n = w->n;
    size_t side = by_runs ? n : m;
    double trace = 0;
    memset(w->matrix, 0, side * side * sizeof *w->matrix);
    if (by_runs) {
        for (size_t i = 0; i < n; i++) {
            for (size_t k = 0; k <= i; k++) {
                w->matrix[i * n + k] = dot(w->x + i * m, w->x + k * m, m);
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
    cholesky(w->matrix, side);
}

/* Squared distance of every run from the others' mean by the others' covariance. */
static void leave_one_out(work *w, size_t m, double lambda, bool by_runs)
{
    size_t n = w->n;
    double c = (1 - lambda) / (double)(n - 2);
    double ratio = (double)n / (double)(n - 1);
    double kappa = lambda / c;
    double lift = 0;
    factor_matrix(w, m, c, lambda, by_runs);
    for (size_t i = 0; i < n && by_runs; i++) {
        lift += dot(w->x + i * m, w->x + i * m, m) / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        if (by_runs) {
            double whole = inverse_diagonal(w->matrix, n, i, w->g);
            double part = whole - 1 / ((double)n * (kappa + lift));
            part = part > 1e-300 ? part : 1e-300;
            double q = (1 - 1 / (double)n - kappa * part) / c;
            w->loo[i] = ratio * q / (kappa * part);
        } else {
            memcpy(w->g, w->x + i * m, m * sizeof *w->g);
            forward(w->matrix, m, w->g);
            double q = dot(w->g, w->g, m);
            double left = 1 - c * ratio * q;
            w->loo[i] = ratio * ratio * q / (left > 1e-12 ? left : 1e-12);
        }
        w->loo[i] /= 1 + 1 / (double)(n - 1);
    }
}

/* The new run's; w->u = inverse covariance times its row, and the factor stays in w->matrix. */
static double new_distance(work *w, size_t m, double lambda, bool by_runs)
{
    size_t n = w->n;
    const double *y = w->x + n * m;
    factor_matrix(w, m, (1 - lambda) / (double)(n - 1), lambda, by_runs);
    if (!by_runs) {
        memcpy(w->u, y, m * sizeof *w->u);
        forward(w->matrix, m, w->u);
        backward(w->matrix, m, w->u);
        return dot(w->u, y, m);
    }
    for (size_t i = 0; i < n; i++) {
        w->g[i] = dot(w->x + i * m, y, m);
    }
    forward(w->matrix, n, w->g);
    backward(w->matrix, n, w->g);
    memcpy(w->u, y, m * sizeof *w->u);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < m; k++) {
            w->u[k] -= w->g[i] * w->x[i * m + k];
        }
    }
    for (size_t k = 0; k < m; k++) {
        w->u[k] /= lambda;
    }
    return dot(w->u, y, m);
}

static int ascending(const void *pa, const void *pb)
{
    double a = *(const double *)pa;
    double b = *(const double *)pb;
    return a < b ? -1 : a > b;
}

static double median_of(work *w)
{
    size_t n = w->n;
    memcpy(w->sorted, w->loo, n * sizeof *w->sorted);
    qsort(w->sorted, n, sizeof *w->sorted, ascending);
    return n % 2 ? w->sorted[n / 2] : (w->sorted[n / 2 - 1] + w->sorted[n / 2]) / 2;
}

static double precision_diagonal(work *w, size_t m, double lambda, bool by_runs, size_t k)
{
    if (!by_runs) {
        return inverse_diagonal(w->matrix, m, k, w->g);
    }
    for (size_t i = 0; i < w->n; i++) {
        w->g[i] = w->x[i * m + k];
    }
    forward(w->matrix, w->n, w->g);
    return (1 - dot(w->g, w->g, w->n)) / lambda;
}

static int by_share(const void *pa, const void *pb)
{
    const hb_relation_share *a = pa;
    const hb_relation_share *b = pb;
    return a->share != b->share    ? (a->share > b->share ? -1 : 1)
           : a->metric < b->metric ? -1
                                   : a->metric > b->metric;
}

static void put_parts(work *w, const size_t *columns, size_t m, double lambda, bool by_runs,
                      double squared, hb_relation_share *parts)
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

/* Takes the group's columns out of Z, and its distances into w->far; *io_most is the largest
 * weighted distance of the new run so far, and the group that has it fills *ret. */
static void look_at_group(work *w, const size_t *columns, size_t m, double *io_most,
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
    double weight = 1 / (median_of(w) * (1 + SPREAD_WEIGHT * sqrt(2 / dof)));
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

/* Hill's estimate of a tail's exponent (1975) from the larger half of the left-out distances, which
 * are sorted. */
static double fall_of(const double *sorted, size_t n)
{
    size_t k = n / 2;
    double sum = 0;
    for (size_t i = n - k; i < n; i++) {
        sum += hb_log(sorted[i] / sorted[n - k - 1]);
    }
    double fall = HILL_SHARE * (double)k / sum;
    return !(fall > FALL_LEAST) ? FALL_LEAST : fall < FALL_MOST ? fall : FALL_MOST;
}

static double p_of(work *w, double most)
{
    size_t n = w->n;
    size_t above = 0;
    memcpy(w->sorted, w->far, n * sizeof *w->sorted);
    qsort(w->sorted, n, sizeof *w->sorted, ascending);
    for (size_t i = 0; i < n; i++) {
        above += w->far[i] >= most;
    }
    if (above) {
        return (double)(1 + above) / (double)(n + 1);
    }
    double over = hb_log(most / w->sorted[n - 1]);
    return 1 / (1 + COUNTED * (double)n * hb_exp(fall_of(w->sorted, n) * over));
}

static void look(work *w, hb_relation_fit *ret)
{
    double most = -1;
    memset(w->far, 0, (w->n + 1) * sizeof *w->far);
    for (size_t at = 0, next = 0; at < ret->n_related; at = next) {
        size_t root = root_of(w->group, w->members[at]);
        for (next = at; next < ret->n_related; next++) {
            if (root_of(w->group, w->members[next]) != root) {
                break;
            }
        }
        look_at_group(w, w->members + at, next - at, &most, ret);
    }
    ret->p = p_of(w, most);
}

hb_status hb_relation_check(const double *values, size_t n_runs, const double *now,
                            size_t n_metrics, hb_relation_fit *ret, hb_error *err)
{
    if (n_runs < HB_RELATION_LEAST_RUNS) {
        return HB_FAIL(err, HB_E_BUG, "relation of %zu runs, at least %d expected", n_runs,
                       HB_RELATION_LEAST_RUNS);
    }
    if (n_runs > HB_RELATION_RUNS || n_metrics > HB_RELATION_METRICS) {
        return HB_FAIL(err, HB_E_LIMIT,
                       "relation of %zu metrics in %zu runs, at most %d in %d are looked at",
                       n_metrics, n_runs, HB_RELATION_METRICS, HB_RELATION_RUNS);
    }
    work w = {0};
    char *memory = NULL;
    hb_relation_fit fit = {.p = 1};
    HB_TRY(get_work(n_runs, n_metrics, &w, &memory, err));
    fill(&w, values, now);
    if (w.p >= 2) {
        find_groups(&w, &fit);
    }
    fit.parts = hb_alloc_array(fit.n_related + 1, sizeof *fit.parts);
    if (fit.parts && fit.n_groups) {
        look(&w, &fit);
    }
    hb_free(memory);
    if (!fit.parts) {
        return HB_NOMEM(err);
    }
    *ret = fit;
    return HB_OK;
}

void hb_relation_fit_release(hb_relation_fit *f)
{
    hb_free(f->parts);
    *f = (hb_relation_fit){0};
}
