/* SPDX-License-Identifier: Apache-2.0 */
/* The operating mode of a window, as the data say it. What is known is what panes hold: of the
 * mode's metric the first and the latest sample by time, and whether all are alike; and of panes
 * that are gone the latest sample. So it does not depend on the order in which samples came. */
#include "base/mem.h"
#include "telemetry/windows_internal.h"

#include <math.h>
#include <string.h>

hb_status hb_windows_copy_modes(hb_windows *w, hb_error *err)
{
    hb_window_modes *m = &w->o.modes;
    if (!m->metric) {
        *m = (hb_window_modes){0};
        return HB_OK;
    }
    if (m->n == 0 || m->n > HB_WINDOWS_MODES_MAX) {
        return HB_FAIL(err, HB_E_CONFIG, "1 to %d values of the operating mode are needed, got %zu",
                       HB_WINDOWS_MODES_MAX, m->n);
    }
    const hb_metric_def *def = hb_registry_resolve(w->registry, hb_str_of(m->metric));
    m->metric = hb_arena_str(&w->arena, hb_str_of(def ? def->name : m->metric));
    hb_window_mode *list = hb_arena_array(&w->arena, m->n, sizeof *list);
    if (!m->metric || !list) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < m->n; i++) {
        list[i].value = m->list[i].value;
        list[i].mode = hb_arena_str(&w->arena, hb_str_of(m->list[i].mode));
        if (!list[i].mode) {
            return HB_NOMEM(err);
        }
    }
    m->list = list;
    return HB_OK;
}

static bool same_opt(hb_opt_f64 a, hb_opt_f64 b)
{
    return a.set == b.set && (!a.set || memcmp(&a.v, &b.v, sizeof a.v) == 0);
}

static bool same_texts(const char *const *a, size_t n_a, const char *const *b, size_t n_b)
{
    bool same = n_a == n_b;
    for (size_t i = 0; i < n_a && same; i++) {
        same = strcmp(a[i], b[i]) == 0;
    }
    return same;
}

static bool same_units(const hb_metric_def *x, const hb_metric_def *y)
{
    bool same = strcmp(x->unit, y->unit) == 0 && x->n_unit_map == y->n_unit_map;
    for (size_t i = 0; i < x->n_unit_map && same; i++) {
        same = strcmp(x->unit_map[i].unit, y->unit_map[i].unit) == 0 &&
               memcmp(&x->unit_map[i].factor, &y->unit_map[i].factor, sizeof(double)) == 0;
    }
    return same;
}

static bool same_cut(const hb_metric_def *x, const hb_metric_def *y)
{
    return strcmp(x->name, y->name) == 0 && same_units(x, y) &&
           same_texts(x->aliases, x->n_aliases, y->aliases, y->n_aliases) &&
           same_texts(x->source_columns, x->n_source_columns, y->source_columns,
                      y->n_source_columns) &&
           same_opt(x->invariant_min, y->invariant_min) &&
           same_opt(x->invariant_max, y->invariant_max) &&
           same_opt(x->invariant_eq, y->invariant_eq) &&
           same_opt(x->stale_after_s, y->stale_after_s) &&
           x->drift_persistence == y->drift_persistence && x->reduce == y->reduce &&
           x->reduce_set == y->reduce_set;
}

bool hb_windows_cut_alike(const hb_registry *a, const hb_registry *b, const char **ret_metric)
{
    *ret_metric = "";
    if (hb_registry_count(a) != hb_registry_count(b)) {
        return false;
    }
    for (size_t i = 0; i < hb_registry_count(a); i++) {
        const hb_metric_def *x = hb_registry_at(a, i);
        const hb_metric_def *y = hb_registry_at(b, i);
        *ret_metric = x->name;
        if (!same_cut(x, y)) {
            return false;
        }
    }
    return true;
}

/* --- samples --- */

/* HB_NO_METRIC: nothing of it was heard yet. */
static uint32_t metric_of(const hb_windows *w)
{
    size_t at = 0;
    return w->o.modes.metric && hb_map_get(&w->by_name, hb_str_of(w->o.modes.metric), &at)
               ? (uint32_t)at
               : HB_NO_METRIC;
}

bool hb_windows_is_mode(const hb_windows *w, uint32_t metric)
{
    return w->o.modes.metric && strcmp(w->metrics[metric].name, w->o.modes.metric) == 0;
}

static const hb_cell *cell_of(const hb_pane *p, uint32_t metric)
{
    const hb_cell *c = metric < p->n_cells ? p->cells[metric] : NULL;
    return c && c->usable ? c : NULL;
}

static bool all_are(const hb_cell *c, double v)
{
    const hb_moments *m = &c->profile.moments;
    bool all = c->at_first == v && c->at_last == v && (m->n == 0 || (m->min == v && m->max == v));
    for (uint32_t i = 0; i < c->n && all; i++) {
        all = c->v[i] == v;
    }
    return all;
}

