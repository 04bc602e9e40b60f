/* SPDX-License-Identifier: Apache-2.0 */
/* Dates in figures, and a cell's whole text: date, clock and zone in the order they stand. */
#include "input/time/scan.h"

int hb_year_of_two_digits(uint32_t yy)
{
    return yy >= 69 ? 1900 + (int)yy : 2000 + (int)yy;
}

unsigned hb_weekday_of(int64_t year, unsigned month, unsigned day)
{
    int64_t days = hb_days_from_civil(year, month, day) + 3; /* 1970-01-01 was a Thursday */
    return (unsigned)(((days % 7) + 7) % 7) + 1;
}

static bool field(hb_scan *s, hb_moment *m, hb_time_field which, size_t min, size_t max,
                  uint32_t *ret)
{
    const char *from = s->p;
    bool ok = min == max ? hb_scan_fixed(s, min, ret) : hb_scan_digits(s, min, max, ret);
    if (ok) {
        hb_scan_mark(s, m, which, from);
    }
    return ok;
}

static bool year_of(hb_scan *s, hb_moment *m, size_t digits)
{
    uint32_t v = 0;
    if (!field(s, m, HB_FIELD_YEAR, digits, digits, &v)) {
        return false;
    }
    m->year = digits == 2 ? hb_year_of_two_digits(v) : (int32_t)v;
    return true;
}

/* 20240318, 202403180912, 20240318091244, 20240318091244218 */
static bool compact(hb_scan *s, hb_moment *m, size_t run)
{
    if (!year_of(s, m, 4) || !field(s, m, HB_FIELD_MONTH, 2, 2, &m->month) ||
        !field(s, m, HB_FIELD_DAY, 2, 2, &m->day)) {
        return false;
    }
    if (run == 8) {
        return true;
    }
    m->has |= HB_HAS_CLOCK;
    if (!field(s, m, HB_FIELD_HOUR, 2, 2, &m->hour) ||
        !field(s, m, HB_FIELD_MINUTE, 2, 2, &m->minute)) {
        return false;
    }
    if (run >= 14 && !field(s, m, HB_FIELD_SECOND, 2, 2, &m->second)) {
        return false;
    }
    uint32_t digits = 0;
    if (run == 17 || (run == 14 && s->p + 1 < s->end && (*s->p == '.' || *s->p == ','))) {
        s->p += run == 14;
        size_t n = hb_scan_run(s);
        size_t kept = n > 9 ? 9 : n;
        if (n == 0 || !field(s, m, HB_FIELD_FRACTION, kept, kept, &digits)) {
            return false;
        }
        s->p += n - kept;
        for (; kept < 9; kept++) {
            digits *= 10;
        }
        m->ns = digits;
        m->has |= HB_HAS_FRACTION;
    }
    return true;
}

static bool year_first(hb_scan *s, hb_moment *m)
{
    size_t run = hb_scan_run(s);
    if (run == 8 || run == 12 || run == 14 || run == 17) {
        return compact(s, m, run);
    }
    if (run != 4 || !year_of(s, m, 4)) {
        return false;
    }
    char mark = s->p < s->end ? *s->p : 0;
    return (mark == '-' || mark == '/' || mark == '.' || mark == ':') && hb_scan_take(s, mark) &&
           field(s, m, HB_FIELD_MONTH, 1, 2, &m->month) && hb_scan_take(s, mark) &&
           field(s, m, HB_FIELD_DAY, 1, 2, &m->day);
}

