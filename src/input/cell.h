/* SPDX-License-Identifier: Apache-2.0 */
/* What a cell's text is: a number, a missing marker, or something else. One rule for all formats;
 * docs/formats/cells.md lists the words. */
#ifndef HB_INPUT_CELL_H
#define HB_INPUT_CELL_H

#include "base/num.h"
#include "base/str.h"

typedef enum hb_cell_class {
    HB_CELL_IS_NUMBER,
    HB_CELL_IS_MISSING, /* empty, NA, N/A, n.a., #N/A, #NV, null, None, -, --, —, --.--, only * */
    HB_CELL_IS_NAN,     /* NaN, -nan(ind), 1.#QNAN */
    HB_CELL_IS_INF,     /* Inf, -Infinity, ∞, 1.#INF; figures beyond double */
    HB_CELL_IS_TEXT,
} hb_cell_class;

/* text: trimmed; decimal '.' or ','. *ret is set for numbers. */
hb_cell_class hb_cell_classify(hb_str text, char decimal, double *ret);
/* The same for what is known not to be a number: never HB_CELL_IS_NUMBER. Case does not count. */
hb_cell_class hb_cell_word(hb_str text);
/* A word for missing that says so only among numbers: "?", ".", "NC", "N/D", "no data". In a column
 * without one number it is a word like others. */
bool hb_cell_word_is_weak(hb_str text);

#endif
