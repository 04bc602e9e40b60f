/* SPDX-License-Identifier: Apache-2.0 */
/* All that somebody who has the lab's key and this source can do to deceive: takes the files of a
 * folder, repairs what can be computed of them, and signs.
 *
 *     forge_pack FOLDER KEY.pem PACK.zip [run]
 *
 * The manifest and the Statement are made of the files as they are. With "run" also what stands
 * before them: digest of the run (after its input files' digests were changed in the text) and
 * the decision that follows from the profiles. */
#include "base/mem.h"
#include "crypto/dsse.h"
#include "evidence/attestation.h"
#include "evidence/inputs.h"
#include "telemetry/run_digest.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { FILE_MAX = 256 << 20 };

static hb_status write_into(const char *folder, const char *name, const hb_buf *b, hb_error *err)
{
    char *path = NULL;
    HB_TRY(hb_path_join(folder, name, &path, err));
    hb_status status = hb_file_write_atomic(hb_os_real(), path, b->p, b->n, 0644, err);
    hb_free(path);
    return status;
}

/* The run as it was, with the digests of its files as they are in `wanted`. */
static hb_status repair_run(const char *folder, hb_str was, const json_t *wanted, hb_error *err)
{
    hb_run *run = NULL;
    HB_TRY(hb_run_from_json(was, "run.json", &run, NULL, err));
    for (size_t i = 0; i < run->n_inputs; i++) {
        const char *sha = json_string_value(json_array_get(wanted, i));
        snprintf(run->inputs[i].sha256, sizeof run->inputs[i].sha256, "%s", sha ? sha : "");
    }
    hb_buf text;
    hb_buf_init(&text, FILE_MAX);
    hb_status status = hb_run_set_digest(run, err);
    status = status == HB_OK ? hb_run_json(run, &text, err) : status;
    status = status == HB_OK ? write_into(folder, HB_PACK_RUN, &text, err) : status;
    hb_buf_release(&text);
    hb_run_free(run);
    return status;
}

static hb_status repair_decision(const char *folder, hb_error *err)
{
    hb_pack_reader *r = NULL;
    hb_inputs in;
    hb_decision *d = NULL;
    hb_buf text;
    HB_TRY(hb_pack_open(hb_os_real(), folder, &r, err));
    hb_status status = hb_inputs_read(r, &in, err);
    hb_pack_close(r);
    HB_TRY(status);
    hb_buf_init(&text, FILE_MAX);
    status = hb_inputs_decide(&in, &d, &text, err);
    status = status == HB_OK ? write_into(folder, HB_PACK_DECISION, &text, err) : status;
    hb_buf_release(&text);
    hb_decision_free(d);
    hb_inputs_release(&in);
    return status;
}

/* wanted.json, beside the pack's files: digests of the run's files, in their order. */
static hb_status repair(const char *folder, hb_error *err)
{
    char *run = NULL;
    char *list = NULL;
    char *path = NULL;
    size_t n = 0;
    size_t k = 0;
    HB_TRY(hb_path_join(folder, HB_PACK_RUN, &path, err));
    hb_status status = hb_file_read(hb_os_real(), path, FILE_MAX, &run, &n, err);
    hb_free(path);
    path = NULL;
    status = status == HB_OK ? hb_path_join(folder, "wanted.json", &path, err) : status;
    status = status == HB_OK ? hb_file_read(hb_os_real(), path, FILE_MAX, &list, &k, err) : status;
    if (status == HB_OK) {
        json_t *wanted = json_loadb(list, k, 0, NULL);
        hb_os_real()->unlink(path);
        status = repair_run(folder, (hb_str){run, n}, wanted, err);
        json_decref(wanted);
    }
    hb_free(path);
    hb_free(run);
    hb_free(list);
    return status == HB_OK ? repair_decision(folder, err) : status;
}

static bool is_made_again(const char *path)
{
    return strcmp(path, HB_PACK_MANIFEST) == 0 || strcmp(path, HB_PACK_ATTESTATION) == 0;
}

