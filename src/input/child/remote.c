/* SPDX-License-Identifier: Apache-2.0 */
#include "input/child/remote.h"

#include "base/mem.h"
#include "input/columns.h"

#include <string.h>

enum { NAMES_BYTES = 64 << 20 };

typedef struct remote {
    hb_table t;
    const char *name;
    hb_units *units;
    hb_remote_source source;
    hb_frames_in frames;
    hb_arena arena; /* names and notes */
    hb_column *columns;
    size_t n_columns;
    hb_cell *cells;
    size_t cap_cells;
    double *numbers;
    size_t cap_numbers;
    uint8_t *flags;
    size_t cap_flags;
    uint64_t *lines;
    size_t cap_lines;
    uint64_t rows;
    bool ended;
} remote;

static hb_status improper(hb_error *err)
{
    return HB_FAIL(err, HB_E_INPUT, "the program that reads it gave no proper answer");
}

/* The codes a child may answer with. */
static hb_status told_error(hb_rd *r, hb_error *err)
{
    uint32_t code = 0;
    hb_rd_bytes(r, &code, sizeof code);
    hb_str text = hb_frame_text(r);
    if (r->failed || hb_utf8_valid_prefix(text) != text.n) {
        return improper(err);
    }
    hb_status status = code == HB_E_USAGE || code == HB_E_LIMIT || code == HB_E_DENIED
                           ? (hb_status)code
                           : HB_E_INPUT;
    if (code == HB_E_NOMEM) {
        return HB_FAIL(err, HB_E_LIMIT, "reading it takes more memory than is allowed");
    }
    return HB_FAIL(err, status, "%.*s", (int)(text.n < 450 ? text.n : 450), text.p);
}

static hb_status told_note(remote *m, hb_rd *r, hb_error *err)
{
    const char *kept[3] = {0};
    for (size_t i = 0; i < 3; i++) {
        hb_str text = hb_frame_text(r);
        if (r->failed || hb_utf8_valid_prefix(text) != text.n || memchr(text.p, '\0', text.n)) {
            return improper(err);
        }
        kept[i] = hb_arena_str(&m->arena, text);
        if (!kept[i]) {
            return HB_NOMEM(err);
        }
    }
    if (hb_rd_left(r) || m->t.n_notes == HB_TABLE_NOTES) {
        return improper(err);
    }
    m->t.notes[m->t.n_notes].what = kept[0];
    m->t.notes[m->t.n_notes].value = kept[1];
    m->t.notes[m->t.n_notes].why = kept[2];
    m->t.n_notes++;
    return HB_OK;
}

/* The next text, trimmed, in the arena. */
static hb_status keep_label(remote *m, hb_rd *r, hb_str *ret, hb_error *err)
{
    hb_str text = hb_str_trim(hb_frame_text(r));
    if (r->failed || hb_utf8_valid_prefix(text) != text.n) {
        return improper(err);
    }
    char *kept = hb_arena_str(&m->arena, text);
    if (!kept) {
        return HB_NOMEM(err);
    }
    *ret = (hb_str){kept, text.n};
    return HB_OK;
}

static hb_status read_labels(remote *m, hb_rd *r, size_t n, hb_str *names, hb_str *units,
                             hb_error *err)
{
    for (size_t i = 0; i < n; i++) {
        HB_TRY(keep_label(m, r, &names[i], err));
        HB_TRY(keep_label(m, r, &units[i], err));
    }
    return hb_rd_left(r) ? improper(err) : HB_OK;
}

static hb_status told_columns(remote *m, hb_rd *r, hb_error *err)
{
    enum { LABEL_BYTES = 8 }; /* two lengths: the least a column takes */
    uint8_t named = 0;
    uint32_t n = 0;
    hb_rd_bytes(r, &named, 1);
    hb_rd_bytes(r, &n, sizeof n);
    if (r->failed || n == 0 || n > HB_TABLE_MAX_COLUMNS || n > hb_rd_left(r) / LABEL_BYTES) {
        return improper(err);
    }
    hb_str *names = hb_arena_array(&m->arena, n, sizeof *names);
    hb_str *units = hb_arena_array(&m->arena, n, sizeof *units);
    if (!names || !units) {
        return HB_NOMEM(err);
    }
    HB_TRY(read_labels(m, r, n, names, units, err));
    HB_TRY(hb_columns_name(&m->arena, names, n, m->name, &m->columns, err));
    for (size_t i = 0; i < n; i++) {
        HB_TRY(hb_columns_unit(&m->arena, units[i], m->units, &m->columns[i], err));
    }
    m->n_columns = n;
    m->t.header_line = named ? 1 : 0;
    return HB_OK;
}

