/* SPDX-License-Identifier: Apache-2.0 */
#include "input/zip/zip.h"

#include "base/mem.h"
#include "base/wire.h"

#include <string.h>
#include <zlib.h>

enum {
    END_BYTES = 22,
    END64_BYTES = 56,
    LOCATOR_BYTES = 20,
    ENTRY_BYTES = 46,
    LOCAL_BYTES = 30,
    TAIL_BYTES = END_BYTES + 65535,
    NAME_BYTES = 65535,
    WINDOW_BYTES = 1 << 16,
    CHUNK_BYTES = 1 << 14,
    METHOD_STORED = 0,
    METHOD_DEFLATED = 8,
    MARK_64 = 1, /* tag of the extra field with 64-bit sizes */
    MARK_AES = 0x9901,
};

/* Below this much output a good ratio is nothing to worry about. */
static const uint64_t bomb_floor_bytes = 64 << 20;

struct hb_zip {
    hb_stream *stream;
    const char *path;
    uint64_t size;
    uint64_t directory;     /* place of the first entry */
    uint64_t directory_end; /* first byte behind the last */
    uint64_t next;
    uint64_t walked;
    char name[NAME_BYTES + 1];
    unsigned char window[WINDOW_BYTES];
    uint64_t window_at;
    size_t window_n;
};

struct hb_zip_file {
    const hb_zip *zip;
    hb_zip_entry e; /* its name is not kept */
    uint64_t at;    /* next stored byte */
    uint64_t left;  /* stored bytes to come */
    uint64_t out;
    uint32_t crc;
    z_stream z;
    bool z_open;
    bool z_end;
    bool end;
    unsigned char chunk[CHUNK_BYTES];
};

static hb_status damaged(const hb_zip *z, const char *why, hb_error *err)
{
    return HB_FAIL(err, HB_E_INPUT, "'%s' is cut off or damaged: %s", z->path, why);
}

/* n bytes at a place, through the window; n is at most WINDOW_BYTES. Borrowed until the next. */
static hb_status look(hb_zip *z, uint64_t at, size_t n, const unsigned char **ret, hb_error *err)
{
    if (at < z->window_at || at + n > z->window_at + z->window_n) {
        z->window_n = 0;
        HB_TRY(hb_stream_read_at(z->stream, at, z->window, WINDOW_BYTES, &z->window_n, err));
        z->window_at = at;
        if (z->window_n < n) {
            z->window_n = 0;
            return damaged(z, "its zip directory points behind its end", err);
        }
    }
    *ret = z->window + (at - z->window_at);
    return HB_OK;
}

static void skip(hb_rd *r, size_t n)
{
    if (hb_rd_left(r) < n) {
        r->failed = true;
        n = hb_rd_left(r);
    }
    r->p += n;
}

/* The 64-bit end record stands in front of the end record, with a locator between them. */
static hb_status find_end64(hb_zip *z, uint64_t end, uint64_t *entries_bytes, uint64_t *entries_at,
                            hb_error *err)
{
    const unsigned char *p = NULL;
    if (end < LOCATOR_BYTES + END64_BYTES) {
        return HB_OK;
    }
    HB_TRY(look(z, end - LOCATOR_BYTES, LOCATOR_BYTES, &p, err));
    if (memcmp(p, "PK\6\7", 4) != 0) {
        return HB_OK;
    }
    hb_rd r = hb_rd_of(p + 8, 8);
    uint64_t at = hb_rd_u64(&r);
    if (at > end - LOCATOR_BYTES - END64_BYTES) {
        return damaged(z, "its 64-bit zip directory lies outside the file", err);
    }
    HB_TRY(look(z, at, END64_BYTES, &p, err));
    if (memcmp(p, "PK\6\6", 4) != 0) {
        return damaged(z, "its 64-bit zip directory is not where it should be", err);
    }
    r = hb_rd_of(p + 40, 16);
    *entries_bytes = hb_rd_u64(&r);
    *entries_at = hb_rd_u64(&r);
    return HB_OK;
}

