/* SPDX-License-Identifier: Apache-2.0 */
/* A shell as the child: it can be made to end in every way. */
#include "os/child.h"
#include "support/check.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { LONG_MS = 60000 };

static hb_status run(const char *script, int64_t wait_ms, char *out, size_t room, hb_error *err)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    hb_child *c = NULL;
    size_t n = 0;
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    hb_child_options o = {.program = "/bin/sh", .argv = argv, .input_fd = in, .wait_ms = wait_ms};
    assert_true(in >= 0);
    hb_status status = hb_child_start(hb_os_real(), &o, &c, err);
    close(in);
    while (status == HB_OK) {
        size_t got = 0;
        status = hb_child_read(c, out + n, room - 1 - n, &got, err);
        n += status == HB_OK ? got : 0;
        if (got == 0) {
            break;
        }
    }
    out[n] = '\0';
    hb_child_close(c);
    return status;
}

static void child__answers_over_the_pipe(void **state)
{
    char out[200];
    (void)state;
    CHECK_OK(run("echo one; echo two", LONG_MS, out, sizeof out, &err));
    assert_string_equal(out, "one\ntwo\n");
}

static void child__has_no_environment_and_no_other_descriptor(void **state)
{
    char out[2000];
    (void)state;
    int open_here = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */
    assert_true(open_here > 2);
    CHECK_OK(run("test -z \"$HOME$PATH_OF_TESTS$HB_BINARY$HDF5_PLUGIN_PATH\" && "
                 "test -e /proc/self/fd/0 && ls /proc/self/fd",
                 LONG_MS, out, sizeof out, &err));
    close(open_here);
    char number[20];
    snprintf(number, sizeof number, "%d\n", open_here > 3 ? open_here : 4);
    assert_null(strstr(out, open_here > 3 ? number : "\n4\n"));
    assert_non_null(strstr(out, "0\n1\n2\n"));
}

static void child__that_dies_says_why(void **state)
{
    char out[200];
    (void)state;
    static const struct {
        const char *script;
        hb_status code;
        const char *has;
    } deaths[] = {
        {"kill -SEGV $$", HB_E_INPUT, "SIGSEGV"},
        {"kill -ABRT $$", HB_E_INPUT, "SIGABRT"},
        {"kill -BUS $$", HB_E_INPUT, "SIGBUS"},
        {"kill -SYS $$", HB_E_INPUT, "SIGSYS"},
        {"kill -KILL $$", HB_E_LIMIT, "memory"},
        {"kill -XCPU $$", HB_E_LIMIT, "processor time"},
        {"kill -PROF $$", HB_E_LIMIT, "without an end"},
        {"exit 3", HB_E_INPUT, "exit code 3"},
        {"echo half; kill -SEGV $$", HB_E_INPUT, "SIGSEGV"},
    };
    for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++) {
        CHECK_ERROR(run(deaths[i].script, LONG_MS, out, sizeof out, &err), deaths[i].code,
                    deaths[i].has);
    }
}

static void child__that_hangs_is_ended(void **state)
{
    char out[200];
    (void)state;
    CHECK_ERROR(run("exec sleep 1000", 50, out, sizeof out, &err), HB_E_LIMIT, "took longer");
    CHECK_ERROR(run("exec >&-; exec sleep 1000", 50, out, sizeof out, &err), HB_E_LIMIT,
                "took longer");
    CHECK_ERROR(run("while :; do echo x; sleep 0.02; done", 300, out, sizeof out, &err), HB_E_LIMIT,
                "took longer");
}

static void close__ends_a_child_that_runs(void **state)
{
    const char *const argv[] = {"sh", "-c", "echo $$; exec sleep 1000", NULL};
    hb_child *c = NULL;
    char out[40] = "";
    size_t n = 0;
    (void)state;
    hb_child_options o = {
        .program = "/bin/sh", .argv = argv, .input_fd = STDIN_FILENO, .wait_ms = LONG_MS};
    CHECK_OK(hb_child_start(hb_os_real(), &o, &c, &err));
    CHECK_OK(hb_child_read(c, out, sizeof out - 1, &n, &err));
    hb_child_close(c);
    long pid = strtol(out, NULL, 10);
    assert_true(pid > 1 && kill((pid_t)pid, 0) != 0);
    hb_child_close(NULL);
}

static void start__tells_that_there_is_no_program(void **state)
{
    const char *const argv[] = {"hb", NULL};
    hb_child *c = NULL;
    (void)state;
    hb_child_options o = {
        .program = "/nowhere/hb", .argv = argv, .input_fd = STDIN_FILENO, .wait_ms = LONG_MS};
    CHECK_ERROR(hb_child_start(hb_os_real(), &o, &c, &err), HB_E_IO, "/nowhere/hb");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(child__answers_over_the_pipe),
        cmocka_unit_test(child__has_no_environment_and_no_other_descriptor),
        cmocka_unit_test(child__that_dies_says_why),
        cmocka_unit_test(child__that_hangs_is_ended),
        cmocka_unit_test(close__ends_a_child_that_runs),
        cmocka_unit_test(start__tells_that_there_is_no_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
