/* SPDX-License-Identifier: Apache-2.0 */
#include "input/cell.h"

#include <string.h>

typedef struct word {
    const char *text;
    size_t n;
} word;
#define W(text)                \
    {                          \
        text, sizeof(text) - 1 \
    }
enum { WORD_MAX = 12 };

static const word missing_words[] = {
    W("na"),  W("n/a"),  W("n.a."),   W("n.a"),    W("#n/a"),   W("#nv"),
    W("#na"), W("null"), W("nil"),    W("none"),   W("<null>"), W("<na>"),
    W("\\n"), W("nat"),  W("<none>"), W("(null)"), W("(none)"),
};

static const word weak_words[] = {
    W("?"),       W("??"),     W("???"),     W("."),    W(".."),     W("..."),
    W("nc"),      W("n.c."),   W("n/c"),     W("n/d"),  W("n.d."),   W("n.d"),
    W("nd"),      W("k.a."),   W("k. a."),   W("k.a"),  W("k/a"),    W("n.v."),
    W("s/d"),     W("s.d."),   W("n/v"),     W("o.a."), W("\u2026"), W("missing"),
    W("no data"), W("nodata"), W("no_data"), W("void"), W("empty"),
};

static const word nan_words[] = {
    W("nan(ind)"),  W("-nan(ind)"), W("nan(snan)"), W("nanq"),      W("nans"),      W("1.#qnan"),
    W("-1.#qnan"),  W("1.#ind"),    W("-1.#ind"),   W("1.#snan"),   W("1.#qnan0"),  W("1.#ind00"),
    W("-1.#ind00"), W("1.#ind0"),   W("-1.#ind0"),  W("1.#qnan00"), W("-1.#qnan0"), W("-1.#qnan00"),
};

static const word inf_words[] = {
    W("\u221e"),  W("+\u221e"),  W("-\u221e"),   W("\u2212\u221e"), W("1.#inf"),   W("-1.#inf"),
    W("+1.#inf"), W("1.#inf00"), W("-1.#inf00"), W("1.#inf0"),      W("-1.#inf0"), W("\u2212inf"),
};

static bool is_one_of(hb_str s, const word *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (words[i].n == s.n && hb_str_ieq_c(s, words[i].text)) {
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
    hb_num_kind kind = hb_num_parse(s.p, s.n, &v);
    if (kind == HB_NUM_NAN || kind == HB_NUM_INF) {
        return kind == HB_NUM_NAN ? HB_CELL_IS_NAN : HB_CELL_IS_INF;
    }
    if (is_one_of(s, missing_words, sizeof missing_words / sizeof *missing_words) ||
        hb_cell_word_is_weak(s)) {
        return HB_CELL_IS_MISSING;
    }
    if (is_one_of(s, nan_words, sizeof nan_words / sizeof *nan_words)) {
        return HB_CELL_IS_NAN;
    }
    if (is_one_of(s, inf_words, sizeof inf_words / sizeof *inf_words)) {
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
