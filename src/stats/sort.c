/* SPDX-License-Identifier: Apache-2.0 */
#include "stats/sort.h"

#include <stdint.h>
#include <string.h>

/* Eight-bit digits: for the sketch's 2,048 values the tables of wider digits cost more to clear and
 * add up than the passes they save. */
enum { SHORT = 64, DIGIT_BITS = 8, DIGITS = 8, BINS = 1 << DIGIT_BITS };

static void insertion(double *v, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        double x = v[i];
        size_t k = i;
        while (k && v[k - 1] > x) {
            v[k] = v[k - 1];
            k--;
        }
        v[k] = x;
    }
}

/* Negative values have all bits flipped, others the sign bit: unsigned order = numeric order. */
static uint64_t image(uint64_t bits)
{
    return bits ^ ((uint64_t)((int64_t)bits >> 63) | UINT64_C(1) << 63);
}

static uint64_t preimage(uint64_t key)
{
    return key ^ (((key >> 63) - 1) | UINT64_C(1) << 63);
}

void hb_sort_f64(double *v, size_t n, double *scratch)
{
    if (n <= SHORT) {
        insertion(v, n);
        return;
    }
    uint32_t counts[DIGITS][BINS];
    memset(counts, 0, sizeof counts);
    uint64_t *from = (uint64_t *)(void *)v;
    uint64_t *to = (uint64_t *)(void *)scratch;
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = 0;
        memcpy(&bits, &v[i], sizeof bits);
        uint64_t key = image(bits);
        memcpy(&v[i], &key, sizeof key);
        for (int d = 0; d < DIGITS; d++) {
            counts[d][key >> (d * DIGIT_BITS) & (BINS - 1)]++;
        }
    }
    for (int d = 0; d < DIGITS; d++) {
        uint64_t first = 0;
        memcpy(&first, from, sizeof first);
        if (counts[d][first >> (d * DIGIT_BITS) & (BINS - 1)] == n) {
            continue;
        }
        uint32_t at = 0;
        for (int b = 0; b < BINS; b++) {
            uint32_t c = counts[d][b];
            counts[d][b] = at;
            at += c;
        }
        for (size_t i = 0; i < n; i++) {
            uint64_t key = 0;
            memcpy(&key, &from[i], sizeof key);
            uint64_t *place = &to[counts[d][key >> (d * DIGIT_BITS) & (BINS - 1)]++];
            memcpy(place, &key, sizeof key);
        }
        uint64_t *other = from;
        from = to;
        to = other;
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t key = 0;
        memcpy(&key, &from[i], sizeof key);
        uint64_t bits = preimage(key);
        memcpy(&to[i], &bits, sizeof bits);
    }
    if ((void *)to != (void *)v) {
        memcpy(v, to, n * sizeof *v);
    }
}
