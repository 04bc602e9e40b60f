/* SPDX-License-Identifier: Apache-2.0 */
/* hb runs list, hb runs show: what the registry holds. */
#include "cli/app.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "cli/view_judged.h"
#include "cli/view_run.h"
#include "decide/decision.h"

#include "base/json_write.h"

typedef struct list_opts {
    const char *program;
    const char *subsystem;
    const char *test_name;
    const char *status;
    uint32_t limit;
} list_opts;

static void json_row(hb_json *j, const hb_run_row *r)
{
    char time[HB_TIME_TEXT];
    hb_time_print(r->created, time);
    hb_json_obj(j);
    hb_json_kc(j, "run_id", r->run_id);
    hb_json_kc(j, "status", r->status);
    hb_json_kc(j, "program", r->program);
    hb_json_kc(j, "subsystem", r->subsystem);
    hb_json_kc(j, "test_name", r->test_name);
    hb_json_kc(j, "baseline_run_id", r->baseline);
    hb_json_kc(j, "source_system", r->source_system);
    hb_json_kc(j, "created_at", time);
    hb_json_ku(j, "metrics", r->n_metrics);
    hb_json_kc(j, "digest", r->digest);
    hb_json_end(j);
}

static hb_status run_list(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    const list_opts *o = opts;
    hb_verdict v;
    if (o->status && !hb_verdict_from_name(o->status, &v)) {
        return HB_FAIL(err, HB_E_USAGE,
                       "--status must be PASS, PASS_WITH_DRIFT, FAIL or NO_TEST, got '%.40s'",
                       o->status);
    }
    (void)args;
    (void)ret_exit;
    hb_run_query q = {.program = o->program,
                      .subsystem = o->subsystem,
                      .test_name = o->test_name,
                      .status = o->status,
                      .limit = o->limit ? o->limit : 20};
    hb_run_row *rows = NULL;
    size_t n = 0;
    HB_TRY(hb_store_list_runs(app->store, &q, &app->arena, &rows, &n, err));
    if (app->common.json) {
        hb_json j;
        hb_json_init(&j, &app->out, HB_JSON_PRETTY);
        hb_json_obj(&j);
        hb_json_kc(&j, "format", "hb-runs/1");
        hb_json_key(&j, "runs");
        hb_json_arr(&j);
        for (size_t i = 0; i < n; i++) {
            json_row(&j, &rows[i]);
        }
        hb_json_end(&j);
        hb_json_end(&j);
        hb_buf_ch(&app->out, '\n');
        return hb_json_done(&j, err);
    }
    static const char *const head[] = {"RUN",       "VERDICT", "PROGRAM",
                                       "SUBSYSTEM", "TEST",    "REGISTERED"};
    hb_table_text t;
    hb_table_text_begin(&t, head, 6);
    for (size_t i = 0; i < n; i++) {
        char time[HB_TIME_TEXT];
        hb_time_print(rows[i].created - rows[i].created % 1000000000, time);
        const char *cells[] = {rows[i].run_id,    *rows[i].status ? rows[i].status : "not judged",
                               rows[i].program,   rows[i].subsystem,
                               rows[i].test_name, time};
        hb_table_text_row(&t, cells);
    }
    if (n == 0) {
        hb_say(app, "no runs are registered that match");
    }
    return hb_table_text_end(&t, &app->out, err);
}

static const hb_opt list_table[] = {
    {.name = "limit",
     .letter = 'n',
     .kind = HB_OPT_UINT,
     .offset = offsetof(list_opts, limit),
     .arg = "N",
     .help = "at most so many, newest first; default 20"},
    {.name = "program",
     .kind = HB_OPT_STRING,
     .offset = offsetof(list_opts, program),
     .arg = "NAME",
     .help = "only runs of this program"},
    {.name = "subsystem",
     .kind = HB_OPT_STRING,
     .offset = offsetof(list_opts, subsystem),
     .arg = "NAME",
     .help = "only runs of this subsystem"},
    {.name = "test-name",
     .kind = HB_OPT_STRING,
     .offset = offsetof(list_opts, test_name),
     .arg = "NAME",
     .help = "only runs of this test"},
    {.name = "status",
     .kind = HB_OPT_STRING,
     .offset = offsetof(list_opts, status),
     .arg = "VERDICT",
     .help = "only runs with this verdict"},
    {0},
};

const hb_cmd hb_cmd_runs_list = {
    .name = "runs list",
    .group = "Look into the registry",
    .summary = "the registered runs, newest first",
    .needs = HB_NEED_STORE,
    .opts = list_table,
    .opts_size = sizeof(list_opts),
    .details = "Shows each run's verdict as of its latest decision.",
    .example = "hb runs list --limit 5",
    .run = run_list,
};

static hb_status run_show(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    (void)opts;
    (void)ret_exit;
    hb_run *run = NULL;
    hb_judged judged;
    bool found = false;
    HB_TRY(hb_store_get_run(app->store, args.v[0], &run, err));
    hb_status status = hb_judged_of(app, run->meta.run_id, &judged, &found, err);
    if (status == HB_OK && app->common.json) {
        status = hb_view_run_json(run, found ? &judged : NULL, &app->out, err);
    } else if (status == HB_OK) {
        status = hb_view_run_text(run, &app->out, err);
        status = status == HB_OK && found ? hb_view_judged_text(&judged, &app->out, err) : status;
    }
    hb_run_free(run);
    return status;
}

const hb_cmd hb_cmd_runs_show = {
    .name = "runs show",
    .group = "Look into the registry",
    .summary = "one run: identity, context, files, metrics",
    .needs = HB_NEED_STORE,
    .min_args = 1,
    .max_args = 1,
    .args = "RUN",
    .details = "Every figure that was kept of the run, with counts of what could not be used.",
    .example = "hb runs show monday-1",
    .run = run_show,
};
