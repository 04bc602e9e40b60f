/* SPDX-License-Identifier: Apache-2.0 */
#include "stats/merge.h"

/* How many of `a` are among the k least of both, a's before b's where equal. */
static size_t split(const uint64_t *a, size_t na, const uint64_t *b, size_t nb, size_t k)
{
    size_t low = k > nb ? k - nb : 0;
    size_t high = k < na ? k : na;
    while (low < high) {
        size_t i = low + (high - low) / 2;
        if (a[i] <= b[k - i - 1]) {
            low = i + 1;
        } else {
            high = i;
        }
    }
    return low;
}

/* The lesser of the two next values; `i` counts those taken from `a` so far. Both steps are such
 * as compilers make without a branch, which would be foreseen half of the time. */
static inline uint64_t front(const uint64_t *a, const uint64_t *b, size_t k, size_t *i)
{
    uint64_t x = a[*i];
    uint64_t y = b[k - *i];
    *i += x <= y;
    return x < y ? x : y;
}

/* The greater of the two last values not yet taken, where k are left and i of them `a`'s. */
static inline uint64_t back(const uint64_t *a, const uint64_t *b, size_t k, size_t *i)
{
    uint64_t x = *(a + *i - 1);
    uint64_t y = *(b + (k - *i) - 1);
    *i -= x > y;
    return x > y ? x : y;
}

static inline __attribute__((always_inline)) void
merge(const uint64_t *a, size_t na, const uint64_t *b, size_t nb, uint64_t *out, int32_t *from_a)
{
    size_t n = na + nb;
    size_t quarter = n / 4;
    size_t middle = 2 * quarter;
    size_t first = 0;
    size_t second = split(a, na, b, nb, middle);
    size_t third = second;
    size_t fourth = na;
    for (size_t k = 0; k < quarter; k++) {
        size_t places[4] = {k, middle - 1 - k, middle + k, n - 1 - k};
        if (from_a) {
            from_a[places[1]] = (int32_t)second;
            from_a[places[3]] = (int32_t)fourth;
        }
        out[places[0]] = front(a, b, places[0], &first);
        out[places[1]] = back(a, b, places[1] + 1, &second);
        out[places[2]] = front(a, b, places[2], &third);
        out[places[3]] = back(a, b, places[3] + 1, &fourth);
        if (from_a) {
            from_a[places[0]] = (int32_t)first;
            from_a[places[2]] = (int32_t)third;
        }
    }
    for (size_t k = middle + quarter; k < n - quarter; k++) {
        out[k] = front(a, b, k, &third);
        if (from_a) {
            from_a[k] = (int32_t)third;
        }
    }
}

void hb_merge_images(const uint64_t *a, size_t na, const uint64_t *b, size_t nb, uint64_t *out)
{
    merge(a, na, b, nb, out, NULL);
}

void hb_merge_counted(const uint64_t *a, size_t na, const uint64_t *b, size_t nb, uint64_t *out,
                      int32_t *from_a)
{
    merge(a, na, b, nb, out, from_a);
}
