/* SPDX-License-Identifier: Apache-2.0 */
/* The packets of the source mqtt against bytes of the specifications (OASIS MQTT 3.1.1 and 5.0),
 * and its configuration. What needs a broker: tests/e2e/mqtt.py. */
#include "support/check.h"

#include "os/file.h"
#include "source/mqtt/config.h"
#include "source/mqtt/mqtt.h"
#include "support/temp_dir.h"

#include <stdlib.h>

static hb_mqtt_packet packet_of(const void *p, size_t n)
{
    hb_mqtt_packet packet;
    assert_int_equal(hb_mqtt_next(p, n, &packet), HB_MQTT_WHOLE);
    assert_int_equal(packet.total, n);
    return packet;
}

#define PACKET(text) packet_of((text), sizeof(text) - 1)

static void packet__writes_connect_as_the_specification_shows(void **state)
{
    (void)state;
    hb_buf out;
    hb_buf_init(&out, 4096);
    hb_mqtt_hello h = {.version = HB_MQTT_V311, .client_id = "hb", .keep_alive_s = 30};
    hb_mqtt_put_connect(&out, &h);
    static const char clean[] = "\x10\x0e\0\4MQTT\4\2\0\x1e\0\2hb";
    assert_int_equal(out.n, sizeof clean - 1);
    assert_memory_equal(out.p, clean, out.n);
    hb_buf_clear(&out);
    h = (hb_mqtt_hello){.version = HB_MQTT_V5,
                        .client_id = "hb",
                        .username = "u",
                        .password = HB_STR("pw"),
                        .keep_alive_s = 258,
                        .session_expiry_s = 604800};
    hb_mqtt_put_connect(&out, &h);
    static const char kept[] = "\x10\x1b\0\4MQTT\5\xc0\1\2\5\x11\0\x09\x3a\x80\0\2hb\0\1u\0\2pw";
    assert_int_equal(out.n, sizeof kept - 1);
    assert_memory_equal(out.p, kept, out.n);
    hb_buf_release(&out);
}

static void packet__writes_subscriptions_and_acknowledgements(void **state)
{
    (void)state;
    hb_buf out;
    const char *const topics[] = {"a/#", "b"};
    hb_buf_init(&out, 4096);
    hb_mqtt_put_subscribe(&out, HB_MQTT_V311, 10, topics, 2, 1, true);
    hb_mqtt_put_subscribe(&out, HB_MQTT_V5, 10, topics, 1, 2, true);
    hb_mqtt_put_subscribe(&out, HB_MQTT_V5, 10, topics, 1, 0, false);
    hb_mqtt_put_unsubscribe(&out, HB_MQTT_V311, 3, HB_STR("a"));
    hb_mqtt_put_unsubscribe(&out, HB_MQTT_V5, 3, HB_STR("a"));
    hb_mqtt_put_ack(&out, HB_MQTT_PUBACK, 0x1234);
    hb_mqtt_put_ack(&out, HB_MQTT_PUBCOMP, 1);
    hb_mqtt_put_empty(&out, HB_MQTT_PINGREQ);
    hb_mqtt_put_empty(&out, HB_MQTT_DISCONNECT);
    static const char want[] = "\x82\x0c\0\x0a\0\3a/#\1\0\1b\1"
                               "\x82\x09\0\x0a\0\0\3a/#\x12"
                               "\x82\x09\0\x0a\0\0\3a/#\x20"
                               "\xa2\5\0\3\0\1a"
                               "\xa2\6\0\3\0\0\1a"
                               "\x40\2\x12\x34"
                               "\x70\2\0\1"
                               "\xc0\0"
                               "\xe0\0";
    assert_int_equal(out.n, sizeof want - 1);
    assert_memory_equal(out.p, want, out.n);
    hb_buf_release(&out);
}

