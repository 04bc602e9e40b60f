/* SPDX-License-Identifier: Apache-2.0 */
/* A request's life: the first call of `serve` finds the route or the refusal; calls with data fill
 * the body; the call without data answers. A refusal is answered at once when no body is announced,
 * else after the body was read and thrown away, so that the client is there to hear it; a client
 * that sends more than SWALLOWED_MAX too much is cut off. */
#include "http/http.h"

#include "base/mem.h"
#include "base/num.h"
#include "http/mhd.h"
#include "os/address.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { HEAD_MAX = 32 << 10, SWALLOWED_MAX = 1 << 20, SOCKET_MODE = 0660 };

struct hb_http {
    hb_mhd mhd;
    struct MHD_Daemon *daemon;
    hb_address address;
    int fd;
    unsigned port;
    const hb_route *routes;
    size_t n_routes;
    void *ctx;
    hb_http_gate *gate; /* NULL = none */
};

typedef struct exchange {
    const hb_http *http;
    struct MHD_Connection *connection;
    const hb_route *route; /* NULL = refused */
    int refused;           /* status */
    unsigned wait_s;       /* with 429 */
    bool allow_get;
    size_t swallowed;
    hb_buf body;
} exchange;

static const char *reason(int status)
{
    switch (status) {
    case 400:
        return "bad request\n";
    case 401:
        return "a token is needed that counts\n";
    case 403:
        return "forbidden\n";
    case 404:
        return "not found\n";
    case 405:
        return "method not allowed\n";
    case 413:
        return "content too large\n";
    case 429:
        return "too many failures; wait\n";
    case 503:
        return "unavailable\n";
    default:
        return "internal error\n";
    }
}

static const char *header(const hb_http *h, struct MHD_Connection *c, const char *name)
{
    return h->mhd.lookup(c, MHD_HEADER_KIND, name);
}

/* Host is this machine by number or as localhost, with or without a port. */
static bool names_this_machine(const char *host)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; host && i < sizeof names / sizeof *names; i++) {
        size_t n = strlen(names[i]);
        if (strncmp(host, names[i], n) == 0 && (host[n] == '\0' || host[n] == ':')) {
            return true;
        }
    }
    return false;
}

static bool allowed(const exchange *x, const hb_route *r, const struct sockaddr *peer)
{
    const hb_http *h = x->http;
    if (r->max_body && header(h, x->connection, "Origin")) {
        return false;
    }
    if (r->access == HB_ACCESS_OPEN) {
        return true;
    }
    return hb_address_is_local(peer) && (h->address.at.ss_family == AF_UNIX ||
                                         names_this_machine(header(h, x->connection, "Host")));
}

