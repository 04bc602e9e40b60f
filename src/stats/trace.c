/* SPDX-License-Identifier: Apache-2.0 */
#include "stats/trace.h"

#include "base/mem.h"
#include "base/wire.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const char magic[4] = {'H', 'B', 'T', 'R'};
enum { VERSION = 1 };

/* A full bucket has at most so many samples: 2^63 in all, beyond what can be read in a lifetime. */
#define MOST_PER_BUCKET (UINT64_C(1) << 54)

static double within_doubles(double sum)
{
    return sum > DBL_MAX ? DBL_MAX : sum < -DBL_MAX ? -DBL_MAX : sum;
}

/* A sum whose plain form overflowed, maybe in both directions. */
static double scaled_sum(double sum, const double *v, size_t n)
{
    static const double scale = 0x1p-64;
    sum *= scale;
    for (size_t i = 0; i < n; i++) {
        sum += v[i] * scale;
    }
    return within_doubles(sum / scale);
}

static void join_neighbours(hb_trace *tr)
{
    for (size_t i = 0; i < HB_TRACE_BUCKETS / 2; i++) {
        hb_trace_bucket *to = &tr->buckets[i];
        hb_trace_bucket a = tr->buckets[2 * i];
        hb_trace_bucket b = tr->buckets[2 * i + 1];
        *to = (hb_trace_bucket){
            .min = a.min < b.min ? a.min : b.min,
            .max = a.max > b.max ? a.max : b.max,
            .sum = within_doubles(a.sum + b.sum),
            .n = a.n + b.n,
            .t = a.t,
        };
    }
    tr->n_buckets = HB_TRACE_BUCKETS / 2;
    tr->per_bucket *= 2;
}

/* Four lanes, so that long stretches of one bucket run at the speed of the vector unit. */
static void take(hb_trace_bucket *b, const double *v, size_t n)
{
    double least[4] = {b->min, b->min, b->min, b->min};
    double most[4] = {b->max, b->max, b->max, b->max};
    double sum[4] = {b->sum, 0, 0, 0};
    size_t whole = n - n % 4;
    for (size_t i = 0; i < whole; i += 4) {
        for (size_t k = 0; k < 4; k++) {
            double x = v[i + k];
            least[k] = x < least[k] ? x : least[k];
            most[k] = x > most[k] ? x : most[k];
            sum[k] += x;
        }
    }
    for (size_t i = whole; i < n; i++) {
        least[0] = v[i] < least[0] ? v[i] : least[0];
        most[0] = v[i] > most[0] ? v[i] : most[0];
        sum[0] += v[i];
    }
    for (size_t k = 1; k < 4; k++) {
        least[0] = least[k] < least[0] ? least[k] : least[0];
        most[0] = most[k] > most[0] ? most[k] : most[0];
    }
    b->min = least[0];
    b->max = most[0];
    double total = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    b->sum = isfinite(total) ? total : scaled_sum(b->sum, v, n);
    b->n += n;
}

/* Buckets there is room for at least, with so many in use: a few at first, so that tens of
 * thousands of short series cost little, then doubled. */
static size_t room_with(size_t n_buckets)
{
    size_t room = 16;
    while (room < n_buckets) {
        room *= 2;
    }
    return room;
}

/* All the room that n more samples can need, so that nothing fails half-way. After joining there is
 * more than room_with says, and asking for it again changes nothing. */
static hb_status reserve(hb_trace *tr, size_t n, hb_error *err)
{
    size_t left = HB_TRACE_BUCKETS - tr->n_buckets;
    size_t room = room_with(tr->n_buckets + (n < left ? n : left));
    if (tr->buckets && room == room_with(tr->n_buckets)) {
        return HB_OK;
    }
    hb_trace_bucket *buckets = hb_realloc(tr->buckets, room * sizeof *buckets);
    if (!buckets) {
        return HB_NOMEM(err);
    }
    tr->buckets = buckets;
    tr->per_bucket = tr->per_bucket ? tr->per_bucket : 1;
    return HB_OK;
}

hb_status hb_trace_add(hb_trace *tr, const double *v, const hb_time *t, size_t n, hb_error *err)
{
    if (n) {
        HB_TRY(reserve(tr, n, err));
    }
    size_t i = 0;
    while (i < n) {
        hb_trace_bucket *last = tr->n_buckets ? &tr->buckets[tr->n_buckets - 1] : NULL;
        if (!last || last->n == tr->per_bucket) {
            if (tr->n_buckets == HB_TRACE_BUCKETS) {
                join_neighbours(tr);
            }
            last = &tr->buckets[tr->n_buckets++];
            *last = (hb_trace_bucket){.min = v[i], .max = v[i], .t = t ? t[i] : HB_TIME_NONE};
        }
        uint64_t room = tr->per_bucket - last->n;
        size_t k = n - i < room ? n - i : (size_t)room;
        take(last, v + i, k);
        tr->n += k;
        i += k;
    }
    return HB_OK;
}

