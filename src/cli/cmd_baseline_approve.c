/* SPDX-License-Identifier: Apache-2.0 */
/* hb baseline approve: first what it would change, then the signature. */
#include "cli/baseline_shared.h"
#include "cli/commands.h"
#include "cli/govern_shared.h"
#include "cli/quality_shared.h"
#include "crypto/digest.h"

#include <stdio.h>
#include <string.h>

enum { SHORT = 12, IMPACT_BYTES = 4 << 20 };

typedef struct approve_opts {
    const char *reason;
    bool yes;
    uint32_t impact;
    hb_signing_opts signing;
} approve_opts;

typedef struct approval {
    const approve_opts *o;
    hb_request request;
    const char *named; /* the run, or the version */
    hb_operators *operators;
    hb_signer *signer;
    hb_impact_row *rows;
    size_t n;
    hb_quality *quality; /* NULL = of one run there is none */
    hb_buf impact;       /* canonical JSON */
    char impact_digest[HB_DIGEST_HEX];
    hb_request_state state; /* after it */
    bool done;
} approval;

/* --- what is shown, and signed --- */

/* The run with the subject's content; of several the newest. */
static hb_status run_of(hb_app *app, const hb_statement *s, const char **ret_run_id, hb_error *err)
{
    const hb_run_query q = {.program = s->program,
                            .subsystem = s->subsystem,
                            .test_name = s->test_name,
                            .limit = HB_VERSION_LOOKED_AT};
    hb_run_row *rows = NULL;
    size_t n = 0;
    HB_TRY(hb_store_list_runs(app->store, &q, &app->arena, &rows, &n, err));
    for (size_t i = 0; i < n; i++) {
        if (strcmp(rows[i].digest, s->subject_sha256) == 0) {
            *ret_run_id = rows[i].run_id;
            return HB_OK;
        }
    }
    return HB_FAIL(err, HB_E_STORE, "registry '%s' has no run of the content %.12s any more",
                   hb_store_path(app->store), s->subject_sha256);
}

static hb_status look_at_version(hb_app *app, approval *a, size_t most, hb_error *err)
{
    hb_version_row v = {0};
    hb_run_set set = {0};
    HB_TRY(hb_store_get_version(app->store, a->request.s.subject_sha256, &app->arena, &v, err));
    a->named = v.version;
    HB_TRY(hb_impact(app, &v, most, &a->rows, &a->n, err));
    HB_TRY(hb_baseline_version_set(app, &v, &set, err));
    hb_status status = hb_quality_of_set(app, &set, &a->quality, err);
    hb_buf_fmt(&app->out, "%s baseline version %s (%zu runs)\n", a->request.s.purpose, v.version,
               v.n_runs);
    hb_run_set_release(&set);
    return status;
}

static hb_status look_at_subject(hb_app *app, approval *a, hb_error *err)
{
    size_t most = a->o->impact ? a->o->impact : HB_IMPACT_RUNS;
    if (strcmp(a->request.s.subject_name, "run") != 0) {
        return look_at_version(app, a, most, err);
    }
    HB_TRY(run_of(app, &a->request.s, &a->named, err));
    hb_buf_fmt(&app->out, "set run %s\n", a->named);
    return hb_impact_of_run(app, a->named, most, &a->rows, &a->n, err);
}

/* Members in ascending order: the text is canonical. */
static hb_status write_impact(approval *a, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, &a->impact, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-impact/1");
    hb_json_kc(&j, "request_sha256", a->request.s.digest);
    hb_json_key(&j, "runs");
    hb_json_arr(&j);
    for (size_t i = 0; i < a->n; i++) {
        const hb_impact_row *r = &a->rows[i];
        hb_json_obj(&j);
        hb_json_kb(&j, "flips", r->flips);
        hb_json_kb(&j, "in_version", r->in_version);
        hb_json_kc(&j, "now", r->now);
        hb_json_kc(&j, "recorded", r->recorded);
        hb_json_kc(&j, "run_id", r->run_id);
        hb_json_kc(&j, "with", r->with);
        hb_json_end(&j);
    }
    hb_json_end(&j);
    hb_json_kc(&j, "subject_sha256", a->request.s.subject_sha256);
    hb_json_end(&j);
    HB_TRY(hb_json_done(&j, err));
    return hb_digest_of(a->impact.p, a->impact.n, a->impact_digest, err);
}

