/* SPDX-License-Identifier: Apache-2.0 */
/* hb operators propose, approve, apply: a change of who may do what is agreed on by the admins
 * before it. */
#include "cli/commands.h"
#include "cli/operators_shared.h"

#include <string.h>

enum { SHORT = 12 };

typedef struct change_opts {
    const char *reason;
    bool yes;
    hb_signing_opts signing;
} change_opts;

/* --- propose --- */

static hb_status propose(hb_app *app, const change_opts *o, const hb_operators *in_force,
                         const hb_operators_text *t, hb_signer *signer, hb_error *err)
{
    char digest[HB_DIGEST_HEX];
    hb_time now = app->os->now();
    HB_TRY(hb_permit(in_force, HB_ACTION_REQUEST, "*", hb_pubkey_id(hb_signer_public(signer)), now,
                     NULL, err));
    if (strcmp(t->digest, hb_operators_digest(in_force)) == 0) {
        return HB_FAIL(err, HB_E_USAGE, "that is the text in force already");
    }
    hb_statement s = hb_operators_change(in_force, t->digest);
    s.kind = "request";
    s.reason = o->reason;
    s.at = now;
    HB_TRY(hb_operators_text_keep(app, t, err));
    HB_TRY(hb_govern_publish(app, &s, signer, digest, err));
    hb_buf_fmt(&app->out, "request %.*s:\n", SHORT, digest);
    hb_operators_differences(in_force, t->operators, &app->out);
    return hb_buf_check(&app->out, err);
}

static hb_status run_propose(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                             hb_error *err)
{
    const change_opts *o = opts;
    hb_operators *in_force = NULL;
    hb_operators_text t = {0};
    hb_signer *signer = NULL;
    (void)ret_exit;
    HB_TRY(hb_govern_reason("--reason", o->reason, err));
    HB_TRY(hb_app_operators(app, &in_force, err));
    hb_status status = in_force ? hb_operators_text_read(app, args.v[0], &t, err)
                                : hb_permit(NULL, HB_ACTION_OPERATORS, "*", "", 0, NULL, err);
    if (status == HB_OK) {
        status = hb_app_signer(app, &o->signing, &signer, err);
    }
    if (status == HB_OK) {
        status = propose(app, o, in_force, &t, signer, err);
    }
    hb_signer_free(signer);
    hb_operators_free(t.operators);
    hb_operators_free(in_force);
    return status;
}

static const hb_opt propose_table[] = {
    {.name = "reason",
     .kind = HB_OPT_STRING,
     .offset = offsetof(change_opts, reason),
     .arg = "TEXT",
     .required = true,
     .help = "why; signed with it"},
    HB_SIGN_OPTS(change_opts, signing),
    {0},
};

