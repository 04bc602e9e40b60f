/* SPDX-License-Identifier: Apache-2.0 */
#include "os/child.h"

#include "base/mem.h"
#include "os/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NS_PER_MS = 1000000, PIPE_BYTES = 1 << 20, END_POLL_MS = 5 };

struct hb_child {
    const hb_os *os;
    pid_t pid; /* 0: not running */
    int fd;
    int64_t wait_ns; /* what is left */
    int64_t wait_ms; /* what was given */
    int status;      /* of waitpid, once pid is 0 */
};

/* Nothing of the caller's environment: HDF5_PLUGIN_PATH and its like name code to load. The
 * sanitizers' variable keeps the leak check, which traces its own process, out of the sandbox. */
static char *const environment[] = {(char[]){"LC_ALL=C"}, (char[]){"ASAN_OPTIONS=detect_leaks=0"},
                                    NULL};

static int prepare(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attr, int in, int out)
{
    sigset_t none;
    sigset_t defaults;
    sigemptyset(&none);
    sigfillset(&defaults);
    int bad = posix_spawn_file_actions_adddup2(actions, in, STDIN_FILENO);
    bad = bad ? bad : posix_spawn_file_actions_adddup2(actions, out, STDOUT_FILENO);
    if (!hb_sandbox_instrumented()) {
        bad = bad ? bad
                  : posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY,
                                                     0);
    }
    bad = bad ? bad : posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
    bad = bad ? bad : posix_spawnattr_setsigmask(attr, &none);
    bad = bad ? bad : posix_spawnattr_setsigdefault(attr, &defaults);
    return bad ? bad
               : posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

/* posix_spawn takes char *const[]; it does not write to the texts. */
static char *const *writable(const char *const *argv)
{
    union {
        const char *const *in;
        char *const *out;
    } u = {.in = argv};
    return u.out;
}

static hb_status spawn(const hb_child_options *o, int out, pid_t *ret, hb_error *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return HB_NOMEM(err);
    }
    if (posix_spawnattr_init(&attr) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return HB_NOMEM(err);
    }
    pid_t pid = 0;
    int bad = prepare(&actions, &attr, o->input_fd, out);
    bad =
        bad ? bad : posix_spawn(&pid, o->program, &actions, &attr, writable(o->argv), environment);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    if (bad) {
        return HB_FAIL(err, HB_E_IO, "cannot start the reading program '%s': %s", o->program,
                       strerror(bad));
    }
    *ret = pid;
    return HB_OK;
}

hb_status hb_child_start(const hb_os *os, const hb_child_options *options, hb_child **ret_child,
                         hb_error *err)
{
    int ends[2];
    hb_child *c = hb_alloc_zero(sizeof *c);
    if (!c) {
        return HB_NOMEM(err);
    }
    if (pipe2(ends, O_CLOEXEC) != 0) {
        hb_free(c);
        return HB_FAIL(err, HB_E_IO, "cannot make a pipe: %s", strerror(errno));
    }
    (void)fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES); /* only for speed */
    *c = (hb_child){.os = os,
                    .fd = ends[0],
                    .wait_ms = options->wait_ms,
                    .wait_ns = options->wait_ms * NS_PER_MS};
    hb_status status = spawn(options, ends[1], &c->pid, err);
    close(ends[1]);
    if (status != HB_OK) {
        hb_child_close(c);
        return status;
    }
    *ret_child = c;
    return HB_OK;
}

static bool has_ended(hb_child *c, int flags)
{
    pid_t got = 0;
    while (c->pid && (got = waitpid(c->pid, &c->status, flags)) < 0 && errno == EINTR) {
    }
    if (got) { /* ended, or not to be waited for: then nothing can be known */
        c->status = got < 0 ? 0 : c->status;
        c->pid = 0;
    }
    return c->pid == 0;
}

static void end_it(hb_child *c)
{
    if (c->pid) {
        kill(c->pid, SIGKILL);
        has_ended(c, 0);
    }
}

