/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluated column by column over a block with three truth values (SQL's): FALSE, TRUE, UNKNOWN.
 * The tree is an array of nodes; an operator's operands stand before it, so one pass over the array
 * with a stack of masks evaluates it without recursion. */
#include "input/select/where.h"

#include "input/select/where_parse.h"

#include "base/mem.h"
#include "input/plan_names.h"

#include <stdio.h>
#include <string.h>

enum { FALSE_, TRUE_, UNKNOWN_ };

hb_status hb_where_parse(const char *text, const char *option, hb_where **ret, hb_error *err)
{
    hb_where *w = hb_alloc_zero(sizeof *w);
    if (!w) {
        return HB_NOMEM(err);
    }
    hb_arena_init(&w->arena, 1 << 20);
    w->option = option;
    hb_status status = hb_where_read(text, w, err);
    if (status != HB_OK) {
        hb_where_free(w);
        return status;
    }
    *ret = w;
    return HB_OK;
}

void hb_where_free(hb_where *w)
{
    if (w) {
        hb_arena_release(&w->arena);
        hb_free(w->masks);
        hb_free(w);
    }
}

static hb_status no_column(const where_node *n, const hb_column *columns, size_t n_columns,
                           const char *path, hb_error *err)
{
    char list[240];
    size_t at = 0;
    for (size_t i = 0; i < n_columns && at + 60 < sizeof list; i++) {
        hb_str name = columns[i].name;
        int take = (int)(name.n < 50 ? name.n : 50);
        int got = snprintf(list + at, sizeof list - at, "%s%.*s", i ? ", " : "", take, name.p);
        at += got > 0 ? (size_t)got : 0;
    }
    return HB_FAIL(err, HB_E_USAGE,
                   "--where: '%s' has no column '%.*s' in its first rows; it has %s", path,
                   (int)(n->name.n < 80 ? n->name.n : 80), n->name.p, n_columns ? list : "none");
}

/* By the unique name, else by one that means no other column as well. */
static hb_status find_column(where_node *n, const hb_plan *plan, const hb_column *columns,
                             const hb_column_look *looks, const char *path, hb_error *err)
{
    n->column = SIZE_MAX;
    for (size_t i = 0; i < plan->n_columns && n->column == SIZE_MAX; i++) {
        n->column = hb_str_eq(columns[i].name, n->name) ? i : SIZE_MAX;
    }
    if (n->column != SIZE_MAX) {
        return HB_OK;
    }
    for (size_t i = 0; i < plan->n_columns; i++) {
        if (!hb_plan_is_called(&columns[i], looks ? &looks[i] : NULL, n->name, hb_str_eq)) {
            continue;
        }
        if (n->column != SIZE_MAX) {
            return HB_FAIL(err, HB_E_USAGE,
                           "--where: '%.*s' is column %zu and column %zu of '%s'; write it as the "
                           "header does",
                           (int)(n->name.n < 80 ? n->name.n : 80), n->name.p, n->column + 1, i + 1,
                           path);
        }
        n->column = i;
    }
    return n->column == SIZE_MAX ? no_column(n, columns, plan->n_columns, path, err) : HB_OK;
}

static hb_status bind_node(where_node *n, const hb_plan *plan, const hb_column *columns,
                           const hb_column_look *looks, const char *path, hb_error *err)
{
    HB_TRY(find_column(n, plan, columns, looks, path, err));
    hb_column_kind kind = plan->columns[n->column].kind;
    bool ordered = n->op != WHERE_EQ && n->op != WHERE_NE && n->op != WHERE_IN;
    const char *why = NULL;
    if (n->op == WHERE_MISSING) {
        return HB_OK;
    }
    if (kind == HB_COLUMN_TIME) {
        why = "is a time; use --time-range";
    } else if (kind == HB_COLUMN_TEXT && (n->has_figures || ordered)) {
        why = "holds text; compare it with 'text' by =, != or in";
    } else if (kind != HB_COLUMN_TEXT && n->has_texts) {
        why = "holds figures; compare it with figures";
    }
    return why ? HB_FAIL(err, HB_E_USAGE, "--where: column '%.*s' %s",
                         (int)(n->name.n < 80 ? n->name.n : 80), n->name.p, why)
               : HB_OK;
}

hb_status hb_where_bind(hb_where *w, const hb_plan *plan, const hb_column *columns,
                        const hb_column_look *looks, const char *path, hb_error *err)
{
    for (size_t i = 0; i < w->n; i++) {
        if (w->nodes[i].op >= WHERE_EQ) {
            HB_TRY(bind_node(&w->nodes[i], plan, columns, looks, path, err));
        }
    }
    return HB_OK;
}

bool hb_where_uses(const hb_where *w, size_t column)
{
    for (size_t i = 0; i < w->n; i++) {
        if (w->nodes[i].op >= WHERE_EQ && w->nodes[i].column == column) {
            return true;
        }
    }
    return false;
}

static bool figure_true(const where_node *n, double v)
{
    switch (n->op) {
    case WHERE_EQ:
        return v == n->values[0].v;
    case WHERE_NE:
        return v != n->values[0].v;
    case WHERE_LT:
        return v < n->values[0].v;
    case WHERE_LE:
        return v <= n->values[0].v;
    case WHERE_GT:
        return v > n->values[0].v;
    case WHERE_GE:
        return v >= n->values[0].v;
    case WHERE_IN:
        for (size_t i = 0; i < n->n_values; i++) {
            if (v == n->values[i].v) {
                return true;
            }
        }
        return false;
    case WHERE_MISSING:
    case WHERE_AND:
    case WHERE_OR:
    case WHERE_NOT:
        break;
    }
    return false;
}

static bool text_true(const where_node *n, hb_str text)
{
    bool in = false;
    for (size_t i = 0; i < n->n_values && !in; i++) {
        in = hb_str_eq(text, n->values[i].text);
    }
    return n->op == WHERE_NE ? !in : in;
}

static hb_str text_at(hb_table *table, const hb_block *block, size_t row, size_t column)
{
    if (!block->cells) {
        return hb_str_trim(table->ops->text(table, row, column));
    }
    const hb_cell *c = &block->cells[row * block->n_cols + column];
    return c->kind == HB_CELL_TEXT || c->kind == HB_CELL_ERROR ? (hb_str){c->as.p, c->len}
                                                               : (hb_str){"", 0};
}

static void compare(const where_node *n, hb_table *table, const hb_block *block,
                    const hb_figures *figures, const unsigned char *keep, unsigned char *out)
{
    bool there = n->column < block->n_cols;
    const hb_figures *f = there ? &figures[n->column] : NULL;
    for (size_t r = 0; r < block->n_rows; r++) {
        hb_cell_class k = !f       ? HB_CELL_IS_MISSING
                          : f->cls ? (hb_cell_class)f->cls[r]
                                   : HB_CELL_IS_NUMBER;
        bool missing = k == HB_CELL_IS_MISSING || k == HB_CELL_IS_NAN;
        if (n->op == WHERE_MISSING) {
            out[r] = missing ? TRUE_ : FALSE_;
        } else if (missing || !keep[r]) {
            out[r] = UNKNOWN_;
        } else if (n->has_texts) {
            out[r] = text_true(n, text_at(table, block, r, n->column)) ? TRUE_ : FALSE_;
        } else if (k == HB_CELL_IS_NUMBER) {
            out[r] = figure_true(n, f->v[r]) ? TRUE_ : FALSE_;
        } else {
            out[r] = UNKNOWN_;
        }
    }
}

static void both(unsigned char *a, const unsigned char *b, size_t n, bool and)
{
    unsigned char wins = and? FALSE_ : TRUE_;
    for (size_t r = 0; r < n; r++) {
        if (a[r] == wins || b[r] == wins) {
            a[r] = wins;
        } else if (a[r] == UNKNOWN_ || b[r] == UNKNOWN_) {
            a[r] = UNKNOWN_;
        }
    }
}

hb_status hb_where_rows(hb_where *w, hb_table *table, const hb_block *block,
                        const hb_figures *figures, unsigned char *keep, hb_error *err)
{
    size_t rows = block->n_rows;
    HB_TRY(HB_GROW(w->masks, w->cap_masks, w->depth * rows, SIZE_MAX / 2, "rows in a block", err));
    size_t top = 0; /* masks on the stack */
    for (size_t i = 0; i < w->n; i++) {
        const where_node *n = &w->nodes[i];
        if (n->op == WHERE_NOT) {
            unsigned char *m = w->masks + (top - 1) * rows;
            for (size_t r = 0; r < rows; r++) {
                m[r] = m[r] == UNKNOWN_ ? UNKNOWN_ : !m[r];
            }
        } else if (n->op == WHERE_AND || n->op == WHERE_OR) {
            top--;
            both(w->masks + (top - 1) * rows, w->masks + top * rows, rows, n->op == WHERE_AND);
        } else {
            compare(n, table, block, figures, keep, w->masks + top * rows);
            top++;
        }
    }
    for (size_t r = 0; r < rows; r++) {
        keep[r] = keep[r] && w->masks[r] == TRUE_;
    }
    return HB_OK;
}
