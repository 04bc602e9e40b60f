/* SPDX-License-Identifier: Apache-2.0 */
/* The server through raw sockets, as strangers use it. */
#include "support/check.h"
#include "support/temp_dir.h"

#include "http/client.h"
#include "http/http.h"
#include "os/address.h"
#include "os/file.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { BODY_MAX = 1000, DEADLINE_S = 30 };

static hb_status hello(void *ctx, const hb_http_request *q, hb_http_response *r, hb_error *err)
{
    (void)err;
    const char *name = hb_http_argument(q, "name");
    (*(int *)ctx)++;
    r->content_type = "application/json";
    hb_buf_fmt(&r->body, "hello %s, %s\n", name ? name : "you", q->accept);
    return HB_OK;
}

static hb_status echo(void *ctx, const hb_http_request *q, hb_http_response *r, hb_error *err)
{
    (void)ctx;
    (void)err;
    r->status = 202;
    hb_buf_str(&r->body, q->body);
    return HB_OK;
}

static hb_status refuse(void *ctx, const hb_http_request *q, hb_http_response *r, hb_error *err)
{
    (void)ctx;
    hb_buf_c(&r->body, "half an answer");
    if (q->body.n == 1) {
        return HB_FAIL(err, HB_E_INPUT, "line 1 is no sample");
    }
    return q->body.n == 2 ? HB_FAIL(err, HB_E_LIMIT, "the journal is full")
                          : HB_FAIL(err, HB_E_IO, "secret detail");
}

static const hb_route routes[] = {
    {.method = "GET", .path = "/hello", .access = HB_ACCESS_OPEN, .handle = hello},
    {.method = "GET", .path = "/local", .access = HB_ACCESS_LOCAL, .handle = hello},
    {.method = "POST", .path = "/echo", .max_body = BODY_MAX, .handle = echo},
    {.method = "POST", .path = "/fail", .max_body = 10, .handle = refuse},
};

static int calls;

static hb_http *serve(const char *listen)
{
    hb_http *h = NULL;
    CHECK_OK(hb_http_start(listen, routes, 4, &calls, NULL, &h, &err));
    return h;
}

