/* SPDX-License-Identifier: Apache-2.0 */
#include "base/wire.h"

#include <string.h>

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
