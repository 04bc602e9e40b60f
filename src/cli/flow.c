/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/flow.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "cli/progress.h"
#include "cli/topics.h"
#include "config/node.h"
#include "crypto/digest.h"
#include "decide/decision_json.h"
#include "input/ingest.h"
#include "report/report.h"
#include "telemetry/run_meta.h"

#include <string.h>

enum { DECISION_MAX_BYTES = 256 << 20, COMPARABLE_MAX_BYTES = 16384 };

const char *const hb_fail_on_words[] = {
    [HB_FAIL_ON_FAIL] = "fail", [HB_FAIL_ON_DRIFT] = "drift", [HB_FAIL_ON_NONE] = "none", NULL};

int hb_verdict_exit(hb_verdict v, int fail_on)
{
    if (fail_on == HB_FAIL_ON_NONE || v == HB_VERDICT_PASS) {
        return 0;
    }
    if (v == HB_VERDICT_FAIL) {
        return HB_EXIT_FAIL;
    }
    return fail_on == HB_FAIL_ON_DRIFT ? HB_EXIT_DRIFT : 0;
}

void hb_flow_init(hb_flow *f)
{
    *f = (hb_flow){.report = ""};
    hb_buf_init(&f->json, DECISION_MAX_BYTES);
}

void hb_flow_release(hb_flow *f)
{
    hb_decision_free(f->decision);
    if (f->selected) {
        hb_selection_release(&f->selection);
    }
    hb_run_free(f->pool);
    hb_run_free(f->run);
    hb_registry_free(f->registry);
    hb_buf_release(&f->json);
}

/* The run_meta file named, or the one in an artifact folder. */
static hb_status read_meta(hb_app *app, hb_list files, const hb_read_opts *o, hb_run_meta *ret,
                           hb_error *err)
{
    hb_run_meta_init(ret);
    char *beside = NULL;
    const char *path = o->run_meta;
    if (!path && files.n && hb_path_is_dir(app->os, files.v[0])) {
        HB_TRY(hb_path_join(files.v[0], "run_meta.json", &beside, err));
        path = hb_path_exists(app->os, beside) ? beside : NULL;
    }
    hb_status status = HB_OK;
    if (path) {
        char *text = NULL;
        size_t len = 0;
        status = hb_file_read(app->os, path, HB_YAML_MAX_BYTES, &text, &len, err);
        if (status == HB_OK) {
            status = hb_run_meta_parse((hb_str){text, len}, path, &app->arena, ret, err);
        }
        hb_free(text);
    }
    hb_free(beside);
    return status;
}

static void take(const char **to, const char *given)
{
    *to = given ? given : *to;
}

static hb_status complete_meta(const hb_read_opts *o, hb_run_meta *meta, hb_error *err)
{
    take(&meta->run_id, o->run_id);
    take(&meta->program, o->program);
    take(&meta->subsystem, o->subsystem);
    take(&meta->test_name, o->test_name);
    return *meta->run_id ? hb_run_id_check(hb_str_of(meta->run_id), err) : HB_OK;
}

static hb_status ingest_files(hb_app *app, hb_list files, const hb_read_opts *o, hb_run_builder *b,
                              const char **ret_source, hb_error *err)
{
    const char *profiles = NULL;
    HB_TRY(hb_app_path(app, NULL, "profiles", &profiles, err));
    for (size_t i = 0; i < files.n; i++) {
        hb_progress bar = hb_progress_start(app, hb_path_base(files.v[i]));
        hb_ingest_options io = {.source = o->source,
                                .profile_dir = profiles,
                                .units = o->unit,
                                .cycles = o->cycles,
                                .sheet = o->sheet,
                                .progress = hb_progress_bytes,
                                .progress_ctx = &bar};
        hb_status status = hb_ingest(app->os, files.v[i], &io, b, ret_source, err);
        hb_progress_end(&bar);
        HB_TRY(status);
    }
    return HB_OK;
}