/* Three groups with the year last (digits 2 or 4) or first (2). */
static bool three_groups(hb_scan *s, hb_moment *m, bool month_first, bool two_digit_year_first)
{
    if (two_digit_year_first) {
        if (hb_scan_run(s) != 2 || !year_of(s, m, 2)) {
            return false;
        }
    } else if (!field(s, m, month_first ? HB_FIELD_MONTH : HB_FIELD_DAY, 1, 2,
                      month_first ? &m->month : &m->day)) {
        return false;
    }
    char mark = s->p < s->end ? *s->p : 0;
    if ((mark != '.' && mark != '/' && mark != '-') || !hb_scan_take(s, mark)) {
        return false;
    }
    if (mark == '.') {
        hb_scan_blanks(s); /* 18. 3. 2024 */
    }
    bool day_second = month_first && !two_digit_year_first;
    if (!field(s, m, day_second ? HB_FIELD_DAY : HB_FIELD_MONTH, 1, 2,
               day_second ? &m->day : &m->month) ||
        !hb_scan_take(s, mark)) {
        return false;
    }
    if (mark == '.') {
        hb_scan_blanks(s);
    }
    if (two_digit_year_first) {
        return field(s, m, HB_FIELD_DAY, 1, 2, &m->day);
    }
    size_t run = hb_scan_run(s);
    if ((run != 2 && run != 4) || !year_of(s, m, run)) {
        return false;
    }
    if (mark == '.' && s->p + 1 <= s->end) {
        hb_scan_take(s, '.'); /* 18.03.2024. */
    }
    return true;
}

/* 2024-078, 2024078, 078/2024 */
static bool ordinal(hb_scan *s, hb_moment *m)
{
    size_t run = hb_scan_run(s);
    m->has |= HB_HAS_ORDINAL;
    if (run == 7) {
        return year_of(s, m, 4) && field(s, m, HB_FIELD_DOY, 3, 3, &m->day);
    }
    if (run == 4) {
        return year_of(s, m, 4) &&
               (hb_scan_take(s, '-') || hb_scan_take(s, '/') || hb_scan_take(s, ':') ||
                hb_scan_take(s, '.')) &&
               hb_scan_run(s) == 3 && field(s, m, HB_FIELD_DOY, 3, 3, &m->day);
    }
    return run == 3 && field(s, m, HB_FIELD_DOY, 3, 3, &m->day) &&
           (hb_scan_take(s, '/') || hb_scan_take(s, '-')) && hb_scan_run(s) == 4 &&
           year_of(s, m, 4);
}

static bool date(hb_time_form form, hb_day_order order, hb_scan *s, hb_moment *m)
{
    bool ok = false;
    if (form == HB_FORM_YMD) {
        ok = year_first(s, m);
    } else if (form == HB_FORM_DMY) {
        ok = three_groups(s, m, order == HB_ORDER_MONTH_FIRST, false);
    } else if (form == HB_FORM_YY_MD) {
        ok = three_groups(s, m, false, true);
    } else if (form == HB_FORM_ORDINAL) {
        ok = ordinal(s, m);
    }
    m->has |= HB_HAS_DATE;
    return ok;
}

/* Between date and clock: T, a blank, an underscore, a comma, a dash, a slash, a colon. */
static bool joint(hb_scan *s)
{
    bool blank = hb_scan_blanks(s);
    if (s->p >= s->end) {
        return false;
    }
    if (!blank && (hb_scan_take(s, 'T') || hb_scan_take(s, 't'))) {
        return true;
    }
    bool marked = hb_scan_take(s, '_') || hb_scan_take(s, ',') || hb_scan_take(s, '@') ||
                  hb_scan_take(s, '-') || hb_scan_take(s, '/') || hb_scan_take(s, ':') ||
                  hb_scan_take(s, '|');
    hb_scan_blanks(s);
    return (blank || marked) && hb_scan_run(s) > 0;
}

/* "Mon 18/03/2024", "Mo., 18.03.2024" */
static bool weekday_before(hb_scan *s, hb_moment *m)
{
    const char *from = s->p;
    char word[HB_SCAN_WORD];
    size_t n = hb_scan_word(s, word);
    if (n == 0) {
        return true;
    }
    bool sure = false;
    unsigned day = hb_weekday_of_word(word, n, &sure);
    hb_scan_mark(s, m, HB_FIELD_WEEKDAY, from);
    m->weekday = sure ? (uint8_t)day : 0;
    hb_scan_take(s, '.');
    hb_scan_take(s, ',');
    return day != 0 && hb_scan_blanks(s);
}

