/* SPDX-License-Identifier: Apache-2.0 */
#include "os/fresh.h"

#include "base/mem.h"
#include "os/file.h"
#include "os/writing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define PART ".hb-part"

enum { OWNER_FILE = 0600, OWNER_FOLDER = 0700, ATTEMPTS = 5, NOISE_DIGITS = 12 };

static hb_status io_fail(hb_error *err, const char *verb, const char *path)
{
    return HB_FAIL(err, HB_E_IO, "cannot %s '%s': %s", verb, path, strerror(errno));
}

static hb_status exists(const char *target, hb_error *err)
{
    return HB_FAIL(err, HB_E_USAGE, "'%s' exists, and nothing is written over it", target);
}

/* A link that leads nowhere is something of this name as well, which stat does not see. */
hb_status hb_fresh_must_be_free(const hb_os *os, const char *target, hb_error *err)
{
    char one[1];
    bool is = hb_path_exists(os, target) || readlink(target, one, sizeof one) >= 0;
    return is ? exists(target, err) : HB_OK;
}

/* --- what killed processes left --- */

/* .NAME.random.hb-part */
static bool is_part(const char *name)
{
    size_t n = strlen(name);
    size_t end = sizeof PART - 1;
    if (name[0] != '.' || n < 2 + NOISE_DIGITS + 1 + end || strcmp(name + n - end, PART) != 0) {
        return false;
    }
    const char *noise = name + n - end - NOISE_DIGITS;
    return noise[-1] == '.' && strspn(noise, "0123456789abcdef") == NOISE_DIGITS;
}

/* Who made it holds a lock on it; who has the lock here may therefore remove it. What is another
 * user's stays: in a folder for all (/tmp, /dev/shm) he could put a link in its place meanwhile.
 * What cannot be removed stays as well: it is in nobody's way. */
static void remove_dead(const hb_os *os, const char *path)
{
    struct stat st;
    int fd = os->open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0) {
        return;
    }
    if (os->fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
        os->flock(fd, LOCK_EX | LOCK_NB) == 0) {
        if (hb_path_is_dir(os, path)) {
            HB_IGNORE(hb_dir_remove(os, path, NULL));
        } else {
            os->unlink(path);
        }
    }
    os->close(fd);
}

static hb_status remove_all_dead(const hb_os *os, const char *target, hb_error *err)
{
    char *folder = NULL;
    HB_TRY(hb_path_dir(target, &folder, err));
    DIR *dir = opendir(folder);
    hb_status status = HB_OK;
    for (struct dirent *e = NULL; status == HB_OK && dir && (e = readdir(dir)) != NULL;) {
        char *path = NULL;
        if (is_part(e->d_name) && (status = hb_path_join(folder, e->d_name, &path, err)) == HB_OK) {
            remove_dead(os, path);
            hb_free(path);
        }
    }
    if (dir) {
        closedir(dir);
    }
    hb_free(folder);
    return status;
}

/* --- a part with a name --- */

static hb_status part_name(const hb_os *os, const char *target, char **ret_name, hb_error *err)
{
    char *name = NULL;
    HB_TRY(hb_temporary_name(os, target, &name, err));
    size_t n = strlen(name) - (sizeof ".tmp" - 1);
    char *part = hb_alloc(n + sizeof PART);
    if (part) {
        memcpy(part, name, n);
        memcpy(part + n, PART, sizeof PART);
    }
    hb_free(name);
    *ret_name = part;
    return part ? HB_OK : HB_NOMEM(err);
}

/* Between making it and locking it another process may have found it without a lock. */
static bool is_ours(const hb_os *os, const char *path, int fd)
{
    struct stat there;
    struct stat mine;
    if (os->flock(fd, LOCK_EX | LOCK_NB) != 0) {
        return errno != EWOULDBLOCK; /* no locks here: then nobody removes anything */
    }
    return os->fstat(fd, &mine) == 0 && os->stat(path, &there) == 0 &&
           mine.st_ino == there.st_ino && mine.st_dev == there.st_dev;
}

/* `flags` are further ones of open; O_DIRECTORY asks for a folder. */
static int make_part(const hb_os *os, const char *path, int flags)
{
    if (!(flags & O_DIRECTORY)) {
        return os->open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | flags, OWNER_FILE);
    }
    if (os->mkdir(path, OWNER_FOLDER) != 0) {
        return -1;
    }
    int fd = os->open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    if (fd < 0) {
        int why = errno;
        os->rmdir(path);
        errno = why;
    }
    return fd;
}

static void drop_part(const hb_os *os, const char *path, int flags)
{
    if (flags & O_DIRECTORY) {
        os->rmdir(path);
    } else {
        os->unlink(path);
    }
}

