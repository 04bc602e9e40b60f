/* SPDX-License-Identifier: Apache-2.0 */
/* The copy of a stream's alerts: read when it may be old, written where it changed. */
#include "alert/alert_internal.h"
#include "alert/event.h"
#include "base/mem.h"

#include <string.h>

enum {
    OWN_BYTES = 1 << 20,
    CACHE_BYTES = 256 << 20,
    CACHE_SLACK = 4 << 20, /* old texts that may pile up before everything is read anew */
    CLEAR_AFTER = 3,
    SAVED_TOGETHER = 256
};

/* --- what is configured --- */

static hb_status copy_text(hb_arena *arena, const char *text, const char **ret, hb_error *err)
{
    *ret = text ? hb_arena_str(arena, hb_str_of(text)) : NULL;
    return text && !*ret ? HB_NOMEM(err) : HB_OK;
}

static hb_status copy_rules(hb_alerts *a, const hb_alert_options *o, hb_error *err)
{
    hb_alert_rule *rules = hb_arena_array(&a->own, o->n_rules ? o->n_rules : 1, sizeof *rules);
    if (!rules) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < o->n_rules; i++) {
        rules[i] = o->rules[i];
        HB_TRY(copy_text(&a->own, o->rules[i].metric, &rules[i].metric, err));
        HB_TRY(copy_text(&a->own, o->rules[i].rule, &rules[i].rule, err));
        HB_TRY(copy_text(&a->own, o->rules[i].verdict, &rules[i].verdict, err));
    }
    a->o.rules = rules;
    return HB_OK;
}

static hb_status copy_inhibits(hb_alerts *a, const hb_alert_options *o, hb_error *err)
{
    hb_alert_inhibit *lines =
        hb_arena_array(&a->own, o->n_inhibits ? o->n_inhibits : 1, sizeof *lines);
    if (!lines) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < o->n_inhibits; i++) {
        HB_TRY(copy_text(&a->own, o->inhibits[i].cause, &lines[i].cause, err));
        HB_TRY(copy_text(&a->own, o->inhibits[i].symptom, &lines[i].symptom, err));
    }
    a->o.inhibits = lines;
    return HB_OK;
}

static hb_status check_options(const hb_alert_options *o, hb_error *err)
{
    if (o->n_inhibits > HB_ALERT_INHIBITS_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "at most %d lines of inhibits, got %zu",
                       HB_ALERT_INHIBITS_MAX, o->n_inhibits);
    }
    if (o->flap_max > HB_ALERT_RAISES_MAX) {
        return HB_FAIL(err, HB_E_CONFIG, "flap_max is at most %d, got %u", HB_ALERT_RAISES_MAX,
                       o->flap_max);
    }
    if (o->flap_max && !o->flap_window_s) {
        return HB_FAIL(err, HB_E_CONFIG,
                       "flap_max is a number of raises within a time: flap_window_s is missing");
    }
    for (size_t i = 0; i < o->n_inhibits; i++) {
        if (!o->inhibits[i].cause || !o->inhibits[i].symptom) {
            return HB_FAIL(err, HB_E_CONFIG, "a line of inhibits needs both cause and symptom");
        }
    }
    return HB_OK;
}

static hb_status take_options(hb_alerts *a, const hb_alert_options *o, const char *stream,
                              hb_error *err)
{
    size_t n = strlen(stream);
    if (n == 0 || n > HB_LIVE_STREAM_MAX) {
        return HB_FAIL(err, HB_E_CONFIG, "the stream's name must have 1 to %d bytes, got %zu",
                       HB_LIVE_STREAM_MAX, n);
    }
    HB_TRY(check_options(o, err));
    a->o = *o;
    a->o.raise_after = o->raise_after ? o->raise_after : 1;
    a->o.clear_after = o->clear_after ? o->clear_after : CLEAR_AFTER;
    a->o.sinks = NULL;
    HB_TRY(copy_text(&a->own, stream, &a->stream, err));
    HB_TRY(copy_rules(a, o, err));
    return copy_inhibits(a, o, err);
}

