/* SPDX-License-Identifier: Apache-2.0 */
/* Units as people and instruments write them ("Deg C", "VDC", "m³/h", "µε", "Nm", "1/min") → text
 * that UDUNITS-2 reads ("degC", "V", "m3/h", "1e-6", "N m", "rpm").
 *
 * A closed vocabulary with prefixes, exponents and products, not whatever UDUNITS would accept: to
 * UDUNITS "PV" (process value) is a petavolt, "TC" (thermocouple) a teracoulomb and "Mar" a unit of
 * area. What is not in the vocabulary is no unit here. Pure; needs no memory, any thread.
 *
 * 1/min, U/min and min⁻¹ are told as rpm, which is what they mean over a column. Qualified units
 * lose their qualifier (VDC, Vrms → V; psig → psi), since UDUNITS has none: keep the written text
 * beside. Logarithmic units stay as written; UDUNITS reads some of them (dBm), not all (dB). */
#ifndef HB_TELEMETRY_UNIT_TEXT_H
#define HB_TELEMETRY_UNIT_TEXT_H

#include "base/str.h"

typedef enum hb_quantity {
    HB_QUANTITY_OTHER, /* known as a unit, of nothing listed here (and all products) */
    HB_QUANTITY_TIME,
    HB_QUANTITY_TEMPERATURE,
    HB_QUANTITY_VOLTAGE,
    HB_QUANTITY_CURRENT,
    HB_QUANTITY_POWER,
    HB_QUANTITY_FORCE,
    HB_QUANTITY_LENGTH,
    HB_QUANTITY_MASS,
    HB_QUANTITY_ACCELERATION,
    HB_QUANTITY_ENERGY,
    HB_QUANTITY_PRESSURE,
    HB_QUANTITY_FREQUENCY,
    HB_QUANTITY_ANGLE,
    HB_QUANTITY_VOLUME,
    HB_QUANTITY_RESISTANCE,
    HB_QUANTITY_CONDUCTANCE,
    HB_QUANTITY_CAPACITANCE,
    HB_QUANTITY_INDUCTANCE,
    HB_QUANTITY_CHARGE,
    HB_QUANTITY_MAGNETIC,
    HB_QUANTITY_RATIO,
    HB_QUANTITY_DATA,
    HB_QUANTITY_COUNT_
} hb_quantity;

enum { HB_UNIT_TEXT = 96 };

typedef struct hb_unit_said {
    char text[HB_UNIT_TEXT]; /* UDUNITS text, NUL-terminated */
    hb_quantity quantity;
    const char *base; /* of one word: its UDUNITS text without the prefix; NULL of a product */
    int power;        /* of ten, of the prefix */
    bool letter;      /* one letter, or a word that often means something else (min, in, C, A, T):
                         what it stands by must fit */
    bool name;        /* a word written out (volts, seconds), not a symbol */
} hb_unit_said;

/* Blanks at both ends and line breaks inside do not count; brackets are the caller's to take off.
 * False = no unit we know. "" and "-" are none either. */
bool hb_unit_text(hb_str written, hb_unit_said *ret);

#endif
