/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/reports.h"

#include "base/mem.h"
#include "os/file.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

enum { FOLDERS_MAX = 1000000 };

typedef struct folder {
    char *name;
    uint64_t bytes;
    int64_t at_ns; /* modified */
} folder;

struct hb_reports {
    const hb_os *os;
    char *dir;
    uint64_t max_bytes;
    uint64_t bytes;
    folder *list; /* oldest first, from `first` on */
    size_t first;
    size_t n;
    size_t cap;
};

static void walk(const hb_os *os, const char *path, uint64_t *io_bytes, int depth)
{
    DIR *d = opendir(path);
    struct dirent *entry;
    while (d && (entry = readdir(d)) != NULL) {
        char *below = NULL;
        struct stat st;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            hb_path_join(path, entry->d_name, &below, NULL) != HB_OK) {
            continue;
        }
        if (os->stat(below, &st) == 0 && S_ISDIR(st.st_mode) && depth > 0) {
            walk(os, below, io_bytes, depth - 1);
        } else if (os->stat(below, &st) == 0) {
            *io_bytes += (uint64_t)st.st_size;
        }
        hb_free(below);
    }
    if (d) {
        closedir(d);
    }
}

static hb_status add(hb_reports *r, const char *name, uint64_t bytes, int64_t at_ns, hb_error *err)
{
    HB_TRY(HB_GROW(r->list, r->cap, r->n + 1, FOLDERS_MAX, "report folders", err));
    char *copy = hb_strdup(name);
    if (!copy) {
        return HB_NOMEM(err);
    }
    r->list[r->n++] = (folder){.name = copy, .bytes = bytes, .at_ns = at_ns};
    r->bytes += bytes;
    return HB_OK;
}

static int by_age(const void *a, const void *b)
{
    const folder *x = a;
    const folder *y = b;
    if (x->at_ns != y->at_ns) {
        return x->at_ns < y->at_ns ? -1 : 1;
    }
    return strcmp(x->name, y->name);
}

static hb_status look(hb_reports *r, hb_error *err)
{
    DIR *d = opendir(r->dir);
    struct dirent *entry;
    hb_status status = HB_OK;
    while (d && status == HB_OK && (entry = readdir(d)) != NULL) {
        char *path = NULL;
        struct stat st;
        uint64_t bytes = 0;
        if (strncmp(entry->d_name, "w-", 2) != 0) {
            continue;
        }
        status = hb_path_join(r->dir, entry->d_name, &path, err);
        if (status == HB_OK && r->os->stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
            walk(r->os, path, &bytes, 2);
            status = add(r, entry->d_name, bytes,
                         (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec, err);
        }
        hb_free(path);
    }
    if (d) {
        closedir(d);
    }
    if (r->n) {
        qsort(r->list, r->n, sizeof *r->list, by_age);
    }
    return status;
}

hb_status hb_reports_open(const hb_os *os, const char *dir, uint64_t max_bytes,
                          hb_reports **ret_reports, hb_error *err)
{
    hb_reports *r = hb_alloc_zero(sizeof *r);
    if (!r || !(r->dir = hb_strdup(dir))) {
        hb_free(r);
        return HB_NOMEM(err);
    }
    r->os = os;
    r->max_bytes = max_bytes;
    hb_status status = max_bytes ? look(r, err) : HB_OK;
    if (status != HB_OK) {
        hb_reports_close(r);
        return status;
    }
    *ret_reports = r;
    return HB_OK;
}

void hb_reports_close(hb_reports *r)
{
    if (r) {
        for (size_t i = r->first; i < r->n; i++) {
            hb_free(r->list[i].name);
        }
        hb_free(r->list);
        hb_free(r->dir);
        hb_free(r);
    }
}

static hb_status drop_oldest(hb_reports *r, hb_error *err)
{
    folder *f = &r->list[r->first];
    char *path = NULL;
    HB_TRY(hb_path_join(r->dir, f->name, &path, err));
    hb_status status = hb_dir_remove(r->os, path, err);
    hb_free(path);
    HB_TRY(status);
    r->bytes -= f->bytes;
    hb_free(f->name);
    r->first++;
    if (r->first > 1024 && r->first * 2 > r->n) {
        r->n -= r->first;
        memmove(r->list, r->list + r->first, r->n * sizeof *r->list);
        r->first = 0;
    }
    return HB_OK;
}

/* The newest always stays: a cap smaller than one report would leave none. */
hb_status hb_reports_added(hb_reports *r, const char *run_id, uint64_t n, uint64_t *io_dropped,
                           hb_error *err)
{
    if (r->max_bytes == 0) {
        return HB_OK;
    }
    HB_TRY(add(r, run_id, n, r->os->now(), err));
    while (r->bytes > r->max_bytes && r->n - r->first > 1) {
        HB_TRY(drop_oldest(r, err));
        ++*io_dropped;
    }
    return HB_OK;
}
