/* SPDX-License-Identifier: Apache-2.0 */
/* The columns under a header whose rows are known: names, groups, units, fields that are none. */
#include "base/num.h"
#include "input/label.h"
#include "input/survey_internal.h"

enum { PREAMBLE_ROWS = 400 };

bool hb_survey_is_unit(const hb_survey_job *job, hb_str cell)
{
    hb_str unit = {"", 0};
    if (hb_shape_is_unit(cell)) {
        return true;
    }
    if (!job->units || cell.n == 0 || cell.n > 40) {
        return false;
    }
    return hb_label_unit(cell, job->units, job->arena, &unit, NULL) == HB_OK && unit.n > 0;
}

/* Group names stand over the first of their columns, or over each of them. */
static bool is_group_row(const hb_survey_job *job, size_t label, size_t row, size_t names)
{
    const hb_row_look *look = &job->rows[row];
    const hb_row_look *below = &job->rows[names];
    size_t spread = 0;
    size_t repeated = 0;
    size_t kinds = 0;
    size_t cells = 0;
    hb_str before = {"", 0};
    if (look->figures || look->ruler || job->grid->rows[names].after_blank ||
        look->end > below->end || hb_shape_row_title(hb_grid_text(job->grid, row, 0))) {
        return false;
    }
    for (size_t i = label; i < below->end; i++) {
        hb_str cell = hb_grid_text(job->grid, row, i);
        spread += i < look->n && cell.n == 0 && (before.n || i == label);
        repeated += cell.n && hb_str_eq(cell, before);
        kinds += hb_shape_is_kind(cell) || hb_shape_is_unit(cell);
        cells += cell.n > 0;
        before = cell.n ? cell : before;
    }
    bool lonely = cells == 1 && (look->shapes[label] != HB_SHAPE_EMPTY || look->n < below->n);
    return cells && !lonely && kinds * 2 < cells && spread + repeated > 0 && cells < below->end + 1;
}

static hb_str cell_text(const hb_survey_job *job, size_t row, size_t field)
{
    const hb_grid_row *r = &job->grid->rows[row];
    char room[HB_NUM_TEXT];
    if (field < r->n && (r->cells[field].kind == HB_CELL_NUMBER)) {
        size_t n = hb_num_print(r->cells[field].as.num, room);
        char *kept = hb_arena_strndup(job->arena, room, n);
        return (hb_str){kept ? kept : "", kept ? n : 0};
    }
    return hb_grid_text(job->grid, row, field);
}

/* R writes one name less than there are columns: the first holds row names. */
static bool is_shifted(const hb_survey_job *job, size_t names, size_t data_end)
{
    const hb_row_look *look = &job->rows[names];
    if (look->n + 1 != data_end || look->filled != look->n || data_end < 3) {
        return false;
    }
    int64_t before = 0;
    bool counts = true;
    size_t rows = 0;
    for (size_t r = job->data_row; r < job->grid->n && rows < 5; r++, rows++) {
        int64_t v = 0;
        hb_str cell = hb_grid_text(job->grid, r, 0);
        bool whole = hb_num_parse_i64(cell.p, cell.n, &v);
        counts = counts && whole && (rows == 0 ? v == 0 || v == 1 : v == before + 1);
        before = v;
    }
    return counts || job->fields[0].texts > job->fields[0].figures;
}

/* Names of the row above that stand over columns the names row leaves empty. */
static bool completes(const hb_survey_job *job, size_t above, size_t names, size_t end)
{
    size_t both = 0;
    size_t alone = 0;
    for (size_t i = 0; i < end; i++) {
        bool upper = hb_grid_text(job->grid, above, i).n > 0;
        bool lower = hb_grid_text(job->grid, names, i).n > 0;
        both += upper && lower;
        alone += upper && !lower;
    }
    return alone > 0 && both == 0;
}

