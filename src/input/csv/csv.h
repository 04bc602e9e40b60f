/* SPDX-License-Identifier: Apache-2.0 */
/* Delimited text as a table. docs/formats/csv.md
 *
 * Blocks are the records that fit into HB_BLOCK_BYTES of text behind the carried-over rest, so
 * their borders depend on the bytes alone. Bytes are UTF-8 when they come here (text/source.h).
 * Cells are trimmed of blanks, unquoted in place, and point into the block. A short row ends in
 * ABSENT cells and is counted; fields beyond the header are rejected; fields that are no column
 * (hb_column.field) are left out. */
#ifndef HB_INPUT_CSV_CSV_H
#define HB_INPUT_CSV_CSV_H

#include "input/csv/sniff.h"
#include "input/header.h"
#include "input/table.h"

enum { HB_CSV_MAX_RECORD_BYTES = 16 << 20 };

typedef enum hb_csv_header {
    HB_CSV_HEADER_SNIFF,
    HB_CSV_HEADER_FIRST,
    HB_CSV_HEADER_NONE
} hb_csv_header;

typedef struct hb_csv_options {
    char delimiter; /* 0 = sniff */
    hb_csv_header header;
    bool blanks_if_single; /* a single column is cut at blanks, as the original's custom_tabular did
                            */
    const hb_header_rule *rule; /* looked for in the first 64 KiB before `header`; NULL = none */
    hb_units *units;            /* for rows of units; may be NULL */
} hb_csv_options;

HB_CHECKED hb_status hb_csv_open(hb_stream *stream, const hb_csv_options *options,
                                 hb_table **ret_table, hb_error *err);

#endif
