/* SPDX-License-Identifier: Apache-2.0 */
/* What closes next. Windows follow each other by the slide from the pane of the stream's first
 * sample on. In a silence only those are told whose number in it has at most SILENCE_BITS
 * significant bits: each of the first 256, then every second, every fourth …; so a silence of any
 * length is decided as it grows, to a part in 128 of it, and days of it are some thousand windows
 * and not a million. */
#include "telemetry/windows_internal.h"

#include "base/mem.h"

#include <string.h>

enum { SILENCE_BITS = 8 };

/* The least number of at least i that has few significant bits. */
static int64_t told(int64_t i)
{
    int64_t step = 1;
    while (i / step >= INT64_C(1) << SILENCE_BITS) {
        step *= 2;
    }
    return (i + step - 1) / step * step;
}

/* The next pane to work off, HB_NO_PANE when none is due. */
static int64_t next_pane(const hb_wdef *d, int64_t last_due)
{
    if (d->closed >= last_due) {
        return HB_NO_PANE;
    }
    const hb_pane *filled = hb_pane_after(d, d->closed);
    int64_t e = filled ? filled->index : INT64_MAX;
    if (d->begin != HB_NO_PANE) {
        int64_t nth = d->closed + 1 - d->overlap + 1 - d->last_data;
        int64_t silent = nth < 1 ? d->closed + 1 : d->last_data + d->overlap - 1 + told(nth);
        e = silent < e ? silent : e;
    }
    return e <= last_due ? e : HB_NO_PANE;
}

static hb_status grow_heard(hb_wdef *d, size_t n, hb_error *err)
{
    if (n <= d->n_heard) {
        return HB_OK;
    }
    HB_TRY(HB_GROW(d->heard, d->cap_heard, n, HB_WINDOWS_METRICS_MAX, "metrics", err));
    for (size_t i = d->n_heard; i < n; i++) {
        d->heard[i] = (hb_heard){.last = HB_TIME_NONE};
    }
    d->n_heard = n;
    return HB_OK;
}

hb_status hb_windows_heard_late(hb_windows *w, hb_wdef *d, int64_t pane, const hb_held *x,
                                hb_error *err)
{
    HB_TRY(grow_heard(d, w->n_metrics, err));
    hb_heard *h = &d->heard[w->channels[x->channel].metric];
    if (x->kind != HB_LIVE_MISSING && x->t > h->last) {
        h->last = x->t;
    }
    d->last_data = pane > d->last_data ? pane : d->last_data;
    return HB_OK;
}

static hb_status close_pane(hb_windows *w, hb_wdef *d, hb_pane *p, hb_error *err)
{
    d->begin = d->begin == HB_NO_PANE && p->came ? p->index : d->begin;
    d->last_data = p->index;
    HB_TRY(grow_heard(d, w->n_metrics, err));
    for (size_t i = 0; i < p->n_cells; i++) {
        hb_cell *c = p->cells[i];
        if (!c) {
            continue;
        }
        if (c->heard > d->heard[i].last) {
            d->heard[i].last = c->heard;
        }
        if (w->o.late != HB_LATE_REOPEN) {
            HB_TRY(hb_cell_finish(c, err));
        }
    }
    return HB_OK;
}

/* How much came of each metric, once the window that ends here has been compared with what came
 * before. Panes in which nothing came at all say nothing of a metric's rate. */
static void note_rates(hb_wdef *d, const hb_pane *p)
{
    for (size_t i = 0; p && p->came && i < d->n_heard; i++) {
        hb_heard *h = &d->heard[i];
        const hb_cell *c = i < p->n_cells ? p->cells[i] : NULL;
        if (!c && h->n_counts == 0) {
            continue;
        }
        uint64_t n = c ? c->usable : 0;
        h->counts[h->at] = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
        h->at = (h->at + 1) % HB_RATE_PANES;
        h->n_counts += h->n_counts < HB_RATE_PANES;
    }
}

void hb_kept_release(hb_kept *k)
{
    hb_free(k->silent);
    k->silent = NULL;
}

/* Panes that no window needs any more, and windows that cannot be opened again. */
static void forget(const hb_windows *w, hb_wdef *d)
{
    int64_t needed = d->closed - d->overlap + 2;
    if (w->o.late == HB_LATE_REOPEN && !w->finished) {
        int64_t open = hb_pane_of(d, w->watermark - w->o.keep_closed_ns);
        size_t n = 0;
        while (n < d->n_kept && d->kept[n].end_pane < open && !d->kept[n].dirty) {
            hb_kept_release(&d->kept[n++]);
        }
        if (n) {
            memmove(d->kept, d->kept + n, (d->n_kept - n) * sizeof *d->kept);
            d->n_kept -= n;
        }
        open = d->n_kept && d->kept[0].end_pane < open ? d->kept[0].end_pane : open;
        needed = open - d->overlap + 1 < needed ? open - d->overlap + 1 : needed;
    }
    hb_windows_mode_pass(w, d, needed);
    hb_pane_drop_before(d, needed);
}

