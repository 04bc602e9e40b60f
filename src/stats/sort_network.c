/* SPDX-License-Identifier: Apache-2.0 */
/* The 2,048 words lie in 256 rows of eight lanes. First each lane is put in order by itself, whole
 * rows against whole rows: eight rows by the network of 19 comparators (Knuth, vol. 3, 5.3.4), then
 * by Batcher's bitonic merges (1968). The merges of lanes with lanes take a few steps across the
 * lanes, from where on each lane is on its own again. A merge of s rows begins by comparing row i
 * with row s-1-i ("flip"), so that both halves may be ascending; rows at distances s/4, s/8 … 1
 * follow. Two or three such steps are taken while the rows are in registers. */
#include "stats/sort_network.h"

#if HB_X86
#include "stats/sort.h"

#include <immintrin.h>
#include <stddef.h>

enum { LANES = 8, ROWS = HB_NETWORK_VALUES / LANES, PLACE_BITS = 11 };

typedef __m256i row;

#define STEP HB_AVX2 static inline __attribute__((always_inline))

/* The lesser words to a, the greater to b. */
STEP void compare(row *a, row *b)
{
    row less = _mm256_min_epu32(*a, *b);
    *b = _mm256_max_epu32(*a, *b);
    *a = less;
}

STEP void load(row *k, const row *from, size_t distance, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        k[i] = from[i * distance];
    }
}

STEP void store(row *to, size_t distance, const row *k, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        to[i * distance] = k[i];
    }
}

STEP void quarter_steps(row k[8])
{
    compare(&k[0], &k[2]);
    compare(&k[1], &k[3]);
    compare(&k[4], &k[6]);
    compare(&k[5], &k[7]);
}

STEP void half_steps(row k[8])
{
    compare(&k[0], &k[4]);
    compare(&k[1], &k[5]);
    compare(&k[2], &k[6]);
    compare(&k[3], &k[7]);
}

STEP void neighbour_steps(row k[8])
{
    compare(&k[0], &k[1]);
    compare(&k[2], &k[3]);
    compare(&k[4], &k[5]);
    compare(&k[6], &k[7]);
}

STEP void sort_eights(row *r)
{
    for (size_t i = 0; i < ROWS; i += 8) {
        row k[8];
        load(k, r + i, 1, 8);
        quarter_steps(k);
        half_steps(k);
        neighbour_steps(k);
        compare(&k[2], &k[4]);
        compare(&k[3], &k[5]);
        compare(&k[1], &k[4]);
        compare(&k[3], &k[6]);
        compare(&k[1], &k[2]);
        compare(&k[3], &k[4]);
        compare(&k[5], &k[6]);
        store(r + i, 1, k, 8);
    }
}

/* Distances 4·d, 2·d and d. */
STEP void merge_three(row *r, size_t d)
{
    for (size_t from = 0; from < ROWS; from += 8 * d) {
        for (size_t i = from; i < from + d; i++) {
            row k[8];
            load(k, r + i, d, 8);
            half_steps(k);
            quarter_steps(k);
            neighbour_steps(k);
            store(r + i, d, k, 8);
        }
    }
}

/* Distances 2·d and d. */
STEP void merge_two(row *r, size_t d)
{
    for (size_t from = 0; from < ROWS; from += 4 * d) {
        for (size_t i = from; i < from + d; i++) {
            row k[8];
            load(k, r + i, d, 4);
            compare(&k[0], &k[2]);
            compare(&k[1], &k[3]);
            compare(&k[0], &k[1]);
            compare(&k[2], &k[3]);
            store(r + i, d, k, 4);
        }
    }
}

/* The flip of s rows alone. */
STEP void flip_one(row *r, size_t s)
{
    for (size_t from = 0; from < ROWS; from += s) {
        for (size_t i = 0; i < s / 2; i++) {
            compare(&r[from + i], &r[from + s - 1 - i]);
        }
    }
}

/* The flip and distance s/4. */
STEP void flip_two(row *r, size_t s)
{
    size_t d = s / 4;
    for (size_t from = 0; from < ROWS; from += s) {
        for (size_t i = from; i < from + d; i++) {
            row *high = r + 2 * from + 3 * d - 1 - i; /* the partners, the farthest first */
            row k[8];
            load(k, r + i, d, 2);
            load(k + 2, high, d, 2);
            compare(&k[0], &k[3]);
            compare(&k[1], &k[2]);
            compare(&k[0], &k[1]);
            compare(&k[2], &k[3]);
            store(r + i, d, k, 2);
            store(high, d, k + 2, 2);
        }
    }
}

/* The flip and distances s/4 and s/8. */
STEP void flip_three(row *r, size_t s)
{
    size_t d = s / 8;
    for (size_t from = 0; from < ROWS; from += s) {
        for (size_t i = from; i < from + d; i++) {
            row *high = r + 2 * from + 5 * d - 1 - i;
            row k[8];
            load(k, r + i, d, 4);
            load(k + 4, high, d, 4);
            compare(&k[0], &k[7]);
            compare(&k[1], &k[6]);
            compare(&k[2], &k[5]);
            compare(&k[3], &k[4]);
            quarter_steps(k);
            neighbour_steps(k);
            store(r + i, d, k, 4);
            store(high, d, k + 4, 4);
        }
    }
}

