/* SPDX-License-Identifier: Apache-2.0 */
/* A zip can be read from its end, by its directory, or from its beginning, by the headers before
 * each file, and what the two say may differ: that is how one file is two packs to two programs.
 * Here name, size and CRC-32 of each file are taken from the directory, everything else is made
 * from them as the writer makes it, and all of the file but the files' own bytes must be that. */
#include "evidence/pack_reader.h"

#include "base/mem.h"
#include "base/wire.h"
#include "evidence/pack_names.h"
#include "evidence/pack_zip.h"

#include <string.h>

enum { TAIL_SEARCHED = 66 << 10 };

typedef struct directory {
    uint64_t bytes; /* of the zip */
    uint64_t at;
    uint64_t size;
    uint64_t n;
    size_t end_size;
    unsigned char *p;
    hb_pack_names names;
} directory;

static uint32_t u32_at(const unsigned char *p)
{
    hb_rd r = hb_rd_of(p, 4);
    return hb_rd_u32(&r);
}

/* Nothing that ends it is at the end: is there something like it before? */
static hb_status no_end(const hb_pack_reader *r, uint64_t bytes, hb_error *err)
{
    size_t n = bytes < TAIL_SEARCHED ? (size_t)bytes : TAIL_SEARCHED;
    unsigned char *tail = hb_alloc(n + 1);
    if (!tail) {
        return HB_NOMEM(err);
    }
    hb_status status = hb_pack_bytes_at(r, bytes - n, tail, n, "end", err);
    bool before = false;
    for (size_t i = 0; status == HB_OK && !before && i + HB_PACK_ZIP_END <= n; i++) {
        before = u32_at(tail + i) == HB_PACK_ZIP_SIGN_END;
    }
    bool begins = status == HB_OK && bytes < TAIL_SEARCHED && n >= 4 &&
                  u32_at(tail) == HB_PACK_ZIP_SIGN_LOCAL;
    hb_free(tail);
    HB_TRY(status);
    if (before) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "'%s' has something behind its end, or a comment; a pack has neither",
                       r->path);
    }
    return HB_FAIL(err, HB_E_EVIDENCE, "'%s' is no zip%s", r->path,
                   begins ? " that is complete: it is cut off" : ", it has no end of one");
}

static hb_status find_directory(const hb_pack_reader *r, directory *d, hb_error *err)
{
    unsigned char end[HB_PACK_ZIP_END_MAX] = {0};
    if (d->bytes < HB_PACK_ZIP_END) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' is no zip: it has %llu bytes", r->path,
                       (unsigned long long)d->bytes);
    }
    size_t n = d->bytes < sizeof end ? (size_t)d->bytes : sizeof end;
    unsigned char *at = end + sizeof end - n;
    HB_TRY(hb_pack_bytes_at(r, d->bytes - n, at, n, "end", err));
    hb_rd last = hb_rd_of(end + HB_PACK_ZIP_END_MAX - HB_PACK_ZIP_END, HB_PACK_ZIP_END);
    if (hb_rd_u32(&last) != HB_PACK_ZIP_SIGN_END) {
        return no_end(r, d->bytes, err);
    }
    hb_rd_u32(&last); /* disks */
    hb_rd_u16(&last);
    d->n = hb_rd_u16(&last);
    d->size = hb_rd_u32(&last);
    d->at = hb_rd_u32(&last);
    d->end_size = HB_PACK_ZIP_END;
    if (d->at == UINT32_MAX) {
        hb_rd wide = hb_rd_of(end + 48, 8);
        d->at = hb_rd_u64(&wide);
        d->end_size = HB_PACK_ZIP_END_MAX;
    }
    if (d->n > HB_PACK_FILES_MAX) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' says it has %llu files, at most %d are read",
                       r->path, (unsigned long long)d->n, HB_PACK_FILES_MAX);
    }
    hb_buf expected;
    hb_buf_init(&expected, HB_PACK_ZIP_END_MAX);
    hb_pack_zip_end(&expected, d->at, d->size, d->n);
    bool same = expected.failed == HB_OK && expected.n == d->end_size &&
                memcmp(expected.p, end + sizeof end - expected.n, expected.n) == 0;
    hb_status status = hb_buf_check(&expected, err);
    hb_buf_release(&expected);
    HB_TRY(status);
    if (!same) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "the end of '%s' contradicts itself (counts, disks, a comment, or 64-bit "
                       "numbers where none are needed)",
                       r->path);
    }
    uint64_t before_end = d->bytes - d->end_size;
    if (d->at > before_end || d->size != before_end - d->at ||
        d->size > d->n * HB_PACK_ZIP_CENTRAL_MAX) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "the directory of '%s' is not where its end says: something was put in, or "
                       "taken out",
                       r->path);
    }
    return HB_OK;
}

