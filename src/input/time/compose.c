/* SPDX-License-Identifier: Apache-2.0 */
/* Several columns that tell the time together: date and clock; year, month, day or day of year,
 * hour, minute, second; with milliseconds, AM/PM or a zone in columns of their own. */
#include "input/time/infer.h"

enum { NO_COLUMN = HB_TABLE_MAX_COLUMNS + 1 };

typedef struct range {
    hb_time_form form;
    uint32_t role;
    double low;
    double high;
    bool whole;
} range;

static const range ranges[] = {
    {HB_FORM_YEAR, HB_NAME_YEAR, 0, 2262, true},
    {HB_FORM_MONTH, HB_NAME_MONTH, 1, 12, true},
    {HB_FORM_DAY, HB_NAME_DAY, 1, 31, true},
    {HB_FORM_DAY_NUMBER, HB_NAME_DOY, 1, 367, false},
    {HB_FORM_DAY_NUMBER, HB_NAME_DAY, 1, 367, false},
    {HB_FORM_HOUR, HB_NAME_HOUR, 0, 24, false},
    {HB_FORM_MINUTE, HB_NAME_MINUTE, 0, 59, true},
    {HB_FORM_SECOND, HB_NAME_SECOND, 0, 60.999999999, false},
    {HB_FORM_MILLI, HB_NAME_MILLI, 0, 999.999999, false},
    {HB_FORM_SECOND_OF_DAY, HB_NAME_SOD, 0, 86400, false},
};

static bool year_fits(const hb_time_look *l)
{
    return l->low >= 1900 || (l->low >= 0 && l->high < 100);
}

static bool figure_fits(const hb_time_look *l, const range *r)
{
    return l->number && !l->used && !l->name.other_unit && !(l->name.roles & HB_NAME_DENIED) &&
           l->low <= l->high && l->low >= r->low && l->high <= r->high && (l->whole || !r->whole) &&
           (r->form != HB_FORM_YEAR || year_fits(l));
}

static size_t find_figure(const hb_time_job *job, hb_time_form form, uint32_t role)
{
    for (size_t k = 0; k < sizeof ranges / sizeof *ranges; k++) {
        const range *r = &ranges[k];
        if (r->form != form || r->role != role) {
            continue;
        }
        for (size_t i = 0; i < job->s->n_columns; i++) {
            const hb_time_look *l = &job->looks[i];
            if (l->name.roles & role && !(l->name.roles & HB_NAME_LOOSE) && figure_fits(l, r)) {
                return i;
            }
        }
    }
    return NO_COLUMN;
}

static void add_part(hb_time_job *job, hb_time_rule *r, size_t column, hb_time_form form)
{
    if (column < job->s->n_columns && r->n_columns < HB_TIME_PARTS) {
        r->columns[r->n_columns] = column;
        r->form[r->n_columns++] = (uint8_t)form;
        job->looks[column].used = true;
    }
}

/* Figures like 1830 or 183000 or 91244, valid as a clock throughout. */
static hb_time_form packed_clock(hb_time_job *job, size_t column)
{
    const hb_time_look *l = &job->looks[column];
    uint32_t roles = l->name.roles;
    if (!l->number || l->used || l->low < 0 || l->name.unit_ns || l->name.other_unit ||
        roles & (HB_NAME_DENIED | HB_NAME_LOOSE | HB_NAME_ELAPSED)) {
        return HB_FORM_NONE;
    }
    bool told = roles & (HB_NAME_HHMM | HB_NAME_HHMMSS);
    bool called = roles & (HB_NAME_TIME | HB_NAME_CLOCK | HB_NAME_HOUR);
    bool padded = l->longest == l->shortest && (l->longest == 4 || l->longest == 6);
    if (!told && !(called && (padded || l->high >= 100))) {
        return HB_FORM_NONE;
    }
    bool seconds = roles & HB_NAME_HHMMSS ||
                   (!(roles & HB_NAME_HHMM) && (l->high > 2400 || (padded && l->longest == 6)));
    hb_time_rule rule = {.columns = {column, column},
                         .n_columns = 2, /* of one column the form would be no whole moment */
                         .form = {(uint8_t)(seconds ? HB_FORM_HHMMSS : HB_FORM_HHMM),
                                  (uint8_t)(seconds ? HB_FORM_HHMMSS : HB_FORM_HHMM)}};
    hb_time_run run = hb_time_try(job, &rule);
    return run.read * 20 >= run.filled * 19 ? (hb_time_form)rule.form[0] : HB_FORM_NONE;
}

