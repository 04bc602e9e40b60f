/* SPDX-License-Identifier: Apache-2.0 */
/* Which times are believed.
 *
 *                 within max_ahead                      16 in a row agree
 *     believed  ────────────────────>  placed     ahead ─────────────────> placed, the clock jumps
 *        │      beyond it                           │   one of the others comes
 *        └────────────────────────> ahead           └────────────────────> left out, counted
 *
 * Samples further ahead are held. Their row agrees when it has HB_WINDOWS_AHEAD_AGREE different
 * times, none further than max_ahead from the row's latest, nothing near the old time came between,
 * and at least half of the metrics heard lately are in it: one fast sender among quiet ones does
 * not close everybody's windows. HB_AHEAD_ALONE times in a row are believed without that. The
 * stream begins the same way, so that a first message from the year 2100 does not make all others
 * late; there nothing was heard lately, and an end of input, a silence of idle_after or as many
 * samples as are held is agreement. */
#include "telemetry/windows_internal.h"

#include "base/mem.h"

static hb_status leave_out(hb_windows *w, hb_error *err)
{
    return hb_windows_lost(w, HB_WINDOWS_AHEAD, "too far ahead in time", err);
}

static hb_status disbelieve(hb_windows *w, hb_error *err)
{
    hb_row_ahead *r = &w->ahead;
    r->agree = 0;
    for (size_t n = r->n; n > 0; n--) {
        HB_TRY(leave_out(w, err));
    }
    r->n = 0;
    return HB_OK;
}

/* Metrics that were heard within max_ahead of the time believed. */
static uint64_t heard_lately(const hb_windows *w)
{
    uint64_t n = 0;
    for (size_t i = 0; i < w->n_metrics && w->head != HB_TIME_NONE; i++) {
        n +=
            w->metrics[i].last != HB_TIME_NONE && w->metrics[i].last >= w->head - w->o.max_ahead_ns;
    }
    return n;
}

static bool agreed(hb_windows *w)
{
    hb_row_ahead *r = &w->ahead;
    if (r->agree < HB_WINDOWS_AHEAD_AGREE) {
        return false;
    }
    if (r->active == UINT64_MAX) {
        r->active = heard_lately(w); /* does not change within a row */
    }
    return 2 * r->metrics >= r->active || r->agree >= HB_AHEAD_ALONE;
}

static hb_status believe(hb_windows *w, hb_error *err)
{
    hb_row_ahead *r = &w->ahead;
    w->count[HB_WINDOWS_JUMPS] += w->head != HB_TIME_NONE;
    r->agree = 0;
    size_t n = r->n;
    r->n = 0;
    for (size_t i = 0; i < n; i++) {
        HB_TRY(hb_windows_place(w, &r->held[i], NULL, err));
    }
    return HB_OK;
}

static hb_status hold(hb_windows *w, const hb_held *x, hb_error *err)
{
    hb_row_ahead *r = &w->ahead;
    int64_t reach = w->o.max_ahead_ns;
    if (r->agree && (x->t > r->latest + reach || x->t < r->latest - reach)) {
        HB_TRY(disbelieve(w, err));
    }
    if (r->agree == 0) {
        r->number++;
        r->metrics = 0;
        r->active = UINT64_MAX;
        r->latest = x->t;
        r->before = HB_TIME_NONE;
    }
    r->agree += x->t != r->before;
    r->before = x->t;
    r->latest = x->t > r->latest ? x->t : r->latest;
    hb_wmetric *m = &w->metrics[w->channels[x->channel].metric];
    r->metrics += m->row != r->number;
    m->row = r->number;
    w->heard = w->heard || w->head == HB_TIME_NONE;
    if (r->n == HB_HELD_MAX && w->head == HB_TIME_NONE) { /* so many, and none of another time */
        HB_TRY(believe(w, err));
        return hb_windows_place(w, x, NULL, err);
    }
    if (r->n < HB_HELD_MAX) {
        HB_TRY(HB_GROW(r->held, r->cap, r->n + 1, HB_HELD_MAX, "samples ahead", err));
        r->held[r->n++] = *x;
    } else {
        HB_TRY(leave_out(w, err));
    }
    return agreed(w) ? believe(w, err) : HB_OK;
}

/* The same way back is not followed, only counted: what it says is late. */
static void note_behind(hb_windows *w, hb_time t)
{
    if (t != w->behind_before) {
        w->behind++;
        w->count[HB_WINDOWS_JUMPS] += w->behind == HB_WINDOWS_AHEAD_AGREE;
    }
    w->behind_before = t;
}

hb_status hb_windows_arrive(hb_windows *w, const hb_held *x, const hb_live_sample *s, hb_error *err)
{
    if (x->t > HB_WINDOWS_TIME_MAX || x->t < -HB_WINDOWS_TIME_MAX) {
        return leave_out(w, err);
    }
    if (w->o.max_ahead_ns == 0) {
        return hb_windows_place(w, x, s, err);
    }
    if (w->head == HB_TIME_NONE || x->t > w->head + w->o.max_ahead_ns) {
        return hold(w, x, err);
    }
    if (x->t < w->head - w->o.max_ahead_ns) {
        note_behind(w, x->t);
    } else {
        w->behind = 0;
        w->behind_before = HB_TIME_NONE;
        if (w->ahead.agree) {
            HB_TRY(disbelieve(w, err));
        }
    }
    return hb_windows_place(w, x, s, err);
}

/* Arrival time is another clock and may step as well: after a pause between ticks (the program was
 * down) what was sent in it comes now, so a pause counts as a fraction of idle_after only. */
static int64_t since_last_tick(const hb_windows *w, hb_time arrival)
{
    int64_t most = w->o.idle_after_ns / 2;
    if (w->tick == HB_TIME_NONE || arrival <= w->tick) {
        return 0;
    }
    uint64_t step = (uint64_t)arrival - (uint64_t)w->tick;
    return step < (uint64_t)most ? (int64_t)step : most;
}

hb_status hb_windows_tick(hb_windows *w, hb_time arrival, hb_error *err)
{
    int64_t step = since_last_tick(w, arrival);
    w->tick = arrival;
    if (w->o.idle_after_ns == 0 || w->finished) {
        return HB_OK;
    }
    if (w->heard) {
        w->heard = false;
        w->quiet_ns = 0;
        w->quiet_from = w->head;
        return HB_OK;
    }
    w->quiet_ns = w->quiet_ns + step < HB_QUIET_MAX ? w->quiet_ns + step : HB_QUIET_MAX;
    if (w->quiet_ns < w->o.idle_after_ns) {
        return HB_OK;
    }
    if (w->head == HB_TIME_NONE) {
        return w->ahead.n ? believe(w, err) : HB_OK;
    }
    hb_time now = w->quiet_from + w->quiet_ns;
    hb_windows_advance(w, now < HB_WINDOWS_TIME_MAX ? now : HB_WINDOWS_TIME_MAX);
    return HB_OK;
}

/* A bounded input's end: what nobody contradicted at its beginning is believed, times ahead at its
 * end are not. */
hb_status hb_windows_settle_time(hb_windows *w, hb_error *err)
{
    return w->head == HB_TIME_NONE ? believe(w, err) : disbelieve(w, err);
}
