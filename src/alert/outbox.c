/* SPDX-License-Identifier: Apache-2.0 */
/* One thread a sink: take the first row that may go, send it, strike it out.
 *
 * A row is struck out after the sink has said that the receiver has it, so a crash in between sends
 * it again with the same id; a row that could not be struck out (the registry is locked) is kept in
 * mind and never sent twice by the same process. After HB_BREAKER failures in a row, whatever the
 * rows, the sink is left alone until a pause is over, then tried with one row. Times stand in the
 * table alone: events say the same on every attempt. */
#include "alert/outbox.h"

#include "alert/event.h"
#include "base/mem.h"
#include "store/outbox.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum {
    BREAKER = 5,    /* failures in a row that open it */
    POLL_MS = 1000, /* rows that another process wrote are found this late */
    STORE_PAUSE_MS = 500,
    FIRST_PAUSE_MS = 500,
    MAX_PAUSE_MS = 300000,
    ROW_BYTES = 4 << 20, /* arena of one row */
    NS_PER_MS = 1000000,
    COUNT_EVERY = 64 /* rows */
};

typedef struct lane {
    hb_outbox *o;
    const hb_outbox_sink *sink;
    hb_sink_env env;
    pthread_t thread;
    hb_store *store;
    hb_sink *open;
    int64_t struck; /* a row that was sent and could not be struck out yet; 0 = none */
    uint64_t since_count;
    int64_t tried_again_ns; /* monotonic: while the breaker is open */
    int64_t beat_ns;        /* monotonic: of the next heartbeat */
    hb_outbox_state state;  /* under the lock */
} lane;

struct hb_outbox {
    hb_outbox_options p;
    pthread_mutex_t lock;
    pthread_cond_t change;
    uint64_t wakes;
    bool ending; /* no new row */
    size_t n_running;
    atomic_bool given_up; /* … and not even the one being sent */
    size_t n_lanes;
    lane lanes[];
};

/* --- what is known of a sink --- */

static void note_failure(lane *l, const hb_error *err, bool attempt)
{
    pthread_mutex_lock(&l->o->lock);
    hb_error_text(err, l->state.last_error, sizeof l->state.last_error);
    l->state.failed += attempt;
    l->state.failures_in_a_row += attempt;
    pthread_mutex_unlock(&l->o->lock);
}

static void note_success(lane *l)
{
    pthread_mutex_lock(&l->o->lock);
    l->state.sent++;
    l->state.failures_in_a_row = 0;
    l->state.open = false;
    l->state.retry_at = HB_TIME_NONE;
    pthread_mutex_unlock(&l->o->lock);
}

static void note_counts(lane *l)
{
    hb_outbox_counts c = {0};
    if (hb_outbox_count(l->store, l->o->p.stream, l->sink->name, &c, NULL) == HB_OK) {
        pthread_mutex_lock(&l->o->lock);
        l->state.waiting = c.waiting;
        l->state.dead = c.dead;
        pthread_mutex_unlock(&l->o->lock);
    }
}

/* --- pauses --- */

/* Doubling, and uneven by up to half, so that many senders do not come back together. */
static uint64_t pause_ms(const hb_outbox *o, uint64_t failures)
{
    uint64_t ms = o->p.first_pause_ms;
    for (uint64_t i = 1; i < failures && ms < o->p.max_pause_ms; i++) {
        ms *= 2;
    }
    ms = ms < o->p.max_pause_ms ? ms : o->p.max_pause_ms;
    uint32_t r = 0;
    if (o->p.os->random(&r, sizeof r) != 0) {
        return ms; /* then evenly */
    }
    return ms / 2 + r % (ms / 2 + 1);
}

static void open_breaker(lane *l, uint64_t ms)
{
    if (l->state.failures_in_a_row >= BREAKER) { /* only this thread writes it */
        l->tried_again_ns = l->o->p.os->monotonic_ns() + (int64_t)ms * NS_PER_MS;
        pthread_mutex_lock(&l->o->lock);
        l->state.open = true;
        l->state.retry_at = l->o->p.os->now() + (int64_t)ms * NS_PER_MS;
        pthread_mutex_unlock(&l->o->lock);
    }
}

