/* SPDX-License-Identifier: Apache-2.0 */
#include "input/xlsx/sheet.h"

#include "base/mem.h"
#include "base/num.h"
#include "input/xlsx/xml.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MAX_BATCH_CELLS = 1 << 26, MAX_COLUMN = 16384, MAX_ROW = 1048576, TEXTS_BYTES = 256 << 20 };

typedef enum cell_type {
    TYPE_NUMBER,
    TYPE_SHARED,
    TYPE_TEXT,
    TYPE_BOOL,
    TYPE_ERROR,
    TYPE_ISO_DATE
} cell_type;

struct hb_sheet_reader {
    const hb_package *package;
    const hb_workbook *w;
    hb_xml *xml;
    bool more;
    hb_sheet_batch batch;
    uint64_t row;     /* sheet row in hand, from 1 */
    size_t column;    /* next column without a reference */
    size_t row_cells; /* cells in it so far */
    cell_type type;
    uint64_t style;
    hb_buf text; /* of <v> or <t> */
    bool in_value;
};

static hb_status bad_reference(const hb_sheet_reader *r, const char *ref, hb_error *err)
{
    return HB_FAIL(err, HB_E_INPUT, "'%s': a cell is called '%.20s', which is outside any sheet",
                   r->package->path, ref);
}

/* "BC12" → column 54; the row number is the row element's business. */
static hb_status column_of(const hb_sheet_reader *r, const char *ref, size_t *ret, hb_error *err)
{
    size_t column = 0;
    size_t i = 0;
    for (; ref[i] >= 'A' && ref[i] <= 'Z' && i < 4; i++) {
        column = column * 26 + (size_t)(ref[i] - 'A' + 1);
    }
    if (i == 0 || column > MAX_COLUMN) {
        return bad_reference(r, ref, err);
    }
    *ret = column - 1;
    return HB_OK;
}

/* Names of one letter are asked for some ten times a cell. */
static inline bool is_letter(const char *name, char letter)
{
    return name[0] == letter && !name[1];
}

static cell_type type_of(const char *t)
{
    static const struct {
        const char *name;
        cell_type type;
    } rows[] = {{"s", TYPE_SHARED}, {"str", TYPE_TEXT}, {"inlineStr", TYPE_TEXT},
                {"b", TYPE_BOOL},   {"e", TYPE_ERROR},  {"d", TYPE_ISO_DATE}};
    if (!t || is_letter(t, 'n')) {
        return TYPE_NUMBER;
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].name, t) == 0) {
            return rows[i].type;
        }
    }
    return TYPE_NUMBER;
}

static uint64_t number(const char *text)
{
    uint64_t v = 0;
    return text && hb_num_parse_u64(text, strlen(text), &v) ? v : 0;
}

static hb_status start_row(hb_sheet_reader *r, const char **atts, hb_error *err)
{
    uint64_t given = number(hb_xml_attribute(atts, "r"));
    r->row = given ? given : r->row + 1;
    r->column = 0;
    r->row_cells = 0;
    if (r->row > MAX_ROW) {
        return HB_FAIL(err, HB_E_INPUT, "'%s': row %llu is outside any sheet", r->package->path,
                       (unsigned long long)r->row);
    }
    return HB_OK;
}

static hb_status on_start(void *ctx, const char *name, const char **atts, hb_error *err)
{
    hb_sheet_reader *r = ctx;
    if (is_letter(name, 'v') || is_letter(name, 't')) {
        r->in_value = true;
    } else if (is_letter(name, 'c')) {
        const char *ref = hb_xml_attribute(atts, "r");
        if (ref) {
            HB_TRY(column_of(r, ref, &r->column, err));
        }
        r->type = type_of(hb_xml_attribute(atts, "t"));
        r->style = number(hb_xml_attribute(atts, "s"));
        hb_buf_clear(&r->text);
    } else if (strcmp(name, "row") == 0) {
        return start_row(r, atts, err);
    }
    return HB_OK;
}

static hb_status on_text(void *ctx, const char *p, size_t n, hb_error *err)
{
    hb_sheet_reader *r = ctx;
    (void)err;
    if (r->in_value) {
        hb_buf_add(&r->text, p, n);
    }
    return HB_OK;
}

