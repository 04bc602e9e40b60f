/* SPDX-License-Identifier: Apache-2.0 */
#include "input/xlsx/head.h"

#include "input/shape.h"

#include <math.h>
#include <string.h>

enum { LOOK_ROWS = 200, LOOK_CELLS = 1 << 20, ARENA_BYTES = 256 << 20 };

/* Rows of the batch that are looked at, each as wide as its last cell. */
static hb_status make_grid(hb_sheet_head *h, hb_error *err)
{
    const hb_sheet_batch *b = h->batch;
    size_t widths[LOOK_ROWS] = {0};
    size_t n = b->n_rows < LOOK_ROWS ? b->n_rows : LOOK_ROWS;
    size_t cells = 0;
    for (size_t i = 0; i < b->n_cells && b->cells[i].row < n; i++) {
        const hb_sheet_cell *c = &b->cells[i];
        widths[c->row] = c->column + 1 > widths[c->row] ? c->column + 1 : widths[c->row];
    }
    size_t rows = 0;
    while (rows < n && cells < LOOK_CELLS) {
        cells += widths[rows++];
    }
    hb_grid_row *grid = hb_arena_array(&h->arena, rows + 1, sizeof *grid);
    hb_cell *all = hb_arena_array(&h->arena, cells + 1, sizeof *all);
    if (!grid || !all) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < cells; i++) {
        all[i].kind = HB_CELL_EMPTY;
    }
    size_t at = 0;
    for (size_t r = 0; r < rows; r++) {
        uint64_t before = r ? b->lines[r - 1] : 0;
        grid[r] = (hb_grid_row){.cells = all + at,
                                .n = widths[r],
                                .line = b->lines[r],
                                .last_line = b->lines[r],
                                .after_blank = b->lines[r] > before + 1};
        at += widths[r];
    }
    at = 0;
    for (size_t i = 0; i < b->n_cells && b->cells[i].row < rows; i++) {
        const hb_sheet_cell *c = &b->cells[i];
        all[(size_t)(grid[c->row].cells - all) + c->column] = c->cell;
    }
    h->grid =
        (hb_grid){.rows = grid, .n = rows, .whole = hb_sheet_ended(h->reader) && rows == b->n_rows};
    return HB_OK;
}

static void find_by_rule(hb_sheet_head *h, const hb_header_rule *rule)
{
    hb_header_look looks[LOOK_ROWS] = {0};
    for (size_t r = 0; r < h->grid.n; r++) {
        for (size_t i = 0; i < h->grid.rows[r].n; i++) {
            const hb_cell *cell = &h->grid.rows[r].cells[i];
            if (cell->kind == HB_CELL_TEXT) {
                hb_header_look_at(rule, (hb_str){cell->as.p, cell->len}, &looks[r]);
            }
        }
    }
    size_t row = hb_header_choose(looks, h->grid.n);
    h->by_rule = row < h->grid.n;
    h->header = row;
    h->also = h->by_rule && row + 1 < h->grid.n && !looks[row].values && looks[row + 1].values
                  ? row + 1
                  : row;
}

static hb_status look(hb_sheet_head *h, const hb_header_rule *rule, hb_units *units, hb_error *err)
{
    HB_TRY(hb_sheet_read(h->reader, LOOK_ROWS, &h->batch, err));
    HB_TRY(make_grid(h, err));
    if (rule) {
        find_by_rule(h, rule);
    }
    if (!h->by_rule) {
        HB_TRY(hb_survey_grid(&h->grid, 0, units, &h->arena, &h->survey, err));
        double cells = (double)h->survey.n_data * (double)h->survey.n_columns;
        double figures = 0.25 + 0.75 * h->survey.figure_share; /* a cover has words, data figures */
        h->value = hb_survey_score(&h->grid, &h->survey) * log2(2 + cells) * figures;
    }
    return HB_OK;
}

hb_status hb_sheet_head_open(const hb_package *p, const hb_workbook *w, size_t sheet,
                             const hb_header_rule *rule, hb_units *units, hb_sheet_head *ret,
                             hb_error *err)
{
    *ret = (hb_sheet_head){.sheet = sheet};
    hb_arena_init(&ret->arena, ARENA_BYTES);
    HB_TRY(hb_sheet_open(p, w, sheet, &ret->reader, err));
    return look(ret, rule, units, err);
}

void hb_sheet_head_close(hb_sheet_head *h)
{
    hb_sheet_close(h->reader);
    hb_arena_release(&h->arena);
    *h = (hb_sheet_head){0};
}

bool hb_sheet_head_is_units(const hb_sheet_head *h, size_t *ret_name, size_t *ret_unit)
{
    const hb_survey *s = &h->survey;
    size_t unit = SIZE_MAX;
    if (s->n_columns < 2 || s->names_row == HB_NO_ROW || s->data_row == HB_NO_ROW) {
        return false;
    }
    for (size_t i = 0; i < s->n_columns; i++) {
        bool is = hb_shape_row_title(s->columns[i].name) == HB_TITLE_UNITS;
        unit = is && unit == SIZE_MAX ? i : unit;
    }
    if (unit == SIZE_MAX || s->figure_share > 0.5) {
        return false;
    }
    *ret_name = s->columns[unit == 0].field;
    *ret_unit = s->columns[unit].field;
    return true;
}

hb_status hb_sheet_head_merge(const hb_package *p, const hb_workbook *w, hb_sheet_head *h,
                              hb_error *err)
{
    hb_survey *s = &h->survey;
    hb_merge *merges = NULL;
    size_t n = 0;
    if (s->group_row == HB_NO_ROW) {
        return HB_OK;
    }
    const hb_grid_row *row = &h->grid.rows[s->group_row];
    HB_TRY(hb_sheet_merges(p, w, h->sheet, row->line, &h->arena, &merges, &n, err));
    size_t source = 0;
    for (size_t i = 0; i < s->n_columns && n; i++) {
        size_t field = s->columns[i].field;
        for (size_t k = source; k <= field && k < row->n; k++) {
            source = row->cells[k].kind != HB_CELL_EMPTY ? k : source;
        }
        bool covered = field == source;
        for (size_t k = 0; k < n; k++) {
            covered =
                covered || (merges[k].first_column <= source && merges[k].last_column >= field);
        }
        if (!covered) {
            s->columns[i].group = (hb_str){"", 0};
        }
    }
    return HB_OK;
}
