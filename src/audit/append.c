/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the log. What the checkpoint does not cover does not count, so the order is: bundles and
 * tiles, each synced, under names the old checkpoint does not use or with bytes that begin with the
 * old ones; then the checkpoint in one step; then the partial tiles nobody needs any more go. A
 * crash anywhere leaves the old checkpoint with all its tiles, or the new one with all of its own;
 * what else is there is written over when the log gets that far. */
#include "audit/log_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { PATH_MAX_BYTES = 8192, FILE_MODE = 0644, DIR_MODE = 0755 };

/* --- writing files --- */

static hb_status sync_dir(hb_audit_log *log, const char *path, hb_error *err)
{
    int fd = log->os->open(path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0) {
        return HB_FAIL(err, HB_E_IO, "cannot open folder '%s': %s", path, strerror(errno));
    }
    hb_status status = HB_OK;
    if (log->os->fsync(fd) != 0 && errno != EINVAL) {
        status = HB_FAIL(err, HB_E_IO, "cannot sync folder '%s': %s", path, strerror(errno));
    }
    log->os->close(fd);
    return status;
}

/* The folders of a file below log->dir; a new one is on the disk before anything stands in it. With
 * `first` one that is there may be new as well: a program made it and was killed before it synced.
 */
static hb_status make_folders(hb_audit_log *log, char *path, bool first, hb_error *err)
{
    hb_status status = HB_OK;
    char *begin = path + strlen(log->dir);
    for (char *slash = begin; status == HB_OK && (slash = strchr(slash + 1, '/')) != NULL;) {
        *slash = '\0';
        int made = log->os->mkdir(path, DIR_MODE);
        if (made != 0 && errno != EEXIST) {
            status = HB_FAIL(err, HB_E_IO, "cannot create folder '%s': %s", path, strerror(errno));
        } else if (made == 0 || first) {
            char *parent = strrchr(path, '/');
            *parent = '\0';
            status = sync_dir(log, path, err);
            *parent = '/';
        }
        *slash = '/';
    }
    return status;
}

static hb_status write_file(hb_audit_log *log, const char *name, bool first, const void *p,
                            size_t n, hb_error *err)
{
    HB_CLEANUP(hb_buf_release) hb_buf path;
    hb_buf_init(&path, PATH_MAX_BYTES);
    HB_TRY(hb_audit_path(log, name, &path, err));
    HB_TRY(make_folders(log, path.p, first, err));
    return hb_file_write_atomic(log->os, path.p, p, n, FILE_MODE, err);
}

/* Does the checkpoint need none of the folders it is in yet? What the checkpoint needs was synced
 * before it. */
static bool is_first_there(const hb_audit_log *log, int level, uint64_t at, unsigned width)
{
    return width < HB_TILE_HASHES ? hb_tile_hashes(level, log->size) <= at * HB_TILE_HASHES
                                  : at % HB_TILE_GROUP == 0;
}

static hb_status write_tile(hb_audit_log *log, int level, uint64_t at, unsigned width,
                            const void *p, size_t n, hb_error *err)
{
    HB_CLEANUP(hb_buf_release) hb_buf name;
    hb_buf_init(&name, PATH_MAX_BYTES);
    hb_tile_path(level, at, width, &name);
    HB_TRY(hb_buf_check(&name, err));
    return write_file(log, name.p, is_first_there(log, level, at, width), p, n, err);
}

hb_status hb_audit_write_checkpoint(hb_audit_log *log, uint64_t size, const hb_hash *root,
                                    hb_error *err)
{
    HB_CLEANUP(hb_buf_release) hb_buf text;
    hb_buf_init(&text, HB_CHECKPOINT_MAX);
    HB_TRY(hb_checkpoint_sign(log->origin, size, root, log->signer, &text, err));
    HB_TRY(write_file(log, "checkpoint", false, text.p, text.n, err));
    hb_buf_clear(&log->checkpoint);
    hb_buf_add(&log->checkpoint, text.p, text.n);
    return hb_buf_check(&log->checkpoint, err);
}

/* --- appending --- */

typedef struct adding {
    hb_audit_log *log;
    uint64_t size; /* with the entry that is being added */
} adding;

static hb_status write_whole(void *ctx, int level, const hb_hash *h, hb_error *err)
{
    adding *a = ctx;
    uint64_t at = hb_tile_hashes(level, a->size) / HB_TILE_HASHES - 1;
    if (level == 0) {
        hb_buf *bundle = &a->log->bundle;
        HB_TRY(write_tile(a->log, HB_TILE_ENTRIES, at, HB_TILE_HASHES, bundle->p, bundle->n, err));
        hb_buf_clear(bundle);
    }
    return write_tile(a->log, level, at, HB_TILE_HASHES, h, HB_TILE_HASHES * sizeof *h, err);
}

