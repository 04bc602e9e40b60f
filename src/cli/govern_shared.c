/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/govern_shared.h"

#include "base/mem.h"
#include "cli/govern_set.h"
#include "config/node.h"
#include "crypto/digest.h"
#include "input/select/resample.h"

#include <stdio.h>
#include <string.h>

enum { REASON_MAX = 2000 };

/* --- operators --- */

static hb_status on_disk(hb_app *app, const hb_operators *o, hb_error *err)
{
    const char *path = NULL;
    char *text = NULL;
    size_t n = 0;
    char digest[HB_DIGEST_HEX];
    HB_TRY(hb_app_path(app, NULL, HB_OPERATORS_FILE, &path, err));
    if (!hb_path_exists(app->os, path)) {
        return HB_OK; /* the registry has the text */
    }
    HB_TRY(hb_file_read(app->os, path, HB_YAML_MAX_BYTES, &text, &n, err));
    hb_status status = hb_digest_of(text, n, digest, err);
    hb_free(text);
    HB_TRY(status);
    if (!o) {
        return HB_FAIL(err, HB_E_DENIED,
                       "'%s' is not in force: nobody has signed it; begin with 'hb operators init "
                       "%s --key KEY'",
                       path, path);
    }
    return strcmp(digest, hb_operators_digest(o)) == 0
               ? HB_OK
               : HB_FAIL(err, HB_E_DENIED,
                         "'%s' (SHA-256 %.12s) is not the one in force (%.12s): it was changed "
                         "without approval; ask for the change with 'hb operators propose FILE', "
                         "or bring back the one in force with 'hb operators check --restore'",
                         path, digest, hb_operators_digest(o));
}

hb_status hb_app_operators(hb_app *app, hb_operators **ret, hb_error *err)
{
    hb_operators *o = NULL;
    HB_TRY(hb_operators_in_force(app->store, &o, err));
    hb_status status = on_disk(app, o, err);
    if (status != HB_OK) {
        hb_operators_free(o);
        return status;
    }
    *ret = o;
    return HB_OK;
}

hb_status hb_app_check_config(hb_app *app, hb_governed_doc d, const char *digest, hb_error *err)
{
    char *known = app->config_approved[d];
    if (!app->store || (*digest && strcmp(known, digest) == 0)) {
        return HB_OK;
    }
    HB_TRY(hb_config_look(app->store, d, digest, app->os->now(), err));
    hb_str_fit(digest, known, sizeof app->config_approved[d]);
    return HB_OK;
}

hb_status hb_app_check_operators(hb_app *app, hb_error *err)
{
    hb_operators *o = NULL;
    if (app->operators_checked) {
        return HB_OK;
    }
    HB_TRY(hb_operators_in_force(app->store, &o, err));
    bool config = o && hb_operators_config_needed(o) > 0;
    hb_status status = config || app->policy.require_approval ? on_disk(app, o, err) : HB_OK;
    if (status == HB_OK && config) {
        status = hb_app_check_config(app, HB_GOVERNED_POLICY, app->policy.digest, err);
    }
    hb_operators_free(o);
    app->operators_checked = status == HB_OK;
    return status;
}

hb_status hb_app_signer_if(hb_app *app, const hb_signing_opts *o, hb_signer **ret, hb_error *err)
{
    *ret = NULL;
    return o->key || hb_app_has_signer(app, o) ? hb_app_signer(app, o, ret, err) : HB_OK;
}

/* --- files --- */

hb_status hb_govern_path(hb_app *app, const char *name, const char **ret, hb_error *err)
{
    const char *dir = NULL;
    char *path = NULL;
    HB_TRY(hb_app_path(app, NULL, "governance", &dir, err));
    HB_TRY(hb_dir_make(app->os, dir, err));
    HB_TRY(hb_path_join(dir, name, &path, err));
    *ret = hb_arena_str(&app->arena, hb_str_of(path));
    hb_free(path);
    return *ret ? HB_OK : HB_NOMEM(err);
}

hb_status hb_govern_files(hb_app *app, const char *subject_sha256, hb_error *err)
{
    const hb_statement_query q = {.subject_sha256 = subject_sha256};
    hb_statement_row *rows = NULL;
    size_t n = 0;
    HB_TRY(hb_store_list_statements(app->store, &q, &app->arena, &rows, &n, err));
    for (size_t i = 0; i < n; i++) {
        char name[96];
        const char *path = NULL;
        snprintf(name, sizeof name, "%.64s.dsse.json", rows[i].sha256);
        HB_TRY(hb_govern_path(app, name, &path, err));
        if (!hb_path_exists(app->os, path)) {
            HB_TRY(hb_file_write_atomic(app->os, path, rows[i].envelope.p, rows[i].envelope.n, 0644,
                                        err));
        }
    }
    return HB_OK;
}

