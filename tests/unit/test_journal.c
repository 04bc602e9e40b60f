/* SPDX-License-Identifier: Apache-2.0 */
/* What the journal keeps, gives back, drops and refuses. Damage, faults and power cuts:
 * test_journal_faults.c; several threads and processes: test_journal_threads.c. */
#include "support/check.h"

#include "base/cpu.h"
#include "base/crc32c.h"
#include "journal/journal.h"
#include "support/journal_case.h"
#include "support/temp_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MIB = 1 << 20 };

static const hb_journal_options small = {.segment_bytes = MIB, .no_sync_thread = true};

static int make_dir(void **state)
{
    (void)state;
    temp_dir_new();
    return 0;
}

static int drop_dir(void **state)
{
    (void)state;
    temp_dir_remove();
    return 0;
}

static hb_journal *open_with(const hb_journal_options *options)
{
    hb_journal *j = NULL;
    CHECK_OK(hb_journal_open(hb_os_real(), temp_path("j"), options, &j, &err));
    return j;
}

static hb_journal *open_small(void)
{
    return open_with(&small);
}

/* RFC 3720, appendix B.4 */
static void crc32c__gives_published_values_with_and_without_the_instruction(void **state)
{
    (void)state;
    unsigned char bytes[48];
    static const unsigned char scsi[48] = {0x01, 0xc0, 0, 0,    0,    0, 0, 0,    0,    0, 0,    0,
                                           0,    0,    0, 0,    0x14, 0, 0, 0,    0,    0, 0x04, 0,
                                           0,    0,    0, 0x14, 0,    0, 0, 0x18, 0x28, 0, 0,    0,
                                           0,    0,    0, 0,    0x02, 0, 0, 0,    0,    0, 0,    0};
    for (int portable = 0; portable < 2; portable++) {
        hb_cpu_portable(portable);
        memset(bytes, 0, 32);
        assert_int_equal(hb_crc32c(0, bytes, 32), 0x8a9136aa);
        memset(bytes, 0xff, 32);
        assert_int_equal(hb_crc32c(0, bytes, 32), 0x62a8ab43);
        for (unsigned i = 0; i < 32; i++) {
            bytes[i] = (unsigned char)i;
        }
        assert_int_equal(hb_crc32c(0, bytes, 32), 0x46dd794e);
        assert_int_equal(hb_crc32c(0, scsi, 48), 0xd9963a56);
        assert_int_equal(hb_crc32c(0, "123456789", 9), 0xe3069283);
        for (size_t cut = 0; cut <= 9; cut++) {
            assert_int_equal(hb_crc32c(hb_crc32c(0, "123456789", cut), &"123456789"[cut], 9 - cut),
                             0xe3069283);
        }
    }
    hb_cpu_portable(false);
}

static void journal__gives_back_what_was_appended(void **state)
{
    (void)state;
    static const char bytes[] = "\0\xff{\"a\": 1}\n";
    hb_journal *j = open_small();
    assert_int_equal(hb_journal_begin(j), 0);
    assert_int_equal(hb_journal_end(j), 0);
    hb_record r = {.kind = HB_RECORD_MESSAGE,
                   .source = HB_STR("mqtt-1"),
                   .topic = HB_STR("rig/a/temp"),
                   .payload = {bytes, sizeof bytes},
                   .event = -5,
                   .arrival = 1700000000000000000};
    assert_int_equal(case_append(j, r), 0);
    hb_record tick = {.kind = HB_RECORD_TICK,
                      .source = HB_STR("daemon"),
                      .event = HB_TIME_NONE,
                      .arrival = 1700000000000000001};
    uint64_t at = case_append(j, tick);
    assert_true(at > 0 && at % 8 == 0);
    for (int again = 0; again < 2; again++) {
        hb_journal_reader *reader = NULL;
        hb_record got;
        bool more = false;
        CHECK_OK(hb_journal_reader_open(j, 0, &reader, &err));
        CHECK_OK(hb_journal_next(reader, &got, &more, &err));
        assert_true(more);
        assert_int_equal(got.kind, HB_RECORD_MESSAGE);
        assert_true(hb_str_eq(got.source, r.source));
        assert_true(hb_str_eq(got.topic, r.topic));
        assert_true(hb_str_eq(got.payload, r.payload));
        assert_int_equal(got.event, -5);
        assert_int_equal(got.arrival, r.arrival);
        assert_int_equal(got.position, 0);
        assert_int_equal(got.next, at);
        CHECK_OK(hb_journal_next(reader, &got, &more, &err));
        assert_true(more);
        assert_int_equal(got.kind, HB_RECORD_TICK);
        assert_true(got.event == HB_TIME_NONE);
        assert_int_equal(got.topic.n, 0);
        assert_int_equal(got.payload.n, 0);
        CHECK_OK(hb_journal_next(reader, &got, &more, &err));
        assert_false(more);
        hb_journal_reader_close(reader);
        hb_journal_close(j);
        j = open_small(); /* the same from the disk */
    }
    hb_journal_close(j);
}

