/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/health_routes.h"

#include "base/mem.h"
#include "daemon/health_json.h"
#include "daemon/prometheus.h"

#include <stdio.h>

enum { UNAVAILABLE = 503 };

static const char json_type[] = "application/json";

/* Age of the snapshot in seconds; -1 = there is none yet. A clock that was set back makes none
 * older. */
static int64_t age(const hb_health_view *v, const hb_health_snapshot *s)
{
    hb_time now = v->os->now();
    if (s->at == HB_TIME_NONE) {
        return -1;
    }
    return now > s->at ? (now - s->at) / 1000000000 : 0;
}

/* Readiness is also that the figures are of now. */
static void mind_the_age(const hb_health_view *v, hb_health_snapshot *s)
{
    int64_t old = age(v, s);
    hb_health_check *c = &s->checks[s->n_checks];
    if (s->n_checks >= sizeof s->checks / sizeof *s->checks) {
        return;
    }
    if (old < 0 || old >= HB_HEALTH_STALE_S) {
        *c = (hb_health_check){.name = "engine", .ok = false};
        if (old < 0) {
            snprintf(c->why, sizeof c->why, "it is starting");
        } else {
            snprintf(c->why, sizeof c->why, "it has not been heard of for %lld s", (long long)old);
        }
        s->n_checks++;
        s->ready = false;
    }
}

static hb_status take(const hb_health_view *v, hb_health_snapshot **ret, hb_error *err)
{
    hb_health_snapshot *s = hb_alloc(sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    hb_health_read(v->health, s);
    mind_the_age(v, s);
    *ret = s;
    return HB_OK;
}

static hb_status live(void *ctx, const hb_http_request *q, hb_http_response *r, hb_error *err)
{
    hb_health_snapshot *s = NULL;
    (void)q;
    HB_TRY(take(ctx, &s, err));
    bool up = age(ctx, s) < HB_HEALTH_STALE_S;
    hb_free(s);
    r->status = up ? 200 : UNAVAILABLE;
    r->content_type = json_type;
    hb_buf_c(&r->body, up ? "{\"status\": \"up\"}\n" : "{\"status\": \"hangs\"}\n");
    return HB_OK;
}

static hb_status ready(void *ctx, const hb_http_request *q, hb_http_response *r, hb_error *err)
{
    hb_health_snapshot *s = NULL;
    (void)q;
    HB_TRY(take(ctx, &s, err));
    r->status = s->ready ? 200 : UNAVAILABLE;
    r->content_type = json_type;
    hb_status status = hb_health_ready_json(s, &r->body, err);
    hb_free(s);
    return status;
}

static hb_status status(void *ctx, const hb_http_request *q, hb_http_response *r, hb_error *err)
{
    hb_health_snapshot *s = NULL;
    (void)q;
    HB_TRY(take(ctx, &s, err));
    r->content_type = json_type;
    hb_status result = hb_health_status_json(s, &r->body, err);
    hb_free(s);
    return result;
}

static hb_status metrics(void *ctx, const hb_http_request *q, hb_http_response *r, hb_error *err)
{
    hb_health_snapshot *s = NULL;
    HB_TRY(take(ctx, &s, err));
    hb_exposition form = hb_exposition_of(q->accept);
    r->content_type = hb_exposition_type(form);
    hb_prometheus_write(s, form, &r->body);
    hb_free(s);
    return hb_buf_check(&r->body, err);
}

const hb_route hb_health_routes[HB_HEALTH_ROUTES] = {
    {.method = "GET",
     .path = "/live",
     .access = HB_ACCESS_OPEN,
     .action = HB_ACTION_READ,
     .handle = live,
     .summary = "is the engine running?"},
    {.method = "GET",
     .path = "/ready",
     .access = HB_ACCESS_OPEN,
     .action = HB_ACTION_READ,
     .handle = ready,
     .summary = "is every dependency ok, and if not, why?"},
    {.method = "GET",
     .path = "/metrics",
     .access = HB_ACCESS_OPEN,
     .action = HB_ACTION_READ,
     .handle = metrics,
     .summary = "Prometheus text or OpenMetrics"},
    {.method = "GET",
     .path = "/status",
     .access = HB_ACCESS_LOCAL,
     .action = HB_ACTION_READ,
     .handle = status,
     .summary = "everything, as JSON"},
};
