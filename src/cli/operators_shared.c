/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/operators_shared.h"

#include "base/mem.h"
#include "config/node.h"
#include "crypto/digest.h"
#include "store/audit.h"
#include "store/live.h"

#include <stdio.h>
#include <string.h>

enum { SHORT = 12 };

/* --- texts --- */

typedef struct beside { /* key files are named relative to the file that names them */
    hb_app *app;
    char *dir;
} beside;

static hb_status read_key(void *ctx, const char *file, char **ret_pem, size_t *ret_n, hb_error *err)
{
    beside *b = ctx;
    char *path = NULL;
    HB_TRY(hb_path_join(b->dir, file, &path, err));
    hb_status status = hb_file_read(b->app->os, path, HB_PEM_MAX, ret_pem, ret_n, err);
    hb_free(path);
    return status;
}

static hb_status settle(hb_app *app, hb_str text, const char *name, hb_operators_text *ret,
                        hb_error *err)
{
    hb_operators_text t = {0};
    char *copy = hb_arena_strndup(&app->arena, text.p, text.n);
    if (!copy) {
        return HB_NOMEM(err);
    }
    t.text = (hb_str){copy, text.n};
    HB_TRY(hb_operators_parse(t.text, name, &t.operators, err));
    t.digest = hb_operators_digest(t.operators);
    *ret = t;
    return HB_OK;
}

/* A text without key files stays byte for byte, comments and all. */
static hb_status with_keys(hb_app *app, hb_str text, const char *path, hb_operators_text *ret,
                           hb_error *err)
{
    beside b = {.app = app};
    hb_operators *o = NULL;
    HB_TRY(hb_path_dir(path, &b.dir, err));
    const hb_operators_files files = {.read = read_key, .ctx = &b};
    hb_status status = hb_operators_parse_with(text, path, &files, &o, err);
    hb_free(b.dir);
    HB_TRY(status);
    if (hb_operators_has_files(o)) {
        hb_buf yaml;
        hb_buf_init(&yaml, HB_YAML_MAX_BYTES);
        hb_operators_yaml(o, &yaml);
        status = hb_buf_check(&yaml, err);
        if (status == HB_OK) {
            status = settle(app, (hb_str){yaml.p, yaml.n}, path, ret, err);
        }
        hb_buf_release(&yaml);
    } else {
        status = settle(app, text, path, ret, err);
    }
    hb_operators_free(o);
    return status;
}

hb_status hb_operators_text_read(hb_app *app, const char *path, hb_operators_text *ret,
                                 hb_error *err)
{
    char *text = NULL;
    size_t n = 0;
    HB_TRY(hb_file_read(app->os, path, HB_YAML_MAX_BYTES, &text, &n, err));
    hb_status status = with_keys(app, (hb_str){text, n}, path, ret, err);
    hb_free(text);
    return status;
}

static hb_status proposed_path(hb_app *app, const char *digest, const char **ret, hb_error *err)
{
    char name[128];
    snprintf(name, sizeof name, "operators-%.64s.yaml", digest);
    return hb_govern_path(app, name, ret, err);
}

hb_status hb_operators_text_keep(hb_app *app, const hb_operators_text *t, hb_error *err)
{
    const char *path = NULL;
    HB_TRY(proposed_path(app, t->digest, &path, err));
    return hb_file_write_atomic(app->os, path, t->text.p, t->text.n, 0644, err);
}

hb_status hb_operators_text_proposed(hb_app *app, const char *digest, hb_operators_text *ret,
                                     hb_error *err)
{
    const char *path = NULL;
    char *text = NULL;
    size_t n = 0;
    hb_operators_text t = {0};
    HB_TRY(proposed_path(app, digest, &path, err));
    HB_TRY(hb_file_read(app->os, path, HB_YAML_MAX_BYTES, &text, &n, err));
    hb_status status = settle(app, (hb_str){text, n}, path, &t, err);
    hb_free(text);
    HB_TRY(status);
    if (strcmp(t.digest, digest) != 0) {
        status = HB_FAIL(err, HB_E_EVIDENCE,
                         "'%s' is not the text that was proposed (SHA-256 %.12s)", path, t.digest);
        hb_operators_free(t.operators);
        return status;
    }
    *ret = t;
    return HB_OK;
}

/* --- in force --- */

/* Members in ascending order. */
static void entry_of(void *ctx, hb_json *j)
{
    const hb_operators_row *row = ctx;
    hb_json_kc(j, "sha256", row->sha256);
    hb_json_kc(j, "statement_sha256", row->statement);
}