static void name_if_any(hb_app *app, const char *what, const char *name)
{
    if (*name) {
        hb_buf_fmt(&app->out, ", %s %s", what, name);
    }
}

static hb_status show(hb_app *app, approval *a, hb_error *err)
{
    const hb_statement *s = &a->request.s;
    const hb_approval_rule rule = hb_approval_rule_of(&app->policy);
    hb_request_state state = {.by = ""};
    HB_TRY(hb_request_look(a->operators, &rule, s, a->request.envelopes, a->request.n,
                           app->os->now(), &app->arena, &state, err));
    hb_buf_fmt(&app->out, "request %.*s of %s: ", SHORT, s->digest,
               *state.by ? state.by : "nobody who may ask");
    HB_TRY(look_at_subject(app, a, err));
    hb_buf_fmt(&app->out, "tag %s", *s->tag ? s->tag : "none");
    name_if_any(app, "program", s->program);
    name_if_any(app, "subsystem", s->subsystem);
    name_if_any(app, "test", s->test_name);
    hb_buf_fmt(&app->out, "\nreason: %s\n", s->reason);
    if (*s->overrides) {
        hb_buf_fmt(&app->out, "asks to override the quality: %s\n", s->overrides);
    }
    hb_buf_fmt(&app->out, "approvals: %zu of %u%s%s\n\n", state.n_approved, state.needed,
               state.n_approved ? ", " : "", state.approved_by);
    HB_TRY(hb_view_impact(a->rows, a->n, &app->out, err));
    hb_buf_ch(&app->out, '\n');
    HB_TRY(a->quality ? hb_view_quality(a->quality, &app->out, err) : HB_OK);
    return write_impact(a, err);
}

/* --- the signature --- */

static hb_status sign(hb_app *app, approval *a, hb_error *err)
{
    const hb_approval_rule rule = hb_approval_rule_of(&app->policy);
    char name[96];
    const char *path = NULL;
    hb_request now = {0};
    HB_TRY(hb_app_signer(app, &a->o->signing, &a->signer, err));
    HB_TRY(hb_approval_allowed(a->operators, &rule, &a->request.s,
                               hb_pubkey_id(hb_signer_public(a->signer)), a->request.envelopes,
                               a->request.n, app->os->now(), &app->arena, err));
    snprintf(name, sizeof name, "%s.impact.json", a->impact_digest);
    HB_TRY(hb_govern_path(app, name, &path, err));
    HB_TRY(hb_file_write_atomic(app->os, path, a->impact.p, a->impact.n, 0644, err));
    HB_TRY(hb_govern_answer(app, &a->request, "approval", a->o->reason ? a->o->reason : "",
                            a->impact_digest, a->signer, err));
    a->done = true;
    HB_TRY(hb_govern_request(app, a->request.s.digest, NULL, &now, err));
    return hb_request_look(a->operators, &rule, &now.s, now.envelopes, now.n, app->os->now(),
                           &app->arena, &a->state, err);
}

/* By its quality, whoever approved it. */
static bool is_refused(const hb_app *app, const approval *a)
{
    return a->quality && a->quality->blocks && !*a->request.s.overrides &&
           hb_quality_policy_gates(&app->quality_policy, a->request.s.tag);
}

