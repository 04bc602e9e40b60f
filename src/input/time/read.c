/* SPDX-License-Identifier: Apache-2.0 */
/* Applies a settled rule to the cells of a row. */
#include "base/num.h"
#include "input/time/scan.h"

#include <math.h>

static const int64_t ns_per_s = INT64_C(1000000000);
static const int64_t ns_per_day = INT64_C(86400000000000);
static const int64_t ns_per_hour = INT64_C(3600000000000);
static const int64_t halves_of_ten_us = 5000;

static hb_str text_of(const hb_cell *cell)
{
    return (hb_str){cell->as.p, cell->len};
}

static hb_time shifted(hb_time t, int64_t by_ns)
{
    hb_time out = 0;
    return __builtin_add_overflow(t, by_ns, &out) ? HB_TIME_NONE : out;
}

static hb_time to_utc(hb_time t, const hb_time_rule *r)
{
    return r->offset_s && t != HB_TIME_NONE ? shifted(t, -r->offset_s * ns_per_s) : t;
}

/* A figure times unit_ns, whatever the cell is. */
static bool figure(const hb_cell *cell, char decimal, int64_t unit_ns, int64_t base_units,
                   int64_t *ret)
{
    if (cell->kind == HB_CELL_TEXT) {
        return hb_scaled_text(text_of(cell), decimal, unit_ns, base_units, ret, NULL);
    }
    return cell->kind == HB_CELL_NUMBER && hb_scaled_double(cell->as.num, unit_ns, base_units, ret);
}

/* A day count that was once a double has some 0.6 µs of it; the clock it stood for is the nearest
 * ten. Figures that were printed with few decimals stay as they are. */
static int64_t undo_double(const hb_cell *cell, char decimal, int64_t t)
{
    if (cell->kind == HB_CELL_TEXT) {
        hb_str s = text_of(cell);
        size_t mark = hb_str_find_ch(s, '.');
        mark = mark < s.n ? mark : hb_str_find_ch(s, decimal);
        if (s.n < mark + 11) {
            return t;
        }
    }
    int64_t step = 2 * halves_of_ten_us;
    int64_t rest = ((t % step) + step) % step;
    if (t < INT64_MIN + step) {
        return t;
    }
    hb_time whole = shifted(t - rest, rest >= halves_of_ten_us ? step : 0);
    return whole == HB_TIME_NONE ? t : whole;
}

static hb_time read_serial(const hb_time_rule *r, const hb_cell *cell, char decimal)
{
    int64_t t = 0;
    if (!figure(cell, decimal, ns_per_day, r->serial_1904 ? 24107 : 25569, &t)) {
        return HB_TIME_NONE;
    }
    t = undo_double(cell, decimal, t);
    /* The 1900 calendar has a 29 February 1900, serial 60, that never was. */
    int64_t serial_60 = (60 - 25569) * ns_per_day;
    if (!r->serial_1904 && t < serial_60 + ns_per_day) {
        if (t >= serial_60) {
            return HB_TIME_NONE;
        }
        t += ns_per_day;
    }
    return to_utc(t, r);
}

static hb_time read_days(const hb_time_rule *r, const hb_cell *cell, char decimal, int64_t base,
                         int64_t add_ns)
{
    int64_t t = 0;
    return figure(cell, decimal, ns_per_day, base, &t)
               ? to_utc(shifted(undo_double(cell, decimal, t), add_ns), r)
               : HB_TIME_NONE;
}

static hb_time read_quantity(const hb_cell *cell, char decimal)
{
    hb_str rest = {"", 0};
    int64_t t = 0;
    if (cell->kind != HB_CELL_TEXT || !hb_scaled_text(text_of(cell), decimal, 1, 0, &t, &rest)) {
        return HB_TIME_NONE;
    }
    int64_t unit = hb_time_unit_ns(rest);
    hb_str number = hb_str_trim((hb_str){cell->as.p, cell->len - rest.n});
    return unit && hb_scaled_text(number, decimal, unit, 0, &t, NULL) ? t : HB_TIME_NONE;
}

/* A clock or duration that a workbook keeps as a date: days since the end of 1899, or since 1904.
 */
static hb_time cell_span(hb_time t)
{
    int64_t from_1904 = -24107 * ns_per_day;
    int64_t from_1899 = -25568 * ns_per_day;
    int64_t zero = t >= from_1904 ? from_1904 : t >= from_1899 ? from_1899 : from_1899 - ns_per_day;
    return shifted(t, -zero);
}

