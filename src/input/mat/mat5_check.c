/* SPDX-License-Identifier: Apache-2.0 */
/* A look through a MATLAB 5 file before matio gets it. matio reads on where lengths contradict each
 * other, leaves out what it cannot read, and does not look at the checksum of compressed data: a
 * damaged file gives other figures without a word. So every element is walked once by its own tags
 * ("MAT-File Format", MathWorks): each must end where its parent says, data must be as many as the
 * dimensions say, and a compressed element must be whole and have the right checksum. What is
 * skipped of an uncompressed element is not read. */
#include "input/mat/mat5_internal.h"

#include "base/mem.h"

#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum {
    TAG_BYTES = 8,
    ROOM_BYTES = 1 << 16,
    MAX_DEPTH = 40,
    MAX_RANK = 32,
    MAX_VARIABLES = 100000,
    TYPE_INT8 = 1,
    TYPE_INT32 = 5,
    TYPE_UINT32 = 6,
    TYPE_MATRIX = 14,
    TYPE_COMPRESSED = 15,
    TYPE_UTF8 = 16,
    TYPE_UTF32 = 18,
    FLAG_COMPLEX = 0x800,
};

/* Bytes of one value by type; 0 = not a type of values. */
static const uint8_t value_bytes[TYPE_UTF32 + 1] = {0, 1, 1, 2, 2, 4, 4, 4, 0, 8,
                                                    0, 0, 8, 8, 0, 0, 1, 2, 4};

/* One top-level element, read from front to back. */
typedef struct walk {
    int fd;
    bool little;
    uint64_t start; /* of the element, for messages */
    uint64_t at;    /* in the file */
    uint64_t end;
    bool compressed;
    bool done; /* the compressed stream is at its end */
    z_stream z;
    unsigned char in[ROOM_BYTES];
    unsigned char out[ROOM_BYTES]; /* for what is skipped */
} walk;

static hb_status damaged(const walk *w, const char *why, hb_error *err)
{
    return HB_FAIL(err, HB_E_INPUT, "it is damaged: the element at byte %llu %s",
                   (unsigned long long)w->start, why);
}

static hb_status fill(walk *w, hb_error *err)
{
    uint64_t left = w->end - w->at;
    size_t n = left < ROOM_BYTES ? (size_t)left : ROOM_BYTES;
    ssize_t got = n ? pread(w->fd, w->in, n, (off_t)w->at) : 0;
    if (got <= 0) {
        return damaged(w, "is cut off", err);
    }
    w->at += (uint64_t)got;
    w->z.next_in = w->in;
    w->z.avail_in = (uInt)got;
    return HB_OK;
}

static hb_status inflate_some(walk *w, unsigned char *p, size_t n, hb_error *err)
{
    w->z.next_out = p;
    w->z.avail_out = (uInt)n;
    while (w->z.avail_out && !w->done) {
        if (w->z.avail_in == 0) {
            HB_TRY(fill(w, err));
        }
        int z = inflate(&w->z, Z_NO_FLUSH);
        if (z == Z_MEM_ERROR) {
            return HB_NOMEM(err);
        }
        if (z != Z_OK && z != Z_STREAM_END) {
            return damaged(w, "has damaged compressed data", err);
        }
        w->done = z == Z_STREAM_END;
    }
    return w->z.avail_out ? damaged(w, "ends before its data do", err) : HB_OK;
}

/* The next n bytes; p = NULL skips them. */
static hb_status take(walk *w, void *p, uint64_t n, hb_error *err)
{
    while (w->compressed && n) {
        size_t k = n < ROOM_BYTES ? (size_t)n : ROOM_BYTES;
        HB_TRY(inflate_some(w, p ? p : w->out, k, err));
        p = p ? (char *)p + k : NULL;
        n -= k;
    }
    if (n > w->end - w->at) {
        return damaged(w, "ends before its data do", err);
    }
    if (p && n && pread(w->fd, p, (size_t)n, (off_t)w->at) != (ssize_t)n) {
        return damaged(w, "is cut off", err);
    }
    w->at += n;
    return HB_OK;
}

