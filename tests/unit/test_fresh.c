/* SPDX-License-Identifier: Apache-2.0 */
/* New files and folders that have their name only when whole, on file systems with and without
 * nameless files. */
#include "support/check.h"

#include "os/file.h"
#include "os/fresh.h"
#include "os/writing.h"
#include "support/fault_os.h"
#include "support/journal_case.h"
#include "support/temp_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

static hb_os with; /* what is below, with nameless files or without */

static int open_without(const char *path, int flags, mode_t mode)
{
    if ((flags & O_TMPFILE) == O_TMPFILE) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return with.open(path, flags, mode);
}

static hb_os os_of(const hb_os *below, bool nameless)
{
    with = *below;
    hb_os os = *below;
    os.open = nameless ? os.open : open_without;
    return os;
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

static int names_left(void)
{
    DIR *dir = opendir(temp_path("."));
    assert_non_null(dir);
    int n = 0;
    const struct dirent *e = NULL;
    while ((e = readdir(dir)) != NULL) {
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    }
    closedir(dir);
    return n;
}

static hb_status write_text(const hb_os *os, const char *target, hb_error *err)
{
    hb_fresh f;
    HB_TRY(hb_fresh_open(&f, os, target, err));
    hb_status status = hb_write_all(os, f.fd, target, "text", 4, err);
    status = status == HB_OK ? hb_fresh_commit(&f, err) : status;
    hb_fresh_end(&f);
    return status;
}

static void file__has_no_name_before_it_is_whole(void **state)
{
    (void)state;
    for (int nameless = 0; nameless < 2; nameless++) {
        hb_os os = os_of(hb_os_real(), nameless);
        hb_fresh f;
        CHECK_OK(hb_fresh_open(&f, &os, temp_path("new"), &err));
        assert_int_equal(names_left(), nameless ? 0 : 1);
        assert_false(hb_path_exists(&os, temp_path("new")));
        hb_fresh_end(&f);
        assert_int_equal(names_left(), 0);
        mode_t before = umask(0);
        CHECK_OK(write_text(&os, temp_path("new"), &err));
        umask(before);
        struct stat st;
        assert_int_equal(stat(temp_path("new"), &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_int_equal(st.st_size, 4);
        assert_int_equal(names_left(), 1);
        unlink(temp_path("new"));
    }
}

static void file__never_replaces(void **state)
{
    (void)state;
    for (int nameless = 0; nameless < 2; nameless++) {
        hb_os os = os_of(hb_os_real(), nameless);
        hb_fresh f;
        CHECK_OK(hb_fresh_open(&f, &os, temp_path("new"), &err));
        CHECK_OK(hb_file_write_atomic(&os, temp_path("new"), "theirs", 6, 0644, &err));
        CHECK_ERROR(hb_fresh_commit(&f, &err), HB_E_USAGE, "exists");
        hb_fresh_end(&f);
        CHECK_ERROR(hb_fresh_open(&f, &os, temp_path("new"), &err), HB_E_USAGE, "exists");
        struct stat st;
        assert_int_equal(stat(temp_path("new"), &st), 0);
        assert_int_equal(st.st_size, 6);
        assert_int_equal(names_left(), 1);
        unlink(temp_path("new"));
    }
}

/* stat sees nothing there, link and rename do. */
static void file__does_not_take_the_place_of_a_link_to_nowhere(void **state)
{
    (void)state;
    for (int nameless = 0; nameless < 2; nameless++) {
        hb_os os = os_of(hb_os_real(), nameless);
        hb_fresh f;
        CHECK_OK(hb_fresh_open(&f, &os, temp_path("new"), &err));
        assert_int_equal(symlink("nowhere", temp_path("new")), 0);
        CHECK_ERROR(hb_fresh_commit(&f, &err), HB_E_USAGE, "exists");
        hb_fresh_end(&f);
        CHECK_ERROR(hb_fresh_open(&f, &os, temp_path("new"), &err), HB_E_USAGE, "exists");
        assert_int_equal(names_left(), 1);
        unlink(temp_path("new"));
    }
}

/* Gone again before it is looked at: no name was given, so it is no success. */
static int name_taken(int fd, const char *path)
{
    (void)fd;
    (void)path;
    errno = EEXIST;
    return -1;
}

static void file__without_a_name_is_a_failure(void **state)
{
    (void)state;
    hb_os os = os_of(hb_os_real(), true);
    os.name = name_taken;
    CHECK_ERROR(write_text(&os, temp_path("new"), &err), HB_E_USAGE, "exists");
    assert_int_equal(names_left(), 0);
}

static int fstat_of_another(int fd, struct stat *st)
{
    int got = hb_os_real()->fstat(fd, st);
    st->st_uid = geteuid() + 1;
    return got;
}

static void parts__of_another_user_stay(void **state)
{
    (void)state;
    hb_os os = os_of(hb_os_real(), true);
    os.fstat = fstat_of_another;
    CHECK_OK(hb_dir_make(&os, temp_path(".a.0123456789ab.hb-part/0"), &err));
    CHECK_OK(write_text(&os, temp_path("new"), &err));
    assert_true(hb_path_is_dir(&os, temp_path(".a.0123456789ab.hb-part/0")));
}

static void parts__of_the_dead_go_and_others_stay(void **state)
{
    static const char *const stay[] = {".a.0123456789ab.tmp", ".a.0123.hb-part",
                                       ".a.0123456789aX.hb-part", "a.0123456789ab.hb-part",
                                       ".0123456789ab.hb-part"};
    (void)state;
    hb_os os = os_of(hb_os_real(), true);
    for (size_t i = 0; i < sizeof stay / sizeof *stay; i++) {
        CHECK_OK(hb_file_write_atomic(&os, temp_path(stay[i]), "x", 1, 0600, &err));
    }
    CHECK_OK(hb_file_write_atomic(&os, temp_path(".a.0123456789ab.hb-part"), "x", 1, 0600, &err));
    CHECK_OK(hb_dir_make(&os, temp_path(".b c.ba9876543210.hb-part/raw/0"), &err));
    CHECK_OK(hb_file_write_atomic(&os, temp_path(".b c.ba9876543210.hb-part/raw/0/f"), "x", 1, 0600,
                                  &err));
    const char *held = temp_path(".c.0123456789ab.hb-part");
    CHECK_OK(hb_file_write_atomic(&os, held, "x", 1, 0600, &err));
    int fd = open(held, O_RDONLY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    CHECK_OK(write_text(&os, temp_path("new"), &err));
    assert_int_equal(names_left(), sizeof stay / sizeof *stay + 2);
    assert_true(hb_path_exists(&os, temp_path(".c.0123456789ab.hb-part")));
    close(fd);
    int spool = -1;
    CHECK_OK(hb_fresh_spool(&os, temp_path("other"), &spool, &err));
    close(spool);
    assert_int_equal(names_left(), sizeof stay / sizeof *stay + 1);
}

static void folder__is_locked_and_for_its_owner(void **state)
{
    (void)state;
    char *path = NULL;
    char *second = NULL;
    int lock = -1;
    int second_lock = -1;
    mode_t before = umask(0);
    CHECK_OK(hb_fresh_folder(hb_os_real(), temp_path("new"), &path, &lock, &err));
    umask(before);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    CHECK_OK(hb_fresh_folder(hb_os_real(), temp_path("new"), &second, &second_lock, &err));
    assert_int_equal(names_left(), 2);
    close(lock);
    close(second_lock);
    CHECK_OK(write_text(hb_os_real(), temp_path("new"), &err));
    assert_int_equal(names_left(), 1);
    hb_free(path);
    hb_free(second);
}

/* Two processes at once: what one is making the other leaves alone, also between making and
 * locking it, so that each succeeds each time. */
static void parts__survive_others_that_clear(void **state)
{
    enum { ROUNDS = 300 };
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    hb_os os = os_of(hb_os_real(), false);
    const char *target = temp_path(child ? "a" : "b");
    bool good = true;
    for (int i = 0; i < ROUNDS && good; i++) {
        good = write_text(&os, target, NULL) == HB_OK && unlink(target) == 0;
    }
    if (child == 0) {
        _exit(good ? 0 : 1);
    }
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    assert_true(good);
    assert_int_equal(names_left(), 0);
}

static void every_call_of_the_system__may_fail(void **state)
{
    (void)state;
    for (int nameless = 0; nameless < 2; nameless++) {
        bool fired = true;
        for (unsigned long nth = 1; fired; nth++) {
            hb_error why = {0};
            hb_os os = os_of(fault_os(), nameless);
            fault_os_fail(nth, ENOSPC, false);
            hb_status status = write_text(&os, temp_path("p"), &why);
            fired = fault_os_fired();
            fault_os_fail(0, 0, false);
            assert_true(status == HB_OK || (status == HB_E_IO && fired && why.msg[0]));
            assert_true(hb_path_exists(case_os(), temp_path("p")) == (status == HB_OK));
            assert_int_equal(names_left(), status == HB_OK ? 1 : 0);
            temp_dir_new();
        }
    }
}

static hb_os memory_os;
static hb_status write_one(void)
{
    static unsigned round;
    char name[32];
    char *path = NULL;
    int lock = -1;
    snprintf(name, sizeof name, "%u", round++);
    HB_TRY(write_text(&memory_os, temp_path(name), NULL));
    HB_TRY(hb_fresh_folder(&memory_os, temp_path(name), &path, &lock, NULL));
    rmdir(path);
    close(lock);
    hb_free(path);
    return HB_OK;
}

static void every_allocation__may_fail(void **state)
{
    (void)state;
    for (int nameless = 0; nameless < 2; nameless++) {
        memory_os = os_of(hb_os_real(), nameless);
        fault_loop(write_one);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_dir, drop_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(file__has_no_name_before_it_is_whole),
        CASE(file__never_replaces),
        CASE(file__does_not_take_the_place_of_a_link_to_nowhere),
        CASE(file__without_a_name_is_a_failure),
        CASE(parts__of_another_user_stay),
        CASE(parts__of_the_dead_go_and_others_stay),
        CASE(folder__is_locked_and_for_its_owner),
        CASE(parts__survive_others_that_clear),
        CASE(every_call_of_the_system__may_fail),
        CASE(every_allocation__may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
