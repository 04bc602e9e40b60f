/* SPDX-License-Identifier: Apache-2.0 */
/* Messages and frames. Truth: the examples of RFC 5424 (6.5), RFC 3164 (5.4), RFC 6587 (3.4.1), and
 * by hand. */
#include "support/check.h"
#include "support/payloads.h"

#include "source/syslog/frames.h"
#include "source/syslog/message.h"

#include <stdio.h>

static hb_time at(const char *text)
{
    hb_time t = 0;
    assert_true(hb_time_parse(text, strlen(text), &t, NULL));
    return t;
}

static hb_syslog_message parse(const char *text, const char *arrival, const char *want_bad)
{
    hb_syslog_message m = {0};
    const char *bad = NULL;
    if (!hb_syslog_parse(hb_str_of(text), at(arrival), &m, &bad) && !want_bad) {
        fail_msg("'%s': %s", text, bad);
    }
    if (want_bad ? !bad || strcmp(bad, want_bad) != 0 : bad != NULL) {
        fail_msg("'%s': got '%s'", text, bad ? bad : "no complaint");
    }
    return m;
}

static void same(hb_str got, const char *want)
{
    if (!hb_str_eq_c(got, want)) {
        fail_msg("got '%.*s', expected '%s'", (int)got.n, got.p, want);
    }
}

static void syslog__reads_the_examples_of_rfc_5424(void **state)
{
    (void)state;
    hb_syslog_message m = parse("<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - "
                                "\xef\xbb\xbf'su root' failed for lonvick on /dev/pts/8",
                                "2003-10-11T22:14:16Z", NULL);
    assert_int_equal(m.facility, 4);
    assert_int_equal(m.severity, 2);
    assert_true(m.timed && m.t == at("2003-10-11T22:14:15.003Z"));
    same(m.host, "mymachine.example.com");
    same(m.program, "su");
    same(m.message, "'su root' failed for lonvick on /dev/pts/8");

    m = parse("<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to "
              "make the do-nuts.",
              "2026-01-01T00:00:00Z", NULL);
    assert_true(m.t == at("2003-08-24T12:14:15.000003Z"));
    assert_int_equal(m.facility, 20);
    assert_int_equal(m.severity, 5);
    same(m.message, "%% It's time to make the do-nuts.");

    m = parse("<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 "
              "[exampleSDID@32473 iut=\"3\" eventSource=\"Application\" eventID=\"1011\"]"
              "[examplePriority@32473 class=\"high\"]",
              "2026-01-01T00:00:00Z", NULL);
    same(m.message, "");
    hb_str rest = m.data;
    hb_syslog_param p = {0};
    const char *want[][3] = {{"exampleSDID@32473", "iut", "3"},
                             {"exampleSDID@32473", "eventSource", "Application"},
                             {"exampleSDID@32473", "eventID", "1011"},
                             {"examplePriority@32473", "class", "high"}};
    for (size_t i = 0; i < 4; i++) {
        assert_true(hb_syslog_next_param(&rest, &p));
        same(p.id, want[i][0]);
        same(p.name, want[i][1]);
        same(p.value, want[i][2]);
    }
    assert_false(hb_syslog_next_param(&rest, &p));
}

static void syslog__reads_what_rfc_5424_allows_and_says_what_it_does_not(void **state)
{
    (void)state;
    const char *now = "2026-11-26T18:00:00Z";
    hb_syslog_message m = parse("<0>1 - - - - - -", now, NULL);
    assert_true(!m.timed && m.t == at(now) && m.severity == 0);
    same(m.program, "");
    m = parse("<191>1 - - app[77] 77 - [a@1 b=\"q\\\"\\]\\\\\"][c] text [not=\"data\"]", now, NULL);
    same(m.program, "app");
    same(m.data, "[a@1 b=\"q\\\"\\]\\\\\"][c]");
    same(m.message, "text [not=\"data\"]");
    parse("<13>1 2026-13-01T00:00:00Z h a p m - x", now, "bad time");
    parse("<13>1 2026-01-01T00:00:00 h a p m - x", now, "bad time"); /* the zone is not optional */
    parse("<13>1 - h a p", now, "bad header");
    static const char *const data[] = {"",       "[",         "[a",           "[a b]",
                                       "[a b=]", "[a b=\"c]", "[a b=\"c\"",   "[a  b=\"c\"]",
                                       "[ a]",   "[]",        "[a b=\"c\"]x", "-x"};
    for (size_t i = 0; i < sizeof data / sizeof *data; i++) {
        char text[200];
        snprintf(text, sizeof text, "<13>1 - h prog p m %s", data[i]);
        m = parse(text, now, "bad structured data");
        same(m.program, "prog");
        same(m.message, "");
    }
}

