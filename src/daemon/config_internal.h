/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of the configuration: daemon.yaml as it is written, before it is settled. */
#ifndef HB_DAEMON_CONFIG_INTERNAL_H
#define HB_DAEMON_CONFIG_INTERNAL_H

#include "daemon/config.h"

typedef struct hb_daemon_raw {
    hb_daemon_config c;

    /* the original's flat keys, in seconds */
    hb_opt_f64 interval;
    hb_opt_f64 window;

    hb_opt_f64 lateness;
    hb_opt_f64 max_ahead;
    hb_opt_f64 idle_after;
    hb_opt_f64 deaf_after;
    hb_opt_f64 stale_after;
    hb_opt_f64 keep_closed;
    hb_opt_f64 train_duration;
    hb_opt_f64 journal_max_age;
    hb_opt_f64 checkpoint;
    hb_opt_f64 keep_pass;
    hb_opt_f64 breaker_window;
    hb_opt_f64 breaker_open;
    hb_opt_f64 flap_window;
    hb_opt_f64 group;
    hb_opt_f64 heartbeat;
    uint32_t checkpoint_history;

    /* lists are decoded when everything else is known */
    const hb_node *source; /* flat: the name of a source */
    const hb_node *path;
    const hb_node *broker;
    const hb_node *topic;
    const hb_node *sources;
    const hb_node *windows;
    const hb_node *sinks;
    const hb_node *webhook_url;
    const hb_node *rules;
    const hb_node *inhibit;
    const hb_node *factors;
    const hb_node *modes;
} hb_daemon_raw;

extern const hb_field hb_daemon_fields[];

HB_CHECKED hb_status hb_daemon_take_windows(hb_daemon_raw *raw, const hb_where *top, hb_error *err);
HB_CHECKED hb_status hb_daemon_take_sources(hb_daemon_raw *raw, const hb_where *top,
                                            const hb_node *root, hb_error *err);
HB_CHECKED hb_status hb_daemon_take_sinks(hb_daemon_raw *raw, const hb_where *top, hb_error *err);
HB_CHECKED hb_status hb_daemon_take_rules(hb_daemon_raw *raw, const hb_where *top, hb_error *err);
HB_CHECKED hb_status hb_daemon_take_modes(hb_daemon_raw *raw, const hb_where *top, hb_error *err);
HB_CHECKED hb_status hb_daemon_take_factors(hb_daemon_raw *raw, const hb_where *top, hb_error *err);

/* The place of entry i of a list. */
HB_CHECKED hb_status hb_daemon_entry(const hb_where *top, const char *list, size_t i, hb_where *ret,
                                     hb_error *err);
HB_CHECKED hb_status hb_daemon_list(const hb_node *node, const char *key, size_t most,
                                    const hb_where *top, hb_error *err);
/* A map without the pairs of these keys (NULL at the end). */
HB_CHECKED hb_status hb_daemon_without(const hb_node *map, const char *const *own,
                                       const hb_where *where, hb_node **ret, hb_error *err);
/* A text of a map; NULL when it is not given. */
HB_CHECKED hb_status hb_daemon_text(const hb_node *map, const char *key, const hb_where *where,
                                    const char **ret, hb_error *err);
/* Names of sources and sinks stand in journal records, file names and subjects of alerts. */
HB_CHECKED hb_status hb_daemon_name(const char *name, const hb_node *node, const hb_where *where,
                                    hb_error *err);

/* Seconds to nanoseconds; not given: `fallback_s`. */
int64_t hb_daemon_ns(hb_opt_f64 seconds, double fallback_s);

#endif
