/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/reports.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "os/file.h"
#include "store/audit.h"
#include "store/custody.h"
#include "store/live.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOLDERS_MAX = 1000000, HOLDS_ARENA = 16 << 20 };
static const char gone_prefix[] = ".gone-";

typedef struct folder {
    char *name;
    uint64_t bytes;
    int64_t at_ns; /* modified */
} folder;

struct hb_reports {
    const hb_os *os;
    hb_store *store;
    char *dir;
    uint64_t max_bytes;
    uint64_t bytes;
    folder *list; /* oldest first, from `first` on */
    size_t first;
    size_t n;
    size_t cap;
    bool unfinished; /* there may be folders that are to go, and whose removal was cut short */
    uint64_t held;   /* folders over the cap that stay … */
    uint64_t held_bytes;
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

hb_status hb_reports_open(const hb_os *os, hb_store *store, const char *dir, uint64_t max_bytes,
                          hb_reports **ret_reports, hb_error *err)
{
    hb_reports *r = hb_alloc_zero(sizeof *r);
    if (!r || !(r->dir = hb_strdup(dir))) {
        hb_free(r);
        return HB_NOMEM(err);
    }
    r->os = os;
    r->store = store;
    r->unfinished = true;
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

/* --- taken away --- */

typedef struct going {
    hb_reports *r;
    const char *name;
    uint64_t bytes;
    char *path;
    char *gone; /* under its name from the rename on */
} going;

static hb_status going_of(hb_reports *r, const char *name, uint64_t bytes, going *ret,
                          hb_error *err)
{
    char below[NAME_MAX + sizeof gone_prefix];
    going g = {.r = r, .name = name, .bytes = bytes};
    snprintf(below, sizeof below, "%s%.*s", gone_prefix, NAME_MAX, name);
    HB_TRY(hb_path_join(r->dir, name, &g.path, err));
    hb_status status = hb_path_join(r->dir, below, &g.gone, err);
    if (status != HB_OK) {
        hb_free(g.path);
        return status;
    }
    *ret = g;
    return HB_OK;
}

static void going_free(going *g)
{
    hb_free(g->path);
    hb_free(g->gone);
}

/* Members in ascending order. */
static void entry_of(void *ctx, hb_json *j)
{
    const going *g = ctx;
    hb_json_ku(j, "bytes", g->bytes);
    hb_json_kc(j, "path", g->path);
    hb_json_kc(j, "rule", "max_report_dir_mb");
    hb_json_kc(j, "what", "reports");
}

static hb_status rename_it(const hb_reports *r, const char *from, const char *to, hb_error *err)
{
    return r->os->rename(from, to) == 0 || errno == ENOENT
               ? HB_OK
               : HB_FAIL(err, HB_E_IO, "cannot rename '%s' to '%s': %s", from, to, strerror(errno));
}

static hb_status tell(going *g, hb_error *err)
{
    return hb_store_log(g->r->store, "retention", g->name, g->r->os->now(), "", entry_of, g, err);
}

static hb_status tell_and_rename(going *g, bool *ret_held, hb_error *err)
{
    HB_TRY(hb_custody_held_now(g->r->store, g->name, ret_held, err));
    if (*ret_held) {
        return HB_OK;
    }
    HB_TRY(tell(g, err));
    return rename_it(g->r, g->path, g->gone, err);
}

static hb_status take_away(going *g, bool *ret_held, hb_error *err)
{
    hb_reports *r = g->r;
    HB_TRY(hb_live_begin(r->store, err));
    hb_status status = hb_live_end(r->store, tell_and_rename(g, ret_held, err), err);
    if (status != HB_OK) { /* it is not told of, so it is there */
        r->unfinished = r->unfinished || rename_it(r, g->gone, g->path, NULL) != HB_OK;
        return status;
    }
    /* Told of once and no report any more: what is left of it is the next pass's, with the reason.
     */
    r->unfinished = r->unfinished || (!*ret_held && hb_dir_remove(r->os, g->gone, NULL) != HB_OK);
    return HB_OK;
}

/* Those before it stay where they are in the order. */
static void forget(hb_reports *r, size_t index)
{
    r->bytes -= r->list[index].bytes;
    hb_free(r->list[index].name);
    memmove(&r->list[r->first + 1], &r->list[r->first], (index - r->first) * sizeof *r->list);
    r->first++;
    if (r->first > 1024 && r->first * 2 > r->n) {
        r->n -= r->first;
        memmove(r->list, r->list + r->first, r->n * sizeof *r->list);
        r->first = 0;
    }
}

/* A folder that was renamed and not removed: told of or not, that is settled now. */
static hb_status settle(going *g, bool *ret_back, hb_error *err)
{
    bool told = false;
    *ret_back = false;
    HB_TRY(hb_custody_removal_told(g->r->store, g->name, g->path, &told, err));
    if (told) {
        return HB_OK;
    }
    HB_TRY(hb_custody_held_now(g->r->store, g->name, ret_back, err));
    return *ret_back ? rename_it(g->r, g->gone, g->path, err) : tell(g, err);
}

static hb_status finish_one(hb_reports *r, const char *name, hb_error *err)
{
    going g;
    bool back = false;
    uint64_t bytes = 0;
    HB_TRY(going_of(r, name, 0, &g, err));
    walk(r->os, g.gone, &bytes, 2);
    g.bytes = bytes;
    hb_status status = hb_live_begin(r->store, err);
    if (status == HB_OK) {
        status = hb_live_end(r->store, settle(&g, &back, err), err);
    }
    if (status == HB_OK) {
        status = back ? add(r, name, bytes, r->os->now(), err) : hb_dir_remove(r->os, g.gone, err);
    }
    going_free(&g);
    return status;
}

static hb_status finish(hb_reports *r, hb_error *err)
{
    DIR *d = opendir(r->dir);
    struct dirent *entry;
    hb_status status = HB_OK;
    while (d && status == HB_OK && (entry = readdir(d)) != NULL) {
        if (strncmp(entry->d_name, gone_prefix, strlen(gone_prefix)) == 0) {
            status = finish_one(r, entry->d_name + strlen(gone_prefix), err);
        }
    }
    if (d) {
        closedir(d);
    }
    r->unfinished = status != HB_OK;
    return status;
}

hb_status hb_reports_added(hb_reports *r, const char *run_id, uint64_t n, hb_error *err)
{
    return r->max_bytes ? add(r, run_id, n, r->os->now(), err) : HB_OK;
}

static hb_status drop(hb_reports *r, size_t index, bool *ret_held, hb_error *err)
{
    going g;
    HB_TRY(going_of(r, r->list[index].name, r->list[index].bytes, &g, err));
    hb_status status = take_away(&g, ret_held, err);
    going_free(&g);
    if (status == HB_OK && !*ret_held) {
        forget(r, index);
    }
    return status;
}

/* The newest always stays: a cap smaller than one report would leave none. */
static hb_status keep_below(hb_reports *r, const hb_custody_holds *held, uint64_t *io_dropped,
                            hb_error *err)
{
    size_t stay = 0; /* of the oldest */
    r->held = 0;
    r->held_bytes = 0;
    while (r->bytes > r->max_bytes && r->n - r->first > stay + 1) {
        const folder *f = &r->list[r->first + stay];
        bool stays = hb_custody_is_held(held, f->name);
        if (!stays) {
            HB_TRY(drop(r, r->first + stay, &stays, err));
            *io_dropped += !stays;
        }
        if (stays) {
            r->held++;
            r->held_bytes += f->bytes;
            stay++;
        }
    }
    if (r->bytes <= r->max_bytes) {
        r->held = 0;
        r->held_bytes = 0;
    }
    return HB_OK;
}

hb_status hb_reports_pass(hb_reports *r, uint64_t *io_dropped, hb_error *err)
{
    hb_arena arena;
    hb_custody_holds held = {0};
    if (r->unfinished) {
        HB_TRY(finish(r, err));
    }
    if (r->max_bytes == 0 || r->bytes <= r->max_bytes) {
        r->held = 0;
        r->held_bytes = 0;
        return HB_OK;
    }
    hb_arena_init(&arena, HOLDS_ARENA);
    hb_status status = hb_custody_held(r->store, &arena, &held, err);
    status = status == HB_OK ? keep_below(r, &held, io_dropped, err) : status;
    hb_arena_release(&arena);
    return status;
}

void hb_reports_held(const hb_reports *r, uint64_t *ret_n, uint64_t *ret_bytes)
{
    *ret_n = r->held;
    *ret_bytes = r->held_bytes;
}
