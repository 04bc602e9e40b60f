/* SPDX-License-Identifier: Apache-2.0 */
/* The operating system as a table, so that tests can fail the N-th call, fill the disk or set the
 * clock: copy *hb_os_real(), replace entries, pass the copy. Semantics are POSIX's, errno included.
 * Passed as `const hb_os *os`, borrowed for the call. */
#ifndef HB_OS_OS_H
#define HB_OS_OS_H

#include "base/time.h"

#include <sys/stat.h>
#include <sys/types.h>

typedef struct hb_os {
    int (*open)(const char *path, int flags, mode_t mode);
    ssize_t (*read)(int fd, void *p, size_t n);
    ssize_t (*pread)(int fd, void *p, size_t n, off_t at);
    ssize_t (*write)(int fd, const void *p, size_t n);
    int (*fsync)(int fd);
    int (*close)(int fd);
    int (*fstat)(int fd, struct stat *st);
    int (*stat)(const char *path, struct stat *st);
    int (*rename)(const char *from, const char *to);
    int (*unlink)(const char *path);
    int (*name)(int fd, const char *path); /* to a file of O_TMPFILE; EEXIST; needs /proc */
    int (*mkdir)(const char *path, mode_t mode);
    int (*rmdir)(const char *path);
    int (*flock)(int fd, int operation);
    int (*ftruncate)(int fd, off_t bytes);
    int (*fallocate)(int fd, off_t at, off_t bytes);     /* blocks for all of it; grows the file */
    void *(*mmap)(int fd, size_t bytes, int protection); /* shared, from 0; MAP_FAILED */
    int (*munmap)(void *p, size_t bytes);
    int (*msync)(void *p, size_t bytes); /* to the disk, and waits for it */
    hb_time (*now)(void);                /* wall clock, UTC */
    int64_t (*monotonic_ns)(void);       /* for durations and progress only */
    int (*random)(void *p, size_t n);    /* 0 on success */
} hb_os;

const hb_os *hb_os_real(void);

#endif
