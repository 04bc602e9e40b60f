/* SPDX-License-Identifier: Apache-2.0 */
/* Reading makes the text once more from what was understood: what is not the same to the byte has
 * another spelling, something more in it, or numbers and letters that two readers read differently.
 */
#include "evidence/manifest.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "evidence/pack_names.h"

#include <jansson.h>
#include <string.h>

static const char *case_unfit(const char *id)
{
    size_t n = strlen(id);
    if (n == 0 || n > HB_PACK_CASE_BYTES) {
        return "its length is not between 1 and 200 bytes";
    }
    if (hb_utf8_valid_prefix((hb_str){id, n}) != n) {
        return "it is not UTF-8";
    }
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)id[i] < 0x20 || id[i] == 0x7f) {
            return "it has control characters";
        }
    }
    return NULL;
}

hb_status hb_manifest_json(const char *case_id, const hb_pack_file *files, size_t n, hb_buf *out,
                           hb_error *err)
{
    const char *why = case_unfit(case_id);
    if (why) {
        return HB_FAIL(err, HB_E_USAGE, "this cannot be a case id: %s", why);
    }
    hb_json j;
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    hb_json_obj(&j);
    hb_json_kc(&j, "case", case_id);
    hb_json_key(&j, "files");
    hb_json_arr(&j);
    for (size_t i = 0; i < n; i++) {
        hb_json_obj(&j);
        hb_json_kc(&j, "path", files[i].path);
        hb_json_kc(&j, "sha256", files[i].sha256);
        hb_json_kc(&j, "sha512", files[i].sha512);
        hb_json_ku(&j, "size", files[i].size);
        hb_json_end(&j);
    }
    hb_json_end(&j);
    hb_json_kc(&j, "format", HB_MANIFEST_FORMAT);
    hb_json_end(&j);
    HB_TRY(hb_buf_check(out, err));
    return hb_json_done(&j, err);
}

static hb_status refuse(const char *why, hb_error *err)
{
    return HB_FAIL(err, HB_E_EVIDENCE, "%s: %s", HB_PACK_MANIFEST, why);
}

static hb_status read_file(const json_t *entry, hb_arena *arena, hb_pack_file *ret, hb_error *err)
{
    const char *path = json_string_value(json_object_get(entry, "path"));
    const char *sha256 = json_string_value(json_object_get(entry, "sha256"));
    const char *sha512 = json_string_value(json_object_get(entry, "sha512"));
    const json_t *size = json_object_get(entry, "size");
    if (!path || !sha256 || !sha512 || !json_is_integer(size)) {
        return refuse("a file lacks path, sha256, sha512 or size", err);
    }
    if (strlen(sha256) != HB_DIGEST_HEX - 1 || strspn(sha256, "0123456789abcdef") != 64 ||
        strlen(sha512) != HB_DIGEST512_HEX - 1 || strspn(sha512, "0123456789abcdef") != 128) {
        return refuse("a digest is not lower-case hex of its length", err);
    }
    json_int_t bytes = json_integer_value(size);
    if (bytes < 0 || bytes > HB_PACK_FILE_MAX) {
        return refuse("a size is not between 0 and 4 GiB", err);
    }
    hb_pack_file f = {.path = hb_arena_strndup(arena, path, strlen(path)), .size = (uint64_t)bytes};
    if (!f.path) {
        return HB_NOMEM(err);
    }
    memcpy(f.sha256, sha256, HB_DIGEST_HEX);
    memcpy(f.sha512, sha512, HB_DIGEST512_HEX);
    *ret = f;
    return HB_OK;
}

