/* SPDX-License-Identifier: Apache-2.0 */
/* hb reveal: single texts of a pack, for somebody who has it with them hidden. */
#include "cli/commands.h"
#include "cli/custody_shared.h"
#include "cli/govern_shared.h"
#include "cli/keys_shared.h"

#include "base/mem.h"
#include "evidence/disclosure.h"
#include "os/fresh.h"

#include <string.h>

enum { SECRET_MAX = 1024 };

typedef struct reveal_opts {
    const char *out;
    const char *reason;
    hb_signing_opts signing;
} reveal_opts;

typedef struct revealer {
    hb_app *app;
    hb_pack_reader *pack;
    hb_committer *by;
    hb_commit32 secret;
    hb_disclosure d;
} revealer;

static hb_status read_secret(revealer *x, const char *pack, hb_error *err)
{
    char *text = NULL;
    size_t n = 0;
    if (!hb_pack_has(x->pack, HB_PACK_SECRET)) {
        return HB_FAIL(err, HB_E_USAGE,
                       "'%s' has no secret to disclose by: take the original, not a pack with "
                       "hidden fields",
                       pack);
    }
    HB_TRY(hb_pack_read(x->pack, HB_PACK_SECRET, SECRET_MAX, &text, &n, err));
    hb_status status = hb_commit_secret_read((hb_str){text, n}, &x->secret, err);
    hb_commit_wipe(text, n);
    hb_free(text);
    return status;
}

/* "run.json:/meta/build_id" */
static hb_status reveal_one(revealer *x, const char *wish, hb_disclosed *ret, hb_error *err)
{
    char *text = NULL;
    size_t n = 0;
    const char *colon = strchr(wish, ':');
    const char *path = colon ? hb_arena_strndup(&x->app->arena, wish, (size_t)(colon - wish)) : "";
    if (!path) {
        return HB_NOMEM(err);
    }
    if (!colon || !hb_is_committed_document(path)) {
        return HB_FAIL(err, HB_E_USAGE,
                       "what is disclosed is DOCUMENT:POINTER, as run.json:/meta/build_id; "
                       "documents are run.json, baseline/run.json, reference.json and "
                       "decision.json, got '%.200s'",
                       wish);
    }
    HB_TRY(hb_pack_read(x->pack, path, HB_COMMITTED_TEXT_MAX, &text, &n, err));
    hb_status status = hb_disclose(x->by, (hb_str){text, n}, &x->secret, path, colon + 1,
                                   &x->app->arena, ret, err);
    hb_free(text);
    return status;
}

static hb_status reveal_all(revealer *x, hb_list args, hb_error *err)
{
    hb_manifest m;
    HB_TRY(read_secret(x, args.v[0], err));
    HB_TRY(hb_pack_read_manifest(x->pack, &x->app->arena, &m, err));
    HB_TRY(hb_committer_new(&x->by, err));
    x->d.case_id = m.case_id;
    x->d.texts = hb_arena_array(&x->app->arena, args.n, sizeof *x->d.texts);
    if (!x->d.texts) {
        return HB_NOMEM(err);
    }
    for (size_t i = 1; i < args.n; i++) {
        HB_TRY(reveal_one(x, args.v[i], &x->d.texts[x->d.n_texts++], err));
    }
    return HB_OK;
}

static hb_status collect(revealer *x, hb_list args, hb_error *err)
{
    HB_TRY(hb_pack_open(x->app->os, args.v[0], &x->pack, err));
    hb_status status = reveal_all(x, args, err);
    hb_committer_free(x->by);
    hb_pack_close(x->pack);
    hb_commit_wipe(&x->secret, sizeof x->secret);
    return status;
}

static hb_status write_it(revealer *x, const reveal_opts *o, hb_error *err)
{
    hb_buf text;
    hb_buf_init(&text, HB_DISCLOSURE_MAX);
    hb_status status = hb_disclosure_json(&x->d, &text, err);
    if (status == HB_OK) {
        status = hb_file_write_atomic(x->app->os, o->out, text.p, text.n, 0600, err);
    }
    hb_buf_release(&text);
    return status;
}

static hb_status record(revealer *x, const reveal_opts *o, hb_error *err)
{
    hb_signer *signer = NULL;
    const hb_custody_deed d = {.case_id = x->d.case_id,
                               .event = "transmitted",
                               .reason = o->reason,
                               .run_id = "",
                               .action = HB_ACTION_REDACT};
    HB_TRY(hb_app_signer(x->app, &o->signing, &signer, err));
    hb_status status = HB_OK;
    if (x->app->store) {
        status = hb_custody_record(x->app, &d, signer, err);
    } else {
        hb_say(x->app, "there is no registry here: that it was disclosed is in no log");
    }
    hb_signer_free(signer);
    return status;
}

static hb_status run_reveal(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const reveal_opts *o = opts;
    revealer x = {.app = app};
    (void)ret_exit;
    HB_TRY(hb_govern_reason("--reason", o->reason, err));
    HB_TRY(hb_fresh_must_be_free(app->os, o->out, err)); /* before the log says it was disclosed */
    HB_TRY(collect(&x, args, err));
    HB_TRY(hb_keys_registry(app, err));
    HB_TRY(record(&x, o, err));
    HB_TRY(write_it(&x, o, err));
    for (size_t i = 0; i < x.d.n_texts && !app->common.json; i++) {
        hb_buf_fmt(&app->out, "%s: %s at %s\n", o->out, x.d.texts[i].document,
                   x.d.texts[i].pointer);
    }
    return app->common.json ? hb_disclosure_json(&x.d, &app->out, err)
                            : hb_buf_check(&app->out, err);
}

static const hb_opt table[] = {
    {.name = "out",
     .letter = 'o',
     .kind = HB_OPT_STRING,
     .offset = offsetof(reveal_opts, out),
     .arg = "FILE",
     .required = true,
     .help = "the disclosure; must not exist"},
    {.name = "reason",
     .kind = HB_OPT_STRING,
     .offset = offsetof(reveal_opts, reason),
     .arg = "TEXT",
     .required = true,
     .help = "why; stands in the lab's log"},
    HB_SIGN_OPTS(reveal_opts, signing),
    {0},
};

const hb_cmd hb_cmd_reveal = {
    .name = "reveal",
    .group = HB_CUSTODY_GROUP,
    .summary = "disclose single texts of a pack to who has it with them hidden",
    .opts = table,
    .opts_size = sizeof(reveal_opts),
    .min_args = 2,
    .max_args = HB_DISCLOSED_MAX,
    .args = "PACK DOCUMENT:POINTER...",
    .details = "PACK is the original. DOCUMENT is run.json, baseline/run.json, reference.json or\n"
               "decision.json, POINTER a JSON pointer of a text in it: what hb verify and\n"
               "redaction.json of the other pack name. The file holds text and salt; who has\n"
               "the pack with hidden fields sees by hb verify PACK --reveal FILE that this is\n"
               "what the original committed to. It opens nothing else.\n"
               "\n"
               "Where there is a registry, it is an entry of the lab's log (transmitted), and\n"
               "with operators in force it takes an approver.",
    .example = "hb reveal evidence_monday-2.zip run.json:/meta/git_sha -o d.json --reason r",
    .run = run_reveal,
};
