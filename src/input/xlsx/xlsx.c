/* SPDX-License-Identifier: Apache-2.0 */
#include "input/xlsx/xlsx.h"

#include "base/mem.h"
#include "input/columns.h"
#include "input/xlsx/sheet.h"

#include <stdio.h>
#include <string.h>

enum {
    LOOK_ROWS = 60,
    BLOCK_CELLS = 1 << 20, /* wide sheets make short blocks, not huge ones */
};

typedef struct xlsx {
    hb_table t;
    hb_package own_package; /* when the reader opened the file itself */
    hb_workbook own_workbook;
    bool owns;
    const hb_package *package;
    const hb_workbook *workbook;
    hb_sheet_reader *reader;
    const hb_sheet_batch *batch; /* never NULL once open */
    size_t batch_row;            /* first row of it not given yet */
    size_t batch_cell;           /* first cell of it not laid out yet */
    hb_arena arena;
    hb_column *columns;
    size_t n_columns;
    hb_cell *cells;
    size_t cap_cells;
    hb_row_reject *rejects;
    size_t n_rejects;
    size_t cap_rejects;
    uint64_t rows;
    const hb_header_rule *rule;
} xlsx;

bool hb_xlsx_recognise(hb_str head)
{
    return hb_str_starts(head, "PK\x03\x04") || hb_str_starts(head, "\xd0\xcf\x11\xe0");
}

static void note(xlsx *x, const char *what, const char *value, const char *why)
{
    size_t i = x->t.n_notes;
    char *kept = hb_arena_str(&x->arena, hb_str_of(value));
    if (i < HB_TABLE_NOTES && kept) {
        x->t.notes[i].what = what;
        x->t.notes[i].value = kept;
        x->t.notes[i].why = why;
        x->t.n_notes++;
    }
}

typedef struct row_look {
    size_t texts;
    size_t figures; /* numbers, dates, booleans */
    size_t last;    /* column behind the last cell */
} row_look;

static void look_at_rows(const hb_sheet_batch *b, row_look *look, size_t n)
{
    memset(look, 0, n * sizeof *look);
    for (size_t i = 0; i < b->n_cells && b->cells[i].row < n; i++) {
        const hb_sheet_cell *c = &b->cells[i];
        row_look *l = &look[c->row];
        bool text = c->cell.kind == HB_CELL_TEXT;
        l->texts += text;
        l->figures += !text && c->cell.kind != HB_CELL_ERROR;
        l->last = c->column + 1 > l->last ? c->column + 1 : l->last;
    }
}

/* The header: the last row of texts only, of two cells or more (or as many as the rows below have),
 * before the first row that holds figures. SIZE_MAX when the figures begin at once. */
static size_t find_header(const row_look *look, size_t n)
{
    size_t first_figures = n;
    for (size_t i = 0; i < n && first_figures == n; i++) {
        first_figures = look[i].figures ? i : n;
    }
    for (size_t i = first_figures; i-- > 0;) {
        bool wide = look[i].texts >= 2 || (first_figures < n && look[first_figures].last == 1);
        if (wide && look[i].texts && !look[i].figures) {
            /* Of several such rows (a units row below the names) the first of the run is the
             * header. */
            while (i > 0 && look[i - 1].texts >= 2 && look[i - 1].last >= look[i].last) {
                i--;
            }
            return i;
        }
    }
    return SIZE_MAX;
}

static size_t find_by_rule(const hb_header_rule *rule, const hb_sheet_batch *b, size_t n,
                           bool *ret_complete)
{
    hb_header_look looks[LOOK_ROWS] = {0};
    for (size_t i = 0; i < b->n_cells && b->cells[i].row < n; i++) {
        const hb_cell *cell = &b->cells[i].cell;
        if (cell->kind == HB_CELL_TEXT) {
            hb_header_look_at(rule, (hb_str){cell->as.p, cell->len}, &looks[b->cells[i].row]);
        }
    }
    size_t row = hb_header_choose(looks, n);
    *ret_complete = row + 1 < n && !looks[row].values && looks[row + 1].values;
    return row < n ? row : SIZE_MAX;
}

/* Of two header rows the second (`also`) names what the first leaves empty. */
static hb_status name_columns(xlsx *x, const hb_sheet_batch *b, size_t header, size_t also,
                              size_t width, hb_error *err)
{
    hb_str *names = hb_arena_array(&x->arena, width ? width : 1, sizeof *names);
    if (!names) {
        return HB_NOMEM(err);
    }
    x->n_columns = width;
    for (size_t i = 0; header != SIZE_MAX && i < b->n_cells; i++) {
        const hb_sheet_cell *c = &b->cells[i];
        bool names_it =
            c->row == header || (c->row == also && c->column < width && names[c->column].n == 0);
        if (names_it && c->column < width && c->cell.kind == HB_CELL_TEXT) {
            names[c->column] = (hb_str){c->cell.as.p, c->cell.len};
        }
    }
    return hb_columns_name(&x->arena, names, width, x->package->path, &x->columns, err);
}

