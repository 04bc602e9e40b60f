/* SPDX-License-Identifier: Apache-2.0 */
/* What quantity a name speaks of: "Motortemperatur", "I_batt", "Elapsed". It decides whether the
 * lone letter behind it is a unit: Load_N is in newtons, Sensor_N is the n-th. Words are English,
 * German, French, Spanish and Italian, and the letters of formulas (U, I, T, p). Pure. */
#ifndef HB_INPUT_LABEL_STEM_H
#define HB_INPUT_LABEL_STEM_H

#include "telemetry/unit_text.h"

#define HB_STEM_BIT(quantity) (1u << (unsigned)(quantity))

/* Bits of hb_quantity; 0 = nothing is recognised. */
unsigned hb_stem_quantities(hb_str name);
/* Its last word counts things off: "Phase", "Channel", "Sensor": what follows is a label. */
bool hb_stem_enumerates(hb_str name);
/* A count of time since 1970 and the like: "t_epoch", "unix_time". */
bool hb_stem_is_epoch(hb_str name);

#endif
