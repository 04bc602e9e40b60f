/* SPDX-License-Identifier: Apache-2.0 */
/* docs/formats/sketch.md. The reader believes nothing: sizes, order, finiteness and the sum of
 * weights are checked before a sketch is returned. */
#include "stats/sketch_internal.h"

#include "base/mem.h"
#include "base/wire.h"

#include <math.h>
#include <string.h>

static const char magic[4] = {'H', 'B', 'S', 'K'};
enum { VERSION = 1 };

hb_status hb_sketch_store(const hb_sketch *s, hb_buf *out, hb_error *err)
{
    size_t levels = HB_SKETCH_LEVELS;
    while (levels && !s->level[levels - 1].n && !s->level[levels - 1].compactions) {
        levels--;
    }
    hb_buf_add(out, magic, sizeof magic);
    hb_wire_put_u16(out, VERSION);
    hb_wire_put_u16(out, HB_SKETCH_K);
    hb_wire_put_u64(out, s->n);
    hb_wire_put_u64(out, s->moved);
    hb_wire_put_u32(out, (uint32_t)levels);
    for (size_t h = 0; h < levels; h++) {
        hb_wire_put_u64(out, s->level[h].compactions);
        hb_wire_put_u32(out, s->level[h].n);
        for (size_t i = 0; i < s->level[h].n; i++) {
            hb_wire_put_f64(out, s->level[h].v[i]);
        }
    }
    return hb_buf_check(out, err);
}

static hb_status load_level(hb_sketch *s, size_t h, hb_rd *r, uint64_t *samples, hb_error *err)
{
    hb_sketch_level *level = &s->level[h];
    level->compactions = hb_rd_u64(r);
    uint32_t n = hb_rd_u32(r);
    if (r->failed || n > HB_SKETCH_K || (size_t)n * 8 > hb_rd_left(r)) {
        return HB_FAIL(err, HB_E_INPUT, "sketch: level %zu is cut off or too large", h);
    }
    level->v = hb_alloc_array(n ? n : 1, sizeof *level->v);
    if (!level->v) {
        return HB_NOMEM(err);
    }
    level->cap = n ? n : 1;
    for (uint32_t i = 0; i < n; i++) {
        level->v[i] = hb_rd_f64(r);
        bool ordered = h == 0 || i == 0 || level->v[i - 1] <= level->v[i];
        if (!isfinite(level->v[i]) || !ordered) {
            return HB_FAIL(err, HB_E_INPUT, "sketch: level %zu holds values out of order", h);
        }
    }
    level->n = n;
    *samples += (uint64_t)n << h;
    return HB_OK;
}

static hb_status load(hb_sketch *s, hb_rd *r, hb_error *err)
{
    char head[4];
    hb_rd_bytes(r, head, sizeof head);
    uint16_t version = hb_rd_u16(r);
    uint16_t k = hb_rd_u16(r);
    s->n = hb_rd_u64(r);
    s->moved = hb_rd_u64(r);
    uint32_t levels = hb_rd_u32(r);
    if (r->failed || memcmp(head, magic, sizeof magic) != 0 || version != VERSION ||
        k != HB_SKETCH_K || levels > HB_SKETCH_LEVELS) {
        return HB_FAIL(err, HB_E_INPUT, "sketch: not a sketch of version %d", VERSION);
    }
    uint64_t samples = 0;
    for (uint32_t h = 0; h < levels; h++) {
        HB_TRY(load_level(s, h, r, &samples, err));
    }
    if (hb_rd_left(r) || samples != s->n) {
        return HB_FAIL(err, HB_E_INPUT, "sketch: its values stand for another number of samples");
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
