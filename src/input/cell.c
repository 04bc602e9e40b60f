/* SPDX-License-Identifier: Apache-2.0 */
#include "input/cell.h"

#include <string.h>

enum { WORD_MAX = 16 };

static const char *const missing_words[] = {
    "na",   "n/a",    "n.a.", "n.a", "#n/a", "#nv",    "#na",    "null",   "nil",
    "none", "<null>", "<na>", "\\n", "nat",  "<none>", "(null)", "(none)",
};

static const char *const weak_words[] = {
    "?",    "??",   "???",    ".",       "..",      "...",    "nc",      "n.c.", "n/c",   "n/d",
    "n.d.", "n.d",  "nd",     "k.a.",    "k. a.",   "k.a",    "k/a",     "n.v.", "s/d",   "s.d.",
    "n/v",  "o.a.", "\u2026", "missing", "no data", "nodata", "no_data", "void", "empty",
};

static const char *const nan_words[] = {
    "nan(ind)",  "-nan(ind)", "nan(snan)", "nanq",      "nans",      "1.#qnan",
    "-1.#qnan",  "1.#ind",    "-1.#ind",   "1.#snan",   "1.#qnan0",  "1.#ind00",
    "-1.#ind00", "1.#ind0",   "-1.#ind0",  "1.#qnan00", "-1.#qnan0", "-1.#qnan00",
};

static const char *const inf_words[] = {
    "\u221e",  "+\u221e",  "-\u221e",   "\u2212\u221e", "1.#inf",   "-1.#inf",
    "+1.#inf", "1.#inf00", "-1.#inf00", "1.#inf0",      "-1.#inf0", "\u2212inf",
};

static bool is_one_of(hb_str s, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (hb_str_ieq_c(s, words[i])) {
            return true;
        }
    }
    return false;
}

/* "---", "--.--", "***", "—": what displays and printers put where a figure should be. */
static bool is_mask(hb_str s)
{
    bool stroke = false;
    for (size_t i = 0; i < s.n;) {
        hb_str rest = {s.p + i, s.n - i};
        char c = s.p[i];
        bool wide = hb_str_starts(rest, "\u2013") || hb_str_starts(rest, "\u2014") ||
                    hb_str_starts(rest, "\u2212");
        if (c == '-' || c == '*' || wide) {
            stroke = true;
        } else if (!((c == '.' || c == ',' || c == ':') && s.n > 2)) {
            return false;
        }
        i += wide ? 3 : 1;
    }
    return stroke;
}

/* Excel saves what it shows: a column too narrow for its figures. */
static bool is_hashes(hb_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '#') {
            return false;
        }
    }
    return s.n > 1;
}

bool hb_cell_word_is_weak(hb_str s)
{
    return is_one_of(s, weak_words, sizeof weak_words / sizeof *weak_words);
}

hb_cell_class hb_cell_word(hb_str s)
{
    double v = 0;
    if (s.n == 0 || is_mask(s) || is_hashes(s)) {
        return HB_CELL_IS_MISSING;
    }
    if (s.n > WORD_MAX) {
        return HB_CELL_IS_TEXT;
    }
    if (is_one_of(s, missing_words, sizeof missing_words / sizeof *missing_words) ||
        hb_cell_word_is_weak(s)) {
        return HB_CELL_IS_MISSING;
    }
    hb_num_kind kind = hb_num_parse(s.p, s.n, &v);
    if (kind == HB_NUM_NAN || is_one_of(s, nan_words, sizeof nan_words / sizeof *nan_words)) {
        return HB_CELL_IS_NAN;
    }
    if (kind == HB_NUM_INF || is_one_of(s, inf_words, sizeof inf_words / sizeof *inf_words)) {
        return HB_CELL_IS_INF;
    }
    return HB_CELL_IS_TEXT;
}

hb_cell_class hb_cell_classify(hb_str text, char decimal, double *ret)
{
    if (text.n == 0) {
        return HB_CELL_IS_MISSING;
    }
    hb_num_kind kind = HB_NUM_NOT;
    if (decimal == ',') {
        char point[64];
        size_t comma = hb_str_find_ch(text, ',');
        if (text.n >= sizeof point || (comma < text.n && hb_str_find_ch(text, '.') < text.n)) {
            return hb_cell_word(text);
        }
        memcpy(point, text.p, text.n);
        if (comma < text.n) {
            point[comma] = '.';
        }
        kind = hb_num_parse(point, text.n, ret);
    } else {
        kind = hb_num_parse(text.p, text.n, ret);
    }
    switch (kind) {
    case HB_NUM_FINITE:
        return HB_CELL_IS_NUMBER;
    case HB_NUM_INF:
        return HB_CELL_IS_INF;
    case HB_NUM_NAN:
        return HB_CELL_IS_NAN;
    case HB_NUM_NOT:
        break;
    }
    return hb_cell_word(text);
}
