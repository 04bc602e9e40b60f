/* SPDX-License-Identifier: Apache-2.0 */
/* Names of months and weekdays in the languages lab computers speak: English, German, French,
 * Spanish, Italian, Portuguese and Dutch. A word is a name when it begins one: Sept, Févr., MÄR. */
#include "input/time/scan.h"

#include <string.h>

enum { MOST_NAMES = 8 };

static const char *const month_names[12][MOST_NAMES] = {
    {"january", "januar", "janner", "janvier", "enero", "gennaio", "janeiro", "januari"},
    {"february", "februar", "fevrier", "febrero", "febbraio", "fevereiro", "feber"},
    {"march", "marz", "maerz", "mrz", "mars", "marzo", "marco", "mrt"},
    {"april", "avril", "abril", "aprile"},
    {"may", "mai", "mayo", "maggio", "maio", "mei"},
    {"june", "juni", "juin", "junio", "giugno", "junho"},
    {"july", "juli", "juillet", "julio", "luglio", "julho"},
    {"august", "aout", "agosto", "augustus"},
    {"september", "septembre", "septiembre", "settembre", "setembro", "setiembre"},
    {"october", "oktober", "octobre", "octubre", "ottobre", "outubro"},
    {"november", "novembre", "noviembre", "novembro"},
    {"december", "dezember", "decembre", "diciembre", "dicembre", "dezembro"},
};

static const char *const weekday_names[7][MOST_NAMES] = {
    {"monday", "montag", "lundi", "lunes", "lunedi", "maandag"},
    {"tuesday", "dienstag", "mardi", "martes", "martedi", "dinsdag"},
    {"wednesday", "mittwoch", "mercredi", "miercoles", "mercoledi", "woensdag"},
    {"thursday", "donnerstag", "jeudi", "jueves", "giovedi", "donderdag"},
    {"friday", "freitag", "vendredi", "viernes", "venerdi", "vrijdag"},
    {"saturday", "samstag", "sonnabend", "samedi", "sabado", "sabato", "zaterdag"},
    {"sunday", "sonntag", "dimanche", "domingo", "domenica", "zondag"},
};

/* Which row has a name that begins with the word; *ret_rows counts the rows that have one. */
static unsigned row_of(const char *const (*names)[MOST_NAMES], unsigned rows, const char *word,
                       size_t n, unsigned *ret_rows)
{
    unsigned found = 0;
    *ret_rows = 0;
    for (unsigned r = 0; r < rows; r++) {
        for (unsigned k = 0; k < MOST_NAMES && names[r][k]; k++) {
            if (strncmp(names[r][k], word, n) == 0) {
                found = found ? found : r + 1;
                ++*ret_rows;
                break;
            }
        }
    }
    return found;
}

unsigned hb_month_of_word(const char *word, size_t n)
{
    unsigned rows = 0;
    unsigned month = n >= 3 ? row_of(month_names, 12, word, n, &rows) : 0;
    return rows == 1 ? month : 0; /* "jui" may be June or July */
}

unsigned hb_weekday_of_word(const char *word, size_t n, bool *ret_sure)
{
    unsigned rows = 0;
    unsigned day = n >= 2 ? row_of(weekday_names, 7, word, n, &rows) : 0;
    *ret_sure = rows == 1;
    return day;
}

bool hb_word_among(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = n ? strstr(list, word) : NULL; p; p = strstr(p + 1, word)) {
        if (p > list && p[-1] == ' ' && p[n] == ' ') {
            return true;
        }
    }
    return false;
}

bool hb_is_zone_word(const char *word)
{
    return hb_word_among(" cet cest mez mesz wet west eet eest bst ist msk est edt cst cdt mst mdt "
                         "pst pdt akst akdt hst ast adt brt art jst kst hkt sgt awst acst acdt "
                         "aest aedt nzst nzdt sast local ",
                         word);
}

/* The base letters of U+00C0 … U+00DF, and of U+00E0 … U+00FF; a blank is no letter. */
static const char latin_1[33] = "aaaaaaaceeeeiiiidnooooo ouuuuyts";

/* One folded letter; 0 = none stands here. */
static char folded(hb_scan *s)
{
    unsigned char c = s->p < s->end ? (unsigned char)*s->p : 0;
    if ((c | 32u) - 'a' < 26) {
        s->p++;
        return (char)(c | 32);
    }
    unsigned char next = s->end - s->p >= 2 ? (unsigned char)s->p[1] : 0;
    char letter = 0;
    if (c == 0xC3 && next >= 0x80 && next <= 0xBF && latin_1[next & 31] != ' ') {
        letter = latin_1[next & 31];
    } else if ((c == 0xC2 && next == 0xB5) || (c == 0xCE && next == 0xBC)) {
        letter = 'u'; /* the micro sign, both code points */
    }
    s->p += letter ? 2 : 0;
    return letter;
}

