/* SPDX-License-Identifier: Apache-2.0 */
#include "base/wire.h"

#include <string.h>

static void put(hb_buf *b, uint64_t v, size_t bytes)
{
    unsigned char out[8];
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (unsigned char)(v >> (8 * i));
    }
    hb_buf_add(b, out, bytes);
}

void hb_wire_put_u16(hb_buf *b, uint16_t v)
{
    put(b, v, 2);
}

void hb_wire_put_u32(hb_buf *b, uint32_t v)
{
    put(b, v, 4);
}

void hb_wire_put_u64(hb_buf *b, uint64_t v)
{
    put(b, v, 8);
}

void hb_wire_put_f64(hb_buf *b, double v)
{
    uint64_t bits = 0;
    memcpy(&bits, &v, sizeof bits);
    put(b, bits, 8);
}

hb_rd hb_rd_of(const void *p, size_t n)
{
    return (hb_rd){.p = p, .end = (const unsigned char *)p + n};
}

size_t hb_rd_left(const hb_rd *r)
{
    return (size_t)(r->end - r->p);
}

void hb_rd_bytes(hb_rd *r, void *out, size_t n)
{
    if (hb_rd_left(r) < n) {
        r->failed = true;
        r->p = r->end;
        memset(out, 0, n);
        return;
    }
    if (n) {
        memcpy(out, r->p, n);
    }
    r->p += n;
}

static uint64_t get(hb_rd *r, size_t bytes)
{
    unsigned char in[8];
    uint64_t v = 0;
    hb_rd_bytes(r, in, bytes);
    for (size_t i = 0; i < bytes; i++) {
        v |= (uint64_t)in[i] << (8 * i);
    }
    return v;
}

uint16_t hb_rd_u16(hb_rd *r)
{
    return (uint16_t)get(r, 2);
}

uint32_t hb_rd_u32(hb_rd *r)
{
    return (uint32_t)get(r, 4);
}

uint64_t hb_rd_u64(hb_rd *r)
{
    return get(r, 8);
}

double hb_rd_f64(hb_rd *r)
{
    uint64_t bits = get(r, 8);
    double v = 0;
    memcpy(&v, &bits, sizeof v);
    return v;
}