static hb_status write_partial(hb_audit_log *log, uint64_t old_size, uint64_t size, hb_error *err)
{
    for (int level = 0; level < HB_TILE_LEVELS; level++) {
        unsigned n = log->edge->n[level];
        uint64_t hashes = hb_tile_hashes(level, size);
        if (n == 0 || hashes == hb_tile_hashes(level, old_size)) {
            continue;
        }
        if (level == 0) {
            HB_TRY(write_tile(log, HB_TILE_ENTRIES, hashes / HB_TILE_HASHES, n, log->bundle.p,
                              log->bundle.n, err));
        }
        HB_TRY(write_tile(log, level, hashes / HB_TILE_HASHES, n, log->edge->h[level],
                          n * sizeof(hb_hash), err));
    }
    return HB_OK;
}

/* Partial tiles of tile `at` but for the one of this width (256: all, and their folder). What
 * cannot be removed is in nobody's way. */
static void sweep(hb_audit_log *log, int level, uint64_t at, unsigned keep)
{
    hb_buf name;
    hb_buf path;
    char kept[16];
    hb_buf_init(&name, PATH_MAX_BYTES);
    hb_buf_init(&path, PATH_MAX_BYTES);
    hb_tile_path(level, at, HB_TILE_HASHES, &name);
    snprintf(kept, sizeof kept, "%u", keep);
    hb_buf_fmt(&path, "%s/%s.p", log->dir, name.p);
    size_t base = path.n;
    DIR *dir = path.failed == HB_OK ? opendir(path.p) : NULL;
    struct dirent *e = NULL;
    while (dir && (e = readdir(dir)) != NULL) {
        if (e->d_name[0] != '.' && strcmp(e->d_name, kept) != 0) {
            hb_buf_fmt(&path, "/%s", e->d_name);
            log->os->unlink(path.p);
            path.n = base;
            path.p[base] = '\0';
        }
    }
    if (dir) {
        closedir(dir);
        if (keep == HB_TILE_HASHES) {
            log->os->rmdir(path.p);
        }
    }
    hb_buf_release(&name);
    hb_buf_release(&path);
}

static void sweep_all(hb_audit_log *log, uint64_t old_size, uint64_t size)
{
    for (int level = HB_TILE_ENTRIES; level < HB_TILE_LEVELS; level++) {
        uint64_t at = hb_tile_hashes(level, old_size) / HB_TILE_HASHES;
        uint64_t now = hb_tile_hashes(level, size) / HB_TILE_HASHES;
        unsigned width = (unsigned)(hb_tile_hashes(level, size) % HB_TILE_HASHES);
        if (hb_tile_hashes(level, size) == hb_tile_hashes(level, old_size)) {
            continue;
        }
        sweep(log, level, at, now > at ? HB_TILE_HASHES : width);
        if (now > at && width) { /* what a crash left there */
            sweep(log, level, now, width);
        }
    }
}

static hb_status append(hb_audit_log *log, const hb_str *entries, size_t n, hb_hash *ret_root,
                        hb_error *err)
{
    adding a = {.log = log, .size = log->size};
    hb_hash leaf;
    for (size_t i = 0; i < n; i++) {
        hb_bundle_put(entries[i], &log->bundle);
        HB_TRY(hb_buf_check(&log->bundle, err));
        HB_TRY(hb_merkle_leaf(log->m, entries[i].p, entries[i].n, &leaf, err));
        a.size++;
        HB_TRY(hb_edge_push(log->m, log->edge, &leaf, write_whole, &a, err));
    }
    HB_TRY(write_partial(log, log->size, a.size, err));
    HB_TRY(hb_edge_root(log->m, log->edge, a.size, ret_root, err));
    return hb_audit_write_checkpoint(log, a.size, ret_root, err);
}

hb_status hb_audit_append(hb_audit_log *log, const hb_str *entries, size_t n, uint64_t *ret_first,
                          hb_error *err)
{
    uint64_t first = log->size;
    hb_hash root;
    if (!log->writing || log->failed) {
        return HB_FAIL(err, HB_E_USAGE, "the log in '%s' is not open for writing%s", log->dir,
                       log->failed ? " any more: an append failed" : "");
    }
    for (size_t i = 0; i < n; i++) {
        if (entries[i].n == 0 || entries[i].n > HB_AUDIT_ENTRY_MAX) {
            return HB_FAIL(err, HB_E_LIMIT, "an entry of the log has %zu bytes, expected 1 to %d",
                           entries[i].n, HB_AUDIT_ENTRY_MAX);
        }
    }
    if (n) {
        log->failed = true; /* until it is known to have worked */
        HB_TRY(append(log, entries, n, &root, err));
        log->failed = false;
        log->size += n;
        log->on_disk = log->size;
        log->root = root;
        for (int level = 0; level < HB_TILE_LEVELS; level++) {
            log->cache[level].there = false;
        }
        sweep_all(log, first, log->size);
    }
    *ret_first = first;
    return HB_OK;
}
