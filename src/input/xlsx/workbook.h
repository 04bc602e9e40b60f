/* SPDX-License-Identifier: Apache-2.0 */
/* What a workbook says about itself: sheets, shared strings, which cell styles are dates. Inside
 * xlsx/. Source: ECMA-376 part 1, 18.2 (workbook), 18.4 (shared strings), 18.8 (styles). */
#ifndef HB_INPUT_XLSX_WORKBOOK_H
#define HB_INPUT_XLSX_WORKBOOK_H

#include "base/arena.h"
#include "base/time.h"
#include "input/xlsx/package.h"

enum { HB_XLSX_MAX_SHEETS = 1000, HB_XLSX_MAX_STRINGS = 4000000, HB_XLSX_MAX_STYLES = 100000 };

typedef struct hb_sheet {
    const char *name;
    const char *part; /* "xl/worksheets/sheet1.xml", NULL when its relationship is missing */
    const char *relation;
    bool hidden;
} hb_sheet;

typedef enum hb_style_kind { HB_STYLE_PLAIN, HB_STYLE_DATE, HB_STYLE_ELAPSED } hb_style_kind;

typedef struct hb_workbook {
    hb_arena arena;
    hb_sheet *sheets;
    size_t n_sheets;
    size_t cap_sheets;
    hb_str *strings;
    size_t n_strings;
    size_t cap_strings;
    unsigned char *style_kind; /* by style index: hb_style_kind */
    size_t n_styles;
    size_t cap_styles;
    bool date1904;
} hb_workbook;

HB_CHECKED hb_status hb_workbook_open(const hb_package *p, hb_workbook *ret, hb_error *err);
void hb_workbook_release(hb_workbook *w);
bool hb_workbook_is_date(const hb_workbook *w, uint64_t style);
/* "[h]:mm:ss": a number of days that is shown as hours beyond 24. */
bool hb_workbook_is_elapsed(const hb_workbook *w, uint64_t style);
/* Excel's day serial to an instant, to the millisecond (its own resolution); HB_TIME_NONE out of
 * range. */
hb_time hb_workbook_time(const hb_workbook *w, double serial);

#endif
