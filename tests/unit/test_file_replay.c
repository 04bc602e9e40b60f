/* SPDX-License-Identifier: Apache-2.0 */
#include "support/check.h"
#include "support/source_sink.h"
#include "support/temp_dir.h"

#include "source/file_replay/file_replay.h"
#include "source/file_replay/tail.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void put_bytes(const char *name, const char *mode, const void *p, size_t n)
{
    FILE *f = fopen(temp_path(name), mode);
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void append(const char *name, const char *text)
{
    put_bytes(name, "ab", text, strlen(text));
}

static void write_new(const char *name, const char *text)
{
    put_bytes(name, "wb", text, strlen(text));
}

/* Rotations of one test happen within one tick of the file system's clock. */
static void age(const char *name, int seconds)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct timespec times[2] = {{.tv_sec = now.tv_sec - seconds}, {.tv_sec = now.tv_sec - seconds}};
    assert_int_equal(utimensat(AT_FDCWD, temp_path(name), times, 0), 0);
}

static void move(const char *from, const char *to)
{
    assert_int_equal(rename(temp_path(from), temp_path(to)), 0);
}

static char path[300];

static hb_file_replay_config config(bool follow)
{
    hb_file_replay_config c;
    hb_source_file_replay.defaults(&c);
    snprintf(path, sizeof path, "%s", temp_path("log.jsonl"));
    c.path = path;
    c.follow = follow;
    return c;
}

static hb_status replay(hb_file_replay_config c, const hb_record *last, source_sink *s,
                        hb_error *err)
{
    return source_run(&hb_source_file_replay, &c, last, s, err);
}

static int set_up(void **state)
{
    (void)state;
    temp_dir_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    temp_dir_remove();
    return 0;
}

static void file_replay__every_line_once_the_first_and_the_last_too(void **state)
{
    (void)state;
    source_sink s;
    source_sink_init(&s);
    write_new("log.jsonl",
              "{\"metric\":\"a\",\"value\":1}\n\n  \r\n{\"metric\":\"b\",\"value\":2}\r\nlast");
    CHECK_OK(replay(config(false), NULL, &s, &err));
    assert_string_equal(source_sink_text(&s),
                        "{\"metric\":\"a\",\"value\":1}|{\"metric\":\"b\",\"value\":2}\r|last|");
    assert_int_equal(s.state, HB_SOURCE_DONE);
    source_sink_release(&s);
}

static void file_replay__an_empty_file_gives_nothing_and_a_missing_one_is_an_error(void **state)
{
    (void)state;
    source_sink s;
    source_sink_init(&s);
    CHECK_ERROR(replay(config(false), NULL, &s, &err), HB_E_INPUT, "cannot open");
    write_new("log.jsonl", "");
    CHECK_OK(replay(config(false), NULL, &s, &err));
    assert_int_equal(s.n, 0);
    assert_int_equal(s.state, HB_SOURCE_DONE);
    write_new("log.jsonl", "\x1f\x8b\x08");
    CHECK_ERROR(replay(config(false), NULL, &s, &err), HB_E_INPUT, "compressed (gzip)");
    source_sink_release(&s);
}

/* Stopped behind each record in turn, and started again from what is then the last one. */
static void file_replay__a_restart_goes_on_at_the_byte(void **state)
{
    (void)state;
    source_sink s;
    write_new("log.jsonl", "one\ntwo\n\nthree\r\nfour\nfive");
    for (size_t k = 1; k <= 4; k++) {
        hb_record last;
        source_sink_init(&s);
        s.stop_after = k;
        CHECK_OK(replay(config(false), NULL, &s, &err));
        assert_int_equal(s.n, k);
        s.stop_after = 0;
        CHECK_OK(replay(config(false), source_sink_last(&s, &last), &s, &err));
        assert_string_equal(source_sink_text(&s), "one|two|three\r|four|five|");
        source_sink_release(&s);
    }
}

static void file_replay__what_is_not_taken_is_not_passed_over(void **state)
{
    (void)state;
    source_sink s;
    hb_record last;
    source_sink_init(&s);
    write_new("log.jsonl", "one\ntwo\nthree\n");
    s.fail_with = HB_E_IO;
    s.fail_from = 1;
    CHECK_ERROR(replay(config(false), NULL, &s, &err), HB_E_IO, "the journal refuses");
    assert_string_equal(source_sink_text(&s), "one|");
    s.fail_with = HB_OK;
    CHECK_OK(replay(config(false), source_sink_last(&s, &last), &s, &err));
    assert_string_equal(source_sink_text(&s), "one|two|three|");
    source_sink_release(&s);
}

