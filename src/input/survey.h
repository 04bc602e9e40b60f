/* SPDX-License-Identifier: Apache-2.0 */
/* Where in a grid of cells is the table? Instruments put titles, settings, a channel list, a row of
 * groups, the names, a row of units, a row of kinds and a ruler above their figures.
 *
 * Works on the first rows of anything that has rows of cells (delimited text once it is cut, sheets
 * of a workbook) and knows no format. The data begin where rows of one width and shape run on; the
 * names are the row above that fits them; what stands between and above is told apart by its shape.
 */
#ifndef HB_INPUT_SURVEY_H
#define HB_INPUT_SURVEY_H

#include "base/arena.h"
#include "input/table.h"
#include "telemetry/units.h"

#define HB_NO_ROW SIZE_MAX

typedef struct hb_grid_row {
    const hb_cell *cells;
    size_t n;
    uint64_t line;      /* physical line (sheet row), from 1, of its first character */
    uint64_t last_line; /* of its last: quoted cells may hold line ends */
    bool after_blank;   /* an empty line stands right above */
} hb_grid_row;

typedef struct hb_grid {
    const hb_grid_row *rows; /* comments and empty lines already left out */
    size_t n;
    bool whole; /* the file ends here */
} hb_grid;

typedef struct hb_survey_column {
    size_t field; /* place in the row, from 0 */
    hb_str name;  /* the names row's cell, trimmed; "" = none */
    hb_str group; /* of the row of groups above, carried to the right; "" = none */
    hb_str unit;  /* the units row's cell as written; "" = none */
} hb_survey_column;

typedef struct hb_survey {
    size_t names_row; /* places in the grid; HB_NO_ROW = none */
    size_t units_row;
    size_t group_row;
    size_t data_row;           /* first row of data; HB_NO_ROW = a header and nothing below */
    hb_survey_column *columns; /* what the table has: row label fields and empty ends left out */
    size_t n_columns;
    size_t width;      /* fields of a data row up to the last column */
    double confidence; /* of the header: names where it says, and no others */
    const char *why;
    const char *alternative;
    size_t n_data; /* rows of the grid that fit the table */
    /* What hb_survey_score rests on: */
    double coherence;    /* share of the cells that are of their column's kind */
    double figure_share; /* share of the cells that are figures */
    size_t used_columns; /* columns that hold something in a tenth of the rows */
    double cover;        /* share of the grid's rows that belong to the table */
    double uniform;      /* share of the grid's rows with as many fields as the first of the data */
} hb_survey;

/* header: 1 = the first row of the table must be names, -1 = there are none, 0 = find out. units
 * may be NULL: then only what people commonly write over columns is known as a unit. Texts are
 * borrowed from the grid. A grid without rows, or without one cell that is not empty, gives no
 * columns. */
HB_CHECKED hb_status hb_survey_grid(const hb_grid *grid, int header, hb_units *units,
                                    hb_arena *arena, hb_survey *ret, hb_error *err);

/* How table-like the grid is, 0 … 1: for choosing between delimiters, or sheets. */
double hb_survey_score(const hb_grid *grid, const hb_survey *s);

#endif