static void journal__goes_on_over_many_segments_and_restarts(void **state)
{
    (void)state;
    unsigned n = 0;
    for (int round = 0; round < 5; round++) {
        hb_journal *j = open_small();
        for (int i = 0; i < 300; i++) {
            case_number(j, "s", n, 3000 + (n % 13) * 100);
            n++;
        }
        assert_int_equal(case_read(j, 0, 0), n);
        hb_journal_state st;
        hb_journal_get_state(j, &st);
        assert_int_equal(st.records, 300);
        assert_int_equal(st.cut_bytes, 0);
        assert_true(st.segments >= (unsigned)round + 1);
        assert_int_equal(st.bytes, (uint64_t)st.segments * MIB);
        assert_int_equal(st.oldest, 0);
        hb_journal_close(j);
    }
    const hb_journal_options reading = {.read_only = true};
    hb_journal *j = open_with(&reading);
    assert_int_equal(case_read(j, 0, 0), n);
    hb_journal_close(j);
}

static void journal__keeps_a_record_larger_than_a_segment(void **state)
{
    (void)state;
    hb_journal *j = open_small();
    case_number(j, "s", 0, HB_RECORD_PAYLOAD_MAX - 8); /* into an empty segment */
    case_number(j, "s", 1, 10);
    case_number(j, "s", 2, 3 * MIB);
    case_number(j, "s", 3, 0);
    hb_journal_close(j);
    j = open_small();
    assert_int_equal(case_read(j, 0, 0), 4);
    hb_journal_close(j);
}

static void journal__refuses_records_that_cannot_be_kept(void **state)
{
    (void)state;
    static char long_text[HB_RECORD_PAYLOAD_MAX + 1];
    hb_journal *j = open_small();
    uint64_t at = 7;
    hb_record r = case_message("s", "t", HB_STR("p"), 0);
    r.source.n = 0;
    CHECK_ERROR(hb_journal_append(j, &r, &at, &err), HB_E_INPUT, "1 to 64 bytes, got 0");
    r.source = (hb_str){long_text, 65};
    CHECK_ERROR(hb_journal_append(j, &r, &at, &err), HB_E_INPUT, "got 65");
    r = case_message("s", "t", HB_STR("p"), 0);
    r.topic = (hb_str){long_text, 4097};
    CHECK_ERROR(hb_journal_append(j, &r, &at, &err), HB_E_INPUT, "topic of 4097 bytes");
    r = case_message("s", "t", (hb_str){long_text, sizeof long_text}, 0);
    CHECK_ERROR(hb_journal_append(j, &r, &at, &err), HB_E_INPUT, "message of 4194305 bytes");
    assert_int_equal(at, 7);
    assert_int_equal(hb_journal_end(j), 0);
    hb_journal_close(j);
}

