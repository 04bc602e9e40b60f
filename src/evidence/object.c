/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/object.h"

#include "base/num.h"

#include <string.h>

hb_status hb_object_parse(hb_str text, const char *where, json_t **ret_root, hb_error *err)
{
    json_error_t e;
    json_t *root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &e);
    if (!root) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' is no JSON: line %d, column %d: %.160s", where,
                       e.line, e.column, e.text);
    }
    if (!json_is_object(root)) {
        json_decref(root);
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' is no JSON object", where);
    }
    *ret_root = root;
    return HB_OK;
}

hb_object hb_object_of(const json_t *json, const char *where)
{
    return (hb_object){.json = json, .where = where};
}

static hb_status member(hb_object *o, const char *key, const json_t **ret, hb_error *err)
{
    const json_t *v = json_object_get(o->json, key);
    if (!v) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' lacks member '%s'", o->where, key);
    }
    o->n_seen++;
    *ret = v;
    return HB_OK;
}

hb_status hb_object_text(hb_object *o, const char *key, const char **ret, hb_error *err)
{
    const json_t *v = NULL;
    HB_TRY(member(o, key, &v, err));
    if (!json_is_string(v)) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' has a '%s' that is no text", o->where, key);
    }
    *ret = json_string_value(v);
    return HB_OK;
}

hb_status hb_object_is(hb_object *o, const char *key, const char *is, hb_error *err)
{
    const char *text = NULL;
    HB_TRY(hb_object_text(o, key, &text, err));
    return strcmp(text, is) == 0
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE, "'%s' has '%s' '%.80s', expected '%s'", o->where, key,
                         text, is);
}

bool hb_is_hex(const char *text, size_t n)
{
    return strlen(text) == n && strspn(text, "0123456789abcdef") == n;
}

hb_status hb_object_digest(hb_object *o, const char *key, size_t n_hex, const char **ret,
                           hb_error *err)
{
    const char *text = NULL;
    HB_TRY(hb_object_text(o, key, &text, err));
    if (!hb_is_hex(text, n_hex)) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' has a '%s' that is not %zu lower-case hex digits",
                       o->where, key, n_hex);
    }
    *ret = text;
    return HB_OK;
}

hb_status hb_object_u64(hb_object *o, const char *key, uint64_t *ret, hb_error *err)
{
    const json_t *v = NULL;
    HB_TRY(member(o, key, &v, err));
    uint64_t n = 0;
    bool is = json_is_integer(v) && json_integer_value(v) >= 0;
    if (is) {
        n = (uint64_t)json_integer_value(v);
    } else if (json_is_string(v)) {
        is = hb_num_parse_u64(json_string_value(v), json_string_length(v), &n);
    }
    if (!is) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' has a '%s' that is no count", o->where, key);
    }
    *ret = n;
    return HB_OK;
}

hb_status hb_object_list(hb_object *o, const char *key, size_t max, const json_t **ret,
                         hb_error *err)
{
    const json_t *v = NULL;
    HB_TRY(member(o, key, &v, err));
    if (!json_is_array(v) || json_array_size(v) > max) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' has a '%s' that is no list of at most %zu",
                       o->where, key, max);
    }
    *ret = v;
    return HB_OK;
}

hb_status hb_object_object(hb_object *o, const char *key, hb_object *ret, hb_error *err)
{
    const json_t *v = NULL;
    HB_TRY(member(o, key, &v, err));
    if (!json_is_object(v)) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s' has a '%s' that is no object", o->where, key);
    }
    *ret = hb_object_of(v, o->where);
    return HB_OK;
}

bool hb_object_has(const hb_object *o, const char *key)
{
    return json_object_get(o->json, key) != NULL;
}

hb_status hb_object_end(const hb_object *o, hb_error *err)
{
    return json_object_size(o->json) == o->n_seen
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE, "'%s' has members that are not known", o->where);
}
