/* SPDX-License-Identifier: Apache-2.0 */
/* What opening does: docs/formats/journal.md, "Recovery". Only the last segment is read; those
 * before it were on the disk whole before it was made. */
#include "journal/internal.h"

#include "base/mem.h"
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { CUT_FILES = 1000 };

static int by_start(const void *a, const void *b)
{
    const hb_segment *x = *(hb_segment *const *)a;
    const hb_segment *y = *(hb_segment *const *)b;
    return x->start < y->start ? -1 : x->start > y->start;
}

static hb_status add_segment(hb_journal *j, uint64_t start, hb_error *err)
{
    hb_segment *s = hb_alloc_zero(sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    s->start = start;
    s->end = HB_POSITION_OPEN;
    s->seal = HB_SEAL_OF(start);
    hb_status status = hb_segments_push(j, s, err);
    if (status != HB_OK) {
        hb_free(s);
    }
    return status;
}

static hb_status list_segments(hb_journal *j, hb_error *err)
{
    DIR *dir = opendir(j->dir);
    if (!dir) {
        return errno == ENOENT ? HB_FAIL(err, HB_E_INPUT, "there is no journal '%.300s'", j->dir)
                               : HB_FAIL(err, HB_E_IO, "cannot open folder '%.300s': %s", j->dir,
                                         strerror(errno));
    }
    hb_status status = HB_OK;
    struct dirent *e = NULL;
    errno = 0;
    while (status == HB_OK && (e = readdir(dir)) != NULL) {
        uint64_t start = 0;
        if (hb_segment_name_read(e->d_name, &start)) {
            status = add_segment(j, start, err);
        }
        errno = 0;
    }
    if (status == HB_OK && errno != 0) { /* a list cut short would look like segments lost */
        status = hb_journal_system(err, "read folder", j->dir);
    }
    closedir(dir);
    if (status == HB_OK && j->n_segments) {
        qsort(j->segments, j->n_segments, sizeof(hb_segment *), by_start);
    }
    return status;
}

/* Header and seal of a segment that is not the last. What they say is taken when it fits; a damaged
 * segment is listed all the same, so that what can be read of it is. */
static hb_status read_lead(hb_journal *j, hb_segment *s, uint64_t next_start, hb_error *err)
{
    char path[HB_JOURNAL_PATH];
    hb_segment_path(j, s, path);
    int fd = j->os->open(path, O_RDONLY, 0);
    if (fd < 0 && errno == ENOENT && j->options.read_only) {
        s->end = next_start; /* dropped since the folder was read: leaves the list in a moment */
        return HB_OK;
    }
    if (fd < 0) {
        return hb_journal_system(err, "open", path);
    }
    unsigned char lead[HB_SEGMENT_LEAD] = {0};
    struct stat st = {0};
    ssize_t n = j->os->fstat(fd, &st) == 0 ? j->os->pread(fd, lead, sizeof lead, 0) : -1;
    hb_status status = n < 0 ? hb_journal_system(err, "read", path) : HB_OK;
    j->os->close(fd);
    HB_TRY(status);
    hb_segment_head head = {0};
    hb_segment_seal seal;
    bool newer = false;
    const char *why = hb_segment_head_read(lead, (size_t)n, &head, &newer);
    if (newer) {
        return HB_FAIL(err, HB_E_INPUT, "'%.300s': %s than this program reads", path, why);
    }
    s->file_bytes = (uint64_t)st.st_size;
    s->made = why ? HB_TIME_NONE : head.made;
    s->known = !why && head.start == s->start && hb_segment_seal_read(lead, (size_t)n, &seal) &&
               seal.end > s->start && seal.end <= next_start &&
               seal.end - s->start <= head.file_bytes - HB_SEGMENT_HEAD;
    if (s->known) {
        s->seal = seal;
    }
    uint64_t most = s->start + (HB_SEGMENT_FILE_MAX - HB_SEGMENT_HEAD);
    s->end = s->known ? seal.end : next_start < most ? next_start : most;
    return HB_OK;
}

hb_status hb_journal_cut_file(hb_journal *j, uint64_t start, uint64_t position, const void *p,
                              size_t n, char ret_name[64], hb_error *err)
{
    for (unsigned i = 1; i <= CUT_FILES; i++) {
        char name[64];
        char more[8] = "";
        char path[HB_JOURNAL_PATH];
        if (i > 1) {
            snprintf(more, sizeof more, "-%u", i);
        }
        snprintf(name, sizeof name, "%020" PRIu64 "-%020" PRIu64 "%s.cut", start, position, more);
        hb_journal_path(j, name, path);
        bool there = false;
        HB_TRY(hb_journal_there(j, path, &there, err));
        if (there) {
            continue;
        }
        HB_TRY(hb_file_write_atomic(j->os, path, p, n, HB_JOURNAL_MODE, err));
        if (ret_name) {
            memcpy(ret_name, name, sizeof name);
        }
        return HB_OK;
    }
    return HB_FAIL(
        err, HB_E_LIMIT,
        "'%.300s' holds %d .cut files of one place already; look into them and move them "
        "away",
        j->dir, CUT_FILES);
}

/* The last segment's file as it is to be: as long as it was made, every block there. */
static hb_status open_last(hb_journal *j, hb_segment *s, bool *ret_head_good, bool *ret_full,
                           hb_error *err)
{
    char path[HB_JOURNAL_PATH];
    hb_segment_path(j, s, path);
    int fd = j->os->open(path, j->options.read_only ? O_RDONLY : O_RDWR | O_APPEND, 0);
    if (fd < 0) {
        return hb_journal_system(err, "open", path);
    }
    unsigned char lead[HB_SEGMENT_LEAD] = {0};
    struct stat st = {0};
    ssize_t n = j->os->fstat(fd, &st) == 0 ? j->os->pread(fd, lead, sizeof lead, 0) : -1;
    if (n < 0) {
        hb_status status = hb_journal_system(err, "read", path);
        j->os->close(fd);
        return status;
    }
    hb_segment_head head = {0};
    bool newer = false;
    const char *why = hb_segment_head_read(lead, (size_t)n, &head, &newer);
    uint64_t had = (uint64_t)st.st_size;
    bool good = !why && head.start == s->start;
    uint64_t bytes = had < HB_SEGMENT_FILE_MAX ? had : HB_SEGMENT_FILE_MAX;
    *ret_full = false;
    if (newer) {
        j->os->close(fd);
        return HB_FAIL(err, HB_E_INPUT, "'%.300s': %s than this program reads", path, why);
    }
    if (!j->options.read_only) {
        bytes = good                        ? head.file_bytes
                : had < 2 * HB_SEGMENT_HEAD ? j->options.segment_bytes
                : had < HB_SEGMENT_FILE_MAX ? (had + 4095) / 4096 * 4096
                                            : HB_SEGMENT_FILE_MAX;
        if (hb_segment_allocate(j->os, fd, had, bytes) != 0) {
            /* What is there can be used, nothing more be added to it. */
            if (had < 2 * HB_SEGMENT_HEAD) {
                hb_status status = hb_journal_system(err, "make room for", path);
                j->os->close(fd);
                return status;
            }
            bytes = had / 4096 * 4096 < bytes ? had / 4096 * 4096 : bytes;
            *ret_full = true;
        }
    }
    hb_status status = HB_OK;
    s->refs = 1;
    if (bytes >= HB_SEGMENT_HEAD) { /* else a copy cut short, for reading: nothing to see */
        void *map = j->os->mmap(fd, (size_t)bytes,
                                j->options.read_only ? PROT_READ : PROT_READ | PROT_WRITE);
        if (map == MAP_FAILED) {
            status = hb_journal_system(err, "map", path);
        } else {
            s->map = map;
            s->map_bytes = (size_t)bytes;
        }
    }
    j->os->close(fd);
    s->file_bytes = bytes > had ? bytes : had;
    s->made = good ? head.made : HB_TIME_NONE;
    *ret_head_good = good;
    return status;
}

static hb_status mend_head(hb_journal *j, hb_segment *s, bool good, hb_error *err)
{
    if (good && hb_last_byte(s->map, HB_SEGMENT_HEAD, HB_SEGMENT_LEAD) == HB_SEGMENT_LEAD) {
        hb_segment_seal_clear(s->map);
        return HB_OK;
    }
    size_t n = hb_last_byte(s->map, HB_SEGMENT_HEAD, 0);
    if (n) {
        HB_TRY(hb_journal_cut_file(j, s->start, s->start, s->map, n, NULL, err));
        j->cut_bytes += n;
    }
    memset(s->map, 0, HB_SEGMENT_HEAD);
    s->made = s->made == HB_TIME_NONE ? j->os->now() : s->made;
    hb_segment_head_write(
        s->map, &(hb_segment_head){.start = s->start, .file_bytes = s->map_bytes, .made = s->made});
    return j->os->msync(s->map, HB_SEGMENT_HEAD) == 0
               ? HB_OK
               : HB_FAIL(err, HB_E_IO, "cannot sync the header of a segment: %s", strerror(errno));
}

/* Everything after the last whole record. */
static hb_status cut_tail(hb_journal *j, hb_segment *s, hb_error *err)
{
    unsigned char *data = s->map + HB_SEGMENT_HEAD;
    size_t n = s->map_bytes - HB_SEGMENT_HEAD;
    size_t from = (size_t)(s->seal.end - s->start);
    size_t to = hb_last_byte(data, n, from);
    uint64_t records = 0;
    if (to == from) {
        return HB_OK;
    }
    for (size_t at = hb_record_seek(data, n, from, s->start); at < n;
         at = hb_record_seek(data, n, at + 8, s->start)) {
        records++;
    }
    if (!j->options.read_only) {
        HB_TRY(hb_journal_cut_file(j, s->start, s->seal.end, data + from, to - from, NULL, err));
        memset(data + from, 0, to - from);
        size_t page = (HB_SEGMENT_HEAD + from) / 4096 * 4096;
        if (j->os->msync(s->map + page, HB_SEGMENT_HEAD + to - page) != 0) {
            return HB_FAIL(err, HB_E_IO, "cannot sync what was cut off: %s", strerror(errno));
        }
    }
    j->cut_bytes += to - from;
    j->cut_records += records;
    return HB_OK;
}

static void note_source(void *ctx, const hb_record *r)
{
    hb_sources_note(ctx, r->source, r->position);
}

/* A seal says that another segment followed, or was about to. Where more was judged than is here it
 * did, and whoever finds it puts it back: so nothing is changed, the seal least of all. */
static hb_status check_follower(const hb_journal *j, const hb_segment *s, hb_error *err)
{
    hb_segment_seal seal;
    bool sealed = s->map_bytes >= HB_SEGMENT_LEAD &&
                  hb_segment_seal_read(s->map, HB_SEGMENT_LEAD, &seal) && seal.end > s->start;
    return sealed && seal.end < j->options.known_to
               ? HB_FAIL(err, HB_E_EVIDENCE,
                         "the journal '%.300s' ends at %" PRIu64 " with a full segment, but was "
                         "judged up to %" PRIu64 ": the segments after it are gone; put them back, "
                         "or give the stream another 'name' to start anew",
                         j->dir, seal.end, j->options.known_to)
               : HB_OK;
}

static hb_status recover_last(hb_journal *j, hb_error *err)
{
    hb_segment *s = j->segments[j->n_segments - 1];
    bool good = false;
    bool full = false;
    HB_TRY(open_last(j, s, &good, &full, err));
    j->active = s;
    if (s->map && !j->options.read_only) {
        HB_TRY(check_follower(j, s, err));
        HB_TRY(mend_head(j, s, good, err));
    }
    if (s->map) {
        const char *why = NULL;
        hb_segment_scan(s, HB_POSITION_OPEN, note_source, j, &s->seal, &why);
        if (!j->options.read_only) {
            HB_TRY(hb_journal_mend_last(j, s, s->seal.end, err));
        }
        if (j->n_mended) {
            hb_segment_scan(s, HB_POSITION_OPEN, note_source, j, &s->seal, &why);
        }
        /* For a reader, what follows an empty place may be just now written. */
        if (why || !j->options.read_only) {
            HB_TRY(cut_tail(j, s, err));
        }
    }
    s->known = true;
    j->end = s->seal.end;
    j->limit = full ? s->seal.end : s->start + (s->map_bytes - HB_SEGMENT_HEAD);
    j->synced = s->start;
    j->dir_dirty = true;
    j->scanned_from = s->start;
    return HB_OK;
}

hb_status hb_journal_recover(hb_journal *j, hb_error *err)
{
    if (!j->options.read_only) {
        char path[HB_JOURNAL_PATH];
        hb_journal_path(j, "next.tmp", path);
        if (j->os->unlink(path) != 0 && errno != ENOENT) {
            return hb_journal_system(err, "remove", path);
        }
    }
    HB_TRY(list_segments(j, err));
    for (size_t i = 0; i + 1 < j->n_segments; i++) {
        HB_TRY(read_lead(j, j->segments[i], j->segments[i + 1]->start, err));
    }
    if (j->n_segments) {
        HB_TRY(recover_last(j, err));
    }
    if (j->options.read_only) {
        hb_journal_refresh(j);
        hb_journal_refresh_begin(j);
    }
    hb_journal_find_begin(j);
    return HB_OK;
}

/* A segment begins where the last one that is known ended: it was sealed meanwhile. */
static bool next_segment(hb_journal *j)
{
    char path[HB_JOURNAL_PATH];
    char name[HB_SEGMENT_NAME];
    hb_segment_name(j->end, name);
    hb_journal_path(j, name, path);
    hb_segment *old = j->active;
    if ((old && old->start == j->end) || !hb_path_exists(j->os, path) ||
        add_segment(j, j->end, NULL) != HB_OK) {
        return false;
    }
    hb_segment *s = j->segments[j->n_segments - 1];
    if (hb_segment_ref(j, s, false, NULL) != HB_OK) {
        j->n_segments--;
        hb_free(s);
        return false;
    }
    s->known = true;
    s->file_bytes = s->map_bytes;
    if (old) {
        old->end = j->end;
        hb_segment_unref(j, old);
    }
    j->active = s;
    j->synced = s->start;
    return true;
}

void hb_journal_refresh(hb_journal *j)
{
    do {
        hb_segment *s = j->active;
        if (!s || !s->map) {
            continue;
        }
        uint64_t room = s->map_bytes - HB_SEGMENT_HEAD;
        uint64_t end = s->seal.end;
        hb_record r;
        const char *why = NULL;
        while (hb_record_read(s->map + HB_SEGMENT_HEAD + (end - s->start),
                              (size_t)(room - (end - s->start)), end, &r,
                              &why) == HB_FOUND_RECORD) {
            hb_segment_seal_add(&s->seal, &r, r.next);
            hb_sources_note(j, r.source, r.position);
            end = r.next;
        }
        j->end = end;
    } while (next_segment(j));
}

void hb_journal_refresh_begin(hb_journal *j)
{
    char path[HB_JOURNAL_PATH];
    size_t kept = 0;
    for (size_t i = 0; i < j->n_segments; i++) {
        hb_segment *s = j->segments[i];
        bool there = true;
        hb_segment_path(j, s, path);
        if (s == j->active || hb_journal_there(j, path, &there, NULL) != HB_OK || there) {
            j->segments[kept++] = s;
            continue;
        }
        s->dropped = true;
        if (s->refs == 0) {
            hb_segment_free(j, s);
        }
    }
    j->n_segments = kept;
    hb_journal_find_begin(j);
}
