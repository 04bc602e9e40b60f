/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/internal.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

void hb_journal_path(const hb_journal *j, const char *name, char path[HB_JOURNAL_PATH])
{
    snprintf(path, HB_JOURNAL_PATH, "%.*s/%s", HB_JOURNAL_DIR_MAX, j->dir, name);
}

void hb_segment_path(const hb_journal *j, const hb_segment *s, char path[HB_JOURNAL_PATH])
{
    char name[HB_SEGMENT_NAME];
    hb_segment_name(s->start, name);
    hb_journal_path(j, name, path);
}

hb_status hb_journal_system(hb_error *err, const char *what, const char *path)
{
    int why = errno;
    bool full = why == ENOSPC || why == EDQUOT;
    hb_status status = HB_FAIL(err, full ? HB_E_LIMIT : HB_E_IO, "cannot %s '%.300s': %s", what,
                               path, strerror(why));
    if (err) {
        err->sys_errno = full ? ENOSPC : why;
    }
    return status;
}

hb_status hb_journal_there(hb_journal *j, const char *path, bool *ret, hb_error *err)
{
    struct stat st;
    bool there = j->os->stat(path, &st) == 0;
    if (!there && errno != ENOENT) {
        return hb_journal_system(err, "look at", path);
    }
    *ret = there;
    return HB_OK;
}

hb_status hb_segment_ref(hb_journal *j, hb_segment *s, bool writable, hb_error *err)
{
    if (s->refs > 0) {
        s->refs++;
        return HB_OK;
    }
    char path[HB_JOURNAL_PATH];
    hb_segment_path(j, s, path);
    int fd = j->os->open(path, writable ? O_RDWR : O_RDONLY, 0);
    if (fd < 0) {
        return hb_journal_system(err, "open", path);
    }
    struct stat st;
    hb_status status = HB_OK;
    if (j->os->fstat(fd, &st) != 0) {
        status = hb_journal_system(err, "look at", path);
    } else if (st.st_size < HB_SEGMENT_HEAD) {
        status = HB_FAIL(err, HB_E_INPUT, "'%.300s' has %lld bytes, fewer than its header", path,
                         (long long)st.st_size);
    } else {
        size_t bytes = (uint64_t)st.st_size < HB_SEGMENT_FILE_MAX ? (size_t)st.st_size
                                                                  : (size_t)HB_SEGMENT_FILE_MAX;
        void *map = j->os->mmap(fd, bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ);
        if (map == MAP_FAILED) {
            status = hb_journal_system(err, "map", path);
        } else {
            s->map = map;
            s->map_bytes = bytes;
            s->refs = 1;
        }
    }
    j->os->close(fd);
    return status;
}

void hb_segment_free(hb_journal *j, hb_segment *s)
{
    if (s && s->map) {
        j->os->munmap(s->map, s->map_bytes);
    }
    hb_free(s);
}

void hb_segment_unref(hb_journal *j, hb_segment *s)
{
    if (!s || --s->refs > 0) {
        return;
    }
    if (s->dropped) {
        hb_segment_free(j, s);
        return;
    }
    if (s->map) {
        j->os->munmap(s->map, s->map_bytes);
        s->map = NULL;
    }
}

hb_status hb_segments_push(hb_journal *j, hb_segment *s, hb_error *err)
{
    HB_TRY(HB_GROW(j->segments, j->cap_segments, j->n_segments + 1, HB_JOURNAL_SEGMENTS,
                   "segments of a journal", err));
    j->segments[j->n_segments++] = s;
    return HB_OK;
}

hb_segment *hb_segments_find(const hb_journal *j, uint64_t position)
{
    size_t low = 0;
    size_t high = j->n_segments;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (j->segments[mid]->start <= position) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    if (low == 0 || position >= j->segments[low - 1]->end) {
        return NULL;
    }
    return j->segments[low - 1];
}

void hb_segment_scan(const hb_segment *s, uint64_t until, hb_segment_note note, void *ctx,
                     hb_segment_seal *ret, const char **ret_why)
{
    hb_segment_seal seal = HB_SEAL_OF(s->start);
    const char *why = NULL;
    uint64_t room = s->map_bytes - HB_SEGMENT_HEAD;
    room = until - s->start < room ? until - s->start : room;
    for (;;) {
        uint64_t at = seal.end - s->start;
        hb_record r;
        if (hb_record_read(s->map + HB_SEGMENT_HEAD + at, (size_t)(room - at), seal.end, &r,
                           &why) != HB_FOUND_RECORD) {
            break;
        }
        hb_segment_seal_add(&seal, &r, r.next);
        if (note) {
            note(ctx, &r);
        }
    }
    *ret = seal;
    if (ret_why) {
        *ret_why = why;
    }
}

/* Where the damage that begins at `at` ends: the next whole record, or `n`. A stretch too short to
 * be described by a record takes the next one in. */
