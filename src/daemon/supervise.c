/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: signals, a step of the engine, once a second what the clock asks for. The engine's
 * thread is the only one that decides or writes windows; whatever it waits for, it waits at most
 * WAIT_MS, so that a signal is answered soon. */
#include "daemon/supervise_internal.h"

#include "base/mem.h"
#include "os/file.h"
#include "source/feed.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    WAIT_MS = 100,
    STEP_RECORDS = 2000,
    SOURCES_STOP_MS = 3000,
    OUTBOX_STOP_MS = 1000,
    PACKS_STOP_MS = 1500,
    PACKS_SETTLE_MS = 300000, /* bounded: how long what is wanted may take */
    DELIVER_MS = 5000,        /* bounded: how long what was raised may take to go out */
    FIRST_PAUSE_MS = 100,
    REGISTRY_BUSY_MS = 500 /* a lock that stays is waited for outside, where signals are seen */
};
static const int64_t second_ns = 1000000000;

/* --- signals --- */

static void block_signals(sigset_t *ret_before)
{
    sigset_t ours;
    sigemptyset(&ours);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGHUP);
    sigaddset(&ours, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &ours, ret_before);
}

/* Terminal signals a reader of ours left pending are taken too: none may end the program later. */
static void take_signals(hb_supervisor *v)
{
    static const struct timespec now = {0};
    sigset_t ours;
    int sig = 0;
    sigemptyset(&ours);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGHUP);
    sigaddset(&ours, SIGPIPE);
    while ((sig = sigtimedwait(&ours, NULL, &now)) > 0) {
        if (sig == SIGHUP) {
            hb_supervisor_reload(v);
        } else if (sig != SIGPIPE) {
            hb_log_event(v->log, HB_LOG_INFO, "ending", "asked to end", NULL, 0);
            v->ending = true;
        }
    }
}

/* --- the registry's circuit breaker --- */

/* What was judged stays pending; the journal goes on taking what comes. */
void hb_supervisor_store_trouble(hb_supervisor *v, const hb_error *err)
{
    const hb_daemon_config *c = v->s->config;
    int64_t now = v->s->os->monotonic_ns();
    if (v->failures == 0 || now - v->failing_since_ns > (int64_t)c->breaker_window_s * second_ns) {
        v->failing_since_ns = now;
        v->failures = 0;
    }
    v->failures++;
    bool open = v->failures >= c->breaker_failures;
    int64_t pause = open ? (int64_t)c->breaker_open_s * second_ns
                         : (int64_t)FIRST_PAUSE_MS * 1000000 << (v->failures < 5 ? v->failures : 5);
    v->retry_at_ns = now + pause;
    hb_str_fit(err->msg, v->registry_why, sizeof v->registry_why);
    hb_log_error(v->log, open ? HB_LOG_ERROR : HB_LOG_WARN,
                 open ? "registry_left_alone" : "registry_failed", err);
}

static bool can_wait(hb_status status)
{
    return status == HB_E_STORE || status == HB_E_IO;
}

/* *ret_moved: there may be more at once. */
static hb_status step(hb_supervisor *v, bool *ret_moved, hb_error *err)
{
    hb_engine_state before;
    hb_engine_state after;
    *ret_moved = false;
    if (v->retry_at_ns && v->s->os->monotonic_ns() < v->retry_at_ns) {
        return HB_OK;
    }
    hb_engine_get_state(v->engine, &before);
    hb_status status = hb_engine_step(v->engine, STEP_RECORDS, ret_moved, err);
    if (status != HB_OK && can_wait(status)) {
        hb_supervisor_store_trouble(v, err);
        *ret_moved = false;
        return HB_OK;
    }
    HB_TRY(status);
    v->retry_at_ns = 0;
    v->failures = 0;
    v->registry_why[0] = '\0';
    hb_engine_get_state(v->engine, &after);
    if (after.cycles != before.cycles) {
        if (v->outbox) {
            hb_outbox_wake(v->outbox);
        }
        if (v->packer) {
            hb_packer_wake(v->packer);
        }
        hb_supervisor_publish(v);
    }
    return HB_OK;
}

