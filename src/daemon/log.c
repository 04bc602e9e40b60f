/* SPDX-License-Identifier: Apache-2.0 */
/* One lock around counting and writing, so lines are whole and in order. An event's count begins
 * anew `interval_s` after its first; what was held back is told at the next event of any name, or
 * when the log is freed. A table full of names that are still counted takes the place of the oldest
 * of them. */
#include "daemon/log.h"

#include "base/mem.h"
#include "daemon/log_line.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { NAMES = 64, NAME_MAX_BYTES = 50, LINE_MAX_BYTES = 192 << 10, PIECE = 4096, WAIT_MS = 100 };

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

typedef struct counted {
    char name[NAME_MAX_BYTES + 1]; /* "" = free */
    int64_t since_ns;
    uint64_t n;
    uint64_t held;
} counted;

struct hb_log {
    hb_log_options o;
    char *correlation_id;
    struct sockaddr_un journal;
    int journal_fd; /* -1 = not connected */
    pthread_mutex_t lock;
    counted names[NAMES];
    uint64_t lost; /* lines that no target took */
    hb_buf line;
};

static void connect_journal(hb_log *log)
{
    if (log->journal_fd >= 0) {
        close(log->journal_fd);
    }
    log->journal_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (log->journal_fd >= 0 &&
        connect(log->journal_fd, (const struct sockaddr *)&log->journal, sizeof log->journal)) {
        close(log->journal_fd);
        log->journal_fd = -1;
    }
}

static bool to_journal(hb_log *log)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        if (log->journal_fd < 0 || attempt) { /* journald may have been restarted */
            connect_journal(log);
        }
        if (log->journal_fd >= 0 && send(log->journal_fd, log->line.p, log->line.n,
                                         MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)log->line.n) {
            return true;
        }
    }
    return false;
}

/* A pipe that says it is writable takes PIPE_BUF bytes without waiting; so pieces of that size
 * never block, whoever holds the other end. */
static bool to_fd(const hb_log *log)
{
    const char *p = log->line.p;
    size_t left = log->line.n;
    while (left) {
        struct pollfd ready = {.fd = log->o.fd, .events = POLLOUT};
        int n = poll(&ready, 1, WAIT_MS);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0 || (ready.revents & (POLLERR | POLLNVAL))) {
            return false;
        }
        ssize_t put = log->o.os->write(log->o.fd, p, left < PIECE ? left : PIECE);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return false;
        }
        p += put;
        left -= (size_t)put;
    }
    return true;
}

static bool build(hb_log *log, const hb_log_entry *e, hb_log_format format)
{
    hb_buf_clear(&log->line);
    hb_log_line(e, format, &log->line);
    return hb_buf_check(&log->line, NULL) == HB_OK;
}

static bool deliver(hb_log *log, const hb_log_entry *e)
{
    if (!build(log, e, log->o.format)) {
        return false;
    }
    if (log->o.capture) {
        log->o.capture(log->o.capture_ctx, log->line.p, log->line.n);
        return true;
    }
    if (log->o.format != HB_LOG_JOURNALD) {
        return to_fd(log);
    }
    return to_journal(log) || (build(log, e, HB_LOG_TEXT) && to_fd(log));
}

static void write_event(hb_log *log, hb_log_level level, const char *event, const char *sentence,
                        const hb_log_field *fields, size_t n)
{
    hb_log_entry e = {.at = log->o.os->now(),
                      .level = level,
                      .event = event,
                      .sentence = sentence,
                      .correlation_id = log->correlation_id,
                      .fields = fields,
                      .n_fields = n < HB_LOG_FIELDS_MAX ? n : HB_LOG_FIELDS_MAX};
    if (!deliver(log, &e)) {
        log->lost++;
        return;
    }
    if (log->lost) {
        hb_log_field lost[] = {{.key = "lines", .number = (int64_t)log->lost}};
        e.level = HB_LOG_WARN;
        e.event = "log_lines_lost";
        e.sentence = "nobody took these lines";
        e.fields = lost;
        e.n_fields = 1;
        if (deliver(log, &e)) {
            log->lost = 0;
        }
    }
}

