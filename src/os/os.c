/* SPDX-License-Identifier: Apache-2.0 */
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static int real_open(const char *path, int flags, mode_t mode)
{
    return open(path, flags | O_CLOEXEC, mode);
}

static int real_stat(const char *path, struct stat *st)
{
    return stat(path, st);
}

static int real_fstat(int fd, struct stat *st)
{
    return fstat(fd, st);
}

static int real_name(int fd, const char *path)
{
    char own[sizeof "/proc/self/fd/" + 3 * sizeof fd];
    snprintf(own, sizeof own, "/proc/self/fd/%d", fd);
    return linkat(AT_FDCWD, own, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
}

static int real_fallocate(int fd, off_t at, off_t bytes)
{
    return fallocate(fd, 0, at, bytes);
}

static void *real_mmap(int fd, size_t bytes, int protection)
{
    return mmap(NULL, bytes, protection, MAP_SHARED, fd, 0);
}

static int real_msync(void *p, size_t bytes)
{
    return msync(p, bytes, MS_SYNC);
}

static int64_t clock_ns(clockid_t id)
{
    struct timespec ts = {0};
    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static hb_time real_now(void)
{
    return clock_ns(CLOCK_REALTIME);
}

static int64_t real_monotonic_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

static int real_random(void *p, size_t n)
{
    char *at = p;
    while (n) {
        ssize_t got = getrandom(at, n, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return -1;
        }
        at += got;
        n -= (size_t)got;
    }
    return 0;
}

const hb_os *hb_os_real(void)
{
    static const hb_os os = {
        .open = real_open,
        .read = read,
        .pread = pread,
        .write = write,
        .fsync = fsync,
        .close = close,
        .fstat = real_fstat,
        .stat = real_stat,
        .rename = rename,
        .unlink = unlink,
        .name = real_name,
        .mkdir = mkdir,
        .rmdir = rmdir,
        .flock = flock,
        .ftruncate = ftruncate,
        .fallocate = real_fallocate,
        .mmap = real_mmap,
        .munmap = munmap,
        .msync = real_msync,
        .now = real_now,
        .monotonic_ns = real_monotonic_ns,
        .random = real_random,
    };
    return &os;
}
