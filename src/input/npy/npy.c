/* SPDX-License-Identifier: Apache-2.0 */
#include "input/npy/npy_internal.h"

#include "base/mem.h"
#include "input/columns.h"

#include <stdio.h>
#include <string.h>

enum {
    ARENA_BYTES = 64 << 20,
    TEXT_BYTES = 256 << 20,
    BLOCK_CELLS = 1 << 20,
    NAME_BYTES = 300,
};

void hb_npy_note(hb_npy *n, const char *what, hb_str value, const char *why)
{
    const char *kept = hb_arena_str(&n->arena, value);
    if (n->t.n_notes < HB_TABLE_NOTES && kept) {
        size_t i = n->t.n_notes++;
        n->t.notes[i].what = what;
        n->t.notes[i].value = kept;
        n->t.notes[i].why = why;
    }
}

static hb_status reject_rest(hb_npy *n, size_t *n_rejects, hb_error *err)
{
    *n_rejects = 0;
    n->ended = true;
    HB_TRY(HB_GROW(n->rejects, n->cap_rejects, n->n_parts, HB_NPZ_MAX_ARRAYS, "arrays", err));
    for (size_t i = 0; i < n->n_parts; i++) {
        bool more = false;
        HB_TRY(hb_npy_array_end(&n->parts[i].array, &more, err));
        if (more) {
            n->rejects[(*n_rejects)++] =
                (hb_row_reject){.reason = "bytes behind the array", .line = n->rows};
        }
    }
    return HB_OK;
}

static hb_status npy_next(hb_table *t, hb_block *ret, hb_error *err)
{
    hb_npy *n = (hb_npy *)t;
    hb_arena_release(&n->texts);
    uint64_t left = n->rows - n->row;
    size_t rows = left < n->block_rows ? (size_t)left : n->block_rows;
    size_t column = 0;
    for (size_t i = 0; i < n->n_parts && rows; i++) {
        hb_npy_array *a = &n->parts[i].array;
        HB_TRY(hb_npy_array_rows(a, rows, n->cells + column, n->n_columns, &n->texts, err));
        column += a->n_columns;
    }
    for (size_t r = 0; r < rows; r++) {
        n->lines[r] = n->row + r + 1;
    }
    size_t n_rejects = 0;
    if (rows == 0 && !n->ended) {
        HB_TRY(reject_rest(n, &n_rejects, err));
    }
    n->row += rows;
    *ret = (hb_block){.cells = n->cells,
                      .n_rows = rows,
                      .n_cols = n->n_columns,
                      .lines = n->lines,
                      .rejects = n->rejects,
                      .n_rejects = n_rejects};
    return HB_OK;
}

static size_t npy_columns(const hb_table *t, const hb_column **ret)
{
    const hb_npy *n = (const hb_npy *)t;
    *ret = n->columns;
    return n->n_columns;
}

void hb_npy_close(hb_table *t)
{
    hb_npy *n = (hb_npy *)t;
    if (!n) {
        return;
    }
    for (size_t i = 0; i < n->n_parts; i++) {
        hb_npy_array_release(&n->parts[i].array);
    }
    hb_zip_close(n->zip);
    hb_arena_release(&n->arena);
    hb_arena_release(&n->texts);
    hb_free(n->parts);
    hb_free(n->cells);
    hb_free(n->lines);
    hb_free(n->rejects);
    hb_free(n);
}

static const hb_table_ops ops = {
    .format = "npy", .columns = npy_columns, .next = npy_next, .close = hb_npy_close};

static const hb_table_ops container_ops = {
    .format = "npz", .columns = npy_columns, .next = npy_next, .close = hb_npy_close};

hb_status hb_npy_new(hb_stream *stream, bool container, hb_npy **ret, hb_error *err)
{
    hb_npy *n = hb_alloc_zero(sizeof *n);
    if (!n) {
        return HB_NOMEM(err);
    }
    n->t.ops = container ? &container_ops : &ops;
    n->t.decimal = '.';
    n->path = hb_stream_path(stream);
    hb_arena_init(&n->arena, ARENA_BYTES);
    hb_arena_init(&n->texts, TEXT_BYTES);
    *ret = n;
    return HB_OK;
}

typedef struct naming {
    hb_npy *n;
    hb_str *names;
    const char **units;
    size_t at;
} naming;

static hb_status name_column(naming *g, const char *name, const char *unit, hb_error *err)
{
    char *kept = hb_arena_str(&g->n->arena, hb_str_of(name));
    if (!kept) {
        return HB_NOMEM(err);
    }
    g->names[g->at] = hb_str_trim(hb_str_of(kept));
    g->units[g->at++] = unit;
    return HB_OK;
}

