/* SPDX-License-Identifier: Apache-2.0 */
/* A small table of texts as a block of cells, with its figures by a plan of stated kinds. */
#ifndef TESTS_SUPPORT_CELLS_H
#define TESTS_SUPPORT_CELLS_H

#include "input/plan.h"

enum { CELLS_MAX = 4096, CELLS_COLUMNS = 16, CELLS_ROWS = 600 };

typedef struct test_cells {
    hb_cell cells[CELLS_MAX];
    uint64_t lines[CELLS_ROWS];
    hb_block block;
    hb_column columns[CELLS_COLUMNS];
    hb_column_plan plans[CELLS_COLUMNS];
    hb_plan plan;
    hb_plan_room room;
    const hb_figures *figures;
    unsigned char keep[CELLS_ROWS];
} test_cells;

/* kinds: one letter a column: t elapsed time, n number, b truth values, x text. names: with commas.
 */
void test_cells_begin(test_cells *t, const char *names, const char *kinds);
/* rows: lines of cells with commas, line ends between; an empty line is only counted. Replaces the
 * block; the first line has number `line`. keep[] is all ones. */
void test_cells_rows(test_cells *t, const char *rows, uint64_t line);
void test_cells_end(test_cells *t);

#endif
