/* SPDX-License-Identifier: Apache-2.0 */
/* hb retention: what is beyond its age, and its removal. */
#include "cli/baseline_shared.h"
#include "cli/commands.h"
#include "cli/custody_shared.h"
#include "cli/govern_shared.h"
#include "cli/permitted.h"
#include "cli/table.h"
#include "config/node.h"
#include "export/retention.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FILE_NAME "retention.yaml"

typedef struct retention_opts {
    const char *policy;
    const char *reason;
    bool apply;
    hb_signing_opts signing;
} retention_opts;

/* *ret_found = false: there is none and none was named, so everything stays. */
static hb_status load_policy(hb_app *app, const retention_opts *o, hb_retention_policy *ret,
                             bool *ret_found, hb_error *err)
{
    const char *path = o->policy;
    char *text = NULL;
    size_t n = 0;
    if (!path) {
        HB_TRY(hb_app_path(app, NULL, FILE_NAME, &path, err));
        *ret_found = hb_path_exists(app->os, path);
        if (!*ret_found) {
            return HB_OK;
        }
    }
    HB_TRY(hb_file_read(app->os, path, HB_YAML_MAX_BYTES, &text, &n, err));
    hb_status status = hb_retention_policy_parse((hb_str){text, n}, path, ret, err);
    hb_free(text);
    *ret_found = status == HB_OK;
    return status;
}

/* --- shown --- */

