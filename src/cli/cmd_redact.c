/* SPDX-License-Identifier: Apache-2.0 */
/* hb redact: a pack without some of its raw files. */
#include "cli/commands.h"
#include "cli/custody_shared.h"
#include "cli/govern_shared.h"
#include "cli/keys_shared.h"
#include "export/export.h"
#include "export/redact.h"

#include <inttypes.h>
#include <string.h>

typedef struct redact_opts {
    hb_list drop;
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
    hb_json_kc(&j, "original_manifest_sha256", r->original_sha256);
    hb_json_kc(&j, "manifest_sha256", r->manifest_sha256);
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

static hb_status run_redact(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const redact_opts *o = opts;
    hb_signer *signer = NULL;
    hb_redacted done;
    (void)ret_exit;
    HB_TRY(hb_govern_reason("--reason", o->reason, err));
    HB_TRY(hb_keys_registry(app, err));
    HB_TRY(hb_app_signer(app, &o->signing, &signer, err));
    recorder rec = {.app = app, .o = o, .signer = signer};
    const hb_redact_ask ask = {.os = app->os,
                               .pack = args.v[0],
                               .target = o->out,
                               .form = (hb_pack_form)o->form,
                               .drop = o->drop.v,
                               .n_drop = o->drop.n,
                               .reason = o->reason,
                               .signer = signer,
                               .record = record,
                               .record_ctx = &rec};
    hb_status status = hb_redact(&ask, &app->arena, &done, err);
    hb_signer_free(signer);
    return status == HB_OK ? tell(app, o, &done, err) : status;
}

static const hb_opt table[] = {
    {.name = "drop",
     .kind = HB_OPT_LIST,
     .offset = offsetof(redact_opts, drop),
     .arg = "PATH",
     .one_each = true,
     .required = true,
     .help = "a raw file of the pack, or a folder with some: raw, raw/0, raw/journal"},
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
    .summary = "make a pack without some of its raw files that can still be verified",
    .opts = table,
    .opts_size = sizeof(redact_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "PACK",
    .details = "The new pack has the manifest and the signature of the one it was made of, so\n"
               "anybody sees which files are missing, their digests, and that the others are\n"
               "the same. hb verify decides from the profiles then; it takes the public keys of\n"
               "who redacted and of who signed the original (--trust). Values within files are\n"
               "not redacted: everything else is decided from.\n"
               "\n"
               "Where there is a registry, it is an entry of the lab's log (hb custody\n"
               "timeline), and with operators in force it takes an approver. docs: custody.",
    .example = "hb redact evidence_monday-2.zip --drop raw -o r.zip --reason supplier",
    .run = run_redact,
};
