/* SPDX-License-Identifier: Apache-2.0 */
/* Level h holds values that stand for 2^h samples each. Level 0 is a plain buffer, the others are
 * kept sorted. A full level is compacted: of its sorted values every other one moves up, with
 * double weight.
 *
 * Proof of the bound. Compacting m sorted values (m even) of weight w: if c of them are <= x, they
 * counted c·w towards the rank of x, and afterwards 2w·floor(c/2) or 2w·ceil(c/2). So the rank of
 * any x changes by 0 or w, never more, and the sum of w over all compactions bounds the error of
 * every rank. `moved` is that sum. For n samples level h is compacted n/(k·2^h) times, each time
 * moving 2^h, so moved <= (n/k)·log2(n/k): 0.44 % of n at a million, 0.6 % at ten. */
#include "stats/sketch_internal.h"

#include "base/mem.h"
#include "stats/sort.h"

#include <math.h>
#include <string.h>

hb_status hb_sketch_new(hb_sketch **ret_sketch, hb_error *err)
{
    hb_sketch *s = hb_alloc_zero(sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    *ret_sketch = s;
    return HB_OK;
}

void hb_sketch_free(hb_sketch *s)
{
    if (!s) {
        return;
    }
    for (size_t h = 0; h < HB_SKETCH_LEVELS; h++) {
        hb_free(s->level[h].v);
    }
    hb_free(s->scratch);
    hb_free(s);
}

uint64_t hb_sketch_n(const hb_sketch *s)
{
    return s->n;
}

double hb_sketch_rank_error(const hb_sketch *s)
{
    return s->n ? (double)s->moved / (double)s->n : 0;
}

/* Level 0 starts small, so that hundreds of short metrics cost little. */
static hb_status room(hb_sketch_level *level, size_t need, hb_error *err)
{
    if (need <= level->cap) {
        return HB_OK;
    }
    size_t cap = level->cap ? (size_t)level->cap * 2 : 64;
    while (cap < need) {
        cap *= 2;
    }
    double *v = hb_realloc(level->v, cap * sizeof *v);
    if (!v) {
        return HB_NOMEM(err);
    }
    level->v = v;
    level->cap = (uint32_t)cap;
    return HB_OK;
}

static hb_status scratch_room(hb_sketch *s, hb_error *err)
{
    if (!s->scratch) {
        s->scratch = hb_alloc_array(2 * HB_SKETCH_K, sizeof *s->scratch);
    }
    return s->scratch ? HB_OK : HB_NOMEM(err);
}

/* A fair coin that needs no state but how often this level was compacted (splitmix64's mix). */
static size_t coin(size_t level, uint64_t count)
{
    uint64_t x = (count + 1) * UINT64_C(0x9e3779b97f4a7c15) + level * UINT64_C(0xd1342543de82ef95);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return (size_t)(x >> 63);
}

/* Merges the sorted run into the sorted level; the sum must be within 2 k. */
static void merge_runs(hb_sketch *s, hb_sketch_level *level, const double *run, size_t n)
{
    double *out = s->scratch;
    const double *a = level->v;
    const double *a_end = a + level->n;
    const double *b = run;
    const double *b_end = run + n;
    while (a < a_end && b < b_end) {
        *out++ = *b < *a ? *b++ : *a++;
    }
    while (a < a_end) {
        *out++ = *a++;
    }
    while (b < b_end) {
        *out++ = *b++;
    }
    level->n += (uint32_t)n;
    memcpy(level->v, s->scratch, level->n * sizeof *level->v);
}

/* Moves every other value of the sorted level h to `run`; an odd last value stays. */
static size_t compact(hb_sketch *s, size_t h, double *run)
{
    hb_sketch_level *level = &s->level[h];
    size_t pairs = level->n / 2;
    size_t offset = coin(h, level->compactions++);
    for (size_t i = 0; i < pairs; i++) {
        run[i] = level->v[2 * i + offset];
    }
    if (level->n % 2) {
        level->v[0] = level->v[level->n - 1];
    }
    level->n %= 2;
    s->moved += UINT64_C(1) << h;
    return pairs;
}

/* Carries a sorted run of at most k values of weight 2^h upwards until it finds room. */
static hb_status carry(hb_sketch *s, size_t h, const double *first, size_t n, hb_error *err)
{
    double run[HB_SKETCH_K];
    memcpy(run, first, n * sizeof *run);
    for (; n; h++) {
        if (h == HB_SKETCH_LEVELS) {
            return HB_FAIL(err, HB_E_LIMIT, "more samples than a sketch can hold");
        }
        hb_sketch_level *level = &s->level[h];
        HB_TRY(room(level, level->n + n, err));
        HB_TRY(scratch_room(s, err));
        merge_runs(s, level, run, n);
        if (level->n < HB_SKETCH_K) {
            break;
        }
        n = compact(s, h, run);
    }
    return HB_OK;
}

static hb_status flush_buffer(hb_sketch *s, hb_error *err)
{
    hb_sketch_level *buffer = &s->level[0];
    double run[HB_SKETCH_K];
    HB_TRY(scratch_room(s, err));
    HB_TRY(room(&s->level[1], HB_SKETCH_K, err));
    hb_sort_f64(buffer->v, buffer->n, s->scratch);
    size_t n = compact(s, 0, run);
    return carry(s, 1, run, n, err);
}

static hb_status push(hb_sketch *s, const double *v, size_t n, hb_error *err)
{
    hb_sketch_level *buffer = &s->level[0];
    while (n) {
        if (buffer->n == HB_SKETCH_K) {
            HB_TRY(flush_buffer(s, err));
        }
        size_t take = HB_SKETCH_K - buffer->n;
        take = take < n ? take : n;
        HB_TRY(room(buffer, buffer->n + take, err));
        memcpy(buffer->v + buffer->n, v, take * sizeof *v);
        buffer->n += (uint32_t)take;
        s->n += take;
        v += take;
        n -= take;
    }
    return HB_OK;
}

hb_status hb_sketch_add(hb_sketch *s, const double *v, size_t n, hb_error *err)
{
    return push(s, v, n, err);
}

hb_status hb_sketch_merge(hb_sketch *into, const hb_sketch *from, hb_error *err)
{
    for (size_t h = HB_SKETCH_LEVELS; h-- > 1;) {
        if (from->level[h].n) {
            HB_TRY(carry(into, h, from->level[h].v, from->level[h].n, err));
            into->n += (uint64_t)from->level[h].n << h;
        }
    }
    into->moved += from->moved;
    return push(into, from->level[0].v, from->level[0].n, err);
}

typedef struct weighted {
    double v;
    uint64_t w;
} weighted;

/* Merges two ascending lists of weighted points, joining equal values. */
static size_t merge_points(const weighted *a, size_t na, const double *b, size_t nb, uint64_t w,
                           weighted *out)
{
    size_t n = 0;
    size_t i = 0;
    size_t j = 0;
    while (i < na || j < nb) {
        bool take_b = i == na || (j < nb && b[j] < a[i].v);
        weighted p = take_b ? (weighted){b[j], w} : a[i];
        j += take_b;
        i += !take_b;
        if (n && out[n - 1].v == p.v) {
            out[n - 1].w += p.w;
        } else {
            out[n++] = p;
        }
    }
    return n;
}

static hb_status ecdf_of(const weighted *points, size_t n, const hb_sketch *s, hb_ecdf *ret,
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
    for (size_t i = 0; i < n; i++) {
        total += points[i].w;
        values[i] = points[i].v;
        upto[i] = total;
    }
    *ret = (hb_ecdf){.values = values,
                     .upto = upto,
                     .n_points = n,
                     .n = total,
                     .rank_error = hb_sketch_rank_error(s)};
    return HB_OK;
}

hb_status hb_sketch_ecdf(const hb_sketch *s, hb_ecdf *ret_ecdf, hb_error *err)
{
    size_t most = 0;
    for (size_t h = 0; h < HB_SKETCH_LEVELS; h++) {
        most += s->level[h].n;
    }
    size_t n_buffer = s->level[0].n;
    weighted *a = hb_alloc_array(most, sizeof *a);
    weighted *b = hb_alloc_array(most, sizeof *b);
    double *buffer = hb_alloc_array(2 * n_buffer, sizeof *buffer);
    hb_status status = a && b && buffer ? HB_OK : HB_NOMEM(err);
    if (status == HB_OK) {
        if (n_buffer) {
            memcpy(buffer, s->level[0].v, n_buffer * sizeof *buffer);
        }
        hb_sort_f64(buffer, n_buffer, buffer + n_buffer);
        size_t n = merge_points(a, 0, buffer, n_buffer, 1, b);
        for (size_t h = 1; h < HB_SKETCH_LEVELS; h++) {
            if (s->level[h].n) {
                weighted *swap = a;
                a = b;
                b = swap;
                n = merge_points(a, n, s->level[h].v, s->level[h].n, UINT64_C(1) << h, b);
            }
        }
        status = ecdf_of(b, n, s, ret_ecdf, err);
    }
    hb_free(a);
    hb_free(b);
    hb_free(buffer);
    return status;
}

double hb_sketch_quantile(const hb_sketch *s, double q)
{
    hb_ecdf e = {0};
    if (hb_sketch_ecdf(s, &e, NULL) != HB_OK) {
        return NAN;
    }
    double v = hb_ecdf_quantile(&e, q);
    hb_ecdf_release(&e);
    return v;
}
