/* SPDX-License-Identifier: Apache-2.0 */
/* The files a run was read from, as they were. One that is gone or has changed does not stop an
 * export: the profiles are what was judged; the pack says what is missing. */
#include "export/export_internal.h"

#include "evidence/read_record.h"
#include "os/file.h"
#include "store/documents.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum { PIECE_BYTES = 1 << 16, NAME_KEPT = 150 };

/* --- digest of a file --- */

static hb_status digest_all(const hb_os *os, int fd, const char *path, hb_digest *d,
                            uint64_t *ret_bytes, hb_error *err)
{
    char piece[PIECE_BYTES];
    uint64_t bytes = 0;
    for (;;) {
        ssize_t n = os->read(fd, piece, sizeof piece);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return HB_FAIL(err, HB_E_INPUT, "cannot read '%s': %s", path, strerror(errno));
        }
        if (n == 0) {
            *ret_bytes = bytes;
            return HB_OK;
        }
        HB_TRY(hb_digest_add(d, piece, (size_t)n, err));
        bytes += (uint64_t)n;
    }
}

static hb_status digest_open(const hb_os *os, int fd, const char *path, char ret[HB_DIGEST_HEX],
                             uint64_t *ret_bytes, hb_error *err)
{
    struct stat st;
    hb_digest *d = NULL;
    if (os->fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is no plain file", path);
    }
    HB_TRY(hb_digest_new(&d, err));
    hb_status status = digest_all(os, fd, path, d, ret_bytes, err);
    if (status == HB_OK) {
        status = hb_digest_hex(d, ret, err);
    }
    hb_digest_free(d);
    return status;
}

hb_status hb_export_digest(const hb_os *os, const char *path, char ret[HB_DIGEST_HEX],
                           uint64_t *ret_bytes, hb_error *err)
{
    /* Not blocking: what took a file's place may be a pipe. */
    int fd = os->open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    if (fd < 0) {
        return HB_FAIL(err, HB_E_INPUT, "cannot open '%s': %s", path, strerror(errno));
    }
    hb_status status = digest_open(os, fd, path, ret, ret_bytes, err);
    os->close(fd);
    return status;
}

/* --- names in the pack --- */

/* Folders of raw/ are numbered as they come: files that stood beside each other still do. */
static size_t folder_of(const hb_run *run, size_t i)
{
    size_t n = 0;
    for (size_t k = 0; k <= i; k++) {
        const char *path = run->inputs[k].path;
        size_t dir = (size_t)(hb_path_base(path) - path);
        size_t seen = 0;
        while (seen < k) {
            const char *other = run->inputs[seen].path;
            size_t other_dir = (size_t)(hb_path_base(other) - other);
            if (dir == other_dir && strncmp(path, other, dir) == 0) {
                break;
            }
            seen++;
        }
        if (k == i) {
            return seen < k ? folder_of(run, seen) : n;
        }
        n += seen == k;
    }
    return n;
}

static void plain(const char *name, char out[NAME_KEPT + 1])
{
    size_t n = strlen(name);
    const char *from = n > NAME_KEPT ? name + n - NAME_KEPT : name;
    size_t k = 0;
    for (; *from; from++) {
        char c = *from;
        bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '.' || c == '_' || c == '-';
        out[k++] = good ? c : '_';
    }
    out[k] = '\0';
    if (k == 0 || strcmp(out, ".") == 0 || strcmp(out, "..") == 0) {
        memcpy(out, "file", 5);
    }
}

static bool taken(const hb_raw_list *l, size_t n, const char *member)
{
    for (size_t i = 0; i < n; i++) {
        if (hb_str_ieq_c(hb_str_of(l->files[i].member), member) ||
            (l->cuts && hb_str_ieq_c(hb_str_of(l->cuts[i].member), member))) {
            return true;
        }
    }
    return false;
}

hb_status hb_export_member(hb_export_job *x, const hb_raw_list *l, size_t i, const char *below,
                           const char **ret, hb_error *err)
{
    char name[NAME_KEPT + 1];
    size_t folder = folder_of(x->from.run, i);
    plain(l->files[i].name, name);
    HB_TRY(hb_export_text(x->arena, ret, err, "%s/%zu/%s", below, folder, name));
    return taken(l, i, *ret)
               ? hb_export_text(x->arena, ret, err, "%s/%zu/%zu-%s", below, folder, i, name)
               : HB_OK;
}

/* --- the files --- */

static hb_status why_not(hb_export_job *x, const hb_raw_file *f, bool sent, const char **ret,
                         hb_error *err)
{
    char sha256[HB_DIGEST_HEX];
    uint64_t bytes = 0;
    hb_error why = {0};
    *ret = "";
    if (x->ask->no_raw) {
        *ret = "left out on request";
    } else if (!*f->sha256) { /* never opened: a file that happens to be called so is another one */
        *ret = sent ? "a live source, no file: what it sent is below raw/journal"
                    : "it was no file, or its digest is not known";
    } else if (strcmp(f->path, "-") == 0) {
        *ret = "it was read from standard input";
    } else if (hb_export_digest(x->ask->os, f->path, sha256, &bytes, &why) != HB_OK) {
        if (why.code == HB_E_NOMEM) {
            return HB_NOMEM(err);
        }
        HB_TRY(hb_export_text(x->arena, ret, err, "%s", why.msg));
    } else if (strcmp(sha256, f->sha256) != 0) {
        HB_TRY(hb_export_text(x->arena, ret, err,
                              "'%s' has changed since it was read: its SHA-256 is %s", f->path,
                              sha256));
    } else if (x->ask->slice_from != HB_TIME_NONE) {
        *ret = HB_EXPORT_ONLY_SLICE;
    }
    return HB_OK;
}

