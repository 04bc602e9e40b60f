/* SPDX-License-Identifier: Apache-2.0 */
/* OpenTelemetry metrics: messages made by Google's encoder and by hand (tests/data/otlp/make.py),
 * and the answers of the source http. */
#include "support/check.h"
#include "support/listening.h"
#include "support/payloads.h"
#include "support/spawn.h"

#include "os/file.h"
#include "source/http/receive.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

static hb_telemetry_schema *no_names;

static int set_up(void **state)
{
    (void)state;
    return hb_telemetry_schema_empty(&no_names, NULL) == HB_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    hb_telemetry_schema_free(no_names);
    return 0;
}

static hb_decoder *decoder(void)
{
    hb_decoder *d = NULL;
    const hb_decode_options o = {.payload = HB_PAYLOAD_OTLP};
    CHECK_OK(hb_decoder_new(&o, no_names, &d, &err));
    return d;
}

static unsigned digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* "TOPIC HEX" */
static void run_message(hb_decoder *d, hb_str line, hb_buf *got)
{
    static char bytes[65536];
    size_t blank = hb_str_find_ch(line, ' ');
    size_t n = blank < line.n ? (line.n - blank) / 2 : 0;
    assert_true(n < sizeof bytes);
    for (size_t i = 0; i < n; i++) {
        const char *p = line.p + blank + 1 + 2 * i;
        bytes[i] = (char)(digit(p[0]) << 4 | digit(p[1]));
    }
    CHECK_OK(payload_decode(d, (hb_str){line.p, blank}, (hb_str){bytes, n}, got, &err));
}

/* Without the id behind " #", which another test looks at. */
static void as_expected(const char *got, hb_buf *out)
{
    hb_str rest = hb_str_of(got);
    while (rest.n) {
        size_t end = hb_str_find_ch(rest, '\n');
        hb_str line = {rest.p, end};
        size_t id = hb_str_find_ch(line, '#');
        bool sample = !hb_str_starts(line, "! ");
        hb_buf_c(out, sample ? "= " : "");
        hb_buf_add(out, line.p, sample && id < line.n ? id - 1 : line.n);
        hb_buf_ch(out, '\n');
        rest = (hb_str){rest.p + end + 1, rest.n - end - 1};
    }
}

static void compare(hb_str title, hb_buf *got, hb_buf *want)
{
    hb_buf shown;
    hb_buf_init(&shown, 1 << 20);
    as_expected(got->p, &shown);
    if (strcmp(shown.p, want->p) != 0) {
        fail_msg("%.*s\ngot:\n%swanted:\n%s", (int)title.n, title.p, shown.p, want->p);
    }
    hb_buf_release(&shown);
    hb_buf_clear(got);
    hb_buf_clear(want);
}

static void otlp__reads_what_other_encoders_wrote(void **state)
{
    (void)state;
    char path[600];
    char *text = NULL;
    size_t n = 0;
    size_t messages = 0;
    hb_buf got;
    hb_buf want;
    hb_str title = HB_STR("");
    hb_decoder *d = decoder();
    snprintf(path, sizeof path, "%s/tests/data/otlp/messages.txt", getenv("HB_SOURCE_DIR"));
    CHECK_OK(hb_file_read(hb_os_real(), path, 1 << 22, &text, &n, &err));
    hb_buf_init(&got, 1 << 20);
    hb_buf_init(&want, 1 << 20);
    for (hb_str rest = {text, n}; rest.n;) {
        size_t end = hb_str_find_ch(rest, '\n');
        hb_str line = {rest.p, end};
        rest = (hb_str){rest.p + end + 1, rest.n - end - 1};
        if (hb_str_starts(line, "# ")) {
            compare(title, &got, &want);
            title = line;
        } else if (hb_str_starts(line, "> ")) {
            run_message(d, (hb_str){line.p + 2, line.n - 2}, &got);
            messages++;
        } else {
            hb_buf_str(&want, line);
            hb_buf_ch(&want, '\n');
        }
    }
    compare(title, &got, &want);
    assert_true(messages > 100);
    hb_decoder_free(d);
    hb_free(text);
    hb_buf_release(&got);
    hb_buf_release(&want);
}

/* One point without a time and one with; the id is the same when it is sent again. */
static void otlp__the_same_request_is_known_again(void **state)
{
    (void)state;
    static const char text[] =
        "{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"name\":\"m\",\"gauge\":{"
        "\"dataPoints\":[{\"asInt\":1},{\"asInt\":2,\"timeUnixNano\":\"5\"}]}}]}]}]}";
    hb_decoder *d = decoder();
    hb_buf one;
    hb_buf two;
    hb_buf_init(&one, 10000);
    hb_buf_init(&two, 10000);
    CHECK_OK(payload_decode(d, HB_STR("-"), hb_str_of(text), &one, &err));
    CHECK_OK(payload_decode(d, HB_STR("-"), hb_str_of(text), &two, &err));
    assert_string_equal(one.p, two.p);
    assert_true(strncmp(one.p, "m 1\nm 2 @1970-01-01T00:00:00.000000005Z #", 41) == 0);
    hb_buf_clear(&two);
    CHECK_OK(payload_decode(d, HB_STR("/v1/metrics?type=json"), HB_STR(" {}"), &two, &err));
    assert_string_equal(two.p, "");
    hb_decoder_free(d);
    hb_buf_release(&one);
    hb_buf_release(&two);
}

