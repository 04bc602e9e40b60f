/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks and zones: 09:12:44.218, 9:12 PM, 09h12, 091244, 09:12:44:218; Z, +01:00, GMT-5. */
#include "input/time/scan.h"

#include <string.h>

bool hb_scan_take(hb_scan *s, char c)
{
    if (s->p < s->end && *s->p == c) {
        s->p++;
        return true;
    }
    return false;
}

bool hb_scan_blanks(hb_scan *s)
{
    const char *from = s->p;
    for (;;) {
        size_t left = (size_t)(s->end - s->p);
        if (left && (*s->p == ' ' || *s->p == '\t')) {
            s->p++;
        } else if (left >= 2 && memcmp(s->p, "\xC2\xA0", 2) == 0) {
            s->p += 2;
        } else if (left >= 3 &&
                   (memcmp(s->p, "\xE2\x80\xAF", 3) == 0 || memcmp(s->p, "\xE2\x80\x89", 3) == 0)) {
            s->p += 3;
        } else {
            return s->p > from;
        }
    }
}

size_t hb_scan_run(const hb_scan *s)
{
    const char *p = s->p;
    while (p < s->end && (unsigned)(*p - '0') < 10) {
        p++;
    }
    return (size_t)(p - s->p);
}

bool hb_scan_fixed(hb_scan *s, size_t n, uint32_t *ret)
{
    uint32_t v = 0;
    if ((size_t)(s->end - s->p) < n || n > 9) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        unsigned digit = (unsigned)(s->p[i] - '0');
        if (digit > 9) {
            return false;
        }
        v = v * 10 + digit;
    }
    s->p += n;
    *ret = v;
    return true;
}

bool hb_scan_digits(hb_scan *s, size_t min, size_t max, uint32_t *ret)
{
    size_t n = hb_scan_run(s);
    return n >= min && n <= max && hb_scan_fixed(s, n, ret);
}

void hb_scan_mark(const hb_scan *s, hb_moment *m, hb_time_field field, const char *from)
{
    if (m->n_marks < HB_TIME_MARKS) {
        m->marks[m->n_marks++] = (hb_time_mark){
            .field = (uint8_t)field, .at = (uint8_t)(from - s->from), .n = (uint8_t)(s->p - from)};
    }
}

static bool marked_digits(hb_scan *s, hb_moment *m, hb_time_field field, size_t min, size_t max,
                          uint32_t *ret)
{
    const char *from = s->p;
    bool ok = min == max ? hb_scan_fixed(s, min, ret) : hb_scan_digits(s, min, max, ret);
    if (ok) {
        hb_scan_mark(s, m, field, from);
    }
    return ok;
}

/* The digits of a fraction of a second; those past nanoseconds are dropped. */
static bool fraction(hb_scan *s, hb_moment *m)
{
    const char *from = s->p;
    uint32_t ns = 0;
    uint32_t scale = 100000000;
    while (s->p < s->end && (unsigned)(*s->p - '0') < 10) {
        ns += (uint32_t)(*s->p - '0') * scale;
        scale /= 10;
        s->p++;
    }
    m->ns = ns;
    m->has |= HB_HAS_FRACTION;
    hb_scan_mark(s, m, HB_FIELD_FRACTION, from);
    return s->p > from;
}

static bool digit_at(const hb_scan *s, size_t i)
{
    return s->p + i < s->end && (unsigned)(s->p[i] - '0') < 10;
}

/* What may follow the seconds: .218, ,218, or :218 as some instruments print milliseconds. */
static bool fraction_after(hb_scan *s, hb_moment *m)
{
    if (!digit_at(s, 1)) {
        return true;
    }
    if (*s->p == '.' || *s->p == ',') {
        s->p++;
        return fraction(s, m);
    }
    if (*s->p == ':') {
        s->p++;
        size_t n = hb_scan_run(s);
        return (n == 3 || n == 6 || n == 9) && fraction(s, m);
    }
    return true;
}

static bool compact_clock(hb_scan *s, hb_moment *m, size_t run)
{
    return marked_digits(s, m, HB_FIELD_HOUR, 2, 2, &m->hour) &&
           marked_digits(s, m, HB_FIELD_MINUTE, 2, 2, &m->minute) &&
           (run == 4 ||
            (marked_digits(s, m, HB_FIELD_SECOND, 2, 2, &m->second) && fraction_after(s, m)));
}

/* 09h12, 09h12m44s, 9 h 12 min */
static bool lettered_clock(hb_scan *s, hb_moment *m)
{
    hb_scan_blanks(s);
    if (!marked_digits(s, m, HB_FIELD_MINUTE, 2, 2, &m->minute)) {
        return false;
    }
    hb_scan try = *s;
    hb_scan_blanks(&try);
    bool named = false;
    if (hb_scan_take(&try, 'm')) {
        named = true;
        if (hb_scan_take(&try, 'i')) {
            hb_scan_take(&try, 'n');
        }
        hb_scan_blanks(&try);
        *s = try;
    }
    if ((named || hb_scan_take(s, ':')) && digit_at(s, 0)) {
        if (!marked_digits(s, m, HB_FIELD_SECOND, 2, 2, &m->second) || !fraction_after(s, m)) {
            return false;
        }
        hb_scan_take(s, 's');
    }
    return true;
}