static void packet__is_cut_off_a_stream_at_every_length(void **state)
{
    (void)state;
    char stream[400] = "\x30\x80\x02\0\1a"; /* 256 bytes of body */
    hb_mqtt_packet packet;
    hb_mqtt_publish m;
    memset(stream + 6, 'x', sizeof stream - 6);
    for (size_t n = 0; n < 259; n++) {
        hb_mqtt_found found = hb_mqtt_next(stream, n, &packet);
        assert_int_equal(found, n < 3 ? HB_MQTT_MORE : HB_MQTT_PART);
        if (n >= 3) {
            assert_int_equal(packet.total, 259);
            assert_int_equal(hb_mqtt_read_publish(&packet, HB_MQTT_V311, &m), n >= 6);
        }
    }
    assert_int_equal(hb_mqtt_next(stream, sizeof stream, &packet), HB_MQTT_WHOLE);
    assert_int_equal(packet.total, 259);
    assert_true(hb_mqtt_read_publish(&packet, HB_MQTT_V311, &m));
    assert_int_equal(m.payload.n, 253);
    assert_int_equal(hb_mqtt_next("\x30\xff\xff\xff\xff", 5, &packet), HB_MQTT_BAD);
    assert_int_equal(hb_mqtt_next("\0\0", 2, &packet), HB_MQTT_BAD);
}

static void packet__reads_messages_of_both_versions(void **state)
{
    (void)state;
    hb_mqtt_publish m;
    hb_mqtt_packet p = PACKET("\x3d\x09\0\3a/b\0\x0a"
                              "21");
    assert_true(hb_mqtt_read_publish(&p, HB_MQTT_V311, &m));
    assert_true(hb_str_eq_c(m.topic, "a/b") && hb_str_eq_c(m.payload, "21"));
    assert_true(m.qos == 2 && m.dup && m.retain && m.id == 10);
    p = PACKET("\x32\x12\0\1a\0\7\x0a\x26\0\1k\0\4text"
               "21");
    assert_true(hb_mqtt_read_publish(&p, HB_MQTT_V5, &m));
    assert_true(hb_str_eq_c(m.topic, "a") && hb_str_eq_c(m.payload, "21"));
    assert_true(m.qos == 1 && !m.dup && !m.retain && m.id == 7);
    p = PACKET("\x36\x03\0\1a"); /* QoS 3 */
    assert_false(hb_mqtt_read_publish(&p, HB_MQTT_V311, &m));
    p = PACKET("\x32\x05\0\1a\0\0"); /* id 0 */
    assert_false(hb_mqtt_read_publish(&p, HB_MQTT_V311, &m));
    p = PACKET("\x30\x02\0\1"); /* topic cut off */
    assert_false(hb_mqtt_read_publish(&p, HB_MQTT_V311, &m));
    p = PACKET("\x30\x05\0\1a\5x"); /* properties cut off */
    assert_false(hb_mqtt_read_publish(&p, HB_MQTT_V5, &m));
}

static void packet__reads_what_a_broker_answers(void **state)
{
    (void)state;
    hb_mqtt_connack ack;
    uint16_t id = 0;
    uint8_t reason = 0;
    hb_str text = HB_STR("");
    hb_mqtt_packet p = PACKET("\x20\2\1\0");
    assert_true(hb_mqtt_read_connack(&p, HB_MQTT_V311, &ack));
    assert_true(ack.session_present && ack.reason == 0 && ack.keep_alive == UINT32_MAX);
    p = PACKET("\x20\x0b\0\x87\x08\x13\0\x3c\x1f\0\2no");
    assert_true(hb_mqtt_read_connack(&p, HB_MQTT_V5, &ack));
    assert_true(!ack.session_present && ack.keep_alive == 60 && hb_str_eq_c(ack.text, "no"));
    assert_string_equal(hb_mqtt_connack_reason(ack.reason, HB_MQTT_V5), "not authorized");
    p = PACKET("\x20\2\0\1"); /* a broker of 3.1.1 asked for 5 */
    assert_true(hb_mqtt_read_connack(&p, HB_MQTT_V5, &ack));
    assert_string_equal(hb_mqtt_connack_reason(ack.reason, HB_MQTT_V5),
                        "unsupported protocol version");
    assert_string_equal(hb_mqtt_connack_reason(4, HB_MQTT_V311), "bad user name or password");
    p = PACKET("\x20\5\0\0\2\x77\0"); /* an unknown property */
    assert_false(hb_mqtt_read_connack(&p, HB_MQTT_V5, &ack));
    p = PACKET("\x90\5\0\7\0\1\x87");
    assert_true(hb_mqtt_read_suback(&p, HB_MQTT_V5, &id, &text));
    assert_true(id == 7 && text.n == 2 && (uint8_t)text.p[1] == 0x87);
    p = PACKET("\xe0\x0a\x8e\x08\x1f\0\5taken");
    assert_true(hb_mqtt_read_disconnect(&p, &reason, &text));
    assert_true(reason == HB_MQTT_TAKEN_OVER && hb_str_eq_c(text, "taken"));
    assert_string_equal(hb_mqtt_reason(reason), "another client connected with the same client id");
    p = PACKET("\xe0\0");
    assert_true(hb_mqtt_read_disconnect(&p, &reason, &text));
    assert_int_equal(reason, 0);
}

