/* SPDX-License-Identifier: Apache-2.0 */
#include "support/listening.h"

#include "support/check.h"

#include <stdio.h>
#include <unistd.h>

static hb_status put(void *ctx, const hb_record *r, hb_error *err)
{
    listening *l = ctx;
    pthread_mutex_lock(&l->lock);
    while (l->full && !l->stop) {
        pthread_cond_wait(&l->changed, &l->lock);
    }
    bool ending = l->ending;
    if (!ending && l->n < LISTENING_RECORDS_MAX) {
        listening_record *g = &l->records[l->n++];
        g->kind = r->kind;
        l->messages += r->kind == HB_RECORD_MESSAGE;
        snprintf(g->topic, sizeof g->topic, "%.*s", (int)r->topic.n, r->topic.p);
        snprintf(g->text, sizeof g->text, "%.*s", (int)r->payload.n, r->payload.p);
    }
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
    return ending ? HB_FAIL(err, HB_E_LIMIT, "the program is ending") : HB_OK;
}

static bool stopping(void *ctx)
{
    listening *l = ctx;
    pthread_mutex_lock(&l->lock);
    bool stop = l->stop;
    pthread_mutex_unlock(&l->lock);
    return stop;
}

static bool sleep_ms(void *ctx, uint32_t ms)
{
    usleep(ms * 1000);
    return !stopping(ctx);
}

static void told(void *ctx, hb_source_state state, const char *why)
{
    (void)ctx;
    (void)state;
    (void)why;
}

static void lost(void *ctx, const char *reason, uint64_t n)
{
    listening *l = ctx;
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < LISTENING_LOST; i++) {
        if (!l->lost[i].reason || strcmp(l->lost[i].reason, reason) == 0) {
            l->lost[i].reason = reason;
            l->lost[i].n += n;
            break;
        }
    }
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
}

static void *run(void *ctx)
{
    listening *l = ctx;
    l->status = l->ops->run(l->source, &l->sink, &l->err);
    return NULL;
}

listening *listening_start(const hb_source_ops *ops, const void *config)
{
    listening *l = hb_alloc_zero(sizeof *l);
    hb_source_env env = {
        .os = hb_os_real(), .name = "log", .state_dir = "/tmp", .base_dir = "/tmp"};
    l->ops = ops;
    l->records = hb_alloc_array(LISTENING_RECORDS_MAX, sizeof *l->records);
    assert_non_null(l->records);
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->changed, NULL);
    l->sink = (hb_source_sink){.ctx = l,
                               .put = put,
                               .stopping = stopping,
                               .sleep_ms = sleep_ms,
                               .state = told,
                               .lost = lost};
    CHECK_OK(ops->open(&env, config, &l->source, &err));
    assert_int_equal(pthread_create(&l->thread, NULL, run, l), 0);
    return l;
}

void listening_again(listening *l)
{
    pthread_join(l->thread, NULL);
    assert_int_equal(l->status, HB_OK);
    assert_int_equal(pthread_create(&l->thread, NULL, run, l), 0);
}

void listening_set(listening *l, bool *flag, bool value)
{
    pthread_mutex_lock(&l->lock);
    *flag = value;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
}

void listening_stop(listening *l)
{
    listening_set(l, &l->stop, true);
    pthread_join(l->thread, NULL);
    assert_int_equal(l->status, HB_OK);
    l->ops->close(l->source);
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->lock);
    hb_free(l->records);
    hb_free(l);
}

uint64_t listening_lost(const listening *l, const char *reason)
{
    uint64_t n = 0;
    for (size_t i = 0; i < LISTENING_LOST && l->lost[i].reason; i++) {
        n += strcmp(l->lost[i].reason, reason) == 0 ? l->lost[i].n : 0;
    }
    return n;
}

void listening_wait(listening *l, size_t n, const char *reason)
{
    for (unsigned waited = 0;; waited += 5) {
        pthread_mutex_lock(&l->lock);
        uint64_t have = l->messages + (reason ? listening_lost(l, reason) : 0);
        pthread_mutex_unlock(&l->lock);
        if (have >= n) {
            return;
        }
        if (waited > LISTENING_DEADLINE_MS) {
            fail_msg("%zu of %zu records after a minute", (size_t)have, n);
        }
        usleep(5000);
    }
}

bool listening_has(listening *l, const char *topic, const char *text)
{
    bool found = false;
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < l->n && !found; i++) {
        found = strcmp(l->records[i].text, text) == 0 && strcmp(l->records[i].topic, topic) == 0;
    }
    pthread_mutex_unlock(&l->lock);
    return found;
}
