/* SPDX-License-Identifier: Apache-2.0 */
/* hb verify: is an evidence pack what it says, and does its decision follow? Needs no workspace. */
#include "cli/app.h"
#include "cli/commands.h"

#include "base/mem.h"
#include "evidence/disclosure.h"
#include "evidence/verify_keys.h"
#include "evidence/verify_view.h"
#include "export/raw.h"
#include "os/terminal.h"
#include "report/report.h"

#include <stdlib.h>
#include <unistd.h>

typedef struct verify_opts {
    hb_list trust;
    hb_list trust_log;
    hb_list trust_ca;
    hb_list trust_tsa;
    hb_list crl;
    const char *trust_name;
    const char *reveal;
} verify_opts;

static hb_status draw(void *ctx, const hb_decision *d, const char *decision_sha256,
                      hb_time decided_at, hb_buf *html, hb_buf *json, hb_error *err)
{
    (void)ctx;
    const hb_report_about about = {
        .version = HB_VERSION, .decided_at = decided_at, .decision_digest = decision_sha256};
    HB_TRY(hb_report_html(d, &about, html, err));
    return hb_report_json(d, &about, json, err);
}

static hb_status load_pem(hb_app *app, hb_list files, hb_trust_pem kind, hb_trust *t, hb_error *err)
{
    for (size_t i = 0; i < files.n; i++) {
        HB_TRY(hb_trust_add_pem(t, kind, app->os, files.v[i], err));
    }
    return HB_OK;
}

static hb_status load_keys(hb_app *app, const verify_opts *o, hb_trust *t, hb_error *err)
{
    for (size_t i = 0; i < o->trust.n; i++) {
        HB_TRY(hb_trust_add(t, app->os, o->trust.v[i], err));
    }
    for (size_t i = 0; i < o->trust_log.n; i++) {
        HB_TRY(hb_trust_add_log(t, app->os, o->trust_log.v[i], err));
    }
    t->name = o->trust_name;
    HB_TRY(load_pem(app, o->trust_ca, HB_TRUST_CA, t, err));
    HB_TRY(load_pem(app, o->trust_tsa, HB_TRUST_TSA, t, err));
    HB_TRY(load_pem(app, o->crl, HB_TRUST_CRL, t, err));
    return HB_OK;
}

static hb_status read_disclosure(hb_app *app, const verify_opts *o, hb_str *ret, hb_error *err)
{
    char *p = NULL;
    size_t n = 0;
    *ret = (hb_str){NULL, 0};
    if (!o->reveal) {
        return HB_OK;
    }
    HB_TRY(hb_file_read(app->os, o->reveal, HB_DISCLOSURE_MAX, &p, &n, err));
    *ret = (hb_str){hb_arena_strndup(&app->arena, p, n), n};
    hb_free(p);
    if (n == 0) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is empty", o->reveal);
    }
    return ret->p ? HB_OK : HB_NOMEM(err);
}

static hb_status look(hb_app *app, const verify_opts *o, const hb_trust *t, const char *pack,
                      int *ret_exit, hb_error *err)
{
    hb_str disclosure;
    HB_TRY(read_disclosure(app, o, &disclosure, err));
    const char *tmp = getenv("TMPDIR");
    HB_TRY(hb_app_open_units(app, err));
    hb_raw_reader reader = {.os = app->os, .tmp = tmp && *tmp ? tmp : "/tmp", .units = app->units};
    const hb_verify_ask ask = {
        .os = app->os,
        .path = pack,
        .trusted = t->keys,
        .n_trusted = t->n,
        .trusted_logs = t->logs,
        .n_trusted_logs = t->n_logs,
        .trust_ca = hb_trust_text(t, HB_TRUST_CA),
        .trust_tsa = hb_trust_text(t, HB_TRUST_TSA),
        .crl = hb_trust_text(t, HB_TRUST_CRL),
        .trust_name = t->name,
        .disclosure = disclosure,
        .sbom_sha256 = app->sbom->sha256,
        .read_raw = hb_raw_read,
        .read_raw_ctx = &reader,
        .draw = draw,
    };
    hb_verified v;
    HB_TRY(hb_verify(&ask, &v, err));
    hb_status status = HB_OK;
    if (app->common.json) {
        status = hb_verified_json(&v, pack, &app->out, err);
    } else {
        hb_verified_text(&v, pack, app->colour_out, app->common.quiet,
                         hb_terminal_columns(STDOUT_FILENO), &app->out);
    }
    *ret_exit = v.holds ? 0 : hb_status_exit(HB_E_EVIDENCE);
    hb_verified_release(&v);
    return status;
}

