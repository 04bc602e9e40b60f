/* SPDX-License-Identifier: Apache-2.0 */
/* Reading: a record, its samples, the windows they close. The order of everything is the journal's.
 */
#include "daemon/engine_internal.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

enum { COMMIT_AFTER_MS = 50 };

/* --- samples --- */

static hb_status before_sample(void *ctx, const hb_live_sample *sample, hb_error *err)
{
    hb_engine *e = ctx;
    hb_time mark = hb_windows_watermark(e->windows);
    const hb_daemon_config *c = e->s.config;
    /* A time that is not believed holds no records. */
    bool ahead = mark != HB_TIME_NONE && sample->t > mark + c->lateness_ns + c->max_ahead_ns;
    for (size_t i = 0; i < e->n_watched && !ahead; i += e->n_lanes) {
        HB_TRY(hb_track_add(&e->watched[i].track, sample->t, e->record, err));
    }
    return HB_OK;
}

static hb_status on_late(void *ctx, const hb_live_sample *sample, hb_error *err)
{
    hb_engine *e = ctx;
    if (e->told.reliving || e->record < e->quiet_until || !e->side) {
        return HB_OK;
    }
    hb_error why = {0};
    hb_status status = hb_side_add(e->side, sample, &why);
    if (status == HB_E_LIMIT) { /* more in one cycle than it buffers */
        hb_side_flush(e->side, &e->told.side_lost);
        status = hb_side_add(e->side, sample, &why);
    }
    return status == HB_OK ? HB_OK : HB_FAIL(err, status, "%s", why.msg);
}

/* --- windows --- */

/* What cannot be loaded now (the registry is locked) is loaded before the next window is judged. */
static hb_status load_baseline(hb_engine *e, hb_watched *w, hb_error *err)
{
    w->to_load = true;
    HB_TRY(hb_watched_baseline(e, w, err));
    if (w->train_without && !hb_live_baseline_exists(&w->baseline)) {
        w->training.phase = HB_TRAIN_ON; /* the tag points at nothing that can be used */
    }
    w->to_load = w->train_without = false;
    return HB_OK;
}

static hb_status settle(hb_engine *e, hb_watched *w, hb_error *err)
{
    HB_TRY(hb_engine_commit(e, false, err));
    HB_TRY(hb_training_finish(&w->s, w->tag, &w->training, err));
    hb_log_level level = w->training.phase == HB_TRAIN_DONE ? HB_LOG_INFO : HB_LOG_WARN;
    if (e->s.log && !e->told.reliving) {
        hb_log_event(e->s.log, level, "training_ended",
                     w->training.phase == HB_TRAIN_DONE ? "the baseline is trained"
                                                        : w->training.why,
                     (const hb_log_field[]){{.key = "window", .text = w->def->name},
                                            {.key = "tag", .text = w->tag}},
                     2);
    }
    return w->training.phase == HB_TRAIN_DONE ? load_baseline(e, w, err) : HB_OK;
}

hb_status hb_engine_settle(hb_engine *e, hb_error *err)
{
    for (size_t i = 0; i < e->n_watched; i++) {
        if (hb_training_complete(&e->watched[i].training)) {
            HB_TRY(settle(e, &e->watched[i], err));
        }
        if (e->watched[i].to_load) {
            HB_TRY(load_baseline(e, &e->watched[i], err));
        }
    }
    return HB_OK;
}

/* All windows the record closed. What failed before goes on here. */
static hb_status drain(hb_engine *e, hb_error *err)
{
    for (;;) {
        hb_window_closed *closed = NULL;
        HB_TRY(hb_engine_settle(e, err));
        if (e->n_pending == HB_PENDING_MAX || e->pending_bytes > HB_PENDING_BYTES) {
            HB_TRY(hb_engine_commit(e, false, err));
        }
        HB_TRY(hb_windows_take(e->windows, &closed, err));
        if (!closed) {
            e->between = true;
            return hb_begins_note(&e->begins, &e->feed, e->position, err);
        }
        hb_watched *w = NULL;
        hb_status status = hb_engine_lane(e, &closed->window, &w, err);
        if (status != HB_OK) {
            hb_window_closed_free(closed);
            return status;
        }
        HB_TRY(hb_engine_judge(e, w, closed, err));
    }
}

