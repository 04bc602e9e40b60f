/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/pack_zip.h"

#include "base/wire.h"

enum {
    VERSION = 10,   /* stored files */
    VERSION64 = 45, /* 64-bit forms */
    UNIX = 3 << 8,
    DATE_1980 = 0x0021, /* 1980-01-01, the earliest there is */
    EXTRA64 = 0x0001,
    ENCRYPTED = 1,
    DESCRIPTOR = 8,
    DEFLATED = 8,
};
#define WIDE UINT32_C(0xFFFFFFFF)
#define PLAIN_FILE (UINT32_C(0100644) << 16)
#define KIND (UINT32_C(0170000) << 16)

static bool wide(uint64_t v)
{
    return v >= WIDE;
}

static uint32_t narrow(uint64_t v)
{
    return wide(v) ? WIDE : (uint32_t)v;
}

/* The part that both headers have. */
static void put_common(hb_buf *b, const hb_pack_zip_member *m, bool version64, size_t extra)
{
    hb_wire_put_u16(b, version64 ? VERSION64 : VERSION);
    hb_wire_put_u16(b, 0); /* flags */
    hb_wire_put_u16(b, 0); /* stored */
    hb_wire_put_u16(b, 0); /* midnight */
    hb_wire_put_u16(b, DATE_1980);
    hb_wire_put_u32(b, m->crc);
    hb_wire_put_u32(b, narrow(m->size));
    hb_wire_put_u32(b, narrow(m->size));
    hb_wire_put_u16(b, (uint16_t)strlen(m->path));
    hb_wire_put_u16(b, (uint16_t)(extra ? extra + 4 : 0));
}

static void put_extra(hb_buf *b, size_t extra)
{
    if (extra) {
        hb_wire_put_u16(b, EXTRA64);
        hb_wire_put_u16(b, (uint16_t)extra);
    }
}

void hb_pack_zip_local(hb_buf *b, const hb_pack_zip_member *m)
{
    size_t extra = wide(m->size) ? 16 : 0;
    hb_wire_put_u32(b, HB_PACK_ZIP_SIGN_LOCAL);
    put_common(b, m, extra > 0, extra);
    hb_buf_c(b, m->path);
    put_extra(b, extra);
    if (extra) {
        hb_wire_put_u64(b, m->size);
        hb_wire_put_u64(b, m->size);
    }
}

void hb_pack_zip_central(hb_buf *b, const hb_pack_zip_member *m)
{
    size_t extra = (wide(m->size) ? 16u : 0u) + (wide(m->at) ? 8u : 0u);
    hb_wire_put_u32(b, HB_PACK_ZIP_SIGN_CENTRAL);
    hb_wire_put_u16(b, (uint16_t)(UNIX | (extra ? VERSION64 : VERSION)));
    put_common(b, m, extra > 0, extra);
    hb_wire_put_u16(b, 0); /* comment */
    hb_wire_put_u16(b, 0); /* disk */
    hb_wire_put_u16(b, 0); /* internal attributes */
    hb_wire_put_u32(b, PLAIN_FILE);
    hb_wire_put_u32(b, narrow(m->at));
    hb_buf_c(b, m->path);
    put_extra(b, extra);
    if (wide(m->size)) {
        hb_wire_put_u64(b, m->size);
        hb_wire_put_u64(b, m->size);
    }
    if (wide(m->at)) {
        hb_wire_put_u64(b, m->at);
    }
}

