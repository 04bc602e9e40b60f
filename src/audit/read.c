/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the log. A reader takes no lock: tiles are replaced in one step and a wider tile begins
 * with the narrower one. A partial tile may go while it is looked for, when a writer is at work;
 * the checkpoint then says how wide the next one is. */
#include "audit/log_internal.h"

#include "base/mem.h"

#include <errno.h>
#include <string.h>

enum { TRIES = 5, PATH_MAX_BYTES = 8192 };

hb_status hb_audit_path(const hb_audit_log *log, const char *name, hb_buf *out, hb_error *err)
{
    hb_buf_clear(out);
    hb_buf_fmt(out, "%s/%s", log->dir, name);
    return hb_buf_check(out, err);
}

/* --- the checkpoint --- */

static hb_status check_checkpoint(hb_audit_log *log, hb_str text, bool take, hb_error *err)
{
    HB_CLEANUP(hb_arena_release) hb_arena arena;
    hb_checkpoint c;
    hb_arena_init(&arena, 1 << 20);
    HB_TRY(hb_checkpoint_read(text, "checkpoint", &arena, &c, err));
    HB_TRY(hb_checkpoint_verify(&c, c.origin, log->key, err));
    if (!take && strcmp(c.origin, log->origin) != 0) {
        return HB_FAIL(err, HB_E_EVIDENCE, "its checkpoint is now one of '%s'", c.origin);
    }
    if (c.size < log->on_disk) {
        return HB_FAIL(err, HB_E_EVIDENCE, "its checkpoint went back from %llu entries to %llu",
                       (unsigned long long)log->on_disk, (unsigned long long)c.size);
    }
    log->on_disk = c.size;
    if (take) {
        hb_str_fit(c.origin, log->origin, sizeof log->origin);
        log->size = c.size;
        log->root = c.root;
        hb_buf_clear(&log->checkpoint);
        hb_buf_str(&log->checkpoint, text);
        return hb_buf_check(&log->checkpoint, err);
    }
    return HB_OK;
}

/* What is no checkpoint at all is a log that contradicts itself as well. */
hb_status hb_audit_load_checkpoint(hb_audit_log *log, bool take, hb_error *err)
{
    HB_CLEANUP(hb_buf_release) hb_buf path;
    HB_CLEANUP(hb_free_p) char *text = NULL;
    size_t n = 0;
    hb_error why = {0};
    hb_buf_init(&path, PATH_MAX_BYTES);
    HB_TRY(hb_audit_path(log, "checkpoint", &path, err));
    HB_TRY(hb_file_read(log->os, path.p, HB_CHECKPOINT_MAX, &text, &n, err));
    hb_status status = check_checkpoint(log, (hb_str){text, n}, take, &why);
    if (status == HB_E_INPUT || status == HB_E_EVIDENCE) {
        return HB_FAIL(err, HB_E_EVIDENCE, "the log in '%s' does not verify: %s", log->dir,
                       why.msg);
    }
    return status == HB_OK ? HB_OK : HB_FAIL(err, status, "%s", why.msg);
}

/* --- files of tiles --- */

static hb_status read_as_wide(hb_audit_log *log, int level, uint64_t n, size_t max, char **ret_p,
                              size_t *ret_n, hb_error *err)
{
    HB_CLEANUP(hb_buf_release) hb_buf name;
    HB_CLEANUP(hb_buf_release) hb_buf path;
    hb_buf_init(&name, PATH_MAX_BYTES);
    hb_buf_init(&path, PATH_MAX_BYTES);
    for (int i = 0;; i++) {
        uint64_t seen = log->on_disk;
        hb_buf_clear(&name);
        hb_tile_path(level, n, hb_tile_width(level, n, seen), &name);
        HB_TRY(hb_buf_check(&name, err));
        HB_TRY(hb_audit_path(log, name.p, &path, err));
        hb_error why = {0};
        hb_status status = hb_file_read(log->os, path.p, max, ret_p, ret_n, &why);
        if (status == HB_OK) {
            return HB_OK;
        }
        if (status == HB_E_LIMIT) {
            return HB_FAIL(err, HB_E_EVIDENCE, "the log in '%s' does not verify: %s", log->dir,
                           why.msg);
        }
        if (status != HB_E_INPUT || why.sys_errno != ENOENT) {
            return HB_FAIL(err, status, "%s", why.msg);
        }
        HB_TRY(hb_audit_load_checkpoint(log, false, err));
        if (i == TRIES || log->on_disk == seen) {
            return HB_FAIL(err, HB_E_EVIDENCE, "the log in '%s' does not verify: '%s' is missing",
                           log->dir, name.p);
        }
    }
}

