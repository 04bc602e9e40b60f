/* SPDX-License-Identifier: Apache-2.0 */
#include "config/field_internal.h"

#include "base/num.h"

#include <string.h>

#define FAIL_NODE(where, node, err, ...) \
    HB_FAIL_AT((err), HB_E_CONFIG, (where)->name, (node)->line, (node)->col, __VA_ARGS__)

static const char *path_or_top(const hb_where *where)
{
    return *where->path ? where->path : "the document";
}

static const char *kind_words(hb_node_kind kind)
{
    return kind == HB_NODE_MAP ? "a map" : kind == HB_NODE_LIST ? "a list" : "a single value";
}

bool hb_node_is_null(const hb_node *node)
{
    return node->kind == HB_NODE_SCALAR && !node->quoted &&
           (node->text.n == 0 || hb_str_eq_c(node->text, "~") || hb_str_ieq_c(node->text, "null"));
}

hb_status hb_node_expect(const hb_node *node, hb_node_kind kind, const hb_where *where,
                         hb_error *err)
{
    if (node->kind == kind) {
        return HB_OK;
    }
    return FAIL_NODE(where, node, err, "'%s' must be %s, got %s", path_or_top(where),
                     kind_words(kind), hb_node_describe(node));
}

/* 010 was eight to YAML 1.1 and is ten to YAML 1.2. */
static bool is_octal(hb_str s)
{
    size_t sign = s.n && (s.p[0] == '-' || s.p[0] == '+');
    for (size_t i = sign; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') {
            return false;
        }
    }
    return s.n > sign + 1 && s.p[sign] == '0';
}

hb_status hb_node_f64(const hb_node *node, const hb_where *where, double *ret, hb_error *err)
{
    if (node->kind == HB_NODE_SCALAR && !node->quoted && is_octal(node->text)) {
        return FAIL_NODE(where, node, err,
                         "'%s' must be a number without leading zeros, got '%.60s' (some readers "
                         "take it for octal)",
                         path_or_top(where), node->text.p);
    }
    if (node->kind == HB_NODE_SCALAR && !node->quoted &&
        hb_num_parse(node->text.p, node->text.n, ret) == HB_NUM_FINITE) {
        return HB_OK;
    }
    if (node->kind != HB_NODE_SCALAR) {
        return FAIL_NODE(where, node, err, "'%s' must be a number, got %s", path_or_top(where),
                         hb_node_describe(node));
    }
    return FAIL_NODE(where, node, err, "'%s' must be a finite number, got %s'%.60s'%s",
                     path_or_top(where), node->quoted ? "the quoted text " : "", node->text.p,
                     node->quoted ? " (leave the quotes out)" : "");
}

hb_status hb_node_text(const hb_node *node, const hb_where *where, const char **ret, hb_error *err)
{
    HB_TRY(hb_node_expect(node, HB_NODE_SCALAR, where, err));
    *ret = node->text.p; /* NUL-terminated in the document's arena */
    return HB_OK;
}

hb_status hb_where_below(const hb_where *where, hb_str key, hb_where *ret, hb_error *err)
{
    size_t n = strlen(where->path);
    char *path = hb_arena_alloc(where->arena, n + key.n + 2);
    if (!path) {
        return HB_NOMEM(err);
    }
    memcpy(path, where->path, n);
    if (n) {
        path[n++] = '.';
    }
    if (key.n) {
        memcpy(path + n, key.p, key.n);
    }
    *ret = (hb_where){.name = where->name, .path = path, .arena = where->arena};
    return HB_OK;
}

hb_status hb_unknown_key(const hb_field *fields, const hb_pair *pair, const hb_where *where,
                         hb_error *err)
{
    /* At most half of the letters may differ, or anything resembles a short key. */
    unsigned most = pair->key.n / 2 < 3 ? (unsigned)(pair->key.n / 2) : 3;
    unsigned least = most + 1;
    const char *nearest = NULL;
    for (const hb_field *f = fields; f->key; f++) {
        unsigned d = hb_str_distance(pair->key, hb_str_of(f->key), most);
        if (d < least && f->kind != HB_FIELD_REFUSED) {
            least = d;
            nearest = f->key;
        }
    }
    return HB_FAIL_AT(err, HB_E_CONFIG, where->name, pair->line, pair->col,
                      "unknown key '%.80s' in %s%s%s%s", pair->key.p, path_or_top(where),
                      nearest ? "; did you mean '" : "", nearest ? nearest : "",
                      nearest ? "'?" : "");
}

static hb_status decode_one(const hb_field *f, const hb_pair *pair, const hb_where *where,
                            void *out, hb_error *err)
{
    if (f->kind == HB_FIELD_REFUSED) {
        return HB_FAIL_AT(err, HB_E_CONFIG, where->name, pair->line, pair->col,
                          "key '%s' is not accepted: %s", f->key, f->doc);
    }
    if (hb_node_is_null(pair->value)) {
        return HB_OK;
    }
    if (f->offset_set) {
        *((bool *)out + f->offset_set) = true;
    }
    hb_where below;
    HB_TRY(hb_where_below(where, pair->key, &below, err));
    if (f->kind == HB_FIELD_MAP) {
        return hb_fields_decode(f->sub, pair->value, &below, out, err);
    }
    if (f->kind == HB_FIELD_CUSTOM) {
        return f->decode(&below, pair->value, out, err);
    }
    HB_TRY(hb_field_decode_value(f, pair->value, &below, (char *)out + f->offset, err));
    if (f->kind == HB_FIELD_STRINGS) {
        size_t n = pair->value->kind == HB_NODE_LIST ? pair->value->n : 1;
        memcpy((char *)out + f->offset_n, &n, sizeof n);
    }
    return HB_OK;
}

hb_status hb_fields_decode(const hb_field *fields, const hb_node *map, const hb_where *where,
                           void *out, hb_error *err)
{
    HB_TRY(hb_node_expect(map, HB_NODE_MAP, where, err));
    for (size_t i = 0; i < map->n; i++) {
        const hb_field *f = fields;
        while (f->key && !hb_str_eq_c(map->pairs[i].key, f->key)) {
            f++;
        }
        if (!f->key) {
            return hb_unknown_key(fields, &map->pairs[i], where, err);
        }
        HB_TRY(decode_one(f, &map->pairs[i], where, out, err));
    }
    for (const hb_field *f = fields; f->key; f++) {
        const hb_pair *pair = f->required ? hb_node_find(map, f->key) : NULL;
        if (f->required && (!pair || hb_node_is_null(pair->value))) {
            return FAIL_NODE(where, map, err, "key '%s' is missing in %s", f->key,
                             path_or_top(where));
        }
    }
    return HB_OK;
}
