/* SPDX-License-Identifier: Apache-2.0 */
/* hb baseline requests, approvals. */
#include "cli/baseline_shared.h"
#include "cli/commands.h"
#include "cli/govern_shared.h"
#include "cli/table.h"

#include <stdio.h>
#include <string.h>

enum { SHORT = 12 };

/* --- requests --- */

typedef struct listed {
    hb_statement s;
    hb_request_state state;
    const char *word;
} listed;

typedef struct list_opts {
    hb_test_opts test;
    const char *tag;
    bool open;
} list_opts;

static const char *word_of(const hb_request_state *s)
{
    return !*s->by                              ? "not valid"
           : *s->rejected_by                    ? "rejected"
           : s->n_approved >= (size_t)s->needed ? "approved"
                                                : "waits";
}

static hb_status look(hb_app *app, const hb_operators *o, const hb_statement_row *row, listed *ret,
                      hb_error *err)
{
    const hb_approval_rule rule = hb_approval_rule_of(&app->policy);
    hb_str *envelopes = NULL;
    size_t n = 0;
    HB_TRY(hb_statement_claims(row->envelope, "request", &app->arena, &ret->s, err));
    HB_TRY(hb_matter_envelopes(app->store, &ret->s, &app->arena, &envelopes, &n, err));
    HB_TRY(hb_request_look(o, &rule, &ret->s, envelopes, n, app->os->now(), &app->arena,
                           &ret->state, err));
    ret->word = word_of(&ret->state);
    return HB_OK;
}

static hb_status collect(hb_app *app, const hb_operators *o, const list_opts *opts, listed **ret,
                         size_t *ret_n, hb_error *err)
{
    const hb_statement_query q = {.kind = "request",
                                  .program = opts->test.program,
                                  .subsystem = opts->test.subsystem,
                                  .test_name = opts->test.test_name,
                                  .tag = opts->tag};
    hb_statement_row *rows = NULL;
    size_t n = 0;
    size_t kept = 0;
    HB_TRY(hb_store_list_statements(app->store, &q, &app->arena, &rows, &n, err));
    listed *list = hb_arena_array(&app->arena, n + 1, sizeof *list);
    if (!list) {
        return HB_NOMEM(err);
    }
    for (size_t i = n; i-- > 0;) { /* newest first */
        bool baseline =
            strcmp(rows[i].purpose, "set") == 0 || strcmp(rows[i].purpose, "retire") == 0;
        if (!baseline) {
            continue;
        }
        HB_TRY(look(app, o, &rows[i], &list[kept], err));
        kept += !opts->open || strcmp(list[kept].word, "waits") == 0;
    }
    *ret = list;
    *ret_n = kept;
    return HB_OK;
}

static void request_json(hb_json *j, const listed *r)
{
    hb_json_obj(j);
    hb_json_kc(j, "request", r->s.digest);
    hb_json_kc(j, "state", r->word);
    hb_json_kc(j, "purpose", r->s.purpose);
    hb_json_kc(j, "subject_name", r->s.subject_name);
    hb_json_kc(j, "subject_sha256", r->s.subject_sha256);
    hb_json_kc(j, "program", r->s.program);
    hb_json_kc(j, "subsystem", r->s.subsystem);
    hb_json_kc(j, "test_name", r->s.test_name);
    hb_json_kc(j, "tag", r->s.tag);
    hb_json_kc(j, "requested_by", r->state.by);
    hb_json_kt(j, "requested_at", r->s.at);
    hb_json_kc(j, "reason", r->s.reason);
    hb_json_kc(j, "overrides", r->s.overrides);
    hb_json_ku(j, "approvals", r->state.n_approved);
    hb_json_ku(j, "approvals_required", r->state.needed);
    hb_json_kc(j, "approved_by", r->state.approved_by);
    hb_json_kc(j, "rejected_by", r->state.rejected_by);
    hb_json_kc(j, "waits_for", strcmp(r->word, "waits") == 0 ? r->state.could : "");
    hb_json_end(j);
}

