/* SPDX-License-Identifier: Apache-2.0 */
/* Straight system calls: what the C library would add (a cached identity, a check of its own) is
 * not what the sandbox is asked about. */
#include "os/sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool opens(void)
{
    return syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY, 0) >= 0;
}

static bool creates(void)
{
    return syscall(SYS_openat, AT_FDCWD, "/tmp/hb-sandbox-check", O_WRONLY | O_CREAT, 0600) >= 0;
}

static bool looks(void)
{
    struct stat st;
    return syscall(SYS_newfstatat, AT_FDCWD, "/etc/passwd", &st, 0) == 0;
}

static bool removes(void)
{
    return syscall(SYS_unlinkat, AT_FDCWD, "/tmp/hb-sandbox-check", 0) == 0;
}

static bool writes_elsewhere(void)
{
    return write(STDIN_FILENO, "x", 1) == 1;
}

static bool connects(void)
{
    return syscall(SYS_socket, AF_INET, SOCK_STREAM, 0) >= 0;
}

static bool connects_locally(void)
{
    return syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0) >= 0;
}

static bool forks(void)
{
    long pid = syscall(SYS_clone, (unsigned long)SIGCHLD, NULL, NULL, NULL, 0UL);
    if (pid == 0) {
        syscall(SYS_exit_group, 0);
    }
    return pid >= 0;
}

static bool runs_a_program(void)
{
    char *const none[] = {NULL};
    syscall(SYS_execve, "/bin/true", none, none);
    return false; /* it would not have come back; the check then ends without its last lines */
}

static bool signals(void)
{
    return syscall(SYS_kill, getppid(), 0) == 0;
}

static bool traces(void)
{
    return syscall(SYS_ptrace, PTRACE_SEIZE, getppid(), NULL, NULL) == 0;
}

static bool makes_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                0) != MAP_FAILED;
}

static bool raises_a_limit(void)
{
    const struct rlimit all = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    return syscall(SYS_prlimit64, 0, RLIMIT_AS, &all, NULL) == 0;
}

const hb_sandbox_attempt hb_sandbox_attempts[] = {
    {"open a file", opens},
    {"write a file", creates},
    {"look at a file", looks},
    {"remove a file", removes},
    {"write to another descriptor", writes_elsewhere},
    {"open a network socket", connects},
    {"open a local socket", connects_locally},
    {"start a process", forks},
    {"run a program", runs_a_program},
    {"signal a process", signals},
    {"trace a process", traces},
    {"make memory executable", makes_code},
    {"raise a limit", raises_a_limit},
    {0},
};
