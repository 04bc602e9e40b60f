/* SPDX-License-Identifier: Apache-2.0 */
/* What windows depend on that were empty at a point of the stream: everything of the state but the
 * samples in panes, which stay in the windows that hold them, and message ids. Of a pane's metric
 * is left how much came (its rate) and when it was heard. Of ids is left how many were remembered;
 * those that came again later are put in their places by hb_windows_recall, and the others, which
 * never did, are filled with numbers that no message has. */
#include "base/mem.h"
#include "telemetry/windows_internal.h"

#include <stdlib.h>

/* --- panes --- */

void hb_cell_put_outline(const hb_cell *c, hb_buf *out)
{
    hb_wire_put_u64(out, (uint64_t)c->heard);
    hb_wire_put_u64(out, c->usable);
}

hb_status hb_cell_get_outline(hb_cell *c, const hb_pane *p, hb_rd *r, hb_error *err)
{
    c->heard = (int64_t)hb_rd_u64(r);
    c->usable = hb_rd_u64(r);
    bool never = c->heard == HB_TIME_NONE && c->usable == 0;
    if (r->failed || (!never && (c->heard < p->start || c->heard >= p->end))) {
        return hb_windows_damaged("a metric of a pane is damaged", err);
    }
    if (c->usable) {
        c->first = c->last = c->heard;
    }
    return HB_OK;
}

size_t hb_windows_held(const hb_windows *w)
{
    return w->ahead.n;
}

hb_time hb_windows_filled_to(const hb_windows *w, size_t def)
{
    const hb_wdef *d = &w->defs[def];
    for (size_t i = d->n_panes; i > 0; i--) {
        if (d->panes[i - 1]->came) {
            return d->panes[i - 1]->end;
        }
    }
    return HB_TIME_NONE;
}

hb_time hb_windows_next_start(const hb_windows *w, size_t def)
{
    const hb_wdef *d = &w->defs[def];
    return d->closed == HB_NO_PANE ? HB_TIME_NONE : (d->closed + 2 - d->overlap) * d->slide;
}

/* --- message ids --- */

void hb_ids_put_outline(const hb_ids *ids, hb_buf *out)
{
    hb_wire_put_u64(out, ids->current.a);
    hb_wire_put_u64(out, ids->current.b);
    hb_wire_put_u32(out, ids->part);
    hb_wire_put_u32(out, (uint32_t)ids->in_message | (uint32_t)ids->known << 1);
    hb_wire_put_u64(out, ids->total);
}

/* What stands for a message that did not come again. */
static hb_message_id nobody(uint64_t ordinal)
{
    return (hb_message_id){ordinal, UINT64_C(0x6e6f626f64790a00)};
}

static uint64_t oldest_of(const hb_ids *ids)
{
    return ids->total < ids->max ? 0 : ids->total - ids->max;
}

hb_status hb_ids_get_outline(hb_ids *ids, hb_rd *r, hb_error *err)
{
    ids->current.a = hb_rd_u64(r);
    ids->current.b = hb_rd_u64(r);
    ids->part = hb_rd_u32(r);
    uint32_t flags = hb_rd_u32(r);
    ids->in_message = flags & 1;
    ids->known = flags & 2;
    uint64_t total = hb_rd_u64(r);
    if (r->failed || flags > 3 || total > UINT64_MAX / 2) {
        return hb_windows_damaged("its message ids are damaged", err);
    }
    ids->total = total;
    uint64_t oldest = oldest_of(ids);
    ids->total = oldest;
    while (ids->total < total) {
        hb_ids_remember(ids, nobody(ids->total));
    }
    return HB_OK;
}

uint64_t hb_windows_hits(const hb_windows *w)
{
    return w->ids.gone_hits + w->ids.n_hits;
}

uint64_t hb_windows_messages(const hb_windows *w)
{
    return w->ids.total;
}

void hb_windows_forget_hits(hb_windows *w, uint64_t before)
{
    hb_ids_forget_hits(&w->ids, before);
}

static int by_ordinal(const void *a, const void *b)
{
    uint64_t x = ((const hb_id_hit *)a)->ordinal;
    uint64_t y = ((const hb_id_hit *)b)->ordinal;
    return x < y ? -1 : x > y;
}

static void put_once(hb_id_hit *list, size_t n, hb_buf *out)
{
    uint32_t kept = 0;
    qsort(list, n, sizeof *list, by_ordinal);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || list[i].ordinal != list[i - 1].ordinal) {
            list[kept++] = list[i];
        }
    }
    hb_wire_put_u32(out, kept);
    for (uint32_t i = 0; i < kept; i++) {
        hb_wire_put_u64(out, list[i].ordinal);
        hb_wire_put_u64(out, list[i].id.a);
        hb_wire_put_u64(out, list[i].id.b);
    }
}

hb_status hb_windows_remembered(const hb_windows *w, uint64_t hits, uint64_t messages,
                                bool *ret_all, hb_buf *out, hb_error *err)
{
    const hb_ids *ids = &w->ids;
    size_t n = 0;
    *ret_all = hits >= ids->gone_hits;
    if (!*ret_all) {
        return HB_OK;
    }
    hb_id_hit *list = hb_alloc_array(ids->n_hits ? ids->n_hits : 1, sizeof *list);
    if (!list) {
        return HB_NOMEM(err);
    }
    for (size_t i = (size_t)(hits - ids->gone_hits); i < ids->n_hits; i++) {
        if (ids->hits[i].ordinal < messages) {
            list[n++] = ids->hits[i];
        }
    }
    put_once(list, n, out);
    hb_free(list);
    return hb_buf_check(out, err);
}

static hb_status recall_one(hb_ids *ids, hb_rd *r, uint64_t *io_next, hb_error *err)
{
    uint64_t ordinal = hb_rd_u64(r);
    hb_message_id id = {hb_rd_u64(r), 0};
    id.b = hb_rd_u64(r);
    if (r->failed || ordinal < *io_next || ordinal >= ids->total || hb_ids_has(ids, id)) {
        return hb_windows_damaged("a message that was remembered is damaged", err);
    }
    *io_next = ordinal + 1;
    if (ordinal >= oldest_of(ids)) {
        hb_ids_replace(ids, nobody(ordinal), id);
    }
    return HB_OK;
}

hb_status hb_windows_recall(hb_windows *w, const void *p, size_t n, hb_error *err)
{
    hb_rd r = hb_rd_of(p, n);
    uint32_t count = hb_rd_u32(&r);
    uint64_t next = 0;
    if (r.failed || count > HB_HITS_MAX || hb_rd_left(&r) != (size_t)count * 24) {
        return hb_windows_damaged("its list of remembered messages has a wrong length", err);
    }
    for (uint32_t i = 0; i < count; i++) {
        HB_TRY(recall_one(&w->ids, &r, &next, err));
    }
    return HB_OK;
}