/* Size and place of a member by its directory entry, `left` bytes of which are there. */
static hb_status member_of(const hb_pack_reader *r, const unsigned char *p, size_t left,
                           hb_pack_zip_fields *f, hb_pack_zip_member *m, hb_arena *arena,
                           hb_error *err)
{
    *f = hb_pack_zip_read_central(p, left);
    size_t whole = (size_t)HB_PACK_ZIP_CENTRAL + f->name_len + f->extra_len + f->comment_len;
    if (left < HB_PACK_ZIP_CENTRAL || f->sign != HB_PACK_ZIP_SIGN_CENTRAL || whole > left) {
        return HB_FAIL(err, HB_E_EVIDENCE, "the directory of '%s' is damaged", r->path);
    }
    const char *name = (const char *)p + HB_PACK_ZIP_CENTRAL;
    if (memchr(name, '\0', f->name_len)) {
        return HB_FAIL(err, HB_E_EVIDENCE, "a name in the directory of '%s' has a zero byte",
                       r->path);
    }
    m->path = hb_arena_strndup(arena, name, f->name_len);
    if (!m->path) {
        return HB_NOMEM(err);
    }
    m->crc = f->crc;
    m->size = f->size;
    if (f->size == UINT32_MAX && f->extra_len >= 12) {
        hb_rd extra = hb_rd_of(p + HB_PACK_ZIP_CENTRAL + f->name_len + 4, 8);
        m->size = hb_rd_u64(&extra);
    }
    return HB_OK;
}

static hb_status differs(const hb_pack_reader *r, const hb_pack_zip_fields *f,
                         const hb_pack_zip_member *m, const char *where, hb_error *err)
{
    const char *why = hb_pack_zip_differs(f, m);
    return HB_FAIL(err, HB_E_EVIDENCE, "'%s' in '%s': %s (%s)", m->path, r->path,
                   why ? why : "it has other bytes than belong there", where);
}

/* One entry of the directory; *off moves behind it, *at behind the file. */
static hb_status add_member(hb_pack_reader *r, directory *d, size_t *off, uint64_t *at,
                            hb_error *err)
{
    const unsigned char *p = d->p + *off;
    hb_pack_zip_fields f;
    hb_pack_zip_member m = {.at = *at};
    HB_TRY(member_of(r, p, (size_t)d->size - *off, &f, &m, &r->arena, err));
    hb_status named = hb_pack_names_add(&d->names, m.path, HB_E_EVIDENCE, err);
    if (named != HB_OK) {
        hb_error_prefix(err, "'%s'", r->path);
        return named;
    }
    if (m.size > (uint64_t)HB_PACK_FILE_MAX) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' in '%s' is larger than 4 GiB", m.path, r->path);
    }
    hb_buf expected;
    hb_buf_init(&expected, HB_PACK_ZIP_CENTRAL_MAX);
    hb_pack_zip_central(&expected, &m);
    size_t n = (size_t)HB_PACK_ZIP_CENTRAL + f.name_len + f.extra_len + f.comment_len;
    bool same = expected.n == n && memcmp(expected.p, p, n) == 0;
    hb_status status = hb_buf_check(&expected, err);
    hb_buf_release(&expected);
    HB_TRY(status);
    if (!same && !hb_pack_zip_differs(&f, &m) && f.at != UINT32_MAX && f.at != m.at) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "'%s' in '%s' begins at byte %u, expected %llu: it overlaps with %s%s%s, or "
                       "there is something between them",
                       m.path, r->path, f.at, (unsigned long long)m.at,
                       r->n ? "'" : "the beginning", r->n ? r->files[r->n - 1].path : "",
                       r->n ? "'" : "");
    }
    if (!same) {
        return differs(r, &f, &m, "in the directory", err);
    }
    if (r->n && hb_pack_order(r->files[r->n - 1].path, m.path) >= 0) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' in '%s' is out of order: '%s' is before it",
                       m.path, r->path, r->files[r->n - 1].path);
    }
    r->files[r->n] = (hb_pack_file){.path = m.path, .size = m.size};
    r->places[r->n++] = (hb_pack_place){.at = m.at, .crc = m.crc}; /* at: its header, so far */
    hb_buf local;
    hb_buf_init(&local, HB_PACK_ZIP_LOCAL_MAX);
    hb_pack_zip_local(&local, &m);
    *at += local.n + m.size;
    *off += n;
    status = hb_buf_check(&local, err);
    hb_buf_release(&local);
    return status;
}