/* 0, or the status that refuses. */
static int admit(exchange *x, const hb_route *r)
{
    const hb_http *h = x->http;
    const union MHD_ConnectionInfo *info =
        h->mhd.connection_info(x->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (!info || !allowed(x, r, info->client_addr)) {
        return 403;
    }
    return h->gate ? hb_http_gate_admit(h->gate, info->client_addr,
                                        header(h, x->connection, "Authorization"), r->action,
                                        &x->wait_s)
                   : 0;
}

static bool takes(const hb_route *r, const char *method)
{
    return strcmp(r->method, method) == 0 ||
           (strcmp(method, "HEAD") == 0 && strcmp(r->method, "GET") == 0);
}

static void find_route(exchange *x, const char *path, const char *method)
{
    const hb_http *h = x->http;
    const char *length = header(h, x->connection, "Content-Length");
    uint64_t n = 0;
    x->refused = 404;
    for (size_t i = 0; i < h->n_routes; i++) {
        const hb_route *r = &h->routes[i];
        if (strcmp(r->path, path) != 0) {
            continue;
        }
        x->refused = 405;
        x->allow_get = x->allow_get || strcmp(r->method, "GET") == 0;
        if (takes(r, method)) {
            bool fits =
                !length || (hb_num_parse_u64(length, strlen(length), &n) && n <= r->max_body);
            x->refused = admit(x, r);
            x->refused = !x->refused && !fits ? 413 : x->refused;
            x->route = x->refused ? NULL : r;
            break;
        }
    }
    hb_buf_init(&x->body, x->route ? x->route->max_body : 0);
}

static void add_allow(const exchange *x, struct MHD_Response *r, const char *path)
{
    hb_buf b;
    hb_buf_init(&b, 256);
    for (size_t i = 0; i < x->http->n_routes; i++) {
        if (strcmp(x->http->routes[i].path, path) == 0) {
            hb_buf_fmt(&b, "%s%s", b.n ? ", " : "", x->http->routes[i].method);
        }
    }
    if (x->allow_get) {
        hb_buf_c(&b, ", HEAD");
    }
    HB_IGNORE(x->http->mhd.add_header(r, "Allow", b.p) == MHD_NO); /* then without it */
    hb_buf_release(&b);
}

static enum MHD_Result answer(const exchange *x, const char *path, const hb_http_response *from)
{
    const hb_mhd *mhd = &x->http->mhd;
    struct MHD_Response *r =
        mhd->create_response(from->body.n, from->body.p, MHD_RESPMEM_MUST_COPY);
    const char *type = from->content_type ? from->content_type : "text/plain; charset=utf-8";
    if (!r) {
        return MHD_NO;
    }
    enum MHD_Result ok = mhd->add_header(r, "Content-Type", type);
    ok = ok == MHD_YES ? mhd->add_header(r, "Cache-Control", "no-store") : ok;
    ok = ok == MHD_YES ? mhd->add_header(r, "X-Content-Type-Options", "nosniff") : ok;
    if (from->status == 405) {
        add_allow(x, r, path);
    }
    if (from->status == 401 && ok == MHD_YES) {
        ok = mhd->add_header(r, "WWW-Authenticate", "Bearer realm=\"hb\"");
    }
    if (from->status == 429 && ok == MHD_YES) {
        char wait[16];
        snprintf(wait, sizeof wait, "%u", x->wait_s);
        ok = mhd->add_header(r, "Retry-After", wait);
    }
    if (ok == MHD_YES) {
        ok = mhd->queue_response(x->connection, (unsigned)from->status, r);
    }
    mhd->destroy_response(r);
    return ok;
}

static enum MHD_Result refuse(const exchange *x, const char *path, int status, const char *text)
{
    hb_http_response r = {.status = status};
    hb_buf_init(&r.body, 2048);
    hb_buf_c(&r.body, text);
    enum MHD_Result result = answer(x, path, &r);
    hb_buf_release(&r.body);
    return result;
}

static enum MHD_Result failed(const exchange *x, const char *path, hb_status status,
                              const hb_error *err)
{
    char text[sizeof err->msg + 2];
    if (status != HB_E_INPUT && status != HB_E_LIMIT) {
        return refuse(x, path, 500, reason(500));
    }
    snprintf(text, sizeof text, "%s\n", err->msg);
    return refuse(x, path, status == HB_E_INPUT ? 400 : 503, text);
}

static enum MHD_Result handle(const exchange *x, const char *path, const char *method)
{
    hb_error err = {0};
    const char *accept = header(x->http, x->connection, "Accept");
    hb_http_request q = {.method = method,
                         .path = path,
                         .accept = accept ? accept : "",
                         .body = {x->body.p, x->body.n},
                         .connection = x};
    hb_http_response r = {.status = 200};
    hb_buf_init(&r.body, HB_HTTP_ANSWER_MAX);
    hb_status status = x->route->handle(x->http->ctx, &q, &r, &err);
    if (status == HB_OK) {
        status = hb_buf_check(&r.body, &err);
        status = status == HB_OK ? status : HB_E_BUG;
    }
    enum MHD_Result result = status == HB_OK ? answer(x, path, &r) : failed(x, path, status, &err);
    hb_buf_release(&r.body);
    return result;
}

static bool body_announced(const exchange *x)
{
    const char *length = header(x->http, x->connection, "Content-Length");
    return header(x->http, x->connection, "Transfer-Encoding") ||
           (length && strcmp(length, "0") != 0);
}

/* More of the body; false = the client is cut off. */
static bool take_body(exchange *x, const char *data, size_t n)
{
    if (x->route) {
        hb_buf_add(&x->body, data, n);
        if (hb_buf_check(&x->body, NULL) == HB_OK) {
            return true;
        }
        x->refused = x->body.failed == HB_E_LIMIT ? 413 : 500;
        x->route = NULL;
    }
    x->swallowed += n;
    return x->swallowed <= SWALLOWED_MAX;
}

static enum MHD_Result serve(void *ctx, struct MHD_Connection *connection, const char *path,
                             const char *method, const char *version, const char *data,
                             size_t *data_n, void **request)
{
    (void)version;
    exchange *x = *request;
    if (!x) {
        x = hb_alloc_zero(sizeof *x);
        if (!x) {
            return MHD_NO;
        }
        *request = x;
        x->http = ctx;
        x->connection = connection;
        find_route(x, path, method);
        /* Who asks first (Expect: 100-continue) is refused before it sends. */
        bool asks = header(x->http, connection, "Expect") != NULL;
        return x->route || (body_announced(x) && !asks)
                   ? MHD_YES
                   : refuse(x, path, x->refused, reason(x->refused));
    }
    if (*data_n) {
        bool goes_on = take_body(x, data, *data_n);
        *data_n = 0;
        return goes_on ? MHD_YES : MHD_NO;
    }
    return x->route ? handle(x, path, method) : refuse(x, path, x->refused, reason(x->refused));
}

static void completed(void *ctx, struct MHD_Connection *connection, void **request,
                      enum MHD_RequestTerminationCode why)
{
    (void)ctx;
    (void)connection;
    (void)why;
    exchange *x = *request;
    if (x) {
        hb_buf_release(&x->body);
        hb_free(x);
        *request = NULL;
    }
}

/* Signals are the daemon's main thread's to take. */
static struct MHD_Daemon *start(hb_http *h, int fd)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    struct MHD_Daemon *d = h->mhd.start_daemon(
        MHD_USE_POLL_INTERNAL_THREAD, 0, NULL, NULL, serve, h, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_NOTIFY_COMPLETED, completed, NULL, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)HB_HTTP_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HB_HTTP_IDLE_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_MAX, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_END);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return d;
}