static hb_status read_head(xlsx *x, hb_error *err)
{
    row_look look[LOOK_ROWS];
    HB_TRY(hb_sheet_read(x->reader, LOOK_ROWS, &x->batch, err));
    const hb_sheet_batch *b = x->batch;
    size_t n = b->n_rows < LOOK_ROWS ? b->n_rows : LOOK_ROWS;
    look_at_rows(b, look, n);
    bool two = false;
    size_t header = x->rule ? find_by_rule(x->rule, b, n, &two) : SIZE_MAX;
    bool by_rule = header != SIZE_MAX;
    header = by_rule ? header : find_header(look, n);
    size_t width = 0;
    for (size_t i = header == SIZE_MAX ? 0 : header; i < n; i++) {
        bool counts = header == SIZE_MAX || i == header || (two && i == header + 1);
        width = counts && look[i].last > width ? look[i].last : width;
    }
    x->batch_row = header == SIZE_MAX ? 0 : header + 1 + two;
    if (header != SIZE_MAX) {
        char text[64];
        x->t.header_line = b->lines[header];
        snprintf(text, sizeof text, "row %llu", (unsigned long long)b->lines[header]);
        note(x, "header", text,
             by_rule  ? "the first row with a cell the adapter looks for"
             : header ? "texts above figures; the rows before it are titles"
                      : "texts above figures");
    } else if (n) {
        note(x, "header", "none", "the first row holds figures already");
    }
    return name_columns(x, b, header, two ? header + 1 : header, width, err);
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
        if (c->column >= x->n_columns) {
            HB_TRY(reject_extra(x, b->lines[c->row], err));
        } else {
            x->cells[(c->row - x->batch_row) * x->n_columns + c->column] = c->cell;
        }
    }
    return HB_OK;
}

static hb_status xlsx_next(hb_table *t, hb_block *ret, hb_error *err)
{
    xlsx *x = (xlsx *)t;
    /* A batch that holds nothing but titles may be followed by rows. */
    while (x->batch_row >= x->batch->n_rows && x->batch->n_rows) {
        HB_TRY(hb_sheet_read(x->reader, HB_BLOCK_ROWS, &x->batch, err));
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
    hb_sheet_close(x->reader);
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

static hb_status new_reader(xlsx **ret, hb_error *err)
{
    xlsx *x = hb_alloc_zero(sizeof *x);
    if (!x) {
        return HB_NOMEM(err);
    }
    x->t.ops = &ops;
    x->t.decimal = '.';
    hb_arena_init(&x->arena, 64 << 20);
    *ret = x;
    return HB_OK;
}

static hb_status open_sheet(xlsx *x, size_t sheet, hb_error *err)
{
    HB_TRY(hb_sheet_open(x->package, x->workbook, sheet, &x->reader, err));
    return read_head(x, err);
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

static void tell_sheets(xlsx *x, size_t chosen, const char *why)
{
    hb_buf others;
    hb_buf_init(&others, 160);
    for (size_t i = 0; i < x->workbook->n_sheets; i++) {
        const hb_sheet *s = &x->workbook->sheets[i];
        if (i != chosen) {
            hb_buf_fmt(&others, "%s%.40s%s", others.n ? ", " : "", s->name,
                       s->hidden ? " (hidden)" : "");
        }
    }
    note(x, "sheet", x->workbook->sheets[chosen].name, why);
    if (others.n) {
        note(x, "other sheets", others.p, "not read; --sheet chooses");
    }
    hb_buf_release(&others);
}

/* The first visible sheet in which a row was found. */
static hb_status first_sheet(xlsx *x, size_t *ret, hb_error *err)
{
    for (size_t i = 0; i < x->workbook->n_sheets; i++) {
        if (x->workbook->sheets[i].hidden || !x->workbook->sheets[i].part) {
            continue;
        }
        HB_TRY(open_sheet(x, i, err));
        if (x->batch->n_rows > x->batch_row) {
            *ret = i;
            return HB_OK;
        }
        hb_sheet_close(x->reader);
        x->reader = NULL;
        x->t.n_notes = 0;
    }
    return HB_FAIL(err, HB_E_INPUT, "'%s' has no visible sheet with data rows", x->package->path);
}

static hb_status start(xlsx *x, const char *sheet, hb_error *err)
{
    size_t chosen = 0;
    HB_TRY(hb_workbook_open(&x->own_package, &x->own_workbook, err));
    x->workbook = &x->own_workbook;
    if (sheet) {
        HB_TRY(named_sheet(x, sheet, &chosen, err));
        HB_TRY(open_sheet(x, chosen, err));
        tell_sheets(x, chosen, "given");
        return HB_OK;
    }
    HB_TRY(first_sheet(x, &chosen, err));
    tell_sheets(x, chosen, "the first visible one with data");
    return HB_OK;
}

hb_status hb_xlsx_open(hb_stream *stream, const char *sheet, hb_table **ret_table, hb_error *err)
{
    xlsx *x = NULL;
    HB_TRY(new_reader(&x, err));
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
    HB_TRY(new_reader(&x, err));
    x->package = package;
    x->workbook = workbook;
    x->rule = rule;
    hb_status status = open_sheet(x, sheet, err);
    if (status != HB_OK) {
        xlsx_close(&x->t);
        return status;
    }
    *ret_table = &x->t;
    return HB_OK;
}
