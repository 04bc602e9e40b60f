/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for every alert sink, and what each refuses. */
#include "alert/sink.h"
#include "crypto/hmac.h"
#include "os/file.h"
#include "support/check.h"
#include "support/temp_dir.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static hb_arena arena;

static int setup(void **state)
{
    (void)state;
    temp_dir_new();
    hb_arena_init(&arena, 64 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    temp_dir_remove();
    hb_arena_release(&arena);
    return 0;
}

static hb_status configure(const hb_sink_ops *ops, const char *yaml, void **ret, hb_error *err)
{
    const hb_node *root = NULL;
    const hb_where where = {.name = "d.yaml", .path = "", .arena = &arena};
    void *config = hb_arena_alloc(&arena, ops->config_size);
    HB_TRY(hb_yaml_parse(hb_str_of(yaml), "d.yaml", &arena, &root, err));
    ops->defaults(config);
    HB_TRY(hb_fields_decode(ops->fields, root, &where, config, err));
    HB_TRY(ops->check(config, err));
    *ret = config;
    return HB_OK;
}

static bool stops(void *ctx)
{
    (void)ctx;
    return true;
}

/* Nobody listens at %d, or a listener that never answers. */
static const struct {
    const char *sink;
    const char *yaml;
} absent[] = {
    {"webhook", "{url: 'http://127.0.0.1:%d/', timeout_ms: 300}"},
    {"syslog", "{transport: tcp, host: 127.0.0.1, port: '%d', timeout_ms: 300}"},
    {"syslog", "{path: '/nonexistent/log%d', timeout_ms: 300}"},
    {"mqtt", "{broker: 'mqtt://127.0.0.1:%d', timeout_ms: 300}"},
    {"email", "{server: '127.0.0.1:%d', from: a@b.c, to: d@e.f, timeout_ms: 300}"},
    {"exec", "{command: [/bin/sh, '-c', 'sleep 60 # %d'], timeout_ms: 300}"},
    {"file", "{path: '/nonexistent/%d'}"},
};

static hb_alert_event an_event(void)
{
    static const char json[] = "{\"a\":1}";
    static const char id[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    return (hb_alert_event){.id = id,
                            .type = "raised",
                            .severity = "FAIL",
                            .subject = "metric:te\"mp]/invariant_max@1m",
                            .json = json,
                            .json_len = sizeof json - 1,
                            .at = 1767323045000000000,
                            .attempt = 1};
}

static void fails_in_time(size_t i, int port, bool ending)
{
    const hb_sink_ops *ops = hb_sink_find(absent[i].sink);
    void *config = NULL;
    hb_sink *s = NULL;
    hb_error why = {0};
    char yaml[300];
    const hb_sink_env env = {.os = hb_os_real(),
                             .name = "x",
                             .base_dir = temp_path(""),
                             .ending = ending ? stops : NULL};
    const hb_alert_event event = an_event();
    snprintf(yaml, sizeof yaml, absent[i].yaml, port);
    CHECK_OK(configure(ops, yaml, &config, &err));
    CHECK_OK(ops->open(&env, config, &s, &err)); /* opening connects to nobody */
    for (int k = 0; k < 2; k++) {                /* and it can be tried again */
        hb_status status = ops->send(s, &event, &why);
        if (status == HB_OK || why.msg[0] == '\0') {
            fail_msg("%s: sent to nobody", absent[i].sink);
        }
    }
    ops->close(s);
}

static int listener(int *ret_port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    *ret_port = ntohs(a.sin_port);
    return fd;
}

static void sink__fails_and_says_so_when_nobody_is_there(void **state)
{
    (void)state;
    int port = 0;
    int fd = listener(&port); /* bound, so nobody else takes the port, but not listening */
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
        fails_in_time(i, port, false);
    }
    close(fd);
}

static void sink__that_waits_gives_up_when_the_program_ends(void **state)
{
    (void)state;
    int port = 0;
    int fd = listener(&port);
    assert_int_equal(listen(fd, 16), 0); /* connects, and never answers */
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
        if (strcmp(absent[i].sink, "syslog") != 0) { /* its bytes are with the receiver: sent */
            fails_in_time(i, port, true);
        }
    }
    close(fd);
}

static void sink__rows_are_complete(void **state)
{
    (void)state;
    size_t n = 0;
    for (; hb_sinks[n]; n++) {
        const hb_sink_ops *o = hb_sinks[n];
        assert_ptr_equal(hb_sink_find(o->name), o);
        assert_true(o->name && *o->name && o->summary && *o->summary);
        assert_true(o->fields && o->defaults && o->check && o->open && o->send && o->close);
        assert_true(o->config_size > 0);
        for (size_t i = 0; o->fields[i].key; i++) {
            assert_true(o->fields[i].doc && *o->fields[i].doc);
        }
        o->close(NULL);
        void *config = NULL;
        hb_error err = {0};
        hb_status status = configure(o, "{unknown_key: 1}", &config, &err);
        assert_int_equal(status, HB_E_CONFIG);
        assert_non_null(strstr(err.msg, "unknown_key"));
    }
    assert_int_equal(n, 7);
    assert_null(hb_sink_find("carrier_pigeon"));
}

