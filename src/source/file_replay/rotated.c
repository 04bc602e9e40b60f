/* SPDX-License-Identifier: Apache-2.0 */
#include "source/file_replay/rotated.h"

#include "base/mem.h"
#include "os/file.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

typedef struct candidate {
    char *path;
    struct stat st;
} candidate;

typedef struct candidates {
    candidate *list;
    size_t n;
    size_t cap;
} candidates;

static bool is_stamp(hb_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool ok = (c >= '0' && c <= '9') || strchr("-_.TZ:", c) != NULL;
        if (!ok) {
            return false;
        }
    }
    return s.n > 1;
}

/* "log.jsonl.1", "log.jsonl-20261126", "log-20261126.jsonl" for "log.jsonl". */
static bool is_rotated_name(const char *name, const char *base)
{
    size_t n = strlen(base);
    hb_str text = hb_str_of(name);
    if (text.n <= n) {
        return false;
    }
    if (memcmp(name, base, n) == 0) {
        return is_stamp((hb_str){name + n, text.n - n});
    }
    const char *dot = strrchr(base, '.');
    size_t stem = dot ? (size_t)(dot - base) : n;
    return dot && stem && memcmp(name, base, stem) == 0 && hb_str_ends(text, dot) &&
           is_stamp((hb_str){name + stem, text.n - n});
}

static void release(candidates *c)
{
    for (size_t i = 0; i < c->n; i++) {
        hb_free(c->list[i].path);
    }
    hb_free(c->list);
}

static hb_status add(candidates *c, const hb_os *os, const char *dir, const char *name,
                     hb_error *err)
{
    candidate one = {.path = NULL};
    HB_TRY(HB_GROW(c->list, c->cap, c->n + 1, HB_ROTATED_MAX, "rotated files in one folder", err));
    HB_TRY(hb_path_join(dir, name, &one.path, err));
    if (os->stat(one.path, &one.st) != 0 || !S_ISREG(one.st.st_mode)) {
        hb_free(one.path);
        return HB_OK;
    }
    c->list[c->n++] = one;
    return HB_OK;
}

static hb_status list(candidates *c, const hb_os *os, const char *path, hb_error *err)
{
    char *dir = NULL;
    const char *base = hb_path_base(path);
    HB_TRY(hb_path_dir(path, &dir, err));
    DIR *d = opendir(dir);
    hb_status status = HB_OK;
    const struct dirent *entry = NULL;
    while (d && status == HB_OK && (entry = readdir(d))) {
        if (is_rotated_name(entry->d_name, base)) {
            status = add(c, os, dir, entry->d_name, err);
        }
    }
    if (d) {
        closedir(d);
    }
    hb_free(dir);
    return status;
}

/* Older first; the name decides where the clock was too coarse. */
static int by_age(const void *x, const void *y)
{
    const candidate *a = x;
    const candidate *b = y;
    if (a->st.st_mtim.tv_sec != b->st.st_mtim.tv_sec) {
        return a->st.st_mtim.tv_sec < b->st.st_mtim.tv_sec ? -1 : 1;
    }
    if (a->st.st_mtim.tv_nsec != b->st.st_mtim.tv_nsec) {
        return a->st.st_mtim.tv_nsec < b->st.st_mtim.tv_nsec ? -1 : 1;
    }
    return strcmp(b->path, a->path); /* log.2 is older than log.1 */
}

static size_t find(const candidates *c, const hb_os *os, const hb_tail_place *place, bool by_inode)
{
    size_t i = 0;
    while (i < c->n && !hb_tail_holds(os, c->list[i].path, place, by_inode)) {
        i++;
    }
    return i;
}

hb_status hb_rotated_find(hb_rotated *r, const hb_os *os, const char *path,
                          const hb_tail_place *place, hb_error *err)
{
    candidates c = {.n = 0};
    *r = (hb_rotated){.n = 0};
    hb_status status = list(&c, os, path, err);
    if (status == HB_OK && c.n) {
        qsort(c.list, c.n, sizeof *c.list, by_age);
        size_t from = find(&c, os, place, true);
        from = from == c.n && place->head_n ? find(&c, os, place, false) : from;
        if (from < c.n) {
            status = HB_GROW(r->list, r->cap, c.n - from, HB_ROTATED_MAX, "rotated files", err);
        }
        for (size_t i = from; i < c.n && status == HB_OK; i++) {
            r->list[r->n++] = (hb_rotated_file){.path = HB_TAKE(c.list[i].path),
                                                .inode = (uint64_t)c.list[i].st.st_ino};
        }
    }
    release(&c);
    return status;
}

void hb_rotated_free(hb_rotated *r)
{
    for (size_t i = 0; i < r->n; i++) {
        hb_free(r->list[i].path);
    }
    hb_free(r->list);
    *r = (hb_rotated){.n = 0};
}
