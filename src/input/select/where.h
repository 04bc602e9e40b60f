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

/* option: what messages call the expression, "--where"; a constant. */
HB_CHECKED hb_status hb_where_parse(const char *text, const char *option, hb_where **ret,
                                    hb_error *err);
void hb_where_free(hb_where *w);
/* Columns by name or label; unknown ones and wrong kinds are HB_E_USAGE with what there is. */
HB_CHECKED hb_status hb_where_bind(hb_where *w, const hb_plan *plan, const hb_column *columns,
                                   const hb_column_look *looks, const char *path, hb_error *err);
/* Once bound: is the column part of the expression? */
bool hb_where_uses(const hb_where *w, size_t column);
/* keep[r] is set to 0 where the expression is not true; rows with keep[r] = 0 stay so. */
HB_CHECKED hb_status hb_where_rows(hb_where *w, hb_table *table, const hb_block *block,
                                   const hb_figures *figures, unsigned char *keep, hb_error *err);

/* --- over one record that is no table --- */

typedef enum hb_where_kind { HB_WHERE_TEXT, HB_WHERE_FIGURE, HB_WHERE_TIME } hb_where_kind;

typedef struct hb_where_field {
    hb_where_kind kind;
    bool missing;
    hb_str text;
    double v;
    hb_time t;
} hb_where_field;

/* False when records have no such field. */
typedef bool hb_where_lookup(const void *record, hb_str name, hb_where_field *ret);

/* *ret_true: is the whole true of this record? Texts compare by = != in; times with times as texts
 * ('2024-05-07', '2024-05-07T10:00:00Z') and figures by all comparisons. HB_E_USAGE for a field
 * there is not (`fields` names those there are) or a value of another kind. Never bound. */
HB_CHECKED hb_status hb_where_record(const hb_where *w, hb_where_lookup *lookup, const void *record,
                                     const char *fields, bool *ret_true, hb_error *err);

#endif