/* "array", "array.field", "array[2]", "field[2]"; nothing where the file has no name for it. */
static hb_status name_field(naming *g, const hb_npy_part *part, const hb_npy_field *f,
                            hb_error *err)
{
    const hb_npy_header *h = &part->array.h;
    size_t n = h->n_dims == 2 ? part->array.n_columns : f->n;
    bool many = h->n_dims == 2 || f->is_array;
    bool prefix = part->name.n && (g->n->n_parts > 1 || (!h->structured && h->n_dims < 2));
    for (size_t k = 0; k < n; k++) {
        char name[NAME_BYTES];
        char place[24] = "";
        int n_part = (int)(prefix ? (part->name.n < 120 ? part->name.n : 120) : 0);
        if (many) {
            snprintf(place, sizeof place, "[%zu]", k);
        }
        snprintf(name, sizeof name, "%.*s%s%.*s%s", n_part, part->name.n ? part->name.p : "",
                 n_part && f->name.n ? "." : "", (int)(f->name.n < 120 ? f->name.n : 120),
                 f->name.n ? f->name.p : "", n_part || f->name.n ? place : "");
        HB_TRY(name_column(g, name, hb_npy_unit(f), err));
    }
    return HB_OK;
}

static hb_status name_columns(hb_npy *n, hb_error *err)
{
    naming g = {.n = n};
    g.names = hb_arena_array(&n->arena, n->n_columns + 1, sizeof *g.names);
    g.units = hb_arena_array(&n->arena, n->n_columns + 1, sizeof *g.units);
    if (!g.names || !g.units) {
        return HB_NOMEM(err);
    }
    bool named = false;
    for (size_t i = 0; i < n->n_parts; i++) {
        const hb_npy_header *h = &n->parts[i].array.h;
        for (size_t k = 0; k < h->n_fields; k++) {
            if (h->fields[k].kind != HB_NPY_PADDING) {
                HB_TRY(name_field(&g, &n->parts[i], &h->fields[k], err));
                named = named || g.names[g.at - 1].n;
            }
        }
    }
    n->t.header_line = named ? 1 : 0;
    HB_TRY(hb_columns_name(&n->arena, g.names, n->n_columns, n->path, &n->columns, err));
    for (size_t i = 0; i < n->n_columns; i++) {
        n->columns[i].raw = g.names[i];
        n->columns[i].unit = hb_str_of(g.units[i]);
        n->columns[i].unit_written = n->columns[i].unit;
    }
    return HB_OK;
}

hb_status hb_npy_start(hb_npy *n, hb_error *err)
{
    size_t row_bytes = 0;
    for (size_t i = 0; i < n->n_parts; i++) {
        n->n_columns += n->parts[i].array.n_columns;
        row_bytes += hb_npy_array_row_bytes(&n->parts[i].array);
    }
    if (n->n_columns > HB_TABLE_MAX_COLUMNS || row_bytes > HB_NPY_MAX_ITEM) {
        return HB_FAIL(
            err, HB_E_LIMIT,
            "'%s' has %zu columns and %zu bytes in a row; at most %d and %d are accepted", n->path,
            n->n_columns, row_bytes, HB_TABLE_MAX_COLUMNS, HB_NPY_MAX_ITEM);
    }
    n->rows = n->parts[0].array.rows;
    size_t most = HB_BLOCK_BYTES / row_bytes;
    most = most < BLOCK_CELLS / n->n_columns ? most : BLOCK_CELLS / n->n_columns;
    most = most < HB_BLOCK_ROWS ? most : HB_BLOCK_ROWS;
    n->block_rows = most ? most : 1;
    size_t rows = n->rows < n->block_rows ? (size_t)n->rows : n->block_rows;
    n->cells = hb_alloc_array(rows * n->n_columns, sizeof *n->cells);
    n->lines = hb_alloc_array(rows, sizeof *n->lines);
    if (!n->cells || !n->lines) {
        return HB_NOMEM(err);
    }
    return name_columns(n, err);
}

static hb_status open_one(hb_npy *n, hb_stream *stream, hb_error *err)
{
    HB_TRY(HB_GROW(n->parts, n->cap_parts, 1, 1, "arrays", err));
    n->parts[0] = (hb_npy_part){0};
    HB_TRY(hb_npy_array_open(stream, NULL, n->path, &n->arena, &n->parts[0].array, err));
    n->n_parts = 1;
    const hb_npy_header *h = &n->parts[0].array.h;
    char text[240];
    char shape[100];
    hb_npy_shape_text(h, shape, sizeof shape);
    snprintf(text, sizeof text, "%s %s%s, version %u.%u", h->structured ? "records" : h->type,
             shape, h->fortran ? ", Fortran order" : "", h->major, h->minor);
    hb_npy_note(n, "array", hb_str_of(text), "its header");
    return hb_npy_start(n, err);
}

hb_status hb_npy_open(hb_stream *stream, hb_table **ret_table, hb_error *err)
{
    hb_npy *n = NULL;
    HB_TRY(hb_npy_new(stream, false, &n, err));
    hb_status status = open_one(n, stream, err);
    if (status != HB_OK) {
        hb_npy_close(&n->t);
        return status;
    }
    *ret_table = &n->t;
    return HB_OK;
}
