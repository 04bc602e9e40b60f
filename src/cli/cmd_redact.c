/* SPDX-License-Identifier: Apache-2.0 */
/* hb redact: a pack without some of its raw files, or with fields hidden. */
#include "cli/commands.h"
#include "cli/custody_shared.h"
#include "cli/govern_shared.h"
#include "cli/keys_shared.h"

#include "base/mem.h"
#include "config/node.h"
#include "export/export.h"
#include "export/redact.h"
#include "export/redact_policy.h"

#include <inttypes.h>
#include <string.h>

typedef struct redact_opts {
    hb_list drop;
    const char *policy;
    const char *profile;
    const char *out;
    const char *reason;
    int form;
    hb_signing_opts signing;
} redact_opts;

static const char *const forms[] = {[HB_PACK_ZIP] = "zip", [HB_PACK_FOLDER] = "folder", NULL};

typedef struct recorder {
    hb_app *app;
    const redact_opts *o;
    hb_signer *signer;
} recorder;

static hb_status record(void *ctx, const hb_redacted *r, hb_error *err)
{
    recorder *x = ctx;
    const hb_custody_deed d = {.case_id = r->case_id,
                               .event = "redacted",
                               .reason = x->o->reason,
                               .run_id = "",
                               .manifest_sha256 = r->manifest_sha256,
                               .action = HB_ACTION_REDACT};
    if (!x->app->store) {
        hb_say(x->app, "there is no registry here: that it was redacted is in no log");
        return HB_OK;
    }
    return hb_custody_record(x->app, &d, x->signer, err);
}

static hb_status tell(hb_app *app, const redact_opts *o, const hb_redacted *r, hb_error *err)
{
    if (!app->common.json) {
        hb_buf_fmt(&app->out, "%s: case %s without %zu file%s (%" PRIu64 " bytes), signed\n",
                   o->out, r->case_id, r->n_dropped, r->n_dropped == 1 ? "" : "s",
                   r->dropped_bytes);
        if (r->n_fields) {
            hb_buf_fmt(&app->out, "fields hidden in %zu places, and %zu texts that follow\n",
                       r->n_fields, r->n_follow);
        }
        hb_buf_fmt(&app->out, "original %s\nmanifest %s\n", r->original_sha256, r->manifest_sha256);
        return hb_buf_check(&app->out, err);
    }
    hb_json j;
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-redacted/1");
    hb_json_kc(&j, "pack", o->out);
    hb_json_kc(&j, "case", r->case_id);
    hb_json_key(&j, "dropped");
    hb_json_arr(&j);
    for (size_t i = 0; i < r->n_dropped; i++) {
        hb_json_c(&j, r->dropped[i]);
    }
    hb_json_end(&j);
    hb_json_ku(&j, "dropped_bytes", r->dropped_bytes);
    hb_json_ku(&j, "fields", r->n_fields);
    hb_json_ku(&j, "texts_that_follow", r->n_follow);
    hb_json_kc(&j, "original_manifest_sha256", r->original_sha256);
    hb_json_kc(&j, "manifest_sha256", r->manifest_sha256);
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

/* --- what is hidden --- */

#define POLICY_FILE "redaction_policy.yaml"

static hb_status read_policy(hb_app *app, const redact_opts *o, hb_redact_policy *ret,
                             bool *ret_has, hb_error *err)
{
    const char *path = o->policy;
    char *text = NULL;
    size_t n = 0;
    *ret_has = false;
    if (!path && !o->profile) {
        return HB_OK;
    }
    if (!path) {
        HB_TRY(hb_app_path(app, NULL, POLICY_FILE, &path, err));
    }
    HB_TRY(hb_file_read(app->os, path, HB_YAML_MAX_BYTES, &text, &n, err));
    hb_status status = hb_redact_policy_parse((hb_str){text, n}, path, ret, err);
    hb_free(text);
    *ret_has = status == HB_OK;
    return status;
}

/* What the command line says and what the profile says, together. */
static hb_status join_drops(hb_app *app, const redact_opts *o, const hb_redact_profile *p,
                            hb_redact_ask *ask, hb_error *err)
{
    size_t n = o->drop.n + (p ? p->n_drop : 0);
    const char **list = hb_arena_array(&app->arena, n + 1, sizeof *list);
    if (!list) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        list[i] = i < o->drop.n ? o->drop.v[i] : p->drop[i - o->drop.n];
    }
    ask->drop = list;
    ask->n_drop = n;
    return n || (p && p->n_rules)
               ? HB_OK
               : HB_FAIL(err, HB_E_USAGE,
                         "nothing is to be taken out or hidden: --drop PATH, --policy FILE, or "
                         "--profile NAME of the workspace's %s",
                         POLICY_FILE);
}

