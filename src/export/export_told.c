/* SPDX-License-Identifier: Apache-2.0 */
/* What others say of the decision: who may approve and who did, the lab's log, the keys to check
 * signatures with, the program that decided. */
#include "export/export_internal.h"

#include "audit/inclusion.h"
#include "base/json_write.h"
#include "crypto/x509.h"
#include "export/audit.h"
#include "store/governance.h"

#include <string.h>

enum { PEM_ROOM = HB_PEM_MAX };

/* --- governance --- */

static hb_status put_statement(hb_export_job *x, const hb_statement_row *row, hb_error *err)
{
    const char *member = NULL;
    HB_TRY(
        hb_export_text(x->arena, &member, err, "governance/statements/%s.dsse.json", row->sha256));
    return hb_pack_put(x->w, member, row->envelope.p, row->envelope.n, err);
}

/* The envelopes speak of the baseline: its version, or the run that was it. */
static hb_status put_statements(hb_export_job *x, const char *subject, hb_error *err)
{
    const hb_statement_query q = {.subject_sha256 = subject};
    hb_statement_row *rows = NULL;
    size_t n = 0;
    HB_TRY(hb_store_list_statements(x->ask->store, &q, x->arena, &rows, &n, err));
    for (size_t i = 0; i < n; i++) {
        HB_TRY(put_statement(x, &rows[i], err));
    }
    return HB_OK;
}

static bool is_named(const hb_export_job *x, const hb_pack_file *files, size_t n,
                     const char *sha256)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(files[i].sha256, sha256) == 0) {
            return true;
        }
    }
    /* daemon.yaml itself is not in the pack */
    return x->daemon_sha256 && strcmp(x->daemon_sha256, sha256) == 0;
}

/* About configuration: of the texts that are in the pack or are named in it. */
static hb_status put_configuration(hb_export_job *x, hb_error *err)
{
    const hb_statement_query q = {.purpose = "config", .program = "*"};
    hb_statement_row *rows = NULL;
    size_t n = 0;
    size_t n_files = 0;
    HB_TRY(hb_store_list_statements(x->ask->store, &q, x->arena, &rows, &n, err));
    for (size_t i = 0; i < n; i++) {
        const hb_pack_file *files = hb_pack_files(x->w, &n_files);
        if (is_named(x, files, n_files, rows[i].subject_sha256)) {
            HB_TRY(put_statement(x, &rows[i], err));
        }
    }
    return HB_OK;
}

hb_status hb_export_governance(hb_export_job *x, hb_error *err)
{
    const hb_run *reference = x->from.reference.run;
    hb_operators_row row;
    bool found = false;
    HB_TRY(
        hb_store_operators_at(x->ask->store, x->from.row.decided_at, x->arena, &row, &found, err));
    if (!found) {
        return HB_OK;
    }
    HB_TRY(hb_pack_put(x->w, "governance/operators.yaml", row.text.p, row.text.n, err));
    HB_TRY(put_configuration(x, err));
    if (x->version) {
        return put_statements(x, x->version, err);
    }
    return reference ? put_statements(x, reference->digest, err) : HB_OK;
}

/* --- the log --- */

static hb_status put_evidence(hb_export_job *x, const hb_audit_evidence *e, const hb_pubkey *key,
                              hb_error *err)
{
    HB_TRY(hb_pack_put(x->w, "log/entry.json", e->entry.p, e->entry.n, err));
    HB_TRY(hb_pack_put(x->w, "log/inclusion.json", e->inclusion.p, e->inclusion.n, err));
    HB_TRY(hb_pack_put(x->w, "log/checkpoint", e->checkpoint.p, e->checkpoint.n, err));
    hb_buf pem;
    hb_buf_init(&pem, PEM_ROOM);
    hb_pubkey_pem(key, &pem);
    hb_status status = hb_buf_check(&pem, err);
    if (status == HB_OK) {
        status = hb_pack_put(x->w, "keys/log.pub", pem.p, pem.n, err);
    }
    hb_buf_release(&pem);
    return status;
}

