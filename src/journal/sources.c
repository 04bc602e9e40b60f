/* SPDX-License-Identifier: Apache-2.0 */
/* The last record of each source. A table is kept while appending and filled on opening from the
 * last segment; earlier segments are looked at, newest first, only when somebody asks for a source
 * that is not in it, and once. */
#include "journal/internal.h"

#include "base/crc32c.h"
#include "base/mem.h"

#include <string.h>

static hb_source_last *slot_of(hb_source_last *table, hb_str name)
{
    size_t at = hb_crc32c(0, name.p, name.n) % HB_JOURNAL_SOURCES;
    for (size_t i = 0; i < HB_JOURNAL_SOURCES; i++) {
        hb_source_last *s = &table[(at + i) % HB_JOURNAL_SOURCES];
        if (s->n == 0 || (s->n == name.n && memcmp(s->name, name.p, name.n) == 0)) {
            return s;
        }
    }
    return NULL;
}

void hb_sources_note(hb_journal *j, hb_str source, uint64_t position)
{
    hb_source_last *s = j->last_source;
    if (!s || s->n != source.n || memcmp(s->name, source.p, source.n) != 0) {
        s = slot_of(j->sources, source);
        if (!s) {
            return; /* too many: such a one is looked for */
        }
        if (s->n == 0) {
            memcpy(s->name, source.p, source.n);
            s->n = source.n;
            s->position = position;
            j->n_sources++;
        }
        j->last_source = s;
    }
    s->position = position > s->position ? position : s->position;
}

typedef struct segment_sources {
    hb_source_last table[HB_JOURNAL_SOURCES];
    hb_str wanted;
    uint64_t position; /* of the wanted one's last record; HB_POSITION_OPEN = none */
} segment_sources;

static void note(void *ctx, const hb_record *r)
{
    segment_sources *found = ctx;
    hb_source_last *s = slot_of(found->table, r->source);
    if (s) {
        memcpy(s->name, r->source.p, r->source.n);
        s->n = r->source.n;
        s->position = r->position;
    }
    if (hb_str_eq(r->source, found->wanted)) {
        found->position = r->position;
    }
}

/* Without the lock: the segment has a reference. A damaged segment is an error, since the record
 * that is looked for may be the damaged one. */
static hb_status scan(hb_journal *j, hb_segment *s, uint64_t until, segment_sources *found,
                      hb_error *err)
{
    hb_segment_seal seal;
    const char *why = NULL;
    *found = (segment_sources){.wanted = found->wanted, .position = HB_POSITION_OPEN};
    hb_segment_scan(s, until, note, found, &seal, &why);
    if (seal.end < until) {
        char path[HB_JOURNAL_PATH];
        hb_segment_path(j, s, path);
        return HB_FAIL(err, HB_E_INPUT,
                       "'%.300s' is damaged at position %llu: %s; hb journal repair mends it", path,
                       (unsigned long long)seal.end, why ? why : "records are missing");
    }
    return HB_OK;
}

/* The newest segment that begins before `below`. */
static hb_segment *segment_below(const hb_journal *j, uint64_t below)
{
    hb_segment *s = NULL;
    for (size_t i = j->n_segments; i-- > 0 && !s;) {
        s = j->segments[i]->start < below ? j->segments[i] : NULL;
    }
    return s;
}

/* Into the table what a scan found, but never over what is newer. */
static void merge(hb_journal *j, const segment_sources *found, uint64_t start)
{
    for (size_t i = 0; i < HB_JOURNAL_SOURCES; i++) {
        const hb_source_last *s = &found->table[i];
        if (s->n) {
            hb_sources_note(j, (hb_str){s->name, s->n}, s->position);
        }
    }
    j->scanned_from = start < j->scanned_from ? start : j->scanned_from;
}

/* *ret = HB_POSITION_OPEN when there is none. */
static hb_status find_last(hb_journal *j, segment_sources *found, uint64_t *ret, hb_error *err)
{
    uint64_t below = HB_POSITION_OPEN;
    hb_status status = HB_OK;
    *ret = HB_POSITION_OPEN;
    pthread_mutex_lock(&j->lock);
    if (j->options.read_only) {
        hb_journal_refresh(j);
    }
    for (;;) {
        const hb_source_last *known = slot_of(j->sources, found->wanted);
        if (known && known->n) {
            *ret = known->position;
            break;
        }
        /* With a full table the source may be anywhere, in the last segment too. */
        below = known && j->scanned_from < below ? j->scanned_from : below;
        hb_segment *s = segment_below(j, below);
        if (!s || (status = hb_segment_ref(j, s, false, err)) != HB_OK) {
            break;
        }
        uint64_t until = s->end < j->end ? s->end : j->end;
        pthread_mutex_unlock(&j->lock);
        status = scan(j, s, until, found, err);
        pthread_mutex_lock(&j->lock);
        below = s->start;
        hb_segment_unref(j, s);
        if (status == HB_OK && known) {
            merge(j, found, below);
        }
        if (status != HB_OK || found->position != HB_POSITION_OPEN) {
            *ret = found->position;
            break;
        }
    }
    pthread_mutex_unlock(&j->lock);
    return status;
}

static hb_status copy_record(const hb_record *from, hb_buf *text, hb_record *ret, hb_error *err)
{
    hb_buf_clear(text);
    hb_buf_str(text, from->source);
    hb_buf_str(text, from->topic);
    hb_buf_str(text, from->payload);
    HB_TRY(hb_buf_check(text, err));
    *ret = *from;
    ret->source.p = text->p;
    ret->topic.p = text->p + from->source.n;
    ret->payload.p = text->p + from->source.n + from->topic.n;
    return HB_OK;
}

hb_status hb_journal_last_of(hb_journal *j, const char *source, hb_buf *text, hb_record *ret_record,
                             bool *ret_found, hb_error *err)
{
    hb_str wanted = hb_str_of(source);
    if (wanted.n == 0 || wanted.n > HB_RECORD_SOURCE_MAX) {
        *ret_found = false;
        return HB_OK;
    }
    segment_sources *found = hb_alloc(sizeof *found);
    if (!found) {
        return HB_NOMEM(err);
    }
    found->wanted = wanted;
    uint64_t position = HB_POSITION_OPEN;
    hb_status status = find_last(j, found, &position, err);
    hb_free(found);
    HB_TRY(status);
    pthread_mutex_lock(&j->lock);
    bool kept = position != HB_POSITION_OPEN && hb_segments_find(j, position);
    pthread_mutex_unlock(&j->lock);
    if (!kept) {
        *ret_found = false;
        return HB_OK;
    }
    hb_journal_reader *r = NULL;
    hb_record record;
    bool more = false;
    HB_TRY(hb_journal_reader_open(j, position, &r, err));
    status = hb_journal_next(r, &record, &more, err);
    if (status == HB_OK && more) {
        status = copy_record(&record, text, ret_record, err);
    }
    if (status == HB_OK) {
        *ret_found = more;
    }
    hb_journal_reader_close(r);
    return status;
}
