/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of delimited text is this? Each delimiter that occurs is tried on the first lines; the
 * one under which they make the best table (hb_survey_score) is taken. A first line "sep=;"
 * decides. */
#ifndef HB_INPUT_CSV_SNIFF_H
#define HB_INPUT_CSV_SNIFF_H

#include "input/csv/find.h"

enum { HB_SNIFF_ROWS = 600, HB_SNIFF_BYTES = 1 << 19 };

typedef struct hb_sniff_options {
    char delimiter;        /* 0 = find out */
    bool blanks_if_single; /* one column is cut at blanks */
    int header;            /* 1 = the table's first row holds names, -1 = no names, 0 = find out */
    hb_units *units;       /* may be NULL */
} hb_sniff_options;

typedef struct hb_sniffed {
    hb_finding table;
    char decimal;       /* '.' or ',' */
    bool given_by_line; /* "sep=;" */
    double confidence;  /* of the delimiter */
    const char *rival;  /* the next best delimiter by name; NULL = none comes near */
} hb_sniffed;

/* text: the first bytes, UTF-8 without a byte order mark; whole = it is the whole file. The finding
 * borrows the text. Release also after a failure. */
HB_CHECKED hb_status hb_sniff(hb_str text, bool whole, const hb_sniff_options *o, hb_sniffed *ret,
                              hb_error *err);
void hb_sniffed_release(hb_sniffed *s);

const char *hb_delimiter_name(char delimiter); /* "comma", "blanks" … */

typedef struct hb_csv_dialect {
    char delimiter; /* ',', ';', '\t', '|', …, HB_DELIMITER_BLANKS; 0 = one column */
    char decimal;   /* '.' or ',' */
    bool header;    /* the file has names */
    size_t n_columns;
    hb_comments comments;
} hb_csv_dialect;

/* The short answer, for recognising a source by its first bytes. */
void hb_csv_sniff(hb_str text, bool whole, char delimiter, hb_csv_dialect *ret);

#endif