static uint32_t u32_of(const unsigned char *p, bool little)
{
    return little
               ? (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24
               : (uint32_t)p[3] | (uint32_t)p[2] << 8 | (uint32_t)p[1] << 16 | (uint32_t)p[0] << 24;
}

typedef struct tag {
    uint32_t type;
    uint64_t bytes;
    bool small; /* its data are in the tag */
    unsigned char data[4];
} tag;

/* The next tag of a parent that has *io_left bytes left. */
static hb_status take_tag(walk *w, uint64_t *io_left, tag *ret, hb_error *err)
{
    unsigned char p[TAG_BYTES];
    if (*io_left < TAG_BYTES) {
        return damaged(w, "ends before its parts do", err);
    }
    HB_TRY(take(w, p, TAG_BYTES, err));
    *io_left -= TAG_BYTES;
    uint32_t first = u32_of(p, w->little);
    *ret = (tag){.type = first & 0xffff, .bytes = first >> 16, .small = first >> 16 != 0};
    if (ret->small) {
        memcpy(ret->data, p + 4, sizeof ret->data);
    } else {
        ret->bytes = u32_of(p + 4, w->little);
    }
    if (ret->small ? ret->bytes > sizeof ret->data : ret->bytes > *io_left) {
        return damaged(w, "has a part that is longer than itself", err);
    }
    return HB_OK;
}

/* The data of a tag, the first `room` bytes kept, and what pads them to eight. */
static hb_status take_data(walk *w, const tag *t, uint64_t *io_left, unsigned char *p, size_t room,
                           hb_error *err)
{
    size_t keep = t->bytes < room ? (size_t)t->bytes : room;
    if (t->small) {
        for (size_t i = 0; i < keep && i < sizeof t->data; i++) {
            p[i] = t->data[i];
        }
        return HB_OK;
    }
    uint64_t padded = (t->bytes + TAG_BYTES - 1) / TAG_BYTES * TAG_BYTES;
    padded = padded < *io_left ? padded : *io_left;
    HB_TRY(take(w, p, keep, err));
    HB_TRY(take(w, NULL, padded - keep, err));
    *io_left -= padded;
    return HB_OK;
}

typedef struct array {
    uint32_t class;
    bool complex;
    uint64_t n; /* product of the dimensions */
} array;

static hb_status take_head(walk *w, uint64_t *io_left, array *ret, hb_error *err)
{
    unsigned char room[4 * MAX_RANK] = {0};
    tag t = {0};
    HB_TRY(take_tag(w, io_left, &t, err));
    if (t.type != TYPE_UINT32 || t.bytes != 8) {
        return damaged(w, "has no array flags", err);
    }
    HB_TRY(take_data(w, &t, io_left, room, 8, err));
    uint32_t flags = u32_of(room, w->little);
    *ret = (array){.class = flags & 0xff, .complex = flags & FLAG_COMPLEX, .n = 1};
    if (ret->class == 0 || ret->class > MAT_C_OPAQUE) {
        return damaged(w, "is of no class", err);
    }
    if (ret->class >= MAT_C_FUNCTION) {
        return HB_OK;
    }
    HB_TRY(take_tag(w, io_left, &t, err));
    if (t.type != TYPE_INT32 || t.bytes < 8 || t.bytes % 4 || t.bytes > sizeof room) {
        return damaged(w, "has no proper dimensions", err);
    }
    HB_TRY(take_data(w, &t, io_left, room, sizeof room, err));
    for (size_t i = 0; i < t.bytes / 4; i++) {
        uint32_t dim = u32_of(room + 4 * i, w->little);
        if (dim > INT32_MAX || __builtin_mul_overflow(ret->n, (uint64_t)dim, &ret->n)) {
            return damaged(w, "has dimensions no array has", err);
        }
    }
    HB_TRY(take_tag(w, io_left, &t, err));
    if (t.type != TYPE_INT8 && t.type != TYPE_UTF8) {
        return damaged(w, "has no name", err);
    }
    return take_data(w, &t, io_left, NULL, 0, err);
}

static hb_status take_values(walk *w, const array *a, uint64_t *io_left, hb_error *err)
{
    tag t = {0};
    if (*io_left == 0 && a->n == 0) {
        return HB_OK;
    }
    HB_TRY(take_tag(w, io_left, &t, err));
    uint64_t size = t.type <= TYPE_UTF32 ? value_bytes[t.type] : 0;
    bool text = a->class == MAT_C_CHAR;
    uint64_t bytes = 0;
    if (size == 0 || (!text && t.type >= TYPE_UTF8) || __builtin_mul_overflow(a->n, size, &bytes)) {
        return damaged(w, "has values of no type", err);
    }
    /* Characters beyond ASCII take more bytes in UTF-8 than the dimensions count. */
    if (text && t.type >= TYPE_UTF8 ? t.bytes < a->n && size == 1 : t.bytes != bytes) {
        return damaged(w, "has not as many values as its dimensions say", err);
    }
    return take_data(w, &t, io_left, NULL, 0, err);
}

static hb_status check_array(walk *w, uint64_t bytes, int depth, hb_error *err);

static hb_status take_arrays(walk *w, uint64_t n, uint64_t *io_left, int depth, hb_error *err)
{
    for (uint64_t i = 0; i < n; i++) {
        tag t = {0};
        HB_TRY(take_tag(w, io_left, &t, err));
        if (t.type != TYPE_MATRIX || t.small) {
            return damaged(w, "has something else where an array belongs", err);
        }
        HB_TRY(check_array(w, t.bytes, depth + 1, err));
        *io_left -= t.bytes;
    }
    return HB_OK;
}

static hb_status take_struct(walk *w, const array *a, uint64_t *io_left, int depth, hb_error *err)
{
    unsigned char room[4] = {0};
    tag t = {0};
    if (a->class == MAT_C_OBJECT) {
        HB_TRY(take_tag(w, io_left, &t, err));
        HB_TRY(take_data(w, &t, io_left, NULL, 0, err));
    }
    HB_TRY(take_tag(w, io_left, &t, err));
    if (t.type != TYPE_INT32 || t.bytes != sizeof room) {
        return damaged(w, "has no length of field names", err);
    }
    HB_TRY(take_data(w, &t, io_left, room, sizeof room, err));
    uint32_t length = u32_of(room, w->little);
    HB_TRY(take_tag(w, io_left, &t, err));
    if (t.type != TYPE_INT8 || (t.bytes && (length == 0 || t.bytes % length))) {
        return damaged(w, "has no proper field names", err);
    }
    uint64_t fields = t.bytes ? t.bytes / length : 0;
    HB_TRY(take_data(w, &t, io_left, NULL, 0, err));
    uint64_t n = 0;
    if (__builtin_mul_overflow(fields, a->n, &n)) {
        return damaged(w, "has dimensions no array has", err);
    }
    return take_arrays(w, n, io_left, depth, err);
}

/* The content of an array of so many bytes, to its end. */
static hb_status check_array(walk *w, uint64_t bytes, int depth, hb_error *err)
{
    uint64_t left = bytes;
    array a;
    if (bytes == 0) {
        return HB_OK; /* a field nobody set */
    }
    if (depth > MAX_DEPTH) {
        return HB_FAIL(err, HB_E_LIMIT, "its variables are nested more than %d deep", MAX_DEPTH);
    }
    HB_TRY(take_head(w, &left, &a, err));
    if (a.class == MAT_C_CELL) {
        HB_TRY(take_arrays(w, a.n, &left, depth, err));
    } else if (a.class == MAT_C_STRUCT || a.class == MAT_C_OBJECT) {
        HB_TRY(take_struct(w, &a, &left, depth, err));
    } else if (a.class == MAT_C_CHAR || (a.class >= MAT_C_DOUBLE && a.class <= MAT_C_UINT64)) {
        HB_TRY(take_values(w, &a, &left, err));
        if (a.complex) {
            HB_TRY(take_values(w, &a, &left, err));
        }
    } else { /* sparse, functions, objects: never read */
        return take(w, NULL, left, err);
    }
    return left < TAG_BYTES ? take(w, NULL, left, err)
                            : damaged(w, "is longer than its parts", err);
}

static hb_status check_compressed(walk *w, hb_mat5_element *e, hb_error *err)
{
    tag t = {0};
    uint64_t all = UINT64_MAX;
    unsigned char more = 0;
    if (inflateInit(&w->z) != Z_OK) {
        return HB_NOMEM(err);
    }
    w->compressed = true;
    hb_status status = take_tag(w, &all, &t, err);
    if (status == HB_OK && (t.type != TYPE_MATRIX || t.small)) {
        status = damaged(w, "has something else where an array belongs", err);
    }
    if (status == HB_OK) {
        e->inflated = t.bytes;
        status = check_array(w, t.bytes, 0, err);
    }
    /* Its end carries the checksum. */
    if (status == HB_OK && !w->done && (inflate_some(w, &more, 1, NULL) == HB_OK || !w->done)) {
        status = damaged(w, "has damaged compressed data", err);
    }
    inflateEnd(&w->z);
    return status;
}

static hb_status check_element(walk *w, hb_mat5_element *e, hb_error *err)
{
    if (e->compressed) {
        return check_compressed(w, e, err);
    }
    return check_array(w, e->bytes, 0, err);
}

static hb_status next_element(walk *w, uint64_t file_bytes, uint64_t *io_at, hb_mat5_element *ret,
                              hb_error *err)
{
    unsigned char p[TAG_BYTES];
    w->start = *io_at;
    if (pread(w->fd, p, sizeof p, (off_t)*io_at) != sizeof p) {
        return damaged(w, "is cut off", err);
    }
    uint32_t type = u32_of(p, w->little);
    *io_at += TAG_BYTES;
    *ret =
        (hb_mat5_element){.bytes = u32_of(p + 4, w->little), .compressed = type == TYPE_COMPRESSED};
    if (type != TYPE_MATRIX && type != TYPE_COMPRESSED) {
        return damaged(w, "is no variable", err);
    }
    if (ret->bytes > file_bytes - *io_at) {
        return HB_FAIL(err, HB_E_INPUT,
                       "it is cut off: the element at byte %llu has %llu bytes, %llu are there",
                       (unsigned long long)w->start, (unsigned long long)ret->bytes,
                       (unsigned long long)(file_bytes - *io_at));
    }
    w->at = *io_at;
    w->end = *io_at + ret->bytes;
    *io_at = w->end;
    return HB_OK;
}

hb_status hb_mat5_check(int fd, uint64_t file_bytes, hb_mat5_element **ret, size_t *ret_n,
                        hb_error *err)
{
    size_t cap = 0;
    char order = 0;
    hb_status status = HB_OK;
    walk *w = hb_alloc_zero(sizeof *w);
    if (!w) {
        return HB_NOMEM(err);
    }
    w->fd = fd;
    w->little = pread(fd, &order, 1, HB_MAT5_HEADER - 2) == 1 && order == 'I';
    for (uint64_t at = HB_MAT5_HEADER; at < file_bytes && status == HB_OK;) {
        hb_mat5_element e;
        w->compressed = false;
        w->done = false;
        w->z = (z_stream){0};
        status = next_element(w, file_bytes, &at, &e, err);
        status = status == HB_OK ? check_element(w, &e, err) : status;
        if (status == HB_OK) {
            status = HB_GROW(*ret, cap, *ret_n + 1, MAX_VARIABLES, "variables", err);
        }
        if (status == HB_OK) {
            (*ret)[(*ret_n)++] = e;
        }
    }
    hb_free(w);
    return status;
}
