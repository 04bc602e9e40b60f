/* SPDX-License-Identifier: Apache-2.0 */
#include "input/csv/find.h"

#include "input/shape.h"

#include <string.h>

enum { ARENA_BYTES = 256 << 20, HIDDEN_ROWS = 8 };

static bool has_figures(const hb_cut_row *r)
{
    for (size_t i = 0; i < r->n; i++) {
        if (hb_shape_is_figure(hb_shape_of_cell(&r->cells[i]))) {
            return true;
        }
    }
    return false;
}

static void join_row(hb_cut_row *r)
{
    r->cells[0] = (hb_cell){.kind = HB_CELL_TEXT, .as.p = r->text.p, .len = (uint32_t)r->text.n};
    r->n = 1;
}

/* A sentence may have as many words as there are columns. Above a row of names whose words stand in
 * their columns, one whose words do not is a sentence: one cell. */
static void join_sentences(hb_finding *f)
{
    bool named = false;
    size_t first = 0;
    while (first < f->cut.n && (f->cut.rows[first].sign || !has_figures(&f->cut.rows[first]))) {
        first++;
    }
    for (size_t i = first < f->cut.n ? first : 0; i-- > 0;) {
        hb_cut_row *r = &f->cut.rows[i];
        if (r->sign || r->n != f->spans.n || !r->places) {
            continue;
        }
        bool fits = hb_spans_fit(&f->spans, r);
        if (named && !fits) {
            join_row(r);
        }
        named = named || fits;
    }
}

/* Nor is a row of words a row of names when it has another number of words than the data (one less:
 * names as R writes them). */
static void join_others(hb_finding *f, size_t words)
{
    for (size_t i = 0; i < f->cut.n; i++) {
        hb_cut_row *r = &f->cut.rows[i];
        size_t figures = 0;
        for (size_t k = 0; k < r->n; k++) {
            figures += hb_shape_is_figure(hb_shape_of_cell(&r->cells[k]));
        }
        if (!r->sign && words >= 2 && r->n > 1 && r->n != words && r->n + 1 != words &&
            r->n != f->spans.n + 1 && figures * 2 < r->n) {
            join_row(r);
        }
    }
}

static hb_status align_rows(hb_finding *f, hb_error *err)
{
    size_t words = 0;
    HB_TRY(hb_spans_find(&f->cut, &f->arena, &f->spans, &words, err));
    if (f->spans.n > 0) {
        join_sentences(f);
    }
    for (size_t i = 0; i < f->cut.n && f->spans.n > 0; i++) {
        if (!f->cut.rows[i].sign) {
            HB_TRY(hb_spans_align(&f->spans, &f->cut.rows[i], &f->arena, err));
        }
    }
    join_others(f, words);
    return HB_OK;
}

static hb_status survey(const hb_find_options *o, hb_finding *f, hb_error *err)
{
    hb_grid_row *rows = hb_arena_array(&f->arena, f->cut.n + 1, sizeof *rows);
    f->places = hb_arena_array(&f->arena, f->cut.n + 1, sizeof *f->places);
    if (!rows || !f->places) {
        return HB_NOMEM(err);
    }
    size_t n = 0;
    for (size_t i = o->skip_rows; i < f->cut.n; i++) {
        const hb_cut_row *r = &f->cut.rows[i];
        if (!r->sign) {
            f->places[n] = i;
            rows[n++] = (hb_grid_row){.cells = r->cells,
                                      .n = r->n,
                                      .line = r->line,
                                      .last_line = r->last_line,
                                      .after_blank = r->after_blank};
        }
    }
    f->grid = (hb_grid){.rows = rows, .n = n, .whole = f->cut.whole};
    HB_TRY(hb_survey_grid(&f->grid, o->header, o->units, &f->arena, &f->survey, err));
    f->score = hb_survey_score(&f->grid, &f->survey);
    return HB_OK;
}

const hb_cut_row *hb_finding_row(const hb_finding *f, size_t grid_row)
{
    return grid_row < f->grid.n ? &f->cut.rows[f->places[grid_row]] : NULL;
}