/* The form a column has as the clock beside a date; NONE = it is not one. */
static hb_time_form clock_form(hb_time_job *job, size_t column)
{
    const hb_time_look *l = &job->looks[column];
    bool elapsed = l->name.roles & (HB_NAME_ELAPSED | HB_NAME_DENIED);
    if (l->used || elapsed) {
        return HB_FORM_NONE;
    }
    if (l->form == HB_FORM_CLOCK || l->form == HB_FORM_CELL_SPAN) {
        return (hb_time_form)l->form;
    }
    bool called = l->name.roles & (HB_NAME_TIME | HB_NAME_CLOCK);
    if (called && l->number && !l->whole && l->low >= 0 && l->high < 1 && !l->name.unit_ns &&
        !l->name.other_unit) {
        return HB_FORM_DAY_FRACTION;
    }
    return packed_clock(job, column);
}

static void add_clock(hb_time_job *job, hb_time_rule *r, size_t near)
{
    size_t best = NO_COLUMN;
    size_t best_away = SIZE_MAX;
    hb_time_form form = HB_FORM_NONE;
    for (size_t i = 0; i < job->s->n_columns; i++) {
        hb_time_form f = clock_form(job, i);
        /* The right neighbour before the left one: Date, Time, Date, Time. */
        size_t away = i > near ? 2 * (i - near) - 1 : 2 * (near - i);
        if (f != HB_FORM_NONE && away < best_away) {
            best = i;
            best_away = away;
            form = f;
        }
    }
    add_part(job, r, best, form);
}

/* All its cells read in the form: AM/PM, or a zone. */
static bool all_read(const hb_time_job *job, size_t column, hb_time_form form)
{
    hb_time_look *l = &job->looks[column];
    size_t read = 0;
    bool called = form == HB_FORM_ZONE && l->name.roles & HB_NAME_ZONE; /* +01:00 reads as a span */
    if (l->used || l->number || (l->form != HB_FORM_NONE && !called) || l->filled == 0) {
        return false;
    }
    for (size_t r = 0; r < job->s->n_rows; r++) {
        const hb_cell *cell = hb_time_cell(job, r, column);
        hb_moment m = {.hour = 12};
        if (cell->kind != HB_CELL_TEXT) {
            continue;
        }
        hb_scan s = {cell->as.p, cell->as.p + cell->len, cell->as.p};
        if (form == HB_FORM_HALF) {
            read += hb_scan_half(&s, &m) && m.half && s.p == s.end;
        } else {
            hb_scan_zone(&s, &m);
            read += m.has & HB_HAS_ZONE && s.p == s.end;
        }
    }
    return read * 20 >= l->filled * 19;
}

static void add_extras(hb_time_job *job, hb_time_rule *r)
{
    size_t clock = r->columns[r->n_columns - 1];
    if (clock + 1 < job->s->n_columns && all_read(job, clock + 1, HB_FORM_HALF)) {
        add_part(job, r, clock + 1, HB_FORM_HALF);
    }
    for (size_t i = 0; i < job->s->n_columns; i++) {
        uint32_t roles = job->looks[i].name.roles;
        bool beside = i + 1 == r->columns[0] || i == clock + 1 || i == clock + 2;
        if ((roles & HB_NAME_ZONE || (beside && !job->looks[i].name.unit_ns)) &&
            all_read(job, i, HB_FORM_ZONE)) {
            add_part(job, r, i, HB_FORM_ZONE);
            return;
        }
    }
}

static void add_hours(hb_time_job *job, hb_time_rule *r)
{
    size_t hour = find_figure(job, HB_FORM_HOUR, HB_NAME_HOUR);
    add_part(job, r, hour, HB_FORM_HOUR);
    if (hour == NO_COLUMN) {
        add_part(job, r, find_figure(job, HB_FORM_SECOND_OF_DAY, HB_NAME_SOD),
                 HB_FORM_SECOND_OF_DAY);
        return;
    }
    size_t minute = find_figure(job, HB_FORM_MINUTE, HB_NAME_MINUTE);
    add_part(job, r, minute, HB_FORM_MINUTE);
    if (minute == NO_COLUMN) {
        return;
    }
    size_t second = find_figure(job, HB_FORM_SECOND, HB_NAME_SECOND);
    add_part(job, r, second, HB_FORM_SECOND);
    if (second != NO_COLUMN) {
        add_part(job, r, find_figure(job, HB_FORM_MILLI, HB_NAME_MILLI), HB_FORM_MILLI);
    }
}

