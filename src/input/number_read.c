/* SPDX-License-Identifier: Apache-2.0 */
#include "input/number_rule.h"

#include "input/number_text.h"

#include <math.h>
#include <string.h>

/* Do all suffixes mean the column's own unit? Then a figure without any means it as well. */
static bool one_unit(const hb_number_rule *r)
{
    for (size_t i = 0; i < r->n_suffixes; i++) {
        if (r->suffixes[i].to_unit.a != 1 || r->suffixes[i].to_unit.b != 0) {
            return false;
        }
    }
    return true;
}

static bool without_offset(const hb_number_rule *r)
{
    for (size_t i = 0; i < r->n_suffixes; i++) {
        if (r->suffixes[i].to_unit.b != 0) {
            return false;
        }
    }
    return true;
}

bool hb_number_rule_is_plain(const hb_number_rule *r)
{
    return r->decimal == '.' && r->group != HB_GROUP_POINT && !r->hex && !r->words &&
           !r->n_missing && !r->n_overload && one_unit(r);
}

static hb_cell_class figure(const hb_number_rule *r, double v, double *ret)
{
    if (!isfinite(v)) {
        return HB_CELL_IS_INF;
    }
    if (!r->huge && fabs(v) >= HB_NUMBER_CODES) {
        return HB_CELL_IS_TEXT;
    }
    for (size_t i = 0; i < r->n_overload; i++) {
        if (v == r->overload[i]) {
            return HB_CELL_IS_TEXT;
        }
    }
    *ret = v;
    return HB_CELL_IS_NUMBER;
}

static hb_cell_class word(const hb_number_rule *r, hb_str text, double *ret)
{
    if (r->words) {
        unsigned pairs = 0;
        int v = hb_number_truth(text, &pairs);
        if (v >= 0) {
            *ret = v;
            return HB_CELL_IS_NUMBER;
        }
    }
    return hb_cell_word(text);
}

/* Through a power of ten the decimal exponent moves, so that 0.235 s is 235 ms and 939 µs is
 * 0.939 ms to the last bit; a whole divisor divides (s in min), the rest multiplies. */
static bool convert(const hb_number_rule *r, const hb_number_parts *p, const hb_affine *by,
                    double *ret)
{
    char plain[HB_NUMBER_TEXT_MAX + 16];
    int shift = 0;
    bool shifts = by->b == 0 && hb_number_shift(by->a, &shift);
    size_t n = hb_number_plain(p->core, r->decimal, r->group, shift, plain);
    double v = 0;
    if (n == 0 || hb_num_parse(plain, n, &v) != HB_NUM_FINITE) {
        return false;
    }
    double divisor = round(1 / by->a);
    bool divides = !shifts && by->a > 0 && by->a < 1 && fabs(divisor * by->a - 1) < 1e-15;
    v = p->minus || p->minus_behind || p->parens ? -v : v;
    *ret = shifts ? v : (divides ? v / divisor : v * by->a) + by->b;
    return true;
}

/* "0Ah", "1FH": the whole text. */
static bool read_hex(hb_str s, double *ret)
{
    char text[2 + 18] = "0x";
    if (s.n < 2 || s.n > 17 || (s.p[s.n - 1] != 'h' && s.p[s.n - 1] != 'H')) {
        return false;
    }
    for (size_t i = 0; i + 1 < s.n; i++) {
        char c = s.p[i];
        bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (!digit) {
            return false;
        }
        text[2 + i] = c;
    }
    return hb_num_parse(text, 2 + s.n - 1, ret) == HB_NUM_FINITE;
}