static hb_status put_proof(hb_export_job *x, hb_audit_log *log, hb_error *err)
{
    hb_audit_evidence e;
    bool found = false;
    HB_TRY(hb_audit_evidence_of(x->ask->store, log, x->told.decision, x->arena, &e, &found, err));
    if (!found) {
        x->told.log_missing = "the decision is in no entry of the log: it was made before there "
                              "was one";
        return HB_OK;
    }
    hb_log_entry entry;
    HB_TRY(hb_log_entry_read(e.entry, "log/entry.json", x->arena, &entry, err));
    x->logged_at = entry.at;
    return put_evidence(x, &e, hb_audit_key(log), err);
}

/* What waits is put into the log first, so that the decision is in it. */
hb_status hb_export_log(hb_export_job *x, hb_error *err)
{
    const hb_export_ask *a = x->ask;
    hb_audit_log *log = NULL;
    hb_audit_drained drained;
    if (!a->audit_dir) {
        x->told.log_missing = "there is no log";
        return HB_OK;
    }
    HB_TRY(hb_audit_drain(a->os, a->store, a->audit_dir, &drained, err));
    HB_TRY(hb_audit_open_read(a->os, a->audit_dir, &log, err));
    hb_status status = put_proof(x, log, err);
    hb_audit_close(log);
    return status;
}

/* --- keys --- */

hb_status hb_export_keys(hb_export_job *x, hb_error *err)
{
    hb_buf pem;
    hb_buf_init(&pem, PEM_ROOM);
    hb_status status = HB_OK;
    for (size_t i = 0; i < x->ask->n_signers && status == HB_OK; i++) {
        const hb_pubkey *key = hb_signer_public(x->ask->signers[i]);
        const char *member = NULL;
        hb_buf_clear(&pem);
        hb_pubkey_pem(key, &pem);
        status = hb_buf_check(&pem, err);
        if (status == HB_OK) {
            status = hb_export_text(x->arena, &member, err, "keys/%s.pub", hb_pubkey_id(key));
        }
        if (status == HB_OK) {
            status = hb_pack_put(x->w, member, pem.p, pem.n, err);
        }
    }
    hb_buf_release(&pem);
    return status;
}

/* A chain that is about another key would not verify, so it is not put in. */
hb_status hb_export_chain(hb_export_job *x, hb_error *err)
{
    hb_chain *chain = NULL;
    bool signs = false;
    if (!x->ask->chain_pem.n) {
        return HB_OK;
    }
    HB_TRY(hb_chain_read(x->ask->chain_pem, "the chain of certificates", &chain, err));
    const char *id = hb_pubkey_id(hb_chain_public(chain));
    for (size_t i = 0; i < x->ask->n_signers; i++) {
        signs = signs || strcmp(id, hb_pubkey_id(hb_signer_public(x->ask->signers[i]))) == 0;
    }
    hb_status status =
        signs ? hb_pack_put(x->w, HB_PACK_CHAIN, x->ask->chain_pem.p, x->ask->chain_pem.n, err)
              : HB_FAIL(err, HB_E_USAGE,
                        "the certificate of '%s' is about key %.16s…, which does "
                        "not sign here",
                        hb_chain_subject(chain), id);
    hb_chain_free(chain);
    return status;
}

/* --- the program --- */

static void program_json(const char *sha256, const char *sbom_sha256, hb_buf *out)
{
    hb_json j;
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    hb_json_kc(&j, "compiler", HB_COMPILER);
    hb_json_kc(&j, "executable_sha256", sha256);
    hb_json_kc(&j, "format", "hb-program/1");
    hb_json_kc(&j, "sbom_sha256", sbom_sha256);
    hb_json_kc(&j, "version", HB_VERSION);
    hb_json_end(&j);
}

/* The decision was made again just now, so this program is one that decides so. */
hb_status hb_export_program(hb_export_job *x, hb_error *err)
{
    char sha256[HB_DIGEST_HEX];
    uint64_t bytes = 0;
    hb_buf json;
    HB_TRY(hb_export_digest(x->ask->os, "/proc/self/exe", sha256, &bytes, err));
    hb_buf_init(&json, HB_PEM_MAX);
    program_json(sha256, x->ask->sbom_sha256, &json);
    hb_status status = hb_buf_check(&json, err);
    if (status == HB_OK) {
        status = hb_pack_put(x->w, "program.json", json.p, json.n, err);
    }
    hb_buf_release(&json);
    return status;
}
