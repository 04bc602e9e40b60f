/* SPDX-License-Identifier: Apache-2.0 */
/* Level h holds values that stand for 2^h samples each. Level 0 is a plain buffer of k = 2,048, the
 * others are kept sorted and below k. A level that fills is compacted: of its sorted values every
 * other one moves up, with double weight; an odd last one stays.
 *
 * Proof of the bound. Compacting an even number of sorted values of weight w: if c of them are <=
 * x, they counted c·w towards the rank of x, and afterwards 2w·floor(c/2) or 2w·ceil(c/2). So the
 * rank of any x changes by 0 or w, never more. A compaction happens on each level with w = 2^h, so
 * the rank of every x is off by at most the sum over all levels of (compactions of level h)·2^h.
 * That sum, over n, is the stated bound; merging adds the counts of both, and so the bounds.
 *
 * How large it gets. All weight above level h went up in compactions of h, each of which moved
 * between k·2^h and 2k·2^h samples' worth; so (compactions of h)·2^h <= (weight above h)/k <= n/k,
 * and the bound is at most (levels above 0)/k, merged or not. Level h+1 exists only from k·2^h
 * samples on, so there are at most 1 + floor(log2(n/k)) of them. */
#include "stats/sketch_internal.h"

#include "base/mem.h"
#include "stats/sort.h"

#include <stdbool.h>
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
    hb_free(s);
}

uint64_t hb_sketch_n(const hb_sketch *s)
{
    return s->n;
}

uint64_t hb_sketch_moved(const hb_sketch *s)
{
    uint64_t moved = 0;
    for (size_t h = 0; h < HB_SKETCH_LEVELS; h++) {
        moved += s->level[h].compactions << h;
    }
    return moved;
}

double hb_sketch_rank_error(const hb_sketch *s)
{
    return s->n ? (double)hb_sketch_moved(s) / (double)s->n : 0;
}

/* Starts small, so that hundreds of short metrics cost little. */
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

/* All the room that `more` further samples can need, so that nothing fails half-way. Level h gets
 * values only when k·2^(h-1) samples have passed below it. A sketch that was never merged holds 0
 * or k/2 values a level. */
static hb_status reserve(hb_sketch *s, uint64_t more, bool merging, hb_error *err)
{
    if (more > HB_SKETCH_MAX_N || s->n + more > HB_SKETCH_MAX_N) {
        return HB_FAIL(err, HB_E_LIMIT, "a distribution holds at most 2^53 samples");
    }
    uint64_t n = s->n + more;
    size_t each = merging ? HB_SKETCH_K : HB_SKETCH_K / 2;
    for (size_t h = 1; h < HB_SKETCH_LEVELS; h++) {
        if (s->level[h].n && s->level[h].n != HB_SKETCH_K / 2) {
            each = HB_SKETCH_K;
        }
    }
    for (size_t h = 1; h < HB_SKETCH_LEVELS && (uint64_t)HB_SKETCH_K << (h - 1) <= n; h++) {
        HB_TRY(room(&s->level[h], each, err));
    }
    return room(&s->level[0], n < HB_SKETCH_K ? n : HB_SKETCH_K, err);
}

/* A fair coin that needs no state but how often this level was compacted (splitmix64's mix). */
static size_t coin(size_t level, uint64_t count)
{
    uint64_t x = (count + 1) * UINT64_C(0x9e3779b97f4a7c15) + level * UINT64_C(0xd1342543de82ef95);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return (size_t)(x >> 63);
}

/* Of n sorted values of level h every other one goes to `up`; an odd last one becomes all the level
 * holds. Returns how many went up. */
static size_t compact(hb_sketch_level *level, size_t h, const double *sorted, size_t n, double *up)
{
    size_t pairs = n / 2;
    size_t offset = coin(h, level->compactions++);
    for (size_t i = 0; i < pairs; i++) {
        up[i] = sorted[2 * i + offset];
    }
    level->n = n % 2;
    if (level->n) {
        level->v[0] = sorted[n - 1];
    }
    return pairs;
}

/* Carries the n ascending values in `run` (at most k, overwritten) of weight 2^h upwards until they
 * find room. Cannot run out of levels: reserve() refused so many samples. */
static void carry(hb_sketch *s, size_t h, double run[HB_SKETCH_K], size_t n)
{
    double both[2 * HB_SKETCH_K];
    for (;; h++) {
        hb_sketch_level *level = &s->level[h];
        size_t total = level->n + n;
        if (level->n == 0 && n < HB_SKETCH_K) {
            memcpy(level->v, run, n * sizeof *run);
            level->n = (uint32_t)n;
            return;
        }
        hb_merge_f64(level->v, level->n, run, n, both);
        if (total < HB_SKETCH_K) {
            memcpy(level->v, both, total * sizeof *both);
            level->n = (uint32_t)total;
            return;
        }
        n = compact(level, h, both, total, run);
    }
}

static void flush_buffer(hb_sketch *s)
{
    double run[HB_SKETCH_K];
    hb_sketch_level *buffer = &s->level[0];
    hb_sort_f64(buffer->v, buffer->n, run);
    size_t n = compact(buffer, 0, buffer->v, buffer->n, run);
    carry(s, 1, run, n);
}

/* Into room that was reserved. */
static void push(hb_sketch *s, const double *v, size_t n)
{
    hb_sketch_level *buffer = &s->level[0];
    s->n += n;
    while (n) {
        if (buffer->n == HB_SKETCH_K) {
            flush_buffer(s);
        }
        size_t take = HB_SKETCH_K - buffer->n;
        take = take < n ? take : n;
        memcpy(buffer->v + buffer->n, v, take * sizeof *v);
        buffer->n += (uint32_t)take;
        v += take;
        n -= take;
    }
}

hb_status hb_sketch_add(hb_sketch *s, const double *v, size_t n, hb_error *err)
{
    HB_TRY(reserve(s, n, false, err));
    push(s, v, n);
    return HB_OK;
}

hb_status hb_sketch_merge(hb_sketch *into, const hb_sketch *from, hb_error *err)
{
    if (into == from) {
        return HB_FAIL(err, HB_E_BUG, "a distribution cannot be merged with itself");
    }
    HB_TRY(reserve(into, from->n, from->n > from->level[0].n, err));
    for (size_t h = HB_SKETCH_LEVELS; h-- > 1;) {
        const hb_sketch_level *level = &from->level[h];
        if (level->n) {
            double run[HB_SKETCH_K];
            memcpy(run, level->v, level->n * sizeof *run);
            carry(into, h, run, level->n);
            into->n += (uint64_t)level->n << h;
        }
        into->level[h].compactions += level->compactions;
    }
    into->level[0].compactions += from->level[0].compactions;
    push(into, from->level[0].v, from->level[0].n);
    return HB_OK;
}
