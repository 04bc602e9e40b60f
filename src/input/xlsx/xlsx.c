/* SPDX-License-Identifier: Apache-2.0 */
#include "input/xlsx/xlsx.h"

#include "base/mem.h"
#include "input/columns.h"
#include "input/label.h"
#include "input/xlsx/choose.h"

#include <stdio.h>
#include <string.h>

enum {
    BLOCK_CELLS = 1 << 20, /* wide sheets make short blocks, not huge ones */
    NO_COLUMN = -1,
};

typedef struct xlsx {
    hb_table t;
    hb_package own_package; /* when the reader opened the file itself */
    hb_workbook own_workbook;
    bool owns;
    const hb_package *package;
    const hb_workbook *workbook;
    hb_units *units;
    hb_sheet_head head;
    const hb_sheet_batch *batch; /* never NULL once open */
    size_t batch_row;            /* first row of it not given yet */
    size_t batch_cell;           /* first cell of it not laid out yet */
    hb_arena arena;
    hb_column *columns;
    size_t n_columns;
    int32_t *column_of; /* by column of the sheet; NO_COLUMN = left out */
    size_t width;
    hb_cell *cells;
    size_t cap_cells;
    hb_row_reject *rejects;
    size_t n_rejects;
    size_t cap_rejects;
    uint64_t rows;
} xlsx;

bool hb_xlsx_recognise(hb_str head)
{
    return hb_str_starts(head, "PK\x03\x04") || hb_str_starts(head, "\xd0\xcf\x11\xe0");
}

static hb_status note(xlsx *x, const char *what, const char *value, const char *why,
                      double confidence, const char *alternative, hb_error *err)
{
    size_t i = x->t.n_notes;
    char *kept = hb_arena_str(&x->arena, hb_str_of(value));
    if (!kept) {
        return HB_NOMEM(err);
    }
    if (i < HB_TABLE_NOTES) {
        x->t.notes[i].what = what;
        x->t.notes[i].value = kept;
        x->t.notes[i].why = why;
        x->t.notes[i].confidence = confidence;
        x->t.notes[i].alternative = alternative;
        x->t.n_notes++;
    }
    return HB_OK;
}

static hb_status note_row(xlsx *x, const char *what, uint64_t line, const char *why,
                          double confidence, const char *alternative, hb_error *err)
{
    char text[40];
    snprintf(text, sizeof text, "row %llu", (unsigned long long)line);
    return line ? note(x, what, text, why, confidence, alternative, err) : HB_OK;
}

/* Which column each cell of the sheet belongs to. */
static hb_status map_columns(xlsx *x, size_t width, hb_error *err)
{
    x->width = width;
    x->column_of = hb_arena_array(&x->arena, width + 1, sizeof *x->column_of);
    if (!x->column_of) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < width; i++) {
        x->column_of[i] = NO_COLUMN;
    }
    for (size_t i = 0; i < x->n_columns; i++) {
        x->column_of[x->columns[i].field] = (int32_t)i;
    }
    return HB_OK;
}

/* Names by an adapter's rule; of two header rows the second names what the first leaves empty. */
static hb_status take_rule(xlsx *x, hb_error *err)
{
    const hb_grid *g = &x->head.grid;
    const hb_grid_row *rows[] = {&g->rows[x->head.header], &g->rows[x->head.also]};
    size_t width = rows[0]->n > rows[1]->n ? rows[0]->n : rows[1]->n;
    hb_str *names = hb_arena_array(&x->arena, width + 1, sizeof *names);
    if (!names) {
        return HB_NOMEM(err);
    }
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < rows[k]->n; i++) {
            const hb_cell *c = &rows[k]->cells[i];
            if (c->kind == HB_CELL_TEXT && names[i].n == 0) {
                char *kept = hb_arena_strndup(&x->arena, c->as.p, c->len);
                if (!kept) {
                    return HB_NOMEM(err);
                }
                names[i] = (hb_str){kept, c->len};
            }
        }
    }
    x->n_columns = width;
    x->batch_row = x->head.also + 1;
    x->t.header_line = rows[0]->line;
    HB_TRY(hb_columns_name(&x->arena, names, width, x->package->path, &x->columns, err));
    return note_row(x, "header", rows[0]->line, "the first row with a cell the adapter looks for",
                    0, NULL, err);
}

