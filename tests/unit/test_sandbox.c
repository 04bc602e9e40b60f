/* SPDX-License-Identifier: Apache-2.0 */
/* Each case enters a sandbox in a process of its own, which answers by its exit code: this program
 * has one thread, so a plain fork does. */
#include "os/sandbox.h"
#include "support/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MEMORY_BYTES = 256 << 20, CPU_S = 20, NO_SANDBOX = 99 };

static int status_of(int (*body)(void))
{
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        _exit(body());
    }
    assert_true(waitpid(pid, &status, 0) == pid);
    return status;
}

static int exit_code_of(int (*body)(void))
{
    int status = status_of(body);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

static bool enter(hb_sandbox_report *ret)
{
    hb_sandbox_limits limits = {
        .memory_bytes = MEMORY_BYTES, .cpu_seconds = CPU_S, .out_fd = STDOUT_FILENO};
    return hb_sandbox_enter(&limits, ret, NULL) == HB_OK;
}

static int attempts(void)
{
    hb_sandbox_report report;
    int worked = 0;
    if (!enter(&report)) {
        return NO_SANDBOX;
    }
    for (const hb_sandbox_attempt *a = hb_sandbox_attempts; a->what; a++) {
        worked += a->succeeds();
    }
    return worked;
}

static void sandbox__refuses_every_attempt(void **state)
{
    (void)state;
    assert_int_equal(exit_code_of(attempts), 0);
}

/* The attempts are real ones: outside most of them work. */
static int attempts_outside(void)
{
    int worked = 0;
    for (const hb_sandbox_attempt *a = hb_sandbox_attempts; a->what; a++) {
        bool ends_us = strcmp(a->what, "run a program") == 0;
        worked += !ends_us && a->succeeds();
    }
    return worked;
}

static void attempts__work_outside(void **state)
{
    (void)state;
    assert_true(exit_code_of(attempts_outside) >= 8);
}

static int computes(void)
{
    hb_sandbox_report report;
    if (!enter(&report)) {
        return NO_SANDBOX;
    }
    char *p = malloc(32 << 20); /* lint: allow malloc, what a library would do */
    if (!p) {
        return 1;
    }
    memset(p, 1, 32 << 20);
    int sum = p[5] + p[(32 << 20) - 1];
    free(p); /* lint: allow malloc */
    return sum == 2 ? 0 : 2;
}

static void sandbox__lets_compute(void **state)
{
    (void)state;
    assert_int_equal(exit_code_of(computes), 0);
}

static int takes_too_much(void)
{
    hb_sandbox_report report;
    if (!enter(&report) || !report.memory_cap) {
        return NO_SANDBOX;
    }
    void *p = mmap(NULL, (size_t)2 * MEMORY_BYTES, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED && errno == ENOMEM ? 0 : 1;
}

static void sandbox__limits_memory(void **state)
{
    (void)state;
    if (hb_sandbox_instrumented()) {
        print_message("skipped: a sanitizer maps more memory than any limit allows\n");
        skip();
    }
    assert_int_equal(exit_code_of(takes_too_much), 0);
}

static int spins(void)
{
    hb_sandbox_report report;
    if (!enter(&report)) {
        return NO_SANDBOX;
    }
    hb_sandbox_allow(1);
    for (volatile uint64_t i = 0;; i++) {
    }
}

static void allow__ends_a_loop_without_an_end(void **state)
{
    (void)state;
    int status = status_of(spins);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF);
}

static int aborts(void)
{
    hb_sandbox_report report;
    if (!enter(&report)) {
        return NO_SANDBOX;
    }
    abort();
}

static void sandbox__lets_abort(void **state)
{
    (void)state;
    int status = status_of(aborts);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static bool opens(const char *path, int flags)
{
    int fd = open(path, flags, 0600);
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

/* Bits of what went other than it should have. */
static int reads_one_folder(void)
{
    char folder[] = "/tmp/hb-sandbox-XXXXXX";
    char file[64];
    if (!mkdtemp(folder)) {
        return NO_SANDBOX;
    }
    snprintf(file, sizeof file, "%s/file", folder);
    int fd = open(file, O_WRONLY | O_CREAT, 0600);
    hb_sandbox_limits limits = {.memory_bytes = MEMORY_BYTES,
                                .cpu_seconds = CPU_S,
                                .out_fd = STDOUT_FILENO,
                                .talk_fd = STDERR_FILENO,
                                .readable = folder};
    hb_sandbox_report report;
    if (fd < 0 || close(fd) != 0 || hb_sandbox_enter(&limits, &report, NULL) != HB_OK) {
        return NO_SANDBOX;
    }
    int wrong = opens(file, O_RDONLY) ? 0 : 1;
    DIR *dir = opendir(folder);
    wrong |= dir && readdir(dir) ? 0 : 2;
    struct stat st;
    wrong |= lstat(file, &st) == 0 ? 0 : 4;
    wrong |= write(STDERR_FILENO, "", 0) == 0 ? 0 : 8;
    wrong |= opens(file, O_WRONLY) || opens(file, O_RDWR) || opens(file, O_RDONLY | O_TRUNC) ||
                     opens(folder, O_RDWR | O_TMPFILE) || opens("/tmp/hb-new", O_RDONLY | O_CREAT)
                 ? 16
                 : 0;
    wrong |= report.landlock && opens("/etc/passwd", O_RDONLY) ? 32 : 0;
    for (const hb_sandbox_attempt *a = hb_sandbox_attempts; a->what; a++) {
        bool looks = strncmp(a->what, "open a file", 11) == 0 || strstr(a->what, "look at");
        wrong |= !looks && a->succeeds() ? 64 : 0;
    }
    return wrong;
}

static void sandbox__lets_one_folder_be_read(void **state)
{
    (void)state;
    assert_int_equal(exit_code_of(reads_one_folder), 0);
}

static int misses_its_folder(void)
{
    hb_sandbox_limits limits = {
        .cpu_seconds = CPU_S, .out_fd = STDOUT_FILENO, .readable = "/no/such/folder"};
    hb_sandbox_report report;
    return hb_sandbox_enter(&limits, &report, NULL) == HB_E_INPUT ? 0 : 1;
}

static void sandbox__needs_the_folder_it_is_told_of(void **state)
{
    (void)state;
    assert_int_equal(exit_code_of(misses_its_folder), 0);
}

/* A container whose own filter forbids seccomp. */
static int where_seccomp_is_refused(void)
{
    hb_sandbox_limits limits = {.cpu_seconds = CPU_S, .out_fd = STDOUT_FILENO};
    hb_sandbox_report report = {0};
    hb_error err = {0};
    const struct scmp_arg_cmp by_prctl = {.op = SCMP_CMP_EQ, .datum_a = PR_SET_SECCOMP};
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
    if (!ctx || seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(seccomp), 0) != 0 ||
        seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(prctl), 1, &by_prctl) != 0 ||
        seccomp_load(ctx) != 0) {
        return NO_SANDBOX;
    }
    hb_status status = hb_sandbox_enter(&limits, &report, &err);
    bool told = strstr(err.msg, "refuses the sandbox") && strstr(err.msg, "seccomp");
    return status == HB_E_DENIED && told ? 0 : 1;
}

static void sandbox__fails_closed_where_it_is_refused(void **state)
{
    (void)state;
    assert_int_equal(exit_code_of(where_seccomp_is_refused), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sandbox__refuses_every_attempt),
        cmocka_unit_test(attempts__work_outside),
        cmocka_unit_test(sandbox__lets_compute),
        cmocka_unit_test(sandbox__limits_memory),
        cmocka_unit_test(allow__ends_a_loop_without_an_end),
        cmocka_unit_test(sandbox__lets_abort),
        cmocka_unit_test(sandbox__lets_one_folder_be_read),
        cmocka_unit_test(sandbox__needs_the_folder_it_is_told_of),
        cmocka_unit_test(sandbox__fails_closed_where_it_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
