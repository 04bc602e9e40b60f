/* SPDX-License-Identifier: Apache-2.0 */
/* hb baseline set, list, show. */
#include "baseline/set.h"
#include "cli/baseline_shared.h"
#include "cli/commands.h"
#include "cli/govern_set.h"
#include "cli/table.h"
#include "cli/view_run.h"

#include <string.h>

typedef struct set_opts {
    const char *tag;
    const char *note;
    const char *by;
    bool force;
    hb_set_opts govern;
} set_opts;

static hb_status registry_digest(hb_app *app, const hb_run *run, char out[65], hb_error *err)
{
    hb_registry *r = NULL;
    HB_TRY(hb_app_registry(app, run->meta.program, run->meta.context[HB_CONTEXT_OPERATING_MODE], &r,
                           err));
    size_t n = strlen(hb_registry_digest(r));
    memcpy(out, hb_registry_digest(r), n < 64 ? n + 1 : 65);
    out[64] = '\0';
    hb_registry_free(r);
    return HB_OK;
}

static hb_status run_set(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    const set_opts *o = opts;
    (void)ret_exit;
    hb_run *run = NULL;
    char digest[65] = "";
    HB_TRY(hb_store_get_run(app->store, args.v[0], &run, err));
    hb_status status = registry_digest(app, run, digest, err);
    hb_run_free(run);
    HB_TRY(status);
    hb_baseline_request request = {
        .run_id = args.v[0],
        .tag = o->tag,
        .registry_digest = digest,
        .set_by = hb_baseline_who(o->by),
        .note = o->note,
        .now = app->os->now(),
        .force = o->force,
    };
    HB_TRY(hb_app_check_operators(app, err));
    HB_TRY(hb_set_opts_apply(app, &o->govern, true, &request, err));
    status = hb_baseline_set(app->store, &app->policy, &request, err);
    hb_signer_free(request.signer);
    HB_TRY(status);
    if (app->policy.require_approval) {
        const hb_matter_ask what = {.run_id = args.v[0], .purpose = "set"};
        hb_statement matter;
        HB_TRY(hb_matter_of(app->store, &what, &app->arena, &matter, err));
        HB_TRY(hb_govern_files(app, matter.subject_sha256, err));
    }
    const char *tag = o->tag ? o->tag : "golden";
    if (app->common.json) {
        hb_json j;
        hb_json_init(&j, &app->out, HB_JSON_PRETTY);
        hb_json_obj(&j);
        hb_json_kc(&j, "tag", tag);
        hb_json_kc(&j, "run_id", args.v[0]);
        hb_json_end(&j);
        hb_buf_ch(&app->out, '\n');
        return hb_json_done(&j, err);
    }
    hb_buf_fmt(&app->out, "baseline %s is now run %s\n", tag, args.v[0]);
    return HB_OK;
}

static const hb_opt set_table[] = {
    {.name = "tag",
     .letter = 't',
     .kind = HB_OPT_STRING,
     .offset = offsetof(set_opts, tag),
     .arg = "TAG",
     .help = "the baseline's name; default golden"},
    {.name = "note",
     .kind = HB_OPT_STRING,
     .offset = offsetof(set_opts, note),
     .arg = "TEXT",
     .help = "why; kept with the tag"},
    {.name = "by",
     .kind = HB_OPT_STRING,
     .offset = offsetof(set_opts, by),
     .arg = "NAME",
     .help = "who; default: the user's name"},
    {.name = "force",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(set_opts, force),
     .help = "accept a run whose verdict is FAIL; noted"},
    HB_SET_OPTS(set_opts, govern),
    {0},
};