/* The end of a bounded input is a record as well. True when all of it is judged. */
static bool is_finished(hb_supervisor *v, hb_error *err, hb_status *io_status)
{
    uint64_t position = 0;
    const hb_record r = {.kind = HB_RECORD_TICK,
                         .source = HB_STR("daemon"),
                         .topic = HB_STR(HB_FEED_FINISH),
                         .event = HB_TIME_NONE,
                         .arrival = v->s->os->now()};
    if (!hb_feeders_done(v->feeders, NULL) || v->retry_at_ns) {
        return false;
    }
    if (v->s->bounded && !v->s->replay && !v->finish_written) {
        v->finish_written = true;
        *io_status = hb_journal_append(v->journal, &r, &position, err);
        return *io_status != HB_OK;
    }
    hb_engine_state e;
    hb_engine_get_state(v->engine, &e);
    size_t failed = 0;
    bool all = hb_feeders_done(v->feeders, &failed);
    /* Without `bounded`: when every source gave up, whoever started us should know. */
    return all && e.position >= hb_journal_end(v->journal) &&
           (v->s->bounded || failed == v->s->config->n_sources);
}

static hb_status loop(hb_supervisor *v, hb_error *err)
{
    hb_status status = HB_OK;
    while (!v->ending && status == HB_OK) {
        bool moved = false;
        take_signals(v);
        status = step(v, &moved, err);
        if (status != HB_OK || v->ending) {
            break;
        }
        hb_supervisor_watch_time(v);
        hb_supervisor_each_second(v);
        hb_supervisor_feed_watchdog(v);
        if (!moved && is_finished(v, err, &status)) {
            break;
        }
        if (!moved) {
            hb_engine_state e;
            hb_engine_get_state(v->engine, &e);
            bool there = hb_journal_wait(v->journal, e.position, WAIT_MS);
            if (there && v->retry_at_ns) { /* records are there, the registry is not */
                const struct timespec pause = {.tv_nsec = WAIT_MS * 1000000};
                nanosleep(&pause, NULL);
            }
        }
    }
    return status;
}

/* --- life --- */

hb_status hb_supervisor_open_alerts(hb_supervisor *v, const hb_daemon_config *c, hb_alerts **ret,
                                    hb_error *err)
{
    return hb_alerts_open(v->store, c->name, &c->alerts, ret, err);
}

hb_status hb_supervisor_open_outbox(hb_supervisor *v, hb_error *err)
{
    const hb_daemon_config *c = v->config;
    hb_free(v->outbox_sinks);
    v->outbox_sinks = hb_alloc_zero((c->n_sinks ? c->n_sinks : 1) * sizeof *v->outbox_sinks);
    if (!v->outbox_sinks) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < c->n_sinks; i++) {
        v->outbox_sinks[i] = (hb_outbox_sink){
            .name = c->sinks[i].name, .ops = c->sinks[i].ops, .config = c->sinks[i].config};
    }
    const hb_outbox_options options = {.os = v->s->os,
                                       .db = v->s->db,
                                       .stream = c->name,
                                       .base_dir = v->s->base_dir,
                                       .sinks = v->outbox_sinks,
                                       .n_sinks = c->n_sinks,
                                       .max_attempts = c->max_attempts,
                                       .heartbeat_s = c->heartbeat_s};
    return hb_outbox_start(&options, &v->outbox, err);
}

static hb_status open_log(hb_supervisor *v, hb_error *err)
{
    unsigned char random[16];
    if (v->s->os->random(random, sizeof random) != 0) {
        return HB_FAIL(err, HB_E_IO, "no random numbers: %s", strerror(errno));
    }
    for (size_t i = 0; i < sizeof random; i++) {
        snprintf(v->correlation + 2 * i, 3, "%02x", random[i]);
    }
    const hb_log_options options = {.os = v->s->os,
                                    .level = (hb_log_level)v->config->log_level,
                                    .format = (hb_log_format)v->config->log_format,
                                    .fd = STDERR_FILENO,
                                    .correlation_id = v->correlation};
    return hb_log_new(&options, &v->log, err);
}

