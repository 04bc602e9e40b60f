/* SPDX-License-Identifier: Apache-2.0 */
/* The values are sorted once. What depends on the values alone (how many are equal, their midrank)
 * becomes one weight for each distinct value, so a permutation costs one walk over n values.
 * Permuting the labels keeps the pattern of ties, so the p-value holds for quantised values too. */
#include "stats/ksample.h"

#include "base/mem.h"
#include "stats/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ENOUGH_EXCEED = 50 }; /* p known to 14 % by then, and far from any limit */

typedef struct point {
    double v;
    uint32_t group;
} point;

typedef struct table {
    point *points;   /* ascending */
    double *mid;     /* by distinct value: values before it, plus half of those equal to it */
    double *weight;  /* by distinct value */
    size_t *upto;    /* by distinct value: points up to and with it */
    uint32_t *label; /* by point */
    double *size;    /* by group */
    double *below;   /* by group: counted so far */
    size_t *count;   /* by group */
    size_t n;
    size_t k;
    size_t n_distinct;
} table;

static void table_release(table *t)
{
    hb_free(t->points);
    hb_free(t->mid);
    hb_free(t->weight);
    hb_free(t->upto);
    hb_free(t->label);
    hb_free(t->size);
    hb_free(t->below);
    hb_free(t->count);
}

static int by_value(const void *pa, const void *pb)
{
    const point *a = pa;
    const point *b = pb;
    if (a->v != b->v) {
        return a->v < b->v ? -1 : 1;
    }
    return a->group < b->group ? -1 : a->group > b->group;
}

static hb_status room(table *t, size_t n, size_t groups, hb_error *err)
{
    t->points = hb_alloc_zero(n * sizeof *t->points);
    t->mid = hb_alloc_zero(n * sizeof *t->mid);
    t->weight = hb_alloc_zero(n * sizeof *t->weight);
    t->upto = hb_alloc_zero(n * sizeof *t->upto);
    t->label = hb_alloc_zero(n * sizeof *t->label);
    t->size = hb_alloc_zero(groups * sizeof *t->size);
    t->below = hb_alloc_zero(groups * sizeof *t->below);
    t->count = hb_alloc_zero(groups * sizeof *t->count);
    bool all =
        t->points && t->mid && t->weight && t->upto && t->label && t->size && t->below && t->count;
    return all ? HB_OK : HB_NOMEM(err);
}

/* Groups of fewer than two are left out, the others numbered anew. */
static void take(table *t, const double *v, const uint32_t *group, size_t n, size_t n_groups)
{
    for (size_t i = 0; i < n; i++) {
        t->count[group[i]] += isfinite(v[i]) ? 1 : 0;
    }
    for (size_t g = 0; g < n_groups; g++) {
        if (t->count[g] >= 2) {
            t->size[t->k] = (double)t->count[g];
            t->count[g] = ++t->k;
        } else {
            t->count[g] = 0;
        }
    }
    for (size_t i = 0; i < n; i++) {
        size_t now = t->count[group[i]];
        if (isfinite(v[i]) && now) {
            t->points[t->n++] = (point){v[i], (uint32_t)(now - 1)};
        }
    }
    qsort(t->points, t->n, sizeof *t->points, by_value);
    for (size_t i = 0; i < t->n; i++) {
        t->label[i] = t->points[i].group;
    }
}

static void weigh(table *t)
{
    double n = (double)t->n;
    for (size_t i = 0; i < t->n;) {
        size_t end = i;
        while (end < t->n && t->points[end].v == t->points[i].v) {
            end++;
        }
        double equal = (double)(end - i);
        double mid = (double)i + equal / 2;
        double under = mid * (n - mid) - n * equal / 4;
        size_t d = t->n_distinct++;
        t->mid[d] = mid;
        t->weight[d] = under > 0 ? equal / n / under : 0;
        t->upto[d] = end;
        i = end;
    }
}

/* Over the groups the sum of (n·B_g - n_g·M)² / n_g is n²·Σ B_g²/n_g - n·M², because the B_g add up
 * to M. So one running sum does, whatever the number of groups. */
static double statistic(table *t)
{
    double n = (double)t->n;
    double sum = 0;
    double squares = 0; /* Σ B_g² / n_g */
    size_t i = 0;
    memset(t->below, 0, t->k * sizeof *t->below);
    for (size_t d = 0; d < t->n_distinct; d++) {
        /* Half of the equal ones count before the value, half after. */
        for (size_t at = i; at < t->upto[d]; at++) {
            uint32_t g = t->label[at];
            squares += (t->below[g] + 0.25) / t->size[g];
            t->below[g] += 0.5;
        }
        sum += n * (n * squares - t->mid[d] * t->mid[d]) * t->weight[d];
        for (; i < t->upto[d]; i++) {
            uint32_t g = t->label[i];
            squares += (t->below[g] + 0.25) / t->size[g];
            t->below[g] += 0.5;
        }
    }
    return (n - 1) / n * sum;
}

