/* SPDX-License-Identifier: Apache-2.0 */
/* rebuild_all REGISTRY FOLDER: every decision of a registry made again from what was kept with it
 * (export/rebuild.h), its inputs put into a pack in the folder, read from there and decided once
 * more. All three must be the same bytes, and the reference the one that the runs in the pack give.
 * Prints how many; the first that differs ends it with 1. */
#include "base/mem.h"
#include "evidence/inputs.h"
#include "evidence/verify.h"
#include "export/export_internal.h"
#include "os/file.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

enum { ARENA_BYTES = 512 << 20, JSON_BYTES = 256 << 20 };

static hb_status put(hb_export_job *x, const char *path, hb_error *err)
{
    hb_pack_file manifest;
    HB_TRY(hb_pack_create(hb_os_real(), path, HB_PACK_FOLDER, &x->w, err));
    hb_status status = hb_export_inputs(x, err);
    if (status == HB_OK) {
        status = hb_pack_put_manifest(x->w, x->from.row.run_id, &manifest, err);
    }
    if (status == HB_OK) {
        status = hb_pack_finish(x->w, err);
    }
    hb_pack_writer_free(x->w);
    return status;
}

static bool is_asked(const char *question)
{
    static const char *const questions[] = {"inputs", "baseline", "reference", "selection"};
    bool is = false;
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        is = is || strcmp(questions[i], question) == 0;
    }
    return is;
}

static hb_status verify(const char *path, hb_error *err)
{
    const hb_verify_ask ask = {.os = hb_os_real(), .path = path};
    hb_verified v;
    hb_status status = HB_OK;
    HB_TRY(hb_verify(&ask, &v, err));
    for (size_t i = 0; i < v.n_lines && status == HB_OK; i++) {
        const hb_verify_line *l = &v.lines[i];
        if (is_asked(l->question) && (l->state == HB_FAILS || l->state == HB_NOT_CHECKED)) {
            status = HB_FAIL(err, HB_E_EVIDENCE, "%s: %s", l->question, l->text);
        }
    }
    hb_verified_release(&v);
    return status;
}

static hb_status decide(const char *path, hb_buf *json, hb_error *err)
{
    hb_pack_reader *r = NULL;
    hb_inputs in;
    hb_decision *d = NULL;
    HB_TRY(hb_pack_open(hb_os_real(), path, &r, err));
    hb_status status = hb_inputs_read(r, &in, err);
    if (status == HB_OK) {
        status = hb_inputs_decide(&in, &d, json, err);
        hb_decision_free(d);
        hb_inputs_release(&in);
    }
    hb_pack_close(r);
    return status;
}

static hb_status through_a_pack(hb_export_job *x, const char *folder, hb_error *err)
{
    char *path = NULL;
    hb_buf json;
    hb_buf_init(&json, JSON_BYTES);
    HB_TRY(hb_path_join(folder, "pack", &path, err));
    hb_status status = put(x, path, err);
    if (status == HB_OK) {
        status = decide(path, &json, err);
    }
    if (status == HB_OK && strcmp(json.p, x->from.row.json) != 0) {
        status = HB_FAIL(err, HB_E_EVIDENCE, "the pack gives another decision");
    }
    if (status == HB_OK) {
        status = verify(path, err);
    }
    if (status == HB_OK) {
        status = hb_dir_remove(hb_os_real(), path, err);
    }
    hb_free(path);
    hb_buf_release(&json);
    return status;
}

static hb_status one(hb_store *store, const char *run_id, const char *digest, const char *folder,
                     hb_error *err)
{
    hb_arena arena;
    const hb_export_ask ask = {.os = hb_os_real(), .store = store};
    hb_export_job job = {.ask = &ask, .arena = &arena};
    hb_rebuilt *x = &job.from;
    hb_arena_init(&arena, ARENA_BYTES);
    hb_status status = hb_rebuild(store, run_id, digest, NULL, &arena, x, err);
    if (status == HB_OK && !x->same) {
        status =
            HB_FAIL(err, HB_E_EVIDENCE, "%s\nwas %s\nnow %s", x->why_not, x->row.json, x->json.p);
    }
    if (status == HB_OK) {
        status = through_a_pack(&job, folder, err);
    }
    hb_rebuilt_release(x);
    hb_arena_release(&arena);
    return status;
}

/* With a store of its own each time: what one leaves behind must not help the next. */
static int all(const char *path, const char *folder)
{
    static const char list[] =
        "SELECT r.run_id, d.digest, EXISTS(SELECT 1 FROM decision_basis b"
        " WHERE b.decision = d.id) FROM decisions d JOIN runs r ON r.id = d.run";
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    int same = 0;
    int not_kept = 0;
    int exit_code = 0;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, list, -1, &q, NULL) != SQLITE_OK) {
        fprintf(stderr, "%s: %s\n", path, sqlite3_errmsg(db));
        exit_code = 2;
    }
    while (exit_code == 0 && sqlite3_step(q) == SQLITE_ROW) {
        const char *run_id = (const char *)sqlite3_column_text(q, 0);
        const char *digest = (const char *)sqlite3_column_text(q, 1);
        hb_error err = {0};
        hb_store *store = NULL;
        if (!sqlite3_column_int(q, 2)) {
            not_kept++;
            continue;
        }
        hb_status status = hb_store_open(hb_os_real(), path, HB_STORE_READ, &store, &err);
        if (status == HB_OK) {
            status = one(store, run_id, digest, folder, &err);
        }
        hb_store_close(store);
        if (status != HB_OK) {
            fprintf(stderr, "run %s, decision %s: %s\n", run_id, digest, err.msg);
            exit_code = 1;
        }
        same += status == HB_OK;
    }
    sqlite3_finalize(q);
    sqlite3_close(db);
    printf("{\"same\": %d, \"not_kept\": %d}\n", same, not_kept);
    return exit_code;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "rebuild_all REGISTRY FOLDER\n");
        return 2;
    }
    return all(argv[1], argv[2]);
}
