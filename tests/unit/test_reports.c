/* SPDX-License-Identifier: Apache-2.0 */
/* Report folders below their cap: each that goes is told of once, whatever becomes of its removal.
 */
#include "support/check.h"

#include "daemon/reports.h"
#include "os/file.h"
#include "store/audit.h"
#include "support/temp_dir.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

enum { REPORT_BYTES = 2000, CAP = 3000, ARENA_BYTES = 1 << 20 };

typedef struct scene {
    hb_store *store;
    hb_reports *reports;
} scene;

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

static void write_report(const char *folder, time_t at)
{
    static const char text[REPORT_BYTES];
    char path[300];
    snprintf(path, sizeof path, "%s", temp_path(folder));
    CHECK_OK(hb_dir_make(hb_os_real(), path, &err));
    const struct timespec times[2] = {{.tv_sec = at}, {.tv_sec = at}};
    char file[320];
    snprintf(file, sizeof file, "%s/r", path);
    CHECK_OK(hb_file_write_atomic(hb_os_real(), file, text, sizeof text, 0600, &err));
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void open_scene(scene *x)
{
    *x = (scene){0};
    CHECK_OK(hb_store_open(hb_os_real(), temp_path("runs.db"), HB_STORE_CREATE, &x->store, &err));
    CHECK_OK(hb_reports_open(hb_os_real(), x->store, temp_path("reports"), CAP, &x->reports, &err));
}

static void close_scene(scene *x)
{
    hb_reports_close(x->reports);
    hb_store_close(x->store);
}

static size_t told_of(const scene *x, const char *name)
{
    const hb_audit_query q = {.type = "retention", .subject = name};
    hb_audit_row *rows = NULL;
    hb_arena arena;
    size_t n = 0;
    hb_arena_init(&arena, ARENA_BYTES);
    CHECK_OK(hb_store_list_log(x->store, &q, &arena, &rows, &n, &err));
    hb_arena_release(&arena);
    return n;
}

static void reports__over_the_cap_go_oldest_first(void **state)
{
    scene x;
    uint64_t dropped = 0;
    (void)state;
    write_report("reports/w-b", 1000);
    write_report("reports/w-a", 2000);
    write_report("reports/run-of-somebody", 500);
    open_scene(&x);
    CHECK_OK(hb_reports_pass(x.reports, &dropped, &err));
    assert_int_equal(dropped, 1);
    assert_false(hb_path_exists(hb_os_real(), temp_path("reports/w-b")));
    assert_true(hb_path_exists(hb_os_real(), temp_path("reports/w-a")));
    assert_true(hb_path_exists(hb_os_real(), temp_path("reports/run-of-somebody")));
    assert_int_equal(told_of(&x, "w-b"), 1);
    assert_int_equal(told_of(&x, "w-a"), 0);
    close_scene(&x);
}

/* Folders are removed to a depth: what is deeper stays until somebody takes it away. */
static void reports__that_cannot_be_removed_are_told_of_once(void **state)
{
    static const char deep[] = "reports/w-b/1/2/3/4/5/6/7/8/9/10";
    scene x;
    uint64_t dropped = 0;
    (void)state;
    CHECK_OK(hb_dir_make(hb_os_real(), temp_path(deep), &err));
    write_report("reports/w-b", 1000);
    write_report("reports/w-a", 2000);
    open_scene(&x);
    CHECK_OK(hb_reports_pass(x.reports, &dropped, &err));
    assert_int_equal(dropped, 1);
    for (int i = 0; i < 2; i++) {
        CHECK_ERROR(hb_reports_pass(x.reports, &dropped, &err), HB_E_LIMIT, "nested too deep");
    }
    assert_int_equal(told_of(&x, "w-b"), 1);
    CHECK_OK(hb_dir_remove(hb_os_real(), temp_path("reports/.gone-w-b/1/2/3"), &err));
    CHECK_OK(hb_reports_pass(x.reports, &dropped, &err));
    assert_int_equal(dropped, 1);
    assert_int_equal(told_of(&x, "w-b"), 1);
    assert_false(hb_path_exists(hb_os_real(), temp_path("reports/.gone-w-b")));
    assert_true(hb_path_exists(hb_os_real(), temp_path("reports/w-a")));
    close_scene(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reports__over_the_cap_go_oldest_first, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(reports__that_cannot_be_removed_are_told_of_once, make_dir,
                                        drop_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
