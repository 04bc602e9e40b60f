/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of one worksheet part, pulled in blocks. Inside xlsx/. Source: ECMA-376 part 1, 18.3. */
#ifndef HB_INPUT_XLSX_SHEET_H
#define HB_INPUT_XLSX_SHEET_H

#include "input/table.h"
#include "input/xlsx/workbook.h"

typedef struct hb_sheet_cell {
    size_t row;    /* index into `lines` of the same batch */
    size_t column; /* from 0 */
    hb_cell cell;
} hb_sheet_cell;

typedef struct hb_sheet_batch {
    hb_sheet_cell *cells; /* in file order */
    size_t n_cells;
    size_t cap_cells;
    uint64_t *lines; /* sheet row of each row, from 1 */
    size_t n_rows;
    size_t cap_rows;
    hb_arena texts;
} hb_sheet_batch;

typedef struct hb_sheet_reader hb_sheet_reader;

HB_CHECKED hb_status hb_sheet_open(const hb_package *p, const hb_workbook *w, size_t sheet,
                                   hb_sheet_reader **ret, hb_error *err);
void hb_sheet_close(hb_sheet_reader *r);
/* At least `want` rows, or all that are left; rows without a value are left out. The batch is the
 * reader's and valid until the next call. */
HB_CHECKED hb_status hb_sheet_read(hb_sheet_reader *r, size_t want, const hb_sheet_batch **ret,
                                   hb_error *err);
/* Nothing is left to read. */
bool hb_sheet_ended(const hb_sheet_reader *r);

/* A range of merged cells: rows from 1, columns from 0, both ends in it. */
typedef struct hb_merge {
    uint64_t first_row;
    uint64_t last_row;
    size_t first_column;
    size_t last_column;
} hb_merge;

/* The merged ranges that touch a row; they stand behind the rows, so the whole part is parsed. */
HB_CHECKED hb_status hb_sheet_merges(const hb_package *p, const hb_workbook *w, size_t sheet,
                                     uint64_t row, hb_arena *arena, hb_merge **ret, size_t *ret_n,
                                     hb_error *err);

#endif
