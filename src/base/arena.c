/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include "base/mem.h"

#include <string.h>

struct hb_arena_block {
    hb_arena_block *next;
    size_t used;
    size_t cap;
    _Alignas(16) char data[];
};

enum { BLOCK_BYTES = 16 * 1024, ALIGN = 16 };

void hb_arena_init(hb_arena *a, size_t max_bytes)
{
    *a = (hb_arena){.max_bytes = max_bytes};
}

void hb_arena_release(hb_arena *a)
{
    hb_arena_block *b = a->head;
    while (b) {
        hb_arena_block *next = b->next;
        hb_free(b);
        b = next;
    }
    *a = (hb_arena){.max_bytes = a->max_bytes};
}

void *hb_arena_alloc(hb_arena *a, size_t size)
{
    if (size > SIZE_MAX / 2 || a->used_bytes > a->max_bytes ||
        size > a->max_bytes - a->used_bytes) {
        return NULL;
    }
    size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    hb_arena_block *b = a->head;
    if (!b || b->cap - b->used < size) {
        size_t cap = size > BLOCK_BYTES / 4 ? size : BLOCK_BYTES;
        b = hb_alloc_zero(sizeof *b + cap);
        if (!b) {
            return NULL;
        }
        b->cap = cap;
        /* A block made for one large object goes behind the current one, which still has room. */
        if (cap == size && a->head) {
            b->next = a->head->next;
            a->head->next = b;
        } else {
            b->next = a->head;
            a->head = b;
        }
    }
    void *p = b->data + b->used;
    b->used += size;
    a->used_bytes += size;
    return p;
}

void *hb_arena_array(hb_arena *a, size_t n, size_t size)
{
    size_t bytes = 0;
    return __builtin_mul_overflow(n, size, &bytes) ? NULL : hb_arena_alloc(a, bytes);
}

char *hb_arena_strndup(hb_arena *a, const char *p, size_t n)
{
    if (n == SIZE_MAX) {
        return NULL;
    }
    char *s = hb_arena_alloc(a, n + 1);
    if (s && n) {
        memcpy(s, p, n);
    }
    return s;
}

char *hb_arena_str(hb_arena *a, hb_str s)
{
    return hb_arena_strndup(a, s.p, s.n);
}

hb_status hb_arena_grow(hb_arena *a, void **p, size_t n, size_t *cap, size_t elem_size,
                        hb_error *err)
{
    if (n < *cap) {
        return HB_OK;
    }
    size_t wider = *cap ? *cap * 2 : 16;
    void *more = hb_arena_array(a, wider, elem_size);
    if (!more) {
        return HB_NOMEM(err);
    }
    if (n) {
        memcpy(more, *p, n * elem_size);
    }
    *p = more;
    *cap = wider;
    return HB_OK;
}
