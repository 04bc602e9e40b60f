/* SPDX-License-Identifier: Apache-2.0 */
/* hb export evidence-pack: a decision with everything it was made from, in one file. */
#include "cli/commands.h"
#include "cli/govern_shared.h"
#include "cli/journal_shared.h"
#include "cli/packs_shared.h"
#include "cli/permitted.h"
#include "cli/sealing.h"
#include "cli/signing.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "crypto/x509.h"
#include "export/sealed_pack.h"

#include <stdlib.h>
#include <string.h>

typedef struct export_opts {
    hb_signing_opts signing;
    hb_signing_opts second;
    const char *run;
    const char *case_id;
    const char *out;
    const char *slice;
    const char *journal;
    const char *reason;
    int form;
    bool is_unsigned;
    bool no_raw;
    bool no_baseline_runs;
    const char *cert;
    hb_list encrypt_to;
    const char *encrypt_passphrase_file;
} export_opts;

static const char *const forms[] = {[HB_PACK_ZIP] = "zip", [HB_PACK_FOLDER] = "folder", NULL};

static bool is_encrypted(const export_opts *o)
{
    return o->encrypt_to.n || o->encrypt_passphrase_file;
}

/* --- where to --- */

static hb_status default_target(hb_app *app, const export_opts *o, const char *dir,
                                const char **ret, hb_error *err)
{
    hb_buf path;
    HB_TRY(hb_dir_make(app->os, dir, err));
    hb_buf_init(&path, 8192);
    hb_buf_fmt(&path, "%s/evidence_%s%s%s", dir, o->case_id ? o->case_id : o->run,
               o->form == HB_PACK_ZIP ? ".zip" : "",
               !is_encrypted(o)  ? ""
               : o->encrypt_to.n ? ".p7m"
                                 : ".hbs");
    hb_status status = hb_buf_check(&path, err);
    *ret = status == HB_OK ? hb_arena_str(&app->arena, (hb_str){path.p, path.n}) : NULL;
    hb_buf_release(&path);
    return status != HB_OK || *ret ? status : HB_NOMEM(err);
}

/* A zip into a folder that exists gets its usual name there. */
static hb_status find_target(hb_app *app, const export_opts *o, const char **ret, hb_error *err)
{
    const char *dir = NULL;
    if (o->out && !(o->form == HB_PACK_ZIP && hb_path_is_dir(app->os, o->out))) {
        *ret = o->out;
        return HB_OK;
    }
    HB_TRY(hb_app_evidence_dir(app, &dir, err));
    return default_target(app, o, o->out ? o->out : dir, ret, err);
}

/* --- what --- */

static hb_status parse_slice(const char *text, hb_time *ret_from, hb_time *ret_to, hb_error *err)
{
    *ret_from = *ret_to = HB_TIME_NONE;
    if (!text) {
        return HB_OK;
    }
    const char *dots = strstr(text, "..");
    if (!dots || !hb_time_parse(text, (size_t)(dots - text), ret_from, NULL) ||
        !hb_time_parse(dots + 2, strlen(dots + 2), ret_to, NULL) || *ret_to < *ret_from) {
        return HB_FAIL(err, HB_E_USAGE,
                       "--raw-slice takes FROM..TO, as "
                       "2026-11-23T20:55:00Z..2026-11-23T20:56:00Z, got '%.80s'",
                       text);
    }
    return HB_OK;
}

static hb_status make_ask(hb_app *app, const export_opts *o, hb_export_ask *ask, hb_error *err)
{
    *ask = (hb_export_ask){.os = app->os,
                           .store = app->store,
                           .run_id = o->run,
                           .case_id = o->case_id,
                           .form = (hb_pack_form)o->form,
                           .no_raw = o->no_raw,
                           .no_baseline_runs = o->no_baseline_runs,
                           .reason = o->reason,
                           .tmp = getenv("TMPDIR"),
                           .sbom_sha256 = app->sbom->sha256,
                           .now = app->os->now()};
    HB_TRY(hb_case_id_check(o->case_id ? o->case_id : o->run, err));
    HB_TRY(parse_slice(o->slice, &ask->slice_from, &ask->slice_to, err));
    HB_TRY(hb_journal_dir(app, o->journal, &ask->journal.dir, err));
    HB_TRY(hb_app_audit_path(app, &ask->audit_dir, err));
    HB_TRY(hb_app_open_units(app, err));
    ask->units = app->units;
    return find_target(app, o, &ask->target, err);
}

/* --- told --- */