static hb_status read_end(hb_zip *z, const unsigned char *p, uint64_t at, hb_error *err)
{
    hb_rd r = hb_rd_of(p + 4, END_BYTES - 4);
    uint16_t disk = hb_rd_u16(&r);
    uint16_t directory_disk = hb_rd_u16(&r);
    skip(&r, 4);
    uint64_t bytes = hb_rd_u32(&r);
    uint64_t from = hb_rd_u32(&r);
    if ((disk && disk != UINT16_MAX) || (directory_disk && directory_disk != UINT16_MAX)) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is one part of a zip in several parts; join them",
                       z->path);
    }
    HB_TRY(find_end64(z, at, &bytes, &from, err));
    if (bytes > at || from > at - bytes) {
        return damaged(z, "its zip directory lies outside the file", err);
    }
    z->directory = from;
    z->directory_end = from + bytes;
    return HB_OK;
}

/* The end record is the last thing in the file but for a comment, whose length it states. */
static hb_status find_end(hb_zip *z, hb_error *err)
{
    size_t n = z->size < TAIL_BYTES ? (size_t)z->size : TAIL_BYTES;
    unsigned char *tail = hb_alloc(n ? n : 1);
    if (!tail) {
        return HB_NOMEM(err);
    }
    size_t got = 0;
    hb_status status = hb_stream_read_at(z->stream, z->size - n, tail, n, &got, err);
    const unsigned char *found = NULL;
    for (size_t i = got < END_BYTES ? 0 : got - END_BYTES + 1; status == HB_OK && i-- > 0;) {
        size_t comment = (size_t)(tail[i + 20] | tail[i + 21] << 8);
        if (memcmp(tail + i, "PK\5\6", 4) == 0 && i + END_BYTES + comment <= got) {
            found = tail + i;
            break;
        }
    }
    if (status == HB_OK) {
        status = found ? read_end(z, found, z->size - n + (uint64_t)(found - tail), err)
                       : damaged(z, "there is no zip directory at its end", err);
    }
    hb_free(tail);
    return status;
}

hb_status hb_zip_open(hb_stream *s, hb_zip **ret_zip, hb_error *err)
{
    hb_zip *z = hb_alloc_zero(sizeof *z);
    if (!z) {
        return HB_NOMEM(err);
    }
    z->stream = s;
    z->path = hb_stream_path(s);
    hb_status status = hb_stream_hold(s, &z->size, err);
    if (status == HB_OK) {
        status = find_end(z, err);
    }
    if (status != HB_OK) {
        hb_zip_close(z);
        return status;
    }
    hb_zip_rewind(z);
    *ret_zip = z;
    return HB_OK;
}

void hb_zip_close(hb_zip *z)
{
    hb_free(z);
}

void hb_zip_rewind(hb_zip *z)
{
    z->next = z->directory;
    z->walked = 0;
}

/* 64-bit sizes stand in an extra field, each only where the plain field is full. */
static bool read_extra(hb_rd r, hb_zip_entry *e)
{
    while (hb_rd_left(&r) >= 4) {
        uint16_t tag = hb_rd_u16(&r);
        uint16_t n = hb_rd_u16(&r);
        if (n > hb_rd_left(&r)) {
            return true; /* some writers pad this field with zeros */
        }
        hb_rd in = hb_rd_of(r.p, n);
        skip(&r, n);
        if (tag == MARK_AES) {
            e->encrypted = true;
        }
        if (tag != MARK_64) {
            continue;
        }
        uint64_t *const wide[] = {&e->size, &e->stored, &e->at};
        for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
            if (*wide[i] == UINT32_MAX) {
                *wide[i] = hb_rd_u64(&in);
            }
        }
        if (in.failed) {
            return false;
        }
    }
    return true;
}

