/* SPDX-License-Identifier: Apache-2.0 */
/* Calendar arithmetic after H. Hinnant, "chrono-Compatible Low-Level Date Algorithms" (days counted
 * from 1 March, in eras of 400 years). */
#include "base/time.h"

#include <stdio.h>

static const int64_t ns_per_s = INT64_C(1000000000);

int64_t hb_days_from_civil(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void hb_civil_from_days(int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *ret_day = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
    *ret_month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
    *ret_year = yoe + era * 400 + (*ret_month <= 2);
}

static unsigned days_in_month(int64_t year, unsigned month)
{
    static const unsigned days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

bool hb_time_from_civil(int64_t year, unsigned month, unsigned day, unsigned hour, unsigned minute,
                        unsigned second, uint32_t ns, int32_t offset_s, hb_time *ret)
{
    if (year < 1677 || year > 2262 || month < 1 || month > 12 || day < 1 ||
        day > days_in_month(year, month) || hour > 24 || minute > 59 || second > 60 ||
        (hour == 24 && (minute || second || ns))) {
        return false;
    }
    int64_t s = hb_days_from_civil(year, month, day) * 86400 + (int64_t)hour * 3600 +
                (int64_t)minute * 60 + second - offset_s;
    int64_t t = 0;
    if (__builtin_mul_overflow(s, ns_per_s, &t) || __builtin_add_overflow(t, (int64_t)ns, &t) ||
        t == HB_TIME_NONE) {
        return false;
    }
    *ret = t;
    return true;
}

typedef struct cursor {
    const char *p;
    const char *end;
} cursor;

static bool digits(cursor *c, int n, unsigned *ret)
{
    unsigned v = 0;
    if (c->end - c->p < n) {
        return false;
    }
    for (int i = 0; i < n; i++) {
        if (c->p[i] < '0' || c->p[i] > '9') {
            return false;
        }
        v = v * 10 + (unsigned)(c->p[i] - '0');
    }
    c->p += n;
    *ret = v;
    return true;
}

static bool take(cursor *c, char ch)
{
    if (c->p < c->end && *c->p == ch) {
        c->p++;
        return true;
    }
    return false;
}

static bool fraction(cursor *c, uint32_t *ret_ns)
{
    uint32_t ns = 0;
    uint32_t scale = 100000000;
    const char *from = c->p;
    while (c->p < c->end && *c->p >= '0' && *c->p <= '9') {
        ns += (uint32_t)(*c->p - '0') * scale;
        scale /= 10;
        c->p++;
    }
    *ret_ns = ns;
    return c->p > from;
}

static bool zone(cursor *c, int32_t *ret_offset_s, bool *ret_zoned)
{
    *ret_offset_s = 0;
    *ret_zoned = true;
    if (take(c, 'Z') || take(c, 'z')) {
        return true;
    }
    bool west = c->p < c->end && *c->p == '-';
    if (!take(c, '+') && !take(c, '-')) {
        *ret_zoned = false;
        return true;
    }
    unsigned h = 0;
    unsigned m = 0;
    if (!digits(c, 2, &h)) {
        return false;
    }
    take(c, ':');
    if (c->p < c->end && !digits(c, 2, &m)) {
        return false;
    }
    *ret_offset_s = (int32_t)(h * 3600 + m * 60) * (west ? -1 : 1);
    return h <= 23 && m <= 59;
}

bool hb_time_parse(const char *p, size_t n, hb_time *ret, bool *ret_zoned)
{
    cursor c = {p, p + n};
    unsigned year = 0;
    unsigned month = 0;
    unsigned day = 0;
    unsigned hour = 0;
    unsigned minute = 0;
    unsigned second = 0;
    uint32_t ns = 0;
    int32_t offset = 0;
    bool zoned = false;
    if (!digits(&c, 4, &year)) {
        return false;
    }
    bool dashed = take(&c, '-');
    if (!digits(&c, 2, &month) || take(&c, '-') != dashed || !digits(&c, 2, &day)) {
        return false;
    }
    if (!dashed && n == 8) {
        return false; /* eight digits alone are a number, not a date */
    }
    if (c.p < c.end) {
        if (!take(&c, 'T') && !take(&c, 't') && !take(&c, ' ')) {
            return false;
        }
        if (!digits(&c, 2, &hour)) {
            return false;
        }
        bool colons = take(&c, ':');
        if (!digits(&c, 2, &minute)) {
            return false;
        }
        bool has_second = colons ? take(&c, ':') : c.p < c.end && *c.p >= '0' && *c.p <= '9';
        if (has_second) {
            if (!digits(&c, 2, &second)) {
                return false;
            }
            if ((take(&c, '.') || take(&c, ',')) && !fraction(&c, &ns)) {
                return false;
            }
        }
        take(&c, ' ');
        if (!zone(&c, &offset, &zoned)) {
            return false;
        }
    }
    if (c.p != c.end ||
        !hb_time_from_civil(year, month, day, hour, minute, second, ns, offset, ret)) {
        return false;
    }
    if (ret_zoned) {
        *ret_zoned = zoned;
    }
    return true;
}

size_t hb_time_print(hb_time t, char out[HB_TIME_TEXT])
{
    int64_t s = t / ns_per_s;
    int64_t ns = t % ns_per_s;
    if (ns < 0) {
        ns += ns_per_s;
        s--;
    }
    int64_t days = s / 86400;
    int64_t of_day = s % 86400;
    if (of_day < 0) {
        of_day += 86400;
        days--;
    }
    int64_t year = 0;
    unsigned month = 0;
    unsigned day = 0;
    hb_civil_from_days(days, &year, &month, &day);
    char frac[12] = "";
    if (ns % 1000000 == 0 && ns) {
        snprintf(frac, sizeof frac, ".%03d", (int)(ns / 1000000));
    } else if (ns % 1000 == 0 && ns) {
        snprintf(frac, sizeof frac, ".%06d", (int)(ns / 1000));
    } else if (ns) {
        snprintf(frac, sizeof frac, ".%09d", (int)ns);
    }
    int n = snprintf(out, HB_TIME_TEXT, "%04d-%02u-%02uT%02d:%02d:%02d%sZ", (int)year, month, day,
                     (int)(of_day / 3600), (int)(of_day / 60 % 60), (int)(of_day % 60), frac);
    return n > 0 ? (size_t)n : 0;
}
