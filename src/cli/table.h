/* SPDX-License-Identifier: Apache-2.0 */
/* Aligned columns for the terminal. Cells are copied; widths count characters, not bytes. */
#ifndef HB_CLI_TABLE_H
#define HB_CLI_TABLE_H

#include "base/buf.h"

enum { HB_TABLE_TEXT_COLUMNS = 12 };

typedef struct hb_table_text {
    hb_buf cells; /* NUL-terminated texts, row after row */
    size_t n_columns;
    size_t n_rows;
    size_t width[HB_TABLE_TEXT_COLUMNS];
} hb_table_text;

void hb_table_text_begin(hb_table_text *t, const char *const *head, size_t n_columns);
void hb_table_text_row(hb_table_text *t, const char *const *cells);
/* Writes and releases. */
HB_CHECKED hb_status hb_table_text_end(hb_table_text *t, hb_buf *out, hb_error *err);

#endif
