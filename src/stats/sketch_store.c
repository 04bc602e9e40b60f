/* SPDX-License-Identifier: Apache-2.0 */
/* docs/formats/sketch.md. The reader believes nothing: every invariant of the format is checked, so
 * that a sketch that loads keeps its promises, the stated bound among them. */
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
    while (levels && !s->level[levels - 1].n) {
        levels--;
    }
    hb_buf_add(out, magic, sizeof magic);
    hb_wire_put_u16(out, VERSION);
    hb_wire_put_u16(out, HB_SKETCH_K);
    hb_wire_put_u64(out, s->n);
    hb_wire_put_u64(out, hb_sketch_moved(s));
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

static hb_status load_level(hb_sketch *s, size_t h, hb_rd *r, hb_error *err)
{
    hb_sketch_level *level = &s->level[h];
    level->compactions = hb_rd_u64(r);
    uint32_t n = hb_rd_u32(r);
    if (r->failed || n > (h ? HB_SKETCH_K - 1 : HB_SKETCH_K) || (size_t)n * 8 > hb_rd_left(r)) {
        return HB_FAIL(err, HB_E_INPUT, "sketch: level %zu is cut off or too large", h);
    }
    if (n == 0) {
        return HB_OK;
    }
    level->v = hb_alloc_array(n, sizeof *level->v);
    if (!level->v) {
        return HB_NOMEM(err);
    }
    level->cap = n;
    level->n = n;
    for (uint32_t i = 0; i < n; i++) {
        level->v[i] = hb_rd_f64(r);
        bool ordered = h == 0 || i == 0 || level->v[i - 1] <= level->v[i];
        if (!isfinite(level->v[i]) || !ordered) {
            return HB_FAIL(err, HB_E_INPUT,
                           "sketch: level %zu holds values that are not finite or out of order", h);
        }
    }
    return HB_OK;
}

/* What lies above level h went up in its compactions, between k·2^h and 2k·2^h each; exactly k each
 * on level 0. */
static hb_status check_compactions(const hb_sketch *s, hb_error *err)
{
    uint64_t above = 0;
    for (size_t h = HB_SKETCH_LEVELS; h-- > 0;) {
        uint64_t count = s->level[h].compactions;
        uint64_t most = above / ((uint64_t)HB_SKETCH_K << h);
        uint64_t largest = (uint64_t)HB_SKETCH_K << (h ? h + 1 : 0);
        uint64_t fewest = above / largest + (above % largest != 0);
        if (count < fewest || count > most) {
            return HB_FAIL(err, HB_E_INPUT,
                           "sketch: level %zu cannot have been compacted %llu times", h,
                           (unsigned long long)count);
        }
        above += (uint64_t)s->level[h].n << h;
    }
    if (above != s->n || above > HB_SKETCH_MAX_N) {
        return HB_FAIL(err, HB_E_INPUT, "sketch: its values stand for another number of samples");
    }
    return HB_OK;
}

static hb_status load(hb_sketch *s, hb_rd *r, hb_error *err)
{
    char head[4];
    hb_rd_bytes(r, head, sizeof head);
    uint16_t version = hb_rd_u16(r);
    uint16_t k = hb_rd_u16(r);
    s->n = hb_rd_u64(r);
    uint64_t moved = hb_rd_u64(r);
    uint32_t levels = hb_rd_u32(r);
    if (r->failed || memcmp(head, magic, sizeof magic) != 0 || version != VERSION ||
        k != HB_SKETCH_K || levels > HB_SKETCH_LEVELS) {
        return HB_FAIL(err, HB_E_INPUT, "sketch: not a sketch of version %d", VERSION);
    }
    for (uint32_t h = 0; h < levels; h++) {
        HB_TRY(load_level(s, h, r, err));
    }
    if (hb_rd_left(r) || (levels && !s->level[levels - 1].n)) {
        return HB_FAIL(err, HB_E_INPUT, "sketch: bytes or levels after its end");
    }
    HB_TRY(check_compactions(s, err));
    if (moved != hb_sketch_moved(s)) {
        return HB_FAIL(err, HB_E_INPUT, "sketch: states an error of %llu samples, made was %llu",
                       (unsigned long long)moved, (unsigned long long)hb_sketch_moved(s));
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
