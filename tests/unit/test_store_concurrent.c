/* SPDX-License-Identifier: Apache-2.0 */
/* Several processes on one registry, and processes killed in the middle. */
#include "support/check.h"

#include "store/store.h"
#include "support/fake_run.h"
#include "support/temp_dir.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WRITERS = 4, RUNS_EACH = 200, KILLS = 50, CREATORS = 6, CREATE_ROUNDS = 20 };

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

static int64_t number(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return n;
}

static void check_integrity(const char *path)
{
    assert_int_equal(number(path, "SELECT count(*) FROM pragma_integrity_check WHERE "
                                  "integrity_check <> 'ok'"),
                     0);
    assert_int_equal(number(path, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

/* Three metrics, one of them with samples; the values say which run it is. */
static hb_run *numbered_run(const char *id, unsigned k)
{
    double v[300];
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        v[i] = (double)(k * 1000 + i);
    }
    hb_run *run = fake_run(id);
    fake_run_value(run, "k", "", k);
    fake_run_value(run, "z", "ms", -1.5);
    fake_run_samples(run, "wave", "K", v, sizeof v / sizeof *v);
    fake_run_done(run);
    return run;
}

/* Only this process's own failures; the parent sees the exit status. */
static bool add_numbered(hb_store *s, unsigned writer, unsigned k)
{
    char id[64];
    snprintf(id, sizeof id, "w%u-%u", writer, k);
    hb_run *run = numbered_run(id, k);
    bool existed = true;
    hb_error err = {0};
    hb_status status = hb_store_add_run(s, run, k, &existed, &err);
    hb_run_free(run);
    if (status != HB_OK) {
        print_error("writer %u, run %u: %s\n", writer, k, err.msg);
    }
    return status == HB_OK && !existed;
}

static pid_t start_writer(const char *path, unsigned writer)
{
    pid_t pid = fork();
    if (pid != 0) {
        return pid;
    }
    hb_store *s = NULL;
    hb_error err = {0};
    bool fine = hb_store_open(hb_os_real(), path, HB_STORE_CREATE, &s, &err) == HB_OK;
    if (!fine) {
        print_error("writer %u: %s\n", writer, err.msg);
    }
    for (unsigned k = 0; k < RUNS_EACH && fine; k++) {
        fine = add_numbered(s, writer, k);
    }
    hb_store_close(s);
    _exit(fine ? 0 : 1);
}

static void expect_exit_0(pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void store_concurrent__four_writers_lose_nothing(void **state)
{
    (void)state;
    const char *path = temp_path("runs.db");
    pid_t pids[WRITERS];
    for (unsigned w = 0; w < WRITERS; w++) {
        pids[w] = start_writer(path, w);
    }
    for (unsigned w = 0; w < WRITERS; w++) {
        expect_exit_0(pids[w]);
    }
    check_integrity(path);
    assert_int_equal(number(path, "SELECT count(*) FROM runs"), WRITERS * RUNS_EACH);
    assert_int_equal(number(path, "SELECT count(*) FROM run_metrics"), WRITERS * RUNS_EACH * 3);
}

static void store_concurrent__many_may_create_the_file_at_once(void **state)
{
    (void)state;
    for (unsigned round = 0; round < CREATE_ROUNDS; round++) {
        char name[32];
        snprintf(name, sizeof name, "new-%u.db", round);
        const char *path = temp_path(name);
        pid_t pids[CREATORS];
        for (unsigned w = 0; w < CREATORS; w++) {
            pids[w] = fork();
            if (pids[w] == 0) {
                hb_store *s = NULL;
                hb_error err = {0};
                bool fine = hb_store_open(hb_os_real(), path, HB_STORE_CREATE, &s, &err) == HB_OK;
                fine = fine && add_numbered(s, w, 0);
                if (!fine) {
                    print_error("creator %u: %s\n", w, err.msg);
                }
                hb_store_close(s);
                _exit(fine ? 0 : 1);
            }
        }
        for (unsigned w = 0; w < CREATORS; w++) {
            expect_exit_0(pids[w]);
        }
        assert_int_equal(number(path, "SELECT count(*) FROM runs"), CREATORS);
        assert_int_equal(number(path, "SELECT count(*) FROM schema_info"), HB_STORE_SCHEMA);
    }
}

static void store_concurrent__a_reader_sees_whole_runs_beside_a_writer(void **state)
{
    (void)state;
    const char *path = temp_path("runs.db");
    hb_store *s = NULL;
    CHECK_OK(hb_store_open(hb_os_real(), path, HB_STORE_CREATE, &s, &err));
    hb_store_close(s);
    pid_t pid = start_writer(path, 0);
    int status = 0;
    unsigned seen = 0;
    do {
        CHECK_OK(hb_store_open(hb_os_real(), path, HB_STORE_READ, &s, &err));
        hb_arena arena;
        hb_arena_init(&arena, 16 << 20);
        hb_run_row *rows = NULL;
        size_t n = 0;
        CHECK_OK(hb_store_list_runs(s, NULL, &arena, &rows, &n, &err));
        assert_true(n >= seen);
        seen = (unsigned)n;
        if (n) {
            hb_run *run = NULL;
            CHECK_OK(hb_store_get_run(s, rows[n / 2].run_id, &run, &err));
            assert_int_equal(run->n_metrics, 3);
            hb_run_free(run);
        }
        hb_arena_release(&arena);
        hb_store_close(s);
    } while (waitpid(pid, &status, WNOHANG) == 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(number(path, "SELECT count(*) FROM runs"), RUNS_EACH);
}

/* --- kill -9 --- */

/* Writes the number of each run to the pipe once hb_store_add_run has returned. */
static pid_t start_acknowledging(const char *path, unsigned round, int *ret_fd)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    if (pid != 0) {
        close(fds[1]);
        *ret_fd = fds[0];
        return pid;
    }
    close(fds[0]);
    hb_store *s = NULL;
    if (hb_store_open(hb_os_real(), path, HB_STORE_CREATE, &s, NULL) != HB_OK) {
        _exit(1);
    }
    for (unsigned k = 0;; k++) {
        if (!add_numbered(s, round, k) || write(fds[1], &k, sizeof k) != sizeof k) {
            _exit(1);
        }
    }
}

static void check_acknowledged(hb_store *s, unsigned round, unsigned n)
{
    for (unsigned k = 0; k < n; k++) {
        char id[64];
        snprintf(id, sizeof id, "w%u-%u", round, k);
        hb_run *expected = numbered_run(id, k);
        hb_run *run = NULL;
        CHECK_OK(hb_store_get_run(s, id, &run, &err));
        fake_run_check_equal(expected, run);
        hb_run_free(run);
        hb_run_free(expected);
    }
}

static void store_concurrent__kill_9_loses_no_acknowledged_run(void **state)
{
    (void)state;
    const char *path = temp_path("runs.db");
    unsigned long lcg = 12345;
    unsigned long total = 0;
    for (unsigned round = 0; round < KILLS; round++) {
        int fd = -1;
        pid_t pid = start_acknowledging(path, round, &fd);
        lcg = lcg * 1103515245UL + 12345UL;
        usleep((useconds_t)((lcg >> 16) % 30000)); /* a point in the middle, none is special */
        assert_int_equal(kill(pid, SIGKILL), 0);
        int status = 0;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        unsigned acknowledged = 0;
        unsigned k = 0;
        while (read(fd, &k, sizeof k) == sizeof k) {
            assert_int_equal(k, acknowledged);
            acknowledged++;
        }
        close(fd);
        hb_store *s = NULL;
        CHECK_OK(hb_store_open(hb_os_real(), path, HB_STORE_CREATE, &s, &err));
        check_acknowledged(s, round, acknowledged);
        hb_store_close(s);
        check_integrity(path);
        total += acknowledged;
    }
    assert_true(total > 0);
    /* At most one run a round was committed without its acknowledgement arriving. */
    unsigned long stored = (unsigned long)number(path, "SELECT count(*) FROM runs");
    assert_true(stored >= total && stored <= total + KILLS);
    assert_int_equal(number(path, "SELECT count(*) FROM run_metrics"), (int)stored * 3);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, make_dir, drop_dir)
    const struct CMUnitTest tests[] = {
        CASE(store_concurrent__four_writers_lose_nothing),
        CASE(store_concurrent__many_may_create_the_file_at_once),
        CASE(store_concurrent__a_reader_sees_whole_runs_beside_a_writer),
        CASE(store_concurrent__kill_9_loses_no_acknowledged_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