static hb_status redact_by(hb_app *app, const redact_opts *o, const hb_redact_profile *profile,
                           const char *pack, hb_redacted *ret, hb_error *err)
{
    hb_signer *signer = NULL;
    recorder rec = {.app = app, .o = o};
    hb_redact_ask ask = {.os = app->os,
                         .pack = pack,
                         .target = o->out,
                         .form = (hb_pack_form)o->form,
                         .hide = profile,
                         .reason = o->reason,
                         .record = record,
                         .record_ctx = &rec};
    HB_TRY(join_drops(app, o, profile, &ask, err));
    HB_TRY(hb_keys_registry(app, err));
    HB_TRY(hb_app_signer(app, &o->signing, &signer, err));
    ask.signer = rec.signer = signer;
    hb_status status = hb_redact(&ask, &app->arena, ret, err);
    hb_signer_free(signer);
    return status;
}

static hb_status run_redact(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const redact_opts *o = opts;
    const hb_redact_profile *profile = NULL;
    hb_redact_policy policy;
    bool has_policy = false;
    hb_redacted done;
    (void)ret_exit;
    HB_TRY(hb_govern_reason("--reason", o->reason, err));
    HB_TRY(read_policy(app, o, &policy, &has_policy, err));
    hb_status status =
        has_policy ? hb_redact_policy_choose(&policy, o->profile, &profile, err) : HB_OK;
    status = status == HB_OK ? redact_by(app, o, profile, args.v[0], &done, err) : status;
    status = status == HB_OK ? tell(app, o, &done, err) : status;
    if (has_policy) {
        hb_redact_policy_release(&policy);
    }
    return status;
}

static const hb_opt table[] = {
    {.name = "drop",
     .kind = HB_OPT_LIST,
     .offset = offsetof(redact_opts, drop),
     .arg = "PATH",
     .one_each = true,
     .help = "a raw file of the pack, or a folder with some: raw, raw/0, raw/journal"},
    {.name = "policy",
     .kind = HB_OPT_STRING,
     .offset = offsetof(redact_opts, policy),
     .arg = "FILE",
     .help = "fields to hide: a redaction_policy.yaml; with --profile the workspace's"},
    {.name = "profile",
     .kind = HB_OPT_STRING,
     .offset = offsetof(redact_opts, profile),
     .arg = "NAME",
     .help = "which profile of the policy"},
    {.name = "out",
     .letter = 'o',
     .kind = HB_OPT_STRING,
     .offset = offsetof(redact_opts, out),
     .arg = "PATH",
     .required = true,
     .help = "the new pack; must not exist"},
    {.name = "form",
     .kind = HB_OPT_ENUM,
     .offset = offsetof(redact_opts, form),
     .values = forms,
     .help = "one zip, or a folder of files"},
    {.name = "reason",
     .kind = HB_OPT_STRING,
     .offset = offsetof(redact_opts, reason),
     .arg = "TEXT",
     .required = true,
     .help = "why; stands in the pack and in the lab's log"},
    HB_SIGN_OPTS(redact_opts, signing),
    {0},
};

const hb_cmd hb_cmd_redact = {
    .name = "redact",
    .group = HB_CUSTODY_GROUP,
    .summary = "make a pack without some files or fields that still verifies",
    .opts = table,
    .opts_size = sizeof(redact_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "PACK",
    .details = "--drop takes raw files out. The new pack has the manifest and the signature of\n"
               "the one it was made of, so anybody sees which files are missing, their digests,\n"
               "and that the others are the same.\n"
               "\n"
               "--policy hides fields of the runs' identity (redact, hash, truncate) wherever\n"
               "they stand, and takes out all raw files. The new pack holds what the original\n"
               "committed to, so anybody sees that every other text and every figure is the\n"
               "same; nobody can try out what a hidden value was. Every file is searched for\n"
               "the hidden values, and nothing is made while one is found.\n"
               "\n"
               "hb verify decides from the profiles then; it takes the public keys of who\n"
               "redacted and of who signed the original (--trust). Where there is a registry,\n"
               "it is an entry of the lab's log (hb custody timeline), and with operators in\n"
               "force it takes an approver. docs/custody.md.",
    .example = "hb redact evidence_monday-2.zip --drop raw -o r.zip --reason supplier",
    .run = run_redact,
};