static void fill_columns(const hb_survey_job *job, hb_survey *s, size_t label, size_t end,
                         bool shifted)
{
    hb_str group = {"", 0};
    bool whole = s->group_row != HB_NO_ROW && completes(job, s->group_row, s->names_row, end);
    for (size_t i = 0; i < end; i++) {
        hb_survey_column c = {.field = i, .name = {"", 0}, .group = {"", 0}, .unit = {"", 0}};
        size_t at = i - shifted;
        if (s->names_row != HB_NO_ROW && !(shifted && i == 0)) {
            c.name = cell_text(job, s->names_row, at);
        }
        if (s->units_row != HB_NO_ROW && !(shifted && i == 0)) {
            c.unit = hb_grid_text(job->grid, s->units_row, at);
            bool title = at == 0 && hb_shape_row_title(c.unit) == HB_TITLE_UNITS;
            c.unit = title ? (hb_str){"", 0} : c.unit;
        }
        if (s->group_row != HB_NO_ROW && i >= label) {
            hb_str own = hb_grid_text(job->grid, s->group_row, i);
            group = own.n ? own : group;
            c.group = c.name.n ? group : c.group;
            if (c.name.n == 0 && own.n) { /* a cell that spans both rows */
                c.name = own;
                group = (hb_str){"", 0};
            }
        }
        c.group = whole ? (hb_str){"", 0} : c.group;
        bool empty = c.name.n == 0 && !hb_field_has_data(&job->fields[i]);
        if (i < label || (empty && s->n_columns == 0)) {
            continue; /* titles of rows; an empty field before the first column */
        }
        s->columns[s->n_columns++] = c;
    }
    while (s->n_columns > 0) { /* a delimiter at the end of every line makes no column */
        const hb_survey_column *c = &s->columns[s->n_columns - 1];
        if (c->name.n || hb_field_has_data(&job->fields[c->field])) {
            break;
        }
        s->n_columns--;
    }
    s->width = s->n_columns ? s->columns[s->n_columns - 1].field + 1 : 0;
}

static void set_unit(hb_survey *s, size_t field, hb_str unit)
{
    for (size_t i = 0; i < s->n_columns; i++) {
        if (s->columns[i].field == field && s->columns[i].unit.n == 0) {
            s->columns[i].unit = unit;
        }
    }
}

/* Rows such as "Vertical Units,V,A" and "Horizontal Units,s" far above: taken when each of their
 * cells is a unit. */
static void preamble_units(const hb_survey_job *job, hb_survey *s)
{
    size_t most = 0;
    size_t from = s->names_row > PREAMBLE_ROWS ? s->names_row - PREAMBLE_ROWS : 0;
    for (size_t r = from; r < s->names_row; r++) {
        hb_str title = hb_grid_text(job->grid, r, 0);
        size_t units = 0;
        size_t cells = job->rows[r].filled;
        if (cells < 2 || cells > s->width + 1 || hb_shape_row_title(title) != HB_TITLE_UNITS) {
            continue;
        }
        for (size_t i = 1; i < job->rows[r].end; i++) {
            hb_str cell = hb_grid_text(job->grid, r, i);
            units += cell.n && (hb_survey_is_unit(job, cell) || hb_shape_is_no_unit(cell));
        }
        if (units + 1 != cells) {
            continue;
        }
        bool first = hb_str_starts(title, "X") || hb_str_starts(title, "x") ||
                     hb_str_starts(title, "Horizontal") || hb_str_starts(title, "horizontal");
        size_t shift = cells == s->width + 1; /* one for each column, the title in front */
        for (size_t i = 1; i < job->rows[r].end; i++) {
            set_unit(s, first ? i - 1 : i - shift, hb_grid_text(job->grid, r, i));
        }
        if (cells > most) {
            most = cells;
            s->units_row = r;
        }
    }
}

/* LabVIEW states units of the Y columns only; X is in seconds when its dimension is time. */
static void labview_seconds(const hb_survey_job *job, hb_survey *s)
{
    if (s->n_columns == 0 || s->columns[0].unit.n || !hb_str_eq_c(s->columns[0].name, "X_Value")) {
        return;
    }
    for (size_t r = 0; r < s->names_row; r++) {
        if (hb_str_eq_c(hb_grid_text(job->grid, r, 0), "X_Dimension") &&
            hb_str_eq_c(hb_grid_text(job->grid, r, 1), "Time")) {
            s->columns[0].unit = HB_STR("s");
        }
    }
}

hb_status hb_survey_columns(hb_survey_job *job, hb_survey *s, size_t label, size_t data_end,
                            size_t end, hb_error *err)
{
    bool named = s->names_row != HB_NO_ROW;
    bool shifted = named && is_shifted(job, s->names_row, data_end);
    if (named && job->rows[s->names_row].end + shifted > end) {
        end = job->rows[s->names_row].end + shifted;
    }
    if (named && s->names_row > 0 && is_group_row(job, label, s->names_row - 1, s->names_row)) {
        s->group_row = s->names_row - 1;
    }
    s->columns = hb_arena_array(job->arena, end + 1, sizeof *s->columns);
    if (!s->columns) {
        return HB_NOMEM(err);
    }
    fill_columns(job, s, label, end, shifted);
    return HB_OK;
}

void hb_survey_far_units(const hb_survey_job *job, hb_survey *s)
{
    if (s->units_row == HB_NO_ROW) {
        preamble_units(job, s);
        labview_seconds(job, s);
    }
}
