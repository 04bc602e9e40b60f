/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of delimited text to rows of cells: the hot loop. Inside csv/.
 *
 * A record that is not complete in the bytes at hand is left untouched for the next call, unless
 * `end` says that no more will come. Quoted fields are unquoted in place, so a record is only begun
 * once it is known to be complete. */
#ifndef HB_INPUT_CSV_RECORD_H
#define HB_INPUT_CSV_RECORD_H

#include "input/csv/comment.h"
#include "input/table.h"

typedef struct hb_record_input {
    char *text;
    size_t n;
    size_t at; /* in: where to start; out: first byte not used */
    bool end;
    uint64_t line;  /* in and out: physical line of text[at] */
    char delimiter; /* 0 = none */
    hb_comments comments;
    uint64_t n_comments; /* counted up */
    size_t width;        /* cells of a row; 0 = as many as the record has */
    const char *path;
    size_t max_rows; /* 0 = no limit */
    /* Blanks only, may be NULL: first character of each of `width` columns and the one behind its
     * last; a row with another number of words is laid into the columns by their places. */
    const uint32_t *spans;
} hb_record_input;

typedef struct hb_record_sink {
    hb_cell *cells;
    size_t n_cells;
    size_t cap_cells;
    uint64_t *lines;
    size_t n_rows;
    size_t cap_lines;
    hb_row_reject *rejects;
    size_t n_rejects;
    size_t cap_rejects;
} hb_record_sink;

HB_CHECKED hb_status hb_record_parse(hb_record_input *in, hb_record_sink *sink, hb_error *err);
void hb_record_reset(hb_record_sink *sink);
void hb_record_release(hb_record_sink *sink);

#endif
