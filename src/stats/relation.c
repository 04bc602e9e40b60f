/* SPDX-License-Identifier: Apache-2.0 */
#include "stats/relation_internal.h"

#include "base/mem.h"
#include "stats/fmath.h"
#include "stats/sort.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Share of the left-out runs that counts beyond the largest of them: the groups were chosen with
 * them, so they are a little nearer than a run that comes new. */
#define COUNTED 0.75

/* How fast the tail is taken to fall beyond the largest left-out distance: a share of what their
 * larger half shows, within these bounds. Few runs show it badly, hence a share. */
#define HILL_SHARE 0.5
#define FALL_LEAST 1
#define FALL_MOST 4

/* One block of memory, cut up. */
static hb_status get_work(size_t n, size_t all, hb_relation_work *w, char **ret_memory,
                          hb_error *err)
{
    size_t side = n + 1;
    size_t doubles = (2 * side + 4) * all + side * side + 4 * side;
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
    double **small[] = {&w->matrix, &w->far, &w->loo, &w->sorted, &w->g};
    for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
        *small[i] = d;
        d += i == 0 ? side * side : side;
    }
    w->metric = (size_t *)(void *)d;
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

static void fill(hb_relation_work *w, const double *values, const double *now)
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

static double p_of(hb_relation_work *w, double most)
{
    size_t n = w->n;
    size_t above = 0;
    memcpy(w->sorted, w->far, n * sizeof *w->sorted);
    hb_sort_f64(w->sorted, n, w->g);
    for (size_t i = 0; i < n; i++) {
        above += w->far[i] >= most;
    }
    if (above) {
        return (double)(1 + above) / (double)(n + 1);
    }
    double over = hb_log(most / w->sorted[n - 1]);
    return 1 / (1 + COUNTED * (double)n * hb_exp(fall_of(w->sorted, n) * over));
}

static void look(hb_relation_work *w, hb_relation_fit *ret)
{
    double most = -1;
    memset(w->far, 0, (w->n + 1) * sizeof *w->far);
    for (size_t at = 0, next = 0; at < ret->n_related; at = next) {
        size_t root = hb_relation_root(w->group, w->members[at]);
        for (next = at; next < ret->n_related; next++) {
            if (hb_relation_root(w->group, w->members[next]) != root) {
                break;
            }
        }
        hb_relation_look(w, w->members + at, next - at, &most, ret);
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
    hb_relation_work w = {0};
    char *memory = NULL;
    hb_relation_fit fit = {.p = 1};
    HB_TRY(get_work(n_runs, n_metrics, &w, &memory, err));
    fill(&w, values, now);
    if (w.p >= 2) {
        hb_relation_groups(&w, &fit);
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
