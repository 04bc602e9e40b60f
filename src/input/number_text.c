/* SPDX-License-Identifier: Apache-2.0 */
#include "input/number_text.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool digit_at(hb_str s, size_t i)
{
    return i < s.n && is_digit(s.p[i]);
}

/* Bytes of the blank at s.p[i]; 0 = none. The byte A0 alone is Latin-1's U+00A0. */
static size_t blank_at(hb_str s, size_t i)
{
    if (i >= s.n) {
        return 0;
    }
    const unsigned char *u = (const unsigned char *)s.p + i;
    size_t n = s.n - i;
    if (*u == ' ' || *u == '\t' || *u == 0xa0) {
        return 1;
    }
    if (n >= 2 && u[0] == 0xc2 && u[1] == 0xa0) {
        return 2;
    }
    bool thin =
        n >= 3 && u[0] == 0xe2 && u[1] == 0x80 && (u[2] == 0x87 || u[2] == 0x89 || u[2] == 0xaf);
    return thin ? 3 : 0;
}

static size_t apostrophe_at(hb_str s, size_t i)
{
    if (i < s.n && s.p[i] == '\'') {
        return 1;
    }
    return i + 3 <= s.n && memcmp(s.p + i, "\u2019", 3) == 0 ? 3 : 0;
}

/* Hyphen, minus sign, en dash and the wide and small forms of it. */
static size_t minus_at(hb_str s, size_t i)
{
    if (i < s.n && s.p[i] == '-') {
        return 1;
    }
    if (i + 3 > s.n || (s.p[i] != '\xe2' && s.p[i] != '\xef')) {
        return 0;
    }
    hb_str rest = {s.p + i, s.n - i};
    return hb_str_starts(rest, "\u2212") || hb_str_starts(rest, "\u2013") ||
                   hb_str_starts(rest, "\ufe63") || hb_str_starts(rest, "\uff0d")
               ? 3
               : 0;
}

static hb_str trim(hb_str s)
{
    size_t n = 0;
    while ((n = blank_at(s, 0)) > 0) {
        s.p += n;
        s.n -= n;
    }
    return hb_str_trim(s);
}

/* Bytes of "E+04", "d-3" at i; 0 = none. */
static size_t exponent_at(hb_str s, size_t i)
{
    if (i >= s.n || ((s.p[i] & 0xdf) != 'E' && (s.p[i] & 0xdf) != 'D')) {
        return 0;
    }
    size_t at = i + 1;
    at += at < s.n && s.p[at] == '+' ? 1 : minus_at(s, at);
    if (!digit_at(s, at)) {
        return 0;
    }
    while (digit_at(s, at)) {
        at++;
    }
    return at - i;
}

static size_t core_length(hb_str s)
{
    size_t i = 0;
    bool digit = false; /* the byte before is one */
    while (i < s.n) {
        char c = s.p[i];
        size_t n = 0;
        if (is_digit(c)) {
            digit = true;
            i++;
        } else if (c == '.' || c == ',') {
            if (!digit && !digit_at(s, i + 1)) {
                break;
            }
            digit = false;
            i++;
            n = exponent_at(s, i);
            if (n) {
                return i + n;
            }
        } else if (digit && (n = exponent_at(s, i)) > 0) {
            return i + n;
        } else if (digit && ((n = blank_at(s, i)) > 0 || (n = apostrophe_at(s, i)) > 0) &&
                   digit_at(s, i + n)) {
            i += n;
            digit = false;
        } else {
            break;
        }
    }
    return i;
}

