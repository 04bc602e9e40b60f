/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/feeders.h"

#include "base/mem.h"
#include "os/file.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    ROOM_WAIT_MS = 200,
    REFUSED_FOR_MS = 2000,
    LAST_TEXT_BYTES = HB_RECORD_TOPIC_MAX + HB_RECORD_PAYLOAD_MAX + 1024
};

typedef struct feeder {
    hb_feeders *all;
    const hb_daemon_source *of;
    hb_source *source;
    pthread_t thread;
    bool started;
    bool done;
    bool failed;
    int64_t refused_ns; /* monotonic: the journal had no room last; 0 = never */
    bool refused_disk;
    char refused_why[200];
    hb_health_source told;
} feeder;

struct hb_feeders {
    hb_feeders_options o;
    pthread_mutex_t lock; /* everything below, and `told` of each */
    pthread_cond_t changed;
    bool stop;
    bool hold;
    int64_t latest_ns;
    feeder *list;
    size_t n;
};

static bool stopping(void *ctx)
{
    feeder *me = ctx;
    pthread_mutex_lock(&me->all->lock);
    bool stop = me->all->stop;
    pthread_mutex_unlock(&me->all->lock);
    return stop;
}

/* --- the source's sink --- */

static bool wait_for_release(feeder *me)
{
    hb_feeders *f = me->all;
    pthread_mutex_lock(&f->lock);
    while (f->hold && !f->stop) {
        pthread_cond_wait(&f->changed, &f->lock);
    }
    bool go = !f->stop;
    pthread_mutex_unlock(&f->lock);
    return go;
}

static void note_put(feeder *me, const hb_record *r)
{
    hb_feeders *f = me->all;
    pthread_mutex_lock(&f->lock);
    me->told.records++;
    me->told.bytes += r->payload.n;
    me->told.last_arrival = r->arrival;
    f->latest_ns = f->o.os->monotonic_ns();
    pthread_mutex_unlock(&f->lock);
}

static bool can_wait(hb_status status)
{
    return status == HB_E_LIMIT || status == HB_E_IO;
}

static void note_refused(feeder *me, const hb_error *err)
{
    hb_feeders *f = me->all;
    pthread_mutex_lock(&f->lock);
    me->refused_ns = f->o.os->monotonic_ns();
    me->refused_disk = err->sys_errno == ENOSPC || err->code == HB_E_IO;
    hb_str_fit(err->msg, me->refused_why, sizeof me->refused_why);
    pthread_mutex_unlock(&f->lock);
}

/* A journal without room and a disk that does not take it both keep the source waiting: what it
 * received is not acknowledged meanwhile, and comes again or stays with the sender. */
static hb_status put(void *ctx, const hb_record *record, hb_error *err)
{
    feeder *me = ctx;
    hb_feeders *f = me->all;
    hb_record r = *record;
    uint64_t position = 0;
    hb_status status = HB_OK;
    r.source = hb_str_of(me->of->name);
    do {
        if (!wait_for_release(me)) {
            return HB_FAIL(err, HB_E_LIMIT, "the program is ending");
        }
        r.arrival = f->o.os->now();
        status = hb_journal_append(f->o.journal, &r, &position, err);
        if (can_wait(status)) {
            hb_error why = {0};
            note_refused(me, err ? err : &why);
            if (f->o.log && err) {
                hb_log_error(f->o.log, HB_LOG_WARN, "journal_refuses", err);
            }
            hb_journal_wait_room(f->o.journal, ROOM_WAIT_MS);
        }
    } while (can_wait(status));
    if (status == HB_OK) {
        note_put(me, &r);
    }
    return status;
}

static bool sleep_ms(void *ctx, uint32_t ms)
{
    feeder *me = ctx;
    hb_feeders *f = me->all;
    int64_t until = f->o.os->monotonic_ns() + (int64_t)ms * 1000000;
    const struct timespec at = {.tv_sec = (time_t)(until / 1000000000),
                                .tv_nsec = (long)(until % 1000000000)};
    pthread_mutex_lock(&f->lock);
    int rc = 0;
    while (!f->stop && rc == 0) {
        rc = pthread_cond_timedwait(&f->changed, &f->lock, &at);
    }
    bool go = !f->stop;
    pthread_mutex_unlock(&f->lock);
    return go;
}