hb_status hb_flow_read(hb_app *app, hb_list files, const hb_read_opts *o, const hb_run *like,
                       hb_registry **io_registry, hb_run **ret_run, hb_error *err)
{
    hb_run_meta meta;
    HB_TRY(read_meta(app, files, o, &meta, err));
    HB_TRY(complete_meta(o, &meta, err));
    if (!*io_registry) {
        HB_TRY(hb_app_registry(app, meta.program, meta.context[HB_CONTEXT_OPERATING_MODE],
                               io_registry, err));
    }
    HB_TRY(hb_app_open_units(app, err));
    hb_run_builder *b = NULL;
    const char *source = "";
    HB_TRY(hb_run_builder_new(*io_registry, app->units, &b, err));
    hb_run_builder_units_like(b, like);
    hb_status status = ingest_files(app, files, o, b, &source, err);
    if (status == HB_OK) {
        meta.source_system = source;
        status = hb_run_builder_finish(b, &meta, ret_run, err);
    }
    hb_run_builder_free(b);
    return status;
}

hb_status hb_flow_register(hb_app *app, hb_flow *f, hb_error *err)
{
    bool existed = false;
    HB_TRY(hb_store_add_run(app->store, f->run, app->os->now(), &existed, err));
    if (existed) {
        hb_say(app, "hb: run %s was registered before, with the same content\n",
               f->run->meta.run_id);
    }
    return HB_OK;
}

hb_status hb_flow_decide(hb_flow *f, const hb_reference *reference, const hb_policy *policy,
                         hb_error *err)
{
    HB_TRY(hb_decide(f->run, reference, f->registry, policy, &f->decision, err));
    HB_TRY(hb_decision_json(f->decision, &f->json, err));
    return hb_digest_of(f->json.p, f->json.n, f->digest, err);
}

static hb_status store_decision(hb_app *app, const hb_flow *f, hb_error *err)
{
    const hb_reference *r = f->decision->reference;
    hb_buf comparable;
    hb_buf_init(&comparable, COMPARABLE_MAX_BYTES);
    for (size_t i = 0; i < r->n_comparable; i++) {
        hb_buf_fmt(&comparable, "%s%s", i ? "\n" : "", r->comparable[i]);
    }
    hb_status status = hb_buf_check(&comparable, err);
    hb_decision_row row = {
        .run_id = f->run->meta.run_id,
        .status = hb_verdict_name(f->decision->verdict),
        .baseline_run_id = r->n_run_ids ? r->run_ids[0] : "",
        .baseline_reason = r->reason,
        .match_level = hb_match_name(r->level),
        .match_score = r->score,
        .match_possible = r->possible,
        .registry_digest = hb_registry_digest(f->registry),
        .policy_digest = app->policy.digest,
        .engine_version = HB_VERSION,
        .comparable = comparable.p,
        .json = f->json.p,
        .json_len = f->json.n,
        .digest = f->digest,
        .decided_at = app->os->now(),
    };
    if (status == HB_OK) {
        status = hb_store_add_decision(app->store, &row, err);
    }
    hb_buf_release(&comparable);
    return status;
}

static hb_status put_rendered(hb_buf *b, hb_status status, hb_put_file put, void *ctx,
                              const char *name, hb_error *err)
{
    if (status == HB_OK) {
        status = put(ctx, name, b->p, b->n, err);
    }
    hb_buf_clear(b);
    return status;
}

hb_status hb_flow_render(hb_app *app, hb_flow *f, hb_put_file put, void *ctx, hb_error *err)
{
    hb_report_about about = {
        .version = HB_VERSION, .decided_at = app->os->now(), .decision_digest = f->digest};
    hb_buf b;
    hb_buf_init(&b, HB_REPORT_MAX_BYTES);
    hb_status status = put_rendered(&b, hb_report_html(f->decision, &about, &b, err), put, ctx,
                                    "drift_report.html", err);
    if (status == HB_OK) {
        status = put_rendered(&b, hb_report_json(f->decision, &about, &b, err), put, ctx,
                              "drift_report.json", err);
    }
    if (status == HB_OK) {
        status = put(ctx, "decision.json", f->json.p, f->json.n, err);
    }
    hb_buf_release(&b);
    return status;
}

