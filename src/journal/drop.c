/* SPDX-License-Identifier: Apache-2.0 */
/* What the retention drops. A gap between kept segments is noted before the segment in it is
 * removed, so that `verify` can tell it from a loss. */
#include "journal/internal.h"

#include "base/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const int64_t second_ns = 1000000000;

/* The figures of a damaged segment are counted as far as it can be read. */
static uint64_t records_of(hb_journal *j, hb_segment *s)
{
    if (!s->known && hb_segment_ref(j, s, false, NULL) == HB_OK) {
        hb_segment_scan(s, s->end, NULL, NULL, &s->seal, NULL);
        hb_segment_unref(j, s);
    }
    return s->seal.records;
}

static hb_status drop(hb_journal *j, size_t index, hb_error *err)
{
    hb_segment *s = j->segments[index];
    char path[HB_JOURNAL_PATH];
    hb_segment_path(j, s, path);
    uint64_t records = records_of(j, s);
    if (index > 0) {
        HB_TRY(hb_holds_note_gap(j, s->start, s->end, err));
    }
    if (j->os->unlink(path) != 0 && errno != ENOENT) {
        return hb_journal_system(err, "remove", path);
    }
    j->dropped_records += records;
    j->dropped_bytes += s->file_bytes;
    j->n_segments--;
    memmove(&j->segments[index], &j->segments[index + 1],
            (j->n_segments - index) * sizeof(hb_segment *));
    s->dropped = true;
    if (s->refs == 0) {
        hb_segment_free(j, s);
    }
    hb_journal_find_begin(j);
    return HB_OK;
}

static bool may_go(const hb_journal *j, const hb_segment *s)
{
    return s != j->active && s->end <= j->released && !hb_holds_keep(j, s);
}

static uint64_t bytes_of(const hb_journal *j)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < j->n_segments; i++) {
        bytes += j->segments[i]->file_bytes;
    }
    return bytes;
}

/* The figures of a damaged one are not known: it goes with the one after it. */
static bool is_old(const hb_journal *j, size_t index)
{
    const hb_segment *dated = j->segments[index];
    if (j->options.max_age_s <= 0 || !j->active || j->active->seal.records == 0) {
        return false;
    }
    for (size_t k = index; !dated->known && k + 1 < j->n_segments; k++) {
        dated = j->segments[k + 1];
    }
    int64_t age = 0;
    return !__builtin_sub_overflow(j->active->seal.newest, dated->seal.newest, &age) &&
           age > j->options.max_age_s * second_ns;
}

void hb_journal_choose(hb_journal_piece *pieces, size_t n, uint64_t over)
{
    for (unsigned round = 0; round < 2; round++) {
        for (size_t i = 0; i < n; i++) {
            hb_journal_piece *p = &pieces[i];
            if (!p->held && !p->go && (round == 0 ? p->old : over > 0)) {
                p->go = true;
                over -= p->bytes < over ? p->bytes : over;
            }
        }
    }
}

static hb_status pieces_of(hb_journal *j, hb_journal_piece **ret, size_t *ret_n, hb_error *err)
{
    hb_journal_piece *list = NULL;
    size_t cap = 0;
    size_t n = 0;
    for (size_t i = 0; i < j->n_segments; i++) {
        hb_segment *s = j->segments[i];
        if (!may_go(j, s)) {
            continue;
        }
        hb_status status =
            HB_GROW(list, cap, n + 1, HB_JOURNAL_SEGMENTS, "segments of a journal", err);
        if (status != HB_OK) {
            hb_free(list);
            return status;
        }
        list[n++] = (hb_journal_piece){.from = s->start,
                                       .to = s->end,
                                       .bytes = s->file_bytes,
                                       .records = records_of(j, s),
                                       .old = is_old(j, i)};
    }
    *ret = list;
    *ret_n = n;
    return HB_OK;
}

/* Whatever happened to the list while the guard was asked: only what may go still goes. */
static hb_status drop_chosen(hb_journal *j, const hb_journal_piece *pieces, size_t n, hb_error *err)
{
    for (size_t k = 0; k < n; k++) {
        size_t i = 0;
        while (i < j->n_segments && j->segments[i]->start != pieces[k].from) {
            i++;
        }
        if (pieces[k].go && i < j->n_segments && may_go(j, j->segments[i])) {
            HB_TRY(drop(j, i, err));
        }
    }
    return HB_OK;
}

