/* SPDX-License-Identifier: Apache-2.0 */
/* hb baseline request, review, reject. */
#include "baseline/set.h"
#include "cli/commands.h"
#include "cli/govern_shared.h"

#include <string.h>

enum { SHORT = 12 };

/* --- request --- */

typedef struct request_opts {
    const char *version;
    const char *tag;
    const char *reason;
    const char *overrides;
    bool retire;
    hb_signing_opts signing;
} request_opts;

static hb_status matter_asked(hb_app *app, const request_opts *o, hb_list args, hb_statement *ret,
                              hb_error *err)
{
    const hb_matter_ask ask = {.run_id = args.n ? args.v[0] : NULL,
                               .version = o->version,
                               .tag = o->retire ? ""
                                      : o->tag  ? o->tag
                                                : "golden",
                               .purpose = o->retire ? "retire" : "set"};
    if ((args.n != 0) == (o->version != NULL)) {
        return HB_FAIL(err, HB_E_USAGE,
                       "name a run, or a baseline version with --version; one of "
                       "both");
    }
    if (o->retire && (args.n || o->tag || o->overrides)) {
        return HB_FAIL(err, HB_E_USAGE,
                       "--retire is about a baseline version: no run, no --tag, no "
                       "--override-quality");
    }
    HB_TRY(o->retire ? HB_OK : hb_baseline_check_tag(ask.tag, err));
    return hb_matter_of(app->store, &ask, &app->arena, ret, err);
}

static hb_status print_request(hb_app *app, const hb_statement *s, const char *digest,
                               hb_error *err)
{
    if (app->common.json) {
        hb_json j;
        hb_json_init(&j, &app->out, HB_JSON_PRETTY);
        hb_json_obj(&j);
        hb_json_kc(&j, "request", digest);
        hb_json_kc(&j, "purpose", s->purpose);
        hb_json_kc(&j, "subject_name", s->subject_name);
        hb_json_kc(&j, "subject_sha256", s->subject_sha256);
        hb_json_kc(&j, "tag", s->tag);
        hb_json_end(&j);
        hb_buf_ch(&app->out, '\n');
        return hb_json_done(&j, err);
    }
    hb_buf_fmt(&app->out, "request %.*s: %s %s %.*s%s%s\n", SHORT, digest, s->purpose,
               s->subject_name, SHORT, s->subject_sha256, *s->tag ? " as " : "", s->tag);
    return HB_OK;
}

static hb_status sign_request(hb_app *app, const hb_operators *o, hb_statement *s,
                              hb_signer *signer, hb_error *err)
{
    char digest[HB_DIGEST_HEX];
    HB_TRY(hb_permit(o, HB_ACTION_REQUEST, s->program, hb_pubkey_id(hb_signer_public(signer)),
                     app->os->now(), NULL, err));
    s->kind = "request";
    s->at = app->os->now();
    HB_TRY(hb_govern_publish(app, s, signer, digest, err));
    return print_request(app, s, digest, err);
}

static hb_status run_request(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                             hb_error *err)
{
    const request_opts *o = opts;
    hb_operators *operators = NULL;
    hb_signer *signer = NULL;
    hb_statement s = {0};
    (void)ret_exit;
    HB_TRY(hb_govern_reason("--reason", o->reason, err));
    HB_TRY(matter_asked(app, o, args, &s, err));
    s.reason = o->reason;
    s.overrides = o->overrides;
    HB_TRY(hb_app_operators(app, &operators, err));
    /* Where there are no operators, hb_permit tells how to begin. */
    hb_status status =
        operators ? hb_app_signer(app, &o->signing, &signer, err)
                  : hb_permit(NULL, HB_ACTION_REQUEST, s.program, "", app->os->now(), NULL, err);
    if (status == HB_OK) {
        status = sign_request(app, operators, &s, signer, err);
    }
    hb_signer_free(signer);
    hb_operators_free(operators);
    return status;
}

static const hb_opt request_table[] = {
    {.name = "version",
     .kind = HB_OPT_STRING,
     .offset = offsetof(request_opts, version),
     .arg = "VERSION",
     .help = "a baseline version in place of a run"},
    {.name = "tag",
     .letter = 't',
     .kind = HB_OPT_STRING,
     .offset = offsetof(request_opts, tag),
     .arg = "TAG",
     .help = "the baseline's name; default golden"},
    {.name = "retire",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(request_opts, retire),
     .help = "ask for the version to be retired"},
    {.name = "reason",
     .kind = HB_OPT_STRING,
     .offset = offsetof(request_opts, reason),
     .arg = "TEXT",
     .required = true,
     .help = "why; signed with it"},
    {.name = "override-quality",
     .kind = HB_OPT_STRING,
     .offset = offsetof(request_opts, overrides),
     .arg = "REASON",
     .help = "ask for it although its quality does not allow it"},
    HB_SIGN_OPTS(request_opts, signing),
    {0},
};