void hb_trace_release(hb_trace *tr)
{
    hb_free(tr->buckets);
    *tr = (hb_trace){0};
}

uint64_t hb_trace_index(const hb_trace *tr, size_t i)
{
    return (uint64_t)i * tr->per_bucket;
}

hb_status hb_trace_store(const hb_trace *tr, hb_buf *out, hb_error *err)
{
    hb_buf_add(out, magic, sizeof magic);
    hb_wire_put_u16(out, VERSION);
    hb_wire_put_u16(out, (uint16_t)tr->n_buckets);
    hb_wire_put_u64(out, tr->per_bucket);
    hb_wire_put_u64(out, tr->n);
    for (size_t i = 0; i < tr->n_buckets; i++) {
        const hb_trace_bucket *b = &tr->buckets[i];
        hb_wire_put_f64(out, b->min);
        hb_wire_put_f64(out, b->max);
        hb_wire_put_f64(out, b->sum);
        hb_wire_put_u64(out, b->n);
        hb_wire_put_u64(out, (uint64_t)b->t);
    }
    return hb_buf_check(out, err);
}

static hb_status load_buckets(hb_rd *r, hb_trace *tr, hb_error *err)
{
    uint64_t samples = 0;
    for (size_t i = 0; i < tr->n_buckets; i++) {
        hb_trace_bucket *b = &tr->buckets[i];
        b->min = hb_rd_f64(r);
        b->max = hb_rd_f64(r);
        b->sum = hb_rd_f64(r);
        b->n = hb_rd_u64(r);
        b->t = (hb_time)hb_rd_u64(r);
        bool last = i + 1 == tr->n_buckets;
        bool filled = last ? b->n && b->n <= tr->per_bucket : b->n == tr->per_bucket;
        if (!isfinite(b->min) || !isfinite(b->max) || b->min > b->max || !isfinite(b->sum) ||
            !filled) {
            return HB_FAIL(err, HB_E_INPUT, "trace: bucket %zu is damaged", i);
        }
        samples += b->n;
    }
    return samples == tr->n
               ? HB_OK
               : HB_FAIL(err, HB_E_INPUT, "trace: its buckets hold another number of samples");
}

/* Buckets are joined only when all are in use, so a trace that was joined is more than half full.
 */
static bool plausible(const hb_trace *tr)
{
    if (tr->n_buckets == 0) {
        return tr->n == 0 && tr->per_bucket == 0;
    }
    bool power = tr->per_bucket && (tr->per_bucket & (tr->per_bucket - 1)) == 0;
    bool joined = tr->per_bucket > 1;
    return tr->n_buckets <= HB_TRACE_BUCKETS && power && tr->per_bucket <= MOST_PER_BUCKET &&
           (!joined || tr->n_buckets > HB_TRACE_BUCKETS / 2);
}

hb_status hb_trace_load(const void *p, size_t n, hb_trace *ret_trace, hb_error *err)
{
    enum { BUCKET_BYTES = 40 };
    hb_rd r = hb_rd_of(p, n);
    char head[4];
    hb_rd_bytes(&r, head, sizeof head);
    uint16_t version = hb_rd_u16(&r);
    hb_trace tr = {.n_buckets = hb_rd_u16(&r)};
    tr.per_bucket = hb_rd_u64(&r);
    tr.n = hb_rd_u64(&r);
    if (r.failed || memcmp(head, magic, sizeof magic) != 0 || version != VERSION) {
        return HB_FAIL(err, HB_E_INPUT, "trace: not a trace of version %d", VERSION);
    }
    if (!plausible(&tr) || hb_rd_left(&r) != tr.n_buckets * BUCKET_BYTES) {
        return HB_FAIL(err, HB_E_INPUT, "trace: its header does not fit its %zu bytes", n);
    }
    hb_status status = HB_OK;
    if (tr.n_buckets) {
        tr.buckets = hb_alloc_array(room_with(tr.n_buckets), sizeof *tr.buckets);
        status = tr.buckets ? load_buckets(&r, &tr, err) : HB_NOMEM(err);
    }
    if (status != HB_OK) {
        hb_trace_release(&tr);
        return status;
    }
    *ret_trace = tr;
    return HB_OK;
}
