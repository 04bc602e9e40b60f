/* SPDX-License-Identifier: Apache-2.0 */
#include "input/number_rule.h"

bool hb_number_rule_is_plain(const hb_number_rule *r)
{
    return r->decimal == '.' && r->group == HB_GROUP_NONE && !r->percent && !r->accounting &&
           !r->apostrophe && !r->words && !r->n_suffixes && !r->n_missing && !r->n_overload;
}

hb_cell_class hb_number_rule_read(const hb_number_rule *r, hb_str text, double *ret)
{
    return hb_cell_classify(text, r->decimal, ret);
}

hb_status hb_number_rules_infer(const hb_cell_column *columns, size_t n, char delimiter,
                                hb_units *units, hb_arena *arena, hb_number_rule *ret_rules,
                                hb_number_look *ret_looks, hb_error *err)
{
    (void)units;
    (void)arena;
    (void)err;
    char decimal = '.';
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < columns[i].n; k++) {
            double v = 0;
            hb_str c = columns[i].cells[k];
            bool comma = delimiter != ',' && hb_str_find_ch(c, ',') < c.n &&
                         hb_cell_classify(c, ',', &v) == HB_CELL_IS_NUMBER;
            decimal = comma ? ',' : decimal;
        }
    }
    for (size_t i = 0; i < n; i++) {
        hb_number_look look = {.confidence = 1, .why = "its first cells"};
        ret_rules[i] = (hb_number_rule){.decimal = decimal, .unit = ""};
        for (size_t k = 0; k < columns[i].n; k++) {
            double v = 0;
            hb_cell_class c = hb_number_rule_read(&ret_rules[i], columns[i].cells[k], &v);
            look.numbers += c == HB_CELL_IS_NUMBER;
            look.missing += c == HB_CELL_IS_MISSING || c == HB_CELL_IS_NAN;
            look.inf += c == HB_CELL_IS_INF;
            look.texts += c == HB_CELL_IS_TEXT;
        }
        ret_looks[i] = look;
    }
    return HB_OK;
}
