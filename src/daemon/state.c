/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's state as bytes, little-endian:
 *
 *     u32 "HBLS", u32 version 3 (2: without beginnings; 1: baselines without reason and note)
 *     u64 first record that windows open now need
 *     i64 hour, u32 runs in it
 *     u64 n, bytes of the windows (telemetry/windows.h)
 *     u32 sources; each: name, u64 n, bytes of its decoder
 *     u32 definitions, times operating modes (lanes.c); each: name, baseline, training, marks, u64
 * n, bytes of its detector (0 = none) beginnings (daemon/begins.h)
 *
 * Text is u32 n and its bytes. A state is loaded only under the configuration it was made with. */
#include "daemon/engine_internal.h"

#include "base/mem.h"

#include <string.h>

enum { MAGIC = 0x534c4248, VERSION = 3, VERSION_WITHOUT_BEGINS = 2, VERSION_WITHOUT_APPROVAL = 1 };

uint64_t hb_engine_low(const hb_engine *e, uint64_t fallback)
{
    for (size_t i = 0; i < e->n_watched; i++) {
        fallback = hb_track_first(&e->watched[i].track, fallback);
    }
    return hb_begins_first(&e->begins, fallback);
}

/* --- saving --- */

static hb_status put_part(hb_buf *out, hb_buf *part, hb_status status, hb_error *err)
{
    HB_TRY(status);
    HB_TRY(hb_buf_check(part, err));
    hb_wire_put_u64(out, part->n);
    hb_buf_add(out, part->p, part->n);
    hb_buf_clear(part);
    return HB_OK;
}

static hb_status save_watched(const hb_watched *w, hb_buf *out, hb_buf *part, hb_error *err)
{
    hb_state_put_text(out, w->def->name);
    hb_live_baseline_save(&w->baseline, out);
    hb_training_save(&w->training, out);
    hb_track_save(&w->track, out);
    return put_part(out, part, w->detector ? hb_detector_save(w->detector, part, err) : HB_OK, err);
}

static hb_status save(const hb_engine *e, hb_buf *out, hb_buf *part, hb_error *err)
{
    hb_wire_put_u32(out, MAGIC);
    hb_wire_put_u32(out, VERSION);
    hb_wire_put_u64(out, hb_engine_low(e, e->position));
    hb_wire_put_u64(out, (uint64_t)e->hour);
    hb_wire_put_u32(out, e->runs_in_hour);
    HB_TRY(put_part(out, part, hb_windows_save(e->windows, part, err), err));
    hb_wire_put_u32(out, (uint32_t)e->feed.n);
    for (size_t i = 0; i < e->feed.n; i++) {
        hb_state_put_text(out, e->feed.names[i]);
        HB_TRY(put_part(out, part, hb_decoder_save(e->feed.decoders[i], part, err), err));
    }
    hb_wire_put_u32(out, (uint32_t)e->n_watched);
    for (size_t i = 0; i < e->n_watched; i++) {
        HB_TRY(save_watched(&e->watched[i], out, part, err));
    }
    hb_begins_save(&e->begins, out);
    return hb_buf_check(out, err);
}

hb_status hb_engine_save(const hb_engine *e, hb_buf *out, hb_error *err)
{
    hb_buf part;
    hb_buf_init(&part, HB_STATE_MAX_BYTES);
    hb_status status = save(e, out, &part, err);
    hb_buf_release(&part);
    return status;
}

/* --- loading --- */

static hb_status get_part(hb_rd *in, const void **ret_p, size_t *ret_n, hb_error *err)
{
    uint64_t n = hb_rd_u64(in);
    if (in->failed || n > hb_rd_left(in)) {
        return HB_FAIL(err, HB_E_INPUT, "a part of the state is cut off");
    }
    *ret_p = in->p;
    *ret_n = (size_t)n;
    in->p += n;
    return HB_OK;
}

static hb_status expect_name(hb_rd *in, const char *name, hb_error *err)
{
    hb_arena arena;
    const char *got = "";
    hb_arena_init(&arena, 1 << 16);
    hb_status status = hb_state_get_text(in, &arena, &got, err);
    if (status == HB_OK && strcmp(got, name) != 0) {
        status = HB_FAIL(err, HB_E_INPUT, "the state is of '%.60s', expected '%.60s'", got, name);
    }
    hb_arena_release(&arena);
    return status;
}