static hb_status keep(hb_windows *w, hb_wdef *d, hb_kept *k, hb_error *err)
{
    if (w->o.late != HB_LATE_REOPEN) {
        hb_kept_release(k);
        return HB_OK;
    }
    hb_status status =
        HB_GROW(d->kept, d->cap_kept, d->n_kept + 1, HB_PANES_MAX, "closed windows kept", err);
    if (status != HB_OK) {
        hb_kept_release(k);
        return status;
    }
    d->kept[d->n_kept++] = *k;
    return HB_OK;
}

/* Works off one pane; *ret = the window that ends with it, if there is one to tell. */
static hb_status work_off(hb_windows *w, hb_wdef *d, int64_t e, hb_window_closed **ret,
                          hb_error *err)
{
    hb_pane *p = hb_pane_find(d, e);
    if (d->begin != HB_NO_PANE) {
        w->count[HB_WINDOWS_SKIPPED] += (uint64_t)(e - d->closed - 1);
    }
    if (p) {
        HB_TRY(close_pane(w, d, p, err));
    }
    d->closed = e;
    if (d->begin != HB_NO_PANE && e - d->overlap + 1 >= d->begin) {
        hb_kept k = {.end_pane = e};
        hb_status status = hb_window_build(w, d, e, &k, ret, err);
        if (status != HB_OK) {
            hb_kept_release(&k);
            return status;
        }
        w->count[HB_WINDOWS_CLOSED]++;
        HB_TRY(keep(w, d, &k, err));
    }
    note_rates(d, hb_pane_find(d, e));
    forget(w, d);
    return HB_OK;
}

static hb_status again(hb_windows *w, hb_wdef *d, size_t i, hb_window_closed **ret, hb_error *err)
{
    hb_kept *k = &d->kept[i];
    k->revision++;
    HB_TRY(hb_window_build(w, d, k->end_pane, k, ret, err));
    k->dirty = false;
    d->n_dirty--;
    w->count[HB_WINDOWS_REOPENED]++;
    return HB_OK;
}

/* The first window of the definition that late samples opened, once the next pane has closed. */
static bool first_dirty(const hb_windows *w, const hb_wdef *d, size_t *ret)
{
    if (d->n_dirty == 0 || (d->due <= d->dirty_at && !w->finished)) {
        return false;
    }
    size_t i = 0;
    while (!d->kept[i].dirty) {
        i++;
    }
    *ret = i;
    return true;
}

typedef struct candidate {
    hb_wdef *d; /* NULL = none */
    int64_t pane;
    bool again;
    size_t kept;
    hb_time end;
} candidate;

static candidate earliest(hb_windows *w)
{
    candidate best = {.d = NULL};
    for (size_t i = 0; i < w->n_defs; i++) {
        candidate c = {.d = &w->defs[i]};
        c.again = first_dirty(w, c.d, &c.kept);
        c.pane = c.again ? c.d->kept[c.kept].end_pane : next_pane(c.d, c.d->due);
        if (c.pane == HB_NO_PANE) {
            continue;
        }
        c.end = hb_pane_end(c.d, c.pane);
        if (!best.d || c.end < best.end) {
            best = c;
        }
    }
    return best;
}

/* One step; *ret may be set on failure as well. */
static hb_status step(hb_windows *w, hb_window_closed **ret, hb_error *err)
{
    candidate c = earliest(w);
    if (!c.d) {
        w->maybe_due = false;
        return HB_OK;
    }
    return c.again ? again(w, c.d, c.kept, ret, err) : work_off(w, c.d, c.pane, ret, err);
}

hb_status hb_windows_close_next(hb_windows *w, hb_window_closed **ret, hb_error *err)
{
    hb_window_closed *one = NULL;
    while (w->maybe_due && !one) {
        hb_status status = step(w, &one, err);
        if (status != HB_OK) {
            hb_window_closed_free(one);
            return status;
        }
    }
    *ret = one;
    return HB_OK;
}

hb_status hb_windows_drain(hb_windows *w, hb_error *err)
{
    for (;;) {
        HB_TRY(HB_GROW(w->ready, w->cap_ready, w->n_ready + 1, HB_READY_MAX,
                       "closed windows that nobody took", err));
        hb_window_closed *c = NULL;
        HB_TRY(hb_windows_close_next(w, &c, err));
        if (!c) {
            return HB_OK;
        }
        w->ready[w->n_ready++] = c;
    }
}

/* The last pane each definition has to close so that every sample has been in a window. */
void hb_windows_end_of_input(hb_windows *w)
{
    w->finished = true;
    w->maybe_due = true;
    for (size_t i = 0; i < w->n_defs; i++) {
        hb_wdef *d = &w->defs[i];
        int64_t first = d->begin;
        for (size_t k = 0; k < d->n_panes && first == HB_NO_PANE; k++) {
            first = d->panes[k]->came ? d->panes[k]->index : first;
        }
        if (first == HB_NO_PANE || d->n_panes == 0) {
            continue;
        }
        int64_t last = d->panes[d->n_panes - 1]->index;
        int64_t whole = first + d->overlap - 1;
        last = last < whole ? whole : last;
        d->due = last > d->due ? last : d->due;
    }
}
