/* SPDX-License-Identifier: Apache-2.0 */
/* Two counting passes over the leading bits of (key - least key), then insertion sort, which has
 * little left to do when the keys are spread. Where they are not (a signal with drop-outs to 0, a
 * sentinel of 1e300), insertion stops at a budget and the stretches that agree in the leading bits
 * are sorted in the same way, each by its own leading bits: at most four times deep, since each
 * time the range shrinks by 16 or 22 bits. */
#include "stats/sort.h"

#include <stdbool.h>

enum {
    SHORT = 48, /* insertion sort up to here */
    FEW = 512,  /* narrow digits up to here: clearing wide tables would cost more than sorting */
    NARROW = 8,
    WIDE = 11,
    BINS = 1 << WIDE,
    MOVES = 4 /* budget of insertion, in moves a value */
};

/* The bits of the caller's doubles, sorted where they lie. */
typedef uint64_t __attribute__((may_alias)) key;

typedef struct tables {
    uint32_t low[BINS];
    uint32_t high[BINS];
} tables;

/* Gives up after `budget` moves; what it leaves is a permutation, no worse ordered. */
static bool insertion(key *v, size_t n, size_t budget)
{
    for (size_t i = 1; i < n; i++) {
        uint64_t x = v[i];
        size_t k = i;
        while (k && v[k - 1] > x) {
            v[k] = v[k - 1];
            k--;
        }
        v[k] = x;
        if (i - k > budget) {
            return false;
        }
        budget -= i - k;
    }
    return true;
}

static void counts_to_places(tables *t, size_t bins)
{
    uint32_t low = 0;
    uint32_t high = 0;
    for (size_t i = 0; i < bins; i++) {
        uint32_t c = t->low[i];
        t->low[i] = low;
        low += c;
        c = t->high[i];
        t->high[i] = high;
        high += c;
    }
}

/* By the leading 2·digit bits of (key - least); the rest, `shift` bits, is left. */
static void two_passes(key *v, size_t n, key *scratch, uint64_t least, int shift, int digit,
                       tables *t)
{
    size_t bins = (size_t)1 << digit;
    uint64_t mask = bins - 1;
    memset(t->low, 0, bins * sizeof *t->low);
    memset(t->high, 0, bins * sizeof *t->high);
    for (size_t i = 0; i < n; i++) {
        uint64_t k = (v[i] - least) >> shift;
        t->low[k & mask]++;
        t->high[k >> digit]++;
    }
    counts_to_places(t, bins);
    for (size_t i = 0; i < n; i++) {
        uint64_t k = (v[i] - least) >> shift;
        scratch[t->low[k & mask]++] = v[i];
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t k = (scratch[i] - least) >> shift;
        v[t->high[k >> digit]++] = scratch[i];
    }
}

typedef struct range {
    uint64_t least;
    uint64_t most;
    size_t descents;
} range;

static range range_of(const key *v, size_t n)
{
    range r = {.least = v[0], .most = v[0]};
    for (size_t i = 1; i < n; i++) {
        r.descents += v[i] < v[i - 1];
        r.least = v[i] < r.least ? v[i] : r.least;
        r.most = v[i] > r.most ? v[i] : r.most;
    }
    return r;
}

static void sort_keys(key *v, size_t n, key *scratch, tables *t)
{
    if (n <= SHORT) {
        insertion(v, n, n * n);
        return;
    }
    range r = range_of(v, n);
    if (r.descents == 0) {
        return;
    }
    int digit = n <= FEW ? NARROW : WIDE;
    int bits = 64 - __builtin_clzll(r.most - r.least);
    int shift = bits > 2 * digit ? bits - 2 * digit : 0;
    two_passes(v, n, scratch, r.least, shift, digit, t);
    if (shift == 0 || insertion(v, n, n * MOVES)) {
        return;
    }
    for (size_t from = 0; from < n;) {
        size_t to = from + 1;
        while (to < n && (v[to] - r.least) >> shift == (v[from] - r.least) >> shift) {
            to++;
        }
        sort_keys(v + from, to - from, scratch + from, t);
        from = to;
    }
}

void hb_sort_images(const double *v, size_t n, uint64_t *images, uint64_t *scratch)
{
    tables t;
    for (size_t i = 0; i < n; i++) {
        images[i] = hb_order_image(v[i]);
    }
    sort_keys(images, n, scratch, &t);
}

void hb_sort_f64(double *v, size_t n, double *scratch)
{
    tables t;
    key *keys = (key *)(void *)v;
    for (size_t i = 0; i < n; i++) {
        keys[i] = hb_order_image(v[i]);
    }
    sort_keys(keys, n, (key *)(void *)scratch, &t);
    for (size_t i = 0; i < n; i++) {
        v[i] = hb_order_preimage(keys[i]);
    }
}

/* From both ends at once: two chains of dependent steps instead of one, no branch and no test for
 * an end, since n steps from either side cannot pass n values. */
void hb_merge_images(const uint64_t *a, const uint64_t *b, size_t n, uint64_t *out)
{
    const uint64_t *a_last = a + n - 1;
    const uint64_t *b_last = b + n - 1;
    uint64_t *out_last = out + 2 * n - 1;
    for (size_t i = 0; i < n; i++) {
        uint64_t x = *a;
        uint64_t y = *b;
        bool front_b = y < x;
        *out++ = front_b ? y : x;
        b += front_b;
        a += !front_b;
        uint64_t p = *a_last;
        uint64_t q = *b_last;
        bool back_a = q < p;
        *out_last-- = back_a ? p : q;
        a_last -= back_a;
        b_last -= !back_a;
    }
}
