/* SPDX-License-Identifier: Apache-2.0 */
#include "export/raw_window.h"

#include "base/mem.h"
#include "crypto/digest.h"
#include "evidence/inputs.h"

#include <inttypes.h>
#include <string.h>

enum { WINDOW_JSON_MAX = 256 << 20, SHOWN = 60 };

typedef struct job {
    const hb_window_again *a;
    hb_units *units;
    hb_units *own_units;
    hb_telemetry_schema *schema;
    hb_windows *windows;
    hb_feed feed;
    hb_journal_reader *reader;
    hb_window_closed *found;
} job;

/* --- the stream at the first record --- */

static hb_status open_schema(job *k, hb_error *err)
{
    const hb_str *text = k->a->schema_text;
    if (text) {
        HB_TRY(hb_telemetry_schema_parse(*text, HB_PACK_TELEMETRY, &k->schema, err));
    } else {
        HB_TRY(hb_telemetry_schema_empty(&k->schema, err));
    }
    const char *is = hb_telemetry_schema_digest(k->schema);
    return strcmp(is, k->a->how->telemetry_schema_sha256) == 0
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE,
                         "the records were decoded by the telemetry schema %.12s…, here is %.12s…",
                         k->a->how->telemetry_schema_sha256, text ? is : "none");
}

static hb_status open_windows(job *k, hb_error *err)
{
    const hb_window_how *h = k->a->how;
    const hb_windows_options options = {.stream = k->a->stream,
                                        .defs = h->windows,
                                        .n_defs = h->n_windows,
                                        .lateness_ns = h->lateness_ns,
                                        .max_ahead_ns = h->max_ahead_ns,
                                        .idle_after_ns = h->idle_after_ns,
                                        .keep_closed_ns = h->keep_closed_ns,
                                        .stale_after_ns = h->stale_after_ns,
                                        .late = h->late,
                                        .max_metrics = h->max_metrics,
                                        .modes = h->modes,
                                        .meta = k->a->meta};
    return hb_windows_new(&options, k->a->registry, k->units, &k->windows, err);
}

/* What decides must come out of the records. */
static hb_status check_empty(const job *k, hb_error *err)
{
    const hb_window_how *h = k->a->how;
    const hb_window *judged = k->a->judged;
    for (size_t i = 0; i < h->n_windows; i++) {
        hb_time filled = hb_windows_filled_to(k->windows, i);
        if (strcmp(h->windows[i].name, judged->name) == 0 && filled != HB_TIME_NONE &&
            filled > judged->start) {
            return HB_FAIL(err, HB_E_EVIDENCE,
                           "what the stream was before the records has samples of the window");
        }
    }
    return HB_OK;
}

static hb_status begin(job *k, hb_error *err)
{
    const hb_window_how *h = k->a->how;
    size_t used = 0;
    hb_error why = {0};
    hb_status status =
        hb_feed_open(h->sources, h->n_sources, k->schema, k->windows, &k->feed, &why);
    if (status == HB_OK) {
        status = hb_feed_begin_at(&k->feed, k->a->state.p, k->a->state.n, &used, &why);
    }
    if (status == HB_OK) {
        status = hb_windows_recall(k->windows, k->a->state.p + used, k->a->state.n - used, &why);
    }
    if (status == HB_E_NOMEM) {
        return HB_NOMEM(err);
    }
    return status == HB_OK
               ? check_empty(k, err)
               : HB_FAIL(err, HB_E_EVIDENCE,
                         "what the stream was before the records does not fit them: %s", why.msg);
}

static hb_status open_all(job *k, hb_error *err)
{
    k->units = k->a->units;
    if (!k->units) {
        HB_TRY(hb_units_open(&k->own_units, err));
        k->units = k->own_units;
    }
    if (k->a->how->begin != k->a->from || *k->a->how->why) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "the records begin at %" PRIu64 ", the window's at %" PRIu64, k->a->from,
                       k->a->how->begin);
    }
    HB_TRY(open_schema(k, err));
    HB_TRY(open_windows(k, err));
    HB_TRY(begin(k, err));
    return hb_journal_reader_open(k->a->journal, k->a->from, &k->reader, err);
}

