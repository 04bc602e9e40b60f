/* SPDX-License-Identifier: Apache-2.0 */
#include "input/watch.h"

#include "base/mem.h"
#include "input/layout_internal.h"
#include "input/pinned.h"
#include "input/row_filter.h"
#include "input/time_ask.h"

#include <string.h>

enum { PLAN_BYTES = 512 << 20, LATER_ROWS = 200 };

typedef struct watch {
    hb_table t; /* first: a copy of the inner table's facts */
    hb_table *inner;
    hb_watch_options o;
    hb_arena own; /* of the plan, where there is no reading to own it */
    hb_plan plan;
    hb_column_look *looks;
    bool settled;
    hb_plan_room room;
    hb_pinned pin;
    hb_row_filter *filter; /* NULL: every row is data */
    unsigned char *keep;
    size_t cap_keep;
    hb_block waiting[2]; /* to be given before the inner table is asked again */
    size_t n_waiting;
    const hb_figures *released; /* of the latest rows given back */
    bool given_back;            /* the block given last was theirs */
    bool ended;
    uint64_t not_selected;
    hb_row_filter_counts counts;
} watch;

static hb_arena *plan_arena(watch *w)
{
    return w->o.reading ? &w->o.reading->arena : &w->own;
}

static hb_plan_options plan_options(const watch *w)
{
    return (hb_plan_options){.units = w->o.units,
                             .delimiter = w->inner->format.delimiter,
                             .order = w->o.order,
                             .preamble = w->inner->format.preamble};
}

/* A question nobody answered: hb inspect shows it, everything else refuses. */
static hb_status ask(watch *w, const hb_block *b, hb_error *err)
{
    char question[HB_TIME_QUESTION];
    const hb_column *columns = NULL;
    size_t n = w->inner->ops->columns(w->inner, &columns);
    if (!hb_time_question(&w->plan.axis, columns, n, b, w->plan.decimal, question)) {
        return HB_OK;
    }
    if (w->o.reading) {
        w->o.reading->ambiguous = hb_arena_str(&w->o.reading->arena, hb_str_of(question));
        if (!w->o.reading->ambiguous) {
            return HB_NOMEM(err);
        }
    }
    return w->o.ambiguous_is_fine
               ? HB_OK
               : HB_FAIL_AT(err, HB_E_INPUT, w->o.path, b->lines[0], 0, "%s", question);
}

static hb_status settle(watch *w, const hb_block *b, hb_error *err)
{
    const hb_column *columns = NULL;
    w->inner->ops->columns(w->inner, &columns);
    if (w->o.pinned) {
        HB_TRY(hb_pinned_plan(&w->pin, w->inner, b, w->o.units, plan_arena(w), &w->plan, &w->looks,
                              err));
    } else {
        hb_plan_options po = plan_options(w);
        HB_TRY(hb_plan_infer(columns, b, &po, plan_arena(w), &w->plan, &w->looks, err));
        HB_TRY(hb_plan_told(&w->plan, &w->o.told, columns, b, 0, plan_arena(w), err));
    }
    w->settled = true;
    /* Records (JSON) stand for themselves: no footers, no headings, and columns may come later. */
    bool grows = strncmp(w->inner->ops->format, "json", 4) == 0;
    if (w->o.select) {
        hb_row_columns c;
        size_t n = w->inner->ops->columns(w->inner, &columns);
        bool in_rows = !w->o.told.profile && hb_layout_look(columns, n, b, &c) != HB_LAYOUT_WIDE;
        HB_TRY(hb_select_bind(w->o.select, &w->plan, columns, w->looks, in_rows, grows, w->o.path,
                              err));
    }
    if (!grows) {
        HB_TRY(hb_row_filter_new(&w->plan, columns, w->inner->header_line, &w->filter, err));
    }
    if (w->o.reading) {
        HB_TRY(hb_reading_begin(w->o.reading, w->inner, &w->plan, w->looks, b, err));
    }
    return ask(w, b, err);
}

