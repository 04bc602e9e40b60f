/* SPDX-License-Identifier: Apache-2.0 */
/* Panes and their cells. Samples gather in blocks of HB_CELL_BLOCK before the profile takes them,
 * so its figures depend on the samples alone, not on records, batches or checkpoints. A block is
 * put in order of time first (equal times in the order they came). */
#include "telemetry/windows_internal.h"

#include "base/mem.h"
#include "telemetry/metric_unit.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

int64_t hb_pane_of(const hb_wdef *d, hb_time t)
{
    int64_t q = t / d->slide;
    return q - (t % d->slide < 0);
}

hb_time hb_pane_end(const hb_wdef *d, int64_t pane)
{
    return (pane + 1) * d->slide;
}

/* First place of a pane with an index of at least `index`. */
static size_t place_of(const hb_wdef *d, int64_t index)
{
    size_t low = 0;
    size_t high = d->n_panes;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (d->panes[mid]->index < index) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

hb_pane *hb_pane_find(const hb_wdef *d, int64_t index)
{
    size_t at = place_of(d, index);
    return at < d->n_panes && d->panes[at]->index == index ? d->panes[at] : NULL;
}

hb_pane *hb_pane_after(const hb_wdef *d, int64_t index)
{
    size_t at = place_of(d, index + 1);
    return at < d->n_panes ? d->panes[at] : NULL;
}

hb_status hb_pane_make(const hb_windows *w, hb_wdef *d, int64_t index, hb_pane **ret, hb_error *err)
{
    size_t at = place_of(d, index);
    *ret = at < d->n_panes && d->panes[at]->index == index ? d->panes[at] : NULL;
    if (*ret) {
        return HB_OK;
    }
    size_t open = d->n_panes - place_of(d, d->due == HB_NO_PANE ? d->due : d->due + 1);
    if (index > d->due && open >= w->o.max_open) {
        return HB_OK;
    }
    HB_TRY(HB_GROW(d->panes, d->cap_panes, d->n_panes + 1, HB_PANES_MAX,
                   "panes of one window definition; take the closed windows", err));
    hb_pane *p = hb_alloc_zero(sizeof *p);
    if (!p) {
        return HB_NOMEM(err);
    }
    p->index = index;
    p->start = index * d->slide;
    p->end = hb_pane_end(d, index);
    memmove(d->panes + at + 1, d->panes + at, (d->n_panes - at) * sizeof(hb_pane *));
    d->panes[at] = p;
    d->n_panes++;
    *ret = p;
    return HB_OK;
}

void hb_cell_free(hb_cell *c)
{
    if (!c) {
        return;
    }
    hb_profile_release(&c->profile);
    hb_free(c->t);
    hb_free(c->v);
    for (int i = 0; i < HB_LIMITS; i++) {
        hb_free(c->beyond[i]);
    }
    hb_free(c);
}

void hb_pane_free(hb_pane *p)
{
    if (p) {
        for (size_t i = 0; i < p->n_cells; i++) {
            hb_cell_free(p->cells[i]);
        }
        hb_free(p->cells);
        hb_free(p);
    }
}

void hb_pane_drop_before(hb_wdef *d, int64_t index)
{
    size_t n = place_of(d, index);
    if (n == 0) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        hb_pane_free(d->panes[i]);
    }
    memmove(d->panes, d->panes + n, (d->n_panes - n) * sizeof(hb_pane *));
    d->n_panes -= n;
    d->recent = NULL;
}

/* Nearly in order as a rule, so that moving each to its place costs little. */
static void order_block(hb_cell *c)
{
    for (uint32_t i = 1; i < c->n; i++) {
        hb_time t = c->t[i];
        double v = c->v[i];
        uint32_t k = i;
        for (; k > 0 && c->t[k - 1] > t; k--) {
            c->t[k] = c->t[k - 1];
            c->v[k] = c->v[k - 1];
        }
        c->t[k] = t;
        c->v[k] = v;
    }
    c->disordered = false;
}

hb_status hb_cell_flush(hb_cell *c, hb_error *err)
{
    if (c->disordered) {
        order_block(c);
    }
    HB_TRY(hb_profile_add(&c->profile, c->v, c->t, c->n, err));
    c->n = 0;
    return HB_OK;
}