static hb_status print_requests(hb_app *app, const listed *list, size_t n, hb_error *err)
{
    static const char *const head[] = {"REQUEST", "STATE", "APPROVALS", "WHAT",  "TAG",
                                       "TEST",    "BY",    "WHEN",      "REASON"};
    if (app->common.json) {
        hb_json j;
        hb_json_init(&j, &app->out, HB_JSON_PRETTY);
        hb_json_obj(&j);
        hb_json_kc(&j, "format", "hb-baseline-requests/1");
        hb_json_key(&j, "requests");
        hb_json_arr(&j);
        for (size_t i = 0; i < n; i++) {
            request_json(&j, &list[i]);
        }
        hb_json_end(&j);
        hb_json_end(&j);
        hb_buf_ch(&app->out, '\n');
        return hb_json_done(&j, err);
    }
    hb_table_text t;
    hb_table_text_begin(&t, head, 9);
    for (size_t i = 0; i < n; i++) {
        const listed *r = &list[i];
        char id[SHORT + 1];
        char counts[32];
        char what[64];
        char at[HB_TIME_TEXT];
        hb_str_fit(r->s.digest, id, sizeof id);
        snprintf(counts, sizeof counts, "%zu of %u", r->state.n_approved, r->state.needed);
        snprintf(what, sizeof what, "%s %.20s %.12s", r->s.purpose, r->s.subject_name,
                 r->s.subject_sha256);
        hb_time_print(r->s.at - r->s.at % 1000000000, at);
        const char *cells[] = {id,          r->word, counts,     what, r->s.tag, r->s.test_name,
                               r->state.by, at,      r->s.reason};
        hb_table_text_row(&t, cells);
    }
    if (n == 0) {
        hb_say(app, "nothing was asked for; hb baseline request asks");
    }
    return hb_table_text_end(&t, &app->out, err);
}

static hb_status run_requests(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                              hb_error *err)
{
    hb_operators *o = NULL;
    listed *list = NULL;
    size_t n = 0;
    (void)args;
    (void)ret_exit;
    HB_TRY(hb_app_operators(app, &o, err));
    hb_status status = o ? collect(app, o, opts, &list, &n, err) : HB_OK;
    if (status == HB_OK) {
        status = print_requests(app, list, n, err);
    }
    hb_operators_free(o);
    return status;
}

#define LIST_OPTS                                                                                \
    HB_TEST_OPTS(list_opts, test),                                                               \
    {                                                                                            \
        .name = "tag", .letter = 't', .kind = HB_OPT_STRING, .offset = offsetof(list_opts, tag), \
        .arg = "TAG", .help = "of this tag"                                                      \
    }

static const hb_opt requests_table[] = {
    {.name = "open",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(list_opts, open),
     .help = "only those that wait for approvals"},
    LIST_OPTS,
    {0},
};

const hb_cmd hb_cmd_baseline_requests = {
    .name = "baseline requests",
    .group = "Governance",
    .summary = "what was asked for, and how far it is",
    .needs = HB_NEED_POLICY | HB_NEED_STORE,
    .opts = requests_table,
    .opts_size = sizeof(list_opts),
    .details = "Newest first. Every signature is checked again: a request of nobody who may ask\n"
               "is \"not valid\".",
    .example = "hb baseline requests --json",
    .run = run_requests,
};

/* --- approvals --- */

static hb_status read_or_claim(hb_app *app, const hb_operators *o, const hb_statement_row *row,
                               hb_statement *ret, const char **ret_why, hb_error *err)
{
    hb_error why = {0};
    *ret_why = "";
    hb_status status = hb_statement_read(row->envelope, "statement", o, &app->arena, ret, &why);
    if (status == HB_E_EVIDENCE) {
        *ret_why = hb_arena_str(&app->arena, hb_str_of(why.msg));
        HB_TRY(*ret_why ? HB_OK : HB_NOMEM(err));
        return hb_statement_claims(row->envelope, "statement", &app->arena, ret, err);
    }
    return status == HB_OK ? HB_OK : HB_FAIL(err, status, "%s", why.msg);
}

typedef struct signed_one {
    hb_statement s;
    const char *why; /* why it does not verify; "" = it does */
} signed_one;