bool hb_number_parts_of(hb_str s, hb_number_parts *ret)
{
    *ret = (hb_number_parts){0};
    size_t n = apostrophe_at(s, 0);
    ret->apostrophe = n > 0;
    s = trim((hb_str){s.p + n, s.n - n});
    if (s.n > 2 && s.p[0] == '(' && s.p[s.n - 1] == ')') {
        ret->parens = true;
        s = trim((hb_str){s.p + 1, s.n - 2});
    }
    n = minus_at(s, 0);
    ret->minus = n > 0;
    bool sign = n > 0 || (s.n && s.p[0] == '+');
    n = n ? n : sign;
    s = (hb_str){s.p + n, s.n - n};
    if (sign && ret->parens) {
        return false;
    }
    if (sign && s.n) {
        s = trim(s);
    }
    if (!digit_at(s, 0) && !(s.n > 1 && (*s.p == '.' || *s.p == ',') && digit_at(s, 1))) {
        return false;
    }
    n = core_length(s);
    ret->core = (hb_str){s.p, n};
    hb_str behind = {s.p + n, s.n - n};
    ret->glued = !blank_at(behind, 0);
    ret->tail = trim(behind);
    n = minus_at(ret->tail, 0);
    if (n && n == ret->tail.n && !sign && !ret->parens) {
        ret->minus_behind = true;
        ret->tail = (hb_str){"", 0};
    }
    return true;
}

/* A mark between groups: its kind and its bytes. */
static hb_group_mark mark_at(hb_str s, size_t i, size_t *ret_n)
{
    *ret_n = 1;
    if (s.p[i] == ',') {
        return HB_GROUP_COMMA;
    }
    if (s.p[i] == '.') {
        return HB_GROUP_POINT;
    }
    *ret_n = blank_at(s, i);
    if (*ret_n) {
        return HB_GROUP_BLANK;
    }
    *ret_n = apostrophe_at(s, i);
    return *ret_n ? HB_GROUP_APOSTROPHE : HB_GROUP_NONE;
}

enum { RUNS = 16 };

hb_core_look hb_number_core_look(hb_str core)
{
    hb_core_look look = {.shape = HB_CORE_NOT};
    size_t run[RUNS] = {0}; /* digits before the first mark, between marks, after the last */
    hb_group_mark marks[RUNS] = {HB_GROUP_NONE};
    size_t n = 0;
    size_t i = 0;
    while (i < core.n) {
        size_t width = 1;
        if (is_digit(core.p[i])) {
            run[n]++;
        } else if (exponent_at(core, i)) {
            look.exponent = true;
            break;
        } else {
            marks[n] = mark_at(core, i, &width);
            if (marks[n] == HB_GROUP_NONE || n + 2 >= RUNS) {
                return look;
            }
            n++;
        }
        i += width;
    }
    if (n == 0) {
        look.digits = run[0];
        look.shape = HB_CORE_WHOLE;
        return look;
    }
    hb_group_mark last = marks[n - 1];
    hb_group_mark first = marks[0];
    bool can_group = run[0] >= 1 && run[0] <= 3 && core.p[0] != '0' && !look.exponent;
    size_t same = 0; /* marks like the first, each followed by three digits */
    while (same < n && marks[same] == first && can_group && run[same + 1] == 3) {
        same++;
    }
    bool point = last == HB_GROUP_POINT;
    bool comma = last == HB_GROUP_COMMA;
    for (size_t k = 0; k < n; k++) {
        look.digits += run[k];
    }
    if (same == n) { /* all marks can be between thousands */
        bool either = n == 1 && (point || comma);
        look.group = either ? HB_GROUP_NONE : first;
        look.digits += run[n];
        look.shape = either ? (point ? HB_CORE_EITHER_POINT : HB_CORE_EITHER_COMMA)
                     : first == HB_GROUP_POINT ? HB_CORE_GROUPED_POINT
                     : first == HB_GROUP_COMMA ? HB_CORE_GROUPED_COMMA
                                               : HB_CORE_WHOLE;
        return look;
    }
    if ((n > 1 && (same != n - 1 || last == first)) || (!point && !comma)) {
        look.shape = HB_CORE_NOT;
        return look;
    }
    look.group = n > 1 ? first : HB_GROUP_NONE;
    look.shape = point ? HB_CORE_POINT : HB_CORE_COMMA;
    return look;
}

