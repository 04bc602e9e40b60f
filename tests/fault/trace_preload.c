/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded into a real program: what it does to the files below one folder, in our code and in
 * every library, is written down in order, so that test_power_cut.py can say what a disk would hold
 * if the power went anywhere in between.
 *
 *     LD_PRELOAD=libtrace_preload.so HB_TRACE_ROOT=/dir HB_TRACE_FILE=/out [HB_TRACE_STOP=N] …
 *
 * After N records the process ends as if killed. What it writes to standard output is a record too:
 * what it told, and when. A record is a head, then path, second path and data. Not for several
 * threads. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FDS = 1024, TRACE_FD = 1000 };

typedef struct head {
    uint64_t at; /* offset, length, flags of open */
    uint32_t pid;
    int32_t fd;
    uint32_t path_n;
    uint32_t path2_n;
    uint32_t data_n;
    char what[4];
} head;

static struct {
    const char *root;
    size_t root_n;
    long stop;
    long records;
    bool ready;
    bool traced[FDS];
} t;

static void prepare(void)
{
    const char *n = getenv("HB_TRACE_STOP");
    const char *path = getenv("HB_TRACE_FILE");
    t.ready = true;
    t.root = getenv("HB_TRACE_ROOT");
    t.root_n = t.root ? strlen(t.root) : 0;
    for (; n && *n >= '0' && *n <= '9'; n++) {
        t.stop = t.stop * 10 + (*n - '0');
    }
    int fd = path ? (int)syscall(SYS_open, path, O_CREAT | O_WRONLY | O_APPEND, 0600) : -1;
    if (fd >= 0) {
        syscall(SYS_dup3, fd, TRACE_FD, O_CLOEXEC);
        syscall(SYS_close, fd);
    }
}

static bool below(const char *path)
{
    if (!t.ready) {
        prepare();
    }
    return t.root_n && strncmp(path, t.root, t.root_n) == 0 &&
           (path[t.root_n] == '/' || !path[t.root_n]);
}

static bool is_traced(int fd)
{
    return fd >= 0 && fd < FDS && t.traced[fd];
}

static void note(char what, int fd, uint64_t at, const char *path, const char *path2, const void *p,
                 size_t n)
{
    int before = errno;
    head h = {.at = at,
              .pid = (uint32_t)getpid(),
              .fd = fd,
              .path_n = path ? (uint32_t)strlen(path) : 0,
              .path2_n = path2 ? (uint32_t)strlen(path2) : 0,
              .data_n = (uint32_t)n,
              .what = {what}};
    const struct iovec parts[] = {{&h, sizeof h},
                                  {(void *)(uintptr_t)path, h.path_n},
                                  {(void *)(uintptr_t)path2, h.path2_n},
                                  {(void *)(uintptr_t)p, n}};
    syscall(SYS_writev, TRACE_FD, parts, 4);
    if (++t.records == t.stop) {
        syscall(SYS_kill, getpid(), 9);
    }
    errno = before;
}

static int traced_open(const char *path, int flags, mode_t mode)
{
    bool mine = below(path);
    int fd = (int)syscall(SYS_open, path, flags, mode);
    if (fd >= 0 && fd < FDS) {
        t.traced[fd] = mine;
        if (mine) {
            note('O', fd, (uint64_t)flags, path, NULL, NULL, 0);
        }
    }
    return fd;
}

#define OPEN(name)                              \
    int name(const char *path, int flags, ...); \
    int name(const char *path, int flags, ...)  \
    {                                           \
        va_list more;                           \
        va_start(more, flags);                  \
        mode_t mode = va_arg(more, mode_t);     \
        va_end(more);                           \
        return traced_open(path, flags, mode);  \
    }

OPEN(open)
OPEN(open64)

int __open_2(const char *path, int flags);
int __open_2(const char *path, int flags)
{
    return traced_open(path, flags, 0);
}

int __open64_2(const char *path, int flags);
int __open64_2(const char *path, int flags)
{
    return traced_open(path, flags, 0);
}

int close(int fd)
{
    if (is_traced(fd)) {
        note('C', fd, 0, NULL, NULL, NULL, 0);
        t.traced[fd] = false;
    }
    return (int)syscall(SYS_close, fd);
}

ssize_t write(int fd, const void *p, size_t n)
{
    if (fd == STDOUT_FILENO) {
        below(""); /* prepared */
        note('A', fd, 0, NULL, NULL, p, n);
    }
    off_t at = is_traced(fd) ? lseek(fd, 0, SEEK_CUR) : 0;
    ssize_t put = syscall(SYS_write, fd, p, n);
    if (put > 0 && is_traced(fd)) {
        note('W', fd, (uint64_t)at, NULL, NULL, p, (size_t)put);
    }
    return put;
}

static ssize_t traced_pwrite(int fd, const void *p, size_t n, off_t at)
{
    ssize_t put = syscall(SYS_pwrite64, fd, p, n, at);
    if (put > 0 && is_traced(fd)) {
        note('W', fd, (uint64_t)at, NULL, NULL, p, (size_t)put);
    }
    return put;
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    return traced_pwrite(fd, p, n, at);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
    return traced_pwrite(fd, p, n, at);
}

static int traced_truncate(int fd, off_t n)
{
    int rc = (int)syscall(SYS_ftruncate, fd, n);
    if (rc == 0 && is_traced(fd)) {
        note('T', fd, (uint64_t)n, NULL, NULL, NULL, 0);
    }
    return rc;
}

int ftruncate(int fd, off_t n)
{
    return traced_truncate(fd, n);
}

int ftruncate64(int fd, off64_t n)
{
    return traced_truncate(fd, n);
}

static int synced(int fd)
{
    if (is_traced(fd)) {
        note('S', fd, 0, NULL, NULL, NULL, 0);
    }
    return 0; /* on a disk that exists in the test alone */
}

int fsync(int fd)
{
    return synced(fd);
}

int fdatasync(int fd)
{
    return synced(fd);
}

int rename(const char *from, const char *to)
{
    int rc = (int)syscall(SYS_rename, from, to);
    if (rc == 0 && below(to)) {
        note('R', -1, 0, from, to, NULL, 0);
    }
    return rc;
}

int unlink(const char *path)
{
    int rc = (int)syscall(SYS_unlink, path);
    if (rc == 0 && below(path)) {
        note('U', -1, 0, path, NULL, NULL, 0);
    }
    return rc;
}

int mkdir(const char *path, mode_t mode)
{
    int rc = (int)syscall(SYS_mkdir, path, mode);
    if (rc == 0 && below(path)) {
        note('M', -1, mode, path, NULL, NULL, 0);
    }
    return rc;
}

int rmdir(const char *path)
{
    int rc = (int)syscall(SYS_rmdir, path);
    if (rc == 0 && below(path)) {
        note('D', -1, 0, path, NULL, NULL, 0);
    }
    return rc;
}
