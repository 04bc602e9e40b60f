/* SPDX-License-Identifier: Apache-2.0 */
/* Starts one program and says what it took. A program of its own, and small, because a child's peak
 * memory counts that of the process it was started from: under Python nothing is below 40 MB.
 *
 *     bench_run PROCESSORS PROGRAM ARG…     0 = all processors, else it is bound to the first N
 *
 * Its standard input is /dev/null, output and errors are those given. Prints on descriptor 3:
 * {"exit": …, "wall": s, "cpu": s, "rss_mb": …}; exit is negative for a signal. */
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void bind_to(long processors)
{
    cpu_set_t all;
    cpu_set_t some;
    CPU_ZERO(&some);
    if (processors <= 0 || sched_getaffinity(0, sizeof all, &all) != 0) {
        return;
    }
    for (size_t i = 0; i < CPU_SETSIZE && processors > 0; i++) {
        if (CPU_ISSET(i, &all)) {
            CPU_SET(i, &some);
            processors--;
        }
    }
    sched_setaffinity(0, sizeof some, &some);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: bench_run PROCESSORS PROGRAM ARG...\n", stderr);
        return 2;
    }
    bind_to(strtol(argv[1], NULL, 10));
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0) {
        return 2;
    }
    fcntl(3, F_SETFD, FD_CLOEXEC);
    pid_t pid = 0;
    int status = 0;
    struct rusage used;
    double start = now();
    if (posix_spawnp(&pid, argv[2], NULL, NULL, argv + 2, environ) != 0 ||
        wait4(pid, &status, 0, &used) != pid) {
        fprintf(stderr, "bench_run: cannot start '%s'\n", argv[2]);
        return 2;
    }
    double wall = now() - start;
    dprintf(3, "{\"exit\": %d, \"wall\": %.6f, \"cpu\": %.6f, \"rss_mb\": %.3f}\n",
            WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), wall,
            seconds(used.ru_utime) + seconds(used.ru_stime), (double)used.ru_maxrss / 1024);
    return 0;
}