/* --- what is in the registry --- */

static hb_status index_entry(hb_alerts *a, const hb_alert_row *row, hb_alert_entry **ret,
                             hb_error *err)
{
    HB_TRY(HB_GROW(a->entries, a->cap, a->n + 1, HB_ALERT_SUBJECTS_MAX + 1, "alerts", err));
    HB_TRY(hb_map_put(&a->by_subject, hb_str_of(row->subject), a->n, err));
    hb_alert_entry *e = &a->entries[a->n++];
    *e = (hb_alert_entry){.row = *row};
    hb_alert_inhibit_masks(&a->o, e);
    e->inhibited = *row->inhibited_by != '\0';
    *ret = e;
    return HB_OK;
}

static hb_status load(hb_alerts *a, hb_error *err)
{
    hb_alert_row *rows = NULL;
    size_t n = 0;
    a->loaded = false;
    a->n = 0;
    hb_map_release(&a->by_subject);
    hb_map_init(&a->by_subject, HB_ALERT_SUBJECTS_MAX + 1);
    hb_arena_release(&a->cache);
    hb_arena_init(&a->cache, CACHE_BYTES);
    HB_TRY(hb_alert_acts(a->store, a->stream, &a->acts, err));
    const hb_alert_query q = {.stream = a->stream};
    HB_TRY(hb_alert_list(a->store, &q, &a->cache, &rows, &n, err));
    for (size_t i = 0; i < n; i++) {
        hb_alert_entry *e = NULL;
        HB_TRY(index_entry(a, &rows[i], &e, err));
    }
    a->cache_fresh = a->cache.used_bytes;
    a->loaded = true;
    return HB_OK;
}

/* People may have acknowledged and shelved since. */
hb_status hb_alert_load_if_old(hb_alerts *a, hb_error *err)
{
    uint64_t acts = 0;
    HB_TRY(hb_alert_acts(a->store, a->stream, &acts, err));
    bool full = a->cache.used_bytes > 2 * a->cache_fresh + CACHE_SLACK;
    return a->loaded && acts == a->acts && !full ? HB_OK : load(a, err);
}

/* A row that says nothing any more. */
static bool is_spent(const hb_alerts *a, const hb_alert_entry *e, hb_time now)
{
    const hb_alert_row *r = &e->row;
    hb_time last = hb_alert_last_raise(r);
    bool may_flap = a->o.flap_max && last != HB_TIME_NONE &&
                    now - last < (int64_t)a->o.flap_window_s * 1000000000;
    return r->state == HB_ALERT_QUIET && r->seen == 0 && r->shelf_until == HB_TIME_NONE &&
           !r->flapping && r->group == HB_TIME_NONE && r->told != HB_ALERT_TOLD_ACTIVE && !may_flap;
}

typedef struct batch {
    hb_alert_row *rows[SAVED_TOGETHER];
    size_t n;
    hb_status (*write)(hb_store *s, hb_alert_row *const *rows, size_t n, hb_error *err);
} batch;

static hb_status write_batch(hb_alerts *a, batch *b, hb_error *err)
{
    size_t n = b->n;
    b->n = 0;
    return n ? b->write(a->store, b->rows, n, err) : HB_OK;
}

static hb_status add_to(hb_alerts *a, batch *b, hb_alert_row *row, hb_error *err)
{
    b->rows[b->n++] = row;
    return b->n == SAVED_TOGETHER ? write_batch(a, b, err) : HB_OK;
}

hb_status hb_alert_save(hb_alerts *a, hb_time now, hb_error *err)
{
    batch whole = {.write = hb_alert_put};
    batch counters = {.write = hb_alert_put_counters};
    bool dropped = false;
    for (size_t i = 0; i < a->n; i++) {
        hb_alert_entry *e = &a->entries[i];
        if (is_spent(a, e, now)) {
            dropped = true;
            HB_TRY(e->row.id ? hb_alert_drop(a->store, e->row.id, err) : HB_OK);
        } else if (e->dirty || (e->counted && !e->row.id)) {
            HB_TRY(add_to(a, &whole, &e->row, err));
        } else if (e->counted) {
            HB_TRY(add_to(a, &counters, &e->row, err));
        }
        e->dirty = false;
        e->counted = false;
    }
    HB_TRY(write_batch(a, &whole, err));
    HB_TRY(write_batch(a, &counters, err));
    a->loaded = !dropped;
    return HB_OK;
}

