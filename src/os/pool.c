/* SPDX-License-Identifier: Apache-2.0 */
#include "os/pool.h"

#include "base/mem.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

struct hb_pool {
    pthread_mutex_t lock;
    pthread_cond_t more;   /* for workers: something to take, or the end */
    pthread_cond_t change; /* for those who wait: some work is done, or there is some to take */
    hb_work *first;        /* work with parts not yet taken */
    hb_work *last;
    bool end;
    unsigned n_workers;
    pthread_t workers[HB_POOL_MOST];
};

static void unlink_work(hb_pool *p, const hb_work *w)
{
    hb_work *before = NULL;
    hb_work *at = p->first;
    while (at != w) {
        before = at;
        at = at->next;
    }
    if (before) {
        before->next = w->next;
    } else {
        p->first = w->next;
    }
    if (p->last == w) {
        p->last = before;
    }
}

/* Runs one part of w; the lock is held before and after. */
static void one_part(hb_pool *p, hb_work *w)
{
    size_t index = w->taken++;
    if (w->taken == w->n) {
        unlink_work(p, w);
    }
    pthread_mutex_unlock(&p->lock);
    w->fn(w->ctx, index);
    pthread_mutex_lock(&p->lock);
    if (++w->done == w->n) {
        pthread_cond_broadcast(&p->change);
    }
}

static void *worker(void *ctx)
{
    hb_pool *p = ctx;
    pthread_mutex_lock(&p->lock);
    while (!p->end) {
        if (p->first) {
            one_part(p, p->first);
        } else {
            pthread_cond_wait(&p->more, &p->lock);
        }
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

hb_status hb_pool_new(unsigned threads, hb_pool **ret_pool, hb_error *err)
{
    if (threads <= 1) {
        *ret_pool = NULL;
        return HB_OK;
    }
    hb_pool *p = hb_alloc_zero(sizeof *p);
    if (!p) {
        return HB_NOMEM(err);
    }
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->more, NULL);
    pthread_cond_init(&p->change, NULL);
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    unsigned want = threads < HB_POOL_MOST ? threads - 1 : HB_POOL_MOST - 1;
    while (p->n_workers < want && pthread_create(&p->workers[p->n_workers], NULL, worker, p) == 0) {
        p->n_workers++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    *ret_pool = p;
    return HB_OK;
}

void hb_pool_free(hb_pool *p)
{
    if (!p) {
        return;
    }
    pthread_mutex_lock(&p->lock);
    p->end = true;
    pthread_cond_broadcast(&p->more);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->n_workers; i++) {
        pthread_join(p->workers[i], NULL);
    }
    pthread_cond_destroy(&p->change);
    pthread_cond_destroy(&p->more);
    pthread_mutex_destroy(&p->lock);
    hb_free(p);
}

unsigned hb_pool_threads(const hb_pool *p)
{
    return p ? p->n_workers + 1 : 1;
}

/* In front of what is queued, or behind it. */
static void start(hb_pool *p, hb_work *w, bool first)
{
    w->taken = 0;
    w->done = 0;
    w->next = NULL;
    if (!p) {
        for (size_t i = 0; i < w->n; i++) {
            w->fn(w->ctx, i);
        }
        w->done = w->n;
        return;
    }
    if (w->n == 0) {
        return;
    }
    pthread_mutex_lock(&p->lock);
    if (first || !p->last) {
        w->next = p->first;
        p->first = w;
        p->last = p->last ? p->last : w;
    } else {
        p->last->next = w;
        p->last = w;
    }
    if (w->n > 1) {
        pthread_cond_broadcast(&p->more);
    } else {
        pthread_cond_signal(&p->more);
    }
    pthread_cond_broadcast(&p->change);
    pthread_mutex_unlock(&p->lock);
}

void hb_pool_start(hb_pool *p, hb_work *w)
{
    start(p, w, false);
}

void hb_pool_start_first(hb_pool *p, hb_work *w)
{
    start(p, w, true);
}

void hb_pool_wait(hb_pool *p, hb_work *w)
{
    if (!p) {
        return;
    }
    pthread_mutex_lock(&p->lock);
    while (w->done < w->n) {
        if (w->taken < w->n) {
            one_part(p, w);
        } else if (p->first) {
            one_part(p, p->first);
        } else {
            pthread_cond_wait(&p->change, &p->lock);
        }
    }
    pthread_mutex_unlock(&p->lock);
}

void hb_pool_run(hb_pool *p, hb_pool_fn fn, void *ctx, size_t n)
{
    hb_work w = {.fn = fn, .ctx = ctx, .n = n};
    start(p, &w, true);
    hb_pool_wait(p, &w);
}

unsigned hb_pool_processors(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n < 1 ? 1 : n > HB_POOL_MOST ? HB_POOL_MOST : (unsigned)n;
}
