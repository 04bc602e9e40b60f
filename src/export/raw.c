/* SPDX-License-Identifier: Apache-2.0 */
#include "export/raw.h"

#include "base/mem.h"
#include "config/node.h"
#include "decide/live.h"
#include "export/export_internal.h"
#include "export/raw_files.h"
#include "export/raw_how.h"
#include "export/raw_window.h"
#include "os/file.h"
#include "telemetry/run_builder.h"
#include "telemetry/run_meta.h"

#include <string.h>

enum { ARENA_BYTES = 256 << 20 };

typedef struct job {
    const hb_raw_reader *by;
    hb_pack_reader *pack;
    const hb_inputs *in;
    hb_arena arena;
    hb_raw_list list;
    hb_read_record record;
    hb_raw_files files;
    hb_registry *registry;
    hb_raw_how how;
} job;

/* --- what the pack says --- */

static hb_status read_list(job *j, hb_error *err)
{
    char *text = NULL;
    size_t n = 0;
    HB_TRY(hb_pack_read(j->pack, HB_PACK_READING, HB_RAW_LIST_MAX, &text, &n, err));
    hb_status status = hb_raw_list_parse((hb_str){text, n}, &j->arena, &j->list, err);
    hb_free(text);
    return status;
}

/* A document by its digest, as it is in the pack. Free with hb_free. */
static hb_status document(void *ctx, const char *sha256, char **ret_text, size_t *ret_n,
                          hb_error *err)
{
    job *j = ctx;
    const char *member = NULL;
    char found[HB_DIGEST_HEX];
    HB_TRY(hb_export_text(&j->arena, &member, err, HB_PACK_DOCUMENTS "%.64s", sha256));
    HB_TRY(hb_pack_read(j->pack, member, HB_YAML_MAX_BYTES, ret_text, ret_n, err));
    hb_status status = hb_digest_of(*ret_text, *ret_n, found, err);
    if (status == HB_OK && strcmp(found, sha256) != 0) {
        status = HB_FAIL(err, HB_E_EVIDENCE, "'%s' is another document", member);
    }
    if (status != HB_OK) {
        hb_free(*ret_text);
        *ret_text = NULL;
    }
    return status;
}

static hb_status load_registry(job *j, hb_error *err)
{
    const hb_read_record *r = &j->record;
    char *text = NULL;
    size_t n = 0;
    if (strcmp(r->registry_sha256, "built-in") == 0) {
        return hb_registry_builtin(&j->registry, err);
    }
    HB_TRY(document(j, r->registry_sha256, &text, &n, err));
    hb_status status = hb_registry_parse((hb_str){text, n}, r->registry_name, r->program, r->mode,
                                         r->registry_sha256, j->by->units, &j->registry, err);
    hb_free(text);
    return status;
}

/* --- identity --- */

/* What a run_meta file says counts as the file says it; who the run is may have been said on the
 * command line instead, and stands in the run alone. */
static hb_status make_meta(job *j, hb_run_meta *ret, hb_error *err)
{
    const hb_run_meta *told = &j->in->run->meta;
    char *text = NULL;
    size_t n = 0;
    hb_run_meta_init(ret);
    if (j->record.run_meta.name) {
        HB_TRY(document(j, j->record.run_meta.sha256, &text, &n, err));
        hb_status status =
            hb_run_meta_parse((hb_str){text, n}, j->record.run_meta.name, &j->arena, ret, err);
        hb_free(text);
        HB_TRY(status);
    }
    ret->run_id = told->run_id;
    ret->program = told->program;
    ret->subsystem = told->subsystem;
    ret->test_name = told->test_name;
    ret->factors = told->factors;
    ret->n_factors = told->n_factors;
    return HB_OK;
}

/* --- reading --- */

static hb_status ingest(job *j, hb_run_builder *b, hb_run **ret_run, hb_error *err)
{
    hb_run_meta meta;
    const hb_ingest_options options = hb_raw_how_options(&j->how, NULL);
    const char *source = "";
    HB_TRY(make_meta(j, &meta, err));
    for (size_t i = 0; i < j->record.n_arguments; i++) {
        const char *path = NULL;
        HB_TRY(hb_raw_files_path(&j->files, j->record.arguments[i], &path, err));
        HB_TRY(hb_ingest(j->by->os, path, &options, b, &source, err));
    }
    meta.source_system = source;
    return hb_run_builder_finish(b, &meta, ret_run, err);
}