static hb_status statements_json(hb_app *app, const signed_one *list, size_t n, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-baseline-approvals/1");
    hb_json_key(&j, "statements");
    hb_json_arr(&j);
    for (size_t i = 0; i < n; i++) {
        const hb_statement *s = &list[i].s;
        hb_json_obj(&j);
        hb_json_kc(&j, "kind", s->kind);
        hb_json_kc(&j, "statement", s->digest);
        hb_json_kc(&j, "request", s->request);
        hb_json_kc(&j, "by", s->by ? s->by->name : "");
        hb_json_kc(&j, "key", s->keyid);
        hb_json_kc(&j, "why_not", list[i].why);
        hb_json_kt(&j, "at", s->at);
        hb_json_kt(&j, "expires", s->expires);
        hb_json_kc(&j, "purpose", s->purpose);
        hb_json_kc(&j, "subject_name", s->subject_name);
        hb_json_kc(&j, "subject_sha256", s->subject_sha256);
        hb_json_kc(&j, "program", s->program);
        hb_json_kc(&j, "subsystem", s->subsystem);
        hb_json_kc(&j, "test_name", s->test_name);
        hb_json_kc(&j, "tag", s->tag);
        hb_json_kc(&j, "reason", s->reason);
        hb_json_kc(&j, "impact_sha256", s->impact_sha256);
        hb_json_end(&j);
    }
    hb_json_end(&j);
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

static hb_status statements_text(hb_app *app, const signed_one *list, size_t n, hb_error *err)
{
    static const char *const head[] = {"KIND", "BY", "WHEN", "REQUEST", "WHAT", "TAG", "REASON"};
    hb_table_text t;
    hb_table_text_begin(&t, head, 7);
    for (size_t i = 0; i < n; i++) {
        const hb_statement *s = &list[i].s;
        char at[HB_TIME_TEXT];
        char what[64];
        char request[SHORT + 1];
        hb_str_fit(*s->request ? s->request : s->digest, request, sizeof request);
        snprintf(what, sizeof what, "%.10s %.20s %.12s", s->purpose, s->subject_name,
                 s->subject_sha256);
        hb_time_print(s->at - s->at % 1000000000, at);
        const char *cells[] = {
            s->kind, s->by ? s->by->name : "does not verify", at, request, what, s->tag, s->reason};
        hb_table_text_row(&t, cells);
    }
    return hb_table_text_end(&t, &app->out, err);
}

static hb_status print_statements(hb_app *app, const hb_operators *o, const hb_statement_row *rows,
                                  size_t n, hb_error *err)
{
    signed_one *list = hb_arena_array(&app->arena, n + 1, sizeof *list);
    if (!list) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        HB_TRY(read_or_claim(app, o, &rows[i], &list[i].s, &list[i].why, err));
    }
    return app->common.json ? statements_json(app, list, n, err)
                            : statements_text(app, list, n, err);
}

static hb_status run_approvals(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                               hb_error *err)
{
    const list_opts *l = opts;
    const hb_statement_query q = {.program = l->test.program,
                                  .subsystem = l->test.subsystem,
                                  .test_name = l->test.test_name,
                                  .tag = l->tag};
    hb_operators *o = NULL;
    hb_statement_row *rows = NULL;
    size_t n = 0;
    (void)args;
    (void)ret_exit;
    HB_TRY(hb_app_operators(app, &o, err));
    hb_status status = hb_store_list_statements(app->store, &q, &app->arena, &rows, &n, err);
    if (status == HB_OK) {
        status = print_statements(app, o, rows, o ? n : 0, err);
    }
    hb_operators_free(o);
    return status;
}

static const hb_opt approvals_table[] = {LIST_OPTS, {0}};

const hb_cmd hb_cmd_baseline_approvals = {
    .name = "baseline approvals",
    .group = "Governance",
    .summary = "everything that was signed, and by whom",
    .needs = HB_NEED_STORE,
    .opts = approvals_table,
    .opts_size = sizeof(list_opts),
    .details = "Oldest first: requests, reviews, approvals, rejections, settings, break-glass,\n"
               "changes of the operators. Every signature is checked again.",
    .example = "hb baseline approvals --json",
    .run = run_approvals,
};