hb_status hb_zip_next(hb_zip *z, hb_zip_entry *ret, bool *ret_more, hb_error *err)
{
    const unsigned char *p = NULL;
    if (z->next == z->directory_end) {
        *ret_more = false;
        return HB_OK;
    }
    if (++z->walked > HB_ZIP_MAX_FILES) {
        return HB_FAIL(err, HB_E_LIMIT, "'%s' holds more than %d files", z->path, HB_ZIP_MAX_FILES);
    }
    if (z->directory_end - z->next < ENTRY_BYTES) {
        return damaged(z, "its zip directory ends within an entry", err);
    }
    HB_TRY(look(z, z->next, ENTRY_BYTES, &p, err));
    if (memcmp(p, "PK\1\2", 4) != 0) {
        return damaged(z, "its zip directory holds something else", err);
    }
    hb_rd r = hb_rd_of(p + 8, ENTRY_BYTES - 8);
    hb_zip_entry e = {.encrypted = hb_rd_u16(&r) & 1};
    e.method = hb_rd_u16(&r);
    skip(&r, 4); /* the clock time of a zip has no zone and is not used */
    e.crc = hb_rd_u32(&r);
    e.stored = hb_rd_u32(&r);
    e.size = hb_rd_u32(&r);
    size_t n_name = hb_rd_u16(&r);
    size_t n_extra = hb_rd_u16(&r);
    size_t n_comment = hb_rd_u16(&r);
    skip(&r, 8);
    e.at = hb_rd_u32(&r);
    uint64_t at = z->next + ENTRY_BYTES;
    if (n_name + n_extra + n_comment > z->directory_end - at) {
        return damaged(z, "its zip directory ends within an entry", err);
    }
    HB_TRY(look(z, at, n_name, &p, err));
    memcpy(z->name, p, n_name);
    z->name[n_name] = '\0';
    e.name = (hb_str){z->name, strlen(z->name)};
    HB_TRY(look(z, at + n_name, n_extra, &p, err));
    if (!read_extra(hb_rd_of(p, n_extra), &e)) {
        return damaged(z, "an entry of its zip directory lacks its 64-bit sizes", err);
    }
    e.folder = e.name.n && e.name.p[e.name.n - 1] == '/';
    z->next = at + n_name + n_extra + n_comment;
    *ret = e;
    *ret_more = true;
    return HB_OK;
}

static hb_status check_readable(const hb_zip *z, const hb_zip_entry *e, hb_error *err)
{
    if (e->encrypted) {
        return HB_FAIL(err, HB_E_INPUT, "'%s': '%.100s' is encrypted; unpack it first", z->path,
                       e->name.p);
    }
    if (e->method != METHOD_STORED && e->method != METHOD_DEFLATED) {
        return HB_FAIL(err, HB_E_INPUT,
                       "'%s': '%.100s' is packed by method %u; only stored and deflated files are "
                       "read: unpack it first",
                       z->path, e->name.p, e->method);
    }
    return HB_OK;
}

/* Where the data begin: behind the local header, whose lengths may differ from the directory's. */
static hb_status find_data(hb_zip_file *f, hb_error *err)
{
    unsigned char local[LOCAL_BYTES];
    size_t got = 0;
    const hb_zip *z = f->zip;
    HB_TRY(hb_stream_read_at(z->stream, f->e.at, local, sizeof local, &got, err));
    if (got < sizeof local || memcmp(local, "PK\3\4", 4) != 0) {
        return damaged(z, "a file is not where its zip directory says", err);
    }
    hb_rd r = hb_rd_of(local + 26, 4);
    uint64_t head = LOCAL_BYTES + (uint64_t)hb_rd_u16(&r);
    head += hb_rd_u16(&r);
    if (head > z->size - f->e.at || f->e.stored > z->size - f->e.at - head) {
        return damaged(z, "a file of its zip directory reaches beyond its end", err);
    }
    if (f->e.method == METHOD_STORED && f->e.stored != f->e.size) {
        return damaged(z, "a stored file has two sizes", err);
    }
    f->at = f->e.at + head;
    f->left = f->e.stored;
    return HB_OK;
}

