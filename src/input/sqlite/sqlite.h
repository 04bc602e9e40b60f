/* SPDX-License-Identifier: Apache-2.0 */
/* A table, a view or a query of an SQLite database. docs/formats/sqlite.md
 *
 * The file is read through the stream and never written, locked or followed to another file: an own
 * file system of the library knows nothing but these bytes. Only SELECT is permitted, without
 * recursion and without functions whose answer is not in the file (random, the clock), so that the
 * same file and query give the same rows. */
#ifndef HB_INPUT_SQLITE_SQLITE_H
#define HB_INPUT_SQLITE_SQLITE_H

#include "input/table.h"

enum {
    HB_SQLITE_MAX_ROW = 16 << 20,     /* bytes of one value, and of the texts of one row */
    HB_SQLITE_MAX_MEMORY = 512 << 20, /* of the library, for one query */
    HB_SQLITE_MAX_QUERY = 1000000,    /* bytes */
};

typedef struct hb_sqlite_options {
    const char *query;  /* NULL = a table */
    const char *table;  /* NULL = the only one */
    uint64_t max_steps; /* of the library's machine without a row; 0 = the default, minutes */
} hb_sqlite_options;

HB_CHECKED hb_status hb_sqlite_open(const hb_os *os, hb_stream *stream,
                                    const hb_sqlite_options *options, hb_table **ret_table,
                                    hb_error *err);
bool hb_sqlite_recognise(hb_str head);

#endif
