/* SPDX-License-Identifier: Apache-2.0 */
/* hb baseline create. */
#include "cli/baseline_shared.h"
#include "cli/commands.h"
#include "cli/quality_shared.h"
#include "cli/run_query.h"
#include "cli/table.h"
#include "input/select/resample.h"
#include "report/text.h"

#include <string.h>

enum { IDS_MAX_BYTES = 64 << 10 };

typedef struct create_opts {
    hb_list runs;
    const char *window;
    const char *query;
    const char *like;
    hb_test_opts test;
    const char *name;
    const char *note;
    const char *by;
    bool dry_run;
} create_opts;

/* --- which runs --- */

/* "a,b" "c" → a, b, c */
static hb_status split(hb_app *app, hb_list given, hb_list *ret, hb_error *err)
{
    hb_list list = {0};
    size_t cap = 0;
    for (size_t i = 0; i < given.n; i++) {
        hb_str rest = hb_str_of(given.v[i]);
        while (rest.n) {
            size_t end = hb_str_find_ch(rest, ',');
            hb_str one = hb_str_trim((hb_str){rest.p, end});
            if (one.n) {
                HB_TRY(HB_ARENA_GROW(&app->arena, list.v, list.n, cap, err));
                list.v[list.n] = hb_arena_str(&app->arena, one);
                if (!list.v[list.n++]) {
                    return HB_NOMEM(err);
                }
            }
            rest = end < rest.n ? (hb_str){rest.p + end + 1, rest.n - end - 1} : HB_STR("");
        }
    }
    *ret = list;
    return HB_OK;
}

static hb_status check_opts(const create_opts *o, hb_error *err)
{
    if (!o->runs.n && !o->window && !o->query) {
        return HB_FAIL(err, HB_E_USAGE,
                       "which runs? say --runs A,B,C or --window 7d or --from-query \"build_id = "
                       "'b7'\"");
    }
    if (o->runs.n && (o->window || o->query)) {
        return HB_FAIL(err, HB_E_USAGE,
                       "--runs names the runs; --window and --from-query look for them: give one");
    }
    if (o->runs.n && (o->test.program || o->test.subsystem || o->test.test_name)) {
        return HB_FAIL(err, HB_E_USAGE,
                       "--program, --subsystem and --test-name narrow what --window and "
                       "--from-query look for; --runs names the runs, --like RUN their test");
    }
    return o->name ? hb_version_check_name(o->name, err) : HB_OK;
}

/* Not "24", which would be seconds. */
static bool is_window(const char *text, int64_t *ret)
{
    size_t n = strlen(text);
    return n && (text[n - 1] < '0' || text[n - 1] > '9') && hb_duration_parse(text, n, ret);
}

static hb_status ask_of(hb_app *app, const create_opts *o, const hb_run_expr *q,
                        hb_version_ask *ret, hb_error *err)
{
    hb_list runs = {0};
    int64_t window = 0;
    HB_TRY(split(app, o->runs, &runs, err));
    if (o->runs.n && !runs.n) { /* an empty variable of a script is not every run there is */
        return HB_FAIL(err, HB_E_USAGE, "--runs names no run; see 'hb runs list'");
    }
    if (o->window && !is_window(o->window, &window)) {
        return HB_FAIL(err, HB_E_USAGE, "--window must be a time such as 24h or 7d, got '%.40s'",
                       o->window);
    }
    *ret = (hb_version_ask){
        .policy = &app->policy,
        .run_ids = runs.v,
        .n_run_ids = runs.n,
        .from = o->window ? app->os->now() - window : HB_TIME_NONE,
        .keep = o->query ? hb_run_expr_keeps : NULL,
        .ctx = q,
        .program = o->test.program,
        .subsystem = o->test.subsystem,
        .test_name = o->test.test_name,
        .like = o->like,
    };
    return HB_OK;
}

/* --- what came of it --- */

static void excluded_json(const hb_version_pick *pick, hb_json *j)
{
    hb_json_key(j, "excluded");
    hb_json_arr(j);
    for (size_t i = 0; i < pick->n_excluded; i++) {
        hb_json_obj(j);
        hb_json_kc(j, "run_id", pick->excluded[i].run_id);
        hb_json_kc(j, "reason", pick->excluded[i].reason);
        hb_json_kc(j, "text", pick->excluded[i].text);
        hb_json_end(j);
    }
    hb_json_end(j);
}

/* What is told in the end. */
typedef struct outcome {
    const hb_version_pick *pick;
    const hb_version_made *made;
    const hb_quality *quality;
    const char *version; /* NULL = not stored */
    bool existed;
} outcome;

