/* SPDX-License-Identifier: Apache-2.0 */
/* How finely a figure was written: what one more in its last printed digit would be. */
#ifndef HB_TELEMETRY_RESOLUTION_H
#define HB_TELEMETRY_RESOLUTION_H

#include "base/str.h"

/* Of a figure as a cell shows it, read as `value`: "12.50" is 0.01, "1,5e-3" with decimal ',' is
 * 1e-4, "300" is 1. A unit or sign % behind the figure may scale it ("0.235 s" read as 235 is 1).
 * 0 when the text is not understood: take hb_printed_step. */
double hb_text_step(hb_str text, char decimal, double value);
/* Of the shortest decimal that reads back as the value; digits that are only the rounding of a
 * conversion (beyond the 15th, within 4 units in the last place) do not count. 1 for whole numbers
 * that print without an exponent, 0 included. 0 when not finite. */
double hb_printed_step(double value);
/* A step between values of at most this size as the short decimal it is but for rounding: 20.06
 * - 20.05 is 0.01. */
double hb_tidy_step(double step, double most);

#endif
