/* SPDX-License-Identifier: Apache-2.0 */
/* Level h holds values that stand for 2^h samples each. Level 0 is a plain buffer of k = 2,048.
 * When it is full and more comes, its values are sorted and every other one goes to level 1: a run
 * of k/2. A level above holds no run or one; when a second arrives, the two are merged and every
 * other value of the k goes up as a run. So the levels count flushes of the buffer in binary, carry
 * and all: level h holds a run exactly when bit h-1 of the number of flushes F is set, level h has
 * been compacted floor(F / 2^h) times, and merging two sketches is adding two binary numbers.
 *
 * Proof of the bound. Compacting k sorted values of weight w: if c of them are <= x, they counted
 * c·w towards the rank of x, and afterwards 2w·floor(c/2) or 2w·ceil(c/2). So the rank of any x
 * changes by 0 or w, never more, and is off by at most the sum over all compactions of their
 * weights: Σ floor(F / 2^h)·2^h. That is at most F for each of the 1 + floor(log2 F) levels with a
 * term, and F <= n/k. */
#include "stats/sketch_internal.h"

#include "base/mem.h"
#include "stats/sort.h"

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
        hb_free(s->run[h]);
    }
    hb_free(s->buffer);
    hb_free(s);
}

uint64_t hb_sketch_n(const hb_sketch *s)
{
    return s->flushes * HB_SKETCH_K + s->n_buffer;
}

uint64_t hb_sketch_moved(uint64_t flushes)
{
    uint64_t moved = 0;
    for (int h = 0; flushes >> h; h++) {
        moved += flushes >> h << h;
    }
    return moved;
}

double hb_sketch_rank_error(const hb_sketch *s)
{
    uint64_t moved = hb_sketch_moved(s->flushes);
    return moved ? (double)moved / (double)hb_sketch_n(s) : 0;
}

/* All the room that `more` further samples can need, so that nothing fails half-way. The buffer
 * starts small, so that hundreds of short metrics cost little. */
static hb_status reserve(hb_sketch *s, uint64_t more, hb_error *err)
{
    uint64_t n = hb_sketch_n(s);
    if (more > HB_SKETCH_MAX_N - n) {
        return HB_FAIL(err, HB_E_LIMIT, "a distribution holds at most 2^53 samples");
    }
    n += more;
    for (size_t h = 1; n / HB_SKETCH_K >> (h - 1); h++) {
        if (s->run[h]) {
            continue;
        }
        s->run[h] = hb_alloc_array(HB_SKETCH_RUN, sizeof *s->run[h]);
        if (!s->run[h]) {
            return HB_NOMEM(err);
        }
        hb_sketch_fence(s->run[h]);
    }
    size_t need = n < HB_SKETCH_K ? (size_t)n : HB_SKETCH_K;
    if (need <= s->cap_buffer) {
        return HB_OK;
    }
    size_t cap = s->cap_buffer ? s->cap_buffer : 64;
    while (cap < need) {
        cap *= 2;
    }
    double *v = hb_realloc(s->buffer, cap * sizeof *v);
    if (!v) {
        return HB_NOMEM(err);
    }
    s->buffer = v;
    s->cap_buffer = cap;
    return HB_OK;
}

/* A fair coin that needs no state but how often this level was compacted (splitmix64's mix). */
static size_t coin(size_t level, uint64_t count)
{
    uint64_t x = (count + 1) * UINT64_C(0x9e3779b97f4a7c15) + level * UINT64_C(0xd1342543de82ef95);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return (size_t)(x >> 63);
}

/* Adds the run (overwritten) to level h > 0, carrying upwards: wherever a run is held already,
 * every other value of both together goes on. */
static void carry(hb_sketch *s, size_t h, uint64_t run[HB_SKETCH_RUN])
{
    uint64_t room[HB_SKETCH_RUN];
    uint64_t *from = run;
    uint64_t *into = room;
    size_t to = h;
    hb_sketch_fence(run);
    hb_sketch_fence(room);
    for (; hb_sketch_holds(s, to); to++) {
        hb_merge_half(hb_sketch_run(s, to), from + 1, HB_SKETCH_HALF, coin(to, s->flushes >> to),
                      into + 1);
        uint64_t *swap = from;
        from = into;
        into = swap;
    }
    memcpy(hb_sketch_run(s, to), from + 1, HB_SKETCH_HALF * sizeof *from);
    s->flushes += UINT64_C(1) << (h - 1);
}

/* k values that fill level 0 while more are to come: every other one of them sorted goes on. */
static void flush(hb_sketch *s, const double v[HB_SKETCH_K])
{
    uint64_t sorted[HB_SKETCH_K];
    uint64_t room[HB_SKETCH_K];
    uint64_t run[HB_SKETCH_RUN];
    hb_sort_images(v, HB_SKETCH_K, sorted, room);
    size_t offset = coin(0, s->flushes);
    for (size_t i = 0; i < HB_SKETCH_HALF; i++) {
        run[1 + i] = sorted[2 * i + offset];
    }
    carry(s, 1, run);
}

/* Into room that was reserved. */
static void push(hb_sketch *s, const double *v, size_t n)
{
    s->settled = s->settled && n == 0;
    while (n) {
        if (s->n_buffer == HB_SKETCH_K) {
            flush(s, s->buffer);
            s->n_buffer = 0;
        }
        for (; s->n_buffer == 0 && n > HB_SKETCH_K; n -= HB_SKETCH_K) {
            flush(s, v);
            v += HB_SKETCH_K;
        }
        size_t take = HB_SKETCH_K - s->n_buffer;
        take = take < n ? take : n;
        memcpy(s->buffer + s->n_buffer, v, take * sizeof *v);
        s->n_buffer += take;
        v += take;
        n -= take;
    }
}

hb_status hb_sketch_add(hb_sketch *s, const double *v, size_t n, hb_error *err)
{
    HB_TRY(reserve(s, n, err));
    push(s, v, n);
    return HB_OK;
}

void hb_sketch_settle(hb_sketch *s)
{
    double scratch[HB_SKETCH_K];
    if (s->n_buffer) {
        hb_sort_f64(s->buffer, s->n_buffer, scratch);
        s->settled = true;
    }
}

hb_status hb_sketch_merge(hb_sketch *into, const hb_sketch *from, hb_error *err)
{
    if (into == from) {
        return HB_FAIL(err, HB_E_BUG, "a distribution cannot be merged with itself");
    }
    HB_TRY(reserve(into, hb_sketch_n(from), err));
    for (size_t h = HB_SKETCH_LEVELS; h-- > 1;) {
        if (hb_sketch_holds(from, h)) {
            uint64_t run[HB_SKETCH_RUN];
            memcpy(run, from->run[h], sizeof run);
            carry(into, h, run);
        }
    }
    push(into, from->buffer, from->n_buffer);
    return HB_OK;
}
