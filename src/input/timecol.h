/* SPDX-License-Identifier: Apache-2.0 */
/* How a column tells the time: settled on its first usable cell, then applied to all. */
#ifndef HB_INPUT_TIMECOL_H
#define HB_INPUT_TIMECOL_H

#include "input/table.h"

typedef enum hb_time_kind {
    HB_TIMECOL_UNSETTLED,
    HB_TIMECOL_CIVIL,   /* date and clock: ISO 8601 and its relatives (2021.01.01 3:00:00 +0100) */
    HB_TIMECOL_EPOCH,   /* a number since 1970; the magnitude tells s, ms, µs or ns */
    HB_TIMECOL_ELAPSED, /* a number since the start, counted from 0 */
} hb_time_kind;

typedef struct hb_timecol {
    hb_time_kind kind;
    double scale_ns; /* of one unit, for numbers */
    char guess[64];  /* in words */
} hb_timecol;

/* Is this header the name of a time column? */
bool hb_timecol_named(hb_str name);
/* Settles the kind on a cell; false when the cell is no time (the column stays unsettled). */
bool hb_timecol_settle(hb_timecol *tc, const hb_cell *cell, char decimal, hb_str column_name);
/* HB_TIME_NONE when the cell is empty or no time of the settled kind. */
hb_time hb_timecol_read(const hb_timecol *tc, const hb_cell *cell, char decimal);
/* Date and clock in the forms labs print: 2021-01-01T03:00:00Z, 2021/1/1 3:00, 2021.01.01 3:00:00.5
 * +0100. Year first only; other orders are ambiguous. */
bool hb_time_parse_civil(hb_str text, hb_time *ret);

#endif
