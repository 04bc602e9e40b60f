/* SPDX-License-Identifier: Apache-2.0 */
/* From what a sample calls itself to a metric and its unit: settled once per (source, name, unit)
 * by the rules of the run builder, looked up in one step from then on. Two names that mean one
 * metric feed it together: in a file that is a mistake, of two senders it is not. */
#include "telemetry/windows_internal.h"

#include "base/mem.h"
#include "telemetry/metric_unit.h"
#include "telemetry/names.h"

#include <stdlib.h>
#include <string.h>

static uint64_t hash_of(hb_str source, hb_str name, hb_str unit)
{
    return hb_fast_hash(hb_fast_hash(hb_fast_hash(3, source), unit), name);
}

static uint32_t *slot_of(const hb_windows *w, uint64_t hash, hb_str source, hb_str name,
                         hb_str unit)
{
    size_t mask = w->n_channel_slots - 1;
    size_t at = (size_t)hash & mask;
    for (; w->channel_slots[at]; at = (at + 1) & mask) {
        const hb_wchannel *c = &w->channels[w->channel_slots[at] - 1];
        if (c->hash == hash && hb_str_eq(c->name, name) && hb_str_eq(c->unit, unit) &&
            hb_str_eq(c->source, source)) {
            break;
        }
    }
    return &w->channel_slots[at];
}

static hb_status room_for_slot(hb_windows *w, hb_error *err)
{
    if (2 * (w->n_channels + 1) <= w->n_channel_slots) {
        return HB_OK;
    }
    size_t n = w->n_channel_slots ? 2 * w->n_channel_slots : 64;
    uint32_t *slots = hb_alloc_zero(n * sizeof *slots);
    if (!slots) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < w->n_channels; i++) {
        size_t at = (size_t)w->channels[i].hash & (n - 1);
        while (slots[at]) {
            at = (at + 1) & (n - 1);
        }
        slots[at] = (uint32_t)i + 1;
    }
    hb_free(w->channel_slots);
    w->channel_slots = slots;
    w->n_channel_slots = n;
    return HB_OK;
}

static hb_status keep_text(hb_windows *w, hb_str s, hb_str *ret, hb_error *err)
{
    const char *copy = hb_arena_strndup(&w->arena, s.p ? s.p : "", s.n);
    if (!copy) {
        return HB_NOMEM(err);
    }
    *ret = (hb_str){copy, s.n};
    return HB_OK;
}

static hb_status find_metric(hb_windows *w, const char *raw, uint32_t *ret, hb_error *err)
{
    const hb_metric_def *def = hb_registry_resolve(w->registry, hb_str_of(raw));
    const char *name = def ? def->name : raw;
    size_t index = 0;
    if (hb_map_get(&w->by_name, hb_str_of(name), &index)) {
        *ret = (uint32_t)index;
        return HB_OK;
    }
    if (w->n_metrics == w->o.max_metrics) {
        return HB_OK; /* *ret stays HB_NO_METRIC */
    }
    HB_TRY(HB_GROW(w->metrics, w->cap_metrics, w->n_metrics + 1, HB_WINDOWS_METRICS_MAX, "metrics",
                   err));
    HB_TRY(hb_map_put(&w->by_name, hb_str_of(name), w->n_metrics, err));
    bool limited = false;
    for (int i = 0; i < HB_LIMITS; i++) {
        double limit = 0;
        limited = limited || hb_hard_limit(def, i, &limit);
    }
    w->metrics[w->n_metrics] = (hb_wmetric){
        .name = name, .unit = "", .def = def, .limited = limited, .last = HB_TIME_NONE};
    *ret = (uint32_t)w->n_metrics++;
    return HB_OK;
}

static hb_status settle(hb_windows *w, hb_wchannel *c, const char *unit, hb_error *err)
{
    hb_wmetric *m = &w->metrics[c->metric];
    hb_metric_unit u = {.def = m->def, .unit = m->unit, .known = m->unit_known, .like = ""};
    hb_error why = {0};
    hb_status status = hb_metric_unit_settle(w->units, &u, unit, &c->to_unit, &why);
    if (status == HB_E_INPUT) {
        c->metric = HB_NO_METRIC;
        c->refused = HB_WINDOWS_NO_UNIT;
        return HB_OK;
    }
    if (status != HB_OK) {
        if (err) {
            *err = why;
        }
        return status;
    }
    if (u.known && !m->unit_known) { /* windows closed before are without it, taken or not */
        HB_TRY(hb_windows_drain(w, err));
    }
    m->unit = u.unit;
    m->unit_known = u.known;
    return HB_OK;
}