/* --- records --- */

static hb_status open_reader(hb_engine *e, hb_error *err)
{
    return e->reader ? HB_OK : hb_journal_reader_open(e->s.journal, e->position, &e->reader, err);
}

static hb_status read_one(hb_engine *e, bool *ret_more, hb_error *err)
{
    hb_record r = {0};
    HB_TRY(hb_journal_next(e->reader, &r, ret_more, err));
    if (!*ret_more) {
        return HB_OK;
    }
    e->record = r.position;
    e->position = r.next;
    e->between = false;
    e->read_since++;
    e->told.records++;
    e->told.last_arrival = r.arrival;
    e->told.reliving = e->stored && r.position < e->decided && r.position >= e->quiet_until;
    HB_TRY(hb_feed_take(&e->feed, &r, err));
    HB_TRY(drain(e, err));
    if (e->position >= e->decided && e->told.reliving) {
        e->told.reliving = false;
        e->record = e->position;
    }
    if (!e->stored && e->position >= e->quiet_until) {
        e->record = e->position;
        return hb_engine_commit(e, true, err);
    }
    return HB_OK;
}

static bool checkpoint_due(const hb_engine *e)
{
    return e->read_since &&
           e->s.os->monotonic_ns() - e->checkpoint_at_ns >= e->s.config->checkpoint_ns;
}

/* At the journal's end at once; while there is more to read, several windows together. */
static hb_status commit_when_due(hb_engine *e, bool at_end, hb_error *err)
{
    bool state = checkpoint_due(e);
    bool old = e->n_pending && e->s.os->monotonic_ns() - e->pending[0]->since_ns >=
                                   (int64_t)COMMIT_AFTER_MS * 1000000;
    if (state && e->n_pending) { /* decisions do not wait for the state to be written */
        HB_TRY(hb_engine_commit(e, false, err));
    }
    return state || old || (at_end && e->n_pending) ? hb_engine_commit(e, state, err) : HB_OK;
}

hb_status hb_engine_step(hb_engine *e, size_t most, bool *ret_moved, hb_error *err)
{
    bool more = true;
    size_t n = 0;
    HB_TRY(open_reader(e, err));
    HB_TRY(drain(e, err));
    if (!e->stored && e->position >= e->quiet_until) {
        HB_TRY(hb_engine_commit(e, true, err));
    }
    while (n < most) {
        HB_TRY(read_one(e, &more, err));
        if (!more) {
            break;
        }
        n++;
        if (e->n_pending) {
            HB_TRY(commit_when_due(e, false, err));
        }
    }
    HB_TRY(commit_when_due(e, !more, err));
    *ret_moved = n > 0;
    return HB_OK;
}

hb_status hb_engine_checkpoint(hb_engine *e, hb_error *err)
{
    HB_TRY(drain(e, err));
    return hb_engine_commit(e, true, err);
}

/* --- baselines --- */

static hb_status look_at(hb_engine *e, hb_watched *w, bool *io_moved, hb_error *err)
{
    hb_live_baseline now;
    hb_live_baseline_init(&now);
    hb_status status = hb_live_baseline_find(&w->s, w->tag, &now, err);
    bool same = hb_live_baseline_same(&now, &w->baseline);
    hb_live_baseline_release(&now);
    if (status != HB_OK || same) {
        return status;
    }
    if (!*io_moved) { /* decisions that are pending borrow the baseline of before */
        HB_TRY(hb_engine_commit(e, false, err));
    }
    *io_moved = true;
    w->train_without = w->training.phase == HB_TRAIN_ON;
    w->training.phase = HB_TRAIN_OFF;
    HB_TRY(load_baseline(e, w, err));
    if (e->s.log) {
        hb_log_event(e->s.log, HB_LOG_INFO, "baseline_moved",
                     "windows are judged against another baseline from now on",
                     (const hb_log_field[]){{.key = "tag", .text = w->tag},
                                            {.key = "version", .text = w->baseline.version},
                                            {.key = "run_id", .text = w->baseline.run_id}},
                     3);
    }
    return HB_OK;
}