static hb_status load_watched(hb_engine *e, hb_watched *w, hb_rd *in, bool has_approval,
                              hb_error *err)
{
    const void *p = NULL;
    size_t n = 0;
    HB_TRY(expect_name(in, w->def->name, err));
    HB_TRY(hb_live_baseline_restore(&w->baseline, in, has_approval, err));
    HB_TRY(hb_training_restore(&w->training, in, err));
    HB_TRY(hb_track_restore(&w->track, in, err));
    HB_TRY(get_part(in, &p, &n, err));
    HB_TRY(hb_live_baseline_load(&w->s, w->tag, &w->baseline, err));
    HB_TRY(hb_watched_detector(e, w, err));
    if ((n > 0) != (w->detector != NULL)) {
        return HB_FAIL(err, HB_E_INPUT, "the baseline of '%s' is not as the state has it",
                       w->def->name);
    }
    return n ? hb_detector_load(w->detector, p, n, err) : HB_OK;
}

static hb_status load(hb_engine *e, hb_rd *in, hb_error *err)
{
    const void *p = NULL;
    size_t n = 0;
    uint32_t magic = hb_rd_u32(in);
    uint32_t version = hb_rd_u32(in);
    if (magic != MAGIC || version < VERSION_WITHOUT_APPROVAL || version > VERSION) {
        return HB_FAIL(err, HB_E_INPUT, "the state is of another kind or version");
    }
    e->low = hb_rd_u64(in);
    e->hour = (int64_t)hb_rd_u64(in);
    e->runs_in_hour = hb_rd_u32(in);
    HB_TRY(get_part(in, &p, &n, err));
    HB_TRY(hb_windows_load(e->windows, p, n, err));
    if (hb_rd_u32(in) != e->feed.n) {
        return HB_FAIL(err, HB_E_INPUT, "the state has another number of sources");
    }
    for (size_t i = 0; i < e->feed.n; i++) {
        HB_TRY(expect_name(in, e->feed.names[i], err));
        HB_TRY(get_part(in, &p, &n, err));
        HB_TRY(hb_decoder_load(e->feed.decoders[i], p, n, err));
    }
    if (hb_rd_u32(in) != e->n_watched) {
        return HB_FAIL(err, HB_E_INPUT, "the state has another number of window definitions");
    }
    for (size_t i = 0; i < e->n_watched; i++) {
        HB_TRY(load_watched(e, &e->watched[i], in, version > VERSION_WITHOUT_APPROVAL, err));
    }
    if (version > VERSION_WITHOUT_BEGINS) {
        HB_TRY(hb_begins_restore(&e->begins, in, err));
    }
    return in->failed || hb_rd_left(in) ? HB_FAIL(err, HB_E_INPUT, "the state has a wrong length")
                                        : HB_OK;
}

/* --- starting --- */

hb_status hb_watched_baseline(hb_engine *e, hb_watched *w, hb_error *err)
{
    bool trained = w->training.phase == HB_TRAIN_DONE && *w->training.version;
    HB_TRY(trained ? hb_live_baseline_name(&w->baseline, w->training.version, err)
                   : hb_live_baseline_find(&w->s, w->tag, &w->baseline, err));
    HB_TRY(hb_live_baseline_load(&w->s, w->tag, &w->baseline, err));
    HB_TRY(hb_watched_detector(e, w, err));
    return hb_watched_warm(e, w, err);
}

static hb_status start_anew(hb_engine *e, uint64_t position, hb_error *err)
{
    e->position = e->record = e->low = position;
    e->hour = INT64_MIN;
    HB_TRY(hb_begins_note(&e->begins, &e->feed, position, err));
    for (size_t i = 0; i < e->n_watched; i++) {
        hb_watched *w = &e->watched[i];
        HB_TRY(hb_watched_baseline(e, w, err));
        hb_training_release(&w->training);
        if (e->s.config->train && !hb_live_baseline_exists(&w->baseline) &&
            hb_daemon_is_steady(w->s.mode)) {
            hb_training_start(&w->training, e->s.config, w->def);
        }
    }
    return HB_OK;
}

