/* SPDX-License-Identifier: Apache-2.0 */
#include "input/shape.h"

#include <string.h>

enum { LONGEST_FIGURE = 64, LONGEST_TAIL = 14 };

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool high(char c)
{
    return (unsigned char)c >= 0x80;
}

static hb_str from(hb_str s, size_t i)
{
    return (hb_str){s.p + i, s.n - i};
}

static size_t digits_at(hb_str s, size_t i)
{
    size_t n = 0;
    while (i + n < s.n && digit(s.p[i + n])) {
        n++;
    }
    return n;
}

/* Bytes of a mark that may stand between groups of three digits: blank, apostrophe, U+00A0, U+2009,
 * U+202F, U+2019. */
static size_t group_mark(hb_str s)
{
    static const char *const marks[] = {
        " ", "'", "\xc2\xa0", "\xe2\x80\x89", "\xe2\x80\xaf", "\xe2\x80\x99"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (hb_str_starts(s, marks[i])) {
            return strlen(marks[i]);
        }
    }
    return 0;
}

static size_t sign_bytes(hb_str s)
{
    static const char *const signs[] = {"+", "-", "\xe2\x88\x92", "\xc2\xb1"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (hb_str_starts(s, signs[i])) {
            return strlen(signs[i]);
        }
    }
    return 0;
}

static size_t hex_bytes(hb_str s)
{
    size_t i = 2;
    if (!(hb_str_starts(s, "0x") || hb_str_starts(s, "0X"))) {
        return 0;
    }
    while (i < s.n && (digit(s.p[i]) || ((s.p[i] | 32) >= 'a' && (s.p[i] | 32) <= 'f'))) {
        i++;
    }
    return i > 2 && i == s.n ? i : 0;
}

/* Digits with points, commas and marks of groups; 0 = no figure. */
static size_t mantissa_bytes(hb_str s)
{
    size_t i = digits_at(s, 0);
    size_t lead = i;
    size_t points = 0;
    size_t commas = 0;
    size_t last = 0; /* digits behind the last point or comma */
    bool threes = true;
    while (i < s.n) {
        size_t mark = s.p[i] == '.' || s.p[i] == ',' ? 0 : group_mark(from(s, i));
        if (mark && digits_at(s, i + mark) == 3 && points + commas == 0) {
            i += mark + 3;
            continue;
        }
        if (s.p[i] != '.' && s.p[i] != ',') {
            break;
        }
        threes = threes && (points + commas == 0 || last == 3);
        points += s.p[i] == '.';
        commas += s.p[i] == ',';
        last = digits_at(s, i + 1);
        i += 1 + last;
    }
    if (lead + last == 0 || (points > 1 && commas > 1)) {
        return 0;
    }
    bool repeated = points > 1 || commas > 1;
    return repeated && (!threes || lead > 3 || lead == 0) ? 0 : i;
}

static size_t exponent_bytes(hb_str s)
{
    if (s.n < 2 || !memchr("eEdD", s.p[0], 4)) {
        return 0;
    }
    size_t sign = s.p[1] == '+' || s.p[1] == '-';
    size_t n = digits_at(s, 1 + sign);
    return n && n <= 4 ? 1 + sign + n : 0;
}

/* Behind a figure: a unit, in one piece. */
static bool is_unit_tail(hb_str s)
{
    if (s.n == 0 || s.n > LONGEST_TAIL || !(letter(s.p[0]) || high(s.p[0]) || s.p[0] == '%')) {
        return s.n > 0 && s.n <= LONGEST_TAIL && s.p[0] == '#'; /* 1.#INF */
    }
    if (s.n == 2 && (hb_str_ieq_c(s, "st") || hb_str_ieq_c(s, "nd") || hb_str_ieq_c(s, "rd") ||
                     hb_str_ieq_c(s, "th"))) {
        return false;
    }
    bool power = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        power = power || c == '/' || c == '^' || c == '-';
        if (!(letter(c) || high(c) || memchr("%/^-.*", c, 6) || (digit(c) && power))) {
            return false;
        }
    }
    return true;
}

static bool is_figure_word(hb_str s)
{
    static const char *const words[] = {"nan", "inf", "infinity", "1.#inf", "1.#qnan", "1.#ind"};
    s = from(s, sign_bytes(s));
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (hb_str_ieq_c(s, words[i])) {
            return true;
        }
    }
    return hb_str_eq_c(s, "\xe2\x88\x9e");
}

