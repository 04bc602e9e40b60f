/* SPDX-License-Identifier: Apache-2.0 */
/* libfyaml is used as an event parser; the tree, the aliases and all limits are ours
 * (docs/decisions/0020). */
#include "config/node.h"
#include "config/yaml_text.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"

#include <libfyaml.h>
#include <string.h>

enum { MAX_ANCHORS = 1000 };

typedef struct anchor {
    hb_str name;
    const hb_node *node;
} anchor;

typedef struct reader {
    hb_str text;
    struct fy_parser *parser;
    struct fy_diag *diag;
    struct fy_event *event; /* the one in hand */
    hb_yaml_at last;        /* of the newest event that had one */
    const char *name;
    hb_arena *arena;
    anchor *anchors;
    size_t n_anchors;
    size_t cap_anchors;
    size_t n_nodes;
} reader;

#define FAIL_AT(r, where, err, ...) \
    HB_FAIL_AT((err), HB_E_CONFIG, (r)->name, (where).line, (where).col, __VA_ARGS__)

/* The first tab between the start of a line and its text, in this line or the next; 0 columns when
 * there is none. libfyaml tells of it in many ways, not all of which say "tab". */
static hb_yaml_at tab_near(hb_str text, uint32_t line)
{
    bool indent = true;
    uint32_t at = 1;
    for (size_t i = 0; i < text.n && at <= line + 1; i++) {
        if (text.p[i] == '\t' && indent && at >= line) {
            return hb_yaml_place(text, i);
        }
        at += text.p[i] == '\n';
        indent = text.p[i] == '\n' || (indent && (text.p[i] == ' ' || text.p[i] == '\t'));
    }
    return (hb_yaml_at){0, 0};
}

/* libfyaml's own message for the first thing it did not like. */
static hb_status syntax_error(reader *r, hb_error *err)
{
    void *iter = NULL;
    struct fy_diag_error *e = fy_diag_errors_iterate(r->diag, &iter);
    if (!e || !e->msg) {
        return HB_NOMEM(err); /* every fault of the text has a message */
    }
    hb_yaml_at at = {e->line > 0 ? (uint32_t)e->line : r->last.line,
                     e->line > 0 && e->column > 0 ? (uint32_t)e->column : r->last.col};
    hb_yaml_at end = hb_yaml_place(r->text, r->text.n);
    if (at.line > end.line) {
        at = end; /* the parser sees a line end behind the text */
    }
    hb_yaml_at tab = tab_near(r->text, at.line);
    if (tab.line) {
        return FAIL_AT(r, tab, err, "a tab is used as indentation; write blanks");
    }
    return FAIL_AT(r, at, err, "not valid YAML: %.200s", e->msg);
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
    const struct fy_mark *mark = fy_event_start_mark(r->event);
    if (mark) {
        r->last = (hb_yaml_at){(uint32_t)mark->line + 1, (uint32_t)mark->column + 1};
    }
    return HB_OK;
}

/* Of the event in hand; what is not written at all (the value of "key:") is where the text before
 * it is. */
static hb_yaml_at place_here(const reader *r)
{
    hb_yaml_at at = r->last;
    if (r->event->type == FYET_ALIAS && at.col > 1) {
        at.col--; /* the library points behind the star, and behind an opening quote */
    }
    if (r->event->type == FYET_SCALAR && r->event->scalar.value && at.col > 1) {
        enum fy_scalar_style style = fy_token_scalar_style(r->event->scalar.value);
        at.col -= style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
    }
    return at;
}

static hb_str token_text(struct fy_token *token)
{
    size_t len = 0;
    const char *p = token ? fy_token_get_text(token, &len) : NULL;
    return p ? (hb_str){p, len} : (hb_str){"", 0};
}