hb_status hb_govern_publish(hb_app *app, const hb_statement *s, hb_signer *signer,
                            char ret_digest[HB_DIGEST_HEX], hb_error *err)
{
    hb_buf envelope;
    hb_statement again = {.digest = ""};
    hb_buf_init(&envelope, HB_STATEMENT_BYTES_MAX);
    hb_status status = hb_statement_sign(s, signer, &envelope, err);
    hb_str text = {envelope.p, envelope.n};
    if (status == HB_OK) {
        status = hb_statement_claims(text, s->kind, &app->arena, &again, err);
    }
    if (status == HB_OK) {
        status = hb_statement_keep(app->store, text, err);
    }
    if (status == HB_OK) {
        status = hb_govern_files(app, s->subject_sha256, err);
    }
    if (status == HB_OK && ret_digest) {
        hb_str_fit(again.digest, ret_digest, HB_DIGEST_HEX);
    }
    hb_buf_release(&envelope);
    return status;
}

/* --- requests --- */

static bool is_of_baseline(const hb_statement_row *row)
{
    return strcmp(row->purpose, "set") == 0 || strcmp(row->purpose, "retire") == 0;
}

hb_status hb_govern_request(hb_app *app, const char *text, const char *purpose, hb_request *ret,
                            hb_error *err)
{
    const hb_statement_query q = {.kind = "request", .sha256 = text, .purpose = purpose};
    hb_statement_row *rows = NULL;
    const hb_statement_row *found = NULL;
    size_t n = 0;
    HB_TRY(hb_store_list_statements(app->store, &q, &app->arena, &rows, &n, err));
    for (size_t i = 0; i < n; i++) {
        if (!purpose && !is_of_baseline(&rows[i])) {
            continue;
        }
        if (found) {
            return HB_FAIL(err, HB_E_STORE,
                           "more than one request begins with '%s'; give more of "
                           "it",
                           text);
        }
        found = &rows[i];
    }
    if (!found) {
        return HB_FAIL(err, HB_E_STORE, "registry '%s' has no request '%.64s'; see '%s'",
                       hb_store_path(app->store), text,
                       purpose ? "hb operators list" : "hb baseline requests");
    }
    hb_request r = {.n = 0};
    HB_TRY(hb_statement_claims(found->envelope, "request", &app->arena, &r.s, err));
    HB_TRY(hb_matter_envelopes(app->store, &r.s, &app->arena, &r.envelopes, &r.n, err));
    *ret = r;
    return HB_OK;
}

hb_status hb_govern_answer(hb_app *app, const hb_request *r, const char *kind, const char *reason,
                           const char *impact, hb_signer *signer, hb_error *err)
{
    hb_statement s = r->s;
    s.kind = kind;
    s.request = r->s.digest;
    s.reason = reason;
    s.impact_sha256 = impact;
    s.overrides = "";
    s.at = app->os->now();
    s.expires = HB_TIME_NONE;
    return hb_govern_publish(app, &s, signer, NULL, err);
}

hb_status hb_govern_until(hb_app *app, const char *option, const char *text, hb_time *ret,
                          hb_error *err)
{
    int64_t ns = 0;
    size_t n = strlen(text);
    bool unit = n && (text[n - 1] < '0' || text[n - 1] > '9'); /* "4" hours, days? */
    if (!unit || !hb_duration_parse(text, n, &ns) || ns <= 0 || ns > HB_BREAK_GLASS_MAX) {
        return HB_FAIL(err, HB_E_USAGE,
                       "%s must be a time such as 30min, 4h or 2d, at most 7d, got '%.40s'", option,
                       text);
    }
    *ret = app->os->now() + ns;
    return HB_OK;
}

hb_status hb_govern_reason(const char *option, const char *text, hb_error *err)
{
    hb_str t = hb_str_trim(hb_str_of(text));
    if (t.n == 0) {
        return HB_FAIL(err, HB_E_USAGE, "%s is empty; say why", option);
    }
    if (t.n > REASON_MAX || hb_utf8_valid_prefix(t) != t.n) {
        return HB_FAIL(err, HB_E_USAGE, "%s must be UTF-8 of at most %d bytes", option, REASON_MAX);
    }
    return HB_OK;
}

hb_status hb_set_opts_apply(hb_app *app, const hb_set_opts *o, bool signs,
                            hb_baseline_request *request, hb_error *err)
{
    if (o->break_glass) {
        HB_TRY(hb_govern_reason("--reason", o->reason, err));
        HB_TRY(hb_govern_until(app, "--expires", o->expires ? o->expires : "", &request->expires,
                               err));
        request->break_glass = true;
        request->note = o->reason;
    } else if (o->reason || o->expires) {
        return HB_FAIL(err, HB_E_USAGE,
                       "--reason and --expires go with --break-glass; a note is "
                       "--note");
    }
    return signs && app->policy.require_approval
               ? hb_app_signer_if(app, &o->signing, &request->signer, err)
               : HB_OK;
}

void hb_set_told(const hb_baseline_request *request, hb_buf *out)
{
    char until[HB_TIME_TEXT];
    if (request->break_glass) {
        hb_time_print(request->expires - request->expires % 1000000000, until);
        hb_buf_fmt(
            out,
            "by break-glass, without approval, until %s: every decision by\nit says so; next: "
            "hb baseline request\n",
            until);
    }
}
