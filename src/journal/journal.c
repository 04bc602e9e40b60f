/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/internal.h"

#include "base/mem.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum {
    SEGMENT_MIN = 1 << 20,
    SEGMENT_MAX = 1 << 30,
    SEGMENT_DEFAULT = 64 << 20,
    FOLLOW_MS = 5 /* how often a reader of another process's journal looks */
};

static hb_status settle_options(const hb_journal_options *o, hb_journal_options *ret, hb_error *err)
{
    hb_journal_options r = o ? *o : (hb_journal_options){0};
    if (r.segment_bytes == 0) {
        /* A small limit still makes several segments, or nothing could ever be dropped. */
        uint64_t quarter = r.max_bytes ? r.max_bytes / 4 : SEGMENT_DEFAULT;
        r.segment_bytes = quarter < SEGMENT_DEFAULT ? quarter : SEGMENT_DEFAULT;
        r.segment_bytes = r.segment_bytes > SEGMENT_MIN ? r.segment_bytes : SEGMENT_MIN;
    }
    r.segment_bytes = r.segment_bytes / 4096 * 4096;
    r.sync_ms = r.sync_ms ? r.sync_ms : HB_JOURNAL_SYNC_MS;
    if (r.segment_bytes < SEGMENT_MIN || r.segment_bytes > SEGMENT_MAX) {
        return HB_FAIL(err, HB_E_CONFIG,
                       "a journal's segments have 1048576 to 1073741824 bytes, got %llu",
                       (unsigned long long)r.segment_bytes);
    }
    if (r.max_bytes && r.max_bytes < 2 * r.segment_bytes) {
        return HB_FAIL(err, HB_E_CONFIG,
                       "a journal needs room for two segments, %llu bytes, got a limit of %llu",
                       2 * (unsigned long long)r.segment_bytes, (unsigned long long)r.max_bytes);
    }
    if (r.max_age_s > INT64_MAX / 1000000000) {
        r.max_age_s = 0; /* longer than time lasts */
    }
    *ret = r;
    return HB_OK;
}

static hb_status lock_held(hb_journal *j, int fd, hb_error *err)
{
    char text[24] = "";
    ssize_t n = j->os->pread(fd, text, sizeof text - 1, 0);
    size_t digits = n > 0 ? strspn(text, "0123456789") : 0;
    return HB_FAIL(err, HB_E_IO,
                   "the journal '%.300s' is being written by process %.*s; end that first, or open "
                   "the journal for reading",
                   j->dir, digits ? (int)digits : 1, digits ? text : "?");
}

static hb_status take_lock(hb_journal *j, hb_error *err)
{
    char path[HB_JOURNAL_PATH];
    char text[24];
    hb_journal_path(j, "lock", path);
    int fd = j->os->open(path, O_RDWR | O_CREAT | O_NOFOLLOW, HB_JOURNAL_MODE);
    if (fd < 0) {
        return hb_journal_system(err, "open", path);
    }
    if (j->os->flock(fd, LOCK_EX | LOCK_NB) != 0) {
        hb_status status =
            errno == EWOULDBLOCK ? lock_held(j, fd, err) : hb_journal_system(err, "lock", path);
        j->os->close(fd);
        return status;
    }
    j->lock_fd = fd;
    int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (j->os->ftruncate(fd, 0) == 0) {
        HB_IGNORE(j->os->write(fd, text, (size_t)n)); /* only told to others; the lock is flock's */
    }
    return HB_OK;
}

static void init_waits(hb_journal *j)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&j->lock, NULL);
    pthread_cond_init(&j->grown, &attr);
    pthread_cond_init(&j->room, &attr);
    pthread_cond_init(&j->sync_end, &attr);
    pthread_cond_init(&j->sync_now, &attr);
    pthread_condattr_destroy(&attr);
}

int64_t hb_journal_now_ns(void)
{
    return hb_os_real()->monotonic_ns(); /* what the condition variables count by */
}

void hb_journal_pause(hb_journal *j, pthread_cond_t *cond, int64_t deadline_ns)
{
    struct timespec until = {.tv_sec = deadline_ns / 1000000000,
                             .tv_nsec = deadline_ns % 1000000000};
    pthread_cond_timedwait(cond, &j->lock, &until);
}

static void *keep_syncing(void *arg)
{
    hb_journal *j = arg;
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL); /* signals are the program's own threads' */
    for (;;) {
        int64_t deadline = hb_journal_now_ns() + (int64_t)j->options.sync_ms * 1000000;
        pthread_mutex_lock(&j->lock);
        while (!j->closing && hb_journal_now_ns() < deadline) {
            hb_journal_pause(j, &j->sync_now, deadline);
        }
        bool closing = j->closing;
        pthread_mutex_unlock(&j->lock);
        if (closing) {
            return NULL;
        }
        HB_IGNORE(hb_journal_sync(j, NULL)); /* kept in the state, tried again */
    }
}

