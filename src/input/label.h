/* SPDX-License-Identifier: Apache-2.0 */
/* From what stands over a column to its label and unit: "Temp [°C]" → Temp, degC; "Avg Latency
 * (ms)" → Avg Latency, ms; "Temp / °C", "Load, lbf", "Temp, °F (LGR S/N: 20417733)", "Elapsed_ms",
 * "101 <Inlet> (C)". Only what UDUNITS or the alias table knows as a unit is taken for one: "Strain
 * (1)" and "Notes, free text" stay whole. */
#ifndef HB_INPUT_LABEL_H
#define HB_INPUT_LABEL_H

#include "base/arena.h"
#include "telemetry/units.h"

typedef struct hb_label {
    hb_str label;      /* without the unit, trimmed; never empty when the header is not */
    hb_str unit;       /* as UDUNITS reads it ("degC", "N m", "1e-6"); empty = none stated */
    hb_str written;    /* the unit as it stands in the file: "°C" */
    const char *how;   /* "in brackets", "after a comma", "name suffix" …; NULL without a unit */
    double confidence; /* of the unit, 0 … 1 */
} hb_label;

/* Texts of *ret are in the arena or borrowed from the header. */
HB_CHECKED hb_status hb_label_split(hb_str header, hb_units *units, hb_arena *arena, hb_label *ret,
                                    hb_error *err);
/* A cell of a units row, or of a column of units: "(ms)", "[V]", "Deg C", "VDC", "OHM",
 * "microstrain", "Nm", "1/min". *ret_unit is empty when it is no unit ("-", "TS", "Avg").
 * Lonely letters (C, F) are degrees here, as people write them over columns. */
HB_CHECKED hb_status hb_label_unit(hb_str cell, hb_units *units, hb_arena *arena, hb_str *ret_unit,
                                   hb_error *err);

#endif