bool hb_scan_clock(hb_scan *s, hb_moment *m)
{
    size_t run = hb_scan_run(s);
    bool ok = false;
    if (run == 4 || run == 6) {
        ok = compact_clock(s, m, run);
    } else if (run == 1 || run == 2) {
        if (!marked_digits(s, m, HB_FIELD_HOUR, 1, 2, &m->hour)) {
            return false;
        }
        hb_scan spaced = *s;
        if (hb_scan_blanks(&spaced) && spaced.p < spaced.end && *spaced.p == 'h') {
            *s = spaced;
        }
        char mark = s->p < s->end ? *s->p : 0;
        bool dated = m->has & HB_HAS_DATE;
        if (mark == 'h' || mark == 'H') {
            s->p++;
            ok = lettered_clock(s, m);
        } else if (mark == ':' || mark == '.' || (mark == '-' && dated)) {
            s->p++;
            size_t least = mark == ':' ? 1 : 2;
            ok = marked_digits(s, m, HB_FIELD_MINUTE, least, 2, &m->minute);
            if (ok && digit_at(s, 1) && *s->p == mark) {
                s->p++;
                ok = marked_digits(s, m, HB_FIELD_SECOND, least, 2, &m->second) &&
                     fraction_after(s, m);
            } else {
                ok = ok && (mark == ':' || (mark == '.' && dated));
            }
        }
    }
    m->has |= HB_HAS_CLOCK;
    return ok && m->hour <= 24 && m->minute <= 59 && m->second <= 60 && hb_scan_half(s, m);
}

static bool letter_at(const hb_scan *s, size_t i)
{
    return s->p + i < s->end && (((unsigned char)s->p[i] | 32u) - 'a' < 26 || s->p[i] < 0);
}

bool hb_scan_half(hb_scan *s, hb_moment *m)
{
    hb_scan try = *s;
    hb_scan_blanks(&try);
    const char *from = try.p;
    char c = try.p < try.end ? (char)(*try.p | 32) : 0;
    if (c != 'a' && c != 'p') {
        return true;
    }
    try.p++;
    hb_scan_take(&try, '.');
    hb_scan_blanks(&try);
    if (!(hb_scan_take(&try, 'm') || hb_scan_take(&try, 'M')) || letter_at(&try, 0)) {
        return true; /* a word of another meaning */
    }
    hb_scan_take(&try, '.');
    *s = try;
    hb_scan_mark(s, m, HB_FIELD_HALF, from);
    m->half = (uint8_t)c;
    return m->hour >= 1 && m->hour <= 12;
}

bool hb_scan_offset(hb_scan *s, int32_t *ret)
{
    hb_scan try = *s;
    bool west = hb_scan_take(&try, '-');
    if (!west && try.end - try.p >= 3 && memcmp(try.p, "\xE2\x88\x92", 3) == 0) {
        try.p += 3; /* U+2212, the minus of typographers */
        west = true;
    }
    if (!west && !hb_scan_take(&try, '+')) {
        return false;
    }
    uint32_t hours = 0;
    uint32_t minutes = 0;
    size_t run = hb_scan_run(&try);
    if (!(run == 4 ? hb_scan_fixed(&try, 2, &hours) : hb_scan_digits(&try, 1, 2, &hours))) {
        return false;
    }
    bool more = run == 4 || (digit_at(&try, 1) && hb_scan_take(&try, ':'));
    if ((more && !hb_scan_digits(&try, 2, 2, &minutes)) || hours > 23 || minutes > 59) {
        return false;
    }
    *ret = (int32_t)(hours * 3600 + minutes * 60) * (west ? -1 : 1);
    *s = try;
    return true;
}

/* "(CET)", "[Europe/Berlin]": a remark beside an offset. */
static bool remark(hb_scan *s)
{
    char close = s->p < s->end && *s->p == '(' ? ')' : ']';
    if (s->p >= s->end || (*s->p != '(' && *s->p != '[')) {
        return false;
    }
    const char *p = memchr(s->p, close, (size_t)(s->end - s->p));
    if (!p) {
        return false;
    }
    s->p = p + 1;
    return true;
}

static bool zone_item(hb_scan *s, hb_moment *m)
{
    const char *from = s->p;
    char word[HB_SCAN_WORD];
    if (hb_scan_offset(s, &m->offset_s)) {
        m->has |= HB_HAS_ZONE;
    } else if (remark(s)) {
        hb_str inside = {from + 1, (size_t)(s->p - from) - 2};
        m->has |= hb_str_ieq_c(inside, "utc") || hb_str_ieq_c(inside, "gmt") ? HB_HAS_ZONE : 0;
        return true;
    } else if (hb_scan_word(s, word)) {
        bool utc = strcmp(word, "z") == 0 || strcmp(word, "utc") == 0 || strcmp(word, "gmt") == 0;
        if (utc) {
            m->has |= HB_HAS_ZONE;
            hb_scan spaced = *s;
            hb_scan_blanks(&spaced);
            if (word[0] != 'z' && hb_scan_offset(&spaced, &m->offset_s)) {
                *s = spaced;
            }
        } else if (hb_is_zone_word(word)) {
            m->has |= HB_HAS_ZONE_WORD;
        } else if (strcmp(word, "uhr") == 0 || strcmp(word, "h") == 0 || strcmp(word, "hrs") == 0) {
            return true;
        } else {
            s->p = from;
            return false;
        }
    } else {
        return false;
    }
    hb_scan_mark(s, m, HB_FIELD_ZONE, from);
    return true;
}

void hb_scan_zone(hb_scan *s, hb_moment *m)
{
    for (int i = 0; i < 3; i++) {
        hb_scan try = *s;
        hb_scan_blanks(&try);
        if (!zone_item(&try, m)) {
            return;
        }
        *s = try;
    }
}
