/* SPDX-License-Identifier: Apache-2.0 */
/* Which rows does a person want? An expression over the columns of a table:
 *
 *     mode = 'RUN' and speed > 1000
 *     not (valve in ('A', 'B')) or "Temp in" is missing
 *
 * Comparisons: = == != <> < <= > >= in (…), is missing, is not missing. A column by its name: plain
 * ([A-Za-z0-9_.] and bytes of other alphabets, not a keyword) or in double quotes; texts in single
 * quotes ('' is a quote). Columns of figures compare with figures, in the unit the file states; of
 * truth values with true and false; of texts with texts (exactly, = and != and in only). A cell
 * that is missing or unreadable makes a comparison unknown, and a row is taken only when the whole
 * is true (as SQL does).
 *
 * parse → bind to the table's columns → rows of each block. An expression has at most
 * HB_WHERE_NODES parts. Errors name the character. */
#ifndef HB_INPUT_SELECT_WHERE_H
#define HB_INPUT_SELECT_WHERE_H

#include "input/plan.h"

enum { HB_WHERE_NODES = 1000, HB_WHERE_DEPTH = 50 };

typedef struct hb_where hb_where;

HB_CHECKED hb_status hb_where_parse(const char *text, hb_where **ret, hb_error *err);
void hb_where_free(hb_where *w);
/* Columns by name or label; unknown ones and wrong kinds are HB_E_USAGE with what there is. */
HB_CHECKED hb_status hb_where_bind(hb_where *w, const hb_plan *plan, const hb_column *columns,
                                   const hb_column_look *looks, const char *path, hb_error *err);
/* Once bound: is the column part of the expression? */
bool hb_where_uses(const hb_where *w, size_t column);
/* keep[r] is set to 0 where the expression is not true; rows with keep[r] = 0 stay so. */
HB_CHECKED hb_status hb_where_rows(hb_where *w, hb_table *table, const hb_block *block,
                                   const hb_figures *figures, unsigned char *keep, hb_error *err);

#endif