static bool is_figure(hb_str s)
{
    if (s.n > LONGEST_FIGURE) {
        return false;
    }
    s = from(s, s.n > 1 && s.p[0] == '\''); /* a spreadsheet's text mark */
    if (s.n > 2 && s.p[0] == '(' && s.p[s.n - 1] == ')') {
        s = (hb_str){s.p + 1, s.n - 2};
    }
    s = from(s, s.n > 1 && (s.p[0] == '<' || s.p[0] == '>'));
    s = from(s, sign_bytes(s));
    if (hex_bytes(s)) {
        return true;
    }
    size_t n = s.n && (digit(s.p[0]) || s.p[0] == '.' || s.p[0] == ',') ? mantissa_bytes(s) : 0;
    if (n == 0) {
        return is_figure_word(s);
    }
    n += exponent_bytes(from(s, n));
    return n == s.n || is_unit_tail(hb_str_trim(from(s, n)));
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
}

typedef enum time_word { TIME_NO, TIME_MONTH, TIME_OTHER } time_word;

/* Words inside dates: months by their first three letters, in a few languages; days, halves of the
 * day, zones. */
static time_word time_word_of(hb_str w)
{
    static const char months[] = "jan feb mar apr may mai jun jul aug sep oct okt nov dec dez ene "
                                 "abr ago dic fev f\xc3\xa9 avr ao\xc3 d\xc3\xa9 m\xc3\xa4 gen mag "
                                 "giu lug set ott ";
    static const char *const others[] = {
        "t",   "z",   "am",  "pm",  "a",   "p",   "m",   "utc", "gmt", "cet", "cest", "est",
        "edt", "cst", "cdt", "mst", "mdt", "pst", "pdt", "bst", "uhr", "mon", "tue",  "wed",
        "thu", "fri", "sat", "sun", "mo",  "di",  "mi",  "do",  "fr",  "sa",  "so"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (hb_str_ieq_c(w, others[i])) {
            return TIME_OTHER;
        }
    }
    if (w.n < 3 || w.n > 10) {
        return TIME_NO;
    }
    char head[5] = {lower(w.p[0]), lower(w.p[1]), lower(w.p[2]), ' ', 0};
    return strstr(months, head) ? TIME_MONTH : TIME_NO;
}

typedef struct time_look {
    size_t len[10]; /* digits of each group */
    char before[10];
    size_t n;
    bool month;
} time_look;

static bool take_apart(hb_str s, time_look *t)
{
    char sep = 0;
    size_t commas = 0;
    for (size_t i = 0; i < s.n;) {
        size_t k = digits_at(s, i);
        if (k) {
            if (t->n == 10) {
                return false;
            }
            t->before[t->n] = sep;
            t->len[t->n++] = k;
            sep = 0;
            i += k;
            continue;
        }
        while (i + k < s.n && (letter(s.p[i + k]) || high(s.p[i + k]))) {
            k++;
        }
        if (k) {
            time_word w = time_word_of((hb_str){s.p + i, k});
            if (w == TIME_NO) {
                return false;
            }
            t->month = t->month || w == TIME_MONTH;
            sep = k == 1 && (s.p[i] | 32) == 't' ? 'T' : ' ';
            i += k;
            continue;
        }
        commas += s.p[i] == ',';
        if (!memchr("-/.: ,+", s.p[i], 7) || commas > 1) {
            return false;
        }
        sep = sep == 0 || s.p[i] != ' ' ? s.p[i] : sep;
        i++;
    }
    return true;
}

static bool is_time(hb_str s)
{
    time_look t = {.n = 0};
    size_t digits = 0;
    for (size_t i = 0; i < s.n && s.n <= 48; i++) {
        digits += digit(s.p[i]);
    }
    if (digits < 2 || s.n < 3 || !take_apart(s, &t) || t.n < 2) {
        return false;
    }
    bool date = t.month;
    bool clock = false;
    for (size_t i = 1; i < t.n; i++) {
        char sep = t.before[i];
        clock = clock || (sep == ':' && t.len[i] <= 3);
        clock = clock || (sep == 'T' && t.len[i - 1] == 8 && t.len[i] >= 4);
        if (i == 1 && sep == '-' && t.len[0] == 4 && t.len[1] == 3) {
            date = true; /* 2024-060 */
        }
        if (i + 1 < t.n && (sep == '-' || sep == '/' || sep == '.') && t.before[i + 1] == sep) {
            size_t a = t.len[i - 1];
            size_t c = t.len[i + 1];
            bool years = (a <= 2 && (c <= 2 || c == 4)) || (a == 4 && c <= 2);
            bool more = i + 2 < t.n && t.before[i + 2] == sep; /* 192.168.1.10 */
            date = date || (years && t.len[i] <= 2 && !more);
        }
    }
    return date || clock;
}

static bool in_words(hb_str s, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (hb_str_ieq_c(s, words[i])) {
            return true;
        }
    }
    return false;
}

#define IN_WORDS(s, words) in_words((s), (words), sizeof(words) / sizeof *(words))

