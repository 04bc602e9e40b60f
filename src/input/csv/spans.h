/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of fixed width: where blanks cut the fields, a row with fewer words than columns says
 * only by their places which are missing. Inside csv/. */
#ifndef HB_INPUT_CSV_SPANS_H
#define HB_INPUT_CSV_SPANS_H

#include "input/csv/cut.h"

typedef struct hb_spans {
    uint32_t *v; /* first character of each column and the one behind its last, two a column */
    size_t n;    /* columns; 0 = the words of the rows do not stand below each other */
} hb_spans;

/* From the rows that have as many words as most (*ret_words; 0 = there are none) and are figures
 * for the better part. */
HB_CHECKED hb_status hb_spans_find(const hb_cut *cut, hb_arena *arena, hb_spans *ret,
                                   size_t *ret_words, hb_error *err);
/* The row's cells laid into the columns by their places, words of one column joined; a word behind
 * the last column makes one more. As many phrases (words one blank apart) as columns go into them
 * in order. The row is left alone when a word stands across two columns. */
HB_CHECKED hb_status hb_spans_align(const hb_spans *s, hb_cut_row *row, hb_arena *arena,
                                    hb_error *err);
/* Does each of the row's words stand in its column? */
bool hb_spans_fit(const hb_spans *s, const hb_cut_row *row);
/* Column of a word by its place; s->n when it stands across two. */
size_t hb_spans_column(const hb_spans *s, uint32_t from, uint32_t to);

#endif
