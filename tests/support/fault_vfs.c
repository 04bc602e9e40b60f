/* SPDX-License-Identifier: Apache-2.0 */
#include "support/fault_vfs.h"

#include "support/check.h"

#include <sqlite3.h>

typedef struct countdown {
    unsigned long left;
    bool persistent;
    bool fired;
} countdown;

static bool due(countdown *c)
{
    if (c->left == 0 || --c->left > 0) {
        return false;
    }
    c->fired = true;
    c->left = c->persistent ? 1 : 0;
    return true;
}

/* --- files --- */

typedef struct fault_file {
    sqlite3_file base;
    sqlite3_file *real; /* behind this struct */
} fault_file;

static sqlite3_vfs *real_vfs;
static countdown io;
static int io_code;
static countdown locks;

void fault_vfs_fail(unsigned long nth, int code, bool persistent)
{
    io = (countdown){.left = nth, .persistent = persistent};
    io_code = code;
}

void fault_vfs_fail_lock(unsigned long nth, bool persistent)
{
    locks = (countdown){.left = nth, .persistent = persistent};
}

bool fault_vfs_fired(void)
{
    return io.fired || locks.fired;
}

static sqlite3_file *real(sqlite3_file *f)
{
    return ((fault_file *)f)->real;
}

static int f_close(sqlite3_file *f)
{
    return real(f)->pMethods->xClose(real(f));
}

static int f_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    return real(f)->pMethods->xRead(real(f), p, n, at);
}

static int f_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    if (due(&io)) {
        /* What a full disk does: a part of it is written. */
        int half = n / 2;
        if (half && real(f)->pMethods->xWrite(real(f), p, half, at) != SQLITE_OK) {
            return SQLITE_IOERR_WRITE;
        }
        return io_code;
    }
    return real(f)->pMethods->xWrite(real(f), p, n, at);
}

static int f_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    return due(&io) ? SQLITE_IOERR_TRUNCATE : real(f)->pMethods->xTruncate(real(f), size);
}

static int f_sync(sqlite3_file *f, int flags)
{
    return due(&io) ? SQLITE_IOERR_FSYNC : real(f)->pMethods->xSync(real(f), flags);
}

static int f_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return real(f)->pMethods->xFileSize(real(f), size);
}

static int f_lock(sqlite3_file *f, int level)
{
    return real(f)->pMethods->xLock(real(f), level);
}

static int f_unlock(sqlite3_file *f, int level)
{
    return real(f)->pMethods->xUnlock(real(f), level);
}

static int f_reserved(sqlite3_file *f, int *out)
{
    return real(f)->pMethods->xCheckReservedLock(real(f), out);
}

static int f_control(sqlite3_file *f, int op, void *arg)
{
    return real(f)->pMethods->xFileControl(real(f), op, arg);
}

static int f_sector(sqlite3_file *f)
{
    return real(f)->pMethods->xSectorSize(real(f));
}

static int f_characteristics(sqlite3_file *f)
{
    return real(f)->pMethods->xDeviceCharacteristics(real(f));
}

static int f_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    return due(&io) ? SQLITE_IOERR_SHMMAP
                    : real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
}

static int f_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    bool taking = (flags & SQLITE_SHM_LOCK) != 0;
    return taking && due(&locks) ? SQLITE_IOERR_SHMLOCK
                                 : real(f)->pMethods->xShmLock(real(f), offset, n, flags);
}

static void f_shm_barrier(sqlite3_file *f)
{
    real(f)->pMethods->xShmBarrier(real(f));
}

static int f_shm_unmap(sqlite3_file *f, int delete_it)
{
    return real(f)->pMethods->xShmUnmap(real(f), delete_it);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2, /* without memory-mapped reading, so that every read passes here */
    .xClose = f_close,
    .xRead = f_read,
    .xWrite = f_write,
    .xTruncate = f_truncate,
    .xSync = f_sync,
    .xFileSize = f_size,
    .xLock = f_lock,
    .xUnlock = f_unlock,
    .xCheckReservedLock = f_reserved,
    .xFileControl = f_control,
    .xSectorSize = f_sector,
    .xDeviceCharacteristics = f_characteristics,
    .xShmMap = f_shm_map,
    .xShmLock = f_shm_lock,
    .xShmBarrier = f_shm_barrier,
    .xShmUnmap = f_shm_unmap,
};

static int v_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *f, int flags, int *out)
{
    (void)vfs;
    fault_file *file = (fault_file *)f;
    file->base.pMethods = NULL;
    file->real = (sqlite3_file *)(file + 1);
    if (due(&io)) {
        return SQLITE_CANTOPEN;
    }
    int rc = real_vfs->xOpen(real_vfs, name, file->real, flags, out);
    if (file->real->pMethods) {
        file->base.pMethods = &methods;
    }
    return rc;
}

void fault_vfs_install(void)
{
    static sqlite3_vfs vfs;
    real_vfs = sqlite3_vfs_find(NULL);
    assert_non_null(real_vfs);
    vfs = *real_vfs;
    vfs.pNext = NULL;
    vfs.zName = "fault";
    vfs.szOsFile = (int)sizeof(fault_file) + real_vfs->szOsFile;
    vfs.xOpen = v_open;
    assert_int_equal(sqlite3_vfs_register(&vfs, 1), SQLITE_OK);
}

/* --- memory --- */

static sqlite3_mem_methods real_mem;
static countdown alloc;

static void *m_malloc(int n)
{
    return due(&alloc) ? NULL : real_mem.xMalloc(n);
}

static void *m_realloc(void *p, int n)
{
    return due(&alloc) ? NULL : real_mem.xRealloc(p, n);
}

void sqlite_alloc_install(void)
{
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_mem), SQLITE_OK);
    sqlite3_mem_methods mem = real_mem;
    mem.xMalloc = m_malloc;
    mem.xRealloc = m_realloc;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &mem), SQLITE_OK);
}

void sqlite_alloc_fail(unsigned long nth, bool persistent)
{
    alloc = (countdown){.left = nth, .persistent = persistent};
}

bool sqlite_alloc_fired(void)
{
    return alloc.fired;
}
