/* SPDX-License-Identifier: Apache-2.0 */
/* hb qualify: faults of growing size put into the baseline's own runs, and from which size on the
 * shipped decision finds them. */
#include "cli/app.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/view_qualify.h"

#include "base/mem.h"
#include "baseline/run_set.h"
#include "baseline/select.h"
#include "report/report.h"
#include "store/versions.h"

#include <stdio.h>
#include <string.h>

enum { TRIALS = 2, SEED = 1 };

typedef struct qualify_opts {
    const char *program;
    const char *subsystem;
    const char *test_name;
    const char *tag;
    const char *version;
    hb_list metric;
    hb_list fault;
    uint32_t trials;
    uint32_t seed;
    const char *out;
} qualify_opts;

typedef struct qualify_work {
    hb_app *app;
    const qualify_opts *o;
    hb_run *newest;
    hb_registry *registry;
    hb_policy policy; /* the app's, with a tag in place of its strategy; owns nothing */
    const char *version;
    const char **ids; /* to be held back, oldest first; in the app's arena */
    size_t n_ids;
    hb_run_set set;
    bool loaded;
    hb_qualifier *q;
    hb_qualify_skipped *skipped; /* in the app's arena */
    size_t n_skipped;
    hb_progress bar;
    size_t done;
    char set_is[200];
} qualify_work;

static hb_status check(const qualify_opts *o, bool faults[HB_FAULT_COUNT_], hb_error *err)
{
    if (o->tag && o->version) {
        return HB_FAIL(err, HB_E_USAGE, "--tag and --version exclude each other");
    }
    for (unsigned f = 0; f < HB_FAULT_COUNT_; f++) {
        faults[f] = o->fault.n == 0;
    }
    for (size_t i = 0; i < o->fault.n; i++) {
        hb_fault f = HB_FAULT_COUNT_;
        if (!hb_fault_from_name(o->fault.v[i], &f)) {
            return HB_FAIL(err, HB_E_USAGE,
                           "--fault: '%.40s' is none; there are shift, ramp, spread, spike, stuck, "
                           "dropout and lag",
                           o->fault.v[i]);
        }
        faults[f] = true;
    }
    return HB_OK;
}

/* The test of a version is the one it was made for; its runs are the ones held back. */
static hb_status narrow(qualify_work *w, hb_run_query *q, hb_version_row *ret_row, hb_error *err)
{
    const qualify_opts *o = w->o;
    if (!o->version) {
        return HB_OK;
    }
    HB_TRY(hb_store_get_version(w->app->store, o->version, &w->app->arena, ret_row, err));
    bool other = (o->program && strcmp(o->program, ret_row->program) != 0) ||
                 (o->subsystem && strcmp(o->subsystem, ret_row->subsystem) != 0) ||
                 (o->test_name && strcmp(o->test_name, ret_row->test_name) != 0);
    if (other) {
        return HB_FAIL(err, HB_E_USAGE,
                       "baseline version '%s' belongs to program '%s', subsystem '%s', test '%s'",
                       ret_row->version, ret_row->program, ret_row->subsystem, ret_row->test_name);
    }
    q->program = ret_row->program;
    q->subsystem = ret_row->subsystem;
    q->test_name = ret_row->test_name;
    w->version = ret_row->version;
    return HB_OK;
}

static hb_status newest(qualify_work *w, const hb_run_query *q, hb_error *err)
{
    hb_run_row *rows = NULL;
    size_t n = 0;
    HB_TRY(hb_store_list_runs(w->app->store, q, &w->app->arena, &rows, &n, err));
    if (n == 0) {
        return HB_FAIL(err, HB_E_STORE,
                       "no run is registered that matches; hb runs list shows what there is, hb "
                       "ingest FILE registers a run");
    }
    return hb_store_get_run(w->app->store, rows[0].run_id, &w->newest, err);
}

static hb_status keep_ids(qualify_work *w, const hb_run_set *set, hb_error *err)
{
    hb_arena *arena = &w->app->arena;
    w->ids = hb_arena_array(arena, set->n_runs + 1, sizeof *w->ids);
    for (size_t i = 0; w->ids && i < set->n_runs; i++) {
        w->ids[w->n_ids++] = hb_arena_str(arena, hb_str_of(set->runs[i].run_id));
        if (!w->ids[i]) {
            return HB_NOMEM(err);
        }
    }
    return w->ids ? HB_OK : HB_NOMEM(err);
}