/* The state is written at once: which baseline a decision had must not depend on when the program
 * was killed. */
hb_status hb_engine_look_at_tags(hb_engine *e, hb_error *err)
{
    bool moved = false;
    if (e->told.reliving || !e->stored || !e->between || e->position < e->quiet_until) {
        return HB_OK;
    }
    for (size_t i = 0; i < e->n_watched; i++) {
        HB_TRY(look_at(e, &e->watched[i], &moved, err));
    }
    return moved ? hb_engine_commit(e, true, err) : HB_OK;
}

void hb_engine_set_alerts(hb_engine *e, hb_alerts *alerts)
{
    e->s.alerts = alerts;
}

/* --- what it says of itself --- */

static void tell_of(const hb_watched *w, hb_engine_state *s)
{
    const hb_training *t = &w->training;
    if (t->phase == HB_TRAIN_ON) {
        snprintf(s->training, sizeof s->training, "window %s%s%s: %u of %u", w->def->name,
                 w->s.mode ? ", mode " : "", w->s.mode ? w->s.mode : "", t->seen, t->wanted);
    }
    if (!hb_live_baseline_exists(&w->baseline) && t->phase != HB_TRAIN_ON &&
        hb_daemon_is_steady(w->s.mode)) {
        snprintf(s->baseline_why, sizeof s->baseline_why, "window %s, tag %s: %.180s", w->def->name,
                 w->tag, t->phase == HB_TRAIN_REFUSED ? t->why : w->baseline.reference.warning);
    }
}

void hb_engine_get_state(const hb_engine *e, hb_engine_state *ret)
{
    *ret = e->told;
    ret->position = e->position;
    ret->decided = e->decided;
    ret->snapshot = e->snapshot;
    ret->watermark = hb_windows_watermark(e->windows);
    ret->metrics = hb_windows_metrics(e->windows);
    ret->open_windows = hb_windows_open(e->windows);
    for (unsigned i = 0; i < HB_WINDOWS_COUNT_; i++) {
        ret->counts[i] = hb_windows_counted(e->windows, (hb_windows_count)i);
    }
    for (size_t i = 0; i < e->n_watched; i++) {
        tell_of(&e->watched[i], ret);
    }
}

/* --- life --- */

static hb_status make_windows(hb_engine *e, hb_error *err)
{
    const hb_daemon_config *c = e->s.config;
    hb_window_def defs[HB_WINDOWS_DEFS_MAX];
    for (size_t i = 0; i < c->n_windows; i++) {
        defs[i] = hb_daemon_window_def(&c->windows[i]);
    }
    const hb_windows_options options = {.stream = c->name,
                                        .defs = defs,
                                        .n_defs = c->n_windows,
                                        .lateness_ns = c->lateness_ns,
                                        .max_ahead_ns = c->max_ahead_ns,
                                        .idle_after_ns = c->idle_after_ns,
                                        .keep_closed_ns = c->keep_closed_ns,
                                        .stale_after_ns = c->stale_after_ns,
                                        .late = c->late,
                                        .max_metrics = c->max_metrics,
                                        .modes = c->modes,
                                        .meta = &c->meta,
                                        .late_fn = on_late,
                                        .late_ctx = e};
    return hb_windows_new(&options, e->s.registry, e->s.units, &e->windows, err);
}

