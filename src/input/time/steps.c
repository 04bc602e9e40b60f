/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of a time axis. A table of step → count as long as there are few different ones; beyond
 * HB_STEP_DISTINCT the same counts go into classes with a relative width of 2^-10 (the leading ten
 * bits behind the highest), which do not depend on the order of the rows. */
#include "base/mem.h"
#include "input/time_rule.h"

#include <stdlib.h>
#include <string.h>

enum {
    FIRST_SLOTS = 256,
    CLASS_BITS = 10,
    N_CLASSES = (64 - CLASS_BITS + 1) << CLASS_BITS,
};

typedef struct step_count {
    int64_t step; /* 0 = free: only positive steps are counted */
    uint64_t n;
} step_count;

struct hb_time_steps {
    hb_time_summary s;
    step_count *slots;
    size_t n_slots; /* a power of two */
    size_t n_used;
    uint64_t *classes; /* instead of slots */
    uint64_t n_positive;
    step_count last; /* not yet counted: most files have one step */
};

hb_status hb_time_steps_new(hb_time_steps **ret, hb_error *err)
{
    hb_time_steps *s = hb_alloc_zero(sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    s->slots = hb_alloc_zero(FIRST_SLOTS * sizeof *s->slots);
    s->n_slots = FIRST_SLOTS;
    s->s = (hb_time_summary){.first = HB_TIME_NONE, .last = HB_TIME_NONE, .exact = true};
    if (!s->slots) {
        hb_free(s);
        return HB_NOMEM(err);
    }
    *ret = s;
    return HB_OK;
}

void hb_time_steps_free(hb_time_steps *s)
{
    if (s) {
        hb_free(s->slots);
        hb_free(s->classes);
        hb_free(s);
    }
}

static size_t class_of(int64_t step)
{
    uint64_t v = (uint64_t)step;
    if (v < (UINT64_C(2) << CLASS_BITS)) {
        return (size_t)v; /* exact */
    }
    unsigned shift = 63u - (unsigned)__builtin_clzll(v) - CLASS_BITS;
    return ((size_t)shift << CLASS_BITS) + (size_t)(v >> shift);
}

/* The middle of a class. */
static int64_t step_of(size_t class)
{
    if (class < ((size_t)2 << CLASS_BITS)) {
        return (int64_t) class;
    }
    unsigned shift = (unsigned)(class >> CLASS_BITS) - 1;
    uint64_t low = (uint64_t)(class - ((size_t)shift << CLASS_BITS)) << shift;
    return (int64_t)(low + (((UINT64_C(1) << shift) - 1) >> 1));
}

static step_count *find(step_count *slots, size_t n_slots, int64_t step)
{
    uint64_t h = (uint64_t)step * UINT64_C(0x9E3779B97F4A7C15);
    size_t i = (size_t)(h >> 32) & (n_slots - 1);
    while (slots[i].step != 0 && slots[i].step != step) {
        i = (i + 1) & (n_slots - 1);
    }
    return &slots[i];
}

static hb_status to_classes(hb_time_steps *s, hb_error *err)
{
    uint64_t *classes = hb_alloc_zero(N_CLASSES * sizeof *classes);
    if (!classes) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < s->n_slots; i++) {
        if (s->slots[i].step) {
            classes[class_of(s->slots[i].step)] += s->slots[i].n;
        }
    }
    hb_free(s->slots);
    s->slots = NULL;
    s->classes = classes;
    s->s.exact = false;
    return HB_OK;
}

static hb_status widen(hb_time_steps *s, hb_error *err)
{
    size_t n_slots = s->n_slots * 2;
    step_count *slots = hb_alloc_zero(n_slots * sizeof *slots);
    if (!slots) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < s->n_slots; i++) {
        if (s->slots[i].step) {
            *find(slots, n_slots, s->slots[i].step) = s->slots[i];
        }
    }
    hb_free(s->slots);
    s->slots = slots;
    s->n_slots = n_slots;
    return HB_OK;
}

