/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon answers over HTTP, from the published snapshot alone. docs/live-health.md
 *
 *     hb_health_view view = {.health = h, .os = os};
 *     hb_http_start(listen, hb_health_routes, HB_HEALTH_ROUTES, &view, gate, &http, err)
 *
 *     GET /live     200 while the engine publishes, else 503: restart it
 *     GET /ready    200 when every check is ok, else 503; JSON with every dependency and its reason
 *     GET /metrics  Prometheus text 0.0.4, or OpenMetrics 1.0 where the client asks for it
 *     GET /status   the whole snapshot as JSON; this machine alone */
#ifndef HB_DAEMON_HEALTH_ROUTES_H
#define HB_DAEMON_HEALTH_ROUTES_H

#include "daemon/health.h"
#include "http/http.h"

enum {
    HB_HEALTH_ROUTES = 4,
    /* Without a snapshot for so long the engine is taken to hang. The engine publishes at least
     * every second, also while it catches up. */
    HB_HEALTH_STALE_S = 60
};

typedef struct hb_health_view {
    hb_health *health;
    const hb_os *os;
} hb_health_view;

extern const hb_route hb_health_routes[HB_HEALTH_ROUTES]; /* ctx: hb_health_view * */

#endif
