/* SPDX-License-Identifier: Apache-2.0 */
#include "os/file.h"

#include "base/mem.h"
#include "os/fresh.h"
#include "os/writing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static hb_status io_fail(hb_error *err, hb_status code, const char *verb, const char *path)
{
    return HB_FAIL(err, code, "cannot %s '%s': %s", verb, path, strerror(errno));
}

static hb_status read_fd(const hb_os *os, int fd, const char *path, size_t max, hb_buf *out,
                         hb_error *err)
{
    char chunk[16384];
    for (;;) {
        ssize_t got = os->read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return io_fail(err, HB_E_INPUT, "read", path);
        }
        if (got == 0) {
            return HB_OK;
        }
        if ((size_t)got > max - out->n) {
            return HB_FAIL(err, HB_E_LIMIT, "'%s' is larger than %zu bytes", path, max);
        }
        hb_buf_add(out, chunk, (size_t)got);
        HB_TRY(hb_buf_check(out, err));
    }
}

hb_status hb_file_read(const hb_os *os, const char *path, size_t max_bytes, char **ret_data,
                       size_t *ret_len, hb_error *err)
{
    int fd = os->open(path, O_RDONLY, 0);
    if (fd < 0) {
        return io_fail(err, HB_E_INPUT, "open", path);
    }
    struct stat st;
    hb_status status = HB_OK;
    hb_buf out;
    hb_buf_init(&out, max_bytes);
    if (os->fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        status = HB_FAIL(err, HB_E_INPUT, "'%s' is a folder, expected a file", path);
    } else {
        status = read_fd(os, fd, path, max_bytes, &out, err);
    }
    os->close(fd);
    if (status == HB_OK) {
        status = hb_buf_finish(&out, ret_data, ret_len, err);
    }
    hb_buf_release(&out);
    return status;
}

/* Creates, fills and syncs; a half-written file is removed. */
static hb_status write_new(const hb_os *os, const char *path, const void *p, size_t n, mode_t mode,
                           hb_error *err)
{
    int fd = os->open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode);
    if (fd < 0) {
        return io_fail(err, HB_E_IO, "create", path);
    }
    hb_status status = hb_write_all(os, fd, path, p, n, err);
    if (status == HB_OK && os->fsync(fd) != 0) {
        status = io_fail(err, HB_E_IO, "sync", path);
    }
    if (os->close(fd) != 0 && status == HB_OK) {
        status = io_fail(err, HB_E_IO, "close", path);
    }
    if (status != HB_OK) {
        os->unlink(path);
    }
    return status;
}

/* Devices and pipes: replacing them by a file would break them for everyone. */
static hb_status write_into(const hb_os *os, const char *path, const void *p, size_t n,
                            hb_error *err)
{
    int fd = os->open(path, O_WRONLY | O_NOCTTY, 0);
    if (fd < 0) {
        return io_fail(err, HB_E_IO, "open", path);
    }
    hb_status status = hb_write_all(os, fd, path, p, n, err);
    if (os->close(fd) != 0 && status == HB_OK) {
        status = io_fail(err, HB_E_IO, "close", path);
    }
    return status;
}

static hb_status replace(const hb_os *os, const char *path, const void *p, size_t n, mode_t mode,
                         hb_error *err)
{
    char *temporary = NULL;
    HB_TRY(hb_temporary_name(os, path, &temporary, err));
    hb_status status = write_new(os, temporary, p, n, mode, err);
    if (status == HB_OK && os->rename(temporary, path) != 0) {
        status = io_fail(err, HB_E_IO, "rename into", path);
        os->unlink(temporary);
    }
    if (status == HB_OK) {
        status = hb_sync_folder_of(os, path, err);
    }
    hb_free(temporary);
    return status;
}

hb_status hb_file_write_atomic(const hb_os *os, const char *path, const void *p, size_t n,
                               mode_t mode, hb_error *err)
{
    struct stat st;
    if (os->stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
        return S_ISDIR(st.st_mode)
                   ? HB_FAIL(err, HB_E_IO, "'%s' is a folder, expected a file", path)
                   : write_into(os, path, p, n, err);
    }
    sigset_t before;
    hb_hold_signals(&before);
    hb_status status = replace(os, path, p, n, mode, err);
    hb_let_signals(&before);
    return status;
}