static void tell_held(hb_log *log, counted *c)
{
    if (c->held) {
        hb_log_field fields[] = {{.key = "of", .text = c->name},
                                 {.key = "held_back", .number = (int64_t)c->held}};
        write_event(log, HB_LOG_INFO, "log_repeats", "the same event came more often", fields, 2);
    }
    *c = (counted){0};
}

/* May this one go out? */
static bool count(hb_log *log, const char *event)
{
    int64_t now = log->o.os->monotonic_ns();
    int64_t interval = (int64_t)log->o.interval_s * 1000000000;
    counted *mine = NULL;
    counted *room = NULL;
    for (size_t i = 0; i < NAMES; i++) {
        counted *c = &log->names[i];
        if (*c->name && now - c->since_ns >= interval) {
            tell_held(log, c);
        }
        if (!*c->name) {
            room = room && !*room->name ? room : c;
        } else if (strncmp(c->name, event, NAME_MAX_BYTES) == 0) {
            mine = c;
        } else if (!room || (*room->name && c->since_ns < room->since_ns)) {
            room = c;
        }
    }
    if (!mine) {
        mine = room;
        tell_held(log, mine);
        hb_str_fit(event, mine->name, sizeof mine->name);
        mine->since_ns = now;
    }
    if (mine->n >= log->o.burst) {
        mine->held++;
        return false;
    }
    mine->n++;
    return true;
}

hb_status hb_log_new(const hb_log_options *options, hb_log **ret_log, hb_error *err)
{
    hb_log *log = hb_alloc_zero(sizeof *log);
    char *id = hb_strdup(options->correlation_id ? options->correlation_id : "");
    if (!log || !id) {
        hb_free(log);
        hb_free(id);
        return HB_NOMEM(err);
    }
    log->o = *options;
    log->o.burst = options->burst ? options->burst : 5;
    log->o.interval_s = options->interval_s ? options->interval_s : 60;
    log->correlation_id = id;
    log->journal.sun_family = AF_UNIX;
    hb_str_fit(options->journal_socket ? options->journal_socket : JOURNAL_SOCKET,
               log->journal.sun_path, sizeof log->journal.sun_path);
    log->journal_fd = -1;
    pthread_mutex_init(&log->lock, NULL);
    hb_buf_init(&log->line, LINE_MAX_BYTES);
    *ret_log = log;
    return HB_OK;
}

void hb_log_free(hb_log *log)
{
    if (!log) {
        return;
    }
    for (size_t i = 0; i < NAMES; i++) {
        tell_held(log, &log->names[i]);
    }
    if (log->journal_fd >= 0) {
        close(log->journal_fd);
    }
    pthread_mutex_destroy(&log->lock);
    hb_buf_release(&log->line);
    hb_free(log->correlation_id);
    hb_free(log);
}

void hb_log_event(hb_log *log, hb_log_level level, const char *event, const char *sentence,
                  const hb_log_field *fields, size_t n_fields)
{
    if (!log || level < __atomic_load_n(&log->o.level, __ATOMIC_RELAXED)) {
        return;
    }
    pthread_mutex_lock(&log->lock);
    if (count(log, event)) {
        write_event(log, level, event, sentence, fields, n_fields);
    }
    pthread_mutex_unlock(&log->lock);
}

void hb_log_set_level(hb_log *log, hb_log_level level)
{
    __atomic_store_n(&log->o.level, level, __ATOMIC_RELAXED);
}

void hb_log_error(hb_log *log, hb_log_level level, const char *event, const hb_error *err)
{
    char place[280];
    hb_log_field fields[3] = {{.key = "status", .text = hb_status_name(err->code)}};
    size_t n = 1;
    if (*err->in_file || err->in_line) {
        snprintf(place, sizeof place, "%s:%llu:%llu", err->in_file,
                 (unsigned long long)err->in_line, (unsigned long long)err->in_col);
        fields[n++] = (hb_log_field){.key = "place", .text = place};
    }
    if (err->sys_errno) {
        fields[n++] = (hb_log_field){.key = "errno", .number = err->sys_errno};
    }
    hb_log_event(log, level, event, err->msg, fields, n);
}
