/* SPDX-License-Identifier: Apache-2.0 */
/* From a table of cells to samples. Three layouts, recognised by the columns:
 *
 *   metric table   metric, value [, unit, tags]: one stated value a row
 *   long           time, metric, value [, unit]: one sample a row
 *   wide           [time,] one column a metric
 *
 * Everything is counted: cells that are missing, NaN, infinite or unreadable, columns that are
 * text, rows that are short, long or not selected. */
#ifndef HB_INPUT_LAYOUT_H
#define HB_INPUT_LAYOUT_H

#include "input/pba.h"
#include "input/profile.h"
#include "input/ranges.h"
#include "input/table.h"
#include "telemetry/run_builder.h"

typedef struct hb_layout_options {
    const hb_input_profile *profile; /* NULL = by the columns alone */
    hb_pba *pba;                     /* a metric table read by this adapter; NULL = any table */
    hb_ranges units;
    hb_ranges cycles;
    void (*progress)(void *ctx, uint64_t bytes_done, uint64_t bytes_total);
    void *progress_ctx;
    hb_stream *stream;    /* for progress; may be NULL */
    struct hb_pool *pool; /* helps reading; NULL = one thread. Kept until the table is closed */
    uint64_t bytes_total;
} hb_layout_options;

/* Begins the file in the builder, reads the table to its end and pushes all samples. */
HB_CHECKED hb_status hb_layout_read(hb_table *t, const char *path, const hb_layout_options *options,
                                    hb_run_builder *b, uint64_t *ret_rows, hb_error *err);

/* Does a column's name say that it is the time? */
bool hb_layout_has_time(const hb_table *t);

#endif