static hb_status text_cell(hb_sheet_reader *r, hb_str text, hb_cell_kind kind, hb_cell *ret,
                           hb_error *err)
{
    text = hb_str_trim(text);
    char *kept = hb_arena_strndup(&r->batch.texts, text.p, text.n);
    if (!kept) {
        return HB_NOMEM(err);
    }
    *ret = (hb_cell){
        .kind = (uint8_t)(text.n ? kind : HB_CELL_EMPTY), .as.p = kept, .len = (uint32_t)text.n};
    return HB_OK;
}

/* As it is shown, to the microsecond: in delimited text a stopwatch reads alike. */
static hb_status elapsed_cell(hb_sheet_reader *r, double days, hb_cell *ret, hb_error *err)
{
    char text[48];
    uint64_t us = (uint64_t)(days * 86400e6 + 0.5);
    uint64_t s = us / 1000000;
    int n = snprintf(text, sizeof text, "%02" PRIu64 ":%02d:%02d.%06d", s / 3600,
                     (int)(s / 60 % 60), (int)(s % 60), (int)(us % 1000000));
    return text_cell(r, (hb_str){text, n > 0 ? (size_t)n : 0}, HB_CELL_TEXT, ret, err);
}

static hb_status number_cell(hb_sheet_reader *r, hb_str text, hb_cell *ret, hb_error *err)
{
    double v = 0;
    if (hb_num_parse(text.p, text.n, &v) != HB_NUM_FINITE) {
        return text_cell(r, text, HB_CELL_TEXT, ret, err);
    }
    if (hb_workbook_is_elapsed(r->w, r->style) && v >= 0 && v < 100000) {
        return elapsed_cell(r, v, ret, err);
    }
    hb_time t = hb_workbook_is_date(r->w, r->style) ? hb_workbook_time(r->w, v) : HB_TIME_NONE;
    *ret = t == HB_TIME_NONE ? (hb_cell){.kind = HB_CELL_NUMBER, .as.num = v}
                             : (hb_cell){.kind = HB_CELL_TIME, .as.ns = t};
    return HB_OK;
}

static hb_status shared_cell(hb_sheet_reader *r, hb_str text, hb_cell *ret, hb_error *err)
{
    uint64_t i = 0;
    if (!hb_num_parse_u64(text.p, text.n, &i) || i >= r->w->n_strings) {
        return HB_FAIL(err, HB_E_INPUT,
                       "'%s': a cell in row %llu points at a string that is not there",
                       r->package->path, (unsigned long long)r->row);
    }
    return text_cell(r, r->w->strings[i], HB_CELL_TEXT, ret, err);
}

static hb_status make_cell(hb_sheet_reader *r, hb_str text, hb_cell *ret, hb_error *err)
{
    hb_time t = 0;
    switch (r->type) {
    case TYPE_NUMBER:
        return number_cell(r, text, ret, err);
    case TYPE_SHARED:
        return shared_cell(r, text, ret, err);
    case TYPE_BOOL:
        *ret = (hb_cell){.kind = HB_CELL_BOOL, .as.num = text.n && text.p[0] == '1'};
        return HB_OK;
    case TYPE_ERROR:
        return text_cell(r, text, HB_CELL_ERROR, ret, err);
    case TYPE_ISO_DATE:
        if (hb_time_parse(text.p, text.n, &t, NULL)) {
            *ret = (hb_cell){.kind = HB_CELL_TIME, .as.ns = t};
            return HB_OK;
        }
        break;
    case TYPE_TEXT:
        break;
    }
    return text_cell(r, text, HB_CELL_TEXT, ret, err);
}