static hb_status resolve(hb_windows *w, hb_wchannel *c, hb_error *err)
{
    c->to_unit = (hb_affine){1, 0};
    c->metric = HB_NO_METRIC;
    hb_str name = hb_str_trim(c->name);
    if (name.n == 0 || name.n > HB_NAME_MAX_BYTES || hb_utf8_valid_prefix(name) != name.n) {
        c->refused = HB_WINDOWS_BAD_MESSAGE;
        return HB_OK;
    }
    const char *raw = NULL;
    const char *unit = "";
    HB_TRY(hb_shown_text(&w->arena, name, HB_NAME_MAX_BYTES, &raw, err));
    if (c->unit.n) {
        HB_TRY(hb_shown_text(&w->arena, c->unit, HB_UNIT_TEXT_BYTES, &unit, err));
    }
    HB_TRY(find_metric(w, raw, &c->metric, err));
    if (c->metric == HB_NO_METRIC) {
        c->refused = HB_WINDOWS_NO_ROOM;
        return HB_OK;
    }
    return settle(w, c, unit, err);
}

hb_status hb_windows_add_channel(hb_windows *w, hb_str source, hb_str name, hb_str unit,
                                 uint32_t *ret_channel, hb_error *err)
{
    HB_TRY(room_for_slot(w, err));
    HB_TRY(
        HB_GROW(w->channels, w->cap_channels, w->n_channels + 1, HB_CHANNELS_MAX, "channels", err));
    hb_wchannel c = {.hash = hash_of(source, name, unit)};
    HB_TRY(keep_text(w, source, &c.source, err));
    HB_TRY(keep_text(w, name, &c.name, err));
    HB_TRY(keep_text(w, unit, &c.unit, err));
    HB_TRY(resolve(w, &c, err));
    w->channels[w->n_channels] = c;
    *ret_channel = (uint32_t)w->n_channels++;
    *slot_of(w, c.hash, c.source, c.name, c.unit) = *ret_channel + 1;
    return HB_OK;
}

/* Longer texts than any channel may have are not remembered: they cannot fill the memory. */
static bool memorable(const hb_windows *w, const hb_live_sample *s)
{
    enum { MOST = 4 * HB_NAME_MAX_BYTES };
    return s->source.n <= MOST && s->name.n <= MOST && s->unit.n <= MOST &&
           w->n_channels < HB_CHANNELS_MAX && w->arena.used_bytes + 8 * MOST < w->arena.max_bytes;
}

hb_status hb_windows_channel(hb_windows *w, const hb_live_sample *s, uint32_t *ret_channel,
                             hb_error *err)
{
    if (w->n_channel_slots) {
        uint64_t hash = hash_of(s->source, s->name, s->unit);
        uint32_t at = *slot_of(w, hash, s->source, s->name, s->unit);
        if (at) {
            *ret_channel = at - 1;
            return HB_OK;
        }
    }
    if (!memorable(w, s)) {
        *ret_channel = HB_NO_METRIC;
        return HB_OK;
    }
    return hb_windows_add_channel(w, s->source, s->name, s->unit, ret_channel, err);
}

static int by_name(const void *a, const void *b, void *metrics)
{
    const hb_wmetric *m = metrics;
    return strcmp(m[*(const uint32_t *)a].name, m[*(const uint32_t *)b].name);
}

hb_status hb_windows_sort(hb_windows *w, hb_error *err)
{
    if (w->n_order == w->n_metrics) {
        return HB_OK;
    }
    HB_TRY(HB_GROW(w->order, w->cap_order, w->n_metrics, HB_WINDOWS_METRICS_MAX, "metrics", err));
    for (size_t i = 0; i < w->n_metrics; i++) {
        w->order[i] = (uint32_t)i;
    }
    qsort_r(w->order, w->n_metrics, sizeof *w->order, by_name, w->metrics);
    w->n_order = w->n_metrics;
    return HB_OK;
}

hb_status hb_windows_reason(hb_windows *w, const char *reason, size_t *ret, hb_error *err)
{
    for (size_t i = 0; i < w->n_reasons; i++) {
        if (w->reasons[i] == reason || strcmp(w->reasons[i], reason) == 0) {
            *ret = i;
            return HB_OK;
        }
    }
    if (w->n_reasons == HB_REASONS_MAX) {
        *ret = HB_REASONS_MAX - 1;
        return HB_OK;
    }
    const char *text = w->n_reasons + 1 == HB_REASONS_MAX ? "other reasons" : reason;
    const char *copy = NULL;
    HB_TRY(hb_shown_text(&w->arena, hb_str_of(text), 100, &copy, err));
    w->reasons[w->n_reasons] = copy;
    *ret = w->n_reasons++;
    return HB_OK;
}
