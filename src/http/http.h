/* SPDX-License-Identifier: Apache-2.0 */
/* A small HTTP/1.1 server over libmicrohttpd: a table of routes, each with its access class and its
 * action of the one table of permissions. On 127.0.0.1 or a unix socket unless told otherwise.
 * docs/live-health.md, docs/tokens.md
 *
 *     hb_http_listen_check(&listen, err)           when the configuration is read
 *     hb_http_start(listen, routes, n, ctx, gate, &h, err)
 *     hb_http_stop(h)
 *
 * One thread of its own, which signals do not reach, polls all connections: a slow client holds up
 * nobody. Handlers run in it, so they read published snapshots only and do not wait. Bounded:
 * HB_HTTP_CONNECTIONS at a time (the next wait until one ends), HB_HTTP_IDLE_S without a byte ends
 * one, 32 KiB of head, a body of at most the route's max_body.
 *
 * Answered here, with one line of text as the body: 404 no such path, 405 another method (Allow
 * says which; HEAD goes where GET goes), 413 too large, 403 where the access class forbids it, and
 * what the gate says (http/gate.h): 401, 403, 429 with Retry-After, 503.
 * No answer says which program or version it is.
 *
 * The library is loaded when the first server starts (docs/decisions/0121-libmicrohttpd.md). */
#ifndef HB_HTTP_HTTP_H
#define HB_HTTP_HTTP_H

#include "base/buf.h"
#include "http/gate.h"

enum {
    HB_HTTP_CONNECTIONS = 128,
    HB_HTTP_IDLE_S = 10,
    HB_HTTP_ANSWER_MAX = 16 << 20 /* bytes of a response's body */
};

/* OPEN: whoever can connect. LOCAL: peers on this machine alone, whatever the server listens on,
 * and only under a name of this machine, so that no web page can ask by a name of its own (DNS
 * rebinding). Routes that take a body refuse what a web page sends (a header Origin). */
typedef enum hb_access { HB_ACCESS_OPEN, HB_ACCESS_LOCAL } hb_access;

typedef struct hb_http_request {
    const char *method;
    const char *path;
    const char *accept; /* "" = not given */
    hb_str body;
    const void *connection; /* for hb_http_argument */
} hb_http_request;

typedef struct hb_http_response {
    int status;               /* 200 unless set */
    const char *content_type; /* constant; NULL = plain text */
    hb_buf body;              /* bounded by HB_HTTP_ANSWER_MAX */
} hb_http_response;

typedef struct hb_route {
    const char *method; /* "GET", "POST" */
    const char *path;
    hb_access access;
    hb_action action; /* what a token must allow, where a gate asks for one */
    size_t max_body;  /* 0 = no body is taken */
    /* An error gives 400 (HB_E_INPUT), 503 (HB_E_LIMIT) with the message, else 500 without it. */
    hb_status (*handle)(void *ctx, const hb_http_request *request, hb_http_response *response,
                        hb_error *err);
    const char *summary;
} hb_route;

typedef struct hb_http hb_http;

typedef struct hb_http_listen {
    const char *listen;
    bool expose; /* other machines may reach it */
    bool tokens; /* whoever asks must show one */
} hb_http_listen;

/* HB_E_CONFIG: no address, or one that other machines can reach without both being said. */
HB_CHECKED hb_status hb_http_listen_check(const hb_http_listen *l, hb_error *err);

/* listen: "127.0.0.1:9090", "[::1]:9090", "unix:/run/hb/http.sock" (mode 0660). Routes and gate are
 * borrowed; gate NULL = nobody is asked for a token, which is for addresses of this machine alone.
 * HB_E_CONFIG: no address, or one that needs a gate; HB_E_IO: it cannot be listened on, or
 * libmicrohttpd is missing. */
HB_CHECKED hb_status hb_http_start(const char *listen, const hb_route *routes, size_t n_routes,
                                   void *ctx, hb_http_gate *gate, hb_http **ret_http,
                                   hb_error *err);
/* Waits for the handler that runs, ends all connections. NULL is fine. */
void hb_http_stop(hb_http *h);
/* The port it listens on (":0" was asked); 0 for a unix socket. */
unsigned hb_http_port(const hb_http *h);
/* Of the query (?name=value); NULL when absent. Valid during the handler. */
const char *hb_http_argument(const hb_http_request *request, const char *name);
/* A header of the request; NULL when absent. */
const char *hb_http_header(const hb_http_request *request, const char *name);

#endif
