/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon says of itself: one snapshot, published by the engine, read by whoever asks
 * (http/, logs, tests). Plain values; the engine's thread never waits for a reader longer than a
 * copy takes.
 *
 *     hb_health_new(&h, err) … hb_health_publish(h, &snapshot) … hb_health_read(h, &copy)
 */
#ifndef HB_DAEMON_HEALTH_H
#define HB_DAEMON_HEALTH_H

#include "alert/alert.h"
#include "alert/outbox.h"
#include "journal/journal.h"
#include "source/source.h"
#include "telemetry/windows.h"

enum {
    HB_HEALTH_SOURCES = 16,
    HB_HEALTH_SINKS = 16,
    HB_HEALTH_REASONS = 16,
    HB_HEALTH_BUCKETS = 16
};

typedef struct hb_health_check {
    const char *name; /* "journal", "registry", "source:mqtt", "baseline", "outbox:webhook" … */
    bool ok;
    char why[200]; /* "" when ok and nothing is to be said */
} hb_health_check;

typedef struct hb_health_lost {
    char reason[32];
    uint64_t n;
} hb_health_lost;

typedef struct hb_health_source {
    char name[HB_RECORD_SOURCE_MAX + 1];
    char kind[24];
    hb_source_state state;
    char why[200];
    uint64_t records;
    uint64_t bytes;
    uint64_t reconnects;
    hb_health_lost lost[HB_HEALTH_REASONS];
    uint32_t n_lost;
    hb_time last_arrival;
} hb_health_source;

typedef struct hb_health_snapshot {
    hb_time at;
    hb_time started;
    bool ready; /* every check is ok */
    bool degraded;
    char degraded_why[200];
    hb_health_check checks[HB_HEALTH_SOURCES + HB_HEALTH_SINKS + 8];
    uint32_t n_checks;
    hb_journal_state journal;
    uint64_t decided; /* journal position; journal.end - decided = ingest lag in bytes */
    double lag_s;     /* arrival of the record decided last to now; 0 = up to date */
    hb_health_source sources[HB_HEALTH_SOURCES];
    uint32_t n_sources;
    uint64_t windows_counts[HB_WINDOWS_COUNT_];
    hb_time watermark;
    uint32_t open_windows;
    uint32_t metrics;
    uint64_t verdicts[HB_VERDICT_COUNT_];
    uint64_t cycles;
    uint64_t checkpoints;
    double checkpoint_s; /* how long the last took */
    /* From a window's last record in hand to its decision committed. Bounds in seconds, cumulative
     * counts as Prometheus wants them. */
    double latency_le[HB_HEALTH_BUCKETS];
    uint64_t latency_n[HB_HEALTH_BUCKETS];
    uint32_t n_latency;
    double latency_sum;
    uint64_t latency_count;
    hb_alert_counts alerts;
    hb_outbox_state sinks[HB_HEALTH_SINKS];
    uint32_t n_sinks;
    bool packs; /* evidence packs are made */
    uint64_t packs_wanted;
    uint64_t packs_made;
    uint64_t packs_gone;
    uint64_t packs_bytes;
    uint64_t packs_held; /* over their cap, and on hold; the journal's are in its state */
    uint64_t packs_held_bytes;
    uint64_t reports_held;
    uint64_t reports_held_bytes;
    uint64_t rss_bytes;
    uint64_t rss_max_bytes;
    uint64_t registry_bytes;     /* in use; 0 in the first minute */
    uint64_t registry_max_bytes; /* 0 = no limit */
    uint32_t descriptors;
    uint64_t cpu_ms;
    char training[200]; /* "" = not training; else how far */
    uint64_t config_reloads;
} hb_health_snapshot;

typedef struct hb_health hb_health;

HB_CHECKED hb_status hb_health_new(hb_health **ret_health, hb_error *err);
void hb_health_free(hb_health *h);
void hb_health_publish(hb_health *h, const hb_health_snapshot *s);
void hb_health_read(hb_health *h, hb_health_snapshot *ret);

#endif
