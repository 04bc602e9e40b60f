/* SPDX-License-Identifier: Apache-2.0 */
/* What the header of a column sounds like: words, unit of time, zone, order of day and month. */
#include "input/time/infer.h"

#include <string.h>

static bool upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool letter(char c)
{
    return upper(c) || (c >= 'a' && c <= 'z') || c < 0;
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

bool hb_zone_in_text(hb_str text, int32_t *ret_offset_s)
{
    for (size_t i = 0; i + 3 <= text.n; i++) {
        hb_str here = {text.p + i, 3};
        if ((!hb_str_ieq_c(here, "utc") && !hb_str_ieq_c(here, "gmt")) ||
            (i > 0 && letter(text.p[i - 1])) ||
            (i + 3 < text.n && text.p[i + 3] != 'T' && letter(text.p[i + 3]))) {
            continue;
        }
        hb_scan s = {text.p + i + 3, text.p + text.n, text.p};
        int32_t offset = 0;
        hb_scan_blanks(&s);
        if (s.p < s.end && (*s.p == '+' || *s.p == '-' || *s.p == (char)0xE2) &&
            !hb_scan_offset(&s, &offset)) {
            offset = 0;
        }
        char word[HB_SCAN_WORD];
        if (hb_scan_word(&s, word) && strcmp(word, "offset") == 0) {
            /* "UTC offset: +01:00" states one, "UTC offset (h)" is a column of them. */
            while (s.p < s.end && (*s.p == ':' || *s.p == '=' || *s.p == ' ' || *s.p == ',')) {
                s.p++;
            }
            if (!hb_scan_offset(&s, &offset)) {
                continue;
            }
        }
        *ret_offset_s = offset;
        return true;
    }
    return false;
}

/* Length of a run of one letter of the list, either case. */
static size_t run_of(hb_str s, size_t at, const char *letters)
{
    size_t n = 0;
    while (at + n < s.n && strchr(letters, s.p[at + n] | 32) &&
           (s.p[at + n] | 32) == (s.p[at] | 32)) {
        n++;
    }
    return n;
}

hb_day_order hb_order_in_text(hb_str s)
{
    static const char *const day = "dtjg"; /* day, Tag, jour, giorno */
    for (size_t i = 0; i < s.n; i++) {
        if (i > 0 && letter(s.p[i - 1])) {
            continue;
        }
        bool day_first = run_of(s, i, "m") == 0;
        size_t a = run_of(s, i, day_first ? day : "m");
        size_t j = i + a;
        if (a < 1 || a > 2 || j >= s.n || (s.p[j] != '/' && s.p[j] != '.' && s.p[j] != '-')) {
            continue;
        }
        size_t b = run_of(s, j + 1, day_first ? "m" : day);
        size_t k = j + 1 + b;
        if (b < 1 || b > 3 || k + 1 >= s.n || s.p[k] != s.p[j] || run_of(s, k + 1, "yja") < 2) {
            continue;
        }
        return day_first ? HB_ORDER_DAY_FIRST : HB_ORDER_MONTH_FIRST;
    }
    return HB_ORDER_ASK;
}

enum { MOST_TOKENS = 12 };

typedef struct tokens {
    char word[MOST_TOKENS][HB_SCAN_WORD];
    bool capital[MOST_TOKENS];  /* a lone capital letter */
    bool numbered[MOST_TOKENS]; /* a figure touches it */
    size_t n;
    bool more;
} tokens;

static void add_token(tokens *t, const char *from, const char *to, bool numbered)
{
    if (t->n == MOST_TOKENS) {
        t->more = true;
        return;
    }
    hb_scan s = {from, to, from};
    if (hb_scan_word(&s, t->word[t->n])) {
        t->capital[t->n] = to - from == 1 && upper(*from);
        t->numbered[t->n] = numbered;
        t->n++;
    } else {
        t->more = true;
    }
}

/* Words end at anything else, where a capital follows a small letter, and before the last of
 * several capitals that begins a word: UTCTime, ElapsedTime, t_ms. */
static void cut(hb_str s, tokens *t)
{
    size_t from = 0;
    for (size_t i = 0; i <= s.n; i++) {
        bool inside = i < s.n && letter(s.p[i]);
        bool turn =
            inside && i > from && upper(s.p[i]) &&
            (!upper(s.p[i - 1]) || (i + 1 < s.n && letter(s.p[i + 1]) && !upper(s.p[i + 1])));
        if (!inside || turn) {
            if (i > from) {
                bool numbered = (i < s.n && digit(s.p[i])) || (from > 0 && digit(s.p[from - 1]));
                add_token(t, s.p + from, s.p + i, numbered);
            }
            from = i + !inside;
        }
    }
}

static bool has_word(const tokens *t, const char *word)
{
    for (size_t i = 0; i < t->n; i++) {
        if (strcmp(t->word[i], word) == 0) {
            return true;
        }
    }
    return false;
}

/* Where the last word is a unit, "t_ms", "Time / s", "Zeit in s", it is taken off. */
static void take_unit(tokens *t, hb_time_name *ret)
{
    if (t->n == 0 || ret->unit_ns) {
        return;
    }
    const char *last = t->word[t->n - 1];
    int64_t ns = hb_time_unit_ns(hb_str_of(last));
    bool lowest = t->n == 2 && t->capital[0] && strcmp(last, "min") == 0; /* T_min */
    /* "Julian Day" is no unit, "Time in days" is. */
    bool noun = t->n > 1 && hb_word_among(" day hour minute second tag jour dia giorno ", last) &&
                strcmp(t->word[t->n - 2], "in") != 0;
    if (ns == 0 || lowest || noun || t->numbered[t->n - 1]) {
        return;
    }
    if (t->n > 1) {
        ret->unit_ns = ns;
        t->n--;
    } else if (hb_word_among(" sec secs seconds sekunden secondes segundos ms msec msecs millis "
                             "milliseconds millisekunden us usec microseconds ns nanoseconds "
                             "minutes minuten hours ",
                             last)) {
        ret->unit_ns = ns;
        ret->roles |= HB_NAME_ELAPSED | HB_NAME_WEAK;
    }
}

static void whole_names(const tokens *t, hb_time_name *ret)
{
    uint32_t *roles = &ret->roles;
    if (*roles & HB_NAME_TIME && *roles & HB_NAME_RUN) {
        *roles |= HB_NAME_ELAPSED;
    }
    if (has_word(t, "x") && (has_word(t, "value") || (t->n == 1 && ret->unit_ns))) {
        *roles = (*roles & ~(uint32_t)HB_NAME_LOOSE) | HB_NAME_ELAPSED;
    }
    if (*roles & HB_NAME_DATE && *roles & (HB_NAME_TIME | HB_NAME_CLOCK)) {
        *roles |= HB_NAME_STAMP;
    }
    if (*roles & HB_NAME_DAY && *roles & HB_NAME_YEAR) {
        bool of_year = t->n <= 4 && !(*roles & HB_NAME_MONTH);
        *roles = of_year ? (*roles & ~(uint32_t)(HB_NAME_DAY | HB_NAME_YEAR)) | HB_NAME_DOY
                         : (*roles & ~(uint32_t)HB_NAME_PART) | HB_NAME_DATE;
    }
    if (*roles & HB_NAME_DAY && *roles & HB_NAME_SECOND) {
        *roles = (*roles & ~(uint32_t)HB_NAME_PART) | HB_NAME_SOD;
    }
    if (*roles & HB_NAME_JULIAN && *roles & HB_NAME_DAY) {
        *roles |= HB_NAME_DOY;
    }
    if (*roles & HB_NAME_HOUR && *roles & HB_NAME_MINUTE) {
        *roles = (*roles & ~(uint32_t)HB_NAME_PART) | HB_NAME_CLOCK |
                 (*roles & HB_NAME_SECOND ? HB_NAME_HHMMSS : HB_NAME_HHMM);
    }
}

/* "(ms)", "[hh:mm:ss]", "(UTC)", "(elapsed)": what stands in brackets or in the row of units. */
static void read_remark(hb_str s, hb_time_name *ret)
{
    hb_str trimmed = hb_str_trim(s);
    int64_t unit = hb_time_unit_ns(trimmed);
    tokens t = {0};
    cut(trimmed, &t);
    if (t.n > 1 && hb_word_among(" since from after seit depuis desde da ", t.word[1])) {
        unit = hb_time_unit_ns(hb_str_of(t.word[0])); /* "seconds since start" */
    }
    if (unit) {
        ret->unit_ns = ret->unit_ns ? ret->unit_ns : unit;
        return;
    }
    if (t.n == 0) {
        return;
    }
    bool known =
        hb_order_in_text(trimmed) != HB_ORDER_ASK || hb_str_find_ch(trimmed, ':') < trimmed.n;
    if (hb_str_ieq_c(trimmed, "z") || hb_str_ieq_c(trimmed, "zulu")) {
        ret->zoned = known = true;
    }
    if (has_word(&t, "mm") && has_word(&t, "ss") && !has_word(&t, "hh") && !has_word(&t, "h")) {
        ret->roles |= HB_NAME_MINUTES_FIRST;
    }
    if (hb_str_ieq_c(trimmed, "hhmm")) {
        ret->roles |= HB_NAME_HHMM;
    } else if (hb_str_ieq_c(trimmed, "hhmmss")) {
        ret->roles |= HB_NAME_HHMMSS;
    }
    for (size_t i = 0; i < t.n; i++) {
        uint32_t roles = hb_time_word_roles(t.word[i]);
        known = known || !(roles & HB_NAME_LOOSE);
        ret->zone_word = ret->zone_word || hb_is_zone_word(t.word[i]);
        ret->roles |= roles & (HB_NAME_ELAPSED | HB_NAME_DENIED | HB_NAME_EPOCH | HB_NAME_STAMP |
                               HB_NAME_FOREIGN);
    }
    ret->other_unit = ret->other_unit || !(known || ret->zone_word || trimmed.n > 8);
}

/* The header without what stands in brackets; those are read on the way. */
static size_t without_brackets(hb_str name, char *out, size_t room, hb_time_name *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < name.n && n + 1 < room; i++) {
        char close = name.p[i] == '(' ? ')' : name.p[i] == '[' ? ']' : 0;
        const char *end = close ? memchr(name.p + i, close, name.n - i) : NULL;
        if (end) {
            read_remark((hb_str){name.p + i + 1, (size_t)(end - name.p) - i - 1}, ret);
            i = (size_t)(end - name.p);
            out[n++] = ' ';
        } else {
            out[n++] = name.p[i];
        }
    }
    return n;
}

