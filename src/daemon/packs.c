/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/packs.h"

#include "base/mem.h"
#include "export/automatic.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

enum {
    POLL_MS = 1000, /* a pack whose time has come again is found this late */
    CAP_MS = 60000, /* what was released from hold goes this late */
    FIRST_PAUSE_MS = 1000,
    MAX_PAUSE_MS = 300000,
    ARENA_BYTES = 1 << 30,
    BUSY_MS = 5000,
    NS_PER_MS = 1000000
};

struct hb_packer {
    hb_packer_options o;
    hb_store *store; /* of the thread */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t change;
    bool woken;
    bool ending;
    bool ended;
    bool idle;         /* nothing is due */
    int64_t cap_at_ns; /* monotonic: the cap was looked at */
    hb_packer_state state;
};

static void note(hb_packer *p, const char *why)
{
    hb_packs_sums sums;
    bool known = hb_packs_sum(p->store, p->o.stream, &sums, NULL) == HB_OK;
    pthread_mutex_lock(&p->lock);
    if (known) {
        p->state.wanted = sums.wanted;
        p->state.made = sums.made;
        p->state.gone = sums.gone;
        p->state.bytes = sums.bytes;
    }
    if (why) {
        hb_str_fit(why, p->state.why, sizeof p->state.why);
    }
    pthread_mutex_unlock(&p->lock);
}

static bool is_ending(hb_packer *p)
{
    pthread_mutex_lock(&p->lock);
    bool ending = p->ending;
    pthread_mutex_unlock(&p->lock);
    return ending;
}

/* --- one pack --- */

static int64_t pause_ns(unsigned attempts)
{
    int64_t ms = FIRST_PAUSE_MS;
    for (unsigned i = 0; i < attempts && ms < MAX_PAUSE_MS; i++) {
        ms *= 2;
    }
    return (ms < MAX_PAUSE_MS ? ms : MAX_PAUSE_MS) * NS_PER_MS;
}

/* A decision that does not come out again never will: told once, and not tried for ever. */
static void failed(hb_packer *p, const hb_packs_row *row, const hb_error *why)
{
    hb_error err = {0};
    bool never = why->code == HB_E_EVIDENCE;
    hb_status status = never ? hb_pack_gone(p->store, row->id, why->msg, &err)
                             : hb_pack_failed(p->store, row->id, why->msg,
                                              p->o.os->now() + pause_ns(row->attempts), &err);
    hb_log_error(p->o.log, HB_LOG_ERROR, never ? "no_evidence_pack" : "evidence_pack_failed", why);
    if (status != HB_OK) {
        hb_log_error(p->o.log, HB_LOG_WARN, "evidence_pack_not_noted", &err);
    }
    note(p, why->msg);
}

static void made(hb_packer *p, const hb_packs_row *row, const char *path)
{
    hb_log_event(
        p->o.log, HB_LOG_INFO, "evidence_pack", "an evidence pack was made",
        (const hb_log_field[]){{.key = "run", .text = row->run_id}, {.key = "path", .text = path}},
        2);
    note(p, "");
}

static void note_cap(hb_packer *p, const hb_export_dropped *done, const char *why)
{
    pthread_mutex_lock(&p->lock);
    p->state.held = done->held;
    p->state.held_bytes = done->held_bytes;
    hb_str_fit(why, p->state.cap_why, sizeof p->state.cap_why);
    pthread_mutex_unlock(&p->lock);
}

static void keep_below_cap(hb_packer *p, hb_arena *arena)
{
    const hb_export_drop drop = {.os = p->o.os,
                                 .store = p->store,
                                 .stream = p->o.stream,
                                 .max_bytes = p->o.max_bytes,
                                 .now = p->o.os->now()};
    hb_export_dropped done = {0};
    hb_error err = {0};
    p->cap_at_ns = p->o.os->monotonic_ns();
    if (hb_export_drop_oldest(&drop, arena, &done, &err) != HB_OK) {
        hb_log_error(p->o.log, HB_LOG_WARN, "evidence_packs_not_dropped", &err);
    } else if (done.packs) {
        hb_log_event(p->o.log, HB_LOG_WARN, "evidence_packs_dropped",
                     "the oldest evidence packs were taken away: max_evidence_mb",
                     (const hb_log_field[]){{.key = "packs", .number = (int64_t)done.packs},
                                            {.key = "bytes", .number = (int64_t)done.bytes}},
                     2);
    }
    note_cap(p, &done, err.msg);
    note(p, NULL);
}

