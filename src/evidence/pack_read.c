/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/pack_reader.h"

#include "base/mem.h"
#include "evidence/pack_names.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <zlib.h>

enum { PIECE = 256 << 10, ARENA_BYTES = 64 << 20 };

static hb_status open_zip(hb_pack_reader *r, hb_error *err)
{
    r->fd = r->os->open(r->path, O_RDONLY | O_NONBLOCK, 0);
    if (r->fd < 0) {
        return HB_FAIL(err, HB_E_INPUT, "cannot open '%s': %s", r->path, strerror(errno));
    }
    return hb_pack_list_zip(r, err);
}

hb_status hb_pack_open(const hb_os *os, const char *path, hb_pack_reader **ret_reader,
                       hb_error *err)
{
    hb_pack_reader *r = hb_alloc_zero(sizeof *r);
    if (!r) {
        return HB_NOMEM(err);
    }
    r->os = os;
    r->fd = -1;
    hb_arena_init(&r->arena, ARENA_BYTES);
    r->path = hb_arena_strndup(&r->arena, path, strlen(path));
    r->folder = hb_path_is_dir(os, path);
    hb_status status = !r->path    ? HB_NOMEM(err)
                       : r->folder ? hb_pack_list_folder(r, err)
                                   : open_zip(r, err);
    if (status != HB_OK) {
        hb_pack_close(r);
        return status;
    }
    *ret_reader = r;
    return HB_OK;
}

void hb_pack_close(hb_pack_reader *r)
{
    if (r) {
        if (r->fd >= 0) {
            r->os->close(r->fd);
        }
        hb_arena_release(&r->arena);
        hb_free(r);
    }
}

hb_status hb_pack_bytes_at(const hb_pack_reader *r, uint64_t at, void *p, size_t n,
                           const char *what, hb_error *err)
{
    char *to = p;
    while (n) {
        ssize_t got = r->os->pread(r->fd, to, n, (off_t)at);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return HB_FAIL(err, HB_E_INPUT, "cannot read '%s': %s", r->path, strerror(errno));
        }
        if (got == 0) {
            return HB_FAIL(err, HB_E_EVIDENCE, "'%s' ends inside '%s'", r->path, what);
        }
        to += got;
        at += (uint64_t)got;
        n -= (size_t)got;
    }
    return HB_OK;
}

const hb_pack_file *hb_pack_members(const hb_pack_reader *r, size_t *ret_n)
{
    *ret_n = r->n;
    return r->files;
}

static bool find(const hb_pack_reader *r, const char *path, size_t *ret_i)
{
    size_t low = 0;
    size_t high = r->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = hb_pack_order(r->files[mid].path, path);
        if (order == 0) {
            *ret_i = mid;
            return true;
        }
        low = order < 0 ? mid + 1 : low;
        high = order < 0 ? high : mid;
    }
    return false;
}

bool hb_pack_has(const hb_pack_reader *r, const char *path)
{
    size_t i = 0;
    return find(r, path, &i);
}

/* --- reading a file --- */

/* Its bytes on their way out, digested. Once read, only SHA-256 is made again: it is enough to tell
 * that the bytes are those that were checked. */
typedef struct outgoing {
    hb_pack_reader *r;
    size_t i;
    hb_digest2 *both;
    hb_digest *again;
    uint64_t size;
    uint32_t crc;
    hb_status (*take)(void *ctx, const void *p, size_t n, hb_error *err);
    void *ctx;
} outgoing;

static hb_status give(outgoing *out, const char *p, size_t n, hb_error *err)
{
    if (out->both) {
        HB_TRY(hb_digest2_add(out->both, p, n, err));
        out->crc = (uint32_t)crc32_z(out->crc, (const void *)p, n);
    } else {
        HB_TRY(hb_digest_add(out->again, p, n, err));
    }
    out->size += n;
    return out->take ? out->take(out->ctx, p, n, err) : HB_OK;
}

static hb_status pieces_of_zip(outgoing *out, char *piece, hb_error *err)
{
    const hb_pack_file *f = &out->r->files[out->i];
    while (out->size < f->size) {
        uint64_t left = f->size - out->size;
        size_t n = left < PIECE ? (size_t)left : PIECE;
        HB_TRY(hb_pack_bytes_at(out->r, out->r->places[out->i].at + out->size, piece, n, f->path,
                                err));
        HB_TRY(give(out, piece, n, err));
    }
    return HB_OK;
}