static bool dressed(const hb_number_rule *r, hb_str text, double *ret)
{
    static const hb_affine same = {1, 0};
    hb_number_parts p;
    if (r->hex && read_hex(text, ret)) {
        return true;
    }
    if (!hb_number_parts_of(text, &p) || (p.parens && !r->accounting) ||
        (p.minus_behind && !r->minus_behind) || (p.apostrophe && !r->apostrophe)) {
        return false;
    }
    if (p.tail.n == 0) {
        /* Among mixed units a bare figure could be of any; nought is nought in all prefixes. */
        return convert(r, &p, &same, ret) && (one_unit(r) || (*ret == 0 && without_offset(r)));
    }
    if (r->percent && hb_str_eq_c(p.tail, "%")) {
        return convert(r, &p, &same, ret);
    }
    for (size_t i = 0; i < r->n_suffixes; i++) {
        if (hb_str_eq(p.tail, r->suffixes[i].text)) {
            return convert(r, &p, &r->suffixes[i].to_unit, ret);
        }
    }
    return false;
}

/* Most cells of a table with other marks: sign, digits, one-byte marks and nothing else. */
static bool quick(const hb_number_rule *r, hb_str s, double *ret)
{
    enum { QUICK = 40 };
    static const char marks[HB_GROUP_COUNT_] = {[HB_GROUP_COMMA] = ',',
                                                [HB_GROUP_POINT] = '.',
                                                [HB_GROUP_BLANK] = ' ',
                                                [HB_GROUP_APOSTROPHE] = '\''};
    char plain[QUICK];
    char mark = marks[r->group];
    size_t n = 0;
    size_t run = 0; /* digits since the start or the last mark */
    bool fraction = false;
    bool grouped = false;
    size_t i = s.n && (*s.p == '-' || *s.p == '+');
    size_t start = i;
    s.n -= r->percent && s.n && s.p[s.n - 1] == '%';
    if (s.n > QUICK) {
        return false;
    }
    for (; i < s.n; i++) {
        char c = s.p[i];
        if (c >= '0' && c <= '9') {
            plain[n++] = c;
            run++;
        } else if (c == r->decimal && !fraction && (!grouped || run == 3)) {
            plain[n++] = '.';
            fraction = true;
        } else if (c == mark && mark && !fraction && run > 0 && run <= 3 &&
                   (!grouped || run == 3) && s.p[start] != '0') {
            grouped = true;
            run = 0;
        } else {
            return false;
        }
    }
    if ((grouped && !fraction && run != 3) || hb_num_parse(plain, n, ret) != HB_NUM_FINITE) {
        return false;
    }
    *ret = start && *s.p == '-' ? -*ret : *ret;
    return true;
}

hb_cell_class hb_number_rule_read(const hb_number_rule *r, hb_str text, double *ret)
{
    double v = 0;
    if (text.n == 0) {
        return HB_CELL_IS_MISSING;
    }
    for (size_t i = 0; i < r->n_missing; i++) {
        if (hb_str_eq(text, r->missing[i])) {
            return HB_CELL_IS_MISSING;
        }
    }
    bool hex = text.n > 2 && text.p[0] == '0' && (text.p[1] == 'x' || text.p[1] == 'X');
    if (r->words) {
        hb_cell_class k = word(r, text, ret);
        if (k == HB_CELL_IS_TEXT && hb_num_parse(text.p, text.n, &v) == HB_NUM_FINITE &&
            (v == 0 || v == 1)) { /* among words of truth values only 0 and 1 are figures */
            *ret = v;
            k = HB_CELL_IS_NUMBER;
        }
        return k;
    }
    if ((r->decimal == '.' && one_unit(r)) || hex) {
        hb_num_kind kind = hb_num_parse(text.p, text.n, &v);
        if (kind == HB_NUM_FINITE) {
            return figure(r, v, ret);
        }
    }
    if (one_unit(r) && !r->hex && quick(r, text, &v)) {
        return figure(r, v, ret);
    }
    bool digit = false;
    for (size_t i = 0; i < text.n && !digit; i++) {
        digit = text.p[i] >= '0' && text.p[i] <= '9';
    }
    return (digit || r->hex) && dressed(r, text, &v) ? figure(r, v, ret) : word(r, text, ret);
}