void hb_time_name_read(hb_str name, hb_str unit, hb_time_name *ret)
{
    *ret = (hb_time_name){0};
    char plain[128];
    hb_str trimmed = hb_str_trim(name);
    size_t n = without_brackets(trimmed, plain, sizeof plain, ret);
    if (unit.n) {
        read_remark(unit, ret);
    }
    tokens t = {0};
    cut((hb_str){plain, n}, &t);
    take_unit(&t, ret);
    for (size_t i = 0; i < t.n; i++) {
        const char *word = t.word[i];
        if (strcmp(word, "t") == 0) {
            /* A capital T is a temperature unless its unit says time. */
            bool elapsed = !t.numbered[i] && (!t.capital[i] || ret->unit_ns);
            ret->roles |= elapsed ? HB_NAME_ELAPSED : HB_NAME_LOOSE;
        } else if (hb_is_zone_word(word) && strcmp(word, "local") != 0) {
            ret->zone_word = true;
        } else {
            bool is_unit = t.n == 1 && ret->roles & HB_NAME_WEAK;
            ret->roles |= hb_time_word_roles(word) & (is_unit ? ~(uint32_t)HB_NAME_LOOSE : ~0u);
        }
    }
    if (t.more || (n + 1 >= sizeof plain)) {
        ret->roles |= HB_NAME_LOOSE;
    }
    whole_names(&t, ret);
    ret->order = hb_order_in_text(trimmed);
    if (ret->order == HB_ORDER_ASK) {
        ret->order = hb_order_in_text(unit);
    }
    ret->zoned = hb_zone_in_text(trimmed, &ret->offset_s) ||
                 hb_zone_in_text(unit, &ret->offset_s) || ret->zoned;
}