static int dial(unsigned port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval limit = {.tv_sec = DEADLINE_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

/* What comes back until the server closes; a reset ends it as well. */
static const char *hear(int fd)
{
    static char text[1 << 16];
    size_t n = 0;
    ssize_t got;
    while (n < sizeof text - 1 && (got = recv(fd, text + n, sizeof text - 1 - n, 0)) > 0) {
        n += (size_t)got;
    }
    text[n] = '\0';
    close(fd);
    return text;
}

static void say(int fd, const void *p, size_t n)
{
    ssize_t put = send(fd, p, n, MSG_NOSIGNAL); /* the server may have closed already */
    (void)put;
}

static const char *ask(const hb_http *h, const char *text)
{
    int fd = dial(hb_http_port(h));
    say(fd, text, strlen(text));
    return hear(fd);
}

#define END "Host: localhost\r\nConnection: close\r\n"

static void expect(const char *answer, int status, const char *body)
{
    char want[16];
    snprintf(want, sizeof want, "HTTP/1.1 %d ", status);
    if (strncmp(answer, want, strlen(want)) != 0) {
        fail_msg("expected %d, got: %s", status, answer);
    }
    const char *got = strstr(answer, "\r\n\r\n");
    assert_non_null(got);
    assert_string_equal(got + 4, body);
    assert_null(strstr(answer, "Server:"));
    assert_null(strstr(answer, "icrohttpd"));
}

static void http__routes_answer_and_everything_else_is_refused_in_plain_words(void **state)
{
    (void)state;
    hb_http *h = serve("127.0.0.1:0");
    expect(ask(h, "GET /hello?name=a%20b&x HTTP/1.1\r\nAccept: a/b\r\n" END "\r\n"), 200,
           "hello a b, a/b\n");
    const char *head = ask(h, "HEAD /hello HTTP/1.1\r\n" END "\r\n");
    expect(head, 200, "");
    assert_non_null(strstr(head, "Content-Length: 12\r\n"));
    assert_non_null(strstr(head, "Content-Type: application/json\r\n"));
    assert_non_null(strstr(head, "Cache-Control: no-store\r\n"));
    assert_non_null(strstr(head, "X-Content-Type-Options: nosniff\r\n"));
    expect(ask(h, "GET /nothing HTTP/1.1\r\n" END "\r\n"), 404, "not found\n");
    expect(ask(h, "GET /hello/ HTTP/1.1\r\n" END "\r\n"), 404, "not found\n");
    expect(ask(h, "GET /../hello HTTP/1.1\r\n" END "\r\n"), 404, "not found\n");
    const char *post = ask(h, "POST /hello HTTP/1.1\r\nContent-Length: 0\r\n" END "\r\n");
    expect(post, 405, "method not allowed\n");
    assert_non_null(strstr(post, "Allow: GET, HEAD\r\n"));
    assert_non_null(strstr(ask(h, "DELETE /echo HTTP/1.1\r\n" END "\r\n"), "\r\nAllow: POST\r\n"));
    expect(ask(h, "OPTIONS /echo HTTP/1.1\r\n" END "\r\n"), 405, "method not allowed\n");
    hb_http_stop(h);
}

static void http__bodies_are_taken_up_to_the_routes_limit(void **state)
{
    (void)state;
    char text[4096];
    char body[BODY_MAX + 2];
    hb_http *h = serve("127.0.0.1:0");
    memset(body, 'b', sizeof body - 1);
    body[BODY_MAX + 1] = '\0';
    snprintf(text, sizeof text, "POST /echo HTTP/1.1\r\nContent-Length: %d\r\n" END "\r\n%.*s",
             BODY_MAX, BODY_MAX, body);
    const char *answer = ask(h, text);
    expect(answer, 202, strstr(answer, "\r\n\r\n") + 4);
    assert_int_equal(strlen(strstr(answer, "\r\n\r\n") + 4), BODY_MAX);
    snprintf(text, sizeof text, "POST /echo HTTP/1.1\r\nContent-Length: %d\r\n" END "\r\n%s",
             BODY_MAX + 1, body);
    expect(ask(h, text), 413, "content too large\n");
    expect(ask(h, "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END
                  "\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
           202, "abcde");
    snprintf(text, sizeof text,
             "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END
             "\r\n%x\r\n%s\r\n0\r\n\r\n",
             BODY_MAX + 1, body);
    expect(ask(h, text), 413, "content too large\n");
    /* asked first, so told before the body is sent */
    expect(ask(h, "POST /echo HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5000\r\n" END
                  "\r\n"),
           413, "content too large\n");
    expect(ask(h, "GET /hello HTTP/1.1\r\nContent-Length: 3\r\n" END "\r\nabc"), 413,
           "content too large\n");
    hb_http_stop(h);
}

static void http__a_handlers_error_becomes_a_status(void **state)
{
    (void)state;
    hb_http *h = serve("127.0.0.1:0");
    expect(ask(h, "POST /fail HTTP/1.1\r\nContent-Length: 1\r\n" END "\r\na"), 400,
           "line 1 is no sample\n");
    expect(ask(h, "POST /fail HTTP/1.1\r\nContent-Length: 2\r\n" END "\r\nab"), 503,
           "the journal is full\n");
    expect(ask(h, "POST /fail HTTP/1.1\r\nContent-Length: 3\r\n" END "\r\nabc"), 500,
           "internal error\n");
    hb_http_stop(h);
}

static void http__web_pages_cannot_use_a_browser_on_this_machine(void **state)
{
    (void)state;
    hb_http *h = serve("127.0.0.1:0");
    expect(ask(h, "GET /local HTTP/1.1\r\n" END "\r\n"), 200, "hello you, \n");
    expect(ask(h, "GET /local HTTP/1.1\r\nHost: 127.0.0.1:9090\r\nConnection: close\r\n\r\n"), 200,
           "hello you, \n");
    expect(ask(h, "GET /local HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"), 403,
           "forbidden\n");
    expect(ask(h, "GET /local HTTP/1.1\r\nHost: localhost.evil\r\nConnection: close\r\n\r\n"), 403,
           "forbidden\n");
    expect(ask(h, "POST /echo HTTP/1.1\r\nOrigin: http://localhost\r\nContent-Length: 1\r\n" END
                  "\r\na"),
           403, "forbidden\n");
    hb_http_stop(h);
}

#define TOKEN "hbt_0000000000000000000000000000000000000000000000000000000000000000"

static hb_http_gate *gate_with_a_token(const char *path)
{
    static const char text[] =
        "{\"format\": \"hb-tokens/1\", \"tokens\": [{\"name\": \"a\", \"sha256\": "
        "\"a16c67d58cb7658a084980345a493806e919d3f98566422276997cba3081aec4\", "
        "\"role\": \"viewer\", \"program\": \"*\", \"created\": \"2026-01-01T00:00:00Z\", "
        "\"expires\": \"2200-01-01T00:00:00Z\", \"revoked\": null}]}";
    hb_http_gate *g = NULL;
    CHECK_OK(hb_file_write_atomic(hb_os_real(), path, text, sizeof text - 1, 0600, &err));
    CHECK_OK(hb_http_gate_open(hb_os_real(), path, "p", &g, &err));
    return g;
}

/* By an address of this machine that others could use too: the peer is not local then. */
static void http__local_routes_are_closed_to_other_machines(void **state)
{
    (void)state;
    struct ifaddrs *list = NULL;
    char host[INET_ADDRSTRLEN] = "";
    char listen[64];
    char answer[512];
    assert_int_equal(getifaddrs(&list), 0);
    for (const struct ifaddrs *i = list; i && !*host; i = i->ifa_next) {
        struct sockaddr_in v4;
        if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET && !hb_address_is_local(i->ifa_addr)) {
            memcpy(&v4, i->ifa_addr, sizeof v4);
            inet_ntop(AF_INET, &v4.sin_addr, host, sizeof host);
        }
    }
    freeifaddrs(list);
    if (!*host) {
        print_message("skipped: this machine has the loopback address alone\n");
        return;
    }
    snprintf(listen, sizeof listen, "%s:0", host);
    hb_http *h = NULL;
    CHECK_ERROR(hb_http_start(listen, routes, 4, &calls, NULL, &h, &err), HB_E_CONFIG,
                "`tokens: true`");
    temp_dir_new();
    hb_http_gate *gate = gate_with_a_token(temp_path("tokens.json"));
    CHECK_OK(hb_http_start(listen, routes, 4, &calls, gate, &h, &err));
    snprintf(listen, sizeof listen, "%s:%u", host, hb_http_port(h));
    hb_buf body;
    int status = 0;
    hb_buf_init(&body, sizeof answer);
    CHECK_OK(hb_http_get(listen, "/hello", "*/*", NULL, 1000 * DEADLINE_S, &status, &body, &err));
    assert_int_equal(status, 401);
    CHECK_OK(hb_http_get(listen, "/local", "*/*", TOKEN, 1000 * DEADLINE_S, &status, &body, &err));
    assert_int_equal(status, 403);
    CHECK_OK(hb_http_get(listen, "/hello", "*/*", TOKEN, 1000 * DEADLINE_S, &status, &body, &err));
    assert_int_equal(status, 200);
    hb_buf_release(&body);
    hb_http_stop(h);
    hb_http_gate_close(gate);
    temp_dir_remove();
}

static void still_answers(const hb_http *h)
{
    expect(ask(h, "GET /hello HTTP/1.1\r\n" END "\r\n"), 200, "hello you, \n");
}

static void http__malformed_requests_do_no_harm(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\r\n\r\n\r\n",
        "GET\r\n\r\n",
        "GET /hello\r\n\r\n",
        "GET /hello HTTP/9.9\r\nHost: localhost\r\n\r\n",
        "GET /hello HTTP/1.1\r\n\r\n", /* no Host */
        "GET /hello HTTP/1.1\r\nHost: localhost\r\nno colon here\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1x\r\n\r\na",
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", /* TLS */
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET /%00%ff%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET http://[::1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "G\xc3\xa9T / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    };
    hb_http *h = serve("127.0.0.1:0");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int before = calls;
        int fd = dial(hb_http_port(h));
        say(fd, bad[i], strlen(bad[i]));
        shutdown(fd, SHUT_WR);
        const char *answer = hear(fd);
        if (strstr(answer, " 200 ") || strstr(answer, " 202 ") || calls != before) {
            fail_msg("case %zu was taken for a request: %s", i, answer);
        }
        still_answers(h);
    }
    hb_http_stop(h);
}

static void http__a_head_without_end_is_cut_off(void **state)
{
    (void)state;
    hb_http *h = serve("127.0.0.1:0");
    static char line[1 << 16];
    memset(line, 'x', sizeof line);
    int fd = dial(hb_http_port(h));
    say(fd, "GET /hello HTTP/1.1\r\nX: ", 24);
    for (int i = 0; i < 16; i++) {
        say(fd, line, sizeof line);
    }
    assert_null(strstr(hear(fd), " 200 "));
    fd = dial(hb_http_port(h)); /* a NUL within, and bytes of all values */
    for (int i = 0; i < 1024; i++) {
        line[i] = (char)(i * 7);
    }
    say(fd, line, 1024);
    shutdown(fd, SHUT_WR);
    hear(fd);
    still_answers(h);
    hb_http_stop(h);
}

/* Half a request on each of as many connections as there may be, less one: the last serves all
 * others. When that is taken too, the next waits until one ends. */
static void http__slow_clients_hold_up_nobody(void **state)
{
    (void)state;
    hb_http *h = serve("127.0.0.1:0");
    int slow[HB_HTTP_CONNECTIONS];
    for (int i = 0; i < HB_HTTP_CONNECTIONS - 1; i++) {
        slow[i] = dial(hb_http_port(h));
        say(slow[i], "GET /hello HT", 13);
    }
    still_answers(h);
    still_answers(h);
    for (int i = 0; i < HB_HTTP_CONNECTIONS - 1; i++) {
        close(slow[i]);
    }
    hb_http_stop(h);
}

static void http__a_unix_socket_is_the_groups_and_goes_when_the_server_goes(void **state)
{
    (void)state;
    temp_dir_new();
    char listen[300];
    struct stat st;
    const char *path = temp_path("http.sock");
    snprintf(listen, sizeof listen, "unix:%s", path);
    mode_t old = umask(0077);
    hb_http *h = serve(listen);
    umask(old);
    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 07777, 0660);
    assert_int_equal(hb_http_port(h), 0);
    hb_buf body;
    int status = 0;
    hb_buf_init(&body, 1000);
    CHECK_OK(hb_http_get(listen, "/local", "x/y", NULL, 1000 * DEADLINE_S, &status, &body, &err));
    assert_int_equal(status, 200);
    assert_string_equal(body.p, "hello you, x/y\n");

    hb_http *second = NULL;
    CHECK_ERROR(hb_http_start(listen, routes, 4, &calls, NULL, &second, &err), HB_E_IO,
                "another program listens there");
    hb_buf_clear(&body);
    CHECK_OK(hb_http_get(listen, "/local", "x/y", NULL, 1000 * DEADLINE_S, &status, &body, &err));
    hb_http_stop(h);
    assert_int_equal(lstat(path, &st), -1);
    hb_buf_clear(&body);
    CHECK_ERROR(hb_http_get(listen, "/local", "x/y", NULL, 1000, &status, &body, &err), HB_E_IO,
                "cannot connect to 'unix:");
    hb_buf_release(&body);
    temp_dir_remove();
}

