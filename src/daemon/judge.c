/* SPDX-License-Identifier: Apache-2.0 */
/* One closed window: decided, then absorbed. Nothing here reads a clock into a decision. */
#include "daemon/engine_internal.h"

#include "base/mem.h"
#include "crypto/digest.h"
#include "decide/decision_json.h"
#include "evidence/basis.h"

#include <stdio.h>
#include <string.h>

static const int64_t hour_ns = 3600000000000;

void hb_pending_free(hb_pending *p)
{
    if (p) {
        hb_decision_free(p->decision);
        hb_window_closed_free(p->closed);
        hb_buf_release(&p->json);
        hb_buf_release(&p->basis);
        hb_buf_release(&p->reading);
        hb_free(p->report);
        hb_free(p);
    }
}

/* --- the detector --- */

static hb_status absorb_run(hb_engine *e, hb_watched *w, const char *run_id, hb_error *err)
{
    hb_run *run = NULL;
    HB_TRY(hb_store_get_run(e->s.store, run_id, &run, err));
    const hb_window window = {.name = w->def->name,
                              .id = run->digest,
                              .start = run->meta.start,
                              .end = run->meta.end,
                              .run = run,
                              .coverage = 1};
    hb_status status =
        hb_detector_absorb(w->detector, &window, w->baseline.reference.set, w->s.registry, err);
    hb_run_free(run);
    return status;
}

hb_status hb_watched_detector(hb_engine *e, hb_watched *w, hb_error *err)
{
    const hb_daemon_config *c = e->s.config;
    const hb_reference *r = &w->baseline.reference;
    hb_detector_free(w->detector);
    w->detector = NULL;
    if (!hb_live_baseline_exists(&w->baseline)) {
        return HB_OK;
    }
    size_t n = r->set ? r->set->n_metrics : r->run->n_metrics;
    const hb_detector_options options = {.alarms_per_month = c->alarms_per_month,
                                         .n_defs = (uint32_t)c->n_windows,
                                         .n_metrics = n ? (uint32_t)n : 1,
                                         .slide_ns = w->def->slide_ns,
                                         .size_ns = w->def->size_ns,
                                         .keep = c->keep,
                                         .n_min = e->s.policy->n_min,
                                         .min_coverage = c->min_coverage};
    return hb_detector_new(&options, &w->detector, err);
}

hb_status hb_watched_warm(hb_engine *e, hb_watched *w, hb_error *err)
{
    const hb_run_set *set = w->detector ? w->baseline.reference.set : NULL;
    char prefix[64];
    snprintf(prefix, sizeof prefix, "w-%s-", w->def->name);
    for (size_t i = 0; set && i < set->n_runs; i++) {
        if (strncmp(set->runs[i].run_id, prefix, strlen(prefix)) == 0) {
            HB_TRY(absorb_run(e, w, set->runs[i].run_id, err));
        }
    }
    return HB_OK;
}

static hb_status absorb(hb_watched *w, const hb_window *window, hb_error *err)
{
    return w->detector ? hb_detector_absorb(w->detector, window, w->baseline.reference.set,
                                            w->s.registry, err)
                       : HB_OK;
}

/* --- the decision --- */

static hb_status decide(hb_engine *e, hb_pending *p, hb_error *err)
{
    hb_watched *w = p->of;
    const hb_window *window = &p->closed->window;
    p->live = (hb_live){.window = window, .detector = w->detector};
    p->prior = (hb_prior){.live = &p->live};
    p->reference = w->baseline.reference;
    p->reference.prior = &p->prior;
    HB_TRY(hb_decide(p->closed->run, &p->reference, w->s.registry, e->s.policy, &p->decision, err));
    HB_TRY(hb_decision_json(p->decision, &p->json, err));
    for (size_t i = 0; i < p->decision->n_findings; i++) {
        p->weight += p->decision->findings[i].severity >= HB_SEVERITY_DRIFT;
    }
    return hb_digest_of(p->json.p, p->json.n, p->digest, err);
}

/* A window of weight becomes a run, but not more of them in an hour than configured: a fault that
 * stays would fill the disk with copies of one message. */
static bool becomes_run(hb_engine *e, const hb_pending *p)
{
    hb_verdict v = p->decision->verdict;
    int64_t hour = p->closed->window.end / hour_ns;
    uint32_t most = e->s.config->runs_per_hour;
    if (v == HB_VERDICT_PASS || v == HB_VERDICT_NO_TEST || p->closed->window.revision) {
        return false;
    }
    if (hour > e->hour) {
        e->hour = hour;
        e->runs_in_hour = 0;
    }
    if (most && e->runs_in_hour >= most) {
        return false;
    }
    e->runs_in_hour++;
    return true;
}

