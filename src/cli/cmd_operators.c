/* SPDX-License-Identifier: Apache-2.0 */
/* hb operators init, check, list: who may do what, and whether that is what was agreed. */
#include "cli/commands.h"
#include "cli/operators_shared.h"
#include "cli/table.h"

#include "base/mem.h"
#include "config/node.h"

#include <string.h>

enum { SHORT = 12 };

/* --- init --- */

typedef struct init_opts {
    hb_signing_opts signing;
} init_opts;

static hb_status begin(hb_app *app, const hb_operators_text *t, hb_signer *signer, hb_error *err)
{
    const char *keyid = hb_pubkey_id(hb_signer_public(signer));
    hb_operators *before = NULL;
    char digest[HB_DIGEST_HEX];
    hb_time now = app->os->now();
    HB_TRY(hb_permit(t->operators, HB_ACTION_OPERATORS, "*", keyid, now, NULL, err));
    HB_TRY(hb_app_need_store(app, err));
    HB_TRY(hb_operators_in_force(app->store, &before, err));
    hb_status status =
        before ? HB_FAIL(err, HB_E_DENIED,
                         "operators are in force already (SHA-256 %.12s); ask for a change with "
                         "'hb operators propose FILE --reason TEXT --key KEY'",
                         hb_operators_digest(before))
               : HB_OK;
    hb_operators_free(before);
    HB_TRY(status);
    const hb_statement s = {.kind = "operators",
                            .subject_name = "operators",
                            .subject_sha256 = t->digest,
                            .purpose = "init",
                            .program = "*",
                            .at = now,
                            .expires = HB_TIME_NONE};
    HB_TRY(hb_govern_publish(app, &s, signer, digest, err));
    return hb_operators_put_in_force(app, t, digest, keyid, err);
}

static hb_status run_init(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    const init_opts *o = opts;
    hb_operators_text t = {0};
    hb_signer *signer = NULL;
    (void)ret_exit;
    HB_TRY(hb_operators_text_read(app, args.n ? args.v[0] : HB_OPERATORS_FILE, &t, err));
    hb_status status = hb_app_signer(app, &o->signing, &signer, err);
    if (status == HB_OK) {
        status = begin(app, &t, signer, err);
    }
    if (status == HB_OK) {
        hb_buf_fmt(&app->out,
                   "operators %.*s are in force; every later change needs %u of their admins: hb "
                   "operators propose FILE\n",
                   SHORT, t.digest, hb_operators_needed(t.operators));
    }
    hb_signer_free(signer);
    hb_operators_free(t.operators);
    return status;
}

static const hb_opt init_table[] = {HB_SIGN_OPTS(init_opts, signing), {0}};

const hb_cmd hb_cmd_operators_init = {
    .name = "operators init",
    .group = "Governance",
    .summary = "bring the first operators.yaml into force",
    .needs = HB_NEED_STORE_CREATE,
    .opts = init_table,
    .opts_size = sizeof(init_opts),
    .max_args = 1,
    .args = "[FILE]",
    .text_only = true,
    .details = "Signed by an admin in it, and taken on trust, once: the registry and the log\n"
               "keep who it was. Keys that stand in files of their own are put into the text.\n"
               "Default FILE: operators.yaml. Format: docs/formats/operators.md.",
    .example = "hb operators init people.yaml --key keys/ada.pem",
    .run = run_init,
};

/* --- check --- */

typedef struct check_opts {
    bool restore;
} check_opts;

/* Who brought it into force, by the one before it. */
static hb_status check_step(hb_app *app, const hb_operators *before, const hb_operators_row *row,
                            const char **ret_names, hb_error *err)
{
    const hb_statement_query q = {.subject_sha256 = row->sha256};
    hb_statement_row *rows = NULL;
    size_t n = 0;
    HB_TRY(hb_store_list_statements(app->store, &q, &app->arena, &rows, &n, err));
    hb_str *envelopes = hb_arena_array(&app->arena, n + 1, sizeof *envelopes);
    if (!envelopes) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        envelopes[i] = rows[i].envelope;
    }
    return before ? hb_operators_change_check(before, row->sha256, envelopes, n, row->applied_at,
                                              &app->arena, ret_names, err)
                  : hb_operators_init_check(app, row, envelopes, n, ret_names, err);
}

