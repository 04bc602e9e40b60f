/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3164 describes what was seen, not what must be. Taken are: a time with or without a year and
 * zone, a host or none (the C library writes none to /dev/log), a program with or without its pid,
 * or neither. */
#include "source/syslog/message.h"

#include <string.h>

static const int64_t second_ns = 1000000000;
static const int64_t quarter_ns = INT64_C(900000000000);

bool hb_syslog_time(unsigned month, unsigned day, int64_t ns_of_day, hb_time arrival, hb_time *ret)
{
    const int64_t day_ns = 86400 * second_ns;
    const int64_t latest = arrival + 120 * second_ns;
    int64_t year = 0;
    unsigned m = 0;
    unsigned d = 0;
    int64_t days = arrival / day_ns - (arrival % day_ns < 0);
    hb_civil_from_days(days, &year, &m, &d);
    for (int64_t y = year + 1; y >= year - 4; y--) { /* 29 February: four years back */
        hb_time t = 0;
        if (!hb_time_from_civil(y, month, day, 0, 0, 0, 0, 0, &t)) {
            continue;
        }
        t += ns_of_day;
        int64_t ahead = t - latest; /* the zone's least offset */
        int64_t quarters = ahead / quarter_ns + (ahead % quarter_ns > 0);
        if (quarters > 14 * 4) {
            continue; /* of the year before */
        }
        *ret = quarters >= -12 * 4 ? t - quarters * quarter_ns : t;
        return true;
    }
    return false;
}

static bool take_number(hb_str *s, size_t n, unsigned *ret)
{
    unsigned v = 0;
    for (size_t i = 0; i < n; i++) {
        if (i >= s->n || s->p[i] < '0' || s->p[i] > '9') {
            return false;
        }
        v = v * 10 + (unsigned)(s->p[i] - '0');
    }
    *s = (hb_str){s->p + n, s->n - n};
    *ret = v;
    return true;
}

static bool take_char(hb_str *s, char c)
{
    if (s->n == 0 || s->p[0] != c) {
        return false;
    }
    *s = (hb_str){s->p + 1, s->n - 1};
    return true;
}

/* Up to the next blank, which is dropped. */
static hb_str take_word(hb_str *s)
{
    size_t n = hb_str_find_ch(*s, ' ');
    hb_str word = {s->p, n};
    size_t used = n < s->n ? n + 1 : n;
    *s = (hb_str){s->p + used, s->n - used};
    return word;
}

static hb_str nothing_for_dash(hb_str s)
{
    return hb_str_eq_c(s, "-") ? (hb_str){s.p, 0} : s;
}

/* "<0>" to "<191>" */
static bool take_priority(hb_str *s, hb_syslog_message *m)
{
    hb_str rest = *s;
    unsigned v = 0;
    size_t digits = 0;
    if (!take_char(&rest, '<')) {
        return false;
    }
    while (digits < rest.n && digits < 4 && rest.p[digits] >= '0' && rest.p[digits] <= '9') {
        digits++;
    }
    if (digits < 1 || digits > 3 || !take_number(&rest, digits, &v) || v > 191 ||
        !take_char(&rest, '>')) {
        return false;
    }
    m->facility = (int)(v / 8);
    m->severity = (int)(v % 8);
    *s = rest;
    return true;
}

static bool sd_name_char(char c)
{
    return c > 0x20 && c < 0x7f && c != '=' && c != ']' && c != '"';
}

static hb_str take_sd_name(hb_str *s)
{
    size_t n = 0;
    while (n < s->n && sd_name_char(s->p[n])) {
        n++;
    }
    hb_str name = {s->p, n};
    *s = (hb_str){s->p + n, s->n - n};
    return name;
}

static bool take_sd_value(hb_str *s, hb_str *ret)
{
    size_t n = 0;
    while (n < s->n && s->p[n] != '"' && s->p[n] != ']') {
        n += s->p[n] == '\\' && n + 1 < s->n ? 2 : 1;
    }
    if (n >= s->n || s->p[n] != '"') {
        return false;
    }
    *ret = (hb_str){s->p, n};
    *s = (hb_str){s->p + n + 1, s->n - n - 1};
    return true;
}

/* One step through "[id name="value" …][…]": a parameter, or false with *ret_bad told apart from
 * the end. */
static bool step_param(hb_str *s, hb_syslog_param *io, bool *io_inside, bool *ret_bad)
{
    *ret_bad = false;
    for (;;) {
        if (!*io_inside) {
            if (!take_char(s, '[')) {
                return false;
            }
            io->id = take_sd_name(s);
            *io_inside = true;
            if (io->id.n == 0) {
                *ret_bad = true;
                return false;
            }
        }
        if (take_char(s, ']')) {
            *io_inside = false;
            continue;
        }
        if (!take_char(s, ' ')) {
            *ret_bad = true;
            return false;
        }
        io->name = take_sd_name(s);
        if (io->name.n == 0 || !take_char(s, '=') || !take_char(s, '"') ||
            !take_sd_value(s, &io->value)) {
            *ret_bad = true;
            return false;
        }
        return true;
    }
}

bool hb_syslog_next_param(hb_str *io_rest, hb_syslog_param *io)
{
    bool inside = io->id.n > 0;
    bool bad = false;
    return step_param(io_rest, io, &inside, &bad) && !bad;
}

/* Structured data and the text behind it. */
static const char *take_data(hb_str *s, hb_syslog_message *m)
{
    hb_str from = *s;
    hb_syslog_param p = {0};
    bool inside = false;
    bool bad = false;
    if (take_char(s, '-')) {
        m->data = (hb_str){from.p, 0};
    } else {
        while (step_param(s, &p, &inside, &bad)) {
        }
        m->data = (hb_str){from.p, from.n - s->n};
        if (bad || m->data.n == 0) {
            m->data.n = 0;
            return "bad structured data";
        }
    }
    if (s->n && !take_char(s, ' ')) {
        return "bad structured data";
    }
    return NULL;
}

