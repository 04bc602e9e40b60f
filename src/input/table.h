/* SPDX-License-Identifier: Apache-2.0 */
/* What every tabular format gives: a header and blocks of rows of cells.
 *
 * A format reader (csv/, json/, xlsx/) turns a stream into cells and knows nothing of metrics;
 * layout.h turns cells into samples and knows nothing of formats.
 *
 * Who calls: layout.h, one thread (the reader may use others inside). open(sniffed options) → next
 * until n_rows = 0 → close. Cell texts are borrowed from the reader until the following next().
 * Blocks have fixed borders (HB_BLOCK_BYTES of text, or HB_BLOCK_ROWS records), so everything
 * computed per block and merged in order has the same bits in every run. MUST NOT drop anything:
 * what cannot become a cell is reported through block.rejects. */
#ifndef HB_INPUT_TABLE_H
#define HB_INPUT_TABLE_H

#include "base/time.h"
#include "input/cell.h"
#include "input/stream.h"
#include "stats/moments.h"

enum { HB_BLOCK_BYTES = 1 << 20, HB_BLOCK_ROWS = 4096, HB_TABLE_MAX_COLUMNS = 20000 };

typedef enum hb_cell_kind {
    HB_CELL_ABSENT, /* the row is shorter than the header */
    HB_CELL_EMPTY,
    HB_CELL_TEXT,   /* p, len */
    HB_CELL_NUMBER, /* num: the format itself says it is a number */
    HB_CELL_BOOL,   /* num 0 or 1 */
    HB_CELL_TIME,   /* ns: the format itself says it is a date */
    HB_CELL_ERROR,  /* p, len: the format itself says it is an error (#DIV/0!) */
} hb_cell_kind;

typedef struct hb_cell {
    union {
        const char *p;
        double num;
        hb_time ns;
    } as;
    uint32_t len;
    uint8_t kind; /* hb_cell_kind */
    uint8_t quoted;
} hb_cell;

typedef struct hb_row_reject {
    const char *reason; /* constant text: "long row", "bad JSON" … */
    uint64_t line;
    const char *text; /* borrowed, may be NULL */
    size_t len;
} hb_row_reject;

/* The figures among the cells of one column of a block, put together in their order. */
typedef struct hb_samples {
    const double *v;
    const hb_time *t; /* of the plan's time axis; NULL = none */
    size_t n;
    size_t count[HB_CELL_IS_TEXT + 1]; /* rows by class */
    hb_moments moments;                /* hb_moments_block of v */
} hb_samples;

/* One column of a block as figures, for readers that decode by a plan (plan.h). */
typedef struct hb_figures {
    const double *v;           /* n_rows; valid where cls is HB_CELL_IS_NUMBER */
    const uint8_t *cls;        /* n_rows of hb_cell_class; NULL = every row is a number */
    const hb_time *t;          /* n_rows, of the plan's time axis only, else NULL */
    const hb_samples *samples; /* of all rows, whatever is kept of them; NULL = not put together */
} hb_figures;

typedef struct hb_block {
    const hb_cell *cells;      /* row-major, n_rows × n_cols; NULL when `figures` stands instead */
    const hb_figures *figures; /* n_cols; NULL when the reader gives cells */
    const unsigned char *keep; /* n_rows: 1 = data that is asked for; NULL = all are (watch.h) */
    size_t n_rows;
    size_t n_cols;
    const uint64_t *lines; /* physical line (or sheet row) of each row, from 1 */
    const hb_row_reject *rejects;
    size_t n_rejects;
} hb_block;

/* Texts are trimmed UTF-8, borrowed for the life of the reader. */
typedef struct hb_column {
    hb_str name;  /* unique and never empty (columns.h): what a metric is called after */
    hb_str raw;   /* as written in the row of names; p = NULL where a reader has nothing but name */
    hb_str group; /* of a row of groups above the names; else empty */
    hb_str unit;  /* when the file states one for the column, as hb_label_unit gives it */
    hb_str unit_written; /* the same as it stands in the row of units: "(ms)", "TS" */
    size_t field;        /* place in the row of the file, from 0: fields without a column are left
                            out */
} hb_column;

/* The header cell as it stands in the file. */
static inline hb_str hb_column_written(const hb_column *c)
{
    return c->raw.p ? c->raw : c->name;
}

typedef struct hb_table hb_table;
struct hb_plan;

typedef struct hb_table_ops {
    const char *format; /* "csv", "jsonl", "xlsx" */
    /* Columns known so far; may grow with next() (JSON). */
    size_t (*columns)(const hb_table *t, const hb_column **ret_columns);
    hb_status (*next)(hb_table *t, hb_block *ret_block, hb_error *err);
    void (*close)(hb_table *t); /* NULL is fine; does not close the stream */
    /* May be NULL. From the following next() on, blocks come as figures by this plan (borrowed);
     * false = the reader goes on giving cells. NULL gives the plan back: no more blocks after it.
     */
    bool (*plan)(hb_table *t, const struct hb_plan *plan);
    /* With a plan: the cell as text, by row and column of the latest block; borrowed until next().
     */
    hb_str (*text)(hb_table *t, size_t row, size_t column);
} hb_table_ops;

/* What was found about the file around the table. Plain data, owned by the reader; lines are
 * physical lines from 1 (rows of a sheet), 0 = there is none. Readers fill what they know. */
typedef struct hb_table_format {
    char delimiter; /* ' ' = runs of blanks or fixed width; 0 = one column, or no delimited text */
    bool delimited;
    const char *encoding; /* "ascii", "utf-16le-bom", "xlsx" …; as far as the file was read */
    const char *eol;      /* "lf", "crlf", "cr", "mixed"; NULL = no line ends */
    uint64_t header_line;
    uint64_t units_line;
    uint64_t group_line;
    uint64_t data_first_line;
    uint64_t skipped_lines;    /* before the header (or the data, without one) */
    const char *comment_signs; /* "#%": '/' stands for two; "" = no comments */
    uint64_t comment_lines;    /* as far as the file was read */
    uint64_t damaged;          /* characters nothing stood for, and bytes of another encoding */
    hb_str preamble;           /* text above the names, at most HB_TABLE_PREAMBLE bytes */
    const char *sheet;         /* workbooks: the one that is read */
    const char *const *sheets; /* all of them, in order */
    size_t n_sheets;
    const char *const *hidden_sheets;
    size_t n_hidden_sheets;
} hb_table_format;

enum { HB_TABLE_NOTES = 16, HB_TABLE_PREAMBLE = 1 << 14 };

/* Every reader's state starts with this. Texts of the notes are owned by the reader. */
struct hb_table {
    const hb_table_ops *ops;
    struct hb_pool *pool; /* os/pool.h, borrowed; set after open; NULL = one thread */
    char decimal;         /* '.' or ',': how numbers are written in HB_CELL_TEXT cells */
    uint64_t header_line; /* 0 = the columns have no names in the file */
    struct {
        const char *what;
        const char *value;
        const char *why;
        double confidence;       /* 0 … 1; 0 = not weighed */
        const char *alternative; /* NULL = none */
    } notes[HB_TABLE_NOTES];     /* what was guessed */
    size_t n_notes;
    hb_table_format format;
};

#endif
