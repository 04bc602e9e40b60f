/* SPDX-License-Identifier: Apache-2.0 */
/* What is put is copied at once, digested on the way, into one nameless file beside the target: it
 * is read once only, so what the manifest says is what is in the pack even if a file grows
 * meanwhile, and whatever ends the program takes it along. Where each file belongs is known when
 * all are there, so finish copies them in order to a second one, which then gets the target's name
 * (os/fresh.h). */
#include "evidence/pack.h"

#include "base/mem.h"
#include "evidence/manifest.h"
#include "evidence/pack_names.h"
#include "evidence/pack_zip.h"
#include "os/fresh.h"
#include "os/writing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { PIECE = 256 << 10, PATHS_BYTES = 16 << 20 };

typedef struct pack_entry {
    hb_pack_file file;
    uint64_t at; /* in the spool */
    uint32_t crc;
} pack_entry;

struct hb_pack_writer {
    const hb_os *os;
    char *target;
    hb_pack_form form;
    int spool;
    uint64_t spooled;
    hb_arena paths;
    hb_pack_names names;
    pack_entry *entries;
    size_t n;
    size_t cap;
    hb_pack_file *listing;
    size_t listing_cap;
    char *piece;
    bool has_manifest;
    bool finished;
    bool broken; /* the spool ends in half a file */
};

static hb_status io_fail(hb_error *err, const char *verb, const char *path)
{
    return HB_FAIL(err, HB_E_IO, "cannot %s '%s': %s", verb, path, strerror(errno));
}

hb_status hb_pack_create(const hb_os *os, const char *target, hb_pack_form form,
                         hb_pack_writer **ret_writer, hb_error *err)
{
    HB_TRY(hb_fresh_must_be_free(os, target, err));
    hb_pack_writer *w = hb_alloc_zero(sizeof *w);
    if (!w) {
        return HB_NOMEM(err);
    }
    w->os = os;
    w->form = form;
    w->spool = -1;
    hb_arena_init(&w->paths, PATHS_BYTES);
    hb_pack_names_init(&w->names);
    w->target = hb_strdup(target);
    w->piece = hb_alloc(PIECE);
    hb_status status =
        w->target && w->piece ? hb_fresh_spool(os, target, &w->spool, err) : HB_NOMEM(err);
    if (status != HB_OK) {
        hb_pack_writer_free(w);
        return status;
    }
    *ret_writer = w;
    return HB_OK;
}

void hb_pack_writer_free(hb_pack_writer *w)
{
    if (!w) {
        return;
    }
    if (w->spool >= 0) {
        w->os->close(w->spool);
    }
    hb_pack_names_release(&w->names);
    hb_arena_release(&w->paths);
    hb_free(w->entries);
    hb_free(w->listing);
    hb_free(w->piece);
    hb_free(w->target);
    hb_free(w);
}

/* --- putting --- */

/* One file on its way into the spool. */
typedef struct incoming {
    hb_pack_writer *w;
    const char *path;
    hb_digest2 *digest;
    uint64_t size;
    uint32_t crc;
} incoming;

static hb_status take(incoming *in, const void *p, size_t n, hb_error *err)
{
    if (n > (uint64_t)HB_PACK_FILE_MAX - in->size) {
        return HB_FAIL(err, HB_E_LIMIT, "'%s' is larger than 4 GiB, which a file of a pack may be",
                       in->path);
    }
    HB_TRY(hb_digest2_add(in->digest, p, n, err));
    in->crc = (uint32_t)crc32_z(in->crc, p, n);
    HB_TRY(hb_write_all(in->w->os, in->w->spool, in->w->target, p, n, err));
    in->size += n;
    return HB_OK;
}

static hb_status keep(incoming *in, const char *sha256, hb_error *err)
{
    hb_pack_writer *w = in->w;
    pack_entry e = {.at = w->spooled, .crc = in->crc};
    e.file.size = in->size;
    HB_TRY(hb_digest2_hex(in->digest, e.file.sha256, e.file.sha512, err));
    if (sha256 && strcmp(sha256, e.file.sha256) != 0) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "'%s' is not what it was: its SHA-256 is %s, expected %s", in->path,
                       e.file.sha256, sha256);
    }
    e.file.path = hb_arena_strndup(&w->paths, in->path, strlen(in->path));
    if (!e.file.path) {
        return HB_NOMEM(err);
    }
    HB_TRY(HB_GROW(w->entries, w->cap, w->n + 1, HB_PACK_FILES_MAX, "files of a pack", err));
    HB_TRY(hb_pack_names_add(&w->names, e.file.path, HB_E_USAGE, err));
    w->entries[w->n++] = e;
    w->spooled += in->size;
    return HB_OK;
}

