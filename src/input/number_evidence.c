/* SPDX-License-Identifier: Apache-2.0 */
#include "input/number_evidence.h"

static bool has_digit(hb_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] >= '0' && s.p[i] <= '9') {
            return true;
        }
    }
    return false;
}

/* "1Fh": whole text. A letter that no unit explains (0Ah may be ampere hours) makes it one. */
static void look_at_hex(hb_str s, hb_number_evidence *e)
{
    bool letter = false;
    if (s.n < 2 || (s.p[s.n - 1] != 'h' && s.p[s.n - 1] != 'H')) {
        return;
    }
    for (size_t i = 0; i + 1 < s.n; i++) {
        char c = s.p[i];
        bool a_to_f = (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
        if (!a_to_f && !(c >= '0' && c <= '9')) {
            return;
        }
        letter = letter || (a_to_f && ((c != 'A' && c != 'a') || i + 2 < s.n));
    }
    e->hex++;
    e->hex_letters += letter;
}

static void note(hb_str *sample, hb_str cell)
{
    if (!sample->n) {
        *sample = cell;
    }
}

static void count_shape(const hb_core_look *k, hb_str cell, hb_number_evidence *e)
{
    switch (k->shape) {
    case HB_CORE_POINT:
    case HB_CORE_COMMA: {
        int mark = k->shape == HB_CORE_COMMA;
        e->decimal[mark]++;
        note(&e->sample_decimal[mark], cell);
        break;
    }
    case HB_CORE_EITHER_POINT:
    case HB_CORE_EITHER_COMMA: {
        int mark = k->shape == HB_CORE_EITHER_COMMA;
        e->either[mark]++;
        note(&e->sample_either[mark], cell);
        break;
    }
    case HB_CORE_GROUPED_POINT:
    case HB_CORE_GROUPED_COMMA: {
        int mark = k->shape == HB_CORE_GROUPED_COMMA;
        e->grouped[mark]++;
        note(&e->sample_grouped[mark], cell);
        break;
    }
    case HB_CORE_WHOLE:
        e->whole += k->group == HB_GROUP_NONE;
        e->whole_three += k->group == HB_GROUP_NONE && k->digits == 3;
        e->whole_long += k->group == HB_GROUP_NONE && k->digits > 3;
        break;
    case HB_CORE_NOT:
        break;
    }
    e->blanks += k->group == HB_GROUP_BLANK;
    e->apostrophe_groups += k->group == HB_GROUP_APOSTROPHE;
}

/* Counts the cell; false when it holds no figure. */
static bool count_figure(hb_str cell, hb_tails *tails, hb_number_evidence *e)
{
    hb_number_parts p;
    double v = 0;
    if (cell.n > 2 && cell.p[0] == '0' && (cell.p[1] == 'x' || cell.p[1] == 'X')) {
        return hb_num_parse(cell.p, cell.n, &v) == HB_NUM_FINITE;
    }
    if (!hb_number_parts_of(cell, &p)) {
        return false;
    }
    hb_core_look k = hb_number_core_look(p.core);
    if (k.shape == HB_CORE_NOT || (p.tail.n && !hb_tails_add(tails, &p))) {
        return false;
    }
    count_shape(&k, cell, e);
    bool serial = k.shape == HB_CORE_WHOLE && p.core.n > 1 && *p.core.p == '0' && !p.tail.n;
    e->parens += p.parens;
    e->parens_marked += p.parens && k.shape != HB_CORE_WHOLE;
    e->minus += p.minus;
    e->minus_behind += p.minus_behind;
    e->apostrophes += p.apostrophe;
    e->serials += p.apostrophe && serial;
    e->bits += cell.n == 1 && (*cell.p == '0' || *cell.p == '1');
    return true;
}

void hb_number_evidence_add(hb_str cell, hb_tails *tails, hb_number_evidence *e)
{
    unsigned pairs = 0;
    int truth = hb_number_truth(cell, &pairs);
    if (truth >= 0) {
        e->pairs = e->truths ? e->pairs & pairs : pairs;
        e->truths++;
        e->trues += truth == 1;
        e->present++;
        note(&e->sample_word, cell);
        return;
    }
    look_at_hex(cell, e);
    if (has_digit(cell) && count_figure(cell, tails, e)) {
        e->figures++;
        e->present++;
        return;
    }
    hb_cell_class k = hb_cell_word(cell);
    e->weak += k == HB_CELL_IS_MISSING && hb_cell_word_is_weak(cell);
    e->present += k == HB_CELL_IS_TEXT;
    if (k == HB_CELL_IS_TEXT) {
        note(&e->sample_word, cell);
    }
}
