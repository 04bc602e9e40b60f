/* SPDX-License-Identifier: Apache-2.0 */
/* The table formats, one row each (format.c). A format is recognised by the first bytes, never by
 * the file's name. */
#ifndef HB_INPUT_FORMAT_H
#define HB_INPUT_FORMAT_H

#include "input/csv/csv.h"
#include "input/table.h"

typedef struct hb_format_options {
    hb_csv_options csv;
    hb_units *units;      /* for units stated beside the names; may be NULL */
    const char *sheet;    /* of a workbook */
    const char *member;   /* arrays of an .npz: a name or a pattern */
    const char *query;    /* SQL over a database */
    const char *table;    /* of a database */
    const char *variable; /* of a MATLAB or HDF5 file: path, or NULL */
    const char *program;  /* hb itself, started to read such a file; NULL: none can be read */
} hb_format_options;

typedef struct hb_format {
    const char *name;
    const char *why; /* how it is recognised, in words */
    bool (*recognise)(hb_str head);
    hb_status (*open)(const hb_os *os, hb_stream *stream, const hb_format_options *options,
                      hb_table **ret_table, hb_error *err);
} hb_format;

/* The first row that recognises the bytes; csv takes what nobody else wants. */
const hb_format *hb_format_of(hb_str head);
/* NULL when there is no such format. */
const hb_format *hb_format_named(const char *name);

#endif