/* As hb power chooses: what the newest run of the test is or would be judged against. */
static hb_status choose(qualify_work *w, hb_error *err)
{
    const qualify_opts *o = w->o;
    w->policy = w->app->policy;
    if (o->tag) {
        w->policy.strategy = HB_STRATEGY_TAG;
        w->policy.tag = o->tag;
    }
    hb_select_ask ask = {.run = w->newest,
                         .policy = &w->policy,
                         .registry = w->registry,
                         .version = w->version,
                         .now = w->app->os->now()};
    hb_selection sel;
    HB_TRY(hb_baseline_select(w->app->store, &ask, &sel, err));
    const hb_reference *r = &sel.reference;
    hb_status status = HB_OK;
    if (!r->set || (o->tag && !r->run)) {
        status = HB_FAIL(err, HB_E_STORE, "there is no baseline for the test of run '%s': %s",
                         w->newest->meta.run_id, *r->warning ? r->warning : r->reason);
    } else {
        status = keep_ids(w, r->set, err);
        if (*r->set->version) {
            snprintf(w->set_is, sizeof w->set_is, "baseline version %.80s", r->set->version);
        } else {
            snprintf(w->set_is, sizeof w->set_is, "as for run %.128s", w->newest->meta.run_id);
        }
    }
    hb_selection_release(&sel);
    return status;
}

/* All of the version's runs, also one that is the newest of its test. */
static void take_version(qualify_work *w, const hb_version_row *row)
{
    w->ids = row->run_ids;
    w->n_ids = row->n_runs;
    snprintf(w->set_is, sizeof w->set_is, "baseline version %.80s", row->version);
}

static hb_status load_set(qualify_work *w, hb_error *err)
{
    size_t least = (size_t)w->policy.n_min + 1;
    if (w->n_ids < least) {
        return HB_FAIL(err, HB_E_STORE,
                       "the baseline (%s) has %zu run%s; to hold one back and test it against "
                       "n_min = %u others it takes %zu: register and judge more runs of the test, "
                       "or name a larger baseline with --version",
                       w->set_is, w->n_ids, w->n_ids == 1 ? "" : "s", w->policy.n_min, least);
    }
    hb_run_set_ask ask = {.run = w->newest,
                          .registry = w->registry,
                          .kind = w->version ? "version" : "comparable",
                          .version = w->version};
    HB_TRY(hb_run_set_load(w->app->store, &ask, w->ids, w->n_ids, &w->set, NULL, err));
    w->loaded = true;
    for (size_t i = 0; i < w->o->metric.n; i++) {
        if (!hb_run_set_metric(&w->set, w->o->metric.v[i])) {
            return HB_FAIL(err, HB_E_USAGE,
                           "--metric: no run of the baseline has a metric '%.80s'; hb runs show "
                           "RUN lists them",
                           w->o->metric.v[i]);
        }
    }
    return HB_OK;
}

static bool stop(void *ctx, double share)
{
    qualify_work *w = ctx;
    char text[40];
    snprintf(text, sizeof text, "run %zu of %zu", w->done + 1, w->n_ids);
    hb_progress_share(&w->bar, ((double)w->done + share) / (double)w->n_ids, text);
    return hb_term_stop_wanted() != 0;
}

static hb_status hold_back(qualify_work *w, const hb_run *run, bool *ret_stopped, hb_error *err)
{
    hb_select_ask ask = {.run = run,
                         .policy = &w->policy,
                         .registry = w->registry,
                         .version = w->version,
                         .now = w->app->os->now()};
    hb_selection sel;
    hb_status status = HB_OK;
    HB_TRY(hb_baseline_select(w->app->store, &ask, &sel, err));
    if (sel.reference.run && sel.reference.set) {
        status = hb_qualifier_run(w->q, run, &sel.reference, ret_stopped, err);
    } else {
        const char *reason = hb_arena_str(&w->app->arena, hb_str_of(sel.reference.reason));
        w->skipped[w->n_skipped++] =
            (hb_qualify_skipped){.run_id = w->ids[w->done], .reason = reason};
        status = reason ? HB_OK : HB_NOMEM(err);
    }
    hb_selection_release(&sel);
    return status;
}

