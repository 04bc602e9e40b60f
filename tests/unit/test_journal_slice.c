/* SPDX-License-Identifier: Apache-2.0 */
/* A stretch of a journal as a journal of its own. */
#include "support/check.h"

#include "journal/slice.h"
#include "os/file.h"
#include "support/journal_case.h"
#include "support/temp_dir.h"

#include <stdio.h>

enum { MIB = 1 << 20, RECORDS = 300 };

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

/* Records of 64 KiB, so that a slice needs several files. */
static hb_journal *filled(uint64_t positions[RECORDS])
{
    const hb_journal_options small = {.segment_bytes = 2 * MIB, .no_sync_thread = true};
    hb_journal *j = NULL;
    CHECK_OK(hb_journal_open(case_os(), temp_path("j"), &small, &j, &err));
    for (unsigned i = 0; i < RECORDS; i++) {
        positions[i] = case_number(j, "rig", i, 64 << 10);
    }
    return j;
}

static unsigned write_slice(hb_journal *j, uint64_t from, uint64_t to, const char *dir)
{
    hb_buf out;
    unsigned files = 0;
    case_dir(dir);
    hb_buf_init(&out, HB_SLICE_FILE_MAX);
    for (uint64_t at = from; at < to; files++) {
        hb_slice s;
        char name[64];
        CHECK_OK(hb_journal_slice(j, at, to, &out, &s, &err));
        assert_int_equal(s.from, at);
        assert_int_equal(s.seal.end, s.to);
        snprintf(name, sizeof name, "%s/%s", dir, s.name);
        CHECK_OK(hb_file_write_atomic(hb_os_real(), temp_path(name), out.p, out.n, 0600, &err));
        at = s.to;
    }
    hb_buf_release(&out);
    return files;
}

static void slice__is_a_journal_with_the_records_and_positions_of_the_stretch(void **state)
{
    (void)state;
    uint64_t at[RECORDS];
    hb_journal *j = filled(at);
    unsigned files = write_slice(j, at[20], at[280], "cut");
    assert_true(files >= 2);
    hb_journal_close(j);

    case_verifies(temp_path("cut"));
    const hb_journal_options reading = {.read_only = true};
    CHECK_OK(hb_journal_open(hb_os_real(), temp_path("cut"), &reading, &j, &err));
    assert_int_equal(hb_journal_begin(j), at[20]);
    assert_int_equal(hb_journal_end(j), at[280]);
    assert_int_equal(case_read(j, at[20], 20), 260);
    hb_journal_close(j);
}

static void slice__gives_the_same_bytes_again(void **state)
{
    (void)state;
    uint64_t at[RECORDS];
    hb_journal *j = filled(at);
    hb_buf a;
    hb_buf b;
    hb_slice s;
    hb_buf_init(&a, HB_SLICE_FILE_MAX);
    hb_buf_init(&b, HB_SLICE_FILE_MAX);
    CHECK_OK(hb_journal_slice(j, at[3], at[9], &a, &s, &err));
    CHECK_OK(hb_journal_slice(j, at[3], at[9], &b, &s, &err));
    assert_int_equal(s.seal.records, 6);
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.p, b.p, a.n);
    assert_int_equal(a.n % 4096, 0);
    hb_buf_release(&a);
    hb_buf_release(&b);
    hb_journal_close(j);
}

static void slice__of_nothing_is_an_error(void **state)
{
    (void)state;
    uint64_t at[RECORDS];
    hb_journal *j = filled(at);
    hb_buf out;
    hb_slice s;
    hb_buf_init(&out, HB_SLICE_FILE_MAX);
    CHECK_ERROR(hb_journal_slice(j, at[5], at[5], &out, &s, &err), HB_E_INPUT, "holds no record");
    CHECK_ERROR(hb_journal_slice(j, at[5] + 8, at[9], &out, &s, &err), HB_E_INPUT, "");
    hb_buf_release(&out);
    hb_journal_close(j);
}

static void narrow__keeps_the_shortest_stretch_that_arrived_in_time(void **state)
{
    (void)state;
    const hb_journal_options small = {.segment_bytes = MIB, .no_sync_thread = true};
    hb_journal *j = NULL;
    uint64_t at[10];
    CHECK_OK(hb_journal_open(case_os(), temp_path("j"), &small, &j, &err));
    for (unsigned i = 0; i < 10; i++) {
        at[i] = case_append(j, case_message("rig", "t", HB_STR("1"), 1000 + i));
    }
    uint64_t from = at[1];
    uint64_t to = hb_journal_end(j);
    bool any = false;
    CHECK_OK(hb_journal_narrow(j, &from, &to, 1003, 1006, &any, &err));
    assert_true(any);
    assert_int_equal(from, at[3]);
    assert_int_equal(to, at[7]);
    CHECK_OK(hb_journal_narrow(j, &from, &to, 5000, 6000, &any, &err));
    assert_false(any);
    hb_journal_close(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            slice__is_a_journal_with_the_records_and_positions_of_the_stretch, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(slice__gives_the_same_bytes_again, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(slice__of_nothing_is_an_error, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(narrow__keeps_the_shortest_stretch_that_arrived_in_time,
                                        make_dir, drop_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
