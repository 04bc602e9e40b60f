/* SPDX-License-Identifier: Apache-2.0 */
/* Names and bytes of the files of C2SP tlog-tiles. Pure; inside audit/ and for its tests. */
#ifndef HB_AUDIT_TILES_H
#define HB_AUDIT_TILES_H

#include "audit/merkle.h"
#include "base/buf.h"

enum {
    HB_TILE_HASHES = 256,
    HB_TILE_LEVELS = 8,   /* for up to 2^60 entries */
    HB_TILE_ENTRIES = -1, /* level of the bundles of entries */
    HB_TILE_GROUP = 1000, /* tiles a folder */
    HB_BUNDLE_MAX = HB_TILE_HASHES * (2 + 65535)
};

/* Hashes there are at a level in a tree of `size` entries (level HB_TILE_ENTRIES: the entries). */
uint64_t hb_tile_hashes(int level, uint64_t size);
/* How many of them tile n holds: 0 to 256. */
unsigned hb_tile_width(int level, uint64_t n, uint64_t size);
/* "tile/0/x001/234", with ".p/5" when width is not 256. */
void hb_tile_path(int level, uint64_t n, unsigned width, hb_buf *out);

/* Takes one entry off a bundle; false when what is left is none. */
bool hb_bundle_next(hb_str *rest, hb_str *ret_entry);
void hb_bundle_put(hb_str entry, hb_buf *out);

#endif
