/* SPDX-License-Identifier: Apache-2.0 */
/* Invariant: sorted holds exactly the values of the ring, ascending, and no -0. */
#include "stats/rank_cusum.h"

#include "base/mem.h"
#include "stats/fmath.h"
#include "stats/sort.h"
#include "stats/special.h"

#include <math.h>
#include <string.h>

/* Overshoot of a normal random walk over a barrier, 0.583, at both ends. */
#define OVERSHOOT 1.166

void hb_rank_ring_release(hb_rank_ring *r)
{
    hb_free(r->values);
    hb_free(r->sorted);
    *r = (hb_rank_ring){.keep = r->keep};
}

double hb_rank_ring_at(const hb_rank_ring *r, size_t i)
{
    size_t place = r->first + i;
    return r->values[place < r->keep ? place : place - r->keep];
}

/* How many are below x. */
static size_t lower(const double *v, size_t n, double x)
{
    size_t low = 0;
    size_t high = n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (v[mid] < x) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

static size_t upper(const double *v, size_t n, double x)
{
    size_t low = 0;
    size_t high = n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (v[mid] <= x) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

/* One in, one out: only what lies between their places moves. */
static void exchange(double *sorted, size_t n, double out, double in)
{
    size_t from = lower(sorted, n, out);
    size_t to = upper(sorted, n, in);
    if (to > from) {
        memmove(sorted + from, sorted + from + 1, (to - from - 1) * sizeof *sorted);
        sorted[to - 1] = in;
    } else {
        memmove(sorted + to + 1, sorted + to, (from - to) * sizeof *sorted);
        sorted[to] = in;
    }
}

hb_status hb_rank_ring_add(hb_rank_ring *r, double v, hb_error *err)
{
    if (!isfinite(v)) {
        return HB_FAIL(err, HB_E_BUG, "a value to rank among must be finite, got %g", v);
    }
    v = v == 0 ? 0 : v;
    if (r->n == r->keep) {
        double *oldest = &r->values[r->first];
        exchange(r->sorted, r->n, *oldest, v);
        *oldest = v;
        r->first = r->first + 1 == r->keep ? 0 : r->first + 1;
        return HB_OK;
    }
    HB_TRY(HB_GROW(r->values, r->cap_values, r->n + 1, r->keep, "values kept", err));
    HB_TRY(HB_GROW(r->sorted, r->cap_sorted, r->n + 1, r->keep, "values kept", err));
    size_t at = upper(r->sorted, r->n, v);
    memmove(r->sorted + at + 1, r->sorted + at, (r->n - at) * sizeof *r->sorted);
    r->sorted[at] = v;
    r->values[r->n++] = v;
    return HB_OK;
}

double hb_rank_ring_score(const hb_rank_ring *r, double x, double u)
{
    size_t less = lower(r->sorted, r->n, x);
    size_t equal = upper(r->sorted, r->n, x) - less;
    double rank = (double)less + u * (double)(equal + 1);
    double p = rank / (double)(r->n + 1);
    /* A u next to 1 rounds to 1, whose quantile is no number. */
    return hb_normal_quantile(p < 1 - 0x1p-53 ? p : 1 - 0x1p-53);
}

double hb_rank_ring_median(const hb_rank_ring *r, size_t from, size_t to, double also, double *room)
{
    size_t n = 0;
    for (size_t i = from; i < to; i++) {
        room[n++] = hb_rank_ring_at(r, i);
    }
    if (isfinite(also)) {
        room[n++] = also;
    }
    if (n == 0) {
        return NAN;
    }
    hb_sort_f64(room, n, room + n);
    return n % 2 ? room[n / 2] : room[n / 2 - 1] / 2 + room[n / 2] / 2;
}

/* Means of `block` neighbours one after another; blocks are counted from the newest back, so that
 * what is told is about now. `shrink` keeps squares of values up to 1e300 finite. */
typedef struct blocks {
    const hb_rank_ring *ring;
    size_t block;
    size_t place; /* of the next value */
    double shrink;
} blocks;

static blocks blocks_of(const hb_rank_ring *r, size_t block)
{
    double most = fmax(fabs(r->sorted[0]), fabs(r->sorted[r->n - 1]));
    size_t place = r->first + r->n % block;
    bool far = most > 1e150 || most < 1e-150;
    return (blocks){.ring = r,
                    .block = block,
                    .place = place < r->keep ? place : place - r->keep,
                    .shrink = far ? 1 / most : 1};
}

static double next_mean(blocks *b)
{
    double sum = 0;
    for (size_t k = 0; k < b->block; k++) {
        sum += b->ring->values[b->place] * b->shrink;
        b->place = b->place + 1 == b->ring->keep ? 0 : b->place + 1;
    }
    return b->block == 1 ? sum : sum / (double)b->block;
}

double hb_rank_ring_lag1(const hb_rank_ring *r, size_t block)
{
    size_t n = r->n / block;
    if (n < HB_RANK_KEEP_MIN || !(r->sorted[r->n - 1] > r->sorted[0])) {
        return NAN;
    }
    blocks b = blocks_of(r, block);
    double first = next_mean(&b);
    double sum = 0;
    for (size_t i = 1; i < n; i++) {
        sum += next_mean(&b) - first;
    }
    double mean = first + sum / (double)n;
    b = blocks_of(r, block);
    double squares = 0;
    double products = 0;
    double last = 0;
    for (size_t i = 0; i < n; i++) {
        double off = next_mean(&b) - mean;
        squares += off * off;
        products += off * last;
        last = off;
    }
    /* What rounding leaves of equal means is no spread. */
    return squares > (double)n * 1e-24 * mean * mean ? products / squares : NAN;
}

void hb_cusum_reset(hb_cusum *c)
{
    *c = (hb_cusum){.since = HB_TIME_NONE};
}

void hb_cusum_add(hb_cusum *c, double score, hb_time t)
{
    double s = c->s + score - HB_CUSUM_K;
    if (!(s > 0)) {
        hb_cusum_reset(c);
        return;
    }
    c->since = c->s > 0 ? c->since : t;
    c->n = c->s > 0 ? c->n + (c->n < UINT32_MAX) : 1;
    c->s = s;
}

double hb_cusum_arl0(double h)
{
    double b = h + OVERSHOOT;
    return hb_exp(b) - b - 1;
}

double hb_cusum_h(double arl0)
{
    if (!(arl0 > hb_cusum_arl0(0))) {
        return 0;
    }
    /* b = log(ARL0 + 1 + b) is a contraction for b > 0. */
    enum { STEPS = 200 };
    double b = 2;
    for (int i = 0; i < STEPS; i++) {
        double next = hb_log(arl0 + 1 + b);
        if (next == b) {
            break;
        }
        b = next;
    }
    return b > OVERSHOOT ? b - OVERSHOOT : 0;
}