static hb_status read_files(const json_t *list, hb_arena *arena, hb_pack_file *files,
                            hb_pack_names *names, hb_error *err)
{
    size_t n = json_array_size(list);
    for (size_t i = 0; i < n; i++) {
        HB_TRY(read_file(json_array_get(list, i), arena, &files[i], err));
        const char *path = files[i].path;
        if (hb_pack_is_signature(path) || strcmp(path, HB_PACK_MANIFEST) == 0) {
            return HB_FAIL(err, HB_E_EVIDENCE, "%s lists '%s', which cannot be in it",
                           HB_PACK_MANIFEST, path);
        }
        if (i && hb_pack_order(files[i - 1].path, path) > 0) {
            return HB_FAIL(err, HB_E_EVIDENCE, "%s: '%s' is out of order", HB_PACK_MANIFEST, path);
        }
        hb_status status = hb_pack_names_add(names, path, HB_E_EVIDENCE, err);
        if (status != HB_OK) {
            hb_error_prefix(err, "%s", HB_PACK_MANIFEST);
            return status;
        }
    }
    return HB_OK;
}

static hb_status understand(const json_t *root, hb_arena *arena, hb_manifest *m, hb_error *err)
{
    const char *format = json_string_value(json_object_get(root, "format"));
    const char *case_id = json_string_value(json_object_get(root, "case"));
    const json_t *list = json_object_get(root, "files");
    if (!format || !case_id || !json_is_array(list)) {
        return refuse("it lacks format, case or files", err);
    }
    if (strcmp(format, HB_MANIFEST_FORMAT) != 0) {
        return HB_FAIL(err, HB_E_EVIDENCE, "%s is of format '%.40s', expected '%s'",
                       HB_PACK_MANIFEST, format, HB_MANIFEST_FORMAT);
    }
    if (case_unfit(case_id)) {
        return HB_FAIL(err, HB_E_EVIDENCE, "%s: its case: %s", HB_PACK_MANIFEST,
                       case_unfit(case_id));
    }
    size_t n = json_array_size(list);
    if (n > HB_PACK_FILES_MAX) {
        return refuse("it lists more than 20,000 files", err);
    }
    hb_pack_file *files = hb_arena_array(arena, n + 1, sizeof *files);
    m->case_id = hb_arena_strndup(arena, case_id, strlen(case_id));
    if (!files || !m->case_id) {
        return HB_NOMEM(err);
    }
    hb_pack_names names;
    hb_pack_names_init(&names);
    hb_status status = read_files(list, arena, files, &names, err);
    hb_pack_names_release(&names);
    m->files = files;
    m->n_files = n;
    return status;
}

static hb_status is_its_spelling(hb_str text, const hb_manifest *m, hb_error *err)
{
    hb_buf again;
    hb_buf_init(&again, HB_PACK_MANIFEST_MAX);
    hb_status status = hb_manifest_json(m->case_id, m->files, m->n_files, &again, err);
    bool same = status == HB_OK && hb_str_eq((hb_str){again.p, again.n}, text);
    hb_buf_release(&again);
    HB_TRY(status);
    return same ? HB_OK
                : refuse("it has members that are not known, or is not canonical JSON", err);
}

hb_status hb_manifest_read(hb_str text, hb_arena *arena, hb_manifest *ret, hb_error *err)
{
    if (text.n > HB_PACK_MANIFEST_MAX) {
        return refuse("it is longer than 16 MiB", err);
    }
    json_error_t why;
    json_t *root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &why);
    if (!root) {
        return HB_FAIL(err, HB_E_EVIDENCE, "%s is no JSON: line %d: %.100s", HB_PACK_MANIFEST,
                       why.line, why.text);
    }
    hb_manifest m = {0};
    hb_status status = understand(root, arena, &m, err);
    json_decref(root);
    HB_TRY(status);
    HB_TRY(is_its_spelling(text, &m, err));
    HB_TRY(hb_digest2_of(text.p, text.n, m.sha256, m.sha512, err));
    *ret = m;
    return HB_OK;
}

hb_status hb_pack_read_manifest(hb_pack_reader *r, hb_arena *arena, hb_manifest *ret, hb_error *err)
{
    char *text = NULL;
    size_t n = 0;
    HB_TRY(hb_pack_read(r, HB_PACK_MANIFEST, HB_PACK_MANIFEST_MAX, &text, &n, err));
    hb_status status = hb_manifest_read((hb_str){text, n}, arena, ret, err);
    hb_free(text);
    return status;
}