static hb_status finish_put(incoming *in, const char *sha256, hb_status status, hb_error *err)
{
    hb_pack_writer *w = in->w;
    status = status == HB_OK ? keep(in, sha256, err) : status;
    hb_digest2_free(in->digest);
    /* What failed is cut off again: the next file begins where this one did. */
    if (status != HB_OK && w->os->ftruncate(w->spool, (off_t)w->spooled) != 0) {
        w->broken = true;
    }
    return status;
}

/* Its bytes are p, or, without p, what is read from the descriptor. */
static hb_status put(hb_pack_writer *w, const char *path, const void *p, size_t n, int from,
                     const char *sha256, hb_error *err)
{
    if (w->broken) {
        return HB_FAIL(err, HB_E_IO, "'%s' could not be written before", w->target);
    }
    incoming in = {.w = w, .path = path};
    HB_TRY(hb_digest2_new(&in.digest, err));
    hb_status status = p || from < 0 ? take(&in, p ? p : "", n, err) : HB_OK;
    while (status == HB_OK && from >= 0) {
        ssize_t got = w->os->read(from, w->piece, PIECE);
        if (got < 0 && errno != EINTR) {
            status = HB_FAIL(err, HB_E_INPUT, "cannot read '%s': %s", path, strerror(errno));
        } else if (got > 0) {
            status = take(&in, w->piece, (size_t)got, err);
        } else if (got == 0) {
            break;
        }
    }
    return finish_put(&in, sha256, status, err);
}

static hb_status may_put(const hb_pack_writer *w, const char *path, hb_error *err)
{
    if (w->has_manifest || w->finished) {
        return HB_FAIL(err, HB_E_BUG, "'%s' comes after the manifest of the pack", path);
    }
    if (strcmp(path, HB_PACK_MANIFEST) == 0 || hb_pack_is_signature(path)) {
        return HB_FAIL(err, HB_E_USAGE, "'%s' is a name that the pack has for itself", path);
    }
    return HB_OK;
}

hb_status hb_pack_put(hb_pack_writer *w, const char *path, const void *p, size_t n, hb_error *err)
{
    HB_TRY(may_put(w, path, err));
    return put(w, path, p, n, -1, NULL, err);
}

hb_status hb_pack_put_file(hb_pack_writer *w, const char *path, const char *from,
                           const char *sha256, hb_error *err)
{
    HB_TRY(may_put(w, path, err));
    int fd = w->os->open(from, O_RDONLY, 0);
    if (fd < 0) {
        return HB_FAIL(err, HB_E_INPUT, "cannot open '%s': %s", from, strerror(errno));
    }
    hb_status status = put(w, path, NULL, 0, fd, sha256, err);
    w->os->close(fd);
    if (status == HB_E_INPUT || status == HB_E_EVIDENCE) {
        hb_error_prefix(err, "'%s'", from);
    }
    return status;
}

static hb_status take_piece(void *ctx, const void *p, size_t n, hb_error *err)
{
    return take(ctx, p, n, err);
}

hb_status hb_pack_put_member(hb_pack_writer *w, const char *path, hb_pack_reader *from,
                             hb_error *err)
{
    HB_TRY(may_put(w, path, err));
    if (w->broken) {
        return HB_FAIL(err, HB_E_IO, "'%s' could not be written before", w->target);
    }
    incoming in = {.w = w, .path = path};
    HB_TRY(hb_digest2_new(&in.digest, err));
    hb_status status = hb_pack_stream(from, path, take_piece, &in, err);
    return finish_put(&in, NULL, status, err);
}

static int by_order(const void *a, const void *b)
{
    const pack_entry *x = a;
    const pack_entry *y = b;
    return hb_pack_order(x->file.path, y->file.path);
}