static void tell(hb_engine *e, hb_log_level level, const char *event, const char *sentence)
{
    if (e->s.log) {
        hb_log_event(e->s.log, level, event, sentence, NULL, 0);
    }
}

/* The first record that open windows of another configuration's state need. */
static uint64_t low_of(const hb_live_checkpoint *c, uint64_t fallback)
{
    hb_rd in = hb_rd_of(c->state, c->state_len);
    bool ours = hb_rd_u32(&in) == MAGIC && hb_rd_u32(&in) <= VERSION;
    uint64_t low = hb_rd_u64(&in);
    return ours && !in.failed && low <= c->decided ? low : fallback;
}

static hb_status fill_again(hb_engine *e, const hb_live_checkpoint *c, hb_error *err)
{
    uint64_t begin = hb_journal_begin(e->s.journal);
    uint64_t low = e->distrust ? begin : low_of(c, begin);
    e->quiet_until = c->decided;
    e->told.restarted_from_open = true;
    return start_anew(e, low > begin ? low : begin, err);
}

static hb_status go_on(hb_engine *e, const hb_live_checkpoint *c, hb_error *err)
{
    if (c->snapshot < hb_journal_begin(e->s.journal)) {
        tell(e, HB_LOG_ERROR, "journal_gap",
             "the journal begins after the state's place; windows between are lost");
        return fill_again(e, c, err);
    }
    if (strcmp(c->config_digest, e->config_digest) != 0) {
        tell(e, HB_LOG_WARN, "configuration_changed",
             "windows that were open are filled again from the journal, detectors start from the "
             "baseline");
        return fill_again(e, c, err);
    }
    e->distrust = e->distrust || *c->damaged;
    if (e->distrust) {
        tell(e, HB_LOG_ERROR, "state_damaged",
             "the state in the registry is damaged: windows that were open are filled again from "
             "the journal, detectors start from the baseline");
        return fill_again(e, c, err);
    }
    hb_rd in = hb_rd_of(c->state, c->state_len);
    HB_TRY(load(e, &in, err));
    e->position = e->record = e->snapshot = c->snapshot;
    e->stored = true;
    e->told.reliving = c->snapshot < c->decided;
    return HB_OK;
}

static hb_status restart(hb_engine *e, hb_arena *arena, hb_error *err)
{
    hb_live_checkpoint c = {0};
    bool found = false;
    HB_TRY(hb_live_get_checkpoint(e->s.store, e->s.config->name, arena, &c, &found, err));
    if (!found) {
        return start_anew(e, hb_journal_begin(e->s.journal), err);
    }
    if (hb_journal_end(e->s.journal) < c.decided) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "the journal ends at %llu, but stream '%s' was judged up to %llu: it is "
                       "another journal, or part of it is gone; restore it, or give the stream "
                       "another 'name' to start anew",
                       (unsigned long long)hb_journal_end(e->s.journal), c.stream,
                       (unsigned long long)c.decided);
    }
    e->decided = c.decided;
    return go_on(e, &c, err);
}

hb_status hb_engine_judged_to(hb_store *store, const char *stream, uint64_t *ret_position,
                              hb_error *err)
{
    hb_arena arena;
    hb_live_checkpoint c = {0};
    bool found = false;
    hb_arena_init(&arena, (size_t)HB_LIVE_STATE_MAX + (1 << 20));
    hb_status status = hb_live_get_checkpoint(store, stream, &arena, &c, &found, err);
    if (status == HB_OK) {
        *ret_position = found ? c.decided : 0;
    }
    hb_arena_release(&arena);
    return status;
}

hb_status hb_engine_restart(hb_engine *e, hb_error *err)
{
    hb_arena arena;
    hb_arena_init(&arena, (size_t)HB_LIVE_STATE_MAX + (1 << 20));
    hb_status status = restart(e, &arena, err);
    hb_arena_release(&arena);
    return status == HB_OK ? HB_OK : hb_error_prefix(err, "stream '%s'", e->s.config->name);
}