static hb_status needs_tokens(const hb_address *a, bool tokens, hb_error *err)
{
    return a->local || tokens
               ? HB_OK
               : HB_FAIL(err, HB_E_CONFIG,
                         "'%s' can be reached from other machines: say `tokens: true` beside it, "
                         "and make tokens with 'hb token create' (docs/tokens.md)",
                         a->text);
}

hb_status hb_http_listen_check(const hb_http_listen *l, hb_error *err)
{
    hb_address a;
    HB_TRY(hb_address_check(l->listen, l->expose, err));
    HB_TRY(hb_address_parse(l->listen, &a, err));
    return needs_tokens(&a, l->tokens, err);
}

static hb_status open_server(hb_http *h, const char *listen, hb_error *err)
{
    HB_TRY(hb_address_parse(listen, &h->address, err));
    HB_TRY(needs_tokens(&h->address, h->gate != NULL, err));
    HB_TRY(hb_mhd_load(&h->mhd, err));
    HB_TRY(hb_address_listen(&h->address, SOCK_STREAM, SOCKET_MODE, &h->fd, err));
    h->port = hb_address_port(h->fd);
    int fd = dup(h->fd); /* this one is the library's to close */
    h->daemon = fd < 0 ? NULL : start(h, fd);
    return h->daemon ? HB_OK
                     : HB_FAIL(err, HB_E_IO, "the HTTP server on '%s' did not start", listen);
}

hb_status hb_http_start(const char *listen, const hb_route *routes, size_t n_routes, void *ctx,
                        hb_http_gate *gate, hb_http **ret_http, hb_error *err)
{
    hb_http *h = hb_alloc_zero(sizeof *h);
    if (!h) {
        return HB_NOMEM(err);
    }
    h->fd = -1;
    h->routes = routes;
    h->n_routes = n_routes;
    h->ctx = ctx;
    h->gate = gate;
    hb_status status = open_server(h, listen, err);
    if (status != HB_OK) {
        hb_http_stop(h);
        return status;
    }
    *ret_http = h;
    return HB_OK;
}

void hb_http_stop(hb_http *h)
{
    if (!h) {
        return;
    }
    if (h->daemon) {
        h->mhd.stop_daemon(h->daemon);
    }
    hb_address_close(&h->address, h->fd);
    hb_free(h);
}

unsigned hb_http_port(const hb_http *h)
{
    return h->port;
}

const char *hb_http_argument(const hb_http_request *request, const char *name)
{
    const exchange *x = request->connection;
    return x->http->mhd.lookup(x->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *hb_http_header(const hb_http_request *request, const char *name)
{
    const exchange *x = request->connection;
    return header(x->http, x->connection, name);
}