static hb_status tell(hb_app *app, const hb_export_ask *ask, const hb_exported *x, bool encrypted,
                      hb_error *err)
{
    if (*x->raw_missing) {
        hb_say(app, "the pack is whole, but cannot be decided again from raw files: %s",
               x->raw_missing);
    }
    if (*x->log_missing) {
        hb_say(app, "the pack has no proof of the lab's log: %s", x->log_missing);
    }
    if (!app->common.json) {
        hb_buf_fmt(&app->out, "%s: %s, case %s, %zu files, %s%s\n", ask->target, x->verdict,
                   x->case_id, x->n_files, ask->n_signers ? "signed" : "not signed",
                   encrypted ? ", encrypted" : "");
        hb_buf_fmt(&app->out, "manifest %s\n", x->manifest_sha256);
        return hb_buf_check(&app->out, err);
    }
    hb_json j;
    hb_json_init(&j, &app->out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-export/1");
    hb_json_kc(&j, "pack", ask->target);
    hb_json_kc(&j, "case", x->case_id);
    hb_json_kc(&j, "run_id", ask->run_id);
    hb_json_kc(&j, "verdict", x->verdict);
    hb_json_kc(&j, "decision_sha256", x->decision);
    hb_json_kc(&j, "manifest_sha256", x->manifest_sha256);
    hb_json_key(&j, "signed_by");
    hb_json_arr(&j);
    for (size_t i = 0; i < ask->n_signers; i++) {
        hb_json_c(&j, hb_pubkey_id(hb_signer_public(ask->signers[i])));
    }
    hb_json_end(&j);
    hb_json_ku(&j, "files", x->n_files);
    hb_json_ku(&j, "bytes", x->bytes);
    hb_json_ku(&j, "raw_files", x->raw_files);
    hb_json_kc(&j, "raw_missing", x->raw_missing);
    hb_json_kc(&j, "log_missing", x->log_missing);
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    return hb_json_done(&j, err);
}

/* --- made --- */

/* The seal is opened first: who it is for and the passphrase are wrong before the work, not after
 * it. */
static hb_status export_sealed(hb_app *app, const export_opts *o, const hb_export_ask *ask,
                               hb_exported *ret, hb_error *err)
{
    hb_seal *seal = NULL;
    HB_TRY(hb_app_seal(app, o->encrypt_to, o->encrypt_passphrase_file, ask->target, &seal, err));
    hb_status status = hb_export_sealed(ask, seal, &app->arena, ret, err);
    hb_seal_free(seal);
    return status;
}

static hb_status permit(hb_app *app, const export_opts *o, hb_signer *const *signers, size_t n,
                        hb_error *err)
{
    const char *program = "";
    hb_operators *in_force = NULL;
    HB_TRY(hb_app_operators(app, &in_force, err));
    bool governed = in_force != NULL;
    hb_operators_free(in_force);
    if (governed && o->is_unsigned) {
        return HB_FAIL(err, HB_E_DENIED,
                       "operators are in force, so a pack is signed by one of them (--key): leave "
                       "--unsigned out");
    }
    HB_TRY(hb_program_of_run(app, o->run, &program, err));
    return hb_app_permit_key(app, HB_ACTION_EXPORT, program,
                             n ? hb_pubkey_id(hb_signer_public(signers[0])) : "", NULL, err);
}

static hb_status export_it(hb_app *app, const export_opts *o, hb_signer *const *signers, size_t n,
                           hb_error *err)
{
    hb_export_ask ask;
    hb_exported done;
    HB_TRY(make_ask(app, o, &ask, err));
    ask.signers = signers;
    ask.n_signers = n;
    HB_TRY(permit(app, o, signers, n, err));
    HB_TRY(hb_packs_read_chain(app, o->cert, &ask.chain_pem, err));
    HB_TRY(is_encrypted(o) ? export_sealed(app, o, &ask, &done, err)
                           : hb_export_pack(&ask, &app->arena, &done, err));
    return tell(app, &ask, &done, is_encrypted(o), err);
}

/* --- by whom --- */

static hb_status check_opts(const export_opts *o, hb_error *err)
{
    if (!o->run || !*o->run) {
        return HB_FAIL(err, HB_E_USAGE, "--case RUN says which run's decision; hb runs list");
    }
    if (o->is_unsigned && o->second.key) {
        return HB_FAIL(err, HB_E_USAGE, "--unsigned and --second-key exclude each other");
    }
    if (is_encrypted(o) && o->form != HB_PACK_ZIP) {
        return HB_FAIL(err, HB_E_USAGE, "a folder is not encrypted: --form zip");
    }
    if (o->cert && o->is_unsigned) {
        return HB_FAIL(err, HB_E_USAGE, "--unsigned and --cert exclude each other");
    }
    if (o->no_raw && o->slice) {
        return HB_FAIL(err, HB_E_USAGE, "--no-raw and --raw-slice exclude each other");
    }
    return HB_OK;
}

/* What was opened is the caller's also on failure. */
static hb_status open_signers(hb_app *app, const export_opts *o, hb_signer **signers, size_t *ret_n,
                              hb_error *err)
{
    if (o->is_unsigned) {
        return HB_OK;
    }
    HB_TRY(hb_app_signer(app, &o->signing, &signers[0], err));
    *ret_n = 1;
    if (o->second.key) {
        HB_TRY(hb_app_signer(app, &o->second, &signers[1], err));
        *ret_n = 2;
    }
    return HB_OK;
}

static hb_status run_export(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const export_opts *o = opts;
    hb_signer *signers[HB_EXPORT_SIGNERS_MAX] = {0};
    size_t n = 0;
    (void)args;
    (void)ret_exit;
    HB_TRY(check_opts(o, err));
    hb_status status = open_signers(app, o, signers, &n, err);
    if (status == HB_OK) {
        status = export_it(app, o, signers, n, err);
    }
    for (size_t i = 0; i < n; i++) {
        hb_signer_free(signers[i]);
    }
    return status;
}

static const hb_opt table[] = {
    {.name = "case",
     .kind = HB_OPT_STRING,
     .offset = offsetof(export_opts, run),
     .arg = "RUN",
     .required = true,
     .help = "the run whose latest decision is exported"},
    {.name = "case-id",
     .kind = HB_OPT_STRING,
     .offset = offsetof(export_opts, case_id),
     .arg = "ID",
     .help = "name of the case, where it is not the run's"},
    {.name = "out",
     .letter = 'o',
     .kind = HB_OPT_STRING,
     .offset = offsetof(export_opts, out),
     .arg = "PATH",
     .help = "file or folder to make; default: evidence/evidence_CASE.zip in the workspace"},
    {.name = "form",
     .kind = HB_OPT_ENUM,
     .offset = offsetof(export_opts, form),
     .values = forms,
     .help = "one zip, or a folder of files"},
    HB_SIGN_OPTS(export_opts, signing),
    {.name = "second-key",
     .kind = HB_OPT_STRING,
     .offset = offsetof(export_opts, second.key),
     .arg = "KEY",
     .help = "signs too: of another algorithm, or of another person"},
    {.name = "second-passphrase-file",
     .kind = HB_OPT_STRING,
     .offset = offsetof(export_opts, second.passphrase_file),
     .arg = "FILE",
     .help = "passphrase of the second key"},
    HB_CERT_OPT(export_opts, cert),
    HB_ENCRYPT_TO_OPT(export_opts, encrypt_to),
    {.name = "encrypt-passphrase-file",
     .kind = HB_OPT_STRING,
     .offset = offsetof(export_opts, encrypt_passphrase_file),
     .arg = "FILE",
     .help = "encrypts the pack by this passphrase instead"},
    {.name = "unsigned",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(export_opts, is_unsigned),
     .help = "no signature: anybody could have made it, and hb verify says so"},
    {.name = "no-raw",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(export_opts, no_raw),
     .help = "leave the raw files out; the profiles they were read into stay"},
    {.name = "no-baseline-runs",
     .kind = HB_OPT_FLAG,
     .offset = offsetof(export_opts, no_baseline_runs),
     .help = "leave the baseline's runs out; its figures are then your word alone"},
    {.name = "raw-slice",
     .kind = HB_OPT_STRING,
     .offset = offsetof(export_opts, slice),
     .arg = "FROM..TO",
     .help = "of the raw files only the rows of this time; of a window the records that came"},
    {.name = "journal",
     .kind = HB_OPT_STRING,
     .offset = offsetof(export_opts, journal),
     .arg = "DIR",
     .help = "of a window: the journal; default: live/journal in the workspace"},
    {.name = "reason",
     .kind = HB_OPT_STRING,
     .offset = offsetof(export_opts, reason),
     .arg = "TEXT",
     .help = "what for; kept in the lab's log"},
    {0},
};

const hb_cmd hb_cmd_export = {
    .name = "export evidence-pack",
    .group = "Evidence",
    .summary = "a decision and what it was made from, in one file",
    .needs = HB_NEED_STORE_WRITE,
    .opts = table,
    .opts_size = sizeof(export_opts),
    .details = "The pack holds the run, its raw files, baseline, policy, metric registry,\n"
               "approvals, decision, report, and the proof that the decision stands in the\n"
               "lab's log. hb verify PACK decides again from it, anywhere, without a network\n"
               "or a workspace. Nothing is written unless the decision comes out again, byte\n"
               "for byte. Raw files that are gone or have changed are left out, which the\n"
               "command and the pack say. Signed by the workspace's default key (hb keys\n"
               "list), or --key. Also: hb help evidence.",
    .example = "hb export evidence-pack --case monday-2 --unsigned",
    .run = run_export,
};
