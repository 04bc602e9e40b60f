/* SPDX-License-Identifier: Apache-2.0 */
/* Where a table begins that says so by a word: the header is the first row with a cell "metric" (or
 * what the adapter's profile calls it), whatever titles stand above it. */
#ifndef HB_INPUT_HEADER_H
#define HB_INPUT_HEADER_H

#include "base/str.h"

typedef struct hb_words {
    const char *const *v;
    size_t n;
} hb_words;

typedef struct hb_header_rule {
    hb_words names; /* headers of the column of metric names; the first decides before the others */
    hb_words values; /* headers of the columns of values: a header row that has none of them is
                        completed from the row below it */
    hb_words units;
} hb_header_rule;

/* Equal after folding (telemetry/names.h)? */
bool hb_words_have(hb_words words, hb_str text);

/* What a row of texts says. */
typedef struct hb_header_look {
    bool first;  /* the first of the names is there */
    bool name;   /* one of the names is */
    bool values; /* one of the value columns is */
    bool units;
} hb_header_look;

void hb_header_look_at(const hb_header_rule *rule, hb_str cell, hb_header_look *io);
/* Which of n looked-at rows is the header? n when none. */
size_t hb_header_choose(const hb_header_look *looks, size_t n);

#endif