static hb_status count_last(hb_time_steps *s, hb_error *err)
{
    if (s->last.n == 0) {
        return HB_OK;
    }
    if (s->classes) {
        s->classes[class_of(s->last.step)] += s->last.n;
    } else {
        step_count *slot = find(s->slots, s->n_slots, s->last.step);
        if (slot->step == 0 && s->n_used == HB_STEP_DISTINCT) {
            HB_TRY(to_classes(s, err));
            return count_last(s, err);
        }
        if (slot->step == 0 && (s->n_used + 1) * 2 > s->n_slots) {
            HB_TRY(widen(s, err));
            slot = find(s->slots, s->n_slots, s->last.step);
        }
        s->n_used += slot->step == 0;
        slot->step = s->last.step;
        slot->n += s->last.n;
    }
    s->last.n = 0;
    return HB_OK;
}

/* How many of t go on from `before` by one step, behind which nothing changes but the count. */
static size_t same_steps(hb_time before, int64_t step, const hb_time *t, size_t n)
{
    size_t i = 0;
    int64_t d = 0;
    while (i < n && t[i] != HB_TIME_NONE && !__builtin_sub_overflow(t[i], before, &d) &&
           d == step) {
        before = t[i++];
    }
    return i;
}

hb_status hb_time_steps_add(hb_time_steps *s, const hb_time *t, size_t n, hb_error *err)
{
    for (size_t i = 0; i < n; i++) {
        size_t same = s->last.n ? same_steps(s->s.last, s->last.step, t + i, n - i) : 0;
        if (same) {
            s->s.last = t[i + same - 1];
            s->s.n_parsed += same;
            s->n_positive += same;
            s->last.n += same;
            i += same;
            if (i == n) {
                break;
            }
        }
        if (t[i] == HB_TIME_NONE) {
            s->s.n_unparsed++;
            continue;
        }
        hb_time before = s->s.last;
        s->s.last = t[i];
        if (s->s.n_parsed++ == 0) {
            s->s.first = t[i];
            continue;
        }
        int64_t step = 0;
        if (__builtin_sub_overflow(t[i], before, &step)) {
            step = t[i] > before ? INT64_MAX : INT64_MIN;
        }
        if (step <= 0) {
            s->s.n_equal += step == 0;
            s->s.n_backward += step < 0;
            continue;
        }
        s->n_positive++;
        if (step != s->last.step) {
            HB_TRY(count_last(s, err));
            s->last.step = step;
        }
        s->last.n++;
    }
    return HB_OK;
}

static int by_step(const void *a, const void *b)
{
    int64_t x = ((const step_count *)a)->step;
    int64_t y = ((const step_count *)b)->step;
    return (x > y) - (x < y);
}

/* Those counted, in rising order. */
static hb_status sorted(const hb_time_steps *s, step_count **ret, size_t *ret_n, hb_error *err)
{
    size_t room = s->classes ? N_CLASSES : s->n_used;
    step_count *list = hb_alloc_array(room + 1, sizeof *list);
    size_t n = 0;
    if (!list) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; s->classes && i < N_CLASSES; i++) {
        if (s->classes[i]) {
            list[n++] = (step_count){.step = step_of(i), .n = s->classes[i]};
        }
    }
    for (size_t i = 0; !s->classes && i < s->n_slots; i++) {
        if (s->slots[i].step) {
            list[n++] = s->slots[i];
        }
    }
    qsort(list, n, sizeof *list, by_step);
    *ret = list;
    *ret_n = n;
    return HB_OK;
}

static int64_t at_rank(const step_count *list, size_t n, uint64_t rank)
{
    uint64_t below = 0;
    for (size_t i = 0; i < n; i++) {
        below += list[i].n;
        if (below > rank) {
            return list[i].step;
        }
    }
    return 0;
}

hb_status hb_time_steps_finish(hb_time_steps *s, hb_time_summary *ret, hb_error *err)
{
    HB_TRY(count_last(s, err));
    HB_CLEANUP(hb_free_p) step_count *list = NULL;
    size_t n = 0;
    HB_TRY(sorted(s, &list, &n, err));
    hb_time_summary out = s->s;
    if (s->n_positive) {
        int64_t low = at_rank(list, n, (s->n_positive - 1) / 2);
        int64_t high = at_rank(list, n, s->n_positive / 2);
        out.median_step_ns = low + (high - low) / 2;
        for (size_t i = 0; i < n; i++) {
            uint64_t over = (uint64_t)(list[i].step - out.median_step_ns);
            out.n_gaps +=
                list[i].step > out.median_step_ns && over * 2 > (uint64_t)out.median_step_ns
                    ? list[i].n
                    : 0;
        }
    }
    *ret = out;
    return HB_OK;
}