static hb_status end_cell(hb_sheet_reader *r, hb_error *err)
{
    hb_sheet_batch *b = &r->batch;
    HB_TRY(hb_buf_check(&r->text, err));
    hb_str text = hb_str_trim((hb_str){r->text.p, r->text.n});
    size_t column = r->column++;
    if (text.n == 0) {
        return HB_OK;
    }
    HB_TRY(
        HB_GROW(b->cells, b->cap_cells, b->n_cells + 1, MAX_BATCH_CELLS, "cells in a block", err));
    hb_sheet_cell *c = &b->cells[b->n_cells];
    *c = (hb_sheet_cell){.row = b->n_rows, .column = column};
    HB_TRY(make_cell(r, text, &c->cell, err));
    if (c->cell.kind != HB_CELL_EMPTY) {
        b->n_cells++;
        r->row_cells++;
    }
    return HB_OK;
}

static hb_status on_end(void *ctx, const char *name, hb_error *err)
{
    hb_sheet_reader *r = ctx;
    hb_sheet_batch *b = &r->batch;
    if (is_letter(name, 'v') || is_letter(name, 't')) {
        r->in_value = false;
    } else if (is_letter(name, 'c')) {
        return end_cell(r, err);
    } else if (strcmp(name, "row") == 0 && r->row_cells) {
        HB_TRY(
            HB_GROW(b->lines, b->cap_rows, b->n_rows + 1, MAX_BATCH_CELLS, "rows in a block", err));
        b->lines[b->n_rows++] = r->row;
    }
    return HB_OK;
}

hb_status hb_sheet_open(const hb_package *p, const hb_workbook *w, size_t sheet,
                        hb_sheet_reader **ret, hb_error *err)
{
    static const hb_xml_handler handler = {on_start, on_end, on_text};
    hb_sheet_reader *r = hb_alloc_zero(sizeof *r);
    if (!r) {
        return HB_NOMEM(err);
    }
    r->package = p;
    r->w = w;
    r->more = true;
    hb_arena_init(&r->batch.texts, TEXTS_BYTES);
    hb_buf_init(&r->text, 1 << 20);
    const char *part = w->sheets[sheet].part;
    hb_status status = part ? hb_xml_open(p, part, &handler, r, &r->xml, err) : HB_OK;
    if (status == HB_OK && !r->xml) {
        status = HB_FAIL(err, HB_E_INPUT, "'%s': the part of sheet '%.60s' is missing", p->path,
                         w->sheets[sheet].name);
    }
    if (status != HB_OK) {
        hb_sheet_close(r);
        return status;
    }
    *ret = r;
    return HB_OK;
}

void hb_sheet_close(hb_sheet_reader *r)
{
    if (r) {
        hb_xml_close(r->xml);
        hb_buf_release(&r->text);
        hb_arena_release(&r->batch.texts);
        hb_free(r->batch.cells);
        hb_free(r->batch.lines);
        hb_free(r);
    }
}

/* A cell in hand belongs to the row after the batch: it is moved to the front of the next one. */
static hb_status begin_batch(hb_sheet_reader *r, hb_error *err)
{
    hb_sheet_batch *b = &r->batch;
    size_t first = b->n_cells;
    while (first && b->cells[first - 1].row == b->n_rows) {
        first--;
    }
    hb_arena old = b->texts;
    hb_arena_init(&b->texts, TEXTS_BYTES);
    hb_status status = HB_OK;
    size_t n = 0;
    for (size_t i = first; i < b->n_cells && status == HB_OK; i++) {
        hb_sheet_cell c = b->cells[i];
        c.row = 0;
        if (c.cell.kind == HB_CELL_TEXT || c.cell.kind == HB_CELL_ERROR) {
            c.cell.as.p = hb_arena_strndup(&b->texts, c.cell.as.p, c.cell.len);
            status = c.cell.as.p ? HB_OK : HB_NOMEM(err);
        }
        b->cells[n++] = c;
    }
    hb_arena_release(&old);
    b->n_cells = n;
    b->n_rows = 0;
    return status;
}

hb_status hb_sheet_read(hb_sheet_reader *r, size_t want, const hb_sheet_batch **ret, hb_error *err)
{
    HB_TRY(begin_batch(r, err));
    while (r->more && r->batch.n_rows < want) {
        HB_TRY(hb_xml_step(r->xml, &r->more, err));
    }
    *ret = &r->batch;
    return HB_OK;
}

bool hb_sheet_ended(const hb_sheet_reader *r)
{
    return !r->more;
}
