/* SPDX-License-Identifier: Apache-2.0 */
/* hb demo: the main job on this machine: rest, rest again, then under real load. */
#include "cli/commands.h"
#include "cli/flow.h"
#include "cli/progress.h"

#include "base/mem.h"
#include "baseline/set.h"
#include "baseline/version.h"
#include "config/embedded.h"
#include "source/host/load.h"
#include "source/host/recorder.h"

#include <stdio.h>
#include <string.h>

typedef struct demo_opts {
    const char *out;
    double seconds;
} demo_opts;

enum { REST_RECORDINGS = 6 };
#define PROGRAM "demo"
#define TEST "this machine"
static const double interval_s = 0.1;

typedef struct demo {
    hb_app *app;
    const char *dir;
    double seconds;
    unsigned recorded;
} demo;

static hb_status path_of(const demo *d, const char *name, const char **ret, hb_error *err)
{
    char *path = NULL;
    HB_TRY(hb_path_join(d->dir, name, &path, err));
    *ret = hb_arena_str(&d->app->arena, hb_str_of(path));
    hb_free(path);
    return *ret ? HB_OK : HB_NOMEM(err);
}

static bool go_on(void *ctx, double done_s, double total_s)
{
    hb_progress_share(ctx, done_s / total_s, "");
    return true;
}

static hb_status record_to(demo *d, const char *name, const char **ret_path, hb_error *err)
{
    hb_progress bar = hb_progress_start(d->app, name);
    hb_record_options o = {
        .seconds = d->seconds, .interval_s = interval_s, .root = "", .go_on = go_on, .ctx = &bar};
    hb_buf text;
    uint64_t samples = 0;
    hb_buf_init(&text, HB_RECORD_MAX_BYTES);
    hb_status status = path_of(d, name, ret_path, err);
    if (status == HB_OK) {
        status = hb_record(d->app->os, &o, &text, &samples, err);
    }
    hb_progress_end(&bar);
    if (status == HB_OK) {
        status = hb_file_write_atomic(d->app->os, *ret_path, text.p, text.n, 0644, err);
    }
    hb_buf_release(&text);
    return status;
}

static hb_status step(demo *d, const char *words, hb_error *err)
{
    hb_buf_fmt(&d->app->out, "%s\n", words);
    return d->app->common.json ? HB_OK : hb_app_flush(d->app, err);
}

/* A file of the program into the workspace, so that commands by hand say what was shown. */
static hb_status put(demo *d, const char *embedded, const char *name, hb_error *err)
{
    const hb_embedded *e = hb_embedded_find(embedded);
    const char *path = NULL;
    if (!e) {
        return HB_FAIL(err, HB_E_BUG, "'%s' is not part of the program", embedded);
    }
    HB_TRY(path_of(d, name, &path, err));
    return hb_file_write_atomic(d->app->os, path, e->data, e->len, 0644, err);
}

static hb_status prepare(demo *d, hb_error *err)
{
    hb_common *c = &d->app->common;
    HB_TRY(hb_dir_remove(d->app->os, d->dir, err));
    HB_TRY(hb_dir_make(d->app->os, d->dir, err));
    HB_TRY(put(d, "host_registry.yaml", "metric_registry.yaml", err));
    HB_TRY(put(d, "baseline_policy.yaml", "baseline_policy.yaml", err)); /* golden decides */
    /* The demonstration is a workspace of its own, whatever the environment says. */
    c->workspace = d->dir;
    c->db = NULL;
    c->reports = NULL;
    c->metric_registry = NULL;
    c->baseline_policy = NULL;
    c->baseline_quality_policy = NULL;
    c->equivalence_mapping = NULL;
    HB_TRY(hb_app_load_policy(d->app, err));
    return hb_app_open_store(d->app, HB_STORE_CREATE, err);
}

static hb_status judge(demo *d, const char *path, const char *run_id, hb_error *err)
{
    hb_read_opts read = {.run_id = run_id, .program = PROGRAM, .test_name = TEST};
    hb_list one = {&path, 1};
    hb_flow f;
    hb_flow_init(&f);
    hb_status status = hb_flow_read_run(d->app, &f, one, &read, err);
    if (status == HB_OK) {
        status = hb_flow_register(d->app, &f, err);
    }
    if (status == HB_OK) {
        status = hb_flow_select(d->app, &f, &(hb_flow_choice){0}, err);
    }
    if (status == HB_OK) {
        status = hb_flow_judge(d->app, &f, err);
    }
    if (status == HB_OK) {
        status = hb_flow_print(d->app, &f, err);
    }
    hb_flow_release(&f);
    return status == HB_OK ? step(d, "", err) : status;
}

static hb_status ingest(demo *d, const char *path, const char *run_id, hb_error *err)
{
    hb_read_opts read = {.run_id = run_id, .program = PROGRAM, .test_name = TEST};
    hb_flow f;
    hb_flow_init(&f);
    hb_status status = hb_flow_read_run(d->app, &f, (hb_list){&path, 1}, &read, err);
    if (status == HB_OK) {
        status = hb_flow_register(d->app, &f, err);
    }
    hb_flow_release(&f);
    return status;
}

