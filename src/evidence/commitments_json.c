/* SPDX-License-Identifier: Apache-2.0 */
/* The signed list as text. docs/formats/commitments.md */
#include "base/json_write.h"
#include "evidence/commitments.h"
#include "evidence/object.h"

#include <string.h>

#define FORMAT "hb-commitments/1"

static void document(hb_json *j, const hb_commitment *c)
{
    hb_json_obj(j);
    hb_json_ku(j, "leaves", c->leaves);
    hb_json_kc(j, "path", c->path);
    hb_json_kc(j, "root", c->root);
    hb_json_kc(j, "skeleton_sha256", c->skeleton);
    hb_json_end(j);
}

hb_status hb_commitments_json(const hb_commitments *c, hb_buf *out, hb_error *err)
{
    hb_json j;
    hb_buf_clear(out);
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    hb_json_kc(&j, "case", c->case_id);
    hb_json_key(&j, "documents");
    hb_json_arr(&j);
    for (size_t i = 0; i < c->n_documents; i++) {
        document(&j, &c->documents[i]);
    }
    hb_json_end(&j);
    hb_json_kc(&j, "format", FORMAT);
    hb_json_kc(&j, "logged_at", c->logged_at);
    hb_json_end(&j);
    return hb_json_done(&j, err);
}

static hb_status read_document(const json_t *json, hb_arena *arena, hb_commitment *ret,
                               hb_error *err)
{
    hb_object o = hb_object_of(json, HB_PACK_COMMITMENTS);
    const char *path = NULL;
    const char *root = NULL;
    const char *skeleton = NULL;
    uint64_t leaves = 0;
    HB_TRY(hb_object_u64(&o, "leaves", &leaves, err));
    HB_TRY(hb_object_text(&o, "path", &path, err));
    HB_TRY(hb_object_digest(&o, "root", HB_OBJECT_SHA256, &root, err));
    HB_TRY(hb_object_digest(&o, "skeleton_sha256", HB_OBJECT_SHA256, &skeleton, err));
    HB_TRY(hb_object_end(&o, err));
    if (leaves > HB_COMMIT_TEXTS_MAX ||
        !(hb_is_committed_document(path) || strcmp(path, HB_COMMITTED_FILES) == 0)) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' commits to '%.80s', which is no document of packs",
                       HB_PACK_COMMITMENTS, path);
    }
    ret->path = hb_arena_str(arena, hb_str_of(path));
    ret->leaves = (size_t)leaves;
    memcpy(ret->root, root, sizeof ret->root);
    memcpy(ret->skeleton, skeleton, sizeof ret->skeleton);
    return ret->path ? HB_OK : HB_NOMEM(err);
}

static hb_status understand(const json_t *root, hb_arena *arena, hb_commitments *ret, hb_error *err)
{
    hb_object o = hb_object_of(root, HB_PACK_COMMITMENTS);
    const json_t *list = NULL;
    const char *case_id = NULL;
    const char *logged_at = NULL;
    HB_TRY(hb_object_text(&o, "case", &case_id, err));
    HB_TRY(hb_object_list(&o, "documents", HB_COMMITTED_MAX, &list, err));
    HB_TRY(hb_object_is(&o, "format", FORMAT, err));
    HB_TRY(hb_object_text(&o, "logged_at", &logged_at, err));
    HB_TRY(hb_object_end(&o, err));
    for (size_t i = 0; i < json_array_size(list); i++) {
        HB_TRY(read_document(json_array_get(list, i), arena, &ret->documents[i], err));
        if (i && strcmp(ret->documents[i - 1].path, ret->documents[i].path) >= 0) {
            return HB_FAIL(err, HB_E_EVIDENCE, "'%s': the documents are not in ascending order",
                           HB_PACK_COMMITMENTS);
        }
    }
    ret->n_documents = json_array_size(list);
    ret->case_id = hb_arena_str(arena, hb_str_of(case_id));
    ret->logged_at = hb_arena_str(arena, hb_str_of(logged_at));
    return ret->case_id && ret->logged_at ? HB_OK : HB_NOMEM(err);
}

static hb_status has_one_spelling(const hb_commitments *c, hb_str text, hb_error *err)
{
    hb_buf again;
    hb_buf_init(&again, HB_COMMITMENTS_MAX);
    hb_status status = hb_commitments_json(c, &again, err);
    if (status == HB_OK && !hb_str_eq((hb_str){again.p, again.n}, text)) {
        status = HB_FAIL(err, HB_E_EVIDENCE, "'%s' is not written as canonical JSON",
                         HB_PACK_COMMITMENTS);
    }
    hb_buf_release(&again);
    return status;
}

hb_status hb_commitments_read(hb_str text, hb_arena *arena, hb_commitments *ret, hb_error *err)
{
    json_t *root = NULL;
    hb_commitments c = {.n_documents = 0};
    if (text.n > HB_COMMITMENTS_MAX) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' is too long", HB_PACK_COMMITMENTS);
    }
    HB_TRY(hb_object_parse(text, HB_PACK_COMMITMENTS, &root, err));
    hb_status status = understand(root, arena, &c, err);
    json_decref(root);
    status = status == HB_OK ? has_one_spelling(&c, text, err) : status;
    if (status == HB_OK) {
        *ret = c;
    }
    return status;
}