static void config__reads_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *host;
        const char *port;
        bool tls;
    } good[] = {
        {"lab", "lab", "1883", false},
        {"lab:1884", "lab", "1884", false},
        {"mqtt://10.0.0.1", "10.0.0.1", "1883", false},
        {"tcp://lab:1/", "lab", "1", false},
        {"mqtts://lab.example", "lab.example", "8883", true},
        {"ssl://[::1]:8884", "::1", "8884", true},
        {"mqtt://[fe80::1]", "fe80::1", "1883", false},
    };
    static const char *const bad[] = {"http://lab", "",          "mqtt://",        "lab:0",
                                      "lab:65536",  "lab:x",     "mqtt://u:p@lab", "[::1",
                                      "lab/topic",  "[::1]x:80", "ws://lab:80"};
    hb_mqtt_address a;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        CHECK_OK(hb_mqtt_address_parse(good[i].text, &a, &err));
        assert_string_equal(a.host, good[i].host);
        assert_string_equal(a.port, good[i].port);
        assert_int_equal(a.tls, good[i].tls);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_ERROR(hb_mqtt_address_parse(bad[i], &a, &err), HB_E_CONFIG, "mqtt://host:port");
    }
}

static void config__knows_what_a_topic_filter_is(void **state)
{
    (void)state;
    static const char *const good[] = {"#", "a/#",        "+",      "a/+/b",
                                       "/", "$share/g/#", "$SYS/#", "a b"};
    static const char *const bad[] = {"",         "a#",        "#/a",       "a+",         "a/b+/c",
                                      "$share/g", "$share//a", "$share/g/", "$share/+/a", "\xff"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        CHECK_OK(hb_mqtt_check_topic(good[i], &err));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_ERROR(hb_mqtt_check_topic(bad[i], &err), HB_E_CONFIG, "topic '");
    }
}

static hb_status decode(const char *yaml, hb_mqtt_config *c, hb_arena *arena, hb_error *err)
{
    const hb_node *root = NULL;
    const hb_where where = {"daemon.yaml", "", arena};
    hb_mqtt_defaults(c);
    HB_TRY(hb_yaml_parse(hb_str_of(yaml), "daemon.yaml", arena, &root, err));
    HB_TRY(hb_fields_decode(hb_mqtt_fields, root, &where, c, err));
    return hb_mqtt_check(c, err);
}

static void config__says_what_is_wrong_and_what_to_write(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        const char *words;
    } bad[] = {
        {"topic: a", "broker"},
        {"broker: lab", "no topic"},
        {"{broker: lab, topic: a, topics: [b]}", "the same key"},
        {"{broker: lab, topic: a, qos: 3}", "qos"},
        {"{broker: lab, topic: a, version: 4}", "5, 3.1.1"},
        {"{broker: lab, topic: a, password: secret}", "password_file: PATH"},
        {"{broker: lab, topic: a, key_password: secret}", "key_password_file: PATH"},
        {"{broker: lab, topic: a, password_file: x}", "no username"},
        {"{broker: lab, topic: a, username: u, password_file: x, password_env: Y}", "not both"},
        {"{broker: lab, topic: a, ca_file: x}", "mqtts://"},
        {"{broker: lab, topic: a, verify: none}", "mqtts://"},
        {"{broker: mqtts://lab, topic: a, key_file: x}", "no cert_file"},
        {"{broker: lab, topic: a, reconnect_min: 10s, reconnect_max: 5s}", "reconnect_max"},
        {"{broker: lab, topic: a, payload: xml}", "sparkplug_b"},
        {"{broker: lab, topic: a, tpoic: b}", "unknown key"},
        {"{broker: lab, topic: a, client_id: \"\"}", "client_id"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        hb_mqtt_config c = {.qos = 0};
        hb_arena arena;
        hb_arena_init(&arena, 1 << 20);
        CHECK_ERROR(decode(bad[i].yaml, &c, &arena, &err), HB_E_CONFIG, bad[i].words);
        hb_arena_release(&arena);
    }
}