static hb_status pieces_of_file(outgoing *out, int fd, char *piece, hb_error *err)
{
    const hb_pack_file *f = &out->r->files[out->i];
    for (;;) {
        ssize_t got = out->r->os->read(fd, piece, PIECE);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return HB_FAIL(err, HB_E_INPUT, "cannot read '%s' in '%s': %s", f->path, out->r->path,
                           strerror(errno));
        }
        if (got == 0) {
            break;
        }
        if ((uint64_t)got > f->size - out->size) {
            return HB_FAIL(err, HB_E_EVIDENCE, "'%s' in '%s' changed while it was looked at",
                           f->path, out->r->path);
        }
        HB_TRY(give(out, piece, (size_t)got, err));
    }
    return HB_OK;
}

static hb_status pieces_of_folder(outgoing *out, char *piece, hb_error *err)
{
    char *path = NULL;
    HB_TRY(hb_path_join(out->r->path, out->r->files[out->i].path, &path, err));
    struct stat st;
    int fd = out->r->os->open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
    hb_status status = HB_OK;
    if (fd < 0) {
        status = HB_FAIL(err, HB_E_INPUT, "cannot open '%s': %s", path, strerror(errno));
    } else if (out->r->os->fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
               (uint64_t)st.st_size != out->r->files[out->i].size) {
        status = HB_FAIL(err, HB_E_EVIDENCE, "'%s' changed while it was looked at", path);
    } else {
        status = pieces_of_file(out, fd, piece, err);
    }
    if (fd >= 0) {
        out->r->os->close(fd);
    }
    hb_free(path);
    return status;
}

static hb_status judge(outgoing *out, hb_error *err)
{
    hb_pack_file *f = &out->r->files[out->i];
    hb_pack_file now = {.path = f->path, .size = f->size};
    bool same = out->size == f->size;
    if (out->both) {
        HB_TRY(hb_digest2_hex(out->both, now.sha256, now.sha512, err));
    } else {
        HB_TRY(hb_digest_hex(out->again, now.sha256, err));
        same = same && strcmp(now.sha256, f->sha256) == 0;
    }
    if (!same) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' in '%s' changed while it was looked at", f->path,
                       out->r->path);
    }
    if (out->both && !out->r->folder && out->crc != out->r->places[out->i].crc) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' in '%s' has bytes that are not of its CRC-32",
                       f->path, out->r->path);
    }
    if (out->both) {
        *f = now;
    }
    return HB_OK;
}

static hb_status stream(outgoing *out, hb_error *err)
{
    char *piece = hb_alloc(PIECE);
    if (!piece) {
        return HB_NOMEM(err);
    }
    hb_status status = out->r->files[out->i].sha256[0] ? hb_digest_new(&out->again, err)
                                                       : hb_digest2_new(&out->both, err);
    if (status == HB_OK) {
        status =
            out->r->folder ? pieces_of_folder(out, piece, err) : pieces_of_zip(out, piece, err);
    }
    status = status == HB_OK ? judge(out, err) : status;
    hb_digest2_free(out->both);
    hb_digest_free(out->again);
    hb_free(piece);
    return status;
}

static hb_status no_member(const hb_pack_reader *r, const char *path, hb_error *err)
{
    return HB_FAIL(err, HB_E_EVIDENCE, "there is no '%s' in '%s'", path, r->path);
}

hb_status hb_pack_stream(hb_pack_reader *r, const char *path,
                         hb_status (*take)(void *ctx, const void *p, size_t n, hb_error *err),
                         void *ctx, hb_error *err)
{
    outgoing out = {.r = r, .take = take, .ctx = ctx};
    if (!find(r, path, &out.i)) {
        return no_member(r, path, err);
    }
    return stream(&out, err);
}

static hb_status into_buffer(void *ctx, const void *p, size_t n, hb_error *err)
{
    hb_buf *b = ctx;
    hb_buf_add(b, p, n);
    return hb_buf_check(b, err);
}

hb_status hb_pack_read(hb_pack_reader *r, const char *path, size_t max, char **ret_p, size_t *ret_n,
                       hb_error *err)
{
    size_t i = 0;
    if (!find(r, path, &i)) {
        return no_member(r, path, err);
    }
    if (r->files[i].size > max) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' in '%s' has %llu bytes, at most %zu are read",
                       path, r->path, (unsigned long long)r->files[i].size, max);
    }
    hb_buf b;
    hb_buf_init(&b, max);
    hb_status status = hb_pack_stream(r, path, into_buffer, &b, err);
    if (status == HB_OK) {
        status = hb_buf_finish(&b, ret_p, ret_n, err);
    }
    hb_buf_release(&b);
    return status;
}