static hb_status open_journal(hb_supervisor *v, hb_error *err)
{
    const hb_daemon_config *c = v->config;
    uint64_t known_to = 0;
    uint64_t first = 0;
    bool restored = false;
    HB_TRY(hb_engine_judged_to(v->store, c->name, &known_to, err));
    HB_TRY(hb_live_begins_at(v->store, c->name, &first, &restored, err));
    const hb_journal_options options = {.first = first,
                                        .segment_bytes = (uint64_t)c->journal_segment_mb << 20,
                                        .max_bytes = (uint64_t)c->journal_max_mb << 20,
                                        .max_age_s = c->journal_max_age_s,
                                        .known_to = known_to,
                                        .sync_ms = c->journal_sync_ms,
                                        .guard = hb_keeper_guard,
                                        .guard_ctx = v->keeper};
    HB_TRY(hb_dir_make(v->s->os, v->s->journal_dir, err));
    HB_TRY(hb_journal_open(v->s->os, v->s->journal_dir, &options, &v->journal, err));
    hb_journal_state s;
    hb_journal_get_state(v->journal, &s);
    if (restored && s.segments == 0) {
        hb_log_event(v->log, HB_LOG_WARN, "journal_begun",
                     "the registry was restored without its journal: what comes from now on is "
                     "judged",
                     (const hb_log_field[]){{.key = "position", .number = (int64_t)first}}, 1);
    }
    if (s.cut_bytes) {
        hb_log_event(v->log, HB_LOG_WARN, "journal_cut",
                     "the journal's torn or corrupt tail was cut off and kept beside it",
                     (const hb_log_field[]){{.key = "bytes", .number = (int64_t)s.cut_bytes},
                                            {.key = "records", .number = (int64_t)s.cut_records}},
                     2);
    }
    if (s.mended_bytes) {
        hb_log_event(v->log, HB_LOG_ERROR, "journal_damaged",
                     "what had been judged cannot be read any more (a failing disk?): loss records "
                     "stand for it, repairs.log of the journal says where",
                     &(hb_log_field){.key = "bytes", .number = (int64_t)s.mended_bytes}, 1);
    }
    return HB_OK;
}

static hb_status open_engine(hb_supervisor *v, hb_error *err)
{
    const hb_daemon_setup *s = v->s;
    char *side = NULL;
    HB_TRY(hb_path_join(s->output_dir, "late.jsonl", &side, err));
    const hb_engine_setup setup = {.os = s->os,
                                   .config = s->config,
                                   .config_sha256 = s->config_sha256,
                                   .store = v->store,
                                   .journal = v->journal,
                                   .registry = s->registry,
                                   .lanes = s->lanes,
                                   .units = s->units,
                                   .policy = s->policy,
                                   .quality = s->quality,
                                   .schema = s->schema,
                                   .reports = s->reports,
                                   .schema_text = s->schema_text,
                                   .packs = v->packer != NULL,
                                   .side = side,
                                   .alerts = v->alerts,
                                   .log = v->log};
    hb_status status = hb_engine_new(&setup, &v->engine, err);
    hb_free(side); /* the engine has its own copy */
    return status;
}

static hb_status open_packer(hb_supervisor *v, hb_error *err)
{
    const hb_daemon_setup *s = v->s;
    if (!s->signer) {
        return HB_OK;
    }
    const hb_packer_options options = {.os = s->os,
                                       .db = s->db,
                                       .stream = s->config->name,
                                       .dir = s->evidence_dir,
                                       .audit_dir = s->audit_dir,
                                       .sbom_sha256 = s->sbom_sha256,
                                       .journal = v->journal,
                                       .signer = s->signer,
                                       .no_baseline_runs = !s->config->evidence_baseline_runs,
                                       .chain_pem = s->chain_pem,
                                       .seal = s->seal,
                                       .max_bytes = (uint64_t)s->config->max_evidence_mb << 20,
                                       .log = v->log};
    return hb_packer_start(&options, &v->packer, err);
}

