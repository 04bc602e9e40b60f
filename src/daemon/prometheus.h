/* SPDX-License-Identifier: Apache-2.0 */
/* The health snapshot as metrics: Prometheus text 0.0.4 or OpenMetrics 1.0, from one table of rows.
 * docs/live-health.md lists them; a test compares. Pure. */
#ifndef HB_DAEMON_PROMETHEUS_H
#define HB_DAEMON_PROMETHEUS_H

#include "daemon/health.h"

typedef enum hb_exposition {
    HB_EXPOSITION_PROMETHEUS,
    HB_EXPOSITION_OPENMETRICS,
    HB_EXPOSITION_COUNT_
} hb_exposition;

/* By the header Accept (RFC 9110, 12.5.1): OpenMetrics when it is named and weighs no less than
 * plain text, else Prometheus text; "" = not given. */
hb_exposition hb_exposition_of(const char *accept);
const char *hb_exposition_type(hb_exposition form); /* the header Content-Type */

void hb_prometheus_write(const hb_health_snapshot *s, hb_exposition form, hb_buf *out);

#endif
