/* SPDX-License-Identifier: Apache-2.0 */
/* The records a window was judged by, as received: the journal's own segments, so that hb journal
 * cat reads them. What the retention took away does not stop an export. */
#include "export/export_internal.h"

#include "journal/slice.h"
#include "store/documents.h"
#include "store/live.h"

#include <jansson.h>

typedef struct part { /* of the journal, into the pack */
    hb_export_job *x;
    hb_journal *journal;
    hb_raw_journal *told;
    const char **members;
    size_t cap;
} part;

static hb_status put_segments(part *p, hb_buf *bytes, hb_error *err)
{
    hb_raw_journal *told = p->told;
    uint64_t at = told->from;
    while (at < told->to) {
        hb_slice s;
        const char *member = NULL;
        HB_TRY(hb_journal_slice(p->journal, at, told->to, bytes, &s, err));
        HB_TRY(hb_export_text(p->x->arena, &member, err, "raw/journal/%s", s.name));
        HB_TRY(hb_pack_put(p->x->w, member, bytes->p, bytes->n, err));
        HB_TRY(HB_ARENA_GROW(p->x->arena, p->members, told->n_members, p->cap, err));
        p->members[told->n_members++] = member;
        told->records += s.seal.records;
        p->x->told.raw_files++;
        at = s.to;
    }
    told->members = p->members;
    return HB_OK;
}

/* Looked through before anything is put in: damage in the middle leaves no half of it. */
static hb_status look(part *p, hb_error *err)
{
    hb_raw_journal *told = p->told;
    const hb_export_ask *a = p->x->ask;
    hb_time first = a->slice_from == HB_TIME_NONE ? INT64_MIN + 1 : a->slice_from;
    hb_time last = a->slice_from == HB_TIME_NONE ? INT64_MAX : a->slice_to;
    bool any = false;
    HB_TRY(hb_journal_narrow(p->journal, &told->from, &told->to, first, last, &any, err));
    if (!any) {
        return HB_FAIL(err, HB_E_INPUT, "no record of the window %s",
                       a->slice_from == HB_TIME_NONE ? "is in it" : "arrived in that time");
    }
    return HB_OK;
}

static hb_status put(part *p, hb_error *err)
{
    hb_error why = {0};
    if (look(p, &why) != HB_OK) {
        if (why.code == HB_E_NOMEM) {
            return HB_NOMEM(err);
        }
        return hb_export_text(p->x->arena, &p->told->why, err, "the journal: %s", why.msg);
    }
    hb_buf bytes;
    hb_buf_init(&bytes, HB_SLICE_FILE_MAX);
    hb_status status = put_segments(p, &bytes, err);
    hb_buf_release(&bytes);
    return status;
}

static hb_status put_from(hb_export_job *x, hb_raw_journal *told, hb_error *err)
{
    const hb_export_journal *from = &x->ask->journal;
    part p = {.x = x, .told = told, .journal = from->journal};
    if (x->ask->no_raw) {
        told->why = "left out on request";
        return HB_OK;
    }
    if (p.journal) {
        return put(&p, err);
    }
    if (!from->dir) {
        told->why = "no journal was named";
        return HB_OK;
    }
    const hb_journal_options reading = {.read_only = true};
    hb_error why = {0};
    if (hb_journal_open(x->ask->os, from->dir, &reading, &p.journal, &why) != HB_OK) {
        return hb_export_text(x->arena, &told->why, err, "the journal: %s", why.msg);
    }
    hb_status status = put(&p, err);
    hb_journal_close(p.journal);
    return status;
}

static hb_status find_window(hb_export_job *x, hb_live_window_row **ret, hb_error *err)
{
    const hb_live_window_query q = {
        .id = x->ask->run_id, .from = HB_TIME_NONE, .to = HB_TIME_NONE, .limit = 1};
    size_t n = 0;
    hb_live_window_row *rows = NULL;
    HB_TRY(hb_live_list_windows(x->ask->store, &q, x->arena, &rows, &n, err));
    *ret = n ? rows : NULL;
    return HB_OK;
}

/* The telemetry schema that the records were decoded with, where it is known and was a file. */
static hb_status put_schema(hb_export_job *x, const char *how, hb_error *err)
{
    json_t *root = json_loads(how, JSON_REJECT_DUPLICATES, NULL);
    const char *sha256 = json_string_value(json_object_get(root, "telemetry_schema_sha256"));
    hb_str text = {0};
    bool found = false;
    hb_status status =
        sha256 ? hb_store_get_document(x->ask->store, sha256, x->arena, &text, &found, err) : HB_OK;
    json_decref(root);
    return status == HB_OK && found
               ? hb_pack_put(x->w, "raw/telemetry_schema.yaml", text.p, text.n, err)
               : status;
}

hb_status hb_export_records(hb_export_job *x, const hb_raw_journal **ret, hb_error *err)
{
    hb_live_window_row *w = NULL;
    HB_TRY(find_window(x, &w, err));
    if (!w) {
        return HB_OK;
    }
    hb_raw_journal *told = hb_arena_alloc(x->arena, sizeof *told);
    if (!told) {
        return HB_NOMEM(err);
    }
    *told = (hb_raw_journal){.stream = w->stream,
                             .window = w->id,
                             .from = w->from,
                             .to = w->to,
                             .how = x->ask->how ? x->ask->how : "",
                             .why = ""};
    HB_TRY(put_from(x, told, err));
    HB_TRY(put_schema(x, told->how, err));
    *ret = told;
    return HB_OK;
}