/* What is on hold and would have gone. */
static void note_kept(hb_journal *j, const hb_journal_piece *pieces, size_t n, uint64_t over)
{
    for (size_t i = 0; i < n; i++) {
        over -= pieces[i].go ? (pieces[i].bytes < over ? pieces[i].bytes : over) : 0;
    }
    j->kept_segments = 0;
    j->kept_bytes = 0;
    for (size_t i = 0; i < n; i++) {
        if (pieces[i].held && (pieces[i].old || over > 0)) {
            j->kept_segments++;
            j->kept_bytes += pieces[i].bytes;
        }
    }
}

static hb_status ask(hb_journal *j, hb_journal_piece *pieces, size_t n, uint64_t over,
                     hb_error *err)
{
    hb_error why = {0};
    j->retaining = true;
    pthread_mutex_unlock(&j->lock);
    hb_status status = j->options.guard(j->options.guard_ctx, pieces, n, over, &why);
    pthread_mutex_lock(&j->lock);
    j->retaining = false;
    pthread_cond_broadcast(&j->sync_end);
    return status == HB_OK || status == HB_E_NOMEM
               ? status
               : HB_FAIL(err, HB_E_LIMIT,
                         "nothing is dropped from the journal '%.200s' while it is not known what "
                         "is on hold: %.200s",
                         j->dir, why.msg);
}

static bool any_due(const hb_journal *j, uint64_t over)
{
    bool any = over > 0;
    for (size_t i = 0; i < j->n_segments && !any; i++) {
        any = may_go(j, j->segments[i]) && is_old(j, i);
    }
    return any;
}

/* `lock` is let go while the guard is asked: it may wait for others, who need the journal. */
static hb_status retain(hb_journal *j, uint64_t bytes, hb_error *err)
{
    hb_journal_piece *pieces = NULL;
    size_t n = 0;
    uint64_t max = j->options.max_bytes;
    uint64_t all = bytes_of(j) + bytes;
    uint64_t over = max && all > max ? all - max : 0;
    if (!j->options.guard && !any_due(j, over)) {
        return HB_OK;
    }
    hb_status status = pieces_of(j, &pieces, &n, err);
    if (status == HB_OK && n && j->options.guard) {
        status = ask(j, pieces, n, over, err);
    } else if (status == HB_OK && n) {
        hb_journal_choose(pieces, n, over);
    }
    if (status == HB_OK) {
        note_kept(j, pieces, n, over);
        status = drop_chosen(j, pieces, n, err);
    }
    hb_free(pieces);
    return status;
}

static hb_status full(const hb_journal *j, hb_error *err)
{
    return j->kept_segments
               ? HB_FAIL(err, HB_E_LIMIT,
                         "the journal '%.200s' is full: %" PRIu64 " bytes, at most %" PRIu64
                         ", and nothing in it may be dropped: %u segments (%" PRIu64
                         " bytes) are on hold; release a case (hb custody list --held) or raise "
                         "journal.max_mb",
                         j->dir, bytes_of(j), j->options.max_bytes, j->kept_segments, j->kept_bytes)
               : HB_FAIL(err, HB_E_LIMIT,
                         "the journal '%.200s' is full: %" PRIu64 " bytes, at most %" PRIu64
                         ", and nothing in it may be dropped, since it is not judged yet or held",
                         j->dir, bytes_of(j), j->options.max_bytes);
}

hb_status hb_journal_drop_for(hb_journal *j, uint64_t bytes, bool *ret_unlocked, hb_error *err)
{
    uint64_t max = j->options.max_bytes;
    *ret_unlocked = false;
    if (max == 0 || bytes_of(j) + bytes <= max) {
        return HB_OK;
    }
    *ret_unlocked = j->options.guard != NULL;
    HB_TRY(retain(j, bytes, err));
    return bytes_of(j) + bytes <= max ? HB_OK : full(j, err);
}

void hb_journal_drop_old(hb_journal *j)
{
    if (!j->options.guard) { /* else hb_journal_retain does, from where waiting is no harm */
        HB_IGNORE(retain(j, 0, NULL)); /* tried again with the next segment or sync */
    }
}

hb_status hb_journal_retain(hb_journal *j, hb_error *err)
{
    pthread_mutex_lock(&j->lock);
    while (j->retaining) {
        pthread_cond_wait(&j->sync_end, &j->lock);
    }
    uint64_t before = j->dropped_bytes;
    hb_status status = retain(j, 0, err);
    if (j->dropped_bytes != before) {
        j->room_events++;
        pthread_cond_broadcast(&j->room);
    }
    pthread_mutex_unlock(&j->lock);
    return status;
}

/* The journal without holes from there on to the end. */
void hb_journal_find_begin(hb_journal *j)
{
    size_t i = j->n_segments;
    uint64_t begin = j->end;
    while (i > 0 && (i == j->n_segments || j->segments[i - 1]->end == begin)) {
        begin = j->segments[--i]->start;
    }
    j->begin = begin;
}
