/* SPDX-License-Identifier: Apache-2.0 */
/* A live window and the detector's state. */
#include "evidence/inputs.h"
#include "evidence/inputs_internal.h"

enum { STATE_MAX_BYTES = 256 << 20 };

static const char *const limit_words[] = {
    [HB_LIMIT_MIN] = "min", [HB_LIMIT_MAX] = "max", [HB_LIMIT_EQ] = "eq"};

static const char *limit_word(size_t i)
{
    return limit_words[i];
}

/* --- writing --- */

static void limit_put(hb_json *j, const hb_window_limit *l)
{
    hb_json_obj(j);
    hb_json_key(j, "first");
    hb_json_arr(j);
    for (uint32_t i = 0; i < l->n_first; i++) {
        hb_json_obj(j);
        hb_exact_time(j, "t_ns", l->first[i].t);
        hb_exact_f64(j, "value", l->first[i].value);
        hb_json_end(j);
    }
    hb_json_end(j);
    hb_exact_f64(j, "limit", l->limit);
    hb_exact_text(j, "metric", l->metric);
    hb_json_ku(j, "n", l->n);
    hb_json_kc(j, "which", limit_words[l->which]);
    hb_exact_f64(j, "worst", l->worst);
    hb_json_end(j);
}

static void window_put(hb_json *j, const hb_window *w)
{
    hb_json_obj(j);
    hb_exact_f64(j, "coverage", w->coverage);
    hb_exact_time(j, "end_ns", w->end);
    hb_exact_text(j, "id", w->id);
    hb_json_ku(j, "late", w->late);
    hb_json_key(j, "limits");
    hb_json_arr(j);
    for (size_t i = 0; i < w->n_limits; i++) {
        limit_put(j, &w->limits[i]);
    }
    hb_json_end(j);
    hb_exact_text(j, "name", w->name);
    hb_json_ku(j, "revision", w->revision);
    hb_json_ku(j, "samples", w->samples);
    hb_json_key(j, "silent");
    hb_json_arr(j);
    for (size_t i = 0; i < w->n_silent; i++) {
        hb_json_obj(j);
        hb_exact_f64(j, "allowed_s", w->silent[i].allowed_s);
        hb_exact_time(j, "last_ns", w->silent[i].last);
        hb_exact_text(j, "metric", w->silent[i].metric);
        hb_exact_f64(j, "silent_s", w->silent[i].silent_s);
        hb_json_end(j);
    }
    hb_json_end(j);
    hb_exact_time(j, "start_ns", w->start);
    hb_json_end(j);
}

hb_status hb_window_json(const hb_window *w, hb_buf *out, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    window_put(&j, w);
    return hb_json_done(&j, err);
}

hb_status hb_live_put(hb_json *j, const hb_live *live, hb_error *err)
{
    if (!live) {
        hb_json_null(j);
        return HB_OK;
    }
    hb_buf state;
    hb_buf_init(&state, STATE_MAX_BYTES);
    hb_status status = live->detector ? hb_detector_save(live->detector, &state, err) : HB_OK;
    if (status == HB_OK) {
        hb_json_obj(j);
        hb_exact_bytes(j, "detector", state.p, state.n);
        hb_json_key(j, "window");
        window_put(j, live->window);
        hb_json_end(j);
    }
    hb_buf_release(&state);
    return status;
}

/* --- reading --- */

