/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as YAML: refused or a tree within its limits. */
#include "config/node.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t walk(const hb_node *n, int depth)
{
    size_t count = 1;
    if (depth > HB_NODE_DEPTH + 1 || n->line == 0 || n->col == 0) {
        abort();
    }
    for (size_t i = 0; i < n->n; i++) {
        const hb_node *child = n->kind == HB_NODE_MAP ? n->pairs[i].value : n->items[i];
        count += walk(child, depth + 1);
    }
    if (count != n->expanded || count > HB_NODE_MAX) {
        abort();
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hb_arena arena;
    const hb_node *root = NULL;
    hb_error err = {0};
    hb_arena_init(&arena, 64 << 20);
    if (hb_yaml_parse((hb_str){(const char *)data, size}, "fuzz", &arena, &root, &err) == HB_OK) {
        walk(root, 0);
    } else if (err.msg[0] == '\0') {
        abort();
    }
    hb_arena_release(&arena);
    return 0;
}
