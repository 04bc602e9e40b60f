/* SPDX-License-Identifier: Apache-2.0 */
/* Units behind the figures of one column: gathered cell by cell, then settled into one unit and the
 * factors of the others. Inside number_infer.c's work. */
#ifndef HB_INPUT_NUMBER_SUFFIX_H
#define HB_INPUT_NUMBER_SUFFIX_H

#include "input/number_text.h"
#include "telemetry/unit_text.h"

enum { HB_TAILS = 24 };

typedef struct hb_tail {
    hb_str text;
    size_t n;
    bool is_unit;
    bool bare_letter; /* one letter right behind the figure: 1A, 2B may be names */
    hb_unit_said said;
} hb_tail;

typedef struct hb_tails {
    hb_tail list[HB_TAILS];
    size_t n;
    size_t cells; /* with a unit */
} hb_tails;

/* Counts the tail; false when it is no unit. */
bool hb_tails_add(hb_tails *t, const hb_number_parts *p);
/* Sets percent, unit and suffixes of the rule. present: cells that hold anything;
 * marked: any of them has a decimal mark. */
HB_CHECKED hb_status hb_tails_settle(const hb_tails *t, size_t present, bool marked,
                                     hb_units *units, hb_arena *arena, hb_number_rule *rule,
                                     hb_error *err);

#endif
