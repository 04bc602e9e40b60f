/* SPDX-License-Identifier: Apache-2.0 */
/* What a cell's text is: a number, a missing marker, or something else. One rule for all formats.
 */
#ifndef HB_INPUT_CELL_H
#define HB_INPUT_CELL_H

#include "base/num.h"
#include "base/str.h"

typedef enum hb_cell_class {
    HB_CELL_IS_NUMBER,
    HB_CELL_IS_MISSING, /* empty, NA, N/A, n/a, n.a., #N/A, null, None, -, --, ---, ----, only * */
    HB_CELL_IS_NAN,
    HB_CELL_IS_INF,
    HB_CELL_IS_TEXT,
} hb_cell_class;

/* text: trimmed; decimal '.' or ','. *ret is set for numbers. */
hb_cell_class hb_cell_classify(hb_str text, char decimal, double *ret);

#endif
