/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration document as a tree: maps, lists and scalars, each with its place in the text.
 *
 * hb_yaml_parse reads YAML 1.2, and so JSON, with libfyaml. Refused, with name:line:col, what was
 * expected and what stood there: duplicate keys, keys that are not scalars, merge keys (<<), tags
 * other than the core ones (!!str, !!int …), more than one document, tabs as indentation, aliases
 * that expand to more than HB_NODE_MAX nodes or HB_NODE_DEPTH levels, NUL characters (written \0
 * too), text that is not UTF-8, a document without content. Text over HB_YAML_MAX_BYTES is
 * HB_E_LIMIT.
 *
 * Scalars stay text: what a field means decides its type (field.h), so "no" can be a program's name
 * and 1.10 a version. Columns count characters. Ownership: everything lives in the arena given;
 * every text ends with a NUL that is not counted. */
#ifndef HB_CONFIG_NODE_H
#define HB_CONFIG_NODE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

/* A metric of a registry takes some ten nodes and a hundred bytes: the bytes are the limit that is
 * met first, unless aliases multiply. */
enum { HB_NODE_MAX = 100000, HB_NODE_DEPTH = 32, HB_YAML_MAX_BYTES = 1 << 20 };

/* What one document can take of an arena, every limit reached. */
enum { HB_NODE_ARENA_BYTES = 32 << 20 };

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
    uint32_t line; /* from 1; of an aliased node where it was written */
    uint32_t col;
    bool quoted;    /* scalar: written with quotes, so it is text even if it looks like a number */
    hb_str text;    /* scalar */
    hb_pair *pairs; /* map, in order of the text */
    const hb_node **items; /* list */
    size_t n;              /* pairs or items */
    uint32_t expanded;     /* nodes below and including this one, aliases followed */
    uint32_t levels;       /* of maps and lists below and including this one, aliases followed */
};

/* `name` is used in messages. */
HB_CHECKED hb_status hb_yaml_parse(hb_str text, const char *name, hb_arena *arena,
                                   const hb_node **ret_root, hb_error *err);

/* NULL when the node is no map or has no such key. */
const hb_pair *hb_node_find(const hb_node *map, const char *key);
/* "a map", "a list", "a number", "text" …: for messages. */
const char *hb_node_describe(const hb_node *node);

#endif