static void state(void *ctx, hb_source_state now, const char *why)
{
    feeder *me = ctx;
    hb_feeders *f = me->all;
    pthread_mutex_lock(&f->lock);
    bool changed = me->told.state != now || strcmp(me->told.why, why) != 0;
    me->told.reconnects += now == HB_SOURCE_RUNNING && me->told.state == HB_SOURCE_RETRYING;
    me->told.state = now;
    hb_str_fit(why, me->told.why, sizeof me->told.why);
    pthread_mutex_unlock(&f->lock);
    if (changed && f->o.log) {
        char event[48];
        snprintf(event, sizeof event, "source_%s", hb_source_state_name(now));
        bool bad = now == HB_SOURCE_RETRYING || now == HB_SOURCE_FAILED;
        hb_log_event(f->o.log, bad ? HB_LOG_WARN : HB_LOG_INFO, event, why,
                     (const hb_log_field[]){{.key = "source", .text = me->of->name}}, 1);
    }
}

static void lost(void *ctx, const char *reason, uint64_t n)
{
    feeder *me = ctx;
    hb_health_source *t = &me->told;
    pthread_mutex_lock(&me->all->lock);
    uint32_t i = 0;
    while (i < t->n_lost && strcmp(t->lost[i].reason, reason) != 0) {
        i++;
    }
    if (i == t->n_lost && t->n_lost < HB_HEALTH_REASONS) {
        hb_str_fit(reason, t->lost[t->n_lost++].reason, sizeof t->lost[0].reason);
    }
    t->lost[i < t->n_lost ? i : t->n_lost - 1].n += n; /* the last stands for all further ones */
    pthread_mutex_unlock(&me->all->lock);
}

/* --- threads --- */

static void *work(void *ctx)
{
    feeder *me = ctx;
    const hb_source_sink sink = {.ctx = me,
                                 .put = put,
                                 .stopping = stopping,
                                 .sleep_ms = sleep_ms,
                                 .state = state,
                                 .lost = lost};
    hb_error err = {0};
    hb_status status = me->of->ops->run(me->source, &sink, &err);
    bool stop = stopping(me);
    if (status != HB_OK && !stop) {
        state(me, HB_SOURCE_FAILED, err.msg);
    } else if (!stop) {
        state(me, HB_SOURCE_DONE, "");
    }
    pthread_mutex_lock(&me->all->lock);
    me->done = true;
    me->failed = status != HB_OK && !stop;
    pthread_mutex_unlock(&me->all->lock);
    hb_journal_wake(me->all->o.journal); /* the engine may be waiting for what will not come */
    return NULL;
}

static hb_status open_one(hb_feeders *f, feeder *me, hb_error *err)
{
    const hb_daemon_source *of = me->of;
    const hb_daemon_config *c = f->o.config;
    char *dir = NULL;
    hb_record last = {0};
    bool found = false;
    hb_buf text;
    hb_buf_init(&text, LAST_TEXT_BYTES);
    hb_status status = hb_path_join(f->o.state_dir, of->name, &dir, err);
    if (status == HB_OK) {
        status = hb_dir_make(f->o.os, dir, err);
    }
    if (status == HB_OK) {
        status = hb_journal_last_of(f->o.journal, of->name, &text, &last, &found, err);
    }
    if (status == HB_OK) {
        const hb_source_env env = {.os = f->o.os,
                                   .name = of->name,
                                   .state_dir = dir,
                                   .base_dir = f->o.base_dir,
                                   .tokens = f->o.tokens,
                                   .program = c->meta.program ? c->meta.program : "",
                                   .last = found ? &last : NULL};
        status = of->ops->open(&env, of->config, &me->source, err);
    }
    hb_buf_release(&text);
    hb_free(dir);
    return status == HB_OK ? HB_OK : hb_error_prefix(err, "source '%s'", of->name);
}

static hb_status init(hb_feeders *f, hb_error *err)
{
    const hb_daemon_config *c = f->o.config;
    size_t n = f->o.none ? 0 : c->n_sources;
    f->list = hb_alloc_zero((n ? n : 1) * sizeof *f->list);
    if (!f->list) {
        return HB_NOMEM(err);
    }
    f->latest_ns = f->o.os->monotonic_ns();
    for (size_t i = 0; i < n; i++) {
        feeder *me = &f->list[i];
        *me = (feeder){.all = f, .of = &c->sources[i]};
        hb_str_fit(me->of->name, me->told.name, sizeof me->told.name);
        hb_str_fit(me->of->ops->name, me->told.kind, sizeof me->told.kind);
        me->told.last_arrival = HB_TIME_NONE;
        f->n++;
        HB_TRY(open_one(f, me, err));
    }
    return HB_OK;
}