static hb_status check_chain(hb_app *app, size_t *ret_n, hb_error *err)
{
    hb_operators_row *rows = NULL;
    hb_operators *before = NULL;
    size_t n = 0;
    HB_TRY(hb_store_list_operators(app->store, &app->arena, &rows, &n, err));
    hb_status status = HB_OK;
    for (size_t i = 0; i < n && status == HB_OK; i++) {
        hb_operators *o = NULL;
        const char *names = "";
        char at[HB_TIME_TEXT];
        hb_error why = {0};
        status = hb_operators_parse(rows[i].text, "operators", &o, err);
        if (status == HB_OK && check_step(app, before, &rows[i], &names, &why) != HB_OK) {
            status = HB_FAIL(err, HB_E_EVIDENCE,
                             "operators %.12s came into force without what that needs: %s",
                             rows[i].sha256, why.msg);
        }
        if (status == HB_OK) {
            hb_time_print(rows[i].applied_at - rows[i].applied_at % 1000000000, at);
            hb_buf_fmt(&app->out, "%s  %.*s  %s %s\n", at, SHORT, rows[i].sha256,
                       i ? "approved by" : "begun by", names);
        }
        hb_operators_free(before);
        before = o;
    }
    hb_operators_free(before);
    *ret_n = n;
    return status;
}

static hb_status restore(hb_app *app, hb_error *err)
{
    hb_operators_row row = {0};
    bool found = false;
    const char *path = NULL;
    HB_TRY(hb_store_operators(app->store, &app->arena, &row, &found, err));
    if (!found) {
        return HB_OK;
    }
    HB_TRY(hb_app_path(app, NULL, HB_OPERATORS_FILE, &path, err));
    HB_TRY(hb_file_write_atomic(app->os, path, row.text.p, row.text.n, 0644, err));
    hb_say(app, "%s is the one in force again", path);
    return HB_OK;
}

static hb_status run_check(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                           hb_error *err)
{
    const check_opts *o = opts;
    hb_operators *operators = NULL;
    size_t n = 0;
    (void)ret_exit;
    if (args.n) { /* a file that may be proposed */
        hb_operators_text t = {0};
        HB_TRY(hb_operators_text_read(app, args.v[0], &t, err));
        hb_buf_fmt(&app->out, "%s is sound, SHA-256 %s\n", args.v[0], t.digest);
        hb_operators_free(t.operators);
        return HB_OK;
    }
    HB_TRY(hb_operators_in_force(app->store, &operators, err)); /* those the log tells of? */
    hb_operators_free(operators);
    HB_TRY(check_chain(app, &n, err));
    if (o->restore) {
        HB_TRY(restore(app, err));
    }
    HB_TRY(hb_app_operators(app, &operators, err));
    if (operators) {
        hb_buf_fmt(&app->out, "operators %.*s are in force\n", SHORT,
                   hb_operators_digest(operators));
    } else {
        hb_buf_c(&app->out, "no operators are in force; hb operators init begins\n");
    }
    hb_operators_free(operators);
    return HB_OK;
}

static const hb_opt check_table[] = {
    {.name = "restore",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(check_opts, restore),
     .help = "write operators.yaml again as it is in force"},
    {0},
};

const hb_cmd hb_cmd_operators_check = {
    .name = "operators check",
    .group = "Governance",
    .summary = "are the operators those that were agreed on",
    .needs = HB_NEED_STORE,
    .opts = check_table,
    .opts_size = sizeof(check_opts),
    .max_args = 1,
    .args = "[FILE]",
    .text_only = true,
    .details = "Every change since the beginning is verified by the operators before it, and the\n"
               "workspace's operators.yaml is held against the one in force. With FILE only that\n"
               "file is read, to see whether it can be proposed.",
    .example = "hb operators check",
    .run = run_check,
};

/* --- list --- */