static hb_status read_files(job *j, hb_run **ret_run, hb_error *err)
{
    hb_run_builder *b = NULL;
    const hb_raw_documents from = {.get = document, .ctx = j};
    HB_TRY(hb_raw_how_settle(j->by->os, j->files.dir, &j->record, &from, &j->arena, &j->how, err));
    HB_TRY(load_registry(j, err));
    HB_TRY(hb_run_builder_new(j->registry, j->by->units, &b, err));
    hb_status status = ingest(j, b, ret_run, err);
    hb_run_builder_free(b);
    return status;
}

/* --- a window --- */

static hb_status schema_text(job *j, hb_str *ret, hb_error *err)
{
    char *text = NULL;
    size_t n = 0;
    HB_TRY(hb_pack_read(j->pack, HB_PACK_TELEMETRY, HB_YAML_MAX_BYTES, &text, &n, err));
    *ret = (hb_str){hb_arena_strndup(&j->arena, text, n), n};
    hb_free(text);
    return ret->p ? HB_OK : HB_NOMEM(err);
}

static hb_status make_window(job *j, hb_window_again *again, hb_run **ret_run, hb_error *err)
{
    hb_window_closed *closed = NULL;
    HB_TRY(hb_window_read_again(again, &closed, err));
    /* Of another run it is said which metric differs: that is the caller's. */
    hb_status status = strcmp(closed->run->digest, j->in->run->digest) == 0
                           ? hb_window_same(&closed->window, again->judged, err)
                           : HB_OK;
    if (status == HB_OK) {
        *ret_run = HB_TAKE(closed->run);
    }
    hb_window_closed_free(closed);
    return status;
}

static hb_status read_journal(job *j, const char *dir, hb_run **ret_run, hb_error *err)
{
    const hb_raw_journal *said = j->list.journal;
    const hb_live *live = j->in->reference.prior ? j->in->reference.prior->live : NULL;
    const hb_journal_options options = {.read_only = true};
    hb_window_how how;
    hb_str schema = {0};
    hb_str state = {0};
    if (!live || strcmp(live->window->id, said->window) != 0) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' is about another window than the decision",
                       HB_PACK_READING);
    }
    HB_TRY(
        hb_window_how_parse(hb_str_of(said->how), HB_PACK_READING ": how", &j->arena, &how, err));
    if (hb_pack_has(j->pack, HB_PACK_TELEMETRY)) {
        HB_TRY(schema_text(j, &schema, err));
    }
    HB_TRY(hb_raw_journal_take(j->by->os, j->pack, said, dir, &j->arena, &state, err));
    hb_window_again again = {.from = said->from,
                             .to = said->to,
                             .stream = said->stream,
                             .judged = live->window,
                             .meta = &j->in->run->meta,
                             .how = &how,
                             .state = state,
                             .schema_text = schema.p ? &schema : NULL,
                             .registry = j->in->registry,
                             .units = j->by->units};
    HB_TRY(hb_journal_open(j->by->os, dir, &options, &again.journal, err));
    hb_status status = make_window(j, &again, ret_run, err);
    hb_journal_close(again.journal);
    return status;
}

static hb_status read_window(job *j, hb_run **ret_run, hb_error *err)
{
    char *dir = NULL;
    HB_TRY(hb_raw_dir_make(j->by->os, j->by->tmp, &dir, err));
    hb_status status = read_journal(j, dir, ret_run, err);
    HB_IGNORE(hb_dir_remove(j->by->os, dir, NULL)); /* in a folder of temporary files */
    hb_free(dir);
    return status;
}

static hb_status read_again(job *j, hb_run **ret_run, hb_error *err)
{
    *ret_run = NULL;
    HB_TRY(read_list(j, err));
    if (*j->list.why) {
        return HB_OK;
    }
    if (j->list.journal) {
        return read_window(j, ret_run, err);
    }
    if (!j->list.reading.n) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' does not say how the files were read",
                       HB_PACK_READING);
    }
    HB_TRY(hb_read_record_parse(j->list.reading, HB_PACK_READING ": reading", &j->arena, &j->record,
                                err));
    HB_TRY(hb_raw_files_take(j->by->os, j->by->tmp, j->pack, &j->list, &j->arena, &j->files, err));
    hb_status status = read_files(j, ret_run, err);
    hb_raw_files_release(&j->files);
    hb_registry_free(j->registry);
    return status;
}

hb_status hb_raw_read(void *ctx, hb_pack_reader *r, const hb_inputs *in, hb_run **ret_run,
                      hb_error *err)
{
    job j = {.by = ctx, .pack = r, .in = in};
    hb_arena_init(&j.arena, ARENA_BYTES);
    hb_status status = read_again(&j, ret_run, err);
    hb_arena_release(&j.arena);
    return status;
}