hb_status hb_alerts_open(hb_store *s, const char *stream, const hb_alert_options *options,
                         hb_alerts **ret_alerts, hb_error *err)
{
    hb_alerts *a = hb_alloc_zero(sizeof *a);
    if (!a) {
        return HB_NOMEM(err);
    }
    a->store = s;
    hb_arena_init(&a->own, OWN_BYTES);
    hb_arena_init(&a->cache, CACHE_BYTES);
    hb_map_init(&a->by_subject, HB_ALERT_SUBJECTS_MAX + 1);
    hb_status status = take_options(a, options, stream, err);
    if (status == HB_OK) {
        status = hb_alert_set_sinks(s, stream, options->sinks, options->n_sinks, err);
    }
    if (status == HB_OK) {
        status = load(a, err);
    }
    if (status != HB_OK) {
        hb_alerts_close(a);
        return status;
    }
    *ret_alerts = a;
    return HB_OK;
}

void hb_alerts_close(hb_alerts *a)
{
    if (a) {
        hb_map_release(&a->by_subject);
        hb_arena_release(&a->cache);
        hb_arena_release(&a->own);
        hb_free(a->entries);
        hb_free(a);
    }
}

hb_status hb_alerts_reload(hb_alerts *a, hb_error *err)
{
    return load(a, err);
}

/* --- entries --- */

const hb_alert_row hb_alert_blank = {.subject = "",
                                     .metric = "",
                                     .rule = "",
                                     .definition = "",
                                     .severity = "INFO",
                                     .alert_id = "",
                                     .raises = "",
                                     .inhibited_by = "",
                                     .group = HB_TIME_NONE,
                                     .onset = HB_TIME_NONE,
                                     .raised = HB_TIME_NONE,
                                     .returned = HB_TIME_NONE,
                                     .changed = HB_TIME_NONE,
                                     .ack_by = "",
                                     .ack_note = "",
                                     .ack_at = HB_TIME_NONE,
                                     .shelf_by = "",
                                     .shelf_reason = "",
                                     .shelf_until = HB_TIME_NONE,
                                     .text = "",
                                     .verdict = "",
                                     .run_id = "",
                                     .report = "",
                                     .window_id = "",
                                     .window_start = HB_TIME_NONE,
                                     .window_end = HB_TIME_NONE,
                                     .digest = "",
                                     .detail = HB_ALERT_NO_DETAIL};

hb_alert_entry *hb_alert_find(const hb_alerts *a, const char *subject)
{
    size_t at = 0;
    return hb_map_get(&a->by_subject, hb_str_of(subject), &at) ? &a->entries[at] : NULL;
}

hb_status hb_alert_keep(hb_alerts *a, const char **text, hb_error *err)
{
    return copy_text(&a->cache, *text ? *text : "", text, err);
}

hb_status hb_alert_find_or_add(hb_alerts *a, const hb_alert_row *row, hb_alert_entry **ret,
                               hb_error *err)
{
    *ret = hb_alert_find(a, row->subject);
    size_t room = HB_ALERT_SUBJECTS_MAX + (strcmp(row->subject, HB_ALERT_TOO_MANY) == 0);
    if (*ret || a->n >= room) {
        return HB_OK;
    }
    hb_alert_row r = *row;
    r.stream = a->stream;
    HB_TRY(hb_alert_keep(a, &r.subject, err));
    HB_TRY(hb_alert_keep(a, &r.metric, err));
    HB_TRY(hb_alert_keep(a, &r.rule, err));
    HB_TRY(hb_alert_keep(a, &r.definition, err));
    return index_entry(a, &r, ret, err);
}
