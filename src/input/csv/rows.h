/* SPDX-License-Identifier: Apache-2.0 */
/* The records of a block of text as places of their fields, without cells in between. Inside csv/.
 *
 * Field k of an ordinary row r ends at marks.at[first[r] + k]; it starts behind the mark before, or
 * for k = 0 at begin[r]. Fields are as they stand: blanks and quotes around them are still there.
 * Records that are not so simple (too short, too long, quotes inside quotes, text behind a closing
 * quote) become cells by record.h, from a copy, and have first[r] = HB_ROWS_ODD; all other records
 * give what record.h would give.
 *
 * A block is gone through in stretches, so that places and text stay in the nearest cache:
 *
 *     hb_rows_begin(rows, &input)
 *     while (hb_rows_next(rows, err) == HB_OK && rows->from < rows->n_rows)
 *         the rows from ... n_rows are new; their marks stand until the following call */
#ifndef HB_INPUT_CSV_ROWS_H
#define HB_INPUT_CSV_ROWS_H

#include "base/arena.h"
#include "base/marks.h"
#include "input/csv/record.h"

#define HB_ROWS_ODD UINT32_MAX

typedef struct hb_rows_input {
    const char *text; /* readable HB_MARKS_PAD before it and behind its n bytes */
    size_t n;       /* whole records; the last byte is a line end, put there at the end of a file */
    char delimiter; /* 0 = none; not HB_DELIMITER_BLANKS */
    hb_comments comments;
    size_t width;
    const char *path;
} hb_rows_input;

typedef struct hb_rows {
    hb_rows_input in;
    hb_marks marks;
    size_t cap_marks;
    size_t stretch;  /* bytes to look at in one go; 0 = as usual. Kept from block to block */
    uint32_t *begin; /* of each row of the block: offset in the text */
    uint32_t *first; /* and its first mark, for the rows of the latest stretch */
    uint64_t *lines; /* physical line, the block's first is 1 */
    size_t n_rows;
    size_t cap_begin;
    size_t cap_first;
    size_t cap_lines;
    size_t from;         /* first row of the latest stretch */
    size_t at;           /* in the text: behind the latest stretch */
    uint64_t line;       /* physical line of text[at] */
    uint64_t n_comments; /* lines of the block that are comments */
    hb_record_sink odd;  /* cells of the odd rows, and the block's rejects */
    uint32_t *odd_rows;  /* which rows they are */
    size_t cap_odd;
    hb_arena odd_text;
} hb_rows;

void hb_rows_begin(hb_rows *rows, const hb_rows_input *in);
HB_CHECKED hb_status hb_rows_next(hb_rows *rows, hb_error *err);
void hb_rows_release(hb_rows *rows);

/* How much of text[0, n) is whole records, of which more may follow: what hb_rows_begin may be
 * given as n. Uses the room for marks in `rows`. */
HB_CHECKED hb_status hb_rows_cut(hb_rows *rows, const hb_rows_input *in, size_t *ret_n,
                                 hb_error *err);

#endif
