/* SPDX-License-Identifier: Apache-2.0 */
/* Ranks are kept doubled, so that mean ranks of ties stay whole. With S the sum of the first k of
 * them, u = n·S - k·n(n+1) is an integer below 2^53 for n up to HB_CHANGE_MOST, and its square over
 * k(n-k) is computed in one place only: an order that is the series itself compares as equal. */
#include "stats/change_point.h"

#include "base/mem.h"
#include "stats/fmath.h"
#include "stats/random.h"
#include "stats/sort.h"

#include <math.h>
#include <stdlib.h>

enum { PERMUTATIONS_LEAST = 1999, PERMUTATIONS_MOST = 99999 };

typedef struct split {
    double score;
    size_t at;
} split;

/* weight[k] = 1/(k(n-k)) for the splits that are looked at, 0 for others. */
static void weights(size_t n, double *weight)
{
    for (size_t k = 0; k < n; k++) {
        bool inside = k >= HB_CHANGE_SIDE && n - k >= HB_CHANGE_SIDE;
        weight[k] = inside ? 1 / ((double)k * (double)(n - k)) : 0;
    }
}

static split best_split(const uint32_t *ranks, size_t n, const double *weight)
{
    int64_t whole = (int64_t)(n * (n + 1));
    int64_t sum = 0;
    split best = {0};
    for (size_t k = 1; k < n; k++) {
        sum += ranks[k - 1];
        double u = (double)((int64_t)n * sum - (int64_t)k * whole);
        double score = u * u * weight[k];
        if (score > best.score) {
            best = (split){score, k};
        }
    }
    return best;
}

/* The same over a random order, drawn on the way. */
static double shuffled_score(uint32_t *ranks, size_t n, const double *weight, hb_random *random)
{
    int64_t whole = (int64_t)(n * (n + 1));
    int64_t sum = 0;
    double best = 0;
    for (size_t k = 1; k < n; k++) {
        size_t j = k - 1 + (size_t)hb_random_below(random, n - k + 1);
        uint32_t drawn = ranks[j];
        ranks[j] = ranks[k - 1];
        ranks[k - 1] = drawn;
        sum += drawn;
        double u = (double)((int64_t)n * sum - (int64_t)k * whole);
        double score = u * u * weight[k];
        best = score > best ? score : best;
    }
    return best;
}

/* Places of `value` in the sorted values, [*low, *high). */
static void places(const double *sorted, size_t n, double value, size_t *low, size_t *high)
{
    size_t a = 0;
    size_t b = n;
    while (a < b) {
        size_t mid = a + (b - a) / 2;
        if (sorted[mid] < value) {
            a = mid + 1;
        } else {
            b = mid;
        }
    }
    *low = a;
    while (a < n && sorted[a] == value) {
        a++;
    }
    *high = a;
}

static void ranks_of(const double *v, size_t n, double *sorted, double *scratch, uint32_t *ranks)
{
    for (size_t i = 0; i < n; i++) {
        sorted[i] = v[i];
    }
    hb_sort_f64(sorted, n, scratch);
    for (size_t i = 0; i < n; i++) {
        size_t low = 0;
        size_t high = 0;
        places(sorted, n, v[i], &low, &high);
        ranks[i] = (uint32_t)(low + high + 1);
    }
}

/* One allocation: 2n doubles for sorting (or n of weights), then n ranks. */
static hb_status workspace(size_t n, double **ret_figures, uint32_t **ret_ranks, hb_error *err)
{
    double *figures = hb_alloc_array(n, 2 * sizeof(double) + sizeof(uint32_t));
    if (!figures) {
        return HB_NOMEM(err);
    }
    *ret_figures = figures;
    *ret_ranks = (uint32_t *)(void *)(figures + 2 * n);
    return HB_OK;
}