static hb_status keep_and_promote(demo *d, const hb_version_pick *pick, const hb_registry *registry,
                                  hb_error *err)
{
    const hb_version_with with = {.registry = registry, .policy = &d->app->policy};
    const hb_version_label label = {
        .name = "", .note = "this machine at rest", .by = "hb demo", .now = d->app->os->now()};
    char version[65];
    bool existed = false;
    hb_version_made made;
    HB_TRY(hb_version_make(d->app->store, pick, &with, &made, err));
    hb_status status = hb_version_keep(d->app->store, pick, &made, &label, version, &existed, err);
    hb_version_made_release(&made);
    HB_TRY(status);
    const hb_baseline_request request = {.version = version,
                                         .tag = "golden",
                                         .registry_digest = hb_registry_digest(registry),
                                         .set_by = label.by,
                                         .note = label.note,
                                         .now = label.now};
    return hb_baseline_set(d->app->store, &d->app->policy, &request, err);
}

static hb_status make_baseline(demo *d, const char *const *run_ids, size_t n, hb_error *err)
{
    const hb_version_ask ask = {
        .policy = &d->app->policy, .run_ids = run_ids, .n_run_ids = n, .from = HB_TIME_NONE};
    hb_registry *registry = NULL;
    hb_version_pick pick;
    HB_TRY(hb_app_registry(d->app, PROGRAM, "", &registry, err));
    hb_status status = hb_version_pick_runs(d->app->store, &ask, &pick, err);
    if (status == HB_OK) {
        status = keep_and_promote(d, &pick, registry, err);
        hb_version_pick_release(&pick);
    }
    hb_registry_free(registry);
    return status;
}

static hb_status record_baseline(demo *d, hb_error *err)
{
    const char *run_ids[REST_RECORDINGS];
    for (unsigned i = 0; i < REST_RECORDINGS; i++) {
        const char *path = NULL;
        char name[32];
        snprintf(name, sizeof name, "rest-%u.csv", i + 1);
        HB_TRY(record_to(d, name, &path, err));
        run_ids[i] = hb_arena_strndup(&d->app->arena, name, strlen(name) - strlen(".csv"));
        if (!run_ids[i]) {
            return HB_NOMEM(err);
        }
        HB_TRY(ingest(d, path, run_ids[i], err));
    }
    return make_baseline(d, run_ids, REST_RECORDINGS, err);
}

static hb_status under_load(demo *d, const char **ret_path, hb_error *err)
{
    hb_load *load = NULL;
    HB_TRY(hb_load_start(d->dir, &load, err));
    hb_status status = record_to(d, "load.csv", ret_path, err);
    hb_load_stop(load);
    return status;
}

static hb_status demonstrate(demo *d, hb_error *err)
{
    const char *path = NULL;
    HB_TRY(prepare(d, err));
    HB_TRY(step(d, "1. Recording this machine at rest, six times …", err));
    HB_TRY(record_baseline(d, err));
    HB_TRY(step(d,
                "   These six runs are a baseline version, promoted to \"golden\".\n\n"
                "2. Recording it at rest once more, and judging that:",
                err));
    HB_TRY(record_to(d, "again.csv", &path, err));
    HB_TRY(judge(d, path, "at-rest-again", err));
    HB_TRY(step(d, "3. Recording it while every processor and the disk are kept busy:", err));
    HB_TRY(under_load(d, &path, err));
    HB_TRY(judge(d, path, "under-load", err));
    return step(d, "Open the reports in a browser. The same by hand: hb help workspace", err);
}

static hb_status run_demo(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    const demo_opts *o = opts;
    (void)args;
    (void)ret_exit;
    demo d = {.app = app,
              .dir = o->out ? o->out : "demo-output",
              .seconds = o->seconds > 0 ? o->seconds : 3};
    if (hb_path_exists(app->os, d.dir)) {
        const char *mark = NULL;
        HB_TRY(path_of(&d, "rest-1.csv", &mark, err));
        if (!hb_path_exists(app->os, mark)) {
            return HB_FAIL(
                err, HB_E_USAGE,
                "'%s' exists and is not a demonstration's folder; give another with --out", d.dir);
        }
    }
    return demonstrate(&d, err);
}

static const hb_opt table[] = {
    {.name = "out",
     .letter = 'o',
     .kind = HB_OPT_STRING,
     .offset = offsetof(demo_opts, out),
     .arg = "DIR",
     .help = "folder to make; default demo-output; an older demonstration there is replaced"},
    {.name = "seconds",
     .letter = 's',
     .kind = HB_OPT_F64,
     .offset = offsetof(demo_opts, seconds),
     .arg = "N",
     .help = "length of each of the eight recordings; default 3"},
    {0},
};

const hb_cmd hb_cmd_demo = {
    .name = "demo",
    .group = "Try it out",
    .summary = "the main job on this machine: baseline at rest, then under real load",
    .opts = table,
    .opts_size = sizeof(demo_opts),
    .details = "Records this machine at rest, makes these runs the baseline, records it again at\n"
               "rest and then under real load, and shows both verdicts and reports.",
    .example = "hb demo --seconds 1 --out demo-output",
    .run = run_demo,
};
