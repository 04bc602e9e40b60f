/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts driven by scripted windows, ten seconds each, in a registry of their own.
 *
 *     script_begin(&s, path, &options);
 *     script_window(&s, "temp:fail volt:silent");      the next window; every metric is in it and
 *                                                      clean unless the text says otherwise
 *     … script_types(&s, "metric:temp/…") …
 *     script_end(&s);
 *
 * Words: NAME:fail (invariant_max, with samples), NAME:drift (drift_percent), NAME:note (untested,
 * a remark), NAME:warn (stale), NAME:silent (no value, no finding), window:fail (no_baseline).
 * Metrics: crit (declared critical), temp, volt. */
#ifndef HB_TESTS_SUPPORT_ALERT_SCRIPT_H
#define HB_TESTS_SUPPORT_ALERT_SCRIPT_H

#include "alert/alert.h"
#include "store/live.h"
#include "support/check.h"

/* 2026-01-02T03:04:05Z */
#define SCRIPT_START INT64_C(1767323045000000000)
#define SCRIPT_WINDOW_NS INT64_C(10000000000)

typedef struct alert_script {
    const char *path;
    hb_alert_options options;
    hb_store *store;
    hb_alerts *alerts;
    hb_registry *registry;
    uint64_t next; /* number of the window to come */
} alert_script;

void script_begin(alert_script *s, const char *path, const hb_alert_options *options);
void script_end(alert_script *s);
/* Closes and opens again, as a restart does. */
void script_restart(alert_script *s);
/* One cycle. */
void script_window(alert_script *s, const char *words);
/* The cycle's inside only, for window number i, revision r: errors are returned. */
hb_status script_decide(alert_script *s, uint64_t i, uint32_t revision, const char *words,
                        hb_error *err);
hb_time script_now(const alert_script *s); /* end of the last window */
void script_condition(alert_script *s, const char *subject, bool active);
hb_time script_time(alert_script *s, hb_time now); /* returns what is due next */
/* Types of the events written down of a subject (NULL = all), oldest first, by blanks. Valid until
 * the next call. */
const char *script_types(alert_script *s, const char *subject);
/* Every row of alerts, log and outbox as text; the caller frees it (hb_free). */
char *script_dump(alert_script *s);

#endif
