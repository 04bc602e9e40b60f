/* SPDX-License-Identifier: Apache-2.0 */
/* The reading's inside: reading_columns.c counts columns, reading_time.c follows the time,
 * reading_rows.c the channels and metrics of tables that hold one figure a row, reading_shape.c
 * what the format says. */
#ifndef HB_INPUT_READING_INTERNAL_H
#define HB_INPUT_READING_INTERNAL_H

#include "base/map.h"
#include "input/layout_internal.h"
#include "input/reading.h"

enum { HB_READING_ARENA_BYTES = 512 << 20, HB_READING_TEXT_BYTES = 200 };

typedef struct hb_reading_rows {
    bool series; /* long: groups; else metric rows */
    hb_row_columns columns;
    hb_map by_key;
    size_t cap_groups;
    size_t cap_metrics;
    uint32_t *of_row; /* group of each row of the block */
    size_t cap_of_row;
    double *values;
    size_t cap_values;
    hb_buf key;
} hb_reading_rows;

typedef struct hb_reading_work {
    hb_units *units;
    unsigned flags;
    size_t cap_columns;
    size_t cap_guesses;
    size_t cap_rejects;
    struct hb_reading_part *parts; /* reading_columns.c */
    size_t n_parts;
    hb_time *times; /* of the rows of a block that count */
    size_t cap_times;
    hb_time_steps **steps; /* one for each of reading->times */
    bool by_rows;
    hb_reading_rows rows;
} hb_reading_work;

/* A copy of at most `max` bytes, cut at a whole character, in the arena. */
HB_CHECKED hb_status hb_reading_text(hb_reading *r, hb_str text, size_t max, const char **ret,
                                     hb_error *err);
/* A cell of a block as text; `room` has HB_NUM_TEXT bytes. */
hb_str hb_reading_cell_text(hb_table *t, const hb_block *b, size_t row, size_t column, char *room);

HB_CHECKED hb_status hb_reading_columns_block(hb_reading *r, hb_table *t, const hb_block *b,
                                              const hb_figures *figures, const hb_time *times,
                                              const unsigned char *keep, hb_error *err);
void hb_reading_parts_release(hb_reading_work *w);

HB_CHECKED hb_status hb_reading_times_begin(hb_reading *r, hb_error *err);
HB_CHECKED hb_status hb_reading_times_block(hb_reading *r, hb_table *t, const hb_block *b,
                                            const hb_figures *figures, const unsigned char *keep,
                                            hb_error *err);
HB_CHECKED hb_status hb_reading_times_end(hb_reading *r, hb_error *err);

HB_CHECKED hb_status hb_reading_rows_begin(hb_reading *r, const hb_table *t, const hb_block *first,
                                           hb_error *err);
HB_CHECKED hb_status hb_reading_rows_block(hb_reading *r, hb_table *t, const hb_block *b,
                                           const hb_figures *figures, const unsigned char *keep,
                                           hb_error *err);
void hb_reading_rows_release(hb_reading_rows *rows);

/* The shape as far as the opened table tells it. */
HB_CHECKED hb_status hb_reading_take_shape(hb_reading *r, const hb_table *t, const hb_block *first,
                                           hb_error *err);

#endif
