/* SPDX-License-Identifier: Apache-2.0 */
/* Memory, disk and limits fail at every point: a call says so, and the file holds the run whole or
 * not at all. */
#include "support/check.h"

#include "os/file.h"
#include "store/past.h"
#include "store/versions.h"
#include "support/fake_run.h"
#include "support/fault_vfs.h"
#include "support/temp_dir.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static hb_run *first;  /* in the registry from the start */
static hb_run *second; /* what a faulty call adds */

static int setup(void **state)
{
    (void)state;
    sqlite_alloc_install(); /* before SQLite is used at all */
    fault_vfs_install();
    first = fake_run_full("first");
    second = fake_run_full("second");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    hb_run_free(first);
    hb_run_free(second);
    return 0;
}

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

static hb_status open_store(hb_store_mode mode, hb_store **ret, hb_error *err)
{
    return hb_store_open(hb_os_real(), temp_path("runs.db"), mode, ret, err);
}

static void make_registry(void)
{
    hb_store *s = NULL;
    bool existed = false;
    CHECK_OK(open_store(HB_STORE_CREATE, &s, &err));
    CHECK_OK(hb_store_add_run(s, first, 1, &existed, &err));
    hb_store_close(s);
}

static void check_integrity(void)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    assert_int_equal(sqlite3_open(temp_path("runs.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &q, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(q, 0), "ok");
    sqlite3_finalize(q);
    sqlite3_close(db);
}

/* Present and equal: true; absent: false; anything else fails. */
static bool has_run(hb_store *s, const hb_run *expected)
{
    hb_run *run = NULL;
    hb_error err = {0};
    hb_status status = hb_store_get_run(s, expected->meta.run_id, &run, &err);
    if (status == HB_OK) {
        fake_run_check_equal(expected, run);
        hb_run_free(run);
        return true;
    }
    if (status != HB_E_STORE || !strstr(err.msg, "has no run")) {
        fail_msg("reading '%s': %s", expected->meta.run_id, err.msg);
    }
    return false;
}

/* After a fault: the file is sound, `first` is there, and what was acknowledged too. */
static void check_registry(bool acknowledged)
{
    hb_store *s = NULL;
    CHECK_OK(open_store(HB_STORE_READ, &s, &err));
    assert_true(has_run(s, first));
    bool there = has_run(s, second);
    hb_store_close(s);
    if (acknowledged && !there) {
        fail_msg("an acknowledged run is gone");
    }
    check_integrity();
}

/* --- our own memory --- */

/* A version, its tag, a decision against it that raises a suspicion, and all of it read back. */
static hb_status life_visit(hb_store *s, hb_arena *arena)
{
    char digest[65] = {0};
    char name[65];
    bool flag = false;
    size_t n = 0;
    memset(digest, 'c', 64);
    const char *ids[] = {"first"};
    const hb_version_row version = {.digest = digest,
                                    .program = "prog",
                                    .subsystem = "sub",
                                    .test_name = "test",
                                    .run_ids = ids,
                                    .n_runs = 1,
                                    .json = "{}",
                                    .json_len = 2};
    const hb_suspicion_raised raised = {.metric = "m", .direction = HB_DIRECTION_UP, .days = 1};
    hb_decision_row made = {.run_id = "first",
                            .status = "PASS",
                            .set = "first",
                            .json = "{}",
                            .json_len = 2,
                            .digest = digest,
                            .raised = &raised,
                            .n_raised = 1};
    hb_version_row got = {0};
    hb_suspicion_row *open = NULL;
    hb_quality_row *checks = NULL;
    hb_figures *f = NULL;
    hb_past_run past;
    HB_TRY(hb_store_add_version(s, &version, name, &flag, NULL));
    const hb_tag_row tag = {.tag = "gold", .version = name};
    const hb_quality_row quality = {.version = name, .purpose = "create", .json = "{}"};
    made.version = name;
    HB_TRY(hb_store_set_tag(s, &tag, NULL));
    HB_TRY(hb_store_add_quality(s, &quality, NULL));
    HB_TRY(hb_store_list_quality(s, name, arena, &checks, &n, NULL));
    HB_TRY(hb_store_add_decision(s, &made, NULL));
    HB_TRY(hb_store_get_version(s, name, arena, &got, NULL));
    HB_TRY(hb_store_list_suspicions(s, &(hb_suspicion_query){0}, arena, &open, &n, NULL));
    assert_int_equal(n, 1);
    HB_TRY(hb_store_suspicion_set(s, &open[0], arena, &got.run_ids, NULL));
    HB_TRY(hb_figures_open(s, &f, NULL));
    hb_status status = hb_figures_run(f, "first", arena, &past, NULL);
    hb_figures_close(f);
    return status;
}

static hb_status whole_visit(void)
{
    hb_store *s = NULL;
    hb_run *run = NULL;
    hb_arena arena;
    hb_arena_init(&arena, 1 << 20);
    hb_run_row *rows = NULL;
    hb_tag_row *tags = NULL;
    hb_decision_row decision = {0};
    size_t n = 0;
    bool flag = false;
    char digest[65] = {0};
    memset(digest, 'd', 64);
    const hb_decision_row made = {.run_id = "first",
                                  .status = "PASS",
                                  .reference = "first",
                                  .json = "{}",
                                  .json_len = 2,
                                  .digest = digest};
    const hb_tag_row tag = {.tag = "golden", .run_id = "first"};
    hb_status status = open_store(HB_STORE_WRITE, &s, NULL);
    status = status == HB_OK ? hb_store_add_run(s, second, 1, &flag, NULL) : status;
    status = status == HB_OK ? hb_store_get_run(s, "first", &run, NULL) : status;
    status = status == HB_OK ? hb_store_list_runs(s, NULL, &arena, &rows, &n, NULL) : status;
    status = status == HB_OK ? hb_store_set_tag(s, &tag, NULL) : status;
    status = status == HB_OK ? hb_store_list_tags(s, NULL, &arena, &tags, &n, NULL) : status;
    status = status == HB_OK ? hb_store_add_decision(s, &made, NULL) : status;
    status = status == HB_OK ? hb_store_latest_decision(s, "first", &arena, &decision, &flag, NULL)
                             : status;
    status = status == HB_OK ? life_visit(s, &arena) : status;
    hb_run_free(run);
    hb_arena_release(&arena);
    hb_store_close(s);
    return status;
}

static void store_faults__survive_failing_allocations(void **state)
{
    (void)state;
    make_registry();
    fault_loop(whole_visit);
    check_registry(true);
}

/* --- SQLite's memory --- */

static void store_faults__survive_sqlite_out_of_memory(void **state)
{
    (void)state;
    for (int persistent = 0; persistent < 2; persistent++) {
        temp_dir_new();
        make_registry();
        bool fired = true;
        /* Steps grow: each visit allocates some thousand times. */
        for (unsigned long nth = 1; fired; nth += 1 + nth / 50) {
            sqlite_alloc_fail(nth, persistent);
            hb_status status = whole_visit();
            fired = sqlite_alloc_fired();
            sqlite_alloc_fail(0, false);
            /* A failed lookaside or cache allocation may be survived, so OK is allowed. */
            if (status != HB_OK && status != HB_E_NOMEM && status != HB_E_STORE) {
                fail_msg("allocation %lu: %s", nth, hb_status_name(status));
            }
        }
        check_registry(true);
    }
}

/* --- the disk --- */

typedef struct outcome {
    bool acknowledged;
    bool fired;
    hb_error err;
} outcome;

static outcome add_second_with_fault(unsigned long nth, int code, bool persistent)
{
    outcome o = {0};
    hb_store *s = NULL;
    bool existed = false;
    fault_vfs_fail(nth, code, persistent);
    hb_status status = open_store(HB_STORE_WRITE, &s, &o.err);
    if (status == HB_OK) {
        status = hb_store_add_run(s, second, 1, &existed, &o.err);
    }
    o.fired = fault_vfs_fired();
    fault_vfs_fail(0, 0, false);
    o.acknowledged = status == HB_OK;
    if (s && !o.acknowledged) { /* the store can be used on */
        assert_true(has_run(s, first));
        CHECK_OK(hb_store_add_run(s, second, 1, &existed, &err));
        o.acknowledged = true;
    }
    hb_store_close(s);
    if (status != HB_OK && (!o.fired || status != HB_E_STORE || !strstr(o.err.msg, "runs.db"))) {
        fail_msg("call %lu failing: %s '%s'", nth, hb_status_name(status), o.err.msg);
    }
    return o;
}

static void store_faults__survive_a_failing_disk(void **state)
{
    (void)state;
    static const int codes[] = {SQLITE_FULL, SQLITE_IOERR_WRITE};
    for (size_t c = 0; c < 4; c++) {
        unsigned refused = 0;
        unsigned full = 0;
        bool fired = true;
        for (unsigned long nth = 1; fired; nth++) {
            temp_dir_new();
            make_registry();
            outcome o = add_second_with_fault(nth, codes[c % 2], c / 2);
            check_registry(o.acknowledged);
            fired = o.fired;
            refused += *o.err.msg != '\0';
            full += strstr(o.err.msg, "the disk is full") != NULL;
        }
        assert_true(refused > 5);
        assert_int_equal(full > 0, codes[c % 2] == SQLITE_FULL);
    }
}

static void store_faults__creating_on_a_failing_disk_can_be_repeated(void **state)
{
    (void)state;
    bool fired = true;
    for (unsigned long nth = 1; fired; nth++) {
        temp_dir_new();
        hb_store *s = NULL;
        fault_vfs_fail(nth, SQLITE_FULL, true);
        hb_error err = {0};
        hb_status status = open_store(HB_STORE_CREATE, &s, &err);
        fired = fault_vfs_fired();
        fault_vfs_fail(0, 0, false);
        hb_store_close(s);
        assert_true(status == HB_OK || (fired && status == HB_E_STORE));
        make_registry();
    }
}

/* --- an old file --- */

static void put_v1(void)
{
    char path[4096];
    const char *root = getenv("HB_SOURCE_DIR");
    char *bytes = NULL;
    size_t n = 0;
    snprintf(path, sizeof path, "%s/tests/data/store/registry-v1.db", root ? root : ".");
    CHECK_OK(hb_file_read(hb_os_real(), path, 1 << 20, &bytes, &n, &err));
    CHECK_OK(hb_file_write_atomic(hb_os_real(), temp_path("runs.db"), bytes, n, 0600, &err));
    hb_free(bytes);
}

/* Whatever call of the disk fails: the file is of the old version, whole, or of the new one. */
static void store_faults__bringing_an_old_file_up_can_be_repeated(void **state)
{
    (void)state;
    bool fired = true;
    unsigned refused = 0;
    for (unsigned long nth = 1; fired; nth++) {
        temp_dir_new();
        put_v1();
        hb_store *s = NULL;
        hb_run *run = NULL;
        fault_vfs_fail(nth, nth % 2 ? SQLITE_FULL : SQLITE_IOERR_WRITE, nth % 3 == 0);
        hb_status status = open_store(HB_STORE_WRITE, &s, NULL);
        fired = fault_vfs_fired();
        fault_vfs_fail(0, 0, false);
        hb_store_close(s);
        assert_true(status == HB_OK || (fired && status == HB_E_STORE));
        refused += status != HB_OK;
        CHECK_OK(open_store(HB_STORE_WRITE, &s, &err));
        CHECK_OK(hb_store_get_run(s, "v1-run", &run, &err));
        assert_int_equal(run->n_metrics, 4);
        hb_run_free(run);
        hb_store_close(s);
        check_integrity();
    }
    assert_true(refused > 3);
}

/* --- a limit on the size of files --- */

/* Exit status of the child: 0 acknowledged, 3 refused with the reason expected, 1 anything else. */
static int add_under_limit(rlim_t bytes)
{
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGXFSZ, SIG_IGN);
        struct rlimit limit = {bytes, bytes};
        hb_store *s = NULL;
        bool existed = false;
        hb_error err = {0};
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0) {
            _exit(1);
        }
        hb_status status = open_store(HB_STORE_WRITE, &s, &err);
        if (status == HB_OK) {
            status = hb_store_add_run(s, second, 1, &existed, &err);
        }
        if (status != HB_OK && !strstr(err.msg, "cannot")) {
            print_error("limit %lu: %s\n", (unsigned long)bytes, err.msg);
            _exit(1);
        }
        hb_store_close(s);
        _exit(status == HB_OK ? 0 : 3);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void store_faults__a_file_size_limit_leaves_the_run_whole_or_absent(void **state)
{
    (void)state;
    unsigned refused = 0;
    unsigned added = 0;
    struct stat st;
    make_registry();
    assert_int_equal(stat(temp_path("runs.db"), &st), 0);
    rlim_t most = (rlim_t)st.st_size * 2 + 100000;
    for (rlim_t bytes = 0; bytes < most; bytes += 4096 * 3 + 5) {
        temp_dir_new();
        make_registry();
        int code = add_under_limit(bytes);
        assert_true(code == 0 || code == 3);
        refused += code == 3;
        added += code == 0;
        check_registry(code == 0);
    }
    assert_true(refused > 3 && added > 0);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, make_dir, drop_dir)
    const struct CMUnitTest tests[] = {
        CASE(store_faults__survive_failing_allocations),
        CASE(store_faults__survive_sqlite_out_of_memory),
        CASE(store_faults__survive_a_failing_disk),
        CASE(store_faults__creating_on_a_failing_disk_can_be_repeated),
        CASE(store_faults__bringing_an_old_file_up_can_be_repeated),
        CASE(store_faults__a_file_size_limit_leaves_the_run_whole_or_absent),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