static bool two(const char *p, uint32_t *ret)
{
    uint32_t a = (uint32_t)(uint8_t)p[0] - '0';
    uint32_t b = (uint32_t)(uint8_t)p[1] - '0';
    *ret = a * 10 + b;
    return a < 10 && b < 10;
}

static bool parted(const char *p, size_t a, size_t b)
{
    return p[a] == p[b] && (p[a] == '-' || p[a] == '/' || p[a] == '.');
}

/* Nothing, Z, or +hh:mm at the end. */
static bool fixed_zone(const char *p, size_t n, int32_t *offset_s)
{
    uint32_t hours = 0;
    uint32_t minutes = 0;
    if (n == 0) {
        return true;
    }
    if (n == 1 && *p == 'Z') {
        *offset_s = 0;
        return true;
    }
    if (n != 6 || (*p != '+' && *p != '-') || p[3] != ':' || !two(p + 1, &hours) ||
        !two(p + 4, &minutes) || hours > 23 || minutes > 59) {
        return false;
    }
    *offset_s = (int32_t)(hours * 3600 + minutes * 60) * (*p == '-' ? -1 : 1);
    return true;
}

/* yyyy-MM-dd HH:mm:ss and dd.MM.yyyy HH:mm:ss with fraction and zone: two digits everywhere, which
 * is how most files are written. False: read it the long way, which may say yes. */
static bool read_fixed(const hb_time_rule *r, hb_time_form form, hb_str s, hb_time *ret)
{
    uint32_t v[7] = {0}; /* century, year, month, day, hour, minute, second */
    const char *p = s.p;
    if (s.n < 19 || (p[10] != 'T' && p[10] != ' ') || p[13] != ':' || p[16] != ':' ||
        !two(p + 11, &v[4]) || !two(p + 14, &v[5]) || !two(p + 17, &v[6])) {
        return false;
    }
    bool month_first = r->order == HB_ORDER_MONTH_FIRST;
    bool dated = form == HB_FORM_YMD ? parted(p, 4, 7) && two(p, &v[0]) && two(p + 2, &v[1]) &&
                                           two(p + 5, &v[2]) && two(p + 8, &v[3])
                                     : parted(p, 2, 5) && two(p, &v[month_first ? 2 : 3]) &&
                                           two(p + 3, &v[month_first ? 3 : 2]) &&
                                           two(p + 6, &v[0]) && two(p + 8, &v[1]);
    size_t at = 19;
    uint32_t ns = 0;
    if (at + 1 < s.n && (p[at] == '.' || p[at] == ',')) {
        uint32_t scale = 100000000;
        for (at++; at < s.n && (uint8_t)(p[at] - '0') < 10; at++) {
            ns += (uint32_t)(p[at] - '0') * scale;
            scale /= 10;
        }
    }
    int32_t offset_s = r->offset_s;
    return dated && fixed_zone(p + at, s.n - at, &offset_s) &&
           hb_time_from_civil(v[0] * 100 + v[1], v[2], v[3], v[4], v[5], v[6], ns, offset_s, ret);
}

static hb_time read_text(const hb_time_rule *r, hb_time_form form, const hb_cell *cell)
{
    hb_time t = 0;
    if (cell->kind == HB_CELL_TIME) {
        return to_utc(cell->as.ns, r);
    }
    char digits[HB_NUM_TEXT];
    hb_str text = text_of(cell);
    if (cell->kind == HB_CELL_NUMBER && form == HB_FORM_YMD) {
        text = (hb_str){digits, hb_num_print(cell->as.num, digits)};
    } else if (cell->kind != HB_CELL_TEXT) {
        return HB_TIME_NONE;
    }
    if ((form == HB_FORM_YMD || form == HB_FORM_DMY) && read_fixed(r, form, text, &t)) {
        return t;
    }
    hb_moment m = {0};
    return hb_moment_text(form, r->order, text, &m) && hb_moment_time(&m, r->offset_s, &t)
               ? t
               : HB_TIME_NONE;
}