static const char *mode_of(const hb_window_modes *m, hb_time t, double v)
{
    for (size_t i = 0; i < m->n && t != HB_TIME_NONE; i++) {
        if (m->list[i].value == v) {
            return m->list[i].mode;
        }
    }
    return "";
}

static void later(const hb_cell *c, hb_time *io_t, double *io_v)
{
    if (c && (*io_t == HB_TIME_NONE || c->last > *io_t)) {
        *io_t = c->last;
        *io_v = c->at_last;
    }
}

const char *hb_windows_mode(hb_windows *w, const hb_wdef *d, int64_t first, int64_t last,
                            bool again)
{
    uint32_t metric = metric_of(w);
    hb_time t = d->mode_t;
    double v = d->mode_v;
    bool changed = false;
    for (size_t i = 0; i < d->n_panes && d->panes[i]->index <= last; i++) {
        const hb_pane *p = d->panes[i];
        const hb_cell *c = cell_of(p, metric);
        if (p->index < first) {
            later(c, &t, &v);
        } else if (c && p->index == first && c->first == p->start) { /* at its very start */
            t = c->first;
            v = c->at_first;
        }
        changed = changed || (p->index >= first && c && !all_are(c, v));
    }
    const char *mode = t == HB_TIME_NONE ? ""
                       : changed         ? HB_MODE_TRANSITION
                                         : mode_of(&w->o.modes, t, v);
    if (!again) {
        w->count[HB_WINDOWS_MODE_CHANGED] += t != HB_TIME_NONE && changed;
        w->count[HB_WINDOWS_MODE_UNKNOWN] += !*mode;
    }
    return mode;
}

void hb_windows_mode_pass(const hb_windows *w, hb_wdef *d, int64_t before)
{
    uint32_t metric = metric_of(w);
    for (size_t i = 0; i < d->n_panes && d->panes[i]->index < before; i++) {
        later(cell_of(d->panes[i], metric), &d->mode_t, &d->mode_v);
    }
}

/* --- the state: u64 windows in which it changed, u64 of none; per definition i64 time of the
 * latest sample in panes that are gone, f64 its value. Nothing where the data do not say it. --- */

void hb_windows_put_mode(const hb_windows *w, hb_buf *out)
{
    if (!w->o.modes.metric) {
        return;
    }
    for (size_t i = HB_COUNTS_ALWAYS; i < HB_WINDOWS_COUNT_; i++) {
        hb_wire_put_u64(out, w->count[i]);
    }
    for (size_t i = 0; i < w->n_defs; i++) {
        hb_wire_put_u64(out, (uint64_t)w->defs[i].mode_t);
        hb_wire_put_f64(out, w->defs[i].mode_v);
    }
}

hb_status hb_windows_get_mode(hb_windows *w, hb_rd *r, hb_error *err)
{
    if (!w->o.modes.metric) {
        return HB_OK;
    }
    for (size_t i = HB_COUNTS_ALWAYS; i < HB_WINDOWS_COUNT_; i++) {
        w->count[i] = hb_rd_u64(r);
    }
    for (size_t i = 0; i < w->n_defs; i++) {
        hb_wdef *d = &w->defs[i];
        d->mode_t = (int64_t)hb_rd_u64(r);
        d->mode_v = hb_rd_f64(r);
        if (r->failed || !isfinite(d->mode_v) || (d->mode_t == HB_TIME_NONE && d->mode_v != 0)) {
            return hb_windows_damaged("its operating mode is damaged", err);
        }
    }
    return HB_OK;
}

/* Of a cell of an outline: its ends, by which windows after it know the mode. */
void hb_cell_put_mode(const hb_cell *c, hb_buf *out)
{
    hb_wire_put_u64(out, (uint64_t)c->first);
    hb_wire_put_u64(out, (uint64_t)c->last);
    hb_wire_put_f64(out, c->at_first);
    hb_wire_put_f64(out, c->at_last);
}

hb_status hb_cell_get_mode(hb_cell *c, const hb_pane *p, hb_rd *r, hb_error *err)
{
    c->first = (int64_t)hb_rd_u64(r);
    c->last = (int64_t)hb_rd_u64(r);
    c->at_first = hb_rd_f64(r);
    c->at_last = hb_rd_f64(r);
    if (r->failed || !isfinite(c->at_first) || !isfinite(c->at_last) ||
        (c->usable ? c->first < p->start || c->first > c->last || c->last > c->heard
                   : c->first != HB_TIME_NONE || c->last != HB_TIME_NONE)) {
        return hb_windows_damaged("the operating mode of a pane is damaged", err);
    }
    return HB_OK;
}
