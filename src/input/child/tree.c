/* SPDX-License-Identifier: Apache-2.0 */
#include "input/child/tree.h"

#include <string.h>

enum { ARENA_BYTES = 256 << 20, PATH_BYTES = 8192 };

hb_status hb_tree_init(hb_tree *t, char separator, hb_error *err)
{
    *t = (hb_tree){.separator = separator};
    hb_arena_init(&t->arena, ARENA_BYTES);
    t->root = hb_arena_alloc(&t->arena, sizeof *t->root);
    if (!t->root) {
        return HB_NOMEM(err);
    }
    *t->root = (hb_var){.kind = HB_VAR_GROUP, .name = "", .unit = ""};
    return HB_OK;
}

void hb_tree_release(hb_tree *t)
{
    hb_arena_release(&t->arena);
    *t = (hb_tree){0};
}

hb_status hb_tree_text(hb_tree *t, const char *p, size_t n, const char **ret, hb_error *err)
{
    hb_buf clean;
    hb_buf_init(&clean, HB_FRAME_MAX_TEXT);
    hb_text_clean(p, n, &clean);
    hb_status status = hb_buf_check(&clean, err);
    if (status == HB_OK) {
        char *kept = hb_arena_strndup(&t->arena, clean.p, clean.n);
        status = kept ? HB_OK : HB_NOMEM(err);
        *ret = kept;
    }
    hb_buf_release(&clean);
    return status;
}

hb_status hb_tree_add(hb_tree *t, hb_var *parent, hb_var_kind kind, const char *name, hb_var **ret,
                      hb_error *err)
{
    if (t->n == HB_TREE_MAX_NODES) {
        return HB_FAIL(err, HB_E_LIMIT, "it has more than %d variables and fields",
                       HB_TREE_MAX_NODES);
    }
    if (parent->depth == HB_TREE_MAX_DEPTH) {
        return HB_FAIL(err, HB_E_LIMIT, "its variables are nested more than %d deep",
                       HB_TREE_MAX_DEPTH);
    }
    hb_var *v = hb_arena_alloc(&t->arena, sizeof *v);
    if (!v) {
        return HB_NOMEM(err);
    }
    *v = (hb_var){.kind = kind, .parent = parent, .depth = parent->depth + 1, .unit = ""};
    if (parent->kind == HB_VAR_LIST) {
        v->name = parent->name;
        v->place = parent->last_child ? parent->last_child->place + 1 : 1;
    } else {
        HB_TRY(hb_tree_text(t, name, strlen(name), &v->name, err));
    }
    *(parent->last_child ? &parent->last_child->next : &parent->child) = v;
    parent->last_child = v;
    t->n++;
    *ret = v;
    return HB_OK;
}

hb_status hb_tree_add_other(hb_tree *t, hb_var *parent, const char *name, const char *why,
                            hb_error *err)
{
    hb_var *v = NULL;
    HB_TRY(hb_tree_add(t, parent, HB_VAR_OTHER, name, &v, err));
    v->why = why;
    return HB_OK;
}

void hb_var_give_up(hb_var *v, const char *why)
{
    v->kind = HB_VAR_OTHER;
    v->why = why;
    v->child = NULL;
    v->last_child = NULL;
}

void hb_var_path(const hb_tree *t, const hb_var *v, hb_buf *out)
{
    const hb_var *way[HB_TREE_MAX_DEPTH + 1];
    size_t n = 0;
    for (; v->parent; v = v->parent) {
        way[n++] = v;
    }
    if (n == 0 || t->separator == '/') {
        hb_buf_ch(out, t->separator);
    }
    for (size_t i = n; i-- > 0;) {
        if (way[i]->place) {
            hb_buf_fmt(out, "(%zu)", way[i]->place);
        } else {
            hb_buf_fmt(out, "%s%s", i + 1 < n ? (char[]){t->separator, '\0'} : "", way[i]->name);
        }
    }
}

static hb_var *following(hb_var *v)
{
    if (v->child) {
        return v->child;
    }
    while (v && !v->next) {
        v = v->parent;
    }
    return v ? v->next : NULL;
}

/* Names may hold any character, the separator as well: so paths are compared as a whole. */
hb_var *hb_tree_find(const hb_tree *t, hb_str path)
{
    hb_buf b;
    hb_var *found = NULL;
    hb_buf_init(&b, PATH_BYTES);
    for (hb_var *v = t->root; v && !found; v = following(v)) {
        hb_buf_clear(&b);
        hb_var_path(t, v, &b);
        hb_str own = {b.p, b.n};
        bool same = hb_str_eq(own, path) || /* the first '/' may be left out */
                    (t->separator == '/' && own.n > 1 && own.n == path.n + 1 &&
                     memcmp(own.p + 1, path.p, path.n) == 0);
        found = same && b.failed == HB_OK ? v : NULL;
    }
    hb_buf_release(&b);
    return found;
}