const hb_cmd hb_cmd_operators_propose = {
    .name = "operators propose",
    .group = "Governance",
    .summary = "ask for a change of operators.yaml",
    .needs = HB_NEED_STORE_WRITE,
    .opts = propose_table,
    .opts_size = sizeof(change_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "FILE",
    .text_only = true,
    .details = "FILE is the whole new text, not operators.yaml itself: that is always the one in\n"
               "force. Keys that stand in files of their own are put into the text. Needs the\n"
               "role operator for \"*\".",
    .example = "hb operators propose more.yaml --reason \"kim joins\" --key keys/lee.pem",
    .run = run_propose,
};

/* --- approve, apply --- */

typedef struct change_look {
    hb_request request;
    hb_operators *in_force;
    hb_operators_text text;
    hb_signer *signer;
} change_look;

static hb_status look(hb_app *app, const char *text, change_look *c, hb_error *err)
{
    HB_TRY(hb_app_operators(app, &c->in_force, err));
    HB_TRY(hb_govern_request(app, text, "apply", &c->request, err));
    if (!c->in_force) {
        return hb_permit(NULL, HB_ACTION_OPERATORS, "*", "", 0, NULL, err);
    }
    if (strcmp(c->request.s.previous, hb_operators_digest(c->in_force)) != 0) {
        return HB_FAIL(err, HB_E_DENIED,
                       "request %.12s is for a change of operators %.12s, and %.12s are in force; "
                       "propose it anew",
                       c->request.s.digest, c->request.s.previous,
                       hb_operators_digest(c->in_force));
    }
    HB_TRY(hb_operators_text_proposed(app, c->request.s.subject_sha256, &c->text, err));
    hb_buf_fmt(&app->out, "request %.*s: %s\n", SHORT, c->request.s.digest, c->request.s.reason);
    hb_operators_differences(c->in_force, c->text.operators, &app->out);
    return hb_buf_check(&app->out, err);
}

static void release(change_look *c)
{
    hb_signer_free(c->signer);
    hb_operators_free(c->text.operators);
    hb_operators_free(c->in_force);
}

static hb_status approve(hb_app *app, const change_opts *o, change_look *c, hb_error *err)
{
    const hb_approval_rule rule = hb_operators_rule(c->in_force, app->os->now());
    HB_TRY(hb_app_signer(app, &o->signing, &c->signer, err));
    HB_TRY(hb_approval_allowed(c->in_force, &rule, &c->request.s,
                               hb_pubkey_id(hb_signer_public(c->signer)), c->request.envelopes,
                               c->request.n, app->os->now(), &app->arena, err));
    HB_TRY(hb_govern_answer(app, &c->request, "approval", o->reason ? o->reason : "", "", c->signer,
                            err));
    hb_buf_c(&app->out, "approved; next: hb operators apply\n");
    return hb_buf_check(&app->out, err);
}

static hb_status run_approve(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                             hb_error *err)
{
    const change_opts *o = opts;
    change_look c = {0};
    hb_status status = look(app, args.v[0], &c, err);
    if (status == HB_OK && o->yes) {
        status = approve(app, o, &c, err);
    } else if (status == HB_OK) {
        hb_say(app, "nothing was signed; repeat with --yes to approve it");
        *ret_exit = hb_status_exit(HB_E_DENIED);
    }
    release(&c);
    return status;
}

static hb_status run_apply(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                           hb_error *err)
{
    change_look c = {0};
    const char *names = "";
    (void)opts;
    (void)ret_exit;
    hb_status status = look(app, args.v[0], &c, err);
    if (status == HB_OK) {
        status =
            hb_operators_change_check(c.in_force, c.request.s.subject_sha256, c.request.envelopes,
                                      c.request.n, app->os->now(), &app->arena, &names, err);
    }
    if (status == HB_OK) {
        status = hb_operators_put_in_force(app, &c.text, c.request.s.digest, "", err);
    }
    if (status == HB_OK) {
        hb_buf_fmt(&app->out, "operators %.*s are in force, approved by %s\n", SHORT, c.text.digest,
                   names);
    }
    release(&c);
    return status;
}

static const hb_opt approve_table[] = {
    {.name = "yes",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(change_opts, yes),
     .help = "sign it; without, only the change is shown (exit code 5)"},
    {.name = "reason",
     .kind = HB_OPT_STRING,
     .offset = offsetof(change_opts, reason),
     .arg = "TEXT",
     .help = "why; signed with it"},
    HB_SIGN_OPTS(change_opts, signing),
    {0},
};

const hb_cmd hb_cmd_operators_approve = {
    .name = "operators approve",
    .group = "Governance",
    .summary = "show a change of operators.yaml, and approve it",
    .needs = HB_NEED_STORE_WRITE,
    .opts = approve_table,
    .opts_size = sizeof(change_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "REQUEST",
    .text_only = true,
    .details = "Needs an admin of \"*\" of the operators in force, who did not propose it. Where\n"
               "there is one admin alone, his own approval counts.",
    .example = "hb operators approve 9f86d081884c --yes --key keys/ada.pem",
    .run = run_approve,
};

const hb_cmd hb_cmd_operators_apply = {
    .name = "operators apply",
    .group = "Governance",
    .summary = "bring an approved change of operators.yaml into force",
    .needs = HB_NEED_STORE_WRITE,
    .min_args = 1,
    .max_args = 1,
    .args = "REQUEST",
    .text_only = true,
    .details = "Anybody may: what counts are the approvals. Writes operators.yaml.",
    .example = "hb operators apply 9f86d081884c",
    .run = run_apply,
};
