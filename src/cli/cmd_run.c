/* SPDX-License-Identifier: Apache-2.0 */
/* hb run, hb ingest, hb analyze: one road, entered and left at different places. */
#include "cli/commands.h"
#include "cli/flow.h"

#include "base/json_write.h"

#include <string.h>

typedef struct run_opts {
    hb_read_opts read;
    const char *baseline;
    hb_list with;
    int fail_on;
} run_opts;

#define FAIL_ON(type)                                                                   \
    {                                                                                   \
        .name = "fail-on", .kind = HB_OPT_ENUM, .offset = offsetof(type, fail_on),      \
        .values = hb_fail_on_words,                                                     \
        .help = "verdicts that end with an exit code other than 0 (hb help exit-codes)" \
    }
#define BASELINE(type)                                                                 \
    {                                                                                  \
        .name = "baseline", .kind = HB_OPT_STRING, .offset = offsetof(type, baseline), \
        .arg = "RUN", .help = "run to compare with, instead of the policy's choice"    \
    }

#define WITH(type)                                                                         \
    {                                                                                      \
        .name = "with", .kind = HB_OPT_LIST, .offset = offsetof(type, with), .arg = "RUN", \
        .help = "registered runs judged together with it, as one mean"                     \
    }

static hb_status register_files(hb_app *app, hb_flow *f, hb_list args, const hb_read_opts *read,
                                hb_error *err)
{
    HB_TRY(hb_flow_read(app, args, read, NULL, &f->registry, &f->run, err));
    HB_TRY(hb_app_need_store(app, err));
    return hb_flow_register(app, f, err);
}

/* A baseline that cannot be is told before anything is registered. */
static hb_status read_and_judge(hb_app *app, hb_flow *f, hb_list args, const run_opts *o,
                                hb_error *err)
{
    HB_TRY(hb_flow_read(app, args, &o->read, NULL, &f->registry, &f->run, err));
    HB_TRY(hb_app_need_store(app, err));
    HB_TRY(
        hb_flow_select(app, f, &(hb_flow_choice){.baseline = o->baseline, .with = o->with}, err));
    HB_TRY(hb_flow_register(app, f, err));
    return hb_flow_judge(app, f, err);
}

static hb_status run_run(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    const run_opts *o = opts;
    hb_flow f;
    hb_flow_init(&f);
    hb_status status = read_and_judge(app, &f, args, o, err);
    if (status == HB_OK) {
        status = hb_flow_print(app, &f, err);
        *ret_exit = hb_verdict_exit(f.decision->verdict, o->fail_on);
    }
    hb_flow_release(&f);
    return status;
}

static const hb_opt run_table[] = {
    HB_READ_OPTS(run_opts, read), BASELINE(run_opts), WITH(run_opts), FAIL_ON(run_opts), {0}};

const hb_cmd hb_cmd_run = {
    .name = "run",
    .group = "Judge a run",
    .summary = "read run files, register the run, compare it with its baseline",
    .needs = HB_NEED_POLICY | HB_NEED_STORE_CREATE,
    .opts = run_table,
    .opts_size = sizeof(run_opts),
    .min_args = 1,
    .max_args = 10000,
    .args = "FILE...",
    .details = "Several files are one run. The baseline is chosen by baseline_policy.yaml among\n"
               "the runs of the same program, subsystem and test. The report is written to\n"
               "reports/RUN_ID/ in the workspace. With --with the statistical test looks at the\n"
               "mean of all these runs, which must be of the same test and context and no part\n"
               "of the baseline; declared limits still look at the run alone.",
    .example = "hb run monday.csv --program apollo --test-name warmup",
    .run = run_run,
};

typedef struct ingest_opts {
    hb_read_opts read;
    const char *group_by;
} ingest_opts;

static void tell_registered(hb_app *app, const hb_run *run, hb_json *j)
{
    if (!app->common.json) {
        hb_buf_fmt(&app->out, "run %s: %zu metrics registered\n", run->meta.run_id, run->n_metrics);
        return;
    }
    hb_json_obj(j);
    hb_json_kc(j, "run_id", run->meta.run_id);
    hb_json_kc(j, "digest", run->digest);
    hb_json_ku(j, "metrics", run->n_metrics);
    hb_json_end(j);
}

static hb_status ingest_one(hb_app *app, hb_list args, const hb_read_opts *o, hb_json *j,
                            hb_error *err)
{
    hb_flow f;
    hb_flow_init(&f);
    hb_status status = register_files(app, &f, args, o, err);
    if (status == HB_OK) {
        tell_registered(app, f.run, j);
    }
    hb_flow_release(&f);
    return status;
}

