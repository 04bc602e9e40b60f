/* SPDX-License-Identifier: Apache-2.0 */
/* Memory and disk fail at every point of a backup and a restoring: there is a whole one, or
 * nothing, and nothing is left lying about. What backups hold: tests/cli/test_backup.py. */
#include "support/check.h"

#include "audit/log.h"
#include "export/backup.h"
#include "os/file.h"
#include "support/fake_run.h"
#include "support/fault_os.h"
#include "support/temp_dir.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const hb_time noon = INT64_C(1795716000000000000);

/* DIR/lab with a registry of one run, a log of one entry and a configuration; DIR/good.zip of it.
 */
static void make_lab(void)
{
    hb_store *s = NULL;
    hb_audit_log *log = NULL;
    bool existed = false;
    uint64_t first = 0;
    const hb_str entry = HB_STR("{}");
    hb_run *run = fake_run_simple("run-1", 4.0);
    assert_int_equal(mkdir(temp_path("lab"), 0700), 0);
    CHECK_OK(hb_store_open(hb_os_real(), temp_path("lab/runs.db"), HB_STORE_CREATE, &s, &err));
    CHECK_OK(hb_store_add_run(s, run, 1, &existed, &err));
    hb_store_close(s);
    CHECK_OK(hb_audit_open_write(hb_os_real(), temp_path("lab/audit"), "hb/test", &log, &err));
    CHECK_OK(hb_audit_append(log, &entry, 1, &first, &err));
    hb_audit_close(log);
    CHECK_OK(hb_file_write_atomic(hb_os_real(), temp_path("lab/x.yaml"), "a: 1\n", 5, 0644, &err));
    hb_run_free(run);
}

static hb_status backup(const hb_os *os, const char *target, hb_backup_told *told, hb_error *err)
{
    hb_store *s = NULL;
    hb_arena arena;
    hb_arena_init(&arena, 64 << 20);
    hb_backup_told own;
    hb_status status = hb_store_open(os, temp_path("lab/runs.db"), HB_STORE_READ, &s, err);
    const hb_backup_ask ask = {
        .os = os, .store = s, .workspace = temp_path("lab"), .target = target, .now = noon};
    status = status == HB_OK ? hb_backup_make(&ask, &arena, &own, err) : status;
    if (status == HB_OK && told) {
        *told = own;
    }
    hb_store_close(s);
    hb_arena_release(&arena);
    return status;
}

static hb_status restore(const hb_os *os, const char *target, hb_error *err)
{
    hb_arena arena;
    hb_backup_told told;
    hb_arena_init(&arena, 64 << 20);
    hb_status status = hb_backup_restore(os, temp_path("good.zip"), target, &arena, &told, err);
    hb_arena_release(&arena);
    return status;
}

/* Nothing but these, hidden files counted. */
static void check_only(const char *const *names, size_t n)
{
    char path[4096];
    snprintf(path, sizeof path, "%s", temp_path("."));
    DIR *d = opendir(path);
    assert_non_null(d);
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        bool known = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
        for (size_t i = 0; i < n && !known; i++) {
            known = strcmp(e->d_name, names[i]) == 0;
        }
        if (!known) {
            fail_msg("'%s' was left behind", e->d_name);
        }
    }
    closedir(d);
}

static void backup__counts_what_is_in_it(void **state)
{
    (void)state;
    hb_backup_told told;
    temp_dir_new();
    make_lab();
    CHECK_OK(backup(hb_os_real(), temp_path("good.zip"), &told, &err));
    assert_int_equal(told.counts.runs, 1);
    assert_int_equal(told.counts.decisions, 0);
    assert_int_equal(told.log_size, 1);
    CHECK_ERROR(backup(hb_os_real(), temp_path("good.zip"), NULL, &err), HB_E_USAGE, "exists");
    CHECK_OK(restore(hb_os_real(), NULL, &err));
    check_only((const char *const[]){"lab", "good.zip"}, 2);
    CHECK_OK(restore(hb_os_real(), temp_path("again"), &err));
    assert_true(hb_path_exists(hb_os_real(), temp_path("again/audit/checkpoint")));
    assert_true(hb_path_exists(hb_os_real(), temp_path("again/x.yaml")));
    assert_false(hb_path_exists(hb_os_real(), temp_path("again/audit/key.pem")));
    temp_dir_remove();
}

