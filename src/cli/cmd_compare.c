/* SPDX-License-Identifier: Apache-2.0 */
/* hb compare: files against files, without a registry. */
#include "cli/commands.h"
#include "cli/flow.h"

#include "base/mem.h"

#include <string.h>

typedef struct compare_opts {
    hb_read_opts read;
    hb_list baseline;
    hb_list run;
    const char *out;
    int fail_on;
} compare_opts;

typedef struct baselines {
    hb_run **runs; /* and behind them the run under test, until it is f->run */
    size_t n;
} baselines;

/* Each baseline file is a run of its own; together they are pooled. */
static hb_status read_runs(hb_app *app, hb_flow *f, const compare_opts *o, baselines *b,
                           hb_error *err)
{
    hb_read_opts read = o->read;
    read.is_baseline = true;
    hb_flow_files_of *of = hb_arena_array(&app->arena, b->n + 1, sizeof *of);
    if (!of) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < b->n; i++) {
        of[i] = (hb_flow_files_of){.files = {&o->baseline.v[i], 1}, .o = &read};
    }
    of[b->n] = (hb_flow_files_of){.files = o->run, .o = &o->read};
    hb_status status = hb_flow_read_all(app, of, b->n + 1, &f->registry, b->runs, err);
    f->run = b->runs[b->n];
    return status;
}

static hb_status make_reference(hb_flow *f, const baselines *b, hb_error *err)
{
    const hb_run *first = b->runs[0];
    if (b->n > 1) {
        HB_TRY(hb_run_pool((const hb_run *const *)b->runs, b->n, &f->pool, err));
        first = f->pool;
    }
    f->files = (hb_reference){.run = first,
                              .reason = "files",
                              .strategy = "files",
                              .tag = "",
                              .level = HB_MATCH_FILES,
                              .warning = ""};
    for (size_t i = 0; i < b->n && i < HB_COMPARABLE_MAX; i++) {
        f->files.run_ids[f->files.n_run_ids++] = b->runs[i]->meta.run_id;
        f->files.comparable[f->files.n_comparable++] = b->runs[i]->meta.run_id;
    }
    return HB_OK;
}

/* A folder that is there keeps what else is in it; a new one appears with everything. */
static hb_status write_out(hb_app *app, hb_flow *f, const char *out, hb_error *err)
{
    char *target = NULL;
    bool there = hb_path_exists(app->os, out);
    if (there && !hb_path_is_dir(app->os, out)) {
        return HB_FAIL(err, HB_E_USAGE, "--out '%s' exists and is not a folder", out);
    }
    size_t n = strlen(out);
    while (n > 1 && out[n - 1] == '/') {
        n--;
    }
    if (there) {
        HB_TRY(hb_path_join(out, "report", &target, err));
    } else if (!(target = hb_strndup(out, n))) {
        return HB_NOMEM(err);
    }
    hb_stage stage = {0};
    hb_status status = hb_flow_stage(app, f, target, &stage, err);
    if (status == HB_OK) {
        status = there ? hb_stage_merge(&stage, out, hb_flow_files, HB_FLOW_FILES, err)
                       : hb_stage_commit(&stage, err);
    }
    hb_stage_abort(&stage);
    hb_free(target);
    return status == HB_OK ? hb_flow_set_report(app, f, out, err) : status;
}

static hb_status compare(hb_app *app, hb_flow *f, const compare_opts *o, baselines *b,
                         int *ret_exit, hb_error *err)
{
    HB_TRY(read_runs(app, f, o, b, err));
    HB_TRY(make_reference(f, b, err));
    HB_TRY(hb_flow_equivalences(app, f, &f->files, err));
    HB_TRY(hb_flow_decide(f, &f->files, &app->policy, err));
    if (o->out) {
        HB_TRY(write_out(app, f, o->out, err));
    }
    *ret_exit = hb_verdict_exit(f->decision->verdict, o->fail_on);
    return hb_flow_print(app, f, err);
}

static size_t times_stdin(const hb_list *files)
{
    size_t n = 0;
    for (size_t i = 0; i < files->n; i++) {
        n += strcmp(files->v[i], "-") == 0;
    }
    return n;
}

static hb_status run_compare(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                             hb_error *err)
{
    const compare_opts *o = opts;
    (void)args;
    if (times_stdin(&o->baseline) + times_stdin(&o->run) > 1) {
        return HB_FAIL(err, HB_E_USAGE,
                       "'-' is given twice; standard input can be read once, as one file");
    }
    baselines b = {.runs = hb_arena_array(&app->arena, o->baseline.n + 1, sizeof *b.runs),
                   .n = o->baseline.n};
    if (!b.runs) {
        return HB_NOMEM(err);
    }
    hb_flow f;
    hb_flow_init(&f);
    hb_status status = compare(app, &f, o, &b, ret_exit, err);
    hb_flow_release(&f);
    for (size_t i = 0; i < b.n; i++) {
        hb_run_free(b.runs[i]);
    }
    return status;
}

static const hb_opt table[] = {
    {.name = "baseline",
     .letter = 'b',
     .kind = HB_OPT_LIST,
     .offset = offsetof(compare_opts, baseline),
     .arg = "FILE",
     .required = true,
     .help = "trusted run files; each is a run, several are pooled"},
    {.name = "run",
     .letter = 'r',
     .kind = HB_OPT_LIST,
     .offset = offsetof(compare_opts, run),
     .arg = "FILE",
     .required = true,
     .help = "the run to judge; several files are one run"},
    {.name = "out",
     .letter = 'o',
     .kind = HB_OPT_STRING,
     .offset = offsetof(compare_opts, out),
     .arg = "DIR",
     .help = "write drift_report.html, drift_report.json and decision.json here"},
    {.name = "fail-on",
     .kind = HB_OPT_ENUM,
     .offset = offsetof(compare_opts, fail_on),
     .values = hb_fail_on_words,
     .help = "verdicts that end with an exit code other than 0 (hb help exit-codes)"},
    HB_READ_OPTS(compare_opts, read),
    {0},
};

const hb_cmd hb_cmd_compare = {
    .name = "compare",
    .group = "Judge a run",
    .summary = "compare files with baseline files; needs no registry",
    .needs = HB_NEED_POLICY,
    .opts = table,
    .opts_size = sizeof(compare_opts),
    .details = "Limits come from metric_registry.yaml in the workspace, else built-in defaults\n"
               "apply: a change of more than 3 standard deviations of the baseline's samples\n"
               "(10 % where there are fewer than 20), or a spread 3 times as large or gone.",
    .example = "hb compare --baseline monday.csv --run tuesday.csv --out result",
    .run = run_compare,
};
