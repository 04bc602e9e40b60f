/* SPDX-License-Identifier: Apache-2.0 */
/* Between supervise.c (life and the loop), housekeeping.c (the clock), snapshot.c (health) and
 * reload.c (SIGHUP). */
#ifndef HB_DAEMON_SUPERVISE_INTERNAL_H
#define HB_DAEMON_SUPERVISE_INTERNAL_H

#include "daemon/auditor.h"
#include "daemon/claim.h"
#include "daemon/feeders.h"
#include "daemon/health_routes.h"
#include "daemon/keeper.h"
#include "daemon/notify.h"
#include "daemon/packs.h"
#include "daemon/supervise.h"

enum { HB_CONDITIONS = HB_DAEMON_SOURCES_MAX + 6 };

/* What is wrong with the daemon itself, as an alert: told when it begins and when it is over. */
typedef struct hb_condition {
    char subject[HB_RECORD_SOURCE_MAX + 16];
    bool active;      /* as told */
    int64_t since_ns; /* monotonic; 0 = not wrong now */
} hb_condition;

typedef struct hb_supervisor {
    const hb_daemon_setup *s;
    char correlation[33];
    hb_log *log;
    int claim;               /* the stream's lock; -1 = none */
    hb_store *store;         /* of this thread */
    hb_keeper *keeper;       /* of the journal */
    char retention_why[200]; /* "" = the last retention pass did what it wanted */
    hb_journal *journal;
    hb_alerts *alerts;
    hb_outbox *outbox;
    hb_outbox_sink *outbox_sinks;
    hb_packer *packer; /* NULL = no evidence packs are made */
    hb_engine *engine;
    hb_auditor *auditor;
    hb_feeders *feeders;
    hb_health *health;
    hb_health_view view;
    hb_http *http;
    hb_http_gate *gate; /* of http; NULL = no tokens are asked for */
    hb_notify *notify;
    char source_checks[HB_HEALTH_SOURCES][HB_RECORD_SOURCE_MAX + 16]; /* names of health checks */
    char sink_checks[HB_HEALTH_SINKS][HB_RECORD_SOURCE_MAX + 16];
    /* what a reload put in place of the setup's */
    hb_daemon_config *reloaded;
    hb_daemon_config *config; /* in force for log, alerts and sinks */

    hb_time started;
    uint64_t reloads;
    bool ending;
    bool finish_written;
    bool throttled;         /* memory is over its limit */
    char registry_why[200]; /* "" = the last commit succeeded */
    unsigned failures;      /* in a row */
    int64_t failing_since_ns;
    int64_t retry_at_ns;
    int64_t last_tick_ns;
    int64_t deaf_ns;   /* since when no source has a connection; 0 = one has */
    hb_time watermark; /* as seen last, */
    int64_t moved_ns;  /* and when it was seen to move */
    int64_t last_second_ns;
    int64_t last_minute_ns;
    int64_t last_retain_ns;
    int64_t watchdog_ns;
    hb_condition conditions[HB_CONDITIONS];
    size_t n_conditions;
} hb_supervisor;

/* snapshot.c */
void hb_supervisor_publish(hb_supervisor *v);
/* Memory of its own in use; 0 = unknown. */
uint64_t hb_supervisor_memory(const hb_os *os);

/* reload.c */
void hb_supervisor_reload(hb_supervisor *v);

/* housekeeping.c */
/* After each step of the engine: whether time moves, and ticks where it does not. */
void hb_supervisor_watch_time(hb_supervisor *v);
void hb_supervisor_each_second(hb_supervisor *v);
void hb_supervisor_feed_watchdog(hb_supervisor *v);

/* supervise.c */
/* The registry did not take something: it is left alone for a while, longer when that goes on. */
void hb_supervisor_store_trouble(hb_supervisor *v, const hb_error *err);
HB_CHECKED hb_status hb_supervisor_open_outbox(hb_supervisor *v, hb_error *err);
HB_CHECKED hb_status hb_supervisor_open_alerts(hb_supervisor *v, const hb_daemon_config *c,
                                               hb_alerts **ret, hb_error *err);

#endif
