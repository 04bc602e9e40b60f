/* SPDX-License-Identifier: Apache-2.0 */
/* A sheet of a workbook as a table. docs/formats/xlsx.md
 *
 * The compressed file is held in memory, everything else streams. Without a name the visible sheet
 * that is most of a table (survey.h) is read. Rows above the header (titles) are skipped and
 * counted. */
#ifndef HB_INPUT_XLSX_XLSX_H
#define HB_INPUT_XLSX_XLSX_H

#include "input/header.h"
#include "input/table.h"
#include "input/xlsx/workbook.h"
#include "telemetry/units.h"

/* sheet: name, or NULL. units: for rows and sheets of units; may be NULL. */
HB_CHECKED hb_status hb_xlsx_open(hb_stream *stream, const char *sheet, hb_units *units,
                                  hb_table **ret_table, hb_error *err);
bool hb_xlsx_recognise(hb_str head);

/* One sheet of a package that is already open; both are borrowed until close. rule: where its
 * header is, NULL = by the cells' kinds. A sheet without a row is an empty table. */
HB_CHECKED hb_status hb_xlsx_sheet_open(const hb_package *package, const hb_workbook *workbook,
                                        size_t sheet, const hb_header_rule *rule,
                                        hb_table **ret_table, hb_error *err);

/* The visible sheet that is most of a table; SIZE_MAX when none has data rows. */
HB_CHECKED hb_status hb_xlsx_main_sheet(const hb_package *package, const hb_workbook *workbook,
                                        size_t *ret_sheet, hb_error *err);

#endif
