/* SPDX-License-Identifier: Apache-2.0 */
/* What was guessed of a delimited text, in words. */
#include "base/buf.h"
#include "input/csv/csv_internal.h"

#include <stdio.h>

typedef struct guess {
    const char *what;
    hb_str value;
    const char *why;
    double confidence;
    const char *alternative;
} guess;

static hb_status note(hb_csv *c, const guess *g, hb_error *err)
{
    if (c->t.n_notes == HB_TABLE_NOTES) {
        return HB_OK;
    }
    size_t i = c->t.n_notes;
    c->t.notes[i].what = g->what;
    c->t.notes[i].value = hb_arena_str(&c->arena, g->value);
    c->t.notes[i].why = hb_arena_str(&c->arena, hb_str_of(g->why));
    c->t.notes[i].confidence = g->confidence;
    c->t.notes[i].alternative = g->alternative;
    if (!c->t.notes[i].value || !c->t.notes[i].why) {
        return HB_NOMEM(err);
    }
    c->t.n_notes++;
    return HB_OK;
}

static hb_status note_text(hb_csv *c, hb_error *err)
{
    hb_encoding e = hb_text_encoding(c->source);
    if (e != HB_ENCODING_ASCII && e != HB_ENCODING_UTF8) {
        guess g = {.what = "encoding",
                   .value = hb_str_of(hb_encoding_name(e)),
                   .why = hb_encoding_why(e),
                   .confidence = e == HB_ENCODING_WINDOWS_1252 ? 0.7 : 0.99,
                   .alternative = e == HB_ENCODING_WINDOWS_1252
                                      ? "another encoding of one byte a character"
                                      : NULL};
        HB_TRY(note(c, &g, err));
    }
    if (c->t.format.damaged) {
        char value[48];
        snprintf(value, sizeof value, "%llu", (unsigned long long)c->t.format.damaged);
        guess g = {.what = "damaged characters",
                   .value = hb_str_of(value),
                   .why = "bytes that are not of the file's encoding"};
        HB_TRY(note(c, &g, err));
    }
    return HB_OK;
}

static hb_status note_delimiter(hb_csv *c, const hb_csv_options *o, const hb_sniffed *s,
                                hb_error *err)
{
    char why[160];
    const hb_finding *f = &s->table;
    size_t fields = f->survey.data_row < f->grid.n ? f->grid.rows[f->survey.data_row].n : 0;
    snprintf(why, sizeof why, "%s%.0f %% of the first rows have %zu fields",
             o->delimiter       ? "given; "
             : s->given_by_line ? "its first line says so; "
                                : "",
             f->agreement * 100, fields);
    guess g = {.what = "delimiter",
               .value = hb_str_of(hb_delimiter_name(f->delimiter)),
               .why = why,
               .confidence = s->confidence,
               .alternative = s->rival};
    HB_TRY(note(c, &g, err));
    if (c->spans) {
        guess fixed = {.what = "fixed width",
                       .value = HB_STR("yes"),
                       .why = "the words of the rows stand below each other: a row with another "
                              "number of words is read by their places"};
        HB_TRY(note(c, &fixed, err));
    }
    if (c->dialect.decimal == ',') {
        guess decimal = {.what = "decimal mark",
                         .value = HB_STR("comma"),
                         .why = "cells such as 12,5 while fields are cut elsewhere"};
        HB_TRY(note(c, &decimal, err));
    }
    return HB_OK;
}

static hb_status note_skipped(hb_csv *c, bool by_rule, hb_error *err)
{
    char text[64];
    if (c->t.format.skipped_lines) {
        snprintf(text, sizeof text, "%llu lines", (unsigned long long)c->t.format.skipped_lines);
        guess g = {.what = "skipped before the table",
                   .value = hb_str_of(text),
                   .why = by_rule ? "titles above the header"
                                  : "titles, settings and comments above the names"};
        HB_TRY(note(c, &g, err));
    }
    if (c->dialect.comments.signs[0]) {
        guess g = {.what = "comments",
                   .value = hb_str_of(c->dialect.comments.signs),
                   .why = "lines that begin so do not fit the table"};
        HB_TRY(note(c, &g, err));
    }
    return HB_OK;
}

static hb_status note_row(hb_csv *c, const char *what, uint64_t line, const char *why,
                          hb_error *err)
{
    char text[32];
    if (!line) {
        return HB_OK;
    }
    snprintf(text, sizeof text, "line %llu", (unsigned long long)line);
    guess g = {.what = what, .value = hb_str_of(text), .why = why};
    return note(c, &g, err);
}

static hb_status note_header(hb_csv *c, const hb_csv_options *o, const hb_sniffed *s, bool by_rule,
                             hb_error *err)
{
    const hb_survey *v = &s->table.survey;
    guess g = {.what = "header", .value = c->dialect.header ? HB_STR("yes") : HB_STR("no")};
    if (by_rule) {
        g.why = "the first row with a cell the adapter looks for";
    } else {
        g.why = o->header != HB_CSV_HEADER_SNIFF ? "given by the adapter"
                : s->table.hidden_header         ? "names behind a comment sign, above the data"
                                                 : v->why;
        g.confidence = v->confidence;
        g.alternative = v->alternative;
    }
    HB_TRY(note(c, &g, err));
    HB_TRY(note_row(c, "units", c->t.format.units_line, "a row of units near the names", err));
    HB_TRY(note_row(c, "groups", c->t.format.group_line,
                    "a row of fewer cells right above the names", err));
    if (c->fields_left_out && c->columns[0].field > 0) {
        guess left = {.what = "first field",
                      .value = HB_STR("no column"),
                      .why = "it is empty in the data, or names the rows of the header"};
        HB_TRY(note(c, &left, err));
    }
    return HB_OK;
}

hb_status hb_csv_describe(hb_csv *c, const hb_csv_options *o, const hb_sniffed *s, bool by_rule,
                          hb_error *err)
{
    HB_TRY(note_text(c, err));
    HB_TRY(note_delimiter(c, o, s, err));
    HB_TRY(note_skipped(c, by_rule, err));
    return note_header(c, o, s, by_rule, err);
}
