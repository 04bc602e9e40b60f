/* SPDX-License-Identifier: Apache-2.0 */
/* Which variables of a tree make a table.
 *
 *   a group         its data of one number of rows: vectors are columns, a matrix is as many
 *                   columns as it has; a matrix that lies the other way round beside vectors is
 *                   turned. Of several numbers of rows the group's path names the one with the most
 *                   columns (then the most rows), the others are named by their variables.
 *   a list          its elements are rows, the fields that are one value in the first are columns
 *   data            alone
 *
 * Single values count only where there is nothing longer (then a group is one row). Without a
 * wanted path the only table is taken; of several none is, and the error lists them. */
#ifndef HB_INPUT_CHILD_TABLES_H
#define HB_INPUT_CHILD_TABLES_H

#include "input/child/tree.h"

enum { HB_TABLES_LISTED = 20 };

typedef struct hb_var_part {
    const hb_var *var;
    bool turned;
} hb_var_part;

typedef struct hb_var_table {
    const hb_var *where;
    hb_var_part *parts; /* in the tree's arena; of a list: the fields of its first element */
    size_t n_parts;
    size_t n_columns;
    uint64_t rows;
    bool named;      /* its variables were asked for one by one */
    const char *why; /* it was chosen */
    const char *path;
} hb_var_table;

/* wanted: a path, or several with commas between; NULL or "": the only one. Not found, no table or
 * several: HB_E_USAGE or HB_E_INPUT with what there is. */
HB_CHECKED hb_status hb_tables_choose(hb_tree *t, const char *wanted, hb_var_table *ret,
                                      hb_error *err);
/* Columns of one part. */
size_t hb_var_part_columns(const hb_var_part *p);
/* What lies beside the table in its group and is not in it, onto `out`. */
void hb_tables_left(const hb_var_table *table, hb_buf *out);

#endif
