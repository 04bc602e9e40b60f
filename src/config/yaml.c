/* SPDX-License-Identifier: Apache-2.0 */
/* libfyaml is used as an event parser; the tree, the aliases and all limits are ours. */
#include "config/node.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"

#include <libfyaml.h>
#include <string.h>

typedef struct anchor {
    hb_str name;
    const hb_node *node;
} anchor;

typedef struct reader {
    struct fy_parser *parser;
    struct fy_diag *diag;
    struct fy_event *event; /* the one in hand */
    const char *name;
    hb_arena *arena;
    anchor *anchors;
    size_t n_anchors;
    size_t cap_anchors;
    size_t n_nodes;
} reader;

typedef struct place {
    uint32_t line;
    uint32_t col;
} place;

static place place_of(struct fy_event *e)
{
    const struct fy_mark *mark = fy_event_start_mark(e);
    return mark ? (place){(uint32_t)mark->line + 1, (uint32_t)mark->column + 1} : (place){1, 1};
}

#define FAIL_AT(r, where, err, ...) \
    HB_FAIL_AT((err), HB_E_CONFIG, (r)->name, (where).line, (where).col, __VA_ARGS__)

/* libfyaml's own message for the first thing it did not like. */
static hb_status syntax_error(reader *r, hb_error *err)
{
    void *iter = NULL;
    struct fy_diag_error *e = fy_diag_errors_iterate(r->diag, &iter);
    if (!e || !e->msg) {
        return HB_FAIL_AT(err, HB_E_CONFIG, r->name, 0, 0, "not readable as YAML");
    }
    uint64_t line = e->line >= 0 ? (uint64_t)e->line + 1 : 0;
    uint64_t col = e->column >= 0 ? (uint64_t)e->column + 1 : 0;
    return HB_FAIL_AT(err, HB_E_CONFIG, r->name, line, col, "not valid YAML: %.200s", e->msg);
}

static hb_status next(reader *r, hb_error *err)
{
    if (r->event) {
        fy_parser_event_free(r->parser, r->event);
    }
    r->event = fy_parser_parse(r->parser);
    if (!r->event || fy_parser_get_stream_error(r->parser)) {
        return syntax_error(r, err);
    }
    return HB_OK;
}

static hb_status new_node(reader *r, hb_node_kind kind, hb_node **ret, hb_error *err)
{
    place at = place_of(r->event);
    if (++r->n_nodes > HB_NODE_MAX) {
        return FAIL_AT(r, at, err, "more than %d nodes in one document", HB_NODE_MAX);
    }
    struct fy_token *tag = fy_event_get_tag_token(r->event);
    if (tag) {
        return FAIL_AT(r, at, err, "tags (such as !!str) are not supported; write the plain value");
    }
    hb_node *node = hb_arena_alloc(r->arena, sizeof *node);
    if (!node) {
        return HB_NOMEM(err);
    }
    *node = (hb_node){.kind = kind, .line = at.line, .col = at.col, .expanded = 1};
    *ret = node;
    return HB_OK;
}

static hb_str token_text(struct fy_token *token)
{
    size_t len = 0;
    const char *p = token ? fy_token_get_text(token, &len) : NULL;
    return p ? (hb_str){p, len} : (hb_str){"", 0};
}

static hb_status keep_text(reader *r, struct fy_token *token, hb_str *ret, hb_error *err)
{
    hb_str text = token_text(token);
    char *copy = hb_arena_str(r->arena, text);
    if (!copy) {
        return HB_NOMEM(err);
    }
    *ret = (hb_str){copy, text.n};
    return HB_OK;
}

static hb_status read_alias(reader *r, const hb_node **ret, hb_error *err)
{
    hb_str name = token_text(r->event->alias.anchor);
    for (size_t i = r->n_anchors; i-- > 0;) {
        if (hb_str_eq(r->anchors[i].name, name)) {
            *ret = r->anchors[i].node;
            return HB_OK;
        }
    }
    return FAIL_AT(r, place_of(r->event), err, "alias '*%.*s' has no anchor before it", (int)name.n,
                   name.p);
}