static uint64_t line_of(const hb_grid *g, size_t row)
{
    return row < g->n ? g->rows[row].line : 0;
}

static hb_status take_survey(xlsx *x, hb_error *err)
{
    const hb_survey *s = &x->head.survey;
    const hb_grid *g = &x->head.grid;
    hb_table_format *f = &x->t.format;
    HB_TRY(hb_sheet_head_merge(x->package, x->workbook, &x->head, err));
    HB_TRY(hb_columns_of_survey(&x->arena, s, x->units, x->package->path, &x->columns, err));
    x->n_columns = s->n_columns;
    x->batch_row = s->data_row != HB_NO_ROW ? s->data_row : x->batch->n_rows;
    x->t.header_line = line_of(g, s->names_row);
    f->units_line = line_of(g, s->units_row);
    f->group_line = line_of(g, s->group_row);
    f->data_first_line = line_of(g, s->data_row);
    if (x->t.header_line) {
        HB_TRY(note_row(x, "header", x->t.header_line, s->why, s->confidence, s->alternative, err));
    } else if (g->n) {
        HB_TRY(note(x, "header", "none", s->why, s->confidence, s->alternative, err));
    }
    HB_TRY(note_row(x, "units", f->units_line, "a row of units near the names", 0, NULL, err));
    return note_row(x, "groups", f->group_line, "a row of fewer cells right above the names", 0,
                    NULL, err);
}

/* Texts of the rows above the names, cells parted by tabs. */
static hb_status keep_preamble(xlsx *x, hb_error *err)
{
    const hb_grid *g = &x->head.grid;
    uint64_t first = x->t.header_line ? x->t.header_line : x->t.format.data_first_line;
    hb_buf b;
    hb_buf_init(&b, HB_TABLE_PREAMBLE);
    for (size_t r = 0; r < g->n && g->rows[r].line < first; r++) {
        for (size_t i = 0; i < g->rows[r].n; i++) {
            const hb_cell *c = &g->rows[r].cells[i];
            if (c->kind == HB_CELL_TEXT && b.n + c->len + 2 < HB_TABLE_PREAMBLE) {
                hb_buf_add(&b, c->as.p, c->len);
                hb_buf_add(&b, "\t", 1);
            }
        }
        if (b.n + 2 < HB_TABLE_PREAMBLE) {
            hb_buf_add(&b, "\n", 1);
        }
    }
    char *kept = hb_arena_strndup(&x->arena, b.n ? b.p : "", b.n);
    x->t.format.preamble = (hb_str){kept ? kept : "", kept ? b.n : 0};
    hb_buf_release(&b);
    return kept ? HB_OK : HB_NOMEM(err);
}

static hb_status keep_sheets(xlsx *x, size_t chosen, hb_error *err)
{
    const hb_workbook *w = x->workbook;
    const char **all = hb_arena_array(&x->arena, w->n_sheets + 1, sizeof *all);
    const char **hidden = hb_arena_array(&x->arena, w->n_sheets + 1, sizeof *hidden);
    hb_table_format *f = &x->t.format;
    if (!all || !hidden) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < w->n_sheets; i++) {
        all[f->n_sheets++] = w->sheets[i].name;
        if (w->sheets[i].hidden) {
            hidden[f->n_hidden_sheets++] = w->sheets[i].name;
        }
    }
    f->sheets = all;
    f->hidden_sheets = hidden;
    f->sheet = w->sheets[chosen].name;
    return HB_OK;
}

