/* SPDX-License-Identifier: Apache-2.0 */
/* Everything in a tree that could be the table, and how it is told. */
#ifndef HB_INPUT_CHILD_CANDIDATES_H
#define HB_INPUT_CHILD_CANDIDATES_H

#include "input/child/tree.h"

enum { HB_CANDIDATES_TEXT = 430 };

/* A list, or the members of a group that have one number of rows. */
typedef struct hb_candidate {
    const hb_var *where;
    uint64_t rows;
    bool is_main;       /* what the group's own path means */
    const hb_var *only; /* when there is one member */
} hb_candidate;

typedef struct hb_candidates {
    hb_candidate *v;
    size_t n;
    size_t cap;
} hb_candidates;

/* Adds those at and below `v` with at least min_rows rows; release also after a failure. */
HB_CHECKED hb_status hb_candidates_find(const hb_var *v, uint64_t min_rows, hb_candidates *c,
                                        hb_error *err);
void hb_candidates_release(hb_candidates *c);
/* As a user would write them, at most HB_TABLES_LISTED, those that differ only by their places in
 * lists as one. `out` is made for HB_CANDIDATES_TEXT bytes. */
void hb_candidates_list(hb_tree *t, const hb_candidates *c, hb_buf *out);

#endif