static bool parse_5424(hb_str s, hb_syslog_message *m, const char **ret_bad)
{
    hb_str when = nothing_for_dash(take_word(&s));
    bool zoned = false;
    if (when.n) {
        m->timed = hb_time_parse(when.p, when.n, &m->t, &zoned);
        if (!m->timed || !zoned) {
            *ret_bad = "bad time";
            return false;
        }
    }
    m->host = nothing_for_dash(take_word(&s));
    m->program = nothing_for_dash(take_word(&s));
    take_word(&s); /* PROCID */
    hb_str msgid = take_word(&s);
    if (msgid.n == 0) {
        *ret_bad = "bad header";
        return false;
    }
    *ret_bad = take_data(&s, m);
    m->message = *ret_bad ? (hb_str){s.p, 0} : s;
    if (hb_str_starts(m->message, "\xef\xbb\xbf")) {
        m->message = (hb_str){m->message.p + 3, m->message.n - 3};
    }
    return true;
}

static bool take_clock(hb_str *s, int64_t *ret_ns)
{
    unsigned h = 0;
    unsigned m = 0;
    unsigned sec = 0;
    if (!take_number(s, 2, &h) || !take_char(s, ':') || !take_number(s, 2, &m) ||
        !take_char(s, ':') || !take_number(s, 2, &sec) || h > 23 || m > 59 || sec > 60) {
        return false;
    }
    int64_t ns = (int64_t)(h * 3600 + m * 60 + sec) * second_ns;
    if (take_char(s, '.')) {
        int64_t unit = second_ns;
        for (unsigned digit = 0; take_number(s, 1, &digit);) {
            unit /= 10;
            ns += (int64_t)digit * unit;
        }
    }
    *ret_ns = ns;
    return true;
}

/* "Nov 26 18:21:55", the day padded with a blank or a nought. */
static bool take_old_time(hb_str *s, hb_time arrival, hb_syslog_message *m)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    hb_str rest = *s;
    unsigned month = 0;
    unsigned day = 0;
    int64_t clock = 0;
    if (rest.n < 4) {
        return false;
    }
    while (month < 12 && memcmp(months + (size_t)month * 3, rest.p, 3) != 0) {
        month++;
    }
    rest = (hb_str){rest.p + 3, rest.n - 3};
    if (month == 12 || !take_char(&rest, ' ')) {
        return false;
    }
    bool padded = take_char(&rest, ' ');
    if (!take_number(&rest, padded ? 1 : 2, &day) || !take_char(&rest, ' ') ||
        !take_clock(&rest, &clock) || (rest.n && !take_char(&rest, ' '))) {
        return false;
    }
    hb_time day_of_2000 = 0; /* which had every day */
    if (arrival == HB_TIME_NONE
            ? !hb_time_from_civil(2000, month + 1, day, 0, 0, 0, 0, 0, &day_of_2000)
            : !hb_syslog_time(month + 1, day, clock, arrival, &m->t)) {
        return false;
    }
    m->timed = true;
    *s = rest;
    return true;
}

static bool take_new_time(hb_str *s, hb_syslog_message *m)
{
    hb_str rest = *s;
    hb_str word = take_word(&rest);
    hb_time t = 0;
    if (word.n < 19 || !hb_time_parse(word.p, word.n, &t, NULL)) {
        return false;
    }
    m->t = t;
    m->timed = true;
    *s = rest;
    return true;
}

/* "sshd[1234]:", "sshd:", "sshd[1234]" */
static bool is_tag(hb_str word)
{
    return word.n > 1 && (hb_str_ends(word, ":") || hb_str_ends(word, "]"));
}

/* A program's name: no colon, no pid. */
static hb_str name_of(hb_str tag)
{
    if (hb_str_ends(tag, ":")) {
        tag.n--;
    }
    if (hb_str_ends(tag, "]")) {
        size_t open = hb_str_find_ch(tag, '[');
        tag.n = open < tag.n ? open : tag.n;
    }
    return tag;
}

static void parse_3164(hb_str s, hb_syslog_message *m)
{
    hb_str rest = s;
    hb_str first = take_word(&rest);
    hb_str after = rest;
    hb_str second = take_word(&after);
    if (is_tag(first)) {
        m->program = name_of(first);
        m->message = rest;
    } else if (m->timed && is_tag(second)) {
        m->host = first;
        m->program = name_of(second);
        m->message = after;
    } else if (m->timed) {
        m->host = first;
        m->message = rest;
    } else {
        m->message = s;
    }
}

bool hb_syslog_parse(hb_str text, hb_time arrival, hb_syslog_message *ret, const char **ret_bad)
{
    hb_syslog_message m = {.facility = -1, .severity = -1, .t = arrival};
    hb_str s = hb_str_trim(text);
    *ret_bad = NULL;
    bool has_priority = take_priority(&s, &m);
    if (has_priority && hb_str_starts(s, "1 ")) {
        take_word(&s);
        bool usable = parse_5424(s, &m, ret_bad);
        m.program = name_of(m.program);
        *ret = m;
        return usable;
    }
    if (!take_old_time(&s, arrival, &m) && !take_new_time(&s, &m) && !has_priority) {
        *ret_bad = s.n ? "neither priority nor time" : "empty message";
        return false;
    }
    parse_3164(s, &m);
    m.timed = m.timed && m.t != HB_TIME_NONE; /* without an arrival nothing tells the year */
    *ret = m;
    return true;
}
