/* SPDX-License-Identifier: Apache-2.0 */
#include "input/cell.h"

#include <string.h>

static bool is_missing_word(hb_str s)
{
    static const char *const words[] = {"NA",   "N/A",  "n/a", "n.a.", "#N/A", "null", "NULL",
                                        "None", "none", "-",   "--",   "---",  "----"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (hb_str_eq_c(s, words[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '*') {
            return false;
        }
    }
    return true; /* "***", and nothing at all */
}

static hb_cell_class classify_slow(hb_str s, hb_num_kind kind)
{
    if (kind == HB_NUM_NAN) {
        return HB_CELL_IS_NAN;
    }
    if (kind == HB_NUM_INF) {
        return HB_CELL_IS_INF;
    }
    return is_missing_word(s) ? HB_CELL_IS_MISSING : HB_CELL_IS_TEXT;
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
            return classify_slow(text, HB_NUM_NOT);
        }
        memcpy(point, text.p, text.n);
        if (comma < text.n) {
            point[comma] = '.';
        }
        kind = hb_num_parse(point, text.n, ret);
    } else {
        kind = hb_num_parse(text.p, text.n, ret);
    }
    return kind == HB_NUM_FINITE ? HB_CELL_IS_NUMBER : classify_slow(text, kind);
}