static bool is_good(const hb_engine *e, const hb_pending *p)
{
    const hb_window *w = &p->closed->window;
    return p->of->training.phase == HB_TRAIN_ON && p->decision->verdict == HB_VERDICT_NO_TEST &&
           w->samples > 0 && w->coverage >= e->s.config->min_coverage && w->revision == 0;
}

static hb_status train(hb_engine *e, hb_pending *p, hb_error *err)
{
    hb_training *t = &p->of->training;
    if (!is_good(e, p)) {
        return HB_OK;
    }
    p->training = hb_training_takes(t);
    p->run = p->run || p->training;
    return hb_training_add(t, p->training ? p->closed->run->meta.run_id : NULL, err);
}

/* --- read again after a restart --- */

static void row_of(const hb_engine *e, const hb_pending *p, hb_live_window_row *row)
{
    const hb_window *w = &p->closed->window;
    *row = (hb_live_window_row){.stream = e->s.config->name,
                                .id = w->id,
                                .revision = w->revision,
                                .run_id = w->run->meta.run_id,
                                .digest = p->digest};
}

static hb_status compare(hb_engine *e, const hb_pending *p, hb_error *err)
{
    hb_live_window_row row;
    hb_error why = {0};
    bool found = false;
    row_of(e, p, &row);
    hb_status status = hb_live_check_window(e->s.store, &row, &found, &why);
    if (status == HB_OK && !found) {
        status = HB_FAIL(&why, HB_E_EVIDENCE,
                         "window '%s' of stream '%s' was not decided before, though its records "
                         "were: the registry lacks it, or the journal is another one",
                         row.run_id, row.stream);
    }
    if (status == HB_E_EVIDENCE) {
        hb_engine_evidence(e, &why);
        return HB_OK;
    }
    e->told.relived++;
    return status == HB_OK ? HB_OK : HB_FAIL(err, status, "%s", why.msg);
}

static hb_status judge(hb_engine *e, hb_pending *p, hb_error *err)
{
    hb_watched *w = p->of;
    const hb_window *window = &p->closed->window;
    HB_TRY(decide(e, p, err));
    p->run = becomes_run(e, p);
    HB_TRY(train(e, p, err));
    if (p->run && !p->training && !e->told.reliving) {
        HB_TRY(hb_basis_json(p->decision, &p->basis, err)); /* before the detector moves on */
    }
    HB_TRY(absorb(w, window, err));
    p->from = hb_track_from(hb_engine_track(e, w), window->start, window->end, e->record);
    p->to = e->position;
    if (p->run && !p->training) {
        HB_TRY(hb_pending_reading(e, p, err));
    }
    if (window->revision == 0) {
        hb_track_closed(hb_engine_track(e, w), window->start);
    }
    return HB_OK;
}

hb_status hb_engine_judge(hb_engine *e, hb_watched *w, hb_window_closed *closed, hb_error *err)
{
    hb_pending *p = hb_alloc_zero(sizeof *p);
    if (!p) {
        hb_window_closed_free(closed);
        return HB_NOMEM(err);
    }
    *p = (hb_pending){.of = w, .closed = closed, .since_ns = e->s.os->monotonic_ns()};
    hb_buf_init(&p->json, HB_DECISION_MAX_BYTES);
    hb_buf_init(&p->basis, HB_BASIS_MAX);
    hb_buf_init(&p->reading, HB_WINDOW_READING_MAX);
    hb_status status = HB_OK;
    bool keep = false;
    if (e->record < e->quiet_until) { /* judged under another configuration */
        status = absorb(w, &closed->window, err);
        hb_track_closed(hb_engine_track(e, w), closed->window.start);
    } else {
        status = judge(e, p, err);
        keep = status == HB_OK && !e->told.reliving;
        if (status == HB_OK && e->told.reliving) {
            status = compare(e, p, err);
        }
    }
    if (!keep) {
        hb_pending_free(p);
        return status;
    }
    if (p->run && !p->training) {
        status = hb_pending_report(e, p, err);
    }
    e->pending[e->n_pending++] = p;
    e->pending_bytes += p->basis.n + p->reading.n;
    return status;
}
