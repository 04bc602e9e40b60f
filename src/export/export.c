/* SPDX-License-Identifier: Apache-2.0 */
/* The order of things: everything is rebuilt and decided again first, then written, logged, and at
 * last given its name. */
#include "export/export_internal.h"

#include "crypto/dsse.h"
#include "evidence/attestation.h"
#include "evidence/verify.h"
#include "export/audit.h"
#include "report/report.h"
#include "store/audit.h"
#include "store/versions.h"
#include "telemetry/run_digest.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { STATEMENT_MAX = 16 << 20, TEXT_MAX = 64 << 10 };

hb_status hb_export_text(hb_arena *arena, const char **ret, hb_error *err, const char *fmt, ...)
{
    char text[2048];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    const char *copy = hb_arena_str(arena, hb_str_of(text));
    if (!copy) {
        return HB_NOMEM(err);
    }
    *ret = copy;
    return HB_OK;
}

hb_status hb_case_id_check(const char *case_id, hb_error *err)
{
    size_t n = strlen(case_id);
    bool good = n >= 1 && n <= 128 && case_id[0] != '.';
    for (size_t i = 0; i < n && good; i++) {
        char c = case_id[i];
        good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    }
    return good ? HB_OK
                : HB_FAIL(err, HB_E_USAGE,
                          "a case is 1 to 128 of A-Z a-z 0-9 . _ - and does not begin with a dot, "
                          "got '%.150s'",
                          case_id);
}

/* --- what it was made from --- */

/* The decision may follow from figures that were changed before it was made. */
hb_status hb_export_check_figures(const hb_export_job *x, const hb_run *run, hb_error *err)
{
    hb_run copy = *run;
    HB_TRY(hb_run_set_digest(&copy, err));
    return strcmp(copy.digest, run->digest) == 0
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE,
                         "registry '%s': the figures of run '%s' are not those it was registered "
                         "with (SHA-256 %.12s, registered %.12s), so no pack is made; restore a "
                         "backup",
                         hb_store_path(x->ask->store), run->meta.run_id, copy.digest, run->digest);
}

static hb_status check_same(hb_export_job *x, hb_error *err)
{
    const hb_export_ask *a = x->ask;
    x->told.verdict = x->from.row.status;
    x->told.decision = x->from.row.digest;
    const hb_reference *r = &x->from.reference;
    HB_TRY(hb_export_check_figures(x, x->from.run, err));
    if (r->run && r->n_equivalences == 0) { /* what was converted has the original's digest */
        HB_TRY(hb_export_check_figures(x, r->run, err));
    }
    return x->from.same
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE,
                         "the decision of run '%s' does not come out again, so no pack is made of "
                         "it: %.300s; judge the run again with: hb analyze %s",
                         a->run_id, x->from.why_not, a->run_id);
}

static hb_status put_version(hb_export_job *x, hb_error *err)
{
    const hb_run_set *set = x->from.reference.set;
    hb_version_row row;
    if (!set || !set->version || !*set->version) {
        return HB_OK;
    }
    HB_TRY(hb_store_get_version(x->ask->store, set->version, x->arena, &row, err));
    x->version = row.digest;
    return hb_pack_put(x->w, "baseline/version.json", row.json, row.json_len, err);
}

hb_status hb_export_inputs(hb_export_job *x, hb_error *err)
{
    const hb_rebuilt *r = &x->from;
    HB_TRY(hb_inputs_put(x->w, r->run, &r->reference, &r->config, hb_export_commit_to, x, err));
    if (r->equivalence_text) {
        HB_TRY(hb_pack_put(x->w, "policy/equivalence_mapping.yaml", r->equivalence_text->p,
                           r->equivalence_text->n, err));
    }
    HB_TRY(put_version(x, err));
    HB_TRY(hb_export_runs(x, err));
    HB_TRY(hb_pack_put(x->w, HB_PACK_DECISION, r->row.json, r->row.json_len, err));
    return hb_export_commit_to(x, HB_PACK_DECISION, (hb_str){r->row.json, r->row.json_len}, err);
}

/* The report is drawn again, as of when it was decided: the same bytes each time. */
static hb_status put_report(hb_export_job *x, hb_error *err)
{
    const hb_report_about about = {.version = x->from.row.engine_version,
                                   .decided_at = x->from.row.decided_at,
                                   .decision_digest = x->from.row.digest};
    hb_buf page;
    hb_buf_init(&page, HB_REPORT_MAX_BYTES);
    hb_status status = hb_report_html(x->from.decision, &about, &page, err);
    if (status == HB_OK) {
        status = hb_pack_put(x->w, "report/drift_report.html", page.p, page.n, err);
    }
    hb_buf_clear(&page);
    if (status == HB_OK) {
        status = hb_report_json(x->from.decision, &about, &page, err);
    }
    if (status == HB_OK) {
        status = hb_pack_put(x->w, "report/drift_report.json", page.p, page.n, err);
    }
    hb_buf_release(&page);
    return status;
}

/* --- signed --- */

