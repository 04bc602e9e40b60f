/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a cell that holds a figure, before anybody has decided what its marks mean:
 * "'-1.282", "(1,204.00)", "+3.39%", "12.5-", "986 944,7", "939 µs". Shared by number_infer.c and
 * number_read.c. Pure. */
#ifndef HB_INPUT_NUMBER_TEXT_H
#define HB_INPUT_NUMBER_TEXT_H

#include "input/number_rule.h"

enum { HB_NUMBER_TEXT_MAX = 120 }; /* longer figures are read only when they are plain */

typedef struct hb_number_parts {
    bool apostrophe; /* in front */
    bool parens;     /* all of it */
    bool minus;      /* in front, of any shape */
    bool minus_behind;
    hb_str core; /* digits, marks and exponent */
    hb_str tail; /* what stands behind, blanks taken off; not the minus */
    bool glued;  /* the tail follows without a blank */
} hb_number_parts;

/* False: there is no figure at the start. */
bool hb_number_parts_of(hb_str text, hb_number_parts *ret);

/* What a core's marks can be. */
typedef enum hb_core_shape {
    HB_CORE_NOT,
    HB_CORE_WHOLE,         /* digits alone */
    HB_CORE_POINT,         /* the point is decimal: 17.87, 1,234.5, 1 234.5 */
    HB_CORE_COMMA,         /* the comma is decimal */
    HB_CORE_EITHER_POINT,  /* 1.397: decimal or between thousands */
    HB_CORE_EITHER_COMMA,  /* 1,397 */
    HB_CORE_GROUPED_POINT, /* 1.234.567: points between thousands */
    HB_CORE_GROUPED_COMMA,
} hb_core_shape;

typedef struct hb_core_look {
    hb_core_shape shape;
    hb_group_mark group; /* seen for certain */
    size_t digits;       /* before the decimal mark, marks left out */
    bool exponent;
} hb_core_look;

hb_core_look hb_number_core_look(hb_str core);

/* The core as hb_num_parse reads it; groups are checked strictly. shift: of the decimal exponent.
 * Returns the length, 0 = it does not fit these marks. */
size_t hb_number_plain(hb_str core, char decimal, hb_group_mark group, int shift,
                       char out[HB_NUMBER_TEXT_MAX + 16]);

/* 1 or 0 of a word of truth values, -1 = none. *ret_pairs: a bit for each pair it belongs to; a
 * column is of one pair when the bits of all its words meet. */
int hb_number_truth(hb_str text, unsigned *ret_pairs);
/* Pairs of single letters (Y/N, T/F, J/N): believed only where both are seen. */
extern const unsigned hb_number_letter_pairs;

/* a of a suffix as a power of ten; false when it is none. */
bool hb_number_shift(double a, int *ret_shift);

#endif