static bool grow(source_sink *s, unsigned n)
{
    (void)s;
    static const char *const steps[] = {"t", "wo\nthr", "ee\n", "four"};
    if (n < 4) {
        append("log.jsonl", steps[n]);
    }
    return n < 5; /* the last line has no end yet: not taken */
}

static void file_replay__follows_what_is_appended(void **state)
{
    (void)state;
    source_sink s;
    source_sink_init(&s);
    s.on_sleep = grow;
    write_new("log.jsonl", "one\n");
    CHECK_OK(replay(config(true), NULL, &s, &err));
    assert_string_equal(source_sink_text(&s), "one|two|three|");
    source_sink_release(&s);
}

static bool appear(source_sink *s, unsigned n)
{
    if (n == 2) {
        assert_int_equal(s->state, HB_SOURCE_RETRYING);
        write_new("log.jsonl", "one\n");
    }
    return n < 5;
}

static void file_replay__waits_for_a_file_that_is_followed(void **state)
{
    (void)state;
    source_sink s;
    source_sink_init(&s);
    s.on_sleep = appear;
    CHECK_OK(replay(config(true), NULL, &s, &err));
    assert_string_equal(source_sink_text(&s), "one|");
    source_sink_release(&s);
}

/* Renamed; the writer goes on into the old file for a while. */
static bool rotate(source_sink *s, unsigned n)
{
    (void)s;
    switch (n) {
    case 0:
        move("log.jsonl", "log.jsonl.1");
        append("log.jsonl.1", "two\n");
        break;
    case 1:
        write_new("log.jsonl", "");
        append("log.jsonl.1", "three\nfour");
        break;
    case 2:
        age("log.jsonl.1", 10);
        append("log.jsonl", "five\n");
        break;
    default:
        break;
    }
    return n < 6;
}

static void file_replay__follows_through_rotation_by_renaming(void **state)
{
    (void)state;
    source_sink s;
    source_sink_init(&s);
    s.on_sleep = rotate;
    write_new("log.jsonl", "one\n");
    CHECK_OK(replay(config(true), NULL, &s, &err));
    assert_string_equal(source_sink_text(&s), "one|two|three|four|five|");
    source_sink_release(&s);
}

static bool cut_off(source_sink *s, unsigned n)
{
    (void)s;
    switch (n) {
    case 0: /* copytruncate, with a line that had not been read */
        write_new("log.jsonl.1", "one\ntwo\nthree\n");
        write_new("log.jsonl", "");
        break;
    case 2:
        append("log.jsonl", "four\n");
        break;
    case 4: /* cut off and already longer than before */
        write_new("log.jsonl", "five, longer\nsix\n");
        break;
    default:
        break;
    }
    return n < 7;
}

static void file_replay__follows_through_truncation(void **state)
{
    (void)state;
    source_sink s;
    source_sink_init(&s);
    s.on_sleep = cut_off;
    write_new("log.jsonl", "one\ntwo\n");
    CHECK_OK(replay(config(true), NULL, &s, &err));
    assert_string_equal(source_sink_text(&s), "one|two|three|four|five, longer|six|");
    source_sink_release(&s);
}

static bool stop_soon(source_sink *s, unsigned n)
{
    (void)s;
    return n < 3;
}

static void file_replay__a_restart_finds_what_was_rotated_while_away(void **state)
{
    (void)state;
    source_sink s;
    hb_record last;
    source_sink_init(&s);
    write_new("log.jsonl", "one\ntwo\nthree\n");
    s.stop_after = 2;
    CHECK_OK(replay(config(true), NULL, &s, &err));
    /* twice rotated: the first holds "three", the second is new and whole */
    move("log.jsonl", "log.jsonl.2");
    append("log.jsonl.2", "four");
    write_new("log.jsonl.1", "five\nsix\n");
    write_new("log.jsonl", "seven\n");
    write_new("log.jsonl.bak", "no part of it\n");
    age("log.jsonl.2", 20);
    age("log.jsonl.1", 10);
    s.stop_after = 0;
    s.on_sleep = stop_soon;
    CHECK_OK(replay(config(true), source_sink_last(&s, &last), &s, &err));
    assert_string_equal(source_sink_text(&s), "one|two|three|four|five|six|seven|");
    /* and again from there: nothing is read twice */
    s.sleeps = 0;
    CHECK_OK(replay(config(true), source_sink_last(&s, &last), &s, &err));
    assert_string_equal(source_sink_text(&s), "one|two|three|four|five|six|seven|");
    source_sink_release(&s);
}

