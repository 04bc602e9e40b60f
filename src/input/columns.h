/* SPDX-License-Identifier: Apache-2.0 */
/* Names of a table's columns, unique and never empty: a second "a" is "a (2)", a nameless third
 * column "column 3". */
#ifndef HB_INPUT_COLUMNS_H
#define HB_INPUT_COLUMNS_H

#include "base/arena.h"
#include "input/table.h"

/* n columns named after raw[] (empty texts: no name); the array and the names are in the arena.
 * More than HB_TABLE_MAX_COLUMNS is HB_E_LIMIT. */
HB_CHECKED hb_status hb_columns_name(hb_arena *arena, const hb_str *raw, size_t n, const char *path,
                                     hb_column **ret, hb_error *err);

#endif