/* The exponent of the core and the shift together, as text. */
static size_t put_exponent(hb_str e, int shift, char *out)
{
    size_t i = e.n ? 1 : 0;
    size_t sign = i < e.n && e.p[i] == '+' ? 1 : minus_at(e, i);
    bool negative = sign && e.p[i] != '+';
    int v = 0;
    for (i += sign; i < e.n; i++) {
        v = v < 100000 ? v * 10 + (e.p[i] - '0') : v;
    }
    v = (negative ? -v : v) + shift;
    if (v == 0) {
        return 0;
    }
    size_t n = 0;
    out[n++] = 'e';
    if (v < 0) {
        out[n++] = '-';
        v = -v;
    }
    char digits[8];
    size_t k = 0;
    for (; v > 0; v /= 10) {
        digits[k++] = (char)('0' + v % 10);
    }
    while (k > 0) {
        out[n++] = digits[--k];
    }
    return n;
}

size_t hb_number_plain(hb_str core, char decimal, hb_group_mark group, int shift,
                       char out[HB_NUMBER_TEXT_MAX + 16])
{
    size_t n = 0;
    size_t run = 0; /* digits since the start or the last mark */
    bool fraction = false;
    bool grouped = false;
    size_t i = 0;
    if (core.n > HB_NUMBER_TEXT_MAX) {
        return 0;
    }
    hb_str e = {"", 0};
    while (i < core.n) {
        char c = core.p[i];
        size_t width = 1;
        if (is_digit(c)) {
            out[n++] = c;
            run++;
        } else if (c == decimal && !fraction) {
            if (grouped && run != 3) {
                return 0;
            }
            out[n++] = '.';
            fraction = true;
        } else if ((width = exponent_at(core, i)) > 0) {
            e = (hb_str){core.p + i, width};
            bool fortran = c == 'd' || c == 'D';
            /* 12D3 is a part number. */
            if (grouped || (fortran && !fraction && is_digit(e.p[1]))) {
                return 0;
            }
        } else if (!fraction && group != HB_GROUP_NONE && mark_at(core, i, &width) == group) {
            bool first = !grouped && run >= 1 && run <= 3 && core.p[0] != '0';
            if (!first && !(grouped && run == 3)) {
                return 0;
            }
            grouped = true;
            run = 0;
        } else {
            return 0;
        }
        i += width;
    }
    if (grouped && !fraction && run != 3) {
        return 0;
    }
    return n + put_exponent(e, shift, out + n);
}

enum { LETTER_YES = 3, LETTER_TRUE = 4, LETTER_JA = 8 };
const unsigned hb_number_letter_pairs = 1u << LETTER_YES | 1u << LETTER_TRUE | 1u << LETTER_JA;

int hb_number_truth(hb_str s, unsigned *ret_pairs)
{
    static const char *const pairs[][2] = {
        {"false", "true"},          {"off", "on"},      {"no", "yes"},  [LETTER_YES] = {"n", "y"},
        [LETTER_TRUE] = {"f", "t"}, {"falsch", "wahr"}, {"aus", "ein"}, {"nein", "ja"},
        [LETTER_JA] = {"n", "j"},   {"faux", "vrai"},   {"non", "oui"}, {"falso", "verdadero"},
        {"falso", "vero"},          {"no", "s\u00ed"},  {"no", "si"},   {"falso", "verdadeiro"},
        {"n\u00e3o", "sim"},        {"onwaar", "waar"}, {"nee", "ja"},  {"fa\u0142sz", "prawda"},
        {"FA\u0141SZ", "prawda"},   {"nie", "tak"},     {"nej", "ja"},  {"falskt", "sant"},
        {"falsk", "sand"},          {"ne", "ano"},      {"nej", "jo"},
    };
    int value = -1;
    *ret_pairs = 0;
    if (s.n == 0 || s.n > 10 || !is_letter(*s.p)) { /* every word begins with one of ASCII */
        return -1;
    }
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        for (int v = 0; v < 2; v++) {
            if (hb_str_ieq_c(s, pairs[i][v])) {
                *ret_pairs |= 1u << i;
                value = v;
            }
        }
    }
    return value;
}

bool hb_number_shift(double a, int *ret_shift)
{
    static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    static const double parts[] = {1e0,  1e-1, 1e-2,  1e-3,  1e-4,  1e-5,  1e-6,  1e-7,
                                   1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15};
    for (int i = 0; i < (int)(sizeof powers / sizeof *powers); i++) {
        if (a == powers[i] || a == parts[i]) {
            *ret_shift = a == powers[i] ? i : -i;
            return true;
        }
    }
    return false;
}
