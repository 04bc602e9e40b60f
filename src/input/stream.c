/* SPDX-License-Identifier: Apache-2.0 */
#include "input/stream_internal.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
enum { DIRECT_BYTES = 1 << 17 };

/* Below this much output a good ratio is nothing to worry about. */
static const uint64_t bomb_floor_bytes = 64 << 20;

/* Stored bytes, digested while they are still in the cache. */
static hb_status read_raw(hb_stream *s, void *p, size_t n, size_t *ret_n, hb_error *err)
{
    if (s->member) {
        HB_TRY(hb_zip_file_read(s->member, p, n, ret_n, err));
        s->raw_total += *ret_n;
        s->raw_end = *ret_n == 0;
        return HB_OK;
    }
    ssize_t got = 0;
    do {
        got = s->os->read(s->fd, p, n);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return HB_FAIL(err, HB_E_INPUT, "cannot read '%s': %s", s->path, strerror(errno));
    }
    *ret_n = (size_t)got;
    s->raw_total += (uint64_t)got;
    s->raw_end = got == 0;
    return hb_digester_add(s->digest, p, *ret_n, err);
}

static hb_status fill_raw(hb_stream *s, hb_error *err)
{
    if (s->raw_at == s->raw_n && !s->raw_end) {
        s->raw_at = 0;
        s->raw_n = 0;
        return read_raw(s, s->raw, RAW_BYTES, &s->raw_n, err);
    }
    return HB_OK;
}

static hb_status plain_open(hb_stream *s, hb_error *err)
{
    (void)s;
    (void)err;
    return HB_OK;
}

static hb_status plain_read(hb_stream *s, void *p, size_t n, size_t *ret_n, hb_error *err)
{
    if (s->raw_at == s->raw_n && n >= RAW_BYTES && !s->raw_end) { /* straight to the caller */
        return read_raw(s, p, n < DIRECT_BYTES ? n : DIRECT_BYTES, ret_n, err);
    }
    HB_TRY(fill_raw(s, err));
    size_t k = s->raw_n - s->raw_at;
    k = k < n ? k : n;
    memcpy(p, s->raw + s->raw_at, k);
    s->raw_at += k;
    *ret_n = k;
    return HB_OK;
}

static hb_status cut_off(const hb_stream *s, hb_error *err)
{
    return HB_FAIL(err, HB_E_INPUT,
                   "'%s' is cut off: its %s data end before they are complete (after %llu bytes)",
                   s->path, s->codec->name, (unsigned long long)s->raw_total);
}

static hb_status damaged(const hb_stream *s, const char *why, hb_error *err)
{
    return HB_FAIL(err, HB_E_INPUT, "'%s' is damaged %s data near byte %llu: %s", s->path,
                   s->codec->name, (unsigned long long)(s->raw_total - (s->raw_n - s->raw_at)),
                   why);
}

static hb_status gzip_open(hb_stream *s, hb_error *err)
{
    if (inflateInit2(&s->z, 15 + 16) != Z_OK) {
        return HB_NOMEM(err);
    }
    s->z_open = true;
    s->member_open = true;
    return HB_OK;
}

static hb_status gzip_read(hb_stream *s, void *p, size_t n, size_t *ret_n, hb_error *err)
{
    s->z.next_out = p;
    s->z.avail_out = (uInt)n;
    while (s->z.avail_out == n) {
        HB_TRY(fill_raw(s, err));
        if (s->raw_at == s->raw_n) {
            *ret_n = 0;
            return s->member_open ? cut_off(s, err) : HB_OK;
        }
        if (!s->member_open) { /* a further member */
            inflateReset(&s->z);
            s->member_open = true;
        }
        s->z.next_in = s->raw + s->raw_at;
        s->z.avail_in = (uInt)(s->raw_n - s->raw_at);
        int z = inflate(&s->z, Z_NO_FLUSH);
        s->raw_at = s->raw_n - s->z.avail_in;
        if (z == Z_STREAM_END) {
            s->member_open = false;
        } else if (z == Z_MEM_ERROR) {
            return HB_NOMEM(err);
        } else if (z != Z_OK && z != Z_BUF_ERROR) {
            return damaged(s, s->z.msg ? s->z.msg : "not gzip", err);
        }
    }
    *ret_n = n - s->z.avail_out;
    return HB_OK;
}

static hb_status zstd_open(hb_stream *s, hb_error *err)
{
    s->zstd = ZSTD_createDStream();
    if (!s->zstd || ZSTD_isError(ZSTD_initDStream(s->zstd))) {
        return HB_NOMEM(err);
    }
    /* A frame may ask for a window of gigabytes; 128 MiB is what the tool's default levels need. */
    if (ZSTD_isError(ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax, 27))) {
        return HB_NOMEM(err);
    }
    s->member_open = true;
    return HB_OK;
}

