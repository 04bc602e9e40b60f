/* SPDX-License-Identifier: Apache-2.0 */
/* hb config request, approve, reject: where operators.yaml requires it, nothing is decided or
 * removed by configuration that its admins have not approved. */
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/config_docs.h"
#include "cli/govern_shared.h"
#include "config/node.h"
#include "crypto/digest.h"

#include <string.h>

enum { SHORT = 12 };

typedef struct config_opts {
    const char *reason;
    hb_signing_opts signing;
} config_opts;

typedef struct config_matter {
    hb_statement s; /* subject, purpose, program */
    char digest[HB_DIGEST_HEX];
    hb_operators *operators;
    hb_signer *signer;
    hb_str *envelopes;
    size_t n;
} config_matter;

static hb_status read_file(hb_app *app, const char *path, config_matter *m, hb_error *err)
{
    char *text = NULL;
    size_t n = 0;
    hb_doc_kind kind = HB_DOC_POLICY;
    char note[HB_DOC_NOTE];
    HB_TRY(hb_app_open_units(app, err));
    HB_TRY(hb_file_read(app->os, path, HB_YAML_MAX_BYTES, &text, &n, err));
    hb_status status = hb_config_doc_check(app, (hb_str){text, n}, path, &kind, note, err);
    if (status == HB_OK) {
        status = hb_digest_of(text, n, m->digest, err);
    }
    hb_free(text);
    HB_TRY(status);
    hb_governed_doc doc = HB_GOVERNED_REGISTRY;
    if (!hb_governed_find(hb_doc_name(kind), &doc)) {
        return HB_FAIL(
            err, HB_E_USAGE, "'%s' is a document of the kind %s, which is not approved this way%s",
            path, hb_doc_name(kind), kind == HB_DOC_OPERATORS ? ": hb operators propose FILE" : "");
    }
    m->s = hb_governed_matter(doc, m->digest);
    return hb_matter_envelopes(app->store, &m->s, &app->arena, &m->envelopes, &m->n, err);
}

static hb_status prepare(hb_app *app, const char *path, const config_opts *o, config_matter *m,
                         hb_error *err)
{
    HB_TRY(read_file(app, path, m, err));
    HB_TRY(hb_app_operators(app, &m->operators, err));
    return m->operators ? hb_app_signer(app, &o->signing, &m->signer, err)
                        : hb_permit(NULL, HB_ACTION_CONFIG, "*", "", 0, NULL, err);
}

static const char *key_of(const config_matter *m)
{
    return hb_pubkey_id(hb_signer_public(m->signer));
}

static void release(config_matter *m)
{
    hb_signer_free(m->signer);
    hb_operators_free(m->operators);
}

static hb_status request(hb_app *app, const config_opts *o, config_matter *m, hb_error *err)
{
    char digest[HB_DIGEST_HEX];
    hb_time now = app->os->now();
    HB_TRY(hb_permit(m->operators, HB_ACTION_REQUEST, "*", key_of(m), now, NULL, err));
    m->s.kind = "request";
    m->s.reason = o->reason;
    m->s.at = now;
    HB_TRY(hb_govern_publish(app, &m->s, m->signer, digest, err));
    hb_buf_fmt(&app->out, "request %.*s: %s %.*s\n", SHORT, digest, m->s.subject_name, SHORT,
               m->digest);
    return hb_buf_check(&app->out, err);
}

typedef hb_status (*config_act)(hb_app *app, const config_opts *o, config_matter *m, hb_error *err);

static hb_status with_file(hb_app *app, const char *path, const config_opts *o, config_act act,
                           hb_error *err)
{
    config_matter m = {.n = 0};
    hb_status status = prepare(app, path, o, &m, err);
    if (status == HB_OK) {
        status = act(app, o, &m, err);
    }
    release(&m);
    return status;
}

static hb_status run_request(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                             hb_error *err)
{
    const config_opts *o = opts;
    (void)ret_exit;
    HB_TRY(hb_govern_reason("--reason", o->reason, err));
    return with_file(app, args.v[0], o, request, err);
}

/* The newest request about this very text that the person may approve. */
static hb_status approve(hb_app *app, const config_opts *o, config_matter *m, hb_error *err)
{
    const hb_approval_rule rule = hb_config_rule(m->operators, app->os->now());
    hb_status status = HB_FAIL(err, HB_E_STORE,
                               "nobody asked for this %s (SHA-256 %.12s) to be approved: hb config "
                               "request FILE",
                               m->s.subject_name, m->digest);
    for (size_t i = m->n; i-- > 0 && status != HB_OK;) {
        hb_request r = {.envelopes = m->envelopes, .n = m->n};
        HB_TRY(hb_statement_claims(m->envelopes[i], "statement", &app->arena, &r.s, err));
        if (strcmp(r.s.kind, "request") != 0 || !hb_statement_same_matter(&r.s, &m->s)) {
            continue;
        }
        status = hb_approval_allowed(m->operators, &rule, &r.s, key_of(m), m->envelopes, m->n,
                                     app->os->now(), &app->arena, err);
        if (status == HB_OK) {
            HB_TRY(hb_govern_answer(app, &r, "approval", o->reason ? o->reason : "", "", m->signer,
                                    err));
            hb_buf_fmt(&app->out, "approved %s %.*s (request %.*s: %s)\n", m->s.subject_name, SHORT,
                       m->digest, SHORT, r.s.digest, r.s.reason);
        }
    }
    return status;
}