/* The rest of a merge in each lane, from distance 128 on. */
STEP void settle_lanes(row *r)
{
    merge_three(r, 32);
    merge_two(r, 8);
    merge_three(r, 1);
}

/* Lanes of the mask take the greater of x and y, the others the lesser. */
#define ACROSS(x, y, mask) _mm256_blend_epi32(_mm256_min_epu32(x, y), _mm256_max_epu32(x, y), mask)

STEP row with_next(row x)
{
    return ACROSS(x, _mm256_shuffle_epi32(x, 0xb1), 0xaa);
}

STEP row with_second_next(row x)
{
    return ACROSS(x, _mm256_shuffle_epi32(x, 0x4e), 0xcc);
}

/* Lanes in reverse order: of each two, of each four, all. */
STEP row reverse_two(row x)
{
    return _mm256_shuffle_epi32(x, 0xb1);
}

STEP row reverse_four(row x)
{
    return _mm256_shuffle_epi32(x, 0x1b);
}

STEP row reverse_all(row x)
{
    return _mm256_shuffle_epi32(_mm256_permute4x64_epi64(x, 0x4e), 0x1b);
}

STEP void merge_lanes(row *r)
{
    for (size_t i = 0; i < ROWS / 2; i++) {
        row x = r[i];
        row y = r[ROWS - 1 - i];
        r[i] = ACROSS(x, reverse_two(y), 0xaa);
        r[ROWS - 1 - i] = ACROSS(y, reverse_two(x), 0xaa);
    }
    settle_lanes(r);
    for (size_t i = 0; i < ROWS / 2; i++) {
        row x = r[i];
        row y = r[ROWS - 1 - i];
        r[i] = with_next(ACROSS(x, reverse_four(y), 0xcc));
        r[ROWS - 1 - i] = with_next(ACROSS(y, reverse_four(x), 0xcc));
    }
    settle_lanes(r);
    for (size_t i = 0; i < ROWS / 2; i++) {
        row x = r[i];
        row y = r[ROWS - 1 - i];
        r[i] = with_next(with_second_next(ACROSS(x, reverse_all(y), 0xf0)));
        r[ROWS - 1 - i] = with_next(with_second_next(ACROSS(y, reverse_all(x), 0xf0)));
    }
    settle_lanes(r);
}

/* Afterwards lane 0 holds the least words, row by row, then lane 1 … */
HB_AVX2 static void sort_words(row *r)
{
    sort_eights(r);
    flip_one(r, 16);
    merge_three(r, 1);
    flip_two(r, 32);
    merge_three(r, 1);
    flip_three(r, 64);
    merge_three(r, 1);
    flip_two(r, 128);
    merge_two(r, 8);
    merge_three(r, 1);
    flip_three(r, 256);
    merge_two(r, 8);
    merge_three(r, 1);
    merge_lanes(r);
}

HB_AVX2 bool hb_network_range(const double *v, double *ret_least, double *ret_most)
{
    enum { EACH = 4, LAST = HB_NETWORK_VALUES - EACH };
    __m256d least = _mm256_loadu_pd(v);
    __m256d most = least;
    __m256d descents = _mm256_setzero_pd();
    for (size_t i = 0; i < LAST; i += EACH) {
        __m256d x = _mm256_loadu_pd(v + i);
        __m256d next = _mm256_loadu_pd(v + i + 1);
        least = _mm256_min_pd(next, least);
        most = _mm256_max_pd(next, most);
        descents = _mm256_or_pd(descents, _mm256_cmp_pd(next, x, _CMP_LT_OQ));
    }
    double low[EACH];
    double high[EACH];
    _mm256_storeu_pd(low, least);
    _mm256_storeu_pd(high, most);
    bool any = _mm256_movemask_pd(descents) != 0;
    for (size_t i = 0; i < EACH; i++) {
        low[0] = low[i] < low[0] ? low[i] : low[0];
        high[0] = high[i] > high[0] ? high[i] : high[0];
    }
    for (size_t i = LAST + 1; i < HB_NETWORK_VALUES; i++) {
        any = any || v[i] < v[i - 1];
        low[0] = v[i] < low[0] ? v[i] : low[0];
        high[0] = v[i] > high[0] ? v[i] : high[0];
    }
    *ret_least = low[0];
    *ret_most = high[0];
    return any;
}

HB_AVX2 bool hb_network_sort(const double *v, uint64_t least, int shift, uint64_t *scratch,
                             uint64_t *images)
{
    union {
        uint32_t word[ROWS][LANES];
        row rows[ROWS];
    } w;
    uint32_t *words = &w.word[0][0];
    for (size_t i = 0; i < HB_NETWORK_VALUES; i++) {
        uint64_t x = hb_order_image(v[i]);
        scratch[i] = x;
        words[i] = (uint32_t)((x - least) >> shift) << PLACE_BITS | (uint32_t)i;
    }
    sort_words(w.rows);
    uint64_t before = 0;
    bool descents = false;
    for (size_t lane = 0; lane < LANES; lane++) {
        for (size_t i = 0; i < ROWS; i++) {
            uint64_t x = scratch[w.word[i][lane] & (HB_NETWORK_VALUES - 1)];
            descents |= x < before;
            before = x;
            *images++ = x;
        }
    }
    return descents;
}
#else
typedef int hb_network_has_no_code;
#endif
