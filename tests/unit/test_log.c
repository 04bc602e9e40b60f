/* SPDX-License-Identifier: Apache-2.0 */
#include "support/check.h"
#include "support/temp_dir.h"

#include "base/str.h"
#include "daemon/log.h"

#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int64_t monotonic;
static char captured[1 << 16];
static size_t captured_n;

static hb_time fixed_now(void)
{
    return INT64_C(1767225600000000000); /* 2026-01-01 */
}

static int64_t fixed_monotonic(void)
{
    return monotonic;
}

static const hb_os *fixed_os(void)
{
    static hb_os os;
    os = *hb_os_real();
    os.now = fixed_now;
    os.monotonic_ns = fixed_monotonic;
    return &os;
}

static void take(void *ctx, const char *line, size_t n)
{
    (void)ctx;
    assert_true(captured_n + n < sizeof captured);
    memcpy(captured + captured_n, line, n);
    captured_n += n;
    captured[captured_n] = '\0';
}

static hb_log *open_log(hb_log_format format)
{
    hb_log *log = NULL;
    captured_n = 0;
    captured[0] = '\0';
    monotonic = 0;
    hb_log_options o = {.os = fixed_os(),
                        .level = HB_LOG_INFO,
                        .format = format,
                        .correlation_id = "c-1",
                        .capture = take};
    CHECK_OK(hb_log_new(&o, &log, &err));
    return log;
}

static size_t lines(void)
{
    size_t n = 0;
    for (size_t i = 0; i < captured_n; i++) {
        n += captured[i] == '\n';
    }
    return n;
}

static void log__text_is_one_line_with_fields_quoted_where_needed(void **state)
{
    (void)state;
    hb_log *log = open_log(HB_LOG_TEXT);
    hb_log_field f[] = {{.key = "source", .text = "rig"},
                        {.key = "why", .text = "a \"b\" c\\"},
                        {.key = "empty", .text = ""},
                        {.key = "tries", .number = -3}};
    hb_log_event(log, HB_LOG_WARN, "source_retrying", "broker is away", f, 4);
    hb_log_free(log);
    assert_string_equal(captured, "2026-01-01T00:00:00Z warn source_retrying: broker is away "
                                  "source=rig why=\"a \\\"b\\\" c\\\\\" empty=\"\" tries=-3 "
                                  "id=c-1\n");
}

static void log__levels_below_the_asked_are_left_out(void **state)
{
    (void)state;
    hb_log *log = open_log(HB_LOG_TEXT);
    hb_log_event(log, HB_LOG_DEBUG, "e", "s", NULL, 0);
    hb_log_event(NULL, HB_LOG_ERROR, "e", "s", NULL, 0);
    hb_log_free(log);
    assert_int_equal(captured_n, 0);
}

/* A message from outside that would write a line of its own, colour a terminal, turn the writing
 * direction (U+202E), or break lines by U+0085 and U+2028. */
#define HOSTILE "x\n2026 error root: gone\r\x1b[31m\xc2\x85\xe2\x80\xa8\xe2\x80\xae\xff"

static void log__text_from_outside_forges_nothing(void **state)
{
    (void)state;
    hb_log_field f[] = {{.key = "bad key\n=", .text = HOSTILE}};
    for (int format = 0; format < HB_LOG_FORMAT_COUNT_; format++) {
        hb_log *log = open_log((hb_log_format)format);
        hb_log_event(log, HB_LOG_INFO, "ev\nent", HOSTILE, f, 1);
        hb_log_free(log);
        assert_int_equal(lines(), format == HB_LOG_JOURNALD ? 6 : 1);
        for (size_t i = 0; i < captured_n; i++) {
            assert_true(captured[i] == '\n' || (unsigned char)captured[i] >= 0x20);
        }
        assert_null(strstr(captured, "\xe2\x80\xae"));
        assert_null(strstr(captured, "\xc2\x85"));
        assert_null(strstr(captured, "\xe2\x80\xa8"));
        assert_null(strchr(captured, '\xff'));
    }
}

