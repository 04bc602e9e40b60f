/* SPDX-License-Identifier: Apache-2.0 */
/* Elapsed time in groups of figures, with days or hours beyond 24. */
#include "input/time/scan.h"

static const int64_t ns_per_s = INT64_C(1000000000);

typedef struct span {
    uint64_t days;
    uint64_t hours;
    uint64_t minutes;
    uint64_t seconds;
    uint32_t ns;
} span;

static bool figure(hb_scan *s, hb_moment *m, hb_time_field field, size_t most, uint64_t *ret)
{
    const char *from = s->p;
    uint32_t v = 0;
    if (!hb_scan_digits(s, 1, most, &v)) {
        return false;
    }
    *ret = v;
    hb_scan_mark(s, m, field, from);
    return true;
}

static bool fraction(hb_scan *s, hb_moment *m, uint32_t *ret)
{
    const char *from = s->p;
    uint32_t ns = 0;
    uint32_t scale = 100000000;
    while (s->p < s->end && *s->p >= '0' && *s->p <= '9') {
        ns += (uint32_t)(*s->p - '0') * scale;
        scale /= 10;
        s->p++;
    }
    *ret = ns;
    hb_scan_mark(s, m, HB_FIELD_FRACTION, from);
    return s->p > from;
}

/* "1d ", "2 days, ", "3 Tage ", or the "1." of .NET before 02:03:04 */
static bool days_before(hb_scan *s, hb_moment *m, uint64_t *ret)
{
    hb_scan try = *s;
    char word[HB_SCAN_WORD];
    uint64_t v = 0;
    hb_moment marks = *m;
    if (!figure(&try, &marks, HB_FIELD_DOY, 6, &v)) {
        return false;
    }
    if (hb_scan_take(&try, '.')) {
        size_t run = hb_scan_run(&try);
        if (run < 1 || run > 2 || try.p + run >= try.end || try.p[run] != ':') {
            return false;
        }
    } else {
        hb_scan_blanks(&try);
        size_t n = hb_scan_word(&try, word);
        if (n == 0 ||
            !hb_word_among(" d day days tag tage j jour jours dia dias giorno giorni ", word)) {
            return false;
        }
        hb_scan_take(&try, ',');
        hb_scan_blanks(&try);
    }
    *m = marks;
    *ret = v;
    *s = try;
    return true;
}

static bool more_digits(const hb_scan *s, char mark)
{
    return s->p + 1 < s->end && *s->p == mark && s->p[1] >= '0' && s->p[1] <= '9';
}

/* hh:mm, hh:mm:ss, d:hh:mm:ss, each with a fraction behind the last; mm:ss when told. */
static bool groups(hb_scan *s, hb_moment *m, bool minutes_first, span *ret)
{
    uint64_t v[4] = {0};
    size_t n = 0;
    hb_time_mark *first = &m->marks[m->n_marks < HB_TIME_MARKS ? m->n_marks : 0];
    do {
        s->p += n > 0;
        size_t run = hb_scan_run(s);
        if (n == 3 && run == 3) {
            break; /* hh:mm:ss:fff */
        }
        if (!figure(s, m, HB_FIELD_HOUR, n == 0 ? 8 : 2, &v[n])) {
            return false;
        }
        n++;
    } while (n < 4 && more_digits(s, ':'));
    bool millis = n == 3 && s->p[-1] == ':';
    if (n < 2 || m->n_marks + 1 > HB_TIME_MARKS) {
        return false;
    }
    static const uint8_t fields[3][4] = {
        {HB_FIELD_HOUR, HB_FIELD_MINUTE},
        {HB_FIELD_HOUR, HB_FIELD_MINUTE, HB_FIELD_SECOND},
        {HB_FIELD_DOY, HB_FIELD_HOUR, HB_FIELD_MINUTE, HB_FIELD_SECOND},
    };
    size_t skip = n == 2 && minutes_first ? 1 : 0;
    for (size_t i = 0; i < n; i++) {
        first[i].field = fields[skip ? 1 : n - 2][i + skip];
    }
    ret->days += n == 4 ? v[0] : 0;
    ret->hours = n == 4 ? v[1] : skip ? 0 : v[0];
    ret->minutes = n == 4 ? v[2] : skip ? v[0] : v[1];
    ret->seconds = n == 4 ? v[3] : n == 3 ? v[2] : skip ? v[1] : 0;
    bool first_is_minutes = skip == 1;
    if ((!first_is_minutes && ret->minutes > 59) || ret->seconds > 59 ||
        (n == 4 && ret->hours > 23)) {
        return false;
    }
    if (millis || ((n > 2 || skip) && (more_digits(s, '.') || more_digits(s, ',')))) {
        s->p += !millis;
        return fraction(s, m, &ret->ns);
    }
    return true;
}