static void lay_numbers(const remote *m, size_t column, size_t n, bool some)
{
    hb_cell *c = m->cells + column;
    for (size_t i = 0; i < n; i++, c += m->n_columns) {
        *c = some && m->flags[i] ? (hb_cell){.kind = HB_CELL_EMPTY}
                                 : (hb_cell){.kind = HB_CELL_NUMBER, .as.num = m->numbers[i]};
    }
}

static hb_status lay_texts(const remote *m, hb_rd *r, size_t column, size_t n, hb_error *err)
{
    hb_cell *c = m->cells + column;
    for (size_t i = 0; i < n; i++, c += m->n_columns) {
        hb_str text = hb_frame_text(r);
        if (r->failed || hb_utf8_valid_prefix(text) != text.n) {
            return improper(err);
        }
        *c = (hb_cell){
            .kind = text.n ? HB_CELL_TEXT : HB_CELL_EMPTY, .as.p = text.p, .len = (uint32_t)text.n};
    }
    return HB_OK;
}

static hb_status lay_column(const remote *m, hb_rd *r, size_t column, size_t n, hb_error *err)
{
    uint8_t encoding = 0;
    hb_rd_bytes(r, &encoding, 1);
    switch (encoding) {
    case HB_FRAME_SOME_NUMBER:
        hb_rd_bytes(r, m->flags, n);
        hb_rd_bytes(r, m->numbers, n * sizeof *m->numbers);
        lay_numbers(m, column, n, true);
        return HB_OK;
    case HB_FRAME_NUMBERS:
        hb_rd_bytes(r, m->numbers, n * sizeof *m->numbers);
        lay_numbers(m, column, n, false);
        return HB_OK;
    case HB_FRAME_BOOLS:
        hb_rd_bytes(r, m->flags, n);
        for (size_t i = 0; i < n; i++) {
            m->cells[i * m->n_columns + column] =
                (hb_cell){.kind = HB_CELL_BOOL, .as.num = m->flags[i] != 0};
        }
        return HB_OK;
    case HB_FRAME_TEXTS:
        return lay_texts(m, r, column, n, err);
    default:
        return improper(err);
    }
}

static hb_status told_rows(remote *m, hb_rd *r, hb_block *ret, hb_error *err)
{
    uint32_t n = 0;
    hb_rd_bytes(r, &n, sizeof n);
    if (r->failed || n == 0 || n > HB_BLOCK_ROWS ||
        (n > 1 && (size_t)n * m->n_columns > HB_FRAME_MAX_CELLS)) {
        return improper(err);
    }
    size_t cells = (size_t)n * m->n_columns;
    HB_TRY(HB_GROW(m->cells, m->cap_cells, cells, (size_t)1 << 24, "cells in a block", err));
    HB_TRY(HB_GROW(m->numbers, m->cap_numbers, n, HB_BLOCK_ROWS, "rows in a block", err));
    HB_TRY(HB_GROW(m->flags, m->cap_flags, n, HB_BLOCK_ROWS, "rows in a block", err));
    HB_TRY(HB_GROW(m->lines, m->cap_lines, n, HB_BLOCK_ROWS, "rows in a block", err));
    for (size_t i = 0; i < m->n_columns; i++) {
        HB_TRY(lay_column(m, r, i, n, err));
    }
    if (r->failed || hb_rd_left(r)) {
        return improper(err);
    }
    for (size_t i = 0; i < n; i++) {
        m->lines[i] = m->rows + i + 1;
    }
    m->rows += n;
    *ret = (hb_block){.cells = m->cells, .n_rows = n, .n_cols = m->n_columns, .lines = m->lines};
    return HB_OK;
}