static void open__refuses_sizes_that_cannot_work_and_a_second_writer(void **state)
{
    (void)state;
    hb_journal *j = NULL;
    hb_journal *second = NULL;
    const hb_journal_options tiny = {.segment_bytes = 4096};
    const hb_journal_options tight = {.segment_bytes = 2 * MIB, .max_bytes = 3 * MIB};
    const hb_journal_options reading = {.read_only = true};
    CHECK_ERROR(hb_journal_open(hb_os_real(), temp_path("j"), &tiny, &j, &err), HB_E_CONFIG,
                "1048576 to 1073741824 bytes, got 4096");
    CHECK_ERROR(hb_journal_open(hb_os_real(), temp_path("j"), &tight, &j, &err), HB_E_CONFIG,
                "room for two segments");
    CHECK_ERROR(hb_journal_open(hb_os_real(), temp_path("j"), &reading, &j, &err), HB_E_INPUT,
                "there is no journal");
    j = open_small();
    char who[40];
    snprintf(who, sizeof who, "by process %ld;", (long)getpid());
    CHECK_ERROR(hb_journal_open(hb_os_real(), temp_path("j"), &small, &second, &err), HB_E_IO, who);
    assert_null(second);
    second = open_with(&reading); /* reading takes no lock */
    hb_journal_close(second);
    hb_journal_close(j);
    j = open_small();
    hb_journal_close(j);
}

static void reader__says_what_is_wrong_with_a_position(void **state)
{
    (void)state;
    hb_journal *j = open_small();
    hb_journal_reader *r = NULL;
    case_number(j, "s", 0, 100);
    uint64_t second = case_number(j, "s", 1, 100);
    CHECK_ERROR(hb_journal_reader_open(j, second + 8, &r, &err), HB_E_INPUT, "is damaged at");
    CHECK_ERROR(hb_journal_reader_open(j, 3, &r, &err), HB_E_INPUT, "no record begins");
    CHECK_ERROR(hb_journal_reader_open(j, 1 << 20, &r, &err), HB_E_INPUT, "after the end");
    assert_null(r);
    CHECK_OK(hb_journal_reader_open(j, hb_journal_end(j), &r, &err));
    hb_record record;
    bool more = true;
    CHECK_OK(hb_journal_next(r, &record, &more, &err));
    assert_false(more);
    case_number(j, "s", 2, 0); /* comes after the reader was opened */
    CHECK_OK(hb_journal_next(r, &record, &more, &err));
    assert_true(more);
    assert_int_equal(case_number_of(&record), 2);
    hb_journal_reader_close(r);
    hb_journal_close(j);
}

static void check_last(hb_journal *j, const char *source, int64_t expected)
{
    hb_buf text;
    hb_record r = {0};
    bool found = false;
    hb_buf_init(&text, 8 * MIB);
    CHECK_OK(hb_journal_last_of(j, source, &text, &r, &found, &err));
    assert_int_equal(found, expected >= 0);
    if (found) {
        assert_int_equal(case_number_of(&r), expected);
        assert_true(hb_str_eq_c(r.source, source));
        assert_true(hb_str_eq_c(r.topic, "t"));
    }
    hb_buf_release(&text);
}

static void last_of__finds_the_last_record_however_far_back(void **state)
{
    (void)state;
    hb_journal *j = open_small();
    check_last(j, "early", -1);
    case_number(j, "early", 1, 0);
    case_number(j, "early", 2, 0);
    check_last(j, "early", 2);
    for (unsigned i = 100; i < 105; i++) {
        case_number(j, "big", i, MIB - 8000);
        case_number(j, i == 102 ? "middle" : "late", i, 0);
    }
    for (int again = 0; again < 2; again++) {
        check_last(j, "early", 2);
        check_last(j, "middle", 102);
        check_last(j, "late", 104);
        check_last(j, "big", 104);
        check_last(j, "earl", -1);
        check_last(j, "", -1);
        hb_journal_close(j);
        j = open_small();
    }
    hb_journal_close(j);
}

static void last_of__works_with_more_sources_than_are_remembered(void **state)
{
    (void)state;
    hb_journal *j = open_small();
    char name[16];
    for (unsigned i = 0; i < 1200; i++) {
        snprintf(name, sizeof name, "source-%u", i % 600);
        case_number(j, name, i, 2000);
    }
    for (unsigned i = 0; i < 600; i += 7) {
        snprintf(name, sizeof name, "source-%u", i);
        check_last(j, name, 600 + i);
    }
    check_last(j, "other", -1);
    hb_journal_close(j);
}

