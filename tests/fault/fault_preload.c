/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded into the real program: makes the N-th call of one kind fail, as a full disk or
 * exhausted memory would, in our code and in every library.
 *
 *     LD_PRELOAD=libfault_preload.so HB_FAULT_CALL=write HB_FAULT_N=3 HB_FAULT_MARK=/tmp/fired hb …
 *
 * The mark file is created when the fault fired. From then on every call of that kind fails when
 * HB_FAULT_PERSIST is set. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static struct {
    const char *call;
    long nth;
    bool persist;
    bool fired;
    bool ready;
} fault;

static void prepare(void)
{
    const char *n = getenv("HB_FAULT_N");
    fault.ready = true;
    fault.call = getenv("HB_FAULT_CALL");
    fault.persist = getenv("HB_FAULT_PERSIST") != NULL;
    for (; n && *n >= '0' && *n <= '9'; n++) {
        fault.nth = fault.nth * 10 + (*n - '0');
    }
}

static bool now(const char *call)
{
    if (!fault.ready) {
        prepare();
    }
    if (!fault.call || strcmp(fault.call, call) != 0 || fault.nth <= 0) {
        return false;
    }
    if (fault.fired) {
        return fault.persist;
    }
    if (--fault.nth > 0) {
        return false;
    }
    fault.fired = true;
    fault.nth = 1;
    const char *mark = getenv("HB_FAULT_MARK");
    if (mark) {
        syscall(SYS_close, (int)syscall(SYS_open, mark, O_CREAT | O_WRONLY, 0600));
    }
    return true;
}

#define FAIL_WITH(call, error, value) \
    do {                              \
        if (now(call)) {              \
            errno = (error);          \
            return (value);           \
        }                             \
    } while (0)

ssize_t write(int fd, const void *p, size_t n)
{
    if (fd > 2) { /* messages to the terminal are not what this is about */
        FAIL_WITH("write", ENOSPC, -1);
    }
    return syscall(SYS_write, fd, p, n);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
    FAIL_WITH("write", ENOSPC, -1);
    return syscall(SYS_pwrite64, fd, p, n, at);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    FAIL_WITH("write", ENOSPC, -1);
    return syscall(SYS_pwrite64, fd, p, n, at);
}

int fsync(int fd)
{
    FAIL_WITH("sync", EIO, -1);
    return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    FAIL_WITH("sync", EIO, -1);
    return (int)syscall(SYS_fdatasync, fd);
}

int rename(const char *from, const char *to)
{
    FAIL_WITH("rename", ENOSPC, -1);
    return (int)syscall(SYS_rename, from, to);
}

int mkdir(const char *path, mode_t mode)
{
    FAIL_WITH("mkdir", ENOSPC, -1);
    return (int)syscall(SYS_mkdir, path, mode);
}
