/* SPDX-License-Identifier: Apache-2.0 */
#include "export/window_how.h"

#include "evidence/inputs_text.h"

#include <string.h>

static const char format[] = "hb-window-reading/1";

/* --- writing --- */

static void modes_put(hb_json *j, const hb_window_modes *m)
{
    hb_json_key(j, "operating_modes");
    if (!m->metric) {
        hb_json_null(j);
        return;
    }
    hb_json_obj(j);
    hb_exact_text(j, "metric", m->metric);
    hb_json_key(j, "values");
    hb_json_arr(j);
    for (size_t i = 0; i < m->n; i++) {
        hb_json_obj(j);
        hb_exact_text(j, "mode", m->list[i].mode);
        hb_exact_f64(j, "value", m->list[i].value);
        hb_json_end(j);
    }
    hb_json_end(j);
    hb_json_end(j);
}

static void how_put(hb_json *j, const hb_window_how *h)
{
    hb_json_obj(j);
    hb_json_ku(j, "begin", h->begin);
    hb_json_kc(j, "daemon_sha256", h->daemon_sha256);
    hb_json_kc(j, "format", format);
    hb_json_ku(j, "idle_after_ns", (uint64_t)h->idle_after_ns);
    hb_json_ku(j, "keep_closed_ns", (uint64_t)h->keep_closed_ns);
    hb_json_kc(j, "late_policy", hb_late_names[h->late]);
    hb_json_ku(j, "lateness_ns", (uint64_t)h->lateness_ns);
    hb_json_ku(j, "max_ahead_ns", (uint64_t)h->max_ahead_ns);
    hb_json_ku(j, "max_metrics", h->max_metrics);
    modes_put(j, &h->modes);
    hb_json_key(j, "sources");
    hb_json_arr(j);
    for (size_t i = 0; i < h->n_sources; i++) {
        const hb_feed_source *s = &h->sources[i];
        hb_json_obj(j);
        hb_exact_text(j, "kind", h->kinds[i]);
        hb_exact_text(j, "name", s->name);
        hb_json_kc(j, "payload", hb_payload_names[s->format.payload]);
        hb_json_kb(j, "topic_is_name", s->format.topic_is_name);
        hb_json_end(j);
    }
    hb_json_end(j);
    hb_json_ku(j, "stale_after_ns", (uint64_t)h->stale_after_ns);
    hb_json_kc(j, "telemetry_schema_sha256", h->telemetry_schema_sha256);
    hb_exact_text(j, "version", h->version);
    hb_exact_text(j, "why", h->why);
    hb_json_key(j, "windows");
    hb_json_arr(j);
    for (size_t i = 0; i < h->n_windows; i++) {
        hb_json_obj(j);
        hb_exact_text(j, "name", h->windows[i].name);
        hb_json_ku(j, "size_ns", (uint64_t)h->windows[i].size_ns);
        hb_json_ku(j, "slide_ns", (uint64_t)h->windows[i].slide_ns);
        hb_json_end(j);
    }
    hb_json_end(j);
    hb_json_end(j);
}

hb_status hb_window_how_json(const hb_window_how *h, hb_buf *out, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    how_put(&j, h);
    return hb_json_done(&j, err);
}

hb_status hb_window_reading_json(const hb_window_how *h, hb_str state, hb_buf *out, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    hb_json_key(&j, "how");
    how_put(&j, h);
    hb_exact_bytes(&j, "state", state.p, state.n);
    hb_json_end(&j);
    return hb_json_done(&j, err);
}

/* --- reading --- */

static const char *late_name(size_t i)
{
    return hb_late_names[i];
}

static const char *payload_name(size_t i)
{
    return hb_payload_names[i];
}

static void text_get(hb_strict *d, const char *key, const char **ret)
{
    hb_strict_key(d, key);
    *ret = hb_strict_text(d);
}

static void span_get(hb_strict *d, const char *key, int64_t *ret)
{
    hb_strict_key(d, key);
    *ret = (int64_t)hb_strict_u64(d, INT64_MAX);
}

static void sources_get(hb_strict *d, hb_window_how *h)
{
    hb_feed_source *list = hb_arena_array(d->arena, HB_FEED_SOURCES_MAX, sizeof *list);
    const char **kinds = hb_arena_array(d->arena, HB_FEED_SOURCES_MAX, sizeof(char *));
    if (!list || !kinds) {
        hb_strict_no_memory(d);
        return;
    }
    hb_strict_key(d, "sources");
    hb_strict_arr(d);
    while (hb_strict_more(d)) {
        if (h->n_sources == HB_FEED_SOURCES_MAX) {
            hb_strict_refuse(d, "more than %d sources", HB_FEED_SOURCES_MAX);
            return;
        }
        hb_feed_source *s = &list[h->n_sources];
        *s = (hb_feed_source){0};
        hb_strict_obj(d);
        text_get(d, "kind", &kinds[h->n_sources++]);
        text_get(d, "name", &s->name);
        hb_strict_key(d, "payload");
        s->format.payload = (hb_payload)hb_strict_word(d, payload_name, HB_PAYLOAD_COUNT_);
        hb_strict_key(d, "topic_is_name");
        s->format.topic_is_name = hb_strict_bool(d);
        hb_strict_end(d);
    }
    h->sources = list;
    h->kinds = kinds;
}