static hb_status read_value(reader *r, int depth, const hb_node **ret, hb_error *err);

static hb_status grown(reader *r, hb_node *node, const hb_node *child, hb_error *err)
{
    node->expanded += child->expanded;
    if (node->expanded > HB_NODE_MAX) {
        return FAIL_AT(r, ((place){node->line, node->col}), err,
                       "expands to more than %d nodes through its aliases", HB_NODE_MAX);
    }
    return HB_OK;
}

static hb_status read_key(reader *r, const hb_node *map, const hb_map *seen, hb_pair *ret,
                          hb_error *err)
{
    place at = place_of(r->event);
    if (r->event->type != FYET_SCALAR) {
        return FAIL_AT(r, at, err, "a key must be plain text");
    }
    HB_TRY(keep_text(r, r->event->scalar.value, &ret->key, err));
    ret->line = at.line;
    ret->col = at.col;
    if (hb_str_eq_c(ret->key, "<<")) {
        return FAIL_AT(r, at, err, "merge keys (<<) are not supported; write the keys out");
    }
    size_t first = 0;
    if (hb_map_get(seen, ret->key, &first)) {
        return FAIL_AT(r, at, err, "key '%.*s' stands twice, first in line %u", (int)ret->key.n,
                       ret->key.p, map->pairs[first].line);
    }
    return HB_OK;
}

static hb_status fill_map(reader *r, hb_node *node, hb_map *seen, hb_pair **pairs, int depth,
                          hb_error *err)
{
    size_t cap = 0;
    for (;;) {
        HB_TRY(next(r, err));
        if (r->event->type == FYET_MAPPING_END) {
            return HB_OK;
        }
        HB_TRY(HB_GROW(*pairs, cap, node->n + 1, HB_NODE_MAX, "keys", err));
        node->pairs = *pairs;
        hb_pair *pair = &(*pairs)[node->n];
        HB_TRY(read_key(r, node, seen, pair, err));
        HB_TRY(next(r, err));
        HB_TRY(read_value(r, depth + 1, &pair->value, err));
        HB_TRY(grown(r, node, pair->value, err));
        HB_TRY(hb_map_put(seen, pair->key, node->n++, err));
    }
}

static hb_status read_map(reader *r, int depth, hb_node *node, hb_error *err)
{
    hb_pair *pairs = NULL;
    hb_map seen;
    hb_map_init(&seen, HB_NODE_MAX);
    hb_status status = fill_map(r, node, &seen, &pairs, depth, err);
    node->pairs = NULL;
    if (status == HB_OK && node->n) {
        node->pairs = hb_arena_array(r->arena, node->n, sizeof *pairs);
        if (node->pairs) {
            memcpy(node->pairs, pairs, node->n * sizeof *pairs);
        } else {
            status = HB_NOMEM(err);
        }
    }
    hb_free(pairs);
    hb_map_release(&seen);
    return status;
}

static hb_status fill_list(reader *r, hb_node *node, const hb_node ***items, int depth,
                           hb_error *err)
{
    size_t cap = 0;
    for (;;) {
        HB_TRY(next(r, err));
        if (r->event->type == FYET_SEQUENCE_END) {
            return HB_OK;
        }
        HB_TRY(HB_GROW(*items, cap, node->n + 1, HB_NODE_MAX, "items", err));
        HB_TRY(read_value(r, depth + 1, &(*items)[node->n], err));
        HB_TRY(grown(r, node, (*items)[node->n], err));
        node->n++;
    }
}

static hb_status read_list(reader *r, int depth, hb_node *node, hb_error *err)
{
    const hb_node **items = NULL;
    hb_status status = fill_list(r, node, &items, depth, err);
    if (status == HB_OK && node->n) {
        node->items = hb_arena_array(r->arena, node->n, sizeof *items);
        if (node->items) {
            memcpy(node->items, items, node->n * sizeof *items);
        } else {
            status = HB_NOMEM(err);
        }
    }
    hb_free(items);
    return status;
}