static hb_status run_approve(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                             hb_error *err)
{
    (void)ret_exit;
    return with_file(app, args.v[0], opts, approve, err);
}

/* Every request about this very text is rejected, so that none of their approvals counts. */
static hb_status reject(hb_app *app, const config_opts *o, config_matter *m, hb_error *err)
{
    size_t n = 0;
    HB_TRY(hb_permit(m->operators, HB_ACTION_CONFIG, "*", key_of(m), app->os->now(), NULL, err));
    for (size_t i = 0; i < m->n; i++) {
        hb_request r = {.envelopes = m->envelopes, .n = m->n};
        HB_TRY(hb_statement_claims(m->envelopes[i], "statement", &app->arena, &r.s, err));
        if (strcmp(r.s.kind, "request") != 0 || !hb_statement_same_matter(&r.s, &m->s)) {
            continue;
        }
        HB_TRY(hb_govern_answer(app, &r, "rejection", o->reason, "", m->signer, err));
        n++;
    }
    if (n == 0) {
        return HB_FAIL(err, HB_E_STORE,
                       "nobody asked for this %s (SHA-256 %.12s) to be approved, so there is "
                       "nothing to reject",
                       m->s.subject_name, m->digest);
    }
    hb_buf_fmt(&app->out, "rejected %s %.*s\n", m->s.subject_name, SHORT, m->digest);
    return hb_buf_check(&app->out, err);
}

static hb_status run_reject(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const config_opts *o = opts;
    (void)ret_exit;
    HB_TRY(hb_govern_reason("--reason", o->reason, err));
    return with_file(app, args.v[0], o, reject, err);
}

static const hb_opt request_table[] = {
    {.name = "reason",
     .kind = HB_OPT_STRING,
     .offset = offsetof(config_opts, reason),
     .arg = "TEXT",
     .required = true,
     .help = "why; signed with it"},
    HB_SIGN_OPTS(config_opts, signing),
    {0},
};

static const hb_opt approve_table[] = {
    {.name = "reason",
     .kind = HB_OPT_STRING,
     .offset = offsetof(config_opts, reason),
     .arg = "TEXT",
     .help = "why; signed with it"},
    HB_SIGN_OPTS(config_opts, signing),
    {0},
};

const hb_cmd hb_cmd_config_request = {
    .name = "config request",
    .group = "Governance",
    .summary = "ask for a configuration file to be approved",
    .needs = HB_NEED_STORE_WRITE,
    .opts = request_table,
    .opts_size = sizeof(config_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "FILE",
    .text_only = true,
    .details = "Where operators.yaml has config_approvals_required, nothing is decided, set,\n"
               "retired or removed by configuration that is not approved, byte for byte:\n"
               "metric registry, baseline and quality policy, equivalence mapping, telemetry\n"
               "schema, saved profile, daemon.yaml, retention.yaml. Needs the role operator\n"
               "for \"*\".",
    .example = "hb config request metric_registry.yaml --reason \"pump\" --key keys/lee.pem",
    .run = run_request,
};

const hb_cmd hb_cmd_config_approve = {
    .name = "config approve",
    .group = "Governance",
    .summary = "approve a configuration file",
    .needs = HB_NEED_STORE_WRITE,
    .opts = approve_table,
    .opts_size = sizeof(config_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "FILE",
    .text_only = true,
    .details = "Read FILE first: what is signed is its SHA-256. Needs an admin of \"*\" who did\n"
               "not ask for it; where there is one admin alone, his own approval counts.",
    .example = "hb config approve baseline_policy.yaml --key keys/ada.pem",
    .run = run_approve,
};

const hb_cmd hb_cmd_config_reject = {
    .name = "config reject",
    .group = "Governance",
    .summary = "take the approval of a configuration file back",
    .needs = HB_NEED_STORE_WRITE,
    .opts = request_table,
    .opts_size = sizeof(config_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "FILE",
    .text_only = true,
    .details = "Approvals of this very text that were given before count no more; one given\n"
               "after it does. A daemon that runs goes on until its next start. Needs an admin\n"
               "of \"*\".",
    .example = "hb config reject baseline_policy.yaml --reason \"too wide\" --key keys/ada.pem",
    .run = run_reject,
};
