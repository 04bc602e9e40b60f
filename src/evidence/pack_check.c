/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/pack_names.h"

#include <string.h>

typedef struct faults {
    hb_arena *arena;
    hb_pack_fault *list;
    size_t n;
    size_t cap;
} faults;

static hb_status tell(faults *f, const char *path, const char *what, hb_error *err)
{
    char *kept = hb_arena_strndup(f->arena, path, strlen(path));
    if (!kept) {
        return HB_NOMEM(err);
    }
    HB_TRY(HB_ARENA_GROW(f->arena, f->list, f->n, f->cap, err));
    f->list[f->n++] = (hb_pack_fault){kept, what};
    return HB_OK;
}

const char *hb_pack_fault_words(const hb_pack_fault *f)
{
    static const char *const words[][2] = {
        {"missing", "is missing"},
        {"not in the manifest", "is not in the manifest"},
        {"size", "has not the size of the manifest"},
        {"sha256", "has not the SHA-256 of the manifest"},
        {"sha512", "has not the SHA-512 of the manifest"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(f->what, words[i][0]) == 0) {
            return words[i][1];
        }
    }
    return "is damaged: its bytes are not those its zip was made of (CRC-32)";
}

static const char *difference(const hb_pack_file *is, const hb_pack_file *said)
{
    if (is->size != said->size) {
        return "size";
    }
    if (strcmp(is->sha256, said->sha256) != 0) {
        return "sha256";
    }
    return strcmp(is->sha512, said->sha512) != 0 ? "sha512" : NULL;
}

/* Digests a member that was not read yet. *ret_bad: its bytes are not those its zip promises. */
static hb_status digest(hb_pack_reader *r, const hb_pack_file *file, bool *ret_bad, hb_error *err)
{
    *ret_bad = false;
    if (file->sha256[0]) {
        return HB_OK;
    }
    hb_status status = hb_pack_stream(r, file->path, NULL, NULL, err);
    *ret_bad = status == HB_E_EVIDENCE;
    return *ret_bad ? HB_OK : status;
}

static hb_status check_member(hb_pack_reader *r, const hb_pack_file *file, const hb_pack_file *said,
                              faults *f, hb_error *err)
{
    if (said && file->size != said->size) {
        return tell(f, file->path, "size", err);
    }
    /* Refused whatever is in it, so none of its up to 4 GiB is read. */
    if (!said && strcmp(file->path, HB_PACK_MANIFEST) != 0 && !hb_pack_is_signature(file->path)) {
        return tell(f, file->path, "not in the manifest", err);
    }
    bool bad = false;
    HB_TRY(digest(r, file, &bad, err));
    const char *what = bad ? "crc-32" : NULL;
    if (!bad && said) {
        what = difference(file, said);
    }
    return what ? tell(f, file->path, what, err) : HB_OK;
}

hb_status hb_pack_check(hb_pack_reader *r, const hb_manifest *m, hb_arena *arena,
                        hb_pack_fault **ret_faults, size_t *ret_n, hb_error *err)
{
    faults f = {.arena = arena};
    size_t n = 0;
    const hb_pack_file *files = hb_pack_members(r, &n);
    /* Both lists are in the same order. */
    for (size_t i = 0, k = 0; i < n || k < m->n_files;) {
        int order = i == n            ? 1
                    : k == m->n_files ? -1
                                      : hb_pack_order(files[i].path, m->files[k].path);
        if (order > 0) {
            HB_TRY(tell(&f, m->files[k++].path, "missing", err));
        } else {
            HB_TRY(check_member(r, &files[i++], order == 0 ? &m->files[k] : NULL, &f, err));
            k += order == 0;
        }
    }
    *ret_faults = f.list;
    *ret_n = f.n;
    return HB_OK;
}
