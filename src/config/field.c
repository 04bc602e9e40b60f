/* SPDX-License-Identifier: Apache-2.0 */
#include "config/field.h"

#include "base/num.h"

#include <math.h>
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

hb_status hb_node_f64(const hb_node *node, const hb_where *where, double *ret, hb_error *err)
{
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
    const char *nearest = NULL;
    unsigned least = 4;
    for (const hb_field *f = fields; f->key; f++) {
        unsigned d = hb_str_distance(pair->key, hb_str_of(f->key), 3);
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

static hb_status check_range(const hb_field *f, const hb_node *node, const hb_where *where,
                             double v, hb_error *err)
{
    if ((f->min == 0 && f->max == 0) || (v >= f->min && v <= f->max)) {
        return HB_OK;
    }
    if (isinf(f->max)) {
        return FAIL_NODE(where, node, err, "'%s' must be at least %g, got %g", where->path, f->min,
                         v);
    }
    return FAIL_NODE(where, node, err, "'%s' must be between %g and %g, got %g", where->path,
                     f->min, f->max, v);
}

static hb_status decode_string(const hb_field *f, const hb_node *node, const hb_where *where,
                               void *place, hb_error *err)
{
    (void)f;
    const char *text = NULL;
    HB_TRY(hb_node_text(node, where, &text, err));
    memcpy(place, &text, sizeof text);
    return HB_OK;
}

static hb_status decode_bool(const hb_field *f, const hb_node *node, const hb_where *where,
                             void *place, hb_error *err)
{
    (void)f;
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"true", true}, {"false", false}, {"yes", true},
                 {"no", false},  {"on", true},     {"off", false}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (node->kind == HB_NODE_SCALAR && !node->quoted &&
            hb_str_ieq_c(node->text, words[i].word)) {
            memcpy(place, &words[i].value, sizeof words[i].value);
            return HB_OK;
        }
    }
    return FAIL_NODE(where, node, err, "'%s' must be true or false, got %s%.60s", where->path,
                     node->kind == HB_NODE_SCALAR ? "" : hb_node_describe(node),
                     node->kind == HB_NODE_SCALAR ? node->text.p : "");
}

static hb_status decode_uint(const hb_field *f, const hb_node *node, const hb_where *where,
                             void *place, hb_error *err)
{
    double v = 0;
    HB_TRY(hb_node_f64(node, where, &v, err));
    HB_TRY(check_range(f, node, where, v, err));
    if (v != floor(v) || v < 0 || v > UINT32_MAX) {
        return FAIL_NODE(where, node, err, "'%s' must be a whole number, got %g", where->path, v);
    }
    uint32_t u = (uint32_t)v;
    memcpy(place, &u, sizeof u);
    return HB_OK;
}

static hb_status decode_f64(const hb_field *f, const hb_node *node, const hb_where *where,
                            void *place, hb_error *err)
{
    double v = 0;
    HB_TRY(hb_node_f64(node, where, &v, err));
    HB_TRY(check_range(f, node, where, v, err));
    memcpy(place, &v, sizeof v);
    return HB_OK;
}

static hb_status decode_opt_f64(const hb_field *f, const hb_node *node, const hb_where *where,
                                void *place, hb_error *err)
{
    hb_opt_f64 opt = {.set = true};
    HB_TRY(hb_node_f64(node, where, &opt.v, err));
    HB_TRY(check_range(f, node, where, opt.v, err));
    memcpy(place, &opt, sizeof opt);
    return HB_OK;
}