static void print_next(hb_app *app, const approval *a)
{
    bool retire = strcmp(a->request.s.purpose, "retire") == 0;
    bool run = strcmp(a->request.s.subject_name, "run") == 0;
    hb_buf_fmt(&app->out, "approved by %s: %zu of %u\n", a->state.approved_by, a->state.n_approved,
               a->state.needed);
    if (a->state.n_approved < (size_t)a->state.needed) {
        hb_buf_fmt(&app->out, "it waits for: %s\n", a->state.could);
    } else if (retire) {
        hb_buf_fmt(&app->out,
                   "next, by an approver: hb baseline retire %s --reason TEXT --key KEY\n",
                   a->named);
    } else if (run) {
        hb_buf_fmt(&app->out, "next, by an approver: hb baseline set %s --tag %s --key KEY\n",
                   a->named, a->request.s.tag);
    } else if (is_refused(app, a)) {
        hb_buf_c(&app->out, "next: mend the quality, which refuses it; or somebody asks for it "
                            "again with --override-quality REASON\n");
    } else {
        hb_buf_fmt(&app->out,
                   "next, by an approver: hb baseline promote --version %s --tag %s --yes%s --key "
                   "KEY\n",
                   a->named, a->request.s.tag,
                   *a->request.s.overrides ? " --override-quality REASON" : "");
    }
}

static hb_status print_json(hb_app *app, const approval *a, hb_error *err)
{
    hb_json j;
    hb_buf_clear(&app->out);
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "request", a->request.s.digest);
    hb_json_kb(&j, "signed", a->done);
    hb_json_kc(&j, "impact_sha256", a->impact_digest);
    hb_json_key(&j, "impact");
    hb_json_raw(&j, (hb_str){a->impact.p, a->impact.n});
    hb_json_ku(&j, "approvals", a->state.n_approved);
    hb_json_kc(&j, "approved_by", a->done ? a->state.approved_by : "");
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

static hb_status approve(hb_app *app, const char *text, approval *a, int *ret_exit, hb_error *err)
{
    HB_TRY(hb_app_operators(app, &a->operators, err));
    HB_TRY(hb_govern_request(app, text, NULL, &a->request, err));
    if (!a->operators) {
        return hb_permit(NULL, HB_ACTION_APPROVE, "", "", 0, NULL, err); /* tells how to begin */
    }
    HB_TRY(show(app, a, err));
    if (a->o->yes) {
        HB_TRY(sign(app, a, err));
        print_next(app, a);
    } else {
        hb_say(app, "nothing was signed; repeat with --yes to approve it");
        *ret_exit = hb_status_exit(HB_E_DENIED);
    }
    return app->common.json ? print_json(app, a, err) : hb_buf_check(&app->out, err);
}

static hb_status run_approve(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                             hb_error *err)
{
    approval a = {.o = opts};
    hb_buf_init(&a.impact, IMPACT_BYTES);
    hb_status status = approve(app, args.v[0], &a, ret_exit, err);
    hb_buf_release(&a.impact);
    hb_quality_free(a.quality);
    hb_signer_free(a.signer);
    hb_operators_free(a.operators);
    return status;
}

static const hb_opt table[] = {
    {.name = "yes",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(approve_opts, yes),
     .help = "sign it; without, only the impact is shown (exit code 5)"},
    {.name = "reason",
     .kind = HB_OPT_STRING,
     .offset = offsetof(approve_opts, reason),
     .arg = "TEXT",
     .help = "why; signed with it"},
    {.name = "impact",
     .kind = HB_OPT_UINT,
     .offset = offsetof(approve_opts, impact),
     .arg = "N",
     .help = "decide the newest N runs again; default 20",
     .max = HB_IMPACT_RUNS_MAX},
    HB_SIGN_OPTS(approve_opts, signing),
    {0},
};

const hb_cmd hb_cmd_baseline_approve = {
    .name = "baseline approve",
    .group = "Governance",
    .summary = "show what a request would change, and approve it",
    .needs = HB_NEED_POLICY | HB_NEED_STORE_WRITE,
    .opts = table,
    .opts_size = sizeof(approve_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "REQUEST",
    .details = "Whose verdict would flip, as hb baseline promote shows it, and the quality. With\n"
               "--yes your signature goes over the request, what it is about, and what was shown\n"
               "(its digest; the text stays in governance/). Needs the role approver and the\n"
               "policy's list of approvers; who asked never counts, each person counts once.",
    .example = "hb baseline approve 9f86d081884c --yes --key keys/kim.pem",
    .run = run_approve,
};