const hb_cmd hb_cmd_baseline_request = {
    .name = "baseline request",
    .group = "Governance",
    .summary = "ask for a baseline to be approved",
    .needs = HB_NEED_POLICY | HB_NEED_STORE_WRITE,
    .opts = request_table,
    .opts_size = sizeof(request_opts),
    .max_args = 1,
    .args = "[RUN]",
    .details = "Signs that you ask for the run, or the version, to become the tag's baseline\n"
               "(or for the version to be retired). What is asked for is named by its content,\n"
               "so nothing else can be approved in its place. Needs the role operator.",
    .example = "hb baseline request monday-2 --reason \"acceptance run\" --key keys/ada.pem",
    .run = run_request,
};

/* --- review, reject --- */

typedef struct answer_opts {
    const char *note;
    const char *reason;
    hb_signing_opts signing;
} answer_opts;

static hb_status answer(hb_app *app, const char *text, const char *kind, hb_action action,
                        const char *words, const hb_signing_opts *signing, hb_error *err)
{
    hb_operators *o = NULL;
    hb_signer *signer = NULL;
    hb_request r = {0};
    HB_TRY(hb_govern_request(app, text, NULL, &r, err));
    HB_TRY(hb_app_operators(app, &o, err));
    hb_status status = hb_app_signer(app, signing, &signer, err);
    if (status == HB_OK) {
        status = hb_permit(o, action, r.s.program, hb_pubkey_id(hb_signer_public(signer)),
                           app->os->now(), NULL, err);
    }
    if (status == HB_OK) {
        status = hb_govern_answer(app, &r, kind, words, "", signer, err);
    }
    if (status == HB_OK) {
        hb_buf_fmt(&app->out, "%s of request %.*s is signed\n", kind, SHORT, r.s.digest);
    }
    hb_signer_free(signer);
    hb_operators_free(o);
    return status;
}

static hb_status run_review(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const answer_opts *o = opts;
    (void)ret_exit;
    HB_TRY(hb_govern_reason("--note", o->note, err));
    return answer(app, args.v[0], "review", HB_ACTION_REVIEW, o->note, &o->signing, err);
}

static hb_status run_reject(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const answer_opts *o = opts;
    (void)ret_exit;
    HB_TRY(hb_govern_reason("--reason", o->reason, err));
    return answer(app, args.v[0], "rejection", HB_ACTION_APPROVE, o->reason, &o->signing, err);
}

static const hb_opt review_table[] = {
    {.name = "note",
     .kind = HB_OPT_STRING,
     .offset = offsetof(answer_opts, note),
     .arg = "TEXT",
     .required = true,
     .help = "what you found"},
    HB_SIGN_OPTS(answer_opts, signing),
    {0},
};

static const hb_opt reject_table[] = {
    {.name = "reason",
     .kind = HB_OPT_STRING,
     .offset = offsetof(answer_opts, reason),
     .arg = "TEXT",
     .required = true,
     .help = "why; signed with it"},
    HB_SIGN_OPTS(answer_opts, signing),
    {0},
};

const hb_cmd hb_cmd_baseline_review = {
    .name = "baseline review",
    .group = "Governance",
    .summary = "comment on a request, signed",
    .needs = HB_NEED_STORE_WRITE,
    .opts = review_table,
    .opts_size = sizeof(answer_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "REQUEST",
    .text_only = true,
    .details = "Decides nothing; approvers see it. Needs the role operator.",
    .example = "hb baseline review 9f86d081884c --note \"looks calm\" --key keys/ada.pem",
    .run = run_review,
};

const hb_cmd hb_cmd_baseline_reject = {
    .name = "baseline reject",
    .group = "Governance",
    .summary = "reject a request, or take back what was approved",
    .needs = HB_NEED_STORE_WRITE,
    .opts = reject_table,
    .opts_size = sizeof(answer_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "REQUEST",
    .text_only = true,
    .details = "Approvals given before it count no more, also when the tag is set already: it is\n"
               "then no baseline until it is approved again. Needs the role approver.",
    .example = "hb baseline reject 9f86d081884c --reason \"a loose cable\" --key keys/kim.pem",
    .run = run_reject,
};