static bool count_part(hb_time_form form, const hb_cell *cell, char decimal, hb_moment *m)
{
    int64_t v = 0;
    if (!figure(cell, decimal, ns_per_s, 0, &v) || v < 0) {
        return false;
    }
    int64_t rest = v % ns_per_s;
    uint32_t whole = v / ns_per_s <= 9999999 ? (uint32_t)(v / ns_per_s) : 9999999;
    if (form == HB_FORM_YEAR) {
        m->year = whole < 100 ? hb_year_of_two_digits(whole) : (int32_t)whole;
        m->has |= HB_HAS_DATE;
    } else if (form == HB_FORM_MONTH) {
        m->month = whole;
    } else if (form == HB_FORM_DAY) {
        m->day = whole;
    } else if (form == HB_FORM_MINUTE) {
        m->minute = whole;
    } else if (form == HB_FORM_SECOND) {
        m->second = whole;
        m->ns = (uint32_t)rest;
        rest = 0;
    } else if (form == HB_FORM_HHMM) {
        m->hour = whole / 100;
        m->minute = whole % 100;
    } else if (form == HB_FORM_HHMMSS) {
        m->hour = whole / 10000;
        m->minute = whole / 100 % 100;
        m->second = whole % 100;
        m->ns = (uint32_t)rest;
        rest = 0;
    }
    return rest == 0;
}

static bool clock_cell(hb_time_form form, const hb_cell *cell, char decimal, hb_moment *m)
{
    int64_t v = 0;
    switch ((int)form) {
    case HB_FORM_CELL_SPAN:
        if (cell->kind != HB_CELL_TIME) {
            return false;
        }
        v = cell_span(cell->as.ns);
        if (v == HB_TIME_NONE) {
            return false;
        }
        m->day_ns = ((v % ns_per_day) + ns_per_day) % ns_per_day;
        return true;
    case HB_FORM_DAY_FRACTION:
        if (!figure(cell, decimal, ns_per_day, 0, &v) || v < 0 || v > ns_per_day) {
            return false;
        }
        m->day_ns = undo_double(cell, decimal, v);
        return true;
    case HB_FORM_DAY_NUMBER:
        if (!figure(cell, decimal, ns_per_day, 0, &v) || v < ns_per_day) {
            return false;
        }
        m->day = (uint32_t)(v / ns_per_day);
        m->day_ns += v % ns_per_day;
        m->has |= HB_HAS_ORDINAL;
        return true;
    case HB_FORM_HOUR:
        if (!figure(cell, decimal, ns_per_hour, 0, &v) || v < 0 || v > 24 * ns_per_hour) {
            return false;
        }
        m->hour = (uint32_t)(v / ns_per_hour);
        m->day_ns += v % ns_per_hour;
        return true;
    case HB_FORM_SECOND_OF_DAY:
        if (!figure(cell, decimal, ns_per_s, 0, &v) || v < 0 || v > ns_per_day) {
            return false;
        }
        m->day_ns += v;
        return true;
    case HB_FORM_MILLI:
        if (!figure(cell, decimal, 1000000, 0, &v) || v < 0 || v >= ns_per_s) {
            return false;
        }
        m->day_ns += v;
        return true;
    default:
        return count_part(form, cell, decimal, m);
    }
}

static bool half_or_zone(hb_time_form form, const hb_cell *cell, hb_moment *m)
{
    if (cell->kind != HB_CELL_TEXT) {
        return false;
    }
    hb_scan s = {cell->as.p, cell->as.p + cell->len, cell->as.p};
    if (form == HB_FORM_HALF) {
        uint32_t hour = m->hour;
        m->hour = 12; /* the column may stand before the clock's */
        bool ok = hb_scan_half(&s, m) && m->half && s.p == s.end;
        m->hour = hour;
        return ok;
    }
    hb_scan_zone(&s, m);
    return s.p == s.end && s.p > s.from;
}

static bool read_part(const hb_time_rule *r, size_t k, const hb_cell *cell, char decimal,
                      hb_moment *m)
{
    hb_time_form form = (hb_time_form)r->form[k];
    if (form == HB_FORM_HALF || form == HB_FORM_ZONE) {
        return half_or_zone(form, cell, m);
    }
    if (form == HB_FORM_SERIAL || (cell->kind == HB_CELL_TIME && form != HB_FORM_CELL_SPAN)) {
        hb_time_rule local = *r;
        local.offset_s = 0;
        hb_time t = cell->kind == HB_CELL_TIME ? cell->as.ns : read_serial(&local, cell, decimal);
        if (t == HB_TIME_NONE) {
            return false;
        }
        int64_t days = t / ns_per_day - (t % ns_per_day < 0);
        int64_t year = 0;
        hb_civil_from_days(days, &year, &m->month, &m->day);
        m->year = (int32_t)year;
        m->has |= HB_HAS_DATE;
        return true;
    }
    if (form < HB_FORM_NUMBER && form != HB_FORM_CELL_SPAN) {
        char digits[HB_NUM_TEXT];
        hb_str text = text_of(cell);
        if (cell->kind == HB_CELL_NUMBER) {
            text = (hb_str){digits, hb_num_print(cell->as.num, digits)};
        }
        return (cell->kind == HB_CELL_TEXT || cell->kind == HB_CELL_NUMBER) &&
               hb_moment_text(form, r->order, text, m);
    }
    return clock_cell(form, cell, decimal, m);
}