static const char *key_word(const hb_operators *o, const hb_operator *p, size_t k, hb_time now)
{
    const char *why = "";
    HB_IGNORE(!hb_operators_by_key(o, hb_pubkey_id(p->keys[k]), now, &why)); /* it is there */
    return *why ? why : "counts";
}

static void person_json(hb_json *j, const hb_operators *o, const hb_operator *p, hb_time now)
{
    hb_json_obj(j);
    hb_json_kc(j, "name", p->name);
    hb_json_kc(j, "full_name", p->full_name);
    hb_json_key(j, "roles");
    hb_json_obj(j);
    for (size_t i = 0; i < p->n_grants; i++) {
        hb_json_kc(j, p->grants[i].program, hb_role_name(p->grants[i].role));
    }
    hb_json_end(j);
    hb_json_key(j, "keys");
    hb_json_arr(j);
    for (size_t k = 0; k < p->n_keys; k++) {
        hb_json_obj(j);
        hb_json_kc(j, "key", hb_pubkey_id(p->keys[k]));
        hb_json_kc(j, "algorithm", hb_algorithm_name(hb_pubkey_algorithm(p->keys[k])));
        hb_json_kt(j, "expires", p->key_expires[k]);
        hb_json_kt(j, "revoked", p->key_revoked[k]);
        hb_json_kc(j, "revoked_reason", p->key_reason[k]);
        hb_json_kb(j, "counts", strcmp(key_word(o, p, k, now), "counts") == 0);
        hb_json_end(j);
    }
    hb_json_end(j);
    hb_json_end(j);
}

static hb_status list_json(hb_app *app, const hb_operators *o, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-operators/1");
    hb_json_kc(&j, "sha256", o ? hb_operators_digest(o) : NULL);
    hb_json_key(&j, "operators");
    hb_json_arr(&j);
    for (size_t i = 0; o && hb_operators_at(o, i); i++) {
        person_json(&j, o, hb_operators_at(o, i), app->os->now());
    }
    hb_json_end(&j);
    HB_TRY(hb_operators_requests_json(app, o, &j, err));
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

static hb_status list_text(hb_app *app, const hb_operators *o, hb_error *err)
{
    static const char *const head[] = {"NAME", "FULL NAME", "ROLES", "KEY", ""};
    hb_table_text t;
    hb_buf roles;
    hb_table_text_begin(&t, head, 5);
    hb_buf_init(&roles, 1 << 16);
    for (size_t i = 0; o && hb_operators_at(o, i); i++) {
        const hb_operator *p = hb_operators_at(o, i);
        hb_buf_clear(&roles);
        for (size_t g = 0; g < p->n_grants; g++) {
            hb_buf_fmt(&roles, "%s%s: %s", g ? ", " : "", p->grants[g].program,
                       hb_role_name(p->grants[g].role));
        }
        for (size_t k = 0; k == 0 || k < p->n_keys; k++) {
            char id[SHORT + 1];
            hb_str_fit(p->n_keys ? hb_pubkey_id(p->keys[k]) : "none", id, sizeof id);
            const char *cells[] = {k ? "" : p->name, k ? "" : p->full_name, k ? "" : roles.p, id,
                                   p->n_keys ? key_word(o, p, k, app->os->now()) : ""};
            hb_table_text_row(&t, cells);
        }
    }
    hb_buf_release(&roles);
    HB_TRY(hb_table_text_end(&t, &app->out, err));
    if (!o) {
        hb_say(app, "no operators are in force; hb operators init begins");
        return HB_OK;
    }
    return hb_operators_requests_text(app, o, err);
}

static hb_status run_list(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    hb_operators *o = NULL;
    (void)opts;
    (void)args;
    (void)ret_exit;
    HB_TRY(hb_app_operators(app, &o, err));
    hb_status status = app->common.json ? list_json(app, o, err) : list_text(app, o, err);
    hb_operators_free(o);
    return status;
}

const hb_cmd hb_cmd_operators_list = {
    .name = "operators list",
    .group = "Governance",
    .summary = "people, roles, keys, and changes that wait for approval",
    .needs = HB_NEED_STORE,
    .details = "A key \"counts\" when it is neither expired nor revoked.",
    .example = "hb operators list --json",
    .run = run_list,
};
