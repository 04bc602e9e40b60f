/* SPDX-License-Identifier: Apache-2.0 */
/* How the records of a window that becomes a run were read, and what the stream was before them:
 * with both whoever has the records makes the window again (export/raw_window.h). */
#include "daemon/engine_internal.h"

static const hb_begin *find(const hb_engine *e, const hb_pending *p)
{
    size_t def = (size_t)(p->of - e->watched) / e->n_lanes;
    return hb_begins_find(&e->begins, def, p->closed->window.start);
}

/* What came again of what is remembered goes behind the outline. *ret_why stays when it is all. */
static hb_status put_state(const hb_engine *e, const hb_begin *x, hb_buf *state,
                           const char **ret_why, hb_error *err)
{
    bool all = false;
    hb_buf_add(state, x->p, x->n);
    HB_TRY(hb_windows_remembered(e->windows, x->hits, x->messages, &all, state, err));
    if (!all) {
        *ret_why = "more messages came again in it than are remembered by their ids";
    }
    return hb_buf_check(state, err);
}

static hb_status put_reading(hb_engine *e, hb_pending *p, hb_buf *state, hb_error *err)
{
    const hb_daemon_config *c = e->s.config;
    hb_feed_source sources[HB_DAEMON_SOURCES_MAX];
    const char *kinds[HB_DAEMON_SOURCES_MAX];
    hb_window_def windows[HB_WINDOWS_DEFS_MAX];
    const hb_begin *x = find(e, p);
    const char *why = x                     ? ""
                      : e->begins.too_large ? "what the stream was before its records is too large"
                                            : "what the stream was before its records is not known";
    for (size_t i = 0; i < c->n_sources; i++) {
        kinds[i] = c->sources[i].ops->name;
        sources[i] = (hb_feed_source){.name = c->sources[i].name, .format = c->sources[i].format};
    }
    for (size_t i = 0; i < c->n_windows; i++) {
        windows[i] = hb_daemon_window_def(&c->windows[i]);
    }
    if (x) {
        HB_TRY(put_state(e, x, state, &why, err));
        p->from = x->position;
    }
    const hb_window_how how = {.version = HB_VERSION,
                               .daemon_sha256 = e->s.config_sha256 ? e->s.config_sha256 : "",
                               .telemetry_schema_sha256 = hb_telemetry_schema_digest(e->s.schema),
                               .sources = sources,
                               .kinds = kinds,
                               .n_sources = c->n_sources,
                               .windows = windows,
                               .n_windows = c->n_windows,
                               .lateness_ns = c->lateness_ns,
                               .max_ahead_ns = c->max_ahead_ns,
                               .idle_after_ns = c->idle_after_ns,
                               .keep_closed_ns = c->keep_closed_ns,
                               .stale_after_ns = c->stale_after_ns,
                               .late = c->late,
                               .max_metrics = c->max_metrics,
                               .modes = c->modes,
                               .begin = *why ? 0 : x->position,
                               .why = why};
    const hb_str bytes = *why ? HB_STR("") : (hb_str){state->p, state->n};
    return hb_window_reading_json(&how, bytes, &p->reading, err);
}

hb_status hb_pending_reading(hb_engine *e, hb_pending *p, hb_error *err)
{
    hb_buf state;
    hb_buf_init(&state, HB_WINDOW_READING_MAX);
    hb_status status = put_reading(e, p, &state, err);
    hb_buf_release(&state);
    return status;
}