static void http__a_dead_socket_is_replaced_but_nothing_else(void **state)
{
    (void)state;
    temp_dir_new();
    char listen[300];
    hb_http *h = NULL;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const char *path = temp_path("http.sock");
    snprintf(listen, sizeof listen, "unix:%s", path);
    hb_str_fit(path, at.sun_path, sizeof at.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    close(fd); /* what a killed process leaves */
    h = serve(listen);
    hb_http_stop(h);

    CHECK_OK(hb_file_write_atomic(hb_os_real(), path, "data", 4, 0600, &err));
    CHECK_ERROR(hb_http_start(listen, routes, 4, &calls, NULL, &h, &err), HB_E_IO, "is no socket");
    assert_true(hb_path_exists(hb_os_real(), path));
    snprintf(listen, sizeof listen, "unix:%s/none/x", path);
    CHECK_ERROR(hb_http_start(listen, routes, 4, &calls, NULL, &h, &err), HB_E_IO,
                "Not a directory");
    temp_dir_remove();
}

static void http__a_port_in_use_is_told(void **state)
{
    (void)state;
    char listen[64];
    hb_http *second = NULL;
    hb_http *h = serve("[::1]:0");
    snprintf(listen, sizeof listen, "[::1]:%u", hb_http_port(h));
    CHECK_ERROR(hb_http_start(listen, routes, 4, &calls, NULL, &second, &err), HB_E_IO,
                "cannot listen on '[::1]:");
    hb_http_stop(h);
}

static void address__says_what_it_expects(void **state)
{
    (void)state;
    static const char *const good[] = {"127.0.0.1:0", "127.9.9.9:65535", "[::1]:80",
                                       "localhost:1", "unix:/x",         "[::ffff:127.0.0.1]:1"};
    static const char *const open[] = {"0.0.0.0:80", "[::]:80", "10.1.2.3:80", "[fe80::1]:80"};
    static const char *const bad[] = {"",           "9090",    ":9090",         "host:80",
                                      "1.2.3:4",    "1.2.3.4", "1.2.3.4:",      "[::1]",
                                      "::1:80",     "[::1:80", "1.2.3.4:65536", "1.2.3.4:-1",
                                      "1.2.3.4:8x", "[]:1"};
    hb_address a;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        CHECK_OK(hb_address_check(good[i], false, &err));
    }
    for (size_t i = 0; i < sizeof open / sizeof *open; i++) {
        CHECK_OK(hb_address_check(open[i], true, &err));
        CHECK_ERROR(hb_address_check(open[i], false, &err), HB_E_CONFIG, "`expose: true`");
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_ERROR(hb_address_parse(bad[i], &a, &err), HB_E_CONFIG, "expected ADDRESS:PORT");
    }
    char path[200] = "unix:/";
    memset(path + 6, 'x', 150);
    path[156] = '\0';
    CHECK_ERROR(hb_address_parse(path, &a, &err), HB_E_CONFIG, "at most 107 bytes, this has 151");
    CHECK_ERROR(hb_address_parse("unix:x", &a, &err), HB_E_CONFIG, "must be absolute");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(http__routes_answer_and_everything_else_is_refused_in_plain_words),
        cmocka_unit_test(http__bodies_are_taken_up_to_the_routes_limit),
        cmocka_unit_test(http__a_handlers_error_becomes_a_status),
        cmocka_unit_test(http__web_pages_cannot_use_a_browser_on_this_machine),
        cmocka_unit_test(http__local_routes_are_closed_to_other_machines),
        cmocka_unit_test(http__malformed_requests_do_no_harm),
        cmocka_unit_test(http__a_head_without_end_is_cut_off),
        cmocka_unit_test(http__slow_clients_hold_up_nobody),
        cmocka_unit_test(http__a_unix_socket_is_the_groups_and_goes_when_the_server_goes),
        cmocka_unit_test(http__a_dead_socket_is_replaced_but_nothing_else),
        cmocka_unit_test(http__a_port_in_use_is_told),
        cmocka_unit_test(address__says_what_it_expects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