static size_t data_fields(const hb_finding *f)
{
    const hb_cut_row *r = hb_finding_row(f, f->survey.data_row);
    return r ? r->n : 0;
}

/* "#" alone over the first column is its name, in one row of names; not in "# rig 3" above
 * further comments, which has as many words by chance. */
static bool is_name(const hb_finding *f, size_t row)
{
    const hb_cut_row *r = &f->cut.rows[row];
    bool more = row + 1 < f->cut.n && r[1].sign == r->sign;
    if (more || r->n < 2 || r->n != data_fields(f) || r->cells[0].len != 1) {
        return false;
    }
    for (size_t i = 1; i < r->n; i++) {
        if (hb_shape_is_figure(hb_shape_of_cell(&r->cells[i]))) {
            return false;
        }
    }
    return true;
}

static bool is_row(const hb_finding *f, const hb_cut_row *r)
{
    size_t figures = 0;
    if (r->n < 2 || r->n != data_fields(f)) {
        return false;
    }
    for (size_t i = 0; i < r->n; i++) {
        figures += hb_shape_is_figure(hb_shape_of_cell(&r->cells[i]));
    }
    return figures > 0 && !hb_shape_is_text(hb_shape_of_cell(&r->cells[0]));
}

/* Signs whose lines are rows of the table are no comments. *ret_changed: survey again. */
static void doubt_signs(hb_finding *f, bool *ret_changed)
{
    *ret_changed = false;
    for (const char *s = HB_COMMENT_CANDIDATES; *s; s++) {
        size_t lines = 0;
        size_t rows = 0;
        for (size_t i = 0; i < f->cut.n; i++) {
            const hb_cut_row *r = &f->cut.rows[i];
            lines += r->sign == *s;
            rows += r->sign == *s && is_row(f, r);
        }
        for (size_t i = 0; i < f->cut.n; i++) {
            hb_cut_row *r = &f->cut.rows[i];
            if (r->sign == *s && ((rows && rows * 2 >= lines) || is_name(f, i))) {
                r->sign = 0;
                *ret_changed = true;
            }
        }
    }
}

/* The line as it would be without its sign; places stay. */
static hb_status uncover(const hb_finding *f, const hb_cut_row *r, hb_arena *arena, hb_cut_row *ret,
                         hb_error *err)
{
    *ret = *r;
    char *text = hb_arena_strndup(arena, r->text.p, r->text.n);
    if (!text) {
        return HB_NOMEM(err);
    }
    size_t i = 0;
    while (i < r->text.n && (text[i] == r->sign || text[i] == ' ')) {
        text[i++] = ' ';
    }
    ret->text.p = text;
    ret->sign = 0;
    HB_TRY(hb_cut_row_cells(ret, f->delimiter, arena, err));
    const hb_cell *first = ret->cells;
    if (ret->n == data_fields(f) + 1 && first->len && first->as.p[first->len - 1] == ':') {
        ret->cells++; /* "#Fields: a b c" */
        ret->places = ret->places ? ret->places + 2 : NULL;
        ret->n--;
    }
    return f->delimiter == HB_DELIMITER_BLANKS ? hb_spans_align(&f->spans, ret, arena, err) : HB_OK;
}

/* Names, not prose that happens to have as many commas. */
static bool could_be_header(const hb_cut_row *r, size_t fields)
{
    size_t figures = 0;
    for (size_t i = 0; i < r->n; i++) {
        figures += hb_shape_is_figure(hb_shape_of_cell(&r->cells[i]));
        if (fields == 2 && r->cells[i].len && memchr(r->cells[i].as.p, ':', r->cells[i].len)) {
            return false;
        }
    }
    return r->n == fields && fields >= 2 && figures * 2 <= r->n;
}

