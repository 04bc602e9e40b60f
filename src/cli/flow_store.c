/* SPDX-License-Identifier: Apache-2.0 */
/* A decision into the registry, with the runs it rests on and what it says of suspicions. */
#include "cli/flow.h"
#include "cli/kept.h"
#include "evidence/basis.h"
#include "store/live.h"
#include "store/packs.h"

enum { LINEAGE_MAX_BYTES = 256 << 10 };

static void lines(const char *const *ids, size_t n, hb_buf *out)
{
    for (size_t i = 0; i < n; i++) {
        hb_buf_fmt(out, "%s%s", i ? "\n" : "", ids[i]);
    }
}

static void set_lines(const hb_run_set *set, hb_buf *out)
{
    for (size_t i = 0; set && i < set->n_runs; i++) {
        hb_buf_fmt(out, "%s%s", i ? "\n" : "", set->runs[i].run_id);
    }
}

/* What was suspected is new; what was confirmed answers an old one. */
static hb_status raised(hb_app *app, const hb_decision *d, hb_decision_row *row, hb_error *err)
{
    const hb_run_set *set = d->reference->set;
    hb_suspicion_raised *list =
        hb_arena_array(&app->arena, d->n_comparisons ? d->n_comparisons : 1, sizeof *list);
    if (!list) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; set && d->policy->retest && i < d->n_comparisons; i++) {
        const hb_comparison *c = &d->comparisons[i];
        const hb_past_metric *m = hb_run_set_metric(set, c->name);
        if (c->test.suspected && !c->test.confirmed && c->test.moved != HB_DIRECTION_NONE) {
            list[row->n_raised++] = (hb_suspicion_raised){.metric = c->name,
                                                          .direction = c->test.moved,
                                                          .step = m ? m->step : 0,
                                                          .log = c->test.log,
                                                          .days = d->policy->retest_days};
        }
    }
    row->raised = list;
    return HB_OK;
}

static hb_status answered(hb_app *app, const hb_decision *d, hb_decision_row *row, hb_error *err)
{
    static const hb_suspicion_state states[HB_RETEST_COUNT_] = {
        [HB_RETEST_CONFIRMED] = HB_SUSPICION_CONFIRMED,
        [HB_RETEST_CLEARED] = HB_SUSPICION_CLEARED,
        [HB_RETEST_OPPOSITE] = HB_SUSPICION_OPPOSITE,
        [HB_RETEST_NO_VALUE] = HB_SUSPICION_OPEN,
    };
    const hb_run_statistics *s = &d->statistics;
    hb_suspicion_answer *list =
        hb_arena_array(&app->arena, s->n_retests ? s->n_retests : 1, sizeof *list);
    if (!list) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < s->n_retests; i++) {
        const hb_retest *r = &s->retests[i];
        if (r->outcome != HB_RETEST_NO_VALUE) {
            list[row->n_answers++] = (hb_suspicion_answer){.run_id = r->of->run_id,
                                                           .metric = r->of->metric,
                                                           .direction = r->of->direction,
                                                           .state = states[r->outcome]};
        }
    }
    row->answers = list;
    return HB_OK;
}

/* The files it was decided under. */
static hb_status keep_documents(hb_app *app, const hb_flow *f, hb_error *err)
{
    HB_TRY(hb_kept_put(app, app->store, hb_registry_digest(f->registry), err));
    HB_TRY(hb_kept_put(app, app->store, app->policy.digest, err));
    return hb_kept_put(app, app->store, f->decision->reference->equivalence_digest, err);
}

static hb_status store(hb_app *app, const hb_flow *f, hb_buf texts[4], hb_buf *basis, hb_error *err)
{
    const hb_decision *d = f->decision;
    const hb_reference *r = d->reference;
    lines(r->run_ids, r->n_run_ids, &texts[0]);
    lines(r->comparable, r->n_comparable, &texts[1]);
    set_lines(r->set, &texts[2]);
    set_lines(r->with, &texts[3]);
    for (size_t i = 0; i < 4; i++) {
        HB_TRY(hb_buf_check(&texts[i], err));
    }
    hb_decision_row row = {
        .run_id = f->run->meta.run_id,
        .status = hb_verdict_name(d->verdict),
        .baseline_run_id = r->n_run_ids ? r->run_ids[0] : "",
        .baseline_reason = r->reason,
        .match_level = hb_match_name(r->level),
        .match_score = r->score,
        .match_possible = r->possible,
        .registry_digest = hb_registry_digest(f->registry),
        .policy_digest = app->policy.digest,
        .engine_version = HB_VERSION,
        .reference = texts[0].p,
        .comparable = texts[1].p,
        .set = texts[2].p,
        .with = texts[3].p,
        .version = r->set ? r->set->version : "",
        .json = f->json.p,
        .json_len = f->json.n,
        .digest = f->digest,
        .decided_at = app->os->now(),
    };
    HB_TRY(raised(app, d, &row, err));
    HB_TRY(answered(app, d, &row, err));
    HB_TRY(hb_basis_json(d, basis, err));
    row.basis = basis->p;
    row.basis_len = basis->n;
    HB_TRY(keep_documents(app, f, err));
    HB_TRY(hb_store_add_decision(app->store, &row, err));
    return hb_evidence_wanted(f->evidence, d->verdict)
               ? hb_pack_want(app->store, row.run_id, f->digest, "", row.decided_at, err)
               : HB_OK;
}

hb_status hb_flow_store(hb_app *app, const hb_flow *f, hb_error *err)
{
    hb_buf texts[4];
    for (size_t i = 0; i < 4; i++) {
        hb_buf_init(&texts[i], LINEAGE_MAX_BYTES);
    }
    hb_buf basis;
    hb_buf_init(&basis, HB_BASIS_MAX);
    hb_status status = hb_live_begin(app->store, err);
    if (status == HB_OK) {
        status = hb_live_end(app->store, store(app, f, texts, &basis, err), err);
    }
    hb_buf_release(&basis);
    for (size_t i = 0; i < 4; i++) {
        hb_buf_release(&texts[i]);
    }
    return status;
}