static hb_status open_journal(hb_journal *j, hb_error *err)
{
    if (!j->options.read_only) {
        HB_TRY(hb_dir_make(j->os, j->dir, err));
        HB_TRY(take_lock(j, err));
    }
    HB_TRY(hb_holds_load(j, err));
    HB_TRY(hb_journal_recover(j, err));
    if (j->options.read_only) {
        return HB_OK;
    }
    if (j->n_segments == 0 && j->end == 0) {
        j->end = j->begin = j->synced = j->released = j->scanned_from = j->options.first;
    }
    HB_IGNORE(hb_journal_sync(j, NULL)); /* kept in the state, tried again */
    if (!j->options.no_sync_thread) {
        if (pthread_create(&j->sync_thread, NULL, keep_syncing, j) != 0) {
            return HB_FAIL(err, HB_E_IO, "cannot start the thread that syncs the journal");
        }
        j->has_sync_thread = true;
    }
    return HB_OK;
}

hb_status hb_journal_open(const hb_os *os, const char *dir, const hb_journal_options *options,
                          hb_journal **ret_journal, hb_error *err)
{
    hb_journal_options o;
    HB_TRY(settle_options(options, &o, err));
    if (strlen(dir) > HB_JOURNAL_DIR_MAX) {
        return HB_FAIL(err, HB_E_INPUT, "the path of a journal has at most %d bytes",
                       HB_JOURNAL_DIR_MAX);
    }
    hb_journal *j = hb_alloc_zero(sizeof *j);
    if (!j) {
        return HB_NOMEM(err);
    }
    j->os = os;
    j->options = o;
    j->lock_fd = -1;
    init_waits(j);
    j->dir = hb_strdup(dir);
    hb_status status = j->dir ? open_journal(j, err) : HB_NOMEM(err);
    if (status != HB_OK) {
        hb_journal_close(j);
        return status;
    }
    *ret_journal = j;
    return HB_OK;
}

void hb_journal_close(hb_journal *j)
{
    if (!j) {
        return;
    }
    pthread_mutex_lock(&j->lock);
    j->closing = true;
    pthread_cond_broadcast(&j->sync_now);
    pthread_mutex_unlock(&j->lock);
    if (j->has_sync_thread) {
        pthread_join(j->sync_thread, NULL);
    }
    if (j->active && !j->options.read_only) {
        HB_IGNORE(hb_journal_sync(j, NULL)); /* the system has it all and writes it by itself */
    }
    for (size_t i = 0; i < j->n_segments; i++) {
        hb_segment_free(j, j->segments[i]);
    }
    if (j->lock_fd >= 0) {
        j->os->close(j->lock_fd);
    }
    pthread_mutex_destroy(&j->lock);
    pthread_cond_destroy(&j->grown);
    pthread_cond_destroy(&j->room);
    pthread_cond_destroy(&j->sync_end);
    pthread_cond_destroy(&j->sync_now);
    hb_free(j->segments);
    hb_free(j->mended);
    hb_free(j->holds);
    hb_free(j->dir);
    hb_free(j);
}

static void put_record(hb_journal *j, const hb_record *record, size_t bytes, uint64_t *ret_position)
{
    hb_segment *s = j->active;
    uint64_t position = j->end;
    hb_record_write(s->map + HB_SEGMENT_HEAD + (position - s->start), record, position);
    hb_segment_seal_add(&s->seal, record, position + bytes);
    hb_sources_note(j, record->source, position);
    j->records++;
    atomic_store_explicit(&j->end, position + bytes, memory_order_release);
    if (j->waiting) {
        pthread_cond_broadcast(&j->grown);
    }
    *ret_position = position;
}

hb_status hb_journal_append(hb_journal *j, const hb_record *record, uint64_t *ret_position,
                            hb_error *err)
{
    HB_TRY(hb_record_check(record, err));
    if (j->options.read_only) {
        return HB_FAIL(err, HB_E_BUG, "the journal '%.200s' was opened for reading", j->dir);
    }
    size_t bytes = hb_record_bytes(record);
    hb_status status = HB_OK;
    pthread_mutex_lock(&j->lock);
    if (!j->active || j->limit - j->end < bytes) {
        status = hb_journal_make_room(j, bytes, err);
    }
    if (status == HB_OK) {
        put_record(j, record, bytes, ret_position);
    } else if (status == HB_E_LIMIT) {
        j->refused++;
    }
    pthread_mutex_unlock(&j->lock);
    return status;
}