static void sink__refuses_what_makes_no_sense(void **state)
{
    (void)state;
    static const struct {
        const char *sink;
        const char *yaml;
        const char *says;
    } rows[] = {
        {"webhook", "{}", "url"},
        {"webhook", "{url: 'ftp://a/'}", "http:// or https://"},
        {"webhook", "{url: 'https:///x'}", "names no host"},
        {"webhook", "{url: 'https://u:p@a/'}", "token_file"},
        {"webhook", "{url: 'https://a/', secret: x}", "secret_file: PATH or secret_env: NAME"},
        {"webhook", "{url: 'https://a/', token: x}", "token_file: PATH or token_env: NAME"},
        {"webhook", "{url: 'https://a/', secret_file: x, secret_env: Y}", "one of them"},
        {"webhook", "{url: 'https://a/', key_file: x}", "no cert_file"},
        {"webhook", "{url: 'http://a/', ca_file: x}", "not encrypted"},
        {"webhook", "{url: 'http://a/', timeout_ms: 5}", "timeout_ms"},
        {"file", "{path: ''}", "path is empty"},
        {"syslog", "{transport: tcp}", "needs a host"},
        {"syslog", "{host: a}", "transport is unix"},
        {"syslog", "{transport: udp, host: a, port: x}", "must be a number"},
        {"syslog", "{facility: nothing}", "facility"},
        {"mqtt", "{broker: 'mqtt://a', topic: 'a/#'}", "cannot be published to"},
        {"mqtt", "{broker: 'mqtt://a', password: x}", "password_file: PATH or password_env: NAME"},
        {"mqtt", "{broker: 'mqtt://a', password_env: X}", "no username"},
        {"mqtt", "{broker: 'mqtt://a', ca_file: x}", "write mqtts://"},
        {"mqtt", "{broker: 'http://a'}", "http://a"},
        {"email", "{server: a, from: a@b, to: [c@d], password_env: X}", "go together"},
        {"email", "{server: a, from: a@b, to: ['c@d\\nBcc: e@f']}", "no mail address"},
        {"email", "{server: a, from: 'A <a@b>', to: [c@d]}", "no mail address"},
        {"email", "{server: 'smtp://a', from: a@b, to: [c@d]}", "host or host:port"},
        {"email", "{server: a, tls: none, from: a@b, to: [c@d], user: u, password_env: X}",
         "in the clear"},
        {"exec", "{command: []}", "command"},
        {"exec", "{command: [mail, x]}", "begin with a path"},
        {"stdout", "{path: x}", "unknown key"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        void *config = NULL;
        hb_error err = {0};
        hb_status status = configure(hb_sink_find(rows[i].sink), rows[i].yaml, &config, &err);
        if (status != HB_E_CONFIG || !strstr(err.msg, rows[i].says)) {
            fail_msg("%s %s: %s '%s'", rows[i].sink, rows[i].yaml, hb_status_name(status), err.msg);
        }
    }
}

static void sink__says_what_is_wrong_with_its_secret(void **state)
{
    (void)state;
    const hb_sink_ops *ops = hb_sink_find("webhook");
    const hb_sink_env env = {.os = hb_os_real(), .name = "x", .base_dir = temp_path("")};
    void *config = NULL;
    hb_sink *s = NULL;
    CHECK_OK(configure(ops, "{url: 'http://a/', secret_env: HB_TEST_NOT_SET}", &config, &err));
    CHECK_ERROR(ops->open(&env, config, &s, &err), HB_E_CONFIG, "'HB_TEST_NOT_SET' is not set");
    CHECK_OK(configure(ops, "{url: 'http://a/', secret_file: absent}", &config, &err));
    CHECK_ERROR(ops->open(&env, config, &s, &err), HB_E_INPUT, "absent");
    CHECK_OK(hb_file_write_atomic(hb_os_real(), temp_path("empty"), "\n", 1, 0600, &err));
    CHECK_OK(configure(ops, "{url: 'http://a/', secret_file: empty}", &config, &err));
    CHECK_ERROR(ops->open(&env, config, &s, &err), HB_E_CONFIG, "secret is empty");
    assert_null(s);
}

/* RFC 4231, test cases 1, 2 and 6. */
static void hmac__gives_the_published_values(void **state)
{
    (void)state;
    unsigned char key[131];
    char hex[HB_DIGEST_HEX];
    static const char long_text[] = "Test Using Larger Than Block-Size Key - Hash Key First";
    memset(key, 0x0b, 20);
    CHECK_OK(hb_hmac_sha256(key, 20, "Hi There", 8, hex, &err));
    assert_string_equal(hex, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    CHECK_OK(hb_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, hex, &err));
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    CHECK_OK(hb_hmac_sha256(key, sizeof key, long_text, sizeof long_text - 1, hex, &err));
    assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sink__rows_are_complete),
        cmocka_unit_test(sink__refuses_what_makes_no_sense),
        cmocka_unit_test(sink__fails_and_says_so_when_nobody_is_there),
        cmocka_unit_test(sink__that_waits_gives_up_when_the_program_ends),
        cmocka_unit_test(sink__says_what_is_wrong_with_its_secret),
        cmocka_unit_test(hmac__gives_the_published_values),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