static hb_status apply(hb_app *app, hb_operators_row *row, const char *keyid, hb_error *err)
{
    HB_TRY(hb_store_apply_operators(app->store, row, err));
    return hb_store_log(app->store, "operators", row->sha256, row->applied_at, keyid, entry_of, row,
                        err);
}

hb_status hb_operators_put_in_force(hb_app *app, const hb_operators_text *t, const char *statement,
                                    const char *keyid, hb_error *err)
{
    const char *path = NULL;
    hb_operators_row row = {
        .sha256 = t->digest, .text = t->text, .statement = statement, .applied_at = app->os->now()};
    HB_TRY(hb_live_begin(app->store, err));
    HB_TRY(hb_live_end(app->store, apply(app, &row, keyid, err), err));
    HB_TRY(hb_app_path(app, NULL, HB_OPERATORS_FILE, &path, err));
    hb_error why = {0};
    hb_status status = hb_file_write_atomic(app->os, path, t->text.p, t->text.n, 0644, &why);
    return status == HB_OK
               ? HB_OK
               : HB_FAIL(err, status,
                         "the operators are in force, but %s; 'hb operators check --restore' "
                         "writes the file again",
                         why.msg);
}

hb_status hb_operators_init_check(hb_app *app, const hb_operators_row *row, const hb_str *envelopes,
                                  size_t n, const char **ret_names, hb_error *err)
{
    hb_operators *o = NULL;
    HB_TRY(hb_operators_parse(row->text, "operators", &o, err));
    hb_status status = HB_FAIL(err, HB_E_EVIDENCE, "no admin in it signed that it begins");
    for (size_t i = 0; i < n && status != HB_OK; i++) {
        hb_statement s = {0};
        hb_error why = {0};
        if (hb_statement_read(envelopes[i], "statement", o, &app->arena, &s, &why) == HB_OK &&
            strcmp(s.digest, row->statement) == 0 && strcmp(s.kind, "operators") == 0 &&
            strcmp(s.purpose, "init") == 0 && strcmp(s.subject_sha256, row->sha256) == 0 &&
            hb_operator_role(s.by, "*") == HB_ROLE_ADMIN) {
            *ret_names = hb_arena_str(&app->arena, hb_str_of(s.by->name));
            status = *ret_names ? HB_OK : HB_NOMEM(err);
        }
    }
    hb_operators_free(o);
    return status;
}

/* --- requests --- */

typedef struct change {
    hb_statement s;
    hb_request_state state;
} change;

static hb_status changes(hb_app *app, const hb_operators *o, change **ret, size_t *ret_n,
                         hb_error *err)
{
    const hb_statement_query q = {.kind = "request", .purpose = "apply"};
    const hb_approval_rule rule = hb_operators_rule(o, app->os->now());
    hb_statement_row *rows = NULL;
    size_t n = 0;
    size_t kept = 0;
    HB_TRY(hb_store_list_statements(app->store, &q, &app->arena, &rows, &n, err));
    change *list = hb_arena_array(&app->arena, n + 1, sizeof *list);
    if (!list) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        change *c = &list[kept];
        hb_str *envelopes = NULL;
        size_t n_envelopes = 0;
        HB_TRY(hb_statement_claims(rows[i].envelope, "request", &app->arena, &c->s, err));
        if (strcmp(c->s.previous, hb_operators_digest(o)) != 0) {
            continue; /* it was about operators that are not in force any more */
        }
        HB_TRY(hb_matter_envelopes(app->store, &c->s, &app->arena, &envelopes, &n_envelopes, err));
        HB_TRY(hb_request_look(o, &rule, &c->s, envelopes, n_envelopes, app->os->now(), &app->arena,
                               &c->state, err));
        kept++;
    }
    *ret = list;
    *ret_n = kept;
    return HB_OK;
}

hb_status hb_operators_requests_json(hb_app *app, const hb_operators *o, hb_json *j, hb_error *err)
{
    change *list = NULL;
    size_t n = 0;
    if (o) {
        HB_TRY(changes(app, o, &list, &n, err));
    }
    hb_json_key(j, "requests");
    hb_json_arr(j);
    for (size_t i = 0; i < n; i++) {
        const change *c = &list[i];
        hb_json_obj(j);
        hb_json_kc(j, "request", c->s.digest);
        hb_json_kc(j, "sha256", c->s.subject_sha256);
        hb_json_kc(j, "requested_by", c->state.by);
        hb_json_kt(j, "requested_at", c->s.at);
        hb_json_kc(j, "reason", c->s.reason);
        hb_json_ku(j, "approvals", c->state.n_approved);
        hb_json_ku(j, "approvals_required", c->state.needed);
        hb_json_kc(j, "approved_by", c->state.approved_by);
        hb_json_kc(j, "rejected_by", c->state.rejected_by);
        hb_json_kc(j, "waits_for", c->state.could);
        hb_json_end(j);
    }
    hb_json_end(j);
    return HB_OK;
}

