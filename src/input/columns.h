/* SPDX-License-Identifier: Apache-2.0 */
/* Names of a table's columns, unique and never empty: a second "a" is "a (2)", a nameless third
 * column "column 3", "U" under the group "Inverter A" is "Inverter A / U". */
#ifndef HB_INPUT_COLUMNS_H
#define HB_INPUT_COLUMNS_H

#include "base/arena.h"
#include "input/table.h"
#include "telemetry/units.h"

/* n columns named after raw[] (empty texts: no name); the array and the names are in the arena.
 * More than HB_TABLE_MAX_COLUMNS is HB_E_LIMIT. */
HB_CHECKED hb_status hb_columns_name(hb_arena *arena, const hb_str *raw, size_t n, const char *path,
                                     hb_column **ret, hb_error *err);

struct hb_survey;

/* Sets unit and unit_written. units may be NULL: then a unit is what is a common one. */
HB_CHECKED hb_status hb_columns_unit(hb_arena *arena, hb_str written, hb_units *units, hb_column *c,
                                     hb_error *err);
/* The columns a survey found: written names, groups, units and fields are copied too. */
HB_CHECKED hb_status hb_columns_of_survey(hb_arena *arena, const struct hb_survey *s,
                                          hb_units *units, const char *path, hb_column **ret,
                                          hb_error *err);

#endif