/* Scholz and Stephens' equation 4. */
static double sigma_of(const table *t)
{
    double n = (double)t->n;
    double k = (double)t->k;
    double big_h = 0;
    double h = 0;
    double g = 0;
    for (size_t i = 0; i < t->k; i++) {
        big_h += 1 / t->size[i];
    }
    for (size_t i = 1; i < t->n; i++) {
        h += 1 / (double)i;
    }
    double rest = 0; /* sum of 1/j over j = i+1 … n-1, built from the end */
    for (size_t i = t->n - 2; i >= 1; i--) {
        rest += 1 / (double)(i + 1);
        g += rest / (n - (double)i);
    }
    double a = (4 * g - 6) * (k - 1) + (10 - 6 * g) * big_h;
    double b = (2 * g - 4) * k * k + 8 * h * k + (2 * g - 14 * h - 4) * big_h - 8 * h + 4 * g - 6;
    double c = (6 * h + 2 * g - 2) * k * k + (4 * h - 4 * g + 6) * k + (2 * h - 6) * big_h + 4 * h;
    double d = (2 * h + 6) * k * k - 4 * h * k;
    double variance = (((a * n + b) * n + c) * n + d) / ((n - 1) * (n - 2) * (n - 3));
    return sqrt(variance);
}

/* Groups of one size can change places without changing the statistic. */
static double smallest_p(const table *t)
{
    double arrangements = 1;
    size_t done = 0;
    for (size_t g = 0; g < t->k; g++) {
        size_t alike = 0;
        for (size_t other = 0; other <= g; other++) {
            alike += t->size[other] == t->size[g];
        }
        for (size_t i = 1; (double)i <= t->size[g]; i++) {
            arrangements *= (double)(done + i) / (double)i;
        }
        done += (size_t)t->size[g];
        arrangements /= (double)alike;
    }
    return 1 / arrangements;
}

static void permute(table *t, double observed, uint64_t seed, uint32_t most, hb_ksample *k)
{
    hb_random random = hb_random_of(seed, 0);
    uint32_t exceed = 0;
    uint32_t made = 0;
    double least = observed * (1 - 1e-9); /* sums in another order are the same statistic */
    while (made < most && exceed < ENOUGH_EXCEED) {
        for (size_t i = t->n; i > 1; i--) {
            size_t j = (size_t)hb_random_below(&random, i);
            uint32_t other = t->label[i - 1];
            t->label[i - 1] = t->label[j];
            t->label[j] = other;
        }
        made++;
        exceed += statistic(t) >= least;
    }
    k->permutations = made;
    k->seed = seed;
    k->p = exceed >= ENOUGH_EXCEED ? (double)exceed / (double)made
                                   : (double)(exceed + 1) / (double)(made + 1);
    k->p = fmin(1, k->p);
}

double hb_ksample_critical(double sigma, size_t k, double alpha)
{
    static const struct {
        double alpha;
        double b[3];
    } rows[] = {{0.25, {0.675, -0.245, -0.105}},
                {0.10, {1.281, 0.250, -0.305}},
                {0.05, {1.645, 0.678, -0.362}},
                {0.025, {1.960, 1.149, -0.391}},
                {0.01, {2.326, 1.822, -0.396}}};
    double m = (double)k - 1;
    for (size_t i = 0; i < sizeof rows / sizeof *rows && k >= 2; i++) {
        if (rows[i].alpha == alpha) {
            const double *b = rows[i].b;
            return 1 + sigma / m * (b[0] + b[1] / sqrt(m) + b[2] / m);
        }
    }
    return NAN;
}

hb_status hb_ksample_test(const double *v, const uint32_t *group, size_t n, size_t n_groups,
                          uint64_t seed, uint32_t permutations, hb_ksample *ret, bool *ret_known,
                          hb_error *err)
{
    if (n > HB_KSAMPLE_MAX || n_groups > HB_KSAMPLE_GROUPS_MAX) {
        return HB_FAIL(err, HB_E_LIMIT,
                       "%zu values in %zu groups, at most %d in %d can be compared", n, n_groups,
                       HB_KSAMPLE_MAX, HB_KSAMPLE_GROUPS_MAX);
    }
    if (n < 4 || n_groups < 2) {
        *ret_known = false;
        return HB_OK;
    }
    table t = {0};
    hb_status status = room(&t, n, n_groups, err);
    if (status == HB_OK) {
        take(&t, v, group, n, n_groups);
        weigh(&t);
        bool known = t.k >= 2 && t.n_distinct >= 2;
        if (known) {
            hb_ksample k = {.n = t.n, .k = t.k, .a2 = statistic(&t), .sigma = sigma_of(&t)};
            k.adk = k.a2 / (double)(t.k - 1);
            k.adc = hb_ksample_critical(k.sigma, t.k, 0.025);
            k.p_min = smallest_p(&t);
            permute(&t, k.a2, seed, permutations, &k);
            *ret = k;
        }
        *ret_known = known;
    }
    table_release(&t);
    return status;
}
