/* SPDX-License-Identifier: Apache-2.0 */
/* daemon.yaml: what `hb daemon` reads, cuts, judges and tells. docs/formats/daemon.md
 *
 * The original's flat keys are accepted (source, path, broker, topic, interval_sec …); the rest is
 * new. An unknown key, at any depth, is HB_E_CONFIG with FILE:LINE:COL, and so is a source or a
 * sink that this program has not.
 *
 *     hb_daemon_config_parse(text, "daemon.yaml", &config, err)
 *     hb_daemon_config_release(&config)
 *
 * Plain values, read-only after parsing; strings and the plugins' own structs live in the arena. */
#ifndef HB_DAEMON_CONFIG_H
#define HB_DAEMON_CONFIG_H

#include "alert/alert.h"
#include "alert/sink.h"
#include "config/field.h"
#include "daemon/log.h"
#include "source/source.h"
#include "telemetry/windows.h"

enum { HB_DAEMON_SOURCES_MAX = 16, HB_DAEMON_SINKS_MAX = 16, HB_DAEMON_RULES_MAX = 200 };

typedef struct hb_daemon_source {
    const char *name; /* [a-z0-9_-], unique */
    const hb_source_ops *ops;
    void *config; /* of the source's own type */
    hb_decode_options format;
} hb_daemon_source;

typedef struct hb_daemon_sink {
    const char *name;
    const hb_sink_ops *ops;
    void *config;
} hb_daemon_sink;

typedef struct hb_daemon_window {
    const char *name;
    int64_t size_ns;
    int64_t slide_ns;
    const char *tag; /* the baseline its windows are judged against */
} hb_daemon_window;

enum { HB_DAEMON_LANES_MAX = HB_WINDOWS_MODES_MAX + 2 };

typedef struct hb_daemon_config {
    hb_arena arena;
    const char *file;           /* in messages */
    const struct hb_node *root; /* as written */
    const char *name;           /* the stream */

    const char *output_dir; /* paths: "" = not given; relative ones start in the workspace */
    const char *db_path;
    const char *metric_registry;
    const char *baseline_policy;
    const char *telemetry_schema;

    const char *unread; /* flat keys of another source than the one named, as `broker, topic`; "" */
    hb_daemon_source *sources;
    size_t n_sources;
    hb_daemon_window *windows;
    size_t n_windows;

    /* event time, nanoseconds */
    int64_t lateness_ns;
    int64_t max_ahead_ns;
    int64_t idle_after_ns;
    int64_t deaf_after_ns;  /* not part of the digest: what follows from it are records */
    int64_t stale_after_ns; /* 0 = never, where the metric declares none */
    int64_t keep_closed_ns;
    hb_late late;

    const char *baseline_tag;
    bool train;             /* makes the baseline of the first windows when the tag is not set */
    uint32_t train_windows; /* per definition; 0 = by train_ns */
    int64_t train_ns;

    const char *journal_dir; /* "" = OUTPUT_DIR/journal */
    uint32_t journal_segment_mb;
    uint32_t journal_max_mb;
    int64_t journal_max_age_s;
    uint32_t journal_sync_ms;

    double alarms_per_month;
    uint32_t keep;
    double min_coverage;

    int64_t checkpoint_ns;
    int64_t keep_pass_ns;       /* decisions of PASS windows; 0 = for ever */
    uint32_t runs_per_hour;     /* windows of weight that are registered as runs; 0 = all */
    uint32_t max_report_dir_mb; /* 0 = no limit */
    bool evidence_on_fail;      /* packs of windows that become runs */
    bool evidence_always;
    bool evidence_baseline_runs; /* in them */
    uint32_t max_evidence_mb;    /* 0 = no limit */
    const char *signing_key;     /* "" = none */
    const char *signing_cert;    /* its certificates, for the packs; "" = none */
    const char **encrypt_to;     /* certificates packs are encrypted to; none = not encrypted */
    size_t n_encrypt_to;
    uint32_t max_metrics;
    uint32_t max_rss_mb;      /* 0 = no limit */
    uint32_t max_registry_mb; /* 0 = no limit */

    uint32_t breaker_failures;
    uint32_t breaker_window_s;
    uint32_t breaker_open_s;

    const char *health_listen; /* "" = none */
    bool health_expose;        /* it may be an address other machines can reach, */
    bool health_tokens;        /* and whoever asks there must show a token */
    int log_format;            /* hb_log_format, hb_log_level */
    int log_level;

    hb_daemon_sink *sinks;
    size_t n_sinks;
    hb_alert_options alerts; /* `sinks` are the names above */
    uint32_t heartbeat_s;
    uint32_t max_attempts;

    hb_run_meta meta; /* identity and context of every window's run */

    /* Operating mode from the data: metric NULL = none, it is meta's. `lanes` are the modes a
     * window can have, each judged for itself: those of `modes`, HB_MODE_TRANSITION and "" (not
     * known); one, NULL, where the mode is meta's. */
    hb_window_modes modes;
    const char **lanes;
    size_t n_lanes;
} hb_daemon_config;

HB_CHECKED hb_status hb_daemon_config_parse(hb_str text, const char *name,
                                            hb_daemon_config *ret_config, hb_error *err);
void hb_daemon_config_release(hb_daemon_config *c);

/* The keys that are written differently in `now` and take effect at a start only, as `a, b`, into
 * `out`; "" when there is none. Rules, sinks and times of alerts and the log's level are not among
 * them: they are taken over by a running daemon. */
void hb_daemon_config_changed(const hb_daemon_config *old, const hb_daemon_config *now, char *out,
                              size_t room);

/* SHA-256 (hex) of everything the engine's state depends on beside the journal: windows, times,
 * sources and how their messages are read, limits, training, identity, and the digests given. */
typedef struct hb_daemon_digests {
    const char *registry;
    const char *policy;
    const char *schema;
    const char *quality;
} hb_daemon_digests;
HB_CHECKED hb_status hb_daemon_config_digest(const hb_daemon_config *c, const hb_daemon_digests *d,
                                             char ret[65], hb_error *err);

/* Is a pack to be made of a window with this verdict? */
bool hb_daemon_wants_pack(const hb_daemon_config *c, bool failed);
/* The tag whose baseline windows of the definition and mode are judged against: `TAG`, where modes
 * are the data's `TAG-MODE`, `TAG-transition`, `TAG-unknown`. */
enum { HB_LANE_TAG_BYTES = HB_TAG_MAX_BYTES + 80 };
void hb_daemon_lane_tag(const hb_daemon_window *w, const char *lane, char ret[HB_LANE_TAG_BYTES]);
/* Does the mode get baselines by training, and is one missed? */
bool hb_daemon_is_steady(const char *lane);
hb_window_def hb_daemon_window_def(const hb_daemon_window *w);

/* The field table, for the reference, the schema and the manual. */
const struct hb_field *hb_daemon_config_fields(void);

#endif