/* --- records --- */

/* *ret_past: windows that end later have closed. */
static hb_status take_windows(job *k, bool *ret_past, hb_error *err)
{
    const hb_window *judged = k->a->judged;
    while (!k->found) {
        hb_window_closed *c = NULL;
        HB_TRY(hb_windows_take(k->windows, &c, err));
        if (!c) {
            return HB_OK;
        }
        if (strcmp(c->window.id, judged->id) == 0 && c->window.revision == judged->revision) {
            k->found = c;
            return HB_OK;
        }
        *ret_past = *ret_past || c->window.end > judged->end;
        hb_window_closed_free(c);
        if (*ret_past) {
            return HB_OK;
        }
    }
    return HB_OK;
}

static hb_status read_records(job *k, hb_error *err)
{
    uint64_t at = k->a->from;
    bool past = false;
    HB_TRY(take_windows(k, &past, err));
    while (at < k->a->to && !k->found && !past) {
        hb_record r = {0};
        bool more = false;
        HB_TRY(hb_journal_next(k->reader, &r, &more, err));
        if (!more || r.position != at) {
            return HB_FAIL(err, HB_E_EVIDENCE, "records from position %" PRIu64 " on are missing",
                           at);
        }
        HB_TRY(hb_feed_take(&k->feed, &r, err));
        at = r.next;
        HB_TRY(take_windows(k, &past, err));
    }
    return k->found && at == k->a->to
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE,
                         "window '%.80s' of '%.80s' %s the record before position %" PRIu64,
                         k->a->judged->name, k->a->stream,
                         k->found ? "closes before" : "does not close with", k->a->to);
}

hb_status hb_window_read_again(const hb_window_again *a, hb_window_closed **ret, hb_error *err)
{
    job k = {.a = a};
    hb_status status = open_all(&k, err);
    if (status == HB_OK) {
        status = read_records(&k, err);
    }
    hb_journal_reader_close(k.reader);
    hb_feed_release(&k.feed);
    hb_windows_free(k.windows);
    hb_telemetry_schema_free(k.schema);
    hb_units_close(k.own_units);
    if (status != HB_OK) {
        hb_window_closed_free(k.found);
        return status;
    }
    *ret = k.found;
    return HB_OK;
}

/* --- compared --- */

/* From the member that holds the first byte that differs. */
static hb_str shown(const hb_buf *text, size_t at)
{
    size_t from = at < text->n ? at : text->n;
    while (from > 0 && text->p[from - 1] != ',' && text->p[from - 1] != '{') {
        from--;
    }
    size_t n = text->n - from;
    return (hb_str){text->p + from, n < SHOWN ? n : SHOWN};
}

static hb_status compare(const hb_buf *again, const hb_buf *judged, hb_error *err)
{
    size_t at = 0;
    while (at < again->n && at < judged->n && again->p[at] == judged->p[at]) {
        at++;
    }
    if (at == again->n && at == judged->n) {
        return HB_OK;
    }
    hb_str now = shown(again, at);
    hb_str was = shown(judged, at);
    return HB_FAIL(err, HB_E_EVIDENCE,
                   "the records, read again, give another window: '%.*s', and it was judged with "
                   "'%.*s'",
                   (int)now.n, now.p, (int)was.n, was.p);
}

hb_status hb_window_same(const hb_window *again, const hb_window *judged, hb_error *err)
{
    hb_buf texts[2];
    hb_buf_init(&texts[0], WINDOW_JSON_MAX);
    hb_buf_init(&texts[1], WINDOW_JSON_MAX);
    hb_status status = hb_window_json(again, &texts[0], err);
    if (status == HB_OK) {
        status = hb_window_json(judged, &texts[1], err);
    }
    if (status == HB_OK) {
        status = compare(&texts[0], &texts[1], err);
    }
    hb_buf_release(&texts[0]);
    hb_buf_release(&texts[1]);
    return status;
}
