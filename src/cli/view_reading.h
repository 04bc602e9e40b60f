/* SPDX-License-Identifier: Apache-2.0 */
/* Readings (input/reading.h) with the run they make, as text or JSON: what hb inspect prints.
 * docs/formats/inspect.md */
#ifndef HB_CLI_VIEW_READING_H
#define HB_CLI_VIEW_READING_H

#include "base/buf.h"
#include "input/reading.h"
#include "telemetry/run.h"

typedef struct hb_reading_view {
    const hb_reading *const *readings; /* one for each file */
    size_t n;
    const hb_run *run; /* all files together */
    hb_units *units;
    bool all;   /* no table is cut */
    bool ascii; /* no plots of block characters */
    /* Called now and then while there is much to come, to write out what is there; may be NULL. */
    hb_status (*written)(void *ctx, hb_error *err);
    void *written_ctx;
    bool selected; /* --columns: rows of metrics that the run has not were not asked for */
} hb_reading_view;

HB_CHECKED hb_status hb_view_reading_text(const hb_reading_view *v, hb_buf *out, hb_error *err);
HB_CHECKED hb_status hb_view_reading_json(const hb_reading_view *v, hb_buf *out, hb_error *err);

enum { HB_SPARK_CELLS = 24 };
/* A trace as a line of HB_SPARK_CELLS characters, low to high; "" when there is nothing to draw. */
void hb_spark(const hb_trace *trace, bool ascii, hb_buf *out);
/* The same of n values in their order, at most HB_SPARK_CELLS characters; a blank where none is
 * finite. */
void hb_spark_values(const double *v, size_t n, bool ascii, hb_buf *out);

#endif
