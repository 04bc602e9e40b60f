/* SPDX-License-Identifier: Apache-2.0 */
/* Two counting passes over the leading bits of (key - least key), then insertion sort, which has
 * little left to do when the keys are spread. Where they are not (a signal with drop-outs to 0, a
 * sentinel of 1e300), insertion stops at a budget and the stretches that agree in the leading bits
 * are sorted in the same way, each by its own leading bits: at most four times deep, since each
 * time the range shrinks by 16 or 22 bits. */
#include "stats/sort.h"

#include "stats/sort_network.h"

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
        if (v[i - 1] <= x) {
            continue;
        }
        size_t k = i;
        do {
            v[k] = v[k - 1];
            k--;
        } while (k && v[k - 1] > x);
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

static void sort_keys(key *v, size_t n, key *scratch, tables *t);

/* What is in order by (v - least) >> shift, by the rest as well. */
static void settle(key *v, size_t n, key *scratch, uint64_t least, int shift, tables *t)
{
    if (shift == 0 || insertion(v, n, n * MOVES)) {
        return;
    }
    for (size_t from = 0; from < n;) {
        size_t to = from + 1;
        while (to < n && (v[to] - least) >> shift == (v[from] - least) >> shift) {
            to++;
        }
        sort_keys(v + from, to - from, scratch + from, t);
        from = to;
    }
}

/* Bits of (v - least) below the leading ones. */
static int bits_below(const range *r, int leading)
{
    int bits = 64 - __builtin_clzll(r->most - r->least);
    return bits > leading ? bits - leading : 0;
}

/* As sort_keys, for more than SHORT values whose range is known. */
static void sort_range(key *v, size_t n, key *scratch, const range *r, tables *t)
{
    if (r->descents == 0) {
        return;
    }
    int digit = n <= FEW ? NARROW : WIDE;
    int shift = bits_below(r, 2 * digit);
    two_passes(v, n, scratch, r->least, shift, digit, t);
    settle(v, n, scratch, r->least, shift, t);
}

static void sort_keys(key *v, size_t n, key *scratch, tables *t)
{
    if (n <= SHORT) {
        insertion(v, n, n * n);
        return;
    }
    range r = range_of(v, n);
    sort_range(v, n, scratch, &r, t);
}

/* -0 and 0 are one value to comparisons: the range must hold the images of both. */
static range images_between(double least, double most)
{
    return (range){.least = hb_order_image(least == 0 ? -0.0 : least),
                   .most = hb_order_image(most + 0.0)};
}

/* The range of the values' images, in lanes that a vector unit takes side by side. */
static range range_of_values(const double *v, size_t n)
{
    enum { LANES = 8 };
    double least[LANES];
    double most[LANES];
    uint64_t descents[LANES] = {0};
    for (size_t k = 0; k < LANES; k++) {
        least[k] = v[0];
        most[k] = v[0];
    }
    size_t whole = (n - 1) / LANES * LANES;
    for (size_t i = 0; i < whole; i += LANES) {
        for (size_t k = 0; k < LANES; k++) {
            double x = v[i + k + 1];
            least[k] = x < least[k] ? x : least[k];
            most[k] = x > most[k] ? x : most[k];
            descents[k] += x < v[i + k];
        }
    }
    for (size_t i = whole + 1; i < n; i++) {
        least[0] = v[i] < least[0] ? v[i] : least[0];
        most[0] = v[i] > most[0] ? v[i] : most[0];
        descents[0] += v[i] < v[i - 1];
    }
    for (size_t k = 1; k < LANES; k++) {
        least[0] = least[k] < least[0] ? least[k] : least[0];
        most[0] = most[k] > most[0] ? most[k] : most[0];
        descents[0] += descents[k];
    }
    range r = images_between(least[0], most[0]);
    r.descents = descents[0];
    return r;
}