static void retention__drops_only_what_is_released(void **state)
{
    (void)state;
    const hb_journal_options capped = {
        .segment_bytes = MIB, .max_bytes = 4 * MIB, .no_sync_thread = true};
    hb_journal *j = open_with(&capped);
    hb_journal_state st;
    uint64_t at[100];
    unsigned n = 0;
    hb_record r = case_message("s", "t", HB_STR(""), 0);
    static char payload[300000];
    r.payload = (hb_str){payload, sizeof payload};
    hb_error met = {0};
    for (;;) {
        snprintf(payload, sizeof payload, "%08u", n);
        hb_status status = hb_journal_append(j, &r, &at[n], &met);
        if (status != HB_OK) {
            assert_int_equal(status, HB_E_LIMIT);
            break;
        }
        n++;
    }
    assert_int_equal(n, 12); /* three a segment */
    assert_non_null(strstr(met.msg, "nothing in it may be dropped"));
    assert_int_equal(met.sys_errno, 0);
    hb_journal_get_state(j, &st);
    assert_int_equal(st.refused, 1);
    assert_int_equal(st.bytes, 4 * MIB);
    hb_journal_release_before(j, at[2]); /* record 2 is of the first segment as well */
    CHECK_ERROR(hb_journal_append(j, &r, &at[n], &err), HB_E_LIMIT, "full");
    hb_journal_release_before(j, at[3]);
    snprintf(payload, sizeof payload, "%08u", n);
    CHECK_OK(hb_journal_append(j, &r, &at[n], &err));
    hb_journal_get_state(j, &st);
    assert_int_equal(st.begin, at[3]);
    assert_int_equal(st.dropped_records, 3);
    assert_int_equal(st.dropped_bytes, MIB);
    assert_int_equal(case_read(j, at[3], 3), 10);
    hb_journal_reader *reader = NULL;
    CHECK_ERROR(hb_journal_reader_open(j, 0, &reader, &err), HB_E_INPUT,
                "does not keep position 0");
    hb_journal_close(j);
    j = open_with(&capped);
    assert_int_equal(hb_journal_begin(j), at[3]);
    hb_journal_close(j);
}

static void retention__never_drops_what_is_held(void **state)
{
    (void)state;
    const hb_journal_options capped = {
        .segment_bytes = MIB, .max_bytes = 4 * MIB, .no_sync_thread = true};
    hb_journal *j = open_with(&capped);
    uint64_t at[40];
    unsigned n = 0;
    for (; n < 6; n++) {
        at[n] = case_number(j, "s", n, 300000);
    }
    CHECK_OK(hb_journal_hold(j, "alert-1", at[3], at[4], &err));
    CHECK_ERROR(hb_journal_hold(j, "no/name", at[3], at[4], &err), HB_E_INPUT, "no name of a hold");
    CHECK_ERROR(hb_journal_hold(j, "x", at[4], at[4], &err), HB_E_INPUT, "nothing is between");
    CHECK_ERROR(hb_journal_unhold(j, "x", &err), HB_E_INPUT, "nothing is held under the name 'x'");
    for (; n < 40; n++) {
        hb_journal_release_before(j, hb_journal_end(j)); /* is not remembered over a restart */
        at[n] = case_number(j, "s", n, 300000);
        if (n == 20) {
            hb_journal_close(j); /* holds survive */
            j = open_with(&capped);
        }
    }
    hb_journal_reader *r = NULL;
    hb_record record;
    bool more = false;
    CHECK_OK(hb_journal_reader_open(j, at[3], &r, &err));
    for (unsigned i = 3; i < 6; i++) {
        CHECK_OK(hb_journal_next(r, &record, &more, &err));
        assert_int_equal(case_number_of(&record), i);
    }
    CHECK_ERROR(hb_journal_next(r, &record, &more, &err), HB_E_INPUT, "does not keep position");
    hb_journal_reader_close(r);
    assert_true(hb_journal_begin(j) > at[5]);
    CHECK_ERROR(hb_journal_hold(j, "y", at[3], at[30], &err), HB_E_INPUT, "dropped already");
    uint64_t begin = hb_journal_begin(j);
    case_read(j, begin, 40 - (unsigned)((hb_journal_end(j) - begin) / (at[1] - at[0])));
    CHECK_OK(hb_journal_unhold(j, "alert-1", &err));
    for (; n < 50; n++) {
        case_number(j, "s", n, 300000);
        hb_journal_release_before(j, hb_journal_end(j));
    }
    CHECK_ERROR(hb_journal_reader_open(j, at[3], &r, &err), HB_E_INPUT, "does not keep");
    hb_journal_close(j);
}

