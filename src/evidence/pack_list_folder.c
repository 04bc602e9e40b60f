/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/pack_reader.h"

#include "base/mem.h"
#include "evidence/pack_names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static hb_status list_in(hb_pack_reader *r, const char *inside, int depth, hb_error *err);

static hb_status refuse(const hb_pack_reader *r, const char *name, const char *why, hb_error *err)
{
    hb_buf shown;
    hb_buf_init(&shown, 1 << 16);
    hb_buf_shown(&shown, name);
    hb_status status = HB_FAIL(err, HB_E_EVIDENCE, "'%.200s' in '%s' %s", shown.p, r->path, why);
    hb_buf_release(&shown);
    return status;
}

static hb_status add(hb_pack_reader *r, const char *name, const char *full, int depth,
                     hb_error *err)
{
    struct stat st;
    const char *unfit = hb_pack_path_unfit(name);
    if (unfit) {
        return refuse(r, name, unfit, err);
    }
    if (lstat(full, &st) != 0) {
        return HB_FAIL(err, HB_E_INPUT, "cannot look at '%s': %s", full, strerror(errno));
    }
    if (S_ISDIR(st.st_mode)) {
        return list_in(r, name, depth + 1, err);
    }
    if (!S_ISREG(st.st_mode)) {
        return refuse(
            r, name, S_ISLNK(st.st_mode) ? "is a symbolic link" : "is a device, a pipe or a socket",
            err);
    }
    if (st.st_size > HB_PACK_FILE_MAX) {
        return refuse(r, name, "is larger than 4 GiB", err);
    }
    if (r->n == HB_PACK_FILES_MAX) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' has more than %d files", r->path,
                       HB_PACK_FILES_MAX);
    }
    HB_TRY(HB_ARENA_GROW(&r->arena, r->files, r->n, r->cap, err));
    char *kept = hb_arena_strndup(&r->arena, name, strlen(name));
    if (!kept) {
        return HB_NOMEM(err);
    }
    r->files[r->n++] = (hb_pack_file){.path = kept, .size = (uint64_t)st.st_size};
    return HB_OK;
}

/* What is in a folder of the pack; `inside` is "" for the pack itself. */
static hb_status list_in(hb_pack_reader *r, const char *inside, int depth, hb_error *err)
{
    char *dir_path = NULL;
    if (depth > HB_PACK_PARTS_MAX) {
        return refuse(r, inside, "is more than 8 folders deep", err);
    }
    HB_TRY(hb_path_join(r->path, inside, &dir_path, err));
    DIR *dir = opendir(dir_path);
    hb_status status =
        dir ? HB_OK
            : HB_FAIL(err, HB_E_INPUT, "cannot open folder '%s': %s", dir_path, strerror(errno));
    size_t n = 0;
    const struct dirent *e = NULL;
    while (status == HB_OK && (e = readdir(dir)) != NULL) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) {
            continue;
        }
        char *name = NULL;
        char *full = NULL;
        status = *inside ? hb_path_join(inside, e->d_name, &name, err)
                         : hb_path_join(".", e->d_name, &name, err);
        status = status == HB_OK ? hb_path_join(dir_path, e->d_name, &full, err) : status;
        status = status == HB_OK ? add(r, *inside ? name : name + 2, full, depth, err) : status;
        hb_free(full);
        hb_free(name);
        n++;
    }
    if (dir) {
        closedir(dir);
    }
    hb_free(dir_path);
    return status == HB_OK && n == 0
               ? refuse(r, *inside ? inside : ".", "is a folder with nothing in it", err)
               : status;
}

static int by_order(const void *a, const void *b)
{
    const hb_pack_file *x = a;
    const hb_pack_file *y = b;
    return hb_pack_order(x->path, y->path);
}

hb_status hb_pack_list_folder(hb_pack_reader *r, hb_error *err)
{
    HB_TRY(list_in(r, "", 1, err));
    qsort(r->files, r->n, sizeof *r->files, by_order);
    hb_pack_names names;
    hb_pack_names_init(&names);
    hb_status status = HB_OK;
    for (size_t i = 0; status == HB_OK && i < r->n; i++) {
        status = hb_pack_names_add(&names, r->files[i].path, HB_E_EVIDENCE, err);
    }
    hb_pack_names_release(&names);
    return status;
}
