/* SPDX-License-Identifier: Apache-2.0 */
/* What the marks mean is asked of the whole table, in three steps, each only when the one before
 * is silent: cells that can be read in one way only (17,87; 1.002,96; 1.234.567); the pattern of a
 * column (980 next to 1.250: what groups thousands leaves smaller figures bare); habit (a file cut
 * by ; has decimal commas). */
#include "input/number_rule.h"

#include "input/number_suffix.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { POINT = 0, COMMA = 1 };
typedef enum grounds { NOTHING_TO_DECIDE, PROOF, PATTERN, HABIT } grounds;

typedef struct evidence {
    size_t present; /* neither empty nor a word for missing */
    size_t figures;
    size_t weak; /* words for missing that need numbers around them */
    size_t truths;
    size_t trues;
    unsigned pairs; /* of truth values, met over all words */
    size_t bits;    /* figures that are 0 or 1 */
    size_t decimal[2];
    size_t either[2];  /* 1.397, 1,397 */
    size_t grouped[2]; /* marks that can only be between thousands */
    size_t blanks;
    size_t apostrophe_groups;
    size_t whole;       /* without any mark */
    size_t whole_three; /* of three digits */
    size_t whole_long;  /* of more */
    size_t parens;
    size_t parens_marked;
    size_t minus;
    size_t minus_behind;
    size_t apostrophes;
    size_t serials; /* '000417 */
    size_t hex;     /* 1Fh */
    size_t hex_letters;
    hb_str sample_decimal[2];
    hb_str sample_either[2];
    hb_str sample_word;
} evidence;

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
static void look_at_hex(hb_str s, evidence *e)
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

static void count_shape(const hb_core_look *k, hb_str cell, evidence *e)
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
        note(&e->sample_decimal[!mark], cell);
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
static bool count_figure(hb_str cell, hb_tails *tails, evidence *e)
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

static void count_cell(hb_str cell, hb_tails *tails, evidence *e)
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

static bool number_like(const evidence *e)
{
    return e->figures > 0 && e->figures * 2 >= e->present;
}

/* 980, 1.250, 893: figures below a thousand stand bare beside grouped ones. */
static bool pattern_groups(const evidence *e, int mark)
{
    return e->either[mark] >= 2 && e->whole_three > 0 && e->whole_long == 0 &&
           e->decimal[mark] == 0 && e->whole_three * 2 >= e->whole;
}

typedef struct file_marks {
    int decimal; /* POINT or COMMA */
    grounds on;
    hb_group_mark group; /* blank or apostrophe, when one was seen */
    bool accounting;
} file_marks;

static int by_habit(const evidence *all, size_t n, char delimiter)
{
    size_t either[2] = {0};
    bool bare = false;
    for (size_t i = 0; i < n; i++) {
        if (number_like(&all[i])) {
            either[POINT] += all[i].either[POINT];
            either[COMMA] += all[i].either[COMMA];
            bare = bare || (all[i].either[COMMA] && all[i].whole);
        }
    }
    if (!either[COMMA]) {
        return POINT;
    }
    if (delimiter == ';') {
        return COMMA;
    }
    return either[POINT] || bare || delimiter == ',' || delimiter == 0 ? POINT : COMMA;
}

