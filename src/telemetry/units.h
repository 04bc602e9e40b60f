/* SPDX-License-Identifier: Apache-2.0 */
/* Units: our alias table in front of UDUNITS-2.
 *
 * Conversion is affine (y = a·x + b) and dimension-checked: °C→K works, ms→kg does not. rpm, Hz and
 * rad/s are three different things and convert only by the explicit factors 1/60 and 2π.
 * Logarithmic units (dB, dBm …) convert only to themselves. Bare C, F, g and the like are ambiguous
 * and need a context (an `unit_map`, a profile). Unknown text is HB_E_INPUT with a "did you mean".
 *
 * A hb_units is opened once per program (UDUNITS reads its database, some ms, at the first unit
 * that the alias table does not settle). Several threads may use one; only one hb_units of a
 * program may be used at a time, because of variables in the library. */
#ifndef HB_TELEMETRY_UNITS_H
#define HB_TELEMETRY_UNITS_H

#include "base/error.h"
#include "base/str.h"

typedef struct hb_units hb_units;

typedef struct hb_affine {
    double a;
    double b; /* y = a·x + b */
} hb_affine;

HB_CHECKED hb_status hb_units_open(hb_units **ret_units, hb_error *err);
void hb_units_close(hb_units *u);
/* Is the text a unit we know? HB_E_INPUT with the reason when not (unknown, ambiguous). */
HB_CHECKED hb_status hb_units_check(hb_units *u, hb_str unit, hb_error *err);
/* from → to. Equal text (after trimming) is always identity, known or not. */
HB_CHECKED hb_status hb_units_convert(hb_units *u, hb_str from, hb_str to, hb_affine *ret,
                                      hb_error *err);

#endif