bool hb_path_exists(const hb_os *os, const char *path)
{
    struct stat st;
    return os->stat(path, &st) == 0;
}

bool hb_path_is_dir(const hb_os *os, const char *path)
{
    struct stat st;
    return os->stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

hb_status hb_dir_make(const hb_os *os, const char *path, hb_error *err)
{
    char *copy = hb_strdup(path);
    if (!copy) {
        return HB_NOMEM(err);
    }
    hb_status status = HB_OK;
    for (char *at = copy + 1; status == HB_OK && *copy; at++) {
        if (*at != '/' && *at != '\0') {
            continue;
        }
        char kept = *at;
        *at = '\0';
        if (os->mkdir(copy, HB_DIR_MODE) != 0 && errno != EEXIST) {
            status = io_fail(err, HB_E_IO, "create folder", copy);
        }
        *at = kept;
        if (!kept) {
            break;
        }
    }
    if (status == HB_OK && !hb_path_is_dir(os, path)) {
        status = HB_FAIL(err, HB_E_IO, "'%s' exists and is not a folder", path);
    }
    hb_free(copy);
    return status;
}

static hb_status remove_tree(const hb_os *os, const char *path, int depth, hb_error *err)
{
    if (depth > 8) {
        return HB_FAIL(err, HB_E_LIMIT, "'%s' is nested too deep to remove", path);
    }
    DIR *dir = opendir(path);
    if (!dir) {
        return errno == ENOENT ? HB_OK : io_fail(err, HB_E_IO, "open folder", path);
    }
    hb_status status = HB_OK;
    struct dirent *e = NULL;
    while (status == HB_OK && (e = readdir(dir)) != NULL) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) {
            continue;
        }
        char *child = NULL;
        status = hb_path_join(path, e->d_name, &child, err);
        if (status == HB_OK && os->unlink(child) != 0) {
            status = errno == EISDIR || errno == EPERM ? remove_tree(os, child, depth + 1, err)
                                                       : io_fail(err, HB_E_IO, "remove", child);
        }
        hb_free(child);
    }
    closedir(dir);
    if (status == HB_OK && os->rmdir(path) != 0) {
        status = io_fail(err, HB_E_IO, "remove folder", path);
    }
    return status;
}

hb_status hb_dir_remove(const hb_os *os, const char *path, hb_error *err)
{
    return remove_tree(os, path, 0, err);
}

hb_status hb_path_join(const char *dir, const char *name, char **ret_path, hb_error *err)
{
    size_t n = strlen(dir);
    hb_buf b;
    hb_buf_init(&b, 8192);
    if (name[0] != '/' && n) {
        hb_buf_c(&b, dir);
        if (dir[n - 1] != '/') {
            hb_buf_ch(&b, '/');
        }
    }
    hb_buf_c(&b, name);
    size_t len = 0;
    hb_status status = hb_buf_finish(&b, ret_path, &len, err);
    hb_buf_release(&b);
    return status;
}

const char *hb_path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

hb_status hb_path_dir(const char *path, char **ret_dir, hb_error *err)
{
    const char *base = hb_path_base(path);
    size_t n = (size_t)(base - path);
    while (n > 1 && path[n - 1] == '/') {
        n--;
    }
    char *dir = n ? hb_strndup(path, n) : hb_strdup(".");
    if (!dir) {
        return HB_NOMEM(err);
    }
    *ret_dir = dir;
    return HB_OK;
}

