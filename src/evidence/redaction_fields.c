/* SPDX-License-Identifier: Apache-2.0 */
/* The part of redaction.json about hidden fields: docs/formats/redaction.md */
#include "evidence/redaction.h"

#include <string.h>

enum { HIDDEN_MAX = 1 << 20, SEEDS_MAX = 1 << 22, FILES_TEXTS_MAX = 3 * HB_PACK_FILES_MAX };

/* --- writing --- */

static void hidden(hb_json *j, const hb_hidden *h)
{
    char hex[65];
    hb_commit_hex(&h->leaf, hex);
    hb_json_obj(j);
    hb_json_kc(j, "action", hb_hide_action_name(h->action));
    hb_json_ku(j, "index", h->index);
    hb_json_kc(j, "leaf", hex);
    hb_json_kc(j, "pointer", h->pointer);
    hb_json_end(j);
}

static void document(hb_json *j, const hb_opened *o)
{
    hb_json_obj(j);
    hb_json_key(j, "hidden");
    hb_json_arr(j);
    for (size_t i = 0; i < o->n_hidden; i++) {
        hidden(j, &o->hidden[i]);
    }
    hb_json_end(j);
    hb_json_kc(j, "path", o->path);
    hb_json_key(j, "seeds");
    hb_json_arr(j);
    for (size_t i = 0; i < o->n_seeds; i++) {
        char hex[65];
        hb_commit_hex(&o->seeds[i], hex);
        hb_json_c(j, hex);
    }
    hb_json_end(j);
    hb_json_end(j);
}

void hb_redaction_fields_json(const hb_redaction *r, hb_json *j, bool files)
{
    if (files) {
        hb_json_key(j, "files");
        hb_json_raw(j, r->files);
        return;
    }
    hb_json_key(j, "documents");
    hb_json_arr(j);
    for (size_t i = 0; i < r->n_documents; i++) {
        document(j, &r->documents[i]);
    }
    hb_json_end(j);
}

/* --- reading --- */

static hb_status bad(const char *what, hb_error *err)
{
    return HB_FAIL(err, HB_E_EVIDENCE, "'%s': %s", HB_PACK_REDACTION, what);
}

static hb_status action_of(const char *name, hb_hide_action *ret, hb_error *err)
{
    for (int a = 0; a < HB_HIDE_COUNT_; a++) {
        if (strcmp(name, hb_hide_action_name((hb_hide_action)a)) == 0) {
            *ret = (hb_hide_action)a;
            return HB_OK;
        }
    }
    return HB_FAIL(err, HB_E_EVIDENCE, "'%s': there is no action '%.40s'", HB_PACK_REDACTION, name);
}

static hb_status read_hidden(const json_t *json, hb_arena *arena, hb_hidden *h, hb_error *err)
{
    hb_object o = hb_object_of(json, HB_PACK_REDACTION);
    const char *action = NULL;
    const char *leaf = NULL;
    const char *pointer = NULL;
    uint64_t index = 0;
    HB_TRY(hb_object_text(&o, "action", &action, err));
    HB_TRY(hb_object_u64(&o, "index", &index, err));
    HB_TRY(hb_object_digest(&o, "leaf", HB_OBJECT_SHA256, &leaf, err));
    HB_TRY(hb_object_text(&o, "pointer", &pointer, err));
    HB_TRY(hb_object_end(&o, err));
    HB_TRY(action_of(action, &h->action, err));
    if (index >= HB_COMMIT_TEXTS_MAX || !hb_commit_from_hex(leaf, &h->leaf)) {
        return bad("a place beyond all texts", err);
    }
    h->index = (size_t)index;
    h->pointer = hb_arena_str(arena, hb_str_of(pointer));
    return h->pointer ? HB_OK : HB_NOMEM(err);
}

static hb_status read_seeds(const json_t *list, hb_arena *arena, hb_opened *o, hb_error *err)
{
    size_t n = json_array_size(list);
    hb_commit32 *seeds = hb_arena_array(arena, n + 1, sizeof *seeds);
    if (!seeds) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        const char *hex = json_string_value(json_array_get(list, i));
        if (!hex || !hb_commit_from_hex(hex, &seeds[i])) {
            return bad("a seed is not 64 hex digits", err);
        }
    }
    o->seeds = seeds;
    o->n_seeds = n;
    return HB_OK;
}

static hb_status read_document(const json_t *json, hb_arena *arena, hb_opened *ret, hb_error *err)
{
    hb_object o = hb_object_of(json, HB_PACK_REDACTION);
    const json_t *list = NULL;
    const json_t *seeds = NULL;
    const char *path = NULL;
    HB_TRY(hb_object_list(&o, "hidden", HIDDEN_MAX, &list, err));
    HB_TRY(hb_object_text(&o, "path", &path, err));
    HB_TRY(hb_object_list(&o, "seeds", SEEDS_MAX, &seeds, err));
    HB_TRY(hb_object_end(&o, err));
    ret->n_hidden = json_array_size(list);
    ret->hidden = hb_arena_array(arena, ret->n_hidden + 1, sizeof *ret->hidden);
    ret->path = hb_arena_str(arena, hb_str_of(path));
    if (!ret->hidden || !ret->path) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < ret->n_hidden; i++) {
        HB_TRY(read_hidden(json_array_get(list, i), arena, &ret->hidden[i], err));
        if (i && ret->hidden[i].index <= ret->hidden[i - 1].index) {
            return bad("hidden texts are not in ascending order", err);
        }
    }
    return read_seeds(seeds, arena, ret, err);
}

/* Texts of a pack's paths and digests need no escapes; what does is no such text. */
static hb_status read_files(const json_t *list, hb_arena *arena, hb_str *ret, hb_error *err)
{
    hb_buf text;
    hb_buf_init(&text, HB_PACK_MANIFEST_MAX);
    hb_json j;
    hb_json_init(&j, &text, HB_JSON_CANONICAL);
    hb_json_arr(&j);
    bool good = true;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *one = json_string_value(json_array_get(list, i));
        good = good && one;
        hb_json_c(&j, one ? one : "");
    }
    hb_json_end(&j);
    hb_status status = hb_json_done(&j, err);
    char *copy = status == HB_OK ? hb_arena_strndup(arena, text.p, text.n) : NULL;
    size_t n = text.n;
    hb_buf_release(&text);
    HB_TRY(status);
    if (!good) {
        return bad("'files' is no list of texts", err);
    }
    *ret = (hb_str){copy, n};
    return copy ? HB_OK : HB_NOMEM(err);
}

hb_status hb_redaction_fields_read(hb_object *o, hb_arena *arena, hb_redaction *r, hb_error *err)
{
    const json_t *list = NULL;
    const json_t *files = NULL;
    HB_TRY(hb_object_list(o, "documents", HB_COMMITTED_MAX, &list, err));
    HB_TRY(hb_object_list(o, "files", FILES_TEXTS_MAX, &files, err));
    size_t n = json_array_size(list);
    hb_opened *documents = hb_arena_array(arena, n + 1, sizeof *documents);
    if (!documents) {
        return HB_NOMEM(err);
    }
    if (n == 0) {
        return bad("'documents' is empty", err);
    }
    for (size_t i = 0; i < n; i++) {
        HB_TRY(read_document(json_array_get(list, i), arena, &documents[i], err));
    }
    r->documents = documents;
    r->n_documents = n;
    return read_files(files, arena, &r->files, err);
}