/* 1h 2m 3.5s, 2 h 03 min, PT1H2M3S: at least two groups, so that "5 m" stays five metres. */
static bool lettered(hb_scan *s, hb_moment *m, span *ret)
{
    static const char *const units[4] = {" d day days tag tage ", " h hr hrs hour hours std ",
                                         " m min mins minute minutes ",
                                         " s sec secs second seconds sek "};
    bool iso = hb_scan_take(s, 'P');
    uint64_t *const slots[4] = {&ret->days, &ret->hours, &ret->minutes, &ret->seconds};
    static const hb_time_field fields[4] = {HB_FIELD_DOY, HB_FIELD_HOUR, HB_FIELD_MINUTE,
                                            HB_FIELD_SECOND};
    int n = 0;
    int unit = -1;
    while (s->p < s->end && n < 4) {
        uint64_t v = 0;
        char word[HB_SCAN_WORD];
        bool fractional = false;
        hb_scan_blanks(s);
        if (iso) {
            hb_scan_take(s, 'T');
        }
        if (!figure(s, m, HB_FIELD_SECOND, 8, &v)) {
            return false;
        }
        hb_time_mark *mark = &m->marks[m->n_marks - 1];
        if (more_digits(s, '.') || more_digits(s, ',')) {
            s->p++;
            fractional = fraction(s, m, &ret->ns);
        }
        hb_scan_blanks(s);
        size_t len = hb_scan_word(s, word);
        int k = unit + 1;
        while (k < 4 && !hb_word_among(units[k], word)) {
            k++;
        }
        if (len == 0 || k == 4 || (fractional && k != 3)) {
            return false;
        }
        mark->field = (uint8_t)fields[k];
        *slots[k] = v;
        unit = k;
        n++;
    }
    return n >= 2 || (iso && n == 1);
}

bool hb_span_text(hb_str text, bool minutes_first, int64_t *ret_ns, hb_moment *marks)
{
    if (text.n == 0 || text.n > HB_TIME_LONGEST) {
        return false;
    }
    hb_scan s = {text.p, text.p + text.n, text.p};
    hb_scan_blanks(&s);
    hb_scan_take(&s, '\'');
    while (s.end > s.p && (s.end[-1] == ' ' || s.end[-1] == '\t')) {
        s.end--;
    }
    bool minus = hb_scan_take(&s, '-');
    if (!minus) {
        hb_scan_take(&s, '+');
    }
    hb_scan try = s;
    hb_moment seen = *marks;
    span v = {0};
    days_before(&try, &seen, &v.days);
    if (!groups(&try, &seen, minutes_first, &v) || try.p != try.end) {
        try = s;
        seen = *marks;
        v = (span){0};
        if (!lettered(&try, &seen, &v) || try.p != try.end) {
            return false;
        }
    }
    *marks = seen;
    /* At most 10^8 of each, so the sum of seconds is far from overflow; nanoseconds are not. */
    int64_t s_total = (int64_t)(v.days * 86400 + v.hours * 3600 + v.minutes * 60 + v.seconds);
    int64_t ns = 0;
    if (__builtin_mul_overflow(s_total, ns_per_s, &ns) ||
        __builtin_add_overflow(ns, (int64_t)v.ns, &ns)) {
        return false;
    }
    *ret_ns = minus ? -ns : ns;
    return true;
}