/* JSON may bring columns later: those alone are planned, on the rows that brought them. */
static hb_status settle_more(watch *w, const hb_block *b, hb_error *err)
{
    const hb_column *columns = NULL;
    size_t old = w->plan.n_columns;
    size_t n = b->n_cols - old;
    size_t rows = b->n_rows < LATER_ROWS ? b->n_rows : LATER_ROWS;
    w->inner->ops->columns(w->inner, &columns);
    hb_arena *arena = plan_arena(w);
    hb_cell *cells = hb_alloc_array(rows * n, sizeof *cells);
    hb_column_plan *plans = hb_arena_array(arena, b->n_cols, sizeof *plans);
    hb_column_look *looks = hb_arena_array(arena, b->n_cols, sizeof *looks);
    if (!cells || !plans || !looks) {
        hb_free(cells);
        return HB_NOMEM(err);
    }
    for (size_t r = 0; r < rows; r++) {
        memcpy(cells + r * n, b->cells + r * b->n_cols + old, n * sizeof *cells);
    }
    hb_block part = {.cells = cells, .n_rows = rows, .n_cols = n, .lines = b->lines};
    hb_plan_options po = plan_options(w);
    hb_plan more = {0};
    hb_column_look *more_looks = NULL;
    hb_status status = hb_plan_infer(columns + old, &part, &po, arena, &more, &more_looks, err);
    hb_free(cells);
    HB_TRY(status);
    memcpy(plans, w->plan.columns, old * sizeof *plans);
    memcpy(looks, w->looks, old * sizeof *looks);
    memcpy(looks + old, more_looks, n * sizeof *looks);
    for (size_t i = 0; i < n; i++) {
        plans[old + i] = more.columns[i];
        plans[old + i].number.decimal = w->plan.decimal;
        if (plans[old + i].kind == HB_COLUMN_TIME) { /* the axis is the one of the first rows */
            plans[old + i].kind = HB_COLUMN_TEXT;
        }
    }
    w->plan.columns = plans;
    w->plan.n_columns = b->n_cols;
    w->looks = looks;
    if (w->o.select) {
        HB_TRY(hb_select_more(w->o.select, columns, w->looks, old, err));
    }
    HB_TRY(hb_plan_told(&w->plan, &w->o.told, columns, b, old, arena, err));
    return w->o.reading ? hb_reading_more(w->o.reading, w->inner, &w->plan, w->looks, err) : HB_OK;
}

/* Rows given back stand before the block at hand. */
static hb_status take_released(watch *w, const hb_released *released, hb_error *err)
{
    if (released->n_rows == 0) {
        return HB_OK;
    }
    hb_block b = {.figures = released->figures,
                  .lines = released->lines,
                  .n_rows = released->n_rows,
                  .n_cols = w->plan.n_columns};
    static const hb_table_ops silent = {.format = ""};
    hb_table no_texts = {.ops = &silent};
    if (w->o.reading) {
        HB_TRY(hb_reading_block(w->o.reading, &no_texts, &b, b.figures, NULL, err));
    }
    w->released = released->figures;
    w->waiting[w->n_waiting++] = b;
    return HB_OK;
}

static uint64_t kept(const watch *w, size_t n)
{
    uint64_t k = 0;
    for (size_t r = 0; r < n; r++) {
        k += w->keep[r];
    }
    return k;
}

/* keep[] of a block with rows and figures. */
static hb_status mark_rows(watch *w, hb_block *io, hb_error *err)
{
    hb_released released = {0};
    HB_TRY(HB_GROW(w->keep, w->cap_keep, io->n_rows, SIZE_MAX / 2, "rows in a block", err));
    memset(w->keep, 1, io->n_rows);
    if (w->filter) {
        HB_TRY(hb_row_filter_block(w->filter, w->inner, io, io->figures, w->keep, &released, err));
        HB_TRY(take_released(w, &released, err));
    }
    if (w->o.select) {
        w->not_selected += kept(w, io->n_rows);
        HB_TRY(hb_select_rows(w->o.select, w->inner, io, io->figures, w->keep, err));
        w->not_selected -= kept(w, io->n_rows);
    }
    io->keep = w->keep;
    return HB_OK;
}

/* What every block with rows goes through; *io becomes what the reader of this table sees. */
static hb_status look_at(watch *w, hb_block *io, hb_error *err)
{
    if (!w->settled) {
        HB_TRY(settle(w, io, err));
    }
    if (w->o.pinned && io->n_cols > w->plan.n_columns) {
        return hb_pinned_block(&w->pin, w->inner, io, NULL, NULL, err);
    }
    if (io->cells && io->n_cols > w->plan.n_columns) {
        HB_TRY(settle_more(w, io, err));
    }
    HB_TRY(hb_plan_block(&w->plan, io, &w->room, &io->figures, err));
    HB_TRY(mark_rows(w, io, err));
    if (w->o.pinned) {
        HB_TRY(hb_pinned_block(&w->pin, w->inner, io, io->figures, io->keep, err));
    }
    if (w->o.reading) {
        HB_TRY(hb_reading_block(w->o.reading, w->inner, io, io->figures, io->keep, err));
    }
    if (w->o.pinned) {
        hb_block typed;
        HB_TRY(hb_pinned_cells(&w->pin, &w->plan, io, io->figures, &typed, err));
        typed.figures = io->figures;
        typed.keep = io->keep;
        *io = typed;
    }
    return HB_OK;
}

