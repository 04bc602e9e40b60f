/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of the log; inside audit/. */
#ifndef HB_AUDIT_LOG_INTERNAL_H
#define HB_AUDIT_LOG_INTERNAL_H

#include "audit/log.h"
#include "audit/tiles.h"

/* The hashes at the right edge of the tree, level by level: the tiles that are not whole. */
typedef struct hb_edge {
    hb_hash h[HB_TILE_LEVELS][HB_TILE_HASHES];
    unsigned n[HB_TILE_LEVELS];
} hb_edge;

typedef struct hb_tile {
    hb_hash h[HB_TILE_HASHES];
    unsigned n;
    uint64_t at; /* number of the tile */
    bool there;
} hb_tile;

struct hb_audit_log {
    const hb_os *os;
    char *dir;
    char origin[HB_ORIGIN_MAX + 1];
    uint64_t size;    /* of the checkpoint it was opened at, or appended to */
    uint64_t on_disk; /* of the newest checkpoint seen: partial tiles are that wide */
    hb_hash root;
    hb_buf checkpoint;
    hb_pubkey *key;
    hb_merkle *m;
    hb_tile *cache; /* the last one read of each level */
    /* for writing only */
    hb_signer *signer;
    int lock_fd;
    bool writing;
    bool failed; /* an append failed: what is on the disk may be ahead of this */
    hb_edge *edge;
    hb_buf bundle; /* the entries below the level 0 tile that is not whole */
};

/* log->dir and what the rest gives, in `out` (cleared before). */
HB_CHECKED hb_status hb_audit_path(const hb_audit_log *log, const char *name, hb_buf *out,
                                   hb_error *err);
/* The newest checkpoint: read, its signature and origin checked. Replaces log->checkpoint when
 * `take`, else only log->on_disk. */
HB_CHECKED hb_status hb_audit_load_checkpoint(hb_audit_log *log, bool take, hb_error *err);
/* Tile n of a level, as far as it reaches in the log; borrowed until the next call for the level.
 */
HB_CHECKED hb_status hb_audit_tile(hb_audit_log *log, int level, uint64_t n,
                                   const hb_tile **ret_tile, hb_error *err);
/* The bundle below tile 0/n; the caller frees. Its form is not checked. */
HB_CHECKED hb_status hb_audit_bundle(hb_audit_log *log, uint64_t n, char **ret_p, size_t *ret_n,
                                     hb_error *err);
/* hb_merkle_ranges over the tiles; ctx is the log. */
HB_CHECKED hb_status hb_audit_range(void *ctx, uint64_t begin, uint64_t end, hb_hash *ret,
                                    hb_error *err);
/* Signs and replaces the checkpoint, on the disk and in log->checkpoint. */
HB_CHECKED hb_status hb_audit_write_checkpoint(hb_audit_log *log, uint64_t size,
                                               const hb_hash *root, hb_error *err);
HB_CHECKED hb_status hb_edge_root(hb_merkle *m, const hb_edge *e, uint64_t size, hb_hash *ret,
                                  hb_error *err);
/* One more leaf: `whole` is called for each tile that it completes (level, 256 hashes). */
HB_CHECKED hb_status hb_edge_push(hb_merkle *m, hb_edge *e, const hb_hash *leaf,
                                  hb_status (*whole)(void *ctx, int level, const hb_hash *h,
                                                     hb_error *err),
                                  void *ctx, hb_error *err);

#endif
