/* SPDX-License-Identifier: Apache-2.0 */
/* Which sheet of a workbook is the table? Inside xlsx/. */
#ifndef HB_INPUT_XLSX_CHOOSE_H
#define HB_INPUT_XLSX_CHOOSE_H

#include "input/xlsx/head.h"

typedef struct hb_sheet_choice {
    size_t tables; /* visible sheets with data rows, of those that were looked at */
    size_t units;  /* a sheet of names and units; SIZE_MAX = none */
} hb_sheet_choice;

/* Looks at the first HB_XLSX_LOOK_SHEETS visible sheets; the one that is most of a table, of equals
 * the first, stays open as *ret_head (no reader when none has data rows). Close it also after a
 * failure. *ret_head must be empty. */
enum { HB_XLSX_LOOK_SHEETS = 64 };
HB_CHECKED hb_status hb_sheet_choose(const hb_package *p, const hb_workbook *w, hb_units *units,
                                     hb_sheet_head *ret_head, hb_sheet_choice *ret, hb_error *err);

#endif