/* A core tag says what the plain value is anyway; of the others we would not know the meaning. */
static hb_status read_tag(reader *r, hb_node *node, hb_error *err)
{
    static const struct {
        const char *tag;
        hb_node_kind kind;
        bool text;
    } known[] = {
        {"tag:yaml.org,2002:str", HB_NODE_SCALAR, true},
        {"!", HB_NODE_SCALAR, true},
        {"tag:yaml.org,2002:int", HB_NODE_SCALAR, false},
        {"tag:yaml.org,2002:float", HB_NODE_SCALAR, false},
        {"tag:yaml.org,2002:bool", HB_NODE_SCALAR, false},
        {"tag:yaml.org,2002:null", HB_NODE_SCALAR, false},
        {"tag:yaml.org,2002:map", HB_NODE_MAP, false},
        {"tag:yaml.org,2002:seq", HB_NODE_LIST, false},
    };
    struct fy_token *token = fy_event_get_tag_token(r->event);
    if (!token) {
        return HB_OK;
    }
    hb_str tag = token_text(token);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (hb_str_eq_c(tag, known[i].tag) && node->kind == known[i].kind) {
            node->quoted = known[i].text;
            return HB_OK;
        }
    }
    const struct fy_mark *mark = fy_token_start_mark(token);
    hb_yaml_at at =
        mark ? (hb_yaml_at){(uint32_t)mark->line + 1, (uint32_t)mark->column + 1} : place_here(r);
    return FAIL_AT(r, at, err, "the tag '%.*s' is not supported here; write the plain value",
                   (int)(tag.n < 60 ? tag.n : 60), tag.p);
}

static hb_status keep_text(reader *r, struct fy_token *token, hb_str *ret, hb_error *err)
{
    hb_str text = token_text(token);
    char *copy = hb_arena_str(r->arena, text);
    if (!copy) {
        return HB_NOMEM(err);
    }
    if (text.n && memchr(copy, '\0', text.n)) {
        return FAIL_AT(r, place_here(r), err, "the text holds the character NUL (\\0)");
    }
    *ret = (hb_str){copy, text.n};
    return HB_OK;
}

static hb_status new_node(reader *r, hb_node_kind kind, hb_node **ret, hb_error *err)
{
    hb_yaml_at at = place_here(r);
    if (++r->n_nodes > HB_NODE_MAX) {
        return FAIL_AT(r, at, err, "more than %d values in one document", HB_NODE_MAX);
    }
    hb_node *node = hb_arena_alloc(r->arena, sizeof *node);
    if (!node) {
        return HB_NOMEM(err);
    }
    *node = (hb_node){.kind = kind,
                      .line = at.line,
                      .col = at.col,
                      .expanded = 1,
                      .levels = kind == HB_NODE_SCALAR ? 0 : 1};
    *ret = node;
    return HB_OK;
}

static hb_status read_alias(reader *r, int depth, const hb_node **ret, hb_error *err)
{
    hb_str name = token_text(r->event->alias.anchor);
    const hb_node *found = NULL;
    for (size_t i = r->n_anchors; i-- > 0 && !found;) {
        found = hb_str_eq(r->anchors[i].name, name) ? r->anchors[i].node : NULL;
    }
    if (!found) {
        return FAIL_AT(r, place_here(r), err, "alias '*%.*s' has no anchor before it",
                       (int)(name.n < 60 ? name.n : 60), name.p);
    }
    if (found->levels + (uint32_t)depth > HB_NODE_DEPTH) {
        return FAIL_AT(r, place_here(r), err, "nested deeper than %d levels", HB_NODE_DEPTH);
    }
    *ret = found;
    return HB_OK;
}

static hb_status read_value(reader *r, int depth, const hb_node **ret, hb_error *err);

static hb_status grown(reader *r, hb_node *node, const hb_node *child, hb_error *err)
{
    node->expanded += child->expanded; /* both at most HB_NODE_MAX */
    node->levels = child->levels >= node->levels ? child->levels + 1 : node->levels;
    if (node->expanded > HB_NODE_MAX) {
        return FAIL_AT(r, ((hb_yaml_at){node->line, node->col}), err,
                       "expands to more than %d values through its aliases", HB_NODE_MAX);
    }
    return HB_OK;
}

