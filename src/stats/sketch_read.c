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
        uint64_t scratch[HB_SKETCH_K];
        hb_sort_images(s->buffer, s->n_buffer, w->buffer, scratch);
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

static size_t merge_points(const weighted *a, size_t na, const weighted *b, size_t nb,
                           weighted *out)
{
    const weighted *a_end = a + na;
    const weighted *b_end = b + nb;
    while (a < a_end && b < b_end) {
        const weighted *next = b->v < a->v ? b : a;
        *out++ = *next;
        b += next == b;
        a += next == a;
    }
    while (a < a_end) {
        *out++ = *a++;
    }
    while (b < b_end) {
        *out++ = *b++;
    }
    return na + nb;
}

/* Merges neighbouring lists in `a`, of the given lengths, until one is left. Returns where. */
static weighted *merge_all(weighted *a, weighted *b, size_t *lengths, size_t lists)
{
    while (lists > 1) {
        size_t at = 0;
        size_t left = 0;
        for (size_t i = 0; i < lists; i += 2) {
            size_t second = i + 1 < lists ? lengths[i + 1] : 0;
            size_t n = merge_points(a + at, lengths[i], a + at + lengths[i], second, b + at);
            lengths[left++] = n;
            at += n;
        }
        lists = left;
        weighted *other = a;
        a = b;
        b = other;
    }
    return a;
}

static hb_status ecdf_of(const weighted *points, size_t n, double rank_error, hb_ecdf *ret_ecdf,
                         hb_error *err)
{
    double *values = hb_alloc_array(n, sizeof *values);
    uint64_t *upto = hb_alloc_array(n, sizeof *upto);
    if (!values || !upto) {
        hb_free(values);
        hb_free(upto);
        return HB_NOMEM(err);
    }
    uint64_t total = 0;
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        total += points[i].w;
        k += i && points[i].v != values[k];
        values[k] = points[i].v + 0.0; /* never -0 */
        upto[k] = total;
    }
    *ret_ecdf = (hb_ecdf){.values = values,
                          .upto = upto,
                          .n_points = n ? k + 1 : 0,
                          .n = total,
                          .rank_error = rank_error};
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
    weighted *room = hb_alloc_array(2 * n, sizeof *room);
    if (!room) {
        return HB_NOMEM(err);
    }
    size_t at = 0;
    for (size_t i = 0; i < w.n; i++) {
        for (size_t k = 0; k < w.count[i]; k++) {
            room[at++] = (weighted){hb_order_preimage(w.v[i][k]), w.weight[i]};
        }
    }
    const weighted *points = merge_all(room, room + n, w.count, w.n);
    hb_status status = ecdf_of(points, n, hb_sketch_rank_error(s), ret_ecdf, err);
    hb_free(room);
    return status;
}