/* --- sending --- */

static hb_status send_event(lane *l, const hb_alert_event *event, hb_error *err)
{
    if (!l->open) {
        HB_TRY(l->sink->ops->open(&l->env, l->sink->config, &l->open, err));
    }
    return l->sink->ops->send(l->open, event, err);
}

static hb_status strike_out(lane *l, hb_error *err)
{
    if (l->struck) {
        HB_TRY(hb_outbox_done(l->store, l->struck, err));
        l->struck = 0;
    }
    return HB_OK;
}

static hb_status delivered(lane *l, int64_t row, hb_error *err)
{
    bool was_open = l->state.open;
    l->struck = row;
    note_success(l);
    HB_TRY(strike_out(l, err));
    return was_open ? hb_outbox_hurry(l->store, l->o->p.stream, l->sink->name, err) : HB_OK;
}

static hb_status not_delivered(lane *l, const hb_outbox_row *row, const hb_error *why,
                               hb_error *err)
{
    const hb_outbox *o = l->o;
    hb_time now = o->p.os->now();
    char text[256];
    hb_error_text(why, text, sizeof text);
    note_failure(l, why, true);
    uint64_t ms = pause_ms(o, row->attempts + 1u);
    open_breaker(l, pause_ms(o, l->state.failures_in_a_row));
    if (o->p.max_attempts && row->attempts + 1u >= o->p.max_attempts) {
        return hb_outbox_give_up(l->store, row->id, text, now, err);
    }
    return hb_outbox_failed(l->store, row->id, now + (int64_t)ms * NS_PER_MS, text, err);
}

static hb_status send_row(lane *l, const hb_outbox_row *row, hb_error *err)
{
    hb_error why = {0};
    const hb_alert_event event = {.id = row->event.event_id,
                                  .type = row->event.type,
                                  .severity = row->event.severity,
                                  .subject = row->event.subject,
                                  .json = row->event.json,
                                  .json_len = strlen(row->event.json),
                                  .at = row->event.at,
                                  .attempt = row->attempts + 1u};
    hb_status status = send_event(l, &event, &why);
    if (status == HB_OK) {
        return delivered(l, row->id, err);
    }
    if (atomic_load(&l->o->given_up)) {
        return HB_OK; /* broken off by us: no attempt of the receiver's failed */
    }
    return not_delivered(l, row, &why, err);
}

static void beat(lane *l)
{
    char id[HB_ALERT_EVENT_ID];
    hb_buf b;
    hb_error err = {0};
    const hb_heartbeat h = {.stream = l->o->p.stream,
                            .at = l->o->p.os->now(),
                            .waiting = l->state.waiting,
                            .sent = l->state.sent,
                            .failed = l->state.failed,
                            .dead = l->state.dead};
    hb_buf_init(&b, HB_ALERT_EVENT_MAX);
    hb_status status = hb_heartbeat_json(&h, id, &b, &err);
    if (status == HB_OK) {
        const hb_alert_event event = {.id = id,
                                      .type = hb_alert_type_name(HB_ALERT_TYPE_HEARTBEAT),
                                      .severity = "INFO",
                                      .subject = "heartbeat",
                                      .json = b.p,
                                      .json_len = b.n,
                                      .at = h.at,
                                      .attempt = 1};
        status = send_event(l, &event, &err);
    }
    if (status == HB_OK) {
        note_success(l);
    } else {
        note_failure(l, &err, true);
        open_breaker(l, pause_ms(l->o, l->state.failures_in_a_row));
    }
    hb_buf_release(&b);
}

/* --- one turn --- */

static hb_status open_store(lane *l, hb_error *err)
{
    if (!l->store) {
        HB_TRY(hb_store_open(l->o->p.os, l->o->p.db, HB_STORE_WRITE, &l->store, err));
        hb_store_set_busy(l->store,
                          STORE_PAUSE_MS); /* it is tried again outside, and can be ended */
    }
    return HB_OK;
}

