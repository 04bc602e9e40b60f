/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/log_internal.h"

#include "base/mem.h"
#include "os/writing.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { PATH_MAX_BYTES = 8192, WAIT_STEP_MS = 20, LOCK_MODE = 0600 };

/* --- opening --- */

static hb_status new_log(const hb_os *os, const char *dir, hb_audit_log **ret_log, hb_error *err)
{
    hb_audit_log *log = hb_alloc_zero(sizeof *log);
    if (!log) {
        return HB_NOMEM(err);
    }
    log->os = os;
    log->lock_fd = -1;
    hb_buf_init(&log->checkpoint, HB_CHECKPOINT_MAX);
    hb_buf_init(&log->bundle, HB_BUNDLE_MAX);
    log->dir = hb_strdup(dir);
    log->cache = hb_alloc_zero(HB_TILE_LEVELS * sizeof *log->cache);
    log->edge = hb_alloc_zero(sizeof *log->edge);
    hb_status status =
        log->dir && log->cache && log->edge ? hb_merkle_new(&log->m, err) : HB_NOMEM(err);
    if (status != HB_OK) {
        hb_audit_close(log);
        return status;
    }
    *ret_log = log;
    return HB_OK;
}

void hb_audit_close(hb_audit_log *log)
{
    if (!log) {
        return;
    }
    if (log->lock_fd >= 0) {
        log->os->close(log->lock_fd);
    }
    hb_signer_free(log->signer);
    hb_pubkey_free(log->key);
    hb_merkle_free(log->m);
    hb_buf_release(&log->checkpoint);
    hb_buf_release(&log->bundle);
    hb_free(log->cache);
    hb_free(log->edge);
    hb_free(log->dir);
    hb_free(log);
}

bool hb_audit_exists(const hb_os *os, const char *dir)
{
    char path[4096]; /* no memory of the heap: without it a log that is there would seem absent */
    int n = snprintf(path, sizeof path, "%s/checkpoint", dir);
    return n < (int)sizeof path && hb_path_exists(os, path);
}

static hb_status load_key(hb_audit_log *log, hb_error *err)
{
    HB_CLEANUP(hb_buf_release) hb_buf path;
    HB_CLEANUP(hb_free_p) char *pem = NULL;
    size_t n = 0;
    hb_error why = {0};
    hb_buf_init(&path, PATH_MAX_BYTES);
    HB_TRY(hb_audit_path(log, "key.pub", &path, err));
    HB_TRY(hb_file_read(log->os, path.p, HB_PEM_MAX, &pem, &n, err));
    hb_status status = hb_pubkey_read((hb_str){pem, n}, path.p, &log->key, &why);
    if (status == HB_E_INPUT) {
        return HB_FAIL(err, HB_E_EVIDENCE, "the log in '%s' does not verify: %s", log->dir,
                       why.msg);
    }
    return status == HB_OK ? HB_OK : HB_FAIL(err, status, "%s", why.msg);
}

/* The right edge, from the tiles; it must give the checkpoint's root. */
static hb_status load_edge(hb_audit_log *log, hb_error *err)
{
    hb_hash root;
    memset(log->edge, 0, sizeof *log->edge);
    for (int level = 0; level < HB_TILE_LEVELS; level++) {
        uint64_t hashes = hb_tile_hashes(level, log->size);
        const hb_tile *t = NULL;
        log->edge->n[level] = (unsigned)(hashes % HB_TILE_HASHES);
        if (log->edge->n[level]) {
            HB_TRY(hb_audit_tile(log, level, hashes / HB_TILE_HASHES, &t, err));
            memcpy(log->edge->h[level], t->h, log->edge->n[level] * sizeof *t->h);
        }
    }
    HB_TRY(hb_edge_root(log->m, log->edge, log->size, &root, err));
    return hb_hash_eq(&root, &log->root)
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE,
                         "the log in '%s' does not verify: its tiles do not give the root of its "
                         "checkpoint",
                         log->dir);
}

static hb_status load(hb_audit_log *log, hb_error *err)
{
    HB_TRY(load_key(log, err));
    HB_TRY(hb_audit_load_checkpoint(log, true, err));
    return load_edge(log, err);
}

