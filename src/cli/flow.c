/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/flow.h"

#include "base/mem.h"
#include "cli/flow_job.h"
#include "cli/globs.h"
#include "cli/govern_shared.h"
#include "cli/kept.h"
#include "cli/progress.h"
#include "cli/topics.h"
#include "config/node.h"
#include "crypto/digest.h"
#include "decide/decision_json.h"
#include "input/ingest.h"
#include "input/select/select.h"
#include "os/pool.h"
#include "report/report.h"
#include "store/documents.h"
#include "telemetry/factors.h"
#include "telemetry/run_meta.h"

#include <string.h>

enum { DECISION_MAX_BYTES = 256 << 20 };

const char *const hb_fail_on_words[] = {
    [HB_FAIL_ON_FAIL] = "fail", [HB_FAIL_ON_DRIFT] = "drift", [HB_FAIL_ON_NONE] = "none", NULL};

const char *const hb_evidence_words[] = {[HB_EVIDENCE_NEVER] = "never",
                                         [HB_EVIDENCE_ON_FAIL] = "on-fail",
                                         [HB_EVIDENCE_ALWAYS] = "always",
                                         NULL};

bool hb_evidence_wanted(hb_evidence_when when, hb_verdict v)
{
    return when == HB_EVIDENCE_ALWAYS || (when == HB_EVIDENCE_ON_FAIL && v == HB_VERDICT_FAIL);
}

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
    hb_buf_init(&f->reading, HB_DOCUMENT_MAX);
}

void hb_flow_release(hb_flow *f)
{
    hb_decision_free(f->decision);
    hb_equivalence_applied_release(&f->equivalences);
    if (f->selected) {
        hb_selection_release(&f->selection);
    }
    hb_run_free(f->pool);
    hb_run_free(f->run);
    hb_registry_free(f->registry);
    hb_buf_release(&f->json);
    hb_buf_release(&f->reading);
}

static hb_status keep_meta(hb_app *app, hb_str text, const char *path, hb_flow_job *j,
                           hb_error *err)
{
    HB_TRY(hb_digest_of(text.p, text.n, j->meta_sha256, err));
    j->meta_path = hb_arena_str(&app->arena, hb_str_of(path));
    return j->meta_path ? hb_kept_remember(app, "run_meta", text, j->meta_sha256, err)
                        : HB_NOMEM(err);
}

/* The run_meta file named, or the one in an artifact folder; for a baseline the other way round,
 * and the file named there, which is about the run under test, does not give it a name. */