static void log__json_reads_back_with_every_character(void **state)
{
    (void)state;
    hb_log *log = open_log(HB_LOG_JSON);
    hb_log_field f[] = {{.key = "why", .text = "a\x1b\n\xe2\x80\xae \"\\"},
                        {.key = "n", .number = 7}};
    hb_log_event(log, HB_LOG_ERROR, "event", "s\xc2\x85", f, 2);
    hb_log_free(log);
    json_t *j = json_loads(captured, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(j);
    const char *text = NULL;
    const char *message = NULL;
    const char *why = NULL;
    const char *id = NULL;
    const char *level = NULL;
    const char *event = NULL;
    int n = 0;
    assert_int_equal(json_unpack(j, "{s:s,s:s,s:s,s:s,s:s,s:{s:s,s:i}}", "time", &text, "level",
                                 &level, "event", &event, "message", &message, "id", &id, "fields",
                                 "why", &why, "n", &n),
                     0);
    assert_string_equal(text, "2026-01-01T00:00:00Z");
    assert_string_equal(level, "error");
    assert_string_equal(event, "event");
    assert_string_equal(message, "s\xc2\x85");
    assert_string_equal(why, f[0].text);
    assert_string_equal(id, "c-1");
    assert_int_equal(n, 7);
    json_decref(j);
}

static void log__repeats_are_held_back_counted_and_told(void **state)
{
    (void)state;
    hb_log *log = open_log(HB_LOG_TEXT);
    for (int i = 0; i < 12; i++) {
        hb_log_event(log, HB_LOG_WARN, "often", "s", NULL, 0);
    }
    hb_log_event(log, HB_LOG_WARN, "other", "s", NULL, 0);
    assert_int_equal(lines(), 6);
    assert_null(strstr(captured, "held_back"));
    monotonic = INT64_C(61000000000);
    hb_log_event(log, HB_LOG_WARN, "other", "s", NULL, 0);
    assert_int_equal(lines(), 8);
    assert_non_null(strstr(captured, "info log_repeats: the same event came more often of=often "
                                     "held_back=7 id=c-1"));
    for (int i = 0; i < 6; i++) {
        hb_log_event(log, HB_LOG_WARN, "often", "s", NULL, 0);
    }
    hb_log_free(log);
    assert_non_null(strstr(captured, "of=often held_back=1"));
    assert_int_equal(lines(), 14);
}

static void log__more_names_than_are_counted_lose_no_count(void **state)
{
    (void)state;
    hb_log *log = open_log(HB_LOG_TEXT);
    for (int i = 0; i < 7; i++) {
        hb_log_event(log, HB_LOG_WARN, "first", "s", NULL, 0);
    }
    for (int i = 0; i < 200; i++) {
        char name[32];
        monotonic++;
        snprintf(name, sizeof name, "event_%d", i);
        hb_log_event(log, HB_LOG_WARN, name, "s", NULL, 0);
    }
    hb_log_free(log);
    assert_int_equal(lines(), 5 + 200 + 1);
    assert_non_null(strstr(captured, "of=first held_back=2"));
}

static void log__long_text_is_cut_between_characters(void **state)
{
    (void)state;
    static char text[8001];
    for (size_t i = 0; i < 4000; i++) {
        memcpy(text + 2 * i, "\xc3\xa4", 2); /* ä */
    }
    hb_log *log = open_log(HB_LOG_TEXT);
    hb_log_event(log, HB_LOG_WARN, "e", text + 1, NULL, 0);
    hb_log_event(log, HB_LOG_WARN, "e", text, NULL, 0);
    hb_log_free(log);
    assert_true(captured_n < 2 * HB_LOG_TEXT_MAX + 200);
    const char *second = strchr(captured, '\n') + 1;
    assert_null(strstr(second, "\xef\xbf\xbd"));
    assert_int_equal(hb_utf8_valid_prefix((hb_str){captured, captured_n}), captured_n);
}

static void log__an_error_value_is_an_event(void **state)
{
    (void)state;
    hb_error err = {0};
    HB_IGNORE(HB_FAIL_AT(&err, HB_E_CONFIG, "daemon.yaml", 3, 7, "unknown key 'x'"));
    err.sys_errno = 28;
    hb_log *log = open_log(HB_LOG_TEXT);
    hb_log_error(log, HB_LOG_ERROR, "config_refused", &err);
    hb_log_free(log);
    assert_non_null(strstr(captured, "error config_refused: unknown key 'x' status=E_CONFIG "
                                     "place=daemon.yaml:3:7 errno=28 id=c-1"));
}

static int journal(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    hb_str_fit(path, at.sun_path, sizeof at.sun_path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static void expect_datagram(int fd, const char *want)
{
    char got[4096] = "";
    ssize_t n = recv(fd, got, sizeof got - 1, MSG_DONTWAIT);
    assert_true(n > 0);
    assert_string_equal(got, want);
}

static size_t read_pipe(int fd, char *out, size_t room)
{
    ssize_t n = read(fd, out, room - 1);
    n = n < 0 ? 0 : n;
    out[n] = '\0';
    return (size_t)n;
}

static void log__journald_gets_datagrams_and_text_stands_in_when_it_is_away(void **state)
{
    (void)state;
    temp_dir_new();
    const char *path = temp_path("journal");
    int ends[2];
    char text[4096];
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    hb_log *log = NULL;
    hb_log_options o = {.os = fixed_os(),
                        .format = HB_LOG_JOURNALD,
                        .fd = ends[1],
                        .correlation_id = "",
                        .journal_socket = path};
    CHECK_OK(hb_log_new(&o, &log, &err));
    hb_log_event(log, HB_LOG_ERROR, "e", "no journal yet", NULL, 0);
    assert_true(read_pipe(ends[0], text, sizeof text) > 0);
    assert_string_equal(text, "2026-01-01T00:00:00Z error e: no journal yet\n");

    int fd = journal(path);
    hb_log_field f[] = {{.key = "metric", .text = "a b"}, {.key = "n", .number = 1}};
    hb_log_event(log, HB_LOG_WARN, "e", "here", f, 2);
    expect_datagram(fd, "MESSAGE=here\nPRIORITY=4\nSYSLOG_IDENTIFIER=hb\nHB_EVENT=e\n"
                        "HB_METRIC=a b\nHB_N=1\n");
    close(fd);
    unlink(path);
    fd = journal(path); /* journald was restarted */
    hb_log_event(log, HB_LOG_INFO, "e", "again", NULL, 0);
    expect_datagram(fd, "MESSAGE=again\nPRIORITY=6\nSYSLOG_IDENTIFIER=hb\nHB_EVENT=e\n");
    assert_int_equal(read_pipe(ends[0], text, sizeof text), 0);
    close(fd);
    hb_log_free(log);
    close(ends[0]);
    close(ends[1]);
    temp_dir_remove();
}

static void log__a_target_that_takes_nothing_costs_lines_that_are_told(void **state)
{
    (void)state;
    int ends[2];
    static char text[1 << 17];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    hb_log *log = NULL;
    hb_log_options o = {.os = fixed_os(), .fd = ends[1], .burst = 1000000};
    CHECK_OK(hb_log_new(&o, &log, &err));
    memset(text, 'x', HB_LOG_TEXT_MAX);
    text[HB_LOG_TEXT_MAX] = '\0';
    int held = fcntl(ends[1], F_GETPIPE_SZ);
    int n = held / HB_LOG_TEXT_MAX + 2; /* more than the pipe takes: a lost line waits 100 ms */
    for (int i = 0; i < n; i++) {
        hb_log_event(log, HB_LOG_INFO, "e", text, NULL, 0);
    }
    assert_true(read_pipe(ends[0], text, sizeof text) > 0);
    hb_log_event(log, HB_LOG_INFO, "e", "room again", NULL, 0);
    read_pipe(ends[0], text, sizeof text);
    assert_non_null(strstr(text, "room again"));
    assert_non_null(strstr(text, "warn log_lines_lost: nobody took these lines lines="));
    hb_log_free(log);
    close(ends[0]);
    close(ends[1]);
    hb_log *closed = NULL;
    o.fd = 1000; /* nothing is open there */
    CHECK_OK(hb_log_new(&o, &closed, &err));
    hb_log_event(closed, HB_LOG_INFO, "e", "s", NULL, 0);
    hb_log_free(closed);
}

enum { THREADS = 4, EACH = 300 };

static void *chatter(void *log)
{
    hb_log_field f[] = {{.key = "k", .text = "v"}};
    for (int i = 0; i < EACH; i++) {
        hb_log_event(log, HB_LOG_INFO, "event", "from a thread", f, 1);
    }
    return NULL;
}

static void log__lines_of_many_threads_stay_whole(void **state)
{
    (void)state;
    temp_dir_new();
    int fd = open(temp_path("log"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    pthread_t threads[THREADS];
    hb_log *log = NULL;
    hb_log_options o = {.os = fixed_os(), .fd = fd, .burst = 1 << 20};
    CHECK_OK(hb_log_new(&o, &log, &err));
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, chatter, log), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    hb_log_free(log);
    static const char want[] = "2026-01-01T00:00:00Z info event: from a thread k=v\n";
    char got[sizeof want] = "";
    for (size_t i = 0; i < THREADS * EACH; i++) {
        assert_int_equal(pread(fd, got, sizeof want - 1, (off_t)(i * (sizeof want - 1))),
                         sizeof want - 1);
        assert_string_equal(got, want);
    }
    assert_int_equal(lseek(fd, 0, SEEK_END), THREADS * EACH * (sizeof want - 1));
    close(fd);
    temp_dir_remove();
}

static hb_status one_event(void)
{
    hb_log *log = NULL;
    hb_error err = {0};
    hb_log_options o = {.os = fixed_os(), .format = HB_LOG_JSON, .capture = take};
    captured_n = 0;
    HB_TRY(hb_log_new(&o, &log, &err));
    hb_log_event(log, HB_LOG_INFO, "e", "s", NULL, 0);
    hb_log_free(log);
    return HB_OK;
}

static void log__no_memory_costs_a_line_only(void **state)
{
    (void)state;
    fault_loop(one_event);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log__text_is_one_line_with_fields_quoted_where_needed),
        cmocka_unit_test(log__levels_below_the_asked_are_left_out),
        cmocka_unit_test(log__text_from_outside_forges_nothing),
        cmocka_unit_test(log__json_reads_back_with_every_character),
        cmocka_unit_test(log__repeats_are_held_back_counted_and_told),
        cmocka_unit_test(log__more_names_than_are_counted_lose_no_count),
        cmocka_unit_test(log__long_text_is_cut_between_characters),
        cmocka_unit_test(log__an_error_value_is_an_event),
        cmocka_unit_test(log__journald_gets_datagrams_and_text_stands_in_when_it_is_away),
        cmocka_unit_test(log__a_target_that_takes_nothing_costs_lines_that_are_told),
        cmocka_unit_test(log__lines_of_many_threads_stay_whole),
        cmocka_unit_test(log__no_memory_costs_a_line_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
