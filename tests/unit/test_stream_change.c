/* SPDX-License-Identifier: Apache-2.0 */
/* Files that change while they are read: the system under the stream does the deed at its third
 * read. */
#include "support/check.h"
#include "support/temp_dir.h"

#include "input/stream.h"
#include "os/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { SIZE = 1 << 20 };

static char path[4096];
static int n_reads;
static void (*deed)(void);
static hb_os os;

static void cut_off(void)
{
    assert_int_equal(truncate(path, 100000), 0);
}

static void cut_off_where_it_was_read(void)
{
    assert_int_equal(truncate(path, 200000), 0);
}

static void append(void)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_true(write(fd, "more\n", 5) == 5);
    close(fd);
}

static void write_over(void)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(pwrite(fd, "other\n", 6, 5000) == 6);
    struct timespec later[2] = {{.tv_sec = 2000000000}, {.tv_sec = 2000000000}};
    assert_int_equal(futimens(fd, later), 0);
    close(fd);
}

static void vanish(void)
{
    assert_int_equal(unlink(path), 0);
}

static ssize_t read_and_do(int fd, void *p, size_t n)
{
    ssize_t got = hb_os_real()->read(fd, p, n);
    if (++n_reads == 3 && deed) {
        deed();
    }
    return got;
}

/* Reads all; *ret_n = how much that was. */
static hb_status read_all(hb_stream *s, uint64_t *ret_n, hb_error *err)
{
    static char room[8192];
    size_t got = 0;
    *ret_n = 0;
    do {
        HB_TRY(hb_stream_read(s, room, sizeof room, &got, err));
        *ret_n += got;
    } while (got);
    char sha256[65];
    uint64_t bytes = 0;
    return hb_stream_digest(s, &bytes, sha256, err);
}

static hb_stream *begin(void (*what)(void))
{
    static char line[] = "1.25,2.50,3.75,5.00,6.25,7.50,8.75,10.00,11.25,12.50,13.75,1.2\n";
    temp_dir_new();
    snprintf(path, sizeof path, "%s", temp_path("changing.csv"));
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (size_t i = 0; i < SIZE / (sizeof line - 1); i++) {
        fputs(line, f);
    }
    assert_int_equal(fclose(f), 0);
    os = *hb_os_real();
    os.read = read_and_do;
    n_reads = 0;
    deed = what;
    hb_stream *s = NULL;
    CHECK_OK(hb_stream_open(&os, path, &s, &err));
    return s;
}

static void stream__tells_that_a_file_was_cut_off(void **state)
{
    (void)state;
    void (*const deeds[])(void) = {cut_off, cut_off_where_it_was_read, write_over};
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        uint64_t n = 0;
        hb_stream *s = begin(deeds[i]);
        CHECK_ERROR(read_all(s, &n, &err), HB_E_INPUT, "was changed while it was read");
        hb_stream_close(s);
    }
}

static void stream__tells_that_a_file_grew(void **state)
{
    (void)state;
    uint64_t n = 0;
    hb_stream *s = begin(append);
    CHECK_OK(read_all(s, &n, &err));
    assert_true(hb_stream_grew(s) && n >= SIZE - 64);
    hb_stream_close(s);
}

static void stream__reads_a_file_that_vanished_or_stood_still(void **state)
{
    (void)state;
    void (*const deeds[])(void) = {vanish, NULL};
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        uint64_t n = 0;
        hb_stream *s = begin(deeds[i]);
        CHECK_OK(read_all(s, &n, &err));
        assert_true(!hb_stream_grew(s) && n >= SIZE - 64);
        hb_stream_close(s);
    }
}

static void stream__reads_files_without_a_size(void **state)
{
    (void)state;
    uint64_t n = 0;
    hb_stream *s = NULL;
    CHECK_OK(hb_stream_open(hb_os_real(), "/proc/self/status", &s, &err));
    CHECK_OK(read_all(s, &n, &err));
    assert_true(n > 0 && !hb_stream_grew(s));
    hb_stream_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stream__tells_that_a_file_was_cut_off),
        cmocka_unit_test(stream__tells_that_a_file_grew),
        cmocka_unit_test(stream__reads_a_file_that_vanished_or_stood_still),
        cmocka_unit_test(stream__reads_files_without_a_size),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    temp_dir_remove();
    return failed;
}