hb_status hb_feeders_open(const hb_feeders_options *options, hb_feeders **ret_feeders,
                          hb_error *err)
{
    hb_feeders *f = hb_alloc_zero(sizeof *f);
    pthread_condattr_t attr;
    if (!f) {
        return HB_NOMEM(err);
    }
    f->o = *options;
    pthread_mutex_init(&f->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&f->changed, &attr);
    pthread_condattr_destroy(&attr);
    hb_status status = init(f, err);
    if (status != HB_OK) {
        hb_feeders_close(f);
        return status;
    }
    *ret_feeders = f;
    return HB_OK;
}

hb_status hb_feeders_start(hb_feeders *f, hb_error *err)
{
    for (size_t i = 0; i < f->n; i++) {
        if (pthread_create(&f->list[i].thread, NULL, work, &f->list[i]) != 0) {
            return HB_FAIL(err, HB_E_IO, "no thread for source '%s'", f->list[i].of->name);
        }
        f->list[i].started = true;
    }
    return HB_OK;
}

void hb_feeders_hold(hb_feeders *f, bool hold)
{
    pthread_mutex_lock(&f->lock);
    f->hold = hold;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

bool hb_feeders_stop(hb_feeders *f, uint32_t deadline_ms)
{
    int64_t until = f->o.os->monotonic_ns() + (int64_t)deadline_ms * 1000000;
    const struct timespec at = {.tv_sec = (time_t)(until / 1000000000),
                                .tv_nsec = (long)(until % 1000000000)};
    bool all = true;
    pthread_mutex_lock(&f->lock);
    f->stop = true;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    hb_journal_wake(f->o.journal);
    for (size_t i = 0; i < f->n; i++) {
        if (f->list[i].started &&
            pthread_clockjoin_np(f->list[i].thread, NULL, CLOCK_MONOTONIC, &at) == 0) {
            f->list[i].started = false;
        }
        all = all && !f->list[i].started;
    }
    return all;
}

void hb_feeders_close(hb_feeders *f)
{
    if (!f) {
        return;
    }
    for (size_t i = 0; i < f->n; i++) {
        if (f->list[i].source) {
            f->list[i].of->ops->close(f->list[i].source);
        }
    }
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->lock);
    hb_free(f->list);
    hb_free(f);
}

bool hb_feeders_done(hb_feeders *f, size_t *ret_failed)
{
    bool done = true;
    size_t failed = 0;
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < f->n; i++) {
        done = done && f->list[i].done;
        failed += f->list[i].failed;
    }
    pthread_mutex_unlock(&f->lock);
    if (ret_failed) {
        *ret_failed = failed;
    }
    return done;
}

bool hb_feeders_deaf(hb_feeders *f)
{
    bool retrying = false;
    bool hearing = false;
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < f->n; i++) {
        hb_source_state now = f->list[i].told.state;
        retrying = retrying || now == HB_SOURCE_RETRYING;
        hearing = hearing || (!f->list[i].done && now == HB_SOURCE_RUNNING);
    }
    pthread_mutex_unlock(&f->lock);
    return retrying && !hearing;
}

int64_t hb_feeders_latest_ns(hb_feeders *f)
{
    pthread_mutex_lock(&f->lock);
    int64_t ns = f->latest_ns;
    pthread_mutex_unlock(&f->lock);
    return ns;
}

void hb_feeders_health(hb_feeders *f, hb_health_snapshot *io)
{
    pthread_mutex_lock(&f->lock);
    io->n_sources = 0;
    for (size_t i = 0; i < f->n && i < HB_HEALTH_SOURCES; i++) {
        io->sources[io->n_sources++] = f->list[i].told;
    }
    pthread_mutex_unlock(&f->lock);
}

void hb_feeders_waiting(hb_feeders *f, hb_feeders_wait *ret)
{
    int64_t since = f->o.os->monotonic_ns() - (int64_t)REFUSED_FOR_MS * 1000000;
    *ret = (hb_feeders_wait){0};
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < f->n; i++) {
        const feeder *me = &f->list[i];
        if (me->refused_ns && me->refused_ns >= since && (!ret->waits || me->refused_disk)) {
            ret->waits = true;
            ret->disk = me->refused_disk;
            snprintf(ret->why, sizeof ret->why, "source '%s' waits: %.150s", me->of->name,
                     me->refused_why);
        }
    }
    pthread_mutex_unlock(&f->lock);
}
