/* SPDX-License-Identifier: Apache-2.0 */
#include "input/plan.h"

#include "base/mem.h"
#include "base/num.h"

#include <math.h>

enum { LOOK_CELLS = 1 << 18, LEAST_ROWS = 16 };

enum { SCRATCH_BYTES = 1 << 30 };

/* A cell as the number rules see it: text as it stands, whatever the format calls it. */
static hb_str cell_text(const hb_cell *cell, hb_arena *arena, bool *ret_ok)
{
    char room[HB_NUM_TEXT];
    switch ((hb_cell_kind)cell->kind) {
    case HB_CELL_TEXT:
    case HB_CELL_ERROR:
        return (hb_str){cell->as.p, cell->len};
    case HB_CELL_NUMBER: {
        size_t n = hb_num_print(cell->as.num, room);
        char *kept = hb_arena_strndup(arena, room, n);
        *ret_ok = *ret_ok && kept;
        return (hb_str){kept ? kept : "", kept ? n : 0};
    }
    case HB_CELL_BOOL:
        return cell->as.num != 0 ? HB_STR("TRUE") : HB_STR("FALSE");
    case HB_CELL_TIME:
        return HB_STR("a date");
    case HB_CELL_ABSENT:
    case HB_CELL_EMPTY:
        break;
    }
    return (hb_str){"", 0};
}

/* scratch: of the texts that are looked at; a wide table has megabytes of them. */
static hb_status number_rules(const hb_block *first, size_t rows, const hb_plan_options *o,
                              hb_arena *arena, hb_arena *scratch, hb_plan *plan,
                              hb_column_look *looks, hb_error *err)
{
    size_t n = first->n_cols;
    hb_str *cells = hb_arena_array(scratch, rows * n + 1, sizeof *cells);
    hb_cell_column *columns = hb_arena_array(scratch, n + 1, sizeof *columns);
    hb_number_rule *rules = hb_arena_array(arena, n + 1, sizeof *rules);
    hb_number_look *seen = hb_arena_array(arena, n + 1, sizeof *seen);
    bool ok = cells && columns && rules && seen;
    for (size_t i = 0; ok && i < n; i++) {
        columns[i] = (hb_cell_column){.cells = cells + i * rows, .n = rows};
        for (size_t r = 0; r < rows; r++) {
            cells[i * rows + r] = cell_text(&first->cells[r * n + i], scratch, &ok);
        }
    }
    if (!ok) {
        return HB_NOMEM(err);
    }
    HB_TRY(hb_number_rules_infer(columns, n, o->delimiter, o->units, arena, rules, seen, err));
    plan->decimal = n ? rules[0].decimal : '.';
    for (size_t i = 0; i < n; i++) {
        plan->columns[i].number = rules[i];
        looks[i].number = seen[i];
    }
    return HB_OK;
}

static hb_status time_rules(const hb_column *columns, const hb_block *first, size_t rows,
                            const hb_plan_options *o, hb_arena *arena, hb_plan *plan, hb_error *err)
{
    hb_time_rule found[HB_TIME_CANDIDATES];
    size_t n = 0;
    hb_time_source s = {.columns = columns,
                        .cells = first->cells,
                        .n_rows = rows,
                        .n_columns = first->n_cols,
                        .decimal = plan->decimal,
                        .order = o->order,
                        .preamble = o->preamble};
    HB_TRY(hb_time_rules_infer(&s, arena, found, &n, err));
    plan->axis = n ? found[0] : (hb_time_rule){.kind = HB_AXIS_NONE};
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < found[i].n_columns; k++) {
            hb_column_plan *c = &plan->columns[found[i].columns[k]];
            if (c->kind != HB_COLUMN_TIME) {
                c->kind = HB_COLUMN_TIME;
                c->time = found[i];
            }
        }
    }
    return HB_OK;
}

/* Wide tables are planned on fewer rows. */
static size_t rows_to_look_at(const hb_block *first)
{
    size_t rows = LOOK_CELLS / (first->n_cols ? first->n_cols : 1);
    rows = rows < LEAST_ROWS ? LEAST_ROWS : rows < HB_PLAN_ROWS ? rows : HB_PLAN_ROWS;
    return rows < first->n_rows ? rows : first->n_rows;
}

hb_status hb_plan_infer(const hb_column *columns, const hb_block *first,
                        const hb_plan_options *options, hb_arena *arena, hb_plan *ret,
                        hb_column_look **ret_looks, hb_error *err)
{
    size_t n = first->n_cols;
    size_t rows = rows_to_look_at(first);
    hb_plan plan = {.n_columns = n, .decimal = '.'};
    plan.columns = hb_arena_array(arena, n + 1, sizeof *plan.columns);
    hb_column_look *looks = hb_arena_array(arena, n + 1, sizeof *looks);
    if (!plan.columns || !looks) {
        return HB_NOMEM(err);
    }
    hb_arena scratch;
    hb_arena_init(&scratch, SCRATCH_BYTES);
    hb_status status = number_rules(first, rows, options, arena, &scratch, &plan, looks, err);
    hb_arena_release(&scratch);
    HB_TRY(status);
    for (size_t i = 0; i < n; i++) {
        const hb_number_look *l = &looks[i].number;
        HB_TRY(hb_label_split(hb_column_written(&columns[i]), options->units, arena,
                              &looks[i].label, err));
        plan.columns[i].kind =
            l->numbers + l->inf >= l->texts
                ? plan.columns[i].number.words ? HB_COLUMN_BOOL : HB_COLUMN_NUMBER
                : HB_COLUMN_TEXT;
    }
    HB_TRY(time_rules(columns, first, rows, options, arena, &plan, err));
    *ret = plan;
    if (ret_looks) {
        *ret_looks = looks;
    }
    return HB_OK;
}

