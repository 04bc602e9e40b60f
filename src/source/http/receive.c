/* SPDX-License-Identifier: Apache-2.0 */
#include "source/http/receive.h"

#include "base/mem.h"
#include "http/http.h"
#include "source/http/otlp.h"
#include "source/payload.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum {
    POLL_MS = 200,
    NO_CONTENT = 204,
    BAD_REQUEST = 400,
    UNSUPPORTED = 415,
    UNAVAILABLE = 503,
    ROUTES_MAX = 3
};

static const char *const format_names[] = {"json", "line_protocol", "otlp", NULL};

static const hb_field fields[] = {
    {.key = "listen",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_receive_config, listen),
     .max = 200,
     .def = "127.0.0.1:8086",
     .doc = "Where to listen: ADDRESS:PORT or unix:PATH."},
    {.key = "expose",
     .kind = HB_FIELD_BOOL,
     .offset = offsetof(hb_receive_config, expose),
     .def = "false",
     .doc = "Listen on an address that other machines can reach; needs tokens."},
    {.key = "tokens",
     .kind = HB_FIELD_BOOL,
     .offset = offsetof(hb_receive_config, tokens),
     .def = "false",
     .doc = "Who sends must show a token (hb token create) of an operator; GET /ping one of a "
            "viewer."},
    {.key = "format",
     .kind = HB_FIELD_ENUM,
     .offset = offsetof(hb_receive_config, format),
     .names = format_names,
     .def = "json",
     .doc = "json: POST /samples. line_protocol: POST /write and /api/v2/write. otlp: POST "
            "/v1/metrics (OpenTelemetry)."},
    {.key = "resource",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_receive_config, resource),
     .max = HB_RECEIVE_RESOURCE_MAX,
     .def = "service.name",
     .doc = "With otlp: attributes of the resource that are part of a metric's name, with commas "
            "between; otel.scope.name is the scope's name."},
    {0},
};

struct hb_source {
    hb_http *http;
    hb_http_gate *gate; /* NULL = no tokens are asked for */
    pthread_mutex_t lock;
    const hb_source_sink *sink; /* NULL while run() is not running */
    hb_receive_otlp *otlp;      /* NULL with another format */
};

static void defaults(void *config)
{
    *(hb_receive_config *)config =
        (hb_receive_config){.listen = "127.0.0.1:8086", .resource = "service.name"};
}

static hb_status check(const void *config, hb_error *err)
{
    const hb_receive_config *c = config;
    HB_TRY(hb_receive_otlp_check(c->resource, err));
    const hb_http_listen l = {.listen = c->listen, .expose = c->expose, .tokens = c->tokens};
    return hb_http_listen_check(&l, err);
}

static void format(const void *config, hb_decode_options *ret)
{
    static const hb_payload payloads[] = {[HB_RECEIVE_JSON] = HB_PAYLOAD_JSON,
                                          [HB_RECEIVE_LINE_PROTOCOL] = HB_PAYLOAD_LINE_PROTOCOL,
                                          [HB_RECEIVE_OTLP] = HB_PAYLOAD_OTLP};
    const hb_receive_config *c = config;
    *ret = (hb_decode_options){.payload = payloads[c->format]};
}

static hb_status answer(hb_http_response *r, int status, const char *text)
{
    r->status = status;
    hb_buf_c(&r->body, text);
    return HB_OK;
}

static const hb_source_sink *get_sink(hb_source *s)
{
    pthread_mutex_lock(&s->lock);
    const hb_source_sink *sink = s->sink;
    pthread_mutex_unlock(&s->lock);
    return sink;
}

/* Runs in the server's thread; put() may wait there, which holds back all senders. */
static hb_status receive(void *ctx, const hb_http_request *q, hb_http_response *r, hb_error *err)
{
    hb_source *s = ctx;
    char topic[200];
    int64_t unit_ns = 1;
    const char *encoding = hb_http_header(q, "Content-Encoding");
    const char *precision = hb_http_argument(q, "precision");
    if (encoding && strcmp(encoding, "identity") != 0) {
        return answer(r, UNSUPPORTED, "send it uncompressed\n");
    }
    if (precision && !hb_line_precision(hb_str_of(precision), &unit_ns)) {
        return HB_FAIL(err, HB_E_INPUT, "precision is '%.20s', expected ns, us, ms or s",
                       precision);
    }
    const hb_source_sink *sink = get_sink(s);
    if (!sink) {
        return answer(r, UNAVAILABLE, "not running; send it again\n");
    }
    if (q->body.n == 0) {
        return answer(r, NO_CONTENT, "");
    }
    snprintf(topic, sizeof topic, "%.60s%s%.20s", q->path, precision ? "?precision=" : "",
             precision ? precision : "");
    hb_record record = {.kind = HB_RECORD_MESSAGE,
                        .topic = hb_str_of(topic),
                        .payload = q->body,
                        .event = HB_TIME_NONE};
    HB_TRY(sink->put(sink->ctx, &record, err));
    return answer(r, NO_CONTENT, "");
}

