/* SPDX-License-Identifier: Apache-2.0 */
/* What the marks mean is asked of the whole table, in three steps, each only when the one before
 * is silent: cells that can be read in one way only (17,87; 1.002,96; 1.234.567); the pattern of a
 * column (980 next to 1.250: what groups thousands leaves smaller figures bare); habit (a file cut
 * by ; has decimal commas). */
#include "input/number_rule.h"

#include "input/number_evidence.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef enum grounds { NOTHING_TO_DECIDE, PROOF, PATTERN, HABIT } grounds;

static bool number_like(const hb_number_evidence *e)
{
    return e->figures > 0 && e->figures * 2 >= e->present;
}

/* 980, 1.250, 893: figures below a thousand stand bare beside grouped ones. */
static bool pattern_groups(const hb_number_evidence *e, int mark)
{
    return e->either[mark] >= 2 && e->whole_three > 0 && e->whole_long == 0 &&
           e->decimal[mark] == 0 && e->whole_three * 2 >= e->whole;
}

typedef struct file_marks {
    int decimal; /* HB_MARK_POINT or HB_MARK_COMMA */
    grounds on;
    hb_group_mark group; /* blank or apostrophe, when one was seen */
    bool accounting;
} file_marks;

static int by_habit(const hb_number_evidence *all, size_t n, char delimiter)
{
    size_t either[2] = {0};
    bool bare = false;
    for (size_t i = 0; i < n; i++) {
        if (number_like(&all[i])) {
            either[HB_MARK_POINT] += all[i].either[HB_MARK_POINT];
            either[HB_MARK_COMMA] += all[i].either[HB_MARK_COMMA];
            bare = bare || (all[i].either[HB_MARK_COMMA] && all[i].whole);
        }
    }
    if (!either[HB_MARK_COMMA]) {
        return HB_MARK_POINT;
    }
    if (delimiter == ';') {
        return HB_MARK_COMMA;
    }
    return either[HB_MARK_POINT] || bare || delimiter == ',' || delimiter == 0 ? HB_MARK_POINT
                                                                               : HB_MARK_COMMA;
}

static file_marks decide_file(const hb_number_evidence *all, size_t n, char delimiter)
{
    file_marks f = {.decimal = HB_MARK_POINT, .on = NOTHING_TO_DECIDE};
    size_t proof[2] = {0}; /* columns */
    size_t cells[2] = {0};
    size_t pattern[2] = {0};
    bool open = false;
    size_t blanks = 0;
    size_t apostrophes = 0;
    for (size_t i = 0; i < n; i++) {
        const hb_number_evidence *e = &all[i];
        if (!number_like(e)) {
            continue;
        }
        size_t point = e->decimal[HB_MARK_POINT] + e->grouped[HB_MARK_COMMA];
        size_t comma = e->decimal[HB_MARK_COMMA] + e->grouped[HB_MARK_POINT];
        proof[HB_MARK_POINT] += point > comma;
        proof[HB_MARK_COMMA] += comma > point;
        cells[HB_MARK_POINT] += point;
        cells[HB_MARK_COMMA] += comma;
        pattern[HB_MARK_POINT] += pattern_groups(e, HB_MARK_COMMA);
        pattern[HB_MARK_COMMA] += pattern_groups(e, HB_MARK_POINT);
        open = open || e->either[HB_MARK_POINT] || e->either[HB_MARK_COMMA];
        blanks += e->blanks;
        apostrophes += e->apostrophe_groups;
        f.accounting = f.accounting || e->parens_marked || (e->parens && e->figures > e->parens);
    }
    f.group = blanks && blanks >= apostrophes ? HB_GROUP_BLANK
              : apostrophes                   ? HB_GROUP_APOSTROPHE
                                              : HB_GROUP_NONE;
    const size_t *votes = proof[HB_MARK_POINT] != proof[HB_MARK_COMMA]   ? proof
                          : cells[HB_MARK_POINT] != cells[HB_MARK_COMMA] ? cells
                                                                         : pattern;
    if (votes[HB_MARK_POINT] != votes[HB_MARK_COMMA]) {
        f.decimal = votes[HB_MARK_COMMA] > votes[HB_MARK_POINT] ? HB_MARK_COMMA : HB_MARK_POINT;
        f.on = votes == pattern ? PATTERN : PROOF;
    } else if (open) {
        f.decimal = by_habit(all, n, delimiter);
        f.on = HABIT;
    }
    return f;
}