static hb_status too_long(hb_child *c, hb_error *err)
{
    end_it(c);
    return HB_FAIL(err, HB_E_LIMIT, "reading it took longer than %lld s; it was stopped",
                   (long long)(c->wait_ms / 1000));
}

static hb_status how_it_ended(const hb_child *c, hb_error *err)
{
    static const struct {
        int number;
        const char *name;
    } faults[] = {{SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"},   {SIGABRT, "SIGABRT"},
                  {SIGILL, "SIGILL"},   {SIGFPE, "SIGFPE"},   {SIGTRAP, "SIGTRAP"},
                  {SIGSYS, "SIGSYS"},   {SIGXFSZ, "SIGXFSZ"}, {SIGPIPE, "SIGPIPE"}};
    if (WIFEXITED(c->status)) {
        return WEXITSTATUS(c->status) == 0
                   ? HB_OK
                   : HB_FAIL(err, HB_E_INPUT,
                             "the program that reads it gave up (exit code %d); the file is "
                             "damaged, or made to do harm",
                             WEXITSTATUS(c->status));
    }
    int by = WIFSIGNALED(c->status) ? WTERMSIG(c->status) : 0;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        if (by == faults[i].number) {
            return HB_FAIL(err, HB_E_INPUT,
                           "the program that reads it broke down (%s); the file is damaged, or "
                           "made to do harm",
                           faults[i].name);
        }
    }
    if (by == SIGPROF) {
        return HB_FAIL(err, HB_E_LIMIT,
                       "reading it went on without an end and was stopped; the file is damaged, "
                       "or made to do harm");
    }
    if (by == SIGXCPU) {
        return HB_FAIL(err, HB_E_LIMIT, "reading it took more processor time than is allowed");
    }
    return HB_FAIL(err, HB_E_LIMIT,
                   "the program that reads it was killed (signal %d), as happens when memory runs "
                   "out",
                   by);
}

/* The pipe is closed: the child is about to end, or sits there without it. */
static hb_status await_end(hb_child *c, hb_error *err)
{
    while (!has_ended(c, WNOHANG)) {
        if (c->wait_ns <= 0) {
            return too_long(c, err);
        }
        poll(NULL, 0, END_POLL_MS);
        c->wait_ns -= (int64_t)END_POLL_MS * NS_PER_MS;
    }
    return how_it_ended(c, err);
}

static hb_status await_bytes(hb_child *c, hb_error *err)
{
    struct pollfd p = {.fd = c->fd, .events = POLLIN};
    for (;;) {
        int64_t ms = c->wait_ns / NS_PER_MS;
        int64_t from = c->os->monotonic_ns();
        int got = poll(&p, 1, (int)(ms < 1000000 ? ms : 1000000));
        c->wait_ns -= c->os->monotonic_ns() - from;
        if (got > 0) {
            return HB_OK;
        }
        if (got < 0 && errno != EINTR) {
            return HB_FAIL(err, HB_E_IO, "cannot wait for the reading program: %s",
                           strerror(errno));
        }
        if (c->wait_ns < NS_PER_MS) {
            return too_long(c, err);
        }
    }
}

hb_status hb_child_read(hb_child *c, void *p, size_t n, size_t *ret_n, hb_error *err)
{
    HB_TRY(await_bytes(c, err));
    ssize_t got = 0;
    while ((got = read(c->fd, p, n)) < 0 && errno == EINTR) {
    }
    if (got < 0) {
        return HB_FAIL(err, HB_E_IO, "cannot read from the reading program: %s", strerror(errno));
    }
    if (got == 0) {
        HB_TRY(await_end(c, err));
    }
    *ret_n = (size_t)got;
    return HB_OK;
}

void hb_child_close(hb_child *c)
{
    if (!c) {
        return;
    }
    end_it(c);
    close(c->fd);
    hb_free(c);
}