static void syslog__reads_what_rfc_3164_describes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *host;
        const char *program;
        const char *message;
        const char *t; /* NULL = the arrival */
        int severity;
    } cases[] = {
        {"<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
         "mymachine", "su", "'su root' failed for lonvick on /dev/pts/8", "2026-10-11T22:14:15Z",
         2},
        {"<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!", "10.0.0.99", "", "Use the BFG!",
         "2026-02-05T17:32:18Z", 5},
        /* what the C library writes to /dev/log: no host */
        {"<30>Nov 26 17:59:58 logger[4711]: no host here", "", "logger", "no host here",
         "2026-11-26T17:59:58Z", 6},
        /* RSYSLOG_ForwardFormat */
        {"<30>2026-11-26T18:59:58.250000+01:00 rig1 sshd[9]: Accepted key", "rig1", "sshd",
         "Accepted key", "2026-11-26T17:59:58.25Z", 6},
        /* a line of a log file */
        {"Nov 26 17:59:58 rig1 postfix/smtpd[33]: connect from x", "rig1", "postfix/smtpd",
         "connect from x", "2026-11-26T17:59:58Z", -1},
        {"<11>prog[1]: no time", "", "prog", "no time", NULL, 3},
        {"<11>just words", "", "", "just words", NULL, 3},
        {"<11>Nov 31 10:00:00 h p: no such day", "", "", "Nov 31 10:00:00 h p: no such day", NULL,
         3},
        {"<11>", "", "", "", NULL, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hb_syslog_message m = parse(cases[i].text, "2026-11-26T18:00:00Z", NULL);
        same(m.host, cases[i].host);
        same(m.program, cases[i].program);
        same(m.message, cases[i].message);
        assert_int_equal(m.severity, cases[i].severity);
        assert_int_equal(m.timed, cases[i].t != NULL);
        assert_true(m.t == at(cases[i].t ? cases[i].t : "2026-11-26T18:00:00Z"));
    }
    parse("", "2026-11-26T18:00:00Z", "empty message");
    parse("hello", "2026-11-26T18:00:00Z", "neither priority nor time");
    parse("<192>hello", "2026-11-26T18:00:00Z", "neither priority nor time");
    parse("<1 hello", "2026-11-26T18:00:00Z", "neither priority nor time");
    parse("<>hello", "2026-11-26T18:00:00Z", "neither priority nor time");
}