/* True when it was done. */
static bool sort_by_network(const double *v, size_t n, uint64_t *images, uint64_t *scratch)
{
#if HB_X86
    double least = 0;
    double most = 0;
    if (n != HB_NETWORK_VALUES || !hb_cpu_avx2() || !hb_network_range(v, &least, &most)) {
        return false;
    }
    tables t;
    range r = images_between(least, most);
    int shift = bits_below(&r, HB_NETWORK_BITS);
    if (hb_network_sort(v, r.least, shift, scratch, images)) {
        settle(images, n, scratch, r.least, shift, &t);
    }
    return true;
#else
    (void)v, (void)n, (void)images, (void)scratch;
    return false;
#endif
}

void hb_sort_images(const double *v, size_t n, uint64_t *images, uint64_t *scratch)
{
    if (sort_by_network(v, n, images, scratch)) {
        return;
    }
    tables t;
    range r = {0};
    if (n > SHORT) {
        r = range_of_values(v, n);
    }
    bool zeros = r.least <= hb_order_image(-0.0) && r.most >= hb_order_image(0);
    for (size_t i = 0; i < n; i++) {
        images[i] = hb_order_image(v[i]);
    }
    if (n <= SHORT || (zeros && r.descents == 0)) { /* -0 behind 0 is no descent of values */
        sort_keys(images, n, scratch, &t);
    } else {
        sort_range(images, n, scratch, &r, &t);
    }
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

/* How many of `a` are among the n least of both. */
static size_t split(const uint64_t *a, const uint64_t *b, size_t n)
{
    size_t low = 0;
    size_t high = n;
    while (low < high) {
        size_t i = low + (high - low) / 2;
        if (a[i] < b[n - i - 1]) {
            low = i + 1;
        } else {
            high = i;
        }
    }
    return low;
}

/* The lesser (greater) of the two next values; `i` counts those taken from `a` so far. By masks,
 * because a compiler may take a choice for a branch, which would be foreseen half of the time. */
static inline uint64_t front(const uint64_t *a, const uint64_t *b, size_t k, size_t *i)
{
    uint64_t x = a[*i];
    uint64_t y = b[k - *i];
    bool from_a = x <= y;
    *i += from_a;
    return y ^ ((x ^ y) & -(uint64_t)from_a);
}

static inline uint64_t back(const uint64_t *a, const uint64_t *b, size_t k, size_t *i)
{
    uint64_t x = *(a - *i);
    uint64_t y = *(b - (k - *i));
    bool from_a = x > y;
    *i += from_a;
    return y ^ ((x ^ y) & -(uint64_t)from_a);
}

/* Each half from both its ends: four chains of dependent steps instead of one, and no test for an
 * end, since beyond an end stands what is never taken. */
static inline __attribute__((always_inline)) void merge_half(const uint64_t *a, const uint64_t *b,
                                                             size_t n, size_t offset, uint64_t *out)
{
    size_t i = split(a, b, n);
    uint64_t want_odd = -(uint64_t)offset;
    const uint64_t *mid_a = a + i;
    const uint64_t *mid_b = b + (n - i);
    const uint64_t *end_a = a + n - 1;
    const uint64_t *end_b = b + n - 1;
    size_t low = 0;
    size_t under = 0;
    size_t over = 0;
    size_t high = 0;
    for (size_t k = 0; k < n / 2; k += 2) {
        uint64_t even = front(a, b, k, &low);
        uint64_t odd = front(a, b, k + 1, &low);
        out[k / 2] = even ^ ((even ^ odd) & want_odd);
        odd = back(mid_a - 1, mid_b - 1, k, &under);
        even = back(mid_a - 1, mid_b - 1, k + 1, &under);
        out[n / 2 - 1 - k / 2] = even ^ ((even ^ odd) & want_odd);
        even = front(mid_a, mid_b, k, &over);
        odd = front(mid_a, mid_b, k + 1, &over);
        out[n / 2 + k / 2] = even ^ ((even ^ odd) & want_odd);
        odd = back(end_a, end_b, k, &high);
        even = back(end_a, end_b, k + 1, &high);
        out[n - 1 - k / 2] = even ^ ((even ^ odd) & want_odd);
    }
}

/* Two forms, so that neither puts together what it leaves out. */
void hb_merge_half(const uint64_t *a, const uint64_t *b, size_t n, size_t offset, uint64_t *out)
{
    if (offset) {
        merge_half(a, b, n, 1, out);
    } else {
        merge_half(a, b, n, 0, out);
    }
}