static hb_status read_meta(hb_app *app, const hb_read_opts *o, hb_flow_job *j, hb_error *err)
{
    const hb_list files = j->files;
    hb_run_meta *ret = &j->meta;
    hb_run_meta_init(ret);
    char *beside = NULL;
    const char *path = o->run_meta;
    if ((!path || o->is_baseline) && files.n && hb_path_is_dir(app->os, files.v[0])) {
        HB_TRY(hb_path_join(files.v[0], "run_meta.json", &beside, err));
        path = hb_path_exists(app->os, beside) ? beside : path;
    }
    hb_status status = HB_OK;
    if (path) {
        char *text = NULL;
        size_t len = 0;
        status = hb_file_read(app->os, path, HB_YAML_MAX_BYTES, &text, &len, err);
        if (status == HB_OK) {
            status = hb_run_meta_parse((hb_str){text, len}, path, &app->arena, ret, err);
        }
        if (status == HB_OK) {
            status = keep_meta(app, (hb_str){text, len}, path, j, err);
        }
        if (o->is_baseline && path == o->run_meta) {
            ret->run_id = "";
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

static hb_status complete_meta(hb_app *app, const hb_read_opts *o, hb_run_meta *meta, hb_error *err)
{
    if (o->run_id && !*o->run_id) {
        return HB_FAIL(err, HB_E_USAGE, "--run-id is empty; leave it out or name the run");
    }
    take(&meta->run_id, o->is_baseline ? NULL : o->run_id);
    take(&meta->program, o->program);
    take(&meta->subsystem, o->subsystem);
    take(&meta->test_name, o->test_name);
    if (o->factors && !o->is_baseline && hb_factors_put_list(meta, &app->arena, o->factors, err)) {
        return hb_error_prefix(err, "--factor");
    }
    return *meta->run_id ? hb_run_id_check(hb_str_of(meta->run_id), err) : HB_OK;
}

static hb_status check_read_opts(const hb_read_opts *o, hb_error *err)
{
    if (o->day_first && o->month_first) {
        return HB_FAIL(err, HB_E_USAGE, "--day-first and --month-first exclude each other");
    }
    if (o->profile && o->source) {
        return HB_FAIL(err, HB_E_USAGE, "--profile and --source exclude each other");
    }
    return HB_OK;
}

/* `select` is what the options point at. */
static hb_ingest_options ingest_options(const hb_read_opts *o, const char *profiles,
                                        hb_select_options *select)
{
    *select = (hb_select_options){.columns = o->columns,
                                  .where = o->where,
                                  .time_range = o->time_range,
                                  .resample = o->resample};
    bool chosen = o->columns || o->where || o->time_range || o->resample;
    return (hb_ingest_options){
        .source = o->source,
        .profile_dir = profiles,
        .units = o->unit,
        .cycles = o->cycles,
        .sheet = o->sheet,
        .profile = o->profile,
        .order = o->day_first     ? HB_ORDER_DAY_FIRST
                 : o->month_first ? HB_ORDER_MONTH_FIRST
                                  : HB_ORDER_ASK,
        .member = o->part,
        .query = o->query,
        .table = o->table,
        .variable = o->variable,
        .program = "/proc/self/exe",
        .select = chosen ? select : NULL,
    };
}

hb_status hb_flow_groups(hb_app *app, const char *path, const hb_read_opts *o, const char *column,
                         hb_group_value **ret, size_t *ret_n, hb_error *err)
{
    const char *profiles = NULL;
    hb_select_options select;
    HB_TRY(check_read_opts(o, err));
    HB_TRY(hb_app_path(app, NULL, "profiles", &profiles, err));
    HB_TRY(hb_app_open_units(app, err));
    hb_ingest_options io = ingest_options(o, profiles, &select);
    io.threads = o->threads ? o->threads : hb_pool_processors();
    select.columns = NULL; /* the groups of the rows asked for, whatever else is taken of them */
    select.resample = NULL;
    return hb_input_groups(app->os, path, &io, column, app->units, &app->arena, ret, ret_n, err);
}

hb_status hb_flow_prepare(hb_app *app, hb_list files, const hb_read_opts *o,
                          hb_registry **io_registry, hb_flow_job *ret, hb_error *err)
{
    *ret = (hb_flow_job){.o = o, .threads = o->threads ? o->threads : hb_pool_processors()};
    HB_TRY(hb_globs_expand(app, files, &ret->files, err));
    HB_TRY(read_meta(app, o, ret, err));
    HB_TRY(complete_meta(app, o, &ret->meta, err));
    if (!*io_registry) {
        HB_TRY(hb_app_registry(app, ret->meta.program, ret->meta.context[HB_CONTEXT_OPERATING_MODE],
                               io_registry, err));
    }
    ret->registry = *io_registry;
    HB_TRY(hb_app_open_units(app, err));
    HB_TRY(check_read_opts(o, err));
    return hb_app_path(app, NULL, "profiles", &ret->profiles, err);
}

static hb_status ingest_files(hb_app *app, const hb_flow_job *j, hb_run_builder *b,
                              const char **ret_source, hb_error *err)
{
    for (size_t i = 0; i < j->files.n; i++) {
        hb_select_options select;
        hb_progress bar = hb_progress_start(app, hb_path_base(j->files.v[i]));
        hb_ingest_options io = ingest_options(j->o, j->profiles, &select);
        io.threads = j->threads;
        io.ambiguous_is_fine = j->readings != NULL;
        io.reading = j->readings ? j->readings[i] : NULL;
        io.progress = j->progress ? j->progress : hb_progress_bytes;
        io.progress_ctx = j->progress ? j->progress_ctx : &bar;
        hb_status status = hb_ingest(app->os, j->files.v[i], &io, b, ret_source, err);
        hb_progress_end(&bar);
        HB_TRY(status);
    }
    return HB_OK;
}

hb_status hb_flow_do(hb_app *app, const hb_flow_job *j, const hb_run *like, hb_run **ret_run,
                     hb_error *err)
{
    hb_run_builder *b = NULL;
    hb_run_meta meta = j->meta;
    const char *source = "";
    HB_TRY(hb_run_builder_new(j->registry, app->units, &b, err));
    hb_run_builder_units_like(b, like);
    hb_status status = ingest_files(app, j, b, &source, err);
    if (status == HB_OK) {
        meta.source_system = source;
        status = hb_run_builder_finish(b, &meta, ret_run, err);
    }
    hb_run_builder_free(b);
    return status;
}

hb_status hb_flow_read(hb_app *app, hb_list files, const hb_read_opts *o, const hb_run *like,
                       hb_registry **io_registry, hb_run **ret_run, hb_error *err)
{
    hb_flow_job j;
    HB_TRY(hb_flow_prepare(app, files, o, io_registry, &j, err));
    return hb_flow_do(app, &j, like, ret_run, err);
}

hb_status hb_flow_inspect(hb_app *app, hb_list files, const hb_read_opts *o,
                          struct hb_reading **readings, hb_registry **io_registry, hb_run **ret_run,
                          hb_error *err)
{
    hb_flow_job j;
    HB_TRY(hb_flow_prepare(app, files, o, io_registry, &j, err));
    j.readings = readings;
    return hb_flow_do(app, &j, NULL, ret_run, err);
}

hb_status hb_flow_decide(hb_flow *f, const hb_reference *reference, const hb_policy *policy,
                         hb_error *err)
{
    HB_TRY(hb_decide(f->run, reference, f->registry, policy, &f->decision, err));
    HB_TRY(hb_decision_json(f->decision, &f->json, err));
    return hb_digest_of(f->json.p, f->json.n, f->digest, err);
}

const char *const hb_flow_files[HB_FLOW_FILES] = {"decision.json", "drift_report.html",
                                                  "drift_report.json"};

/* Everything is computed before the first byte is written: signals wait while a stage is open. */
hb_status hb_flow_stage(hb_app *app, hb_flow *f, const char *target, hb_stage *stage, hb_error *err)
{
    hb_report_about about = {
        .version = HB_VERSION, .decided_at = app->os->now(), .decision_digest = f->digest};
    hb_buf page;
    hb_buf json;
    hb_buf_init(&page, HB_REPORT_MAX_BYTES);
    hb_buf_init(&json, HB_REPORT_MAX_BYTES);
    hb_status status = hb_report_html(f->decision, &about, &page, err);
    if (status == HB_OK) {
        status = hb_report_json(f->decision, &about, &json, err);
    }
    if (status == HB_OK) {
        status = hb_stage_open(stage, app->os, target, err);
    }
    const hb_buf *content[HB_FLOW_FILES] = {&f->json, &page, &json};
    for (size_t i = 0; i < HB_FLOW_FILES && status == HB_OK; i++) {
        status = hb_stage_write(stage, hb_flow_files[i], content[i]->p, content[i]->n, err);
    }
    hb_buf_release(&page);
    hb_buf_release(&json);
    return status;
}

hb_status hb_flow_set_report(hb_app *app, hb_flow *f, const char *folder, hb_error *err)
{
    char *page = NULL;
    HB_TRY(hb_path_join(folder, "drift_report.html", &page, err));
    f->report = hb_arena_str(&app->arena, hb_str_of(page));
    hb_free(page);
    return f->report ? HB_OK : HB_NOMEM(err);
}

/* The run_id becomes a path: checked once more, whatever the registry holds. */
static hb_status write_report(hb_app *app, hb_flow *f, hb_error *err)
{
    const char *reports = NULL;
    char *folder = NULL;
    HB_TRY(hb_run_id_check(hb_str_of(f->run->meta.run_id), err));
    HB_TRY(hb_app_reports_path(app, &reports, err));
    HB_TRY(hb_path_join(reports, f->run->meta.run_id, &folder, err));
    hb_stage stage = {0};
    hb_status status = hb_flow_stage(app, f, folder, &stage, err);
    if (status == HB_OK) { /* what people put beside a report stays */
        status = hb_path_is_dir(app->os, folder)
                     ? hb_stage_merge(&stage, folder, hb_flow_files, HB_FLOW_FILES, err)
                     : hb_stage_commit(&stage, err);
    }
    hb_stage_abort(&stage);
    if (status == HB_OK) {
        status = hb_flow_set_report(app, f, folder, err);
    }
    hb_free(folder);
    return status;
}

hb_status hb_flow_select(hb_app *app, hb_flow *f, const hb_flow_choice *choice, hb_error *err)
{
    const hb_select_ask ask = {.run = f->run,
                               .policy = &app->policy,
                               .registry = f->registry,
                               .baseline = choice->baseline,
                               .version = choice->version,
                               .with = choice->with.v,
                               .n_with = choice->with.n,
                               .now = app->os->now()};
    HB_TRY(hb_app_check_operators(app, err));
    HB_TRY(hb_app_check_config(app, HB_GOVERNED_REGISTRY, hb_registry_digest(f->registry), err));
    HB_TRY(hb_baseline_select(app->store, &ask, &f->selection, err));
    f->selected = true;
    return hb_flow_equivalences(app, f, &f->selection.reference, err);
}

hb_status hb_flow_equivalences(hb_app *app, hb_flow *f, hb_reference *reference, hb_error *err)
{
    HB_TRY(hb_app_load_equivalences(app, err));
    HB_TRY(hb_app_check_config(app, HB_GOVERNED_EQUIVALENCE, app->equivalences.digest, err));
    return hb_equivalence_apply(&app->equivalences, f->run, reference, &f->equivalences, err);
}

hb_status hb_flow_judge(hb_app *app, hb_flow *f, hb_error *err)
{
    HB_TRY(hb_flow_decide(f, &f->selection.reference, &app->policy, err));
    HB_TRY(hb_flow_store(app, f, err));
    return write_report(app, f, err);
}

hb_status hb_flow_draw_again(hb_app *app, hb_flow *f, const char *digest, bool *ret_same,
                             hb_error *err)
{
    HB_TRY(hb_flow_decide(f, &f->selection.reference, &app->policy, err));
    *ret_same = strcmp(f->digest, digest) == 0;
    return *ret_same ? write_report(app, f, err) : HB_OK;
}