static hb_status grow_block(hb_cell *c, hb_error *err)
{
    if (c->cap == HB_CELL_BLOCK) {
        return hb_cell_flush(c, err);
    }
    uint32_t cap = c->cap ? 4 * c->cap : 8;
    double *v = hb_realloc(c->v, cap * sizeof *v);
    if (!v) {
        return HB_NOMEM(err);
    }
    c->v = v;
    hb_time *t = hb_realloc(c->t, cap * sizeof *t);
    if (!t) {
        return HB_NOMEM(err);
    }
    c->t = t;
    c->cap = cap;
    return HB_OK;
}

/* By time, of equal times the earliest and the latest that came. */
static void note_ends(hb_cell *c, hb_time t, double v)
{
    if (!c->usable || t < c->first) {
        c->first = t;
        c->at_first = v;
    }
    if (!c->usable || t >= c->last) {
        c->last = t;
        c->at_last = v;
    }
    c->usable++;
}

static double beyond(int which, double limit, double v)
{
    return which == HB_LIMIT_MIN ? limit - v : which == HB_LIMIT_MAX ? v - limit : fabs(v - limit);
}

void hb_excursions_note(hb_excursions *e, int which, double limit, hb_excursion x)
{
    if (!e->n || beyond(which, limit, x.value) > beyond(which, limit, e->worst)) {
        e->worst = x.value;
    }
    e->n++;
    uint32_t k = e->n_first;
    if (k == HB_WINDOW_EXCURSIONS) {
        if (e->first[k - 1].t <= x.t) {
            return;
        }
        k--;
    } else {
        e->n_first++;
    }
    for (; k > 0 && e->first[k - 1].t > x.t; k--) {
        e->first[k] = e->first[k - 1];
    }
    e->first[k] = x;
}

bool hb_hard_limit(const hb_metric_def *def, int which, double *ret_limit)
{
    static const size_t offset[HB_LIMITS] = {
        [HB_LIMIT_MIN] = offsetof(hb_metric_def, invariant_min),
        [HB_LIMIT_MAX] = offsetof(hb_metric_def, invariant_max),
        [HB_LIMIT_EQ] = offsetof(hb_metric_def, invariant_eq)};
    if (!def) {
        return false;
    }
    hb_opt_f64 limit;
    memcpy(&limit, (const char *)def + offset[which], sizeof limit);
    *ret_limit = limit.v;
    return limit.set;
}

static hb_status check_limits(hb_cell *c, const hb_wmetric *m, hb_time t, double v, hb_error *err)
{
    for (int i = 0; i < HB_LIMITS; i++) {
        double limit = 0;
        if (!hb_hard_limit(m->def, i, &limit) || !(i == HB_LIMIT_MIN   ? v < limit
                                                   : i == HB_LIMIT_MAX ? v > limit
                                                                       : v != limit)) {
            continue;
        }
        if (!c->beyond[i]) {
            c->beyond[i] = hb_alloc_zero(sizeof *c->beyond[i]);
        }
        if (!c->beyond[i]) {
            return HB_NOMEM(err);
        }
        hb_excursions_note(c->beyond[i], i, limit, (hb_excursion){t, v});
    }
    return HB_OK;
}

static hb_status add_value(hb_cell *c, const hb_wmetric *m, hb_time t, double v, hb_error *err)
{
    if (c->n == c->cap) {
        HB_TRY(grow_block(c, err));
    }
    c->disordered = c->disordered || (c->n && t < c->t[c->n - 1]);
    c->t[c->n] = t;
    c->v[c->n++] = v;
    note_ends(c, t, v);
    return m->limited ? check_limits(c, m, t, v, err) : HB_OK;
}

static hb_status room_for_cells(hb_pane *p, size_t need, size_t metrics, hb_error *err)
{
    if (need <= p->n_cells) {
        return HB_OK;
    }
    size_t n = metrics > need ? metrics : need;
    hb_cell **cells = hb_realloc(p->cells, n * sizeof(hb_cell *));
    if (!cells) {
        return HB_NOMEM(err);
    }
    memset(cells + p->n_cells, 0, (n - p->n_cells) * sizeof(hb_cell *));
    p->cells = cells;
    p->n_cells = n;
    return HB_OK;
}

