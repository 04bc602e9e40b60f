/* SPDX-License-Identifier: Apache-2.0 */
/* A window of weight as a run: in the registry with its decision, and a report folder. */
#include "daemon/engine_internal.h"

#include "base/mem.h"
#include "os/file.h"
#include "report/report.h"
#include "store/documents.h"
#include "store/packs.h"

#include <stdio.h>
#include <string.h>

enum { LINES_MAX_BYTES = 256 << 10 };

/* --- the report --- */

typedef struct pages {
    hb_buf html;
    hb_buf json;
} pages;

static hb_status write_pages(hb_engine *e, hb_pending *p, const pages *all, const char *folder,
                             hb_error *err)
{
    hb_stage stage = {0};
    HB_TRY(hb_dir_make(e->s.os, e->s.reports, err));
    HB_TRY(hb_stage_open(&stage, e->s.os, folder, err));
    hb_status status = hb_stage_write(&stage, "decision.json", p->json.p, p->json.n, err);
    if (status == HB_OK) {
        status = hb_stage_write(&stage, "drift_report.html", all->html.p, all->html.n, err);
    }
    if (status == HB_OK) {
        status = hb_stage_write(&stage, "drift_report.json", all->json.p, all->json.n, err);
    }
    if (status == HB_OK) {
        status = hb_stage_commit(&stage, err);
    }
    hb_stage_abort(&stage);
    HB_TRY(status);
    HB_TRY(hb_path_join(folder, "drift_report.html", &p->report, err));
    return hb_reports_added(e->reports, p->closed->run->meta.run_id,
                            p->json.n + all->html.n + all->json.n, err);
}

static hb_status draw(hb_engine *e, hb_pending *p, pages *all, hb_error *err)
{
    const hb_report_about about = {
        .version = HB_VERSION, .decided_at = e->s.os->now(), .decision_digest = p->digest};
    char *folder = NULL;
    HB_TRY(hb_report_html(p->decision, &about, &all->html, err));
    HB_TRY(hb_report_json(p->decision, &about, &all->json, err));
    HB_TRY(hb_path_join(e->s.reports, p->closed->run->meta.run_id, &folder, err));
    hb_status status = write_pages(e, p, all, folder, err);
    hb_free(folder);
    return status;
}

/* A report that cannot be written is told, and does not hold up the decision it is about. */
hb_status hb_pending_report(hb_engine *e, hb_pending *p, hb_error *err)
{
    pages all;
    hb_error why = {0};
    hb_buf_init(&all.html, HB_REPORT_MAX_BYTES);
    hb_buf_init(&all.json, HB_REPORT_MAX_BYTES);
    hb_status status = draw(e, p, &all, &why);
    hb_buf_release(&all.html);
    hb_buf_release(&all.json);
    if (status == HB_E_NOMEM) {
        return HB_NOMEM(err);
    }
    e->told.reports_why[0] = '\0';
    if (status == HB_OK) {
        return hb_engine_reports_pass(e, err);
    }
    snprintf(e->told.reports_why, sizeof e->told.reports_why, "reports cannot be written: %.160s",
             why.msg);
    if (e->s.log) {
        hb_log_error(e->s.log, HB_LOG_ERROR, "report_not_written", &why);
    }
    return HB_OK;
}

/* --- the registry --- */

static void ids(const char *const *list, size_t n, hb_buf *out)
{
    for (size_t i = 0; i < n; i++) {
        hb_buf_fmt(out, "%s%s", i ? "\n" : "", list[i]);
    }
}

static hb_status add_decision(hb_engine *e, const hb_pending *p, hb_buf texts[3], hb_error *err)
{
    const hb_reference *r = &p->reference;
    ids(r->run_ids, r->n_run_ids, &texts[0]);
    ids(r->comparable, r->n_comparable, &texts[1]);
    for (size_t i = 0; r->set && i < r->set->n_runs; i++) {
        hb_buf_fmt(&texts[2], "%s%s", i ? "\n" : "", r->set->runs[i].run_id);
    }
    for (size_t i = 0; i < 3; i++) {
        HB_TRY(hb_buf_check(&texts[i], err));
    }
    const hb_decision_row row = {
        .run_id = p->closed->run->meta.run_id,
        .status = hb_verdict_name(p->decision->verdict),
        .baseline_run_id = r->n_run_ids ? r->run_ids[0] : "",
        .baseline_reason = r->reason,
        .match_level = hb_match_name(r->level),
        .match_score = r->score,
        .match_possible = r->possible,
        .registry_digest = hb_registry_digest(e->s.registry),
        .policy_digest = e->s.policy->digest,
        .engine_version = HB_VERSION,
        .reference = texts[0].p,
        .comparable = texts[1].p,
        .set = texts[2].p,
        .with = "",
        .version = r->set ? r->set->version : "",
        .json = p->json.p,
        .json_len = p->json.n,
        .digest = p->digest,
        .decided_at = e->s.os->now(),
        .basis = p->basis.n ? p->basis.p : NULL,
        .basis_len = p->basis.n,
    };
    return hb_store_add_decision(e->s.store, &row, err);
}

hb_status hb_pending_register(hb_engine *e, const hb_pending *p, hb_error *err)
{
    bool existed = false;
    if (p->training) {
        return hb_store_add_run(e->s.store, p->closed->run, e->s.os->now(), &existed, err);
    }
    HB_TRY(hb_store_add_run_read(e->s.store, p->closed->run, (hb_str){p->reading.p, p->reading.n},
                                 e->s.os->now(), &existed, err));
    if (e->s.schema_text.n) {
        HB_TRY(hb_store_put_document(e->s.store, "telemetry_schema", e->s.schema_text, NULL, err));
    }
    hb_buf texts[3];
    for (size_t i = 0; i < 3; i++) {
        hb_buf_init(&texts[i], LINES_MAX_BYTES);
    }
    hb_status status = add_decision(e, p, texts, err);
    if (status == HB_OK && e->s.packs &&
        hb_daemon_wants_pack(e->s.config, p->decision->verdict == HB_VERDICT_FAIL)) {
        status = hb_pack_want(e->s.store, p->closed->run->meta.run_id, p->digest, e->s.config->name,
                              e->s.os->now(), err);
    }
    for (size_t i = 0; i < 3; i++) {
        hb_buf_release(&texts[i]);
    }
    return status;
}