static hb_status walk(hb_pack_reader *r, directory *d, hb_error *err)
{
    uint64_t at = 0;
    size_t off = 0;
    for (uint64_t i = 0; i < d->n; i++) {
        HB_TRY(add_member(r, d, &off, &at, err));
    }
    if (off != d->size) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "the directory of '%s' has more in it than its %llu files", r->path,
                       (unsigned long long)d->n);
    }
    if (at != d->at) {
        return HB_FAIL(
            err, HB_E_EVIDENCE,
            "the files of '%s' end with '%s' at byte %llu, and its directory begins at %llu: "
            "there is something between them",
            r->path, r->n ? r->files[r->n - 1].path : "", (unsigned long long)at,
            (unsigned long long)d->at);
    }
    return HB_OK;
}

/* The header before the file's bytes; its place moves behind it. */
static hb_status check_local(hb_pack_reader *r, size_t i, hb_error *err)
{
    hb_pack_zip_member m = {.path = r->files[i].path,
                            .size = r->files[i].size,
                            .at = r->places[i].at,
                            .crc = r->places[i].crc};
    char found[HB_PACK_ZIP_LOCAL_MAX];
    hb_buf expected;
    hb_buf_init(&expected, sizeof found);
    hb_pack_zip_local(&expected, &m);
    hb_status status = hb_buf_check(&expected, err);
    if (status == HB_OK) {
        status = hb_pack_bytes_at(r, m.at, found, expected.n, m.path, err);
    }
    if (status == HB_OK && memcmp(found, expected.p, expected.n) != 0) {
        hb_pack_zip_fields f = hb_pack_zip_read_local(found, expected.n);
        const char *why = f.sign != HB_PACK_ZIP_SIGN_LOCAL ? "it is not where the directory says"
                          : memcmp(found + 30, m.path, strlen(m.path)) != 0
                              ? "it has another name there than in the directory"
                              : NULL;
        status = why ? HB_FAIL(err, HB_E_EVIDENCE, "'%s' in '%s': %s", m.path, r->path, why)
                     : differs(r, &f, &m, "in the header before its bytes", err);
    }
    r->places[i].at += expected.n;
    hb_buf_release(&expected);
    return status;
}

static hb_status list(hb_pack_reader *r, directory *d, hb_error *err)
{
    HB_TRY(find_directory(r, d, err));
    r->files = hb_arena_array(&r->arena, d->n + 1, sizeof *r->files);
    r->places = hb_arena_array(&r->arena, d->n + 1, sizeof *r->places);
    d->p = hb_alloc(d->size + 1);
    if (!r->files || !r->places || !d->p) {
        return HB_NOMEM(err);
    }
    HB_TRY(hb_pack_bytes_at(r, d->at, d->p, d->size, "directory", err));
    HB_TRY(walk(r, d, err));
    for (size_t i = 0; i < r->n; i++) {
        HB_TRY(check_local(r, i, err));
    }
    return HB_OK;
}

hb_status hb_pack_list_zip(hb_pack_reader *r, hb_error *err)
{
    struct stat st;
    directory d = {0};
    if (r->os->fstat(r->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is neither a file nor a folder", r->path);
    }
    d.bytes = (uint64_t)st.st_size;
    hb_pack_names_init(&d.names);
    hb_status status = list(r, &d, err);
    hb_pack_names_release(&d.names);
    hb_free(d.p);
    return status;
}
