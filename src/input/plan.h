/* SPDX-License-Identifier: Apache-2.0 */
/* What each column of a table is and how its cells are read: settled on the first block, or pinned
 * by a saved profile, then applied to the whole file. A reader that can decode by itself is given
 * the plan (hb_table_ops.plan) and gives figures; for the others hb_plan_block makes the same
 * figures from cells, so what follows sees one thing. */
#ifndef HB_INPUT_PLAN_H
#define HB_INPUT_PLAN_H

#include "input/label.h"
#include "input/number_rule.h"
#include "input/time_rule.h"

typedef enum hb_column_kind {
    HB_COLUMN_NUMBER,
    HB_COLUMN_BOOL, /* number.words is set; figures are 0 and 1 */
    HB_COLUMN_TIME, /* part of the axis, or another column of times */
    HB_COLUMN_TEXT,
    HB_COLUMN_IGNORED, /* not decoded at all */
    HB_COLUMN_COUNT_
} hb_column_kind;

typedef struct hb_column_plan {
    hb_column_kind kind;
    hb_number_rule number; /* NUMBER, BOOL; TIME in plain numbers */
    hb_time_rule time;     /* TIME: this column alone */
} hb_column_plan;

typedef struct hb_plan {
    hb_column_plan *columns; /* as the table's columns; texts in the arena of whoever made it */
    size_t n_columns;
    hb_time_rule axis; /* kind HB_AXIS_NONE: no time */
    char decimal;
} hb_plan;

/* Classes in figures: NUMBER, BOOL as hb_number_rule_read gives. TIME: HB_CELL_IS_NUMBER when the
 * cell reads, with v the plain number where time.plain_number is set and 0 otherwise; MISSING when
 * empty; else TEXT. TEXT: MISSING when blank, else TEXT, v not set. IGNORED: cls all MISSING.
 * figures[axis.columns[0]].t has the axis' time of each row. */

/* The class of a cell of times that does not read as one: a word for missing, or TEXT. */
hb_cell_class hb_plan_no_time(hb_str text);

/* What was seen of a column, for people; one for each column of the plan. */
typedef struct hb_column_look {
    hb_label label;
    hb_number_look number;
} hb_column_look;

typedef struct hb_plan_options {
    hb_units *units;
    char delimiter; /* of delimited text, else 0 */
    hb_day_order order;
    hb_str preamble;
} hb_plan_options;

enum { HB_PLAN_ROWS = 2000 }; /* rows of the first block that are looked at */

/* Settles a plan on the first block (cells). Texts and arrays in the arena; *ret_looks may be NULL.
 * A column without one usable cell is NUMBER: what comes later decides what it was. */
HB_CHECKED hb_status hb_plan_infer(const hb_column *columns, const hb_block *first,
                                   const hb_plan_options *options, hb_arena *arena, hb_plan *ret,
                                   hb_column_look **ret_looks, hb_error *err);

/* Room for the figures of one block; reused. */
typedef struct hb_plan_room {
    hb_figures *figures;
    double *v;
    uint8_t *cls;
    hb_time *t;
    size_t cap_columns;
    size_t cap_cells;
    size_t cap_rows;
} hb_plan_room;

void hb_plan_room_release(hb_plan_room *room);
/* The block's figures: its own where it has them, else made from its cells into `room` (borrowed
 * until the next call). */
HB_CHECKED hb_status hb_plan_block(const hb_plan *plan, const hb_block *block, hb_plan_room *room,
                                   const hb_figures **ret_figures, hb_error *err);

#endif
