/* SPDX-License-Identifier: Apache-2.0 */
/* How the cells of one column are read as figures: marks, dressing, words.
 *
 * A rule is inferred once per column from its first cells (hb_number_rules_infer), or pinned by a
 * saved profile, and then applied to every cell without guessing again. A cell that does not fit is
 * TEXT, never a "best effort" figure. Plain data; texts are borrowed from the arena of inference.
 */
#ifndef HB_INPUT_NUMBER_RULE_H
#define HB_INPUT_NUMBER_RULE_H

#include "base/arena.h"
#include "input/cell.h"
#include "telemetry/units.h"

typedef enum hb_group_mark {
    HB_GROUP_NONE,
    HB_GROUP_COMMA,      /* 1,234.5 */
    HB_GROUP_POINT,      /* 1.234,5 */
    HB_GROUP_BLANK,      /* 1 234,5: blank, U+00A0, U+2009, U+202F, or the byte A0 of Latin-1 */
    HB_GROUP_APOSTROPHE, /* 1'234.5, U+2019 */
    HB_GROUP_COUNT_
} hb_group_mark;

typedef struct hb_cell_suffix {
    hb_str text;       /* "ms" as it stands behind the figure, blanks between taken off */
    hb_affine to_unit; /* into the column's unit */
} hb_cell_suffix;

enum { HB_CELL_SUFFIXES = 16 };

typedef struct hb_number_rule {
    char decimal;        /* '.' or ',' */
    hb_group_mark group; /* groups of three digits, checked */
    bool percent;        /* a sign % behind the figure is taken off; 45.2 % stays 45.2 */
    bool accounting;     /* (1,204.00) is -1204 */
    bool minus_behind;   /* 12.5- is -12.5, as SAP writes */
    bool apostrophe;     /* the spreadsheet's text mark in front is taken off: '0.510 */
    bool hex;            /* 0Ah, 1Fh; 0xFF00 is read by every rule */
    bool words;          /* TRUE/FALSE, ON/OFF, yes/no … are 1 and 0: a column of truth values */
    bool huge;           /* figures from HB_NUMBER_CODES on are figures; else they are codes */
    const char *unit;    /* of the figures, UDUNITS text; "" = the cells state none */
    hb_cell_suffix suffixes[HB_CELL_SUFFIXES];
    size_t n_suffixes;
    const hb_str
        *missing; /* for missing beyond cell.h's words, as a profile gives them: "leer", "-999" */
    size_t n_missing;
    const double *overload; /* further figures that mean "out of range": read as TEXT (rejected) */
    size_t n_overload;
} hb_number_rule;

/* 9.9e37, 9.91e37, FLT_MAX …: what SCPI instruments send for overload, open input and no reading.
 * Figures of this size are TEXT (rejected) unless `huge` is set. */
#define HB_NUMBER_CODES 9.9e37

/* What hb_num_parse reads as a finite figure below HB_NUMBER_CODES, this rule reads as the same
 * figure: a fast path may take it without more. Every other text (also "1,234.5" or a word) must go
 * through hb_number_rule_read: a plain rule may still have groups, percent signs or words. */
bool hb_number_rule_is_plain(const hb_number_rule *r);
/* text: trimmed. *ret is set for HB_CELL_IS_NUMBER; the figure is the correctly rounded one, also
 * of a cell in another prefix of the column's unit (0.235 s is 235 ms). Needs no memory, any
 * thread. */
hb_cell_class hb_number_rule_read(const hb_number_rule *r, hb_str text, double *ret);

/* What a column's cells look like under the rule that was chosen. */
typedef struct hb_number_look {
    size_t numbers;
    size_t missing; /* NaN included */
    size_t inf;     /* codes for out of range included */
    size_t texts;
    size_t words;            /* cells that are words of truth values */
    double confidence;       /* 0 … 1: how much better than the next best reading */
    const char *why;         /* in words, constant or in the arena; never NULL */
    const char *alternative; /* the next best reading in words, NULL = none */
} hb_number_look;

typedef struct hb_cell_column {
    const hb_str *cells; /* trimmed, borrowed */
    size_t n;
} hb_cell_column;

/* All columns of a table together, because decimal and group mark belong to the file: "1.397" next
 * to "17,87" is 1397. delimiter: what the fields are cut by (0 = not delimited text), so that a
 * comma that cuts fields is no decimal mark unless quoted. rules and looks have n rows.
 * A cell "1.397" in a file without any other evidence is 1.397 with the alternative named. */
HB_CHECKED hb_status hb_number_rules_infer(const hb_cell_column *columns, size_t n, char delimiter,
                                           hb_units *units, hb_arena *arena,
                                           hb_number_rule *ret_rules, hb_number_look *ret_looks,
                                           hb_error *err);

#endif
