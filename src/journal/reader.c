/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/internal.h"

#include "base/mem.h"

#include <errno.h>
#include <inttypes.h>

/* The segment of the reader's position, mapped. */
static hb_status enter(hb_journal_reader *r, hb_error *err)
{
    hb_journal *j = r->j;
    hb_status status = HB_OK;
    pthread_mutex_lock(&j->lock);
    hb_segment_unref(j, r->segment);
    r->segment = NULL;
    hb_segment *s = hb_segments_find(j, r->position);
    if (!s) {
        status = HB_FAIL(err, HB_E_INPUT,
                         "the journal '%.200s' does not keep position %" PRIu64
                         "; it is whole from %" PRIu64 " to %" PRIu64,
                         j->dir, r->position, j->begin, j->end);
    } else {
        status = hb_segment_ref(j, s, false, err);
    }
    if (status == HB_OK) {
        r->segment = s;
    }
    pthread_mutex_unlock(&j->lock);
    return status;
}

static hb_status damaged(const hb_journal_reader *r, const char *why, hb_error *err)
{
    char path[HB_JOURNAL_PATH];
    hb_segment_path(r->j, r->segment, path);
    return HB_FAIL(err, HB_E_INPUT,
                   "'%.300s' is damaged at position %" PRIu64
                   ": %s; hb journal verify tells more, hb journal repair mends it",
                   path, r->position, why);
}

hb_status hb_journal_next(hb_journal_reader *r, hb_record *ret_record, bool *ret_more,
                          hb_error *err)
{
    hb_journal *j = r->j;
    if (r->position >= j->end && j->options.read_only) {
        pthread_mutex_lock(&j->lock);
        hb_journal_refresh(j);
        pthread_mutex_unlock(&j->lock);
    }
    uint64_t end = j->end;
    if (r->position >= end) {
        *ret_more = false;
        return HB_OK;
    }
    if (!r->segment || r->position >= r->segment->end) {
        HB_TRY(enter(r, err));
    }
    const hb_segment *s = r->segment;
    uint64_t limit = s->end < end ? s->end : end;
    uint64_t at = r->position - s->start;
    uint64_t mapped = s->map_bytes - HB_SEGMENT_HEAD;
    uint64_t room = limit - s->start < mapped ? limit - s->start : mapped;
    const char *why = at < room ? "a record is missing" : "the file is too short";
    if (at >= room || hb_record_read(s->map + HB_SEGMENT_HEAD + at, (size_t)(room - at),
                                     r->position, ret_record, &why) != HB_FOUND_RECORD) {
        return damaged(r, why, err);
    }
    r->position = ret_record->next;
    *ret_more = true;
    return HB_OK;
}

hb_status hb_journal_reader_open(hb_journal *j, uint64_t position, hb_journal_reader **ret_reader,
                                 hb_error *err)
{
    if (j->options.read_only) {
        pthread_mutex_lock(&j->lock);
        hb_journal_refresh(j);
        pthread_mutex_unlock(&j->lock);
    }
    if (position > j->end) {
        return HB_FAIL(err, HB_E_INPUT,
                       "position %" PRIu64 " is after the end of the journal '%.200s', %" PRIu64,
                       position, j->dir, (uint64_t)j->end);
    }
    if (position % 8) {
        return HB_FAIL(err, HB_E_INPUT, "no record begins at position %" PRIu64, position);
    }
    hb_journal_reader *r = hb_alloc_zero(sizeof *r);
    if (!r) {
        return HB_NOMEM(err);
    }
    r->j = j;
    r->position = position;
    hb_record first;
    bool more = false;
    hb_status status = hb_journal_next(r, &first, &more, err);
    if (status != HB_OK) {
        hb_journal_reader_close(r);
        return status;
    }
    r->position = position;
    *ret_reader = r;
    return HB_OK;
}

void hb_journal_reader_close(hb_journal_reader *r)
{
    if (!r) {
        return;
    }
    pthread_mutex_lock(&r->j->lock);
    hb_segment_unref(r->j, r->segment);
    pthread_mutex_unlock(&r->j->lock);
    hb_free(r);
}
