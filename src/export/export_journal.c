/* SPDX-License-Identifier: Apache-2.0 */
/* The records a window was judged by, as received: the journal's own segments, so that hb journal
 * cat reads them. What the retention took away does not stop an export. */
#include "decide/live.h"
#include "export/export_internal.h"
#include "export/raw_window.h"
#include "journal/slice.h"
#include "store/documents.h"
#include "store/live.h"

#include <string.h>

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

/* Later revisions share its run id, and have other records. */
static hb_status find_window(hb_export_job *x, hb_live_window_row **ret, hb_error *err)
{
    const hb_live_window_query q = {
        .id = x->ask->run_id, .from = HB_TIME_NONE, .to = HB_TIME_NONE, .as_run = true, .limit = 1};
    size_t n = 0;
    hb_live_window_row *rows = NULL;
    HB_TRY(hb_live_list_windows(x->ask->store, &q, x->arena, &rows, &n, err));
    *ret = n ? rows : NULL;
    return HB_OK;
}

/* --- how they are read again --- */

typedef struct how {
    hb_window_how is;
    hb_str state;
    hb_str schema; /* p = NULL: there was no file, or it is not kept */
} how;

static hb_status find_schema(hb_export_job *x, how *h, hb_error *err)
{
    hb_str text = {0};
    bool found = false;
    HB_TRY(hb_store_get_document(x->ask->store, h->is.telemetry_schema_sha256, x->arena, &text,
                                 &found, err));
    if (found) {
        h->schema = text;
        return hb_pack_put(x->w, HB_PACK_TELEMETRY, text.p, text.n, err);
    }
    return HB_OK;
}

static hb_status find_how(hb_export_job *x, how *h, hb_raw_journal *told, hb_error *err)
{
    hb_str reading = {0};
    bool found = false;
    HB_TRY(hb_store_get_reading(x->ask->store, x->ask->run_id, x->arena, &reading, &found, err));
    if (!found) {
        x->window_why = "how its records were read is not kept: it was judged before that was kept";
        return HB_OK;
    }
    HB_TRY(hb_window_reading_parse(reading, "how a window was read", x->arena, &h->is, &h->state,
                                   err));
    x->window_why = h->is.why;
    x->daemon_sha256 = h->is.daemon_sha256;
    hb_buf text;
    hb_buf_init(&text, HB_WINDOW_READING_MAX);
    hb_status status = hb_window_how_json(&h->is, &text, err);
    if (status == HB_OK) {
        told->how = hb_arena_strndup(x->arena, text.p, text.n);
        status = told->how ? HB_OK : HB_NOMEM(err);
    }
    hb_buf_release(&text);
    return status == HB_OK ? find_schema(x, h, err) : status;
}

/* The pack says that the window can be made again when it was. */
static hb_status try_again(part *p, const how *h, hb_error *err)
{
    const hb_rebuilt *from = &p->x->from;
    const hb_live *live = from->reference.prior ? from->reference.prior->live : NULL;
    hb_window_closed *closed = NULL;
    if (!live) {
        return HB_FAIL(err, HB_E_EVIDENCE, "the decision is not that of a window");
    }
    const hb_window_again again = {.journal = p->journal,
                                   .from = p->told->from,
                                   .to = p->told->to,
                                   .stream = p->told->stream,
                                   .judged = live->window,
                                   .meta = &from->run->meta,
                                   .how = &h->is,
                                   .state = h->state,
                                   .schema_text = h->schema.p ? &h->schema : NULL,
                                   .registry = from->registry,
                                   .units = p->x->ask->units};
    HB_TRY(hb_window_read_again(&again, &closed, err));
    hb_status status = strcmp(closed->run->digest, from->run->digest) == 0
                           ? hb_window_same(&closed->window, live->window, err)
                           : HB_FAIL(err, HB_E_EVIDENCE,
                                     "the records, read again, give another run than was judged");
    hb_window_closed_free(closed);
    return status;
}

static hb_status put_begin(part *p, const how *h, hb_error *err)
{
    hb_export_job *x = p->x;
    hb_error why = {0};
    if (*p->told->why || *x->window_why) {
        return HB_OK;
    }
    if (x->ask->slice_from != HB_TIME_NONE) {
        x->window_why = "only a part of its records is here";
        return HB_OK;
    }
    hb_status status = try_again(p, h, &why);
    if (status == HB_E_NOMEM) {
        return HB_NOMEM(err);
    }
    if (status != HB_OK) {
        return hb_export_text(x->arena, &x->window_why, err, "%s", why.msg);
    }
    HB_TRY(HB_ARENA_GROW(x->arena, p->members, p->told->n_members, p->cap, err));
    p->members[p->told->n_members++] = HB_PACK_BEGIN;
    p->told->members = p->members;
    return hb_pack_put(x->w, HB_PACK_BEGIN, h->state.p, h->state.n, err);
}

/* --- the whole --- */

static hb_status put_all(part *p, hb_error *err)
{
    how h = {.state = {0}};
    HB_TRY(find_how(p->x, &h, p->told, err));
    HB_TRY(put(p, err));
    return put_begin(p, &h, err);
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
        return put_all(&p, err);
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
    hb_status status = put_all(&p, err);
    hb_journal_close(p.journal);
    return status;
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
    *told = (hb_raw_journal){
        .stream = w->stream, .window = w->id, .from = w->from, .to = w->to, .how = "", .why = ""};
    x->window_why = "";
    HB_TRY(put_from(x, told, err));
    *ret = told;
    return HB_OK;
}
