/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/redaction.h"

#include "base/json_write.h"
#include "evidence/object.h"

#include <string.h>

#define FORMAT "hb-redaction/1"
#define READING "raw/reading.json"

bool hb_redaction_may_drop(const char *path)
{
    return (strncmp(path, "raw/", 4) == 0 && strcmp(path, READING) != 0) ||
           strcmp(path, HB_PACK_CHAIN) == 0;
}

hb_status hb_redaction_json(const hb_redaction *r, hb_buf *out, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    if (r->n_documents) {
        hb_redaction_fields_json(r, &j, false);
    }
    hb_json_key(&j, "dropped");
    hb_json_arr(&j);
    for (size_t i = 0; i < r->n_dropped; i++) {
        hb_json_c(&j, r->dropped[i]);
    }
    hb_json_end(&j);
    if (r->n_documents) {
        hb_redaction_fields_json(r, &j, true);
    }
    hb_json_kc(&j, "format", FORMAT);
    hb_json_kc(&j, "original_manifest_sha256", r->original_sha256);
    hb_json_kc(&j, "reason", r->reason);
    hb_json_end(&j);
    return hb_json_done(&j, err);
}

static hb_status paths(const json_t *list, hb_arena *arena, hb_redaction *r, hb_error *err)
{
    const char **v = hb_arena_array(arena, json_array_size(list) + 1, sizeof *v);
    if (!v) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *path = json_string_value(json_array_get(list, i));
        if (!path || (i && strcmp(v[i - 1], path) >= 0)) {
            return HB_FAIL(err, HB_E_EVIDENCE,
                           "'%s': 'dropped' is no list of paths in ascending order",
                           HB_PACK_REDACTION);
        }
        v[i] = hb_arena_str(arena, hb_str_of(path));
        if (!v[i]) {
            return HB_NOMEM(err);
        }
    }
    r->dropped = v;
    r->n_dropped = json_array_size(list);
    return HB_OK;
}

static hb_status understand(const json_t *root, hb_arena *arena, hb_redaction *r, hb_error *err)
{
    hb_object o = hb_object_of(root, HB_PACK_REDACTION);
    const json_t *list = NULL;
    const char *sha256 = NULL;
    const char *reason = NULL;
    HB_TRY(hb_object_list(&o, "dropped", HB_PACK_FILES_MAX, &list, err));
    HB_TRY(hb_object_is(&o, "format", FORMAT, err));
    HB_TRY(hb_object_digest(&o, "original_manifest_sha256", HB_OBJECT_SHA256, &sha256, err));
    HB_TRY(hb_object_text(&o, "reason", &reason, err));
    if (hb_object_has(&o, "documents") || hb_object_has(&o, "files")) {
        HB_TRY(hb_redaction_fields_read(&o, arena, r, err));
    }
    HB_TRY(hb_object_end(&o, err));
    r->original_sha256 = hb_arena_str(arena, hb_str_of(sha256));
    r->reason = hb_arena_str(arena, hb_str_of(reason));
    return r->original_sha256 && r->reason ? paths(list, arena, r, err) : HB_NOMEM(err);
}

hb_status hb_redaction_read(hb_str text, hb_arena *arena, hb_redaction *ret, hb_error *err)
{
    json_t *root = NULL;
    hb_redaction r = {0};
    HB_TRY(hb_object_parse(text, HB_PACK_REDACTION, &root, err));
    hb_status status = understand(root, arena, &r, err);
    json_decref(root);
    if (status == HB_OK) {
        *ret = r;
    }
    return status;
}

static const hb_pack_file *listed(const hb_manifest *m, const char *path)
{
    for (size_t i = 0; i < m->n_files; i++) {
        if (strcmp(m->files[i].path, path) == 0) {
            return &m->files[i];
        }
    }
    return NULL;
}

static bool is_dropped(const hb_redaction *r, const char *path)
{
    for (size_t i = 0; i < r->n_dropped; i++) {
        if (strcmp(r->dropped[i], path) == 0) {
            return true;
        }
    }
    return false;
}

static hb_status is_kept(const hb_redaction *r, const hb_pack_file *was, const hb_manifest *now,
                         hb_error *err)
{
    const hb_pack_file *is = listed(now, was->path);
    if (is_dropped(r, was->path)) {
        return is ? HB_FAIL(err, HB_E_EVIDENCE, "'%s' is here, and listed as taken out", was->path)
                  : HB_OK;
    }
    if (!is) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' of the original is missing and not listed",
                       was->path);
    }
    return strcmp(was->path, READING) == 0 ||
                   (is->size == was->size && strcmp(is->sha256, was->sha256) == 0 &&
                    strcmp(is->sha512, was->sha512) == 0)
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE, "'%s' is not the file of the original", was->path);
}

/* A new key is only a key: whether it signs for somebody is not the pack's to say. */
static bool may_be_new(const char *path)
{
    return strcmp(path, HB_PACK_REDACTION) == 0 || strcmp(path, HB_PACK_ORIGINAL_MANIFEST) == 0 ||
           strcmp(path, HB_PACK_ORIGINAL_ATTESTATION) == 0 ||
           strcmp(path, HB_PACK_ORIGINAL_TOKEN) == 0 ||
           (strncmp(path, "keys/", 5) == 0 && strcmp(path, HB_PACK_CHAIN) != 0);
}

hb_status hb_redaction_check(const hb_redaction *r, const hb_manifest *original,
                             const hb_manifest *now, hb_error *err)
{
    if (strcmp(original->sha256, r->original_sha256) != 0) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' is not the manifest that '%s' names",
                       HB_PACK_ORIGINAL_MANIFEST, HB_PACK_REDACTION);
    }
    if (strcmp(original->case_id, now->case_id) != 0) {
        return HB_FAIL(err, HB_E_EVIDENCE, "the original is of case '%s'", original->case_id);
    }
    for (size_t i = 0; i < r->n_dropped; i++) {
        if (!hb_redaction_may_drop(r->dropped[i]) || !listed(original, r->dropped[i])) {
            return HB_FAIL(err, HB_E_EVIDENCE, "'%.240s' cannot have been taken out",
                           r->dropped[i]);
        }
    }
    for (size_t i = 0; i < original->n_files; i++) {
        HB_TRY(is_kept(r, &original->files[i], now, err));
    }
    for (size_t i = 0; i < now->n_files; i++) {
        if (!listed(original, now->files[i].path) && !may_be_new(now->files[i].path)) {
            return HB_FAIL(err, HB_E_EVIDENCE, "'%s' is not of the original", now->files[i].path);
        }
    }
    return HB_OK;
}
