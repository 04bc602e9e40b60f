/* SPDX-License-Identifier: Apache-2.0 */
/* Live source http: takes POSTs of JSON samples, Influx line protocol or OpenTelemetry metrics.
 * docs/live-health.md has the rules of the server, docs/formats/line_protocol.md and otlp.md the
 * routes.
 *
 *     format: json            POST /samples
 *     format: line_protocol   POST /write, POST /api/v2/write (as InfluxDB 1 and 2), GET /ping
 *     format: otlp            POST /v1/metrics
 *
 * A body is one record and is answered with 204 after the journal has it; while the journal is full
 * nothing is answered, and when the program is ending 503: the sender must send it again. What the
 * body says is read later, so one that cannot be read is answered like any other and counted; only
 * OTLP's answers differ. */
#ifndef HB_SOURCE_HTTP_RECEIVE_H
#define HB_SOURCE_HTTP_RECEIVE_H

#include "source/source.h"

typedef enum hb_receive_format {
    HB_RECEIVE_JSON,
    HB_RECEIVE_LINE_PROTOCOL,
    HB_RECEIVE_OTLP
} hb_receive_format;

enum { HB_RECEIVE_RESOURCE_MAX = 200 };

typedef struct hb_receive_config {
    const char *listen;
    bool expose;
    bool tokens;
    hb_receive_format format;
    const char *resource; /* otlp: keys with commas between; "" = none */
} hb_receive_config;

extern const hb_source_ops hb_source_http;

/* Where it listens (tests ask for port 0). After open. */
unsigned hb_receive_port(const hb_source *s);

#endif
