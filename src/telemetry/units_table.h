/* SPDX-License-Identifier: Apache-2.0 */
/* The unit spellings settled by us, before UDUNITS-2 is asked. docs/formats/units.md lists them; a
 * test compares. Inside telemetry/. */
#ifndef HB_TELEMETRY_UNITS_TABLE_H
#define HB_TELEMETRY_UNITS_TABLE_H

#include <stddef.h>

typedef enum hb_unit_row_kind {
    HB_UNIT_ALIAS,     /* another spelling: `meaning` is UDUNITS text */
    HB_UNIT_FAMILY,    /* our own dimension `meaning`; value × factor + offset = its base */
    HB_UNIT_SAME_ONLY, /* logarithmic or arbitrary: converts only to itself */
    HB_UNIT_AMBIGUOUS, /* refused; `meaning` says what to write */
} hb_unit_row_kind;

typedef struct hb_unit_row {
    const char *spelling;
    hb_unit_row_kind kind;
    const char *meaning;
    double factor;
    double offset; /* base = value × factor + offset (temperatures) */
} hb_unit_row;

extern const hb_unit_row hb_unit_rows[];
extern const size_t hb_unit_row_count;

#endif