/* One at a time: the system tells a failure only once, to whoever asks first. */
hb_status hb_journal_sync(hb_journal *j, hb_error *err)
{
    hb_status status = HB_OK;
    pthread_mutex_lock(&j->lock);
    while (j->syncing) {
        pthread_cond_wait(&j->sync_end, &j->lock);
    }
    hb_segment *s = j->active;
    uint64_t from = j->synced;
    uint64_t to = j->end;
    bool dir = j->dir_dirty;
    if (!s || j->options.read_only || (from >= to && !dir)) {
        hb_journal_drop_old(j);
        pthread_mutex_unlock(&j->lock);
        return HB_OK;
    }
    j->syncing = true;
    pthread_mutex_unlock(&j->lock);
    status = hb_segment_sync(j, s, from, to, err);
    if (status == HB_OK && dir) {
        status = hb_journal_sync_dir(j, err);
    }
    pthread_mutex_lock(&j->lock);
    j->syncing = false;
    j->redirty = status != HB_OK;
    j->sync_failed = status;
    if (status == HB_OK) {
        j->synced = to;
        j->dir_dirty = false;
    }
    hb_journal_drop_old(j);
    pthread_cond_broadcast(&j->sync_end);
    pthread_mutex_unlock(&j->lock);
    return status;
}

uint64_t hb_journal_begin(const hb_journal *j)
{
    return j->begin;
}

uint64_t hb_journal_end(const hb_journal *j)
{
    return j->end;
}

bool hb_journal_wait(hb_journal *j, uint64_t position, uint32_t timeout_ms)
{
    int64_t deadline = hb_journal_now_ns() + (int64_t)timeout_ms * 1000000;
    pthread_mutex_lock(&j->lock);
    unsigned wakes = j->wakes;
    j->waiting++;
    for (;;) {
        if (j->options.read_only) {
            hb_journal_refresh(j);
        }
        int64_t now = hb_journal_now_ns();
        if (j->end > position || wakes != j->wakes || now >= deadline) {
            break;
        }
        int64_t look = now + FOLLOW_MS * INT64_C(1000000);
        hb_journal_pause(j, &j->grown, j->options.read_only && look < deadline ? look : deadline);
    }
    j->waiting--;
    bool there = j->end > position;
    pthread_mutex_unlock(&j->lock);
    return there;
}

void hb_journal_wait_room(hb_journal *j, uint32_t timeout_ms)
{
    int64_t deadline = hb_journal_now_ns() + (int64_t)timeout_ms * 1000000;
    pthread_mutex_lock(&j->lock);
    unsigned events = j->room_events;
    while (events == j->room_events && hb_journal_now_ns() < deadline) {
        hb_journal_pause(j, &j->room, deadline);
    }
    pthread_mutex_unlock(&j->lock);
}

void hb_journal_wake(hb_journal *j)
{
    pthread_mutex_lock(&j->lock);
    j->wakes++;
    j->room_events++;
    pthread_cond_broadcast(&j->grown);
    pthread_cond_broadcast(&j->room);
    pthread_mutex_unlock(&j->lock);
}

static hb_time oldest_arrival(const hb_journal *j)
{
    const hb_segment *s = hb_segments_find(j, j->begin);
    return s ? s->seal.first : HB_TIME_NONE;
}

void hb_journal_get_state(hb_journal *j, hb_journal_state *ret)
{
    pthread_mutex_lock(&j->lock);
    if (j->options.read_only) {
        hb_journal_refresh(j);
        hb_journal_refresh_begin(j);
    }
    *ret = (hb_journal_state){.begin = j->begin,
                              .end = j->end,
                              .synced = j->synced,
                              .released = j->released,
                              .max_bytes = j->options.max_bytes,
                              .records = j->records,
                              .dropped_records = j->dropped_records,
                              .dropped_bytes = j->dropped_bytes,
                              .cut_bytes = j->cut_bytes,
                              .cut_records = j->cut_records,
                              .mended_bytes = j->mended_bytes,
                              .refused = j->refused,
                              .kept_bytes = j->kept_bytes,
                              .kept_segments = j->kept_segments,
                              .segments = (uint32_t)j->n_segments,
                              .sync_ms = j->options.sync_ms,
                              .oldest = oldest_arrival(j),
                              .sync_failed = j->sync_failed};
    for (size_t i = 0; i < j->n_segments; i++) {
        ret->bytes += j->segments[i]->file_bytes;
    }
    pthread_mutex_unlock(&j->lock);
}
