/* SPDX-License-Identifier: Apache-2.0 */
/* The variables of a container file (a MATLAB workspace, HDF5 groups) as one tree, whatever the
 * file: groups (structs), lists of groups (struct arrays), data with rows and columns, and what is
 * neither, with the reason. A reader fills it from the file's directory; tables.h finds in it what
 * makes a table. Everything is in the tree's arena. */
#ifndef HB_INPUT_CHILD_TREE_H
#define HB_INPUT_CHILD_TREE_H

#include "base/arena.h"
#include "input/child/frames.h"
#include "input/child/text.h"

enum { HB_TREE_MAX_DEPTH = 32, HB_TREE_MAX_NODES = 500000 };

typedef enum hb_var_kind {
    HB_VAR_GROUP,
    HB_VAR_LIST, /* its children are the groups (1), (2) … */
    HB_VAR_DATA,
    HB_VAR_OTHER, /* `why` says what it is instead */
} hb_var_kind;

typedef struct hb_var {
    hb_var_kind kind;
    const char *name; /* well-formed UTF-8; that of the list in its elements */
    size_t place;     /* in a list, from 1; else 0 */
    size_t depth;
    struct hb_var *parent; /* NULL for the root */
    struct hb_var *child;
    struct hb_var *last_child;
    struct hb_var *next;
    const char *why;
    uint64_t rows; /* DATA; never 0 */
    uint64_t cols;
    bool matrix;                  /* two plain dimensions: rows may as well be read as columns */
    const hb_frame_label *labels; /* cols; NULL: columns are called after the variable */
    const char *unit;
    void *source; /* the reader's */
} hb_var;

typedef struct hb_tree {
    hb_arena arena;
    hb_var *root; /* a group without a name */
    size_t n;
    char separator; /* '.' as in MATLAB, '/' as in HDF5 */
} hb_tree;

HB_CHECKED hb_status hb_tree_init(hb_tree *t, char separator, hb_error *err);
void hb_tree_release(hb_tree *t);
/* A child of `parent`; in a list `name` is not used. Name and unit are cleaned (hb_text_clean). */
HB_CHECKED hb_status hb_tree_add(hb_tree *t, hb_var *parent, hb_var_kind kind, const char *name,
                                 hb_var **ret, hb_error *err);
HB_CHECKED hb_status hb_tree_add_other(hb_tree *t, hb_var *parent, const char *name,
                                       const char *why, hb_error *err);
/* Turns a node that is known by now into one that makes no table. */
void hb_var_give_up(hb_var *v, const char *why);
/* a.b(3).c or /a/b; the root is "." or "/". */
void hb_var_path(const hb_tree *t, const hb_var *v, hb_buf *out);
/* The node of that path, or NULL. */
hb_var *hb_tree_find(const hb_tree *t, hb_str path);

/* A text of the file, cleaned, in the arena. */
HB_CHECKED hb_status hb_tree_text(hb_tree *t, const char *p, size_t n, const char **ret,
                                  hb_error *err);

#endif