static hb_status hold_back_all(qualify_work *w, bool *ret_stopped, hb_error *err)
{
    w->skipped = hb_arena_array(&w->app->arena, w->n_ids, sizeof *w->skipped);
    if (!w->skipped) {
        return HB_NOMEM(err);
    }
    for (; w->done < w->n_ids && !*ret_stopped; w->done++) {
        hb_run *run = NULL;
        HB_TRY(hb_store_get_run(w->app->store, w->ids[w->done], &run, err));
        hb_status status = hold_back(w, run, ret_stopped, err);
        hb_run_free(run);
        HB_TRY(status);
        *ret_stopped = *ret_stopped || (hb_term_stop_wanted() && w->done + 1 < w->n_ids);
    }
    return HB_OK;
}

static hb_status write_one(hb_app *app, const char *dir, const char *name, const hb_buf *text,
                           hb_error *err)
{
    char *path = NULL;
    HB_TRY(hb_path_join(dir, name, &path, err));
    hb_status status = hb_file_write_atomic(app->os, path, text->p, text->n, 0666, err);
    if (status == HB_OK) {
        hb_say(app, "written: %s", path);
    }
    hb_free(path);
    return status;
}

static hb_status write_files(qualify_work *w, const hb_qualify_about *a, hb_error *err)
{
    hb_buf json;
    hb_buf page;
    hb_buf_init(&json, HB_REPORT_MAX_BYTES);
    hb_buf_init(&page, HB_REPORT_MAX_BYTES);
    hb_status status = hb_dir_make(w->app->os, w->o->out, err);
    if (status == HB_OK) {
        status = hb_report_qualify_json(a, &json, err);
    }
    if (status == HB_OK) {
        status = hb_report_qualify(a, &page, err);
    }
    if (status == HB_OK) {
        status = write_one(w->app, w->o->out, "qualify.json", &json, err);
    }
    if (status == HB_OK) {
        status = write_one(w->app, w->o->out, "qualify.html", &page, err);
    }
    hb_buf_release(&json);
    hb_buf_release(&page);
    return status;
}

static hb_status show(qualify_work *w, bool partial, hb_error *err)
{
    hb_qualification result;
    HB_TRY(hb_qualifier_finish(w->q, &result, err));
    hb_qualify_about about = {.q = &result,
                              .set = &w->set,
                              .test = &w->newest->meta,
                              .set_is = w->set_is,
                              .version = HB_VERSION,
                              .skipped = w->skipped,
                              .n_skipped = w->n_skipped,
                              .partial = partial,
                              .seed = w->o->seed ? w->o->seed : SEED,
                              .trials = w->o->trials ? w->o->trials : TRIALS};
    if (w->o->out) {
        HB_TRY(write_files(w, &about, err));
    }
    return w->app->common.json ? hb_report_qualify_json(&about, &w->app->out, err)
                               : hb_view_qualify_text(&about, &w->app->out, err);
}

static hb_status qualify(qualify_work *w, int *ret_exit, hb_error *err)
{
    const qualify_opts *o = w->o;
    hb_run_query query = {
        .program = o->program, .subsystem = o->subsystem, .test_name = o->test_name, .limit = 1};
    hb_version_row row = {0};
    hb_qualify_ask ask = {.set = &w->set,
                          .policy = &w->policy,
                          .seed = o->seed ? o->seed : SEED,
                          .trials = o->trials ? o->trials : TRIALS,
                          .metrics = o->metric.v,
                          .n_metrics = o->metric.n,
                          .stop = stop,
                          .ctx = w};
    HB_TRY(check(o, ask.faults, err));
    HB_TRY(narrow(w, &query, &row, err));
    HB_TRY(newest(w, &query, err));
    HB_TRY(hb_app_registry(w->app, w->newest->meta.program,
                           w->newest->meta.context[HB_CONTEXT_OPERATING_MODE], &w->registry, err));
    HB_TRY(choose(w, err));
    if (w->version) {
        take_version(w, &row);
    }
    HB_TRY(load_set(w, err));
    ask.registry = w->registry;
    HB_TRY(hb_qualifier_new(&ask, &w->q, err));
    hb_term_stop_gently(); /* the runs that were held back until then are kept */
    bool stopped = false;
    w->bar = hb_progress_start(w->app, "qualifying");
    hb_status status = hold_back_all(w, &stopped, err);
    hb_progress_end(&w->bar);
    HB_TRY(status);
    *ret_exit = hb_term_stop_wanted();
    if (w->n_skipped == w->n_ids) {
        return HB_FAIL(
            err, HB_E_STORE,
            "none of the %zu runs can be held back: without it there is no baseline "
            "(%s); make a baseline version of them (hb baseline create) and name it with "
            "--version",
            w->n_ids, w->skipped[0].reason);
    }
    return show(w, stopped, err);
}