static hb_status read_key(reader *r, const hb_node *map, const hb_map *seen, hb_pair *ret,
                          hb_error *err)
{
    hb_yaml_at at = place_here(r);
    if (r->event->type != FYET_SCALAR) {
        return FAIL_AT(r, at, err, "a key must be plain text");
    }
    HB_TRY(keep_text(r, r->event->scalar.value, &ret->key, err));
    ret->line = at.line;
    ret->col = at.col;
    r->last = at;
    bool plain =
        r->event->scalar.value && fy_token_scalar_style(r->event->scalar.value) == FYSS_PLAIN;
    if (plain && hb_str_eq_c(ret->key, "<<")) {
        return FAIL_AT(r, at, err, "merge keys (<<) are not supported; write the keys out");
    }
    size_t first = 0;
    if (hb_map_get(seen, ret->key, &first)) {
        return FAIL_AT(r, at, err, "key '%.80s' stands twice, first in line %u", ret->key.p,
                       map->pairs[first].line);
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
    struct fy_token *token = r->event->scalar.value;
    node->quoted = token && fy_token_scalar_style(token) != FYSS_PLAIN;
    HB_TRY(read_tag(r, node, err));
    return keep_text(r, token, &node->text, err);
}

static hb_status read_anchor(reader *r, hb_str *ret, hb_error *err)
{
    struct fy_token *token = fy_event_get_anchor_token(r->event);
    *ret = (hb_str){NULL, 0};
    if (token && r->n_anchors >= MAX_ANCHORS) {
        return FAIL_AT(r, place_here(r), err, "more than %d anchors in one document", MAX_ANCHORS);
    }
    return token ? keep_text(r, token, ret, err) : HB_OK;
}

/* The value that starts with the event in hand; the depth is bounded, so the recursion is. */
static hb_status read_value(reader *r, int depth, const hb_node **ret, hb_error *err)
{
    enum fy_event_type type = r->event->type;
    if (type == FYET_ALIAS) {
        return read_alias(r, depth, ret, err);
    }
    hb_node *node = NULL;
    hb_str name;
    HB_TRY(read_anchor(r, &name, err));
    if (type == FYET_SCALAR) {
        HB_TRY(new_node(r, HB_NODE_SCALAR, &node, err));
        HB_TRY(read_scalar(r, node, err));
    } else if (type != FYET_MAPPING_START && type != FYET_SEQUENCE_START) {
        return FAIL_AT(r, place_here(r), err, "expected a value");
    } else if (depth >= HB_NODE_DEPTH) {
        return FAIL_AT(r, place_here(r), err, "nested deeper than %d levels", HB_NODE_DEPTH);
    } else {
        bool map = type == FYET_MAPPING_START;
        HB_TRY(new_node(r, map ? HB_NODE_MAP : HB_NODE_LIST, &node, err));
        HB_TRY(read_tag(r, node, err));
        HB_TRY(map ? read_map(r, depth, node, err) : read_list(r, depth, node, err));
    }
    if (name.p) {
        HB_TRY(HB_GROW(r->anchors, r->cap_anchors, r->n_anchors + 1, MAX_ANCHORS, "anchors", err));
        r->anchors[r->n_anchors++] = (anchor){name, node};
    }
    *ret = node;
    return HB_OK;
}

static hb_status empty(const reader *r, hb_error *err)
{
    return HB_FAIL_AT(err, HB_E_CONFIG, r->name, 1, 1,
                      "the file is empty: neither key nor value in it");
}

static hb_status read_document(reader *r, const hb_node **ret_root, hb_error *err)
{
    const hb_node *root = NULL;
    HB_TRY(next(r, err)); /* stream start */
    HB_TRY(next(r, err));
    if (r->event->type == FYET_STREAM_END) {
        return empty(r, err);
    }
    HB_TRY(next(r, err));
    HB_TRY(read_value(r, 0, &root, err));
    HB_TRY(next(r, err)); /* document end */
    HB_TRY(next(r, err));
    if (r->event->type != FYET_STREAM_END) {
        return FAIL_AT(r, r->last, err, "a second document (---); one file holds one");
    }
    if (root->kind == HB_NODE_SCALAR && !root->quoted && root->text.n == 0) {
        return empty(r, err);
    }
    *ret_root = root;
    return HB_OK;
}

static hb_status parse(hb_str text, const char *name, hb_arena *arena, struct fy_diag *diag,
                       const hb_node **ret_root, hb_error *err)
{
    /* Sloppy: a closing bracket may stand in the first column, as in most files written by hand. */
    struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG |
                                        FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE |
                                        FYPCF_ALLOW_DUPLICATE_KEYS | FYPCF_SLOPPY_FLOW_INDENTATION,
                               .diag = diag};
    reader r = {.text = text, .diag = diag, .name = name, .arena = arena, .last = {1, 1}};
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

hb_status hb_yaml_parse(hb_str text, const char *name, hb_arena *arena, const hb_node **ret_root,
                        hb_error *err)
{
    if (hb_str_starts(text, "\xef\xbb\xbf")) {
        text = (hb_str){text.p + 3, text.n - 3};
    }
    HB_TRY(hb_yaml_check_text(text, name, err));
    struct fy_diag_cfg cfg;
    fy_diag_cfg_default(&cfg);
    cfg.fp = NULL;
    cfg.colorize = false;
    struct fy_diag *diag = fy_diag_create(&cfg);
    if (!diag) {
        return HB_NOMEM(err);
    }
    fy_diag_set_collect_errors(diag, true);
    hb_status status = parse(text, name, arena, diag, ret_root, err);
    fy_diag_destroy(diag);
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
