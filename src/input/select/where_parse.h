/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of an expression, operands before operators, and its parser. Inside select/. */
#ifndef HB_INPUT_SELECT_WHERE_PARSE_H
#define HB_INPUT_SELECT_WHERE_PARSE_H

#include "input/select/where.h"

typedef enum where_op {
    WHERE_AND,
    WHERE_OR,
    WHERE_NOT,
    WHERE_EQ, /* comparisons from here on */
    WHERE_NE,
    WHERE_LT,
    WHERE_LE,
    WHERE_GT,
    WHERE_GE,
    WHERE_IN,
    WHERE_MISSING,
} where_op;

typedef struct where_value {
    double v;
    hb_str text;
} where_value;

typedef struct where_node {
    where_op op;
    hb_str name;
    size_t column; /* once bound */
    where_value *values;
    size_t n_values;
    bool has_texts;
    bool has_figures;
} where_node;

struct hb_where {
    hb_arena arena;
    const char *option; /* what messages call it */
    where_node nodes[HB_WHERE_NODES];
    size_t n;
    size_t depth; /* masks its evaluation needs */
    unsigned char *masks;
    size_t cap_masks;
};

HB_CHECKED hb_status hb_where_read(const char *text, hb_where *w, hb_error *err);

#endif
