/* SPDX-License-Identifier: Apache-2.0 */
/* Lanes: windows of one definition and one operating mode are judged together, by the registry of
 * that mode, against its baseline, with its detector. docs/live.md */
#include "daemon/engine_internal.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static hb_status check_registry(const hb_engine *e, size_t lane, hb_error *err)
{
    const hb_registry *base = e->s.registry;
    const hb_registry *r = e->s.lanes ? e->s.lanes[lane] : base;
    const char *metric = "";
    if (strcmp(hb_registry_digest(base), hb_registry_digest(r)) != 0 ||
        strcmp(hb_registry_program(base), hb_registry_program(r)) != 0) {
        return HB_FAIL(err, HB_E_CONFIG, "the metric registry changed while it was read");
    }
    if (!hb_windows_cut_alike(base, r, &metric)) {
        return HB_FAIL(err, HB_E_CONFIG,
                       "%s: mode_overrides of '%s' change names, units, reduce, invariants, "
                       "drift_persistence or stale_after of '%s'; with operating_modes in "
                       "daemon.yaml they cannot, for samples are taken before the mode of their "
                       "window is known",
                       hb_registry_name(r), e->s.config->lanes[lane], metric);
    }
    return HB_OK;
}

static hb_status begin(hb_engine *e, hb_watched *w, size_t lane, hb_error *err)
{
    const char *mode = e->s.config->lanes[lane];
    char tag[HB_LANE_TAG_BYTES];
    w->s = e->s;
    w->tag = w->def->tag;
    if (!mode) {
        return HB_OK;
    }
    HB_TRY(check_registry(e, lane, err));
    w->s.registry = e->s.lanes ? e->s.lanes[lane] : e->s.registry;
    w->s.mode = mode;
    hb_daemon_lane_tag(w->def, mode, tag);
    w->tag = w->own_tag = hb_strndup(tag, strlen(tag));
    return w->tag ? HB_OK : HB_NOMEM(err);
}

hb_status hb_engine_watch(hb_engine *e, hb_error *err)
{
    const hb_daemon_config *c = e->s.config;
    e->n_lanes = c->n_lanes;
    e->watched = hb_alloc_zero(c->n_windows * c->n_lanes * sizeof *e->watched);
    if (!e->watched) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < c->n_windows * c->n_lanes; i++) {
        hb_watched *w = &e->watched[e->n_watched++];
        w->def = &c->windows[i / c->n_lanes];
        hb_live_baseline_init(&w->baseline);
        hb_track_init(&w->track, w->def->size_ns, w->def->slide_ns);
        HB_TRY(begin(e, w, i % c->n_lanes, err));
    }
    return HB_OK;
}

hb_status hb_engine_lane(hb_engine *e, const hb_window *window, hb_watched **ret, hb_error *err)
{
    const char *mode = window->run->meta.context[HB_CONTEXT_OPERATING_MODE];
    for (size_t i = 0; i < e->n_watched; i++) {
        hb_watched *w = &e->watched[i];
        if (strcmp(w->def->name, window->name) == 0 &&
            (!w->s.mode || strcmp(w->s.mode, mode) == 0)) {
            *ret = w;
            return HB_OK;
        }
    }
    return HB_FAIL(err, HB_E_BUG, "a window of no definition or mode was closed");
}

hb_track *hb_engine_track(hb_engine *e, const hb_watched *w)
{
    size_t def = (size_t)(w - e->watched) / e->n_lanes;
    return &e->watched[def * e->n_lanes].track;
}
