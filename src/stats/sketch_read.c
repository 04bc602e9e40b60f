/* SPDX-License-Identifier: Apache-2.0 */
/* Reading quantiles and the distribution function off a sketch: its levels taken together are a
 * sample whose values carry the weight 2^level. */
#include "stats/sketch_internal.h"

#include "base/mem.h"
#include "stats/sort.h"

#include <math.h>
#include <string.h>

/* The levels that hold something, all ascending, as order images. */
typedef struct view {
    size_t n;
    const uint64_t *v[HB_SKETCH_LEVELS];
    size_t count[HB_SKETCH_LEVELS];
    uint64_t weight[HB_SKETCH_LEVELS];
    uint64_t buffer[HB_SKETCH_K]; /* level 0, sorted */
} view;

static void look(const hb_sketch *s, view *w)
{
    w->n = 0;
    if (s->n_buffer) {
        size_t descents = 0;
        for (size_t i = 0; i < s->n_buffer; i++) {
            w->buffer[i] = hb_order_image(s->buffer[i]);
            descents += i > 0 && w->buffer[i] < w->buffer[i - 1];
        }
        if (descents) { /* not settled */
            uint64_t scratch[HB_SKETCH_K];
            hb_sort_images(s->buffer, s->n_buffer, w->buffer, scratch);
        }
        w->v[0] = w->buffer;
        w->count[0] = s->n_buffer;
        w->weight[0] = 1;
        w->n = 1;
    }
    for (size_t h = 1; h < HB_SKETCH_LEVELS; h++) {
        if (hb_sketch_holds(s, h)) {
            w->v[w->n] = hb_sketch_run(s, h);
            w->count[w->n] = HB_SKETCH_HALF;
            w->weight[w->n++] = UINT64_C(1) << h;
        }
    }
}

/* -0 and 0 are one value, in whatever order they were stored: that of 0. */
static uint64_t canonical(uint64_t image)
{
    return image + (image == UINT64_MAX >> 1);
}