hb_status hb_change_find(const double *v, size_t n, hb_change *ret, hb_error *err)
{
    double *figures = NULL;
    uint32_t *ranks = NULL;
    if (n < HB_CHANGE_MIN) {
        return HB_FAIL(err, HB_E_BUG, "change point of %zu values, at least %d expected", n,
                       HB_CHANGE_MIN);
    }
    if (n > HB_CHANGE_MOST) {
        return HB_FAIL(err, HB_E_LIMIT, "change point of %zu values, at most %d are looked at", n,
                       HB_CHANGE_MOST);
    }
    HB_TRY(workspace(n, &figures, &ranks, err));
    ranks_of(v, n, figures, figures + n, ranks);
    weights(n, figures);
    split s = best_split(ranks, n, figures);
    hb_free(figures);
    double size = (double)n;
    *ret = (hb_change){.n = n,
                       .at = s.at,
                       .score = s.score,
                       .z = sqrt(3 * s.score / (size * size * (size + 1))),
                       .p = 1};
    return HB_OK;
}

uint32_t hb_change_permutations(size_t n, double level)
{
    double need = level > 0 ? 2 * (double)n / level : PERMUTATIONS_MOST;
    return need < PERMUTATIONS_LEAST  ? PERMUTATIONS_LEAST
           : need < PERMUTATIONS_MOST ? (uint32_t)need
                                      : PERMUTATIONS_MOST;
}

typedef struct waiting {
    hb_change *of;
    uint32_t hits;
} waiting;

static int by_length_and_score(const void *pa, const void *pb)
{
    const hb_change *a = ((const waiting *)pa)->of;
    const hb_change *b = ((const waiting *)pb)->of;
    if (a->n != b->n) {
        return a->n < b->n ? -1 : 1;
    }
    return a->score < b->score ? -1 : a->score > b->score;
}

/* w: series of one length, lowest score first. A lower score is hit whenever a higher one is, so
 * those that have their hits are always the first ones. */
static void calibrate_length(waiting *w, size_t n_w, hb_random random, uint32_t most,
                             uint32_t *ranks, double *weight)
{
    size_t n = w->of->n;
    size_t done = 0;
    weights(n, weight);
    for (size_t i = 0; i < n; i++) {
        ranks[i] = (uint32_t)(2 * i + 2);
    }
    for (uint32_t drawn = 1; drawn <= most && done < n_w; drawn++) {
        double score = shuffled_score(ranks, n, weight, &random);
        for (size_t i = done; i < n_w && w[i].of->score <= score; i++) {
            w[i].hits++;
        }
        for (; done < n_w && w[done].hits == HB_CHANGE_HITS; done++) {
            w[done].of->p = (double)HB_CHANGE_HITS / drawn;
            w[done].of->permutations = drawn;
        }
    }
    for (; done < n_w; done++) {
        w[done].of->p = (w[done].hits + 1.0) / (most + 1.0);
        w[done].of->permutations = most;
    }
}

hb_status hb_change_calibrate(hb_change *changes, size_t n_changes, uint64_t seed, uint32_t most,
                              hb_error *err)
{
    if (n_changes == 0) {
        return HB_OK;
    }
    waiting *w = hb_alloc_array(n_changes, sizeof *w);
    if (!w) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n_changes; i++) {
        w[i] = (waiting){.of = &changes[i]};
    }
    qsort(w, n_changes, sizeof *w, by_length_and_score);
    double *weight = NULL;
    uint32_t *ranks = NULL;
    hb_status status = workspace(w[n_changes - 1].of->n, &weight, &ranks, err);
    for (size_t i = 0, next = 0; status == HB_OK && i < n_changes; i = next) {
        while (next < n_changes && w[next].of->n == w[i].of->n) {
            next++;
        }
        calibrate_length(&w[i], next - i, hb_random_of(seed, w[i].of->n), most, ranks, weight);
    }
    hb_free(weight);
    hb_free(w);
    return status;
}