static hb_status put_staged(void *ctx, const char *name, const void *p, size_t n, hb_error *err)
{
    return hb_stage_write(ctx, name, p, n, err);
}

static hb_status write_report(hb_app *app, hb_flow *f, hb_error *err)
{
    const char *reports = NULL;
    char *folder = NULL;
    char *page = NULL;
    HB_TRY(hb_app_reports_path(app, &reports, err));
    HB_TRY(hb_path_join(reports, f->run->meta.run_id, &folder, err));
    hb_stage stage = {0};
    hb_status status = hb_stage_open(&stage, app->os, folder, err);
    if (status == HB_OK) {
        status = hb_flow_render(app, f, put_staged, &stage, err);
    }
    if (status == HB_OK) {
        status = hb_stage_commit(&stage, err);
    }
    hb_stage_abort(&stage);
    if (status == HB_OK) {
        status = hb_path_join(folder, "drift_report.html", &page, err);
    }
    if (status == HB_OK) {
        f->report = hb_arena_str(&app->arena, hb_str_of(page));
        status = f->report ? HB_OK : HB_NOMEM(err);
    }
    hb_free(page);
    hb_free(folder);
    return status;
}

hb_status hb_flow_analyze(hb_app *app, hb_flow *f, const char *baseline, hb_error *err)
{
    HB_TRY(hb_baseline_select(app->store, f->run, &app->policy, baseline,
                              hb_registry_digest(f->registry), &f->selection, err));
    f->selected = true;
    HB_TRY(hb_flow_decide(f, &f->selection.reference, &app->policy, err));
    HB_TRY(store_decision(app, f, err));
    return write_report(app, f, err);
}

static void opt(hb_json *j, const char *key, hb_opt_f64 v)
{
    if (v.set) {
        hb_json_kf(j, key, v.v);
    }
}

static hb_status print_json(hb_app *app, const hb_flow *f, hb_error *err)
{
    const hb_decision *d = f->decision;
    const hb_reference *r = d->reference;
    hb_json j;
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "status", hb_verdict_name(d->verdict));
    hb_json_kc(&j, "run_id", f->run->meta.run_id);
    hb_json_key(&j, "baseline_run_id");
    hb_json_c(&j, r->n_run_ids ? r->run_ids[0] : NULL);
    hb_json_kc(&j, "baseline_reason", r->reason);
    hb_json_kc(&j, "baseline_match_level", hb_match_name(r->level));
    hb_json_kc(&j, "reason", d->reason);
    hb_json_kc(&j, "what_to_do_next", d->what_to_do);
    hb_json_ku(&j, "metrics_compared", d->n_comparisons);
    hb_json_ku(&j, "metrics_checked", d->n_checked);
    hb_json_key(&j, "findings");
    hb_json_arr(&j);
    for (size_t i = 0; i < d->n_findings; i++) {
        const hb_finding *x = &d->findings[i];
        hb_json_obj(&j);
        hb_json_kc(&j, "metric", x->metric);
        hb_json_kc(&j, "rule", hb_rule_name(x->rule));
        hb_json_kc(&j, "severity", hb_severity_name(x->severity));
        opt(&j, "baseline", x->baseline);
        opt(&j, "current", x->current);
        opt(&j, "limit", x->limit);
        opt(&j, "observed", x->observed);
        hb_json_kf(&j, "excess", x->excess);
        hb_json_kc(&j, "text", x->text);
        hb_json_end(&j);
    }
    hb_json_end(&j);
    hb_json_kc(&j, "report", f->report);
    hb_json_kc(&j, "decision_sha256", f->digest);
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

hb_status hb_flow_print(hb_app *app, const hb_flow *f, hb_error *err)
{
    if (app->common.json) {
        return print_json(app, f, err);
    }
    HB_TRY(hb_report_text(f->decision, app->colour_out, &app->out, err));
    if (*f->report) {
        hb_buf_fmt(&app->out, "report: %s\n", f->report);
    }
    return hb_buf_check(&app->out, err);
}