static size_t damage_end(const hb_segment *s, size_t at, size_t n)
{
    const unsigned char *data = s->map + HB_SEGMENT_HEAD;
    size_t to = hb_record_seek(data, n, at + 8 < n ? at + 8 : n, s->start);
    while (to < n && to - at < HB_RECORD_MIN) {
        hb_record r;
        const char *why = NULL;
        if (hb_record_read(data + to, n - to, s->start + to, &r, &why) == HB_FOUND_RECORD) {
            to = (size_t)(r.next - s->start);
        }
    }
    return to;
}

void hb_segment_walk(const hb_segment *s, uint64_t until, hb_segment_damage damage, void *ctx,
                     hb_segment_seal *ret)
{
    hb_segment_seal seal = HB_SEAL_OF(s->start);
    uint64_t last_begin = s->start;
    size_t mapped = (s->map_bytes - HB_SEGMENT_HEAD) / 8 * 8;
    size_t n = until - s->start < mapped ? (size_t)(until - s->start) : mapped;
    while (seal.end < until) {
        size_t at = (size_t)(seal.end - s->start);
        const char *why = "records are missing";
        hb_record r;
        if (at < n && hb_record_read(s->map + HB_SEGMENT_HEAD + at, n - at, seal.end, &r, &why) ==
                          HB_FOUND_RECORD) {
            last_begin = seal.end;
            hb_segment_seal_add(&seal, &r, r.next);
            continue;
        }
        size_t end = at < n ? damage_end(s, at, n) : n;
        uint64_t to = end < n ? s->start + end : until;
        hb_damage d = {.from = to - seal.end < HB_RECORD_MIN ? last_begin : seal.end,
                       .to = to,
                       .arrival = seal.newest,
                       .why = why};
        if (damage) {
            damage(ctx, &d);
        }
        seal.end = to;
    }
    *ret = seal;
}

/* File systems without fallocate: the blocks are there once something is in them. */
static int write_zeros(const hb_os *os, int fd, uint64_t had, uint64_t bytes)
{
    static const char zeros[65536];
    for (uint64_t at = had; at < bytes;) {
        uint64_t left = bytes - at;
        ssize_t n = os->write(fd, zeros, left < sizeof zeros ? (size_t)left : sizeof zeros);
        if (n < 0 && errno != EINTR) {
            return -1;
        }
        at += n > 0 ? (uint64_t)n : 0;
    }
    return 0;
}

int hb_segment_allocate(const hb_os *os, int fd, uint64_t had, uint64_t bytes)
{
    if (os->fallocate(fd, 0, (off_t)bytes) == 0) {
        return 0;
    }
    if (errno != EOPNOTSUPP && errno != ENOSYS) {
        return -1;
    }
    return had < bytes ? write_zeros(os, fd, had, bytes) : 0;
}

static hb_status fill_new(hb_journal *j, int fd, const char *path, hb_segment *s, hb_error *err)
{
    if (hb_segment_allocate(j->os, fd, 0, s->file_bytes) != 0) {
        return hb_journal_system(err, "make room for", path);
    }
    void *map = j->os->mmap(fd, (size_t)s->file_bytes, PROT_READ | PROT_WRITE);
    if (map == MAP_FAILED) {
        return hb_journal_system(err, "map", path);
    }
    s->map = map;
    s->map_bytes = (size_t)s->file_bytes;
    s->refs = 1;
    hb_segment_head_write(
        map, &(hb_segment_head){.start = s->start, .file_bytes = s->file_bytes, .made = s->made});
    /* fsync, not msync: the length and the blocks are to be on the disk as well. */
    return j->os->fsync(fd) == 0 ? HB_OK : hb_journal_system(err, "sync", path);
}

hb_status hb_segment_make(hb_journal *j, uint64_t start, uint64_t bytes, hb_segment **ret,
                          hb_error *err)
{
    hb_segment *s = hb_alloc_zero(sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    s->start = start;
    s->end = HB_POSITION_OPEN;
    s->file_bytes = bytes;
    s->known = true;
    s->seal = HB_SEAL_OF(start);
    s->made = j->os->now();
    char path[HB_JOURNAL_PATH];
    hb_journal_path(j, "next.tmp", path);
    int fd = j->os->open(path, O_RDWR | O_APPEND | O_CREAT | O_TRUNC | O_NOFOLLOW, HB_JOURNAL_MODE);
    if (fd < 0) {
        hb_free(s);
        return hb_journal_system(err, "create", path);
    }
    hb_status status = fill_new(j, fd, path, s, err);
    j->os->close(fd);
    if (status != HB_OK) {
        j->os->unlink(path);
        hb_segment_free(j, s);
        return status;
    }
    *ret = s;
    return HB_OK;
}

hb_status hb_journal_sync_dir(hb_journal *j, hb_error *err)
{
    int fd = j->os->open(j->dir, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0) {
        return hb_journal_system(err, "open folder", j->dir);
    }
    /* EINVAL: a file system that does not sync folders. */
    hb_status status = j->os->fsync(fd) == 0 || errno == EINVAL
                           ? HB_OK
                           : hb_journal_system(err, "sync folder", j->dir);
    j->os->close(fd);
    return status;
}
