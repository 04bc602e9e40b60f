/* SPDX-License-Identifier: Apache-2.0 */
/* Adapter pba_excel: metric tables of many spellings, as CSV or workbook, with an optional sheet of
 * units. What a profile says of them (aliases, required and known columns) is data; finding the
 * header and the sheets is here. docs/formats/pba_excel.md */
#ifndef HB_INPUT_PBA_H
#define HB_INPUT_PBA_H

#include "base/map.h"
#include "input/header.h"
#include "input/profile.h"
#include "input/xlsx/workbook.h"

struct hb_table;
struct hb_column;

typedef struct hb_pba {
    const hb_input_profile *profile; /* borrowed */
    hb_header_rule rule;
    hb_arena arena;
    hb_package package;
    hb_workbook workbook;
    hb_map unit_of; /* folded metric name → index of units */
    hb_str *units;
    size_t n_units;
    size_t cap_units;
    const char *unit_sheet; /* "" when the workbook has none */
} hb_pba;

typedef struct hb_pba_columns {
    size_t metric, value, unit, tags; /* SIZE_MAX = none */
} hb_pba_columns;

HB_CHECKED hb_status hb_pba_init(const hb_input_profile *profile, hb_pba *ret, hb_error *err);
void hb_pba_release(hb_pba *p);

/* Reads the workbook's unit sheets and opens the first visible sheet that has a metric and a value
 * column (or `sheet`). The table is borrowed from p: close it first. *ret_table is NULL when no
 * sheet is such a table and `sheet` is NULL. */
HB_CHECKED hb_status hb_pba_book_open(hb_pba *p, hb_stream *stream, const char *sheet,
                                      struct hb_table **ret_table, hb_error *err);

/* The columns' meaning; an error names what is missing or unknown. *ret_unknown lists columns that
 * are neither used nor known, "" when none; in p's arena. */
HB_CHECKED hb_status hb_pba_find_columns(hb_pba *p, const struct hb_table *table, const char *path,
                                         hb_pba_columns *ret, const char **ret_unknown,
                                         hb_error *err);
/* Of the unit sheet; empty when it does not say. */
hb_str hb_pba_unit(const hb_pba *p, hb_str metric);

#endif
