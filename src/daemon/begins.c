/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/begins.h"

#include "base/mem.h"

#include <string.h>

enum { STEPS = 16, STEP_MIN_NS = 500000000 };

void hb_begins_init(hb_begins *b, size_t n_defs, int64_t slide)
{
    *b = (hb_begins){.n_defs = n_defs, .step = slide / STEPS, .tried = HB_TIME_NONE};
    b->step = b->step < STEP_MIN_NS ? STEP_MIN_NS : b->step;
}

static void drop(hb_begins *b, size_t at, size_t n)
{
    for (size_t i = at; i < at + n; i++) {
        b->bytes -= b->list[i].n;
        hb_free(b->list[i].p);
    }
    if (n) {
        memmove(b->list + at, b->list + at + n, (b->n - at - n) * sizeof *b->list);
        b->n -= n;
    }
}

void hb_begins_release(hb_begins *b)
{
    drop(b, 0, b->n);
    hb_free(b->list);
    *b = (hb_begins){0};
}

/* --- which are kept --- */

static bool admits(const hb_begin *x, size_t def, hb_time start)
{
    return x->filled[def] == HB_TIME_NONE || x->filled[def] <= start;
}

static size_t find(const hb_begins *b, size_t def, hb_time start)
{
    size_t i = b->n;
    while (i > 0 && !admits(&b->list[i - 1], def, start)) {
        i--;
    }
    return i; /* behind it */
}

const hb_begin *hb_begins_find(const hb_begins *b, size_t def, hb_time start)
{
    size_t i = find(b, def, start);
    return i ? &b->list[i - 1] : NULL;
}

uint64_t hb_begins_first(const hb_begins *b, uint64_t fallback)
{
    return b->n && b->list[0].position < fallback ? b->list[0].position : fallback;
}

/* Those before the latest that serves every window to come. */
static void drop_old(hb_begins *b, hb_windows *w)
{
    size_t needed = b->n ? b->n - 1 : 0;
    for (size_t d = 0; d < b->n_defs; d++) {
        hb_time start = hb_windows_next_start(w, d);
        size_t i = start == HB_TIME_NONE ? 1 : find(b, d, start);
        i = i ? i - 1 : 0;
        needed = i < needed ? i : needed;
    }
    drop(b, 0, needed);
    if (b->n) {
        hb_windows_forget_hits(w, b->list[0].hits);
    }
}

static bool same_windows(const hb_begin *x, const hb_begin *y, size_t n_defs)
{
    return memcmp(x->filled, y->filled, n_defs * sizeof *x->filled) == 0;
}

/* The one whose going makes a slice longer by the least part: neither the first nor the last. */
static size_t least(const hb_begins *b)
{
    size_t at = 1;
    double best = 0;
    hb_time now = b->list[b->n - 1].mark;
    for (size_t i = 1; i + 1 < b->n; i++) {
        hb_time before = b->list[i - 1].mark;
        before = before == HB_TIME_NONE ? b->list[i].mark : before;
        double gap = (double)(b->list[i + 1].mark - before);
        double age = (double)(now - before) + (double)b->step;
        if (i == 1 || gap / age < best) {
            best = gap / age;
            at = i;
        }
    }
    return at;
}

static hb_status room(hb_begins *b, hb_error *err)
{
    if (!b->list) {
        b->list = hb_alloc_zero((HB_BEGINS_MAX + 1) * sizeof *b->list);
    }
    return b->list ? HB_OK : HB_NOMEM(err);
}

static hb_status add(hb_begins *b, hb_begin *x, hb_error *err)
{
    HB_TRY(room(b, err));
    if (b->n && same_windows(&b->list[b->n - 1], x, b->n_defs)) {
        drop(b, b->n - 1, 1); /* serves the same windows from further back */
    }
    b->bytes += x->n;
    b->list[b->n++] = *x;
    *x = (hb_begin){0};
    while (b->n > 2 && (b->n > HB_BEGINS_MAX || b->bytes > HB_BEGINS_BYTES)) {
        drop(b, least(b), 1);
    }
    return HB_OK;
}

/* --- noting --- */