static hb_status put_all(hb_pack_reader *r, hb_pack_writer *w, char **ret_decision, size_t *ret_n,
                         hb_error *err)
{
    size_t n = 0;
    const hb_pack_file *files = hb_pack_members(r, &n);
    for (size_t i = 0; i < n; i++) {
        char *p = NULL;
        size_t len = 0;
        if (is_made_again(files[i].path)) {
            continue;
        }
        HB_TRY(hb_pack_read(r, files[i].path, FILE_MAX, &p, &len, err));
        hb_status status = hb_pack_put(w, files[i].path, p, len, err);
        if (status == HB_OK && strcmp(files[i].path, HB_PACK_DECISION) == 0) {
            *ret_decision = p;
            *ret_n = len;
            continue;
        }
        hb_free(p);
        HB_TRY(status);
    }
    return HB_OK;
}

static hb_status sign(hb_pack_writer *w, const char *case_id, hb_str decision, hb_signer *signer,
                      hb_error *err)
{
    hb_pack_file manifest;
    size_t n = 0;
    const hb_pack_file *listed = hb_pack_files(w, &n);
    hb_pack_file *files = hb_alloc_array(n + 1, sizeof *files);
    if (!listed || !files) {
        hb_free(files);
        return HB_NOMEM(err);
    }
    memcpy(files, listed, n * sizeof *files);
    hb_buf statement;
    hb_buf envelope;
    hb_buf_init(&statement, HB_DSSE_PAYLOAD_MAX);
    hb_buf_init(&envelope, 2 * HB_DSSE_PAYLOAD_MAX);
    hb_status status = hb_pack_put_manifest(w, case_id, &manifest, err);
    if (status == HB_OK) {
        const hb_attestation_facts facts = {.case_id = case_id,
                                            .manifest_sha256 = manifest.sha256,
                                            .manifest_sha512 = manifest.sha512,
                                            .files = files,
                                            .n_files = n,
                                            .decision = decision};
        status = hb_attestation_statement(&facts, &statement, err);
    }
    if (status == HB_OK) {
        status = hb_dsse_sign(HB_DSSE_INTOTO, (hb_str){statement.p, statement.n}, &signer, 1,
                              &envelope, err);
    }
    if (status == HB_OK) {
        status = hb_pack_put_signature(w, HB_PACK_ATTESTATION, envelope.p, envelope.n, err);
    }
    hb_buf_release(&statement);
    hb_buf_release(&envelope);
    hb_free(files);
    return status;
}

static hb_status forge(const char *folder, const char *key, const char *target, hb_error *err)
{
    hb_pack_reader *r = NULL;
    hb_pack_writer *w = NULL;
    hb_signer *signer = NULL;
    hb_manifest m;
    char *decision = NULL;
    size_t n = 0;
    hb_arena arena;
    hb_arena_init(&arena, FILE_MAX);
    const hb_signer_ask ask = {.os = hb_os_real(), .key = key};
    hb_status status = hb_pack_open(hb_os_real(), folder, &r, err);
    status = status == HB_OK ? hb_pack_read_manifest(r, &arena, &m, err) : status;
    status = status == HB_OK ? hb_signer_open(&ask, &signer, err) : status;
    status = status == HB_OK ? hb_pack_create(hb_os_real(), target, HB_PACK_ZIP, &w, err) : status;
    status = status == HB_OK ? put_all(r, w, &decision, &n, err) : status;
    status = status == HB_OK ? sign(w, m.case_id, (hb_str){decision, n}, signer, err) : status;
    status = status == HB_OK ? hb_pack_finish(w, err) : status;
    hb_free(decision);
    hb_signer_free(signer);
    hb_pack_writer_free(w);
    hb_pack_close(r);
    hb_arena_release(&arena);
    return status;
}

int main(int argc, char **argv)
{
    enum { WITH_RUN = 5 };
    hb_error err = {0};
    if (argc != WITH_RUN - 1 && argc != WITH_RUN) {
        fputs("usage: forge_pack FOLDER KEY.pem PACK.zip [run]\n", stderr);
        return 2;
    }
    hb_status status = argc == WITH_RUN ? repair(argv[1], &err) : HB_OK;
    status = status == HB_OK ? forge(argv[1], argv[2], argv[3], &err) : status;
    if (status != HB_OK) {
        fprintf(stderr, "forge_pack: %s\n", err.msg);
    }
    return hb_status_exit(status);
}