static file_marks decide_file(const evidence *all, size_t n, char delimiter)
{
    file_marks f = {.decimal = POINT, .on = NOTHING_TO_DECIDE};
    size_t proof[2] = {0}; /* columns */
    size_t cells[2] = {0};
    size_t pattern[2] = {0};
    bool open = false;
    size_t blanks = 0;
    size_t apostrophes = 0;
    for (size_t i = 0; i < n; i++) {
        const evidence *e = &all[i];
        if (!number_like(e)) {
            continue;
        }
        size_t point = e->decimal[POINT] + e->grouped[COMMA];
        size_t comma = e->decimal[COMMA] + e->grouped[POINT];
        proof[POINT] += point > comma;
        proof[COMMA] += comma > point;
        cells[POINT] += point;
        cells[COMMA] += comma;
        pattern[POINT] += pattern_groups(e, COMMA);
        pattern[COMMA] += pattern_groups(e, POINT);
        open = open || e->either[POINT] || e->either[COMMA];
        blanks += e->blanks;
        apostrophes += e->apostrophe_groups;
        f.accounting = f.accounting || e->parens_marked || (e->parens && e->figures > e->parens);
    }
    f.group = blanks && blanks >= apostrophes ? HB_GROUP_BLANK
              : apostrophes                   ? HB_GROUP_APOSTROPHE
                                              : HB_GROUP_NONE;
    const size_t *votes = proof[POINT] != proof[COMMA]   ? proof
                          : cells[POINT] != cells[COMMA] ? cells
                                                         : pattern;
    if (votes[POINT] != votes[COMMA]) {
        f.decimal = votes[COMMA] > votes[POINT] ? COMMA : POINT;
        f.on = votes == pattern ? PATTERN : PROOF;
    } else if (open) {
        f.decimal = by_habit(all, n, delimiter);
        f.on = HABIT;
    }
    return f;
}

static hb_group_mark group_of(const evidence *e, int decimal, const file_marks *f)
{
    int other = !decimal;
    hb_group_mark mark = other == COMMA ? HB_GROUP_COMMA : HB_GROUP_POINT;
    size_t marks = e->either[other] + e->grouped[other];
    if (e->blanks && e->blanks >= e->apostrophe_groups && e->blanks >= marks) {
        return HB_GROUP_BLANK;
    }
    if (e->apostrophe_groups && e->apostrophe_groups >= marks) {
        return HB_GROUP_APOSTROPHE;
    }
    return marks || f->group == HB_GROUP_NONE ? mark : f->group;
}

static bool is_words(const evidence *e)
{
    bool letters = (e->pairs & ~hb_number_letter_pairs) == 0;
    bool both = e->trues > 0 && e->trues < e->truths;
    return e->truths > 0 && e->pairs != 0 && (both || !letters) &&
           e->truths + e->figures == e->present && e->bits == e->figures && e->truths >= e->figures;
}

typedef struct choice {
    int decimal;
    grounds on;
    bool differs; /* from the file's decimal mark */
} choice;

static choice decide_column(const evidence *e, const file_marks *f, hb_number_rule *r)
{
    size_t against[2] = {e->decimal[COMMA] + e->grouped[POINT],
                         e->decimal[POINT] + e->grouped[COMMA]};
    choice c = {.decimal = f->decimal, .on = f->on};
    /* One 12.5 among figures grouped by points is a slip, not another notation. */
    size_t for_it = against[!c.decimal] + e->either[!c.decimal];
    if (against[c.decimal] > for_it && number_like(e)) {
        c.decimal = !c.decimal;
        c.differs = true;
    }
    if (!e->either[POINT] && !e->either[COMMA]) {
        c.on = NOTHING_TO_DECIDE;
    } else if (against[!c.decimal] > 0) {
        c.on = PROOF;
    }
    r->decimal = c.decimal == COMMA ? ',' : '.';
    r->group = group_of(e, c.decimal, f);
    r->accounting = f->accounting;
    r->minus_behind = e->minus_behind > 0 && e->minus == 0;
    r->apostrophe = e->apostrophes > 0 && e->serials * 2 < e->apostrophes;
    r->hex = e->hex > 0 && e->hex == e->present && e->hex_letters > 0;
    r->words = is_words(e);
    if (r->hex) { /* 0Ah among them is no charge */
        r->unit = "";
        r->n_suffixes = 0;
        r->percent = false;
    }
    return c;
}