static hb_status open_feeders(hb_supervisor *v, hb_error *err)
{
    char *dir = NULL;
    HB_TRY(hb_path_join(v->s->output_dir, "sources", &dir, err));
    const hb_feeders_options options = {.os = v->s->os,
                                        .config = v->s->config,
                                        .journal = v->journal,
                                        .log = v->log,
                                        .base_dir = v->s->base_dir,
                                        .tokens = v->s->tokens,
                                        .state_dir = dir,
                                        .none = v->s->replay};
    hb_status status = hb_feeders_open(&options, &v->feeders, err);
    hb_free(dir); /* used while opening only */
    return status == HB_OK ? hb_feeders_start(v->feeders, err) : status;
}

static hb_status open_health(hb_supervisor *v, hb_error *err)
{
    const hb_daemon_config *c = v->config;
    v->view = (hb_health_view){.health = v->health, .os = v->s->os};
    if (!*c->health_listen) {
        return HB_OK;
    }
    if (c->health_tokens) {
        HB_TRY(hb_http_gate_open(v->s->os, v->s->tokens, c->meta.program ? c->meta.program : "",
                                 &v->gate, err));
    }
    return hb_http_start(c->health_listen, hb_health_routes, HB_HEALTH_ROUTES, &v->view, v->gate,
                         &v->http, err);
}

static hb_status open_all(hb_supervisor *v, hb_error *err)
{
    const hb_daemon_setup *s = v->s;
    HB_TRY(open_log(v, err));
    HB_TRY(hb_dir_make(s->os, s->output_dir, err));
    HB_TRY(
        hb_notify_new(s->os, s->notify_socket, s->watchdog_usec, s->watchdog_pid, &v->notify, err));
    HB_TRY(hb_claim(s->os, s->db, s->config->name, &v->claim, err));
    HB_TRY(hb_health_new(&v->health, err));
    HB_TRY(open_health(v, err));
    HB_TRY(hb_store_open(s->os, s->db, HB_STORE_WRITE, &v->store, err));
    hb_store_set_busy(v->store, REGISTRY_BUSY_MS);
    HB_TRY(hb_supervisor_open_alerts(v, v->config, &v->alerts, err));
    HB_TRY(hb_keeper_open(s->os, s->db, s->config->name, &v->keeper, err));
    HB_TRY(open_journal(v, err));
    HB_TRY(open_packer(v, err));
    HB_TRY(open_engine(v, err));
    HB_TRY(hb_supervisor_open_outbox(v, err));
    if (s->audit_dir) {
        HB_TRY(hb_auditor_start(s->os, s->db, s->audit_dir, &v->auditor, err));
    }
    HB_TRY(open_feeders(v, err));
    hb_supervisor_publish(v);
    HB_IGNORE(hb_notify_ready(v->notify, "judging", NULL)); /* without a manager nobody waits */
    hb_log_event(v->log, HB_LOG_INFO, "started", "judging",
                 (const hb_log_field[]){{.key = "stream", .text = s->config->name},
                                        {.key = "sources", .number = (int64_t)s->config->n_sources},
                                        {.key = "version", .text = HB_VERSION}},
                 3);
    return HB_OK;
}

static void deliver(hb_supervisor *v)
{
    int64_t until = v->s->os->monotonic_ns() + (int64_t)DELIVER_MS * 1000000;
    const struct timespec pause = {.tv_nsec = 10 * 1000000};
    hb_alert_counts counts = {0};
    hb_outbox_wake(v->outbox);
    while (hb_alerts_count(v->store, v->config->name, &counts, NULL) == HB_OK && counts.outbox &&
           v->s->os->monotonic_ns() < until) {
        nanosleep(&pause, NULL);
    }
}

