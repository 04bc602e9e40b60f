/* SPDX-License-Identifier: Apache-2.0 */
#include "support/fault_os.h"

#include "support/journal_case.h"

#include <errno.h>
#include <sys/mman.h>

static struct {
    unsigned long calls;
    unsigned long nth;
    bool persistent;
    bool fired;
    int why;
} fault;

static bool fails(void)
{
    fault.calls++;
    bool now =
        fault.nth && (fault.persistent ? fault.calls >= fault.nth : fault.calls == fault.nth);
    fault.fired = fault.fired || now;
    if (now) {
        errno = fault.why;
    }
    return now;
}

#define REAL case_os()
static int f_open(const char *path, int flags, mode_t mode)
{
    return fails() ? -1 : REAL->open(path, flags, mode);
}

static ssize_t f_read(int fd, void *p, size_t n)
{
    return fails() ? -1 : REAL->read(fd, p, n);
}

static ssize_t f_pread(int fd, void *p, size_t n, off_t at)
{
    return fails() ? -1 : REAL->pread(fd, p, n, at);
}

static ssize_t f_write(int fd, const void *p, size_t n)
{
    return fails() ? -1 : REAL->write(fd, p, n);
}

static int f_fsync(int fd)
{
    return fails() ? -1 : REAL->fsync(fd);
}

static int f_fstat(int fd, struct stat *st)
{
    return fails() ? -1 : REAL->fstat(fd, st);
}

static int f_stat(const char *path, struct stat *st)
{
    return fails() ? -1 : REAL->stat(path, st);
}

static int f_rename(const char *from, const char *to)
{
    return fails() ? -1 : REAL->rename(from, to);
}

static int f_unlink(const char *path)
{
    return fails() ? -1 : REAL->unlink(path);
}

static int f_name(int fd, const char *path)
{
    return fails() ? -1 : REAL->name(fd, path);
}

static int f_mkdir(const char *path, mode_t mode)
{
    return fails() ? -1 : REAL->mkdir(path, mode);
}

static int f_flock(int fd, int operation)
{
    return fails() ? -1 : REAL->flock(fd, operation);
}

static int f_ftruncate(int fd, off_t n)
{
    return fails() ? -1 : REAL->ftruncate(fd, n);
}

static int f_fallocate(int fd, off_t at, off_t n)
{
    return fails() ? -1 : REAL->fallocate(fd, at, n);
}

static void *f_mmap(int fd, size_t n, int protection)
{
    return fails() ? MAP_FAILED : REAL->mmap(fd, n, protection);
}

static int f_msync(void *p, size_t n)
{
    return fails() ? -1 : REAL->msync(p, n);
}

static int f_random(void *p, size_t n)
{
    return fails() ? -1 : REAL->random(p, n);
}

const hb_os *fault_os(void)
{
    static hb_os os;
    os = *case_os();
    os.open = f_open;
    os.read = f_read;
    os.pread = f_pread;
    os.write = f_write;
    os.fsync = f_fsync;
    os.fstat = f_fstat;
    os.stat = f_stat;
    os.rename = f_rename;
    os.unlink = f_unlink;
    os.name = f_name;
    os.mkdir = f_mkdir;
    os.flock = f_flock;
    os.ftruncate = f_ftruncate;
    os.fallocate = f_fallocate;
    os.mmap = f_mmap;
    os.msync = f_msync;
    os.random = f_random;
    return &os;
}

void fault_os_fail(unsigned long nth, int why, bool persistent)
{
    fault.calls = 0;
    fault.nth = nth;
    fault.why = why;
    fault.persistent = persistent;
    fault.fired = false;
}

bool fault_os_fired(void)
{
    return fault.fired;
}
