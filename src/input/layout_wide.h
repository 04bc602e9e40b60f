/* SPDX-License-Identifier: Apache-2.0 */
/* The wide layout's inside: layout_wide_plan.c settles what each column is, layout_wide.c takes the
 * figures block by block. Inside input/. */
#ifndef HB_INPUT_LAYOUT_WIDE_H
#define HB_INPUT_LAYOUT_WIDE_H

#include "input/layout_internal.h"
#include "input/plan_names.h"
#include "input/watch.h"

typedef enum hb_wide_kind {
    HB_WIDE_OPEN, /* nothing but missing cells so far */
    HB_WIDE_METRIC,
    HB_WIDE_TEXT,
    HB_WIDE_TIME,
    HB_WIDE_UNIT_ID,
    HB_WIDE_CYCLE,
    HB_WIDE_IGNORED,
} hb_wide_kind;

/* Cells of one column in one block that are no samples. */
typedef struct hb_wide_counts {
    uint64_t missing;
    uint64_t nan;
    uint64_t inf;
    uint64_t texts;
} hb_wide_counts;

typedef struct hb_wide_column {
    hb_wide_kind kind;
    uint32_t channel;
    uint64_t missing; /* before it was settled */
    hb_resampler resampler;
    uint64_t untimed; /* samples that resampling could not place */
    hb_wide_counts counts;
} hb_wide_column;

typedef struct hb_wide {
    hb_layout_job *job;
    hb_arena arena;      /* of the names */
    const hb_plan *plan; /* the watched table's */
    hb_plan_name *names;
    hb_map taken;
    const hb_select *select;
    hb_wide_column *columns;
    size_t n_columns;
    size_t cap_columns;
    size_t time; /* column, or HB_NO_COLUMN */
    bool time_told;
    size_t unit_id;
    size_t cycle;
} hb_wide;

/* What the columns that are new in this block are (all of them at first; JSON may bring more
 * later), by the plan and the adapter's roles, and what they are called. */
HB_CHECKED hb_status hb_wide_plan(hb_wide *w, const hb_block *block, hb_error *err);

#endif
