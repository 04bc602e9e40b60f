/* SPDX-License-Identifier: Apache-2.0 */
/* Binary formats: little-endian writing onto a buffer, and reading through a cursor that checks
 * every bound. Reading past the end gives 0 and sets `failed`, which the reader looks at once per
 * step. */
#ifndef HB_BASE_WIRE_H
#define HB_BASE_WIRE_H

#include "base/buf.h"

#include <endian.h>
#include <string.h>

/* The low `bytes` of v, at most 8. States and digests are made of millions of these, so where there
 * is room they are stored in place. */
static inline void hb_wire_put(hb_buf *b, uint64_t v, size_t bytes)
{
    uint64_t little = htole64(v);
    if (b->failed == HB_OK && b->cap > b->n + sizeof little && b->max - b->n >= bytes) {
        memcpy(b->p + b->n, &little, sizeof little);
        b->n += bytes;
        b->p[b->n] = '\0';
    } else {
        hb_buf_add(b, &little, bytes);
    }
}

static inline void hb_wire_put_u16(hb_buf *b, uint16_t v)
{
    hb_wire_put(b, v, sizeof v);
}

static inline void hb_wire_put_u32(hb_buf *b, uint32_t v)
{
    hb_wire_put(b, v, sizeof v);
}

static inline void hb_wire_put_u64(hb_buf *b, uint64_t v)
{
    hb_wire_put(b, v, sizeof v);
}

/* Its bits, as u64. */
static inline void hb_wire_put_f64(hb_buf *b, double v)
{
    uint64_t bits = 0;
    memcpy(&bits, &v, sizeof bits);
    hb_wire_put(b, bits, sizeof bits);
}

typedef struct hb_rd {
    const unsigned char *p;
    const unsigned char *end;
    bool failed;
} hb_rd;

hb_rd hb_rd_of(const void *p, size_t n);
size_t hb_rd_left(const hb_rd *r);
void hb_rd_bytes(hb_rd *r, void *out, size_t n);
uint16_t hb_rd_u16(hb_rd *r);
uint32_t hb_rd_u32(hb_rd *r);
uint64_t hb_rd_u64(hb_rd *r);
double hb_rd_f64(hb_rd *r);

#endif
