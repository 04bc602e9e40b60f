/* SPDX-License-Identifier: Apache-2.0 */
/* A stretch of time out of the files a run was read from: the lines as they stand in them. */
#include "export/export_internal.h"

#include "base/mem.h"
#include "export/raw_how.h"
#include "input/cut.h"
#include "os/file.h"
#include "store/documents.h"

#include <string.h>

typedef struct cutter {
    hb_export_job *x;
    hb_raw_list *list;
    hb_raw_how how;
    char range[2 * HB_TIME_TEXT + 2];
} cutter;

static hb_status document(void *ctx, const char *sha256, char **ret_text, size_t *ret_n,
                          hb_error *err)
{
    hb_export_job *x = ctx;
    hb_str text = {0};
    bool found = false;
    HB_TRY(hb_store_get_document(x->ask->store, sha256, x->arena, &text, &found, err));
    if (!found) {
        return HB_FAIL(err, HB_E_STORE, "document %.12s… is not kept", sha256);
    }
    *ret_text = hb_strndup(text.p, text.n);
    *ret_n = text.n;
    return *ret_text ? HB_OK : HB_NOMEM(err);
}

static hb_status put_cut(cutter *c, size_t i, hb_buf *lines, hb_error *err)
{
    hb_raw_cut *cut = &c->list->cuts[i];
    const hb_ingest_options options = hb_raw_how_options(&c->how, c->range);
    hb_error why = {0};
    hb_buf_clear(lines);
    hb_status status = hb_input_cut(c->x->ask->os, c->list->files[i].path, &options,
                                    c->x->ask->units, lines, &cut->rows, &cut->why, &why);
    if (status == HB_E_NOMEM) {
        return HB_NOMEM(err);
    }
    if (status != HB_OK) { /* as when it has no time */
        return hb_export_text(c->x->arena, &cut->why, err, "%s", why.msg);
    }
    if (*cut->why) {
        return HB_OK;
    }
    HB_TRY(hb_export_member(c->x, c->list, i, "raw/slice", &cut->member, err));
    c->x->told.raw_files++;
    return hb_pack_put(c->x->w, cut->member, lines->p, lines->n, err);
}

static hb_status put_cuts(cutter *c, const hb_read_record *record, const char *dir, hb_error *err)
{
    const hb_raw_documents from = {.get = document, .ctx = c->x};
    hb_buf lines;
    HB_TRY(hb_raw_how_settle(c->x->ask->os, dir, record, &from, c->x->arena, &c->how, err));
    hb_buf_init(&lines, HB_CUT_MAX);
    hb_status status = HB_OK;
    for (size_t i = 0; i < c->list->n_files && status == HB_OK; i++) {
        hb_raw_cut *cut = &c->list->cuts[i];
        cut->why = c->list->files[i].why;
        if (strcmp(cut->why, HB_EXPORT_ONLY_SLICE) == 0) {
            status = put_cut(c, i, &lines, err);
        }
    }
    hb_buf_release(&lines);
    return status;
}

static hb_status begin(cutter *c, hb_error *err)
{
    hb_raw_list *l = c->list;
    l->cuts = hb_arena_array(c->x->arena, l->n_files ? l->n_files : 1, sizeof *l->cuts);
    if (!l->cuts) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < l->n_files; i++) {
        l->cuts[i] = (hb_raw_cut){.member = "", .why = "how it was read is not kept"};
    }
    size_t n = hb_time_print(l->slice_from, c->range);
    memcpy(c->range + n, "..", 2);
    hb_time_print(l->slice_to, c->range + n + 2);
    return HB_OK;
}

hb_status hb_export_cuts(hb_export_job *x, hb_raw_list *l, hb_error *err)
{
    cutter c = {.x = x, .list = l};
    hb_read_record record;
    char *dir = NULL;
    HB_TRY(begin(&c, err));
    if (!l->reading.n) {
        return HB_OK;
    }
    HB_TRY(hb_read_record_parse(l->reading, "how the run was read", x->arena, &record, err));
    HB_TRY(hb_raw_dir_make(x->ask->os, x->ask->tmp ? x->ask->tmp : "/tmp", &dir, err));
    hb_status status = put_cuts(&c, &record, dir, err);
    HB_IGNORE(hb_dir_remove(x->ask->os, dir, NULL)); /* in a folder of temporary files */
    hb_free(dir);
    return status;
}
