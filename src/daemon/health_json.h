/* SPDX-License-Identifier: Apache-2.0 */
/* The health snapshot as JSON: what /ready and /status answer. schemas/ready.schema.json,
 * schemas/health.schema.json. Pure. */
#ifndef HB_DAEMON_HEALTH_JSON_H
#define HB_DAEMON_HEALTH_JSON_H

#include "daemon/health.h"

/* Every dependency with its reason. */
HB_CHECKED hb_status hb_health_ready_json(const hb_health_snapshot *s, hb_buf *out, hb_error *err);
/* Everything. */
HB_CHECKED hb_status hb_health_status_json(const hb_health_snapshot *s, hb_buf *out, hb_error *err);

#endif
