/* SPDX-License-Identifier: Apache-2.0 */
/* A cycle: the journal to the disk, then one transaction with all that was judged. What it rests on
 * is safe before it counts, so after a power cut the registry never speaks of records that are
 * gone.
 */
#include "daemon/engine_internal.h"

#include <string.h>

const double hb_engine_latency_le[HB_ENGINE_BUCKETS] = {
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10};

void hb_engine_evidence(hb_engine *e, const hb_error *why)
{
    hb_str_fit(why->msg, e->told.evidence_why, sizeof e->told.evidence_why);
    if (e->s.log) {
        hb_log_error(e->s.log, HB_LOG_ERROR, "decided_otherwise", why);
    }
}

static hb_live_window_row row_of(const hb_engine *e, const hb_pending *p)
{
    const hb_window *w = &p->closed->window;
    return (hb_live_window_row){.stream = e->s.config->name,
                                .id = w->id,
                                .revision = w->revision,
                                .name = w->name,
                                .start = w->start,
                                .end = w->end,
                                .verdict = hb_verdict_name(p->decision->verdict),
                                .run_id = w->run->meta.run_id,
                                .digest = p->digest,
                                .json = p->json.p,
                                .json_len = p->json.n,
                                .from = p->from,
                                .to = p->to,
                                .samples = w->samples,
                                .n_findings = p->weight,
                                .decided_at = e->s.os->now(),
                                .report = p->report ? p->report : "",
                                .registry_digest = hb_registry_digest(e->s.registry),
                                .policy_digest = e->s.policy->digest};
}

/* A window that was decided otherwise before stays as it is, and the difference is told. */
static hb_status put_one(hb_engine *e, const hb_pending *p, bool *ret_new, hb_error *err)
{
    const hb_live_window_row row = row_of(e, p);
    hb_error why = {0};
    bool existed = false;
    hb_status status = hb_live_put_window(e->s.store, &row, &existed, &why);
    *ret_new = false;
    if (status == HB_E_EVIDENCE) {
        hb_engine_evidence(e, &why);
        return HB_OK;
    }
    if (status != HB_OK) {
        return HB_FAIL(err, status, "%s", why.msg);
    }
    if (existed) {
        return HB_OK;
    }
    if (p->run) {
        HB_TRY(hb_pending_register(e, p, err));
    }
    *ret_new = true;
    return e->s.alerts ? hb_alerts_decided(e->s.alerts, p->decision, &p->closed->window, p->digest,
                                           row.report, err)
                       : HB_OK;
}

static hb_status put_all(hb_engine *e, const hb_live_checkpoint *c, bool *ret_new, hb_error *err)
{
    hb_time due = HB_TIME_NONE;
    for (size_t i = 0; i < e->n_pending; i++) {
        HB_TRY(put_one(e, e->pending[i], &ret_new[i], err));
    }
    if (e->s.alerts) {
        HB_TRY(hb_alerts_time(e->s.alerts, e->s.os->now(), &due, err));
    }
    return hb_live_put_checkpoint(e->s.store, c, err);
}

static hb_status transaction(hb_engine *e, const hb_live_checkpoint *c, bool *ret_new,
                             hb_error *err)
{
    HB_TRY(hb_live_begin(e->s.store, err));
    hb_status status = hb_live_end(e->s.store, put_all(e, c, ret_new, err), err);
    if (status != HB_OK && e->s.alerts) {
        hb_error why = {0};
        if (hb_alerts_reload(e->s.alerts, &why) != HB_OK && e->s.log) {
            hb_log_error(e->s.log, HB_LOG_ERROR, "alerts_not_reloaded", &why);
        }
    }
    return status;
}

static void note_latency(hb_engine *e, int64_t since_ns)
{
    double s = (double)(e->s.os->monotonic_ns() - since_ns) / 1e9;
    for (size_t i = 0; i < HB_ENGINE_BUCKETS; i++) {
        e->told.latency_n[i] += s <= hb_engine_latency_le[i];
    }
    e->told.latency_sum += s;
    e->told.latency_count++;
}

static void forget_pending(hb_engine *e, const bool *is_new)
{
    for (size_t i = 0; i < e->n_pending; i++) {
        if (is_new[i]) {
            e->told.windows[e->pending[i]->decision->verdict]++;
            note_latency(e, e->pending[i]->since_ns);
        }
        hb_pending_free(e->pending[i]);
    }
    e->n_pending = 0;
    e->pending_bytes = 0;
}

/* Records before the snapshot, and before the first one that an open window needs, are done with:
 * the latter in case the configuration changes and the windows have to be filled again. */
static void release(hb_engine *e)
{
    uint64_t done = e->low < e->snapshot ? e->low : e->snapshot;
    if (done > e->released) {
        hb_journal_release_before(e->s.journal, done);
        e->released = done;
    }
}

static hb_status safe_on_disk(hb_engine *e, hb_error *err)
{
    hb_journal_state state;
    hb_journal_get_state(e->s.journal, &state);
    return state.synced < e->position ? hb_journal_sync(e->s.journal, err) : HB_OK;
}

static hb_status commit(hb_engine *e, bool with_state, hb_buf *state, hb_error *err)
{
    bool is_new[HB_PENDING_MAX] = {false};
    int64_t start = e->s.os->monotonic_ns();
    uint64_t decided = e->between ? e->position : e->record;
    uint64_t low = hb_engine_low(e, decided);
    HB_TRY(safe_on_disk(e, err));
    if (e->side) {
        hb_side_flush(e->side, &e->told.side_lost);
    }
    if (with_state) {
        HB_TRY(hb_engine_save(e, state, err));
    }
    const hb_live_checkpoint c = {.stream = e->s.config->name,
                                  .decided = decided,
                                  .snapshot = with_state ? decided : e->snapshot,
                                  .state = with_state ? state->p : NULL,
                                  .state_len = state->n,
                                  .config_digest = e->config_digest,
                                  .engine_version = HB_VERSION,
                                  .at = e->s.os->now()};
    HB_TRY(transaction(e, &c, is_new, err));
    e->decided = decided;
    e->told.cycles += e->n_pending > 0;
    forget_pending(e, is_new);
    if (with_state) {
        e->snapshot = decided;
        e->low = low;
        e->stored = true;
        e->read_since = 0;
        e->told.checkpoints++;
        e->checkpoint_at_ns = e->s.os->monotonic_ns();
        e->told.checkpoint_s = (double)(e->checkpoint_at_ns - start) / 1e9;
        release(e);
    }
    return HB_OK;
}

/* What was decided before, under this configuration or another, is not committed again. */
hb_status hb_engine_commit(hb_engine *e, bool with_state, hb_error *err)
{
    if (e->told.reliving || e->record < e->quiet_until) {
        return HB_OK;
    }
    hb_buf state;
    hb_buf_init(&state, HB_STATE_MAX_BYTES);
    hb_status status = commit(e, with_state && e->between, &state, err);
    hb_buf_release(&state);
    return status;
}
