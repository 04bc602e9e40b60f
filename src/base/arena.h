/* SPDX-License-Identifier: Apache-2.0 */
/* One-life memory: many small allocations freed together.
 *
 * Calling sequence: init with a limit, alloc/strndup as needed, release once. Allocations are
 * 16-byte aligned and zeroed. Beyond the limit or memory: NULL. Not for sharing between threads. */
#ifndef HB_BASE_ARENA_H
#define HB_BASE_ARENA_H

#include "base/error.h"
#include "base/str.h"

typedef struct hb_arena_block hb_arena_block;

typedef struct hb_arena {
    hb_arena_block *head;
    size_t used_bytes;
    size_t max_bytes;
} hb_arena;

void hb_arena_init(hb_arena *a, size_t max_bytes);
void hb_arena_release(hb_arena *a);
void *hb_arena_alloc(hb_arena *a, size_t size);
void *hb_arena_array(hb_arena *a, size_t n, size_t size);
char *hb_arena_strndup(hb_arena *a, const char *p, size_t n);
char *hb_arena_str(hb_arena *a, hb_str s); /* NUL-terminated copy */
/* Room for element number n of *p, an array with room for *cap: doubled when full, which copies. On
 * failure *p and *cap are unchanged. */
HB_CHECKED hb_status hb_arena_grow(hb_arena *a, void **p, size_t n, size_t *cap, size_t elem_size,
                                   hb_error *err);
/* hb_arena_grow for a typed pointer variable. */
#define HB_ARENA_GROW(a, p, n, cap, err) \
    hb_arena_grow((a), (void **)&(p), (n), &(cap), sizeof *(p), (err))

#endif