static hb_status zstd_read(hb_stream *s, void *p, size_t n, size_t *ret_n, hb_error *err)
{
    ZSTD_outBuffer out = {.dst = p, .size = n};
    while (out.pos == 0) {
        HB_TRY(fill_raw(s, err));
        if (s->raw_at == s->raw_n) {
            *ret_n = 0;
            return s->member_open ? cut_off(s, err) : HB_OK;
        }
        ZSTD_inBuffer in = {.src = s->raw, .size = s->raw_n, .pos = s->raw_at};
        size_t left = ZSTD_decompressStream(s->zstd, &out, &in);
        s->raw_at = in.pos;
        if (ZSTD_isError(left)) {
            return damaged(s, ZSTD_getErrorName(left), err);
        }
        s->member_open = left != 0;
    }
    *ret_n = out.pos;
    return HB_OK;
}

static const hb_codec codecs[] = {
    {"gzip", "\x1f\x8b", 2, gzip_open, gzip_read},
    {"zstd", "\x28\xb5\x2f\xfd", 4, zstd_open, zstd_read},
    {"", "", 0, plain_open, plain_read},
};

static hb_stream *bottom(hb_stream *s)
{
    while (s->below) {
        s = s->below;
    }
    return s;
}

/* What the output is measured by: all of the stored file where it is read by place. */
static uint64_t stored_bytes(const hb_stream *s)
{
    while (s->below) {
        s = s->below;
    }
    return s->placed ? (uint64_t)s->as_it_was.st_size : s->raw_total;
}

static hb_status read_decoded(hb_stream *s, void *p, size_t n, size_t *ret_n, hb_error *err)
{
    *ret_n = 0;
    if (s->held) {
        size_t left = s->held_n - s->held_at;
        *ret_n = left < n ? left : n;
        memcpy(p, s->held + s->held_at, *ret_n);
        s->held_at += *ret_n;
        return HB_OK;
    }
    if (s->out_end || n == 0) {
        return HB_OK;
    }
    HB_TRY(s->codec->read(s, p, n, ret_n, err));
    s->out_total += *ret_n;
    s->out_end = *ret_n == 0;
    if (s->out_total > bomb_floor_bytes && s->out_total / HB_STREAM_MAX_RATIO > stored_bytes(s)) {
        return HB_FAIL(
            err, HB_E_LIMIT,
            "'%s' expands to more than %d times its size; if it is meant to, decompress it "
            "first",
            s->path, HB_STREAM_MAX_RATIO);
    }
    return HB_OK;
}

static hb_status open_fd(hb_stream *s, hb_error *err)
{
    bool given = strcmp(s->path, "-") == 0;
    s->fd = given ? STDIN_FILENO : s->os->open(s->path, O_RDONLY, 0);
    if (s->fd < 0) {
        return HB_FAIL(err, HB_E_INPUT, "cannot open '%s': %s", s->path, strerror(errno));
    }
    if (s->os->fstat(s->fd, &s->as_it_was) != 0) {
        s->as_it_was = (struct stat){0};
    }
    if (S_ISDIR(s->as_it_was.st_mode)) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is a folder, expected a file", s->path);
    }
    return HB_OK;
}

static void name_compression(hb_stream *s)
{
    const char *below = s->below ? s->below->compression : "";
    const char *zip = s->below ? "zip" : "";
    const char *own = s->codec->name;
    snprintf(s->compression, sizeof s->compression, "%.16s%s%s%s%s", below,
             *below && *zip ? ", " : "", zip, (*below || *zip) && *own ? ", " : "", own);
}

hb_status hb_stream_choose_codec(hb_stream *s, hb_error *err)
{
    HB_TRY(fill_raw(s, err));
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++) {
        if (s->raw_n >= codecs[i].magic_n &&
            memcmp(s->raw, codecs[i].magic, codecs[i].magic_n) == 0) {
            s->codec = &codecs[i];
            break;
        }
    }
    name_compression(s);
    return s->codec->open(s, err);
}

