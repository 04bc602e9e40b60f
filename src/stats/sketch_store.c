/* SPDX-License-Identifier: Apache-2.0 */
/* docs/formats/sketch.md. The reader believes nothing: every invariant of the format is checked, so
 * that a sketch that loads keeps its promises, the stated bound among them. */
#include "stats/sketch_internal.h"

#include "base/mem.h"
#include "base/wire.h"
#include "stats/sort.h"

#include <math.h>
#include <string.h>

static const char magic[4] = {'H', 'B', 'S', 'K'};
enum { VERSION = 1 };

static void put_head(hb_buf *out, const hb_sketch *s, size_t h, size_t n)
{
    hb_wire_put_u64(out, s->flushes >> h);
    hb_wire_put_u32(out, (uint32_t)n);
}

static void put_level(hb_buf *out, const hb_sketch *s, size_t h)
{
    size_t n = hb_sketch_holds(s, h) ? HB_SKETCH_HALF : 0;
    put_head(out, s, h, n);
    for (size_t i = 0; i < n; i++) {
        hb_wire_put_f64(out, hb_order_preimage(hb_sketch_run(s, h)[i]));
    }
}

static void put_buffer(hb_buf *out, const hb_sketch *s)
{
    put_head(out, s, 0, s->n_buffer);
    for (size_t i = 0; i < s->n_buffer; i++) {
        hb_wire_put_f64(out, s->buffer[i]);
    }
}

static uint32_t levels_of(const hb_sketch *s)
{
    uint32_t n = s->n_buffer > 0;
    while (n && s->flushes >> (n - 1)) {
        n++;
    }
    return n;
}

hb_status hb_sketch_store(const hb_sketch *s, hb_buf *out, hb_error *err)
{
    uint32_t levels = levels_of(s);
    hb_buf_add(out, magic, sizeof magic);
    hb_wire_put_u16(out, VERSION);
    hb_wire_put_u16(out, HB_SKETCH_K);
    hb_wire_put_u64(out, hb_sketch_n(s));
    hb_wire_put_u64(out, hb_sketch_moved(s->flushes));
    hb_wire_put_u32(out, levels);
    for (size_t h = 0; h < levels; h++) {
        if (h == 0) {
            put_buffer(out, s);
        } else {
            put_level(out, s, h);
        }
    }
    return hb_buf_check(out, err);
}

/* *ret_count = how often the level says it was compacted. */
static hb_status load_level(hb_sketch *s, size_t h, hb_rd *r, uint64_t *ret_count, hb_error *err)
{
    *ret_count = hb_rd_u64(r);
    uint32_t n = hb_rd_u32(r);
    bool fits = h ? n == 0 || n == HB_SKETCH_HALF : n >= 1 && n <= HB_SKETCH_K;
    if (r->failed || !fits || (size_t)n * 8 > hb_rd_left(r)) {
        return HB_FAIL(err, HB_E_INPUT, "sketch: level %zu is cut off or cannot hold %u values", h,
                       n);
    }
    if (n == 0) {
        return HB_OK;
    }
    if (h == 0) {
        s->buffer = hb_alloc_array(n, sizeof *s->buffer);
        s->n_buffer = s->buffer ? n : 0;
        s->cap_buffer = s->n_buffer;
    } else {
        s->run[h] = hb_alloc_array(HB_SKETCH_RUN, sizeof *s->run[h]);
        s->flushes |= UINT64_C(1) << (h - 1);
    }
    if (h == 0 ? !s->buffer : !s->run[h]) {
        return HB_NOMEM(err);
    }
    if (h) {
        hb_sketch_fence(s->run[h]);
    }
    double before = -INFINITY;
    bool ascending = true;
    for (uint32_t i = 0; i < n; i++) {
        double v = hb_rd_f64(r);
        if (!isfinite(v) || (h && !(before <= v))) {
            return HB_FAIL(err, HB_E_INPUT,
                           "sketch: level %zu holds values that are not finite or out of order", h);
        }
        ascending = ascending && before <= v;
        before = v;
        if (h == 0) {
            s->buffer[i] = v;
        } else {
            hb_sketch_run(s, h)[i] = hb_order_image(v);
        }
    }
    s->settled = h ? s->settled : ascending;
    return HB_OK;
}

static hb_status load_levels(hb_sketch *s, hb_rd *r, uint32_t levels, hb_error *err)
{
    uint64_t count[HB_SKETCH_LEVELS];
    for (uint32_t h = 0; h < levels; h++) {
        HB_TRY(load_level(s, h, r, &count[h], err));
    }
    if (hb_rd_left(r) || levels != levels_of(s)) {
        return HB_FAIL(err, HB_E_INPUT, "sketch: bytes or levels after its end");
    }
    for (uint32_t h = 0; h < levels; h++) {
        if (count[h] != s->flushes >> h) {
            return HB_FAIL(err, HB_E_INPUT,
                           "sketch: level %u says it was compacted %llu times, it was %llu", h,
                           (unsigned long long)count[h], (unsigned long long)(s->flushes >> h));
        }
    }
    return HB_OK;
}

static hb_status load(hb_sketch *s, hb_rd *r, hb_error *err)
{
    char head[4];
    hb_rd_bytes(r, head, sizeof head);
    uint16_t version = hb_rd_u16(r);
    uint16_t k = hb_rd_u16(r);
    uint64_t n = hb_rd_u64(r);
    uint64_t moved = hb_rd_u64(r);
    uint32_t levels = hb_rd_u32(r);
    if (r->failed || memcmp(head, magic, sizeof magic) != 0 || version != VERSION ||
        k != HB_SKETCH_K || levels > HB_SKETCH_LEVELS) {
        return HB_FAIL(err, HB_E_INPUT, "sketch: not a sketch of version %d", VERSION);
    }
    HB_TRY(load_levels(s, r, levels, err));
    if (n != hb_sketch_n(s) || n > HB_SKETCH_MAX_N) {
        return HB_FAIL(err, HB_E_INPUT, "sketch: its values stand for another number of samples");
    }
    if (moved != hb_sketch_moved(s->flushes)) {
        return HB_FAIL(err, HB_E_INPUT, "sketch: states an error of %llu samples, made was %llu",
                       (unsigned long long)moved, (unsigned long long)hb_sketch_moved(s->flushes));
    }
    return HB_OK;
}

hb_status hb_sketch_load(const void *p, size_t n, hb_sketch **ret_sketch, hb_error *err)
{
    hb_sketch *s = NULL;
    HB_TRY(hb_sketch_new(&s, err));
    hb_rd r = hb_rd_of(p, n);
    hb_status status = load(s, &r, err);
    if (status != HB_OK) {
        hb_sketch_free(s);
        return status;
    }
    *ret_sketch = s;
    return HB_OK;
}