const hb_pack_file *hb_pack_files(hb_pack_writer *w, size_t *ret_n)
{
    if (HB_GROW(w->listing, w->listing_cap, w->n + 1, HB_PACK_FILES_MAX + 1, "files of a pack",
                NULL) != HB_OK) {
        return NULL;
    }
    if (w->n) {
        qsort(w->entries, w->n, sizeof *w->entries, by_order);
    }
    for (size_t i = 0; i < w->n; i++) {
        w->listing[i] = w->entries[i].file;
    }
    *ret_n = w->n;
    return w->listing;
}

hb_status hb_pack_put_manifest(hb_pack_writer *w, const char *case_id, hb_pack_file *ret,
                               hb_error *err)
{
    if (w->has_manifest) {
        return HB_FAIL(err, HB_E_BUG, "a pack has one manifest");
    }
    size_t n = 0;
    const hb_pack_file *files = hb_pack_files(w, &n);
    if (!files) {
        return HB_NOMEM(err);
    }
    hb_buf text;
    hb_buf_init(&text, HB_PACK_MANIFEST_MAX);
    hb_status status = hb_manifest_json(case_id, files, n, &text, err);
    if (status == HB_OK) {
        status = put(w, HB_PACK_MANIFEST, text.p, text.n, -1, NULL, err);
    }
    hb_buf_release(&text);
    HB_TRY(status);
    w->has_manifest = true;
    *ret = w->entries[w->n - 1].file;
    return HB_OK;
}

hb_status hb_pack_put_signature(hb_pack_writer *w, const char *path, const void *p, size_t n,
                                hb_error *err)
{
    if (!w->has_manifest || w->finished || !hb_pack_is_signature(path)) {
        return HB_FAIL(err, HB_E_BUG, "'%s' is no signature of a pack's manifest", path);
    }
    return put(w, path, p, n, -1, NULL, err);
}

/* --- finishing --- */

/* Copies a file out of the spool. The CRC-32 is of the bytes as they came, so a disk that lost some
 * of them meanwhile is noticed. */