static hb_status sign(hb_export_job *x, const hb_pack_file *manifest, hb_buf *statement,
                      hb_buf *envelope, hb_error *err)
{
    size_t n = 0;
    const hb_pack_file *files = hb_pack_files(x->w, &n);
    const hb_attestation_facts facts = {.case_id = x->told.case_id,
                                        .manifest_sha256 = manifest->sha256,
                                        .manifest_sha512 = manifest->sha512,
                                        .files = files,
                                        .n_files = n,
                                        .decision = {x->from.row.json, x->from.row.json_len}};
    HB_TRY(hb_attestation_statement(&facts, statement, err));
    HB_TRY(hb_dsse_sign(HB_DSSE_INTOTO, (hb_str){statement->p, statement->n}, x->ask->signers,
                        x->ask->n_signers, envelope, err));
    return hb_pack_put_signature(x->w, HB_PACK_ATTESTATION, envelope->p, envelope->n, err);
}

static hb_status attest(hb_export_job *x, const hb_pack_file *manifest, hb_error *err)
{
    if (x->ask->n_signers == 0) {
        return HB_OK;
    }
    hb_buf statement;
    hb_buf envelope;
    hb_buf_init(&statement, STATEMENT_MAX);
    hb_buf_init(&envelope, 2 * STATEMENT_MAX);
    hb_status status = sign(x, manifest, &statement, &envelope, err);
    hb_buf_release(&statement);
    hb_buf_release(&envelope);
    return status;
}

/* --- logged --- */

static void export_members(void *ctx, hb_json *j)
{
    const hb_export_job *x = ctx;
    hb_json_kb(j, "automatic", x->ask->automatic);
    hb_json_kc(j, "decision", x->told.decision);
    hb_json_kc(j, "manifest_sha256", x->told.manifest_sha256);
    hb_json_ku(j, "n_files", x->told.n_files);
    hb_json_ku(j, "raw_files", x->told.raw_files);
    hb_json_kc(j, "raw_missing", x->told.raw_missing);
    hb_json_kc(j, "reason", x->ask->reason ? x->ask->reason : "");
    hb_json_kc(j, "run_id", x->ask->run_id);
    hb_json_kc(j, "verdict", x->told.verdict);
}

static hb_status log_export(hb_export_job *x, hb_error *err)
{
    const hb_export_ask *a = x->ask;
    const char *by = a->n_signers ? hb_pubkey_id(hb_signer_public(a->signers[0])) : "";
    return hb_store_log(a->store, "export", x->told.case_id, a->now, by, export_members, x, err);
}

/* --- the whole --- */

static void count(hb_export_job *x)
{
    const hb_pack_file *files = hb_pack_files(x->w, &x->told.n_files);
    for (size_t i = 0; i < x->told.n_files; i++) {
        x->told.bytes += files[i].size;
    }
}

static hb_status put_all(hb_export_job *x, hb_error *err)
{
    hb_pack_file manifest;
    HB_TRY(hb_export_inputs(x, err));
    HB_TRY(put_report(x, err));
    HB_TRY(hb_export_raw(x, err));
    HB_TRY(hb_export_governance(x, err));
    HB_TRY(hb_export_log(x, err));
    HB_TRY(hb_export_keys(x, err));
    HB_TRY(hb_export_chain(x, err));
    HB_TRY(hb_export_program(x, err));
    hb_str how_to = hb_verify_instructions();
    HB_TRY(hb_pack_put(x->w, "VERIFY.md", how_to.p, how_to.n, err));
    HB_TRY(hb_export_commit(x, err));
    count(x);
    HB_TRY(hb_pack_put_manifest(x->w, x->told.case_id, &manifest, err));
    memcpy(x->told.manifest_sha256, manifest.sha256, sizeof x->told.manifest_sha256);
    HB_TRY(attest(x, &manifest, err));
    HB_TRY(log_export(x, err));
    return hb_pack_finish(x->w, err);
}

static hb_status export_rebuilt(hb_export_job *x, hb_error *err)
{
    HB_TRY(hb_pack_create(x->ask->os, x->ask->target, x->ask->form, &x->w, err));
    hb_status status = hb_export_commit_begin(x, err);
    status = status == HB_OK ? put_all(x, err) : status;
    hb_export_commit_end(x);
    hb_pack_writer_free(x->w);
    return status;
}

hb_status hb_export_pack(const hb_export_ask *ask, hb_arena *arena, hb_exported *ret, hb_error *err)
{
    hb_export_job x = {.ask = ask, .arena = arena};
    x.told.case_id = ask->case_id ? ask->case_id : ask->run_id;
    x.told.raw_missing = "";
    x.told.log_missing = "";
    HB_TRY(hb_case_id_check(x.told.case_id, err));
    HB_TRY(hb_rebuild(ask->store, ask->run_id, ask->decision, ask->units, arena, &x.from, err));
    hb_status status = check_same(&x, err);
    if (status == HB_OK) {
        status = export_rebuilt(&x, err);
    }
    hb_rebuilt_release(&x.from);
    if (status == HB_OK) {
        *ret = x.told;
    }
    return status;
}