static hb_status take(hb_begins *b, hb_feed *s, uint64_t position, hb_error *err)
{
    hb_begin x = {.position = position,
                  .mark = hb_windows_watermark(s->windows),
                  .hits = hb_windows_hits(s->windows),
                  .messages = hb_windows_messages(s->windows)};
    hb_buf text;
    hb_buf_init(&text, HB_BEGIN_BYTES);
    for (size_t d = 0; d < b->n_defs; d++) {
        x.filled[d] = hb_windows_filled_to(s->windows, d);
    }
    hb_error why = {0};
    hb_status status = hb_feed_outline(s, &text, &why);
    b->too_large = status == HB_E_LIMIT;
    if (status == HB_OK) {
        x.p = hb_strndup(text.p, text.n);
        x.n = text.n;
        status = x.p ? add(b, &x, err) : HB_NOMEM(err);
        hb_free(x.p);
    } else if (status == HB_E_LIMIT) {
        status = HB_OK;
    } else {
        status = HB_FAIL(err, status, "%s", why.msg);
    }
    hb_buf_release(&text);
    return status;
}

hb_status hb_begins_note(hb_begins *b, hb_feed *s, uint64_t position, hb_error *err)
{
    hb_time mark = hb_windows_watermark(s->windows);
    bool moved = b->tried == HB_TIME_NONE ? mark != HB_TIME_NONE : mark - b->tried >= b->step;
    if ((!moved && (b->n || b->too_large)) || hb_windows_held(s->windows)) {
        return HB_OK;
    }
    HB_TRY(take(b, s, position, err));
    b->tried = mark;
    drop_old(b, s->windows);
    return HB_OK;
}

/* --- the state --- */

void hb_begins_save(const hb_begins *b, hb_buf *out)
{
    hb_wire_put_u64(out, (uint64_t)b->tried);
    hb_wire_put_u32(out, b->too_large);
    hb_wire_put_u32(out, (uint32_t)b->n);
    for (size_t i = 0; i < b->n; i++) {
        const hb_begin *x = &b->list[i];
        hb_wire_put_u64(out, x->position);
        hb_wire_put_u64(out, (uint64_t)x->mark);
        for (size_t d = 0; d < b->n_defs; d++) {
            hb_wire_put_u64(out, (uint64_t)x->filled[d]);
        }
        hb_wire_put_u64(out, x->hits);
        hb_wire_put_u64(out, x->messages);
        hb_wire_put_u64(out, x->n);
        hb_buf_add(out, x->p, x->n);
    }
}

static hb_status get_one(hb_begins *b, hb_rd *in, hb_error *err)
{
    hb_begin x = {.position = hb_rd_u64(in)};
    x.mark = (int64_t)hb_rd_u64(in);
    for (size_t d = 0; d < b->n_defs; d++) {
        x.filled[d] = (int64_t)hb_rd_u64(in);
    }
    x.hits = hb_rd_u64(in);
    x.messages = hb_rd_u64(in);
    uint64_t n = hb_rd_u64(in);
    if (in->failed || n > HB_BEGIN_BYTES || n > hb_rd_left(in)) {
        return HB_FAIL(err, HB_E_INPUT, "beginnings of the state are cut off");
    }
    x.n = (size_t)n;
    x.p = hb_strndup((const char *)in->p, x.n);
    in->p += n;
    if (!x.p) {
        return HB_NOMEM(err);
    }
    b->bytes += x.n;
    b->list[b->n++] = x;
    return HB_OK;
}

hb_status hb_begins_restore(hb_begins *b, hb_rd *in, hb_error *err)
{
    b->tried = (int64_t)hb_rd_u64(in);
    uint32_t too_large = hb_rd_u32(in);
    b->too_large = too_large;
    uint32_t n = hb_rd_u32(in);
    if (in->failed || n > HB_BEGINS_MAX || too_large > 1) {
        return HB_FAIL(err, HB_E_INPUT, "beginnings of the state are damaged");
    }
    HB_TRY(room(b, err));
    for (uint32_t i = 0; i < n; i++) {
        HB_TRY(get_one(b, in, err));
    }
    return HB_OK;
}
