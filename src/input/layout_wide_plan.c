/* SPDX-License-Identifier: Apache-2.0 */
#include "input/layout_wide.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

const hb_profile_column *hb_wide_named_by_profile(const hb_wide *w, size_t column)
{
    const hb_input_profile *p = w->job->o->profile;
    return p && column < p->n_columns ? &p->columns[column] : NULL;
}

static void set_role(hb_wide *w, size_t i, hb_column_role role)
{
    static const hb_wide_kind kinds[HB_ROLE_COUNT_] = {
        [HB_ROLE_METRIC] = HB_WIDE_OPEN,     [HB_ROLE_TIME] = HB_WIDE_TIME,
        [HB_ROLE_UNIT_ID] = HB_WIDE_UNIT_ID, [HB_ROLE_CYCLE] = HB_WIDE_CYCLE,
        [HB_ROLE_IGNORE] = HB_WIDE_IGNORED,
    };
    w->columns[i].kind = kinds[role];
    w->time = role == HB_ROLE_TIME ? i : w->time;
    w->unit_id = role == HB_ROLE_UNIT_ID ? i : w->unit_id;
    w->cycle = role == HB_ROLE_CYCLE ? i : w->cycle;
}

/* Wide tables are planned on fewer rows. */
enum { LOOK_CELLS = 1 << 18, LEAST_ROWS = 16 };

static size_t rows_to_look_at(const hb_block *block, size_t columns)
{
    size_t rows = LOOK_CELLS / columns;
    rows = rows < LEAST_ROWS ? LEAST_ROWS : rows < HB_PLAN_ROWS ? rows : HB_PLAN_ROWS;
    return rows < block->n_rows ? rows : block->n_rows;
}

/* The columns from `from` on as a block of their own; in the arena. */
static hb_status part_of(hb_wide *w, const hb_block *block, size_t from, size_t to, hb_block *ret,
                         hb_error *err)
{
    size_t n = to - from;
    size_t rows = rows_to_look_at(block, n);
    if (n == block->n_cols) {
        *ret = *block;
        ret->n_rows = rows;
        return HB_OK;
    }
    hb_cell *cells = hb_arena_array(&w->arena, rows * n + 1, sizeof *cells);
    if (!cells) {
        return HB_NOMEM(err);
    }
    for (size_t r = 0; r < rows; r++) {
        memcpy(cells + r * n, block->cells + r * block->n_cols + from, n * sizeof *cells);
    }
    *ret = (hb_block){.cells = cells, .n_rows = rows, .n_cols = n, .lines = block->lines};
    return HB_OK;
}

static void take_axis(hb_wide *w, const hb_time_rule *axis, size_t moved_by)
{
    w->plan.axis = *axis;
    for (size_t k = 0; k < axis->n_columns; k++) {
        size_t i = axis->columns[k] + moved_by;
        w->plan.axis.columns[k] = i;
        w->plan.columns[i].kind = HB_COLUMN_TIME;
        w->plan.columns[i].time = w->plan.axis;
        w->columns[i].kind = HB_WIDE_TIME;
    }
    w->time = w->plan.axis.columns[0];
}

/* Rules for the columns from `from` on, behind those that are planned. */
static hb_status plan_columns(hb_wide *w, const hb_block *block, size_t from, hb_error *err)
{
    hb_plan_options o = {.units = hb_run_builder_units(w->job->b)};
    hb_block part;
    hb_plan fresh;
    HB_TRY(part_of(w, block, from, block->n_cols, &part, err));
    HB_TRY(hb_plan_infer(w->job->columns + from, &part, &o, &w->arena, &fresh, NULL, err));
    hb_column_plan *all = hb_arena_array(&w->arena, block->n_cols + 1, sizeof *all);
    if (!all) {
        return HB_NOMEM(err);
    }
    if (from) {
        memcpy(all, w->plan.columns, from * sizeof *all);
    }
    memcpy(all + from, fresh.columns, fresh.n_columns * sizeof *all);
    w->plan.columns = all;
    w->plan.n_columns = block->n_cols;
    w->plan.decimal = from ? w->plan.decimal : fresh.decimal;
    bool fixed = hb_wide_named_by_profile(w, from) != NULL;
    if (fresh.axis.kind != HB_AXIS_NONE && w->time == HB_NO_COLUMN && !fixed) {
        take_axis(w, &fresh.axis, from);
    }
    return HB_OK;
}