static hb_status print_json(hb_app *app, const outcome *o, hb_error *err)
{
    const hb_version_pick *pick = o->pick;
    const hb_version_made *made = o->made;
    hb_json j;
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "version", o->version);
    hb_json_kb(&j, "existed", o->existed);
    hb_json_kc(&j, "digest", made->digest);
    hb_json_kc(&j, "parent", *made->parent ? made->parent : NULL);
    hb_json_kc(&j, "program", pick->like.meta.program);
    hb_json_kc(&j, "subsystem", pick->like.meta.subsystem);
    hb_json_kc(&j, "test_name", pick->like.meta.test_name);
    hb_version_set_json(&made->set, &j);
    excluded_json(pick, &j);
    hb_json_key(&j, "quality");
    hb_quality_json(o->quality, &j);
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

static hb_status excluded_text(const hb_version_pick *pick, hb_buf *out, hb_error *err)
{
    static const char *const head[] = {"LEFT OUT", "REASON", "WHY"};
    hb_table_text t;
    hb_buf_ch(out, '\n');
    hb_table_text_begin(&t, head, 3);
    for (size_t i = 0; i < pick->n_excluded; i++) {
        const hb_version_excluded *x = &pick->excluded[i];
        const char *cells[] = {x->run_id, x->reason, x->text};
        hb_table_text_row(&t, cells);
    }
    return hb_table_text_end(&t, out, err);
}

static hb_status print_text(hb_app *app, const outcome *o, hb_error *err)
{
    const hb_version_pick *pick = o->pick;
    const hb_version_made *made = o->made;
    hb_buf *out = &app->out;
    size_t n_log = 0;
    for (size_t i = 0; i < made->set.n_metrics; i++) {
        n_log += made->set.metrics[i].log;
    }
    if (o->version) {
        hb_buf_fmt(out, "baseline version %s%s\n", o->version,
                   o->existed ? " (it exists already, with this very content)" : "");
    } else {
        hb_buf_fmt(out, "would be baseline version %.12s (nothing was stored)\n", made->digest);
    }
    const hb_run_meta *m = &pick->like.meta;
    char test[HB_TEST_NAME_MAX];
    hb_buf_fmt(out, "%zu run%s of ", pick->n_runs, pick->n_runs == 1 ? "" : "s");
    hb_buf_shown(out, hb_baseline_test_name(m->program, m->subsystem, m->test_name, test));
    hb_buf_fmt(out, ", %zu metric%s%s", made->set.n_metrics, made->set.n_metrics == 1 ? "" : "s",
               n_log ? ", " : "\n");
    if (n_log) {
        hb_buf_fmt(out, "%zu of them by logarithms\n", n_log);
    }
    hb_buf ids;
    hb_buf_init(&ids, IDS_MAX_BYTES);
    for (size_t i = 0; i < pick->n_runs; i++) {
        hb_buf_fmt(&ids, "%s%s", i ? " " : "", pick->run_ids[i]);
    }
    hb_text_wrapped(out, "runs: ", ids.p);
    hb_buf_release(&ids);
    if (*made->note) {
        hb_text_wrapped(out, "note: ", made->note);
    }
    if (pick->n_excluded) {
        HB_TRY(excluded_text(pick, out, err));
    }
    hb_buf_ch(out, '\n');
    HB_TRY(hb_view_quality(o->quality, out, err));
    if (o->version) {
        hb_buf_fmt(out,
                   "\nwhat it would change, and how to use it:\n"
                   "  hb baseline promote --version %s --tag golden\n",
                   o->version);
    }
    return hb_buf_check(out, err);
}

/* What is there already stays as it is. Its quality is missing when it was made by a command that
 * did not come to its end. */
static hb_status tell_existing(hb_app *app, const create_opts *o, const char *version,
                               bool *ret_judged, hb_error *err)
{
    hb_version_row row = {0};
    hb_quality_row *checks = NULL;
    size_t n = 0;
    HB_TRY(hb_store_get_version(app->store, version, &app->arena, &row, err));
    HB_TRY(hb_store_list_quality(app->store, version, &app->arena, &checks, &n, err));
    if (o->name && strcmp(o->name, row.name) != 0) {
        hb_say(app, "--name %s is not kept: the version is there already, %s%s", o->name,
               *row.name ? "with the name " : "without a name", row.name);
    }
    if (o->note && strcmp(o->note, row.note) != 0) {
        hb_say(app, "--note is not kept: the version is there already");
    }
    *ret_judged = n > 0;
    return HB_OK;
}

/* Quality is told here, and refuses nothing: only a promotion is refused. */
static hb_status keep_and_tell(hb_app *app, const create_opts *o, outcome *out, hb_error *err)
{
    const hb_version_label label = {.name = o->name ? o->name : "",
                                    .note = o->note ? o->note : "",
                                    .by = hb_baseline_who(o->by),
                                    .now = app->os->now()};
    char name[65] = "";
    bool judged = false;
    if (!o->dry_run) {
        HB_TRY(hb_version_keep(app->store, out->pick, out->made, &label, name, &out->existed, err));
        out->version = name;
    }
    if (out->existed) {
        HB_TRY(tell_existing(app, o, name, &judged, err));
    }
    if (!o->dry_run && !judged) {
        HB_TRY(hb_quality_keep(app, name, "create", out->quality, NULL, label.by, err));
    }
    return app->common.json ? print_json(app, out, err) : print_text(app, out, err);
}