hb_status hb_zip_file_open(hb_zip *z, const hb_zip_entry *entry, hb_zip_file **ret_file,
                           hb_error *err)
{
    HB_TRY(check_readable(z, entry, err));
    hb_zip_file *f = hb_alloc_zero(sizeof *f);
    if (!f) {
        return HB_NOMEM(err);
    }
    f->zip = z;
    f->e = *entry;
    f->e.name = (hb_str){"", 0};
    f->crc = (uint32_t)crc32(0, NULL, 0);
    hb_status status = find_data(f, err);
    if (status == HB_OK && f->e.method == METHOD_DEFLATED) {
        f->z_open = inflateInit2(&f->z, -15) == Z_OK;
        status = f->z_open ? HB_OK : HB_NOMEM(err);
    }
    if (status != HB_OK) {
        hb_zip_file_close(f);
        return status;
    }
    *ret_file = f;
    return HB_OK;
}

void hb_zip_file_close(hb_zip_file *f)
{
    if (f) {
        if (f->z_open) {
            inflateEnd(&f->z);
        }
        hb_free(f);
    }
}

static hb_status stored_bytes(hb_zip_file *f, void *p, size_t n, size_t *ret_n, hb_error *err)
{
    n = f->left < n ? (size_t)f->left : n;
    HB_TRY(hb_stream_read_at(f->zip->stream, f->at, p, n, ret_n, err));
    if (*ret_n < n) {
        return damaged(f->zip, "it ends before its files are complete", err);
    }
    f->at += *ret_n;
    f->left -= *ret_n;
    return HB_OK;
}

static hb_status inflated_bytes(hb_zip_file *f, void *p, size_t n, size_t *ret_n, hb_error *err)
{
    n = n < CHUNK_BYTES * 64 ? n : CHUNK_BYTES * 64;
    f->z.next_out = p;
    f->z.avail_out = (uInt)n;
    while (f->z.avail_out == n && !f->z_end) {
        if (f->z.avail_in == 0 && f->left) {
            size_t got = 0;
            HB_TRY(stored_bytes(f, f->chunk, CHUNK_BYTES, &got, err));
            f->z.next_in = f->chunk;
            f->z.avail_in = (uInt)got;
        }
        int rc = inflate(&f->z, Z_NO_FLUSH);
        f->z_end = rc == Z_STREAM_END;
        if (rc == Z_MEM_ERROR) {
            return HB_NOMEM(err);
        }
        if (rc == Z_BUF_ERROR && f->z.avail_in == 0 && f->left == 0) {
            return damaged(f->zip, "a file in it ends before it is complete", err);
        }
        if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR) {
            return damaged(f->zip, f->z.msg ? f->z.msg : "a file in it does not inflate", err);
        }
    }
    *ret_n = n - f->z.avail_out;
    return HB_OK;
}

static hb_status check_end(hb_zip_file *f, hb_error *err)
{
    f->end = true;
    if (f->out != f->e.size) {
        return damaged(f->zip, "a file in it has not the size its zip directory says", err);
    }
    return f->crc == f->e.crc ? HB_OK : damaged(f->zip, "a file in it has a wrong checksum", err);
}

hb_status hb_zip_file_read(hb_zip_file *f, void *p, size_t n, size_t *ret_n, hb_error *err)
{
    *ret_n = 0;
    if (f->end || n == 0) {
        return HB_OK;
    }
    size_t got = 0;
    HB_TRY(f->z_open ? inflated_bytes(f, p, n, &got, err) : stored_bytes(f, p, n, &got, err));
    if (got == 0) {
        return check_end(f, err);
    }
    f->out += got;
    if (f->out > f->e.size) {
        return damaged(f->zip, "a file in it is longer than its zip directory says", err);
    }
    uint64_t consumed = f->e.stored - f->left;
    if (f->out > bomb_floor_bytes && f->out / HB_STREAM_MAX_RATIO > consumed) {
        return HB_FAIL(err, HB_E_LIMIT,
                       "a file in '%s' expands to more than %d times its size; if it is meant to, "
                       "unpack it first",
                       f->zip->path, HB_STREAM_MAX_RATIO);
    }
    f->crc = (uint32_t)crc32(f->crc, p, (uInt)got);
    *ret_n = got;
    return HB_OK;
}