/* Counts under the settled rule; says whether figures of 9.9e37 and more are codes. */
static size_t count_look(const hb_cell_column *c, hb_number_rule *r, hb_number_look *look)
{
    size_t codes = 0;
    double greatest = 0;
    r->huge = true;
    for (size_t k = 0; k < c->n; k++) {
        double v = 0;
        hb_cell_class class = hb_number_rule_read(r, c->cells[k], &v);
        bool code = class == HB_CELL_IS_NUMBER && fabs(v) >= HB_NUMBER_CODES;
        codes += code;
        greatest = class == HB_CELL_IS_NUMBER && !code ? fmax(greatest, fabs(v)) : greatest;
        look->numbers += class == HB_CELL_IS_NUMBER;
        look->missing += class == HB_CELL_IS_MISSING || class == HB_CELL_IS_NAN;
        look->inf += class == HB_CELL_IS_INF;
        look->texts += class == HB_CELL_IS_TEXT;
    }
    /* Figures of all sizes are figures; a wall of empty sizes below makes a code. */
    r->huge = greatest >= 1e20;
    if (r->huge) {
        return 0;
    }
    look->numbers -= codes;
    look->texts += codes;
    return codes;
}

typedef struct sentence {
    char text[240];
    size_t n;
} sentence;

static void say(sentence *s, const char *format, hb_str sample)
{
    int shown = (int)(sample.n < 24 ? sample.n : 24);
    int n = snprintf(s->text + s->n, sizeof s->text - s->n, "%s", s->n ? ", " : "");
    s->n += n > 0 ? (size_t)n : 0;
    if (s->n < sizeof s->text - 1) {
        n = snprintf(s->text + s->n, sizeof s->text - s->n, format, shown, sample.p);
        s->n += n > 0 ? (size_t)n : 0;
    }
    s->n = s->n < sizeof s->text - 1 ? s->n : sizeof s->text - 1;
}

static void say_marks(sentence *s, const evidence *e, const choice *c)
{
    hb_str proof = e->sample_decimal[c->decimal];
    bool comma = c->decimal == COMMA;
    hb_str group = e->sample_either[!c->decimal];
    if (proof.n) {
        say(s, comma ? "decimal comma, as in '%.*s'" : "decimal point, as in '%.*s'", proof);
    } else if (e->sample_either[c->decimal].n) {
        say(s, comma ? "decimal comma, as in '%.*s'" : "decimal point, as in '%.*s'",
            e->sample_either[c->decimal]);
    } else if (e->whole) {
        say(s, "whole numbers%.*s", (hb_str){"", 0});
    }
    if (group.n) {
        say(s,
            comma ? "the point groups thousands, as in '%.*s'"
                  : "the comma groups thousands, as in '%.*s'",
            group);
    }
}

static void say_number(sentence *s, const evidence *e, const choice *c, const hb_number_rule *r,
                       size_t codes)
{
    hb_str none = {"", 0};
    say_marks(s, e, c);
    if (c->differs) {
        say(s, "other than the rest of the table%.*s", none);
    }
    if (e->blanks && r->group == HB_GROUP_BLANK) {
        say(s, "blanks group thousands%.*s", none);
    }
    if (e->apostrophe_groups && r->group == HB_GROUP_APOSTROPHE) {
        say(s, "apostrophes group thousands%.*s", none);
    }
    if (*r->unit) {
        say(s, "the cells state the unit %.*s", hb_str_of(r->unit));
    }
    if (e->parens && r->accounting) {
        say(s, "parentheses mean less than nought%.*s", none);
    }
    if (r->minus_behind) {
        say(s, "the minus stands behind%.*s", none);
    }
    if (r->apostrophe) {
        say(s, "a spreadsheet's text mark in front%.*s", none);
    }
    if (r->hex) {
        say(s, "hexadecimal with h behind%.*s", none);
    }
    if (codes) {
        say(s, "figures of 9.9e37 and more are codes for out of range%.*s", none);
    }
}

