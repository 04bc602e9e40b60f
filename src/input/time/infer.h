/* SPDX-License-Identifier: Apache-2.0 */
/* Private to input/time: how a rule is found.
 *
 * name.c says what a header sounds like, look.c what a column's cells look like, compose.c puts
 * columns together, order.c settles day and month, tell.c words it, infer.c ranks. */
#ifndef HB_INPUT_TIME_INFER_H
#define HB_INPUT_TIME_INFER_H

#include "input/time/scan.h"

enum {
    HB_NAME_TIME = 1 << 0,  /* "time", "Zeit": may be a clock or elapsed */
    HB_NAME_STAMP = 1 << 1, /* "timestamp", "Date Time" */
    HB_NAME_DATE = 1 << 2,
    HB_NAME_CLOCK = 1 << 3,
    HB_NAME_ELAPSED = 1 << 4,
    HB_NAME_EPOCH = 1 << 5,
    HB_NAME_DATENUM = 1 << 6,
    HB_NAME_JULIAN = 1 << 7,
    HB_NAME_MJD = 1 << 8,
    HB_NAME_DENIED = 1 << 9,   /* "rise time", "downtime": a result */
    HB_NAME_LOOSE = 1 << 10,   /* other words beside */
    HB_NAME_WEAK = 1 << 11,    /* the word has other meanings too: "data", "duration" */
    HB_NAME_FOREIGN = 1 << 12, /* not English: such places write the day first */
    HB_NAME_START = 1 << 13,
    HB_NAME_OTHER = 1 << 14, /* end, received … */
    HB_NAME_YEAR = 1 << 15,
    HB_NAME_MONTH = 1 << 16,
    HB_NAME_DAY = 1 << 17,
    HB_NAME_DOY = 1 << 18,
    HB_NAME_HOUR = 1 << 19,
    HB_NAME_MINUTE = 1 << 20,
    HB_NAME_SECOND = 1 << 21,
    HB_NAME_MILLI = 1 << 22,
    HB_NAME_HHMM = 1 << 23,
    HB_NAME_HHMMSS = 1 << 24,
    HB_NAME_HALF = 1 << 25,
    HB_NAME_ZONE = 1 << 26,
    HB_NAME_RUN = 1 << 27,           /* "test", "run": with a time it is an elapsed one */
    HB_NAME_MINUTES_FIRST = 1 << 28, /* "(mm:ss)" */
    HB_NAME_SOD = 1 << 29,           /* second of the day */
    HB_NAME_ANY_TIME = HB_NAME_TIME | HB_NAME_STAMP | HB_NAME_DATE | HB_NAME_CLOCK |
                       HB_NAME_ELAPSED | HB_NAME_EPOCH,
    HB_NAME_PART = HB_NAME_YEAR | HB_NAME_MONTH | HB_NAME_DAY | HB_NAME_DOY | HB_NAME_HOUR |
                   HB_NAME_MINUTE | HB_NAME_SECOND | HB_NAME_MILLI | HB_NAME_HHMM | HB_NAME_HHMMSS
};

typedef struct hb_time_name {
    uint32_t roles;  /* HB_NAME_… */
    int64_t unit_ns; /* of the unit of time it states; 0 = none */
    bool other_unit; /* it states a unit that is not of time */
    bool zoned;      /* it states UTC or an offset to it */
    bool zone_word;  /* it states a zone by a word that is not used */
    int32_t offset_s;
    hb_day_order order; /* "(DD/MM/YYYY)" */
} hb_time_name;

/* Roles by the words of a header. */
uint32_t hb_time_word_roles(const char *word);
void hb_time_name_read(hb_str name, hb_str unit, hb_time_name *ret);
/* "UTC", "GMT-05:00" as a word of its own. */
bool hb_zone_in_text(hb_str text, int32_t *ret_offset_s);
/* "DD/MM/YYYY", "TT.MM.JJJJ", "mm/dd/yy" anywhere in the text; ASK = none. */
hb_day_order hb_order_in_text(hb_str text);

typedef struct hb_time_look {
    hb_time_name name;
    uint8_t form;     /* hb_time_form of the column alone; HB_FORM_NONE = no time by itself */
    bool number;      /* its cells are figures */
    bool whole;       /* … without a fraction */
    bool date_only;   /* a date, always at midnight */
    bool used;        /* taken into a composite */
    double low, high; /* of figures */
    size_t filled;
    size_t longest; /* text lengths of figures */
    size_t shortest;
} hb_time_look;

/* What a rule makes of the sample. */
typedef struct hb_time_run {
    size_t filled; /* rows where any of its cells is */
    size_t read;
    size_t up;
    size_t down;
    size_t equal;
    hb_time first;
    hb_time last;
    int64_t median_step; /* of those up; 0 = none */
    int64_t longest_step;
} hb_time_run;

typedef struct hb_time_found {
    hb_time_rule rule;
    hb_time_run run;
    double score;
    double order_confidence;
    const char *order_why;
    size_t place;
} hb_time_found;

typedef struct hb_time_job {
    const hb_time_source *s;
    hb_arena *arena;
    hb_time_look *looks;
    hb_time *scratch; /* n_rows */
    hb_time_found *found;
    size_t n_found;
    size_t cap_found;
    bool foreign; /* a time column's name is not English */
    bool preamble_zoned;
    int32_t preamble_offset_s;
    hb_day_order preamble_order;
} hb_time_job;

const hb_cell *hb_time_cell(const hb_time_job *job, size_t row, size_t column);
/* Missing words count as empty. */
bool hb_time_filled(const hb_cell *cell, char decimal);
hb_time_run hb_time_try(hb_time_job *job, const hb_time_rule *r);
/* Rises more than twice as often as it falls: segments and channels one after the other restart. */
bool hb_time_rises(const hb_time_run *run);
bool hb_time_mostly_read(const hb_time_run *run);

void hb_time_look_at(hb_time_job *job, size_t column);
/* Adds a candidate with the cells tried; false = it did not read. */
bool hb_time_add(hb_time_job *job, const hb_time_rule *r, double score);
void hb_time_compose(hb_time_job *job);
void hb_time_singles(hb_time_job *job);
/* Settles day and month of every candidate that needs it. */
void hb_time_orders(hb_time_job *job);
/* Zone, notation, why, alternative, confidence; false = out of memory. */
bool hb_time_tell(hb_time_job *job, hb_time_found *f);

#endif