static void forget(hb_time_job *job, const hb_time_rule *r)
{
    for (size_t k = 0; k < r->n_columns; k++) {
        job->looks[r->columns[k]].used = false;
    }
}

/* Year, month, day; year and day of the year. */
static void by_calendar_parts(hb_time_job *job)
{
    hb_time_rule r = {.kind = HB_AXIS_LOCAL};
    size_t year = find_figure(job, HB_FORM_YEAR, HB_NAME_YEAR);
    if (year == NO_COLUMN) {
        return;
    }
    add_part(job, &r, year, HB_FORM_YEAR);
    size_t month = find_figure(job, HB_FORM_MONTH, HB_NAME_MONTH);
    size_t day = find_figure(job, HB_FORM_DAY, HB_NAME_DAY);
    size_t number = find_figure(job, HB_FORM_DAY_NUMBER, HB_NAME_DOY);
    if (month != NO_COLUMN && day != NO_COLUMN) {
        add_part(job, &r, month, HB_FORM_MONTH);
        add_part(job, &r, day, HB_FORM_DAY);
        if (number != NO_COLUMN) {
            job->looks[number].used = true; /* the same day once more */
        }
    } else {
        number = number != NO_COLUMN || month != NO_COLUMN
                     ? number
                     : find_figure(job, HB_FORM_DAY_NUMBER, HB_NAME_DAY);
        add_part(job, &r, number, HB_FORM_DAY_NUMBER);
    }
    if (r.n_columns < 2) {
        forget(job, &r);
        return;
    }
    size_t n = r.n_columns;
    add_hours(job, &r);
    if (r.n_columns == n) {
        add_clock(job, &r, r.columns[n - 1]);
    }
    if (r.n_columns > n) {
        add_extras(job, &r);
    }
    if (!hb_time_add(job, &r, r.n_columns > n ? 100 : 60)) {
        forget(job, &r);
    }
}

/* A column that holds nothing but dates, by its text or by its name and size. */
static hb_time_form date_form(const hb_time_look *l)
{
    if (l->used) {
        return HB_FORM_NONE;
    }
    if (l->date_only && l->form != HB_FORM_NONE) {
        return (hb_time_form)l->form;
    }
    bool serial = l->number && l->whole && l->name.roles & HB_NAME_DATE &&
                  !(l->name.roles & (HB_NAME_WEAK | HB_NAME_LOOSE | HB_NAME_DENIED)) &&
                  l->low >= 25569 && l->high < 62000;
    return serial ? HB_FORM_SERIAL : HB_FORM_NONE;
}

static void by_date_and_clock(hb_time_job *job)
{
    for (size_t i = 0; i < job->s->n_columns; i++) {
        hb_time_form form = date_form(&job->looks[i]);
        if (form == HB_FORM_NONE) {
            continue;
        }
        hb_time_rule r = {.kind = HB_AXIS_LOCAL, .order = job->looks[i].name.order};
        add_part(job, &r, i, form);
        add_clock(job, &r, i);
        if (r.n_columns == 1) {
            add_hours(job, &r);
        }
        if (r.n_columns == 1) {
            forget(job, &r);
            continue;
        }
        if (r.n_columns == 2) {
            size_t millis = r.columns[1] + 1;
            bool called = millis < job->s->n_columns &&
                          job->looks[millis].name.roles & HB_NAME_MILLI &&
                          find_figure(job, HB_FORM_MILLI, HB_NAME_MILLI) == millis;
            add_part(job, &r, called ? millis : NO_COLUMN, HB_FORM_MILLI);
        }
        add_extras(job, &r);
        if (!hb_time_add(job, &r, 100)) {
            forget(job, &r);
        }
    }
}

void hb_time_compose(hb_time_job *job)
{
    by_calendar_parts(job);
    by_date_and_clock(job);
}