hb_status hb_stage_open(hb_stage *s, const hb_os *os, const char *target, hb_error *err)
{
    *s = (hb_stage){.os = os};
    char *parent = NULL;
    HB_TRY(hb_path_dir(target, &parent, err));
    hb_status status = hb_dir_make(os, parent, err);
    hb_free(parent);
    if (status == HB_OK) {
        status = hb_temporary_name(os, target, &s->temporary, err);
    }
    if (status == HB_OK && !(s->target = hb_strdup(target))) {
        status = HB_NOMEM(err);
    }
    hb_hold_signals(&s->held);
    s->holds = true;
    if (status == HB_OK && os->mkdir(s->temporary, HB_DIR_MODE) != 0) {
        status = io_fail(err, HB_E_IO, "create folder", s->temporary);
    }
    if (status != HB_OK) {
        hb_free(s->temporary);
        s->temporary = NULL; /* there is nothing to remove */
        hb_stage_abort(s);
    }
    return status;
}

hb_status hb_stage_open_private(hb_stage *s, const hb_os *os, const char *target, hb_error *err)
{
    *s = (hb_stage){.os = os};
    s->target = hb_strdup(target);
    hb_hold_signals(&s->held);
    s->holds = true;
    hb_status status =
        s->target ? hb_fresh_folder(os, target, &s->temporary, &s->lock, err) : HB_NOMEM(err);
    s->is_private = status == HB_OK;
    if (status != HB_OK) {
        hb_stage_abort(s);
    }
    return status;
}

hb_status hb_stage_write(hb_stage *s, const char *name, const void *p, size_t n, hb_error *err)
{
    char *path = NULL;
    HB_TRY(hb_path_join(s->temporary, name, &path, err));
    hb_status status = write_new(s->os, path, p, n, 0644, err);
    hb_free(path);
    return status;
}

/* rename(2) cannot replace a folder that has files in it: the old one steps aside first, and back
 * again when the new one cannot take its place. */
hb_status hb_stage_commit(hb_stage *s, hb_error *err)
{
    char *old = NULL;
    hb_status status = HB_OK;
    if (hb_path_exists(s->os, s->target)) {
        HB_TRY(hb_temporary_name(s->os, s->target, &old, err));
        if (s->os->rename(s->target, old) != 0) {
            status = io_fail(err, HB_E_IO, "replace folder", s->target);
        }
    }
    if (status == HB_OK && s->os->rename(s->temporary, s->target) != 0) {
        status = io_fail(err, HB_E_IO, "rename into", s->target);
        if (old && s->os->rename(old, s->target) != 0) {
            status = HB_FAIL(err, HB_E_IO, "the old folder of '%s' is now '%s'", s->target, old);
        }
    }
    if (status == HB_OK) {
        status = hb_sync_folder_of(s->os, s->target, err);
        hb_free(s->temporary);
        s->temporary = NULL;
        if (old) {
            HB_IGNORE(hb_dir_remove(s->os, old, NULL)); /* the new folder stands either way */
        }
    }
    hb_free(old);
    return status;
}

static hb_status move_into(hb_stage *s, const char *folder, const char *name, hb_error *err)
{
    char *from = NULL;
    char *to = NULL;
    hb_status status = hb_path_join(s->temporary, name, &from, err);
    if (status == HB_OK) {
        status = hb_path_join(folder, name, &to, err);
    }
    if (status == HB_OK && s->os->rename(from, to) != 0) {
        status = io_fail(err, HB_E_IO, "rename into", to);
    }
    if (status == HB_OK) {
        status = hb_sync_folder_of(s->os, to, err);
    }
    hb_free(from);
    hb_free(to);
    return status;
}

hb_status hb_stage_merge(hb_stage *s, const char *folder, const char *const *names, size_t n,
                         hb_error *err)
{
    for (size_t i = 0; i < n; i++) {
        HB_TRY(move_into(s, folder, names[i], err));
    }
    return HB_OK;
}

void hb_stage_abort(hb_stage *s)
{
    if (s->temporary) {
        HB_IGNORE(hb_dir_remove(s->os, s->temporary, NULL)); /* nothing more can be done */
        hb_free(s->temporary);
    }
    hb_free(s->target);
    if (s->is_private) {
        s->os->close(s->lock);
    }
    if (s->holds) {
        hb_let_signals(&s->held);
    }
    *s = (hb_stage){0};
}
