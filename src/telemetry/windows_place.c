/* SPDX-License-Identifier: Apache-2.0 */
/* A sample whose time is believed goes into one pane of each definition, or is late there. */
#include "telemetry/windows_internal.h"

#include <string.h>

static void advance_def(hb_windows *w, hb_wdef *d)
{
    if (w->watermark < d->due_next) {
        return;
    }
    int64_t due = hb_pane_of(d, w->watermark) - 1;
    d->due = due > d->due ? due : d->due; /* an end of input may have closed more */
    d->due_next = hb_pane_end(d, due + 1);
    w->maybe_due = true;
}

void hb_windows_advance(hb_windows *w, hb_time head)
{
    if (w->head != HB_TIME_NONE && head <= w->head) {
        return;
    }
    w->head = head;
    w->watermark = head - w->o.lateness_ns;
    for (size_t i = 0; i < w->n_defs; i++) {
        advance_def(w, &w->defs[i]);
    }
}

hb_status hb_windows_lost(hb_windows *w, hb_windows_count what, const char *reason, hb_error *err)
{
    w->count[what]++;
    if (w->head == HB_TIME_NONE) {
        return HB_OK;
    }
    size_t k = 0;
    HB_TRY(hb_windows_reason(w, reason, &k, err));
    for (size_t i = 0; i < w->n_defs; i++) {
        hb_wdef *d = &w->defs[i];
        hb_pane *p = d->recent;
        if (!p || w->head < p->start || w->head >= p->end) {
            HB_TRY(hb_pane_make(w, d, hb_pane_of(d, w->head), &p, err));
        }
        if (p) {
            p->lost[k]++;
        }
    }
    return HB_OK;
}

static size_t first_kept(const hb_wdef *d, int64_t end_pane)
{
    size_t i = 0;
    while (i < d->n_kept && d->kept[i].end_pane < end_pane) {
        i++;
    }
    return i;
}

/* Opens the kept windows that hold the pane; *ret_taken = there was one, or one is still to come.
 */
static hb_status reopen(hb_windows *w, hb_wdef *d, int64_t index, const hb_held *x, bool *ret_taken,
                        hb_error *err)
{
    *ret_taken = false;
    if (hb_pane_end(d, index) <= w->watermark - w->o.keep_closed_ns) {
        return HB_OK;
    }
    /* What the watermark has closed is closed, whether or not it was taken. */
    HB_TRY(hb_windows_drain(w, err));
    size_t at = first_kept(d, index);
    bool told = at < d->n_kept && d->kept[at].end_pane < index + d->overlap;
    bool to_come = index + d->overlap - 1 > d->closed && index >= d->begin;
    if (!told && !to_come) {
        return HB_OK;
    }
    hb_pane *p = NULL;
    HB_TRY(hb_pane_make(w, d, index, &p, err));
    HB_TRY(hb_pane_add(w, p, x, err));
    w->maybe_due = true;
    *ret_taken = true;
    if (index <= d->closed) {
        HB_TRY(hb_windows_heard_late(w, d, index, x, err));
    }
    for (; at < d->n_kept && d->kept[at].end_pane < index + d->overlap; at++) {
        hb_kept *k = &d->kept[at];
        if (!k->dirty) {
            k->dirty = true;
            d->dirty_at = d->n_dirty++ ? d->dirty_at : d->due;
        }
        k->late++;
        k->came += x->kind == HB_LIVE_VALUE;
    }
    return HB_OK;
}

typedef struct placed {
    bool taken;
    bool late;
    bool no_room;
} placed;

static hb_status place_in(hb_windows *w, hb_wdef *d, const hb_held *x, placed *ret, hb_error *err)
{
    hb_pane *p = d->recent;
    if (!p || x->t < p->start || x->t >= p->end || p->index <= d->due) {
        int64_t index = hb_pane_of(d, x->t);
        if (index <= d->due) {
            bool taken = false;
            if (w->o.late == HB_LATE_REOPEN) {
                HB_TRY(reopen(w, d, index, x, &taken, err));
            }
            ret->taken = ret->taken || taken;
            ret->late = ret->late || !taken;
            return HB_OK;
        }
        HB_TRY(hb_pane_make(w, d, index, &p, err));
        if (!p) {
            ret->no_room = true;
            return HB_OK;
        }
        d->recent = p;
    }
    ret->taken = true;
    return hb_pane_add(w, p, x, err);
}

static hb_status hand_over_late(const hb_windows *w, const hb_held *x, const hb_live_sample *s,
                                hb_error *err)
{
    if (w->o.late != HB_LATE_SIDE || !w->o.late_fn) {
        return HB_OK;
    }
    const hb_wchannel *c = &w->channels[x->channel];
    const hb_live_sample again = {.source = c->source,
                                  .name = c->name,
                                  .unit = c->unit,
                                  .t = x->t,
                                  .timed = x->timed,
                                  .kind = x->kind,
                                  .value = x->value};
    return w->o.late_fn(w->o.late_ctx, s ? s : &again, err);
}

hb_status hb_windows_place(hb_windows *w, const hb_held *x, const hb_live_sample *s, hb_error *err)
{
    hb_windows_advance(w, x->t);
    placed r = {.taken = false};
    for (size_t i = 0; i < w->n_defs; i++) {
        HB_TRY(place_in(w, &w->defs[i], x, &r, err));
    }
    if (r.taken) {
        hb_wmetric *m = &w->metrics[w->channels[x->channel].metric];
        m->last = x->t > m->last ? x->t : m->last;
        w->heard = true;
        w->count[x->kind == HB_LIVE_VALUE ? HB_WINDOWS_SAMPLES : HB_WINDOWS_NOT_USABLE]++;
    }
    if (r.no_room) {
        HB_TRY(hb_windows_lost(w, HB_WINDOWS_NO_ROOM, "too many open windows", err));
    }
    if (!r.late) {
        return HB_OK;
    }
    HB_TRY(hb_windows_lost(w, HB_WINDOWS_LATE, "late", err));
    return hand_over_late(w, x, s, err);
}