static hb_status read_scalar(reader *r, hb_node *node, hb_error *err)
{
    enum fy_scalar_style style = fy_token_scalar_style(r->event->scalar.value);
    node->quoted = style != FYSS_PLAIN;
    return keep_text(r, r->event->scalar.value, &node->text, err);
}

/* The value that starts with the event in hand; the depth is bounded, so the recursion is. */
static hb_status read_value(reader *r, int depth, const hb_node **ret, hb_error *err)
{
    if (depth > HB_NODE_DEPTH) {
        return FAIL_AT(r, place_of(r->event), err, "nested deeper than %d levels", HB_NODE_DEPTH);
    }
    if (r->event->type == FYET_ALIAS) {
        return read_alias(r, ret, err);
    }
    static const hb_node_kind kinds[] = {
        [FYET_SCALAR] = HB_NODE_SCALAR,
        [FYET_MAPPING_START] = HB_NODE_MAP,
        [FYET_SEQUENCE_START] = HB_NODE_LIST,
    };
    enum fy_event_type type = r->event->type;
    if (type != FYET_SCALAR && type != FYET_MAPPING_START && type != FYET_SEQUENCE_START) {
        return FAIL_AT(r, place_of(r->event), err, "expected a value");
    }
    hb_node *node = NULL;
    HB_TRY(new_node(r, kinds[type], &node, err));
    hb_str anchor_name = token_text(fy_event_get_anchor_token(r->event));
    char *kept = anchor_name.n ? hb_arena_str(r->arena, anchor_name) : NULL;
    if (type == FYET_SCALAR) {
        HB_TRY(read_scalar(r, node, err));
    } else if (type == FYET_MAPPING_START) {
        HB_TRY(read_map(r, depth, node, err));
    } else {
        HB_TRY(read_list(r, depth, node, err));
    }
    if (kept) {
        HB_TRY(HB_GROW(r->anchors, r->cap_anchors, r->n_anchors + 1, 1000, "anchors", err));
        r->anchors[r->n_anchors++] = (anchor){{kept, anchor_name.n}, node};
    }
    *ret = node;
    return HB_OK;
}

static hb_status read_document(reader *r, const hb_node **ret_root, hb_error *err)
{
    HB_TRY(next(r, err)); /* stream start */
    HB_TRY(next(r, err));
    if (r->event->type == FYET_STREAM_END) {
        return HB_FAIL_AT(err, HB_E_CONFIG, r->name, 1, 1, "the file is empty");
    }
    HB_TRY(next(r, err));
    HB_TRY(read_value(r, 0, ret_root, err));
    HB_TRY(next(r, err)); /* document end */
    HB_TRY(next(r, err));
    if (r->event->type != FYET_STREAM_END) {
        return FAIL_AT(r, place_of(r->event), err, "a second document (---); one file holds one");
    }
    return HB_OK;
}

static void place_in_text(hb_str text, size_t at, place *ret)
{
    *ret = (place){1, 1};
    for (size_t i = 0; i < at; i++) {
        ret->col++;
        if (text.p[i] == '\n') {
            ret->line++;
            ret->col = 1;
        }
    }
}

/* What the library would stumble over or read as something else. */
static hb_status check_text(hb_str text, const char *name, hb_error *err)
{
    if (text.n > HB_YAML_MAX_BYTES) {
        return HB_FAIL_AT(err, HB_E_LIMIT, name, 0, 0, "larger than %d bytes", HB_YAML_MAX_BYTES);
    }
    size_t bad = hb_utf8_valid_prefix(text);
    for (size_t i = 0; i < bad; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f) {
            bad = i;
        }
    }
    place at;
    if (bad < text.n) {
        place_in_text(text, bad, &at);
        return HB_FAIL_AT(err, HB_E_CONFIG, name, at.line, at.col,
                          "byte 0x%02x is no text (expected UTF-8 without control characters)",
                          (unsigned char)text.p[bad]);
    }
    return HB_OK;
}

/* Tabs between the start of a line and its text: YAML forbids them as indentation, JSON allows
 * them. */
