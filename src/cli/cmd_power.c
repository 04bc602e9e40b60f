/* SPDX-License-Identifier: Apache-2.0 */
/* hb power: what runs to come would find against a baseline, and how many it takes. */
#include "cli/app.h"
#include "cli/baseline_shared.h"
#include "cli/commands.h"
#include "cli/view_power.h"

#include "baseline/select.h"
#include "report/power.h"
#include "report/report.h"
#include "store/versions.h"

#include <stdio.h>
#include <string.h>

typedef struct power_opts {
    const char *program;
    const char *subsystem;
    const char *test_name;
    const char *tag;
    const char *version;
    uint32_t runs;
    double shift;
    double target_power;
    hb_list metric;
    const char *html;
} power_opts;

typedef struct power_work {
    hb_run *run; /* newest of the test */
    hb_registry *registry;
    hb_policy policy; /* the app's, with a tag in place of its strategy; owns nothing */
    hb_selection selection;
    bool selected;
    hb_power_plan plan;
    bool planned;
    char set_is[200];
} power_work;

static hb_status check(const power_opts *o, hb_error *err)
{
    if (o->tag && o->version) {
        return HB_FAIL(err, HB_E_USAGE, "--tag and --version exclude each other");
    }
    if (o->target_power >= 1) {
        return HB_FAIL(err, HB_E_USAGE, "--target-power must be a share below 1, as 0.8, got '%g'",
                       o->target_power);
    }
    return HB_OK;
}

/* The test of a version is the one it was made for. */
static hb_status narrow(hb_app *app, const power_opts *o, hb_run_query *q, const char **ret_version,
                        hb_error *err)
{
    *ret_version = NULL;
    if (!o->version) {
        return HB_OK;
    }
    hb_version_row row;
    HB_TRY(hb_store_get_version(app->store, o->version, &app->arena, &row, err));
    const hb_test_opts test = {o->program, o->subsystem, o->test_name};
    HB_TRY(hb_baseline_is_of_test(&row, &test, err));
    q->program = row.program;
    q->subsystem = row.subsystem;
    q->test_name = row.test_name;
    *ret_version = row.version;
    return HB_OK;
}

static hb_status newest(hb_app *app, const hb_run_query *q, hb_run **ret_run, hb_error *err)
{
    hb_run_row *rows = NULL;
    size_t n = 0;
    HB_TRY(hb_store_list_runs(app->store, q, &app->arena, &rows, &n, err));
    if (n == 0) {
        return HB_FAIL(err, HB_E_STORE,
                       "no run is registered that matches; hb runs list shows what there is, hb "
                       "ingest FILE registers a run");
    }
    return hb_store_get_run(app->store, rows[0].run_id, ret_run, err);
}

static hb_status choose(hb_app *app, const power_opts *o, power_work *w, const char *version,
                        hb_error *err)
{
    w->policy = app->policy;
    if (o->tag) {
        w->policy.strategy = HB_STRATEGY_TAG;
        w->policy.tag = o->tag;
    }
    hb_select_ask ask = {.run = w->run,
                         .policy = &w->policy,
                         .registry = w->registry,
                         .version = version,
                         .now = app->os->now()};
    HB_TRY(hb_baseline_select(app->store, &ask, &w->selection, err));
    w->selected = true;
    const hb_reference *r = &w->selection.reference;
    if (!r->set || ((o->tag || version) && !r->run)) {
        return HB_FAIL(err, HB_E_STORE, "there is no baseline for the test of run '%s': %s",
                       w->run->meta.run_id, *r->warning ? r->warning : r->reason);
    }
    if (*r->set->version) {
        snprintf(w->set_is, sizeof w->set_is, "baseline version %.80s", r->set->version);
    } else {
        snprintf(w->set_is, sizeof w->set_is, "as for run %.128s%s%.40s", w->run->meta.run_id,
                 r->run ? "" : "; no baseline: ", r->run ? "" : r->reason);
    }
    return HB_OK;
}

static hb_status check_names(const power_opts *o, const hb_run_set *set, hb_error *err)
{
    for (size_t i = 0; i < o->metric.n; i++) {
        if (!hb_run_set_metric(set, o->metric.v[i])) {
            return HB_FAIL(err, HB_E_USAGE,
                           "--metric: no run of the baseline has a metric '%.80s'; hb runs show "
                           "RUN lists them",
                           o->metric.v[i]);
        }
    }
    return HB_OK;
}

static hb_status write_page(hb_app *app, const power_opts *o, const power_work *w, hb_error *err)
{
    hb_buf page;
    hb_buf_init(&page, HB_REPORT_MAX_BYTES);
    hb_status status = hb_report_power(&w->plan, HB_VERSION, &page, err);
    if (status == HB_OK) {
        status = hb_file_write_atomic(app->os, o->html, page.p, page.n, 0666, err);
    }
    hb_buf_release(&page);
    if (status == HB_OK) {
        hb_say(app, "page written to %s", o->html);
    }
    return status;
}

