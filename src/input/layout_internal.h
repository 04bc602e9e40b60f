/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the layouts. Inside input/. */
#ifndef HB_INPUT_LAYOUT_INTERNAL_H
#define HB_INPUT_LAYOUT_INTERNAL_H

#include "input/cell.h"
#include "input/layout.h"

typedef struct hb_layout_job {
    hb_table *t;
    const char *path;
    const hb_layout_options *o;
    hb_run_builder *b;
    const hb_column *columns;
    size_t n_columns;
    uint64_t rows;
} hb_layout_job;

#define HB_NO_COLUMN SIZE_MAX

/* A row layout's columns; HB_NO_COLUMN where there is none. */
typedef struct hb_row_columns {
    size_t time;
    size_t metric;
    size_t value;
    size_t unit;
    size_t tags;
} hb_row_columns;

typedef enum hb_layout_kind { HB_LAYOUT_WIDE, HB_LAYOUT_LONG, HB_LAYOUT_METRICS } hb_layout_kind;

/* By the columns' names and the first block (cells); *ret is set for every kind. */
hb_layout_kind hb_layout_look(const hb_column *columns, size_t n, const hb_block *first,
                              hb_row_columns *ret);
const char *hb_layout_name(hb_layout_kind kind); /* "wide", "long", "metric table" */

/* Both are given the first block and read on from the table. */
HB_CHECKED hb_status hb_layout_wide(hb_layout_job *job, hb_block *first, hb_error *err);
HB_CHECKED hb_status hb_layout_rows(hb_layout_job *job, const hb_row_columns *columns, bool series,
                                    hb_block *first, hb_error *err);

/* Rejected rows of a block to the builder. */
HB_CHECKED hb_status hb_layout_rejects(hb_layout_job *job, const hb_block *block, hb_error *err);
/* The next block, with progress told; n_rows = 0 at the end. */
HB_CHECKED hb_status hb_layout_next(hb_layout_job *job, hb_block *ret, hb_error *err);

/* What became of the time column at the end of the file. */
HB_CHECKED hb_status hb_layout_tell_times(hb_layout_job *job, hb_str column, bool settled,
                                          uint64_t unreadable, uint64_t backwards, hb_error *err);

/* A cell as a figure. *ret is set for HB_CELL_IS_NUMBER. */
hb_cell_class hb_layout_figure(const hb_cell *cell, char decimal, double *ret);
/* The cell as text for messages; numbers are printed into `room` (HB_NUM_TEXT bytes). */
hb_str hb_layout_text(const hb_cell *cell, char *room);

#endif