static void syslog__a_time_without_year_and_zone_is_the_latest_that_can_be(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *arrival;
        const char *want;
    } cases[] = {
        {"<13>Nov 26 18:00:00 h p: x", "2026-11-26T18:00:01Z", "2026-11-26T18:00:00Z"},
        /* in Calcutta, in Newfoundland, on Kiritimati, on Baker Island */
        {"<13>Nov 26 23:30:00 h p: x", "2026-11-26T18:00:01Z", "2026-11-26T18:00:00Z"},
        {"<13>Nov 26 14:30:00 h p: x", "2026-11-26T18:00:01Z", "2026-11-26T18:00:00Z"},
        {"<13>Nov 27 08:00:00 h p: x", "2026-11-26T18:00:01Z", "2026-11-26T18:00:00Z"},
        {"<13>Nov 26 06:00:00 h p: x", "2026-11-26T18:00:01Z", "2026-11-26T18:00:00Z"},
        /* a minute fast, ten minutes late */
        {"<13>Nov 26 19:01:00 h p: x", "2026-11-26T18:00:00Z", "2026-11-26T18:01:00Z"},
        {"<13>Nov 26 18:50:00 h p: x", "2026-11-26T18:00:00Z", "2026-11-26T17:50:00Z"},
        /* over the turn of the year, both ways */
        {"<13>Dec 31 23:59:59 h p: x", "2027-01-01T00:00:01Z", "2026-12-31T23:59:59Z"},
        {"<13>Jan  1 01:00:00 h p: x", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"},
        /* old: of this year, of last year, of the last leap year, as UTC */
        {"<13>Nov 20 10:00:00 h p: x", "2026-11-26T18:00:00Z", "2026-11-20T10:00:00Z"},
        {"<13>Dec 20 10:00:00 h p: x", "2026-11-26T18:00:00Z", "2025-12-20T10:00:00Z"},
        {"<13>Feb 29 10:00:00 h p: x", "2026-11-26T18:00:00Z", "2024-02-29T10:00:00Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hb_syslog_message m = parse(cases[i].text, cases[i].arrival, NULL);
        char got[HB_TIME_TEXT];
        got[hb_time_print(m.t, got)] = '\0';
        assert_string_equal(got, cases[i].want);
    }
}

static hb_status keep(void *ctx, hb_str frame, hb_error *err)
{
    (void)err;
    hb_buf_str(ctx, frame);
    hb_buf_ch(ctx, '|');
    return HB_OK;
}

/* The same for pieces of every size. */
static void frames(const char *p, size_t n, const char *want, uint64_t larger, bool broken)
{
    for (size_t piece = 1; piece <= n; piece++) {
        hb_syslog_frames f;
        hb_buf got;
        bool torn = false;
        hb_syslog_frames_init(&f, 20);
        hb_buf_init(&got, 10000);
        for (size_t i = 0; i < n; i += piece) {
            CHECK_OK(
                hb_syslog_frames_feed(&f, p + i, n - i < piece ? n - i : piece, keep, &got, &err));
        }
        CHECK_OK(hb_syslog_frames_end(&f, keep, &got, &torn, &err));
        if (torn) {
            hb_buf_c(&got, "torn");
        }
        assert_string_equal(got.p, want);
        assert_int_equal(f.larger, larger);
        assert_int_equal(f.broken, broken);
        hb_buf_release(&got);
        hb_syslog_frames_release(&f);
    }
}

#define FRAMES(text, want, larger, broken) \
    frames((text), sizeof(text) - 1, (want), (larger), (broken))

static void frames__both_framings_even_mixed_in_pieces_of_any_size(void **state)
{
    (void)state;
    FRAMES("5 <1>ab7 <2>c\nde<3>x\r\n<4>y\n\n<5>z", "<1>ab|<2>c\nde|<3>x|<4>y|<5>z|", 0, false);
    FRAMES("<1>a\0<2>b\0", "<1>a|<2>b|", 0, false);
    FRAMES("2026-11-26T18:00:00 \n12:00 x\n", "2026-11-26T18:00:00 |12:00 x|", 0, false);
    FRAMES("0 x\n", "0 x|", 0, false);
    FRAMES("9 <1>abc", "torn", 0, false);
    FRAMES("12", "torn", 0, false);
    FRAMES("30 123456789012345678901234567890"
           "3 <1>",
           "<1>|", 1, false);
    FRAMES("<1>45678901234567890123\n<2>\n", "<2>|", 1, false);
    FRAMES("<1>4567890123456789X\n<2>\n", "<1>4567890123456789X|<2>|", 0, false);
    FRAMES("<1>\n1234567890 x", "<1>|", 0, true);
    FRAMES("99 <1>", "torn", 1, false);
}

static hb_status refuse(void *ctx, hb_str frame, hb_error *err)
{
    (void)ctx;
    (void)frame;
    return HB_FAIL(err, HB_E_IO, "no");
}

static void frames__an_error_of_the_taker_ends_the_stream(void **state)
{
    (void)state;
    hb_syslog_frames f;
    hb_syslog_frames_init(&f, 20);
    CHECK_ERROR(hb_syslog_frames_feed(&f, "a\nb\n", 4, refuse, NULL, &err), HB_E_IO, "no");
    assert_true(f.broken);
    hb_syslog_frames_release(&f);
}

static void decoded(const char *schema_text, const char *message, const char *want)
{
    hb_telemetry_schema *schema = NULL;
    hb_decoder *d = NULL;
    hb_buf got;
    hb_decode_options o = {.payload = HB_PAYLOAD_SYSLOG, .topic_is_name = true};
    hb_buf_init(&got, 10000);
    CHECK_OK(hb_telemetry_schema_parse(hb_str_of(schema_text), "schema.yaml", &schema, &err));
    CHECK_OK(hb_decoder_new(&o, schema, &d, &err));
    CHECK_OK(payload_decode(d, HB_STR("192.0.2.1"), hb_str_of(message), &got, &err));
    assert_string_equal(got.p, want);
    hb_decoder_free(d);
    hb_telemetry_schema_free(schema);
    hb_buf_release(&got);
}

#define EMPTY_SCHEMA "version: \"1\"\n"

static void syslog__a_message_is_a_count_a_share_of_errors_and_its_figures(void **state)
{
    (void)state;
    decoded(EMPTY_SCHEMA, "<11>1 2026-01-01T00:00:00Z h my.app/x[12] 12 - - text",
            "syslog_my.app_x 1 @2026-01-01T00:00:00Z\n"
            "syslog_my.app_x_error 1 @2026-01-01T00:00:00Z\n");
    decoded(EMPTY_SCHEMA,
            "<14>1 2026-01-01T00:00:00Z h rig 12 - "
            "[psu@32473 volts=\"12.5\" state=\"on\" amps=\"nan\"][meta sequenceId=\"7\"] text",
            "syslog_rig 1 @2026-01-01T00:00:00Z\n"
            "syslog_rig_error 0 @2026-01-01T00:00:00Z\n"
            "syslog_rig_psu_volts 12.5 @2026-01-01T00:00:00Z\n"
            "syslog_rig_psu_amps nan @2026-01-01T00:00:00Z\n");
    decoded(EMPTY_SCHEMA, "<14>1 2026-01-01T00:00:00Z h rig 12 - [psu volts] text",
            "syslog_rig 1 @2026-01-01T00:00:00Z\n"
            "syslog_rig_error 0 @2026-01-01T00:00:00Z\n"
            "! bad structured data\n");
    decoded(EMPTY_SCHEMA, "<14>words without a program", "syslog 1\nsyslog_error 0\n");
    decoded(EMPTY_SCHEMA, "no syslog at all", "! neither priority nor time\n");
}

static void syslog__the_schema_maps_names_and_finds_figures_in_the_text(void **state)
{
    (void)state;
    decoded("version: \"1\"\n"
            "field_mapping:\n"
            "  syslog_rig_psu_volts: {canonical: psu_voltage, unit: V}\n"
            "sources:\n"
            "  syslog:\n"
            "    patterns:\n"
            "      - {pattern: 'took (?<value>[0-9.]+) ms', metric: step_time, unit: ms, program: "
            "rig}\n"
            "      - {pattern: 'retry', metric: retries}\n",
            "<14>1 2026-01-01T00:00:00Z h rig 12 - [psu@1 volts=\"5\"] step took 7.5 ms after "
            "retry",
            "syslog_rig 1 @2026-01-01T00:00:00Z\n"
            "syslog_rig_error 0 @2026-01-01T00:00:00Z\n"
            "psu_voltage 5 V @2026-01-01T00:00:00Z\n"
            "step_time 7.5 ms @2026-01-01T00:00:00Z\n"
            "retries 1 @2026-01-01T00:00:00Z\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(syslog__reads_the_examples_of_rfc_5424),
        cmocka_unit_test(syslog__reads_what_rfc_5424_allows_and_says_what_it_does_not),
        cmocka_unit_test(syslog__reads_what_rfc_3164_describes),
        cmocka_unit_test(syslog__a_time_without_year_and_zone_is_the_latest_that_can_be),
        cmocka_unit_test(frames__both_framings_even_mixed_in_pieces_of_any_size),
        cmocka_unit_test(frames__an_error_of_the_taker_ends_the_stream),
        cmocka_unit_test(syslog__a_message_is_a_count_a_share_of_errors_and_its_figures),
        cmocka_unit_test(syslog__the_schema_maps_names_and_finds_figures_in_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