/* Sources first, so that nothing is acknowledged that would have to wait for the next start; then
 * what is in the journal is judged on for as long as there is time, and the state is written. */
static hb_status close_in_order(hb_supervisor *v, hb_daemon_outcome *ret, hb_status status,
                                hb_error *err)
{
    int64_t until = v->s->os->monotonic_ns() + second_ns;
    if (v->notify) {
        HB_IGNORE(hb_notify_stopping(v->notify, "ending", NULL)); /* for people only */
    }
    if (v->feeders) {
        ret->hung = !hb_feeders_stop(v->feeders, SOURCES_STOP_MS);
        hb_feeders_done(v->feeders, &ret->sources_failed);
    }
    bool moved = v->engine != NULL && status == HB_OK;
    while (moved && v->s->os->monotonic_ns() < until) {
        status = hb_engine_step(v->engine, STEP_RECORDS, &moved, err);
        moved = moved && status == HB_OK;
    }
    if (v->engine && status == HB_OK) {
        status = hb_engine_checkpoint(v->engine, err);
    }
    if (v->engine) {
        hb_engine_get_state(v->engine, &ret->engine);
    }
    if (v->outbox && v->s->bounded && status == HB_OK) {
        deliver(v);
    }
    hb_alert_counts counts = {0};
    if (v->outbox && hb_alerts_count(v->store, v->config->name, &counts, NULL) == HB_OK) {
        ret->alerts_waiting = counts.outbox;
    }
    if (v->packer && v->s->bounded && !v->ending && status == HB_OK) {
        hb_packer_settle(v->packer, PACKS_SETTLE_MS);
    }
    return status;
}

static void release(hb_supervisor *v, bool hung)
{
    hb_http_stop(v->http);
    hb_http_gate_close(v->gate);
    hb_outbox_stop(v->outbox, OUTBOX_STOP_MS);
    hb_engine_free(v->engine);
    char why[HB_AUDITOR_WHY];
    hb_auditor_stop(v->auditor, why);
    if (*why && v->log) {
        hb_log_event(v->log, HB_LOG_WARN, "log_not_written", why, NULL, 0);
    }
    hb_alerts_close(v->alerts);
    hb_store_close(v->store);
    if (v->claim >= 0) {
        v->s->os->close(v->claim);
    }
    if (!hung) { /* else its thread still uses them, and the program ends anyway */
        hb_feeders_close(v->feeders);
        hb_journal_close(v->journal);
        hb_keeper_close(v->keeper);
    }
    hb_notify_free(v->notify);
    hb_health_free(v->health);
    hb_free(v->outbox_sinks);
    if (!hung) {
        hb_log_free(v->log);
    }
    if (v->reloaded) {
        hb_daemon_config_release(v->reloaded);
        hb_free(v->reloaded);
    }
}

hb_status hb_daemon_run(const hb_daemon_setup *setup, hb_daemon_outcome *ret, hb_error *err)
{
    hb_supervisor v = {
        .s = setup, .config = setup->config, .started = setup->os->now(), .claim = -1};
    hb_daemon_outcome outcome = {0};
    sigset_t before;
    block_signals(&before);
    hb_status status = open_all(&v, err);
    if (status == HB_OK) {
        status = loop(&v, err);
    }
    if (v.log && status != HB_OK) {
        hb_log_error(v.log, HB_LOG_ERROR, "failed", err);
    }
    hb_error later = {0};
    hb_status closing = close_in_order(&v, &outcome, status, status == HB_OK ? err : &later);
    if (v.log && closing == HB_OK) {
        hb_log_event(v.log, HB_LOG_INFO, "ended", "everything that was judged is in the registry",
                     NULL, 0);
    }
    outcome.hung = !hb_packer_stop(v.packer, PACKS_STOP_MS) || outcome.hung;
    release(&v, outcome.hung);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (status == HB_OK && closing != HB_OK) {
        return closing;
    }
    *ret = outcome;
    return status;
}