static hb_status locked_part(const hb_os *os, const char *target, int flags, char **ret_path,
                             int *ret_fd, hb_error *err)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        char *path = NULL;
        HB_TRY(part_name(os, target, &path, err));
        int fd = make_part(os, path, flags);
        if (fd < 0) {
            hb_status status = io_fail(err, "create", path);
            hb_free(path);
            return status;
        }
        if (is_ours(os, path, fd)) {
            *ret_path = path;
            *ret_fd = fd;
            return HB_OK;
        }
        drop_part(os, path, flags);
        os->close(fd);
        hb_free(path);
    }
    return HB_FAIL(err, HB_E_IO, "cannot lock a new file beside '%s'", target);
}

hb_status hb_fresh_folder(const hb_os *os, const char *target, char **ret_path, int *ret_lock,
                          hb_error *err)
{
    HB_TRY(remove_all_dead(os, target, err));
    return locked_part(os, target, O_DIRECTORY, ret_path, ret_lock, err);
}

/* --- a file without a name --- */

/* *ret_fd = -1 with HB_OK: there are none here. */
static hb_status open_nameless(const hb_os *os, const char *target, int flags, int *ret_fd,
                               hb_error *err)
{
    char *folder = NULL;
    HB_TRY(hb_path_dir(target, &folder, err));
    *ret_fd = os->open(folder, O_RDWR | O_TMPFILE | flags, OWNER_FILE);
    hb_free(folder);
    /* EISDIR: from systems that do not know the flag and see a folder opened for writing. */
    return *ret_fd >= 0 || errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL
               ? HB_OK
               : io_fail(err, "create a file beside", target);
}

static hb_status spool_by_name(const hb_os *os, const char *target, int *ret_fd, hb_error *err)
{
    char *name = NULL;
    sigset_t before;
    hb_hold_signals(&before);
    hb_status status = locked_part(os, target, O_APPEND, &name, ret_fd, err);
    if (status == HB_OK && os->unlink(name) != 0) {
        status = io_fail(err, "unlink", name);
        os->close(*ret_fd);
    }
    hb_let_signals(&before);
    hb_free(name);
    return status;
}

hb_status hb_fresh_spool(const hb_os *os, const char *target, int *ret_fd, hb_error *err)
{
    int fd = -1;
    HB_TRY(remove_all_dead(os, target, err));
    HB_TRY(open_nameless(os, target, O_APPEND, &fd, err));
    if (fd < 0) {
        HB_TRY(spool_by_name(os, target, &fd, err));
    }
    *ret_fd = fd;
    return HB_OK;
}

/* --- a file that gets a name --- */

hb_status hb_fresh_open(hb_fresh *f, const hb_os *os, const char *target, hb_error *err)
{
    *f = (hb_fresh){.os = os, .fd = -1};
    HB_TRY(hb_fresh_must_be_free(os, target, err));
    HB_TRY(remove_all_dead(os, target, err));
    f->target = hb_strdup(target);
    if (!f->target) {
        return HB_NOMEM(err);
    }
    hb_hold_signals(&f->before);
    f->holds = true;
    hb_status status = HB_OK;
    if (hb_path_is_dir(os, "/proc/self/fd")) { /* hb_os.name needs it */
        status = open_nameless(os, target, 0, &f->fd, err);
    }
    if (status == HB_OK && f->fd < 0) {
        status = locked_part(os, target, 0, &f->temporary, &f->fd, err);
    }
    if (status != HB_OK) {
        hb_fresh_end(f);
    }
    return status;
}

/* rename would replace what has come meanwhile; link does not, but not every file system has it. */
static hb_status give_name(hb_fresh *f, hb_error *err)
{
    if (!f->temporary && f->os->name(f->fd, f->target) != 0) {
        return errno == EEXIST ? exists(f->target, err)
                               : io_fail(err, "give its name to", f->target);
    }
    if (f->temporary) {
        HB_TRY(hb_fresh_must_be_free(f->os, f->target, err));
        if (f->os->rename(f->temporary, f->target) != 0) {
            return io_fail(err, "rename into", f->target);
        }
        hb_free(f->temporary);
        f->temporary = NULL;
    }
    return HB_OK;
}

hb_status hb_fresh_commit(hb_fresh *f, hb_error *err)
{
    if (f->os->fsync(f->fd) != 0) {
        return io_fail(err, "sync", f->target);
    }
    HB_TRY(give_name(f, err));
    int closed = f->os->close(f->fd);
    f->fd = -1;
    hb_status status =
        closed == 0 ? hb_sync_folder_of(f->os, f->target, err) : io_fail(err, "close", f->target);
    if (status != HB_OK) {
        f->os->unlink(f->target); /* it has its name, but not for sure */
    }
    return status;
}

void hb_fresh_end(hb_fresh *f)
{
    if (f->temporary) {
        f->os->unlink(f->temporary);
        hb_free(f->temporary);
    }
    if (f->fd >= 0) {
        f->os->close(f->fd); /* with the last descriptor a nameless file is gone */
    }
    hb_free(f->target);
    if (f->holds) {
        hb_let_signals(&f->before);
    }
    *f = (hb_fresh){.fd = -1};
}