void hb_pack_zip_end(hb_buf *b, uint64_t at, uint64_t size, uint64_t n)
{
    if (wide(at)) {
        hb_wire_put_u32(b, HB_PACK_ZIP_SIGN_END64);
        hb_wire_put_u64(b, HB_PACK_ZIP_END64 - 12);
        hb_wire_put_u16(b, UNIX | VERSION64);
        hb_wire_put_u16(b, VERSION64);
        hb_wire_put_u32(b, 0); /* disks */
        hb_wire_put_u32(b, 0);
        hb_wire_put_u64(b, n);
        hb_wire_put_u64(b, n);
        hb_wire_put_u64(b, size);
        hb_wire_put_u64(b, at);
        hb_wire_put_u32(b, HB_PACK_ZIP_SIGN_LOCATOR);
        hb_wire_put_u32(b, 0);
        hb_wire_put_u64(b, at + size);
        hb_wire_put_u32(b, 1);
    }
    hb_wire_put_u32(b, HB_PACK_ZIP_SIGN_END);
    hb_wire_put_u16(b, 0); /* disks */
    hb_wire_put_u16(b, 0);
    hb_wire_put_u16(b, (uint16_t)n); /* at most 20,000 */
    hb_wire_put_u16(b, (uint16_t)n);
    hb_wire_put_u32(b, (uint32_t)size); /* at most 20,000 times 314 bytes */
    hb_wire_put_u32(b, narrow(at));
    hb_wire_put_u16(b, 0); /* comment */
}

static void read_common(hb_rd *r, hb_pack_zip_fields *f)
{
    f->version = hb_rd_u16(r);
    f->flags = hb_rd_u16(r);
    f->method = hb_rd_u16(r);
    f->time = hb_rd_u16(r);
    f->date = hb_rd_u16(r);
    f->crc = hb_rd_u32(r);
    f->stored = hb_rd_u32(r);
    f->size = hb_rd_u32(r);
    f->name_len = hb_rd_u16(r);
    f->extra_len = hb_rd_u16(r);
}

hb_pack_zip_fields hb_pack_zip_read_local(const void *p, size_t n)
{
    hb_rd r = hb_rd_of(p, n);
    hb_pack_zip_fields f = {.sign = hb_rd_u32(&r), .attributes = PLAIN_FILE};
    read_common(&r, &f);
    return f;
}

hb_pack_zip_fields hb_pack_zip_read_central(const void *p, size_t n)
{
    hb_rd r = hb_rd_of(p, n);
    hb_pack_zip_fields f = {.sign = hb_rd_u32(&r)};
    hb_rd_u16(&r); /* made by */
    read_common(&r, &f);
    f.comment_len = hb_rd_u16(&r);
    f.disk = hb_rd_u16(&r);
    hb_rd_u16(&r); /* internal attributes */
    f.attributes = hb_rd_u32(&r);
    f.at = hb_rd_u32(&r);
    return f;
}

static const char *attributes_differ(uint32_t attributes)
{
    switch (attributes & KIND) {
    case UINT32_C(0120000) << 16:
        return "it is a symbolic link";
    case UINT32_C(0040000) << 16:
        return "it is a folder";
    case UINT32_C(0100000) << 16:
    case 0:
        return "its attributes are not those of a plain file (0100644)";
    default:
        return "it is a device, a pipe or a socket";
    }
}

const char *hb_pack_zip_differs(const hb_pack_zip_fields *f, const hb_pack_zip_member *m)
{
    const struct {
        bool differs;
        const char *why;
    } rows[] = {
        {(f->flags & ENCRYPTED) != 0, "it is encrypted"},
        {(f->flags & DESCRIPTOR) != 0, "its sizes are behind it (a data descriptor)"},
        {f->flags != 0, "it has flags"},
        {f->method == DEFLATED, "it is deflated, expected stored"},
        {f->method != 0, "its compression is none that a pack has"},
        {f->time != 0 || f->date != DATE_1980, "its time is not 1980-01-01 00:00:00"},
        {f->disk != 0, "it is on another disk"},
        {f->comment_len != 0, "it has a comment"},
        {f->name_len != strlen(m->path), "its name has another length in the two places"},
        {f->crc != m->crc, "its CRC-32 is not the same in the two places"},
        {f->stored != f->size, "it is stored with another size than it has"},
        {f->size != narrow(m->size), "its size is not the same in the two places"},
        {f->extra_len != 0 && !wide(m->size) && !wide(m->at), "it has an extra field"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].differs) {
            return rows[i].why;
        }
    }
    if (f->attributes != PLAIN_FILE) {
        return attributes_differ(f->attributes);
    }
    return f->version != VERSION && f->version != VERSION64
               ? "it needs another version of the format"
               : NULL;
}