static hb_time read_parts(const hb_time_rule *r, const hb_cell *const parts[HB_TIME_PARTS],
                          char decimal)
{
    hb_moment m = {0};
    hb_time t = 0;
    for (size_t k = 0; k < r->n_columns; k++) {
        if (!read_part(r, k, parts[k], decimal, &m)) {
            return HB_TIME_NONE;
        }
    }
    return hb_moment_time(&m, r->offset_s, &t) ? t : HB_TIME_NONE;
}

static hb_time read_number(const hb_time_rule *r, const hb_cell *cell, char decimal)
{
    int64_t t = 0;
    switch (r->form[0]) {
    case HB_FORM_NUMBER:
    case HB_FORM_EPOCH:
        return figure(cell, decimal, (int64_t)r->scale_ns, 0, &t) ? t : HB_TIME_NONE;
    case HB_FORM_SINCE_1904:
        return figure(cell, decimal, ns_per_s, 2082844800, &t) ? t : HB_TIME_NONE;
    case HB_FORM_SINCE_1601:
        return figure(cell, decimal, 100, INT64_C(116444736000000000), &t) ? t : HB_TIME_NONE;
    case HB_FORM_SINCE_1:
        return figure(cell, decimal, 100, INT64_C(621355968000000000), &t) ? t : HB_TIME_NONE;
    case HB_FORM_SERIAL:
        return read_serial(r, cell, decimal);
    case HB_FORM_DATENUM:
        return read_days(r, cell, decimal, 719529, 0);
    case HB_FORM_JULIAN:
        return read_days(r, cell, decimal, 2440588, ns_per_day / 2);
    case HB_FORM_MJD:
        return read_days(r, cell, decimal, 40587, 0);
    case HB_FORM_QUANTITY:
        return read_quantity(cell, decimal);
    default:
        return HB_TIME_NONE;
    }
}

/* The text says digits·10^-places units, which in ns is less than 0.25 from the product of doubles
 * below 2^50 (two roundings). So where that is less than 0.25 from a whole number, this is what the
 * exact figure rounds to. */
bool hb_time_rule_figures(const hb_time_rule *r, const double *v, size_t n, hb_time *ret_t)
{
    if (r->n_columns != 1 || r->form[0] != HB_FORM_NUMBER) {
        return false;
    }
    double unit_ns = (double)(int64_t)r->scale_ns;
    for (size_t i = 0; i < n; i++) {
        double ns = fabs(v[i]) * unit_ns;
        bool small = ns < 0x1p50; /* false for NaN */
        int64_t t = (int64_t)((small ? ns : 0) + 0.5);
        bool whole = fabs(ns - (double)t) < 0.25;
        t = v[i] < 0 ? -t : t;
        ret_t[i] = small && whole ? t : HB_TIME_NONE;
    }
    return true;
}

hb_time hb_time_rule_read(const hb_time_rule *r, const hb_cell *const parts[HB_TIME_PARTS],
                          char decimal)
{
    if (r->n_columns != 1) {
        return read_parts(r, parts, decimal);
    }
    hb_time_form form = (hb_time_form)r->form[0];
    const hb_cell *cell = parts[0];
    if (form >= HB_FORM_NUMBER && form < HB_FORM_YEAR) {
        return read_number(r, cell, decimal);
    }
    if (form == HB_FORM_CELL_SPAN) {
        return cell->kind == HB_CELL_TIME ? cell_span(cell->as.ns) : HB_TIME_NONE;
    }
    if (form == HB_FORM_SPAN || form == HB_FORM_SPAN_MS) {
        hb_moment m = {0};
        int64_t ns = 0;
        return cell->kind == HB_CELL_TEXT &&
                       hb_span_text(text_of(cell), form == HB_FORM_SPAN_MS, &ns, &m)
                   ? ns
                   : HB_TIME_NONE;
    }
    if (form == HB_FORM_CELL) {
        return read_text(r, HB_FORM_YMD, cell);
    }
    if (form == HB_FORM_NONE || form >= HB_FORM_YEAR) {
        return HB_TIME_NONE;
    }
    return read_text(r, form, cell);
}
