/* SPDX-License-Identifier: Apache-2.0 */
/* A small HTTP server over libmicrohttpd: a table of routes, each with its access class. On
 * 127.0.0.1 or a unix socket unless told otherwise. docs/live.md
 *
 * Handlers run in the server's thread and read published snapshots only. */
#ifndef HB_HTTP_HTTP_H
#define HB_HTTP_HTTP_H

#include "base/buf.h"

typedef enum hb_access { HB_ACCESS_OPEN, HB_ACCESS_LOCAL } hb_access;

typedef struct hb_http_request {
    const char *method;
    const char *path;
    const char *accept; /* "" = not given */
    hb_str body;
} hb_http_request;

typedef struct hb_http_response {
    int status;
    const char *content_type; /* constant */
    hb_buf body;
} hb_http_response;

typedef struct hb_route {
    const char *method;
    const char *path;
    hb_access access;
    size_t max_body; /* 0 = no body is taken */
    hb_status (*handle)(void *ctx, const hb_http_request *request, hb_http_response *response,
                        hb_error *err);
    const char *summary;
} hb_route;

typedef struct hb_http hb_http;

/* listen: "127.0.0.1:9090", "[::1]:9090", "unix:/run/hb/http.sock". Routes are borrowed. */
HB_CHECKED hb_status hb_http_start(const char *listen, const hb_route *routes, size_t n_routes,
                                   void *ctx, hb_http **ret_http, hb_error *err);
void hb_http_stop(hb_http *h);
/* The port it listens on (":0" was asked); 0 for a unix socket. */
unsigned hb_http_port(const hb_http *h);

#endif
