/* SPDX-License-Identifier: Apache-2.0 */
#include "support/fake_health.h"

#include "support/check.h"

#include <stdio.h>

static const hb_time second = 1000000000;

static void add_check(hb_health_snapshot *s, const char *name, bool ok, const char *why)
{
    hb_health_check *c = &s->checks[s->n_checks++];
    c->name = name;
    c->ok = ok;
    snprintf(c->why, sizeof c->why, "%s", why);
}

static void add_sources(hb_health_snapshot *s)
{
    s->n_sources = 2;
    s->sources[0] = (hb_health_source){.name = "rig",
                                       .kind = "mqtt",
                                       .state = HB_SOURCE_RUNNING,
                                       .records = UINT64_C(9007199254740995),
                                       .bytes = 123456,
                                       .reconnects = 2,
                                       .lost = {{"too_large", 3}, {"bad_frame", 1}},
                                       .n_lost = 2,
                                       .last_arrival = FAKE_HEALTH_AT - second};
    s->sources[1] = (hb_health_source){.name = "log",
                                       .kind = "syslog",
                                       .state = HB_SOURCE_RETRYING,
                                       .why = "port 514 is taken",
                                       .last_arrival = HB_TIME_NONE};
}

static void add_latency(hb_health_snapshot *s)
{
    static const double le[] = {0.001, 0.005, 0.025, 1, 60};
    static const uint64_t n[] = {10, 40, 41, 41, 42};
    s->n_latency = 5;
    memcpy(s->latency_le, le, sizeof le);
    memcpy(s->latency_n, n, sizeof n);
    s->latency_sum = 0.5;
    s->latency_count = 42;
}

hb_health_snapshot *fake_health(void)
{
    hb_health_snapshot *s = hb_alloc_zero(sizeof *s);
    assert_non_null(s);
    s->at = FAKE_HEALTH_AT;
    s->started = FAKE_HEALTH_AT - 3600 * second;
    s->ready = true;
    s->degraded = true;
    snprintf(s->degraded_why, sizeof s->degraded_why, "the journal is at 91 %% of its limit");
    snprintf(s->training, sizeof s->training, "6 of 24 h");
    add_check(s, "journal", true, "");
    add_check(s, "source:rig", true, "");
    s->journal = (hb_journal_state){.begin = 100,
                                    .end = 5000,
                                    .synced = 4900,
                                    .released = 4000,
                                    .bytes = 65536,
                                    .max_bytes = 1 << 30,
                                    .records = 77,
                                    .dropped_records = 5,
                                    .dropped_bytes = 50,
                                    .cut_bytes = 12,
                                    .cut_records = 1,
                                    .refused = 4,
                                    .segments = 2,
                                    .sync_ms = 200,
                                    .oldest = FAKE_HEALTH_AT - 100 * second};
    s->decided = 4500;
    s->lag_s = 0.25;
    add_sources(s);
    for (int i = 0; i < HB_WINDOWS_COUNT_; i++) {
        s->windows_counts[i] = (uint64_t)i + 100;
    }
    s->watermark = FAKE_HEALTH_AT - 5 * second;
    s->open_windows = 7;
    s->metrics = 200;
    for (int i = 0; i < HB_VERDICT_COUNT_; i++) {
        s->verdicts[i] = (uint64_t)i + 1;
    }
    s->cycles = 1000;
    s->checkpoints = 990;
    s->checkpoint_s = 0.0125;
    add_latency(s);
    s->alerts = (hb_alert_counts){
        .active = {0, 2, 1, 0}, .unacknowledged = 3, .shelved = 1, .outbox = 6, .dead = 1};
    s->n_sinks = 1;
    s->sinks[0] = (hb_outbox_state){.name = "hook \"a\\b\"\nnext",
                                    .waiting = 6,
                                    .sent = 11,
                                    .failed = 8,
                                    .dead = 1,
                                    .failures_in_a_row = 5,
                                    .open = true,
                                    .retry_at = FAKE_HEALTH_AT + 30 * second,
                                    .last_error = "HTTP 500"};
    s->rss_bytes = 40 << 20;
    s->rss_max_bytes = 64 << 20;
    s->registry_bytes = 5 << 20;
    s->registry_max_bytes = 100 << 20;
    s->descriptors = 23;
    s->cpu_ms = 12345;
    s->config_reloads = 1;
    return s;
}