size_t hb_scan_word(hb_scan *s, char out[HB_SCAN_WORD])
{
    const char *from = s->p;
    size_t n = 0;
    for (char c = folded(s); c; c = folded(s)) {
        if (n + 1 < HB_SCAN_WORD) {
            out[n] = c;
        }
        n++;
    }
    if (n >= HB_SCAN_WORD) {
        n = 0;
        s->p = from;
    }
    out[n] = 0;
    return n;
}

typedef struct named_state {
    hb_moment *m;
    bool has_month;
    bool has_day;
    bool has_year;
    bool month_or_weekday; /* the word was "mar", Tuesday in three languages */
} named_state;

static bool filler(const char *word)
{
    return hb_word_among(" de del of the at um le la las los a den el alle ore ", word);
}

static bool named_word(hb_scan *s, named_state *st)
{
    const char *from = s->p;
    char word[HB_SCAN_WORD];
    size_t n = hb_scan_word(s, word);
    if (n == 0) {
        return false;
    }
    unsigned month = hb_month_of_word(word, n);
    if (month && (!st->has_month || st->month_or_weekday)) {
        if (st->has_month) {
            st->m->weekday = 2;
            st->m->marks[st->m->n_marks - 1].field = HB_FIELD_WEEKDAY;
        }
        st->month_or_weekday = !st->has_month && strcmp(word, "mar") == 0;
        st->m->month = month;
        st->has_month = true;
        hb_scan_mark(s, st->m, HB_FIELD_MONTH, from);
        return true;
    }
    bool sure = false;
    unsigned weekday = hb_weekday_of_word(word, n, &sure);
    if (weekday && !st->m->weekday && !(n == 2 && st->has_month)) {
        st->m->weekday = sure ? (uint8_t)weekday : 0;
        hb_scan_mark(s, st->m, HB_FIELD_WEEKDAY, from);
        return true;
    }
    if (st->m->has & HB_HAS_CLOCK) {
        s->p = from;
        hb_scan_zone(s, st->m);
        if (s->p > from) {
            return true;
        }
        hb_scan_word(s, word);
    }
    return filler(word) ||
           (strcmp(word, "t") == 0 && s->p < s->end && *s->p >= '0' && *s->p <= '9');
}

static bool is_clock(const hb_scan *s, size_t run)
{
    char mark = s->p + run < s->end ? s->p[run] : 0;
    return run <= 2 && (mark == ':' || mark == 'h' || mark == 'H');
}

static bool named_figure(hb_scan *s, named_state *st)
{
    const char *from = s->p;
    size_t run = hb_scan_run(s);
    uint32_t v = 0;
    if (!(st->m->has & HB_HAS_CLOCK) && is_clock(s, run)) {
        return hb_scan_clock(s, st->m);
    }
    if (run == 4 && !st->has_year) {
        st->has_year = hb_scan_fixed(s, 4, &v);
        st->m->year = (int32_t)v;
        hb_scan_mark(s, st->m, HB_FIELD_YEAR, from);
        return true;
    }
    if (run < 1 || run > 2 || !hb_scan_fixed(s, run, &v)) {
        return false;
    }
    if (!st->has_day) {
        st->has_day = true;
        st->m->day = v;
        hb_scan_mark(s, st->m, HB_FIELD_DAY, from);
        hb_scan suffix = *s;
        char word[HB_SCAN_WORD];
        if (hb_scan_word(&suffix, word) == 2 &&
            hb_word_among(" st nd rd th er ", word)) { /* 18th, 1er */
            *s = suffix;
        }
        return true;
    }
    if (st->has_year || run != 2) {
        return false;
    }
    st->has_year = true;
    st->m->year = hb_year_of_two_digits(v);
    hb_scan_mark(s, st->m, HB_FIELD_YEAR, from);
    return true;
}

bool hb_scan_named(hb_scan *s, hb_moment *m)
{
    named_state st = {.m = m};
    for (int i = 0; i < 16 && s->p < s->end; i++) {
        bool moved = hb_scan_blanks(s);
        bool had_clock = m->has & HB_HAS_CLOCK;
        if (had_clock && s->p < s->end && (*s->p == '+' || *s->p == '-' || *s->p == '(')) {
            const char *from = s->p;
            hb_scan_zone(s, m);
            if (s->p > from) {
                continue;
            }
        }
        if (hb_scan_take(s, ',') || hb_scan_take(s, '.') || hb_scan_take(s, '-') ||
            hb_scan_take(s, '/') || (st.has_year && hb_scan_take(s, ':')) || moved) {
            continue;
        }
        if (!named_figure(s, &st) && !named_word(s, &st)) {
            return false;
        }
    }
    m->has |= HB_HAS_DATE;
    return s->p == s->end && st.has_month && st.has_day && st.has_year;
}
