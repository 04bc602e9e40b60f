/* SPDX-License-Identifier: Apache-2.0 */
/* The next segment, and what comes to the disk when. Before a segment is made, the one before it
 * and its name are on the disk: so a power cut can damage the last one only. */
#include "journal/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Linux takes pages for clean after it failed to write them. Storing what is there anyway makes
 * them dirty again; nobody else writes to bytes before the end. */
__attribute__((no_sanitize("thread"))) static void touch(unsigned char *map, size_t from, size_t to)
{
    for (size_t at = from; at < to; at = (at / 4096 + 1) * 4096) {
        volatile unsigned char *byte = map + at;
        *byte = *byte;
    }
}

hb_status hb_segment_sync(hb_journal *j, hb_segment *s, uint64_t from, uint64_t to, hb_error *err)
{
    size_t first = HB_SEGMENT_HEAD + (size_t)(from - s->start);
    size_t last = HB_SEGMENT_HEAD + (size_t)(to - s->start);
    if (from >= to) {
        return HB_OK;
    }
    if (j->redirty) {
        touch(s->map, first, last);
    }
    size_t page = first / 4096 * 4096;
    if (j->os->msync(s->map + page, last - page) != 0) {
        char path[HB_JOURNAL_PATH];
        hb_segment_path(j, s, path);
        return HB_FAIL(err, HB_E_IO, "cannot sync '%.300s': %s", path, strerror(errno));
    }
    return HB_OK;
}

/* Records and name of the active segment; `lock` is held and no sync is under way. */
static hb_status settle_active(hb_journal *j, hb_error *err)
{
    uint64_t end = j->end;
    hb_status status = hb_segment_sync(j, j->active, j->synced, end, err);
    if (status == HB_OK && j->dir_dirty) {
        status = hb_journal_sync_dir(j, err);
    }
    j->redirty = status != HB_OK;
    j->sync_failed = status;
    if (status == HB_OK) {
        j->dir_dirty = false;
        j->synced = end;
    }
    return status;
}

static hb_status seal_active(hb_journal *j, hb_error *err)
{
    hb_segment *s = j->active;
    hb_segment_seal_write(s->map, &s->seal);
    if (j->os->msync(s->map, HB_SEGMENT_HEAD) == 0) {
        return HB_OK;
    }
    hb_status status =
        HB_FAIL(err, HB_E_IO, "cannot sync the header of a full segment of '%.300s': %s", j->dir,
                strerror(errno));
    hb_segment_seal_clear(s->map);
    return status;
}

static uint64_t file_bytes_for(const hb_journal *j, size_t record_bytes)
{
    uint64_t needed = HB_SEGMENT_HEAD + (record_bytes + 4095) / 4096 * 4096;
    return needed > j->options.segment_bytes ? needed : j->options.segment_bytes;
}

/* next.tmp gets its name. The room in the list is made first, so that nothing can fail after that.
 */
static hb_status take_over(hb_journal *j, hb_segment *next, hb_error *err)
{
    char from[HB_JOURNAL_PATH];
    char to[HB_JOURNAL_PATH];
    hb_segment *old = j->active;
    bool replaced = old && old->start == next->start; /* empty, too small for a first record */
    hb_journal_path(j, "next.tmp", from);
    hb_segment_path(j, next, to);
    HB_TRY(hb_segments_push(j, next, err));
    j->n_segments--;
    if (old && !replaced) {
        HB_TRY(seal_active(j, err));
    }
    if (j->os->rename(from, to) != 0) {
        hb_status status = hb_journal_system(err, "rename into", to);
        if (old && !replaced) {
            hb_segment_seal_clear(old->map);
        }
        return status;
    }
    if (replaced) {
        j->n_segments--;
        old->dropped = true;
    }
    j->segments[j->n_segments++] = next;
    if (old) {
        old->end = next->start;
        hb_segment_unref(j, old);
    }
    j->active = next;
    j->limit = next->start + (next->file_bytes - HB_SEGMENT_HEAD);
    j->dir_dirty = true;
    return HB_OK;
}

hb_status hb_journal_make_room(hb_journal *j, size_t record_bytes, hb_error *err)
{
    uint64_t bytes = file_bytes_for(j, record_bytes);
    bool unlocked = true;
    while (unlocked) {
        while (j->syncing || j->retaining) {
            pthread_cond_wait(&j->sync_end, &j->lock);
        }
        if (j->active && j->limit - j->end >= record_bytes) {
            return HB_OK; /* somebody else was here meanwhile */
        }
        HB_TRY(hb_journal_drop_for(j, bytes, &unlocked, err));
    }
    if (j->active) {
        HB_TRY(settle_active(j, err));
    }
    hb_segment *next = NULL;
    HB_TRY(hb_segment_make(j, j->end, bytes, &next, err));
    hb_status status = take_over(j, next, err);
    if (status != HB_OK) {
        char path[HB_JOURNAL_PATH];
        hb_journal_path(j, "next.tmp", path);
        j->os->unlink(path);
        hb_segment_free(j, next);
        return status;
    }
    hb_journal_drop_old(j);
    hb_journal_find_begin(j);
    return HB_OK;
}