/* The answer's status line begins so, and its last bytes are so. */
static void ask(unsigned port, const char *text, size_t n_text, const char *want, const char *body,
                size_t n_body)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval limit = {.tv_sec = 30};
    char got[4096] = "";
    size_t n = 0;
    ssize_t part;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(send(fd, text, n_text, MSG_NOSIGNAL), n_text);
    while ((part = recv(fd, got + n, sizeof got - 1 - n, 0)) > 0) {
        n += (size_t)part;
    }
    close(fd);
    if (strncmp(got, want, strlen(want)) != 0) {
        fail_msg("got: %s", got);
    }
    assert_true(n >= n_body + 4);
    if (n_body) {
        assert_memory_equal(got + n - n_body, body, n_body);
    } else {
        assert_memory_equal(got + n - 4, "\r\n\r\n", 4);
    }
}

static void post(unsigned port, const char *head, const char *body, size_t n, const char *want,
                 const char *answer, size_t n_answer)
{
    char text[4096];
    int k = snprintf(text, sizeof text,
                     "POST /v1/metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s"
                     "Content-Length: %zu\r\n\r\n",
                     head, n);
    assert_true(k > 0 && (size_t)k + n < sizeof text);
    memcpy(text + k, body, n);
    ask(port, text, (size_t)k + n, want, answer, n_answer);
}

#define BINARY "Content-Type: application/x-protobuf\r\n"
#define JSON "Content-Type: application/json; charset=utf-8\r\n"
#define TEXT(s) s, sizeof(s) - 1
#define GAUGE(more)                                                                      \
    "{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"name\":\"m\",\"gauge\":{" \
    "\"dataPoints\":[{\"asInt\":1}" more "]}}]}]}]}"
/* resource_metrics{scope_metrics{metrics{name "m", gauge{data_points{as_int 1}}}}}, by hand */
#define WIRE "\x0a\x14\x12\x12\x12\x10\x0a\x01m\x2a\x0b\x0a\x09\x31\x01\0\0\0\0\0\0\0"

static void receive__otlp_is_answered_as_the_protocol_says(void **state)
{
    (void)state;
    hb_receive_config c;
    hb_source_http.defaults(&c);
    c.listen = "127.0.0.1:0";
    c.format = HB_RECEIVE_OTLP;
    listening *l = listening_start(&hb_source_http, &c);
    unsigned port = hb_receive_port(l->source);
    bool running = false;
    for (int i = 0; i < 3000 && !running; i++) { /* 503 until run() runs */
        pthread_mutex_lock(&l->lock);
        running = l->n > 0;
        pthread_mutex_unlock(&l->lock);
        if (!running) {
            const char *argv[] = {"curl", "-s",      "-H", "Content-Type: application/json",
                                  "-d",   GAUGE(""), NULL, NULL};
            char url[100];
            hb_buf said;
            snprintf(url, sizeof url, "http://127.0.0.1:%u/v1/metrics", port);
            argv[6] = url;
            hb_buf_init(&said, 10000);
            int code = spawn_run(argv, NULL, 0, &said);
            hb_buf_release(&said);
            if (code == 127) {
                print_message("skipped: no curl\n");
                listening_stop(l);
                return;
            }
        }
    }
    assert_true(running);
    size_t n = l->n;
    assert_true(listening_has(l, "/v1/metrics?type=json&resource=service.name", GAUGE("")));
    post(port, BINARY, TEXT(WIRE), "HTTP/1.1 200 ", TEXT(""));
    post(port, JSON, TEXT(GAUGE("")), "HTTP/1.1 200 ", TEXT("{}"));
    post(port, BINARY, TEXT(""), "HTTP/1.1 200 ", TEXT(""));
    post(port, JSON, TEXT("{}"), "HTTP/1.1 200 ", TEXT("{}"));
    assert_int_equal(l->n, n + 2);
    post(port, JSON, TEXT(GAUGE(",{}")), "HTTP/1.1 200 ",
         TEXT("{\"partialSuccess\":{\"errorMessage\":\"no value\"}}"));
    assert_int_equal(l->n, n + 3);
    post(port, JSON, TEXT("{"), "HTTP/1.1 400 ", TEXT("{\"code\":3,\"message\":\"bad JSON\"}"));
    post(port, BINARY, TEXT("hello"), "HTTP/1.1 400 ",
         TEXT("\x08\x03\x12\x0c"
              "bad protobuf"));
    post(port, BINARY "Content-Encoding: gzip\r\n", TEXT("\x1f\x8b"), "HTTP/1.1 400 ",
         TEXT("\x08\x03\x12\x08"
              "bad gzip"));
    assert_int_equal(listening_lost(l, "undecodable"), 3);
    post(port, BINARY "Content-Encoding: br\r\n", TEXT("x"), "HTTP/1.1 415 ",
         TEXT("send it with gzip or uncompressed\n"));
    post(port, "Content-Type: text/plain\r\n", TEXT("x"), "HTTP/1.1 415 ",
         TEXT("expected application/x-protobuf or application/json\n"));
    assert_int_equal(l->n, n + 3);
    listening_set(l, &l->ending, true);
    post(port, BINARY, TEXT(WIRE), "HTTP/1.1 503 ", TEXT("\n"));
    listening_stop(l);
}

static void receive__otlp_configuration(void **state)
{
    (void)state;
    hb_receive_config c;
    hb_decode_options o = {0};
    hb_source_http.defaults(&c);
    c.format = HB_RECEIVE_OTLP;
    CHECK_OK(hb_source_http.check(&c, &err));
    hb_source_http.format(&c, &o);
    assert_int_equal(o.payload, HB_PAYLOAD_OTLP);
    c.resource = "service.name&type=json";
    CHECK_ERROR(hb_source_http.check(&c, &err), HB_E_CONFIG, "as in service.name,host.name");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(otlp__reads_what_other_encoders_wrote),
        cmocka_unit_test(otlp__the_same_request_is_known_again),
        cmocka_unit_test(receive__otlp_is_answered_as_the_protocol_says),
        cmocka_unit_test(receive__otlp_configuration),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