hb_status hb_audit_tile(hb_audit_log *log, int level, uint64_t n, const hb_tile **ret_tile,
                        hb_error *err)
{
    hb_tile *t = &log->cache[level];
    unsigned width = hb_tile_width(level, n, log->size);
    HB_CLEANUP(hb_free_p) char *p = NULL;
    size_t len = 0;
    if (t->there && t->at == n && t->n >= width) {
        *ret_tile = t;
        return HB_OK;
    }
    t->there = false;
    HB_TRY(read_as_wide(log, level, n, sizeof t->h, &p, &len, err));
    unsigned expected = hb_tile_width(level, n, log->on_disk);
    if (len != expected * sizeof(hb_hash)) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "the log in '%s' does not verify: tile %d/%llu has %zu bytes, expected %zu",
                       log->dir, level, (unsigned long long)n, len, expected * sizeof(hb_hash));
    }
    memcpy(t->h, p, len);
    t->n = expected;
    t->at = n;
    t->there = true;
    *ret_tile = t;
    return HB_OK;
}

hb_status hb_audit_bundle(hb_audit_log *log, uint64_t n, char **ret_p, size_t *ret_n, hb_error *err)
{
    return read_as_wide(log, HB_TILE_ENTRIES, n, HB_BUNDLE_MAX, ret_p, ret_n, err);
}

/* --- hashes --- */

/* The whole subtree of 2^height entries, number `at` of them. */
static hb_status node(hb_audit_log *log, unsigned height, uint64_t at, hb_hash *ret, hb_error *err)
{
    const hb_tile *t = NULL;
    unsigned level = height / 8;
    uint64_t first = at << height % 8;
    HB_TRY(hb_audit_tile(log, (int)level, first / HB_TILE_HASHES, &t, err));
    return hb_merkle_root(log->m, t->h + first % HB_TILE_HASHES, (size_t)1 << height % 8, ret, err);
}

hb_status hb_audit_range(void *ctx, uint64_t begin, uint64_t end, hb_hash *ret, hb_error *err)
{
    hb_audit_log *log = ctx;
    hb_hash peaks[64];
    size_t n = 0;
    if (begin == end) {
        return hb_merkle_root(log->m, NULL, 0, ret, err);
    }
    while (begin < end) {
        unsigned height = 63 - (unsigned)__builtin_clzll(end - begin);
        HB_TRY(node(log, height, begin >> height, &peaks[n++], err));
        begin += (uint64_t)1 << height;
    }
    return hb_merkle_fold(log->m, peaks, n, ret, err);
}

hb_status hb_edge_push(hb_merkle *m, hb_edge *e, const hb_hash *leaf,
                       hb_status (*whole)(void *ctx, int level, const hb_hash *h, hb_error *err),
                       void *ctx, hb_error *err)
{
    hb_hash h = *leaf;
    for (int level = 0; level < HB_TILE_LEVELS; level++) {
        e->h[level][e->n[level]++] = h;
        if (e->n[level] < HB_TILE_HASHES) {
            return HB_OK;
        }
        HB_TRY(whole(ctx, level, e->h[level], err));
        HB_TRY(hb_merkle_root(m, e->h[level], HB_TILE_HASHES, &h, err));
        e->n[level] = 0;
    }
    return HB_FAIL(err, HB_E_LIMIT, "the log is full");
}

/* Each level's hashes are whole subtrees; as binary digits of their number, so are groups of them.
 */
hb_status hb_edge_root(hb_merkle *m, const hb_edge *e, uint64_t size, hb_hash *ret, hb_error *err)
{
    hb_hash peaks[64];
    size_t n = 0;
    if (size == 0) {
        return hb_merkle_root(m, NULL, 0, ret, err);
    }
    for (int level = HB_TILE_LEVELS - 1; level >= 0; level--) {
        unsigned at = 0;
        for (unsigned bit = HB_TILE_HASHES / 2; bit; bit /= 2) {
            if (e->n[level] & bit) {
                HB_TRY(hb_merkle_root(m, e->h[level] + at, bit, &peaks[n++], err));
                at += bit;
            }
        }
    }
    return hb_merkle_fold(m, peaks, n, ret, err);
}

