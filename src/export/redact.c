/* SPDX-License-Identifier: Apache-2.0 */
#include "export/redact.h"

#include "base/mem.h"
#include "crypto/dsse.h"
#include "evidence/attestation.h"
#include "evidence/inputs.h"
#include "evidence/raw_list.h"
#include "evidence/redaction.h"
#include "export/export_internal.h"
#include "export/redact_internal.h"

#include <string.h>

enum { READING_MAX = HB_RAW_LIST_MAX };
static const char taken_out[] = HB_REDACT_TAKEN_OUT;

typedef hb_redact_job job;

/* --- the original --- */

static hb_status check_original(job *j, hb_error *err)
{
    hb_pack_fault *faults = NULL;
    size_t n = 0;
    HB_TRY(hb_pack_read_manifest(j->from, j->arena, &j->original, err));
    HB_TRY(hb_pack_check(j->from, &j->original, j->arena, &faults, &n, err));
    if (n) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' does not hold: '%s': %s; see 'hb verify'",
                       j->ask->pack, faults[0].path, faults[0].what);
    }
    if (hb_pack_has(j->from, HB_PACK_REDACTION)) {
        return HB_FAIL(err, HB_E_USAGE, "'%s' is redacted already: take its original",
                       j->ask->pack);
    }
    return hb_pack_has(j->from, HB_PACK_ATTESTATION)
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE,
                         "'%s' is not signed: nobody could see what it was made of", j->ask->pack);
}