/* In words what the other reading of the doubtful cells would be. */
static const char *alternative(const evidence *e, const choice *c, hb_arena *arena, bool *ret_ok)
{
    int mark = e->either[c->decimal] ? c->decimal : !c->decimal;
    hb_str cell = e->sample_either[mark];
    const char *sign = mark == COMMA ? "comma" : "point";
    char text[120];
    snprintf(text, sizeof text, "'%.*s' with the %s %s", (int)(cell.n < 24 ? cell.n : 24), cell.p,
             sign, mark == c->decimal ? "between thousands" : "as decimal mark");
    char *kept = hb_arena_strndup(arena, text, strlen(text));
    *ret_ok = *ret_ok && kept;
    return kept;
}

static double confidence_of(grounds on, bool differs)
{
    switch (on) {
    case NOTHING_TO_DECIDE:
        return differs ? 0.85 : 1;
    case PROOF:
        return differs ? 0.85 : 0.95;
    case PATTERN:
        return 0.75;
    case HABIT:
        return 0.55;
    }
    return 0;
}

static hb_status describe(const evidence *e, const choice *c, const hb_number_rule *r, size_t codes,
                          hb_arena *arena, hb_number_look *look, hb_error *err)
{
    sentence s = {.n = 0};
    bool ok = true;
    size_t read = look->numbers + look->inf;
    double share = read + look->texts ? (double)(read > look->texts ? read : look->texts) /
                                            (double)(read + look->texts)
                                      : 0.5;
    look->words = e->truths;
    look->confidence = share;
    if (r->words) {
        say(&s, "words of truth values, as in '%.*s'", e->sample_word);
    } else if (!read && !look->texts) {
        say(&s, "no cell holds anything%.*s", (hb_str){"", 0});
    } else if (read >= look->texts) {
        say_number(&s, e, c, r, codes);
        look->confidence = fmin(share, confidence_of(c->on, c->differs));
        if (c->on == HABIT || c->on == PATTERN) {
            look->alternative = alternative(e, c, arena, &ok);
        }
    } else if (e->apostrophes && !r->apostrophe) {
        say(&s, "apostrophe and leading noughts: serial numbers kept as text%.*s", (hb_str){"", 0});
    } else {
        say(&s, "words, as in '%.*s'", e->sample_word);
    }
    if (s.n == 0) {
        say(&s, "figures%.*s", (hb_str){"", 0});
    }
    /* A cut in the middle of a letter would not be text any more. */
    s.n = hb_utf8_valid_prefix((hb_str){s.text, s.n});
    look->why = hb_arena_strndup(arena, s.text, s.n);
    return ok && look->why ? HB_OK : HB_NOMEM(err);
}

hb_status hb_number_rules_infer(const hb_cell_column *columns, size_t n, char delimiter,
                                hb_units *units, hb_arena *arena, hb_number_rule *ret_rules,
                                hb_number_look *ret_looks, hb_error *err)
{
    evidence *all = hb_arena_array(arena, n + 1, sizeof *all);
    if (!all) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        hb_tails tails;
        tails.n = 0;
        tails.cells = 0;
        ret_rules[i] = (hb_number_rule){.unit = ""};
        for (size_t k = 0; k < columns[i].n; k++) {
            if (columns[i].cells[k].n) {
                count_cell(columns[i].cells[k], &tails, &all[i]);
            }
        }
        bool marked = all[i].decimal[POINT] || all[i].decimal[COMMA] || all[i].either[POINT] ||
                      all[i].either[COMMA];
        HB_TRY(hb_tails_settle(&tails, all[i].present, marked, units, arena, &ret_rules[i], err));
    }
    file_marks f = decide_file(all, n, delimiter);
    for (size_t i = 0; i < n; i++) {
        hb_number_look look = {0};
        choice c = decide_column(&all[i], &f, &ret_rules[i]);
        size_t codes = count_look(&columns[i], &ret_rules[i], &look);
        if (look.numbers == 0) { /* then "NC" and "?" are words */
            look.texts += all[i].weak;
            look.missing -= all[i].weak;
        }
        HB_TRY(describe(&all[i], &c, &ret_rules[i], codes, arena, &look, err));
        ret_looks[i] = look;
    }
    return HB_OK;
}