/* The sheet that is read, from its head on. */
static hb_status take_head(xlsx *x, hb_error *err)
{
    x->batch = x->head.batch;
    HB_TRY(x->head.by_rule ? take_rule(x, err) : take_survey(x, err));
    HB_TRY(map_columns(x, x->head.by_rule ? x->n_columns : x->head.survey.width, err));
    hb_table_format *f = &x->t.format;
    f->encoding = "xlsx";
    f->comment_signs = "";
    f->header_line = x->t.header_line;
    uint64_t first = f->header_line ? f->header_line : f->data_first_line;
    f->skipped_lines = first ? first - 1 : 0;
    HB_TRY(keep_sheets(x, x->head.sheet, err));
    return keep_preamble(x, err);
}

static hb_status reject_extra(xlsx *x, uint64_t line, hb_error *err)
{
    HB_TRY(HB_GROW(x->rejects, x->cap_rejects, x->n_rejects + 1, 1 << 24, "rejected cells", err));
    x->rejects[x->n_rejects++] = (hb_row_reject){.reason = "cell beyond the header", .line = line};
    return HB_OK;
}

/* Cells of the batch's next rows laid out; as many rows as BLOCK_CELLS allows. */
static hb_status lay_out(xlsx *x, size_t n_rows, hb_error *err)
{
    const hb_sheet_batch *b = x->batch;
    size_t n = n_rows * x->n_columns;
    HB_TRY(HB_GROW(x->cells, x->cap_cells, n ? n : 1, (size_t)1 << 27, "cells in a block", err));
    for (size_t i = 0; i < n; i++) {
        x->cells[i] = (hb_cell){.kind = HB_CELL_EMPTY};
    }
    size_t end = x->batch_row + n_rows;
    for (; x->batch_cell < b->n_cells && b->cells[x->batch_cell].row < end; x->batch_cell++) {
        const hb_sheet_cell *c = &b->cells[x->batch_cell];
        if (c->row < x->batch_row) {
            continue; /* titles and the header */
        }
        if (c->column >= x->width) {
            HB_TRY(reject_extra(x, b->lines[c->row], err));
        } else if (x->column_of[c->column] != NO_COLUMN) {
            size_t row = c->row - x->batch_row;
            x->cells[row * x->n_columns + (size_t)x->column_of[c->column]] = c->cell;
        }
    }
    return HB_OK;
}

static hb_status xlsx_next(hb_table *t, hb_block *ret, hb_error *err)
{
    xlsx *x = (xlsx *)t;
    /* A batch that holds nothing but titles may be followed by rows. */
    while (x->batch_row >= x->batch->n_rows && x->batch->n_rows) {
        HB_TRY(hb_sheet_read(x->head.reader, HB_BLOCK_ROWS, &x->batch, err));
        x->batch_row = 0;
        x->batch_cell = 0;
    }
    if (x->rows == 0 && x->batch->n_rows == 0) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' has no data rows in this sheet", x->package->path);
    }
    size_t most = BLOCK_CELLS / (x->n_columns ? x->n_columns : 1);
    size_t left = x->batch->n_rows - x->batch_row;
    size_t n_rows = left < most ? left : most;
    x->n_rejects = 0;
    HB_TRY(lay_out(x, n_rows, err));
    *ret = (hb_block){.cells = x->cells,
                      .n_rows = n_rows,
                      .n_cols = x->n_columns,
                      .lines = x->batch->lines + x->batch_row,
                      .rejects = x->rejects,
                      .n_rejects = x->n_rejects};
    x->batch_row += n_rows;
    x->rows += n_rows;
    return HB_OK;
}

static size_t xlsx_columns(const hb_table *t, const hb_column **ret)
{
    const xlsx *x = (const xlsx *)t;
    *ret = x->columns;
    return x->n_columns;
}

