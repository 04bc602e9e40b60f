/* SPDX-License-Identifier: Apache-2.0 */
/* Private to input/time: one cell's text taken apart into year, month, day, clock and zone.
 *
 * A form says which notation is expected; a text that is written otherwise does not read. Nothing
 * is guessed here: which form a column has is settled by infer.c. The fields' places in the text
 * are kept, so that the notation can be shown as "dd.MM.yyyy HH:mm". No memory, any thread. */
#ifndef HB_INPUT_TIME_SCAN_H
#define HB_INPUT_TIME_SCAN_H

#include "base/str.h"
#include "base/time.h"
#include "input/time_rule.h"

typedef enum hb_time_form {
    HB_FORM_NONE,
    /* A date, with or without a clock and a zone around it. */
    HB_FORM_YMD,     /* 2024-03-18T09:12:44Z, 2024/3/18, 20240318091244 */
    HB_FORM_DMY,     /* 18.03.2024, 3/18/24: the rule's order says which */
    HB_FORM_YY_MD,   /* 24/03/18 with the year in front */
    HB_FORM_NAMED,   /* 18-Mar-2024, Mon, 18 Mar 2024 09:12:44 +0100, März 18, 2024 */
    HB_FORM_ORDINAL, /* 2024-078T09:12, 078/2024 09:12:44 */
    HB_FORM_CELL,    /* the format itself says it is a date */
    /* No date. */
    HB_FORM_DAY_OF_YEAR, /* 078:09:12:44.218 */
    HB_FORM_CLOCK,       /* 09:12:44, 9:12 PM */
    HB_FORM_SPAN,        /* 47:12:44.5, 1d 02:03:04, 1.02:03:04, PT1H2M3S */
    HB_FORM_SPAN_MS,     /* 12:44.5: minutes and seconds */
    HB_FORM_CELL_SPAN,   /* a date cell that holds a clock or a duration */
    /* Figures. */
    HB_FORM_NUMBER,     /* elapsed, of scale_ns */
    HB_FORM_QUANTITY,   /* elapsed with the unit behind: 20 ms */
    HB_FORM_EPOCH,      /* of scale_ns since 1970 */
    HB_FORM_SINCE_1904, /* seconds: LabVIEW, Macintosh */
    HB_FORM_SINCE_1601, /* 100 ns: Windows file time */
    HB_FORM_SINCE_1,    /* 100 ns: .NET ticks */
    HB_FORM_SERIAL,     /* days, Excel */
    HB_FORM_DATENUM,    /* days, MATLAB */
    HB_FORM_JULIAN,     /* days, astronomers' Julian date */
    HB_FORM_MJD,        /* days, modified Julian date */
    /* Parts of a moment, one column each. */
    HB_FORM_YEAR,
    HB_FORM_MONTH,
    HB_FORM_DAY,
    HB_FORM_DAY_NUMBER, /* day of the year, 1 to 366, with or without a fraction */
    HB_FORM_HOUR,
    HB_FORM_MINUTE,
    HB_FORM_SECOND,
    HB_FORM_MILLI,
    HB_FORM_SECOND_OF_DAY,
    HB_FORM_HHMM,
    HB_FORM_HHMMSS,
    HB_FORM_DAY_FRACTION, /* 0.38 */
    HB_FORM_HALF,         /* AM, PM */
    HB_FORM_ZONE,         /* +01:00, UTC */
    HB_FORM_COUNT_
} hb_time_form;

typedef enum hb_time_field {
    HB_FIELD_YEAR,
    HB_FIELD_MONTH,
    HB_FIELD_DAY,
    HB_FIELD_DOY,
    HB_FIELD_HOUR,
    HB_FIELD_MINUTE,
    HB_FIELD_SECOND,
    HB_FIELD_FRACTION,
    HB_FIELD_HALF,
    HB_FIELD_ZONE,
    HB_FIELD_WEEKDAY,
    HB_FIELD_COUNT_
} hb_time_field;

typedef struct hb_time_mark {
    uint8_t field; /* hb_time_field */
    uint8_t at;    /* place in the text */
    uint8_t n;
} hb_time_mark;

enum { HB_TIME_MARKS = 12, HB_TIME_LONGEST = 80 /* bytes of a cell that can be a time */ };