static hb_status make_and_keep(hb_app *app, const create_opts *o, const hb_version_pick *pick,
                               const hb_registry *registry, hb_error *err)
{
    const hb_version_with with = {.registry = registry, .policy = &app->policy};
    hb_version_made made;
    hb_quality *quality = NULL;
    HB_TRY(hb_version_make(app->store, pick, &with, &made, err));
    hb_status status = hb_quality_of_set(app, &made.set, &quality, err);
    if (status == HB_OK) {
        outcome out = {.pick = pick, .made = &made, .quality = quality};
        status = keep_and_tell(app, o, &out, err);
    }
    hb_quality_free(quality);
    hb_version_made_release(&made);
    return status;
}

static hb_status create(hb_app *app, const create_opts *o, const hb_run_expr *q, hb_error *err)
{
    hb_version_ask ask;
    hb_version_pick pick;
    hb_registry *registry = NULL;
    HB_TRY(ask_of(app, o, q, &ask, err));
    HB_TRY(hb_version_pick_runs(app->store, &ask, &pick, err));
    hb_status status =
        hb_app_registry(app, pick.like.meta.program,
                        pick.like.meta.context[HB_CONTEXT_OPERATING_MODE], &registry, err);
    if (status == HB_OK) {
        status = make_and_keep(app, o, &pick, registry, err);
    }
    hb_registry_free(registry);
    hb_version_pick_release(&pick);
    return status;
}

static hb_status run_create(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const create_opts *o = opts;
    hb_run_expr q = {0};
    (void)args;
    (void)ret_exit;
    HB_TRY(check_opts(o, err));
    HB_TRY(hb_app_open_store(app, o->dry_run ? HB_STORE_READ : HB_STORE_WRITE, err));
    hb_status status = hb_run_expr_open(app, o->query, &q, err);
    if (status == HB_OK) {
        status = create(app, o, &q, err);
    }
    hb_run_expr_close(&q);
    return status;
}

static const hb_opt table[] = {
    {.name = "runs",
     .kind = HB_OPT_LIST,
     .offset = offsetof(create_opts, runs),
     .arg = "RUN",
     .help = "these runs, as A,B,C or one after another"},
    {.name = "window",
     .kind = HB_OPT_STRING,
     .offset = offsetof(create_opts, window),
     .arg = "TIME",
     .help = "the runs of the last 24h, 7d …"},
    {.name = "from-query",
     .kind = HB_OPT_STRING,
     .offset = offsetof(create_opts, query),
     .arg = "EXPR",
     .help = "the runs for which EXPR is true, as build_id = 'b7' and start >= '2026-11-01'"},
    HB_TEST_OPTS(create_opts, test),
    {.name = "like",
     .kind = HB_OPT_STRING,
     .offset = offsetof(create_opts, like),
     .arg = "RUN",
     .help = "take test and context from this run, not from the newest"},
    {.name = "name",
     .kind = HB_OPT_STRING,
     .offset = offsetof(create_opts, name),
     .arg = "NAME",
     .help = "a name beside the version's own, of A-Z a-z 0-9 . _ -"},
    {.name = "note",
     .kind = HB_OPT_STRING,
     .offset = offsetof(create_opts, note),
     .arg = "TEXT",
     .help = "why; kept with it"},
    {.name = "by",
     .kind = HB_OPT_STRING,
     .offset = offsetof(create_opts, by),
     .arg = "NAME",
     .help = "who; default: the user's name"},
    {.name = "dry-run",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(create_opts, dry_run),
     .help = "show what it would be made of, store nothing"},
    {0},
};

const hb_cmd hb_cmd_baseline_create = {
    .name = "baseline create",
    .group = "Baselines",
    .summary = "make a baseline version of runs of one test and context",
    .needs = HB_NEED_POLICY,
    .opts = table,
    .opts_size = sizeof(create_opts),
    .details = "A version never changes and is named by its content. Test and context are\n"
               "those of the newest run that may be taken (or of --like). Left out, each with\n"
               "its reason: runs with the verdict FAIL, runs a suspicion is open or confirmed\n"
               "about, runs of another test or context, a second copy of one recording, and\n"
               "all beyond the 100 newest.\n"
               "\n"
               "EXPR compares the fields of a run with texts and times in single quotes, by\n"
               "= != < <= > >= in (…), is missing, joined by and, or, not. Fields: run_id,\n"
               "program, subsystem, test_name, the six context fields, git_sha, build_id,\n"
               "source_system, status, start, end, and factors such as rig.\n"
               "\n"
               "Making a version changes no verdict; hb baseline promote does.",
    .example = "hb baseline create --runs monday-1,monday-2 --name autumn",
    .run = run_create,
};
