/* SPDX-License-Identifier: Apache-2.0 */
#include "input/sqlite/guard.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

struct hb_sqlite_vfs {
    sqlite3_vfs v; /* first: the library hands it back */
    sqlite3_vfs *system;
    hb_stream *stream;
    uint64_t size;
    hb_error failed;
    char name[48];
};

typedef struct one_file {
    sqlite3_file base; /* first */
    hb_sqlite_vfs *vfs;
} one_file;

static int file_close(sqlite3_file *f)
{
    (void)f;
    return SQLITE_OK;
}

static int file_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    hb_sqlite_vfs *v = ((one_file *)f)->vfs;
    size_t got = 0;
    if (n < 0 || at < 0 ||
        hb_stream_read_at(v->stream, (uint64_t)at, p, (size_t)n, &got, &v->failed) != HB_OK) {
        return SQLITE_IOERR_READ;
    }
    if (got < (size_t)n) {
        memset((char *)p + got, 0, (size_t)n - got);
        return SQLITE_IOERR_SHORT_READ;
    }
    return SQLITE_OK;
}

static int file_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    (void)f;
    (void)p;
    (void)n;
    (void)at;
    return SQLITE_READONLY;
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    (void)f;
    (void)size;
    return SQLITE_READONLY;
}

static int file_sync(sqlite3_file *f, int flags)
{
    (void)f;
    (void)flags;
    return SQLITE_OK;
}

static int file_size(sqlite3_file *f, sqlite3_int64 *ret)
{
    *ret = (sqlite3_int64)((one_file *)f)->vfs->size;
    return SQLITE_OK;
}

static int file_lock(sqlite3_file *f, int level)
{
    (void)f;
    (void)level;
    return SQLITE_OK;
}

static int file_reserved(sqlite3_file *f, int *ret)
{
    (void)f;
    *ret = 0;
    return SQLITE_OK;
}

static int file_control(sqlite3_file *f, int op, void *arg)
{
    (void)f;
    (void)op;
    (void)arg;
    return SQLITE_NOTFOUND;
}

static int file_sector(sqlite3_file *f)
{
    (void)f;
    return 4096;
}

static int file_traits(sqlite3_file *f)
{
    (void)f;
    return SQLITE_IOCAP_IMMUTABLE;
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_lock,
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_traits,
};

static int vfs_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *f, int flags,
                    int *ret_flags)
{
    hb_sqlite_vfs *v = (hb_sqlite_vfs *)vfs;
    f->pMethods = NULL;
    if (flags & SQLITE_OPEN_MAIN_DB) {
        f->pMethods = &methods;
        ((one_file *)f)->vfs = v;
        if (ret_flags) {
            *ret_flags = flags;
        }
        return SQLITE_OK;
    }
    /* Nameless: deleted as soon as it is open. */
    return name ? SQLITE_CANTOPEN : v->system->xOpen(v->system, NULL, f, flags, ret_flags);
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    (void)name;
    (void)sync;
    return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret)
{
    (void)vfs;
    (void)name;
    (void)flags;
    *ret = 0;
    return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *name, int n, char *out)
{
    (void)vfs;
    snprintf(out, (size_t)n, "%s", name);
    return SQLITE_OK;
}

static int vfs_random(sqlite3_vfs *vfs, int n, char *out)
{
    (void)vfs;
    memset(out, 0, (size_t)n);
    return n;
}

static int vfs_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return us;
}

/* 'now' has no answer: a query gives the same rows tomorrow. */
static int vfs_now(sqlite3_vfs *vfs, double *ret)
{
    (void)vfs;
    *ret = 0;
    return SQLITE_ERROR;
}

static int vfs_last_error(sqlite3_vfs *vfs, int n, char *out)
{
    (void)vfs;
    (void)n;
    (void)out;
    return 0;
}

hb_status hb_sqlite_vfs_new(hb_stream *stream, hb_sqlite_vfs **ret, hb_error *err)
{
    hb_sqlite_vfs *v = hb_alloc_zero(sizeof *v);
    if (!v) {
        return HB_NOMEM(err);
    }
    v->system = sqlite3_vfs_find(NULL);
    v->stream = stream;
    hb_status status = v->system ? hb_stream_hold(stream, &v->size, err)
                                 : HB_FAIL(err, HB_E_BUG, "SQLite has no file system");
    if (status != HB_OK) {
        hb_free(v);
        return status;
    }
    snprintf(v->name, sizeof v->name, "hb-stream-%p", (void *)v);
    size_t room = sizeof(one_file);
    room = (size_t)v->system->szOsFile > room ? (size_t)v->system->szOsFile : room;
    v->v = (sqlite3_vfs){.iVersion = 1,
                         .szOsFile = (int)room,
                         .mxPathname = 512,
                         .zName = v->name,
                         .xOpen = vfs_open,
                         .xDelete = vfs_delete,
                         .xAccess = vfs_access,
                         .xFullPathname = vfs_full_path,
                         .xRandomness = vfs_random,
                         .xSleep = vfs_sleep,
                         .xCurrentTime = vfs_now,
                         .xGetLastError = vfs_last_error};
    if (sqlite3_vfs_register(&v->v, 0) != SQLITE_OK) {
        hb_free(v);
        return HB_NOMEM(err);
    }
    *ret = v;
    return HB_OK;
}

void hb_sqlite_vfs_free(hb_sqlite_vfs *v)
{
    if (v) {
        sqlite3_vfs_unregister(&v->v);
        hb_free(v);
    }
}

const char *hb_sqlite_vfs_name(const hb_sqlite_vfs *v)
{
    return v->name;
}

const hb_error *hb_sqlite_vfs_error(const hb_sqlite_vfs *v)
{
    return v->failed.code == HB_OK ? NULL : &v->failed;
}