static hb_status put_file(hb_export_job *x, hb_raw_list *l, size_t i, hb_error *err)
{
    const hb_input_file *in = &x->from.run->inputs[i];
    hb_raw_file *f = &l->files[i];
    *f = (hb_raw_file){.path = in->path,
                       .name = in->name,
                       .member = "",
                       .why = "",
                       .sha256 = in->sha256,
                       .bytes = in->bytes};
    HB_TRY(why_not(x, f, l->journal && !*l->journal->why, &f->why, err));
    if (*f->why) {
        l->why = *l->why ? l->why : f->why;
        return HB_OK;
    }
    const char *member = NULL;
    HB_TRY(hb_export_member(x, l, i, "raw", &member, err));
    f->member = member;
    x->told.raw_files++;
    return hb_pack_put_file(x->w, member, f->path, f->sha256, err);
}

static hb_status put_files(hb_export_job *x, hb_raw_list *l, hb_error *err)
{
    const hb_run *run = x->from.run;
    l->files = hb_arena_array(x->arena, run->n_inputs ? run->n_inputs : 1, sizeof *l->files);
    if (!l->files) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < run->n_inputs; i++) {
        l->n_files = i; /* what is complete */
        HB_TRY(put_file(x, l, i, err));
    }
    l->n_files = run->n_inputs;
    return HB_OK;
}

/* --- how they were read --- */

static hb_status find_reading(hb_export_job *x, hb_raw_list *l, hb_error *err)
{
    bool found = false;
    if (l->journal) { /* how is said there */
        return HB_OK;
    }
    HB_TRY(hb_store_get_reading(x->ask->store, x->ask->run_id, x->arena, &l->reading, &found, err));
    if (!found) {
        l->reading = (hb_str){0};
        if (!*l->why) {
            l->why = "how the run was read is not kept: it was registered before version 0.2";
        }
    }
    return HB_OK;
}

/* What the reading names and the files alone do not say. */
static hb_status put_document(hb_export_job *x, const char *sha256, hb_raw_list *l, hb_error *err)
{
    const char *member = NULL;
    hb_str text;
    bool found = false;
    size_t n = 0;
    if (!sha256 || !*sha256 || strcmp(sha256, "built-in") == 0) {
        return HB_OK;
    }
    HB_TRY(hb_store_get_document(x->ask->store, sha256, x->arena, &text, &found, err));
    if (!found) {
        l->why = *l->why ? l->why : "a document the run was read by is not kept";
        return HB_OK;
    }
    HB_TRY(hb_export_text(x->arena, &member, err, HB_PACK_DOCUMENTS "%s", sha256));
    const hb_pack_file *files = hb_pack_files(x->w, &n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(files[i].path, member) == 0) {
            return HB_OK;
        }
    }
    return hb_pack_put(x->w, member, text.p, text.n, err);
}

static hb_status put_documents(hb_export_job *x, hb_raw_list *l, hb_error *err)
{
    hb_read_record r;
    if (!l->reading.n) {
        return HB_OK;
    }
    HB_TRY(hb_read_record_parse(l->reading, "how the run was read", x->arena, &r, err));
    HB_TRY(put_document(x, r.registry_sha256, l, err));
    HB_TRY(put_document(x, r.profile.name ? r.profile.sha256 : NULL, l, err));
    HB_TRY(put_document(x, r.run_meta.name ? r.run_meta.sha256 : NULL, l, err));
    for (size_t i = 0; i < r.n_profiles; i++) {
        HB_TRY(put_document(x, r.profiles[i].sha256, l, err));
    }
    return HB_OK;
}

static hb_status put_list(hb_export_job *x, const hb_raw_list *l, hb_error *err)
{
    hb_buf json;
    hb_buf_init(&json, HB_RAW_LIST_MAX);
    hb_status status = hb_raw_list_json(l, &json, err);
    if (status == HB_OK) {
        status = hb_pack_put(x->w, HB_PACK_READING, json.p, json.n, err);
    }
    hb_buf_release(&json);
    return status;
}

hb_status hb_export_raw(hb_export_job *x, hb_error *err)
{
    hb_raw_list l = {.slice_from = x->ask->slice_from, .slice_to = x->ask->slice_to, .why = ""};
    HB_TRY(hb_export_records(x, &l.journal, err));
    HB_TRY(put_files(x, &l, err));
    if (l.journal) {
        l.why = *l.journal->why ? l.journal->why : x->window_why;
    }
    HB_TRY(find_reading(x, &l, err));
    HB_TRY(put_documents(x, &l, err));
    if (l.slice_from != HB_TIME_NONE && !l.journal) {
        HB_TRY(hb_export_cuts(x, &l, err));
    }
    HB_TRY(put_list(x, &l, err));
    x->told.raw_missing = l.why;
    return HB_OK;
}
