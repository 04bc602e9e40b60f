/* SPDX-License-Identifier: Apache-2.0 */
/* The state as bytes, little-endian:
 *
 *     "HBWS" (outline: "HBWO"), u16 version, u16 0, options digest (64 hex), registry digest (64
 * hex) times, counts, reasons, channels (names as written: metrics and units follow from them in
 *     order), metrics, samples ahead, message ids, definitions (metrics, kept windows, panes), the
 *     operating mode where the data say it (windows_mode.c)
 *     SHA-256 of everything before (64 hex)
 *
 * Hash tables and caches are not part of it. windows_restore.c reads it in the same order. An
 * outline has no samples of panes and no message ids (windows_outline.c). */
#include "telemetry/windows_internal.h"

#include <string.h>

static void put_str(hb_buf *out, hb_str s)
{
    hb_wire_put_u32(out, (uint32_t)s.n);
    hb_buf_add(out, s.p, s.n);
}

static void put_i64(hb_buf *out, int64_t v)
{
    hb_wire_put_u64(out, (uint64_t)v);
}

static void put_head(const hb_windows *w, bool outline, hb_buf *out)
{
    hb_buf_add(out, outline ? "HBWO" : "HBWS", 4);
    hb_wire_put_u16(out, outline ? HB_WINDOWS_OUTLINE_VERSION : HB_WINDOWS_STATE_VERSION);
    hb_wire_put_u16(out, 0);
    hb_buf_add(out, w->options_digest, HB_DIGEST_HEX - 1);
    hb_buf_add(out, w->registry_digest, HB_DIGEST_HEX - 1);
    const int64_t times[] = {w->head, w->behind_before, w->tick, w->quiet_from, w->quiet_ns};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        put_i64(out, times[i]);
    }
    hb_wire_put_u64(out, w->behind);
    hb_wire_put_u32(out, (uint32_t)w->heard | (uint32_t)w->finished << 1);
    for (size_t i = 0; i < HB_COUNTS_ALWAYS; i++) {
        hb_wire_put_u64(out, w->count[i]);
    }
    hb_wire_put_u32(out, (uint32_t)w->n_reasons);
    for (size_t i = 0; i < w->n_reasons; i++) {
        put_str(out, hb_str_of(w->reasons[i]));
    }
}

static void put_metrics(const hb_windows *w, hb_buf *out)
{
    hb_wire_put_u32(out, (uint32_t)w->n_channels);
    for (size_t i = 0; i < w->n_channels; i++) {
        put_str(out, w->channels[i].source);
        put_str(out, w->channels[i].name);
        put_str(out, w->channels[i].unit);
    }
    hb_wire_put_u32(out, (uint32_t)w->n_metrics);
    for (size_t i = 0; i < w->n_metrics; i++) {
        put_i64(out, w->metrics[i].last);
        hb_wire_put_u64(out, w->metrics[i].row);
    }
}

static void put_ahead(const hb_row_ahead *r, hb_buf *out)
{
    const uint64_t figures[] = {r->number,           r->agree,           r->metrics, r->active,
                                (uint64_t)r->latest, (uint64_t)r->before};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        hb_wire_put_u64(out, figures[i]);
    }
    hb_wire_put_u32(out, (uint32_t)r->n);
    for (size_t i = 0; i < r->n; i++) {
        const hb_held *x = &r->held[i];
        hb_wire_put_u32(out, x->channel);
        hb_wire_put_u32(out, (uint32_t)x->kind << 1 | x->timed);
        put_i64(out, x->t);
        hb_wire_put_f64(out, x->value);
    }
}

/* Oldest first, so that the ring may begin anywhere. */
static void put_ids(const hb_ids *ids, hb_buf *out)
{
    hb_wire_put_u64(out, ids->current.a);
    hb_wire_put_u64(out, ids->current.b);
    hb_wire_put_u32(out, ids->part);
    hb_wire_put_u32(out, (uint32_t)ids->in_message | (uint32_t)ids->known << 1);
    hb_wire_put_u32(out, ids->n);
    uint32_t at = ids->n == ids->max ? ids->at : 0;
    for (uint32_t i = 0; i < ids->n; i++) {
        hb_wire_put_u64(out, ids->ring[at].a);
        hb_wire_put_u64(out, ids->ring[at].b);
        at = at + 1 == ids->max ? 0 : at + 1;
    }
    hb_wire_put_u64(out, ids->total);
    hb_wire_put_u64(out, ids->gone_hits);
    hb_wire_put_u32(out, (uint32_t)ids->n_hits);
    for (size_t i = 0; i < ids->n_hits; i++) {
        hb_wire_put_u64(out, ids->hits[i].ordinal);
        hb_wire_put_u64(out, ids->hits[i].id.a);
        hb_wire_put_u64(out, ids->hits[i].id.b);
    }
}

static void put_excursions(const hb_excursions *e, hb_buf *out)
{
    hb_wire_put_u32(out, e ? e->n_first : 0);
    if (!e) {
        return;
    }
    hb_wire_put_u64(out, e->n);
    hb_wire_put_f64(out, e->worst);
    for (uint32_t i = 0; i < e->n_first; i++) {
        put_i64(out, e->first[i].t);
        hb_wire_put_f64(out, e->first[i].value);
    }
}

