/* SPDX-License-Identifier: Apache-2.0 */
/* What a cell looks like at a glance: enough to find a table (survey.h), not enough to read it.
 *
 * Loose on purpose: "1.002,96", "(1,204.00)", "55 µs", "9.9E+37", "0xFF00" and "-Inf" are figures
 * in whatever notation; how a column is read exactly is settled later (number_rule.h, time_rule.h).
 * Texts are expected trimmed. No memory, any thread. */
#ifndef HB_INPUT_SHAPE_H
#define HB_INPUT_SHAPE_H

#include "input/table.h"

typedef enum hb_shape {
    HB_SHAPE_EMPTY,
    HB_SHAPE_MISSING,   /* "NA", "--", "****": where a figure might stand */
    HB_SHAPE_FIGURE,    /* a number, with or without a unit behind it */
    HB_SHAPE_TIME,      /* a date, a clock, both */
    HB_SHAPE_TRUTH,     /* TRUE, off, ja */
    HB_SHAPE_RULER,     /* "-----", "====" */
    HB_SHAPE_BRACKETED, /* "(ms)", "[V]" */
    HB_SHAPE_WORD,
    HB_SHAPE_JUMBLE, /* figures with delimiters between them: cut in the wrong places */
} hb_shape;

hb_shape hb_shape_of(hb_str text);
hb_shape hb_shape_of_cell(const hb_cell *cell);

/* Would it stand in a column of figures? */
static inline bool hb_shape_is_figure(hb_shape s)
{
    return s == HB_SHAPE_FIGURE || s == HB_SHAPE_TIME || s == HB_SHAPE_TRUTH;
}

static inline bool hb_shape_is_text(hb_shape s)
{
    return s == HB_SHAPE_BRACKETED || s == HB_SHAPE_WORD || s == HB_SHAPE_JUMBLE;
}

/* The text without one pair of brackets around it. */
hb_str hb_shape_unbracket(hb_str text);
/* A unit that people write over columns: "ms", "Deg C", "Volts", "m/s^2", brackets or not. A short
 * list; what is not on it may still be one (label.h). */
bool hb_shape_is_unit(hb_str text);
/* Says in a row of units that there is none: "-", "TS", "RN". */
bool hb_shape_is_no_unit(hb_str text);
/* Says how a column was made or stored: "Avg", "Smp", "double". */
bool hb_shape_is_kind(hb_str text);

typedef enum hb_row_title {
    HB_TITLE_NONE,
    HB_TITLE_NAMES,
    HB_TITLE_UNITS,
    HB_TITLE_OTHER
} hb_row_title;
/* What the text in front of a header row says of the row: "name", "Unit", "Y_Unit_Label", "type".
 */
hb_row_title hb_shape_row_title(hb_str text);

#endif
