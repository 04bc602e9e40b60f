/* SPDX-License-Identifier: Apache-2.0 */
/* Is a unit believable where it stands? Inside label.c's work; pure. */
#ifndef HB_INPUT_LABEL_FIT_H
#define HB_INPUT_LABEL_FIT_H

#include "telemetry/unit_text.h"

/* Where in a header the unit was found, from the plainest to the vaguest. */
typedef enum hb_label_place {
    HB_LABEL_SQUARE, /* Temp [°C] */
    HB_LABEL_ROUND,  /* Temp (°C) */
    HB_LABEL_AMID,   /* T (°C) inlet */
    HB_LABEL_COMMA,  /* Load, lbf */
    HB_LABEL_SLASH,  /* Temp / °C */
    HB_LABEL_TIGHT,  /* U/V */
    HB_LABEL_IN,     /* Speed in m/s */
    HB_LABEL_SUFFIX, /* Elapsed_ms */
    HB_LABEL_BLANK,  /* Speed km/h */
    HB_LABEL_ITSELF, /* rpm */
} hb_label_place;

bool hb_label_fits(hb_str written, hb_str stem, hb_label_place at, const hb_unit_said *said);
/* Letters that the name turns into another unit than the usual one: "Accel (g)", "Charge (C)". */
void hb_label_by_name(hb_str stem, hb_str written, hb_unit_said *said);

/* Is c one of the letters? Never for NUL. */
bool hb_label_has(const char *letters, char c);
bool hb_label_is_ascii(hb_str s);

#endif