/* *ret_any: there was one that was due. */
static hb_status one(hb_packer *p, hb_arena *arena, bool *ret_any, hb_error *err)
{
    const hb_packs_query q = {
        .stream = p->o.stream, .state = "wanted", .due = p->o.os->now(), .limit = 1};
    hb_packs_row *row = NULL;
    size_t n = 0;
    HB_TRY(hb_packs_list(p->store, &q, arena, &row, &n, err));
    *ret_any = n > 0;
    if (n == 0) {
        return HB_OK;
    }
    const hb_export_ask ask = {.os = p->o.os,
                               .store = p->store,
                               .audit_dir = p->o.audit_dir,
                               .signers = &p->o.signer,
                               .n_signers = 1,
                               .no_baseline_runs = p->o.no_baseline_runs,
                               .chain_pem = p->o.chain_pem,
                               .seal = p->o.seal,
                               .slice_from = HB_TIME_NONE,
                               .slice_to = HB_TIME_NONE,
                               .journal = {.journal = p->o.journal},
                               .sbom_sha256 = p->o.sbom_sha256,
                               .now = p->o.os->now()};
    const char *path = NULL;
    hb_error why = {0};
    if (hb_export_wanted(&ask, p->o.dir, row, arena, &path, &why) == HB_OK) {
        made(p, row, path);
        keep_below_cap(p, arena);
    } else {
        failed(p, row, &why);
    }
    return HB_OK;
}

/* --- the thread --- */

static struct timespec from_now(const hb_packer *p, uint32_t ms)
{
    int64_t until = p->o.os->monotonic_ns() + (int64_t)ms * NS_PER_MS;
    return (struct timespec){.tv_sec = until / 1000000000, .tv_nsec = until % 1000000000};
}

static void wait_for_more(hb_packer *p)
{
    const struct timespec until = from_now(p, POLL_MS);
    pthread_mutex_lock(&p->lock);
    if (!p->woken) {
        p->idle = true;
        pthread_cond_broadcast(&p->change);
    }
    while (!p->woken && !p->ending && pthread_cond_timedwait(&p->change, &p->lock, &until) == 0) {
    }
    p->woken = false;
    p->idle = false;
    pthread_mutex_unlock(&p->lock);
}

static void *run(void *ctx)
{
    hb_packer *p = ctx;
    note(p, NULL);
    while (!is_ending(p)) {
        hb_arena arena;
        hb_error err = {0};
        bool any = false;
        hb_arena_init(&arena, ARENA_BYTES);
        if (p->o.os->monotonic_ns() - p->cap_at_ns >= (int64_t)CAP_MS * NS_PER_MS) {
            keep_below_cap(p, &arena);
        }
        if (one(p, &arena, &any, &err) != HB_OK) {
            hb_log_error(p->o.log, HB_LOG_WARN, "evidence_packs_not_listed", &err);
        }
        hb_arena_release(&arena);
        if (!any) {
            wait_for_more(p);
        }
    }
    pthread_mutex_lock(&p->lock);
    p->ended = true;
    p->idle = true;
    pthread_cond_broadcast(&p->change);
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static hb_status start_thread(hb_packer *p, hb_error *err)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&p->thread, NULL, run, p);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc == 0 ? HB_OK : HB_FAIL(err, HB_E_IO, "cannot start the thread of evidence packs");
}

static void release(hb_packer *p)
{
    hb_store_close(p->store);
    pthread_cond_destroy(&p->change);
    pthread_mutex_destroy(&p->lock);
    hb_free(p);
}

hb_status hb_packer_start(const hb_packer_options *options, hb_packer **ret_packer, hb_error *err)
{
    pthread_condattr_t monotonic;
    hb_packer *p = hb_alloc_zero(sizeof *p);
    if (!p) {
        return HB_NOMEM(err);
    }
    p->o = *options;
    pthread_mutex_init(&p->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&p->change, &monotonic);
    pthread_condattr_destroy(&monotonic);
    hb_status status = hb_store_open(p->o.os, p->o.db, HB_STORE_WRITE, &p->store, err);
    if (status == HB_OK) {
        hb_store_set_busy(p->store, BUSY_MS);
        status = hb_packs_try_now(p->store, p->o.stream, err);
    }
    if (status == HB_OK) {
        status = start_thread(p, err);
    }
    if (status != HB_OK) {
        release(p);
        return status;
    }
    *ret_packer = p;
    return HB_OK;
}

void hb_packer_wake(hb_packer *p)
{
    pthread_mutex_lock(&p->lock);
    p->woken = true;
    pthread_cond_broadcast(&p->change);
    pthread_mutex_unlock(&p->lock);
}

void hb_packer_get_state(hb_packer *p, hb_packer_state *ret)
{
    pthread_mutex_lock(&p->lock);
    *ret = p->state;
    pthread_mutex_unlock(&p->lock);
}

/* Under the lock. */
static void wait_until(hb_packer *p, const bool *what, uint32_t ms)
{
    const struct timespec until = from_now(p, ms);
    while (!*what && pthread_cond_timedwait(&p->change, &p->lock, &until) == 0) {
    }
}

void hb_packer_settle(hb_packer *p, uint32_t ms)
{
    pthread_mutex_lock(&p->lock);
    p->woken = true;
    p->idle = false;
    pthread_cond_broadcast(&p->change);
    wait_until(p, &p->idle, ms);
    pthread_mutex_unlock(&p->lock);
}

bool hb_packer_stop(hb_packer *p, uint32_t ms)
{
    if (!p) {
        return true;
    }
    pthread_mutex_lock(&p->lock);
    p->ending = true;
    pthread_cond_broadcast(&p->change);
    wait_until(p, &p->ended, ms);
    bool ended = p->ended;
    pthread_mutex_unlock(&p->lock);
    if (ended) {
        pthread_join(p->thread, NULL);
        release(p);
    }
    return ended;
}
