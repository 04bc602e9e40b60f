/* SPDX-License-Identifier: Apache-2.0 */
/* The damaged stretches of a segment go to .cut files first; then the segment is made anew beside
 * the old one, and takes its place in one step. A crash in between leaves the old one and a .cut
 * file more. */
#include "journal/inspect.h"

#include "journal/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct repairing {
    hb_journal *j;
    hb_arena *arena;
    hb_journal_repairs *done;
    size_t cap_lines;
    hb_segment *segment; /* the damaged one, mapped */
    hb_damage *damages;
    size_t n;
    size_t cap;
    hb_status status;
    hb_time arrival; /* of loss records with nothing before them in their segment */
    char *room;      /* for the payload of a loss record */
} repairing;

static hb_status tell(repairing *r, const char *line, hb_error *err)
{
    hb_journal_repairs *d = r->done;
    HB_TRY(HB_ARENA_GROW(r->arena, d->lines, d->n, r->cap_lines, err));
    d->lines[d->n] = hb_arena_str(r->arena, hb_str_of(line));
    if (!d->lines[d->n]) {
        return HB_NOMEM(err);
    }
    d->n++;
    return HB_OK;
}

static hb_status say(repairing *r, const char *line, hb_error *err)
{
    HB_TRY(tell(r, line, err));
    return hb_repair_log(r->j, line, err);
}

static void on_damage(void *ctx, const hb_damage *d)
{
    repairing *r = ctx;
    if (r->status == HB_OK) {
        r->status = HB_ARENA_GROW(r->arena, r->damages, r->n, r->cap, NULL);
    }
    if (r->status == HB_OK) {
        r->damages[r->n++] = *d;
    }
}

/* next.tmp, whose records are complete, under its name. */
static hb_status put_in_place(repairing *r, hb_segment *made, uint64_t end, hb_error *err)
{
    hb_journal *j = r->j;
    hb_segment_seal seal;
    char from[HB_JOURNAL_PATH];
    char to[HB_JOURNAL_PATH];
    hb_segment_scan(made, end, NULL, NULL, &seal, NULL);
    if (seal.end != end) {
        return HB_FAIL(err, HB_E_BUG, "a repaired segment ends at %" PRIu64 ", not at %" PRIu64,
                       seal.end, end);
    }
    hb_segment_seal_write(made->map, &seal);
    hb_journal_path(j, "next.tmp", from);
    hb_segment_path(j, made, to);
    if (j->os->msync(made->map, made->map_bytes) != 0) {
        return hb_journal_system(err, "sync", from);
    }
    if (j->os->rename(from, to) != 0) {
        return hb_journal_system(err, "rename into", to);
    }
    return hb_journal_sync_dir(j, err);
}

static hb_status finish_new(repairing *r, hb_segment *made, uint64_t end, hb_error *err)
{
    char path[HB_JOURNAL_PATH];
    hb_status status = put_in_place(r, made, end, err);
    if (status != HB_OK) {
        hb_journal_path(r->j, "next.tmp", path);
        r->j->os->unlink(path);
    }
    hb_segment_free(r->j, made);
    return status;
}

static uint64_t file_bytes_for(const hb_segment *s, uint64_t end)
{
    uint64_t needed = HB_SEGMENT_HEAD + (end - s->start + 4095) / 4096 * 4096;
    uint64_t had = s->file_bytes / 4096 * 4096;
    return needed > had || had > HB_SEGMENT_FILE_MAX ? needed : had;
}

static hb_status rebuild(repairing *r, hb_error *err)
{
    hb_segment *s = r->segment;
    hb_segment *made = NULL;
    uint64_t end = s->end;
    char(*texts)[HB_REPAIR_TEXT] = hb_arena_array(r->arena, r->n + 1, sizeof *texts);
    if (!texts) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < r->n; i++) {
        if (r->damages[i].to - r->damages[i].from < HB_RECORD_MIN) {
            return HB_FAIL(err, HB_E_INPUT,
                           "the segment at position %" PRIu64
                           " is shorter than any record; a segment's file must have been renamed",
                           s->start);
        }
        HB_TRY(hb_damage_aside(r->j, s, &r->damages[i], &r->done->moved_bytes, texts[i], err));
    }
    HB_TRY(hb_segment_make(r->j, s->start, file_bytes_for(s, end), &made, err));
    size_t mapped = s->map_bytes - HB_SEGMENT_HEAD;
    size_t n = (size_t)(end - s->start) < mapped ? (size_t)(end - s->start) : mapped;
    memcpy(made->map + HB_SEGMENT_HEAD, s->map + HB_SEGMENT_HEAD, n);
    for (size_t i = 0; i < r->n; i++) {
        hb_damage *d = &r->damages[i];
        d->arrival = d->arrival == HB_TIME_NONE ? r->arrival : d->arrival;
        hb_losses_write(made->map + HB_SEGMENT_HEAD, s->start, d, hb_str_of(texts[i]), r->room);
    }
    HB_TRY(finish_new(r, made, end, err));
    for (size_t i = 0; i < r->n; i++) {
        HB_TRY(say(r, texts[i], err));
    }
    if (r->n == 0) {
        char text[100];
        char file[HB_SEGMENT_NAME];
        hb_segment_name(s->start, file);
        snprintf(text, sizeof text, "%s: header, seal and empty parts were written anew", file);
        HB_TRY(say(r, text, err));
    }
    return HB_OK;
}