static void xlsx_close(hb_table *t)
{
    xlsx *x = (xlsx *)t;
    if (!x) {
        return;
    }
    hb_sheet_head_close(&x->head);
    if (x->owns) {
        hb_workbook_release(&x->own_workbook);
        hb_package_release(&x->own_package);
    }
    hb_arena_release(&x->arena);
    hb_free(x->cells);
    hb_free(x->rejects);
    hb_free(x);
}

static const hb_table_ops ops = {
    .format = "xlsx", .columns = xlsx_columns, .next = xlsx_next, .close = xlsx_close};

static hb_status new_reader(hb_units *units, xlsx **ret, hb_error *err)
{
    xlsx *x = hb_alloc_zero(sizeof *x);
    if (!x) {
        return HB_NOMEM(err);
    }
    x->t.ops = &ops;
    x->t.decimal = '.';
    x->units = units;
    hb_arena_init(&x->arena, 64 << 20);
    *ret = x;
    return HB_OK;
}

static hb_status named_sheet(const xlsx *x, const char *name, size_t *ret, hb_error *err)
{
    const hb_workbook *w = x->workbook;
    hb_buf all;
    hb_buf_init(&all, 400);
    for (size_t i = 0; i < w->n_sheets; i++) {
        if (strcmp(w->sheets[i].name, name) == 0) {
            *ret = i;
            hb_buf_release(&all);
            return HB_OK;
        }
        hb_buf_fmt(&all, "%s'%.60s'", i ? ", " : "", w->sheets[i].name);
    }
    hb_status status = HB_FAIL(err, HB_E_USAGE, "'%s' has no sheet '%.60s'; it has %s",
                               x->package->path, name, all.p);
    hb_buf_release(&all);
    return status;
}

static hb_status tell_sheets(xlsx *x, const char *why, hb_error *err)
{
    hb_buf others;
    hb_buf_init(&others, 160);
    for (size_t i = 0; i < x->workbook->n_sheets; i++) {
        const hb_sheet *s = &x->workbook->sheets[i];
        if (i != x->head.sheet) {
            hb_buf_fmt(&others, "%s%.40s%s", others.n ? ", " : "", s->name,
                       s->hidden ? " (hidden)" : "");
        }
    }
    hb_status status = note(x, "sheet", x->t.format.sheet, why, 0, NULL, err);
    if (status == HB_OK && others.n) {
        status = note(x, "other sheets", others.p, "not read; --sheet chooses", 0, NULL, err);
    }
    hb_buf_release(&others);
    return status;
}

/* Does the name say its unit itself? */
static hb_status says_unit(xlsx *x, const hb_column *c, bool *ret, hb_error *err)
{
    hb_label l = {.how = NULL};
    *ret = c->unit_written.n > 0;
    if (!*ret && x->units) {
        HB_TRY(hb_label_split(hb_column_written(c), x->units, &x->arena, &l, err));
        *ret = l.unit.n > 0;
    }
    return HB_OK;
}

static hb_status take_unit(xlsx *x, hb_str name, hb_str unit, size_t *io_taken, hb_error *err)
{
    for (size_t i = 0; i < x->n_columns && name.n; i++) {
        bool has = false;
        hb_column *c = &x->columns[i];
        if (!hb_str_eq(name, c->raw)) {
            continue;
        }
        HB_TRY(says_unit(x, c, &has, err));
        if (!has && unit.n) {
            HB_TRY(hb_columns_unit(&x->arena, unit, x->units, c, err));
            *io_taken += 1;
        }
    }
    return HB_OK;
}