static hb_status run_qualify(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                             hb_error *err)
{
    (void)args;
    qualify_work w = {.app = app, .o = opts};
    hb_status status = qualify(&w, ret_exit, err);
    hb_qualifier_free(w.q);
    if (w.loaded) {
        hb_run_set_release(&w.set);
    }
    hb_registry_free(w.registry);
    hb_run_free(w.newest);
    return status;
}

static const hb_opt table[] = {
    {.name = "program",
     .kind = HB_OPT_STRING,
     .offset = offsetof(qualify_opts, program),
     .arg = "NAME",
     .help = "the test is one of this program"},
    {.name = "subsystem",
     .kind = HB_OPT_STRING,
     .offset = offsetof(qualify_opts, subsystem),
     .arg = "NAME",
     .help = "… of this subsystem"},
    {.name = "test-name",
     .kind = HB_OPT_STRING,
     .offset = offsetof(qualify_opts, test_name),
     .arg = "NAME",
     .help = "… of this name; default: the test of the newest run"},
    {.name = "tag",
     .letter = 't',
     .kind = HB_OPT_STRING,
     .offset = offsetof(qualify_opts, tag),
     .arg = "TAG",
     .help = "the baseline a tag points at; default: as the policy chooses"},
    {.name = "version",
     .kind = HB_OPT_STRING,
     .offset = offsetof(qualify_opts, version),
     .arg = "VERSION",
     .help = "a baseline version (hb baseline versions)"},
    {.name = "metric",
     .letter = 'm',
     .kind = HB_OPT_LIST,
     .offset = offsetof(qualify_opts, metric),
     .arg = "NAME",
     .help = "faults in these metrics only; all are judged"},
    {.name = "fault",
     .letter = 'f',
     .kind = HB_OPT_LIST,
     .offset = offsetof(qualify_opts, fault),
     .arg = "KIND",
     .help = "these faults only: shift ramp spread spike stuck dropout lag"},
    {.name = "trials",
     .kind = HB_OPT_UINT,
     .offset = offsetof(qualify_opts, trials),
     .arg = "N",
     .max = HB_QUALIFY_TRIALS_MAX,
     .help = "of each size in each metric of each run, up and down by turns; default 2"},
    {.name = "seed",
     .kind = HB_OPT_UINT,
     .offset = offsetof(qualify_opts, seed),
     .arg = "N",
     .max = UINT32_MAX,
     .help = "of where spikes, stuck stretches and dropouts fall; default 1"},
    {.name = "out",
     .letter = 'o',
     .kind = HB_OPT_STRING,
     .offset = offsetof(qualify_opts, out),
     .arg = "DIR",
     .help = "write qualify.html with curves and qualify.json there"},
    {0},
};

const hb_cmd hb_cmd_qualify = {
    .name = "qualify",
    .group = "Baselines",
    .summary = "from which size on faults are found on this baseline",
    .needs = HB_NEED_POLICY | HB_NEED_STORE,
    .opts = table,
    .opts_size = sizeof(qualify_opts),
    .details = "Each run of a baseline is held back and judged against the others: as it is\n"
               "(the false-alarm rate), and with faults of growing size put into one metric\n"
               "at a time. Told is the size found 90 % of the time with 95 % confidence\n"
               "(a90/95, MIL-HDBK-1823A), or that none was found. The same seed gives the\n"
               "same result. Ctrl-C ends early and keeps the runs that are done (exit code\n"
               "130). Nothing is judged for good or stored.",
    .example = "hb qualify --out qualification",
    .run = run_qualify,
};
