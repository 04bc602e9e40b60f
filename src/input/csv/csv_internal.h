/* SPDX-License-Identifier: Apache-2.0 */
/* The reader's inside: open.c finds the table in the text, describe.c says
 * what was guessed, csv.c gives its blocks. Inside csv/. */
#ifndef HB_INPUT_CSV_CSV_INTERNAL_H
#define HB_INPUT_CSV_CSV_INTERNAL_H

#include "base/arena.h"
#include "input/csv/csv.h"
#include "input/csv/record.h"
#include "input/text/source.h"

typedef struct hb_csv_ahead hb_csv_ahead; /* ahead.h */

typedef struct hb_csv {
    hb_table t;      /* first: the reader is a table */
    hb_text *source; /* UTF-8 whatever the file is */
    const char *path;
    hb_csv_dialect dialect;
    const uint32_t *spans; /* record.h */
    bool complete_header;  /* from the row below */
    hb_arena arena;
    hb_column *columns;
    size_t n_columns;
    size_t width;         /* fields of a row up to the last column */
    bool fields_left_out; /* columns[i].field is not i everywhere */
    char *text;           /* the block's bytes */
    size_t cap;
    size_t n;
    size_t at; /* first byte not yet parsed */
    bool end;  /* no more bytes will come */
    uint64_t line;
    uint64_t rows;
    hb_record_sink sink;
    hb_csv_ahead *ahead; /* once there is a plan */
    size_t block_bytes;  /* 0 = HB_BLOCK_BYTES; tests set other borders between open and next */
    size_t first_rows;   /* 0 = HB_CSV_FIRST_ROWS */
} hb_csv;

/* What is looked at before there is a plan; the first block ends there. */
enum { HB_CSV_FIRST_ROWS = 2048 };

static inline size_t hb_csv_block_bytes(const hb_csv *c)
{
    return c->block_bytes ? c->block_bytes : HB_BLOCK_BYTES;
}

extern const hb_table_ops hb_csv_ops;
/* Moves the rest to the front and reads until `want` bytes are there or the file ends. */
HB_CHECKED hb_status hb_csv_fill(hb_csv *c, size_t want, hb_error *err);
/* What is known of the encoding by now, to the table. */
void hb_csv_note_encoding(hb_csv *c);
/* HB_E_LIMIT at the line where c stands. */
HB_CHECKED hb_status hb_csv_record_too_long(const hb_csv *c, hb_error *err);
void hb_csv_close(hb_table *t);
/* The notes. by_rule: the header is the one an adapter looks for. */
HB_CHECKED hb_status hb_csv_describe(hb_csv *c, const hb_csv_options *o, const hb_sniffed *s,
                                     bool by_rule, hb_error *err);

#endif
