/* SPDX-License-Identifier: Apache-2.0 */
/* A program that is given the event on standard input. Delivered = it ended with 0.
 *
 * Started by exec, never by a shell; its environment is a path and four variables about the event;
 * it is the head of a process group of its own, and when its time is up the group is killed. What
 * it prints goes to our standard error. The event is handed over as a file without a name, so a
 * program that does not read it blocks nobody. */
#include "alert/secret.h"
#include "alert/sinks/all.h"
#include "alert/sinks/write_all.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGS_MAX = 32, POLL_MS = 20, NS_PER_MS = 1000000, VARIABLES = 7, VARIABLE_BYTES = 1024 };

typedef struct exec_config {
    const char **command;
    size_t n_command;
    uint32_t timeout_ms;
} exec_config;

struct hb_sink {
    const hb_sink_env *env;
    const exec_config *config;
    char *program;
};

static const hb_field fields[] = {
    {.key = "command",
     .kind = HB_FIELD_STRINGS,
     .offset = offsetof(exec_config, command),
     .offset_n = offsetof(exec_config, n_command),
     .max = 4096,
     .required = true,
     .doc = "program and arguments as a list; the program by its path, no shell is asked"},
    {.key = "timeout_ms",
     .kind = HB_FIELD_UINT,
     .offset = offsetof(exec_config, timeout_ms),
     .min = 100,
     .max = 600000,
     .def = "10000",
     .doc = "then it and all it started are killed, and the event counts as not delivered"},
    {0},
};

static void defaults(void *config)
{
    *(exec_config *)config = (exec_config){.timeout_ms = 10000};
}

static hb_status check(const void *config, hb_error *err)
{
    const exec_config *c = config;
    if (c->n_command == 0 || !*c->command[0]) {
        return HB_FAIL(err, HB_E_CONFIG, "command names no program");
    }
    if (c->n_command > ARGS_MAX) {
        return HB_FAIL(err, HB_E_CONFIG, "command has %zu words, at most %d", c->n_command,
                       ARGS_MAX);
    }
    if (!strchr(c->command[0], '/')) {
        return HB_FAIL(err, HB_E_CONFIG,
                       "command must begin with a path such as /usr/local/bin/%.100s; programs are "
                       "not searched for",
                       c->command[0]);
    }
    return HB_OK;
}

static void close_it(hb_sink *s)
{
    if (s) {
        hb_free(s->program);
        hb_free(s);
    }
}

static hb_status open_it(const hb_sink_env *env, const void *config, hb_sink **ret_sink,
                         hb_error *err)
{
    hb_sink *s = hb_alloc_zero(sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    s->env = env;
    s->config = config;
    hb_status status = hb_sink_path(env, s->config->command[0], &s->program, err);
    if (status != HB_OK) {
        close_it(s);
        return status;
    }
    *ret_sink = s;
    return HB_OK;
}

/* --- the child --- */

/* posix_spawn takes char *const[]; it does not write to the texts. */
static char *const *writable(const char *const *argv)
{
    union {
        const char *const *in;
        char *const *out;
    } u = {.in = argv};
    return u.out;
}

static int prepare(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attr, int in)
{
    sigset_t none;
    sigset_t defaults_of;
    sigemptyset(&none);
    sigfillset(&defaults_of);
    int bad = posix_spawn_file_actions_adddup2(actions, in, STDIN_FILENO);
    bad = bad ? bad : posix_spawn_file_actions_adddup2(actions, STDERR_FILENO, STDOUT_FILENO);
    bad = bad ? bad : posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
    bad = bad ? bad : posix_spawnattr_setsigmask(attr, &none);
    bad = bad ? bad : posix_spawnattr_setsigdefault(attr, &defaults_of);
    bad = bad ? bad : posix_spawnattr_setpgroup(attr, 0);
    return bad ? bad
               : posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                    POSIX_SPAWN_SETPGROUP);
}

