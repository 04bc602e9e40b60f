/* SPDX-License-Identifier: Apache-2.0 */
/* One value of each kind. Every message names the key's path, what was expected and what stood
 * there. */
#include "config/field_internal.h"

#include "base/num.h"

#include <math.h>
#include <string.h>

#define FAIL_NODE(where, node, err, ...) \
    HB_FAIL_AT((err), HB_E_CONFIG, (where)->name, (node)->line, (node)->col, __VA_ARGS__)

static hb_status check_range(const hb_field *f, const hb_node *node, const hb_where *where,
                             double v, hb_error *err)
{
    if ((f->min == 0 && f->max == 0) || (v >= f->min && v <= f->max)) {
        return HB_OK;
    }
    if (isinf(f->max)) {
        return FAIL_NODE(where, node, err, "'%s' must be at least %g, got %.10g", where->path,
                         f->min, v);
    }
    return FAIL_NODE(where, node, err, "'%s' must be between %g and %g, got %.10g", where->path,
                     f->min, f->max, v);
}

static hb_status check_length(const hb_field *f, const hb_node *node, const hb_where *where,
                              hb_error *err)
{
    if (f->max > 0 && (double)node->text.n > f->max) {
        return FAIL_NODE(where, node, err, "'%s' must have at most %g bytes, got %zu", where->path,
                         f->max, node->text.n);
    }
    return HB_OK;
}

static hb_status decode_string(const hb_field *f, const hb_node *node, const hb_where *where,
                               void *place, hb_error *err)
{
    const char *text = NULL;
    HB_TRY(hb_node_text(node, where, &text, err));
    HB_TRY(check_length(f, node, where, err));
    if (!node->quoted && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)) {
        return FAIL_NODE(where, node, err,
                         "'%s' must be text, got the truth value %s (put it in quotes if it is a "
                         "text)",
                         where->path, text);
    }
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

static hb_status decode_int(const hb_field *f, const hb_node *node, const hb_where *where,
                            void *place, hb_error *err)
{
    double v = 0;
    int64_t i = 0;
    HB_TRY(hb_node_f64(node, where, &v, err));
    HB_TRY(check_range(f, node, where, v, err));
    if (!hb_num_parse_i64(node->text.p, node->text.n, &i)) {
        return FAIL_NODE(where, node, err, "'%s' must be a whole number, got %.60s", where->path,
                         node->text.p);
    }
    memcpy(place, &i, sizeof i);
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
        HB_TRY(check_length(f, item, where, err));
        if (hb_node_is_null(item)) {
            return FAIL_NODE(where, item, err, "'%s' has an item without a text", where->path);
        }
    }
    memcpy(place, &list, sizeof list);
    return HB_OK;
}

typedef hb_status (*decoder)(const hb_field *f, const hb_node *node, const hb_where *where,
                             void *place, hb_error *err);

static const decoder decoders[] = {
    [HB_FIELD_STRING] = decode_string,   [HB_FIELD_BOOL] = decode_bool,
    [HB_FIELD_INT] = decode_int,         [HB_FIELD_UINT] = decode_uint,
    [HB_FIELD_F64] = decode_f64,         [HB_FIELD_OPT_F64] = decode_opt_f64,
    [HB_FIELD_SECONDS] = decode_seconds, [HB_FIELD_ENUM] = decode_enum,
    [HB_FIELD_STRINGS] = decode_strings,
};

hb_status hb_field_decode_value(const hb_field *f, const hb_node *node, const hb_where *where,
                                void *place, hb_error *err)
{
    return decoders[f->kind](f, node, where, place, err);
}