hb_status hb_pane_cell(const hb_windows *w, hb_pane *p, uint32_t metric, hb_cell **ret,
                       hb_error *err)
{
    HB_TRY(room_for_cells(p, (size_t)metric + 1, w->n_metrics, err));
    hb_cell *c = p->cells[metric];
    if (!c) {
        c = hb_alloc_zero(sizeof *c);
        if (!c) {
            return HB_NOMEM(err);
        }
        const hb_metric_def *def = w->metrics[metric].def;
        hb_profile_init(&c->profile, def ? def->drift_persistence : 0);
        c->heard = HB_TIME_NONE;
        c->first = HB_TIME_NONE;
        c->last = HB_TIME_NONE;
        p->cells[metric] = c;
    }
    *ret = c;
    return HB_OK;
}

hb_status hb_pane_add(hb_windows *w, hb_pane *p, const hb_held *x, hb_error *err)
{
    const hb_wchannel *ch = &w->channels[x->channel];
    hb_cell *c = NULL;
    HB_TRY(hb_pane_cell(w, p, ch->metric, &c, err));
    p->came++;
    if (x->kind != HB_LIVE_MISSING) { /* a sender that says it has no value is silent of it */
        c->heard = x->t > c->heard ? x->t : c->heard;
    }
    switch (x->kind) {
    case HB_LIVE_VALUE:
        p->usable++;
        return add_value(c, &w->metrics[ch->metric], x->t, hb_in_unit(&ch->to_unit, x->value), err);
    case HB_LIVE_NAN:
        c->profile.n_nan++;
        c->profile.n_missing++;
        return HB_OK;
    case HB_LIVE_MISSING:
        c->profile.n_missing++;
        return HB_OK;
    case HB_LIVE_INF:
        c->profile.n_inf++;
        return HB_OK;
    case HB_LIVE_TEXT:
        c->profile.n_rejected++;
        return HB_OK;
    }
    return HB_OK;
}

/* First and last by time: the profile knows those that came first and last in their blocks. */
static void set_ends(const hb_cell *c, hb_profile *p)
{
    if (c->usable) {
        p->t_first = c->first;
        p->t_last = c->last;
        p->at_t_first = c->at_first;
        p->at_t_last = c->at_last;
        p->timed = true;
    }
}

hb_status hb_cell_finish(hb_cell *c, hb_error *err)
{
    if (c->finished) {
        return HB_OK;
    }
    HB_TRY(hb_cell_flush(c, err));
    HB_TRY(hb_profile_finish(&c->profile, err));
    set_ends(c, &c->profile);
    hb_free(c->t);
    hb_free(c->v);
    c->t = NULL;
    c->v = NULL;
    c->cap = 0;
    c->finished = true;
    return HB_OK;
}

static hb_status copy_profile(const hb_profile *from, hb_profile *ret, hb_error *err)
{
    enum { MOST = 16 << 20 };
    hb_buf b;
    hb_buf_init(&b, MOST);
    hb_status status = hb_profile_state_put(from, &b, err);
    if (status == HB_OK) {
        hb_rd r = hb_rd_of(b.p, b.n);
        status = hb_profile_state_get(&r, ret, err);
    }
    hb_buf_release(&b);
    return status;
}

hb_status hb_cell_copy(const hb_cell *c, hb_profile *ret, hb_error *err)
{
    HB_TRY(copy_profile(&c->profile, ret, err));
    if (c->finished) {
        return HB_OK;
    }
    /* The block as it will be put in order, without touching the cell. */
    hb_time t[HB_CELL_BLOCK];
    double v[HB_CELL_BLOCK];
    hb_cell rest = {.profile = *ret, .t = t, .v = v, .n = c->n, .disordered = c->disordered};
    if (c->n) {
        memcpy(t, c->t, c->n * sizeof *t);
        memcpy(v, c->v, c->n * sizeof *v);
    }
    hb_status status = hb_cell_flush(&rest, err);
    *ret = rest.profile;
    if (status == HB_OK) {
        status = hb_profile_finish(ret, err);
    }
    set_ends(c, ret);
    if (status != HB_OK) {
        hb_profile_release(ret);
    }
    return status;
}