void hb_plan_room_release(hb_plan_room *room)
{
    hb_free(room->figures);
    hb_free(room->v);
    hb_free(room->cls);
    hb_free(room->t);
    *room = (hb_plan_room){0};
}

static hb_cell_class read_number(const hb_column_plan *c, const hb_cell *cell, double *ret)
{
    switch ((hb_cell_kind)cell->kind) {
    case HB_CELL_TEXT:
    case HB_CELL_ERROR: /* #N/A is missing, #DIV/0! is not */
        return hb_number_rule_read(&c->number, (hb_str){cell->as.p, cell->len}, ret);
    case HB_CELL_NUMBER:
    case HB_CELL_BOOL:
        *ret = cell->as.num;
        return isfinite(cell->as.num) ? HB_CELL_IS_NUMBER
               : isnan(cell->as.num)  ? HB_CELL_IS_NAN
                                      : HB_CELL_IS_INF;
    case HB_CELL_ABSENT:
    case HB_CELL_EMPTY:
        return HB_CELL_IS_MISSING;
    case HB_CELL_TIME:
        break;
    }
    return HB_CELL_IS_TEXT;
}

hb_cell_class hb_plan_no_time(hb_str text)
{
    hb_cell_class word = hb_cell_word(text);
    return word == HB_CELL_IS_MISSING || word == HB_CELL_IS_NAN ? word : HB_CELL_IS_TEXT;
}

static hb_cell_class read_time(const hb_plan *plan, const hb_column_plan *c, const hb_cell *row,
                               size_t column, double *v)
{
    const hb_cell *cell = &row[column];
    const hb_cell *parts[HB_TIME_PARTS] = {cell};
    *v = 0;
    if (cell->kind == HB_CELL_EMPTY || cell->kind == HB_CELL_ABSENT) {
        return HB_CELL_IS_MISSING;
    }
    for (size_t k = 0; k < c->time.n_columns; k++) {
        parts[k] = &row[c->time.columns[k]];
    }
    if (hb_time_rule_read(&c->time, parts, plan->decimal) == HB_TIME_NONE) {
        return cell->kind == HB_CELL_TEXT ? hb_plan_no_time((hb_str){cell->as.p, cell->len})
                                          : HB_CELL_IS_TEXT;
    }
    return c->time.plain_number ? read_number(c, cell, v) : HB_CELL_IS_NUMBER;
}

static void fill_axis(const hb_plan *plan, const hb_block *b, hb_time *t)
{
    for (size_t r = 0; r < b->n_rows; r++) {
        const hb_cell *parts[HB_TIME_PARTS] = {0};
        for (size_t k = 0; k < plan->axis.n_columns; k++) {
            parts[k] = &b->cells[r * b->n_cols + plan->axis.columns[k]];
        }
        t[r] = hb_time_rule_read(&plan->axis, parts, plan->decimal);
    }
}

static void fill_column(const hb_plan *plan, const hb_block *b, size_t i, double *v, uint8_t *cls)
{
    const hb_column_plan *c = &plan->columns[i];
    for (size_t r = 0; r < b->n_rows; r++) {
        const hb_cell *row = &b->cells[r * b->n_cols];
        hb_cell_class k = HB_CELL_IS_MISSING;
        switch (c->kind) {
        case HB_COLUMN_NUMBER:
        case HB_COLUMN_BOOL:
            k = read_number(c, &row[i], &v[r]);
            break;
        case HB_COLUMN_TIME:
            k = read_time(plan, c, row, i, &v[r]);
            break;
        case HB_COLUMN_TEXT:
            k = row[i].kind == HB_CELL_EMPTY || row[i].kind == HB_CELL_ABSENT ? HB_CELL_IS_MISSING
                                                                              : HB_CELL_IS_TEXT;
            break;
        case HB_COLUMN_IGNORED:
        case HB_COLUMN_COUNT_:
            break;
        }
        cls[r] = (uint8_t)k;
    }
}

hb_status hb_plan_block(const hb_plan *plan, const hb_block *block, hb_plan_room *room,
                        const hb_figures **ret_figures, hb_error *err)
{
    if (block->figures) {
        *ret_figures = block->figures;
        return HB_OK;
    }
    size_t cells = block->n_rows * block->n_cols;
    HB_TRY(HB_GROW(room->figures, room->cap_columns, block->n_cols + 1, SIZE_MAX / 64, "columns",
                   err));
    if (room->cap_cells < cells || !room->v) {
        hb_free(room->v);
        hb_free(room->cls);
        room->v = hb_alloc((cells + 1) * sizeof *room->v);
        room->cls = hb_alloc(cells + 1);
        room->cap_cells = room->v && room->cls ? cells : 0;
        if (!room->v || !room->cls) {
            return HB_NOMEM(err);
        }
    }
    HB_TRY(HB_GROW(room->t, room->cap_rows, block->n_rows + 1, SIZE_MAX / 16, "rows", err));
    size_t n = plan->n_columns < block->n_cols ? plan->n_columns : block->n_cols;
    for (size_t i = 0; i < n; i++) {
        double *v = room->v + i * block->n_rows;
        uint8_t *cls = room->cls + i * block->n_rows;
        bool axis = plan->axis.kind != HB_AXIS_NONE && plan->axis.columns[0] == i;
        fill_column(plan, block, i, v, cls);
        if (axis) {
            fill_axis(plan, block, room->t);
        }
        room->figures[i] = (hb_figures){.v = v, .cls = cls, .t = axis ? room->t : NULL};
    }
    *ret_figures = room->figures;
    return HB_OK;
}
