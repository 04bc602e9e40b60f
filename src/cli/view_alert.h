/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts on the terminal and as JSON (schemas/alerts.schema.json). */
#ifndef HB_CLI_VIEW_ALERT_H
#define HB_CLI_VIEW_ALERT_H

#include "base/json_write.h"
#include "cli/app.h"
#include "store/alerts.h"

enum { HB_VIEW_TIME = 40, HB_VIEW_ID = 13 };

/* Whole seconds; "-" for an unknown time. Returns out. */
const char *hb_view_time(hb_time t, char out[HB_VIEW_TIME]);
/* The first 12 characters of an id, "-" for none. Returns out. */
const char *hb_view_id(const char *id, char out[HB_VIEW_ID]);

void hb_view_alert_json(const hb_alert_row *r, hb_json *j);
/* {"format": "hb-alerts/1", "alerts": […]}, or the table. */
HB_CHECKED hb_status hb_view_alerts(hb_app *app, const hb_alert_row *rows, size_t n, hb_error *err);

#endif
