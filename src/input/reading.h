/* SPDX-License-Identifier: Apache-2.0 */
/* A file as it was understood, column by column: what hb inspect shows and what a saved profile
 * pins. Nothing of the metric registry is in it; figures are in the unit the file states.
 *
 *     hb_reading_new(flags, units, &r, err)
 *     hb_ingest with options.reading = r, or hb_reading_file(os, path, options, r, err)
 *     … reads …
 *     hb_reading_free(r)
 *
 * Everything in it is owned by the reading. Counts follow one rule: numeric + missing + rejected =
 * rows_data in columns of numbers, truth values and times; a column of texts counts its blank cells
 * as missing and nothing else. */
#ifndef HB_INPUT_READING_H
#define HB_INPUT_READING_H

#include "base/arena.h"
#include "input/plan.h"
#include "input/row_filter.h"
#include "input/stream.h"
#include "telemetry/profile.h"

enum {
    HB_READING_PLOTS = 400,     /* columns that keep a trace and a sketch */
    HB_READING_EXAMPLES = 3,    /* cells kept of those a column rejects */
    HB_READING_GROUPS = 10000,  /* channels of a long table */
    HB_READING_METRICS = 20000, /* rows of a metric table */
};

typedef enum hb_reading_flag {
    HB_READING_KEEP_TRACES = 1 << 0,   /* for plots on the terminal */
    HB_READING_KEEP_SKETCHES = 1 << 1, /* quantiles, for the page */
} hb_reading_flag;

/* How the bytes were laid out. 0 and NULL: none, or not known to the format. Lines count from 1. */
typedef struct hb_reading_shape {
    char delimiter;       /* HB_DELIMITER_BLANKS = runs of blanks or fixed width */
    char decimal;         /* '.' or ',' */
    const char *group;    /* mark between groups of digits: ".", "U+00A0" … */
    const char *encoding; /* "utf-8", "utf-8-bom", "windows-1252", "xlsx" … */
    const char *eol;      /* "lf", "crlf", "cr", "mixed" */
    const char *container;
    const char *sheet;
    uint64_t header_line;
    uint64_t units_line;
    uint64_t group_line;
    uint64_t data_first_line;
    uint64_t data_last_line;
    uint64_t footer_line; /* where what stands below the data begins */
    uint64_t footer_rows;
    const char *comment_signs; /* "#%": one sign each, '/' for two; NULL = no comments */
    uint64_t comment_lines;
    const char *const *sheets; /* of a workbook, in order */
    size_t n_sheets;
    const char *const *hidden_sheets;
    size_t n_hidden_sheets;
} hb_reading_shape;

typedef struct hb_reading_guess {
    const char *what;
    const char *value;
    const char *why;
    double confidence;       /* 0 … 1; NaN = not stated */
    const char *alternative; /* NULL = none */
} hb_reading_guess;

typedef struct hb_reading_cell {
    const char *text;
    uint64_t line;
} hb_reading_cell;

typedef struct hb_reading_column {
    size_t field;          /* its number in a row, from 1 */
    const char *name;      /* as the file writes it */
    const char *shown;     /* unique and never empty: for people */
    const char *group;     /* what stands over several columns; "" = none */
    const char *label;     /* without the unit */
    const char *unit;      /* as UDUNITS reads it; "" = none */
    const char *file_unit; /* stated over the column (header, units row), else "" */
    const char *unit_how;  /* where it was found; NULL without one */
    double unit_confidence;
    hb_column_kind kind;
    uint64_t n_numeric;
    uint64_t n_missing;
    uint64_t n_rejected;
    uint64_t n_nan;   /* of the missing ones: written as NaN */
    uint64_t n_inf;   /* of the rejected ones: infinities */
    bool late;        /* came after the first rows (JSON) */
    uint64_t n_blank; /* of the missing ones: empty cells; counted until a number comes */
    bool measured;    /* moments say something: numbers, truth values, plain elapsed time */
    hb_moments moments;
    bool plotted;
    hb_trace trace;
    hb_sketch *sketch; /* owned; NULL when not kept */
    hb_reading_cell examples[HB_READING_EXAMPLES];
    size_t n_examples;
    double confidence; /* of the kind */
    const char *why;
    const char *alternative;
} hb_reading_column;

typedef struct hb_reading_time {
    const char *column; /* names joined by '+' */
    hb_time_rule rule;
    hb_time_summary summary;
} hb_reading_time;

typedef struct hb_reading_reject {
    const char *reason;
    uint64_t n;
    uint64_t line; /* of the first */
} hb_reading_reject;

/* One channel of a long table. */
typedef struct hb_reading_group {
    const char *name;
    const char *unit;
    uint64_t rows;
    uint64_t n_missing;
    uint64_t n_rejected;
    hb_moments moments;
} hb_reading_group;