hb_status hb_operators_requests_text(hb_app *app, const hb_operators *o, hb_error *err)
{
    change *list = NULL;
    size_t n = 0;
    HB_TRY(changes(app, o, &list, &n, err));
    for (size_t i = 0; i < n; i++) {
        const change *c = &list[i];
        hb_buf_fmt(&app->out, "%srequest %.*s of %s: %s; %zu of %u approvals%s%s\n", i ? "" : "\n",
                   SHORT, c->s.digest, *c->state.by ? c->state.by : "nobody who may ask",
                   c->s.reason, c->state.n_approved, c->state.needed,
                   c->state.n_approved ? ", " : "", c->state.approved_by);
    }
    return hb_buf_check(&app->out, err);
}

/* --- differences --- */

static const hb_operator *by_name(const hb_operators *o, const char *name)
{
    for (size_t i = 0; hb_operators_at(o, i); i++) {
        if (strcmp(hb_operators_at(o, i)->name, name) == 0) {
            return hb_operators_at(o, i);
        }
    }
    return NULL;
}

static size_t key_at(const hb_operator *p, const char *keyid)
{
    size_t k = 0;
    while (p && k < p->n_keys && strcmp(hb_pubkey_id(p->keys[k]), keyid) != 0) {
        k++;
    }
    return k;
}

/* What `a` has that `b` has not, or has otherwise. */
static void put_person(const char *sign, const hb_operator *a, const hb_operator *b, hb_buf *out)
{
    if (!b) {
        hb_buf_fmt(out, "%s %s\n", sign, a->name);
    }
    for (size_t i = 0; i < a->n_grants; i++) {
        bool same = false;
        for (size_t k = 0; b && k < b->n_grants; k++) {
            same = same || (strcmp(a->grants[i].program, b->grants[k].program) == 0 &&
                            a->grants[i].role == b->grants[k].role);
        }
        if (!same) {
            hb_buf_fmt(out, "%s %s: %s of %s\n", sign, a->name, hb_role_name(a->grants[i].role),
                       a->grants[i].program);
        }
    }
    for (size_t i = 0; i < a->n_keys; i++) {
        size_t k = key_at(b, hb_pubkey_id(a->keys[i]));
        bool same = b && k < b->n_keys && a->key_expires[i] == b->key_expires[k] &&
                    (*a->key_reason[i] != '\0') == (*b->key_reason[k] != '\0');
        if (!same) {
            char until[HB_TIME_TEXT] = "";
            if (a->key_expires[i] != HB_TIME_NONE) {
                hb_time_print(a->key_expires[i], until);
            }
            hb_buf_fmt(out, "%s %s: key %.*s%s%s%s%s\n", sign, a->name, SHORT,
                       hb_pubkey_id(a->keys[i]), *until ? " until " : "", until,
                       *a->key_reason[i] ? ", revoked: " : "", a->key_reason[i]);
        }
    }
}

void hb_operators_differences(const hb_operators *before, const hb_operators *after, hb_buf *out)
{
    if (hb_operators_needed(before) != hb_operators_needed(after)) {
        hb_buf_fmt(out, "- approvals_required: %u\n+ approvals_required: %u\n",
                   hb_operators_needed(before), hb_operators_needed(after));
    }
    if (hb_operators_config_needed(before) != hb_operators_config_needed(after)) {
        hb_buf_fmt(out, "- config_approvals_required: %u\n+ config_approvals_required: %u\n",
                   hb_operators_config_needed(before), hb_operators_config_needed(after));
    }
    for (size_t i = 0; hb_operators_at(before, i); i++) {
        const hb_operator *p = hb_operators_at(before, i);
        put_person("-", p, by_name(after, p->name), out);
    }
    for (size_t i = 0; hb_operators_at(after, i); i++) {
        const hb_operator *p = hb_operators_at(after, i);
        put_person("+", p, by_name(before, p->name), out);
    }
}