/* What cannot be decoded is refused before the journal, as the protocol wants it. */
static hb_status receive_otlp(void *ctx, const hb_http_request *q, hb_http_response *r,
                              hb_error *err)
{
    hb_source *s = ctx;
    hb_record record;
    bool take = false;
    const hb_source_sink *sink = get_sink(s);
    if (!sink) {
        return answer(r, UNAVAILABLE, "not running; send it again\n");
    }
    HB_TRY(hb_receive_otlp_look(s->otlp, q, r, &record, &take, err));
    if (take) {
        HB_TRY(sink->put(sink->ctx, &record, err));
    } else if (r->status == BAD_REQUEST) {
        sink->lost(sink->ctx, "undecodable", 1);
    }
    return HB_OK;
}

static hb_status ping(void *ctx, const hb_http_request *q, hb_http_response *r, hb_error *err)
{
    (void)ctx;
    (void)q;
    (void)err;
    return answer(r, NO_CONTENT, "");
}

static const hb_route json_routes[] = {
    {.method = "POST",
     .path = "/samples",
     .access = HB_ACCESS_OPEN,
     .action = HB_ACTION_RUN,
     .max_body = HB_RECORD_PAYLOAD_MAX,
     .handle = receive,
     .summary = "JSON samples, one or several values"},
};

static const hb_route line_routes[ROUTES_MAX] = {
    {.method = "POST",
     .path = "/write",
     .access = HB_ACCESS_OPEN,
     .action = HB_ACTION_RUN,
     .max_body = HB_RECORD_PAYLOAD_MAX,
     .handle = receive,
     .summary = "line protocol, as InfluxDB 1"},
    {.method = "POST",
     .path = "/api/v2/write",
     .access = HB_ACCESS_OPEN,
     .action = HB_ACTION_RUN,
     .max_body = HB_RECORD_PAYLOAD_MAX,
     .handle = receive,
     .summary = "line protocol, as InfluxDB 2"},
    {.method = "GET",
     .path = "/ping",
     .access = HB_ACCESS_OPEN,
     .action = HB_ACTION_READ,
     .handle = ping,
     .summary = "is it there?"},
};

static const hb_route otlp_routes[] = {
    {.method = "POST",
     .path = "/v1/metrics",
     .access = HB_ACCESS_OPEN,
     .action = HB_ACTION_RUN,
     .max_body = HB_RECORD_PAYLOAD_MAX,
     .handle = receive_otlp,
     .summary = "OpenTelemetry metrics (OTLP/HTTP)"},
};

static const struct {
    const hb_route *routes;
    size_t n;
} routes_of[] = {[HB_RECEIVE_JSON] = {json_routes, sizeof json_routes / sizeof *json_routes},
                 [HB_RECEIVE_LINE_PROTOCOL] = {line_routes, ROUTES_MAX},
                 [HB_RECEIVE_OTLP] = {otlp_routes, sizeof otlp_routes / sizeof *otlp_routes}};

static void close_source(hb_source *s)
{
    if (s) {
        hb_http_stop(s->http);
        hb_http_gate_close(s->gate);
        hb_receive_otlp_close(s->otlp);
        pthread_mutex_destroy(&s->lock);
        hb_free(s);
    }
}

static hb_status open_source(const hb_source_env *env, const void *config, hb_source **ret_source,
                             hb_error *err)
{
    const hb_receive_config *c = config;
    HB_TRY(check(config, err));
    hb_source *s = hb_alloc_zero(sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    pthread_mutex_init(&s->lock, NULL);
    hb_status status =
        c->format == HB_RECEIVE_OTLP ? hb_receive_otlp_open(c->resource, &s->otlp, err) : HB_OK;
    if (status == HB_OK && c->tokens) {
        status = hb_http_gate_open(env->os, env->tokens, env->program, &s->gate, err);
    }
    if (status == HB_OK) {
        status = hb_http_start(c->listen, routes_of[c->format].routes, routes_of[c->format].n, s,
                               s->gate, &s->http, err);
    }
    if (status != HB_OK) {
        close_source(s);
        return status;
    }
    *ret_source = s;
    return HB_OK;
}

unsigned hb_receive_port(const hb_source *s)
{
    return hb_http_port(s->http);
}

static void set_sink(hb_source *s, const hb_source_sink *sink)
{
    pthread_mutex_lock(&s->lock);
    s->sink = sink;
    pthread_mutex_unlock(&s->lock);
}

static hb_status run(hb_source *s, const hb_source_sink *sink, hb_error *err)
{
    (void)err;
    set_sink(s, sink);
    sink->state(sink->ctx, HB_SOURCE_RUNNING, "");
    while (!sink->stopping(sink->ctx) && sink->sleep_ms(sink->ctx, POLL_MS)) {
    }
    set_sink(s, NULL);
    hb_http_stop(s->http); /* no put() after this has returned */
    s->http = NULL;
    return HB_OK;
}

const hb_source_ops hb_source_http = {
    .name = "http",
    .summary = "POST of JSON samples, Influx line protocol or OpenTelemetry metrics",
    .fields = fields,
    .config_size = sizeof(hb_receive_config),
    .defaults = defaults,
    .check = check,
    .format = format,
    .open = open_source,
    .run = run,
    .close = close_source,
};