typedef struct hb_reading_tag {
    const char *key;
    const char *value; /* text, or a number as it was written */
    bool is_text;
} hb_reading_tag;

/* One row of a metric table. */
typedef struct hb_reading_metric {
    const char *name;
    const char *unit;
    const char *raw_unit;
    bool has_value;
    double value;
    hb_moments samples; /* of the list "samples" in its tags */
    hb_reading_tag *tags;
    size_t n_tags;
    uint64_t line;
} hb_reading_metric;

typedef struct hb_reading {
    hb_arena arena;
    const char *path;
    const char *format; /* "csv", "jsonl", "xlsx" … */
    const char *layout; /* "wide", "long", "metric table" */
    const char *compression;
    uint64_t bytes;
    char sha256[65];
    hb_reading_shape shape;
    uint64_t rows_data;
    hb_reading_column *columns;
    size_t n_columns;
    hb_reading_time *times; /* the axis first, when there is one */
    size_t n_times;
    const char *ambiguous; /* a question to the user, NULL = none */
    hb_reading_guess *guesses;
    size_t n_guesses;
    hb_reading_reject *rejects; /* of whole rows */
    size_t n_rejects;
    const char *group_by; /* name of the column of channels; NULL = no long table */
    hb_reading_group *groups;
    size_t n_groups;
    hb_reading_metric *metrics; /* of a metric table, row by row */
    size_t n_metrics;
    hb_segment *segments; /* of a file that begins again in the middle; else none */
    size_t n_segments;
    bool cut;                 /* more groups or metrics than are kept */
    const char *other_sheets; /* NULL = none */
    hb_plan plan;             /* what the columns were read by */
    struct hb_reading_work *work;
} hb_reading;

/* units: borrowed for the life of the reading. */
HB_CHECKED hb_status hb_reading_new(unsigned flags, hb_units *units, hb_reading **ret,
                                    hb_error *err);
void hb_reading_free(hb_reading *r);

struct hb_ingest_options;

/* Reads a file into an empty reading without making a run of it. */
HB_CHECKED hb_status hb_reading_file(const hb_os *os, const char *path,
                                     const struct hb_ingest_options *options, hb_reading *r,
                                     hb_error *err);

/* What stands over a column: its unit as far as the file says (header, units row). *ret->unit is
 * empty when it does not. Texts in the arena or borrowed from the column. */
HB_CHECKED hb_status hb_reading_label(const hb_column *column, hb_units *units, hb_arena *arena,
                                      hb_label *ret, hb_error *err);
/* A date has no unit, whatever its name ends in: trig_us is the stamp's notation. */
bool hb_reading_is_stamp(hb_column_kind kind, bool plain_number);
/* What an opened table says of its shape; texts borrowed from the table. */
hb_reading_shape hb_reading_shape_of(const hb_table *t);
/* 0.95 and more "certain", 0.7 and more "likely", else "a guess"; "" when not stated. */
const char *hb_reading_sure(double confidence);
/* "increasing", "non-decreasing", "no" */
const char *hb_reading_order(const hb_time_summary *s);
/* 1 / median step; 0 when unknown. */
double hb_reading_rate_hz(const hb_time_summary *s);

/* For watch.h and ingest.h, in this order: begin once a block has rows, every block (figures by the
 * plan; keep: n_rows truth values, NULL = all), more when a later block brought new columns, finish
 * with the stream read to its end. */
HB_CHECKED hb_status hb_reading_begin(hb_reading *r, const hb_table *t, const hb_plan *plan,
                                      const hb_column_look *looks, const hb_block *first,
                                      hb_error *err);
HB_CHECKED hb_status hb_reading_block(hb_reading *r, hb_table *t, const hb_block *block,
                                      const hb_figures *figures, const unsigned char *keep,
                                      hb_error *err);
HB_CHECKED hb_status hb_reading_more(hb_reading *r, const hb_table *t, const hb_plan *plan,
                                     const hb_column_look *looks, hb_error *err);
/* What is known of the shape only at the end of the file. */
HB_CHECKED hb_status hb_reading_end_shape(hb_reading *r, const hb_table *t, hb_error *err);
/* What the row filter found, once it is finished. */
HB_CHECKED hb_status hb_reading_filtered(hb_reading *r, const hb_row_filter_counts *counts,
                                         hb_error *err);
HB_CHECKED hb_status hb_reading_guessed(hb_reading *r, const char *what, const char *value,
                                        const char *why, double confidence, const char *alternative,
                                        hb_error *err);
HB_CHECKED hb_status hb_reading_finish(hb_reading *r, const char *path, hb_stream *stream,
                                       hb_error *err);

#endif