static hb_status at_end(watch *w, hb_error *err)
{
    hb_released released = {0};
    w->ended = true;
    if (w->o.pinned) {
        HB_TRY(hb_pinned_end(&w->pin, w->inner, err));
    }
    if (w->o.reading && w->settled) {
        HB_TRY(hb_reading_end_shape(w->o.reading, w->inner, err));
    }
    if (!w->filter) {
        return HB_OK;
    }
    HB_TRY(hb_row_filter_finish(w->filter, &released, &w->counts, err));
    HB_TRY(take_released(w, &released, err));
    return w->o.reading ? hb_reading_filtered(w->o.reading, &w->counts, err) : HB_OK;
}

/* The inner table's next block into waiting[], released rows before it. */
static hb_status fetch(watch *w, hb_error *err)
{
    hb_block b = {0};
    if (!w->ended) {
        HB_TRY(w->inner->ops->next(w->inner, &b, err));
        if (b.n_rows) {
            HB_TRY(look_at(w, &b, err));
        } else if (b.n_rejects && w->o.reading) {
            HB_TRY(hb_reading_block(w->o.reading, w->inner, &b, NULL, NULL, err));
        } else if (!b.n_rejects) {
            HB_TRY(at_end(w, err));
        }
    }
    w->waiting[w->n_waiting++] = b;
    return HB_OK;
}

static hb_status watch_next(hb_table *t, hb_block *ret, hb_error *err)
{
    watch *w = (watch *)t;
    if (w->n_waiting == 0) {
        HB_TRY(fetch(w, err));
    }
    *ret = w->waiting[0];
    w->given_back = ret->figures && ret->figures == w->released;
    w->waiting[0] = w->waiting[1];
    w->n_waiting--;
    return HB_OK;
}

static size_t watch_columns(const hb_table *t, const hb_column **ret)
{
    const watch *w = (const watch *)t;
    return w->inner->ops->columns(w->inner, ret);
}

static bool watch_plan(hb_table *t, const hb_plan *plan)
{
    const watch *w = (const watch *)t;
    w->inner->pool = t->pool;
    if (w->o.pinned && plan) { /* held to its profile cell by cell */
        return false;
    }
    return w->inner->ops->plan(w->inner, plan);
}

/* Rows given back have no text any more. */
static hb_str watch_text(hb_table *t, size_t row, size_t column)
{
    const watch *w = (const watch *)t;
    return w->given_back ? (hb_str){"", 0} : w->inner->ops->text(w->inner, row, column);
}

static void watch_close(hb_table *t)
{
    watch *w = (watch *)t;
    if (w) {
        w->inner->ops->close(w->inner);
        hb_row_filter_free(w->filter);
        hb_free(w->keep);
        hb_plan_room_release(&w->room);
        hb_pinned_release(&w->pin);
        hb_arena_release(&w->own);
        hb_free(w);
    }
}

/* Format and abilities are the inner table's, so the table of operations is made for each. */
typedef struct watch_with_ops {
    watch w;
    hb_table_ops ops;
} watch_with_ops;

hb_status hb_watch_open(hb_table *inner, const hb_watch_options *options, hb_table **ret_table,
                        hb_error *err)
{
    watch_with_ops *both = hb_alloc_zero(sizeof *both);
    if (!both) {
        inner->ops->close(inner);
        return HB_NOMEM(err);
    }
    watch *w = &both->w;
    w->t = *inner;
    both->ops = (hb_table_ops){.format = inner->ops->format,
                               .columns = watch_columns,
                               .next = watch_next,
                               .close = watch_close,
                               .plan = inner->ops->plan ? watch_plan : NULL,
                               .text = inner->ops->text ? watch_text : NULL};
    w->t.ops = &both->ops;
    w->inner = inner;
    w->o = *options;
    w->pin = (hb_pinned){.profile = options->pinned, .path = options->path};
    hb_arena_init(&w->own, PLAN_BYTES);
    hb_status status = fetch(w, err);
    if (status != HB_OK) {
        watch_close(&w->t);
        return status;
    }
    *ret_table = &w->t;
    return HB_OK;
}

const hb_plan *hb_watch_plan(const hb_table *t)
{
    const watch *w = (const watch *)t;
    return w->settled ? &w->plan : NULL;
}

const hb_column_look *hb_watch_looks(const hb_table *t)
{
    const watch *w = (const watch *)t;
    return w->settled ? w->looks : NULL;
}

hb_select *hb_watch_select(const hb_table *t)
{
    return ((const watch *)t)->o.select;
}

uint64_t hb_watch_not_selected(const hb_table *t)
{
    return ((const watch *)t)->not_selected;
}

const hb_row_filter_counts *hb_watch_counts(const hb_table *t)
{
    return &((const watch *)t)->counts;
}