static void file_replay__what_was_taken_away_is_a_loss_on_record(void **state)
{
    (void)state;
    source_sink s;
    hb_record last;
    source_sink_init(&s);
    write_new("log.jsonl", "one\ntwo\n");
    s.stop_after = 1;
    CHECK_OK(replay(config(false), NULL, &s, &err));
    move("log.jsonl", "elsewhere");
    write_new("log.jsonl", "three\n");
    s.stop_after = 0;
    CHECK_OK(replay(config(false), source_sink_last(&s, &last), &s, &err));
    assert_string_equal(source_sink_text(&s),
                        "one|LOSS the file was rotated away before all of it was read, and is not "
                        "in its folder any more|three|");
    assert_string_equal(s.lost, "rotated_away 1; ");
    source_sink_release(&s);
}

static void file_replay__a_line_that_is_too_long_is_counted(void **state)
{
    (void)state;
    source_sink s;
    source_sink_init(&s);
    size_t n = (size_t)HB_RECORD_PAYLOAD_MAX * 3;
    char *x = hb_alloc(n);
    memset(x, 'x', n);
    write_new("log.jsonl", "one\n");
    put_bytes("log.jsonl", "ab", x, n);
    append("log.jsonl", "\ntwo\n");
    put_bytes("log.jsonl", "ab", x, HB_RECORD_PAYLOAD_MAX);
    append("log.jsonl", "\n");
    put_bytes("log.jsonl", "ab", x, HB_RECORD_PAYLOAD_MAX + 1);
    append("log.jsonl", "\nthree\n");
    CHECK_OK(replay(config(false), NULL, &s, &err));
    assert_int_equal(s.n, 4);
    assert_string_equal(s.records[1].payload, "two");
    assert_int_equal(strlen(s.records[2].payload), HB_RECORD_PAYLOAD_MAX);
    assert_string_equal(s.records[3].payload, "three");
    assert_string_equal(s.lost, "too_large 1; too_large 1; ");
    hb_free(x);
    source_sink_release(&s);
}

static bool more_rows(source_sink *s, unsigned n)
{
    (void)s;
    if (n == 1) {
        append("log.jsonl", "3\n8,b\n");
    }
    return n < 4;
}

static void file_replay__begins_at_the_end_and_still_knows_the_header(void **state)
{
    (void)state;
    source_sink s;
    source_sink_init(&s);
    s.on_sleep = more_rows;
    write_new("log.jsonl", "value,metric\n1,a\n2,"); /* a line is being written */
    hb_file_replay_config c = config(true);
    c.start = HB_REPLAY_END;
    CHECK_OK(replay(c, NULL, &s, &err));
    assert_string_equal(source_sink_text(&s), "value,metric|8,b|");
    source_sink_release(&s);
}

static int64_t simulated_ns;

static int64_t simulated(void)
{
    return simulated_ns;
}

static bool pass_time(source_sink *s, unsigned n)
{
    simulated_ns = (int64_t)s->slept_ms * 1000000;
    return n < 100;
}