static void limit_get(hb_strict *d, hb_window_limit *l)
{
    hb_strict_obj(d);
    hb_strict_key(d, "first");
    hb_strict_arr(d);
    while (hb_strict_more(d)) {
        hb_excursion x = {.t = HB_TIME_NONE};
        hb_strict_obj(d);
        hb_strict_key(d, "t_ns");
        x.t = hb_strict_time(d);
        hb_strict_key(d, "value");
        x.value = hb_strict_f64(d);
        hb_strict_end(d);
        if (l->n_first == HB_WINDOW_EXCURSIONS) {
            hb_strict_refuse(d, "more than %d excursions", HB_WINDOW_EXCURSIONS);
            return;
        }
        l->first[l->n_first++] = x;
    }
    hb_strict_key(d, "limit");
    l->limit = hb_strict_f64(d);
    hb_strict_key(d, "metric");
    l->metric = hb_strict_text(d);
    hb_strict_key(d, "n");
    l->n = hb_strict_u64(d, UINT64_MAX);
    hb_strict_key(d, "which");
    l->which =
        (hb_limit_kind)hb_strict_word(d, limit_word, sizeof limit_words / sizeof *limit_words);
    hb_strict_key(d, "worst");
    l->worst = hb_strict_f64(d);
    hb_strict_end(d);
}

static void limits_get(hb_strict *d, hb_window *w)
{
    hb_window_limit *list = NULL;
    size_t cap = 0;
    hb_strict_key(d, "limits");
    hb_strict_arr(d);
    while (hb_strict_more(d) && HB_STRICT_GROW(d, list, w->n_limits, cap)) {
        limit_get(d, &list[w->n_limits++]);
    }
    w->limits = list;
}

static void silent_get(hb_strict *d, hb_window *w)
{
    hb_window_silent *list = NULL;
    size_t cap = 0;
    hb_strict_key(d, "silent");
    hb_strict_arr(d);
    while (hb_strict_more(d) && HB_STRICT_GROW(d, list, w->n_silent, cap)) {
        hb_window_silent *x = &list[w->n_silent++];
        hb_strict_obj(d);
        hb_strict_key(d, "allowed_s");
        x->allowed_s = hb_strict_f64(d);
        hb_strict_key(d, "last_ns");
        x->last = hb_strict_time(d);
        hb_strict_key(d, "metric");
        x->metric = hb_strict_text(d);
        hb_strict_key(d, "silent_s");
        x->silent_s = hb_strict_f64(d);
        hb_strict_end(d);
    }
    w->silent = list;
}

static void window_get(hb_strict *d, hb_window *w)
{
    hb_strict_obj(d);
    hb_strict_key(d, "coverage");
    w->coverage = hb_strict_f64(d);
    hb_strict_key(d, "end_ns");
    w->end = hb_strict_time(d);
    hb_strict_key(d, "id");
    w->id = hb_strict_text(d);
    hb_strict_key(d, "late");
    w->late = hb_strict_u64(d, UINT64_MAX);
    limits_get(d, w);
    hb_strict_key(d, "name");
    w->name = hb_strict_text(d);
    hb_strict_key(d, "revision");
    w->revision = (uint32_t)hb_strict_u64(d, UINT32_MAX);
    hb_strict_key(d, "samples");
    w->samples = hb_strict_u64(d, UINT64_MAX);
    silent_get(d, w);
    hb_strict_key(d, "start_ns");
    w->start = hb_strict_time(d);
    hb_strict_end(d);
}

const hb_live_kept *hb_live_get(hb_strict *d)
{
    if (hb_strict_null(d) || hb_strict_check(d) != HB_OK) {
        return NULL;
    }
    hb_live_kept *k = hb_arena_array(d->arena, 1, sizeof *k);
    hb_window *w = hb_arena_array(d->arena, 1, sizeof *w);
    if (!k || !w) {
        hb_strict_failed(d, HB_NOMEM(d->err));
        return NULL;
    }
    k->window = w;
    hb_strict_obj(d);
    hb_strict_key(d, "detector");
    hb_str state = hb_strict_bytes(d);
    if (state.p) {
        k->detector = (hb_str){hb_arena_strndup(d->arena, state.p, state.n), state.n};
        if (!k->detector.p) {
            hb_strict_failed(d, HB_NOMEM(d->err));
        }
    }
    hb_strict_key(d, "window");
    window_get(d, w);
    hb_strict_end(d);
    return k;
}
