/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/tiles.h"

enum { GROUPS_MAX = 8 };

uint64_t hb_tile_hashes(int level, uint64_t size)
{
    return level <= 0 ? size : size >> (8 * (unsigned)level);
}

unsigned hb_tile_width(int level, uint64_t n, uint64_t size)
{
    uint64_t all = hb_tile_hashes(level, size);
    uint64_t first = n * HB_TILE_HASHES;
    return first >= all ? 0 : all - first < HB_TILE_HASHES ? (unsigned)(all - first) : 256U;
}

void hb_tile_path(int level, uint64_t n, unsigned width, hb_buf *out)
{
    unsigned groups[GROUPS_MAX];
    size_t n_groups = 0;
    do {
        groups[n_groups++] = (unsigned)(n % HB_TILE_GROUP);
        n /= HB_TILE_GROUP;
    } while (n && n_groups < GROUPS_MAX);
    if (level == HB_TILE_ENTRIES) {
        hb_buf_c(out, "tile/entries");
    } else {
        hb_buf_fmt(out, "tile/%d", level);
    }
    while (n_groups--) {
        hb_buf_fmt(out, "/%s%03u", n_groups ? "x" : "", groups[n_groups]);
    }
    if (width < HB_TILE_HASHES) {
        hb_buf_fmt(out, ".p/%u", width);
    }
}

bool hb_bundle_next(hb_str *rest, hb_str *ret_entry)
{
    const unsigned char *p = (const unsigned char *)rest->p;
    if (rest->n < 2) {
        return false;
    }
    size_t n = (size_t)p[0] << 8 | p[1];
    if (rest->n - 2 < n) {
        return false;
    }
    *ret_entry = (hb_str){rest->p + 2, n};
    *rest = (hb_str){rest->p + 2 + n, rest->n - 2 - n};
    return true;
}

void hb_bundle_put(hb_str entry, hb_buf *out)
{
    hb_buf_ch(out, (char)(entry.n >> 8));
    hb_buf_ch(out, (char)(entry.n & 255));
    hb_buf_str(out, entry);
}
