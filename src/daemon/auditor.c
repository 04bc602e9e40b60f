/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/auditor.h"

#include "base/mem.h"
#include "base/str.h"
#include "export/audit.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>

enum { EVERY_NS = 1000000000 };

struct hb_auditor {
    const hb_os *os;
    char *db;
    char *dir;
    hb_store *store; /* of the thread; opened when it can be */
    pthread_t thread;
    bool runs;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool ending;
    char why[HB_AUDITOR_WHY];
    uint64_t waiting;
};

static void drain(hb_auditor *a)
{
    hb_error err = {0};
    hb_audit_drained d = {0};
    hb_status status =
        a->store ? HB_OK : hb_store_open(a->os, a->db, HB_STORE_WRITE, &a->store, &err);
    if (status == HB_OK) {
        status = hb_audit_drain(a->os, a->store, a->dir, &d, &err);
    }
    pthread_mutex_lock(&a->lock);
    hb_str_fit(status == HB_OK ? "" : err.msg, a->why, sizeof a->why);
    a->waiting = d.waiting;
    pthread_mutex_unlock(&a->lock);
}

/* The end is asked for once, so what was committed before it is drained after it. */
static void *run(void *arg)
{
    hb_auditor *a = arg;
    bool ending = false;
    while (!ending) {
        /* What the condition variable counts by, whatever clock the rest is given. */
        int64_t due = hb_os_real()->monotonic_ns() + EVERY_NS;
        const struct timespec until = {.tv_sec = due / EVERY_NS, .tv_nsec = due % EVERY_NS};
        pthread_mutex_lock(&a->lock);
        while (!a->ending && pthread_cond_timedwait(&a->wake, &a->lock, &until) == 0) {
        }
        ending = a->ending;
        pthread_mutex_unlock(&a->lock);
        drain(a);
    }
    return NULL;
}

static hb_status start_thread(hb_auditor *a, hb_error *err)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&a->thread, NULL, run, a);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    a->runs = failed == 0;
    return a->runs ? HB_OK : HB_FAIL(err, HB_E_IO, "cannot start a thread: %s", strerror(failed));
}

static void release(hb_auditor *a)
{
    hb_store_close(a->store);
    pthread_cond_destroy(&a->wake);
    pthread_mutex_destroy(&a->lock);
    hb_free(a->db);
    hb_free(a->dir);
    hb_free(a);
}

hb_status hb_auditor_start(const hb_os *os, const char *db, const char *dir,
                           hb_auditor **ret_auditor, hb_error *err)
{
    hb_auditor *a = hb_alloc_zero(sizeof *a);
    pthread_condattr_t attr;
    if (!a) {
        return HB_NOMEM(err);
    }
    a->os = os;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->wake, &attr);
    pthread_condattr_destroy(&attr);
    a->db = hb_strdup(db);
    a->dir = hb_strdup(dir);
    hb_status status = a->db && a->dir ? start_thread(a, err) : HB_NOMEM(err);
    if (status != HB_OK) {
        release(a);
        return status;
    }
    *ret_auditor = a;
    return HB_OK;
}

void hb_auditor_state(hb_auditor *a, char ret_why[HB_AUDITOR_WHY], uint64_t *ret_waiting)
{
    pthread_mutex_lock(&a->lock);
    memcpy(ret_why, a->why, sizeof a->why);
    *ret_waiting = a->waiting;
    pthread_mutex_unlock(&a->lock);
}

void hb_auditor_stop(hb_auditor *a, char ret_why[HB_AUDITOR_WHY])
{
    ret_why[0] = '\0';
    if (!a) {
        return;
    }
    pthread_mutex_lock(&a->lock);
    a->ending = true;
    pthread_cond_signal(&a->wake);
    pthread_mutex_unlock(&a->lock);
    if (a->runs) {
        pthread_join(a->thread, NULL);
    }
    memcpy(ret_why, a->why, sizeof a->why);
    release(a);
}