static hb_group_mark group_of(const hb_number_evidence *e, int decimal, const file_marks *f)
{
    int other = !decimal;
    hb_group_mark mark = other == HB_MARK_COMMA ? HB_GROUP_COMMA : HB_GROUP_POINT;
    size_t marks = e->either[other] + e->grouped[other];
    if (e->blanks && e->blanks >= e->apostrophe_groups && e->blanks >= marks) {
        return HB_GROUP_BLANK;
    }
    if (e->apostrophe_groups && e->apostrophe_groups >= marks) {
        return HB_GROUP_APOSTROPHE;
    }
    return marks || f->group == HB_GROUP_NONE ? mark : f->group;
}

static bool is_words(const hb_number_evidence *e)
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

static choice decide_column(const hb_number_evidence *e, const file_marks *f, hb_number_rule *r)
{
    size_t against[2] = {e->decimal[HB_MARK_COMMA] + e->grouped[HB_MARK_POINT],
                         e->decimal[HB_MARK_POINT] + e->grouped[HB_MARK_COMMA]};
    choice c = {.decimal = f->decimal, .on = f->on};
    /* One 12.5 among figures grouped by points is a slip, not another notation. */
    size_t for_it = against[!c.decimal] + e->either[!c.decimal];
    if (against[c.decimal] > for_it && number_like(e)) {
        c.decimal = !c.decimal;
        c.differs = true;
    }
    if (!e->either[HB_MARK_POINT] && !e->either[HB_MARK_COMMA]) {
        c.on = NOTHING_TO_DECIDE;
    } else if (against[!c.decimal] > 0) {
        c.on = PROOF;
    }
    r->decimal = c.decimal == HB_MARK_COMMA ? ',' : '.';
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
    look->inf += codes; /* a channel that was out of range all along is one of figures */
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

static void say_marks(sentence *s, const hb_number_evidence *e, const choice *c)
{
    hb_str proof = e->sample_decimal[c->decimal];
    bool comma = c->decimal == HB_MARK_COMMA;
    hb_str group = e->sample_grouped[!c->decimal].n ? e->sample_grouped[!c->decimal]
                                                    : e->sample_either[!c->decimal];
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

static void say_number(sentence *s, const hb_number_evidence *e, const choice *c,
                       const hb_number_rule *r, size_t codes)
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
static const char *alternative(const hb_number_evidence *e, const choice *c, hb_arena *arena,
                               bool *ret_ok)
{
    int mark = e->either[c->decimal] ? c->decimal : !c->decimal;
    hb_str cell = e->sample_either[mark];
    const char *sign = mark == HB_MARK_COMMA ? "comma" : "point";
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

static hb_status describe(const hb_number_evidence *e, const choice *c, const hb_number_rule *r,
                          size_t codes, hb_arena *arena, hb_number_look *look, hb_error *err)
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
    } else if (e->sample_word.n) {
        say(&s, "words, as in '%.*s'", e->sample_word);
    } else {
        say(&s, "figures with letters behind that are no units for certain%.*s", (hb_str){"", 0});
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
    hb_number_evidence *all = hb_arena_array(arena, n + 1, sizeof *all);
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
                hb_number_evidence_add(columns[i].cells[k], &tails, &all[i]);
            }
        }
        bool marked = all[i].decimal[HB_MARK_POINT] || all[i].decimal[HB_MARK_COMMA] ||
                      all[i].either[HB_MARK_POINT] || all[i].either[HB_MARK_COMMA];
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
