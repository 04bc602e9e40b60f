/* SPDX-License-Identifier: Apache-2.0 */
/* The vocabulary of unit_text.c, as data. Inside telemetry/. */
#ifndef HB_TELEMETRY_UNIT_WORDS_H
#define HB_TELEMETRY_UNIT_WORDS_H

#include "telemetry/unit_text.h"

/* Prefixes a word may carry. Not every prefix: a "PV" is no petavolt. */
enum {
    HB_PREFIX_FEMTO = 1 << 0,
    HB_PREFIX_PICO = 1 << 1,
    HB_PREFIX_NANO = 1 << 2,
    HB_PREFIX_MICRO = 1 << 3,
    HB_PREFIX_MILLI = 1 << 4,
    HB_PREFIX_CENTI = 1 << 5,
    HB_PREFIX_DECI = 1 << 6,
    HB_PREFIX_DECA = 1 << 7,
    HB_PREFIX_HECTO = 1 << 8,
    HB_PREFIX_KILO = 1 << 9,
    HB_PREFIX_MEGA = 1 << 10,
    HB_PREFIX_GIGA = 1 << 11,
    HB_PREFIX_TERA = 1 << 12,
};

enum {
    HB_WORD_LETTER = 1,   /* means other things as well: hb_unit_said.letter */
    HB_WORD_NAME = 2,     /* written out: upper and lower case do not count */
    HB_WORD_WHOLE = 4,    /* only as the whole text, blanks within left out */
    HB_WORD_PREFIXED = 8, /* only with a prefix: C alone is degC, nC is a charge */
};

typedef struct hb_unit_word {
    const char *said;
    const char *udunits;
    unsigned char n;        /* bytes of `said` */
    unsigned char quantity; /* hb_quantity */
    unsigned char flags;
    unsigned short prefixes;
} hb_unit_word;

extern const hb_unit_word hb_unit_words[];
extern const size_t hb_unit_word_count;

#endif
