/* SPDX-License-Identifier: Apache-2.0 */
#include "support/check.h"

#include "os/file.h"
#include "store/store_internal.h"
#include "support/fake_run.h"
#include "support/temp_dir.h"

#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const hb_time second = 1000000000;

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

static hb_store *open_as(const char *path, hb_store_mode mode)
{
    hb_store *s = NULL;
    CHECK_OK(hb_store_open(hb_os_real(), path, mode, &s, &err));
    return s;
}

static hb_store *create(void)
{
    return open_as(temp_path("runs.db"), HB_STORE_CREATE);
}

static void add(hb_store *s, hb_run *run)
{
    bool existed = true;
    CHECK_OK(hb_store_add_run(s, run, run->meta.start + 500 * second, &existed, &err));
    assert_false(existed);
    hb_run_free(run);
}

static void decide_row(hb_store *s, const char *run_id, const char *status, char digest_fill)
{
    char digest[65] = {0};
    memset(digest, digest_fill, 64);
    hb_decision_row row = {.run_id = run_id,
                           .status = status,
                           .baseline_run_id = "",
                           .baseline_reason = "no_runs",
                           .match_level = "NONE",
                           .json = "{}",
                           .json_len = 2,
                           .digest = digest,
                           .decided_at = FAKE_RUN_START};
    CHECK_OK(hb_store_add_decision(s, &row, &err));
}

static sqlite3 *raw_open(const char *path)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    return db;
}