/* A path is meant by itself and by each folder above it. */
static bool is_below(const char *path, const char *what)
{
    size_t n = strlen(what);
    while (n && what[n - 1] == '/') {
        n--;
    }
    return n && strncmp(path, what, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

static hb_status drop(job *j, const hb_pack_file *f, hb_error *err)
{
    HB_TRY(HB_ARENA_GROW(j->arena, j->dropped, j->n_dropped, j->cap, err));
    j->dropped[j->n_dropped++] = f->path;
    j->told.dropped_bytes += f->size;
    return HB_OK;
}

static hb_status check_wish(const job *j, const char *what, hb_error *err)
{
    for (size_t i = 0; i < j->original.n_files; i++) {
        const char *path = j->original.files[i].path;
        if (is_below(path, what) && strncmp(path, "raw/", 4) == 0 && hb_redaction_may_drop(path)) {
            return HB_OK;
        }
    }
    return HB_FAIL(err, HB_E_USAGE,
                   "'%.240s' is no raw file of '%s', nor a folder with one; what is decided from "
                   "cannot be taken out",
                   what, j->ask->pack);
}

/* In the manifest's order, which is that of the bytes of the paths. */
static hb_status choose(job *j, hb_error *err)
{
    for (size_t k = 0; k < j->ask->n_drop; k++) {
        HB_TRY(check_wish(j, j->ask->drop[k], err));
    }
    for (size_t i = 0; i < j->original.n_files; i++) {
        const hb_pack_file *f = &j->original.files[i];
        bool is = strcmp(f->path, HB_PACK_CHAIN) == 0; /* of who signed the original */
        is = is || (hb_redact_hides(j) && hb_redact_takes(f->path));
        for (size_t k = 0; k < j->ask->n_drop && strncmp(f->path, "raw/", 4) == 0; k++) {
            is = is || (is_below(f->path, j->ask->drop[k]) && hb_redaction_may_drop(f->path));
        }
        if (is) {
            HB_TRY(drop(j, f, err));
        }
    }
    return HB_OK;
}

bool hb_redact_is_dropped(const job *j, const char *path)
{
    for (size_t i = 0; i < j->n_dropped; i++) {
        if (strcmp(j->dropped[i], path) == 0) {
            return true;
        }
    }
    return false;
}

/* --- raw/reading.json --- */

static void take_from_list(const job *j, hb_raw_list *l, hb_raw_journal *journal)
{
    for (size_t i = 0; i < l->n_files; i++) {
        if (*l->files[i].member && hb_redact_is_dropped(j, l->files[i].member)) {
            l->files[i].member = "";
            l->files[i].why = taken_out;
        }
        if (l->cuts && *l->cuts[i].member && hb_redact_is_dropped(j, l->cuts[i].member)) {
            l->cuts[i].member = "";
            l->cuts[i].why = taken_out;
        }
    }
    bool gone = false;
    for (size_t i = 0; l->journal && i < l->journal->n_members; i++) {
        gone = gone || hb_redact_is_dropped(j, l->journal->members[i]);
    }
    if (gone) {
        *journal = *l->journal;
        journal->n_members = 0;
        journal->why = taken_out;
        l->journal = journal;
    }
    l->why = *l->why ? l->why : taken_out;
}

/* Segments of a journal follow on each other: none without the others. */
static hb_status check_journal(const job *j, const hb_raw_list *l, hb_error *err)
{
    size_t gone = 0;
    for (size_t i = 0; l->journal && i < l->journal->n_members; i++) {
        gone += hb_redact_is_dropped(j, l->journal->members[i]);
    }
    return gone == 0 || gone == l->journal->n_members
               ? HB_OK
               : HB_FAIL(err, HB_E_USAGE,
                         "segments of the journal go together: --drop raw/journal");
}

static hb_status put_reading(job *j, hb_error *err)
{
    char *text = NULL;
    size_t n = 0;
    hb_raw_list list;
    hb_raw_journal journal;
    hb_buf out;
    HB_TRY(hb_pack_read(j->from, HB_PACK_READING, READING_MAX, &text, &n, err));
    hb_status status = hb_raw_list_parse((hb_str){text, n}, j->arena, &list, err);
    hb_buf_init(&out, READING_MAX);
    if (status == HB_OK) {
        status = check_journal(j, &list, err);
    }
    if (status == HB_OK) {
        take_from_list(j, &list, &journal);
        status = hb_raw_list_json(&list, &out, err);
    }
    if (status == HB_OK) {
        status = hb_pack_put(j->w, HB_PACK_READING, out.p, out.n, err);
    }
    hb_buf_release(&out);
    hb_free(text);
    return status;
}

/* --- the new pack --- */

static hb_status put_copy(job *j, const char *from, const char *to, hb_error *err)
{
    char *p = NULL;
    size_t n = 0;
    HB_TRY(hb_pack_read(j->from, from, HB_DSSE_TEXT_MAX, &p, &n, err));
    hb_status status = hb_pack_put(j->w, to, p, n, err);
    hb_free(p);
    return status;
}

static hb_status put_kept(job *j, hb_error *err)
{
    for (size_t i = 0; i < j->original.n_files; i++) {
        const char *path = j->original.files[i].path;
        if (strcmp(path, HB_PACK_READING) == 0) {
            HB_TRY(put_reading(j, err));
        } else if (!hb_redact_is_dropped(j, path)) {
            HB_TRY(hb_pack_put_member(j->w, path, j->from, err));
        }
    }
    HB_TRY(put_copy(j, HB_PACK_MANIFEST, HB_PACK_ORIGINAL_MANIFEST, err));
    HB_TRY(put_copy(j, HB_PACK_ATTESTATION, HB_PACK_ORIGINAL_ATTESTATION, err));
    return hb_pack_has(j->from, HB_PACK_TIME_TOKEN)
               ? put_copy(j, HB_PACK_TIME_TOKEN, HB_PACK_ORIGINAL_TOKEN, err)
               : HB_OK;
}

static hb_status put_key(job *j, hb_error *err)
{
    const hb_pubkey *key = hb_signer_public(j->ask->signer);
    const char *path = NULL;
    hb_buf pem;
    HB_TRY(hb_export_text(j->arena, &path, err, "keys/%s.pub", hb_pubkey_id(key)));
    if (hb_pack_has(j->from, path)) {
        return HB_OK;
    }
    hb_buf_init(&pem, HB_PEM_MAX);
    hb_pubkey_pem(key, &pem);
    hb_status status = hb_buf_check(&pem, err);
    status = status == HB_OK ? hb_pack_put(j->w, path, pem.p, pem.n, err) : status;
    hb_buf_release(&pem);
    return status;
}

static hb_status put_redaction(job *j, hb_error *err)
{
    const hb_redaction r = {.original_sha256 = j->original.sha256,
                            .reason = j->ask->reason,
                            .dropped = j->dropped,
                            .n_dropped = j->n_dropped};
    hb_buf text;
    hb_buf_init(&text, HB_PACK_MANIFEST_MAX);
    hb_status status = hb_redaction_json(&r, &text, err);
    status = status == HB_OK ? hb_pack_put(j->w, HB_PACK_REDACTION, text.p, text.n, err) : status;
    hb_buf_release(&text);
    return status;
}

static hb_status sign(job *j, const hb_pack_file *manifest, hb_str decision, hb_error *err)
{
    hb_attestation_facts facts = {.case_id = j->original.case_id,
                                  .manifest_sha256 = manifest->sha256,
                                  .manifest_sha512 = manifest->sha512,
                                  .decision = decision};
    hb_buf statement;
    hb_buf envelope;
    facts.files = hb_pack_files(j->w, &facts.n_files);
    if (!facts.files) {
        return HB_NOMEM(err);
    }
    hb_buf_init(&statement, HB_DSSE_PAYLOAD_MAX);
    hb_buf_init(&envelope, HB_DSSE_TEXT_MAX);
    hb_status status = hb_attestation_statement(&facts, &statement, err);
    if (status == HB_OK) {
        status = hb_dsse_sign(HB_DSSE_INTOTO, (hb_str){statement.p, statement.n}, &j->ask->signer,
                              1, &envelope, err);
    }
    if (status == HB_OK) {
        status = hb_pack_put_signature(j->w, HB_PACK_ATTESTATION, envelope.p, envelope.n, err);
    }
    hb_buf_release(&statement);
    hb_buf_release(&envelope);
    return status;
}

/* That of the new pack. */
static hb_status get_decision(job *j, char **ret, size_t *ret_n, hb_error *err)
{
    if (!hb_redact_hides(j)) {
        return hb_pack_read(j->from, HB_PACK_DECISION, HB_REDACT_DECISION_MAX, ret, ret_n, err);
    }
    *ret = HB_TAKE(j->decision);
    *ret_n = j->decision_n;
    return HB_OK;
}

static hb_status put_all(job *j, hb_error *err)
{
    hb_pack_file manifest;
    char *decision = NULL;
    size_t n = 0;
    if (hb_redact_hides(j)) {
        HB_TRY(hb_redact_put_fields(j, err));
    } else {
        HB_TRY(put_kept(j, err));
        HB_TRY(put_redaction(j, err));
    }
    HB_TRY(put_key(j, err));
    HB_TRY(get_decision(j, &decision, &n, err));
    hb_status status = hb_pack_put_manifest(j->w, j->original.case_id, &manifest, err);
    status = status == HB_OK ? sign(j, &manifest, (hb_str){decision, n}, err) : status;
    hb_free(decision);
    HB_TRY(status);
    memcpy(j->told.manifest_sha256, manifest.sha256, sizeof j->told.manifest_sha256);
    HB_TRY(j->ask->record(j->ask->record_ctx, &j->told, err));
    return hb_pack_finish(j->w, err);
}

static hb_status redact(job *j, hb_error *err)
{
    HB_TRY(check_original(j, err));
    HB_TRY(choose(j, err));
    j->told.case_id = j->original.case_id;
    j->told.original_sha256 = hb_arena_str(j->arena, hb_str_of(j->original.sha256));
    j->told.dropped = j->dropped;
    j->told.n_dropped = j->n_dropped;
    if (!j->told.original_sha256) {
        return HB_NOMEM(err);
    }
    HB_TRY(hb_pack_create(j->ask->os, j->ask->target, j->ask->form, &j->w, err));
    hb_status status = put_all(j, err);
    hb_pack_writer_free(j->w);
    return status;
}

hb_status hb_redact(const hb_redact_ask *ask, hb_arena *arena, hb_redacted *ret, hb_error *err)
{
    job j = {.ask = ask, .arena = arena};
    HB_TRY(hb_pack_open(ask->os, ask->pack, &j.from, err));
    hb_status status = redact(&j, err);
    hb_pack_close(j.from);
    hb_free(j.decision);
    if (status == HB_OK) {
        *ret = j.told;
    }
    return status;
}