/* The rows of one value, named after it: x-3 of the runs x. */
static hb_status ingest_group(hb_app *app, hb_list args, const ingest_opts *o,
                              const hb_group_value *g, hb_json *j, hb_error *err)
{
    hb_read_opts read = o->read;
    hb_buf text;
    hb_buf_init(&text, 1 << 20);
    hb_buf_fmt(&text, "%s%s%s", o->read.run_id ? o->read.run_id : "", o->read.run_id ? "-" : "",
               g->text);
    read.run_id = hb_arena_str(&app->arena, (hb_str){text.p, text.n});
    hb_buf_clear(&text);
    if (o->read.where) {
        hb_buf_fmt(&text, "(%s) and ", o->read.where);
    }
    hb_buf_c(&text, g->where);
    read.where = hb_arena_str(&app->arena, (hb_str){text.p, text.n});
    hb_status status = hb_buf_check(&text, err);
    hb_buf_release(&text);
    HB_TRY(status);
    return read.run_id && read.where ? ingest_one(app, args, &read, j, err) : HB_NOMEM(err);
}

static hb_status ingest_groups(hb_app *app, hb_list args, const ingest_opts *o, hb_json *j,
                               hb_error *err)
{
    hb_group_value *groups = NULL;
    size_t n = 0;
    if (args.n != 1 || !o->read.run_id) {
        return HB_FAIL(err, HB_E_USAGE,
                       "--group-by takes one file and a --run-id, which the values are put behind");
    }
    if (strcmp(args.v[0], "-") == 0) {
        return HB_FAIL(err, HB_E_USAGE,
                       "--group-by reads the file once for each value; standard input can be read "
                       "once, so save it to a file");
    }
    HB_TRY(hb_flow_groups(app, args.v[0], &o->read, o->group_by, &groups, &n, err));
    hb_json_obj(j);
    hb_json_key(j, "runs");
    hb_json_arr(j);
    for (size_t i = 0; i < n; i++) {
        HB_TRY(ingest_group(app, args, o, &groups[i], j, err));
    }
    hb_json_end(j);
    hb_json_end(j);
    return HB_OK;
}

static hb_status run_ingest(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const ingest_opts *o = opts;
    hb_buf nothing;
    hb_json j;
    (void)ret_exit;
    hb_buf_init(&nothing, 1 << 26);
    hb_json_init(&j, app->common.json ? &app->out : &nothing, HB_JSON_PRETTY);
    hb_status status = o->group_by ? ingest_groups(app, args, o, &j, err)
                                   : ingest_one(app, args, &o->read, &j, err);
    if (status == HB_OK && app->common.json) {
        hb_buf_ch(&app->out, '\n');
        status = hb_json_done(&j, err);
    }
    hb_buf_release(&nothing);
    return status;
}

static const hb_opt ingest_table[] = {
    HB_READ_OPTS(ingest_opts, read),
    {.name = "group-by",
     .kind = HB_OPT_STRING,
     .offset = offsetof(ingest_opts, group_by),
     .arg = "COLUMN",
     .help = "one run for each value of COLUMN, named RUN-ID-VALUE"},
    {0}};

const hb_cmd hb_cmd_ingest = {
    .name = "ingest",
    .group = "Judge a run",
    .summary = "read run files and register the run, without judging it",
    .needs = HB_NEED_STORE_CREATE,
    .opts = ingest_table,
    .opts_size = sizeof(ingest_opts),
    .min_args = 1,
    .max_args = 10000,
    .args = "FILE...",
    .details = "The same run_id with the same content is fine; with other content it is\n"
               "refused.",
    .example = "hb ingest monday.csv --run-id monday-1",
    .run = run_ingest,
};

typedef struct analyze_opts {
    const char *baseline;
    hb_list with;
    int fail_on;
} analyze_opts;

static hb_status run_analyze(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                             hb_error *err)
{
    const analyze_opts *o = opts;
    hb_flow f;
    hb_flow_init(&f);
    hb_status status = hb_store_get_run(app->store, args.v[0], &f.run, err);
    if (status == HB_OK) {
        status = hb_app_registry(app, f.run->meta.program,
                                 f.run->meta.context[HB_CONTEXT_OPERATING_MODE], &f.registry, err);
    }
    if (status == HB_OK) {
        status = hb_flow_select(app, &f,
                                &(hb_flow_choice){.baseline = o->baseline, .with = o->with}, err);
    }
    if (status == HB_OK) {
        status = hb_flow_judge(app, &f, err);
    }
    if (status == HB_OK) {
        status = hb_flow_print(app, &f, err);
        *ret_exit = hb_verdict_exit(f.decision->verdict, o->fail_on);
    }
    hb_flow_release(&f);
    return status;
}

static const hb_opt analyze_table[] = {
    BASELINE(analyze_opts), WITH(analyze_opts), FAIL_ON(analyze_opts), {0}};

const hb_cmd hb_cmd_analyze = {
    .name = "analyze",
    .group = "Judge a run",
    .summary = "compare a registered run with its baseline (again)",
    .needs = HB_NEED_POLICY | HB_NEED_STORE_WRITE,
    .opts = analyze_table,
    .opts_size = sizeof(analyze_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "RUN",
    .details = "Uses the registry and policy as they are now; a run is never its own baseline.\n"
               "--with as in hb run.",
    .example = "hb analyze monday-2 --baseline monday-1",
    .run = run_analyze,
};