/* --- what others ask --- */

static hb_status find_in_bundle(hb_audit_log *log, hb_str bundle, uint64_t index, hb_str *ret,
                                hb_error *err)
{
    hb_str rest = bundle;
    for (uint64_t i = 0; i <= index % HB_TILE_HASHES; i++) {
        if (!hb_bundle_next(&rest, ret)) {
            return HB_FAIL(err, HB_E_EVIDENCE,
                           "the log in '%s' does not verify: its entries end before number %llu",
                           log->dir, (unsigned long long)index);
        }
    }
    return HB_OK;
}

hb_status hb_audit_entry(hb_audit_log *log, uint64_t index, hb_buf *out, hb_error *err)
{
    HB_CLEANUP(hb_free_p) char *p = NULL;
    const hb_tile *t = NULL;
    size_t n = 0;
    hb_str entry;
    hb_hash leaf;
    if (index >= log->size) {
        return HB_FAIL(err, HB_E_USAGE, "the log has no entry %llu: it has %llu",
                       (unsigned long long)index, (unsigned long long)log->size);
    }
    HB_TRY(hb_audit_bundle(log, index / HB_TILE_HASHES, &p, &n, err));
    HB_TRY(find_in_bundle(log, (hb_str){p, n}, index, &entry, err));
    HB_TRY(hb_merkle_leaf(log->m, entry.p, entry.n, &leaf, err));
    HB_TRY(hb_audit_tile(log, 0, index / HB_TILE_HASHES, &t, err));
    if (!hb_hash_eq(&leaf, &t->h[index % HB_TILE_HASHES])) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "the log in '%s' does not verify: entry %llu is not the one that was hashed",
                       log->dir, (unsigned long long)index);
    }
    hb_buf_clear(out);
    hb_buf_str(out, entry);
    return hb_buf_check(out, err);
}

hb_status hb_audit_checkpoint(hb_audit_log *log, hb_buf *out, hb_error *err)
{
    hb_buf_clear(out);
    hb_buf_add(out, log->checkpoint.p, log->checkpoint.n);
    return hb_buf_check(out, err);
}

hb_status hb_audit_root(hb_audit_log *log, uint64_t size, hb_hash *ret, hb_error *err)
{
    if (size > log->size) {
        return HB_FAIL(err, HB_E_USAGE, "the log has %llu entries, fewer than %llu",
                       (unsigned long long)log->size, (unsigned long long)size);
    }
    return hb_audit_range(log, 0, size, ret, err);
}

/* Checked before it is given out: the tiles may have been changed since the log was opened. */
hb_status hb_audit_prove(hb_audit_log *log, uint64_t index, uint64_t size, hb_proof *ret,
                         hb_error *err)
{
    const hb_merkle_ranges tiles = {.hash = hb_audit_range, .ctx = log};
    hb_proof proof;
    hb_hash leaf;
    hb_hash root = log->root;
    if (size > log->size) {
        return HB_FAIL(err, HB_E_USAGE, "the log has %llu entries, fewer than %llu",
                       (unsigned long long)log->size, (unsigned long long)size);
    }
    HB_TRY(hb_merkle_prove(&tiles, index, size, &proof, err));
    HB_TRY(hb_audit_range(log, index, index + 1, &leaf, err));
    if (size < log->size) {
        HB_TRY(hb_audit_range(log, 0, size, &root, err));
    }
    HB_TRY(hb_merkle_check_inclusion(&leaf, index, size, &proof, &root, err));
    *ret = proof;
    return HB_OK;
}

hb_status hb_audit_prove_consistency(hb_audit_log *log, uint64_t old_size, uint64_t size,
                                     hb_proof *ret, hb_error *err)
{
    const hb_merkle_ranges tiles = {.hash = hb_audit_range, .ctx = log};
    if (size > log->size) {
        return HB_FAIL(err, HB_E_USAGE, "the log has %llu entries, fewer than %llu",
                       (unsigned long long)log->size, (unsigned long long)size);
    }
    return hb_merkle_prove_consistency(&tiles, old_size, size, ret, err);
}

uint64_t hb_audit_size(const hb_audit_log *log)
{
    return log->size;
}

const char *hb_audit_origin(const hb_audit_log *log)
{
    return log->origin;
}

const hb_pubkey *hb_audit_key(const hb_audit_log *log)
{
    return log->key;
}
