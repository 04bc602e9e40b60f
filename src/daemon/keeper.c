/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/keeper.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "journal/format.h"
#include "store/audit.h"
#include "store/custody.h"
#include "store/live.h"

#include <inttypes.h>
#include <stdio.h>

enum { ARENA_BYTES = 64 << 20, BUSY_MS = 2000, SUBJECT_BYTES = HB_LIVE_STREAM_MAX + 32 };

struct hb_keeper {
    const hb_os *os;
    hb_store *store;
    char *stream;
    bool settled; /* what a crash left is gone */
};

hb_status hb_keeper_open(const hb_os *os, const char *db, const char *stream,
                         hb_keeper **ret_keeper, hb_error *err)
{
    hb_keeper *k = hb_alloc_zero(sizeof *k);
    if (!k || !(k->stream = hb_strdup(stream))) {
        hb_free(k);
        return HB_NOMEM(err);
    }
    k->os = os;
    hb_status status = hb_store_open(os, db, HB_STORE_WRITE, &k->store, err);
    if (status != HB_OK) {
        hb_keeper_close(k);
        return status;
    }
    hb_store_set_busy(k->store, BUSY_MS);
    *ret_keeper = k;
    return HB_OK;
}

void hb_keeper_close(hb_keeper *k)
{
    if (k) {
        hb_store_close(k->store);
        hb_free(k->stream);
        hb_free(k);
    }
}

/* --- the entry --- */

static void subject_of(const hb_keeper *k, const hb_journal_piece *p, char subject[SUBJECT_BYTES])
{
    snprintf(subject, SUBJECT_BYTES, "%s@%" PRIu64, k->stream, p->from);
}

/* Members in ascending order. */
static void entry_of(void *ctx, hb_json *j)
{
    const hb_journal_piece *p = ctx;
    char path[HB_SEGMENT_NAME];
    hb_segment_name(p->from, path);
    hb_json_ku(j, "bytes", p->bytes);
    hb_json_ku(j, "from", p->from);
    hb_json_kc(j, "path", path);
    hb_json_ku(j, "records", p->records);
    hb_json_kc(j, "rule", p->old ? "journal.max_age" : "journal.max_mb");
    hb_json_ku(j, "to", p->to);
    hb_json_kc(j, "what", "journal segment");
}

static hb_status is_told(hb_keeper *k, const hb_journal_piece *p, bool *ret, hb_error *err)
{
    char subject[SUBJECT_BYTES];
    char path[HB_SEGMENT_NAME];
    subject_of(k, p, subject);
    hb_segment_name(p->from, path);
    return hb_custody_removal_told(k->store, subject, path, ret, err);
}

static hb_status tell(hb_keeper *k, hb_journal_piece *p, hb_error *err)
{
    char subject[SUBJECT_BYTES];
    bool told = false;
    subject_of(k, p, subject);
    HB_TRY(is_told(k, p, &told, err));
    return told ? HB_OK
                : hb_store_log(k->store, "retention", subject, k->os->now(), "", entry_of, p, err);
}

/* --- asked --- */

/* Both lists ascend; slices may overlap. */
static hb_status mark(hb_keeper *k, hb_journal_piece *pieces, size_t n, hb_error *err)
{
    hb_arena arena;
    hb_custody_slice *slices = NULL;
    size_t n_slices = 0;
    hb_arena_init(&arena, ARENA_BYTES);
    hb_status status = hb_custody_held_slices(k->store, k->stream, &arena, &slices, &n_slices, err);
    for (size_t i = 0; status == HB_OK && i < n; i++) {
        pieces[i].held = false;
        pieces[i].go = false;
        for (size_t s = 0; s < n_slices && slices[s].from < pieces[i].to; s++) {
            pieces[i].held = pieces[i].held || slices[s].to > pieces[i].from;
        }
    }
    hb_arena_release(&arena);
    return status;
}

/* *ret_any: some go. */
static hb_status choose(hb_keeper *k, hb_journal_piece *pieces, size_t n, uint64_t over,
                        bool *ret_any, hb_error *err)
{
    HB_TRY(mark(k, pieces, n, err));
    for (size_t i = 0; i < n && !k->settled; i++) {
        if (!pieces[i].held) {
            HB_TRY(is_told(k, &pieces[i], &pieces[i].go, err));
            over -= !pieces[i].go ? 0 : pieces[i].bytes < over ? pieces[i].bytes : over;
        }
    }
    hb_journal_choose(pieces, n, over);
    *ret_any = false;
    for (size_t i = 0; i < n; i++) {
        *ret_any = *ret_any || pieces[i].go;
    }
    return HB_OK;
}

static hb_status choose_and_tell(hb_keeper *k, hb_journal_piece *pieces, size_t n, uint64_t over,
                                 hb_error *err)
{
    bool any = false;
    HB_TRY(choose(k, pieces, n, over, &any, err)); /* a hold may have come since */
    for (size_t i = 0; i < n; i++) {
        if (pieces[i].go) {
            HB_TRY(tell(k, &pieces[i], err));
        }
    }
    return HB_OK;
}

hb_status hb_keeper_guard(void *keeper, hb_journal_piece *pieces, size_t n, uint64_t over,
                          hb_error *err)
{
    hb_keeper *k = keeper;
    bool any = false;
    HB_TRY(hb_store_in_place(k->store, err));
    HB_TRY(choose(k, pieces, n, over, &any, err));
    if (any) { /* only then is the registry written to */
        HB_TRY(hb_live_begin(k->store, err));
        HB_TRY(hb_live_end(k->store, choose_and_tell(k, pieces, n, over, err), err));
    }
    k->settled = true;
    return HB_OK;
}
