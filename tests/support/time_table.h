/* SPDX-License-Identifier: Apache-2.0 */
/* A table of text cells for tests of times, cut by the simplest of splitters: delimiter, quotes,
 * any line end. Cells borrow from the text given. */
#ifndef HB_TESTS_SUPPORT_TIME_TABLE_H
#define HB_TESTS_SUPPORT_TIME_TABLE_H

#include "input/time_rule.h"

enum { TIME_TABLE_COLUMNS = 64 };

typedef struct time_table {
    hb_arena arena;
    hb_time_source source;
    hb_column columns[TIME_TABLE_COLUMNS];
    hb_cell *cells;
    size_t cap_cells;
    hb_time_rule rules[HB_TIME_CANDIDATES];
    size_t n_rules;
} time_table;

/* Unescapes quoted fields in place. delimiter ' ' = runs of blanks. Lines from 1. */
typedef struct time_table_shape {
    char delimiter;
    size_t first_line; /* of the rows */
    size_t last_line;
    const size_t *fields; /* places in the row, from 0, of the columns; NULL = all */
    size_t n_columns;
} time_table_shape;

void time_table_begin(time_table *t);
void time_table_end(time_table *t);
void time_table_rows(time_table *t, char *text, size_t n, const time_table_shape *shape);
/* First line = names, every other line a row, cut at tabs. */
void time_table_text(time_table *t, char *text, size_t n);
void time_table_add_row(time_table *t, const hb_cell *cells, size_t n);
/* Fills rules. */
void time_table_infer(time_table *t);
hb_time time_table_time(const time_table *t, const hb_time_rule *r, size_t row);
/* "Date+Time" */
const char *time_table_names(const time_table *t, const hb_time_rule *r, char out[400]);

#endif