/* A sheet of names and units completes columns whose header states none. */
static hb_status complete_units(xlsx *x, size_t sheet, hb_error *err)
{
    hb_sheet_head h;
    size_t name = 0;
    size_t unit = 0;
    size_t taken = 0;
    if (sheet == SIZE_MAX || sheet == x->head.sheet) {
        return HB_OK;
    }
    hb_status status = hb_sheet_head_open(x->package, x->workbook, sheet, NULL, x->units, &h, err);
    bool is = status == HB_OK && hb_sheet_head_is_units(&h, &name, &unit);
    for (size_t r = is ? h.survey.data_row : h.grid.n; r < h.grid.n && status == HB_OK; r++) {
        const hb_grid_row *row = &h.grid.rows[r];
        if (name < row->n && unit < row->n && row->cells[name].kind == HB_CELL_TEXT &&
            row->cells[unit].kind == HB_CELL_TEXT) {
            status = take_unit(x, (hb_str){row->cells[name].as.p, row->cells[name].len},
                               (hb_str){row->cells[unit].as.p, row->cells[unit].len}, &taken, err);
        }
    }
    hb_sheet_head_close(&h);
    if (status == HB_OK && taken) {
        status = note(x, "unit sheet", x->workbook->sheets[sheet].name,
                      "it has columns for names and units", 0, NULL, err);
    }
    return status;
}

static hb_status start(xlsx *x, const char *sheet, hb_error *err)
{
    size_t named = 0;
    hb_sheet_choice c = {.units = SIZE_MAX};
    HB_TRY(hb_workbook_open(&x->own_package, &x->own_workbook, err));
    x->workbook = &x->own_workbook;
    if (sheet) {
        HB_TRY(named_sheet(x, sheet, &named, err));
        HB_TRY(hb_sheet_choose(x->package, x->workbook, x->units, &x->head, &c, err));
        hb_sheet_head_close(&x->head); /* what counts is the sheet of units */
        HB_TRY(hb_sheet_head_open(x->package, x->workbook, named, NULL, x->units, &x->head, err));
        HB_TRY(take_head(x, err));
        HB_TRY(tell_sheets(x, "given", err));
        return complete_units(x, c.units, err);
    }
    HB_TRY(hb_sheet_choose(x->package, x->workbook, x->units, &x->head, &c, err));
    if (!x->head.reader) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' has no visible sheet with data rows",
                       x->package->path);
    }
    HB_TRY(take_head(x, err));
    HB_TRY(tell_sheets(x,
                       c.tables > 1 ? "the visible one that is most of a table; of equals the first"
                                    : "the only visible one with data rows",
                       err));
    return complete_units(x, c.units, err);
}

hb_status hb_xlsx_open(hb_stream *stream, const char *sheet, hb_units *units, hb_table **ret_table,
                       hb_error *err)
{
    xlsx *x = NULL;
    HB_TRY(new_reader(units, &x, err));
    x->owns = true;
    hb_status status = hb_package_read(stream, &x->own_package, err);
    x->package = &x->own_package;
    if (status == HB_OK) {
        status = start(x, sheet, err);
    }
    if (status != HB_OK) {
        xlsx_close(&x->t);
        return status;
    }
    *ret_table = &x->t;
    return HB_OK;
}

hb_status hb_xlsx_sheet_open(const hb_package *package, const hb_workbook *workbook, size_t sheet,
                             const hb_header_rule *rule, hb_table **ret_table, hb_error *err)
{
    xlsx *x = NULL;
    HB_TRY(new_reader(NULL, &x, err));
    x->package = package;
    x->workbook = workbook;
    hb_status status = hb_sheet_head_open(package, workbook, sheet, rule, NULL, &x->head, err);
    if (status == HB_OK) {
        status = take_head(x, err);
    }
    if (status != HB_OK) {
        xlsx_close(&x->t);
        return status;
    }
    *ret_table = &x->t;
    return HB_OK;
}

hb_status hb_xlsx_main_sheet(const hb_package *package, const hb_workbook *workbook,
                             size_t *ret_sheet, hb_error *err)
{
    hb_sheet_head head = {.reader = NULL};
    hb_sheet_choice c;
    hb_status status = hb_sheet_choose(package, workbook, NULL, &head, &c, err);
    if (status == HB_OK) {
        *ret_sheet = head.reader ? head.sheet : SIZE_MAX;
    }
    hb_sheet_head_close(&head);
    return status;
}