static void retention__drops_by_age_against_the_newest_arrival(void **state)
{
    (void)state;
    const hb_journal_options aged = {
        .segment_bytes = MIB, .max_age_s = 100, .no_sync_thread = true};
    hb_journal *j = open_with(&aged);
    static char payload[400000];
    const int64_t second = 1000000000;
    uint64_t at[8];
    for (int i = 0; i < 8; i++) { /* two a segment, 30 s apart */
        at[i] = case_append(
            j, case_message("s", "t", (hb_str){payload, sizeof payload}, i * 30 * second));
    }
    assert_int_equal(hb_journal_begin(j), 0);
    hb_journal_release_before(j, hb_journal_end(j));
    CHECK_OK(hb_journal_sync(j, &err));
    /* 210 s is the newest: 0 and 30 s are older than 100 s, so are 60 and 90 s; 120 s is not. */
    assert_int_equal(hb_journal_begin(j), at[4]);
    hb_journal_close(j);
}

static bool disk_is_full;

static int fallocate_on_full_disk(int fd, off_t at, off_t bytes)
{
    if (disk_is_full) {
        errno = ENOSPC;
        return -1;
    }
    return hb_os_real()->fallocate(fd, at, bytes);
}

static void append__meets_a_full_disk_when_a_segment_is_made(void **state)
{
    (void)state;
    hb_os os = *hb_os_real();
    os.fallocate = fallocate_on_full_disk;
    hb_journal *j = NULL;
    hb_journal_state st;
    disk_is_full = false;
    CHECK_OK(hb_journal_open(&os, temp_path("j"), &small, &j, &err));
    case_number(j, "s", 0, 500000);
    disk_is_full = true;
    case_number(j, "s", 1, 500000); /* its room was made with the segment */
    static char payload[100000] = "00000002";
    const hb_record r = case_message("s", "t", (hb_str){payload, sizeof payload}, 2);
    uint64_t at = 0;
    for (int i = 0; i < 2; i++) {
        hb_error err = {0};
        assert_int_equal(hb_journal_append(j, &r, &at, &err), HB_E_LIMIT);
        assert_int_equal(err.sys_errno, ENOSPC);
    }
    hb_journal_close(j);
    /* Opening and reading need no room, and a small record still finds some. */
    CHECK_OK(hb_journal_open(&os, temp_path("j"), &small, &j, &err));
    assert_int_equal(case_read(j, 0, 0), 2);
    assert_int_equal(hb_journal_append(j, &r, &at, NULL), HB_E_LIMIT);
    disk_is_full = false;
    CHECK_OK(hb_journal_append(j, &r, &at, &err));
    assert_int_equal(case_read(j, 0, 0), 3);
    hb_journal_get_state(j, &st);
    assert_int_equal(st.refused, 1);
    hb_journal_close(j);
}

/* A file system without fallocate: blocks are made by writing zeros. */
static int no_fallocate(int fd, off_t at, off_t bytes)
{
    (void)fd;
    (void)at;
    (void)bytes;
    errno = EOPNOTSUPP;
    return -1;
}