hb_status hb_audit_open_read(const hb_os *os, const char *dir, hb_audit_log **ret_log,
                             hb_error *err)
{
    hb_audit_log *log = NULL;
    HB_TRY(new_log(os, dir, &log, err));
    hb_status status = hb_audit_exists(os, dir)
                           ? load(log, err)
                           : HB_FAIL(err, HB_E_INPUT, "there is no log in '%s'", dir);
    if (status != HB_OK) {
        hb_audit_close(log);
        return status;
    }
    *ret_log = log;
    return HB_OK;
}

/* --- the lock --- */

static hb_status take_lock(hb_audit_log *log, hb_error *err)
{
    HB_CLEANUP(hb_buf_release) hb_buf path;
    hb_buf_init(&path, PATH_MAX_BYTES);
    HB_TRY(hb_audit_path(log, "lock", &path, err));
    log->lock_fd = log->os->open(path.p, O_RDWR | O_CREAT | O_NOFOLLOW, LOCK_MODE);
    if (log->lock_fd < 0) {
        return HB_FAIL(err, HB_E_IO, "cannot open '%s': %s", path.p, strerror(errno));
    }
    for (int waited = 0; log->os->flock(log->lock_fd, LOCK_EX | LOCK_NB) != 0;
         waited += WAIT_STEP_MS) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return HB_FAIL(err, HB_E_IO, "cannot lock '%s': %s", path.p, strerror(errno));
        }
        if (waited >= HB_AUDIT_WAIT_MS) {
            return HB_FAIL(err, HB_E_IO, "the log in '%s' is being written by another process",
                           log->dir);
        }
        HB_IGNORE(poll(NULL, 0, WAIT_STEP_MS) != 0); /* a pause */
    }
    return HB_OK;
}

/* --- making a log --- */

static hb_status make_origin(hb_audit_log *log, const char *origin, hb_error *err)
{
    uint8_t noise[8];
    if (origin) {
        if (strlen(origin) > HB_ORIGIN_MAX) {
            return HB_FAIL(err, HB_E_LIMIT, "a log's name has at most %d bytes", HB_ORIGIN_MAX);
        }
        hb_str_fit(origin, log->origin, sizeof log->origin);
        return HB_OK;
    }
    if (log->os->random(noise, sizeof noise) != 0) {
        return HB_FAIL(err, HB_E_IO, "cannot get random bytes: %s", strerror(errno));
    }
    size_t n = (size_t)snprintf(log->origin, sizeof log->origin, "hb/");
    for (size_t i = 0; i < sizeof noise; i++, n += 2) {
        snprintf(log->origin + n, sizeof log->origin - n, "%02x", noise[i]);
    }
    return HB_OK;
}

static hb_status open_signer(hb_audit_log *log, hb_error *err)
{
    HB_CLEANUP(hb_buf_release) hb_buf path;
    hb_buf_init(&path, PATH_MAX_BYTES);
    HB_TRY(hb_audit_path(log, "key.pem", &path, err));
    const hb_signer_ask ask = {.os = log->os, .key = path.p};
    return hb_signer_open(&ask, &log->signer, err);
}

/* A file that cannot be looked at is not one that is missing: a log would be begun anew. */
static hb_status is_there(hb_audit_log *log, const char *name, bool *ret_there, hb_error *err)
{
    HB_CLEANUP(hb_buf_release) hb_buf path;
    struct stat st;
    hb_buf_init(&path, PATH_MAX_BYTES);
    HB_TRY(hb_audit_path(log, name, &path, err));
    *ret_there = log->os->stat(path.p, &st) == 0;
    return *ret_there || errno == ENOENT
               ? HB_OK
               : HB_FAIL(err, HB_E_IO, "cannot look at '%s': %s", path.p, strerror(errno));
}

/* Nothing was signed yet. A key of which a crash left a part is made anew. */
static hb_status make_key(hb_audit_log *log, hb_error *err)
{
    HB_CLEANUP(hb_buf_release) hb_buf path;
    bool has_private = false;
    bool has_public = false;
    hb_buf_init(&path, PATH_MAX_BYTES);
    HB_TRY(is_there(log, "key.pem", &has_private, err));
    HB_TRY(is_there(log, "key.pub", &has_public, err));
    if (has_private && has_public) {
        return HB_OK;
    }
    if (has_private || has_public) {
        HB_TRY(hb_audit_path(log, has_private ? "key.pem" : "key.pub", &path, err));
        if (log->os->unlink(path.p) != 0) {
            return HB_FAIL(err, HB_E_IO, "cannot remove '%s': %s", path.p, strerror(errno));
        }
    }
    HB_TRY(hb_audit_path(log, "key.pem", &path, err));
    return hb_key_generate(log->os, HB_ALGORITHM_ED25519, path.p, NULL, err);
}

