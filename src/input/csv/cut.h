/* SPDX-License-Identifier: Apache-2.0 */
/* The first lines of a delimited text cut into rows of cells, for the survey. Inside csv/.
 *
 * The rules are those of record.h (a quote opens at the start of a field, line ends inside quotes
 * are text), but the text is left as it is, each cell's place is kept, and a quote that is not
 * closed within reach is taken for a plain character. */
#ifndef HB_INPUT_CSV_CUT_H
#define HB_INPUT_CSV_CUT_H

#include "base/arena.h"
#include "input/csv/comment.h"
#include "input/table.h"
#include "input/text/eol.h"

enum { HB_DELIMITER_BLANKS = ' ' };

typedef struct hb_cut_row {
    hb_str text; /* without its line end */
    size_t at;   /* place in the whole text */
    size_t next; /* place of the row behind it */
    uint64_t line;
    uint64_t last_line;
    bool after_blank;
    char sign; /* of a comment; 0 = none */
    hb_cell *cells;
    uint32_t *places; /* blanks: start and end of each cell in characters, two a cell */
    size_t n;
} hb_cut_row;

typedef struct hb_cut {
    hb_cut_row *rows; /* comments too, blank lines not */
    size_t n;
    hb_eol_count eol;
    bool whole; /* nothing follows the last row */
} hb_cut;

typedef struct hb_cut_options {
    char delimiter; /* 0 = one column */
    const hb_comments *comments;
    size_t max_rows;
    size_t max_bytes; /* rows are taken until so many bytes are used, but three rows at least */
} hb_cut_options;

/* whole: the text is the whole file. Memory is the arena's; cells point into the text or there. */
HB_CHECKED hb_status hb_cut_text(hb_str text, bool whole, const hb_cut_options *o, hb_arena *arena,
                                 hb_cut *ret, hb_error *err);
/* Cuts one row's text into its cells again, after `text` was changed. */
HB_CHECKED hb_status hb_cut_row_cells(hb_cut_row *row, char delimiter, hb_arena *arena,
                                      hb_error *err);

#endif
