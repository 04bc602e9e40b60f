/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration document as a tree: maps, lists and scalars, each with its place in the text.
 *
 * hb_yaml_parse reads YAML 1.2 (and so JSON) with libfyaml. Refused, with name:line:col: duplicate
 * keys, keys that are not scalars, merge keys (<<), tags, more than one document, tabs as
 * indentation, aliases that expand to more than HB_NODE_MAX nodes, nesting beyond HB_NODE_DEPTH,
 * NUL bytes, text that is not UTF-8, more than HB_YAML_MAX_BYTES. Scalars stay text: what a field
 * means decides its type (field.h). Ownership: everything lives in the arena given. */
#ifndef HB_CONFIG_NODE_H
#define HB_CONFIG_NODE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

enum { HB_NODE_MAX = 20000, HB_NODE_DEPTH = 24, HB_YAML_MAX_BYTES = 1 << 20 };

typedef enum hb_node_kind { HB_NODE_SCALAR, HB_NODE_MAP, HB_NODE_LIST } hb_node_kind;

typedef struct hb_node hb_node;

typedef struct hb_pair {
    hb_str key;
    uint32_t line; /* of the key, from 1 */
    uint32_t col;
    const hb_node *value;
} hb_pair;

struct hb_node {
    hb_node_kind kind;
    uint32_t line; /* from 1 */
    uint32_t col;
    bool quoted;    /* scalar: written with quotes, so it is text even if it looks like a number */
    hb_str text;    /* scalar */
    hb_pair *pairs; /* map, in order of the text */
    const hb_node **items; /* list */
    size_t n;              /* pairs or items */
    size_t expanded;       /* nodes below and including this one, aliases followed */
};

/* `name` is used in messages. */
HB_CHECKED hb_status hb_yaml_parse(hb_str text, const char *name, hb_arena *arena,
                                   const hb_node **ret_root, hb_error *err);

/* NULL when the node is no map or has no such key. */
const hb_pair *hb_node_find(const hb_node *map, const char *key);
/* "a map", "a list", "a number", "text" …: for messages. */
const char *hb_node_describe(const hb_node *node);

#endif
