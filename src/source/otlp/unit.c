/* SPDX-License-Identifier: Apache-2.0 */
/* UCUM's case-sensitive words where ours differ. In UCUM C is a coulomb, F a farad, g a gram, G a
 * gauss and a a year; By is a byte and Cel a degree Celsius. */
#include "source/otlp/otlp.h"

#include <string.h>

static const char *const words[][2] = {
    {"By", "B"},        {"kBy", "kB"},      {"MBy", "MB"},     {"GBy", "GB"},
    {"TBy", "TB"},      {"KiBy", "KiB"},    {"MiBy", "MiB"},   {"GiBy", "GiB"},
    {"Cel", "degC"},    {"[degF]", "degF"}, {"C", "coulomb"},  {"F", "farad"},
    {"g", "gram"},      {"G", "gauss"},     {"[g]", "G"},      {"deg", "degree"},
    {"Ohm", "ohm"},     {"kOhm", "kohm"},   {"MOhm", "Mohm"},  {"mOhm", "mohm"},
    {"[psi]", "psi"},   {"mm[Hg]", "mmHg"}, {"[lb_av]", "lb"}, {"[in_i]", "inch"},
    {"[ft_i]", "foot"}, {"[mi_i]", "mile"}, {"10*3", "1e3"},   {"10*6", "1e6"},
    {"10^3", "1e3"},    {"10^6", "1e6"},
};

typedef struct text {
    char *p;
    size_t n;
    bool full;
} text;

static void add(text *t, const char *p, size_t n)
{
    t->full = t->full || n > HB_OTLP_UNIT - t->n;
    if (!t->full) {
        memcpy(t->p + t->n, p, n);
        t->n += n;
    }
}

/* A word without what stands in braces; "1" when nothing is left. *ret_only = it was all braces. */
static bool put_word(text *t, hb_str w, bool *ret_only)
{
    char left[HB_OTLP_UNIT];
    size_t n = 0;
    bool inside = false;
    for (size_t i = 0; i < w.n; i++) {
        char c = w.p[i];
        if (inside) {
            inside = c != '}';
        } else if (c == '{') {
            inside = true;
        } else if (n < sizeof left) {
            left[n++] = c;
        } else {
            return false;
        }
    }
    *ret_only = n == 0;
    const hb_str word = n ? (hb_str){left, n} : HB_STR("1");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (hb_str_eq_c(word, words[i][0])) {
            add(t, words[i][1], strlen(words[i][1]));
            return !inside;
        }
    }
    add(t, word.p, word.n);
    return !inside;
}

static size_t word_end(hb_str s, size_t at)
{
    bool inside = false;
    while (at < s.n && (inside || (s.p[at] != '/' && s.p[at] != '.'))) {
        inside = s.p[at] == '{' || (inside && s.p[at] != '}');
        at++;
    }
    return at;
}

hb_str hb_otlp_unit(hb_str ucum, char *room)
{
    text t = {.p = room};
    size_t at = 0;
    bool only = true;
    if (ucum.n == 0 || hb_utf8_valid_prefix(ucum) != ucum.n) {
        return HB_STR("");
    }
    while (at <= ucum.n) {
        size_t end = word_end(ucum, at);
        bool empty = false;
        if (!put_word(&t, (hb_str){ucum.p + at, end - at}, &empty)) {
            return ucum;
        }
        only = only && empty && end == ucum.n;
        if (end < ucum.n) {
            add(&t, ucum.p[end] == '/' ? "/" : " ", 1);
            only = false;
        }
        at = end + 1;
    }
    if (only) {
        return HB_STR("");
    }
    return t.full ? ucum : (hb_str){room, t.n};
}
