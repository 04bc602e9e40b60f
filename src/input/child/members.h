/* SPDX-License-Identifier: Apache-2.0 */
/* The data in one group of a tree, sorted by how many rows they have: those with the same number
 * make one table. Between tables.c and candidates.c. */
#ifndef HB_INPUT_CHILD_MEMBERS_H
#define HB_INPUT_CHILD_MEMBERS_H

#include "input/child/tables.h"

typedef struct hb_members {
    hb_var_part *v; /* by rows; in the file's order within one number */
    size_t n;
    size_t cap;
} hb_members;

/* Those with one number of rows. */
typedef struct hb_member_run {
    size_t first;
    size_t n;
    size_t n_columns;
    uint64_t rows;
} hb_member_run;

uint64_t hb_var_part_rows(const hb_var_part *p);
/* Data of more columns than a table may have, which has few rows: it lies on its side. */
bool hb_var_too_wide(const hb_var *v);
/* Members with at least min_rows rows, onto an empty *m; free m->v also after a failure. */
HB_CHECKED hb_status hb_members_collect(const hb_var *group, uint64_t min_rows, hb_members *m,
                                        hb_error *err);
/* Fields of a list's first element that are one value each; likewise. */
HB_CHECKED hb_status hb_members_of_list(const hb_var *list, hb_members *m, hb_error *err);
hb_member_run hb_members_next(const hb_members *m, size_t from);
/* The run with the most columns, of equals the longest; n = 0 when there is none. */
hb_member_run hb_members_main(const hb_members *m);

#endif