static void raw_exec(const char *path, const char *sql)
{
    sqlite3 *db = raw_open(path);
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) {
        fail_msg("%s: %s", sql, message);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int one_text(void *ctx, int n, char **values, char **names)
{
    (void)names;
    snprintf(ctx, 200, "%s", n && values[0] ? values[0] : "NULL");
    return 0;
}

static const char *raw_text(const char *path, const char *sql)
{
    static char text[200];
    text[0] = '\0';
    sqlite3 *db = raw_open(path);
    assert_int_equal(sqlite3_exec(db, sql, one_text, text, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return text;
}

static void write_file(const char *path, const char *text, size_t n)
{
    CHECK_OK(hb_file_write_atomic(hb_os_real(), path, text, n, 0600, &err));
}

/* --- opening --- */

static void store__creates_a_private_file_with_its_marks(void **state)
{
    (void)state;
    const char *path = temp_path("runs.db");
    hb_store_close(create());
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_string_equal(raw_text(path, "PRAGMA journal_mode"), "wal");
    assert_string_equal(raw_text(path, "PRAGMA user_version"), "4");
    assert_string_equal(raw_text(path, "PRAGMA application_id"), "1212314215");
    assert_string_equal(raw_text(path, "SELECT group_concat(version) FROM schema_info"), "1,2,3,4");
    hb_store *s = open_as(path, HB_STORE_WRITE);
    assert_string_equal(hb_store_path(s), path);
    sqlite3_stmt *q = NULL;
    assert_int_equal(sqlite3_prepare_v2(s->db, "PRAGMA synchronous", -1, &q, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(q, 0), 2);
    sqlite3_finalize(q);
    hb_store_close(s);
}

static void store__every_table_is_strict_and_keyed(void **state)
{
    (void)state;
    hb_store_close(create());
    const char *path = temp_path("runs.db");
    assert_string_equal(raw_text(path, "SELECT count(*) FROM pragma_table_list WHERE schema = "
                                       "'main' AND type = 'table' AND name NOT LIKE 'sqlite_%' "
                                       "AND NOT strict"),
                        "0");
    assert_string_equal(
        raw_text(path, "SELECT count(*) FROM pragma_table_list t WHERE t.schema = 'main' AND "
                       "t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND NOT EXISTS (SELECT 1 "
                       "FROM pragma_table_info(t.name) c WHERE c.pk > 0)"),
        "0");
}

static void store__opens_a_missing_file_only_to_create_it(void **state)
{
    (void)state;
    hb_store *s = NULL;
    const char *path = temp_path("none.db");
    CHECK_ERROR(hb_store_open(hb_os_real(), path, HB_STORE_READ, &s, &err), HB_E_STORE, "hb init");
    CHECK_ERROR(hb_store_open(hb_os_real(), path, HB_STORE_WRITE, &s, &err), HB_E_STORE, "--db");
    struct stat st;
    assert_int_not_equal(stat(path, &st), 0);
    CHECK_ERROR(
        hb_store_open(hb_os_real(), temp_path("no/such/runs.db"), HB_STORE_CREATE, &s, &err),
        HB_E_STORE, "folder does not exist");
    CHECK_ERROR(hb_store_open(hb_os_real(), temp_path("."), HB_STORE_CREATE, &s, &err), HB_E_STORE,
                "not a file");
    assert_null(s);
}

static void store__takes_names_that_sqlite_would_interpret(void **state)
{
    (void)state;
    char before[512];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(temp_path("")), 0);
    static const char *const names[] = {":memory:", "file:x?mode=memory", "a b%20#?.db"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        hb_store *s = open_as(names[i], HB_STORE_CREATE);
        add(s, fake_run_simple("r", 1));
        hb_store_close(s);
        struct stat st;
        assert_int_equal(stat(names[i], &st), 0);
        assert_true(st.st_size > 0);
    }
    assert_int_equal(chdir(before), 0);
}

static void store__refuses_what_is_no_registry(void **state)
{
    (void)state;
    hb_store *s = NULL;
    const char *path = temp_path("x.db");
    static const hb_store_mode modes[] = {HB_STORE_READ, HB_STORE_WRITE, HB_STORE_CREATE};
    for (size_t i = 0; i < 3; i++) {
        char text[4096];
        memset(text, 'x', sizeof text);
        write_file(path, text, sizeof text);
        CHECK_ERROR(hb_store_open(hb_os_real(), path, modes[i], &s, &err), HB_E_STORE,
                    "not an SQLite file");
        write_file(path, "", 0);
        raw_exec(path, "CREATE TABLE notes(a)");
        CHECK_ERROR(hb_store_open(hb_os_real(), path, modes[i], &s, &err), HB_E_STORE,
                    "another program");
        assert_string_equal(raw_text(path, "PRAGMA journal_mode"), "delete");
        raw_exec(path, "CREATE TABLE runs(run_id); CREATE TABLE baseline_tags(tag)");
        CHECK_ERROR(hb_store_open(hb_os_real(), path, modes[i], &s, &err), HB_E_STORE,
                    "Python Harmony Bridge");
        assert_int_equal(unlink(path), 0);
    }
    write_file(path, "", 0);
    CHECK_ERROR(hb_store_open(hb_os_real(), path, HB_STORE_READ, &s, &err), HB_E_STORE, "is empty");
    CHECK_ERROR(hb_store_open(hb_os_real(), path, HB_STORE_WRITE, &s, &err), HB_E_STORE,
                "is empty");
    s = open_as(path, HB_STORE_CREATE); /* what a creator that was killed left behind */
    hb_store_close(s);
}

static void store__refuses_an_unsettled_schema_4_untouched(void **state)
{
    (void)state;
    const char *path = temp_path("runs.db");
    hb_store_close(create());
    raw_exec(path, "DROP TABLE live_restored");
    hb_store *s = NULL;
    static const hb_store_mode modes[] = {HB_STORE_READ, HB_STORE_WRITE, HB_STORE_CREATE};
    for (size_t i = 0; i < 3; i++) {
        CHECK_ERROR(hb_store_open(hb_os_real(), path, modes[i], &s, &err), HB_E_STORE,
                    "an unreleased build of hb, whose schema 4 lacks tables");
    }
    assert_string_equal(
        raw_text(path, "SELECT count(*) FROM sqlite_schema WHERE name = 'live_restored'"), "0");
}

static void store__refuses_a_newer_schema_untouched(void **state)
{
    (void)state;
    const char *path = temp_path("runs.db");
    hb_store_close(create());
    raw_exec(path, "PRAGMA user_version = 7");
    hb_store *s = NULL;
    static const hb_store_mode modes[] = {HB_STORE_READ, HB_STORE_WRITE, HB_STORE_CREATE};
    for (size_t i = 0; i < 3; i++) {
        CHECK_ERROR(hb_store_open(hb_os_real(), path, modes[i], &s, &err), HB_E_STORE,
                    "newer hb (schema 7, this one knows 4)");
    }
    assert_string_equal(raw_text(path, "PRAGMA user_version"), "7");
}

static void overwrite_from(const char *path, double share)
{
    char *bytes = NULL;
    size_t n = 0;
    CHECK_OK(hb_file_read(hb_os_real(), path, 64 << 20, &bytes, &n, &err));
    size_t from = (size_t)(share * (double)n);
    memset(bytes + from, 0xa5, n - from);
    write_file(path, bytes, n);
    hb_free(bytes);
}

static void store__says_damaged_when_pages_are_overwritten(void **state)
{
    (void)state;
    const char *path = temp_path("runs.db");
    hb_store *s = create();
    add(s, fake_run_full("a"));
    hb_store_close(s);
    overwrite_from(path, 0.97);
    s = open_as(path, HB_STORE_READ);
    hb_run *run = NULL;
    CHECK_ERROR(hb_store_get_run(s, "a", &run, &err), HB_E_STORE, "damaged");
    assert_null(run);
    hb_store_close(s);
    overwrite_from(path, 0.02);
    CHECK_ERROR(hb_store_open(hb_os_real(), path, HB_STORE_READ, &s, &err), HB_E_STORE, "damaged");
}

static void store__reading_leaves_no_side_file(void **state)
{
    (void)state;
    const char *path = temp_path("runs.db");
    hb_store *s = create();
    add(s, fake_run_simple("a", 1));
    hb_store_close(s);
    s = open_as(path, HB_STORE_READ);
    hb_run *run = NULL;
    CHECK_OK(hb_store_get_run(s, "a", &run, &err));
    hb_run_free(run);
    bool existed = false;
    run = fake_run_simple("b", 2);
    CHECK_ERROR(hb_store_add_run(s, run, 0, &existed, &err), HB_E_STORE, "read-only");
    hb_run_free(run);
    hb_store_close(s);
    struct stat st;
    assert_int_not_equal(stat(temp_path("runs.db-wal"), &st), 0);
    assert_int_not_equal(stat(temp_path("runs.db-shm"), &st), 0);
}

/* Rights do not bind root, so a child without them looks at the folder. */
static void as_nobody(const char *path, void (*look)(const char *path))
{
    pid_t pid = fork();
    if (pid == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) {
            _exit(2);
        }
        look(path);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void read_there(const char *path)
{
    hb_store *s = NULL;
    hb_run *run = NULL;
    bool fine = hb_store_open(hb_os_real(), path, HB_STORE_READ, &s, NULL) == HB_OK &&
                hb_store_get_run(s, "a", &run, NULL) == HB_OK;
    hb_run_free(run);
    hb_store_close(s);
    if (!fine) {
        _exit(1);
    }
}

static void write_there(const char *path)
{
    hb_store *s = NULL;
    hb_error err = {0};
    if (hb_store_open(hb_os_real(), path, HB_STORE_WRITE, &s, &err) != HB_E_STORE ||
        !strstr(err.msg, "read-only")) {
        _exit(1);
    }
}

static void read_with_log_there(const char *path)
{
    hb_store *s = NULL;
    hb_error err = {0};
    if (hb_store_open(hb_os_real(), path, HB_STORE_READ, &s, &err) != HB_E_STORE ||
        !strstr(err.msg, "copy both files into a folder you may write to")) {
        _exit(1);
    }
}

static void copy_file(const char *from, const char *to)
{
    char *bytes = NULL;
    size_t n = 0;
    CHECK_OK(hb_file_read(hb_os_real(), from, 64 << 20, &bytes, &n, &err));
    assert_true(n > 0);
    write_file(to, bytes, n);
    hb_free(bytes);
    assert_int_equal(chmod(to, 0444), 0);
}

static void store__says_why_a_log_cannot_be_read_in_a_read_only_folder(void **state)
{
    (void)state;
    hb_store *s = create();
    add(s, fake_run_simple("a", 1));
    assert_int_equal(mkdir(temp_path("ro"), 0755), 0);
    copy_file(temp_path("runs.db"), temp_path("ro/runs.db"));
    copy_file(temp_path("runs.db-wal"), temp_path("ro/runs.db-wal"));
    hb_store_close(s);
    assert_int_equal(chmod(temp_path("ro"), 0555), 0);
    assert_int_equal(chmod(temp_path(""), 0755), 0);
    as_nobody(temp_path("ro/runs.db"), read_with_log_there);
    assert_int_equal(chmod(temp_path("ro"), 0755), 0);
}

static void create_there(const char *path)
{
    hb_store *s = NULL;
    hb_error err = {0};
    if (hb_store_open(hb_os_real(), path, HB_STORE_CREATE, &s, &err) != HB_E_STORE ||
        !strstr(err.msg, "cannot be created: Permission denied")) {
        _exit(1);
    }
}

static void store__reads_in_a_read_only_folder_and_refuses_to_write(void **state)
{
    (void)state;
    hb_store *s = create();
    add(s, fake_run_simple("a", 1));
    hb_store_close(s);
    const char *path = temp_path("runs.db");
    assert_int_equal(chmod(path, 0444), 0);
    assert_int_equal(chmod(temp_path(""), 0555), 0);
    as_nobody(path, read_there);
    as_nobody(path, write_there);
    as_nobody(temp_path("new.db"), create_there);
    assert_int_equal(chmod(temp_path(""), 0755), 0);
    struct stat st;
    assert_int_not_equal(stat(temp_path("runs.db-wal"), &st), 0);
    assert_int_not_equal(stat(temp_path("runs.db-shm"), &st), 0);
}

/* --- migrations --- */

/* tests/data/store/registry-v1.db as the first version wrote it (pages made small by VACUUM). What
 * is in it stands here as literals: a later way to compute a figure must not change an old file. */
static void check_v1_metrics(const hb_run *run)
{
    assert_int_equal(run->n_metrics, 4);
    assert_int_equal(run->meta.n_factors, 0);
    for (size_t i = 0; i < run->n_metrics; i++) { /* not known then, not guessed now */
        assert_true(run->metrics[i].step == 0);
    }
    const hb_metric *m = hb_run_metric(run, HB_STR("wave"));
    assert_non_null(m);
    assert_string_equal(m->unit, "K");
    assert_true(m->has_value && m->value == 10.5 && !m->stated);
    assert_int_equal(m->profile.moments.n, 12);
    assert_true(m->profile.moments.min == 0.1 && m->profile.moments.max == 144);
    assert_true(m->profile.moments.mean == 0x1.f422222222223p+4);
    assert_true(hb_profile_quantile(&m->profile, 0.5) == 10.5);
    assert_int_equal(m->profile.trace.n_buckets, 12);
    assert_true(m->profile.trace.buckets[4].sum == 8);
    assert_true(m->profile.t_last == FAKE_RUN_START + 11 * second);
    assert_int_equal(m->profile.n_rejected, 1);
    assert_int_equal(m->n_reject_examples, 1);
    assert_string_equal(m->rejects[0].text, "n/a");
    assert_true(signbit(hb_run_metric(run, HB_STR("neg_zero"))->value));
    assert_true(isinf(hb_run_metric(run, HB_STR("inf"))->value));
    assert_true(isnan(hb_run_metric(run, HB_STR("nan"))->value));
}

static char *read_v1(size_t *ret_n)
{
    char path[4096];
    const char *root = getenv("HB_SOURCE_DIR");
    char *bytes = NULL;
    snprintf(path, sizeof path, "%s/tests/data/store/registry-v1.db", root ? root : ".");
    CHECK_OK(hb_file_read(hb_os_real(), path, 1 << 20, &bytes, ret_n, &err));
    return bytes;
}

static void check_v1_run(const hb_run *run)
{
    assert_string_equal(run->meta.program, "prog");
    assert_string_equal(run->meta.context[HB_CONTEXT_OPERATING_MODE], "cruise");
    assert_true(run->meta.start == FAKE_RUN_START);
    assert_true(run->meta.end == FAKE_RUN_START + 100 * second);
    assert_string_equal(run->digest,
                        "1c2e82ca93baac0c3bd41ceaf895115b65e04f267ab6824ec246409fd2340f68");
    assert_int_equal(run->n_warnings, 1);
    assert_string_equal(run->warnings[0], "a warning");
    assert_int_equal(run->n_inputs, 1);
    assert_string_equal(run->inputs[0].path, "a/b.csv");
    assert_int_equal(run->inputs[0].rows, 12);
    assert_string_equal(run->inputs[0].guesses[0].what, "delimiter");
    assert_string_equal(run->inputs[0].rejects[0].reason, "short row");
    check_v1_metrics(run);
}

static void check_v1(hb_store *s)
{
    hb_run *run = NULL;
    CHECK_OK(hb_store_get_run(s, "v1-run", &run, &err));
    check_v1_run(run);
    hb_run_free(run);
    hb_arena arena;
    hb_arena_init(&arena, 1 << 20);
    hb_tag_row tag = {0};
    hb_decision_row decision = {0};
    bool found = false;
    CHECK_OK(hb_store_get_tag(s, "golden", "prog", "sub", "test", &arena, &tag, &found, &err));
    assert_true(found);
    assert_string_equal(tag.run_id, "v1-run");
    assert_string_equal(tag.set_by, "ann");
    CHECK_OK(hb_store_latest_decision(s, "v1-run", &arena, &decision, &found, &err));
    assert_true(found);
    assert_string_equal(decision.json, "{\"verdict\":\"NO_TEST\"}");
    assert_string_equal(decision.comparable, "v1-run");
    hb_arena_release(&arena);
}

static void store__opens_a_file_of_version_1(void **state)
{
    (void)state;
    size_t n = 0;
    char *bytes = read_v1(&n);
    write_file(temp_path("runs.db"), bytes, n);
    hb_free(bytes);
    hb_store *s = NULL;
    CHECK_ERROR(hb_store_open(hb_os_real(), temp_path("runs.db"), HB_STORE_READ, &s, &err),
                HB_E_STORE, "has schema 1, this hb reads 4");
    s = open_as(temp_path("runs.db"), HB_STORE_WRITE);
    check_v1(s);
    add(s, fake_run_full("new"));
    hb_store_close(s);
    s = open_as(temp_path("runs.db"), HB_STORE_READ);
    check_v1(s);
    hb_store_close(s);
}

static const char *const step_4[] = {
    "ALTER TABLE runs ADD COLUMN operator TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX runs_by_operator ON runs(operator)",
};

static hb_migration future[5];

static const hb_migration *future_steps(const char *const *statements, size_t n)
{
    future[0] = hb_store_migrations[0];
    future[1] = hb_store_migrations[1];
    future[2] = hb_store_migrations[2];
    future[3] = hb_store_migrations[3];
    future[4] = (hb_migration){.from = 4, .statements = statements, .n_statements = n};
    return future;
}

static hb_status open_future(const char *const *statements, size_t n, hb_store_mode mode,
                             hb_store **ret, hb_error *err)
{
    return hb_store_open_with(hb_os_real(), temp_path("runs.db"), mode, future_steps(statements, n),
                              5, ret, err);
}

static void store__a_future_step_brings_an_old_file_up(void **state)
{
    (void)state;
    const char *path = temp_path("runs.db");
    hb_store *s = create();
    add(s, fake_run_full("a"));
    hb_store_close(s);
    CHECK_ERROR(open_future(step_4, 2, HB_STORE_READ, &s, &err), HB_E_STORE,
                "has schema 4, this hb reads 5");
    CHECK_OK(open_future(step_4, 2, HB_STORE_WRITE, &s, &err));
    hb_run *expected = fake_run_full("a");
    hb_run *run = NULL;
    CHECK_OK(hb_store_get_run(s, "a", &run, &err));
    fake_run_check_equal(expected, run);
    hb_run_free(run);
    hb_run_free(expected);
    hb_store_close(s);
    assert_string_equal(raw_text(path, "PRAGMA user_version"), "5");
    assert_string_equal(raw_text(path, "SELECT operator FROM runs"), "");
    assert_string_equal(raw_text(path, "SELECT group_concat(version) FROM schema_info"),
                        "1,2,3,4,5");
    CHECK_ERROR(hb_store_open(hb_os_real(), path, HB_STORE_READ, &s, &err), HB_E_STORE,
                "newer hb (schema 5, this one knows 4)");
}

static void store__a_step_that_fails_leaves_the_old_version(void **state)
{
    (void)state;
    hb_store *s = create();
    add(s, fake_run_simple("a", 1));
    hb_store_close(s);
    static const char *const broken[] = {"ALTER TABLE runs ADD COLUMN operator TEXT",
                                         "CREATE TABLE runs(a)"};
    CHECK_ERROR(open_future(broken, 2, HB_STORE_WRITE, &s, &err), HB_E_STORE, "already exists");
    static const char *const dangling[] = {"PRAGMA defer_foreign_keys = ON",
                                           "UPDATE runs SET latest_decision = 99"};
    CHECK_ERROR(open_future(dangling, 2, HB_STORE_WRITE, &s, &err), HB_E_STORE,
                "1 broken references");
    s = open_as(temp_path("runs.db"), HB_STORE_WRITE);
    hb_run *run = NULL;
    CHECK_OK(hb_store_get_run(s, "a", &run, &err));
    hb_run_free(run);
    hb_store_close(s);
}

static void kill_me(sqlite3_context *ctx, int n, sqlite3_value **values)
{
    (void)ctx;
    (void)n;
    (void)values;
    raise(SIGKILL);
}

static int add_kill_me(sqlite3 *db, char **message, const void *api)
{
    (void)message;
    (void)api;
    return sqlite3_create_function(db, "kill_me", 0, SQLITE_UTF8, NULL, kill_me, NULL, NULL);
}

static void store__a_step_killed_half_way_leaves_the_old_version(void **state)
{
    (void)state;
    hb_store *s = create();
    add(s, fake_run_simple("a", 1));
    hb_store_close(s);
    static const char *const deadly[] = {"ALTER TABLE runs ADD COLUMN operator TEXT",
                                         "CREATE TABLE more(a)", "SELECT kill_me()"};
    pid_t pid = fork();
    if (pid == 0) {
        /* The type SQLite wants is the one of every loadable extension. */
        sqlite3_auto_extension((void (*)(void))add_kill_me);
        HB_IGNORE(open_future(deadly, 3, HB_STORE_WRITE, &s, NULL)); /* does not return */
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    s = open_as(temp_path("runs.db"), HB_STORE_WRITE);
    hb_run *run = NULL;
    CHECK_OK(hb_store_get_run(s, "a", &run, &err));
    hb_run_free(run);
    hb_store_close(s);
    const char *path = temp_path("runs.db");
    assert_string_equal(raw_text(path, "PRAGMA user_version"), "4");
    assert_string_equal(raw_text(path, "SELECT count(*) FROM sqlite_schema WHERE name = 'more'"),
                        "0");
}

/* --- runs --- */

static void store__gives_back_a_run_bit_for_bit(void **state)
{
    (void)state;
    hb_store *s = create();
    hb_run *expected = fake_run_full("full");
    bool existed = true;
    CHECK_OK(hb_store_add_run(s, expected, 12345, &existed, &err));
    assert_false(existed);
    hb_store_close(s);
    s = open_as(temp_path("runs.db"), HB_STORE_READ);
    hb_run *run = NULL;
    CHECK_OK(hb_store_get_run(s, "full", &run, &err));
    fake_run_check_equal(expected, run);
    assert_true(signbit(fake_run_metric(run, "neg_zero")->value));
    hb_run_free(run);
    hb_run_free(expected);
    hb_store_close(s);
}

static void store__keeps_a_run_with_nothing_in_it(void **state)
{
    (void)state;
    hb_store *s = create();
    hb_run *expected = fake_run("empty");
    expected->meta.start = HB_TIME_NONE;
    fake_run_done(expected);
    bool existed = true;
    CHECK_OK(hb_store_add_run(s, expected, 12345, &existed, &err));
    hb_run *run = NULL;
    CHECK_OK(hb_store_get_run(s, "empty", &run, &err));
    fake_run_check_equal(expected, run);
    hb_run_free(run);
    hb_run_free(expected);
    hb_store_close(s);
}

static void store__adds_the_same_run_once_and_refuses_another_of_its_name(void **state)
{
    (void)state;
    hb_store *s = create();
    hb_run *run = fake_run_simple("a", 1);
    bool existed = true;
    CHECK_OK(hb_store_add_run(s, run, 1, &existed, &err));
    assert_false(existed);
    CHECK_OK(hb_store_add_run(s, run, 2, &existed, &err));
    assert_true(existed);
    hb_run_free(run);
    run = fake_run_simple("a", 2);
    existed = false;
    CHECK_ERROR(hb_store_add_run(s, run, 3, &existed, &err), HB_E_STORE,
                "run 'a' is already registered with other content");
    assert_false(existed);
    hb_run_free(run);
    hb_store_close(s);
    const char *path = temp_path("runs.db");
    assert_string_equal(raw_text(path, "SELECT count(*) FROM runs"), "1");
    assert_string_equal(raw_text(path, "SELECT created_ns FROM runs"), "1");
    assert_string_equal(raw_text(path, "SELECT count(*) FROM run_metrics"), "1");
}

static void store__names_the_nearest_ids_of_an_unknown_run(void **state)
{
    (void)state;
    hb_store *s = create();
    hb_run *run = NULL;
    CHECK_ERROR(hb_store_get_run(s, "rig-0012", &run, &err), HB_E_STORE, "it is empty");
    static const char *const ids[] = {"rig-0001", "rig-0013", "rig-0022", "other", "rig-0012b"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        add(s, fake_run_simple(ids[i], (double)i));
    }
    CHECK_ERROR(hb_store_get_run(s, "rig-0012", &run, &err), HB_E_STORE,
                "has no run 'rig-0012'; nearest: 'rig-0022', 'rig-0013', 'rig-0012b'");
    CHECK_ERROR(hb_store_get_run(s, "zzzzzzzzzzzzzz", &run, &err), HB_E_STORE,
                "see 'hb runs list'");
    assert_null(run);
    hb_store_close(s);
}

/* One statement takes something away that the run was stored with. */
static void store__a_run_with_rows_missing_is_damaged_not_smaller(void **state)
{
    (void)state;
    static const char *const thefts[] = {
        "DELETE FROM run_metrics WHERE name = 'inf'",
        "UPDATE runs SET n_metrics = n_metrics - 1",
        "DELETE FROM run_factors WHERE name = 'rig'",
        "UPDATE runs SET n_factors = 1",
        "UPDATE runs SET n_factors = 17",
        "DELETE FROM run_warnings WHERE pos = 0",
        "UPDATE runs SET n_warnings = n_warnings - 1",
        "DELETE FROM run_inputs WHERE pos = 1",
        "UPDATE runs SET n_inputs = 1",
        "DELETE FROM run_input_guesses WHERE pos = 0",
        "UPDATE run_inputs SET n_guesses = 1 WHERE pos = 0",
        "DELETE FROM run_input_rejects",
        "UPDATE run_inputs SET n_rejects = 0",
        "DELETE FROM run_metric_rejects WHERE pos = 1",
        "UPDATE run_metrics SET n_reject_examples = 0",
        "UPDATE run_metrics SET n_reject_examples = 4",
        "UPDATE run_metrics SET reduce = 'mode'",
        "UPDATE runs SET n_metrics = 1000000000",
        "PRAGMA ignore_check_constraints = ON; UPDATE runs SET digest = 'x'",
    };
    const char *path = temp_path("runs.db");
    for (size_t i = 0; i < sizeof thefts / sizeof *thefts; i++) {
        hb_store *s = open_as(path, HB_STORE_CREATE);
        add(s, fake_run_full("a"));
        hb_store_close(s);
        raw_exec(path, thefts[i]);
        s = open_as(path, HB_STORE_READ);
        hb_run *run = NULL;
        hb_error err = {0};
        hb_status status = hb_store_get_run(s, "a", &run, &err);
        if (status != HB_E_STORE || !strstr(err.msg, "is damaged: run 'a'")) {
            fail_msg("%s: %s '%s'", thefts[i], hb_status_name(status), err.msg);
        }
        hb_store_close(s);
        assert_int_equal(unlink(path), 0);
    }
}

enum { FLIP_STEP = 37 };

static hb_status visit(const char *path, hb_error *err)
{
    hb_store *s = NULL;
    hb_run *run = NULL;
    hb_arena arena;
    hb_run_row *rows = NULL;
    hb_tag_row *tags = NULL;
    hb_decision_row decision = {0};
    size_t n = 0;
    bool found = false;
    HB_TRY(hb_store_open(hb_os_real(), path, HB_STORE_READ, &s, err));
    hb_arena_init(&arena, 1 << 20);
    hb_status status = hb_store_get_run(s, "v1-run", &run, err);
    status = status ? status : hb_store_list_runs(s, NULL, &arena, &rows, &n, err);
    status = status ? status : hb_store_list_tags(s, NULL, &arena, &tags, &n, err);
    status =
        status ? status : hb_store_latest_decision(s, "v1-run", &arena, &decision, &found, err);
    hb_run_free(run);
    hb_arena_release(&arena);
    hb_store_close(s);
    return status;
}

static void store__one_damaged_byte_is_survived_and_mostly_noticed(void **state)
{
    (void)state;
    size_t n = 0;
    char *bytes = read_v1(&n);
    const char *path = temp_path("runs.db");
    unsigned noticed = 0;
    for (size_t at = 0; at < n; at += FLIP_STEP) {
        bytes[at] = (char)(bytes[at] ^ 0xff);
        write_file(path, bytes, n);
        bytes[at] = (char)(bytes[at] ^ 0xff);
        hb_error err = {0};
        hb_status status = visit(path, &err);
        if (status != HB_OK && status != HB_E_STORE) {
            fail_msg("byte %zu: %s '%s'", at, hb_status_name(status), err.msg);
        }
        noticed += status != HB_OK;
    }
    hb_free(bytes);
    assert_true(noticed > 50);
}

static void store__a_sketch_or_trace_cut_short_is_an_error(void **state)
{
    (void)state;
    static const char *const cuts[] = {
        "UPDATE run_metrics SET sketch = substr(sketch, 1, length(sketch) - 1) WHERE name = 'many'",
        "UPDATE run_metrics SET trace = substr(trace, 1, 5) WHERE name = 'many'",
    };
    const char *path = temp_path("runs.db");
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        hb_store *s = open_as(path, HB_STORE_CREATE);
        add(s, fake_run_full("a"));
        hb_store_close(s);
        raw_exec(path, cuts[i]);
        s = open_as(path, HB_STORE_READ);
        hb_run *run = NULL;
        CHECK_ERROR(hb_store_get_run(s, "a", &run, &err), HB_E_STORE, "is damaged: run 'a'");
        hb_store_close(s);
        assert_int_equal(unlink(path), 0);
    }
}

/* --- listing --- */

static void add_at(hb_store *s, const char *id, hb_time start, hb_time created, const char *test,
                   const char *mode)
{
    hb_run *run = fake_run(id);
    fake_run_test(run, "prog", "sub", test);
    fake_run_context(run, HB_CONTEXT_OPERATING_MODE, mode);
    run->meta.start = start;
    fake_run_value(run, "m", "", (double)strlen(id));
    fake_run_done(run);
    bool existed = false;
    CHECK_OK(hb_store_add_run(s, run, created, &existed, &err));
    hb_run_free(run);
}

/* The ids of a listing in one text. */
static const char *ids_of(hb_store *s, const hb_run_query *q)
{
    static char text[512];
    hb_arena arena;
    hb_arena_init(&arena, 1 << 20);
    hb_run_row *rows = NULL;
    size_t n = 0;
    CHECK_OK(hb_store_list_runs(s, q, &arena, &rows, &n, &err));
    text[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        size_t at = strlen(text);
        snprintf(text + at, sizeof text - at, "%s%s", i ? " " : "", rows[i].run_id);
    }
    hb_arena_release(&arena);
    return text;
}

static void store__lists_newest_first_by_start_else_registration(void **state)
{
    (void)state;
    hb_store *s = create();
    add_at(s, "old", 100, 9000, "t", "a");
    add_at(s, "unknown_start", HB_TIME_NONE, 500, "t", "a");
    add_at(s, "new", 700, 1, "t", "b");
    add_at(s, "same_a", 300, 2, "t", "b");
    add_at(s, "same_b", 300, 1, "t", "");
    add_at(s, "other", 400, 1, "u", "");
    assert_string_equal(ids_of(s, NULL), "new unknown_start other same_b same_a old");
    assert_string_equal(ids_of(s, &(hb_run_query){.limit = 2}), "new unknown_start");
    assert_string_equal(ids_of(s, &(hb_run_query){.test_name = "u"}), "other");
    assert_string_equal(ids_of(s, &(hb_run_query){.program = "pro"}), "");
    assert_string_equal(ids_of(s, &(hb_run_query){.subsystem = "sub", .except_run_id = "new"}),
                        "unknown_start other same_b same_a old");
    assert_string_equal(ids_of(s, &(hb_run_query){.run_id = "old"}), "old");
    hb_run_query scored = {.test_name = "t", .best_score_first = true};
    scored.context[HB_CONTEXT_OPERATING_MODE] = "b";
    scored.context[HB_CONTEXT_ENVIRONMENT] = "";
    assert_string_equal(ids_of(s, &scored), "new same_a unknown_start same_b old");
    scored.min_score = 2;
    assert_string_equal(ids_of(s, &scored), "new same_a");
    hb_store_close(s);
}

static void store__lists_by_the_verdict_of_the_newest_decision(void **state)
{
    (void)state;
    hb_store *s = create();
    add_at(s, "a", 1, 1, "t", "");
    add_at(s, "b", 2, 1, "t", "");
    add_at(s, "c", 3, 1, "t", "");
    decide_row(s, "a", "FAIL", '1');
    decide_row(s, "a", "PASS", '2');
    decide_row(s, "b", "FAIL", '3');
    assert_string_equal(ids_of(s, &(hb_run_query){.status = "PASS"}), "a");
    assert_string_equal(ids_of(s, &(hb_run_query){.status = ""}), "c");
    assert_string_equal(ids_of(s, &(hb_run_query){.except_status = "FAIL"}), "c a");
    hb_arena arena;
    hb_arena_init(&arena, 1 << 20);
    hb_run_row *rows = NULL;
    size_t n = 0;
    CHECK_OK(hb_store_list_runs(s, &(hb_run_query){.run_id = "b"}, &arena, &rows, &n, &err));
    assert_int_equal(n, 1);
    assert_string_equal(rows[0].status, "FAIL");
    assert_string_equal(rows[0].source_system, "fake");
    assert_true(rows[0].start == 2 && rows[0].created == 1 && rows[0].n_metrics == 1);
    hb_run_query twin = {.except_digest = rows[0].digest};
    assert_string_equal(ids_of(s, &twin), "c a");
    hb_arena_release(&arena);
    hb_store_close(s);
}

/* --- tags --- */

static void set_tag(hb_store *s, const char *tag, const char *run_id, const char *by)
{
    hb_tag_row row = {.tag = tag,
                      .run_id = run_id,
                      .registry_digest = "r1",
                      .set_by = by,
                      .note = "why",
                      .set_at = 77};
    CHECK_OK(hb_store_set_tag(s, &row, &err));
}

static void store__a_tag_belongs_to_one_test_and_its_past_is_kept(void **state)
{
    (void)state;
    hb_store *s = create();
    add_at(s, "a", 1, 1, "t", "");
    add_at(s, "b", 2, 1, "t", "");
    add_at(s, "c", 3, 1, "u", "");
    hb_arena arena;
    hb_arena_init(&arena, 1 << 20);
    hb_tag_row row = {0};
    bool found = true;
    CHECK_OK(hb_store_get_tag(s, "golden", "prog", "sub", "t", &arena, &row, &found, &err));
    assert_false(found);
    set_tag(s, "golden", "a", "ann");
    set_tag(s, "golden", "c", "ann");
    set_tag(s, "golden", "b", "bob");
    CHECK_OK(hb_store_get_tag(s, "golden", "prog", "sub", "t", &arena, &row, &found, &err));
    assert_true(found);
    assert_string_equal(row.run_id, "b");
    assert_string_equal(row.set_by, "bob");
    assert_string_equal(row.registry_digest, "r1");
    assert_string_equal(row.note, "why");
    assert_string_equal(row.test_name, "t");
    assert_true(row.set_at == 77);
    hb_tag_row *rows = NULL;
    size_t n = 0;
    CHECK_OK(hb_store_list_tags(s, NULL, &arena, &rows, &n, &err));
    assert_int_equal(n, 2);
    assert_string_equal(rows[0].run_id, "b");
    assert_string_equal(rows[1].run_id, "c");
    CHECK_OK(hb_store_tag_history(s, &(hb_tag_query){.test_name = "t"}, &arena, &rows, &n, &err));
    assert_int_equal(n, 2);
    assert_string_equal(rows[0].run_id, "b");
    assert_string_equal(rows[1].run_id, "a");
    hb_arena_release(&arena);
    hb_store_close(s);
}

static void store__refuses_a_tag_without_a_run_of_that_test(void **state)
{
    (void)state;
    hb_store *s = create();
    add_at(s, "a", 1, 1, "t", "");
    hb_tag_row row = {.tag = "golden", .run_id = "b"};
    CHECK_ERROR(hb_store_set_tag(s, &row, &err), HB_E_STORE, "has no run 'b' for tag 'golden'");
    row = (hb_tag_row){.tag = "golden", .run_id = "a", .test_name = "u"};
    CHECK_ERROR(hb_store_set_tag(s, &row, &err), HB_E_STORE, "test 't', not to the test the tag");
    row = (hb_tag_row){.tag = "", .run_id = "a"};
    CHECK_ERROR(hb_store_set_tag(s, &row, &err), HB_E_USAGE, "1 to 64 characters");
    hb_store_close(s);
    const char *path = temp_path("runs.db");
    assert_string_equal(raw_text(path, "SELECT count(*) FROM tags"), "0");
    assert_string_equal(raw_text(path, "SELECT count(*) FROM tag_log"), "0");
}

/* --- decisions --- */

static void store__keeps_every_decision_with_its_lineage(void **state)
{
    (void)state;
    hb_store *s = create();
    add_at(s, "base", 1, 1, "t", "");
    add_at(s, "other", 2, 1, "t", "");
    add_at(s, "run", 3, 1, "t", "");
    char digest[65] = {0};
    memset(digest, 'd', 64);
    static const char json[] = "{\"a\":\"\xc2\xb5\"}";
    hb_decision_row row = {.run_id = "run",
                           .status = "PASS_WITH_DRIFT",
                           .baseline_run_id = "base",
                           .baseline_reason = "last_pass",
                           .match_level = "MED",
                           .match_score = 3,
                           .match_possible = 5,
                           .registry_digest = "r",
                           .policy_digest = "p",
                           .engine_version = "1",
                           .reference = "base\n",
                           .comparable = "other\nbase",
                           .json = json,
                           .json_len = sizeof json - 1,
                           .digest = digest,
                           .decided_at = 5};
    CHECK_OK(hb_store_add_decision(s, &row, &err));
    hb_arena arena;
    hb_arena_init(&arena, 1 << 20);
    hb_decision_row got = {0};
    bool found = false;
    CHECK_OK(hb_store_latest_decision(s, "run", &arena, &got, &found, &err));
    assert_true(found);
    assert_string_equal(got.run_id, "run");
    assert_string_equal(got.status, "PASS_WITH_DRIFT");
    assert_string_equal(got.baseline_run_id, "base");
    assert_string_equal(got.baseline_reason, "last_pass");
    assert_string_equal(got.match_level, "MED");
    assert_int_equal(got.match_score, 3);
    assert_int_equal(got.match_possible, 5);
    assert_string_equal(got.registry_digest, "r");
    assert_string_equal(got.policy_digest, "p");
    assert_string_equal(got.engine_version, "1");
    assert_string_equal(got.reference, "base");
    assert_string_equal(got.comparable, "other\nbase");
    assert_int_equal(got.json_len, sizeof json - 1);
    assert_string_equal(got.json, json);
    assert_string_equal(got.digest, digest);
    assert_true(got.decided_at == 5);
    CHECK_OK(hb_store_latest_decision(s, "base", &arena, &got, &found, &err));
    assert_false(found);
    hb_arena_release(&arena);
    hb_store_close(s);
}

static void store__an_earlier_decision_reached_again_is_the_latest_again(void **state)
{
    (void)state;
    hb_store *s = create();
    add_at(s, "a", 1, 1, "t", "");
    decide_row(s, "a", "PASS", '1');
    decide_row(s, "a", "FAIL", '2');
    decide_row(s, "a", "PASS", '1');
    assert_string_equal(ids_of(s, &(hb_run_query){.status = "PASS"}), "a");
    hb_store_close(s);
    const char *path = temp_path("runs.db");
    assert_string_equal(raw_text(path, "SELECT count(*) FROM decisions"), "2");
    sqlite3 *db = raw_open(path);
    assert_int_not_equal(sqlite3_exec(db, "UPDATE decisions SET status = 'PASS'", NULL, NULL, NULL),
                         SQLITE_OK);
    assert_int_not_equal(sqlite3_exec(db, "DELETE FROM decisions", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void store__refuses_a_decision_about_what_it_has_not(void **state)
{
    (void)state;
    hb_store *s = create();
    add_at(s, "a", 1, 1, "t", "");
    char digest[65] = {0};
    memset(digest, 'd', 64);
    hb_decision_row row = {
        .run_id = "x", .status = "PASS", .json = "{}", .json_len = 2, .digest = digest};
    CHECK_ERROR(hb_store_add_decision(s, &row, &err), HB_E_STORE, "names run 'x'");
    row.run_id = "a";
    row.comparable = "a\ny";
    CHECK_ERROR(hb_store_add_decision(s, &row, &err), HB_E_STORE, "names comparable 'y'");
    row.comparable = "";
    row.status = "MAYBE";
    CHECK_ERROR(hb_store_add_decision(s, &row, &err), HB_E_STORE, "CHECK constraint failed");
    hb_store_close(s);
    assert_string_equal(raw_text(temp_path("runs.db"), "SELECT count(*) FROM decisions"), "0");
    assert_string_equal(raw_text(temp_path("runs.db"), "SELECT count(*) FROM lineage"), "0");
}

/* --- locks --- */

static hb_time fast_now;

static int64_t fast_clock(void)
{
    fast_now += second; /* each look at the clock finds a second gone */
    return fast_now;
}

static void store__says_locked_when_another_process_keeps_the_lock(void **state)
{
    (void)state;
    const char *path = temp_path("runs.db");
    hb_store_close(create());
    sqlite3 *db = raw_open(path);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    hb_os os = *hb_os_real();
    os.monotonic_ns = fast_clock;
    hb_store *s = NULL;
    CHECK_OK(hb_store_open(&os, path, HB_STORE_WRITE, &s, &err));
    hb_run *run = fake_run_simple("a", 1);
    bool existed = false;
    CHECK_ERROR(hb_store_add_run(s, run, 1, &existed, &err), HB_E_STORE,
                "is locked by another process");
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    CHECK_OK(hb_store_add_run(s, run, 1, &existed, &err));
    hb_run_free(run);
    hb_store_close(s);
    sqlite3_close(db);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, make_dir, drop_dir)
    const struct CMUnitTest tests[] = {
        CASE(store__creates_a_private_file_with_its_marks),
        CASE(store__every_table_is_strict_and_keyed),
        CASE(store__opens_a_missing_file_only_to_create_it),
        CASE(store__takes_names_that_sqlite_would_interpret),
        CASE(store__refuses_what_is_no_registry),
        CASE(store__refuses_an_unsettled_schema_4_untouched),
        CASE(store__refuses_a_newer_schema_untouched),
        CASE(store__says_damaged_when_pages_are_overwritten),
        CASE(store__reading_leaves_no_side_file),
        CASE(store__reads_in_a_read_only_folder_and_refuses_to_write),
        CASE(store__says_why_a_log_cannot_be_read_in_a_read_only_folder),
        CASE(store__opens_a_file_of_version_1),
        CASE(store__a_future_step_brings_an_old_file_up),
        CASE(store__a_step_that_fails_leaves_the_old_version),
        CASE(store__a_step_killed_half_way_leaves_the_old_version),
        CASE(store__gives_back_a_run_bit_for_bit),
        CASE(store__keeps_a_run_with_nothing_in_it),
        CASE(store__adds_the_same_run_once_and_refuses_another_of_its_name),
        CASE(store__names_the_nearest_ids_of_an_unknown_run),
        CASE(store__a_run_with_rows_missing_is_damaged_not_smaller),
        CASE(store__a_sketch_or_trace_cut_short_is_an_error),
        CASE(store__one_damaged_byte_is_survived_and_mostly_noticed),
        CASE(store__lists_newest_first_by_start_else_registration),
        CASE(store__lists_by_the_verdict_of_the_newest_decision),
        CASE(store__a_tag_belongs_to_one_test_and_its_past_is_kept),
        CASE(store__refuses_a_tag_without_a_run_of_that_test),
        CASE(store__keeps_every_decision_with_its_lineage),
        CASE(store__an_earlier_decision_reached_again_is_the_latest_again),
        CASE(store__refuses_a_decision_about_what_it_has_not),
        CASE(store__says_locked_when_another_process_keeps_the_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