static void shorten(uint64_t *ms, int64_t ns)
{
    uint64_t until = ns > 0 ? (uint64_t)ns / NS_PER_MS + 1 : 0;
    *ms = until < *ms ? until : *ms;
}

static void beat_if_due(lane *l, uint64_t *ms)
{
    if (l->o->p.heartbeat_s == 0) {
        return;
    }
    int64_t now = l->o->p.os->monotonic_ns();
    if (now >= l->beat_ns) {
        l->beat_ns = now + (int64_t)l->o->p.heartbeat_s * 1000 * NS_PER_MS;
        beat(l);
    }
    shorten(ms, l->beat_ns - now);
}

/* *ms = how long to wait before the next turn; 0 = not at all. */
static hb_status turn(lane *l, hb_arena *arena, uint64_t *ms, hb_error *err)
{
    const hb_outbox_options *p = &l->o->p;
    hb_outbox_row row;
    bool found = false;
    hb_time next = HB_TIME_NONE;
    hb_time now = p->os->now();
    *ms = STORE_PAUSE_MS;
    HB_TRY(open_store(l, err));
    HB_TRY(strike_out(l, err));
    *ms = POLL_MS;
    int64_t rest = l->state.open ? l->tried_again_ns - p->os->monotonic_ns() : 0;
    if (rest > 0) {
        shorten(ms, rest);
        note_counts(l);
        return HB_OK;
    }
    beat_if_due(l, ms);
    HB_TRY(hb_outbox_first(l->store, p->stream, l->sink->name, now,
                           (int64_t)p->max_pause_ms * NS_PER_MS, arena, &row, &found, &next, err));
    if (found) {
        *ms = STORE_PAUSE_MS;
        HB_TRY(send_row(l, &row, err));
        *ms = 0;
    } else if (next != HB_TIME_NONE) {
        shorten(ms, next - now);
    }
    if (!found || ++l->since_count % COUNT_EVERY == 0) {
        note_counts(l);
    }
    return HB_OK;
}

/* Until woken, or the time is over; false = the end. */
static bool wait_ms(hb_outbox *o, uint64_t ms, uint64_t *wakes)
{
    struct timespec until;
    pthread_mutex_lock(&o->lock);
    /* The condition waits by the real clock, whatever clock the rest is given. */
    int64_t due = hb_os_real()->monotonic_ns() + (int64_t)ms * NS_PER_MS;
    until = (struct timespec){.tv_sec = due / 1000000000, .tv_nsec = due % 1000000000};
    int rc = 0;
    while (!o->ending && o->wakes == *wakes && ms && rc != ETIMEDOUT) {
        rc = pthread_cond_timedwait(&o->change, &o->lock, &until);
    }
    *wakes = o->wakes;
    bool goes_on = !o->ending;
    pthread_mutex_unlock(&o->lock);
    return goes_on;
}

static void *run_lane(void *ctx)
{
    lane *l = ctx;
    uint64_t wakes = 0;
    uint64_t ms = 0;
    do {
        HB_CLEANUP(hb_arena_release) hb_arena arena;
        hb_arena_init(&arena, ROW_BYTES);
        hb_error err = {0};
        if (turn(l, &arena, &ms, &err) != HB_OK) {
            note_failure(l, &err, false);
        }
    } while (wait_ms(l->o, ms, &wakes));
    if (l->store) {
        HB_IGNORE(strike_out(l, NULL)); /* else it is sent again next time */
    }
    if (l->open) {
        l->sink->ops->close(l->open);
    }
    hb_store_close(l->store);
    pthread_mutex_lock(&l->o->lock);
    l->o->n_running--;
    pthread_cond_broadcast(&l->o->change);
    pthread_mutex_unlock(&l->o->lock);
    return NULL;
}

/* --- start and stop --- */

static bool gives_up(void *ctx)
{
    return atomic_load(&((hb_outbox *)ctx)->given_up);
}

static void free_outbox(hb_outbox *o)
{
    pthread_cond_destroy(&o->change);
    pthread_mutex_destroy(&o->lock);
    hb_free(o);
}

