/* SPDX-License-Identifier: Apache-2.0 */
#include "support/memory_file.h"

#include <errno.h>
#include <string.h>

enum { FIRST_FD = 1000, FDS = 16 };

static struct {
    const char *p;
    size_t n;
    size_t at[FDS];
    int next;
} file;

static int memory_open(const char *path, int flags, mode_t mode)
{
    (void)flags;
    (void)mode;
    if (strcmp(path, MEMORY_FILE) != 0) {
        errno = ENOENT;
        return -1;
    }
    int i = file.next++ % FDS;
    file.at[i] = 0;
    return FIRST_FD + i;
}

static ssize_t memory_read(int fd, void *p, size_t n)
{
    size_t *at = &file.at[fd - FIRST_FD];
    size_t k = file.n - *at < n ? file.n - *at : n;
    if (k) {
        memcpy(p, file.p + *at, k);
    }
    *at += k;
    return (ssize_t)k;
}

static ssize_t memory_pread(int fd, void *p, size_t n, off_t at)
{
    (void)fd;
    size_t from = (size_t)at < file.n ? (size_t)at : file.n;
    size_t k = file.n - from < n ? file.n - from : n;
    if (k) {
        memcpy(p, file.p + from, k);
    }
    return (ssize_t)k;
}

static int memory_close(int fd)
{
    (void)fd;
    return 0;
}

static int memory_fstat(int fd, struct stat *st)
{
    (void)fd;
    *st = (struct stat){.st_mode = S_IFREG | 0600, .st_size = (off_t)file.n};
    return 0;
}

static int memory_stat(const char *path, struct stat *st)
{
    if (strcmp(path, MEMORY_FILE) != 0) {
        errno = ENOENT;
        return -1;
    }
    return memory_fstat(0, st);
}

hb_os memory_os(const void *data, size_t n)
{
    file.p = data;
    file.n = n;
    file.next = 0;
    hb_os os = *hb_os_real();
    os.open = memory_open;
    os.read = memory_read;
    os.pread = memory_pread;
    os.close = memory_close;
    os.fstat = memory_fstat;
    os.stat = memory_stat;
    return os;
}
