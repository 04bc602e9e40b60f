/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of delimited text is this? Decided on the first bytes of the file, by consistency: the
 * delimiter is the one that cuts most lines into the same number (two or more) of fields; the
 * header is the first such line whose cells are names while the lines below hold numbers. */
#ifndef HB_INPUT_CSV_SNIFF_H
#define HB_INPUT_CSV_SNIFF_H

#include "base/str.h"

enum { HB_SNIFF_LINES = 200, HB_DELIMITER_BLANKS = ' ' };

typedef struct hb_csv_dialect {
    char delimiter; /* ',', ';', '\t', '|', or HB_DELIMITER_BLANKS = runs of blanks; 0 = one column
                     */
    char decimal;   /* '.' or ',' */
    bool comments;  /* lines that start with '#' are left out */
    bool header;    /* the first table line holds the names */
    bool header_hash;  /* … and starts with '#' */
    size_t skip_lines; /* physical lines before the header or first data line */
    size_t n_columns;
    double agreement; /* share of the looked-at lines that have n_columns fields */
} hb_csv_dialect;

/* text: the first bytes, without a byte order mark; whole = it is the whole file. delimiter: 0 =
 * sniff. */
void hb_csv_sniff(hb_str text, bool whole, char delimiter, hb_csv_dialect *ret);

/* Fields of one line; quotes respected. Used by the sniffer and by tests. */
size_t hb_csv_count_fields(hb_str line, char delimiter);

#endif
