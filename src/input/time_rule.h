/* SPDX-License-Identifier: Apache-2.0 */
/* How a table tells the time: one column, or several put together (date and clock; year, day of
 * year and HHMM), in one notation that was inferred once and is then applied to every row.
 *
 * Where the file cannot tell day from month the rule says so (ambiguous, with the alternative):
 * callers must ask or be told (--day-first, --month-first, a saved profile), or say aloud what they
 * took. Without a zone in the file the clock is taken as if UTC and the kind is ABSOLUTE_LOCAL. */
#ifndef HB_INPUT_TIME_RULE_H
#define HB_INPUT_TIME_RULE_H

#include "base/arena.h"
#include "input/table.h"

typedef enum hb_time_axis_kind {
    HB_AXIS_NONE,
    HB_AXIS_UTC,     /* zone, offset or epoch: absolute_utc */
    HB_AXIS_LOCAL,   /* wall clock without a zone: absolute_local */
    HB_AXIS_ELAPSED, /* since the start: hb_time counts from 0 */
} hb_time_axis_kind;

typedef enum hb_day_order {
    HB_ORDER_ASK, /* not told: evidence decides; without any it is ambiguous */
    HB_ORDER_DAY_FIRST,
    HB_ORDER_MONTH_FIRST
} hb_day_order;

/* "day-first", "month-first" (also "dmy", "mdy"), as --day-first and saved profiles say it. */
bool hb_day_order_parse(hb_str text, hb_day_order *ret);
const char *hb_day_order_name(hb_day_order order); /* "ask" for HB_ORDER_ASK */

enum { HB_TIME_PARTS = 8 };

typedef struct hb_time_rule {
    hb_time_axis_kind kind;
    size_t columns[HB_TIME_PARTS]; /* places in the table, in reading order */
    size_t n_columns;
    uint8_t form[HB_TIME_PARTS]; /* what each part is: hb_time_form_name */
    hb_day_order order;
    bool ambiguous;          /* day and month could be swapped */
    bool serial_1904;        /* Excel's other calendar */
    double scale_ns;         /* of one unit, for plain numbers */
    int32_t offset_s;        /* zone stated outside the cells ("GMT-05:00" in the header) */
    bool plain_number;       /* elapsed in plain numbers: the column keeps its statistics */
    const char *notation;    /* "dd.MM.yyyy + HH:mm:ss", "epoch ms", "elapsed hh:mm:ss.fff" … */
    const char *zone;        /* "UTC", "-05:00", "+01:00/+02:00"; NULL = none in the file */
    const char *why;         /* in words */
    const char *alternative; /* other reading in words; NULL = none */
    double confidence;       /* 0 … 1 */
} hb_time_rule;

/* What is known of a table's columns when the time is looked for. */
typedef struct hb_time_source {
    const hb_column *columns; /* names, and units where the file states them (labels of label.h) */
    const hb_cell *cells;     /* row-major sample, n_rows × n_columns, as the reader gives them */
    size_t n_rows;
    size_t n_columns;
    char decimal;
    hb_day_order order; /* what the user said */
    hb_str preamble; /* text above the table, for "all times UTC" and start stamps; may be empty */
} hb_time_source;

enum { HB_TIME_CANDIDATES = 8 };

/* Ranked readings, best first; *ret_n = 0 when nothing is a time. Texts in the arena. A column of
 * plain numbers is a time only by its name or unit ("t", "Time (s)", "Elapsed_ms", "X_Value",
 * "Zeitstempel" …) or by being an epoch that runs on; never by its values rising alone. */
HB_CHECKED hb_status hb_time_rules_infer(const hb_time_source *s, hb_arena *arena,
                                         hb_time_rule ret[HB_TIME_CANDIDATES], size_t *ret_n,
                                         hb_error *err);
/* Does the header alone sound like a time axis? "Rise time", "Data" and "Motor time" do not. */
bool hb_time_named(hb_str name);
/* Names of forms, for saved profiles: "ymd", "dmy", "clock", "epoch" … A rule that is put together
 * from a profile needs kind, columns, form, and order, scale_ns, offset_s, serial_1904 where they
 * apply; plain_number for "number" and "quantity". */
const char *hb_time_form_name(uint8_t form); /* NULL = no such form */
bool hb_time_form_parse(hb_str name, uint8_t *ret);
/* parts: the cells of rule->columns, in that order. HB_TIME_NONE when they are empty or do not fit.
 * 19-digit integers are read exactly. Needs no memory, any thread. */
hb_time hb_time_rule_read(const hb_time_rule *r, const hb_cell *const parts[HB_TIME_PARTS],
                          char decimal);

/* Times of plain figures of one column, v being the doubles next to what the texts say: what
 * hb_time_rule_read gives for such a text, or HB_TIME_NONE where the text itself has to be read
 * (also where v is NaN). False, and nothing done, when figures do not tell times by this rule. */
bool hb_time_rule_figures(const hb_time_rule *r, const double *v, size_t n, hb_time *ret_t);

/* Steps of a time axis, row by row in constant memory: first and last, order, equal and backward
 * steps, median positive step, gaps (steps over 1.5 × that median). Exact while there are at most
 * HB_STEP_DISTINCT different steps, else from classes of a relative width of 2^-10, and says so.
 * At most 4 MB. first and last are HB_TIME_NONE when no row had a time. finish may be called again
 * after more rows. */
enum { HB_STEP_DISTINCT = 1 << 16 };
typedef struct hb_time_steps hb_time_steps;
typedef struct hb_time_summary {
    hb_time first; /* of the first and the last row that had one */
    hb_time last;
    uint64_t n_parsed;
    uint64_t n_unparsed;
    uint64_t n_equal;
    uint64_t n_backward;
    int64_t median_step_ns; /* lower of the two middle ones would be wrong: their mean; 0 = none */
    uint64_t n_gaps;
    bool exact; /* else median_step_ns is within 0.05 %, and n_gaps may misjudge steps that
                 * lie that close to the border */
} hb_time_summary;
HB_CHECKED hb_status hb_time_steps_new(hb_time_steps **ret, hb_error *err);
void hb_time_steps_free(hb_time_steps *s);
HB_CHECKED hb_status hb_time_steps_add(hb_time_steps *s, const hb_time *t, size_t n, hb_error *err);
HB_CHECKED hb_status hb_time_steps_finish(hb_time_steps *s, hb_time_summary *ret, hb_error *err);

#endif