static hb_status decode_seconds(const hb_field *f, const hb_node *node, const hb_where *where,
                                void *place, hb_error *err)
{
    static const struct {
        const char *suffix;
        double seconds;
    } units[] = {{"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {"", 1}};
    hb_opt_f64 opt = {.set = true};
    for (size_t i = 0; node->kind == HB_NODE_SCALAR && i < sizeof units / sizeof *units; i++) {
        size_t cut = strlen(units[i].suffix);
        if (hb_str_ends(node->text, units[i].suffix) && node->text.n > cut &&
            hb_num_parse(node->text.p, node->text.n - cut, &opt.v) == HB_NUM_FINITE) {
            opt.v *= units[i].seconds;
            HB_TRY(check_range(f, node, where, opt.v, err));
            memcpy(place, &opt, sizeof opt);
            return HB_OK;
        }
    }
    return FAIL_NODE(where, node, err,
                     "'%s' must be a time such as 5, 500ms, 5s, 2m, 1h or 7d, got %s%.60s",
                     where->path, node->kind == HB_NODE_SCALAR ? "" : hb_node_describe(node),
                     node->kind == HB_NODE_SCALAR ? node->text.p : "");
}

static hb_status decode_enum(const hb_field *f, const hb_node *node, const hb_where *where,
                             void *place, hb_error *err)
{
    char all[256] = "";
    size_t used = 0;
    for (int i = 0; f->names[i]; i++) {
        if (node->kind == HB_NODE_SCALAR && hb_str_eq_c(node->text, f->names[i])) {
            memcpy(place, &i, sizeof i);
            return HB_OK;
        }
        int n = snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", f->names[i]);
        used += n > 0 && (size_t)n < sizeof all - used ? (size_t)n : 0;
    }
    return FAIL_NODE(where, node, err, "'%s' must be one of %s, got %s%.60s", where->path, all,
                     node->kind == HB_NODE_SCALAR ? "" : hb_node_describe(node),
                     node->kind == HB_NODE_SCALAR ? node->text.p : "");
}

static hb_status decode_strings(const hb_field *f, const hb_node *node, const hb_where *where,
                                void *place, hb_error *err)
{
    (void)f;
    size_t n = node->kind == HB_NODE_LIST ? node->n : 1;
    if (node->kind == HB_NODE_MAP) {
        return hb_node_expect(node, HB_NODE_LIST, where, err);
    }
    const char **list = hb_arena_array(where->arena, n ? n : 1, sizeof *list);
    if (!list) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        const hb_node *item = node->kind == HB_NODE_LIST ? node->items[i] : node;
        HB_TRY(hb_node_text(item, where, &list[i], err));
    }
    memcpy(place, &list, sizeof list);
    return HB_OK;
}

typedef hb_status (*decoder)(const hb_field *f, const hb_node *node, const hb_where *where,
                             void *place, hb_error *err);

static const decoder decoders[] = {
    [HB_FIELD_STRING] = decode_string,   [HB_FIELD_BOOL] = decode_bool,
    [HB_FIELD_UINT] = decode_uint,       [HB_FIELD_F64] = decode_f64,
    [HB_FIELD_OPT_F64] = decode_opt_f64, [HB_FIELD_SECONDS] = decode_seconds,
    [HB_FIELD_ENUM] = decode_enum,       [HB_FIELD_STRINGS] = decode_strings,
};

static hb_status decode_one(const hb_field *f, const hb_pair *pair, const hb_where *where,
                            void *out, hb_error *err)
{
    if (f->kind == HB_FIELD_REFUSED) {
        return HB_FAIL_AT(err, HB_E_CONFIG, where->name, pair->line, pair->col,
                          "key '%s' is not accepted: %s", f->key, f->doc);
    }
    if (hb_node_is_null(pair->value) && f->kind != HB_FIELD_CUSTOM) {
        return HB_OK;
    }
    hb_where below;
    HB_TRY(hb_where_below(where, pair->key, &below, err));
    if (f->kind == HB_FIELD_MAP) {
        return hb_fields_decode(f->sub, pair->value, &below, out, err);
    }
    if (f->kind == HB_FIELD_CUSTOM) {
        return f->decode(&below, pair->value, out, err);
    }
    HB_TRY(decoders[f->kind](f, pair->value, &below, (char *)out + f->offset, err));
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