static hb_status make(const hb_outbox_options *p, hb_outbox **ret, hb_error *err)
{
    pthread_condattr_t attr;
    hb_outbox *o = hb_alloc_zero(sizeof *o + p->n_sinks * sizeof *o->lanes);
    if (!o) {
        return HB_NOMEM(err);
    }
    o->p = *p;
    o->p.first_pause_ms = p->first_pause_ms ? p->first_pause_ms : FIRST_PAUSE_MS;
    o->p.max_pause_ms = p->max_pause_ms ? p->max_pause_ms : MAX_PAUSE_MS;
    if (pthread_condattr_init(&attr) != 0) {
        hb_free(o);
        return HB_NOMEM(err);
    }
    int bad = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    bad = bad ? bad : pthread_cond_init(&o->change, &attr);
    pthread_condattr_destroy(&attr);
    if (bad) {
        hb_free(o);
        return HB_NOMEM(err);
    }
    pthread_mutex_init(&o->lock, NULL); /* cannot fail with default attributes */
    *ret = o;
    return HB_OK;
}

static int start_lane(hb_outbox *o, size_t i)
{
    lane *l = &o->lanes[i];
    *l = (lane){.o = o,
                .sink = &o->p.sinks[i],
                .env = {.os = o->p.os,
                        .name = o->p.sinks[i].name,
                        .base_dir = o->p.base_dir,
                        .ending = gives_up,
                        .ending_ctx = o},
                .beat_ns = o->p.os->monotonic_ns(),
                .state = {.name = o->p.sinks[i].name, .retry_at = HB_TIME_NONE}};
    int rc = pthread_create(&l->thread, NULL, run_lane, l);
    o->n_lanes += rc == 0;
    return rc;
}

hb_status hb_outbox_start(const hb_outbox_options *options, hb_outbox **ret_outbox, hb_error *err)
{
    hb_outbox *o = NULL;
    sigset_t all;
    sigset_t before;
    int rc = 0;
    HB_TRY(make(options, &o, err));
    o->n_running = options->n_sinks;
    /* Signals are for the thread that started us. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (size_t i = 0; i < options->n_sinks && rc == 0; i++) {
        rc = start_lane(o, i);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0) {
        pthread_mutex_lock(&o->lock);
        o->n_running -= options->n_sinks - o->n_lanes; /* those that never began */
        pthread_mutex_unlock(&o->lock);
        hb_outbox_stop(o, 0);
        return HB_FAIL(err, HB_E_IO, "cannot start a thread for the alert sinks: %s", strerror(rc));
    }
    *ret_outbox = o;
    return HB_OK;
}

void hb_outbox_wake(hb_outbox *o)
{
    pthread_mutex_lock(&o->lock);
    o->wakes++;
    pthread_cond_broadcast(&o->change);
    pthread_mutex_unlock(&o->lock);
}

void hb_outbox_stop(hb_outbox *o, uint32_t deadline_ms)
{
    if (!o) {
        return;
    }
    int64_t due = hb_os_real()->monotonic_ns() + (int64_t)deadline_ms * NS_PER_MS;
    struct timespec until = {.tv_sec = due / 1000000000, .tv_nsec = due % 1000000000};
    int rc = 0;
    pthread_mutex_lock(&o->lock);
    o->ending = true;
    pthread_cond_broadcast(&o->change);
    while (o->n_running && rc != ETIMEDOUT) {
        rc = pthread_cond_timedwait(&o->change, &o->lock, &until);
    }
    pthread_mutex_unlock(&o->lock);
    atomic_store(&o->given_up, true);
    for (size_t i = 0; i < o->n_lanes; i++) {
        pthread_join(o->lanes[i].thread, NULL);
    }
    free_outbox(o);
}

size_t hb_outbox_states(hb_outbox *o, hb_outbox_state *ret, size_t room)
{
    pthread_mutex_lock(&o->lock);
    for (size_t i = 0; i < o->n_lanes && i < room; i++) {
        ret[i] = o->lanes[i].state;
    }
    pthread_mutex_unlock(&o->lock);
    return o->n_lanes;
}