static void file_replay__paces_by_the_events_own_times(void **state)
{
    (void)state;
    write_new("log.jsonl", "{\"ts\":1000.0,\"a\":1}\n{\"ts\":1000.5,\"a\":1}\n{\"a\":1}\n"
                           "{\"ts\":1000.2,\"a\":1}\n{\"ts\":1003,\"a\":1}\n");
    static const struct {
        const char *speed;
        uint64_t ms;
    } rows[] = {{"1x", 3000}, {"10x", 300}, {"0.5", 6000}, {"max", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        source_sink s;
        source_sink_init(&s);
        s.on_sleep = pass_time;
        simulated_ns = 0;
        hb_os os = *hb_os_real();
        os.monotonic_ns = simulated;
        hb_file_replay_config c = config(false);
        c.speed = rows[i].speed;
        hb_source *source = NULL;
        hb_source_env env = {.os = &os, .name = "t", .state_dir = "/tmp", .base_dir = "/tmp"};
        CHECK_OK(hb_source_file_replay.open(&env, &c, &source, &err));
        CHECK_OK(hb_source_file_replay.run(source, &s.sink, &err));
        hb_source_file_replay.close(source);
        assert_int_equal(s.n, 5);
        assert_int_equal(s.slept_ms, rows[i].ms);
        source_sink_release(&s);
    }
}

static void file_replay__says_what_is_wrong_with_its_configuration(void **state)
{
    (void)state;
    hb_file_replay_config c = config(false);
    c.speed = "fast";
    CHECK_ERROR(hb_source_file_replay.check(&c, &err), HB_E_CONFIG, "got 'fast'");
    c.speed = "0";
    CHECK_ERROR(hb_source_file_replay.check(&c, &err), HB_E_CONFIG, "'speed' must be");
    c.path = "";
    CHECK_ERROR(hb_source_file_replay.check(&c, &err), HB_E_CONFIG, "'path' is empty");
}

static void file_replay__tells_the_format_by_the_ending(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        hb_replay_format format;
        hb_payload payload;
    } rows[] = {{"a.csv", HB_REPLAY_AUTO, HB_PAYLOAD_CSV},
                {"a.jsonl", HB_REPLAY_AUTO, HB_PAYLOAD_JSON},
                {"a.log", HB_REPLAY_AUTO, HB_PAYLOAD_AUTO},
                {"a.csv", HB_REPLAY_JSONL, HB_PAYLOAD_JSON},
                {"a.jsonl", HB_REPLAY_CSV, HB_PAYLOAD_CSV}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hb_file_replay_config c = config(false);
        hb_decode_options o;
        c.path = rows[i].file;
        c.format = rows[i].format;
        hb_source_file_replay.format(&c, &o);
        assert_int_equal(o.payload, rows[i].payload);
        assert_false(o.topic_is_name);
    }
}

static void tail_place__reads_what_it_writes(void **state)
{
    (void)state;
    char text[HB_TAIL_PLACE_TEXT];
    hb_tail_place p = {
        .device = UINT64_MAX, .inode = 0, .head_n = 256, .head = 1, .next = UINT64_MAX};
    hb_tail_place q;
    size_t n = hb_tail_place_print(&p, text);
    assert_string_equal(text, "ffffffffffffffff:0:100:1:ffffffffffffffff");
    assert_true(hb_tail_place_parse((hb_str){text, n}, &q));
    assert_memory_equal(&p, &q, sizeof p);
    static const char *const bad[] = {"",
                                      "1",
                                      "1:2:3:4",
                                      "1:2:3:4:5:6",
                                      "1:2:101:4:5",
                                      "1:2:g:4:5",
                                      "1:2::4:5",
                                      "1:2:3:4:",
                                      "11111111111111111:2:3:4:5"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(hb_tail_place_parse(hb_str_of(bad[i]), &q));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(file_replay__every_line_once_the_first_and_the_last_too),
        TEST(file_replay__an_empty_file_gives_nothing_and_a_missing_one_is_an_error),
        TEST(file_replay__a_restart_goes_on_at_the_byte),
        TEST(file_replay__what_is_not_taken_is_not_passed_over),
        TEST(file_replay__follows_what_is_appended),
        TEST(file_replay__waits_for_a_file_that_is_followed),
        TEST(file_replay__follows_through_rotation_by_renaming),
        TEST(file_replay__follows_through_truncation),
        TEST(file_replay__a_restart_finds_what_was_rotated_while_away),
        TEST(file_replay__what_was_taken_away_is_a_loss_on_record),
        TEST(file_replay__a_line_that_is_too_long_is_counted),
        TEST(file_replay__begins_at_the_end_and_still_knows_the_header),
        TEST(file_replay__paces_by_the_events_own_times),
        TEST(file_replay__says_what_is_wrong_with_its_configuration),
        TEST(file_replay__tells_the_format_by_the_ending),
        TEST(tail_place__reads_what_it_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
