/* SPDX-License-Identifier: Apache-2.0 */
/* Source http with real requests, and the line protocol: the examples of InfluxDB's reference
 * ("Line protocol", Syntax and Special characters) and by hand. */
#include "support/check.h"
#include "support/listening.h"
#include "support/payloads.h"
#include "support/spawn.h"

#include "source/http/receive.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>

static void decoded(const char *topic, const char *text, const char *want)
{
    hb_telemetry_schema *schema = NULL;
    hb_decoder *d = NULL;
    hb_buf got;
    hb_decode_options o = {.payload = HB_PAYLOAD_LINE_PROTOCOL};
    hb_buf_init(&got, 10000);
    CHECK_OK(hb_telemetry_schema_empty(&schema, &err));
    CHECK_OK(hb_decoder_new(&o, schema, &d, &err));
    CHECK_OK(payload_decode(d, hb_str_of(topic), hb_str_of(text), &got, &err));
    if (strcmp(got.p, want) != 0) {
        fail_msg("%s\ngot:\n%s\nexpected:\n%s", text, got.p, want);
    }
    hb_decoder_free(d);
    hb_telemetry_schema_free(schema);
    hb_buf_release(&got);
}

static void line_protocol__reads_fields_tags_and_times(void **state)
{
    (void)state;
    decoded("/write", "myMeasurement,tag1=value1,tag2=value2 fieldKey=12.5 1556813561098000000\n",
            "myMeasurement_value1_value2_fieldKey 12.5 @2019-05-02T16:12:41.098Z\n");
    decoded("/write", "m,z=1,a=2 value=1i", "m_2_1 1\n");
    decoded("/write",
            "m a=1,b=-2i,c=3u,d=t,e=FALSE,f=1e3,g=\"text, with = and \\\" \"\n# a comment\n\n"
            "  n value=2 \r\n",
            "m_a 1\nm_b -2\nm_c 3\nm_d 1\nm_e 0\nm_f 1000\nm_g text\nn 2\n");
    decoded("/write", "my\\ Measure\\,ment,tag\\ Key=tag\\ Value my\\=field=1",
            "my_Measure_ment_tag_Value_my_field 1\n");
    decoded("/write", "m s=\"two\nlines\",v=1 5\nn value=1 6",
            "m_s text @1970-01-01T00:00:00.000000005Z\nm_v 1 @1970-01-01T00:00:00.000000005Z\n"
            "n 1 @1970-01-01T00:00:00.000000006Z\n");
    decoded("/api/v2/write?precision=s", "m value=1 1556813561", "m 1 @2019-05-02T16:12:41Z\n");
    decoded("/write?precision=ms", "m value=1 -1", "m 1 @1969-12-31T23:59:59.999Z\n");
    decoded("/write?precision=h", "m value=1 24", "m 1 @1970-01-02T00:00:00Z\n");
}

static void line_protocol__a_bad_line_gives_nothing_and_the_next_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *bad;
    } cases[] = {
        {"m", "bad field"},
        {"m ", "bad field"},
        {",t=1 v=1", "no measurement"},
        {"m,t v=1", "bad tag"},
        {"m,t= v=1", "bad tag"},
        {"m,=1 v=1", "bad tag"},
        {"m v", "bad field"},
        {"m v=", "bad field"},
        {"m =1", "bad field"},
        {"m v=1,", "bad field"},
        {"m v=abc", "bad value"},
        {"m v=1.5i", "bad value"},
        {"m v=-1u", "bad value"},
        {"m v=nan", "bad value"},
        {"m v=1 soon", "bad time"},
        {"m v=1 1.5", "bad time"},
        {"m v=1 99999999999999999999", "bad time"},
        {"m v=1 1 2", "bad line"},
        {"m v=\"a\"b", "bad line"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[200];
        char want[200];
        snprintf(text, sizeof text, "a value=1\n%s\nb value=2\n", cases[i].text);
        snprintf(want, sizeof want, "a 1\nb 2\n! %s\n", cases[i].bad);
        decoded("/write", text, want);
    }
    decoded("/write?precision=h", "m value=1 9223372036854775807", "! bad time\n");
    decoded("/write", "m v=\"no end\nn v=1", "n_v 1\n! bad field\n");
}

static void talk(unsigned port, const char *text, char got[4096])
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval limit = {.tv_sec = 30};
    size_t n = 0;
    ssize_t part;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
    while ((part = recv(fd, got + n, 4095 - n, 0)) > 0) {
        n += (size_t)part;
    }
    got[n] = '\0';
    close(fd);
}

static void ask(unsigned port, const char *text, const char *want)
{
    char got[4096];
    talk(port, text, got);
    if (strncmp(got, want, strlen(want)) != 0) {
        fail_msg("%s\ngot: %s", text, got);
    }
}