/* Deviations from v[0] in units of the largest, so that squares neither overflow nor vanish. */
static double mean_of(const double *v, size_t n, double scale)
{
    double sum = 0;
    double low = 0;
    for (size_t i = 0; i < n; i++) {
        double x = v[i] / scale;
        double next = sum + x;
        low += fabs(sum) >= fabs(x) ? (sum - next) + x : (x - next) + sum;
        sum = next;
    }
    return (sum + low) / (double)n;
}

static double squares(const double *v, size_t n, double scale, double at_0, double slope)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double r = v[i] / scale - (at_0 + slope * (double)i);
        sum += r * r;
    }
    return sum;
}

void hb_change_shape_of(const double *v, size_t n, size_t at, hb_change_shape *ret)
{
    double scale = 0;
    for (size_t i = 0; i < n; i++) {
        scale = fabs(v[i]) > scale ? fabs(v[i]) : scale;
    }
    scale = scale > 0 ? scale : 1;
    double size = (double)n;
    double before = mean_of(v, at, scale);
    double after = mean_of(v + at, n - at, scale);
    double mean = before * ((double)at / size) + after * ((double)(n - at) / size);
    double middle = (size - 1) / 2;
    double cross = 0;
    for (size_t i = 0; i < n; i++) {
        cross += ((double)i - middle) * (v[i] / scale - mean);
    }
    double slope = cross / (size * (size * size - 1) / 12);
    double step = squares(v, at, scale, before, 0) + squares(v + at, n - at, scale, after, 0);
    double line = squares(v, n, scale, mean - slope * middle, slope);
    *ret = (hb_change_shape){
        .before = before * scale,
        .after = after * scale,
        .per_run = slope * scale,
        .ramp = line < step * hb_exp(hb_log(size) / size),
    };
}

typedef struct stretch {
    size_t from;
    size_t to;
} stretch;

static hb_status segment(const double *v, stretch s, double level, uint64_t seed,
                         hb_change_part *ret, bool *ret_found, hb_error *err)
{
    hb_change_part part = {.from = s.from, .to = s.to};
    uint32_t most = hb_change_permutations(1, level);
    HB_TRY(hb_change_find(v + s.from, s.to - s.from, &part.change, err));
    HB_TRY(hb_change_calibrate(&part.change, 1, seed, most, err));
    *ret_found = part.change.score > 0 && part.change.p <= level;
    if (*ret_found) {
        hb_change_shape_of(v + s.from, s.to - s.from, part.change.at, &part.shape);
        part.change.at += s.from;
        *ret = part;
    }
    return HB_OK;
}

static int by_place(const void *pa, const void *pb)
{
    const hb_change_part *a = pa;
    const hb_change_part *b = pb;
    return a->change.at < b->change.at ? -1 : a->change.at > b->change.at;
}

static hb_status segments(const double *v, size_t n, double level, uint64_t seed, stretch *todo,
                          hb_change_part *ret, size_t *ret_n, hb_error *err)
{
    size_t n_todo = 1;
    size_t found = 0;
    todo[0] = (stretch){0, n};
    while (n_todo) {
        stretch s = todo[--n_todo];
        bool any = false;
        if (s.to - s.from < HB_CHANGE_MIN) {
            continue;
        }
        HB_TRY(segment(v, s, level, seed, &ret[found], &any, err));
        if (any && !ret[found].shape.ramp) {
            size_t at = ret[found].change.at;
            todo[n_todo++] = (stretch){at, s.to};
            todo[n_todo++] = (stretch){s.from, at};
        }
        found += any;
    }
    if (found) {
        qsort(ret, found, sizeof *ret, by_place);
    }
    *ret_n = found;
    return HB_OK;
}

hb_status hb_change_segments(const double *v, size_t n, double level, uint64_t seed,
                             hb_change_part *ret, size_t *ret_n, hb_error *err)
{
    stretch *todo = hb_alloc_array(n + 2, sizeof *todo);
    if (!todo) {
        return HB_NOMEM(err);
    }
    hb_status status = segments(v, n, level, seed, todo, ret, ret_n, err);
    hb_free(todo);
    return status;
}