enum {
    HB_HAS_DATE = 1,
    HB_HAS_CLOCK = 2,
    HB_HAS_ZONE = 4,       /* offset_s is known */
    HB_HAS_ZONE_WORD = 8,  /* CET and the like: not used */
    HB_HAS_FRACTION = 16,  /* of a second */
    HB_HAS_ORDINAL = 32,   /* day counts from the year's first; month is not set */
    HB_HAS_PART_CLOCK = 64 /* hour, minute or second came from a column of its own */
};

typedef struct hb_moment {
    int32_t year;
    uint32_t month;
    uint32_t day;
    uint32_t hour;
    uint32_t minute;
    uint32_t second;
    uint32_t ns;
    int32_t offset_s;
    int64_t day_ns;  /* of a fraction of a day; added to the clock */
    uint8_t has;     /* HB_HAS_… */
    uint8_t half;    /* 'a', 'p', 0 */
    uint8_t weekday; /* 1 = Monday … 7; 0 = none, or not told apart */
    uint8_t n_marks;
    hb_time_mark marks[HB_TIME_MARKS];
} hb_moment;

typedef struct hb_scan {
    const char *p;
    const char *end;
    const char *from;
} hb_scan;

/* Small steps: each moves the scan only when it succeeds. */
bool hb_scan_take(hb_scan *s, char c);
bool hb_scan_blanks(hb_scan *s);      /* also U+00A0, U+2009, U+202F; true when there were any */
size_t hb_scan_run(const hb_scan *s); /* digits that stand here */
bool hb_scan_digits(hb_scan *s, size_t min, size_t max, uint32_t *ret); /* the whole run */
bool hb_scan_fixed(hb_scan *s, size_t n, uint32_t *ret); /* n digits, more may follow */
/* The word that stands here, folded to lower case ASCII without accents; 0 = none. */
enum { HB_SCAN_WORD = 24 };
size_t hb_scan_word(hb_scan *s, char out[HB_SCAN_WORD]);
void hb_scan_mark(const hb_scan *s, hb_moment *m, hb_time_field field, const char *from);

bool hb_scan_clock(hb_scan *s, hb_moment *m);  /* with AM/PM */
bool hb_scan_half(hb_scan *s, hb_moment *m);   /* true also when there is none */
void hb_scan_zone(hb_scan *s, hb_moment *m);   /* as many as stand here, or none */
bool hb_scan_offset(hb_scan *s, int32_t *ret); /* +01:00, -0500, +1 */
bool hb_scan_named(hb_scan *s, hb_moment *m);  /* the whole rest of the text */
int hb_year_of_two_digits(uint32_t yy);        /* 69 … 99 are 1969 … 1999, as POSIX has it */

/* 1 … 12, 1 … 7; 0 = no such word. *ret_sure is false when two languages disagree. */
unsigned hb_month_of_word(const char *word, size_t n);
unsigned hb_weekday_of_word(const char *word, size_t n, bool *ret_sure);
bool hb_is_zone_word(const char *word);
/* list: " alpha beta " with a blank around each. */
bool hb_word_among(const char *list, const char *word);

/* A text of one of the dated forms, of CLOCK or of DAY_OF_YEAR. */
bool hb_moment_text(hb_time_form form, hb_day_order order, hb_str text, hb_moment *m);
/* False when it is no date or out of range. A moment without a date counts from midnight. */
bool hb_moment_time(const hb_moment *m, int32_t offset_s, hb_time *ret);
/* Monday = 1 … Sunday = 7. */
unsigned hb_weekday_of(int64_t year, unsigned month, unsigned day);

/* Elapsed time in groups of figures; minutes_first: two groups are minutes and seconds. */
bool hb_span_text(hb_str text, bool minutes_first, int64_t *ret_ns, hb_moment *marks);

/* A decimal number times unit_ns less base units, to the nanosecond, without a double between.
 * *ret_rest is what stands behind the number (NULL = nothing may). */
bool hb_scaled_text(hb_str text, char decimal, int64_t unit_ns, int64_t base_units, int64_t *ret_ns,
                    hb_str *ret_rest);
bool hb_scaled_double(double v, int64_t unit_ns, int64_t base_units, int64_t *ret_ns);
/* Nanoseconds of a unit of time as people write it ("ms", "Sekunden"); 0 = not one. */
int64_t hb_time_unit_ns(hb_str unit);

#endif
