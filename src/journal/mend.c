/* SPDX-License-Identifier: Apache-2.0 */
/* Loss records in place of what is damaged, and the damage of the last segment that no power cut
 * can have made: docs/formats/journal.md, "Recovery". */
#include "journal/internal.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LOSS_HEAD = HB_RECORD_HEAD + 7 }; /* with "journal" */
static const char loss_source[] = "journal";

void hb_losses_write(unsigned char *data, uint64_t start, const hb_damage *d, hb_str why,
                     char *room)
{
    const uint64_t most = HB_RECORD_PAYLOAD_MAX / 2;
    for (uint64_t at = d->from; at < d->to;) {
        uint64_t left = d->to - at;
        uint64_t n = left < most + HB_RECORD_MIN ? left : most;
        hb_record loss = {.kind = HB_RECORD_LOSS,
                          .source = {loss_source, sizeof loss_source - 1},
                          .payload = {room, (size_t)n - LOSS_HEAD},
                          .event = HB_TIME_NONE,
                          .arrival = d->arrival};
        memset(room, ' ', loss.payload.n);
        memcpy(room, why.p, why.n < loss.payload.n ? why.n : loss.payload.n);
        unsigned char *place = data + (at - start);
        memset(place, 0, (size_t)n);
        hb_record_write(place, &loss, at);
        at += n;
    }
}

hb_status hb_damage_aside(hb_journal *j, const hb_segment *s, const hb_damage *d,
                          uint64_t *io_moved, char text[HB_REPAIR_TEXT], hb_error *err)
{
    char file[HB_SEGMENT_NAME];
    char cut[64] = "";
    size_t mapped = s->map_bytes - HB_SEGMENT_HEAD;
    size_t from = (size_t)(d->from - s->start);
    size_t to = (size_t)(d->to - s->start);
    to = to < mapped ? to : mapped;
    hb_segment_name(s->start, file);
    if (from < to) {
        HB_TRY(hb_journal_cut_file(j, s->start, d->from, s->map + HB_SEGMENT_HEAD + from, to - from,
                                   cut, err));
        *io_moved += to - from;
    }
    snprintf(text, HB_REPAIR_TEXT,
             "%s: positions %" PRIu64 " to %" PRIu64 " (%" PRIu64
             " bytes) could not be read, %s; %s%s",
             file, d->from, d->to, d->to - d->from, d->why,
             cut[0] ? "moved to " : "nothing of it is left", cut);
    return HB_OK;
}

hb_status hb_repair_log(hb_journal *j, const char *line, hb_error *err)
{
    char now[HB_TIME_TEXT];
    char path[HB_JOURNAL_PATH];
    char text[600];
    hb_time at = j->os->now();
    hb_time_print(at - at % 1000000000, now);
    int n = snprintf(text, sizeof text, "%s %.500s\n", now, line);
    hb_journal_path(j, "repairs.log", path);
    int fd = j->os->open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, HB_JOURNAL_MODE);
    if (fd < 0) {
        return hb_journal_system(err, "open", path);
    }
    hb_status status = j->os->write(fd, text, (size_t)n) == n && j->os->fsync(fd) == 0
                           ? HB_OK
                           : hb_journal_system(err, "write", path);
    j->os->close(fd);
    return status;
}

/* --- the last segment --- */

typedef struct mending {
    hb_journal *j;
    hb_segment *s;
    uint64_t known; /* was on the disk */
    char *room;     /* for the payload of a loss record; made with the first */
    hb_error *err;
    hb_status status;
} mending;

static hb_status remember(hb_journal *j, const char *line, hb_error *err)
{
    HB_TRY(HB_GROW(j->mended, j->cap_mended, j->n_mended + 1, HB_JOURNAL_MENDED,
                   "damaged stretches of a segment", err));
    snprintf(j->mended[j->n_mended++], HB_REPAIR_TEXT, "%s", line);
    return HB_OK;
}

static hb_status mend(mending *m, const hb_damage *d)
{
    char text[HB_REPAIR_TEXT];
    unsigned char *data = m->s->map + HB_SEGMENT_HEAD;
    HB_TRY(hb_damage_aside(m->j, m->s, d, &m->j->mended_bytes, text, m->err));
    m->room = m->room ? m->room : hb_alloc(HB_RECORD_PAYLOAD_MAX);
    if (!m->room) {
        return HB_NOMEM(m->err);
    }
    hb_damage part = *d;
    /* A position that is kept elsewhere must stay one where a record begins. */
    if (m->known < d->to && d->to - m->known >= HB_RECORD_MIN &&
        m->known - d->from >= HB_RECORD_MIN) {
        part.to = m->known;
        hb_losses_write(data, m->s->start, &part, hb_str_of(text), m->room);
        part.from = m->known;
        part.to = d->to;
    }
    hb_losses_write(data, m->s->start, &part, hb_str_of(text), m->room);
    size_t page = (size_t)(HB_SEGMENT_HEAD + (d->from - m->s->start)) / 4096 * 4096;
    size_t to = (size_t)(HB_SEGMENT_HEAD + (d->to - m->s->start));
    if (m->j->os->msync(m->s->map + page, to - page) != 0) {
        return HB_FAIL(m->err, HB_E_IO, "cannot sync what was mended: %s", strerror(errno));
    }
    HB_TRY(remember(m->j, text, m->err));
    return hb_repair_log(m->j, text, m->err);
}

static void on_damage(void *ctx, const hb_damage *d)
{
    mending *m = ctx;
    if (m->status == HB_OK && d->from < m->known) {
        hb_damage at = *d;
        at.arrival = at.arrival != HB_TIME_NONE   ? at.arrival
                     : m->s->made != HB_TIME_NONE ? m->s->made
                                                  : m->j->os->now();
        m->status = mend(m, &at);
    }
}

/* The end of the last whole record of a segment; its start when there is none. */
static uint64_t last_whole(const hb_segment *s)
{
    const unsigned char *data = s->map + HB_SEGMENT_HEAD;
    size_t n = (s->map_bytes - HB_SEGMENT_HEAD) / 8 * 8;
    uint64_t end = s->start;
    for (size_t at = hb_record_seek(data, n, 0, s->start); at < n;) {
        hb_record r;
        const char *why = NULL;
        if (hb_record_read(data + at, n - at, s->start + at, &r, &why) == HB_FOUND_RECORD) {
            end = r.next;
            at = (size_t)(r.next - s->start);
        } else {
            at = hb_record_seek(data, n, at + 8 < n ? at + 8 : n, s->start);
        }
    }
    return end;
}

hb_status hb_journal_mend_last(hb_journal *j, hb_segment *s, uint64_t scanned, hb_error *err)
{
    mending m = {.j = j, .s = s, .known = j->options.known_to, .err = err};
    uint64_t end = scanned < m.known ? last_whole(s) : scanned;
    if (end <= scanned) { /* nothing that is whole follows: a tail */
        return HB_OK;
    }
    hb_segment_seal seal;
    hb_segment_walk(s, end, on_damage, &m, &seal);
    hb_free(m.room);
    return m.status;
}