static hb_status open_stream(hb_engine *e, hb_error *err)
{
    const hb_daemon_config *c = e->s.config;
    hb_feed_source sources[HB_DAEMON_SOURCES_MAX];
    for (size_t i = 0; i < c->n_sources; i++) {
        sources[i] = (hb_feed_source){.name = c->sources[i].name, .format = c->sources[i].format};
    }
    HB_TRY(hb_feed_open(sources, c->n_sources, e->s.schema, e->windows, &e->feed, err));
    e->feed.before = before_sample;
    e->feed.ctx = e;
    int64_t slide = INT64_MAX;
    for (size_t i = 0; i < c->n_windows; i++) {
        slide = c->windows[i].slide_ns < slide ? c->windows[i].slide_ns : slide;
    }
    hb_begins_init(&e->begins, c->n_windows, slide);
    return HB_OK;
}

static hb_status make_parts(hb_engine *e, hb_error *err)
{
    const hb_daemon_config *c = e->s.config;
    const hb_daemon_digests digests = {.registry = hb_registry_digest(e->s.registry),
                                       .policy = e->s.policy->digest,
                                       .schema = hb_telemetry_schema_digest(e->s.schema),
                                       .quality = e->s.quality->digest};
    HB_TRY(hb_daemon_config_digest(c, &digests, e->config_digest, err));
    HB_TRY(hb_engine_watch(e, err));
    HB_TRY(make_windows(e, err));
    HB_TRY(open_stream(e, err));
    if (c->late == HB_LATE_SIDE) {
        HB_TRY(hb_side_open(e->s.os, e->s.side, &e->side, err));
    }
    return hb_reports_open(e->s.os, e->s.store, e->s.reports, (uint64_t)c->max_report_dir_mb << 20,
                           &e->reports, err);
}

static hb_status count_before(hb_engine *e, hb_error *err)
{
    uint64_t counts[4];
    static const hb_verdict verdicts[4] = {HB_VERDICT_PASS, HB_VERDICT_PASS_WITH_DRIFT,
                                           HB_VERDICT_FAIL, HB_VERDICT_NO_TEST};
    HB_TRY(hb_live_count_windows(e->s.store, e->s.config->name, counts, err));
    for (size_t i = 0; i < 4; i++) {
        e->told.windows[verdicts[i]] = counts[i];
    }
    return HB_OK;
}

static hb_status make(const hb_engine_setup *setup, bool distrust, hb_engine **ret_engine,
                      hb_error *err)
{
    hb_engine *e = hb_alloc_zero(sizeof *e);
    if (!e) {
        return HB_NOMEM(err);
    }
    e->s = *setup;
    e->distrust = distrust;
    e->between = true;
    e->hour = INT64_MIN;
    e->told.watermark = e->told.last_arrival = HB_TIME_NONE;
    e->checkpoint_at_ns = setup->os->monotonic_ns();
    hb_status status = make_parts(e, err);
    if (status == HB_OK) {
        status = hb_engine_restart(e, err);
    }
    if (status == HB_OK) {
        status = count_before(e, err);
    }
    if (status != HB_OK) {
        hb_engine_free(e);
        return status;
    }
    *ret_engine = e;
    return HB_OK;
}

/* A state that cannot be loaded costs what it saved, not the daemon: everything it was made of is
 * in the journal. */
hb_status hb_engine_new(const hb_engine_setup *setup, hb_engine **ret_engine, hb_error *err)
{
    hb_status status = make(setup, false, ret_engine, err);
    return status == HB_E_INPUT ? make(setup, true, ret_engine, err) : status;
}

void hb_engine_free(hb_engine *e)
{
    if (!e) {
        return;
    }
    for (size_t i = 0; i < e->n_pending; i++) {
        hb_pending_free(e->pending[i]);
    }
    hb_journal_reader_close(e->reader);
    for (size_t i = 0; i < e->n_watched; i++) {
        hb_detector_free(e->watched[i].detector);
        hb_live_baseline_release(&e->watched[i].baseline);
        hb_training_release(&e->watched[i].training);
        hb_track_release(&e->watched[i].track);
        hb_free(e->watched[i].own_tag);
    }
    hb_begins_release(&e->begins);
    hb_feed_release(&e->feed);
    hb_windows_free(e->windows);
    hb_side_close(e->side);
    hb_reports_close(e->reports);
    hb_free(e->watched);
    hb_free(e);
}
