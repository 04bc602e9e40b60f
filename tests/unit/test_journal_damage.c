/* SPDX-License-Identifier: Apache-2.0 */
/* Any one byte of a journal is damaged, with and without its checksum made to fit: nothing false is
 * told, the rest is read, and a repair gives a journal that holds. */
#include "support/check.h"

#include "base/crc32c.h"
#include "journal/format.h"
#include "os/file.h"
#include "stats/random.h"
#include "support/journal_case.h"
#include "support/temp_dir.h"

#include <stdio.h>
#include <stdlib.h>
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

enum { DAMAGE_SEGMENTS = 3, DAMAGE_EACH = 12, DAMAGE_ROOM = 3000 };

/* Three segments as they are before any damage: headers and records, the rest is zero. */
static struct {
    char name[DAMAGE_SEGMENTS][40];
    unsigned char bytes[DAMAGE_SEGMENTS][4096 + DAMAGE_ROOM];
    uint64_t at[DAMAGE_SEGMENTS * DAMAGE_EACH + 1];
} whole;

static void put(const char *name, const unsigned char *p, size_t n)
{
    FILE *f = fopen(temp_path(name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(truncate(temp_path(name), MIB), 0);
}

static uint32_t u32(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put_u32(unsigned char *p, uint32_t v)
{
    for (int i = 0; i < 4; i++) {
        p[i] = (unsigned char)(v >> 8 * i);
    }
}

/* Small segments, each sealed as the journal seals them: made by filling them up, then cut out. */
static void make_whole(void)
{
    hb_journal *j = NULL;
    unsigned i = 0;
    case_dir("j");
    for (unsigned s = 0; s < DAMAGE_SEGMENTS; s++) {
        CHECK_OK(hb_journal_open(case_os(), temp_path("j"), &small, &j, &err));
        uint64_t start = hb_journal_end(j);
        for (unsigned k = 0; k < DAMAGE_EACH; k++) {
            whole.at[i] = case_number(j, k % 2 ? "a" : "bb", i, k * 7);
            i++;
        }
        whole.at[i] = hb_journal_end(j);
        hb_journal_close(j);
        snprintf(whole.name[s], sizeof whole.name[s], "j/%020llu.hbj", (unsigned long long)start);
        char *data = NULL;
        size_t n = 0;
        CHECK_OK(hb_file_read(case_os(), temp_path(whole.name[s]), 2 * MIB, &data, &n, &err));
        memcpy(whole.bytes[s], data, sizeof whole.bytes[s]);
        hb_free(data);
        if (s + 1 < DAMAGE_SEGMENTS) {
            hb_segment_seal seal = HB_SEAL_OF(start);
            for (unsigned k = 0; k < DAMAGE_EACH; k++) {
                unsigned number = s * DAMAGE_EACH + k;
                const hb_record r = {.arrival = (hb_time)number};
                hb_segment_seal_add(&seal, &r, whole.at[number + 1]);
            }
            hb_segment_seal_write(whole.bytes[s], &seal);
            unsigned char head[HB_SEGMENT_LEAD];
            char next[40];
            hb_segment_head_write(head,
                                  &(hb_segment_head){.start = whole.at[i], .file_bytes = MIB});
            snprintf(next, sizeof next, "j/%020llu.hbj", (unsigned long long)whole.at[i]);
            put(next, head, sizeof head);
        }
    }
}

/* The record that holds byte `at` of a segment; -1: none. */
static int64_t record_at(unsigned s, size_t at)
{
    uint64_t start = whole.at[s * DAMAGE_EACH];
    for (unsigned k = s * DAMAGE_EACH; k < (s + 1) * DAMAGE_EACH; k++) {
        if (at >= 4096 + whole.at[k] - start && at < 4096 + whole.at[k + 1] - start) {
            return k;
        }
    }
    return -1;
}

/* Sets the checksum right that covers byte `at` of segment s. */
static void repair_sum(unsigned char *p, unsigned s, size_t at)
{
    if (at < 60) {
        put_u32(p + 60, hb_crc32c(0, p, 60));
    } else if (at >= 64 && at < 124) {
        put_u32(p + 124, hb_crc32c(0, p + 64, 60));
    } else if (record_at(s, at) >= 0) {
        uint64_t start = whole.at[s * DAMAGE_EACH];
        size_t k = (size_t)record_at(s, at);
        unsigned char *r = p + 4096 + (whole.at[k] - start);
        size_t n = (u32(r) + 7) / 8 * 8;
        size_t most = DAMAGE_ROOM - (size_t)(whole.at[k] - start);
        if (n > 8 && n <= most) {
            put_u32(r + 4, hb_crc32c(0, r + 8, n - 8));
        }
    }
}

/* Which records are read, up to the first error or the end. Numbers are right but for that of a
 * record whose checksum was made to fit. */
static void read_damaged(hb_journal *j, int64_t forged, bool seen[DAMAGE_SEGMENTS * DAMAGE_EACH])
{
    for (unsigned i = 0; i < DAMAGE_SEGMENTS * DAMAGE_EACH; i++) {
        hb_journal_reader *r = NULL;
        hb_record record;
        bool more = false;
        hb_error err = {0};
        hb_status status = hb_journal_reader_open(j, whole.at[i], &r, &err);
        if (status == HB_OK) {
            status = hb_journal_next(r, &record, &more, &err);
        }
        assert_true(status == HB_OK || status == HB_E_INPUT);
        seen[i] = status == HB_OK && more && record.kind != HB_RECORD_LOSS;
        if (seen[i] && forged != (int64_t)i) {
            assert_int_equal(case_number_of(&record), i);
            assert_true(record.arrival == (hb_time)i);
        }
        hb_journal_reader_close(r);
    }
}

static void check_one_damage(unsigned s, size_t at, unsigned char flip, bool repaired)
{
    static unsigned char bytes[4096 + DAMAGE_ROOM];
    bool seen[DAMAGE_SEGMENTS * DAMAGE_EACH];
    int64_t hit = record_at(s, at);
    case_dir("j");
    for (unsigned i = 0; i < DAMAGE_SEGMENTS; i++) {
        memcpy(bytes, whole.bytes[i], sizeof bytes);
        if (i == s) {
            bytes[at] ^= flip;
            if (repaired) {
                repair_sum(bytes, s, at);
            }
        }
        put(whole.name[i], bytes, sizeof bytes);
    }
    hb_journal *j = NULL;
    hb_error met = {0};
    hb_status status = hb_journal_open(case_os(), temp_path("j"), &small, &j, &met);
    if (status != HB_OK) { /* another version, well signed: left alone */
        assert_true(repaired && at >= 8 && at < 12 && status == HB_E_INPUT);
        return;
    }
    read_damaged(j, repaired ? hit : -1, seen);
    for (unsigned i = 0; i < DAMAGE_SEGMENTS * DAMAGE_EACH; i++) {
        bool last = i >= (DAMAGE_SEGMENTS - 1) * DAMAGE_EACH;
        bool after = last && hit >= 0 && (int64_t)i > hit; /* cut off with it */
        if ((int64_t)i == hit) {
            assert_true(repaired || !seen[i]);
        } else if (!seen[i] && !after && !repaired) {
            fail_msg("byte %zu of segment %u: record %u is gone", at, s, i);
        }
    }
    hb_journal_close(j);
    if (case_repair(case_os(), &met) != HB_OK) {
        fail_msg("byte %zu of segment %u: %s", at, s, met.msg);
    }
    case_verifies(temp_path("j"));
    CHECK_OK(hb_journal_open(case_os(), temp_path("j"), &small, &j, &err));
    bool again[DAMAGE_SEGMENTS * DAMAGE_EACH];
    read_damaged(j, repaired ? hit : -1, again);
    for (unsigned i = 0; i < DAMAGE_SEGMENTS * DAMAGE_EACH && !repaired; i++) {
        assert_true(again[i] || !seen[i]);
    }
    hb_journal_close(j);
}

static void journal__tells_any_damaged_byte_and_keeps_the_rest(void **state)
{
    (void)state;
    const char *rounds = getenv("HB_DAMAGES");
    unsigned n = rounds ? (unsigned)strtoul(rounds, NULL, 10) : 400;
    make_whole();
    hb_random random = hb_random_of(3, 0);
    for (unsigned i = 0; i < n; i++) {
        unsigned s = (unsigned)hb_random_below(&random, DAMAGE_SEGMENTS);
        uint64_t used = whole.at[(s + 1) * DAMAGE_EACH] - whole.at[s * DAMAGE_EACH];
        size_t at = hb_random_below(&random, 4) ? 4096 + (size_t)hb_random_below(&random, used + 16)
                                                : (size_t)hb_random_below(&random, 140);
        unsigned char flip = (unsigned char)(1U << hb_random_below(&random, 8));
        check_one_damage(s, at, flip, i % 2);
    }
}

/* Records `first` to `last` of the last segment are damaged. */
static void damage_last(unsigned first, unsigned last)
{
    static unsigned char bytes[4096 + DAMAGE_ROOM];
    case_dir("j");
    for (unsigned i = 0; i < DAMAGE_SEGMENTS; i++) {
        memcpy(bytes, whole.bytes[i], sizeof bytes);
        for (unsigned k = first; k <= last && i == DAMAGE_SEGMENTS - 1; k++) {
            bytes[4096 + whole.at[k] - whole.at[i * DAMAGE_EACH] + 41] ^= 1;
        }
        put(whole.name[i], bytes, sizeof bytes);
    }
}

static void opens_with(uint64_t known_to, unsigned first, unsigned last, unsigned seen_to)
{
    enum { N = DAMAGE_SEGMENTS * DAMAGE_EACH };
    bool seen[N];
    hb_journal *j = NULL;
    hb_journal_state st;
    const hb_journal_options o = {
        .segment_bytes = MIB, .no_sync_thread = true, .known_to = known_to};
    CHECK_OK(hb_journal_open(case_os(), temp_path("j"), &o, &j, &err));
    hb_journal_get_state(j, &st);
    assert_true(st.end == whole.at[seen_to]);
    read_damaged(j, -1, seen);
    for (unsigned i = 0; i < N; i++) {
        assert_int_equal(seen[i], i < seen_to && (i < first || i > last));
    }
    bool mended = seen_to > last;
    assert_true(st.mended_bytes == (mended ? whole.at[last + 1] - whole.at[first] : 0));
    hb_journal_close(j);
    case_verifies(temp_path("j"));
}

/* A power cut takes what was not synced: the rest is cut off, and who can send it sends it again.
 * What decisions rest on was synced: it is a disk that fails, and what follows stays. */
static void open__keeps_what_follows_damage_in_what_was_judged(void **state)
{
    enum { LAST = (DAMAGE_SEGMENTS - 1) * DAMAGE_EACH, N = DAMAGE_SEGMENTS * DAMAGE_EACH };
    (void)state;
    make_whole();
    for (unsigned first = LAST; first < N - 1; first++) {
        for (unsigned last = first; last < N - 1 && last < first + 3; last++) {
            damage_last(first, last);
            opens_with(whole.at[N], first, last, N);
            damage_last(first, last);
            opens_with(whole.at[first], first, last, first);
            damage_last(first, last);
            opens_with(0, first, last, first);
        }
    }
    damage_last(N - 1, N - 1); /* nothing follows: whoever judged it is told by the end */
    opens_with(whole.at[N], N - 1, N - 1, N - 1);
}

static void open__keeps_the_position_up_to_which_was_judged(void **state)
{
    enum { LAST = (DAMAGE_SEGMENTS - 1) * DAMAGE_EACH, N = DAMAGE_SEGMENTS * DAMAGE_EACH };
    (void)state;
    make_whole();
    damage_last(LAST + 3, LAST + 6);
    opens_with(whole.at[LAST + 5], LAST + 3, LAST + 6, N);
    hb_journal *j = NULL;
    hb_journal_reader *r = NULL;
    hb_record record;
    bool more = false;
    CHECK_OK(hb_journal_open(case_os(), temp_path("j"), &small, &j, &err));
    CHECK_OK(hb_journal_reader_open(j, whole.at[LAST + 5], &r, &err));
    CHECK_OK(hb_journal_next(r, &record, &more, &err));
    assert_int_equal(record.kind, HB_RECORD_LOSS);
    assert_true(more && record.next == whole.at[LAST + 7]);
    hb_journal_reader_close(r);
    hb_journal_close(j);
}

/* Whoever put it aside puts it back, and all holds. */
static void open__changes_nothing_when_the_last_segments_are_gone(void **state)
{
    enum { N = DAMAGE_SEGMENTS * DAMAGE_EACH };
    (void)state;
    bool seen[N];
    hb_journal *j = NULL;
    char aside[4096];
    make_whole();
    const hb_journal_options o = {
        .segment_bytes = MIB, .no_sync_thread = true, .known_to = whole.at[N]};
    case_dir("j");
    for (unsigned i = 0; i < DAMAGE_SEGMENTS; i++) {
        put(whole.name[i], whole.bytes[i], sizeof whole.bytes[i]);
    }
    snprintf(aside, sizeof aside, "%s", temp_path("aside"));
    assert_int_equal(rename(temp_path(whole.name[DAMAGE_SEGMENTS - 1]), aside), 0);
    CHECK_ERROR(hb_journal_open(case_os(), temp_path("j"), &o, &j, &err), HB_E_EVIDENCE,
                "the segments after it are gone; put them back");
    assert_int_equal(rename(aside, temp_path(whole.name[DAMAGE_SEGMENTS - 1])), 0);
    case_verifies(temp_path("j"));
    CHECK_OK(hb_journal_open(case_os(), temp_path("j"), &o, &j, &err));
    read_damaged(j, -1, seen);
    for (unsigned i = 0; i < N; i++) {
        assert_true(seen[i]);
    }
    hb_journal_close(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(journal__tells_any_damaged_byte_and_keeps_the_rest,
                                        make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(open__keeps_what_follows_damage_in_what_was_judged,
                                        make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(open__changes_nothing_when_the_last_segments_are_gone,
                                        make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(open__keeps_the_position_up_to_which_was_judged, make_dir,
                                        drop_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