/* First index in [low, high) of an ascending array whose value is over x, else high. */
static size_t first_over(const uint64_t *v, size_t low, size_t high, uint64_t x)
{
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (canonical(v[mid]) <= x) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

/* The least value with more than `rank` samples at or below it: bisection over the images, which
 * needs no memory; the places found bound the next search. *ret_upto = samples at or below it. */
static double at_rank(const view *w, uint64_t rank, uint64_t *ret_upto)
{
    size_t low_at[HB_SKETCH_LEVELS] = {0};
    size_t high_at[HB_SKETCH_LEVELS];
    uint64_t low = UINT64_MAX;
    uint64_t high = 0;
    uint64_t upto = 0;
    for (size_t i = 0; i < w->n; i++) {
        uint64_t least = canonical(w->v[i][0]);
        uint64_t most = canonical(w->v[i][w->count[i] - 1]);
        high_at[i] = w->count[i];
        low = least < low ? least : low;
        high = most > high ? most : high;
        upto += w->count[i] * w->weight[i];
    }
    while (low < high) {
        uint64_t mid = low + (high - low) / 2;
        size_t at[HB_SKETCH_LEVELS];
        uint64_t samples = 0;
        for (size_t i = 0; i < w->n; i++) {
            at[i] = first_over(w->v[i], low_at[i], high_at[i], mid);
            samples += at[i] * w->weight[i];
        }
        if (samples > rank) {
            high = mid;
            upto = samples;
            memcpy(high_at, at, w->n * sizeof *at);
        } else {
            low = mid + 1;
            memcpy(low_at, at, w->n * sizeof *at);
        }
    }
    *ret_upto = upto;
    return hb_order_preimage(high);
}

double hb_sketch_quantile(const hb_sketch *s, double q)
{
    uint64_t n = hb_sketch_n(s);
    if (n == 0 || isnan(q)) {
        return NAN;
    }
    view w;
    look(s, &w);
    hb_rank7 r = hb_rank7_of(q, n);
    uint64_t upto = 0;
    double a = at_rank(&w, r.k, &upto);
    double b = r.share > 0 && upto <= r.k + 1 ? at_rank(&w, r.k + 1, &upto) : a;
    return hb_rank7_between(a, b, r.share);
}

typedef struct weighted {
    double v;
    uint64_t w;
} weighted;

/* Two lists of one array, without a branch on which is less: it would be guessed wrong every other
 * time. */
static size_t merge_points(const weighted *a, size_t na, const weighted *b, size_t nb,
                           weighted *out)
{
    const weighted *a_end = a + na;
    const weighted *b_end = b + nb;
    while (a < a_end && b < b_end) {
        ptrdiff_t of_b = b->v < a->v;
        *out++ = a[(b - a) * of_b];
        b += of_b;
        a += 1 - of_b;
    }
    memcpy(out, a, (size_t)(a_end - a) * sizeof *a);
    memcpy(out + (a_end - a), b, (size_t)(b_end - b) * sizeof *b);
    return na + nb;
}

/* Merges neighbouring lists in `a`, of the given lengths, until at most two are left. Returns
 * where.
 */
static weighted *merge_to_two(weighted *a, weighted *b, size_t *lengths, size_t *lists)
{
    while (*lists > 2) {
        size_t at = 0;
        size_t left = 0;
        for (size_t i = 0; i < *lists; i += 2) {
            size_t second = i + 1 < *lists ? lengths[i + 1] : 0;
            size_t n = merge_points(a + at, lengths[i], a + at + lengths[i], second, b + at);
            lengths[left++] = n;
            at += n;
        }
        *lists = left;
        weighted *other = a;
        a = b;
        b = other;
    }
    return a;
}

typedef struct curve {
    double *values;
    uint64_t *upto;
    size_t points; /* one less than there are; SIZE_MAX = none */
    double last;
    uint64_t total;
} curve;

/* Equal values become one point. */
static inline void put_point(curve *c, weighted p)
{
    c->total += p.w;
    c->points += p.v != c->last; /* NaN at first */
    c->last = p.v;
    c->values[c->points] = p.v + 0.0; /* never -0 */
    c->upto[c->points] = c->total;
}

/* The last merge, of two lists of one array, goes straight into the curve. */
static void merge_curve(const weighted *a, size_t na, const weighted *b, size_t nb, curve *c)
{
    const weighted *a_end = a + na;
    const weighted *b_end = b + nb;
    curve now = *c;
    while (a < a_end && b < b_end) {
        ptrdiff_t of_b = b->v < a->v;
        put_point(&now, a[(b - a) * of_b]);
        b += of_b;
        a += 1 - of_b;
    }
    for (; a < a_end; a++) {
        put_point(&now, *a);
    }
    for (; b < b_end; b++) {
        put_point(&now, *b);
    }
    *c = now;
}

static hb_status several_levels(const view *w, size_t n, curve *c, hb_error *err)
{
    weighted *room = hb_alloc_array(2 * n, sizeof *room);
    if (!room) {
        return HB_NOMEM(err);
    }
    size_t at = 0;
    size_t lengths[HB_SKETCH_LEVELS];
    for (size_t i = 0; i < w->n; i++) {
        lengths[i] = w->count[i];
        for (size_t k = 0; k < w->count[i]; k++) {
            room[at++] = (weighted){hb_order_preimage(w->v[i][k]), w->weight[i]};
        }
    }
    size_t lists = w->n;
    const weighted *points = merge_to_two(room, room + n, lengths, &lists);
    merge_curve(points, lengths[0], points + lengths[0], lists == 2 ? lengths[1] : 0, c);
    hb_free(room);
    return HB_OK;
}

hb_status hb_sketch_ecdf(const hb_sketch *s, hb_ecdf *ret_ecdf, hb_error *err)
{
    view w;
    look(s, &w);
    size_t n = 0;
    for (size_t i = 0; i < w.n; i++) {
        n += w.count[i];
    }
    curve c = {.values = hb_alloc_array(n, sizeof *c.values),
               .upto = hb_alloc_array(n, sizeof *c.upto),
               .points = SIZE_MAX,
               .last = NAN};
    hb_status status = c.values && c.upto ? HB_OK : HB_NOMEM(err);
    if (status == HB_OK && w.n > 1) {
        status = several_levels(&w, n, &c, err);
    }
    if (status != HB_OK) {
        hb_free(c.values);
        hb_free(c.upto);
        return status;
    }
    for (size_t i = 0; w.n == 1 && i < n; i++) {
        put_point(&c, (weighted){hb_order_preimage(w.v[0][i]), w.weight[0]});
    }
    *ret_ecdf = (hb_ecdf){.values = c.values,
                          .upto = c.upto,
                          .n_points = c.points + 1,
                          .n = c.total,
                          .rank_error = hb_sketch_rank_error(s)};
    return HB_OK;
}