static hb_status make_log(hb_audit_log *log, const char *origin, hb_error *err)
{
    hb_hash root;
    bool has_tiles = false;
    HB_TRY(is_there(log, "tile", &has_tiles, err));
    if (has_tiles) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "the log in '%s' does not verify: it has entries, and 'checkpoint' is "
                       "missing",
                       log->dir);
    }
    HB_TRY(make_key(log, err));
    HB_TRY(make_origin(log, origin, err));
    HB_TRY(open_signer(log, err));
    HB_TRY(hb_merkle_root(log->m, NULL, 0, &root, err));
    return hb_audit_write_checkpoint(log, 0, &root, err);
}

/* The entries below the last tile, each against its hash: what is written on must be right. */
static hb_status load_bundle(hb_audit_log *log, hb_error *err)
{
    HB_CLEANUP(hb_free_p) char *p = NULL;
    size_t n = 0;
    hb_hash leaf;
    hb_buf_clear(&log->bundle);
    if (log->edge->n[0] == 0) {
        return HB_OK;
    }
    HB_TRY(hb_audit_bundle(log, log->size / HB_TILE_HASHES, &p, &n, err));
    hb_str rest = {p, n};
    for (unsigned i = 0; i < log->edge->n[0]; i++) {
        hb_str entry = {0};
        bool there = hb_bundle_next(&rest, &entry);
        if (there) {
            HB_TRY(hb_merkle_leaf(log->m, entry.p, entry.n, &leaf, err));
        }
        if (!there || !hb_hash_eq(&leaf, &log->edge->h[0][i])) {
            return HB_FAIL(err, HB_E_EVIDENCE,
                           "the log in '%s' does not verify: its newest entries are not those that "
                           "were hashed",
                           log->dir);
        }
    }
    hb_buf_add(&log->bundle, p, n - rest.n);
    return hb_buf_check(&log->bundle, err);
}

static hb_status load_for_writing(hb_audit_log *log, const char *origin, hb_error *err)
{
    HB_CLEANUP(hb_buf_release) hb_buf path;
    bool is_made = false;
    hb_buf_init(&path, PATH_MAX_BYTES);
    HB_TRY(hb_dir_make(log->os, log->dir, err));
    HB_TRY(take_lock(log, err));
    HB_TRY(is_there(log, "checkpoint", &is_made, err));
    if (!is_made) {
        HB_TRY(hb_sync_folder_of(log->os, log->dir, err)); /* the log's own name */
        HB_TRY(make_log(log, origin, err));
    }
    HB_TRY(load(log, err));
    /* Whoever replaced the checkpoint may have been killed before he synced its name: what a
     * registry is told to be in the log from now on must not be taken back by the disk. */
    HB_TRY(hb_audit_path(log, "checkpoint", &path, err));
    HB_TRY(hb_sync_folder_of(log->os, path.p, err));
    if (!log->signer) {
        HB_TRY(open_signer(log, err));
    }
    if (strcmp(hb_pubkey_id(log->key), hb_pubkey_id(hb_signer_public(log->signer))) != 0) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "the log in '%s' does not verify: key.pem and key.pub are different keys",
                       log->dir);
    }
    if (origin && strcmp(origin, log->origin) != 0) {
        return HB_FAIL(err, HB_E_USAGE, "the log in '%s' is '%s', not '%s'", log->dir, log->origin,
                       origin);
    }
    return load_bundle(log, err);
}

hb_status hb_audit_open_write(const hb_os *os, const char *dir, const char *origin,
                              hb_audit_log **ret_log, hb_error *err)
{
    hb_audit_log *log = NULL;
    HB_TRY(new_log(os, dir, &log, err));
    log->writing = true;
    hb_status status = load_for_writing(log, origin, err);
    if (status != HB_OK) {
        hb_audit_close(log);
        return status;
    }
    *ret_log = log;
    return HB_OK;
}
