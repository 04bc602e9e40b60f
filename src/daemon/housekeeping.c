/* SPDX-License-Identifier: Apache-2.0 */
/* What the clock asks for: once a second memory, ticks, tags and what is wrong with the daemon
 * itself; once a minute what is to be kept no longer. */
#include "daemon/supervise_internal.h"

#include <stdio.h>
#include <string.h>

enum { CONDITION_AFTER_S = 10, TICK_MAX_S = 10, RETAIN_S = 5 };
static const int64_t second_ns = 1000000000;

/* --- what is wrong with the daemon itself --- */

static hb_status tell_condition(hb_supervisor *v, hb_condition *c, hb_alert_severity severity,
                                bool active, const char *why, hb_error *err)
{
    HB_TRY(hb_live_begin(v->store, err));
    hb_status status = hb_live_end(
        v->store,
        hb_alerts_condition(v->alerts, c->subject, severity, active, why, v->s->os->now(), err),
        err);
    if (status != HB_OK) {
        hb_error again = {0};
        HB_IGNORE(hb_alerts_reload(v->alerts, &again)); /* told again in a second */
        return status;
    }
    c->active = active;
    return HB_OK;
}

/* What is over before CONDITION_AFTER_S was not worth an alert. */
static void condition(hb_supervisor *v, const char *kind, const char *name,
                      hb_alert_severity severity, bool wrong, const char *why)
{
    char subject[sizeof v->conditions[0].subject];
    hb_error err = {0};
    size_t i = 0;
    snprintf(subject, sizeof subject, "%s%s%s", kind, *name ? ":" : "", name);
    while (i < v->n_conditions && strcmp(v->conditions[i].subject, subject) != 0) {
        i++;
    }
    if (i == HB_CONDITIONS || !v->alerts) {
        return;
    }
    hb_condition *c = &v->conditions[i];
    if (i == v->n_conditions) {
        v->n_conditions++;
        memcpy(c->subject, subject, sizeof subject);
        c->active = hb_alerts_active(v->alerts, subject); /* from before a restart */
    }
    int64_t now = v->s->os->monotonic_ns();
    c->since_ns = !wrong ? 0 : c->since_ns ? c->since_ns : now;
    bool due = wrong && now - c->since_ns >= CONDITION_AFTER_S * second_ns;
    if ((due && !c->active) || (!wrong && c->active)) {
        if (tell_condition(v, c, severity, wrong, why, &err) != HB_OK) {
            hb_log_error(v->log, HB_LOG_WARN, "condition_not_told", &err);
        } else if (v->outbox) {
            hb_outbox_wake(v->outbox);
        }
    }
}

/* Messages come, and for longer than any window lasts nothing in them has moved the time on. */
static bool time_stands_still(hb_supervisor *v)
{
    const hb_daemon_config *c = v->s->config;
    int64_t still = v->s->os->monotonic_ns() - v->moved_ns;
    int64_t longest = 0;
    for (size_t i = 0; i < c->n_windows; i++) {
        longest = c->windows[i].size_ns > longest ? c->windows[i].size_ns : longest;
    }
    return !v->s->bounded && !v->throttled && hb_feeders_latest_ns(v->feeders) > v->moved_ns &&
           still > longest + c->lateness_ns + c->idle_after_ns;
}

static void look_at_conditions(hb_supervisor *v)
{
    hb_health_snapshot s = {0};
    hb_engine_state e;
    hb_journal_state j;
    hb_feeders_wait w;
    hb_feeders_health(v->feeders, &s);
    for (uint32_t i = 0; i < s.n_sources; i++) {
        hb_source_state now = s.sources[i].state;
        condition(v, "source", s.sources[i].name, HB_ALERT_WARN,
                  now == HB_SOURCE_RETRYING || now == HB_SOURCE_FAILED, s.sources[i].why);
    }
    hb_engine_get_state(v->engine, &e);
    hb_journal_get_state(v->journal, &j);
    hb_feeders_waiting(v->feeders, &w);
    condition(v, "journal", "", HB_ALERT_CRITICAL, j.sync_failed != HB_OK || w.disk,
              w.disk ? w.why : "the journal cannot be written to the disk");
    condition(v, "time", "", HB_ALERT_WARN, time_stands_still(v),
              "messages come, but their times stand still or none can be read: no window closes; "
              "look at them with 'hb journal cat'");
    condition(v, "evidence", "", HB_ALERT_CRITICAL, *e.evidence_why != '\0', e.evidence_why);
    if (v->auditor) {
        char why[HB_AUDITOR_WHY];
        uint64_t waiting = 0;
        hb_auditor_state(v->auditor, why, &waiting);
        condition(v, "audit", "", HB_ALERT_WARN, *why != '\0', why);
    }
}

/* --- housekeeping --- */

/* Without a connection silence says nothing of the rig: for a while time waits for what a broker
 * keeps meanwhile. */
