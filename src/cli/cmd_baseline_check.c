/* SPDX-License-Identifier: Apache-2.0 */
/* hb baseline check. */
#include "cli/baseline_shared.h"
#include "cli/commands.h"
#include "cli/quality_shared.h"

typedef struct check_opts {
    const char *tag;
    bool gate;
    hb_test_opts test;
} check_opts;

/* A tag may point at one run: a set of one. */
static hb_status set_of_run(hb_app *app, const hb_tag_row *tag, hb_run_set *ret_set, hb_error *err)
{
    hb_registry *registry = NULL;
    HB_TRY(hb_app_registry(app, tag->program, "", &registry, err));
    const hb_run_set_ask ask = {.registry = registry, .kind = "named"};
    hb_status status = hb_run_set_load(app->store, &ask, &tag->run_id, 1, ret_set, NULL, err);
    hb_registry_free(registry);
    return status;
}

static hb_status find_set(hb_app *app, const check_opts *o, hb_list args, hb_run_set *ret_set,
                          bool *ret_retired, hb_error *err)
{
    const char *text = args.n ? args.v[0] : o->tag;
    hb_tag_row tag;
    bool found = false;
    if (!text || (args.n && o->tag)) {
        return HB_FAIL(err, HB_E_USAGE,
                       "name a baseline version, or a tag with --tag; one of both");
    }
    HB_TRY(hb_baseline_find_tag(app, text, &o->test, &tag, &found, err));
    if (found && !*tag.version) {
        return set_of_run(app, &tag, ret_set, err);
    }
    if (o->tag && !found) {
        return HB_FAIL(err, HB_E_STORE, "no baseline is tagged '%.64s'; see: hb baseline list",
                       o->tag);
    }
    hb_version_row version;
    HB_TRY(
        hb_store_get_version(app->store, found ? tag.version : text, &app->arena, &version, err));
    HB_TRY(hb_baseline_is_of_test(&version, &o->test, err));
    *ret_retired = *version.retired_reason;
    if (*ret_retired) {
        hb_say(app, "baseline version %s is retired (%.200s) and can be promoted no more",
               version.version, version.retired_reason);
    }
    return hb_baseline_version_set(app, &version, ret_set, err);
}

static hb_status run_check(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                           hb_error *err)
{
    const check_opts *o = opts;
    hb_run_set set;
    hb_quality *q = NULL;
    bool retired = false;
    HB_TRY(find_set(app, o, args, &set, &retired, err));
    hb_status status = hb_quality_of_set(app, &set, &q, err);
    if (status == HB_OK && app->common.json) {
        hb_json j;
        hb_json_init(&j, &app->out, HB_JSON_PRETTY);
        hb_quality_json(q, &j);
        hb_buf_ch(&app->out, '\n');
        status = hb_json_done(&j, err);
    } else if (status == HB_OK) {
        status = hb_view_quality(q, &app->out, err);
    }
    if (status == HB_OK && (q->blocks || retired) && o->gate) {
        *ret_exit = hb_status_exit(HB_E_DENIED);
    }
    hb_quality_free(q);
    hb_run_set_release(&set);
    return status;
}

static const hb_opt table[] = {
    {.name = "tag",
     .letter = 't',
     .kind = HB_OPT_STRING,
     .offset = offsetof(check_opts, tag),
     .arg = "TAG",
     .help = "what this tag points at now"},
    {.name = "gate",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(check_opts, gate),
     .help = "exit code 5 when it could not be made golden as it is"},
    HB_TEST_OPTS(check_opts, test),
    {0},
};

const hb_cmd hb_cmd_baseline_check = {
    .name = "baseline check",
    .group = "Baselines",
    .summary = "the quality of a baseline as it is now",
    .needs = HB_NEED_POLICY | HB_NEED_STORE,
    .opts = table,
    .opts_size = sizeof(check_opts),
    .max_args = 1,
    .args = "[VERSION]",
    .details = "Enough runs, over enough time, under one context, nothing open about them;\n"
               "groups of runs (days, builds, rigs) that do not differ, no run far off, runs\n"
               "that do not resemble their neighbours, no trend, values that look normal.\n"
               "Limits and what each criterion blocks: baseline_quality_policy.yaml.\n"
               "\n"
               "Nothing is stored.",
    .example = "hb baseline check summer",
    .run = run_check,
};