static void segment__is_filled_with_zeros_where_blocks_cannot_be_asked_for(void **state)
{
    (void)state;
    hb_os os = *hb_os_real();
    os.fallocate = no_fallocate;
    hb_journal *j = NULL;
    CHECK_OK(hb_journal_open(&os, temp_path("j"), &small, &j, &err));
    case_number(j, "s", 0, 5000);
    hb_journal_close(j);
    struct stat st;
    assert_int_equal(stat(temp_path("j/00000000000000000000.hbj"), &st), 0);
    assert_int_equal(st.st_size, MIB);
    assert_true((uint64_t)st.st_blocks * 512 >= MIB);
    assert_int_equal(truncate(temp_path("j/00000000000000000000.hbj"), 50000), 0);
    CHECK_OK(hb_journal_open(&os, temp_path("j"), &small, &j, &err));
    assert_int_equal(case_read(j, 0, 0), 1);
    assert_int_equal(stat(temp_path("j/00000000000000000000.hbj"), &st), 0);
    assert_int_equal(st.st_size, MIB);
    hb_journal_close(j);
}

static bool disk_is_broken;

static int msync_on_broken_disk(void *p, size_t bytes)
{
    if (disk_is_broken) {
        errno = EIO;
        return -1;
    }
    return hb_os_real()->msync(p, bytes);
}

static void sync__tells_a_failure_until_it_succeeds(void **state)
{
    (void)state;
    hb_os os = *hb_os_real();
    os.msync = msync_on_broken_disk;
    hb_journal *j = NULL;
    hb_journal_state st;
    disk_is_broken = false;
    CHECK_OK(hb_journal_open(&os, temp_path("j"), &small, &j, &err));
    case_number(j, "s", 0, 500000);
    CHECK_OK(hb_journal_sync(j, &err));
    uint64_t synced = hb_journal_end(j);
    disk_is_broken = true;
    case_number(j, "s", 1, 100);
    CHECK_ERROR(hb_journal_sync(j, &err), HB_E_IO, "cannot sync");
    hb_journal_get_state(j, &st);
    assert_int_equal(st.sync_failed, HB_E_IO);
    assert_int_equal(st.synced, synced);
    /* No new segment before the old one is on the disk: the sender keeps what it has. */
    static char payload[600000] = "00000002";
    const hb_record r = case_message("s", "t", (hb_str){payload, sizeof payload}, 2);
    uint64_t at = 0;
    CHECK_ERROR(hb_journal_append(j, &r, &at, &err), HB_E_IO, "cannot sync");
    disk_is_broken = false;
    CHECK_OK(hb_journal_append(j, &r, &at, &err));
    CHECK_OK(hb_journal_sync(j, &err));
    hb_journal_get_state(j, &st);
    assert_int_equal(st.sync_failed, HB_OK);
    assert_int_equal(st.synced, st.end);
    assert_int_equal(case_read(j, 0, 0), 3);
    hb_journal_close(j);
}

static void wait__ends_by_a_record_by_waking_and_by_time(void **state)
{
    (void)state;
    hb_journal *j = open_small();
    assert_false(hb_journal_wait(j, 0, 0));
    assert_false(hb_journal_wait(j, 0, 1));
    case_number(j, "s", 0, 0);
    assert_true(hb_journal_wait(j, 0, 100000));
    assert_false(hb_journal_wait(j, hb_journal_end(j), 1));
    hb_journal_wait_room(j, 1);
    hb_journal_close(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc32c__gives_published_values_with_and_without_the_instruction),
#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, make_dir, drop_dir)
        IN_DIR(journal__gives_back_what_was_appended),
        IN_DIR(journal__goes_on_over_many_segments_and_restarts),
        IN_DIR(journal__keeps_a_record_larger_than_a_segment),
        IN_DIR(journal__refuses_records_that_cannot_be_kept),
        IN_DIR(open__refuses_sizes_that_cannot_work_and_a_second_writer),
        IN_DIR(reader__says_what_is_wrong_with_a_position),
        IN_DIR(last_of__finds_the_last_record_however_far_back),
        IN_DIR(last_of__works_with_more_sources_than_are_remembered),
        IN_DIR(retention__drops_only_what_is_released),
        IN_DIR(retention__never_drops_what_is_held),
        IN_DIR(retention__drops_by_age_against_the_newest_arrival),
        IN_DIR(append__meets_a_full_disk_when_a_segment_is_made),
        IN_DIR(segment__is_filled_with_zeros_where_blocks_cannot_be_asked_for),
        IN_DIR(sync__tells_a_failure_until_it_succeeds),
        IN_DIR(wait__ends_by_a_record_by_waking_and_by_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
