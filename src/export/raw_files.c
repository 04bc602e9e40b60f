/* SPDX-License-Identifier: Apache-2.0 */
#include "export/raw_files.h"

#include "base/mem.h"
#include "export/export_internal.h"
#include "export/raw_how.h"
#include "export/raw_window.h"
#include "os/file.h"
#include "os/writing.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum { FOLDER_DIGITS = 12 };

/* "raw/N/NAME" → N, as text. */
static hb_status folder_of(const hb_raw_file *f, char ret[FOLDER_DIGITS], hb_error *err)
{
    size_t n = strspn(f->member + 4, "0123456789");
    if (strncmp(f->member, "raw/", 4) != 0 || n == 0 || n >= FOLDER_DIGITS ||
        f->member[4 + n] != '/') {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s': '%.200s' is no place of a raw file",
                       HB_PACK_READING, f->member);
    }
    memcpy(ret, f->member + 4, n);
    ret[n] = '\0';
    return HB_OK;
}

static bool plain_name(const char *name)
{
    return *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && !strchr(name, '/') &&
           strlen(name) <= 255;
}

/* --- a file --- */

typedef struct target {
    const hb_os *os;
    const char *path;
    int fd;
    hb_digest *digest;
} target;

static hb_status take(void *ctx, const void *p, size_t n, hb_error *err)
{
    target *t = ctx;
    HB_TRY(hb_digest_add(t->digest, p, n, err));
    return hb_write_all(t->os, t->fd, t->path, p, n, err);
}

static hb_status fill(target *t, hb_pack_reader *r, const hb_raw_file *f, hb_error *err)
{
    char sha256[HB_DIGEST_HEX];
    HB_TRY(hb_digest_new(&t->digest, err));
    HB_TRY(hb_pack_stream(r, f->member, take, t, err));
    HB_TRY(hb_digest_hex(t->digest, sha256, err));
    return !f->sha256 || strcmp(sha256, f->sha256) == 0
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE,
                         "'%s' is not the file that was read: its SHA-256 is %s", f->member,
                         sha256);
}

static hb_status put(const hb_raw_files *files, hb_pack_reader *r, const hb_raw_file *f,
                     const char *path, hb_error *err)
{
    target t = {.os = files->os, .path = path};
    t.fd = t.os->open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (t.fd < 0) {
        return HB_FAIL(err, HB_E_IO, "cannot write '%s': %s", path, strerror(errno));
    }
    hb_status status = fill(&t, r, f, err);
    hb_digest_free(t.digest);
    if (t.os->close(t.fd) != 0 && status == HB_OK) {
        status = HB_FAIL(err, HB_E_IO, "cannot write '%s': %s", path, strerror(errno));
    }
    return status;
}

static hb_status take_file(const hb_raw_files *files, hb_pack_reader *r, const hb_raw_file *f,
                           hb_error *err)
{
    char folder[FOLDER_DIGITS];
    const char *path = NULL;
    if (!*f->member) {
        return HB_FAIL(err, HB_E_EVIDENCE, "raw file '%.200s' is not in the pack: %.200s", f->name,
                       f->why);
    }
    if (!plain_name(f->name)) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s': '%.200s' is no name of a file", HB_PACK_READING,
                       f->name);
    }
    HB_TRY(folder_of(f, folder, err));
    HB_TRY(hb_export_text(files->arena, &path, err, "%s/%s", files->dir, folder));
    HB_TRY(hb_dir_make(files->os, path, err));
    HB_TRY(hb_export_text(files->arena, &path, err, "%s/%s/%s", files->dir, folder, f->name));
    return put(files, r, f, path, err);
}

hb_status hb_raw_files_take(const hb_os *os, const char *tmp, hb_pack_reader *r,
                            const hb_raw_list *list, hb_arena *arena, hb_raw_files *ret,
                            hb_error *err)
{
    hb_raw_files files = {.os = os, .list = list, .arena = arena};
    hb_status status = hb_raw_dir_make(os, tmp, &files.dir, err);
    for (size_t i = 0; i < list->n_files && status == HB_OK; i++) {
        status = take_file(&files, r, &list->files[i], err);
    }
    if (status != HB_OK) {
        hb_raw_files_release(&files);
        return status;
    }
    *ret = files;
    return HB_OK;
}

hb_status hb_raw_files_path(const hb_raw_files *f, const char *path, const char **ret,
                            hb_error *err)
{
    char folder[FOLDER_DIGITS];
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/') {
        n--;
    }
    for (size_t i = 0; i < f->list->n_files; i++) {
        const hb_raw_file *file = &f->list->files[i];
        size_t dir = (size_t)(hb_path_base(file->path) - file->path);
        HB_TRY(folder_of(file, folder, err));
        if (strcmp(file->path, path) == 0) {
            return hb_export_text(f->arena, ret, err, "%s/%s/%s", f->dir, folder, file->name);
        }
        if (dir == n + 1 && strncmp(file->path, path, n) == 0) {
            return hb_export_text(f->arena, ret, err, "%s/%s", f->dir, folder);
        }
    }
    return HB_FAIL(err, HB_E_EVIDENCE, "'%s' names no file for '%.200s'", HB_PACK_READING, path);
}

void hb_raw_files_release(hb_raw_files *f)
{
    if (f->dir) {
        HB_IGNORE(hb_dir_remove(f->os, f->dir, NULL)); /* in a folder of temporary files */
    }
    hb_free(f->dir);
    *f = (hb_raw_files){0};
}

/* --- a window's --- */

static bool is_segment(const char *name)
{
    return strspn(name, "0123456789") == 20 && strcmp(name + 20, ".hbj") == 0;
}

static hb_status take_begin(hb_pack_reader *r, hb_arena *arena, hb_str *ret, hb_error *err)
{
    char *p = NULL;
    size_t n = 0;
    HB_TRY(hb_pack_read(r, HB_PACK_BEGIN, HB_WINDOW_READING_MAX, &p, &n, err));
    *ret = (hb_str){hb_arena_strndup(arena, p, n), n};
    hb_free(p);
    return ret->p ? HB_OK : HB_NOMEM(err);
}

hb_status hb_raw_journal_take(const hb_os *os, hb_pack_reader *r, const hb_raw_journal *journal,
                              const char *dir, hb_arena *arena, hb_str *ret_state, hb_error *err)
{
    const hb_raw_files into = {.os = os};
    const size_t skip = sizeof HB_PACK_JOURNAL - 1;
    for (size_t i = 0; i < journal->n_members; i++) {
        const char *member = journal->members[i];
        const char *path = NULL;
        if (strcmp(member, HB_PACK_BEGIN) == 0) {
            continue;
        }
        if (strncmp(member, HB_PACK_JOURNAL, skip) != 0 || !is_segment(member + skip)) {
            return HB_FAIL(err, HB_E_EVIDENCE, "'%s': '%.200s' is no segment of a journal",
                           HB_PACK_READING, member);
        }
        const hb_raw_file file = {.member = member};
        HB_TRY(hb_export_text(arena, &path, err, "%s/%s", dir, member + skip));
        HB_TRY(put(&into, r, &file, path, err));
    }
    return take_begin(r, arena, ret_state, err);
}
