/* SPDX-License-Identifier: Apache-2.0 */
/* Why at most W/2 for each level. Of c values of a level, in groups of g = W/w (a power of two, as
 * all weights are), those at g/2, g/2 + g, … are kept. If r of the c are at or below x, r = q·g +
 * rest, then q are kept of them, or q + 1 where rest > g/2; so q·W or (q + 1)·W stands for r·w, and
 * is off by rest·w <= W/2 or (g - rest)·w < W/2. With x at the end this also says how far the
 * weight of all points may be from n. Why no more than 2,048 points: the highest level gives 1,024,
 * the one below at most half of that and so on, and the buffer, 2,048 values of weight 1, what is
 * missing from the sum. */
#include "stats/ranks.h"

#include "stats/merge.h"
#include "stats/sketch_internal.h"
#include "stats/sort.h"

#include <string.h>

enum { ROOM = HB_RANKS_MOST + 2 };

static void fence(uint64_t room[ROOM], size_t n)
{
    room[0] = 0;
    room[1 + n] = UINT64_MAX;
}

static void buffer_sorted(const hb_sketch *s, uint64_t *images)
{
    uint64_t scratch[HB_SKETCH_K];
    hb_sort_images(s->buffer, s->n_buffer, images, scratch);
}

/* Of level 0, the middle ones of groups, ascending, between fences; returns how many. */
static size_t thin_buffer(const hb_sketch *s, size_t group, uint64_t *fenced)
{
    size_t n = s->n_buffer;
    size_t kept = 0;
    uint64_t sorted[HB_SKETCH_K];
    if (!s->settled) {
        buffer_sorted(s, sorted);
    }
    for (size_t i = group / 2; i < n; i += group) {
        fenced[++kept] = s->settled ? hb_order_image(s->buffer[i]) : sorted[i];
    }
    fence(fenced, kept);
    return kept;
}

/* The same of a level above. */
static size_t thin_run(const uint64_t *v, size_t group, uint64_t *fenced)
{
    size_t kept = 0;
    for (size_t i = group / 2; i < HB_SKETCH_HALF; i += group) {
        fenced[++kept] = v[i];
    }
    fence(fenced, kept);
    return kept;
}

/* Where there are many metrics their levels come from far; asked for while others are worked on,
 * they need not be waited for. */
static void ask_for(const hb_sketch *s, size_t h, size_t top)
{
    enum { LINE = 8 };
    while (h < top && !hb_sketch_holds(s, h)) {
        h++;
    }
    size_t group = (size_t)1 << (top - h);
    for (size_t i = group / 2; i < HB_SKETCH_HALF; i += group < LINE ? LINE : group) {
        __builtin_prefetch(hb_sketch_run(s, h) + i);
    }
}

/* Points from the levels of a sketch that is not exact; returns in how many samples a rank may be
 * off by that. */
static uint64_t thin_levels(const hb_sketch *s, hb_ranks *ret)
{
    size_t top = 64 - (size_t)__builtin_clzll(s->flushes);
    uint64_t weight = UINT64_C(1) << top;
    uint64_t lists = (uint64_t)__builtin_popcountll(s->flushes);
    uint64_t other[ROOM];
    uint64_t level[HB_SKETCH_RUN];
    /* Every merge goes to the other room, the last one to the result. */
    uint64_t *from = lists % 2 ? other : ret->image;
    uint64_t *to = lists % 2 ? ret->image : other;
    ask_for(s, 1, top);
    size_t n = thin_buffer(s, weight, from);
    for (size_t h = 1; h <= top; h++) {
        if (!hb_sketch_holds(s, h)) {
            continue;
        }
        const uint64_t *run = hb_sketch_run(s, h);
        size_t count = HB_SKETCH_HALF;
        if (h < top) {
            count = thin_run(run, weight >> h, level);
            run = level + 1;
            ask_for(s, h + 1, top);
        }
        hb_merge_images(from + 1, n, run, count, to + 1);
        n += count;
        fence(to, n);
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    ret->points = n;
    uint64_t stand_for = n * weight;
    uint64_t beyond = stand_for > ret->n ? stand_for - ret->n : ret->n - stand_for;
    return lists * (weight / 2) + beyond; /* the highest level is whole, the buffer is not */
}

void hb_ranks_of(const hb_sketch *s, hb_ranks *ret)
{
    ret->n = s ? hb_sketch_n(s) : 0;
    ret->rank_error = 0;
    if (ret->n && s->flushes) {
        uint64_t moved = thin_levels(s, ret) + hb_sketch_moved(s->flushes);
        ret->rank_error = (double)moved / (double)ret->n;
    } else {
        ret->points = 0;
        fence(ret->image, 0);
        if (ret->n) {
            ret->points = thin_buffer(s, 1, ret->image);
        }
    }
}