#define HEAD(method_path, more) \
    method_path " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" more "\r\n"

static hb_receive_config config(hb_receive_format format)
{
    hb_receive_config c;
    hb_source_http.defaults(&c);
    c.listen = "127.0.0.1:0";
    c.format = format;
    return c;
}

static void receive__answers_after_the_journal_has_it(void **state)
{
    (void)state;
    hb_receive_config c = config(HB_RECEIVE_LINE_PROTOCOL);
    listening *l = listening_start(&hb_source_http, &c);
    unsigned port = hb_receive_port(l->source);
    ask(port, HEAD("GET /ping", ""), "HTTP/1.1 204 ");
    while (!listening_has(l, "/write", "m v=1")) { /* 503 until run() runs: sent again */
        hb_buf said;
        char url[100];
        const char *argv[] = {"curl", "-s", "-d", "m v=1", url, NULL};
        snprintf(url, sizeof url, "http://127.0.0.1:%u/write", port);
        hb_buf_init(&said, 10000);
        int code = spawn_run(argv, NULL, 0, &said);
        if (code == 127) {
            print_message("skipped: no curl\n");
            hb_buf_release(&said);
            listening_stop(l);
            return;
        }
        assert_int_equal(code, 0);
        hb_buf_release(&said);
    }
    ask(port, HEAD("POST /api/v2/write?precision=ms&bucket=b", "Content-Length: 7\r\n") "m v=1 5",
        "HTTP/1.1 204 ");
    assert_true(listening_has(l, "/api/v2/write?precision=ms", "m v=1 5"));
    ask(port, HEAD("POST /write?precision=days", "Content-Length: 1\r\n") "x", "HTTP/1.1 400 ");
    ask(port, HEAD("POST /write", "Content-Encoding: gzip\r\nContent-Length: 1\r\n") "x",
        "HTTP/1.1 415 ");
    ask(port, HEAD("POST /write", "Expect: 100-continue\r\nContent-Length: 4194305\r\n"),
        "HTTP/1.1 413 ");
    ask(port, HEAD("POST /write", "Content-Length: 0\r\n"), "HTTP/1.1 204 ");
    ask(port, HEAD("POST /samples", "Content-Length: 1\r\n") "x", "HTTP/1.1 404 ");
    assert_int_equal(l->n, 2);
    listening_set(l, &l->ending, true);
    ask(port, HEAD("POST /write", "Content-Length: 1\r\n") "x", "HTTP/1.1 503 ");
    listening_stop(l);
}

static void *post_one(void *port)
{
    char got[4096];
    talk(*(unsigned *)port, HEAD("POST /samples", "Content-Length: 3\r\n") "{}\n", got);
    /* Nothing at all where the server ended before it read the request; never that it was taken. */
    if (*got && strncmp(got, "HTTP/1.1 503 ", 13) != 0) {
        fail_msg("got: %s", got);
    }
    return NULL;
}

/* Nothing is answered while the journal is full; the end of the program answers. */
static void receive__ends_while_a_sender_waits(void **state)
{
    (void)state;
    hb_receive_config c = config(HB_RECEIVE_JSON);
    pthread_t thread;
    listening *l = listening_start(&hb_source_http, &c);
    unsigned port = hb_receive_port(l->source);
    listening_set(l, &l->full, true);
    listening_set(l, &l->ending, true);
    assert_int_equal(pthread_create(&thread, NULL, post_one, &port), 0);
    usleep(200000);
    listening_stop(l);
    pthread_join(thread, NULL);
}

static void receive__configuration(void **state)
{
    (void)state;
    hb_receive_config c = config(HB_RECEIVE_JSON);
    hb_decode_options o = {0};
    CHECK_OK(hb_source_http.check(&c, &err));
    hb_source_http.format(&c, &o);
    assert_int_equal(o.payload, HB_PAYLOAD_JSON);
    c.listen = "0.0.0.0:8086";
    CHECK_ERROR(hb_source_http.check(&c, &err), HB_E_CONFIG, "`expose: true`");
    c.expose = true;
    CHECK_ERROR(hb_source_http.check(&c, &err), HB_E_CONFIG, "`tokens: true`");
    c.tokens = true;
    CHECK_OK(hb_source_http.check(&c, &err));
    c.listen = "8086";
    CHECK_ERROR(hb_source_http.check(&c, &err), HB_E_CONFIG, "expected ADDRESS:PORT");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_protocol__reads_fields_tags_and_times),
        cmocka_unit_test(line_protocol__a_bad_line_gives_nothing_and_the_next_is_read),
        cmocka_unit_test(receive__answers_after_the_journal_has_it),
        cmocka_unit_test(receive__ends_while_a_sender_waits),
        cmocka_unit_test(receive__configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
