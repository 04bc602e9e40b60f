/* SPDX-License-Identifier: Apache-2.0 */
/* The log built again beside the one that is there: every tile is compared when it is complete, the
 * ones at the edge at the end, and the root with the checkpoint's. */
#include "audit/log_internal.h"

#include "base/mem.h"

#include <string.h>

typedef struct again {
    hb_audit_log *log;
    hb_edge *edge;
    uint64_t size;
} again;

static hb_status contradicts(const hb_audit_log *log, int level, uint64_t at, hb_error *err)
{
    return HB_FAIL(
        err, HB_E_EVIDENCE,
        "the log in '%s' does not verify: tile %d/%llu has other hashes than its entries "
        "give",
        log->dir, level, (unsigned long long)at);
}

static hb_status compare(again *a, int level, uint64_t at, const hb_hash *h, unsigned n,
                         hb_error *err)
{
    const hb_tile *t = NULL;
    HB_TRY(hb_audit_tile(a->log, level, at, &t, err));
    return t->n >= n && memcmp(t->h, h, n * sizeof *h) == 0 ? HB_OK
                                                            : contradicts(a->log, level, at, err);
}

static hb_status compare_whole(void *ctx, int level, const hb_hash *h, hb_error *err)
{
    again *a = ctx;
    return compare(a, level, hb_tile_hashes(level, a->size) / HB_TILE_HASHES - 1, h, HB_TILE_HASHES,
                   err);
}

static hb_status bad_bundle(const hb_audit_log *log, uint64_t at, hb_error *err)
{
    return HB_FAIL(err, HB_E_EVIDENCE,
                   "the log in '%s' does not verify: bundle %llu of its entries is damaged",
                   log->dir, (unsigned long long)at);
}

static hb_status one_bundle(again *a, uint64_t at, const hb_audit_each *each, hb_error *err)
{
    HB_CLEANUP(hb_free_p) char *p = NULL;
    size_t n = 0;
    hb_hash leaf;
    const hb_tile *t = NULL;
    unsigned width = hb_tile_width(0, at, a->log->size);
    HB_TRY(hb_audit_bundle(a->log, at, &p, &n, err));
    bool all = hb_tile_width(0, at, a->log->on_disk) == width; /* else it has newer entries too */
    HB_TRY(hb_audit_tile(a->log, 0, at, &t, err));
    hb_str rest = {p, n};
    for (unsigned i = 0; i < width; i++) {
        hb_str entry = {0};
        if (!hb_bundle_next(&rest, &entry)) {
            return bad_bundle(a->log, at, err);
        }
        HB_TRY(hb_merkle_leaf(a->log->m, entry.p, entry.n, &leaf, err));
        if (!hb_hash_eq(&leaf, &t->h[i])) {
            return HB_FAIL(err, HB_E_EVIDENCE,
                           "the log in '%s' does not verify: entry %llu is not the one in tile "
                           "0/%llu",
                           a->log->dir, (unsigned long long)(at * HB_TILE_HASHES + i),
                           (unsigned long long)at);
        }
        a->size++;
        HB_TRY(hb_edge_push(a->log->m, a->edge, &leaf, compare_whole, a, err));
    }
    if (all && rest.n) {
        return bad_bundle(a->log, at, err);
    }
    rest = (hb_str){p, n};
    for (unsigned i = 0; each && i < width; i++) {
        hb_str entry = {0};
        if (hb_bundle_next(&rest, &entry)) {
            HB_TRY(each->entry(each->ctx, at * HB_TILE_HASHES + i, entry, err));
        }
    }
    return HB_OK;
}

static hb_status verify(again *a, const hb_audit_each *each, hb_error *err)
{
    hb_audit_log *log = a->log;
    hb_hash root;
    for (uint64_t at = 0; at * HB_TILE_HASHES < log->size; at++) {
        HB_TRY(one_bundle(a, at, each, err));
    }
    for (int level = 0; level < HB_TILE_LEVELS; level++) {
        if (a->edge->n[level]) {
            HB_TRY(compare(a, level, hb_tile_hashes(level, log->size) / HB_TILE_HASHES,
                           a->edge->h[level], a->edge->n[level], err));
        }
    }
    HB_TRY(hb_edge_root(log->m, a->edge, log->size, &root, err));
    return hb_hash_eq(&root, &log->root)
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE,
                         "the log in '%s' does not verify: its entries do not give the root of its "
                         "checkpoint",
                         log->dir);
}

hb_status hb_audit_verify(hb_audit_log *log, const hb_audit_each *each, hb_error *err)
{
    HB_CLEANUP(hb_free_p) hb_edge *edge = hb_alloc_zero(sizeof *edge);
    again a = {.log = log, .edge = edge};
    for (int level = 0; level < HB_TILE_LEVELS; level++) {
        log->cache[level].there = false; /* what is on the disk, not what was */
    }
    return edge ? verify(&a, each, err) : HB_NOMEM(err);
}