/* Whether it is as it was sealed, but for its records. */
static bool frame_holds(const hb_segment *s, const hb_segment_seal *found)
{
    hb_segment_head head;
    hb_segment_seal seal;
    bool newer = false;
    size_t end = HB_SEGMENT_HEAD + (size_t)(s->end - s->start);
    return !hb_segment_head_read(s->map, s->map_bytes, &head, &newer) && head.start == s->start &&
           head.file_bytes == s->map_bytes &&
           hb_last_byte(s->map, HB_SEGMENT_HEAD, HB_SEGMENT_LEAD) == HB_SEGMENT_LEAD &&
           hb_segment_seal_read(s->map, s->map_bytes, &seal) && seal.end == found->end &&
           seal.records == found->records && seal.first == found->first &&
           seal.newest == found->newest && end <= s->map_bytes &&
           hb_last_byte(s->map, s->map_bytes, end) == end;
}

/* A file that is even shorter than its header: nothing of it can be read. */
static hb_status open_damaged(repairing *r, hb_segment *s, hb_error *err)
{
    hb_status status = hb_segment_ref(r->j, s, false, err);
    if (status == HB_E_INPUT) {
        s->map = hb_arena_alloc(r->arena, HB_SEGMENT_HEAD);
        s->map_bytes = HB_SEGMENT_HEAD;
        return s->map ? HB_OK : HB_NOMEM(err);
    }
    return status;
}

static hb_status mend_segment(repairing *r, hb_segment *s, hb_error *err)
{
    hb_segment_seal found;
    HB_TRY(open_damaged(r, s, err));
    r->segment = s;
    r->n = 0;
    hb_segment_walk(s, s->end, on_damage, r, &found);
    hb_status status = r->status == HB_OK ? HB_OK : HB_NOMEM(err);
    if (status == HB_OK && (r->n || !frame_holds(s, &found))) {
        status = rebuild(r, err);
    }
    r->arrival = found.newest == HB_TIME_NONE ? r->arrival : found.newest;
    if (s->refs) {
        hb_segment_unref(r->j, s);
    } else {
        s->map = NULL;
    }
    return status;
}

static hb_status fill_missing(repairing *r, uint64_t from, uint64_t to, hb_error *err)
{
    hb_segment *made = NULL;
    char text[300];
    uint64_t bytes = HB_SEGMENT_HEAD + (to - from + 4095) / 4096 * 4096;
    snprintf(text, sizeof text,
             "positions %" PRIu64 " to %" PRIu64 " (%" PRIu64
             " bytes) are missing, with their files",
             from, to, to - from);
    r->done->lost_bytes += to - from;
    if (to - from < HB_RECORD_MIN || bytes > HB_SEGMENT_FILE_MAX) {
        HB_TRY(hb_holds_note_gap(r->j, from, to, err));
        return say(r, text, err);
    }
    HB_TRY(hb_segment_make(r->j, from, bytes, &made, err));
    const hb_damage d = {.from = from, .to = to, .arrival = r->arrival};
    hb_losses_write(made->map + HB_SEGMENT_HEAD, from, &d, hb_str_of(text), r->room);
    HB_TRY(finish_new(r, made, to, err));
    return say(r, text, err);
}

static hb_status mend_all(repairing *r, hb_error *err)
{
    hb_journal *j = r->j;
    for (size_t i = 0; i + 1 < j->n_segments; i++) {
        hb_segment *s = j->segments[i];
        uint64_t next = j->segments[i + 1]->start;
        if (i == 0) {
            r->arrival = s->seal.first != HB_TIME_NONE ? s->seal.first
                         : s->made != HB_TIME_NONE     ? s->made
                                                       : j->os->now();
        }
        HB_TRY(mend_segment(r, s, err));
        if (s->end < next && !hb_holds_gap(j, s->end, next)) {
            HB_TRY(fill_missing(r, s->end, next, err));
        }
    }
    return HB_OK;
}

hb_status hb_journal_repair(const hb_os *os, const char *dir, hb_arena *arena,
                            hb_journal_repairs *ret, hb_error *err)
{
    /* Everything that is whole is kept, whatever was before it. */
    const hb_journal_options writing = {.no_sync_thread = true, .known_to = UINT64_MAX};
    hb_journal *j = NULL;
    hb_journal_state st;
    hb_journal_repairs done = {0};
    struct stat there;
    if (os->stat(dir, &there) != 0) {
        return HB_FAIL(err, HB_E_INPUT, "there is no journal '%.300s'", dir);
    }
    HB_TRY(hb_journal_open(os, dir, &writing, &j, err));
    repairing r = {.j = j, .arena = arena, .done = &done};
    r.room = hb_arena_alloc(arena, HB_RECORD_PAYLOAD_MAX);
    hb_journal_get_state(j, &st);
    done.cut_bytes = st.cut_bytes;
    done.cut_records = st.cut_records;
    done.moved_bytes = st.mended_bytes;
    hb_status status = r.room ? HB_OK : HB_NOMEM(err);
    for (size_t i = 0; status == HB_OK && i < j->n_mended; i++) {
        status = tell(&r, j->mended[i], err); /* in repairs.log already */
    }
    if (status == HB_OK && st.cut_bytes) {
        char text[200];
        snprintf(text, sizeof text,
                 "the end: %" PRIu64 " bytes, among them %" PRIu64
                 " whole records, were cut off at position %" PRIu64,
                 st.cut_bytes, st.cut_records, st.end);
        status = say(&r, text, err);
    }
    if (status == HB_OK) {
        status = mend_all(&r, err);
    }
    hb_journal_close(j);
    if (status == HB_OK) {
        *ret = done;
    }
    return status;
}