static void windows_get(hb_strict *d, hb_window_how *h)
{
    hb_window_def *list = hb_arena_array(d->arena, HB_WINDOWS_DEFS_MAX, sizeof *list);
    if (!list) {
        hb_strict_no_memory(d);
        return;
    }
    hb_strict_key(d, "windows");
    hb_strict_arr(d);
    while (hb_strict_more(d)) {
        if (h->n_windows == HB_WINDOWS_DEFS_MAX) {
            hb_strict_refuse(d, "more than %d window definitions", HB_WINDOWS_DEFS_MAX);
            return;
        }
        hb_window_def *w = &list[h->n_windows++];
        *w = (hb_window_def){0};
        hb_strict_obj(d);
        text_get(d, "name", &w->name);
        span_get(d, "size_ns", &w->size_ns);
        span_get(d, "slide_ns", &w->slide_ns);
        hb_strict_end(d);
    }
    h->windows = list;
}

static void modes_get(hb_strict *d, hb_window_modes *m)
{
    hb_strict_key(d, "operating_modes");
    if (hb_strict_null(d)) {
        return;
    }
    hb_window_mode *list = hb_arena_array(d->arena, HB_WINDOWS_MODES_MAX, sizeof *list);
    if (!list) {
        hb_strict_no_memory(d);
        return;
    }
    hb_strict_obj(d);
    text_get(d, "metric", &m->metric);
    hb_strict_key(d, "values");
    hb_strict_arr(d);
    while (hb_strict_more(d)) {
        if (m->n == HB_WINDOWS_MODES_MAX) {
            hb_strict_refuse(d, "more than %d values of the operating mode", HB_WINDOWS_MODES_MAX);
            return;
        }
        hb_window_mode *x = &list[m->n++];
        hb_strict_obj(d);
        text_get(d, "mode", &x->mode);
        hb_strict_key(d, "value");
        x->value = hb_strict_f64(d);
        hb_strict_end(d);
    }
    hb_strict_end(d);
    m->list = list;
}

static void digest_get(hb_strict *d, const char *key, bool may_be_empty, const char **ret)
{
    char sha256[65] = "";
    hb_strict_key(d, key);
    hb_strict_hex(d, sha256, may_be_empty);
    *ret = hb_arena_str(d->arena, hb_str_of(sha256));
    if (!*ret) {
        hb_strict_no_memory(d);
    }
}

static void how_get(hb_strict *d, hb_window_how *h)
{
    const char *is = NULL;
    hb_strict_obj(d);
    hb_strict_key(d, "begin");
    h->begin = hb_strict_u64(d, UINT64_MAX);
    digest_get(d, "daemon_sha256", true, &h->daemon_sha256);
    text_get(d, "format", &is);
    if (hb_strict_check(d) == HB_OK && strcmp(is, format) != 0) {
        hb_strict_refuse(d, "'format' is '%.40s', expected '%s'", is, format);
    }
    span_get(d, "idle_after_ns", &h->idle_after_ns);
    span_get(d, "keep_closed_ns", &h->keep_closed_ns);
    hb_strict_key(d, "late_policy");
    h->late = (hb_late)hb_strict_word(d, late_name, HB_LATE_COUNT_);
    span_get(d, "lateness_ns", &h->lateness_ns);
    span_get(d, "max_ahead_ns", &h->max_ahead_ns);
    hb_strict_key(d, "max_metrics");
    h->max_metrics = (uint32_t)hb_strict_u64(d, UINT32_MAX);
    modes_get(d, &h->modes);
    sources_get(d, h);
    span_get(d, "stale_after_ns", &h->stale_after_ns);
    digest_get(d, "telemetry_schema_sha256", false, &h->telemetry_schema_sha256);
    text_get(d, "version", &h->version);
    text_get(d, "why", &h->why);
    windows_get(d, h);
    hb_strict_end(d);
}

static void state_get(hb_strict *d, hb_str *ret)
{
    hb_strict_key(d, "state");
    hb_str state = hb_strict_bytes(d);
    *ret = (hb_str){0};
    if (state.p && hb_strict_check(d) == HB_OK) {
        *ret = (hb_str){hb_arena_strndup(d->arena, state.p, state.n), state.n};
        if (!ret->p) {
            hb_strict_no_memory(d);
        }
    }
}

static hb_status parse(hb_str text, const char *name, hb_arena *arena, hb_window_how *ret,
                       hb_str *ret_state, hb_error *err)
{
    hb_strict d;
    hb_window_how h = {.why = ""};
    hb_str state = {0};
    hb_strict_init(&d, text, name, arena, err);
    if (ret_state) {
        hb_strict_obj(&d);
        hb_strict_key(&d, "how");
    }
    how_get(&d, &h);
    if (ret_state) {
        state_get(&d, &state);
        hb_strict_end(&d);
    }
    hb_status status = hb_strict_done(&d);
    hb_strict_release(&d);
    if (status == HB_OK) {
        *ret = h;
        if (ret_state) {
            *ret_state = state;
        }
    }
    return status;
}

hb_status hb_window_how_parse(hb_str text, const char *name, hb_arena *arena, hb_window_how *ret,
                              hb_error *err)
{
    return parse(text, name, arena, ret, NULL, err);
}

hb_status hb_window_reading_parse(hb_str text, const char *name, hb_arena *arena,
                                  hb_window_how *ret, hb_str *ret_state, hb_error *err)
{
    return parse(text, name, arena, ret, ret_state, err);
}