/* "#time,a,b" above rows of three: comment lines right above the data that have its fields. */
static hb_status look_behind_signs(const hb_find_options *o, hb_finding *f, hb_error *err)
{
    size_t data = f->places[f->survey.data_row];
    size_t fields = data_fields(f);
    bool any = false;
    hb_cut_row kept[HIDDEN_ROWS];
    size_t first = data;
    hb_survey before = f->survey;
    hb_grid grid = f->grid;
    size_t *places = f->places;
    double score = f->score;
    while (first > o->skip_rows && data - first < HIDDEN_ROWS && f->cut.rows[first - 1].sign) {
        hb_cut_row bare;
        HB_TRY(uncover(f, &f->cut.rows[first - 1], &f->arena, &bare, err));
        bool fits = could_be_header(&bare, fields);
        if (!fits && any) {
            break;
        }
        first--;
        kept[data - first - 1] = f->cut.rows[first];
        f->cut.rows[first] = fits ? bare : f->cut.rows[first];
        any = any || fits;
    }
    if (any) {
        HB_TRY(survey(o, f, err));
        f->hidden_header = f->survey.names_row != HB_NO_ROW;
    }
    for (size_t i = first; i < data; i++) { /* what is no header stays a comment */
        const hb_cut_row *r = &f->cut.rows[i];
        bool header = f->hidden_header && (r == hb_finding_row(f, f->survey.names_row) ||
                                           r == hb_finding_row(f, f->survey.units_row) ||
                                           r == hb_finding_row(f, f->survey.group_row));
        f->hidden_sign = header ? kept[data - i - 1].sign : f->hidden_sign;
        f->cut.rows[i] = header ? *r : kept[data - i - 1];
    }
    if (any && !f->hidden_header) {
        f->survey = before;
        f->grid = grid;
        f->places = places;
        f->score = score;
    }
    return HB_OK;
}

static void summarize(const hb_find_options *o, hb_finding *f)
{
    size_t same = 0;
    size_t rows = 0;
    size_t fields = data_fields(f);
    const hb_cut_row *data = hb_finding_row(f, f->survey.data_row);
    for (size_t i = f->survey.data_row; i < f->grid.n; i++) {
        same += f->grid.rows[i].n == fields;
        rows++;
    }
    f->agreement = rows ? (double)same / (double)rows : 0;
    f->comments = (hb_comments){{f->hidden_sign}};
    for (size_t i = o->skip_rows; i < f->cut.n; i++) {
        char sign = f->cut.rows[i].sign;
        size_t n = strlen(f->comments.signs);
        if (sign && !strchr(f->comments.signs, sign)) {
            f->comments.signs[n] = sign;
        }
        f->n_comments += sign && (!data || f->cut.rows[i].at < data->at);
    }
}

static hb_status find(const hb_find_options *o, hb_comments signs, hb_finding *f, hb_error *err)
{
    hb_cut_options cut = {.delimiter = f->delimiter,
                          .comments = &signs,
                          .max_rows = o->max_rows,
                          .max_bytes = o->max_bytes};
    HB_TRY(hb_cut_text(o->text, o->whole, &cut, &f->arena, &f->cut, err));
    if (f->delimiter == HB_DELIMITER_BLANKS) {
        HB_TRY(align_rows(f, err));
    }
    HB_TRY(survey(o, f, err));
    if (signs.signs[0] && f->survey.data_row != HB_NO_ROW) {
        bool changed = false;
        doubt_signs(f, &changed);
        if (changed) {
            HB_TRY(survey(o, f, err));
        }
    }
    if (o->header >= 0 && f->survey.data_row != HB_NO_ROW && f->survey.names_row == HB_NO_ROW) {
        HB_TRY(look_behind_signs(o, f, err));
    }
    summarize(o, f);
    return HB_OK;
}

hb_status hb_find_table(const hb_find_options *o, char delimiter, hb_comments signs,
                        hb_finding *ret, hb_error *err)
{
    *ret = (hb_finding){.delimiter = delimiter};
    hb_arena_init(&ret->arena, ARENA_BYTES);
    return find(o, signs, ret, err);
}

void hb_finding_release(hb_finding *f)
{
    hb_arena_release(&f->arena);
    *f = (hb_finding){0};
}