static hb_status copy(hb_pack_writer *w, const pack_entry *e, int to, hb_error *err)
{
    uint32_t crc = 0;
    for (uint64_t done = 0; done < e->file.size;) {
        if (hb_signal_waits()) {
            return HB_FAIL(err, HB_E_IO, "interrupted while writing '%s'", w->target);
        }
        uint64_t left = e->file.size - done;
        size_t want = left < PIECE ? (size_t)left : PIECE;
        ssize_t got = w->os->pread(w->spool, w->piece, want, (off_t)(e->at + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return HB_FAIL(err, HB_E_IO, "cannot read back what '%s' is made of: %s", w->target,
                           got < 0 ? strerror(errno) : "it became shorter");
        }
        crc = (uint32_t)crc32_z(crc, (const void *)w->piece, (size_t)got);
        HB_TRY(hb_write_all(w->os, to, w->target, w->piece, (size_t)got, err));
        done += (uint64_t)got;
    }
    return crc == e->crc ? HB_OK
                         : HB_FAIL(err, HB_E_IO, "'%s' of '%s' was read back with other bytes",
                                   e->file.path, w->target);
}

static hb_status flush(hb_pack_writer *w, int to, hb_buf *b, hb_error *err)
{
    HB_TRY(hb_buf_check(b, err));
    HB_TRY(hb_write_all(w->os, to, w->target, b->p, b->n, err));
    hb_buf_clear(b);
    return HB_OK;
}

static hb_status write_zip(hb_pack_writer *w, int to, hb_buf *directory, hb_error *err)
{
    uint64_t at = 0;
    hb_buf head;
    hb_buf_init(&head, HB_PACK_ZIP_LOCAL_MAX);
    hb_status status = HB_OK;
    for (size_t i = 0; status == HB_OK && i < w->n; i++) {
        const pack_entry *e = &w->entries[i];
        hb_pack_zip_member m = {
            .path = e->file.path, .size = e->file.size, .at = at, .crc = e->crc};
        hb_pack_zip_local(&head, &m);
        hb_pack_zip_central(directory, &m);
        at += head.n + e->file.size;
        status = flush(w, to, &head, err);
        status = status == HB_OK ? copy(w, e, to, err) : status;
    }
    hb_buf_release(&head);
    HB_TRY(status);
    hb_pack_zip_end(directory, at, directory->n, w->n);
    return flush(w, to, directory, err);
}

static hb_status sync_and_close(hb_pack_writer *w, int fd, hb_status status, hb_error *err)
{
    if (status == HB_OK && w->os->fsync(fd) != 0) {
        status = io_fail(err, "sync", w->target);
    }
    if (w->os->close(fd) != 0 && status == HB_OK) {
        status = io_fail(err, "close", w->target);
    }
    return status;
}

static hb_status finish_zip(hb_pack_writer *w, hb_error *err)
{
    hb_fresh f;
    hb_buf directory;
    HB_TRY(hb_fresh_open(&f, w->os, w->target, err));
    hb_buf_init(&directory, HB_PACK_FILES_MAX * HB_PACK_ZIP_CENTRAL_MAX + HB_PACK_ZIP_END_MAX);
    hb_status status = write_zip(w, f.fd, &directory, err);
    hb_buf_release(&directory);
    status = status == HB_OK ? hb_fresh_commit(&f, err) : status;
    hb_fresh_end(&f);
    return status;
}

static hb_status write_member(hb_pack_writer *w, const hb_stage *stage, const pack_entry *e,
                              hb_error *err)
{
    char *path = NULL;
    char *folder = NULL;
    hb_status status = hb_path_join(stage->temporary, e->file.path, &path, err);
    status = status == HB_OK ? hb_path_dir(path, &folder, err) : status;
    status = status == HB_OK ? hb_dir_make(w->os, folder, err) : status;
    if (status == HB_OK) {
        int fd = w->os->open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
        status =
            fd < 0 ? io_fail(err, "create", path) : sync_and_close(w, fd, copy(w, e, fd, err), err);
    }
    hb_free(folder);
    hb_free(path);
    return status;
}

static bool same_folder(const pack_entry *a, const pack_entry *b)
{
    size_t n = (size_t)(hb_path_base(a->file.path) - a->file.path);
    return n == (size_t)(hb_path_base(b->file.path) - b->file.path) &&
           strncmp(a->file.path, b->file.path, n) == 0;
}

/* Names of files, and of their folders up to the pack's, to the disk. */
static hb_status sync_names(hb_pack_writer *w, const hb_stage *stage, hb_error *err)
{
    for (size_t i = 0; i < w->n; i++) {
        if (i + 1 < w->n && same_folder(&w->entries[i], &w->entries[i + 1])) {
            continue;
        }
        char *path = NULL;
        HB_TRY(hb_path_join(stage->temporary, w->entries[i].file.path, &path, err));
        hb_status status = HB_OK;
        while (status == HB_OK && strlen(path) > strlen(stage->temporary)) {
            status = hb_sync_folder_of(w->os, path, err);
            *strrchr(path, '/') = '\0';
        }
        hb_free(path);
        HB_TRY(status);
    }
    return HB_OK;
}

static hb_status finish_folder(hb_pack_writer *w, hb_error *err)
{
    hb_stage stage;
    HB_TRY(hb_stage_open_private(&stage, w->os, w->target, err));
    hb_status status = HB_OK;
    for (size_t i = 0; status == HB_OK && i < w->n; i++) {
        status = write_member(w, &stage, &w->entries[i], err);
    }
    status = status == HB_OK ? sync_names(w, &stage, err) : status;
    status = status == HB_OK ? hb_fresh_must_be_free(w->os, w->target, err) : status;
    if (status == HB_OK && (status = hb_stage_commit(&stage, err)) != HB_OK && !stage.temporary) {
        HB_IGNORE(hb_dir_remove(w->os, w->target, NULL)); /* it has its name, but not for sure */
    }
    hb_stage_abort(&stage);
    return status;
}

hb_status hb_pack_finish(hb_pack_writer *w, hb_error *err)
{
    if (!w->has_manifest || w->finished) {
        return HB_FAIL(err, HB_E_BUG, "a pack is finished once, after its manifest");
    }
    qsort(w->entries, w->n, sizeof *w->entries, by_order);
    HB_TRY(w->form == HB_PACK_ZIP ? finish_zip(w, err) : finish_folder(w, err));
    w->finished = true;
    return HB_OK;
}