static bool is_missing(hb_str s)
{
    static const char *const words[] = {
        "NA",    "N/A",    "n/a",    "n.a.", "N.A.", "n.d.",     "N/D",     "null",  "NULL",
        "Null",  "none",   "None",   "NONE", "NaT",  "#N/A",     "#VALUE!", "#REF!", "#DIV/0!",
        "#NUM!", "#NAME?", "#NULL!", "OL",   "OVLD", "OVERLOAD", "Overload"};
    size_t same = 1;
    while (same < s.n && s.p[same] == s.p[0]) {
        same++;
    }
    if (same == s.n && (s.p[0] == '*' || s.p[0] == '?' || (s.p[0] == '-' && s.n <= 4))) {
        return true;
    }
    if (s.n > 8 || !memchr("Nn#O", s.p[0], 4)) { /* how all of them begin */
        return false;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (hb_str_eq_c(s, words[i])) {
            return true;
        }
    }
    return false;
}

static bool is_truth(hb_str s)
{
    static const char *const words[] = {"true", "false", "on",     "off",  "yes",  "no", "ja",
                                        "nein", "wahr",  "falsch", "vrai", "faux", "oui"};
    return s.n <= 6 && IN_WORDS(s, words);
}

static bool is_ruler(hb_str s)
{
    size_t strokes = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (!memchr("-=_~+|:. ", s.p[i], 9)) {
            return false;
        }
        strokes += s.p[i] == '-' || s.p[i] == '=' || s.p[i] == '_' || s.p[i] == '~';
    }
    return strokes >= 3 && strokes * 2 > s.n;
}

/* Between delimiters nothing but figures, or figures with blanks between them: "87;1.002", "5 2".
 */
static bool is_jumble(hb_str s)
{
    size_t figures = 0;
    size_t marks = 0;
    for (size_t i = 0; i < s.n; i++) {
        figures += digit(s.p[i]) || memchr("+-.:eE", s.p[i], 6) != NULL;
        marks += memchr(",;|\t ", s.p[i], 5) != NULL;
    }
    return marks && figures && digits_at(s, 0) + digits_at(s, s.n - 1) > 0 &&
           (figures + marks) * 10 >= s.n * 8;
}

static char closing(char c)
{
    return c == '(' ? ')' : c == '[' ? ']' : c == '{' ? '}' : c == '<' ? '>' : 0;
}

hb_str hb_shape_unbracket(hb_str s)
{
    s = hb_str_trim(s);
    bool pair = s.n >= 2 && closing(s.p[0]) && s.p[s.n - 1] == closing(s.p[0]);
    return pair ? hb_str_trim((hb_str){s.p + 1, s.n - 2}) : s;
}

/* What most cells are: digits with a point among them or none, a minus in front. */
static bool is_plain_figure(hb_str s)
{
    size_t i = s.p[0] == '-';
    size_t digits = digits_at(s, i);
    i += digits;
    if (i < s.n && s.p[i] == '.') {
        size_t behind = digits_at(s, i + 1);
        digits += behind;
        i += 1 + behind;
    }
    return digits && i == s.n && s.n <= LONGEST_FIGURE;
}

hb_shape hb_shape_of(hb_str s)
{
    if (s.n == 0) {
        return HB_SHAPE_EMPTY;
    }
    if (is_plain_figure(s)) {
        return HB_SHAPE_FIGURE;
    }
    if (is_missing(s)) {
        return HB_SHAPE_MISSING;
    }
    if (is_figure(s)) {
        return HB_SHAPE_FIGURE;
    }
    if (is_time(s)) {
        return HB_SHAPE_TIME;
    }
    if (is_truth(s)) {
        return HB_SHAPE_TRUTH;
    }
    if (is_ruler(s)) {
        return HB_SHAPE_RULER;
    }
    if (s.n >= 2 && closing(s.p[0]) && s.p[s.n - 1] == closing(s.p[0]) && s.n <= 26) {
        return HB_SHAPE_BRACKETED;
    }
    return is_jumble(s) ? HB_SHAPE_JUMBLE : HB_SHAPE_WORD;
}

hb_shape hb_shape_of_cell(const hb_cell *cell)
{
    switch ((hb_cell_kind)cell->kind) {
    case HB_CELL_TEXT: {
        hb_shape s = hb_shape_of(hb_str_trim((hb_str){cell->as.p, cell->len}));
        return s == HB_SHAPE_JUMBLE && cell->quoted ? HB_SHAPE_WORD : s;
    }
    case HB_CELL_NUMBER:
        return HB_SHAPE_FIGURE;
    case HB_CELL_BOOL:
        return HB_SHAPE_TRUTH;
    case HB_CELL_TIME:
        return HB_SHAPE_TIME;
    case HB_CELL_ERROR:
        return HB_SHAPE_MISSING;
    case HB_CELL_ABSENT:
    case HB_CELL_EMPTY:
        break;
    }
    return HB_SHAPE_EMPTY;
}