static bool is_deaf(hb_supervisor *v, int64_t now)
{
    bool deaf = hb_feeders_deaf(v->feeders);
    v->deaf_ns = !deaf ? 0 : v->deaf_ns ? v->deaf_ns : now;
    return deaf && now - v->deaf_ns < v->s->config->deaf_after_ns;
}

/* Silence is a record too, so that what follows from it is decided from the journal alone. What
 * moves no time, unreadable messages or those of a clock set back, is silence as well. Several in
 * idle_after (telemetry/windows.h counts a longer pause as a part of it only), and often enough
 * that a long idle_after does not make windows close in heaps. A bounded input has its own end, and
 * sources that were made to wait are not silent. */
static void tick(hb_supervisor *v)
{
    int64_t now = v->s->os->monotonic_ns();
    int64_t every = v->s->config->idle_after_ns / 4;
    int64_t came = hb_feeders_latest_ns(v->feeders);
    int64_t quiet_since = came < v->moved_ns ? came : v->moved_ns;
    every = every < TICK_MAX_S * second_ns ? every : TICK_MAX_S * second_ns;
    quiet_since = v->last_tick_ns > quiet_since ? v->last_tick_ns : quiet_since;
    if (v->s->bounded || v->throttled || now - quiet_since < every || is_deaf(v, now)) {
        return;
    }
    hb_error err = {0};
    uint64_t position = 0;
    const hb_record r = {.kind = HB_RECORD_TICK,
                         .source = HB_STR("daemon"),
                         .topic = HB_STR("idle"),
                         .event = HB_TIME_NONE,
                         .arrival = v->s->os->now()};
    v->last_tick_ns = now;
    if (hb_journal_append(v->journal, &r, &position, &err) != HB_OK) {
        hb_log_error(v->log, HB_LOG_WARN, "tick_not_written", &err);
    }
}

static void watch_memory(hb_supervisor *v)
{
    uint64_t limit = (uint64_t)v->s->config->max_rss_mb << 20;
    uint64_t used = hb_supervisor_memory(v->s->os);
    bool over = limit && used > limit;
    /* It lets go a little below the limit, or it would flutter. */
    if (over != v->throttled && (over || used < limit - limit / 16)) {
        v->throttled = over;
        hb_feeders_hold(v->feeders, over);
        hb_log_event(v->log, over ? HB_LOG_WARN : HB_LOG_INFO,
                     over ? "memory_over_limit" : "memory_below_limit",
                     over ? "sources wait" : "sources go on", NULL, 0);
    }
}

void hb_supervisor_watch_time(hb_supervisor *v)
{
    hb_engine_state e;
    hb_engine_get_state(v->engine, &e);
    if (v->moved_ns == 0 || e.watermark != v->watermark) {
        v->watermark = e.watermark;
        v->moved_ns = v->s->os->monotonic_ns();
    }
    tick(v);
}

/* What is beyond its time or its cap, and what was released from hold since. */
static void retention_pass(hb_supervisor *v, int64_t now)
{
    hb_error err = {0};
    hb_status status = HB_OK;
    if (now - v->last_retain_ns >= RETAIN_S * second_ns) {
        v->last_retain_ns = now;
        status = hb_journal_retain(v->journal, &err);
        hb_str_fit(status == HB_OK ? "" : err.msg, v->retention_why, sizeof v->retention_why);
    }
    if (status == HB_OK && now - v->last_minute_ns >= 60 * second_ns) {
        v->last_minute_ns = now;
        status = hb_engine_prune(v->engine, &err);
    }
    if (status != HB_OK) {
        hb_log_error(v->log, HB_LOG_WARN, "not_pruned", &err);
    }
}

void hb_supervisor_each_second(hb_supervisor *v)
{
    hb_error err = {0};
    int64_t now = v->s->os->monotonic_ns();
    bool registry_ok = v->retry_at_ns == 0;
    if (now - v->last_second_ns < second_ns) {
        return;
    }
    v->last_second_ns = now;
    watch_memory(v);
    if (registry_ok && (hb_store_in_place(v->store, &err) != HB_OK ||
                        hb_engine_look_at_tags(v->engine, &err) != HB_OK)) {
        hb_supervisor_store_trouble(v, &err);
        registry_ok = false;
    }
    if (registry_ok) {
        look_at_conditions(v);
    }
    if (registry_ok) {
        retention_pass(v, now);
    }
    hb_supervisor_publish(v);
}

void hb_supervisor_feed_watchdog(hb_supervisor *v)
{
    int64_t every = (int64_t)hb_notify_watchdog_ms(v->notify) * 1000000;
    int64_t now = v->s->os->monotonic_ns();
    if (every && now - v->watchdog_ns >= every) {
        v->watchdog_ns = now;
        HB_IGNORE(hb_notify_watchdog(v->notify, NULL)); /* the next one is soon */
    }
}
