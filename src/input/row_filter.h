/* SPDX-License-Identifier: Apache-2.0 */
/* Which rows of a table are data? Instruments write summaries below their figures (Minimum;
 * Maximum; Average), begin a new segment in the middle (a few settings, then the names again), and
 * stop in the middle of a row.
 *
 * A row is suspect when it has no readable time, or, in a table without a time, when it holds the
 * name of a summary where figures belong, or, set off by a gap, text and no figure. What a suspect
 * row was is known only from what follows, so the last ones of a block are held back (copied, at
 * most HB_FILTER_HELD) until then:
 *
 *     the names of the columns again   all held rows and this one begin a segment: no data
 *     a good row                       they are data with a bad time, and given back first
 *     the end of the file              a footer, when they look like one; else given back
 *
 * Calling sequence: new → (block → use released rows, then keep[])… → finish → use released rows,
 * read the counts → free. One thread; no I/O. */
#ifndef HB_INPUT_ROW_FILTER_H
#define HB_INPUT_ROW_FILTER_H

#include "input/plan.h"

enum { HB_FILTER_HELD = 256, HB_FILTER_SEGMENTS = 1000 };

typedef struct hb_row_filter hb_row_filter;

/* Rows to be taken before the block at hand: figures by column as a block has them. */
typedef struct hb_released {
    const hb_figures *figures;
    const uint64_t *lines;
    size_t n_rows;
} hb_released;

typedef struct hb_segment {
    uint64_t header_line; /* of its names; 0 for the first segment of a table without names */
    uint64_t data_first_line;
    uint64_t rows;
} hb_segment;

/* Counts are whole only after finish. */
typedef struct hb_row_filter_counts {
    uint64_t rows;              /* data rows, given back ones included */
    uint64_t bad_times;         /* of these: without a readable time */
    uint64_t footer_rows;       /* below the data */
    uint64_t footer_line;       /* where the footer begins, 0 = none */
    uint64_t segment_rows;      /* headings between segments */
    uint64_t last_line;         /* of the last data row */
    const hb_segment *segments; /* owned by the filter; one = the file has no segments */
    size_t n_segments;
} hb_row_filter_counts;

/* plan and columns are borrowed for the life of the filter. */
HB_CHECKED hb_status hb_row_filter_new(const hb_plan *plan, const hb_column *columns,
                                       uint64_t header_line, hb_row_filter **ret, hb_error *err);
void hb_row_filter_free(hb_row_filter *f);
/* keep: block->n_rows bytes, 1 = a data row. `table` gives texts of blocks without cells. */
HB_CHECKED hb_status hb_row_filter_block(hb_row_filter *f, hb_table *table, const hb_block *block,
                                         const hb_figures *figures, unsigned char *keep,
                                         hb_released *ret, hb_error *err);
HB_CHECKED hb_status hb_row_filter_finish(hb_row_filter *f, hb_released *ret,
                                          hb_row_filter_counts *ret_counts, hb_error *err);

/* Why, for people. */
#define HB_FOOTER_WHY "a summary below the data, no samples"
#define HB_SEGMENTS_WHY "the names stand again in the middle: the parts are one series"

/* Is this text the name of a summary: Min, Maximum, Mittelwert, Average, Std. dev., Total …? */
bool hb_is_summary_word(hb_str text);

#endif