static hb_status backup_visit(void)
{
    unlink(temp_path("b.zip"));
    hb_status status = backup(hb_os_real(), temp_path("b.zip"), NULL, NULL);
    check_only((const char *const[]){"lab", "good.zip", status == HB_OK ? "b.zip" : "lab"}, 3);
    return status;
}

static hb_status restore_visit(void)
{
    return restore(hb_os_real(), NULL, NULL);
}

static void backup__survives_failing_allocations(void **state)
{
    (void)state;
    temp_dir_new();
    make_lab();
    CHECK_OK(backup(hb_os_real(), temp_path("good.zip"), NULL, &err));
    fault_loop(backup_visit);
    unlink(temp_path("b.zip"));
    bool fired = true;
    for (unsigned long nth = 1; fired; nth++) {
        hb_error err = {0};
        hb_fault_alloc(nth, false);
        hb_status status = restore(hb_os_real(), NULL, &err);
        fired = hb_fault_fired();
        hb_fault_alloc(0, false);
        if (status != HB_OK && status != HB_E_NOMEM) {
            fail_msg("allocation %lu: %s '%s'", nth, hb_status_name(status), err.msg);
        }
        check_only((const char *const[]){"lab", "good.zip"}, 2);
    }
    fault_loop(restore_visit); /* without any memory the folder aside cannot be taken away */
    temp_dir_remove();
}

/* Nothing but the disk of our own calls; SQLite has its own (test_store_faults). */
static void backup__survives_a_failing_disk(void **state)
{
    (void)state;
    unsigned refused = 0;
    temp_dir_new();
    make_lab();
    CHECK_OK(backup(hb_os_real(), temp_path("good.zip"), NULL, &err));
    bool fired = true;
    for (unsigned long nth = 1; fired; nth++) {
        hb_error err = {0};
        fault_os_fail(nth, ENOSPC, false);
        hb_status status = backup(fault_os(), temp_path("b.zip"), NULL, &err);
        fired = fault_os_fired();
        fault_os_fail(0, 0, false);
        bool there = hb_path_exists(hb_os_real(), temp_path("b.zip"));
        if (status == HB_OK ? !there : !fired) {
            fail_msg("call %lu: %s '%s'", nth, hb_status_name(status), err.msg);
        }
        refused += status != HB_OK;
        unlink(temp_path("b.zip"));
    }
    assert_true(refused > 10);
    temp_dir_new();
    make_lab();
    CHECK_OK(backup(hb_os_real(), temp_path("good.zip"), NULL, &err));
    fired = true;
    refused = 0;
    for (unsigned long nth = 1; fired; nth++) {
        hb_error err = {0};
        fault_os_fail(nth, EIO, false);
        hb_status status = restore(fault_os(), temp_path("again"), &err);
        fired = fault_os_fired();
        fault_os_fail(0, 0, false);
        bool whole = hb_path_exists(hb_os_real(), temp_path("again/x.yaml"));
        if (status == HB_OK ? !whole : !fired) {
            fail_msg("call %lu: %s '%s'", nth, hb_status_name(status), err.msg);
        }
        refused += status != HB_OK;
        assert_int_equal(hb_dir_remove(hb_os_real(), temp_path("again"), NULL), HB_OK);
    }
    assert_true(refused > 10);
    temp_dir_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backup__counts_what_is_in_it),
        cmocka_unit_test(backup__survives_failing_allocations),
        cmocka_unit_test(backup__survives_a_failing_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
