/* SPDX-License-Identifier: Apache-2.0 */
/* A block of delimited text to figures by a plan, column by column. Inside csv/.
 *
 * One hb_csv_figures belongs to one block at a time and is reused. Different ones may be filled on
 * different threads; the plan and the job are only read. What comes out is what record.h and
 * hb_plan_block would make of the same text. */
#ifndef HB_INPUT_CSV_FIGURES_H
#define HB_INPUT_CSV_FIGURES_H

#include "input/csv/rows.h"
#include "input/samples.h"

/* The same for all blocks. */
typedef struct hb_csv_job {
    const hb_plan *plan;
    uint8_t *how; /* of each column, private to figures.c; owned */
    size_t width;
    char delimiter;
    hb_comments comments;
    const char *path;
} hb_csv_job;

HB_CHECKED hb_status hb_csv_job_init(hb_csv_job *job, const hb_plan *plan, size_t width,
                                     hb_error *err);
void hb_csv_job_release(hb_csv_job *job);

typedef struct hb_csv_figures {
    hb_rows rows;
    double *v;    /* column after column, `stride` rows each; owned, with the next two */
    uint8_t *cls; /* likewise */
    hb_time *t;   /* of the axis */
    size_t stride;
    bool *odd; /* columns whose classes are not all "number" */
    hb_figures *figures;
    uint32_t *edges[2]; /* field ends of two neighbouring columns, in the rows of a stretch */
    uint32_t *left;     /* rows whose fields are no plain figures */
    size_t cap_edges;
    hb_plan_room odd_room;
    hb_samples_room samples;
    char *plain; /* one cell without its quotes */
    size_t cap_plain;
} hb_csv_figures;

/* text as hb_rows_input wants it. rows_hint: how many rows to expect. */
HB_CHECKED hb_status hb_csv_figures_read(hb_csv_figures *f, const hb_csv_job *job, const char *text,
                                         size_t n, size_t rows_hint, hb_error *err);
/* The field of a row of the block last read, trimmed and without its quotes; borrowed until the
 * next call or block. */
hb_str hb_csv_figures_text(hb_csv_figures *f, const hb_csv_job *job, size_t row, size_t column);
void hb_csv_figures_release(hb_csv_figures *f);

#endif