static int spawn(const hb_sink *s, int in, const char *const *variables, pid_t *ret)
{
    const char *argv[ARGS_MAX + 1] = {s->program};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    for (size_t i = 1; i < s->config->n_command; i++) {
        argv[i] = s->config->command[i];
    }
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return ENOMEM;
    }
    if (posix_spawnattr_init(&attr) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return ENOMEM;
    }
    int bad = prepare(&actions, &attr, in);
    bad = bad ? bad
              : posix_spawn(ret, s->program, &actions, &attr, writable(argv), writable(variables));
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    return bad;
}

/* The group too, where the child has ended: it may have left somebody behind. */
static hb_status await(const hb_sink *s, pid_t pid, hb_error *err)
{
    const hb_sink_env *env = s->env;
    int64_t due = env->os->monotonic_ns() + (int64_t)s->config->timeout_ms * NS_PER_MS;
    int status = 0;
    pid_t got = 0;
    bool late = false;
    while ((got = waitpid(pid, &status, WNOHANG)) == 0 && !late) {
        late = env->os->monotonic_ns() >= due || (env->ending && env->ending(env->ending_ctx));
        poll(NULL, 0, late ? 0 : POLL_MS);
    }
    kill(-pid, SIGKILL);
    while (got == 0 && (got = waitpid(pid, &status, 0)) < 0 && errno == EINTR) {
        got = 0;
    }
    if (late) {
        return HB_FAIL(err, HB_E_IO, "'%s' took longer than %u ms and was killed", s->program,
                       s->config->timeout_ms);
    }
    if (got < 0 || !WIFEXITED(status)) {
        return HB_FAIL(err, HB_E_IO, "'%s' was killed by signal %d", s->program,
                       got > 0 && WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    }
    return WEXITSTATUS(status) == 0 ? HB_OK
                                    : HB_FAIL(err, HB_E_IO, "'%s' ended with exit code %d",
                                              s->program, WEXITSTATUS(status));
}

static hb_status run(const hb_sink *s, int in, const hb_alert_event *event, hb_error *err)
{
    static const char *const names[] = {"HB_ALERT_ID", "HB_ALERT_TYPE", "HB_ALERT_SEVERITY",
                                        "HB_ALERT_SUBJECT"};
    const char *const values[] = {event->id, event->type, event->severity, event->subject};
    char texts[4][VARIABLE_BYTES];
    const char *variables[VARIABLES] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8"};
    pid_t pid = 0;
    for (size_t i = 0; i < 4; i++) {
        snprintf(texts[i], sizeof texts[i], "%s=%s", names[i], values[i]);
        variables[2 + i] = texts[i];
    }
    HB_TRY(
        hb_sink_write_all(s->env->os, in, event->json, event->json_len, "a file in memory", err));
    HB_TRY(hb_sink_write_all(s->env->os, in, "\n", 1, "a file in memory", err));
    if (lseek(in, 0, SEEK_SET) != 0) {
        return HB_FAIL(err, HB_E_IO, "cannot rewind a file in memory: %s", strerror(errno));
    }
    int bad = spawn(s, in, variables, &pid);
    return bad ? HB_FAIL(err, HB_E_IO, "cannot start '%s': %s", s->program, strerror(bad))
               : await(s, pid, err);
}

static hb_status send_it(hb_sink *s, const hb_alert_event *event, hb_error *err)
{
    int in = memfd_create("hb-alert", MFD_CLOEXEC);
    if (in < 0) {
        return HB_FAIL(err, HB_E_IO, "cannot make a file in memory: %s", strerror(errno));
    }
    hb_status status = run(s, in, event, err);
    close(in);
    return status;
}

const hb_sink_ops hb_sink_exec = {
    .name = "exec",
    .summary = "a program that reads the event and ends with 0",
    .fields = fields,
    .config_size = sizeof(exec_config),
    .defaults = defaults,
    .check = check,
    .open = open_it,
    .send = send_it,
    .close = close_it,
};
