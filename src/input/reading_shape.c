/* SPDX-License-Identifier: Apache-2.0 */
/* What the opened table says of itself, and what the plan settled for the file as a whole. */
#include "input/reading_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *note_of(const hb_table *t, const char *what)
{
    for (size_t i = 0; i < t->n_notes; i++) {
        if (strcmp(t->notes[i].what, what) == 0) {
            return t->notes[i].value;
        }
    }
    return NULL;
}

/* Which of the marks a kind of mark stands for is in the file: looked up in its first cells. */
static const char *mark_in(const hb_block *b, size_t column, hb_group_mark mark)
{
    static const struct {
        hb_group_mark mark;
        const char *bytes;
        const char *name;
    } rows[] = {
        {HB_GROUP_COMMA, ",", ","},
        {HB_GROUP_POINT, ".", "."},
        {HB_GROUP_BLANK, "\xc2\xa0", "U+00A0"},
        {HB_GROUP_BLANK, "\xe2\x80\x89", "U+2009"},
        {HB_GROUP_BLANK, "\xe2\x80\xaf", "U+202F"},
        {HB_GROUP_BLANK, "\xa0", "U+00A0"},
        {HB_GROUP_BLANK, " ", " "},
        {HB_GROUP_APOSTROPHE, "\xe2\x80\x99", "U+2019"},
        {HB_GROUP_APOSTROPHE, "'", "'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t n = strlen(rows[i].bytes);
        for (size_t r = 0; rows[i].mark == mark && r < b->n_rows; r++) {
            const hb_cell *cell = &b->cells[r * b->n_cols + column];
            if (cell->kind == HB_CELL_TEXT && cell->len > n &&
                memmem(cell->as.p, cell->len, rows[i].bytes, n)) {
                return rows[i].name;
            }
        }
    }
    return NULL;
}

static const char *group_mark(const hb_plan *plan, const hb_block *first)
{
    for (size_t i = 0; i < plan->n_columns && first->cells; i++) {
        const hb_column_plan *c = &plan->columns[i];
        const char *mark = c->kind == HB_COLUMN_NUMBER && c->number.group != HB_GROUP_NONE
                               ? mark_in(first, i, c->number.group)
                               : NULL;
        if (mark) {
            return mark;
        }
    }
    return NULL;
}

static hb_status guess_time(hb_reading *r, hb_error *err)
{
    const hb_time_rule *axis = &r->plan.axis;
    char value[400];
    if (axis->kind == HB_AXIS_NONE || !axis->n_columns) {
        return HB_OK;
    }
    snprintf(value, sizeof value, "column '%.120s', %.120s%s%.60s",
             r->columns[axis->columns[0]].shown, axis->notation, axis->zone ? ", " : "",
             axis->zone ? axis->zone : "");
    return hb_reading_guessed(r, "time", value, axis->why ? axis->why : "", axis->confidence,
                              axis->alternative, err);
}

static hb_status take_notes(hb_reading *r, const hb_table *t, hb_error *err)
{
    for (size_t i = 0; i < t->n_notes; i++) {
        double sure = t->notes[i].confidence > 0 ? t->notes[i].confidence : NAN;
        HB_TRY(hb_reading_guessed(r, t->notes[i].what, t->notes[i].value, t->notes[i].why, sure,
                                  t->notes[i].alternative, err));
    }
    return HB_OK;
}

hb_reading_shape hb_reading_shape_of(const hb_table *t)
{
    const hb_table_format *f = &t->format;
    bool json = strncmp(t->ops->format, "json", 4) == 0;
    return (hb_reading_shape){
        .delimiter = f->delimiter,
        .decimal = t->decimal,
        .encoding = json && !f->encoding ? "utf-8" : f->encoding,
        .eol = f->eol,
        .container = note_of(t, "document"),
        .sheet = f->sheet,
        .header_line = json ? 0 : t->header_line,
        .units_line = f->units_line,
        .group_line = f->group_line,
        .comment_signs = f->comment_signs && *f->comment_signs ? f->comment_signs : NULL,
        .comment_lines = f->comment_lines,
        .sheets = f->sheets,
        .n_sheets = f->n_sheets,
        .hidden_sheets = f->hidden_sheets,
        .n_hidden_sheets = f->n_hidden_sheets,
    };
}

static hb_status keep(hb_reading *r, const char *text, const char **ret, hb_error *err)
{
    return text ? hb_reading_text(r, hb_str_of(text), HB_READING_TEXT_BYTES, ret, err) : HB_OK;
}

static hb_status keep_list(hb_reading *r, const char *const **io, size_t n, hb_error *err)
{
    const char **list = hb_arena_array(&r->arena, n + 1, sizeof *list);
    if (!list) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < n; i++) {
        HB_TRY(keep(r, (*io)[i], &list[i], err));
    }
    *io = list;
    return HB_OK;
}

hb_status hb_reading_end_shape(hb_reading *r, const hb_table *t, hb_error *err)
{
    hb_reading_shape now = hb_reading_shape_of(t);
    r->shape.comment_lines = now.comment_lines;
    HB_TRY(keep(r, now.encoding, &r->shape.encoding, err));
    HB_TRY(keep(r, now.comment_signs, &r->shape.comment_signs, err));
    return keep(r, now.eol, &r->shape.eol, err);
}

hb_status hb_reading_take_shape(hb_reading *r, const hb_table *t, const hb_block *first,
                                hb_error *err)
{
    r->shape = hb_reading_shape_of(t);
    r->shape.decimal = r->plan.decimal;
    r->shape.group = group_mark(&r->plan, first);
    HB_TRY(keep(r, r->shape.encoding, &r->shape.encoding, err));
    HB_TRY(keep(r, r->shape.eol, &r->shape.eol, err));
    HB_TRY(keep(r, r->shape.comment_signs, &r->shape.comment_signs, err));
    HB_TRY(keep_list(r, &r->shape.sheets, r->shape.n_sheets, err));
    HB_TRY(keep_list(r, &r->shape.hidden_sheets, r->shape.n_hidden_sheets, err));
    HB_TRY(keep(r, r->shape.container, &r->shape.container, err));
    HB_TRY(keep(r, r->shape.sheet, &r->shape.sheet, err));
    HB_TRY(keep(r, note_of(t, "other sheets"), &r->other_sheets, err));
    HB_TRY(take_notes(r, t, err));
    return guess_time(r, err);
}