const hb_cmd hb_cmd_baseline_set = {
    .name = "baseline set",
    .group = "Baselines",
    .summary = "make a run the baseline of its test",
    .needs = HB_NEED_POLICY | HB_NEED_STORE_WRITE,
    .opts = set_table,
    .opts_size = sizeof(set_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "RUN",
    .details = "Tags are kept per program, subsystem and test; earlier settings stay in the\n"
               "history. A policy with governance.require_approval refuses what is not approved\n"
               "(hb baseline request), and whoever does not sign as one who may.\n"
               "\n"
               "--break-glass sets it without approval, until --expires at most 7 days on,\n"
               "signed with --reason; every decision made by it says so, and afterwards it is no\n"
               "baseline. Nobody does it twice for a tag without an approval in between.",
    .example = "hb baseline set monday-1 --tag golden --note \"acceptance run\"",
    .run = run_set,
};

typedef struct list_opts {
    bool history;
} list_opts;

static void tag_json(hb_json *j, const hb_tag_row *r)
{
    char time[HB_TIME_TEXT];
    hb_time_print(r->set_at, time);
    hb_json_obj(j);
    hb_json_kc(j, "tag", r->tag);
    hb_json_kc(j, "program", r->program);
    hb_json_kc(j, "subsystem", r->subsystem);
    hb_json_kc(j, "test_name", r->test_name);
    hb_json_kc(j, "run_id", r->run_id);
    hb_json_kc(j, "version", *r->version ? r->version : NULL);
    hb_json_kc(j, "set_by", r->set_by);
    hb_json_kc(j, "note", r->note);
    hb_json_kc(j, "set_at", time);
    hb_json_kc(j, "registry_sha256", r->registry_digest);
    hb_json_end(j);
}

static hb_status print_tags(hb_app *app, const hb_tag_row *rows, size_t n, hb_error *err)
{
    if (app->common.json) {
        hb_json j;
        hb_json_init(&j, &app->out, HB_JSON_PRETTY);
        hb_json_obj(&j);
        hb_json_kc(&j, "format", "hb-baseline-tags/1");
        hb_json_key(&j, "tags");
        hb_json_arr(&j);
        for (size_t i = 0; i < n; i++) {
            tag_json(&j, &rows[i]);
        }
        hb_json_end(&j);
        hb_json_end(&j);
        hb_buf_ch(&app->out, '\n');
        return hb_json_done(&j, err);
    }
    static const char *const head[] = {
        "TAG", "RUN OR VERSION", "PROGRAM", "SUBSYSTEM", "TEST", "BY", "SET", "NOTE"};
    hb_table_text t;
    hb_table_text_begin(&t, head, 8);
    for (size_t i = 0; i < n; i++) {
        char time[HB_TIME_TEXT];
        hb_time_print(rows[i].set_at - rows[i].set_at % 1000000000, time);
        const char *cells[] = {rows[i].tag,
                               *rows[i].version ? rows[i].version : rows[i].run_id,
                               rows[i].program,
                               rows[i].subsystem,
                               rows[i].test_name,
                               rows[i].set_by,
                               time,
                               rows[i].note};
        hb_table_text_row(&t, cells);
    }
    if (n == 0) {
        hb_say(app, "no baseline is set; hb baseline set RUN --tag golden sets one");
    }
    return hb_table_text_end(&t, &app->out, err);
}

static hb_status run_list(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    const list_opts *o = opts;
    (void)args;
    (void)ret_exit;
    hb_tag_query q = {0};
    hb_tag_row *rows = NULL;
    size_t n = 0;
    HB_TRY(o->history ? hb_store_tag_history(app->store, &q, &app->arena, &rows, &n, err)
                      : hb_store_list_tags(app->store, &q, &app->arena, &rows, &n, err));
    return print_tags(app, rows, n, err);
}

static const hb_opt list_table[] = {
    {.name = "history",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(list_opts, history),
     .help = "all settings there ever were"},
    {0},
};

const hb_cmd hb_cmd_baseline_list = {
    .name = "baseline list",
    .group = "Baselines",
    .summary = "the baselines that are set",
    .needs = HB_NEED_STORE,
    .opts = list_table,
    .opts_size = sizeof(list_opts),
    .details = "One line a tag and test.",
    .example = "hb baseline list",
    .run = run_list,
};

typedef struct show_opts {
    hb_test_opts test;
} show_opts;

static hb_status show_run(hb_app *app, const char *run_id, hb_error *err)
{
    hb_run *run = NULL;
    HB_TRY(hb_store_get_run(app->store, run_id, &run, err));
    hb_status status = app->common.json ? hb_view_run_json(run, NULL, &app->out, err)
                                        : hb_view_run_text(run, &app->out, err);
    hb_run_free(run);
    return status;
}

static hb_status run_show(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    const show_opts *o = opts;
    hb_tag_row tag = {0};
    hb_version_row version = {0};
    bool found = false;
    (void)ret_exit;
    HB_TRY(hb_baseline_find_tag(app, args.v[0], &o->test, &tag, &found, err));
    if (found && !*tag.version) {
        return show_run(app, tag.run_id, err);
    }
    const char *text = found ? tag.version : args.v[0];
    hb_error why = {0};
    hb_status status = hb_store_get_version(app->store, text, &app->arena, &version, &why);
    if (status == HB_E_STORE && !found && strstr(why.msg, "has no baseline version")) {
        return HB_FAIL(err, HB_E_STORE,
                       "no baseline is tagged '%s' and no baseline version has this name; see: hb "
                       "baseline list, hb baseline versions",
                       args.v[0]);
    }
    if (status != HB_OK) {
        *err = why;
        return status;
    }
    HB_TRY(hb_baseline_is_of_test(&version, &o->test, err));
    return hb_view_version(app, &version, err);
}

static const hb_opt show_table[] = {HB_TEST_OPTS(show_opts, test), {0}};

const hb_cmd hb_cmd_baseline_show = {
    .name = "baseline show",
    .group = "Baselines",
    .summary = "a baseline version, or the run or version a tag points at",
    .needs = HB_NEED_STORE,
    .opts = show_table,
    .opts_size = sizeof(show_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "TAG|VERSION",
    .details = "Of a run as hb runs show; of a version its runs and, for every metric, the\n"
               "mean and standard deviation of their values. A version is named by the\n"
               "beginning of its own name (4 characters or more) or the name it was given.",
    .example = "hb baseline show golden",
    .run = run_show,
};