static hb_status put_cell(const hb_cell *c, hb_buf *out, hb_error *err)
{
    put_i64(out, c->heard);
    put_i64(out, c->first);
    put_i64(out, c->last);
    hb_wire_put_f64(out, c->at_first);
    hb_wire_put_f64(out, c->at_last);
    hb_wire_put_u64(out, c->usable);
    hb_wire_put_u32(out, c->finished);
    hb_wire_put_u32(out, c->n);
    for (uint32_t i = 0; i < c->n; i++) {
        put_i64(out, c->t[i]);
        hb_wire_put_f64(out, c->v[i]);
    }
    for (int i = 0; i < HB_LIMITS; i++) {
        put_excursions(c->beyond[i], out);
    }
    return hb_profile_state_put(&c->profile, out, err);
}

static hb_status put_pane(const hb_windows *w, const hb_pane *p, bool outline, hb_buf *out,
                          hb_error *err)
{
    put_i64(out, p->index);
    hb_wire_put_u64(out, p->came);
    hb_wire_put_u64(out, p->usable);
    for (size_t i = 0; i < w->n_reasons; i++) {
        hb_wire_put_u64(out, p->lost[i]);
    }
    uint32_t n = 0;
    for (size_t i = 0; i < p->n_cells; i++) {
        n += p->cells[i] != NULL;
    }
    hb_wire_put_u32(out, n);
    for (size_t i = 0; i < p->n_cells; i++) {
        if (!p->cells[i]) {
            continue;
        }
        hb_wire_put_u32(out, (uint32_t)i);
        if (outline) {
            hb_cell_put_outline(p->cells[i], out);
            if (hb_windows_is_mode(w, (uint32_t)i)) {
                hb_cell_put_mode(p->cells[i], out);
            }
        } else {
            HB_TRY(put_cell(p->cells[i], out, err));
        }
    }
    return hb_buf_check(out, err);
}

static void put_kept(const hb_kept *k, hb_buf *out)
{
    put_i64(out, k->end_pane);
    hb_wire_put_u32(out, k->revision);
    hb_wire_put_u32(out, k->dirty);
    hb_wire_put_u64(out, k->late);
    hb_wire_put_u64(out, k->expected);
    hb_wire_put_u64(out, k->came);
    hb_wire_put_u32(out, (uint32_t)k->n_silent);
    for (size_t i = 0; i < k->n_silent; i++) {
        hb_wire_put_u32(out, k->silent[i].metric);
        hb_wire_put_u32(out, k->silent[i].declared);
        put_i64(out, k->silent[i].last);
    }
}

static hb_status put_def(const hb_windows *w, const hb_wdef *d, bool outline, hb_buf *out,
                         hb_error *err)
{
    const int64_t panes[] = {d->due, d->closed, d->begin, d->last_data, d->dirty_at};
    for (size_t i = 0; i < sizeof panes / sizeof *panes; i++) {
        put_i64(out, panes[i]);
    }
    hb_wire_put_u32(out, (uint32_t)d->n_heard);
    for (size_t i = 0; i < d->n_heard; i++) {
        const hb_heard *h = &d->heard[i];
        put_i64(out, h->last);
        hb_wire_put_u32(out, h->n_counts);
        hb_wire_put_u32(out, h->at);
        for (uint32_t k = 0; k < h->n_counts; k++) {
            hb_wire_put_u32(out, h->counts[k]);
        }
    }
    hb_wire_put_u32(out, (uint32_t)d->n_kept);
    for (size_t i = 0; i < d->n_kept; i++) {
        put_kept(&d->kept[i], out);
    }
    hb_wire_put_u32(out, (uint32_t)d->n_panes);
    for (size_t i = 0; i < d->n_panes; i++) {
        HB_TRY(put_pane(w, d->panes[i], outline, out, err));
    }
    return hb_buf_check(out, err);
}

static hb_status save(const hb_windows *w, bool outline, hb_buf *out, hb_error *err)
{
    if (w->at_ready < w->n_ready) {
        return HB_FAIL(err, HB_E_BUG, "closed windows must be taken before the state is saved");
    }
    size_t start = out->n;
    put_head(w, outline, out);
    put_metrics(w, out);
    put_ahead(&w->ahead, out);
    if (outline) {
        hb_ids_put_outline(&w->ids, out);
    } else {
        put_ids(&w->ids, out);
    }
    for (size_t i = 0; i < w->n_defs; i++) {
        HB_TRY(put_def(w, &w->defs[i], outline, out, err));
    }
    hb_windows_put_mode(w, out);
    HB_TRY(hb_buf_check(out, err));
    char digest[HB_DIGEST_HEX];
    HB_TRY(hb_digest_of(out->p + start, out->n - start, digest, err));
    hb_buf_add(out, digest, HB_DIGEST_HEX - 1);
    return hb_buf_check(out, err);
}

hb_status hb_windows_save(const hb_windows *w, hb_buf *out, hb_error *err)
{
    return save(w, false, out, err);
}

hb_status hb_windows_outline(const hb_windows *w, hb_buf *out, hb_error *err)
{
    if (w->ahead.n) {
        return HB_FAIL(err, HB_E_BUG, "an outline has no samples, and %zu are held", w->ahead.n);
    }
    return save(w, true, out, err);
}