/* The column that is called the time, by its own cells alone. */
static hb_status plan_time(hb_wide *w, const hb_block *block, hb_error *err)
{
    hb_block part;
    hb_time_rule found[HB_TIME_CANDIDATES];
    size_t n = 0;
    HB_TRY(part_of(w, block, w->time, w->time + 1, &part, err));
    hb_column column = w->job->columns[w->time];
    hb_time_source s = {.columns = &column,
                        .cells = part.cells,
                        .n_rows = part.n_rows,
                        .n_columns = 1,
                        .decimal = w->plan.decimal};
    HB_TRY(hb_time_rules_infer(&s, &w->arena, found, &n, err));
    if (n == 0) { /* an adapter's word counts for more than the name in the file */
        column.name = HB_STR("time");
        HB_TRY(hb_time_rules_infer(&s, &w->arena, found, &n, err));
    }
    if (n) {
        take_axis(w, &found[0], w->time);
    }
    return HB_OK;
}

static hb_status tell_time(hb_wide *w, hb_error *err)
{
    const hb_time_rule *axis = &w->plan.axis;
    char why[300];
    hb_str name = w->job->columns[w->time].name;
    w->time_told = true;
    snprintf(why, sizeof why, "column '%.*s', %s", (int)(name.n < 80 ? name.n : 80), name.p,
             axis->why ? axis->why : "its first cells");
    return hb_run_builder_guess(w->job->b, "time", axis->notation, why, err);
}

/* Does the format itself say of most cells that they are numbers? */
static bool typed(const hb_block *block, size_t column)
{
    size_t rows = rows_to_look_at(block, 1);
    size_t numbers = 0;
    size_t others = 0;
    for (size_t r = 0; block->cells && r < rows; r++) {
        uint8_t kind = block->cells[r * block->n_cols + column].kind;
        numbers += kind == HB_CELL_NUMBER || kind == HB_CELL_BOOL;
        others += kind != HB_CELL_ABSENT && kind != HB_CELL_EMPTY;
    }
    return numbers * 2 > others;
}

/* What the adapter or the registry says of a column stands over what its cells look like. */
static void correct_kind(hb_wide *w, const hb_block *block, size_t i)
{
    hb_wide_column *c = &w->columns[i];
    hb_column_plan *p = &w->plan.columns[i];
    bool told = hb_wide_named_by_profile(w, i) ||
                hb_run_builder_declared(w->job->b, w->job->columns[i].name);
    switch (c->kind) {
    case HB_WIDE_OPEN:
    case HB_WIDE_UNIT_ID:
    case HB_WIDE_CYCLE:
        if ((told && p->kind == HB_COLUMN_TIME) ||
            (p->kind == HB_COLUMN_TEXT && (told || typed(block, i)))) {
            p->kind = HB_COLUMN_NUMBER;
        }
        break;
    case HB_WIDE_IGNORED:
        p->kind = HB_COLUMN_IGNORED;
        break;
    case HB_WIDE_TIME:
    case HB_WIDE_METRIC:
    case HB_WIDE_TEXT:
        break;
    }
}

hb_status hb_wide_plan(hb_wide *w, const hb_block *block, hb_error *err)
{
    size_t from = w->n_columns;
    if (from < block->n_cols) {
        HB_TRY(HB_GROW(w->columns, w->cap_columns, block->n_cols, HB_TABLE_MAX_COLUMNS, "columns",
                       err));
        for (size_t i = from; i < block->n_cols; i++) {
            w->columns[i] = (hb_wide_column){.kind = HB_WIDE_OPEN};
            const hb_profile_column *p = hb_wide_named_by_profile(w, i);
            if (p) {
                set_role(w, i, p->role);
            }
        }
        w->n_columns = block->n_cols;
        HB_TRY(plan_columns(w, block, from, err));
        for (size_t i = from; i < block->n_cols && w->time == HB_NO_COLUMN; i++) {
            if (!hb_wide_named_by_profile(w, i) && hb_timecol_named(w->job->columns[i].name)) {
                set_role(w, i, HB_ROLE_TIME);
            }
        }
    }
    if (w->time != HB_NO_COLUMN && w->plan.axis.kind == HB_AXIS_NONE && block->cells) {
        HB_TRY(plan_time(w, block, err));
    }
    for (size_t i = from; i < block->n_cols; i++) {
        correct_kind(w, block, i);
    }
    return w->plan.axis.kind != HB_AXIS_NONE && !w->time_told ? tell_time(w, err) : HB_OK;
}

bool hb_wide_planned(const hb_wide *w)
{
    return w->time == HB_NO_COLUMN || w->plan.axis.kind != HB_AXIS_NONE;
}
