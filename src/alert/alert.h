/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts: raised on a change of state, kept until somebody has seen them, sent at least once.
 * docs/alerts.md
 *
 * An alert is about (stream, subject), the subject being a rule and a metric, a silent source, or
 * the daemon's own health. Life cycle (ISA-18.2 in words): unacknowledged → acknowledged; active →
 * returned; shelved (owner, reason, expiry) hides it from the sinks; it ends when returned and
 * acknowledged. hb_alerts_decided() is called by the engine inside the cycle's transaction
 * (store/live.h), so a verdict and what it sends are one; the state is in the registry alone and
 * survives everything. */
#ifndef HB_ALERT_ALERT_H
#define HB_ALERT_ALERT_H

#include "decide/decision.h"
#include "store/live.h"
#include "telemetry/window.h"

typedef enum hb_alert_severity {
    HB_ALERT_INFO,
    HB_ALERT_WARN,
    HB_ALERT_FAIL,
    HB_ALERT_CRITICAL,
    HB_ALERT_SEVERITY_COUNT_
} hb_alert_severity;

extern const char *const hb_alert_severity_names[]; /* "INFO" …, NULL */

/* One line of alert_rules in daemon.yaml; the first that fits gives the severity. */
typedef struct hb_alert_rule {
    const char *metric;  /* glob; NULL = any */
    const char *rule;    /* finding rule, glob; NULL = any */
    const char *verdict; /* NULL = any */
    bool critical_only;  /* only metrics declared critical */
    hb_alert_severity severity;
} hb_alert_rule;

/* A symptom is not sent while its cause is active. */
typedef struct hb_alert_inhibit {
    const char *cause;   /* glob over subjects */
    const char *symptom; /* glob over subjects */
} hb_alert_inhibit;

typedef struct hb_alert_options {
    const hb_alert_rule *rules;
    /* None fits: FAIL on a critical metric CRITICAL, FAIL FAIL, drift WARN, warnings INFO; remarks
     * are alerts only where a line names their rule. */
    size_t n_rules;
    const hb_alert_inhibit *inhibits;
    size_t n_inhibits;
    uint32_t raise_after; /* windows in a row with the finding before it is raised; default 1 */
    uint32_t clear_after; /* windows in a row without it before it returns; default 3: hysteresis */
    uint32_t flap_max; /* raises within flap_window_s after which it is held as flapping; 0 = off */
    uint32_t flap_window_s;
    int64_t group_ms;         /* what is raised within it goes out as one event; 0 = each alone */
    const char *const *sinks; /* names of the configured sinks: one outbox row each */
    size_t n_sinks;
} hb_alert_options;

typedef struct hb_alerts hb_alerts;

/* Loads what is open for the stream. The store is used in every call, in the caller's thread. */
HB_CHECKED hb_status hb_alerts_open(hb_store *s, const char *stream,
                                    const hb_alert_options *options, hb_alerts **ret_alerts,
                                    hb_error *err);
void hb_alerts_close(hb_alerts *a);

/* What a decided window changes. Call inside hb_live_begin … hb_live_end; after a rollback call
 * hb_alerts_reload. `report` = path of the window's report, "" = none. Event time only: no clock.
 */
HB_CHECKED hb_status hb_alerts_decided(hb_alerts *a, const hb_decision *d, const hb_window *window,
                                       const char *decision_digest, const char *report,
                                       hb_error *err);
/* The same for what is not a window's: subject "source:mqtt", "journal" …; active or over. */
HB_CHECKED hb_status hb_alerts_condition(hb_alerts *a, const char *subject,
                                         hb_alert_severity severity, bool active, const char *text,
                                         hb_time now, hb_error *err);
/* Whether that condition is active as far as alerts know: what a daemon that begins again goes on
 * from. */
bool hb_alerts_active(const hb_alerts *a, const char *subject);
/* Time passes: shelves expire, groups go out. Inside a transaction as well. *ret_due = when to call
 * next. */
HB_CHECKED hb_status hb_alerts_time(hb_alerts *a, hb_time now, hb_time *ret_due, hb_error *err);
HB_CHECKED hb_status hb_alerts_reload(hb_alerts *a, hb_error *err);

typedef struct hb_alert_counts {
    uint64_t active[HB_ALERT_SEVERITY_COUNT_];
    uint64_t unacknowledged;
    uint64_t shelved;
    uint64_t outbox; /* rows waiting, all sinks */
    uint64_t dead;   /* given up */
} hb_alert_counts;

HB_CHECKED hb_status hb_alerts_count(hb_store *s, const char *stream, hb_alert_counts *ret,
                                     hb_error *err);

#endif