static hb_status run_verify(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    hb_trust trust = {.n = 0};
    hb_status status = load_keys(app, opts, &trust, err);
    if (status == HB_OK) {
        status = look(app, opts, &trust, args.v[0], ret_exit, err);
    }
    hb_trust_release(&trust);
    return status;
}

static const hb_opt table[] = {
    {.name = "trust",
     .kind = HB_OPT_LIST,
     .offset = offsetof(verify_opts, trust),
     .arg = "KEY.pub",
     .one_each = true,
     .help =
         "public key of the lab, which you got in another way than the pack; may be given again"},
    {.name = "trust-log",
     .kind = HB_OPT_LIST,
     .offset = offsetof(verify_opts, trust_log),
     .arg = "KEY.pub",
     .one_each = true,
     .help = "public key of the lab's log or of a witness of it"},
    {.name = "trust-ca",
     .kind = HB_OPT_LIST,
     .offset = offsetof(verify_opts, trust_ca),
     .arg = "CA.pem",
     .one_each = true,
     .help = "certificate of an authority that says whose a key is"},
    {.name = "trust-name",
     .kind = HB_OPT_STRING,
     .offset = offsetof(verify_opts, trust_name),
     .arg = "NAME",
     .help = "who may sign packs by such an authority, as 'CN=Release,O=Lab'"},
    {.name = "trust-tsa",
     .kind = HB_OPT_LIST,
     .offset = offsetof(verify_opts, trust_tsa),
     .arg = "CA.pem",
     .one_each = true,
     .help = "certificate of a time authority, for a pack with a time token"},
    {.name = "crl",
     .kind = HB_OPT_LIST,
     .offset = offsetof(verify_opts, crl),
     .arg = "CRL.pem",
     .one_each = true,
     .help = "revocation lists, then of every authority of a chain"},
    {.name = "reveal",
     .kind = HB_OPT_STRING,
     .offset = offsetof(verify_opts, reveal),
     .arg = "FILE",
     .help = "hidden fields that were disclosed (hb reveal): are they what was committed to"},
    {0},
};

const hb_cmd hb_cmd_verify = {
    .name = "verify",
    .group = "Evidence",
    .summary = "check an evidence pack and decide again",
    .opts = table,
    .opts_size = sizeof(verify_opts),
    .min_args = 1,
    .max_args = 1,
    .args = "PACK",
    .details = "PACK is a zip or a folder of hb export evidence-pack. Needs no workspace and no\n"
               "network and believes nothing in the pack: digests of every file, signatures,\n"
               "approvals, the decision's place in the lab's log; then the raw files are read\n"
               "again and the decision is made again, which must give the same bytes. One line\n"
               "for each answer: holds, does NOT hold, not checked, not in the pack.\n"
               "Nothing is written, except that the raw files are unpacked into a private\n"
               "folder below /tmp (TMPDIR) while they are read, and removed.\n"
               "\n"
               "Without --trust anybody could have made the pack: that is told as not checked,\n"
               "and not checked is no pass. Exit code 0 when all holds, else 12. With --quiet\n"
               "only the last line is printed.",
    .alone = true,
    .example = "hb verify evidence/evidence_monday-2.zip --trust keys/lab.pub",
    .run = run_verify,
};
