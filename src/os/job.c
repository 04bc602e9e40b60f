/* SPDX-License-Identifier: Apache-2.0 */
#include "os/job.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 100, CHUNK = 65536 };

typedef struct pipes {
    int in[2];
    int out[2];
    int err[2];
} pipes;

static void shut(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

static void shut_all(pipes *p)
{
    for (int i = 0; i < 2; i++) {
        shut(&p->in[i]);
        shut(&p->out[i]);
        shut(&p->err[i]);
    }
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int actions_of(posix_spawn_file_actions_t *a, posix_spawnattr_t *attr, const pipes *p)
{
    sigset_t none;
    sigset_t defaults;
    sigemptyset(&none);
    sigfillset(&defaults);
    int bad = posix_spawn_file_actions_adddup2(a, p->in[0], STDIN_FILENO);
    bad = bad ? bad : posix_spawn_file_actions_adddup2(a, p->out[1], STDOUT_FILENO);
    bad = bad ? bad : posix_spawn_file_actions_adddup2(a, p->err[1], STDERR_FILENO);
    bad = bad ? bad : posix_spawn_file_actions_addclosefrom_np(a, STDERR_FILENO + 1);
    bad = bad ? bad : posix_spawnattr_setsigmask(attr, &none);
    bad = bad ? bad : posix_spawnattr_setsigdefault(attr, &defaults);
    bad = bad ? bad : posix_spawnattr_setpgroup(attr, 0);
    return bad ? bad
               : posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                    POSIX_SPAWN_SETPGROUP);
}

static int spawn(const hb_job *job, const pipes *p, pid_t *ret)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    union {
        const char *const *in;
        char *const *out;
    } argv = {.in = job->argv}; /* posix_spawn does not write to the texts */
    int bad = posix_spawn_file_actions_init(&actions);
    if (bad) {
        return bad;
    }
    bad = posix_spawnattr_init(&attr);
    if (!bad) {
        bad = actions_of(&actions, &attr, p);
        bad = bad ? bad : posix_spawn(ret, job->program, &actions, &attr, argv.out, environ);
        posix_spawnattr_destroy(&attr);
    }
    posix_spawn_file_actions_destroy(&actions);
    return bad;
}

/* False at the end. */
static bool take(int fd, hb_buf *into)
{
    char chunk[CHUNK];
    ssize_t n = read(fd, chunk, sizeof chunk);
    if (n > 0 && into->n + (size_t)n <= into->max) {
        hb_buf_add(into, chunk, (size_t)n);
    } else if (n > 0 && into->failed == HB_OK) {
        into->failed = HB_E_LIMIT; /* what came before it stays readable */
    }
    return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

static void give(int *fd, hb_str *left)
{
    ssize_t n = left->n ? write(*fd, left->p, left->n) : 0;
    if (n > 0) {
        left->p += n;
        left->n -= (size_t)n;
    }
    if (left->n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        shut(fd);
    }
}

/* Until both ends are closed, or the program's time is over. */
static void talk(const hb_job *job, pipes *p, pid_t pid, hb_buf *out, hb_buf *err_text,
                 hb_job_end *end)
{
    int64_t deadline = job->timeout_ms ? now_ms() + job->timeout_ms : INT64_MAX;
    hb_str left = job->input;
    while (p->out[0] >= 0 || p->err[0] >= 0) {
        struct pollfd fds[3] = {{.fd = p->out[0], .events = POLLIN},
                                {.fd = p->err[0], .events = POLLIN},
                                {.fd = p->in[1], .events = POLLOUT}};
        HB_IGNORE(poll(fds, 3, TICK_MS) < 0); /* the loop looks again */
        if (fds[2].revents) {
            give(&p->in[1], &left);
        }
        if (fds[0].revents && !take(p->out[0], out)) {
            shut(&p->out[0]);
        }
        if (fds[1].revents && !take(p->err[0], err_text)) {
            shut(&p->err[0]);
        }
        end->timed_out = now_ms() >= deadline;
        end->stopped = job->stop && job->stop(job->stop_ctx);
        if (end->timed_out || end->stopped) {
            kill(-pid, SIGKILL);
            return;
        }
    }
}

static void reap(const hb_job *job, pid_t pid, hb_job_end *end)
{
    int64_t deadline = job->timeout_ms ? now_ms() + job->timeout_ms : INT64_MAX;
    int status = 0;
    pid_t got = 0;
    bool killed = end->timed_out || end->stopped;
    while ((got = waitpid(pid, &status, killed ? 0 : WNOHANG)) != pid) {
        if (got < 0 && errno != EINTR) {
            break;
        }
        /* It closed its output and goes on: its time still counts. */
        struct timespec pause = {.tv_nsec = 2000000};
        nanosleep(&pause, NULL);
        end->timed_out = end->timed_out || now_ms() >= deadline;
        end->stopped = end->stopped || (job->stop && job->stop(job->stop_ctx));
        if (!killed && (end->timed_out || end->stopped)) {
            kill(-pid, SIGKILL);
            killed = true;
        }
    }
    end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    end->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

hb_status hb_job_run(const hb_job *job, hb_buf *out, hb_buf *err_text, hb_job_end *ret_end,
                     hb_error *err)
{
    pipes p = {{-1, -1}, {-1, -1}, {-1, -1}};
    pid_t pid = 0;
    hb_job_end end = {0};
    sigset_t pipe_signal;
    sigset_t before;
    sigset_t pending;
    int bad = pipe2(p.in, O_CLOEXEC) || pipe2(p.out, O_CLOEXEC) || pipe2(p.err, O_CLOEXEC) ||
                      fcntl(p.in[1], F_SETFL, O_NONBLOCK) < 0
                  ? errno
                  : spawn(job, &p, &pid);
    if (bad) {
        shut_all(&p);
        return HB_FAIL(err, HB_E_IO, "cannot start '%s': %s", job->program, strerror(bad));
    }
    shut(&p.in[0]);
    shut(&p.out[1]);
    shut(&p.err[1]);
    /* A program that does not read its input must not end us. */
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    talk(job, &p, pid, out, err_text, &end);
    reap(job, pid, &end);
    sigpending(&pending);
    if (sigismember(&pending, SIGPIPE) && !sigismember(&before, SIGPIPE)) {
        struct timespec none = {0};
        sigtimedwait(&pipe_signal, NULL, &none);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    shut_all(&p);
    *ret_end = end;
    return HB_OK;
}