hb_status hb_stream_new(const hb_os *os, const char *path, hb_stream **ret, hb_error *err)
{
    hb_stream *s = hb_alloc_zero(sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    s->os = os;
    s->fd = -1;
    s->path = hb_strdup(path);
    if (!s->path) {
        hb_stream_close(s);
        return HB_NOMEM(err);
    }
    *ret = s;
    return HB_OK;
}

hb_status hb_stream_open_file(const hb_os *os, const char *path, hb_stream **ret, hb_error *err)
{
    hb_stream *s = NULL;
    HB_TRY(hb_stream_new(os, path, &s, err));
    hb_status status = hb_digester_new(&s->digest, err);
    if (status == HB_OK) {
        status = open_fd(s, err);
    }
    if (status == HB_OK) {
        status = hb_stream_choose_codec(s, err);
    }
    if (status != HB_OK) {
        hb_stream_close(s);
        return status;
    }
    *ret = s;
    return HB_OK;
}

void hb_stream_close(hb_stream *s)
{
    while (s) {
        hb_stream *below = s->below;
        if (s->fd > STDIN_FILENO) {
            s->os->close(s->fd);
        }
        if (s->z_open) {
            inflateEnd(&s->z);
        }
        ZSTD_freeDStream(s->zstd);
        hb_zip_file_close(s->member);
        hb_zip_close(s->zip);
        hb_digester_free(s->digest);
        hb_free(s->held);
        hb_free(s->member_name);
        hb_free(s->path);
        hb_free(s);
        s = below;
    }
}

hb_status hb_stream_read(hb_stream *s, void *p, size_t n, size_t *ret_n, hb_error *err)
{
    size_t waiting = s->peek_n - s->peek_at;
    if (waiting) {
        *ret_n = waiting < n ? waiting : n;
        memcpy(p, s->peek + s->peek_at, *ret_n);
        s->peek_at += *ret_n;
        return HB_OK;
    }
    return read_decoded(s, p, n, ret_n, err);
}

hb_status hb_stream_peek(hb_stream *s, size_t n, hb_str *ret_bytes, hb_error *err)
{
    n = n < PEEK_BYTES ? n : PEEK_BYTES;
    if (s->peek_at) {
        memmove(s->peek, s->peek + s->peek_at, s->peek_n - s->peek_at);
        s->peek_n -= s->peek_at;
        s->peek_at = 0;
    }
    while (s->peek_n < n) {
        size_t got = 0;
        HB_TRY(read_decoded(s, s->peek + s->peek_n, n - s->peek_n, &got, err));
        if (got == 0) {
            break;
        }
        s->peek_n += got;
    }
    *ret_bytes = (hb_str){s->peek, s->peek_n < n ? s->peek_n : n};
    return HB_OK;
}

const char *hb_stream_path(const hb_stream *s)
{
    return s->path;
}

const char *hb_stream_compression(const hb_stream *s)
{
    return s->compression;
}

int hb_stream_file(const hb_stream *s)
{
    struct stat st;
    bool plain = !*s->codec->name && s->os->fstat(s->fd, &st) == 0 && S_ISREG(st.st_mode);
    return plain ? s->fd : -1;
}

uint64_t hb_stream_raw_bytes(const hb_stream *s)
{
    while (s->below) {
        s = s->below;
    }
    return s->raw_total > s->farthest ? s->raw_total : s->farthest;
}

/* A file that is shorter than it was, or has its length and other content, was read as something
 * it never was. One that grew is whole as far as it was read, but for its last line. */
static hb_status check_unchanged(hb_stream *s, hb_error *err)
{
    struct stat now;
    const struct stat *then = &s->as_it_was;
    if (!S_ISREG(then->st_mode) || !then->st_size || s->os->fstat(s->fd, &now) != 0) {
        return HB_OK; /* files of /proc have no size */
    }
    bool touched =
        now.st_mtim.tv_sec != then->st_mtim.tv_sec || now.st_mtim.tv_nsec != then->st_mtim.tv_nsec;
    bool by_place = s->placed && (touched || s->raw_total != (uint64_t)then->st_size);
    if (by_place || now.st_size < then->st_size || (now.st_size == then->st_size && touched)) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' was changed while it was read", s->path);
    }
    s->grew = now.st_size > then->st_size;
    return HB_OK;
}

bool hb_stream_grew(const hb_stream *s)
{
    while (s->below) {
        s = s->below;
    }
    return s->grew;
}

void hb_stream_use(hb_stream *s, hb_pool *pool)
{
    hb_digester_use(bottom(s)->digest, pool);
}

hb_status hb_stream_digest(hb_stream *s, uint64_t *ret_bytes, char ret_sha256[65], hb_error *err)
{
    s = bottom(s);
    while (!s->raw_end) { /* a reader may stop before bytes it does not need */
        s->raw_at = s->raw_n;
        HB_TRY(fill_raw(s, err));
    }
    HB_TRY(check_unchanged(s, err));
    if (!s->digested) {
        HB_TRY(hb_digester_hex(s->digest, s->sha256, err));
        s->digested = true;
    }
    memcpy(ret_sha256, s->sha256, sizeof s->sha256);
    *ret_bytes = s->raw_total;
    return HB_OK;
}