static hb_status power(hb_app *app, const power_opts *o, power_work *w, hb_error *err)
{
    const char *version = NULL;
    hb_run_query q = {
        .program = o->program, .subsystem = o->subsystem, .test_name = o->test_name, .limit = 1};
    HB_TRY(check(o, err));
    HB_TRY(narrow(app, o, &q, &version, err));
    HB_TRY(newest(app, &q, &w->run, err));
    HB_TRY(hb_app_registry(app, w->run->meta.program,
                           w->run->meta.context[HB_CONTEXT_OPERATING_MODE], &w->registry, err));
    HB_TRY(choose(app, o, w, version, err));
    HB_TRY(check_names(o, w->selection.reference.set, err));
    const hb_prior *prior = w->selection.reference.prior;
    hb_power_ask ask = {.set = w->selection.reference.set,
                        .run = w->run,
                        .registry = w->registry,
                        .policy = &w->policy,
                        .dual = prior && prior->early,
                        .m = o->runs ? o->runs : 1,
                        .shift = {.set = o->shift > 0, .v = o->shift},
                        .power = o->target_power > 0 ? o->target_power : 0.8};
    HB_TRY(hb_power_plan_make(&ask, &w->plan, err));
    w->planned = true;
    if (o->html) {
        HB_TRY(write_page(app, o, w, err));
    }
    hb_power_view view = {.plan = &w->plan,
                          .run = w->run,
                          .set_is = w->set_is,
                          .names = o->metric.v,
                          .n_names = o->metric.n};
    return app->common.json ? hb_view_power_json(&view, &app->out, err)
                            : hb_view_power_text(&view, &app->out, err);
}

static hb_status run_power(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                           hb_error *err)
{
    (void)args;
    (void)ret_exit;
    power_work w = {0};
    hb_status status = power(app, opts, &w, err);
    if (w.planned) {
        hb_power_plan_release(&w.plan);
    }
    if (w.selected) {
        hb_selection_release(&w.selection);
    }
    hb_registry_free(w.registry);
    hb_run_free(w.run);
    return status;
}

static const hb_opt table[] = {
    {.name = "program",
     .kind = HB_OPT_STRING,
     .offset = offsetof(power_opts, program),
     .arg = "NAME",
     .help = "the test is one of this program"},
    {.name = "subsystem",
     .kind = HB_OPT_STRING,
     .offset = offsetof(power_opts, subsystem),
     .arg = "NAME",
     .help = "… of this subsystem"},
    {.name = "test-name",
     .kind = HB_OPT_STRING,
     .offset = offsetof(power_opts, test_name),
     .arg = "NAME",
     .help = "… of this name; default: the test of the newest run"},
    {.name = "tag",
     .letter = 't',
     .kind = HB_OPT_STRING,
     .offset = offsetof(power_opts, tag),
     .arg = "TAG",
     .help = "the baseline a tag points at; default: as the policy chooses"},
    {.name = "version",
     .kind = HB_OPT_STRING,
     .offset = offsetof(power_opts, version),
     .arg = "VERSION",
     .help = "a baseline version (hb baseline versions)"},
    {.name = "runs",
     .kind = HB_OPT_UINT,
     .offset = offsetof(power_opts, runs),
     .arg = "N",
     .max = HB_POWER_NEW_RUNS_MAX,
     .help = "new runs that will be judged together (--with); default 1"},
    {.name = "shift",
     .kind = HB_OPT_F64,
     .offset = offsetof(power_opts, shift),
     .arg = "X",
     .help = "shift to be found, in the metric's unit; default: its min_effect, else 2 "
             "standard deviations"},
    {.name = "target-power",
     .kind = HB_OPT_F64,
     .offset = offsetof(power_opts, target_power),
     .arg = "SHARE",
     .help = "how surely it is to be found; default 0.8"},
    {.name = "metric",
     .letter = 'm',
     .kind = HB_OPT_LIST,
     .offset = offsetof(power_opts, metric),
     .arg = "NAME",
     .help = "show these metrics only, with curves of the first"},
    {.name = "html",
     .kind = HB_OPT_STRING,
     .offset = offsetof(power_opts, html),
     .arg = "FILE",
     .help = "write the same as a page with plots"},
    {0},
};

const hb_cmd hb_cmd_power = {
    .name = "power",
    .group = "Baselines",
    .summary = "what runs to come would find, and how many it takes",
    .needs = HB_NEED_POLICY | HB_NEED_STORE,
    .opts = table,
    .opts_size = sizeof(power_opts),
    .details = "For each metric of a baseline: the run-to-run standard deviation, the\n"
               "smallest shift that would be found, the power of finding a target, how many\n"
               "baseline or new runs would find it as surely as wanted, and the power of\n"
               "showing equivalence within min_effect. The level is that of a decision: all\n"
               "metrics share one false-alarm budget. Nothing is judged or stored.",
    .example = "hb power --runs 3",
    .run = run_power,
};