static bool clock_stands_here(const hb_scan *s)
{
    size_t run = hb_scan_run(s);
    return run >= 1 && run <= 2 && s->p + run < s->end && s->p[run] == ':';
}

bool hb_moment_text(hb_time_form form, hb_day_order order, hb_str text, hb_moment *m)
{
    if (text.n == 0 || text.n > HB_TIME_LONGEST) {
        return false;
    }
    hb_scan s = {text.p, text.p + text.n, text.p};
    while (s.end > s.p && (s.end[-1] == ' ' || s.end[-1] == '\t')) {
        s.end--;
    }
    hb_scan_blanks(&s);
    hb_scan_take(&s, '\''); /* the spreadsheet's mark for text */
    if (form == HB_FORM_NAMED) {
        return hb_scan_named(&s, m);
    }
    if (form == HB_FORM_CLOCK) {
        hb_scan_take(&s, 'T');
        if (!hb_scan_clock(&s, m)) {
            return false;
        }
        hb_scan_zone(&s, m);
        return s.p == s.end;
    }
    if (form == HB_FORM_DAY_OF_YEAR) {
        m->has |= HB_HAS_ORDINAL;
        if (hb_scan_run(&s) != 3 || !field(&s, m, HB_FIELD_DOY, 3, 3, &m->day) || !joint(&s) ||
            !hb_scan_clock(&s, m)) {
            return false;
        }
        hb_scan_zone(&s, m);
        return s.p == s.end && m->day >= 1 && m->day <= 366;
    }
    if (!weekday_before(&s, m)) {
        return false;
    }
    if (clock_stands_here(&s)) {
        if (!hb_scan_clock(&s, m)) {
            return false;
        }
        hb_scan_zone(&s, m);
        return joint(&s) && date(form, order, &s, m) && s.p == s.end;
    }
    if (!date(form, order, &s, m)) {
        return false;
    }
    if (s.p < s.end && !(m->has & HB_HAS_CLOCK)) {
        if (!joint(&s) || !hb_scan_clock(&s, m)) {
            return false;
        }
    }
    hb_scan_zone(&s, m);
    return s.p == s.end;
}

static uint32_t hour_of(const hb_moment *m)
{
    if (!m->half) {
        return m->hour;
    }
    return m->hour % 12 + (m->half == 'p' ? 12 : 0);
}

bool hb_moment_time(const hb_moment *m, int32_t offset_s, hb_time *ret)
{
    hb_time t = 0;
    int32_t offset = m->has & HB_HAS_ZONE ? m->offset_s : offset_s;
    if (m->half && (m->hour < 1 || m->hour > 12)) {
        return false;
    }
    uint32_t hour = hour_of(m);
    if (m->has & HB_HAS_DATE) {
        bool by_number = m->has & HB_HAS_ORDINAL;
        if (!hb_time_from_civil(m->year, by_number ? 1 : m->month, by_number ? 1 : m->day, hour,
                                m->minute, m->second, m->ns, offset, &t)) {
            return false;
        }
        if (by_number) {
            bool leap = (m->year % 4 == 0 && m->year % 100 != 0) || m->year % 400 == 0;
            if (m->day < 1 || m->day > (leap ? 366 : 365) ||
                __builtin_add_overflow(t, (int64_t)(m->day - 1) * INT64_C(86400000000000), &t)) {
                return false;
            }
        }
    } else {
        uint32_t days = m->has & HB_HAS_ORDINAL ? m->day - 1 : 0;
        if (hour > 24 || m->minute > 59 || m->second > 60 ||
            (hour == 24 && (m->minute || m->second || m->ns))) {
            return false;
        }
        t = ((int64_t)days * 86400 + (int64_t)hour * 3600 + m->minute * 60 + m->second) *
                INT64_C(1000000000) +
            m->ns;
    }
    if (__builtin_add_overflow(t, m->day_ns, &t) || t == HB_TIME_NONE) {
        return false;
    }
    *ret = t;
    return true;
}