static void config__has_safe_defaults(void **state)
{
    (void)state;
    hb_mqtt_config c = {.qos = 0};
    hb_arena arena;
    hb_arena_init(&arena, 1 << 20);
    CHECK_OK(decode("{broker: mqtts://lab, topic: [a, b/#]}", &c, &arena, &err));
    assert_true(c.qos == 1 && c.version == HB_MQTT_V5 && c.verify == HB_LINK_VERIFY_FULL);
    assert_true(c.session_expiry_s.v == 7 * 86400 && c.n_topic == 2 && c.topic_is_name);
    hb_arena_release(&arena);
}

static void config__reads_secrets_from_files_and_the_environment(void **state)
{
    (void)state;
    hb_mqtt_secret s = {NULL, 0};
    temp_dir_new();
    const char *dir = temp_path(".");
    CHECK_OK(hb_file_write_atomic(hb_os_real(), temp_path("pw"), "s3 cret\r\n", 9, 0600, &err));
    CHECK_OK(hb_mqtt_secret_read(hb_os_real(), dir, "pw", NULL, &s, &err));
    assert_string_equal(s.p, "s3 cret");
    hb_mqtt_secret_wipe(&s);
    assert_null(s.p);
    setenv("HB_TEST_SECRET", "x y", 1);
    CHECK_OK(hb_mqtt_secret_read(hb_os_real(), dir, NULL, "HB_TEST_SECRET", &s, &err));
    assert_string_equal(s.p, "x y");
    hb_mqtt_secret_wipe(&s);
    CHECK_OK(hb_mqtt_secret_read(hb_os_real(), dir, NULL, NULL, &s, &err));
    assert_null(s.p);
    CHECK_ERROR(hb_mqtt_secret_read(hb_os_real(), dir, NULL, "HB_TEST_NOT_SET", &s, &err),
                HB_E_CONFIG, "HB_TEST_NOT_SET");
    CHECK_ERROR(hb_mqtt_secret_read(hb_os_real(), dir, "nowhere", NULL, &s, &err), HB_E_INPUT,
                "nowhere");
    temp_dir_remove();
}

static hb_status open_body(void)
{
    static const char *topics[] = {"a", "b"};
    hb_mqtt_config c = {.qos = 0};
    hb_source *s = NULL;
    hb_error err = {0};
    const hb_source_env env = {
        .os = hb_os_real(), .name = "rig", .state_dir = temp_path("."), .base_dir = "/"};
    hb_mqtt_defaults(&c);
    c.broker = "mqtts://lab";
    c.topic = topics;
    c.n_topic = 2;
    c.ca_file = "ca.pem";
    hb_status status = hb_source_mqtt.open(&env, &c, &s, &err);
    if (status == HB_OK) {
        hb_source_mqtt.close(s);
    }
    return status;
}

static void source__survives_any_failed_allocation_on_opening(void **state)
{
    (void)state;
    temp_dir_new();
    fault_loop(open_body);
    temp_dir_remove();
}

static void source__keeps_the_client_id_it_made(void **state)
{
    (void)state;
    char *first = NULL;
    char *second = NULL;
    size_t n = 0;
    temp_dir_new();
    assert_int_equal(open_body(), HB_OK);
    CHECK_OK(hb_file_read(hb_os_real(), temp_path("client_id"), 100, &first, &n, &err));
    assert_int_equal(open_body(), HB_OK);
    CHECK_OK(hb_file_read(hb_os_real(), temp_path("client_id"), 100, &second, &n, &err));
    assert_string_equal(first, second);
    assert_true(hb_str_starts(hb_str_of(first), "hb-rig-") && n == 15);
    hb_free(first);
    hb_free(second);
    temp_dir_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packet__writes_connect_as_the_specification_shows),
        cmocka_unit_test(packet__writes_subscriptions_and_acknowledgements),
        cmocka_unit_test(packet__is_cut_off_a_stream_at_every_length),
        cmocka_unit_test(packet__reads_messages_of_both_versions),
        cmocka_unit_test(packet__reads_what_a_broker_answers),
        cmocka_unit_test(config__reads_addresses),
        cmocka_unit_test(config__knows_what_a_topic_filter_is),
        cmocka_unit_test(config__says_what_is_wrong_and_what_to_write),
        cmocka_unit_test(config__has_safe_defaults),
        cmocka_unit_test(config__reads_secrets_from_files_and_the_environment),
        cmocka_unit_test(source__survives_any_failed_allocation_on_opening),
        cmocka_unit_test(source__keeps_the_client_id_it_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