static hb_status view_json(hb_app *app, const hb_retention_plan *p, bool found, size_t removed,
                           bool applied, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-retention/1");
    hb_json_kb(&j, "policy", found);
    hb_json_kb(&j, "applied", applied);
    hb_json_ku(&j, "removed", removed);
    hb_json_ku(&j, "bytes", p->bytes);
    hb_json_ku(&j, "kept_on_hold", p->held);
    hb_json_ku(&j, "kept_golden", p->golden);
    hb_json_key(&j, "items");
    hb_json_arr(&j);
    for (size_t i = 0; i < p->n; i++) {
        const hb_retention_item *x = &p->items[i];
        hb_json_obj(&j);
        hb_json_kc(&j, "what", x->what);
        hb_json_kc(&j, "run_id", x->run_id);
        hb_json_kc(&j, "stream", x->stream);
        hb_json_ku(&j, "count", x->count);
        hb_json_kc(&j, "path", x->path);
        hb_json_kc(&j, "rule", x->rule);
        hb_json_ku(&j, "bytes", x->bytes);
        hb_json_kt(&j, "since", x->since);
        hb_json_end(&j);
    }
    hb_json_end(&j);
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

static hb_status view_text(hb_app *app, const hb_retention_plan *p, bool found, size_t removed,
                           bool applied, hb_error *err)
{
    static const char *const head[] = {"WHAT", "RUN", "BYTES", "SINCE", "RULE"};
    hb_table_text t;
    if (!found) {
        hb_buf_c(&app->out, "there is no " FILE_NAME ": everything stays\n");
        return hb_buf_check(&app->out, err);
    }
    hb_table_text_begin(&t, head, 5);
    for (size_t i = 0; i < p->n; i++) {
        char bytes[24];
        char since[HB_TIME_TEXT];
        char run[64];
        snprintf(bytes, sizeof bytes, "%" PRIu64, p->items[i].bytes);
        hb_time_print(p->items[i].since - p->items[i].since % 1000000000, since);
        if (*p->items[i].stream) {
            snprintf(run, sizeof run, "%" PRIu64 " of %.30s", p->items[i].count,
                     p->items[i].stream);
        } else {
            hb_str_fit(p->items[i].run_id, run, sizeof run);
        }
        hb_table_text_row(
            &t, (const char *const[]){p->items[i].what, run, bytes, since, p->items[i].rule});
    }
    HB_TRY(hb_table_text_end(&t, &app->out, err));
    if (applied) {
        hb_buf_fmt(&app->out, "removed %zu of %zu", removed, p->n);
    } else {
        hb_buf_fmt(&app->out, "%zu would go, %" PRIu64 " bytes", p->n, p->bytes);
    }
    hb_buf_fmt(&app->out, "; kept: %" PRIu64 " on hold, %" PRIu64 " of a golden\n", p->held,
               p->golden);
    return hb_buf_check(&app->out, err);
}

/* --- done --- */

static hb_status permit(hb_app *app, hb_signer *signer, const char **ret_name, hb_error *err)
{
    const char *name = "";
    HB_TRY(hb_app_permit_key(app, HB_ACTION_RETENTION, "",
                             signer ? hb_pubkey_id(hb_signer_public(signer)) : "", &name, err));
    *ret_name = *name || signer ? name : hb_baseline_who(NULL);
    return HB_OK;
}

static hb_status apply(hb_app *app, const retention_opts *o, const hb_retention_ask *ask,
                       const hb_retention_plan *plan, size_t *ret_removed, hb_error *err)
{
    char statement[HB_DIGEST_HEX] = "";
    hb_signer *signer = NULL;
    hb_retention_deed deed = {.by = "", .statement = statement, .reason = o->reason};
    HB_TRY(hb_app_signer_if(app, &o->signing, &signer, err));
    hb_status status = permit(app, signer, &deed.by_name, err);
    if (status == HB_OK && signer && plan->n) {
        const hb_statement s = {.kind = "removal",
                                .subject_name = "retention policy",
                                .subject_sha256 = ask->policy->digest,
                                .purpose = "apply",
                                .program = "*",
                                .reason = o->reason,
                                .at = ask->now,
                                .expires = HB_TIME_NONE};
        deed.by = hb_arena_str(&app->arena, hb_str_of(hb_pubkey_id(hb_signer_public(signer))));
        status = deed.by ? hb_govern_publish(app, &s, signer, statement, err) : HB_NOMEM(err);
    }
    if (status == HB_OK) {
        status = hb_retention_apply(ask, plan, &deed, &app->arena, ret_removed, err);
    }
    if (status != HB_OK && *ret_removed) {
        hb_say(app, "%zu of %zu were removed before that", *ret_removed, plan->n);
    }
    hb_signer_free(signer);
    return status;
}

static hb_status retain(hb_app *app, const retention_opts *o, const hb_retention_policy *policy,
                        hb_error *err)
{
    hb_retention_plan plan;
    hb_retention_ask ask = {
        .os = app->os, .store = app->store, .policy = policy, .now = app->os->now()};
    size_t removed = 0;
    if (*policy->reports_dir) {
        HB_TRY(hb_app_path(app, NULL, policy->reports_dir, &ask.reports, err));
    } else {
        HB_TRY(hb_app_reports_path(app, &ask.reports, err));
    }
    HB_TRY(hb_retention_look(&ask, &app->arena, &plan, err));
    if (o->apply) {
        HB_TRY(hb_app_check_config(app, HB_GOVERNED_RETENTION, policy->digest, err));
        HB_TRY(apply(app, o, &ask, &plan, &removed, err));
    }
    return app->common.json ? view_json(app, &plan, true, removed, o->apply, err)
                            : view_text(app, &plan, true, removed, o->apply, err);
}

static hb_status run_retention(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                               hb_error *err)
{
    const retention_opts *o = opts;
    hb_retention_policy policy;
    const hb_retention_plan none = {0};
    bool found = false;
    (void)args;
    (void)ret_exit;
    if (o->apply) {
        HB_TRY(hb_govern_reason("--reason", o->reason ? o->reason : "", err));
    } else if (o->reason) {
        return HB_FAIL(err, HB_E_USAGE, "--reason is for --apply; without it nothing is removed");
    }
    HB_TRY(load_policy(app, o, &policy, &found, err));
    if (!found) {
        return app->common.json ? view_json(app, &none, false, 0, false, err)
                                : view_text(app, &none, false, 0, false, err);
    }
    hb_status status = retain(app, o, &policy, err);
    hb_retention_policy_release(&policy);
    return status;
}

static const hb_opt table[] = {
    {.name = "policy",
     .kind = HB_OPT_STRING,
     .offset = offsetof(retention_opts, policy),
     .arg = "FILE",
     .help = "default: " FILE_NAME " in the workspace"},
    {.name = "apply",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(retention_opts, apply),
     .help = "remove it; without, it is only listed"},
    {.name = "reason",
     .kind = HB_OPT_STRING,
     .offset = offsetof(retention_opts, reason),
     .arg = "TEXT",
     .help = "with --apply: why; kept in the lab's log"},
    HB_SIGN_OPTS(retention_opts, signing),
    {0},
};

const hb_cmd hb_cmd_retention = {
    .name = "retention",
    .group = HB_CUSTODY_GROUP,
    .summary = "what is beyond its age: list it, or remove it",
    .needs = HB_NEED_STORE_WRITE,
    .opts = table,
    .opts_size = sizeof(retention_opts),
    .details = "By retention.yaml (hb config schema retention --reference): report folders of\n"
               "runs beyond keep_latest and max_age_days, packs that were made by themselves\n"
               "beyond evidence_max_age_days, and stored decisions of live windows beyond\n"
               "windows_max_age_days. Never of a golden's runs, nor of a case on hold. Runs with\n"
               "their decisions and the lines of windows stay in the registry, and each thing\n"
               "that goes is an entry of the lab's log. With operators in force it takes an\n"
               "admin's key. docs/custody.md.",
    .example = "hb retention",
    .run = run_retention,
};
