/* SPDX-License-Identifier: Apache-2.0 */
#include "input/pick.h"

#include "base/buf.h"
#include "base/mem.h"
#include "input/cell.h"

#include <string.h>

enum { MAX_CELLS = 1 << 27, LIST_BYTES = 170 };

typedef struct pick {
    hb_table t;       /* first */
    hb_table_ops ops; /* with the format of the table below */
    hb_table *inner;
    hb_input_profile *profile;
    const char *path;
    bool found;
    size_t *from; /* the file's column of each of ours */
    hb_column *columns;
    size_t n_columns;
    hb_cell *cells;
    size_t cap_cells;
    char unused[LIST_BYTES + 40];
} pick;

static bool picks(const hb_input_profile *p)
{
    for (size_t i = 0; i < p->n_columns; i++) {
        if (p->columns[i].n_from || p->columns[i].from_column) {
            return true;
        }
    }
    return false;
}

static bool named(const hb_profile_column *c, hb_str name)
{
    for (size_t i = 0; i < c->n_from; i++) {
        if (hb_str_ieq_c(name, c->from[i])) {
            return true;
        }
    }
    return false;
}

static bool find(const pick *k, const hb_profile_column *c, const hb_column *columns, size_t n,
                 size_t *ret)
{
    for (size_t i = 0; k->t.header_line && i < n; i++) {
        if (named(c, columns[i].name)) {
            *ret = i;
            return true;
        }
    }
    bool by_place = c->from_column && (!k->t.header_line || !c->n_from);
    *ret = c->from_column - 1;
    return by_place && c->from_column <= n;
}

static hb_status missing(const pick *k, const hb_profile_column *c, hb_error *err)
{
    if (k->t.header_line && c->n_from) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' has no column '%s'; adapter '%s' needs it", k->path,
                       c->from[0], k->profile->names[0]);
    }
    return HB_FAIL(err, HB_E_INPUT,
                   "'%s' has no names of columns or too few of them for '%s'; "
                   "adapter '%s' needs it",
                   k->path, c->name, k->profile->names[0]);
}

static bool is_picked(const pick *k, size_t column)
{
    for (size_t i = 0; i < k->n_columns; i++) {
        if (k->from[i] == column) {
            return true;
        }
    }
    return false;
}

static void tell_unused(pick *k, const hb_column *columns, size_t n)
{
    hb_buf b;
    size_t left = 0;
    hb_buf_init(&b, sizeof k->unused);
    for (size_t i = 0; i < n; i++) {
        int len = (int)(columns[i].name.n < 40 ? columns[i].name.n : 40);
        if (is_picked(k, i)) {
            continue;
        }
        if (b.n + (size_t)len + 2 < LIST_BYTES) {
            hb_buf_fmt(&b, "%s%.*s", b.n ? ", " : "", len, columns[i].name.p);
        } else {
            left++;
        }
    }
    if (left) {
        hb_buf_fmt(&b, " and %zu more", left);
    }
    memcpy(k->unused, b.p, b.n + 1);
    if (b.n && k->t.n_notes < HB_TABLE_NOTES) {
        size_t i = k->t.n_notes++;
        k->t.notes[i].what = "columns not used";
        k->t.notes[i].value = k->unused;
        k->t.notes[i].why = "the adapter picks columns";
    }
    hb_buf_release(&b);
}

static hb_status find_columns(pick *k, const hb_column *columns, size_t n, hb_error *err)
{
    hb_input_profile *p = k->profile;
    k->from = hb_alloc_array(p->n_columns, sizeof *k->from);
    k->columns = hb_alloc_array(p->n_columns, sizeof *k->columns);
    if (!k->from || !k->columns) {
        return HB_NOMEM(err);
    }
    size_t kept = 0;
    for (size_t i = 0; i < p->n_columns; i++) {
        const hb_profile_column c = p->columns[i];
        if (!find(k, &c, columns, n, &k->from[kept])) {
            if (!c.optional) {
                return missing(k, &c, err);
            }
            continue;
        }
        k->columns[kept] = columns[k->from[kept]];
        k->columns[kept].name = hb_str_of(c.name);
        p->columns[kept++] = c;
    }
    p->n_columns = kept;
    k->n_columns = kept;
    k->found = true;
    tell_unused(k, columns, n);
    return HB_OK;
}

static void threshold(const hb_profile_column *c, char decimal, hb_cell *cell)
{
    double v = cell->as.num;
    bool number = cell->kind == HB_CELL_NUMBER;
    if (cell->kind == HB_CELL_TEXT) {
        hb_str text = {cell->as.p, cell->len};
        number = hb_cell_classify(text, decimal, &v) == HB_CELL_IS_NUMBER;
    }
    if (number && v == v) {
        *cell = (hb_cell){.kind = HB_CELL_NUMBER, .as.num = v >= c->at_least.v};
    }
}

static hb_status pick_next(hb_table *t, hb_block *ret, hb_error *err)
{
    pick *k = (pick *)t;
    hb_block b;
    HB_TRY(k->inner->ops->next(k->inner, &b, err));
    if (!k->found && b.n_rows) {
        const hb_column *columns = NULL;
        size_t n = k->inner->ops->columns(k->inner, &columns);
        HB_TRY(find_columns(k, columns, n, err));
    }
    HB_TRY(HB_GROW(k->cells, k->cap_cells, b.n_rows * k->n_columns + 1, MAX_CELLS,
                   "cells in a block", err));
    for (size_t i = 0; i < k->n_columns; i++) {
        const hb_profile_column *c = &k->profile->columns[i];
        for (size_t r = 0; r < b.n_rows; r++) {
            hb_cell *cell = &k->cells[r * k->n_columns + i];
            *cell = b.cells[r * b.n_cols + k->from[i]];
            if (c->at_least.set) {
                threshold(c, k->t.decimal, cell);
            }
        }
    }
    b.cells = k->cells;
    b.n_cols = k->n_columns;
    *ret = b;
    return HB_OK;
}

static size_t pick_columns(const hb_table *t, const hb_column **ret)
{
    const pick *k = (const pick *)t;
    *ret = k->columns;
    return k->n_columns;
}

static void pick_close(hb_table *t)
{
    pick *k = (pick *)t;
    if (k) {
        k->inner->ops->close(k->inner);
        hb_free(k->from);
        hb_free(k->columns);
        hb_free(k->cells);
        hb_free(k);
    }
}

static hb_status start(hb_table *inner, const char *path, hb_input_profile *profile, pick **ret,
                       hb_error *err)
{
    pick *k = hb_alloc_zero(sizeof *k);
    if (!k) {
        inner->ops->close(inner);
        return HB_NOMEM(err);
    }
    k->t = *inner; /* decimal mark, notes … */
    k->ops = (hb_table_ops){.format = inner->ops->format,
                            .columns = pick_columns,
                            .next = pick_next,
                            .close = pick_close};
    k->t.ops = &k->ops;
    k->inner = inner;
    k->path = path;
    k->profile = profile;
    const hb_column *columns = NULL;
    size_t n = inner->ops->columns(inner, &columns);
    hb_status status = n ? find_columns(k, columns, n, err) : HB_OK;
    if (status != HB_OK) {
        pick_close(&k->t);
        return status;
    }
    *ret = k;
    return HB_OK;
}

hb_status hb_pick_open(const char *path, hb_input_profile *profile, hb_table **io, hb_error *err)
{
    pick *k = NULL;
    if (!picks(profile)) {
        return HB_OK;
    }
    hb_table *inner = HB_TAKE(*io);
    HB_TRY(start(inner, path, profile, &k, err));
    *io = &k->t;
    return HB_OK;
}
