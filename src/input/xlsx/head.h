/* SPDX-License-Identifier: Apache-2.0 */
/* The first rows of a sheet and the table in them. Inside xlsx/.
 *
 * open → (compare `value` with other sheets) → take reader and batch, or close. */
#ifndef HB_INPUT_XLSX_HEAD_H
#define HB_INPUT_XLSX_HEAD_H

#include "input/header.h"
#include "input/survey.h"
#include "input/xlsx/sheet.h"

typedef struct hb_sheet_head {
    size_t sheet;
    hb_sheet_reader *reader;
    const hb_sheet_batch *batch; /* the reader's: its first rows, at least those of the grid */
    hb_arena arena;
    hb_grid grid;
    hb_survey survey;
    double value;  /* how much of a table it is */
    bool by_rule;  /* the header is the one an adapter looks for: no survey */
    size_t header; /* by rule: row of the batch, and the one that completes it */
    size_t also;
} hb_sheet_head;

/* rule may be NULL. A sheet without a row has value 0 and no columns. Close also after a failure.
 */
HB_CHECKED hb_status hb_sheet_head_open(const hb_package *p, const hb_workbook *w, size_t sheet,
                                        const hb_header_rule *rule, hb_units *units,
                                        hb_sheet_head *ret, hb_error *err);
void hb_sheet_head_close(hb_sheet_head *h);

/* A sheet of names and their units. */
bool hb_sheet_head_is_units(const hb_sheet_head *h, size_t *ret_name, size_t *ret_unit);
/* Carries group names over exactly the cells they are merged with, where there are such. */
HB_CHECKED hb_status hb_sheet_head_merge(const hb_package *p, const hb_workbook *w,
                                         hb_sheet_head *h, hb_error *err);

#endif
