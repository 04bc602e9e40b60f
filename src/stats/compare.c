/* SPDX-License-Identifier: Apache-2.0 */
/* Both samples' points are merged into one ascending array, with the number of a's among the first
 * k; so the difference of the curves right of point k, in units of 1/(pa·pb), is the whole number
 * i·pb - j·pa, exact. Where the next point is equal the difference is none of the curves', and its
 * stretch has no width. Then everything is sums and maxima along arrays: areas in eight lanes over
 * a block, blocks added with compensation (Kahan), in this order on any machine. */
#include "stats/compare.h"

#include "stats/merge.h"
#include "stats/sort.h"

#include <math.h>
#include <string.h>

enum { MOST = 2 * HB_RANKS_MOST, LANES = 8, BLOCK = 64 };

typedef struct merged {
    size_t n;
    size_t end; /* n, in whole blocks */
    double pa;
    double pb;
    double value[MOST + 1]; /* the last again and again behind the end */
    int32_t from_a[MOST];
} merged;

static void merge(const hb_ranks *a, const hb_ranks *b, merged *m)
{
    uint64_t images[MOST];
    m->n = a->points + b->points;
    m->pa = (double)a->points;
    m->pb = (double)b->points;
    hb_merge_counted(a->image + 1, a->points, b->image + 1, b->points, images, m->from_a);
    for (size_t k = 0; k < m->n; k++) {
        m->value[k] = hb_order_preimage(images[k]) + 0.0; /* never -0 */
    }
    m->end = (m->n + BLOCK - 1) / BLOCK * BLOCK;
    for (size_t k = m->n; k <= m->end; k++) {
        m->value[k] = m->value[m->n - 1];
    }
    for (size_t k = m->n; k < m->end; k++) {
        m->from_a[k] = 0;
    }
}

/* Whole numbers, below 2^24. */
static double apart(const merged *m, size_t k)
{
    return fabs((double)m->from_a[k] * (m->pa + m->pb) - (double)(k + 1) * m->pa);
}

typedef double pair __attribute__((vector_size(16)));
typedef int64_t mask __attribute__((vector_size(16)));
typedef int32_t counts __attribute__((vector_size(8)));
typedef pair loose_pair __attribute__((aligned(8), may_alias)); /* where the values lie */
typedef counts loose_counts __attribute__((aligned(4), may_alias));

static double block(const merged *m, size_t from, double *ret_most)
{
    const pair both = {m->pa + m->pb, m->pa + m->pb};
    const pair step = {2 * m->pa, 2 * m->pa};
    const mask sign = {INT64_MIN, INT64_MIN};
    pair place = {(double)(from + 1) * m->pa, (double)(from + 2) * m->pa};
    pair area[LANES / 2] = {0};
    pair most[LANES / 2] = {0};
    for (size_t i = from; i < from + BLOCK; i += LANES) {
        for (size_t k = 0; k < LANES / 2; k++) {
            size_t at = i + 2 * k;
            counts of_a = *(const loose_counts *)(m->from_a + at);
            pair width =
                *(const loose_pair *)(m->value + at + 1) - *(const loose_pair *)(m->value + at);
            pair height = __builtin_convertvector(of_a, pair) * both - place;
            height = (pair)((mask)height & ~sign & (width > 0));
            mask more = height > most[k];
            most[k] = (pair)(((mask)height & more) | ((mask)most[k] & ~more));
            area[k] += height * width;
            place += step;
        }
    }
    pair sum = (area[0] + area[2]) + (area[1] + area[3]);
    for (size_t k = 1; k < LANES / 2; k++) {
        mask more = most[k] > most[0];
        most[0] = (pair)(((mask)most[k] & more) | ((mask)most[0] & ~more));
    }
    *ret_most = most[0][0] > most[0][1] ? most[0][0] : most[0][1];
    return sum[0] + sum[1];
}

/* The greatest difference, in units of 1/(pa·pb), and the block where it is found first. */
typedef struct totals {
    double area;
    double most;
    size_t most_from;
} totals;

static totals add_up(const merged *m)
{
    totals t = {0};
    double low = 0;
    for (size_t from = 0; from < m->end; from += BLOCK) {
        double most = 0;
        double y = block(m, from, &most) - low;
        double sum = t.area + y;
        low = (sum - t.area) - y;
        t.area = sum;
        if (most > t.most) {
            t.most = most;
            t.most_from = from;
        }
    }
    return t;
}

static hb_ks ks_of(const merged *m, const totals *t)
{
    if (t->most == 0) {
        return (hb_ks){.d = 0, .at = m->value[0]};
    }
    size_t k = t->most_from;
    while (apart(m, k) != t->most || m->value[k + 1] == m->value[k]) {
        k++;
    }
    double i = (double)m->from_a[k];
    double j = (double)(k + 1) - i;
    return (hb_ks){.d = fabs(i / m->pa - j / m->pb), .at = m->value[k]};
}

hb_distance hb_distance_apart(const hb_ranks *a, const hb_ranks *b)
{
    if (!a->points || !b->points) {
        return (hb_distance){.ks = {.d = 0, .p = 1, .at = NAN}, .wasserstein = NAN};
    }
    merged m;
    merge(a, b, &m);
    totals t = add_up(&m);
    hb_distance out = {.ks = ks_of(&m, &t), .wasserstein = t.area / m.pa / m.pb};
    out.ks.d_error = a->rank_error + b->rank_error;
    out.ks.p = NAN;
    if (!isfinite(out.wasserstein)) {
        /* A difference of two values may overflow where the area does not. */
        for (size_t k = 0; k <= m.end; k++) {
            m.value[k] *= 0x1p-30;
        }
        out.wasserstein = add_up(&m).area / m.pa / m.pb * 0x1p30;
    }
    return out;
}

hb_distance hb_distance_two_sample(const hb_ranks *a, const hb_ranks *b)
{
    hb_distance out = hb_distance_apart(a, b);
    if (a->points && b->points) {
        /* Of a million samples the chance alone makes a D of 0.001: the sketch's error must not
         * pass for a difference. */
        out.ks.p = hb_ks_p(out.ks.d - out.ks.d_error, a->n, b->n);
    }
    return out;
}