/* After the end frame nothing may follow but a child that ends well. */
static hb_status told_end(remote *m, hb_rd *r, hb_block *ret, hb_error *err)
{
    uint64_t rows = 0;
    char more = 0;
    size_t got = 0;
    hb_rd_bytes(r, &rows, sizeof rows);
    if (r->failed || hb_rd_left(r) || rows != m->rows) {
        return improper(err);
    }
    HB_TRY(m->source.read(m->source.ctx, &more, 1, &got, err));
    if (got) {
        return improper(err);
    }
    m->ended = true;
    *ret = (hb_block){.n_cols = m->n_columns};
    return HB_OK;
}

static hb_status read_block(remote *m, hb_block *ret, hb_error *err)
{
    hb_frame f;
    HB_TRY(hb_frames_next(&m->frames, &f, err));
    switch (f.kind) {
    case HB_FRAME_ROWS:
        return told_rows(m, &f.payload, ret, err);
    case HB_FRAME_END:
        return told_end(m, &f.payload, ret, err);
    case HB_FRAME_ERROR:
        return told_error(&f.payload, err);
    case HB_FRAME_START:
    case HB_FRAME_NOTE:
    case HB_FRAME_COLUMNS:
        break;
    }
    return improper(err);
}

static hb_status remote_next(hb_table *t, hb_block *ret, hb_error *err)
{
    remote *m = (remote *)t;
    if (m->ended) {
        *ret = (hb_block){.n_cols = m->n_columns};
        return HB_OK;
    }
    hb_status status = read_block(m, ret, err);
    if (status != HB_OK) {
        hb_error_prefix(err, "'%s'", m->name);
    }
    return status;
}

static size_t remote_columns(const hb_table *t, const hb_column **ret)
{
    const remote *m = (const remote *)t;
    *ret = m->columns;
    return m->n_columns;
}

static void remote_close(hb_table *t)
{
    remote *m = (remote *)t;
    if (!m) {
        return;
    }
    if (m->source.close) {
        m->source.close(m->source.ctx);
    }
    hb_frames_in_release(&m->frames);
    hb_arena_release(&m->arena);
    hb_free(m->cells);
    hb_free(m->numbers);
    hb_free(m->flags);
    hb_free(m->lines);
    hb_free(m);
}

static hb_status told_start(hb_rd *r, hb_error *err)
{
    uint32_t version = 0;
    hb_rd_bytes(r, &version, sizeof version);
    return r->failed || version != HB_FRAMES_VERSION ? improper(err) : HB_OK;
}

/* start, notes, columns */
static hb_status read_head(remote *m, hb_error *err)
{
    hb_frame f;
    HB_TRY(hb_frames_next(&m->frames, &f, err));
    if (f.kind != HB_FRAME_START) {
        return improper(err);
    }
    HB_TRY(told_start(&f.payload, err));
    while (m->n_columns == 0) {
        HB_TRY(hb_frames_next(&m->frames, &f, err));
        switch (f.kind) {
        case HB_FRAME_NOTE:
            HB_TRY(told_note(m, &f.payload, err));
            break;
        case HB_FRAME_COLUMNS:
            HB_TRY(told_columns(m, &f.payload, err));
            break;
        case HB_FRAME_ERROR:
            return told_error(&f.payload, err);
        case HB_FRAME_START:
        case HB_FRAME_ROWS:
        case HB_FRAME_END:
            return improper(err);
        }
    }
    return HB_OK;
}

static const hb_table_ops mat_ops = {
    .format = "mat", .columns = remote_columns, .next = remote_next, .close = remote_close};
static const hb_table_ops hdf5_ops = {
    .format = "hdf5", .columns = remote_columns, .next = remote_next, .close = remote_close};

hb_status hb_remote_table(const char *format, const char *name, hb_units *units,
                          hb_remote_source source, hb_table **ret_table, hb_error *err)
{
    remote *m = hb_alloc_zero(sizeof *m);
    if (!m) {
        if (source.close) {
            source.close(source.ctx);
        }
        return HB_NOMEM(err);
    }
    m->t.ops = strcmp(format, mat_ops.format) == 0 ? &mat_ops : &hdf5_ops;
    m->t.decimal = '.';
    m->name = name;
    m->units = units;
    m->source = source;
    hb_arena_init(&m->arena, NAMES_BYTES);
    hb_frames_in_init(&m->frames, source.read, source.ctx);
    hb_status status = read_head(m, err);
    if (status != HB_OK) {
        hb_error_prefix(err, "'%s'", name);
        remote_close(&m->t);
        return status;
    }
    *ret_table = &m->t;
    return HB_OK;
}