static hb_status check_tabs(hb_str text, const char *name, hb_error *err)
{
    bool indent = true;
    for (size_t i = 0; i < text.n; i++) {
        if (indent && text.p[i] == '\t') {
            place at;
            place_in_text(text, i, &at);
            return HB_FAIL_AT(err, HB_E_CONFIG, name, at.line, at.col,
                              "a tab is used as indentation; write blanks");
        }
        indent = text.p[i] == '\n' || (indent && text.p[i] == ' ');
    }
    return HB_OK;
}

static hb_status parse(hb_str text, const char *name, hb_arena *arena, struct fy_diag *diag,
                       const hb_node **ret_root, hb_error *err)
{
    struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG |
                                        FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE |
                                        FYPCF_ALLOW_DUPLICATE_KEYS,
                               .diag = diag};
    reader r = {.diag = diag, .name = name, .arena = arena};
    r.parser = fy_parser_create(&cfg);
    if (!r.parser) {
        return HB_NOMEM(err);
    }
    hb_status status = fy_parser_set_string(r.parser, text.p, text.n) == 0
                           ? read_document(&r, ret_root, err)
                           : HB_NOMEM(err);
    if (r.event) {
        fy_parser_event_free(r.parser, r.event);
    }
    fy_parser_destroy(r.parser);
    hb_free(r.anchors);
    return status;
}

/* JSON text may be indented with tabs; outside strings they are blanks to YAML as well. */
static char *without_tabs(hb_str text)
{
    char *copy = hb_strndup(text.p, text.n);
    bool in_string = false;
    for (size_t i = 0; copy && i < text.n; i++) {
        if (in_string && copy[i] == '\\') {
            i++;
        } else if (copy[i] == '"') {
            in_string = !in_string;
        } else if (copy[i] == '\t' && !in_string) {
            copy[i] = ' ';
        }
    }
    return copy;
}

hb_status hb_yaml_parse(hb_str text, const char *name, hb_arena *arena, const hb_node **ret_root,
                        hb_error *err)
{
    if (hb_str_starts(text, "\xef\xbb\xbf")) {
        text = (hb_str){text.p + 3, text.n - 3};
    }
    HB_TRY(check_text(text, name, err));
    hb_str start = hb_str_trim(text);
    if (start.n == 0) {
        return HB_FAIL_AT(err, HB_E_CONFIG, name, 1, 1, "the file is empty");
    }
    char *json = NULL;
    if (start.p[0] == '{') {
        json = without_tabs(text);
        if (!json) {
            return HB_NOMEM(err);
        }
        text.p = json;
    } else {
        HB_TRY(check_tabs(text, name, err));
    }
    struct fy_diag_cfg diag_cfg;
    fy_diag_cfg_default(&diag_cfg);
    diag_cfg.fp = NULL;
    diag_cfg.colorize = false;
    struct fy_diag *diag = fy_diag_create(&diag_cfg);
    hb_status status = HB_OK;
    if (!diag) {
        status = HB_NOMEM(err);
    } else {
        fy_diag_set_collect_errors(diag, true);
        status = parse(text, name, arena, diag, ret_root, err);
        fy_diag_destroy(diag);
    }
    hb_free(json);
    return status;
}

const hb_pair *hb_node_find(const hb_node *map, const char *key)
{
    for (size_t i = 0; map && map->kind == HB_NODE_MAP && i < map->n; i++) {
        if (hb_str_eq_c(map->pairs[i].key, key)) {
            return &map->pairs[i];
        }
    }
    return NULL;
}

const char *hb_node_describe(const hb_node *node)
{
    double v = 0;
    switch (node->kind) {
    case HB_NODE_MAP:
        return "a map";
    case HB_NODE_LIST:
        return "a list";
    case HB_NODE_SCALAR:
        break;
    }
    if (node->quoted) {
        return "text";
    }
    return node->text.n == 0                                               ? "nothing"
           : hb_num_parse(node->text.p, node->text.n, &v) == HB_NUM_FINITE ? "a number"
                                                                           : "text";
}
